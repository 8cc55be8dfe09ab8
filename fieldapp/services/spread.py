"""Several days planned at once: the dispatcher names a first day and how many, each visit goes on its best one.

One search over all of them; every day's plan is judged by itself and kept as a plan of that day, which is then changed
and published like any other. A day on which nobody is visited gets no plan, but for the first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from fieldapp.domain.access import Identity
from fieldapp.domain.waiting import next_due, waited
from fieldapp.geo.travel import TravelMatrix, begins
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.problem import Problem
from fieldapp.planning.reserve import reserve
from fieldapp.planning.solver import Solution
from fieldapp.services import planning
from fieldapp.services.planning import JudgedPractice, Prepared
from fieldapp.services.solving import Teller, Worth, said_if_it_fails
from fieldapp.services.work import Parts, Work
from fieldapp.store import agreement_cards
from fieldapp.store import planning as store
from fieldapp.store.database import Scope
from fieldapp.store.feed import NewFact, tell

ON_ANOTHER_DAY = "spread_on_another_day"
"""Why a visit is not made on a day: it is made on a better one."""

MOST_WAYS = 100_000_000
"""In all the days and all tables of travel times; each is some twenty bytes while the days are prepared."""

Pair = tuple[str, str]


class SpreadTooLarge(Exception):
    """More ways than fit into memory: several days are never cut into cells."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days of one spread with what is asked of each; `apart`: pairs of practices with one person at two doors."""

    days: tuple[date, ...]
    prepared: tuple[Prepared, ...]
    apart: frozenset[Pair]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(one.problem for one in self.prepared)


async def run_spread(parts: Parts, identity: Identity, *, plan_id: str) -> None:
    """The background job: read every day, search once, keep a plan for each day.

    A plan that is done already is left alone, so that a repeated job does no harm.
    """
    scope = Scope(identity.agency_id, identity.role.value, identity.person_id)
    async with said_if_it_fails(parts, scope, UUID(plan_id)):
        await _spread(parts, identity, scope, UUID(plan_id))


async def _spread(parts: Parts, identity: Identity, scope: Scope, first_id: UUID) -> None:
    async with parts.database.transaction(scope) as session:
        work = Work(parts=parts, session=session, identity=identity, now=parts.clock.now())
        plan = await planning.plan_row(session, first_id, lock=True)
        if plan.state in ("done", "failed"):
            return
        plan.state = "running"
        request = plan.request
        days = tuple(plan.day + timedelta(days=later) for later in range(request["days"]))
        asked = await _asked(work, request, days)
        if _ways(asked, parts) > MOST_WAYS:
            raise SpreadTooLarge
    # A slow road server holds no row.
    matrices = [await planning.ways_of(parts, one, day) for one, day in zip(asked, days, strict=True)]
    async with parts.database.transaction(scope) as session:
        work = Work(parts=parts, session=session, identity=identity, now=parts.clock.now())
        horizon = await _horizon(work, days, asked, matrices)
        plan = await planning.plan_row(session, first_id, lock=True)
        plan.candidates = len({c.door.practice.id for one in horizon.prepared for c in one.candidates})
    teller = Teller(parts, scope, first_id)
    together = Together.of(horizon.problems, apart=horizon.apart)
    found = await teller.run(together.problem, seconds=request["seconds"], seed=request["seed"])
    solutions = _by_day(horizon, together, found)
    results = _results(horizon, solutions, parts)
    async with parts.database.transaction(scope) as session:
        work = Work(parts=parts, session=session, identity=identity, now=parts.clock.now())
        first = await planning.plan_row(session, first_id, lock=True)
        if first.state != "running":
            return  # Another run of the job, taken for dead, was sooner.
        rows = _rows(work, first, horizon, solutions)
        spread = [
            {"day": row.day.isoformat(), "plan_id": str(row.id), "served": row.served}
            for row in rows
            if row is not None
        ]
        for row, result in zip(rows, results, strict=True):
            if row is not None:
                row.state, row.result = "done", {**result, "spread": spread}
                row.progress = teller.finished(Worth.of(found))
                session.add(row)
                tell(session, NewFact("plan.done", work.now, day=row.day, body={"plan_id": str(row.id)}))


async def _asked(work: Work, request: Mapping[str, Any], days: Sequence[date]) -> list[planning.Asked]:
    """Who and what is asked for on each of the days."""
    first = days[0]
    # What a visit brings is told once, as it is on the first day: from then on waiting only costs.
    judged = await planning.candidates_on(work, first)
    worth = {one.door.practice.id: one.plain_cents for one in judged}
    dues = await _dues(work, _chosen(judged, request), first)

    def reprice(day: date) -> Any:
        def priced(candidate: JudgedPractice) -> JudgedPractice:
            practice = candidate.door.practice.id
            return _waiting(candidate, worth.get(practice, 0), first, day, dues.get(practice))

        return priced

    return [await planning.asked_for(work, request, day, reprice=reprice(day)) for day in days]


def _ways(asked: Sequence[planning.Asked], parts: Parts) -> int:
    """How many ways are held: those of no hour, and those of each hour that the house has set."""
    tables = 1 + len(begins(parts.ways.bands))
    return tables * sum((len(one.people) + len(one.lawful)) ** 2 for one in asked)


def _chosen(judged: Sequence[JudgedPractice], request: Mapping[str, Any]) -> list[UUID]:
    """The practices that the spread is asked for. Whoever is told to expect somebody comes too, but on one day only,
    so that it does not matter to them what falls due."""
    practices = [one.door.practice.id for one in judged]
    if request["practice_ids"] is None:
        return practices
    wanted = set(request["practice_ids"])
    return [one for one in practices if str(one) in wanted]


async def _dues(work: Work, practices: Sequence[UUID], first: date) -> dict[UUID, date]:
    """By practice the day on which a promise or the next instalment falls due, or fell due not long ago."""
    days: dict[UUID, list[date]] = await store.promises_due(work.session, practices)
    plans = await agreement_cards.plan_cards(work.session, practices, today=first, running_only=True)
    for practice, cards in plans.items():
        unpaid = [one.due_on for plan in cards for one in plan.instalments if one.state != "paid"]
        days.setdefault(practice, []).extend(unpaid)
    return {practice: due for practice, all_ in days.items() if (due := next_due(all_, first)) is not None}


async def _horizon(
    work: Work, days: tuple[date, ...], asked: Sequence[planning.Asked], matrices: Sequence[TravelMatrix]
) -> Horizon:
    told = zip(days, asked, matrices, strict=True)
    prepared = [await planning.prepare_asked(work, one, day, matrix) for day, one, matrix in told]
    known = {one.door.practice.id: one for day in prepared for one in day.candidates}
    lawful = list(known.values())
    pairs = planning.elsewhere(lawful, planning.doors_of(lawful))
    apart = frozenset((str(lawful[a].door.practice.id), str(lawful[b].door.practice.id)) for a, b in pairs)
    return Horizon(days, tuple(prepared), apart)


def _waiting(
    candidate: JudgedPractice, worth_cents: int, first: date, day: date, due_on: date | None
) -> JudgedPractice:
    days_left = (candidate.door.placement.ends_on - first).days
    due_in = None if due_on is None else (due_on - first).days
    plain = waited(worth_cents, days_left=days_left, days=(day - first).days, due_in=due_in)

    def then(cents: int) -> int:
        """What an hour of this day brings: it shares in the waiting, with the chances of its own weekday."""
        return cents * plain // max(candidate.plain_cents, 1)

    hours = tuple(msgspec.structs.replace(one, prize_cents=then(one.prize_cents)) for one in candidate.hours)
    cents = then(candidate.shown.prize_cents) if hours else plain
    shown = msgspec.structs.replace(candidate.shown, prize_cents=cents)
    return replace(candidate, shown=shown, hours=hours)


def _by_day(horizon: Horizon, together: Together, found: Solution) -> list[Solution]:
    """The plan of each day as a solution of its own, judged by itself and beside the others."""
    plans = together.plans(found.plan)
    judgement = judge_days(horizon.problems, plans, apart=horizon.apart)
    if judgement.broken:  # a fault of ours, never of the input: stop before anyone drives
        raise AssertionError(f"the spread broke rules: {judgement.broken[:3]}")
    return [replace(found, plan=plan, judgement=day) for plan, day in zip(plans, judgement.days, strict=True)]


def _results(horizon: Horizon, solutions: Sequence[Solution], parts: Parts) -> list[dict[str, Any]]:
    """What each day's plan row keeps. Who is visited on one day, or held in reserve, is neither on another."""
    met = met_on(horizon, solutions)
    results, held_already = [], set[str]()
    for day, one, solution in zip(horizon.days, horizon.prepared, solutions, strict=True):
        elsewhere = {person for person, days in met.items() if days != {day}}
        explained = _without(one, solution, elsewhere)
        held = reserve(_without(explained, solution, held_already).problem, solution.plan)
        held_already |= {_person(one.candidates[each.visit]) for route in held for each in route}
        result = planning.result_of(explained, solution, day, parts, held=held)
        on = {str(c.door.practice.id): min(met[_person(c)]) for c in one.candidates if _person(c) in elsewhere}
        for entry in result["unplanned"]:
            if entry["practice_id"] in on:
                entry["reason"], entry["details"] = ON_ANOTHER_DAY, {"on": on[entry["practice_id"]].isoformat()}
        results.append(result)
    return results


def met_on(horizon: Horizon, solutions: Sequence[Solution]) -> dict[str, set[date]]:
    """By person the days on which somebody calls."""
    met: dict[str, set[date]] = {}
    for day, one, solution in zip(horizon.days, horizon.prepared, solutions, strict=True):
        for visit in solution.plan.planned:
            met.setdefault(_person(one.candidates[visit]), set()).add(day)
    return met


def _person(candidate: JudgedPractice) -> str:
    """Who is visited; where nobody can say who it is, the practice stands for itself."""
    return candidate.door.person or str(candidate.door.practice.id)


def _without(one: Prepared, solution: Solution, persons: Collection[str]) -> Prepared:
    """The day on which nobody may call on these persons, but for what is planned."""
    may_visit = np.array(one.problem.may_visit)
    planned = solution.plan.planned
    out = [v for v, c in enumerate(one.candidates) if v not in planned and _person(c) in persons]
    may_visit[:, out] = False
    return replace(one, problem=one.problem.changed(may_visit=may_visit))


def _rows(work: Work, first: store.Plan, horizon: Horizon, solutions: Sequence[Solution]) -> list[store.Plan | None]:
    """A plan for each day; none for a later one on which nobody is visited.

    Planned again by itself, a day leaves to the others whom they visit.
    """
    met, rows = met_on(horizon, solutions), list[store.Plan | None]()
    for day, one, solution in zip(horizon.days, horizon.prepared, solutions, strict=True):
        served = solution.judgement.served
        if day != first.day and not served:
            rows.append(None)
            continue
        left = [c for c in one.candidates if met.get(_person(c), {day}) == {day}]
        request = {**first.request, "practice_ids": [str(c.door.practice.id) for c in left]}
        row = first
        if day != first.day:
            row = store.Plan(
                id=work.new_id(),
                agency_id=first.agency_id,
                day=day,
                created_at=first.created_at,
                created_by=first.created_by,
                candidates=len(one.candidates),
            )
        row.request, row.served, row.objective_cents = request, served, solution.judgement.objective_cents
        rows.append(row)
    return rows
