"""A day in motion as the planner is told it: what has begun, and what dispatchers say has happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from fieldapp.planning.replan import Begun, Situation
from fieldapp.services.planning import JudgedPractice
from fieldapp.services.work import Work
from fieldapp.store import motion as store
from fieldapp.store import planning as plans
from fieldapp.store.motion import BegunStop
from fieldapp.store.shapes.dispatch import Route
from fieldapp.store.shapes.replan import Happened


@dataclass(frozen=True, slots=True)
class Motion:
    """The day as far as it has gone. `begun` by practice, in the order in which the visits began."""

    day: date
    zone: ZoneInfo
    now_s: int
    """Seconds after local midnight; 0 on a day to come."""
    begun: Mapping[UUID, BegunStop]
    happened: tuple[Happened, ...]

    @property
    def moves(self) -> bool:
        return bool(self.begun or self.happened)

    def agents(self, kind: str) -> dict[UUID, Happened]:
        return {one.agent_id: one for one in self.happened if one.kind == kind and one.agent_id is not None}

    def visits(self, kind: str) -> dict[UUID, Happened]:
        return {one.practice_id: one for one in self.happened if one.kind == kind and one.practice_id is not None}

    def begun_by(self, agent_id: UUID) -> list[UUID]:
        return [one.practice_id for one in self.begun.values() if one.agent_id == agent_id]

    def begun_first(
        self, agent_id: UUID, order: Iterable[UUID], *, of: Mapping[UUID, Sequence[UUID]]
    ) -> tuple[UUID, ...]:
        """What the agent has begun as it happened, then the rest of `order` without what others of `of` have begun."""
        done = self.begun_by(agent_id)
        taken = {one.practice_id for one in self.begun.values() if one.agent_id in of}
        return (*done, *(one for one in order if one not in taken))

    def told(self, visit: JudgedPractice) -> JudgedPractice:
        """The visit with what was told of it: an urgent or moved one must be made, a moved one at its new hour."""
        practice_id = visit.door.practice.id
        moved = self.visits("moved").get(practice_id)
        if moved is None and practice_id not in self.visits("urgent"):
            return visit
        visit = replace(visit, shown=msgspec.structs.replace(visit.shown, must=True))
        if moved is None or moved.from_at is None or moved.to_at is None:
            return visit
        from_s, to_s = self.second_of(moved.from_at), self.second_of(moved.to_at)
        spans = ((max(opens, from_s), min(closes, to_s)) for opens, closes in visit.lawful_s)
        return replace(visit, windows_s=tuple(span for span in spans if span[0] <= span[1]))

    def situation(self, people: Sequence[plans.Person], visits: Sequence[JudgedPractice]) -> Situation:
        """The planner's words for it; `people` and `visits` in the order of the problem."""
        agents = {person.id: number for number, person in enumerate(people)}
        numbers = {one.door.practice.id: number for number, one in enumerate(visits)}
        return Situation(
            now_s=self.now_s,
            begun=tuple(
                self._begun(one, numbers[one.practice_id], agents[one.agent_id])
                for one in self.begun.values()
                if one.practice_id in numbers and one.agent_id in agents
            ),
            absent=frozenset(agents[one] for one in self.agents("agent_away") if one in agents),
            withdrawn=frozenset(numbers[one] for one in self.visits("cancelled") if one in numbers),
            free_from=tuple(
                (agents[agent_id], self.second_of(one.until))
                for agent_id, one in self.agents("held_up").items()
                if agent_id in agents and one.until is not None
            ),
        )

    def _begun(self, one: BegunStop, visit: int, agent: int) -> Begun:
        # A phone's clock may run ahead of ours.
        start_s = max(0, min(self.second_of(one.arrived_at), self.now_s))
        leave_s = None if one.left_at is None else max(start_s, min(self.second_of(one.left_at), self.now_s))
        return Begun(visit, agent, start_s, leave_s)

    def marked(self, route: Route, before: Route) -> Route:
        """A route judged afresh with what its visits were known by before: state, reason, pin; and its reserve."""
        old = {stop.practice_id: stop for stop in (*before.in_reserve, *before.stops)}
        stops = []
        for stop in route.stops:
            begun, known = self.begun.get(stop.practice_id), old.get(stop.practice_id)
            if begun is not None:
                stop = msgspec.structs.replace(
                    stop,
                    state="arrived" if begun.left_at is None else "done",
                    pinned=known is not None and known.pinned,
                    reason=known.reason if known else "worth_the_way",
                    reason_details=known.reason_details if known else stop.reason_details,
                )
            stops.append(stop)
        held = {stop.practice_id for stop in stops}
        in_reserve = [one for one in before.in_reserve if one.practice_id not in held]
        return msgspec.structs.replace(route, stops=stops, in_reserve=in_reserve)

    def second_of(self, at: datetime) -> int:
        """What the wall clock shows at `at`, in seconds after midnight of the day."""
        local = at.astimezone(self.zone).replace(tzinfo=None)
        return int((local - datetime.combine(self.day, time(0))).total_seconds())


async def motion_of(work: Work, day: date, happened: Iterable[Happened] = ()) -> Motion:
    """The day as published last, as far as it has gone."""
    published = await plans.newest_day(work.session, day)
    begun = await store.begun_stops(work.session, published) if published else []
    empty = Motion(day, work.parts.zone, 0, {one.practice_id: one for one in begun}, tuple(happened))
    return replace(empty, now_s=empty.second_of(work.now) if work.today == day else 0)
