"""Figures from what happened: visits, money, promises and published stops, each with the group it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import BigInteger, ColumnElement, Date, Integer, String, and_, case, cast, func, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.figures import AGES_DAYS, HOURS, MEASURES, By, Figures, Period, gathered
from fieldapp.domain.outcomes import OUTCOMES
from fieldapp.domain.outgoing import TAKES_BACK
from fieldapp.store.creditor_account import judged_promises
from fieldapp.store.tables.field import Promise, Visit
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import Address, Creditor, DebtLine, Obligor, Practice

RECEIVED = "payment.received"
UNKNOWN = "unknown"
_NOT_MADE = "NOT_MADE"
_REACHED = sorted(code for code, outcome in OUTCOMES.items() if outcome.reached)


def _group(by: By, at: Any, zone: ZoneInfo) -> ColumnElement[str]:
    """The group of something that happened to the practice at hand at `at`; `unknown` where nothing is."""
    local = func.timezone(str(zone), at)
    match by:
        case By.CREDITOR:
            return cast(col(Practice.creditor_id), String)
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
    for base, measures in _sources(by, period, zone):
        query = base.add_columns(*measures).group_by("kin")
        found += _numbers(await session.execute(query), "kin")
    for kin, _, measure in await _promises(session, by, period, zone=zone, today=today):
        found.append((kin, measure, 1))
    return gathered(found)


async def by_practice(
    session: AsyncSession, by: By, period: Period, group: str, *, zone: ZoneInfo, today: date
) -> dict[UUID, Figures]:
    """The figures of one group by practice."""
    found: list[tuple[str, str, int]] = []
    for base, measures in _sources(by, period, zone):
        query = base.add_columns(cast(col(Practice.id), String).label("practice"), *measures)
        query = query.group_by("kin", col(Practice.id)).having(_group_of(base) == group)
        found += _numbers(await session.execute(query), "practice")
    for kin, practice_id, measure in await _promises(session, by, period, zone=zone, today=today):
        if kin == group:
            found.append((str(practice_id), measure, 1))
    return {UUID(practice): figures for practice, figures in gathered(found).items()}


def _group_of(base: Any) -> Any:
    return base.selected_columns.kin.element


def _numbers(rows: Any, name: str) -> Iterator[tuple[str, str, int]]:
    for row in rows.mappings():
        for measure in MEASURES:
            if row.get(measure):
                yield row[name], measure, int(row[measure])


def _sources(by: By, period: Period, zone: ZoneInfo) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """What is counted: for each kind of thing the rows with their group (`kin`), and the sums over them."""

    def rows(at: Any, practice_id: Any, *where: Any) -> Any:
        kin = _group(by, at, zone).label("kin")
        return sqlalchemy.select(kin).join(Practice, col(Practice.id) == practice_id).where(*where)

    met = or_(col(Visit.met) == "debtor", col(Visit.outcome).in_(_REACHED))
    yield (
        rows(
            Visit.arrived_at,
            col(Visit.practice_id),
            col(Visit.day).between(period.first, period.last),
            col(Visit.outcome) != _NOT_MADE,
        ).select_from(Visit),
        (func.count().label("visits"), func.count().filter(met).label("reached")),
    )
    cents = cast(col(Fact.body)["amount_cents"].astext, BigInteger)
    signed = case((col(Fact.kind) == RECEIVED, cents), else_=-cents)
    yield (
        rows(
            Fact.at,
            col(Fact.practice_id),
            col(Fact.kind).in_([RECEIVED, *TAKES_BACK]),
            col(Fact.at) >= _midnight(period.first, zone),
            col(Fact.at) < _midnight(period.after, zone),
        ).select_from(Fact),
        (func.coalesce(func.sum(signed), 0).label("recovered_cents"),),
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
    yield (
        rows(
            PublishedStop.arrive_at,
            col(PublishedStop.practice_id),
            col(PublishedStop.day).between(period.first, period.last),
            col(PublishedStop.reserve).is_(False),
            col(PublishedDay.version) == last,
        )
        .select_from(PublishedStop)
        .join(PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id)),
        (
            func.count().label("planned"),
            func.count().filter(made).label("done"),
            func.coalesce(func.sum(col(PublishedStop.distance_m)).filter(made), 0).label("metres"),
        ),
    )


async def _promises(
    session: AsyncSession, by: By, period: Period, *, zone: ZoneInfo, today: date
) -> list[tuple[str, UUID, str]]:
    """Group, practice and `kept` or `broken` of each promise whose day was over in the period, by when it was made."""
    after = min(period.after, today)
    judged = await judged_promises(session, first=period.first, after=after, zone=zone)
    query = (
        sqlalchemy.select(col(Promise.id), _group(by, Visit.left_at, zone))
        .join(Practice, col(Practice.id) == col(Promise.practice_id))
        .join(Visit, col(Visit.id) == col(Promise.visit_id))
        .where(col(Promise.due_on) >= period.first, col(Promise.due_on) < after)
    )
    kins = {row[0]: row[1] for row in (await session.execute(query)).all()}
    return [(kins[one.id], one.practice_id, verdict.value) for one, verdict in judged]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


async def creditor_names(session: AsyncSession) -> dict[str, str]:
    """The name of each creditor by the group that stands for it."""
    rows = await session.execute(sqlalchemy.select(col(Creditor.id), col(Creditor.name)))
    return {str(id_): name for id_, name in rows.all()}


async def practice_names(session: AsyncSession, practice_ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Practice number and debtor's name."""
    query = (
        sqlalchemy.select(col(Practice.id), col(Practice.practice_number), func.min(col(Obligor.name)))
        .join(Obligor, and_(col(Obligor.practice_id) == col(Practice.id), col(Obligor.role) == "debtor"), isouter=True)
        .where(col(Practice.id).in_(practice_ids))
        .group_by(col(Practice.id))
    )
    return {id_: (number, name or "") for id_, number, name in (await session.execute(query)).all()}
