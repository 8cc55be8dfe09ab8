"""Figures kept added up: what facts say is taken in as they come, so that a page adds up days and not events.

Whatever can change a figure is told as a fact about its practice (a day's publication: about those of its stops). So
the practices of the newest facts are counted anew, all their days, and what they contributed before is taken off the
sums. `store.figures` counts the same from scratch; the two agree on every history (`tests/flows/test_figure_sums.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import ARRAY, ColumnElement, Date, and_, any_, false, func, literal, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.figures import KEPT, MEASURES, OF_A_SQUAD, By, Figures, Period, told_of_squads
from fieldapp.store import feed_pages
from fieldapp.store.batches import insert_rows
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.figures import Part, SquadDay, parts
from fieldapp.store.tables.field import Promise, Visit
from fieldapp.store.tables.figures import FigureMark, FigurePart, FigureSum
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.planning import PublishedStop

AT_ONCE = 500
"""Practices counted anew together."""
LITTLE = 2_000
"""Facts that a reader takes in at once; with more behind, figures are counted from scratch until a worker was there."""
_PUBLISHED = "day.published"
_MOVED = "squad.moved"
_ZERO = Figures()


async def catch_up(session: AsyncSession, *, zone: ZoneInfo, today: date, most: int = LITTLE) -> bool:
    """Take in at most the next `most` facts; whether the sums now say all that is known.

    Only one transaction does so at a time; it holds the agency's sums until it ends.
    """
    head = await feed_pages.head(session)
    newest = head.number if head else 0
    mark = await session.get(FigureMark, agency_of(session), populate_existing=True)
    if mark is not None and (mark.up_to, mark.judged_before) == (newest, today):
        return True
    mark = await _locked(session, today)
    up_to = await _end(session, mark.up_to, newest, most)
    touched = await _touched(session, mark.up_to, up_to)
    if up_to == newest and mark.judged_before < today:
        touched |= await _due(session, mark.judged_before, today)
        mark.judged_before = today
    ids = sorted(touched)
    for start in range(0, len(ids), AT_ONCE):
        await _recount(session, ids[start : start + AT_ONCE], zone=zone, today=today)
    mark.up_to = up_to
    session.add(mark)
    await session.flush()
    return up_to == newest


async def behind(session: AsyncSession) -> int:
    """How many facts the sums do not know, counted up to one more than a reader takes in."""
    mark = await session.get(FigureMark, agency_of(session))
    unread = select(Fact.number).where(col(Fact.number) > (mark.up_to if mark else 0)).limit(LITTLE + 1).subquery()
    return int((await session.exec(select(func.count()).select_from(unread))).one())


async def by_group(session: AsyncSession, by: By, period: Period) -> dict[str, Figures]:
    """The figures of each group with anything in it, from the sums."""
    query = (
        sqlalchemy.select(col(FigureSum.key), *_summed(FigureSum))
        .where(col(FigureSum.grouped_by) == by.value, col(FigureSum.day).between(period.first, period.last))
        .group_by(col(FigureSum.key))
    )
    return {key: figures for key, figures in _figures(await session.execute(query)) if figures != _ZERO}


async def by_practice(session: AsyncSession, by: By, period: Period, group: str) -> dict[UUID, Figures]:
    """The figures of one group by practice, from the parts."""
    groups = _group_columns()
    query = (
        sqlalchemy.select(col(FigurePart.practice_id), *_summed(FigurePart))
        .where(col(FigurePart.day).between(period.first, period.last), groups[by] == group)
        .group_by(col(FigurePart.practice_id))
    )
    return {id_: figures for id_, figures in _figures(await session.execute(query)) if figures != _ZERO}


async def by_squad_day(session: AsyncSession, period: Period) -> dict[SquadDay, Figures]:
    """What each squad planned and did on each day, from the sums."""
    measured = [col(getattr(FigureSum, name)) for name in MEASURES]
    query = sqlalchemy.select(col(FigureSum.key), col(FigureSum.day), *measured).where(
        col(FigureSum.grouped_by) == By.SQUAD.value, col(FigureSum.day).between(period.first, period.last)
    )
    rows = [(key, day, told_of_squads(Figures(*numbers))) for key, day, *numbers in await session.execute(query)]
    return {(key, day): figures for key, day, figures in rows if figures != _ZERO}


async def by_squad_practice(
    session: AsyncSession, period: Period, *, told: Collection[SquadDay], group: str | None
) -> dict[UUID, Figures]:
    """By practice what a squad planned and did on those days of it that are told; None: all that is not told."""
    days: dict[str, list[date]] = defaultdict(list)
    for key, day in told:
        days[key].append(day)
    squad, on_day = col(FigurePart.squad), col(FigurePart.day)
    if group is None:
        among_them = ~or_(false(), *(and_(squad == key, _one_of(on_day, those)) for key, those in days.items()))
    else:
        among_them = and_(squad == group, _one_of(on_day, days.get(group, [])))
    query = (
        sqlalchemy.select(col(FigurePart.practice_id), *_summed(FigurePart))
        .where(on_day.between(period.first, period.last), among_them)
        .where(or_(*(col(getattr(FigurePart, name)) != 0 for name in OF_A_SQUAD)))
        .group_by(col(FigurePart.practice_id))
    )
    rows = _figures(await session.execute(query))
    return {id_: told_of_squads(figures) for id_, figures in rows}


def _one_of(column: Any, days: Collection[date]) -> ColumnElement[bool]:
    is_one: ColumnElement[bool] = column == any_(literal(sorted(days), ARRAY(Date())))
    return is_one


def _group_columns() -> dict[By, Any]:
    return {by: col(getattr(FigurePart, by.value)) for by in KEPT}


def _summed(table: type[FigurePart] | type[FigureSum]) -> list[Any]:
    return [func.sum(getattr(table, name)).label(name) for name in MEASURES]


def _figures(rows: Iterable[Any]) -> Iterable[tuple[Any, Figures]]:
    for key, *sums in rows:
        yield key, Figures(*(int(number) for number in sums))


async def _locked(session: AsyncSession, today: date) -> FigureMark:
    agency_id = agency_of(session)
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"figures:{agency_id}"}
    )
    found = await session.get(FigureMark, agency_id, populate_existing=True)
    return found or FigureMark(agency_id=agency_id, up_to=0, judged_before=today)


async def _end(session: AsyncSession, after: int, newest: int, most: int) -> int:
    """The number of the last fact to take in."""
    query = select(Fact.number).where(col(Fact.number) > after, col(Fact.number) <= newest)
    last = (await session.exec(query.order_by(col(Fact.number)).offset(most - 1).limit(1))).first()
    return newest if last is None else last


async def _touched(session: AsyncSession, after: int, up_to: int) -> set[UUID]:
    """The practices of which the facts speak; a day's publication speaks of all that stand or stood in it."""
    fresh = col(Fact.number) > after, col(Fact.number) <= up_to
    told = select(Fact.practice_id).where(*fresh, col(Fact.practice_id).is_not(None)).distinct()
    days = sqlalchemy.select(col(Fact.day)).where(*fresh, col(Fact.kind) == _PUBLISHED)
    stops = select(PublishedStop.practice_id).where(col(PublishedStop.day).in_(days)).distinct()
    found = {*(await session.exec(told)).all(), *(await session.exec(stops)).all()}
    moves = select(Fact.body).where(*fresh, col(Fact.kind) == _MOVED)
    for body in (await session.exec(moves)).all():
        found |= await _of_agents(session, map(UUID, body["person_ids"]), date.fromisoformat(body["from_on"]))
    return {id_ for id_ in found if id_ is not None}


async def _of_agents(session: AsyncSession, agents: Iterable[UUID], from_on: date) -> set[UUID]:
    """The practices that these agents visit or are sent to from a day on: since then they are of another squad."""
    ids = list(agents)
    made = select(Visit.practice_id).where(among(Visit.agent_id, ids), col(Visit.day) >= from_on)
    sent = select(PublishedStop.practice_id).where(
        among(PublishedStop.agent_id, ids), col(PublishedStop.day) >= from_on
    )
    return {*(await session.exec(made.distinct())).all(), *(await session.exec(sent.distinct())).all()}


async def _due(session: AsyncSession, first: date, after: date) -> set[UUID]:
    """The practices with a promise whose day has gone by since: that it was broken is told by no fact."""
    query = select(Promise.practice_id).where(col(Promise.due_on) >= first, col(Promise.due_on) < after)
    return set((await session.exec(query.distinct())).all())


async def _recount(session: AsyncSession, ids: Sequence[UUID], *, zone: ZoneInfo, today: date) -> None:
    """Put what these practices contribute in the place of what they did, and the difference into the sums."""
    changes: dict[tuple[By, str, date], Figures] = defaultdict(Figures)
    for (_, day, groups), figures in (await _taken_away(session, ids)).items():
        for by, key in zip(KEPT, groups, strict=True):
            changes[by, key, day] -= figures
    fresh = await parts(session, ids, zone=zone, today=today)
    for (_, day, groups), figures in fresh.items():
        for by, key in zip(KEPT, groups, strict=True):
            changes[by, key, day] += figures
    agency_id = agency_of(session)
    rows = [
        {
            "practice_id": practice_id,
            "day": day,
            **{by.value: key for by, key in zip(KEPT, groups, strict=True)},
            "agency_id": agency_id,
            **asdict(figures),
        }
        for (practice_id, day, groups), figures in fresh.items()
    ]
    await insert_rows(session, FigurePart, rows)
    await _add(session, {at: change for at, change in changes.items() if change != _ZERO})


async def _taken_away(session: AsyncSession, ids: Collection[UUID]) -> dict[Part, Figures]:
    columns = _group_columns()
    gone = (
        sqlalchemy.delete(FigurePart)
        .where(among(FigurePart.practice_id, ids))
        .returning(
            col(FigurePart.practice_id),
            col(FigurePart.day),
            *(columns[by] for by in KEPT),
            *(getattr(FigurePart, name) for name in MEASURES),
        )
    )
    count = len(KEPT)
    return {
        (practice_id, day, tuple(rest[:count])): Figures(*rest[count:])
        for practice_id, day, *rest in await session.execute(gone)
    }


_ADD = f"""
    insert into figure_sum (agency_id, grouped_by, day, key, {", ".join(MEASURES)})
    select :agency, * from unnest(
      cast(:bys as text[]), cast(:days as date[]), cast(:keys as text[]),
      {", ".join(f"cast(:{name} as bigint[])" for name in MEASURES)}
    )
    on conflict (agency_id, grouped_by, day, key) do update set
      {", ".join(f"{name} = figure_sum.{name} + excluded.{name}" for name in MEASURES)}
"""


async def _add(session: AsyncSession, changes: dict[tuple[By, str, date], Figures]) -> None:
    if not changes:
        return
    values: dict[str, Any] = {
        "agency": agency_of(session),
        "bys": [by.value for by, _, _ in changes],
        "keys": [key for _, key, _ in changes],
        "days": [day for _, _, day in changes],
    }
    values |= {name: [getattr(change, name) for change in changes.values()] for name in MEASURES}
    await session.execute(text(_ADD), values)
