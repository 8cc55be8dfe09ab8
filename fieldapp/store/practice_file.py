"""The practice file on one page: everything that is known of one practice, in one shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy
from sqlalchemy import case, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import left_cents, overpaid_cents
from fieldapp.domain.places import metres_between
from fieldapp.domain.receipts import receipt_name
from fieldapp.domain.skills import Skill, in_order
from fieldapp.store import (
    address_history,
    agreement_cards,
    appointments,
    approvals,
    cards,
    corrections,
    ledger,
    limitation,
    practices,
    reviews,
    same_debtor,
    tasks,
)
from fieldapp.store.shapes.dispatch import Finding
from fieldapp.store.shapes.field import AttemptCard, LimitationCard
from fieldapp.store.shapes.office import (
    ObjectionRow,
    PaidBy,
    PlaceRow,
    PracticeFile,
    PresenceRow,
    PromiseRow,
    ReceiptRow,
    SignatureRow,
    TimelineItem,
    VisitRow,
)
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Attachment, Payment, Promise, Receipt, SignatureGiven, Visit
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.practice import Address, ContactAttempt, CreditDocument, DebtLine, Obligor, Phone, Practice

TIMELINE = 500
"""Facts shown at most, the newest."""


async def addresses(session: AsyncSession, practice_id: UUID) -> list[Address]:
    """All that were ever known, the newest first."""
    newest = col(Address.recorded_at).desc()
    return (await cards.by_practice(session, Address, [practice_id], order=newest))[practice_id]


async def practice_file(
    session: AsyncSession,
    head: practices.Headed,
    places: Sequence[Address],
    *,
    now: datetime,
    today: date,
    findings: Sequence[Finding],
    clocks: Mapping[UUID, LimitationCard],
    presence: list[PresenceRow],
    objection: ObjectionRow | None,
) -> PracticeFile:
    """The whole file; `findings` is what the rules of conduct say of a visit now, `clocks` the limitation by line,
    `presence` what is learned of when somebody is home, `objection` that the debtor objects to that, `places` what
    `addresses` found.
    """
    practice, practice_id = head.practice, head.practice.id
    one = [practice_id]
    owed = (await ledger.owed(session, one))[practice_id]
    collected = await practices.collected_cents(session, one)
    flags = await practices.active_flags(session, one, now=now)
    people = await cards.by_practice(session, Obligor, one, order=col(Obligor.position))
    phones = await cards.by_practice(session, Phone, one)
    lines = await cards.by_practice(session, DebtLine, one, order=col(DebtLine.position))
    documents = await cards.by_practice(session, CreditDocument, one, order=col(CreditDocument.added_at))
    receipts = await _receipts(session, practice_id)
    return PracticeFile(
        id=practice.id,
        practice_number=practice.practice_number,
        creditor=cards.creditor_card(head.creditor),
        placement_starts_on=head.placement.starts_on,
        placement_ends_on=head.placement.ends_on,
        phase=practice.phase,
        state=practice.state,  # type: ignore[arg-type]
        case_owner_name=practice.case_owner_name,
        as_of=practice.as_of,
        next_action=practice.next_action,
        appointments=await appointments.standing(session, appointments.Within(practice_id=practice_id, ends_after=now)),
        obligors=[cards.obligor_card(row) for row in people[practice_id]],
        addresses=[cards.address_card(row) for row in sorted(places, key=lambda row: not row.current)],
        phones=[cards.phone_card(row) for row in phones[practice_id]],
        debt_lines=cards.debt_line_cards(lines[practice_id], owed, clocks),
        owed_cents=left_cents(owed.values()),
        overpaid_cents=overpaid_cents(owed.values()),
        collected_cents=collected.get(practice_id, 0),
        flags=flags[practice_id],
        findings=list(findings),
        documents=[cards.document_card(row) for row in documents[practice_id] if row.visit_id is None],
        visits=await _visits(session, practice_id, documents[practice_id], receipts),
        receipts=[_receipt_row(*row) for row in receipts],
        promises=await _promises(session, practice_id),
        plans=(await agreement_cards.plan_cards(session, one, today=today))[practice_id],
        settlements=(await agreement_cards.settlement_cards(session, one))[practice_id],
        entries=await ledger.entries_of(session, practice_id),
        tasks=await tasks.rows(session, practice_id=practice_id),
        timeline=await _timeline(session, practice_id),
        interruptions=await limitation.interruptions(session, practice_id),
        approvals=await approvals.rows(session, practice_id),
        earlier_contacts=await _earlier_contacts(session, practice_id),
        address_history=await address_history.steps(session, practice_id, places),
        same_debtor=await same_debtor.joined_with(session, practice_id) if practice.debtor_group else [],
        presence=presence,
        skills=[Skill(one) for one in practice.skills],
        skills_of_creditor=[Skill(one) for one in in_order([*practice.skills_told, *head.creditor.skills])],
        objection=objection,
    )


_Given = tuple[Receipt, PaidBy | None, str, UUID | None]


async def _receipts(session: AsyncSession, practice_id: UUID) -> Sequence[_Given]:
    """The receipts, newest first, each with whoever paid instead of the debtor, the debt that the debtor chose and
    whoever took the money; a counter-receipt has no payment."""
    query = (
        sqlalchemy.select(
            Receipt,
            col(Payment.payer_name),
            col(Payment.payer_capacity),
            col(Payment.payer_document),
            col(DebtLine.title),
            col(Payment.agent_id),
        )
        .join(Payment, col(Payment.receipt_id) == col(Receipt.id), isouter=True)
        .join(DebtLine, col(DebtLine.id) == col(Payment.chosen_line), isouter=True)
        .where(col(Receipt.practice_id) == practice_id)
        .order_by(col(Receipt.issued_at).desc())
    )
    return [
        (row, PaidBy(name, capacity, document) if name and capacity and document else None, chosen or "", taken_by)
        for row, name, capacity, document, chosen, taken_by in await session.execute(query)
    ]


def _receipt_row(
    row: Receipt, paid_by: PaidBy | None, chosen: str, taken_by: UUID | None, at: Address | None = None
) -> ReceiptRow:
    return ReceiptRow(
        id=row.id,
        series=row.series,
        number=row.number,
        label=receipt_name(row.series, row.number),
        kind=row.kind,  # type: ignore[arg-type]
        issued_at=row.issued_at,
        amount_cents=row.amount_cents,
        stamp_duty_cents=row.stamp_duty_cents,
        method=row.method,
        state=row.state,  # type: ignore[arg-type]
        digest=row.digest,
        reason=row.reason,
        paid_by=paid_by,
        chosen_line=chosen,
        taken_by=taken_by,
        place=_place(row.lat_e6, row.lon_e6, row.accuracy_m, at),
    )


def _place(lat_e6: int | None, lon_e6: int | None, accuracy_m: int | None, address: Address | None) -> PlaceRow | None:
    if lat_e6 is None or lon_e6 is None or accuracy_m is None:
        return None
    if address is None or address.lat_e6 is None or address.lon_e6 is None:
        return PlaceRow(accuracy_m, None)
    return PlaceRow(accuracy_m, metres_between(lat_e6, lon_e6, address.lat_e6, address.lon_e6))


async def _visits(
    session: AsyncSession,
    practice_id: UUID,
    documents: Sequence[CreditDocument],
    receipts: Sequence[_Given],
) -> list[VisitRow]:
    query = (
        select(Visit, Person.name, Address)
        .join(Person, col(Person.id) == col(Visit.agent_id))
        .join(Address, col(Address.id) == col(Visit.address_id))
        .where(Visit.practice_id == practice_id)
        .order_by(col(Visit.arrived_at).desc())
    )
    found = (await session.exec(query)).all()
    if not found:
        return []
    signatures = await _signatures(session, practice_id)
    together = await _together(session, [visit for visit, *_ in found])
    questions = await reviews.questions_of(session, [visit.id for visit, *_ in found])
    corrected = await corrections.rows_of(session, [visit.id for visit, *_ in found])
    by_visit: dict[UUID, list[CreditDocument]] = defaultdict(list)
    for document in documents:
        if document.visit_id is not None:
            by_visit[document.visit_id].append(document)
    return [
        VisitRow(
            id=visit.id,
            agent_name=agent_name,
            arrived_at=visit.arrived_at,
            left_at=visit.left_at,
            address_text=address.text,
            arrived=_place(visit.lat_e6, visit.lon_e6, visit.accuracy_m, address),
            left=_place(visit.left_lat_e6, visit.left_lon_e6, visit.left_accuracy_m, address),
            met=visit.met,  # type: ignore[arg-type]
            outcome=visit.outcome,
            captured=visit.captured,
            statement=visit.statement,
            flags=visit.flags,
            offline=visit.offline,
            clock_offset_ms=visit.clock_offset_ms,
            documents=[cards.document_card(row) for row in by_visit[visit.id]],
            signature=signatures.get(visit.id),
            receipts=[
                _receipt_row(row, by, chosen, taken_by, address)
                for row, by, chosen, taken_by in receipts
                if row.visit_id == visit.id
            ],
            together_with=together[_group(visit)],
            role_met=visit.role_met,
            observations=visit.observations,
            questions=questions[visit.id],
            unplanned=visit.unplanned,  # type: ignore[arg-type]
            corrections=corrected[visit.id],
            identified_by=visit.identified_by,
        )
        for visit, agent_name, address in found
    ]


async def visit_row(session: AsyncSession, visit: Visit) -> VisitRow:
    """One visit as its practice's file shows it."""
    documents = await cards.by_practice(
        session, CreditDocument, [visit.practice_id], order=col(CreditDocument.added_at)
    )
    receipts = await _receipts(session, visit.practice_id)
    rows = await _visits(session, visit.practice_id, documents[visit.practice_id], receipts)
    return next(row for row in rows if row.id == visit.id)


def _group(visit: Visit) -> tuple[UUID, UUID]:
    """What the reports of one visit share: the agent, so that nobody joins another's, and the first report."""
    return visit.agent_id, visit.with_visit_id or visit.id


async def _together(session: AsyncSession, visits: Sequence[Visit]) -> dict[tuple[UUID, UUID], list[str]]:
    """Numbers of the other practices that were reported of in the same visits."""
    firsts = {_group(visit)[1] for visit in visits}
    numbers: dict[tuple[UUID, UUID], list[str]] = defaultdict(list)
    query = (
        select(Visit, Practice.practice_number)
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .where(or_(col(Visit.id).in_(firsts), col(Visit.with_visit_id).in_(firsts)))
        .order_by(col(Practice.practice_number))
    )
    own = {visit.practice_id for visit in visits}
    for visit, number in (await session.exec(query)).all() if firsts else ():
        if visit.practice_id not in own:
            numbers[_group(visit)].append(number)
    return numbers


async def _signatures(session: AsyncSession, practice_id: UUID) -> dict[UUID, SignatureRow]:
    """Signatures by visit; the picture's document once its bytes have arrived."""
    query = (
        select(SignatureGiven, case((col(Attachment.stored), col(Attachment.document_id))))
        .join(Visit, col(Visit.id) == col(SignatureGiven.visit_id))
        .join(
            Attachment,
            (col(Attachment.visit_id) == col(SignatureGiven.visit_id))
            & (col(Attachment.sha256) == col(SignatureGiven.image_sha256)),
            isouter=True,
        )
        .where(Visit.practice_id == practice_id)
    )
    return {
        given.visit_id: SignatureRow(
            signer=given.signer,
            refused=given.refused,
            text=given.text,
            text_digest=given.text_digest,
            document_id=document_id,
        )
        for given, document_id in (await session.exec(query)).all()
    }


async def _promises(session: AsyncSession, practice_id: UUID) -> list[PromiseRow]:
    query = select(Promise).where(Promise.practice_id == practice_id).order_by(col(Promise.due_on))
    return [
        PromiseRow(
            id=row.id,
            kind=row.kind,
            due_on=row.due_on,
            amount_cents=row.amount_cents,
            reference=row.reference,
            state=row.state,  # type: ignore[arg-type]
        )
        for row in (await session.exec(query)).all()
    ]


async def _timeline(session: AsyncSession, practice_id: UUID) -> list[TimelineItem]:
    query = (
        select(Fact, Person.name)
        .join(Person, col(Person.id) == col(Fact.person_id), isouter=True)
        .where(Fact.practice_id == practice_id)
        .order_by(col(Fact.number).desc())
        .limit(TIMELINE)
    )
    rows = (await session.exec(query)).all()
    return [
        TimelineItem(
            number=fact.number,
            kind=fact.kind,
            at=fact.at,
            recorded_at=fact.recorded_at,
            person_name=person_name,
            device_id=fact.device_id,
            body=fact.body,
        )
        for fact, person_name in rows
    ]


async def _earlier_contacts(session: AsyncSession, practice_id: UUID) -> list[AttemptCard]:
    query = (
        select(ContactAttempt)
        .where(ContactAttempt.practice_id == practice_id, ~col(ContactAttempt.source).startswith("device:"))
        .order_by(col(ContactAttempt.at).desc())
        .limit(TIMELINE)
    )
    return [cards.attempt_card(row) for row in (await session.exec(query)).all()]


async def document(session: AsyncSession, document_id: UUID) -> CreditDocument:
    """Raises Refusal `document.unknown`."""
    row = await session.get(CreditDocument, document_id)
    if row is None:
        raise Refusal("document.unknown", kind=Kind.MISSING)
    return row


async def receipt(session: AsyncSession, receipt_id: UUID) -> Receipt:
    """Raises Refusal `receipt.unknown`."""
    row = await session.get(Receipt, receipt_id)
    if row is None:
        raise Refusal("receipt.unknown", kind=Kind.MISSING)
    return row
