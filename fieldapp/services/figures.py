"""Figures of the work for the desk, each opening to the practices behind it, and the same as a file."""

from __future__ import annotations

import io
from dataclasses import asdict
from datetime import date
from functools import reduce
from operator import add
from typing import Literal
from uuid import UUID

from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from fieldapp.documents.tabular import write_csv, write_xlsx
from fieldapp.domain.figures import By, Figures, Period, measures
from fieldapp.domain.squads import NOBODYS, REST, told_together
from fieldapp.services import figure_basis
from fieldapp.services.creditor_files import PLAIN
from fieldapp.services.work import Parts, Work
from fieldapp.store import access, squads
from fieldapp.store import figure_sums as sums
from fieldapp.store import figures as store
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import audit
from fieldapp.store.shapes.figures import FigureCells, FigurePractice, FigurePractices, FigureRow, FiguresPage

Form = Literal["csv", "xlsx", "parquet"]
MEDIA_TYPES: dict[Form, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
MOST_PRACTICES = 500
_IN_ORDER = (By.AGE, By.HOUR, By.WEEKDAY)


async def read(work: Work, *, by: By, from_on: date, to_on: date) -> FiguresPage:
    """What happened from `from_on` to `to_on`, both whole, by one question.

    From sums that are brought up to the newest fact first, so never stale; by squad only of days that are over, unless
    a basis of figures by agent lifts that. By agent reckoned as they are asked for, where that basis stands.
    Raises Refusal `figures.period_unusable` (details: most), `figures.no_basis`, `figures.before_basis`.
    """
    period = Period(from_on, to_on)
    names: dict[str, str] = {}
    if by is By.SQUAD:
        found, names = await _by_squad(work, period), await squads.names(work.session)
    elif by is By.AGENT:
        await figure_basis.ask(work, period)
        found = await store.by_group(work.session, by, period, zone=work.parts.zone, today=work.today)
        names = await store.agent_names(work.session)
    elif await _up_to_date(work):
        found = await sums.by_group(work.session, by, period)
    else:
        found = await store.by_group(work.session, by, period, zone=work.parts.zone, today=work.today)
    if by is By.CREDITOR:
        names = await store.creditor_names(work.session)
    rows = [
        FigureRow(key, names.get(key, key if by is By.AREA else ""), _cells(figures)) for key, figures in found.items()
    ]
    if by in (By.SQUAD, By.AGENT):
        rows.sort(key=lambda row: (row.key == REST, row.name.casefold(), row.key))
    else:
        rows.sort(key=lambda row: row.key if by in _IN_ORDER else (-row.cells.recovered_cents, row.name))
    return FiguresPage(from_on, to_on, by, rows, _cells(reduce(add, found.values(), Figures())))


async def practices(work: Work, *, by: By, key: str, from_on: date, to_on: date) -> FigurePractices:
    """The practices behind the figures of one group. Raises Refusal `figures.period_unusable`, `figures.no_basis`,
    `figures.before_basis`."""
    period = Period(from_on, to_on)
    if by is By.SQUAD:
        found = await _practices_of_squad(work, period, key)
    elif by is By.AGENT:
        await figure_basis.ask(work, period)
        found = await store.by_practice(work.session, by, period, key, zone=work.parts.zone, today=work.today)
    elif await _up_to_date(work):
        found = await sums.by_practice(work.session, by, period, key)
    else:
        found = await store.by_practice(work.session, by, period, key, zone=work.parts.zone, today=work.today)
    first = sorted(found, key=lambda id_: (-found[id_].recovered_cents, -found[id_].visits, id_))[:MOST_PRACTICES]
    names = await store.practice_names(work.session, first)
    return FigurePractices([FigurePractice(id_, *names[id_], _cells(found[id_])) for id_ in first], len(found))


async def _told(work: Work, period: Period) -> set[store.SquadDay]:
    """The squads and days whose figures are not those of a named agent: days that are over, on which nobody can be
    moved any more (else the figures before and after a move would differ by that agent's). All squads of a day for
    which figures by agent have a basis."""
    at_work, basis = await store.at_work(work.session, period, zone=work.parts.zone), await figure_basis.standing(work)
    together = {(key, day) for day, counts in at_work.items() if day < work.today for key in told_together(*counts)}
    if basis is None:
        return together
    allowed = {
        (key, day)
        for day, counts in at_work.items()
        if day >= basis.from_on
        for count in counts
        for key in count.keys() - {NOBODYS}
    }
    if allowed - together:
        figure_basis.note(work, period)
    return together | allowed


async def _by_squad(work: Work, period: Period) -> dict[str, Figures]:
    """The figures of each squad on the days on which they may be told; all others together are the rest."""
    told = await _told(work, period)
    if await _up_to_date(work):
        days = await sums.by_squad_day(work.session, period)
    else:
        days = await store.by_squad_day(work.session, period, zone=work.parts.zone)
    found: dict[str, Figures] = {}
    for (key, day), figures in days.items():
        group = key if (key, day) in told else REST
        found[group] = found.get(group, Figures()) + figures
    return found


async def _practices_of_squad(work: Work, period: Period, key: str) -> dict[UUID, Figures]:
    told, group = await _told(work, period), None if key == REST else key
    if await _up_to_date(work):
        return await sums.by_squad_practice(work.session, period, told=told, group=group)
    return await store.by_squad_practice(work.session, period, told=told, group=group, zone=work.parts.zone)


async def _up_to_date(work: Work) -> bool:
    """Whether the sums say all that is known, a few new facts taken in now; behind an import they may lag."""
    if await sums.behind(work.session) > sums.LITTLE:
        return False
    return await sums.catch_up(work.session, zone=work.parts.zone, today=work.today)


async def add_up(parts: Parts) -> None:
    """Take every agency's newest facts into its sums, some at a time, so that readers find little left to do."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await access.agencies(session)
    for agency_id in agencies:
        done = False
        while not done:
            async with parts.database.transaction(Scope(agency_id, "worker")) as session:
                today = parts.clock.now().astimezone(parts.zone).date()
                done = await sums.catch_up(session, zone=parts.zone, today=today)


async def export(work: Work, *, by: By, from_on: date, to_on: date, form: Form) -> tuple[bytes, str]:
    """The figures as a file for another program, and its name; columns are named as in the interface of others.

    Amounts are whole cents, ways whole metres; by squad only what is told of one.
    Raises Refusal `figures.period_unusable`, `figures.no_basis`, `figures.before_basis`.
    """
    page = await read(work, by=by, from_on=from_on, to_on=to_on)
    counted = measures(by)
    header = (by.value, "name", *counted)
    rows = [(row.key, row.name, *(getattr(row.cells, name) for name in counted)) for row in page.rows]
    audit(
        work.session,
        "figures.exported",
        "agency",
        work.agency_id,
        by=by.value,
        from_on=from_on.isoformat(),
        to_on=to_on.isoformat(),
        form=form,
    )
    name = f"andamento-{by.value}-{from_on:%Y%m%d}-{to_on:%Y%m%d}.{form}"
    if form == "csv":
        return write_csv(header, rows, PLAIN), name
    if form == "xlsx":
        return write_xlsx(header, rows, PLAIN), name
    return _parquet(header, rows), name


def _parquet(header: tuple[str, ...], rows: list[tuple[str | int, ...]]) -> bytes:
    kinds = [DataType.string(), DataType.string(), *(DataType.int64() for _ in header[2:])]
    columns = [Array([row[at] for row in rows], kind) for at, kind in enumerate(kinds)]
    out = io.BytesIO()
    write_parquet(Table.from_arrays(columns, names=list(header)), out)
    return out.getvalue()


def _cells(figures: Figures) -> FigureCells:
    return FigureCells(**asdict(figures))
