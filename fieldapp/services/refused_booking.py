"""The books of a refused report's money: its receipt, its entry, its payment, and what follows from them.

Where the paper holds it takes the very place that the report would have given it; else a receipt of the office stands
for it, and names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.domain.ledger import AccountKey, AccountKind, LineShare, left_cents, payment_entry
from fieldapp.domain.pads import Form
from fieldapp.domain.receipts import ReceiptValue, WordingKind, local_time, receipt_bytes
from fieldapp.domain.refused_money import UNDER_THE_OFFICES_NUMBER, FoundMoney, Proof
from fieldapp.domain.sync import PracticeKnown, instant_of
from fieldapp.domain.taken_money import laid_on_the_books
from fieldapp.domain.visit_report import PayerDocument
from fieldapp.services import cash, instruments, office_papers, pads, payers, receipts, told_barred
from fieldapp.services.laying import laid_over_lines
from fieldapp.services.work import Work
from fieldapp.store import ledger, office_series
from fieldapp.store import refused_money as store
from fieldapp.store.feed import NewFact, tell
from fieldapp.store.office_series import Owed, Payment, Receipt
from fieldapp.store.refused_money import Device, PadForm, Person
from fieldapp.store.shapes.cash import BarredPart


@dataclass(frozen=True, slots=True)
class RefusedTaken:
    """A payment of a refused report that may be booked: whose phone, which paper, and the books it goes to.

    `cause` names it among all that is posted.
    """

    cause: str
    device: Device
    agent: Person
    found: FoundMoney
    receipt: ReceiptValue
    form: Form | None
    proof: Proof
    practice: PracticeKnown
    reason: str

    @property
    def paper(self) -> str:
        """The number on the paper in the debtor's hand; nothing where it cannot be read."""
        return self.found.receipt.name if self.found.receipt else ""


async def booked(work: Work, taken: RefusedTaken) -> Receipt:
    """The receipt, its entry and its payment, with what follows from them."""
    receipt, practice = taken.receipt, taken.practice
    shares, over_cents = _laid(taken)
    under_our_number = taken.proof in UNDER_THE_OFFICES_NUMBER
    owed = await office_series.owed(work.session, practice.id)
    on = local_time(receipt.issued_at, receipt.utc_offset_min).date()
    on_barred = told_barred.parts(owed, shares, await told_barred.barred_on(work, owed, on=on))
    if under_our_number:
        row = await _by_the_office(work, taken, owed, shares, on_barred)
    else:
        row = await _as_signed(work, taken)
    name = office_papers.name_of(row)
    debits = receipt.paid_by.debits
    assert debits is not None
    # A phone whose clock was ahead puts nothing into books of days to come.
    at = min(instant_of(receipt), work.now)
    # Under its own number the cause is the one that the report itself would have had.
    key = f"refused:{taken.cause}" if under_our_number else f"receipt:{name}"
    entry = payment_entry(
        at=at,
        idempotency_key=key,
        creditor_id=practice.creditor_id,
        practice_id=practice.id,
        held_in=AccountKey(AccountKind(debits.value), person_id=taken.agent.id),
        shares=shares,
        amount_cents=receipt.amount_cents,
        stamp_duty_cents=receipt.duty_on_top_cents,
        memo=f"{name} ({taken.paper})" if under_our_number and taken.paper else name,
    )
    posted = await ledger.post(work.session, [entry], now=work.now, new_id=work.parts.new_id)
    payer = receipt.payer
    number = _instalment(taken)
    chosen = taken.found.chosen_line if taken.found.chosen_line in practice.debt_lines else None
    work.session.add(
        Payment(
            id=work.new_id(),
            agency_id=work.agency_id,
            practice_id=practice.id,
            creditor_id=practice.creditor_id,
            visit_id=None,
            agent_id=taken.agent.id,
            receipt_id=row.id,
            entry_id=posted[key],
            method=receipt.method.code,
            amount_cents=receipt.amount_cents,
            duty_cents=receipt.duty_on_top_cents,
            received_at=at,
            fields=dict(receipt.method.answers),
            chosen_line=chosen,
            instalment_number=number,
            payer_name=payer.name if payer else None,
            payer_capacity=payer.capacity.value if payer else None,
            payer_document=taken.found.document.value if payer else None,
        )
    )
    await work.session.flush()
    body = {"amount_cents": receipt.amount_cents, "method": receipt.method.code, "receipt": name}
    told = {
        **body,
        **({"instalment": number} if number else {}),
        **({"paid_by": payer.capacity.value} if payer else {}),
    }
    told = told | ({"chosen_line": str(chosen)} if chosen else {})
    if on_barred:
        told = told | {"barred_cents": sum(part.amount_cents for part in on_barred)}
    fact = NewFact("payment.received", at, practice_id=practice.id, creditor_id=practice.creditor_id, body=told)
    tell(work.session, fact)
    if over_cents:
        await receipts.tell_overpaid(work, practice.id, over_cents, name)
    if payer is not None:
        await payers.look_at(
            work,
            practice.id,
            method=receipt.method.code,
            amount_cents=receipt.amount_cents,
            receipt=name,
            identified=taken.found.document is not PayerDocument.NONE,
            more=[told_barred.FLAG] if on_barred else [],
        )
    elif on_barred:
        await told_barred.ask_about(work, practice.id, name)
    await instruments.look_at_one(
        work, practice.id, method=receipt.method.code, fields=receipt.method.answers, receipt=name
    )
    await cash.look_again(work, practice.id)
    return row


def _laid(taken: RefusedTaken) -> tuple[list[LineShare], int]:
    """The amount over the practice's lines, as the phone laid it where they are its own and bear it."""
    practice, cents = taken.practice, taken.receipt.amount_cents
    shares = taken.found.allocation
    over_cents = max(0, cents - left_cents(line for _, line in practice.lines))
    ours = {share.debt_line_id for share in shares} <= practice.debt_lines
    if shares and ours and sum(share.total_cents for share in shares) == cents:
        laid = laid_on_the_books(shares, practice.lines, practice.order, chosen=taken.found.chosen_line).shares
        parts = [LineShare(s.debt_line_id, s.principal_cents, s.interest_cents, s.costs_cents) for s in laid]
        return [share for share in parts if share.total_cents], over_cents
    return laid_over_lines(practice.lines, cents, order=practice.order)


def _instalment(taken: RefusedTaken) -> int | None:
    """Which instalment of the running plan the paper is for, if it says so and the plan takes it."""
    receipt, plan = taken.receipt, taken.practice.plan
    if plan is None or receipt.wording.kind is not WordingKind.INSTALMENT:
        return None
    on = local_time(receipt.issued_at, receipt.utc_offset_min).date()
    takes = plan.takes(receipt.wording.number, receipt.amount_cents, on=on, of=receipt.wording.of)
    return receipt.wording.number if takes else None


async def _as_signed(work: Work, taken: RefusedTaken) -> Receipt:
    """The paper itself, in its place of the series."""
    found, receipt, device = taken.found, taken.receipt, taken.device
    row = Receipt(
        id=work.new_id(),
        agency_id=work.agency_id,
        device_id=device.id,
        practice_id=taken.practice.id,
        visit_id=None,
        series=receipt.series,
        number=receipt.number,
        kind=receipt.kind.value,
        issued_at=instant_of(receipt),
        amount_cents=receipt.amount_cents,
        stamp_duty_cents=receipt.stamp_duty.due_cents,
        method=receipt.method.code,
        value=found.content,
        digest=found.digest,
        previous_digest=receipt.prev_digest,
        signature=found.signature,
        reason=taken.reason,
    )
    work.session.add(row)
    if receipt.series == device.series and await store.is_newest(work.session, device, receipt.number):
        device.chain_head = found.digest
    await work.session.flush()
    if taken.form is not None:
        form = PadForm(
            id=work.new_id(),
            agency_id=work.agency_id,
            pad_id=taken.form.pad_id,
            number=taken.form.number,
            state="used",
            receipt_id=row.id,
            entered_at=work.now,
            entered_by=work.identity.person_id,
        )
        work.session.add(form)
        await work.session.flush()
        await pads.found_again(work, taken.form.pad_id)
    return row


async def _by_the_office(
    work: Work, taken: RefusedTaken, owed: Owed, shares: Sequence[LineShare], on_barred: Sequence[BarredPart]
) -> Receipt:
    """A receipt of the office's series for the same money; the paper in the debtor's hand is named beside it."""
    receipt = taken.receipt
    place = await office_papers.place(work)
    ours = await office_papers.receipt_for(
        work,
        place,
        owed,
        shares,
        receipt.method,
        payer=receipt.payer,
        taken_duty=receipt.stamp_duty,
        barred={part.id for part in on_barred},
    )
    reason = f"{taken.paper}: {taken.reason}" if taken.paper else taken.reason
    return await office_papers.keep(
        work, place, ours, receipt_bytes(ours), practice_id=taken.practice.id, visit_id=None, reason=reason
    )
