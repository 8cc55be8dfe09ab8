"""Paper pads and their forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.pads import Form, FormState, PadKind, Run, form_check, runs_of, standing
from fieldapp.domain.receipts import receipt_name
from fieldapp.store.database import agency_of
from fieldapp.store.shapes.field import PadNumbers
from fieldapp.store.shapes.pads import FormRow, PadHolder, PadRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import PadForm, PaperPad, Receipt, Visit
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import Address, Practice

PADS = 60
"""How many are shown: those that are out come first."""


async def forms(session: AsyncSession, named: Iterable[tuple[str, int]], *, key: bytes) -> dict[str, Form]:
    """The forms of these series and numbers that lie in a pad, by name."""
    wanted = list(named)
    query = (
        select(PaperPad, PadForm)
        .join(PadForm, and_(col(PadForm.pad_id) == col(PaperPad.id), _numbers(wanted)), isouter=True)
        .where(or_(*(_holds(series, number) for series, number in wanted)))
    )
    found: dict[str, Form] = {}
    rows = (await session.exec(query)).all()
    for series, number in wanted:
        pad = next((p for p, _ in rows if p.series == series and p.first <= number <= p.last), None)
        if pad is None:
            continue
        taken = next((f for p, f in rows if p.id == pad.id and f is not None and f.number == number), None)
        found[receipt_name(series, number)] = Form(
            pad_id=pad.id,
            kind=PadKind(pad.kind),
            series=series,
            number=number,
            check=form_check(key, agency_of(session), series, number),
            agent_id=pad.agent_id,
            handed_over_at=pad.handed_over_at,
            state=FormState.BLANK if taken is None else FormState(taken.state),
            came_back_blank=number in blank_of(pad),
        )
    return found


def _numbers(wanted: Iterable[tuple[str, int]]) -> ColumnElement[bool]:
    return col(PadForm.number).in_([number for _, number in wanted])


def _holds(series: str, number: int) -> ColumnElement[bool]:
    return and_(col(PaperPad.series) == series, col(PaperPad.first) <= number, col(PaperPad.last) >= number)


def blank_of(pad: PaperPad) -> frozenset[int]:
    """The forms that came back blank."""
    return frozenset(number for first, last in pad.blank for number in range(first, last + 1))


async def pad(session: AsyncSession, pad_id: UUID) -> PaperPad:
    """The pad, held until the transaction ends. Raises Refusal `pad.unknown`."""
    row = (await session.exec(select(PaperPad).where(PaperPad.id == pad_id).with_for_update())).first()
    if row is None:
        raise Refusal("pad.unknown", kind=Kind.MISSING)
    return row


async def numbers_of(session: AsyncSession, agent_id: UUID) -> list[PadNumbers]:
    """The numbers of the agent's pads, the newest first."""
    query = (
        select(PaperPad.series, PaperPad.first, PaperPad.last)
        .where(PaperPad.agent_id == agent_id)
        .order_by(col(PaperPad.handed_over_at).desc(), col(PaperPad.first).desc())
        .limit(PADS)
    )
    return [PadNumbers(series, first, last) for series, first, last in (await session.exec(query)).all()]


async def next_number(session: AsyncSession, series: str) -> int:
    """After the last number of the series; two that ask at once find the same, and one of them starts again."""
    return ((await session.exec(select(func.max(PaperPad.last)).where(PaperPad.series == series))).one() or 0) + 1


async def taken(session: AsyncSession, pad_id: UUID) -> dict[int, FormState]:
    """The forms of the pad that are blank no more."""
    query = select(PadForm.number, PadForm.state).where(PadForm.pad_id == pad_id)
    return {number: FormState(state) for number, state in (await session.exec(query)).all()}


async def form(session: AsyncSession, pad_id: UUID, number: int) -> PadForm | None:
    return (await session.exec(select(PadForm).where(PadForm.pad_id == pad_id, PadForm.number == number))).first()


async def holders(session: AsyncSession) -> list[PadHolder]:
    query = select(Person).where(Person.role == "agent", col(Person.active).is_(True)).order_by(col(Person.name))
    return [PadHolder(row.id, row.name, row.agent_number or "") for row in (await session.exec(query)).all()]


async def pad_rows(session: AsyncSession, *, pad_id: UUID | None = None) -> list[PadRow]:
    """Pads with what became of their forms: those that are out first, then the newest."""
    giver = aliased(Person)
    query = (
        select(PaperPad, Person.name, giver.name)
        .join(Person, col(Person.id) == col(PaperPad.agent_id))
        .join(giver, col(giver.id) == col(PaperPad.handed_over_by))
        .order_by(col(PaperPad.returned_at).desc().nulls_first(), col(PaperPad.series), col(PaperPad.first).desc())
        .limit(PADS)
    )
    if pad_id is not None:
        query = query.where(PaperPad.id == pad_id)
    found = (await session.exec(query)).all()
    rows = await _form_rows(session, {row.id: row for row, *_ in found})
    return [_pad_row(row, agent, by, rows[row.id]) for row, agent, by in found]


def _pad_row(row: PaperPad, agent: str, handed_over_by: str, forms: list[FormRow]) -> PadRow:
    came_back = None if row.returned_at is None else blank_of(row)
    taken = {one.number: FormState(one.state) for one in forms}
    where = standing(Run(row.first, row.last), taken, came_back=came_back)
    return PadRow(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]  # the table's own constraint holds it
        series=row.series,
        first=row.first,
        last=row.last,
        agent_id=row.agent_id,
        agent_name=agent,
        handed_over_at=row.handed_over_at,
        handed_over_by=handed_over_by,
        printed=row.printed,
        returned_at=row.returned_at,
        forms=forms,
        used=len(where.used),
        voided=len(where.voided),
        blank=[[run.first, run.last] for run in runs_of(where.blank)],
        skipped=list(where.skipped),
        missing=list(where.missing),
    )


async def _form_rows(session: AsyncSession, pads: dict[UUID, PaperPad]) -> dict[UUID, list[FormRow]]:
    counter = aliased(Receipt)
    query = (
        select(PadForm, Person.name, Visit, Practice.practice_number, Receipt, counter)  # type: ignore[call-overload]
        .join(Person, col(Person.id) == col(PadForm.entered_by))
        .join(Visit, col(Visit.id) == col(PadForm.visit_id), isouter=True)
        .join(Practice, col(Practice.id) == col(Visit.practice_id), isouter=True)
        .join(Receipt, col(Receipt.id) == col(PadForm.receipt_id), isouter=True)
        .join(counter, col(counter.voids) == col(PadForm.receipt_id), isouter=True)
        .where(col(PadForm.pad_id).in_(pads))
        .order_by(col(PadForm.number))
    )
    rows: dict[UUID, list[FormRow]] = defaultdict(list)
    for one, by, visit, practice_number, receipt, voiding in (await session.exec(query)).all():
        rows[one.pad_id].append(
            FormRow(
                number=one.number,
                name=receipt_name(pads[one.pad_id].series, one.number),
                state=one.state,
                reason=one.reason,
                has_picture=one.picture is not None,
                entered_at=one.entered_at,
                entered_by=by,
                written_at=visit.left_at if visit else None,
                practice_id=visit.practice_id if visit else None,
                practice_number=practice_number,
                amount_cents=receipt.amount_cents if receipt else None,
                voided_by=receipt_name(voiding.series, voiding.number) if voiding else None,
            )
        )
    return rows


async def door_of(
    session: AsyncSession, practice_id: UUID, agent_id: UUID, *, day: date
) -> tuple[UUID | None, Address | None]:
    """The stop that gave this agent the practice on that day, if one did, and where the door is."""
    query = (
        select(PublishedStop, Address)
        .join(PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id))
        .join(Address, col(Address.id) == col(PublishedStop.address_id))
        .where(
            PublishedStop.practice_id == practice_id, PublishedStop.agent_id == agent_id, col(PublishedDay.day) == day
        )
        .order_by(col(PublishedDay.version).desc())
        .limit(1)
    )
    planned = (await session.exec(query)).first()
    if planned is not None:
        return planned[0].id, planned[1]
    own = select(Address).where(Address.practice_id == practice_id, col(Address.current).is_(True))
    rows = (await session.exec(own.order_by(col(Address.recorded_at).desc()))).all()
    confirmed = [row for row in rows if row.state == "confirmed"]
    return None, next(iter([*confirmed, *rows]), None)


async def visits_before(session: AsyncSession, practice_id: UUID) -> int:
    return (await session.exec(select(func.count()).select_from(Visit).where(Visit.practice_id == practice_id))).one()


async def visit_form(session: AsyncSession, visit_id: UUID) -> tuple[PaperPad, PadForm, Visit] | None:
    """The form that a visit was entered from, if it was."""
    query = (
        select(PaperPad, PadForm, Visit)
        .join(PadForm, col(PadForm.pad_id) == col(PaperPad.id))
        .join(Visit, col(Visit.id) == col(PadForm.visit_id))
        .where(Visit.id == visit_id)
    )
    return (await session.exec(query)).first()


async def person(session: AsyncSession, person_id: UUID) -> Person:
    return await session.get_one(Person, person_id)
