"""Later days that phones hold already, judged again: what a visit of today, a payment or a recall made pointless or
unlawful. Nothing is changed by itself; a dispatcher takes it out, which is the day's next version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID
from weakref import WeakKeyDictionary

from fieldapp.domain.access import Identity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import hands, keeping, planning, publishing
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import exchange
from fieldapp.store import planning as plans
from fieldapp.store.database import Database
from fieldapp.store.shapes.dispatch import DayView, Finding, LeftOut, StaleDay, StaleVisit
from fieldapp.store.tables.planning import PublishedDay

PROMISED = "promise_stands"
"""A debtor who has promised to pay by a later day is not asked before it: nothing forbids the visit."""


async def list_later(work: Work) -> list[StaleDay]:
    """The later published days that hold a visit to be taken out, by day."""
    found = []
    for published in await plans.published_after(work.session, work.today):
        visits = await _of_day(work, published)
        if visits:
            found.append(StaleDay(published.day, published.version, visits))
    return found


async def take_out(work: Work, day: date, *, version: int, practice_ids: Sequence[UUID]) -> DayView:
    """Publish the day again without what a rule stops by now, and without these visits whose debtors promised.

    Raises Refusal `stale.day_not_later`, `stale.not_of_day` (a visit that is not among them, or no more),
    `plan.published_meanwhile`.
    """
    if day <= work.today:
        raise Refusal("stale.day_not_later", kind=Kind.CONFLICT)
    published = await plans.newest_day(work.session, day)
    if published is None or published.version != version:
        details = {"version": published.version if published else 0}
        raise Refusal("plan.published_meanwhile", kind=Kind.CONFLICT, details=details)
    stale = {one.practice_id for one in await _of_day(work, published)}
    if not set(practice_ids) <= stale:
        raise Refusal("stale.not_of_day", kind=Kind.CONFLICT)
    return await publishing.publish_plan(work, published.plan_id, seen=version, without=frozenset(practice_ids))


async def _of_day(work: Work, published: PublishedDay) -> list[StaleVisit]:
    """What of the day falls out of it by now, and who has promised since its plan was made; by agent and hour.

    Publishing is no answer to a promise, for nobody may have seen it; a person who pinned the visit since has.
    """
    fallen = {one.practice_id: one for one in await publishing.fallen(work, published)}
    plan = await planning.plan_row(work.session, published.plan_id)
    draft, made = hands.read_draft(plan), keeping.made_at(plan)
    stops = {stop.practice_id: (route, stop) for route in draft.routes for stop in route.stops}
    found = await plans.promised_since(work.session, stops.keys() - fallen.keys(), since=made, beyond=published.day)
    promised = {}
    for practice_id, (due_on, known_at) in found.items():
        _, stop = stops[practice_id]
        if not stop.pinned or known_at >= draft.pinned_at(practice_id, made=made):
            promised[practice_id] = due_on
    for practice_id, due_on in promised.items():
        stop = stops[practice_id][1]
        finding = Finding(PROMISED, "warns", {"on": due_on.isoformat()})
        fallen[practice_id] = LeftOut(practice_id, stop.practice_number, stop.debtor_name, [finding])
    return [
        StaleVisit(
            practice_id=practice_id,
            practice_number=stop.practice_number,
            debtor_name=stop.debtor_name,
            agent_id=route.agent_id,
            agent_name=route.agent_name,
            arrive_at=stop.arrive_at,
            findings=fallen[practice_id].findings,
            lawful=practice_id in promised,
        )
        for practice_id, (route, stop) in stops.items()
        if practice_id in fallen
    ]


class _Later:
    """The newest judgement for one agency in this process: many boards ask, one is made."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._known: tuple[int, date] | None = None
        self._days: list[StaleDay] = []

    async def now(self, parts: Parts, identity: Identity) -> list[StaleDay]:
        async with self._one_at_a_time, working(parts, identity) as work:
            known = (await exchange.last_number(work.session), work.today)
            if known != self._known:
                self._days = await list_later(work)
                self._known = known
            return self._days


_later: WeakKeyDictionary[Database, dict[UUID, _Later]] = WeakKeyDictionary()


async def later(parts: Parts, identity: Identity) -> list[StaleDay]:
    """What `list_later` finds, judged anew only when something was told since."""
    mine = _later.setdefault(parts.database, {}).setdefault(identity.agency_id, _Later())
    return await mine.now(parts, identity)
