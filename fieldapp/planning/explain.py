"""Why the plan is as it is: for each visit why here, for each unplanned one what stands in its way.

Reasons are found by trying: every lawful place in the plan as it stands, then every exchange with one planned
visit, then the visit alone with each agent who may make it. Nothing is guessed from the search's history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.constraints import preference, skilled
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Ints, Problem
from fieldapp.planning.search import survey
from fieldapp.planning.timetable import AgentDay, agent_day, travel


class Reason(StrEnum):
    """The closed list of reasons for a visit to stay unplanned."""

    NO_AGENT_MAY = "no_agent_may"
    NO_AGENT_SKILLED = "no_agent_skilled"
    NO_SKILLED_AGENT_MAY = "no_skilled_agent_may"
    """Somebody has the skills that it asks for, but none of these may go there."""
    KEPT_APART = "kept_apart"
    """Another visit that is made stands against it: the same person elsewhere, or the same door with another agent."""
    NO_WINDOW_FITS = "no_window_fits"
    SHIFT_TOO_SHORT = "shift_too_short"
    NOT_WORTH_THE_TRAVEL = "not_worth_the_travel"
    PINNED_AGENT_FULL = "pinned_agent_full"
    AGENT_FULL = "agent_full"
    OTHERS_WORTH_MORE = "others_worth_more"
    WOULD_PAY = "would_pay"
    """A place for it would pay: only in plans that a person changed or that were taken early."""


@dataclass(frozen=True, slots=True)
class WhyHere:
    """One planned visit: what it adds to the way and what it brings at its hour.

    `preferred_cents`: what it brings more because its preferred agent makes it.
    """

    visit: int
    agent: int
    detour_cents: int
    prize_cents: int
    preferred_cents: int
    pinned: bool
    must: bool

    @property
    def worth_cents(self) -> int:
        """What the plan would lose without it, travel saved counted."""
        return self.prize_cents + self.preferred_cents - self.detour_cents


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One unplanned visit and its binding reason.

    `agent` comes nearest to making it. `missing_s`: minutes (in seconds) that this agent's day lacks.
    `missing_cents`: by how much its prize falls short of the travel or of the visit `instead_of`.
    """

    visit: int
    reason: Reason
    agent: int | None = None
    missing_s: int | None = None
    missing_cents: int | None = None
    instead_of: int | None = None


def why_here(problem: Problem, plan: Plan) -> tuple[WhyHere, ...]:
    """For each planned visit, in order of travel, what speaks for it."""
    reasons = []
    for agent, route in enumerate(plan.routes):
        nodes = [agent, *(problem.node(visit) for visit in route), int(problem.ends[agent])]
        starts_s = [stop.start_s for stop in agent_day(problem, agent, route).stops]
        for place, visit in enumerate(route):
            before, here, after = nodes[place : place + 3]
            detour = travel(problem, before, here)[1] + travel(problem, here, after)[1]
            reasons.append(
                WhyHere(
                    visit=visit,
                    agent=agent,
                    detour_cents=detour - travel(problem, before, after)[1],
                    prize_cents=problem.prize(agent, visit, starts_s[place]),
                    preferred_cents=preference(problem, agent, visit),
                    pinned=int(problem.pin[visit]) == agent,
                    must=bool(problem.must[visit]),
                )
            )
    return tuple(reasons)


def why_not(problem: Problem, plan: Plan) -> tuple[WhyNot, ...]:
    """For each unplanned visit, in order of number, the binding reason.

    Raises Refusal `planning.plan_breaks_rules`: in such a plan "what would fit" has no answer.
    """
    if broken := judge(problem, plan).broken:
        raise Refusal("planning.plan_breaks_rules", details={"rules": sorted({v.rule for v in broken})})
    visits = np.array(plan.unplanned(problem), np.int64)
    places, swaps = survey(problem, plan, visits)
    return tuple(
        _reason(problem, int(visit), place, swap) for visit, place, swap in zip(visits, places, swaps, strict=True)
    )


def _reason(problem: Problem, visit: int, place: Ints, swap: Ints) -> WhyNot:
    cents, agent, cheapest, missing_s, nearest, full, against, other = (int(value) for value in place)
    prize = int(problem.prize_cents[visit])
    allowed = [int(a) for a in np.flatnonzero(problem.may_visit[:, visit])]
    if not allowed:
        return WhyNot(visit, _nobody(problem, visit))
    if against == len(allowed) and _impossible(problem, visit, allowed) is None:
        loss, swapper, given = (int(value) for value in swap)
        missing_cents = loss if given == other else None
        return WhyNot(visit, Reason.KEPT_APART, swapper if given == other else None, None, missing_cents, other)
    if agent >= 0 and (cents < prize or problem.must[visit]):
        return WhyNot(visit, Reason.WOULD_PAY, agent, missing_cents=cents - prize)
    if agent < 0 and (impossible := _impossible(problem, visit, allowed)) is not None:
        return impossible
    if not problem.must[visit] and (agent >= 0 or cheapest >= prize):
        nearer, dear = (agent, cents) if agent >= 0 else (nearest, cheapest)
        return WhyNot(visit, Reason.NOT_WORTH_THE_TRAVEL, nearer, missing_cents=dear - prize)
    time_s = missing_s if full < len(allowed) - against or missing_s > 0 else None
    loss, swapper, given = (int(value) for value in swap)
    if problem.pin[visit] >= 0:
        return WhyNot(visit, Reason.PINNED_AGENT_FULL, int(problem.pin[visit]), time_s, *_price(loss, given))
    if given < 0:
        return WhyNot(visit, Reason.AGENT_FULL, nearest, time_s)
    reason = Reason.OTHERS_WORTH_MORE if loss >= 0 else Reason.WOULD_PAY
    return WhyNot(visit, reason, swapper, time_s, *_price(loss, given))


def _nobody(problem: Problem, visit: int) -> Reason:
    """Why no agent may make it. Whoever pinned it chose an agent: then nothing is said of the others' skills."""
    if not problem.n_agents:
        return Reason.AGENT_FULL
    if not problem.visits[visit].skills:
        return Reason.NO_AGENT_MAY
    if not skilled(problem, visit):
        return Reason.NO_AGENT_SKILLED
    return Reason.NO_AGENT_MAY if problem.pin[visit] >= 0 else Reason.NO_SKILLED_AGENT_MAY


def _price(loss: int, given: int) -> tuple[int | None, int | None]:
    return (loss, given) if given >= 0 else (None, None)


def _impossible(problem: Problem, visit: int, allowed: Iterable[int]) -> WhyNot | None:
    """The reason if no agent could make `visit` even with nothing else to do, else None."""
    alone = [agent_day(problem, agent, (visit,)) for agent in allowed if problem.max_visits[agent] > 0]
    if not alone:
        return WhyNot(visit, Reason.AGENT_FULL)
    if any(day.lateness_s == 0 and not day.lunch_missed for day in alone):
        return None
    nearest = min(alone, key=lambda day: (_outside(problem, day), day.lateness_s))
    reason = Reason.NO_WINDOW_FITS if _outside(problem, nearest) else Reason.SHIFT_TOO_SHORT
    return WhyNot(visit, reason, nearest.agent, nearest.lateness_s)


def _outside(problem: Problem, day: AgentDay) -> bool:
    """Whether the window is missed, or only opens once the shift is over."""
    return day.stops[0].late_s > 0 or day.stops[0].start_s > int(problem.shift_s[day.agent, 1])
