"""Corrections of reports in the store: what a report says by now, what hangs on it, and what a correction moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.contacts import OF_THE_PERSON
from fieldapp.domain.corrections import (
    Correction,
    Said,
    Standing,
    Waits,
    flags_between,
    hangs_on,
    protections,
)
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outcomes import OUTCOMES, FieldType, Met, outcome
from fieldapp.store import reviews, tasks
from fieldapp.store.database import agency_of
from fieldapp.store.feed import NewFact
from fieldapp.store.shapes.field import ReportCard
from fieldapp.store.shapes.questions import CorrectionRow, SaidRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.agreements import RepaymentPlan, Settlement
from fieldapp.store.tables.appointments import AgreedVisit
from fieldapp.store.tables.field import Payment, Promise, Receipt, SignatureGiven, Visit
from fieldapp.store.tables.practice import Address, ContactAttempt, CreditDocument, Practice, PracticeFlag
from fieldapp.store.tables.review import VisitCorrection

ASKED = "visit.correction_asked"
"""The kind of task that a correction of the office is until a second person has decided."""


async def known(session: AsyncSession, visit_ids: Collection[UUID], *, agent_id: UUID) -> dict[UUID, Standing]:
    """Those of the visits that the agent made, as they stand; their practices are held."""
    query = _with_practice().where(col(Visit.id).in_(visit_ids), col(Visit.agent_id) == agent_id)
    return await _standings(session, (await session.execute(query)).all())


async def standing(session: AsyncSession, visit_id: UUID) -> Standing:
    """One visit as it stands. Raises Refusal `review.visit_unknown`."""
    # Read before its practice was held: what stood then may be corrected by now.
    query = _with_practice().where(col(Visit.id) == visit_id).execution_options(populate_existing=True)
    found = await _standings(session, (await session.execute(query)).all())
    if visit_id not in found:
        raise Refusal("review.visit_unknown", kind=Kind.MISSING)
    return found[visit_id]


def _with_practice() -> Any:
    return sqlalchemy.select(Visit, Practice).join(Practice, col(Practice.id) == col(Visit.practice_id))


async def _standings(session: AsyncSession, found: Sequence[Any]) -> dict[UUID, Standing]:
    visits = [visit for visit, _ in found]
    said = await reviews.standings(session, visits)
    hanging, decided, waits = await _hanging(session, {visit.id for visit in visits})
    purposes: dict[UUID, set[str]] = defaultdict(set)
    pictures = select(CreditDocument.visit_id, CreditDocument.kind).where(
        col(CreditDocument.visit_id).in_({visit.id for visit in visits})
    )
    for visit_id, kind in (await session.exec(pictures)).all():
        assert visit_id is not None
        purposes[visit_id].add(kind)
    return {
        visit.id: Standing(
            visit_id=visit.id,
            practice_id=practice.id,
            creditor_id=practice.creditor_id,
            arrived_at=visit.arrived_at,
            said=Said(visit.outcome, Met(visit.met), visit.identified_by, said[visit.id].role, said[visit.id].captured),
            elsewhere=visit.unplanned not in (None, "address"),
            statement=bool(visit.statement),
            purposes=frozenset(purposes[visit.id]),
            hangs=hanging[visit.id],
            practice_open=practice.state == "open",
            office_decided=visit.id in decided,
            waits=waits.get(visit.id),
        )
        for visit, practice in found
    }


async def _hanging(
    session: AsyncSession, visit_ids: Collection[UUID]
) -> tuple[dict[UUID, str | None], frozenset[UUID], dict[UUID, Waits]]:
    """What hangs on each visit, as `domain.corrections.hangs_on` says it, of which the office has decided, and whose
    correction waits."""

    def of(*tables: type) -> sqlalchemy.ColumnElement[bool]:
        return sqlalchemy.or_(*(select(table.id).where(table.visit_id == Visit.id).exists() for table in tables))  # type: ignore[attr-defined]  # all of them have both

    def of_corrections(*where: Any) -> sqlalchemy.ColumnElement[bool]:
        return select(VisitCorrection.id).where(VisitCorrection.visit_id == Visit.id, *where).exists()

    by_agent, holds = col(VisitCorrection.envelope_id).is_not(None), col(VisitCorrection.state) == "holds"
    waits = col(VisitCorrection.state) == "asked"
    query = sqlalchemy.select(
        col(Visit.id),
        of(Payment, Receipt),
        of(SignatureGiven),
        of(Promise, RepaymentPlan, Settlement, AgreedVisit),
        of_corrections(holds, ~by_agent),
        of_corrections(waits, by_agent),
        of_corrections(waits, ~by_agent),
    ).where(col(Visit.id).in_(visit_ids))
    found = (await session.execute(query)).all()
    return (
        {
            visit_id: hangs_on(money=money, signature=signature, agreed=agreed)
            for visit_id, money, signature, agreed, *_ in found
        },
        frozenset(visit_id for visit_id, *_, decided, _, _ in found if decided),
        {visit_id: Waits.AGENT if agent else Waits.OFFICE for visit_id, *_, agent, office in found if agent or office},
    )


async def reports_of(session: AsyncSession, agent_id: UUID, *, since: datetime, midnight: datetime) -> list[ReportCard]:
    """An agent's visits after `since` as they stand, the newest first; of those after `midnight`, which the phone
    holds itself, only what was corrected."""
    query = (
        sqlalchemy.select(Visit, Practice, col(Address.text))
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .join(Address, col(Address.id) == col(Visit.address_id))
        .where(
            col(Visit.agent_id) == agent_id,
            col(Visit.arrived_at) >= since,
            or_(
                col(Visit.arrived_at) < midnight,
                select(VisitCorrection.id).where(VisitCorrection.visit_id == Visit.id).exists(),
            ),
        )
        .order_by(col(Visit.arrived_at).desc(), col(Visit.id))
    )
    found = (await session.execute(query)).all()
    if not found:
        return []
    standings = await _standings(session, [(visit, practice) for visit, practice, _ in found])
    ids = [visit.id for visit, *_ in found]
    rows, envelopes = await rows_of(session, ids), await _envelopes_of(session, ids)
    return [
        _report_card(visit, address, standings[visit.id], corrections=rows[visit.id], envelopes=envelopes[visit.id])
        for visit, _, address in found
    ]


def _report_card(
    visit: Visit, address: str, standing: Standing, *, corrections: list[CorrectionRow], envelopes: list[UUID]
) -> ReportCard:
    bound = "office" if standing.office_decided else standing.hangs and standing.hangs.removeprefix("correction.")
    return ReportCard(
        visit_id=visit.id,
        practice_id=visit.practice_id,
        stop_id=visit.stop_id,
        address_text=address,
        arrived_at=visit.arrived_at,
        unplanned=visit.unplanned,
        outcome=visit.outcome,
        met=visit.met,  # type: ignore[arg-type]
        identified_by=visit.identified_by,
        role=standing.said.role,
        captured=_without_figures(visit.outcome, standing.said.captured) if bound is None else {},
        bound=bound,  # type: ignore[arg-type]
        corrections=[
            replace(row, before=_row_without_figures(row.before), after=_row_without_figures(row.after))
            for row in corrections
        ],
        corrected_by=envelopes,
    )


def _without_figures(code: str, captured: Mapping[str, Any]) -> dict[str, Any]:
    """What it takes to correct a report: that a figure was given binds what may be said instead, its value does not."""
    figures = {field.name for field in outcome(code).fields if field.type in (FieldType.AMOUNT, FieldType.COUNT)}
    return {name: True if name in figures and value is not None else value for name, value in captured.items()}


def _row_without_figures(said: SaidRow) -> SaidRow:
    return replace(said, captured=_without_figures(said.outcome, said.captured))


async def _envelopes_of(session: AsyncSession, visit_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    query = select(VisitCorrection.visit_id, VisitCorrection.envelope_id).where(
        col(VisitCorrection.visit_id).in_(visit_ids), col(VisitCorrection.envelope_id).is_not(None)
    )
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for visit_id, envelope_id in (await session.exec(query)).all():
        assert envelope_id is not None
        found[visit_id].append(envelope_id)
    return found


# --- corrections as rows ---


def add(session: AsyncSession, row: VisitCorrection) -> None:
    session.add(row)


async def visit_of(session: AsyncSession, correction_id: UUID) -> UUID:
    """Of which visit. Raises Refusal `correction.unknown`."""
    query = select(VisitCorrection.visit_id).where(VisitCorrection.id == correction_id)
    visit_id = (await session.exec(query)).first()
    if visit_id is None:
        raise Refusal("correction.unknown", kind=Kind.MISSING)
    return visit_id


async def agent_of(session: AsyncSession, visit_id: UUID) -> UUID:
    return (await session.exec(select(Visit.agent_id).where(Visit.id == visit_id))).one()


async def locked(session: AsyncSession, correction_id: UUID) -> VisitCorrection:
    """Raises Refusal `correction.unknown`."""
    query = select(VisitCorrection).where(VisitCorrection.id == correction_id).with_for_update()
    # Read before it was locked: what stood then may be settled by now.
    query = query.execution_options(populate_existing=True)
    row = (await session.exec(query)).first()
    if row is None:
        raise Refusal("correction.unknown", kind=Kind.MISSING)
    return row


async def asked(session: AsyncSession, visit_id: UUID) -> VisitCorrection | None:
    """The correction of the visit that waits for a second person, locked."""
    query = select(VisitCorrection).where(VisitCorrection.visit_id == visit_id, VisitCorrection.state == "asked")
    return (await session.exec(query.with_for_update().execution_options(populate_existing=True))).first()


async def rows_of(session: AsyncSession, visit_ids: Sequence[UUID]) -> dict[UUID, list[CorrectionRow]]:
    """Corrections by visit, the oldest first."""
    said_by, decided_by = aliased(Person), aliased(Person)
    query = (
        sqlalchemy.select(VisitCorrection, col(said_by.name), col(decided_by.name))
        .join(said_by, col(said_by.id) == col(VisitCorrection.said_by))
        .join(decided_by, col(decided_by.id) == col(VisitCorrection.decided_by), isouter=True)
        .where(col(VisitCorrection.visit_id).in_(visit_ids))
        .order_by(col(VisitCorrection.received_at), col(VisitCorrection.id))
    )
    found: dict[UUID, list[CorrectionRow]] = defaultdict(list)
    for row, by, decided in (await session.execute(query)).all() if visit_ids else ():
        found[row.visit_id].append(
            CorrectionRow(
                id=row.id,
                said_by=by,
                said_by_id=row.said_by,
                said_at=row.said_at,
                of_office=row.envelope_id is None,
                reason=row.reason,
                before=SaidRow(**row.before),
                after=SaidRow(**row.after),
                lifts=row.lifts,
                state=row.state,
                decided_by=decided,
                decided_at=row.decided_at,
            )
        )
    return found


# --- what a correction moves ---


async def put_right(
    session: AsyncSession,
    correction: Correction,
    *,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
    person_id: UUID,
    protected: bool,
) -> list[NewFact]:
    """Let the correction hold: visit, contact register, marks, address, next step and tasks follow it.

    `protected`: it waited, and what it brings of protection came then (`protect`); the office may have
    settled that since.
    The facts to tell of marks that came or went; figures, learned hours and files read the visit itself.
    """
    await hold(session, [correction.standing.visit_id])
    visit = await session.get_one(Visit, correction.standing.visit_id)
    practice = await session.get_one(Practice, visit.practice_id)
    after = correction.after
    visit.outcome, visit.met, visit.captured = after.outcome, after.met.value, dict(after.captured)
    visit.identified_by, visit.role_met, visit.corrected_at = after.identified_by, after.role, now
    await level_register(session, [visit.id])
    gone, come = flags_between(correction.before, after)
    facts = await _unmark(session, visit, correction, gone, now=now) if gone is not None else []
    if come is not None and not protected:
        facts += await _mark(session, visit, correction, come, new_id=new_id)
    if correction.before.outcome != after.outcome:
        if not (protected and _rejects(correction)):
            await _address(session, visit, correction)
        await _next_step(session, visit, practice, after.outcome, today=today)
        await _tasks(session, visit, practice, correction, now=now, today=today, new_id=new_id, person_id=person_id)
    await session.flush()
    return facts


async def hold(session: AsyncSession, visit_ids: Collection[UUID]) -> Sequence[Visit]:
    """All reports of the visits that these are reports of, held until the transaction ends and read as they stand then.

    Taken in one order, after their practices: whoever writes the register of one visit waits for the others who do.
    """
    await session.flush()
    given = aliased(Visit)
    same = sqlalchemy.tuple_(col(Visit.agent_id), col(Visit.arrived_at), _first_report(Visit)).in_(
        sqlalchemy.select(col(given.agent_id), col(given.arrived_at), _first_report(given)).where(
            col(given.id).in_(visit_ids)
        )
    )
    query = select(Visit).where(same).order_by(col(Visit.id)).with_for_update(key_share=True)
    return (await session.exec(query.execution_options(populate_existing=True))).all()


async def level_register(session: AsyncSession, visit_ids: Collection[UUID]) -> None:
    """The contact register as these visits stand by now: each entry has its own report's outcome, and a visit that was
    reported for several practices reached the debtor for all of them where one of its reports met them."""
    together: dict[tuple[UUID, UUID], list[Visit]] = defaultdict(list)
    for visit in await hold(session, visit_ids):
        together[visit.agent_id, visit.with_visit_id or visit.id].append(visit)
    waiting = await _left_alone(session, [visit.id for reports in together.values() for visit in reports])
    for reports in together.values():
        met = any(visit.met == Met.DEBTOR.value for visit in reports)
        for visit in reports:
            await session.execute(
                update(ContactAttempt)
                .where(
                    col(ContactAttempt.practice_id) == visit.practice_id,
                    col(ContactAttempt.channel) == "visit",
                    col(ContactAttempt.at) == visit.arrived_at,
                    col(ContactAttempt.source).startswith("device:"),
                )
                .values(outcome=waiting.get(visit.id, visit.outcome), reached=met or outcome(visit.outcome).reached)
                .execution_options(synchronize_session=False)
            )


async def _left_alone(session: AsyncSession, visit_ids: Collection[UUID]) -> dict[UUID, str]:
    """By visit, the outcome of an agent's correction that waits and already says that nobody is to come again."""
    query = select(VisitCorrection).where(
        col(VisitCorrection.visit_id).in_(visit_ids),
        VisitCorrection.state == "asked",
        col(VisitCorrection.envelope_id).is_not(None),
    )
    said = {row.visit_id: str(row.after["outcome"]) for row in (await session.exec(query)).all()}
    return {visit_id: code for visit_id, code in said.items() if code in OF_THE_PERSON}


def _first_report(visit: Any) -> Any:
    """The first report of the one visit that `visit` is reported as."""
    return func.coalesce(visit.with_visit_id, visit.id)


async def protect(session: AsyncSession, correction: Correction, *, new_id: Callable[[], UUID]) -> list[NewFact]:
    """What a correction that waits brings of protection holds at once. The facts to tell of marks that came."""
    visit = await session.get_one(Visit, correction.standing.visit_id)
    _, come = flags_between(correction.before, correction.after)
    facts = await _mark(session, visit, correction, come, new_id=new_id) if come is not None else []
    if _rejects(correction):
        await _address(session, visit, correction)
    await level_register(session, [visit.id])
    return facts


async def unprotect(session: AsyncSession, correction: Correction, *, now: datetime) -> list[NewFact]:
    """It does not come to hold: what `protect` made of it goes again. The facts to tell of marks that went."""
    visit = await session.get_one(Visit, correction.standing.visit_id)
    _, came = flags_between(correction.before, correction.after)
    facts = await _unmark(session, visit, correction, came, now=now) if came is not None else []
    if _rejects(correction):
        await _address(session, visit, correction.undone)
    await level_register(session, [visit.id])
    return facts


def _rejects(correction: Correction) -> bool:
    """Whether it says of an address what the report did not: that nobody may be sought there."""
    return "address" in protections(correction.after) - protections(correction.before)


async def _unmark(
    session: AsyncSession, visit: Visit, correction: Correction, flag: str, *, now: datetime
) -> list[NewFact]:
    ended = update(PracticeFlag).where(*_marked(visit, flag)).values(until=now).returning(col(PracticeFlag.id))
    found = await session.execute(ended.execution_options(synchronize_session=False))
    return [_fact("practice.unflagged", correction, {"flag": flag})] if found.first() is not None else []


async def _mark(
    session: AsyncSession, visit: Visit, correction: Correction, flag: str, *, new_id: Callable[[], UUID]
) -> list[NewFact]:
    """Once."""
    if (await session.exec(select(PracticeFlag.id).where(*_marked(visit, flag)).limit(1))).first() is not None:
        return []
    session.add(
        PracticeFlag(
            id=new_id(),
            agency_id=agency_of(session),
            practice_id=visit.practice_id,
            kind=flag,
            since=visit.arrived_at,
            until=None,
            reason=correction.after.outcome,
            source=f"visit:{visit.id}",
        )
    )
    return [_fact("practice.flagged", correction, {"flag": flag})]


def _marked(visit: Visit, flag: str) -> tuple[Any, ...]:
    return (
        col(PracticeFlag.practice_id) == visit.practice_id,
        col(PracticeFlag.kind) == flag,
        col(PracticeFlag.source) == f"visit:{visit.id}",
        col(PracticeFlag.until).is_(None),
    )


async def _address(session: AsyncSession, visit: Visit, correction: Correction) -> None:
    """What the first outcome made of the address is doubted, not undone: nobody knows what it would be without it."""
    if correction.standing.elsewhere:
        return
    made, makes = (outcome(said.outcome).address_becomes for said in (correction.before, correction.after))
    if made == makes:
        return
    place = col(Address.id) == visit.address_id
    if makes is None:
        if await _rejected_by_another(session, visit, made):
            return
        # Somebody may have settled it since.
        place &= col(Address.state) == made
    elif await _spoken_of_since(session, visit):
        return
    await session.execute(
        update(Address).where(place).values(state=makes or "doubtful").execution_options(synchronize_session=False)
    )


async def _rejected_by_another(session: AsyncSession, visit: Visit, made: str | None) -> bool:
    """Whether another visit, as it stands by now, says of the address what this one no longer does."""
    codes = [entry.code for entry in OUTCOMES.values() if entry.address_becomes == made]
    return (await session.exec(_others_there(visit).where(col(Visit.outcome).in_(codes)).limit(1))).first() is not None


async def _spoken_of_since(session: AsyncSession, visit: Visit) -> bool:
    """Whether a newer visit has said what the address is."""
    codes = [entry.code for entry in OUTCOMES.values() if entry.address_becomes is not None]
    newer = _others_there(visit).where(col(Visit.arrived_at) > visit.arrived_at, col(Visit.outcome).in_(codes))
    return (await session.exec(newer.limit(1))).first() is not None


def _others_there(visit: Visit) -> Any:
    """Other visits at the same address; one somewhere else says nothing of it."""
    return select(Visit.id).where(
        Visit.address_id == visit.address_id,
        Visit.id != visit.id,
        or_(col(Visit.unplanned).is_(None), col(Visit.unplanned) == "address"),
    )


async def _next_step(session: AsyncSession, visit: Visit, practice: Practice, code: str, *, today: date) -> None:
    """Only the newest visit says what comes next."""
    newest = select(func.max(col(Visit.arrived_at))).where(Visit.practice_id == practice.id)
    if practice.state == "open" and (await session.exec(newest)).one() == visit.arrived_at:
        entry = outcome(code)
        practice.next_action, practice.next_action_on = entry.next_step, today + timedelta(days=entry.next_days)


async def _tasks(
    session: AsyncSession,
    visit: Visit,
    practice: Practice,
    correction: Correction,
    *,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
    person_id: UUID,
) -> None:
    """Work that only the first outcome asked for is over; what the new one asks for begins."""
    old, new = outcome(correction.before.outcome).task, outcome(correction.after.outcome).task
    if old is not None and old != new:
        await tasks.finish_about(session, old.kind, [str(visit.id)], person_id=person_id, now=now)
    if new is not None and new != old and practice.state == "open":
        subject, due_on = ("visit", str(visit.id)), today + timedelta(days=new.days)
        details = {"outcome": correction.after.outcome}
        # One task of a kind about a visit: an outcome that was corrected away and comes back finds its own done.
        await tasks.reopen(session, new.kind, subject=subject, due_on=due_on, details=details)
        await tasks.add(
            session,
            new.kind,
            subject=subject,
            due_on=due_on,
            details=details,
            now=now,
            new_id=new_id,
            practice_id=practice.id,
            team=new.team.value,
        )


def _fact(kind: str, correction: Correction, body: dict[str, str]) -> NewFact:
    standing = correction.standing
    return NewFact(kind, correction.at, practice_id=standing.practice_id, creditor_id=standing.creditor_id, body=body)
