"""The only judge of a plan: exact, slow where it must be, and without a line in common with the search."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.constraints import RULES, Day, Violation, preference
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.timetable import AgentDay, timetable


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a plan is worth and what it breaks.

    Objective, in cents: prizes of visited, plus what preferred agents are worth, less travel.
    """

    objective_cents: int
    prize_cents: int
    preferred_cents: int
    travel_cents: int
    travel_s: int
    served: int
    days: tuple[AgentDay, ...]
    violations: tuple[Violation, ...]

    @property
    def unserved_must(self) -> tuple[int, ...]:
        """Must-dos that nobody makes: reported apart, since they may be impossible."""
        return tuple(v.visit for v in self.violations if v.rule == "must" and v.visit is not None)

    @property
    def broken(self) -> tuple[Violation, ...]:
        """Violations that make the plan unlawful: all but unserved must-dos."""
        return tuple(v for v in self.violations if v.rule != "must")


def judge(problem: Problem, plan: Plan) -> Judgement:
    """Times, worth and every violation of `plan`; broken rules are values, never refusals.

    A visit planned twice counts once towards the prizes. Raises Refusal `planning.plan_unreadable` where
    `plan` names agents or visits that the problem does not have.
    """
    _readable(problem, plan)
    days = timetable(problem, plan.routes)
    planned = plan.planned
    first = {stop.visit: (day.agent, stop.start_s) for day in reversed(days) for stop in reversed(day.stops)}
    prize = sum(problem.prize(agent, visit, start_s) for visit, (agent, start_s) in first.items())
    preferred = sum(preference(problem, agent, visit) for agent, route in enumerate(plan.routes) for visit in route)
    cost = sum(day.travel_cents for day in days)
    seen = Day(problem, plan, days)
    return Judgement(
        objective_cents=prize + preferred - cost,
        prize_cents=prize,
        preferred_cents=preferred,
        travel_cents=cost,
        travel_s=sum(day.travel_s for day in days),
        served=len(planned),
        days=days,
        violations=tuple(violation for rule in RULES for violation in rule(seen)),
    )


def _readable(problem: Problem, plan: Plan) -> None:
    if len(plan.routes) != problem.n_agents:
        raise Refusal(
            "planning.plan_unreadable",
            kind=Kind.MALFORMED,
            details={"place": "routes", "value": str(len(plan.routes))},
        )
    for agent, route in enumerate(plan.routes):
        for visit in route:
            if not 0 <= visit < problem.n_visits:
                raise Refusal(
                    "planning.plan_unreadable",
                    kind=Kind.MALFORMED,
                    details={"place": f"routes[{agent}]", "value": str(visit)},
                )
