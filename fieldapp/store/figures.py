"""Figures from what happened: visits, money, promises and published stops, each with the group it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import BigInteger, ColumnElement, Date, Integer, String, and_, case, cast, func, literal, or_
from sqlalchemy.orm import aliased, join
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.figures import AGES_DAYS, HOURS, KEPT, MEASURES, By, Figures, Period, gathered
from fieldapp.domain.outcomes import OUTCOMES
from fieldapp.domain.outgoing import TAKES_BACK
from fieldapp.domain.squads import NOBODYS
from fieldapp.store.columns import among
from fieldapp.store.creditor_account import SEEN, judged_promises
from fieldapp.store.squads import squad_of
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Promise, Visit
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import Address, Creditor, DebtLine, Obligor, Practice

RECEIVED = "payment.received"
UNKNOWN = "unknown"
_NOT_MADE = "NOT_MADE"
_REACHED = sorted(code for code, outcome in OUTCOMES.items() if outcome.reached)


Hand = tuple[Any, Any] | None
"""The agent who did it and the day it counts in; None for money and promises, which are put down to no squad."""


def _group(by: By, at: Any, zone: ZoneInfo, hand: Hand = None) -> ColumnElement[str]:
    """The group of something that happened to the practice at hand at `at`; `unknown` where nothing is."""
    local = func.timezone(str(zone), at)
    match by:
        case By.CREDITOR:
            return cast(col(Practice.creditor_id), String)
        case By.AGENT:
            assert hand is not None
            return cast(hand[0], String)
        case By.SQUAD:
            return literal(NOBODYS) if hand is None else squad_of(*hand)
        case By.WEEKDAY:
            return cast(func.extract("isodow", local), String)
        case By.HOUR:
            hour = cast(func.extract("hour", local), Integer)
            bands = [(and_(hour >= start, hour < end), literal(f"{start:02d}")) for start, end in pairwise(HOURS)]
            return case(*bands, else_=literal("other"))
        case By.AREA:
            place = (
                sqlalchemy.select(func.concat(col(Address.comune), " (", col(Address.province), ")"))
                .where(col(Address.practice_id) == col(Practice.id), col(Address.current), col(Address.comune) != "")
                .order_by(col(Address.id))
                .limit(1)
                .correlate(Practice)
            )
            return func.coalesce(place.scalar_subquery(), literal(UNKNOWN))
        case By.AGE:
            due = sqlalchemy.select(func.min(DebtLine.due_on)).where(col(DebtLine.practice_id) == col(Practice.id))
            days = cast(local, Date) - due.correlate(Practice).scalar_subquery()
            bands = [(days <= most, literal(str(at))) for at, most in enumerate(AGES_DAYS)]
            return case((days.is_(None), literal(UNKNOWN)), *bands, else_=literal(str(len(AGES_DAYS))))


async def by_group(session: AsyncSession, by: By, period: Period, *, zone: ZoneInfo, today: date) -> dict[str, Figures]:
    """The figures of each group with anything in it."""
    found: list[tuple[str, str, int]] = []
    for source in _counted(by, zone):
        query = source.rows(_group(by, source.at, zone, source.hand).label("kin")).where(*source.within(period))
        found += _numbers(await session.execute(query.add_columns(*source.measures).group_by("kin")), "kin")
    for kin, _, measure in await _promises(session, by, period, zone=zone, today=today):
        found.append((kin, measure, 1))
    return gathered(found)


async def by_practice(
    session: AsyncSession, by: By, period: Period, group: str, *, zone: ZoneInfo, today: date
) -> dict[UUID, Figures]:
    """The figures of one group by practice."""
    found: list[tuple[str, str, int]] = []
    for source in _counted(by, zone):
        group_of = _group(by, source.at, zone, source.hand)
        query = source.rows(group_of.label("kin"), cast(col(Practice.id), String).label("practice"))
        query = query.where(*source.within(period)).add_columns(*source.measures)
        query = query.group_by("kin", col(Practice.id)).having(group_of == group)
        found += _numbers(await session.execute(query), "practice")
    for kin, practice_id, measure in await _promises(session, by, period, zone=zone, today=today):
        if kin == group:
            found.append((str(practice_id), measure, 1))
    return {UUID(practice): figures for practice, figures in gathered(found).items()}


SquadDay = tuple[str, date]
"""A squad's group and a day."""


PARTS_TAKEN = ("planned", "visits", "done")
"""What an agent may have had a part in on a day: was sent, visited, made visits of the plan (whose way is told)."""


async def at_work(session: AsyncSession, period: Period, *, zone: ZoneInfo) -> dict[date, list[dict[str, int]]]:
    """By day, for each of `PARTS_TAKEN`, how many agents of each squad had a part in it."""
    found: dict[date, list[dict[str, int]]] = {}
    for source in sources(zone):
        if source.hand is None:
            continue
        agent_id, on_day = source.hand
        each = sqlalchemy.select(agent_id.label("agent_id"), on_day.label("on_day"), *source.measures)
        each = each.select_from(source.of).where(*source.where, *source.within(period)).group_by(agent_id, on_day)
        agents = each.subquery()
        squad = squad_of(agents.c.agent_id, agents.c.on_day).label("squad")
        names = [name for name in PARTS_TAKEN if name in agents.c]
        taken = [func.count().filter(agents.c[name] > 0) for name in names]
        query = sqlalchemy.select(agents.c.on_day, squad, *taken).group_by(agents.c.on_day, squad)
        for day, key, *numbers in (await session.execute(query)).all():
            counts = found.setdefault(day, [{} for _ in PARTS_TAKEN])
            for name, number in zip(names, numbers, strict=True):
                counts[PARTS_TAKEN.index(name)][key] = number
    return found


async def by_squad_day(session: AsyncSession, period: Period, *, zone: ZoneInfo) -> dict[SquadDay, Figures]:
    """What each squad planned and did on each day."""
    found: dict[SquadDay, Figures] = {}
    for (_, key, day), figures in (await _squad_parts(session, period, zone=zone)).items():
        found[key, day] = found.get((key, day), Figures()) + figures
    return found


async def by_squad_practice(
    session: AsyncSession, period: Period, *, told: Collection[SquadDay], group: str | None, zone: ZoneInfo
) -> dict[UUID, Figures]:
    """By practice what a squad planned and did on those days of it that are told; None: all that is not told."""
    found: dict[UUID, Figures] = {}
    for (practice_id, key, day), figures in (await _squad_parts(session, period, zone=zone)).items():
        if (key == group and (key, day) in told) or (group is None and (key, day) not in told):
            found[practice_id] = found.get(practice_id, Figures()) + figures
    return found


async def _squad_parts(
    session: AsyncSession, period: Period, *, zone: ZoneInfo
) -> dict[tuple[UUID, str, date], Figures]:
    found: list[tuple[tuple[UUID, str, date], str, int]] = []
    for source in sources(zone):
        if source.hand is None:
            continue
        squad = _group(By.SQUAD, source.at, zone, source.hand).label("kin")
        query = source.rows(col(Practice.id).label("practice"), squad, source.day.label("on_day"))
        query = query.where(*source.within(period)).add_columns(*source.measures)
        for row in (await session.execute(query.group_by(col(Practice.id), "kin", source.day))).mappings():
            at = (row["practice"], row["kin"], row["on_day"])
            found += [(at, measure, int(row[measure])) for measure in MEASURES if row.get(measure)]
    return gathered(found)


Part = tuple[UUID, date, tuple[str, ...]]
"""A practice, a day, and the groups that it counts in, in the order of `KEPT`."""


async def parts(
    session: AsyncSession, practice_ids: Collection[UUID], *, zone: ZoneInfo, today: date
) -> dict[Part, Figures]:
    """What each of these practices contributes to each day, in every group that it counts in."""
    found: list[tuple[Part, str, int]] = []

    def part(row: Any) -> Part:
        return row["practice"], row["on_day"], tuple(row[f"by_{by.value}"] for by in KEPT)

    for source in sources(zone):
        columns = [
            col(Practice.id).label("practice"),
            source.day.label("on_day"),
            *_groups(source.at, zone, source.hand),
        ]
        query = source.rows(*columns).where(among(Practice.id, practice_ids)).add_columns(*source.measures)
        for row in (await session.execute(query.group_by(*(column.name for column in columns)))).mappings():
            found += [(part(row), measure, int(row[measure])) for measure in MEASURES if row.get(measure)]
    judged = await judged_promises(session, first=date.min, after=today, zone=zone, practice_ids=practice_ids)
    query = _promised(
        col(Promise.id).label("promise"), col(Practice.id).label("practice"), col(Promise.due_on).label("on_day")
    )
    query = query.add_columns(*_groups(Visit.left_at, zone)).where(among(Practice.id, practice_ids))
    made = {row["promise"]: part(row) for row in (await session.execute(query)).mappings()}
    found += [(made[one.id], verdict.value, 1) for one, verdict in judged]
    return gathered(found)


def _counted(by: By, zone: ZoneInfo) -> Iterator[Source]:
    """What is counted in figures grouped so: of an agent only what was done by hand."""
    return (source for source in sources(zone) if by is not By.AGENT or source.hand is not None)


def _groups(at: Any, zone: ZoneInfo, hand: Hand = None) -> list[Any]:
    return [_group(by, at, zone, hand).label(f"by_{by.value}") for by in KEPT]


def _numbers(rows: Any, name: str) -> Iterator[tuple[str, str, int]]:
    for row in rows.mappings():
        for measure in MEASURES:
            if row.get(measure):
                yield row[name], measure, int(row[measure])


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of thing that is counted: when it happened, the local day that it counts in, and the sums over it."""

    at: Any
    day: Any
    practice_id: Any
    of: Any
    where: tuple[Any, ...]
    measures: tuple[Any, ...]
    zone: ZoneInfo
    hand: Hand = None

    def rows(self, *columns: Any) -> sqlalchemy.Select[*tuple[Any, ...]]:
        """The rows with their practice."""
        base = sqlalchemy.select(*columns).select_from(self.of)
        return base.join(Practice, col(Practice.id) == self.practice_id).where(*self.where)

    def within(self, period: Period) -> tuple[Any, ...]:
        """The condition that it counts in the period, as an index takes it."""
        if self.at is Fact.at:
            return self.at >= _midnight(period.first, self.zone), self.at < _midnight(period.after, self.zone)
        return (self.day.between(period.first, period.last),)


def sources(zone: ZoneInfo) -> Iterator[Source]:
    """What is counted beside promises: visits, money, published stops."""
    met = or_(col(Visit.met) == "debtor", col(Visit.outcome).in_(_REACHED))
    yield Source(
        at=Visit.arrived_at,
        day=col(Visit.day),
        practice_id=col(Visit.practice_id),
        of=Visit,
        where=(col(Visit.outcome) != _NOT_MADE,),
        measures=(func.count().label("visits"), func.count().filter(met).label("reached")),
        zone=zone,
        hand=(col(Visit.agent_id), col(Visit.day)),
    )
    cents = cast(col(Fact.body)["amount_cents"].astext, BigInteger)
    signed = case((col(Fact.kind).in_(TAKES_BACK), -cents), else_=cents)
    yield Source(
        at=Fact.at,
        day=cast(func.timezone(str(zone), Fact.at), Date),
        practice_id=col(Fact.practice_id),
        of=Fact,
        where=(col(Fact.kind).in_([RECEIVED, SEEN, *TAKES_BACK]),),
        measures=(func.coalesce(func.sum(signed), 0).label("recovered_cents"),),
        zone=zone,
    )
    made = (
        sqlalchemy.select(col(Visit.id))
        .where(col(Visit.stop_id) == col(PublishedStop.id), col(Visit.outcome) != _NOT_MADE)
        .correlate(PublishedStop)
        .exists()
    )
    newer = aliased(PublishedDay)
    last = (
        sqlalchemy.select(func.max(col(newer.version)))
        .where(col(newer.agency_id) == col(PublishedDay.agency_id), col(newer.day) == col(PublishedDay.day))
        .correlate(PublishedDay)
        .scalar_subquery()
    )
    yield Source(
        at=PublishedStop.arrive_at,
        day=col(PublishedStop.day),
        practice_id=col(PublishedStop.practice_id),
        of=join(PublishedStop, PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id)),
        where=(col(PublishedStop.reserve).is_(False), col(PublishedDay.version) == last),
        measures=(
            func.count().label("planned"),
            func.count().filter(made).label("done"),
            func.coalesce(func.sum(col(PublishedStop.distance_m)).filter(made), 0).label("metres"),
        ),
        zone=zone,
        hand=(col(PublishedStop.agent_id), col(PublishedStop.day)),
    )


def _promised(*columns: Any) -> sqlalchemy.Select[*tuple[Any, ...]]:
    """Promises with their practice and the visit that they were made at."""
    return (
        sqlalchemy.select(*columns)
        .select_from(Promise)
        .join(Practice, col(Practice.id) == col(Promise.practice_id))
        .join(Visit, col(Visit.id) == col(Promise.visit_id))
    )


async def _promises(
    session: AsyncSession, by: By, period: Period, *, zone: ZoneInfo, today: date
) -> list[tuple[str, UUID, str]]:
    """Group, practice and `kept` or `broken` of each promise whose day was over in the period, by when it was made;
    none by agent."""
    if by is By.AGENT:
        return []
    after = min(period.after, today)
    judged = await judged_promises(session, first=period.first, after=after, zone=zone)
    query = _promised(col(Promise.id), _group(by, Visit.left_at, zone)).where(
        col(Promise.due_on) >= period.first, col(Promise.due_on) < after
    )
    kins = {row[0]: row[1] for row in (await session.execute(query)).all()}
    return [(kins[one.id], one.practice_id, verdict.value) for one, verdict in judged]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


async def creditor_names(session: AsyncSession) -> dict[str, str]:
    """The name of each creditor by the group that stands for it."""
    rows = await session.execute(sqlalchemy.select(col(Creditor.id), col(Creditor.name)))
    return {str(id_): name for id_, name in rows.all()}


async def agent_names(session: AsyncSession) -> dict[str, str]:
    """The name of each person by the group that stands for it."""
    rows = await session.execute(sqlalchemy.select(col(Person.id), col(Person.name)))
    return {str(id_): name for id_, name in rows.all()}


async def practice_names(session: AsyncSession, practice_ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Practice number and debtor's name."""
    query = (
        sqlalchemy.select(col(Practice.id), col(Practice.practice_number), func.min(col(Obligor.name)))
        .join(Obligor, and_(col(Obligor.practice_id) == col(Practice.id), col(Obligor.role) == "debtor"), isouter=True)
        .where(among(Practice.id, practice_ids))
        .group_by(col(Practice.id))
    )
    return {id_: (number, name or "") for id_, number, name in (await session.execute(query)).all()}
