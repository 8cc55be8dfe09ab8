"""Papers that the office issues itself: the receipt for a transfer that arrived, the one that voids another.

They have a series of their own, chained and signed like every phone's, so that anybody can check them in the same way.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from fieldapp.domain import cash as rules
from fieldapp.domain.counter_receipt import CounterReceipt, counter_receipt_bytes
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, canonical_json, sha256
from fieldapp.domain.ledger import OWNERS, AccountKey, AccountKind, payment_entry
from fieldapp.domain.payments import PaymentMethod, Standing, payment_method
from fieldapp.domain.receipt_series import KeptReceipt, Series, prove_series
from fieldapp.domain.receipts import (
    Method,
    Payer,
    ReceiptValue,
    read_receipt,
    receipt_bytes,
)
from fieldapp.services import cash, office_papers, payers, told_barred, transfers
from fieldapp.services.laying import instalment_paid, laid_out, laid_over
from fieldapp.services.work import Work
from fieldapp.store import cash as cash_store
from fieldapp.store import ledger, practice_file, public, tasks
from fieldapp.store import office_series as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.office_series import Payment, Receipt
from fieldapp.store.shapes.cash import AllocationPreview, BarredPart, CashDesk, SeriesRow
from fieldapp.store.tables.field import Promise

Into = Literal["agency", "creditor"]
OutOf = Literal["bank", "office_cash", "agent_cash"]


async def preview_allocation(
    work: Work, practice_id: UUID, amount_cents: int, *, on: date | None, chosen: UUID | None = None
) -> AllocationPreview:
    """How `amount_cents` would be laid over what the practice owes, which lines the debtor may choose from, and what of
    it settles time-barred ones. `on`: the local day of the payment; None for today.

    Raises Refusal `practice.unknown`, and those of `allocate` and `check_choice`.
    """
    owed, day = await store.owed(work.session, practice_id), on or work.today
    barred = await told_barred.barred_on(work, owed, on=day)
    return laid_out(owed, amount_cents, on=day, chosen=chosen, barred=barred)


async def confirm_transfer(
    work: Work,
    promise_id: UUID,
    *,
    seen_on: date,
    amount_cents: int,
    reference: str,
    into: Into,
    payer: Payer | None = None,
    chosen: UUID | None = None,
    told: frozenset[UUID] | None = frozenset(),
) -> CashDesk:
    """The statement shows an announced payment: it is posted, and the receipt follows from the office.

    `into` says on whose account it arrived; what is on the creditor's own is not owed to the creditor any more. What
    exceeds the debt is booked on its last line and told as a task. `payer` is whoever the statement names instead of
    the debtor: what the rules say of that is a task too. `chosen` is the debt that the debtor declared to pay. What
    reached the creditor and is off the claim already (his system told it, or his statement holds it) is settled without
    a second entry and without a receipt. Said again by the same person in the same words it answers as done.

    `told`: the time-barred debts of which they were told that nobody can make them pay; None where they could not be
    told. The money is at the bank, so it is booked then too, and a task says that somebody has to tell them.

    Raises Refusal `transfer.unknown`, `transfer.settled`, `cash.date_unlikely`, `inbound.creditor_busy`,
    `counter.barred_not_told`, and those of the receipt.
    """
    if into == "creditor":
        await transfers.hold(work, promise_id)
    # As whoever else settles announcements: the practice first.
    await cash_store.hold_practice_of(work.session, promise_id)
    promise = await cash_store.promise(work.session, promise_id)
    said = _said(seen_on=seen_on, amount_cents=amount_cents, reference=reference, into=into, payer=payer, chosen=chosen)
    if promise.state != "open":
        if (promise.confirmed_by, promise.confirmed_digest) == (work.identity.person_id, said):
            return await cash.read_desk(work)
        raise Refusal("transfer.settled", kind=Kind.CONFLICT)
    promise.confirmed_by, promise.confirmed_digest = work.identity.person_id, said
    # Voided receipts of the same announcement keep their causes.
    before = await cash_store.times_posted(work.session, key_of(promise_id))
    key = f"{key_of(promise_id)}:{before + 1}" if before else key_of(promise_id)
    at = cash.moment(work, seen_on)
    found = None
    if into == "creditor":
        found = await transfers.at_his(work, promise.practice_id, amount_cents=amount_cents, seen_on=seen_on)
    if found is not None and found.is_off:
        his = found.reference or reference.strip()
        await _keep_promise(work, promise, amount_cents, his, cause=key)
        audit(work.session, "transfer.off_already", "promise", promise_id, amount_cents=amount_cents, reference=his)
        return await cash.read_desk(work)
    announced = payment_method(promise.kind).announced
    assert announced is not None
    method = payment_method(announced.booked_as)
    assert method.debits is not None
    received = await receive(
        work,
        practice_id=promise.practice_id,
        visit_id=promise.visit_id,
        key=key,
        at=at,
        method=method,
        answers={"seen_on": seen_on.isoformat(), "reference": reference.strip()},
        amount_cents=amount_cents,
        held_in=method.held.get(Standing.CLEARED, method.debits) if into == "agency" else AccountKind.CREDITOR_DUES,
        standing=Standing.CLEARED,
        more={"into": into},
        payer=payer,
        chosen=chosen,
        told=told,
    )
    if found is not None:
        await transfers.ask_about(work, found, receipt=received.name, amount_cents=amount_cents)
    await _keep_promise(work, promise, amount_cents, reference.strip(), cause=key)
    body = {"amount_cents": amount_cents, "method": method.code, "receipt": received.name}
    audit(work.session, "transfer.confirmed", "promise", promise_id, into=into, **body)
    return await cash.read_desk(work)


def _said(
    *, seen_on: date, amount_cents: int, reference: str, into: Into, payer: Payer | None, chosen: UUID | None
) -> str:
    plain = {
        "seen_on": seen_on.isoformat(),
        "amount_cents": amount_cents,
        "reference": reference.strip(),
        "into": into,
        "payer": payer and [payer.name, payer.capacity.value],
        "chosen": str(chosen) if chosen else None,
    }
    return str(sha256(canonical_json(plain)))


async def _keep_promise(work: Work, promise: Promise, amount_cents: int, reference: str, *, cause: str) -> None:
    """What was seen is kept; what was announced beyond it is still to come."""
    missing = promise.amount_cents - amount_cents
    if missing > 0:
        rest = Promise(
            id=cash_store.rest_of(promise.id, cause),
            agency_id=work.agency_id,
            practice_id=promise.practice_id,
            visit_id=promise.visit_id,
            kind=promise.kind,
            due_on=promise.due_on,
            amount_cents=missing,
            reference=promise.reference,
        )
        work.session.add(rest)
        promise.amount_cents = amount_cents
    promise.state, promise.reference = "kept", reference
    await work.session.flush()


def key_of(promise_id: UUID) -> str:
    """The cause of the entry by which an announced payment is posted, whoever saw it first."""
    return f"transfer:{promise_id}"


async def receive(
    work: Work,
    *,
    practice_id: UUID,
    visit_id: UUID,
    key: str,
    at: datetime,
    method: PaymentMethod,
    answers: Mapping[str, str],
    amount_cents: int,
    held_in: AccountKind,
    standing: Standing,
    more: Mapping[str, str],
    payer: Payer | None = None,
    chosen: UUID | None = None,
    told: frozenset[UUID] | None = None,
) -> ReceiptValue:
    """Post what the office sees arrive, as of `at`, with a receipt of its own series; `more` goes beside it.

    `told`: the time-barred debts of which the debtor was told; None where nobody could tell them, since money came by
    itself. Raises Refusal `counter.barred_not_told`.
    """
    owed = await store.owed(work.session, practice_id, hold=True)
    on = at.astimezone(work.parts.zone).date()
    barred = await told_barred.barred_on(work, owed, on=on)
    shares, over_cents = laid_over(owed, amount_cents, on=on, chosen=chosen, barred=barred)
    on_barred = told_barred.parts(owed, shares, barred)
    if told is not None:
        told_barred.check_told(on_barred, told)
    place = await office_papers.place(work)
    said = Method(method.code, dict(answers))
    instalment = await instalment_paid(work, owed, amount_cents, on=on)
    receipt = await office_papers.receipt_for(
        work, place, owed, shares, said, payer=payer, instalment=instalment, barred={part.id for part in on_barred}
    )
    content = receipt_bytes(receipt)
    row = await office_papers.keep(work, place, receipt, content, practice_id=practice_id, visit_id=visit_id)
    creditor_id = owed.creditor.id
    agent_id = await store.agent_of_visit(work.session, visit_id)
    owners = {"creditor": creditor_id, "practice": practice_id, "person": agent_id}
    entry = payment_entry(
        at=at,
        idempotency_key=key,
        creditor_id=creditor_id,
        practice_id=practice_id,
        held_in=AccountKey(held_in, **{f"{owner}_id": owners[owner] for owner in OWNERS[held_in]}),
        shares=shares,
        amount_cents=amount_cents,
        memo=receipt.name,
    )
    posted = await ledger.post(work.session, [entry], now=work.now, new_id=work.parts.new_id)
    payment = Payment(
        id=work.new_id(),
        agency_id=work.agency_id,
        practice_id=practice_id,
        creditor_id=creditor_id,
        visit_id=visit_id,
        agent_id=agent_id,
        receipt_id=row.id,
        entry_id=posted[key],
        method=method.code,
        amount_cents=amount_cents,
        received_at=at,
        fields={**receipt.method.answers, **more, **_knew(on_barred, told)},
        chosen_line=chosen,
        instalment_number=instalment[0] if instalment else None,
        standing=standing.value,
        payer_name=payer.name if payer else None,
        payer_capacity=payer.capacity.value if payer else None,
        payer_document=payers.BY_ACCOUNT if payer else None,
    )
    work.session.add(payment)
    await work.session.flush()
    if over_cents:
        await tell_overpaid(work, practice_id, over_cents, receipt.name)
    more_flags = [told_barred.FLAG] if on_barred else []
    if payer is not None:
        await payers.look_at(
            work, practice_id, method=method.code, amount_cents=amount_cents, receipt=receipt.name, more=more_flags
        )
    elif on_barred:
        await told_barred.ask_about(work, practice_id, receipt.name)
    body = {"amount_cents": amount_cents, "method": method.code, "receipt": receipt.name}
    if payer is not None:
        body["paid_by"] = payer.capacity.value
    if instalment is not None:
        body["instalment"] = instalment[0]
    if chosen is not None:
        body["chosen_line"] = str(chosen)
    if on_barred:
        body["barred_cents"] = sum(part.amount_cents for part in on_barred)
    tell(work.session, NewFact("payment.received", at, practice_id=practice_id, creditor_id=creditor_id, body=body))
    # A plan that this keeps is kept now.
    await cash.look_again(work, practice_id)
    return receipt


def _knew(on_barred: Sequence[BarredPart], told: Collection[UUID] | None) -> dict[str, list[str]]:
    """What the payment keeps of it: the barred lines that it settles, by whether the debtor was told."""
    lines = [str(part.id) for part in on_barred]
    if not lines:
        return {}
    return {"untold_barred" if told is None else "told_barred": lines}


async def void_receipt(work: Work, receipt_id: UUID, *, reason: str) -> str:
    """Void a receipt by a counter-receipt, and take back what it posted; the counter-receipt's name.

    Voiding again answers the same. Raises Refusal `receipt.unknown`, `receipt.voids_another`, `receipt.own_hand`,
    `receipt.money_moved_on`, `receipt.refunded_before`, `receipt.reason_missing`.
    """
    row = await practice_file.receipt(work.session, receipt_id)
    if row.voids is not None:
        raise Refusal("receipt.voids_another", kind=Kind.CONFLICT)
    payment = await cash_store.payment_of_receipt(work.session, receipt_id)
    done = await cash_store.counter_receipt_of(work.session, receipt_id)
    if done is not None:
        return office_papers.name_of(done)
    if not reason.strip():
        raise Refusal("receipt.reason_missing", kind=Kind.MALFORMED)
    _check_another_took_it(work, payment)
    await _may_be_voided(work, payment)
    place = await office_papers.place(work)
    counter = await _counter_receipt(work, place, row, reason.strip())
    content = counter_receipt_bytes(counter)
    kept = await office_papers.keep(
        work, place, counter, content, practice_id=row.practice_id, visit_id=row.visit_id, voids=row.id, reason=reason
    )
    await cash.reverse(work, payment, at=work.now, key=f"void:{receipt_id}", reason=f"{counter.name}: {reason.strip()}")
    payment.standing, row.state = Standing.VOIDED.value, "voided"
    await cash_store.announce_again(work.session, payment)
    await work.session.flush()
    body = {
        "receipt": office_papers.name_of(row),
        "counter_receipt": counter.name,
        "amount_cents": row.amount_cents,
        "reason": reason,
    }
    fact = NewFact("receipt.voided", work.now, practice_id=row.practice_id, creditor_id=payment.creditor_id, body=body)
    tell(work.session, fact)
    audit(work.session, "receipt.voided", "receipt", receipt_id, **body)
    await cash.look_again(work, row.practice_id)
    return office_papers.name_of(kept)


async def refund(
    work: Work, receipt_id: UUID, *, refund_id: UUID, amount_cents: int, reason: str, out_of: OutOf
) -> int:
    """Give back money of a receipt; what is left of the receipt, in cents.

    `out_of` says whose money goes: the bank's, the office's cash, the purse of the agent who took it. `refund_id` is
    the caller's, so that a repeat is known. Raises Refusal `refund.more_than_received` (details: left_cents),
    `refund.not_in_the_bank`, `refund.more_than_held` (details: held_cents), `receipt.reason_missing`, `refund.differs`
    (the same id with another amount or receipt), `receipt.own_hand`.
    """
    row = await practice_file.receipt(work.session, receipt_id)
    payment = await cash_store.payment_of_receipt(work.session, receipt_id)
    key = f"refund:{refund_id}"
    before = await cash_store.given_back_by(work.session, key)
    if before is not None and before != (payment.id, amount_cents):
        raise Refusal("refund.differs", kind=Kind.CONFLICT)
    if before is None:
        if not reason.strip():
            raise Refusal("receipt.reason_missing", kind=Kind.MALFORMED)
        # What leaves the bank is on its statement, and a provider gives back by itself: that needs no second person.
        if out_of != "bank":
            _check_another_took_it(work, payment)
        if payment.standing in (Standing.VOIDED.value, Standing.UNPAID.value) or (
            payment.method == "cheque" and payment.standing != Standing.CLEARED.value
        ):
            raise Refusal("refund.not_in_the_bank", kind=Kind.CONFLICT, details={"standing": payment.standing})
        shares = rules.refund_shares(await cash_store.claim_legs_of(work.session, payment), amount_cents)
        paid_from = await _purse(work, out_of, payment.agent_id, amount_cents)
        entry = rules.refund_entry(
            shares,
            at=work.now,
            idempotency_key=key,
            creditor_id=payment.creditor_id,
            practice_id=payment.practice_id,
            paid_from=paid_from,
            memo=f"{office_papers.name_of(row)}: {reason.strip()}",
        )
        entries = [replace(entry, payment_id=payment.id)]
        await ledger.post(work.session, entries, now=work.now, new_id=work.parts.new_id)
        body = {
            "receipt": office_papers.name_of(row),
            "amount_cents": amount_cents,
            "reason": reason.strip(),
            "out_of": out_of,
            "refund_id": str(refund_id),
        }
        fact = NewFact(
            "payment.refunded", work.now, practice_id=row.practice_id, creditor_id=payment.creditor_id, body=body
        )
        tell(work.session, fact)
        audit(work.session, "payment.refunded", "receipt", receipt_id, **body)
        await cash.look_again(work, row.practice_id)
    return -sum(leg.amount_cents for leg in await cash_store.claim_legs_of(work.session, payment))


def _check_another_took_it(work: Work, payment: Payment) -> None:
    """Whoever took money does not also say that it goes back: that is how it leaves a purse unseen."""
    if payment.agent_id == work.identity.person_id:
        raise Refusal("receipt.own_hand", kind=Kind.FORBIDDEN)


async def _purse(work: Work, out_of: OutOf, agent_id: UUID, amount_cents: int) -> AccountKey:
    """The account that a refund is paid from. Cash that nobody holds cannot be given: `refund.more_than_held`."""
    if out_of == "bank":
        return AccountKey(AccountKind.AGENCY_BANK)
    if out_of == "office_cash":
        key = AccountKey(AccountKind.OFFICE_CASH)
    else:
        await cash_store.purse_holder(work.session, agent_id)
        key = AccountKey(AccountKind.AGENT_CASH, person_id=agent_id)
    held = await ledger.held_in(work.session, key)
    if amount_cents > held:
        raise Refusal("refund.more_than_held", kind=Kind.CONFLICT, details={"held_cents": held})
    return key


async def tell_overpaid(work: Work, practice_id: UUID, over_cents: int, receipt: str) -> None:
    """A receipt brought more than was owed: a person looks."""
    await tasks.add(
        work.session,
        "practice.overpaid",
        subject=("receipt", receipt),
        practice_id=practice_id,
        due_on=work.today,
        details={"over_cents": over_cents, "receipt": receipt},
        now=work.now,
        new_id=work.new_id,
    )


async def list_series(work: Work) -> list[SeriesRow]:
    """Every series with what the service can prove of it: gaps, forks, forgeries."""
    by_device: dict[UUID, list[Receipt]] = {}
    for row in await cash_store.receipts_of_devices(work.session):
        by_device.setdefault(row.device_id, []).append(row)
    result = []
    for device, person in await store.devices(work.session):
        rows = by_device.get(device.id, [])
        blocks = await public.number_blocks(work.session, device.id)
        series = Series(device.series, str(device.id), device.public_key, tuple(blocks))
        proof = prove_series([_kept(row) for row in rows], series, verify_signature=work.parts.verify)
        result.append(
            SeriesRow(
                device_id=device.id,
                series=device.series,
                kind=device.kind,
                person_name=person,
                used=len(rows),
                voided=sum(row.state == "voided" for row in rows),
                highest=max((row.number for row in rows), default=None),
                missing=list(proof.missing),
                broken=list(proof.broken),
                forged=list(proof.forged),
                last_issued_at=max((row.issued_at for row in rows), default=None),
                whole=proof.whole,
            )
        )
    return result


def _kept(row: Receipt) -> KeptReceipt:
    signature = base64.urlsafe_b64decode(row.signature + "=" * (-len(row.signature) % 4))
    return KeptReceipt(row.number, row.value, Sha256(row.digest), Sha256(row.previous_digest), signature)


# --- making papers -------------------------------------------------------------------------------------------


async def _counter_receipt(work: Work, place: office_papers.Place, row: Receipt, reason: str) -> CounterReceipt:
    voided = read_receipt(row.value)
    return CounterReceipt(
        **await office_papers.heading(work, place),
        debtor=voided.debtor,
        practice=voided.practice,
        voids=voided.name,
        voided_digest=Sha256(row.digest),
        amount_cents=voided.amount_cents,
        amount_in_words=voided.amount_in_words,
        reason=reason,
    )


async def _may_be_voided(work: Work, payment: Payment) -> None:
    """Only while the money can be handed back where it is: what went on is given back by a refund."""
    moved_on = payment_method(payment.method).held.get(Standing(payment.standing))
    if moved_on in (AccountKind.CHEQUES_AT_BANK, AccountKind.AGENCY_BANK):
        raise Refusal("receipt.money_moved_on", kind=Kind.CONFLICT, details={"held_cents": 0})
    rules.step(payment.method, Standing(payment.standing), Standing.VOIDED)
    taken = -sum(leg.amount_cents for leg in await cash_store.claim_legs_of(work.session, payment))
    if taken != payment.amount_cents:
        # Part of it was given back already: voiding the whole would give that part back twice.
        raise Refusal("receipt.refunded_before", kind=Kind.CONFLICT, details={"left_cents": taken})
    if payment.method == "cash":
        await cash_store.purse_holder(work.session, payment.agent_id)
        held = (await ledger.held_by(work.session, payment.agent_id)).get(AccountKind.AGENT_CASH, 0)
        if held < await cash.held_cents(work, payment):
            raise Refusal("receipt.money_moved_on", kind=Kind.CONFLICT, details={"held_cents": held})
