"""Figures of the work for the desk, each opening to the practices behind it, and the same as a file."""

from __future__ import annotations

import io
from dataclasses import asdict
from datetime import date
from functools import reduce
from operator import add
from typing import Literal

from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from fieldapp.documents.tabular import write_csv, write_xlsx
from fieldapp.domain.figures import MEASURES, By, Figures, Period
from fieldapp.services.creditor_files import PLAIN
from fieldapp.services.work import Parts, Work
from fieldapp.store import access
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

    From sums that are brought up to the newest fact first, so never stale. Raises Refusal `figures.period_unusable`
    (details: most).
    """
    period = Period(from_on, to_on)
    if await _up_to_date(work):
        found = await sums.by_group(work.session, by, period)
    else:
        found = await store.by_group(work.session, by, period, zone=work.parts.zone, today=work.today)
    names = await store.creditor_names(work.session) if by is By.CREDITOR else {}
    rows = [
        FigureRow(key, names.get(key, key if by is By.AREA else ""), _cells(figures)) for key, figures in found.items()
    ]
    rows.sort(key=lambda row: row.key if by in _IN_ORDER else (-row.cells.recovered_cents, row.name))
    return FiguresPage(from_on, to_on, by, rows, _cells(reduce(add, found.values(), Figures())))


async def practices(work: Work, *, by: By, key: str, from_on: date, to_on: date) -> FigurePractices:
    """The practices behind the figures of one group. Raises Refusal `figures.period_unusable`."""
    period = Period(from_on, to_on)
    if await _up_to_date(work):
        found = await sums.by_practice(work.session, by, period, key)
    else:
        found = await store.by_practice(work.session, by, period, key, zone=work.parts.zone, today=work.today)
    first = sorted(found, key=lambda id_: (-found[id_].recovered_cents, -found[id_].visits, id_))[:MOST_PRACTICES]
    names = await store.practice_names(work.session, first)
    return FigurePractices([FigurePractice(id_, *names[id_], _cells(found[id_])) for id_ in first], len(found))


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

    Amounts are whole cents, ways whole metres. Raises Refusal `figures.period_unusable`.
    """
    page = await read(work, by=by, from_on=from_on, to_on=to_on)
    header = (by.value, "name", *MEASURES)
    rows = [(row.key, row.name, *(getattr(row.cells, name) for name in MEASURES)) for row in page.rows]
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
    kinds = [DataType.string(), DataType.string(), *(DataType.int64() for _ in MEASURES)]
    columns = [Array([row[at] for row in rows], kind) for at, kind in enumerate(kinds)]
    out = io.BytesIO()
    write_parquet(Table.from_arrays(columns, names=list(header)), out)
    return out.getvalue()


def _cells(figures: Figures) -> FigureCells:
    return FigureCells(**asdict(figures))
