"""Settlements (saldo e stralcio): asked while the agent is at the door, taken from reports, decided by the office.

What is asked from the door is the very paper that the debtor will sign, so an approval is of that paper and of no
other. Its visit is not there yet: the report brings it, or leaves the proposal behind, which is then withdrawn.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fieldapp.domain.agreements import SettlementKind, SettlementPaper
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import left_cents
from fieldapp.domain.repayment_plan import SettlementState
from fieldapp.domain.sync import Decision, TakenAgreement, proven_agreement
from fieldapp.domain.visit_report import SignedPaper, VisitReport
from fieldapp.services import push, rules
from fieldapp.services.agreement_review import AT_THE_DOOR, Desk, desk_of, fact, instant, review
from fieldapp.services.work import Work
from fieldapp.store import agreements as store
from fieldapp.store import envelopes
from fieldapp.store import field as field_store
from fieldapp.store.agreement_cards import settlement_row
from fieldapp.store.agreement_tasks import Owed
from fieldapp.store.database import agency_of
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.agreements import SettlementRow
from fieldapp.store.tables.agreements import Settlement

# --- from the door -------------------------------------------------------------------------------------------------


async def ask(
    work: Work, settlement_id: UUID, *, practice_id: UUID, visit_id: UUID, sent: SignedPaper
) -> SettlementRow:
    """Lay the proposal before the office while its visit is under way; asked again, what was said meanwhile.

    Raises Refusal `practice.unknown` (not of the agent's day), `settlement.visit_over`, `settlement.asked_otherwise`
    (the same id with another paper), `agreement.*` or `sync.digest_differs` for a paper that does not hold.
    """
    device_id = work.identity.device_id
    assert device_id is not None
    if not await field_store.is_of_day(work.session, practice_id, agent_id=work.identity.person_id, day=work.today):
        raise Refusal("practice.unknown", kind=Kind.MISSING)
    known = await store.settlement_asked(work.session, settlement_id)
    if known is not None:
        if (known.asked_by, known.practice_id, known.digest) != (device_id, practice_id, sent.digest):
            raise Refusal("settlement.asked_otherwise", kind=Kind.CONFLICT)
        if known.state != SettlementState.PROPOSED.value and known.heard_at is None:
            known.heard_at = work.now
        return settlement_row(known)
    return settlement_row(await _lay_before(work, settlement_id, practice_id, visit_id, sent))


async def _lay_before(
    work: Work, settlement_id: UUID, practice_id: UUID, visit_id: UUID, sent: SignedPaper
) -> Settlement:
    desk, device_id = desk_of(work), work.identity.device_id
    assert device_id is not None
    phone = await envelopes.sender(work.session, device_id)
    practices, visits = await envelopes.practices_known(
        work.session,
        [practice_id],
        agent_id=phone.person.id,
        ruleset=await rules.ruleset(work),
        today=work.today,
    )
    taken = proven_agreement(
        sent,
        kind=SettlementKind.SETTLEMENT.value,
        device_id=device_id,
        practice=practices[practice_id],
        public_point=phone.device.public_key,
        verify_signature=work.parts.verify,
    )
    paper = taken.paper
    assert isinstance(paper, SettlementPaper)
    if UUID(paper.id) != settlement_id:
        raise Refusal("settlement.asked_otherwise", kind=Kind.CONFLICT)
    if visit_id in visits:
        raise Refusal("settlement.visit_over", kind=Kind.CONFLICT)
    facts = await _withdrawn(desk, await store.asked_in(work.session, visit_id))
    row = _row(desk, taken, paper, practice_id)
    row.asked_visit, row.asked_by = visit_id, device_id
    facts += await _proposed(desk, row)
    details = {"agent": phone.person.name, "offer_cents": row.offer_cents, "debt_cents": row.debt_cents}
    details |= {"pay_by": paper.pay_by, "at": work.now.isoformat()}
    await desk.owe(Owed(AT_THE_DOOR, "settlement", row.id, practice_id, work.today, details))
    tell(work.session, *facts)
    audit(work.session, "settlement.asked", "settlement", row.id, offer_cents=row.offer_cents)
    return row


# --- from reports --------------------------------------------------------------------------------------------------


async def take(desk: Desk, taken: TakenAgreement, paper: SettlementPaper, report: VisitReport) -> list[NewFact]:
    """A proposal as the visit ended with it; one that was asked from the door keeps what the office said of it."""
    asked = await store.settlement_asked(desk.session, UUID(paper.id))
    if asked is None:
        row = _row(desk, taken, paper, report.practice_id)
        row.visit_id, row.signed = report.visit_id, taken.signed
        return await _proposed(desk, row)
    asked.visit_id, asked.signed, asked.flags = report.visit_id, taken.signed, list(taken.flags)
    if asked.state == SettlementState.WITHDRAWN.value:
        # Another was asked after it, and this is what they agreed on in the end: the office is asked anew.
        asked.state, asked.decided_at, asked.decided_by, asked.note = SettlementState.PROPOSED.value, None, None, ""
    await desk.session.flush()
    if asked.state == SettlementState.PROPOSED.value:
        await desk.done(asked.id, kinds=(AT_THE_DOOR,))
        return []
    await desk.decided(asked.practice_id)
    if asked.heard_at is None:
        await _owe_the_answer(desk, asked)
    return []


async def let_go(desk: Desk, report: VisitReport) -> list[NewFact]:
    """What was asked in this visit, and is not what it ended with, binds nobody any more."""
    return await _withdrawn(desk, await store.asked_in(desk.session, report.visit_id))


async def on_a_word(desk: Desk, decision: Decision, report: VisitReport) -> list[NewFact]:
    """Money taken as a settlement: on one that stands approved it needs nothing more, else the office decides."""
    for row in await store.settlements(desk.session, [report.practice_id], states=store.WATCHED_SETTLEMENTS):
        in_time = report.arrived_at.astimezone(store.ROME).date() <= row.pay_by
        if row.visit_id is not None and (row.state != SettlementState.EXPIRED.value or in_time):
            return []
    paid = sum(taken.payment.amount_cents for taken in decision.payments if taken.receipt is not None)
    if not paid:
        return []
    owed = left_cents((await store.debt(desk.session, report.practice_id)).owed.values())
    row = Settlement(
        id=desk.new_id(),
        agency_id=agency_of(desk.session),
        practice_id=report.practice_id,
        visit_id=report.visit_id,
        agreed_at=report.arrived_at,
        state=SettlementState.PROPOSED.value,
        offer_cents=paid,
        debt_cents=owed + paid,
        pay_by=desk.today,
        signed=False,
        flags=[],
    )
    return await _proposed(desk, row)


def _row(desk: Desk, taken: TakenAgreement, paper: SettlementPaper, practice_id: UUID) -> Settlement:
    return Settlement(
        id=UUID(paper.id),
        agency_id=agency_of(desk.session),
        practice_id=practice_id,
        agreed_at=instant(paper.issued_at),
        state=SettlementState.PROPOSED.value,
        offer_cents=paper.offer_cents,
        debt_cents=paper.debt_cents,
        pay_by=date.fromisoformat(paper.pay_by),
        signed=False,
        value=taken.content,
        digest=taken.digest,
        signature=taken.signature,
        flags=list(taken.flags),
    )


async def _proposed(desk: Desk, row: Settlement) -> list[NewFact]:
    desk.session.add(row)
    await desk.session.flush()
    body = {"settlement_id": str(row.id), "offer_cents": row.offer_cents, "pay_by": row.pay_by.isoformat()}
    return [fact("settlement.proposed", row.agreed_at, row.practice_id, **body)]


async def _withdrawn(desk: Desk, rows: list[Settlement]) -> list[NewFact]:
    facts: list[NewFact] = []
    for row in rows:
        row.state = SettlementState.WITHDRAWN.value
        await desk.done(row.id, kinds=(AT_THE_DOOR,))
        body = {"settlement_id": str(row.id), "offer_cents": row.offer_cents}
        facts.append(fact("settlement.withdrawn", desk.now, row.practice_id, **body))
    await desk.session.flush()
    return facts


# --- the office ----------------------------------------------------------------------------------------------------


async def decide(work: Work, settlement_id: UUID, *, approve: bool, note: str) -> SettlementRow:
    """Say yes or no for the creditor; what was paid meanwhile counts from its own day.

    Raises Refusal `settlement.unknown`, `settlement.decided_already`.
    """
    desk = desk_of(work)
    # As phones that bring money for it: the practice first.
    await store.hold_practice_of(work.session, settlement_id)
    row = await store.settlement(work.session, settlement_id)
    if row.state != SettlementState.PROPOSED.value:
        raise Refusal("settlement.decided_already", kind=Kind.CONFLICT, details={"state": row.state})
    state = SettlementState.APPROVED if approve else SettlementState.REFUSED
    row.state, row.note = state.value, note
    row.decided_at, row.decided_by = work.now, work.identity.person_id
    await work.session.flush()
    await desk.decided(row.practice_id)
    body = {"settlement_id": str(row.id), "offer_cents": row.offer_cents}
    tell(work.session, fact(f"settlement.{state.value}", work.now, row.practice_id, **body))
    audit(work.session, f"settlement.{state.value}", "settlement", row.id, offer_cents=row.offer_cents)
    tell(work.session, *await review(desk, [row.practice_id]))
    if row.visit_id is None:
        # Whoever asked stands at the door and hears it by asking again; a phone that sleeps is woken.
        assert row.asked_by is not None
        asking = await field_store.holder(work.session, row.asked_by)
        await push.day_changed(work, work.today, [asking.person.id])
    elif row.state != SettlementState.PAID.value:
        await _owe_the_answer(desk, row)
    return settlement_row(row)


async def _owe_the_answer(desk: Desk, row: Settlement) -> None:
    approved = row.state != SettlementState.REFUSED.value
    details = {"approved": approved, "offer_cents": row.offer_cents, "pay_by": row.pay_by.isoformat()}
    await desk.owe(
        Owed("tell_settlement_decision", "settlement", row.id, row.practice_id, desk.today, details, "case_owner")
    )
