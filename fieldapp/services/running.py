"""Today as it runs: when open visits will be reached, and what a person must see to.

Reckoned here once for all who watch, when something has happened and when a minute has passed; open boards reckon
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from fieldapp.domain.access import Identity
from fieldapp.domain.running import TOLERANCE, Door, Expected, Rung, behind_s, expected
from fieldapp.services import shifts
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import exchange, motion
from fieldapp.store import planning as plans
from fieldapp.store import running as store
from fieldapp.store.database import Database
from fieldapp.store.shapes.dispatch import PlanStop, Route
from fieldapp.store.shapes.running import Alert, BegunVisit, ExpectedStop, RunningDay, RunningLane
from fieldapp.store.tables.planning import PublishedDay

STILL = (
    *("plan.", "import.", "board.", "debtor.", "address.", "rule.", "message."),
    *(
        "visit.question",
        "visit.answered",
        "visit.corrected",
        "visit.correction",
        "visit.reviewed",
        "visit.forbidden",
        "visit.allowed",
    ),
)
"""Facts that move nobody's day begin with these."""
GRAVEST = ("in_danger", "must_missed", "away", "late", "cash_over", "envelope_refused")


async def day_of(work: Work, published: PublishedDay, routes: Sequence[Route]) -> RunningDay:
    """How the published day of today runs; `routes` are its live routes."""
    begun = {one.practice_id: one for one in await motion.begun_stops(work.session, published)}
    # Whole minutes: an open board is told again only when there is something to see.
    now = work.now.replace(second=0, microsecond=0)
    midnight = datetime.combine(work.today, time(0), work.parts.zone)
    lanes, alerts = [], await store.open_alerts(work.session, since=midnight)
    calendar = await shifts.calendar(work, since=published.day)
    for route in routes:
        alerts += _away(route, calendar, published.day)
        rung = {
            stop.stop_id: Rung(begun[stop.practice_id].arrived_at, begun[stop.practice_id].left_at)
            for stop in route.stops
            if stop.practice_id in begun
        }
        lane = _lane(route, rung, now)
        lanes.append(lane)
        alerts += _alerts(route, lane)
    alerts.sort(key=lambda one: (GRAVEST.index(one.kind), one.agent_name, str(one.stop_id)))
    return RunningDay(published.day, published.version, now, lanes, alerts)


def _lane(route: Route, rung: Mapping[UUID, Rung], now: datetime) -> RunningLane:
    planned = [_door(stop) for stop in route.stops]
    lunch = (route.lunch_from, route.lunch_to) if route.lunch_from and route.lunch_to else None
    ahead: tuple[Expected[UUID], ...] = ()
    if route.closed_at is None:
        ahead = expected(planned, rung, now=now, order=route.own_order, lunch=lunch)
    stops = [ExpectedStop(one.key, one.arrive_at, one.leave_at, one.late_s, one.missed) for one in ahead]
    begun = [BegunVisit(one.stop_id, one.state, one.outcome) for one in route.stops if one.state != "planned"]
    return RunningLane(route.agent_id, behind_s(planned, ahead), stops, begun, len(route.outside))


def _door(stop: PlanStop) -> Door[UUID]:
    return Door(
        key=stop.stop_id,
        arrive_at=stop.arrive_at,
        window_from=stop.window_from,
        window_to=stop.window_to,
        service_s=stop.service_s,
        travel_s=stop.travel_s,
        lat_e6=stop.lat_e6,
        lon_e6=stop.lon_e6,
        by_hour=tuple((one.from_at, one.travel_s) for one in stop.way_by_hour),
    )


def _away(route: Route, calendar: shifts.Calendar, day: date) -> list[Alert]:
    """The visits to come that phones hold in a time in which the agent is away, told once for an agent."""
    away = [one for one, _ in calendar.away_on(route.agent_id, day)]
    falls = [
        stop
        for stop in route.stops
        if stop.state == "planned" and any(one.from_at < stop.leave_at and stop.arrive_at < one.to_at for one in away)
    ]
    if not falls or route.closed_at is not None:
        return []
    first = falls[0]
    return [
        Alert(
            kind="away",
            agent_id=route.agent_id,
            agent_name=route.agent_name,
            at=first.arrive_at,
            stop_id=first.stop_id,
            debtor_name=first.debtor_name,
            missed=len(falls),
        )
    ]


def _alerts(route: Route, lane: RunningLane) -> list[Alert]:
    """Appointments that will be missed, one by one, and an agent who is behind or will find doors closed, once."""
    stops = {stop.stop_id: stop for stop in route.stops}
    missed = [one for one in lane.stops if one.missed]
    left = [stop for stop in route.stops if stop.state == "planned"] if route.closed_at is not None else []
    lost = [*(stops[one.stop_id] for one in missed), *left]
    alerts = [
        Alert(
            kind="must_missed",
            agent_id=route.agent_id,
            agent_name=route.agent_name,
            at=stop.window_to,
            stop_id=stop.stop_id,
            debtor_name=stop.debtor_name,
        )
        for stop in lost
        if stop.must
    ]
    if lane.stops and (lane.behind_s > TOLERANCE.total_seconds() or missed):
        first = missed[0] if missed else lane.stops[0]
        alerts.append(
            Alert(
                kind="late",
                agent_id=route.agent_id,
                agent_name=route.agent_name,
                at=first.arrive_at,
                stop_id=first.stop_id,
                debtor_name=stops[first.stop_id].debtor_name,
                late_s=lane.behind_s,
                missed=len(missed),
            )
        )
    return alerts


def stirs(kind: str) -> bool:
    """Whether a fact of this kind may move the day or open or close an alert."""
    return not kind.startswith(STILL)


def since(heard: RunningDay | None, day: RunningDay) -> RunningDay | None:
    """What a listener who `heard` an earlier state is told: lanes that changed, alerts; None where nothing did."""
    if heard is None or (heard.day, heard.version) != (day.day, day.version):
        return day
    known = {lane.agent_id: lane for lane in heard.lanes}
    lanes = [lane for lane in day.lanes if known.get(lane.agent_id) != lane]
    if not lanes and heard.alerts == day.alerts:
        return None
    return msgspec.structs.replace(day, lanes=lanes)


class _Today:
    """The newest reckoning for one agency in this process: fifty boards ask, one is made."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._number = -1
        self._as_of: datetime | None = None
        self._day: RunningDay | None = None

    async def at(self, parts: Parts, identity: Identity, number: int) -> RunningDay | None:
        """Today after the fact `number`, or later; None while nothing is published."""
        async with self._one_at_a_time:
            now = parts.clock.now()
            old = self._as_of is None or not timedelta() <= now - self._as_of < timedelta(minutes=1)
            if number > self._number or old:
                async with working(parts, identity) as work:
                    newest = await exchange.last_number(work.session)
                    published = await plans.newest_day(work.session, work.today)
                    routes = await plans.live_routes(work.session, published) if published else []
                    day = await day_of(work, published, routes) if published else None
                # Known only once it is whole: the listener who asked may be gone before.
                self._number, self._day = newest, day
                self._as_of = work.now.replace(second=0, microsecond=0)
            return self._day


_todays: WeakKeyDictionary[Database, dict[UUID, _Today]] = WeakKeyDictionary()


async def today_at(parts: Parts, identity: Identity, number: int) -> RunningDay | None:
    """How today runs after the fact `number`; reckoned once a process and agency for everybody who asks."""
    mine = _todays.setdefault(parts.database, {}).setdefault(identity.agency_id, _Today())
    return await mine.at(parts, identity, number)
