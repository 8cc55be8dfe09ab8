"""Payments that the creditor saw on his own account: booked once, and never beside a receipt of ours that they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col

from fieldapp.domain.access import ServiceIdentity
from fieldapp.domain.allocation import AllocationOrder, LegalRank, order_named, ranked
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import WriteScope
from fieldapp.domain.inbound import (
    OwnReceipt,
    PaymentState,
    check_day,
    is_included,
    reference_key,
    same_as_ours,
    seen_at,
)
from fieldapp.domain.ledger import AccountKey, AccountKind, LineBalance, LineShare, NewEntry, payment_entry
from fieldapp.domain.statements import came_on
from fieldapp.services import inbound, rules, told_barred
from fieldapp.services.inbound import Answered, Given, Reception, Told, Verdicts, accepted, held, known, refused
from fieldapp.services.laying import laid_over_lines
from fieldapp.services.work import Parts, Work
from fieldapp.store import inbound as store
from fieldapp.store import intake, ledger, limitation, tasks
from fieldapp.store.cards import by_practice
from fieldapp.store.feed import audit
from fieldapp.store.inbound import DebtLine, SeenPayment
from fieldapp.store.shapes.inbound import ItemVerdict, PaymentItem
from fieldapp.store.shapes.office import TaskRow
from fieldapp.store.tables.field import Promise

HELD_TASK = "payment.seen_twice"
"""The task of a payment that may be our receipt."""


@dataclass(slots=True)
class _Scene:
    """What is known beside the items: references told before, our receipts, announcements, what is owed."""

    references: dict[str, SeenPayment]
    """By `reference_key`."""
    ours: dict[UUID, list[OwnReceipt]]
    matched: set[UUID]
    announced: dict[UUID, list[Promise]]
    lines: dict[UUID, list[tuple[UUID, LineBalance]]]
    due: dict[UUID, dict[UUID, date]]
    clocks: limitation.Clocks
    order: AllocationOrder


async def take_payments(told: Told, given: Sequence[Given[PaymentItem]]) -> Verdicts:
    """Post what reached the creditor himself: the claim shrinks, and nothing is owed to him for it.

    What his newest statement holds already (`paid_on` up to its day) is kept and posts nothing. What equals a receipt
    of ours that he knows of is held, and a person looks. An announced transfer of the same amount is settled by it.
    An item is refused by `inbound.day_*`, `inbound.reference_differs`.
    """
    scene = await _scene(told, given)
    verdicts: Verdicts = {}
    fresh: list[SeenPayment] = []
    for one in given:
        try:
            check_day(one.item.paid_on, today=told.today)
            before = _before(scene, one)
        except Refusal as refusal:
            verdicts[one.index] = refused(one.index, refusal)
            continue
        if before is not None and before.state != PaymentState.HELD:
            verdicts[one.index] = known(one)
            continue
        twin = _twin(scene, one)
        if twin is None:
            row = before or _row(told, one, PaymentState.INCLUDED)
            verdicts[one.index] = await _book(told, scene, one, row)
        else:
            row = before or _row(told, one, PaymentState.HELD, held_against=twin.payment_id)
            verdicts[one.index] = held(one, "inbound.like_our_receipt", receipt=twin.receipt)
            if before is None:
                await _ask(told, one, row, twin)
            scene.matched.add(twin.payment_id)
        if before is None:
            scene.references[row.reference_key] = row
            fresh.append(row)
    await store.add(told.session, fresh)
    return verdicts


async def _scene(told: Told, given: Sequence[Given[PaymentItem]]) -> _Scene:
    ids = [one.practice.id for one in given]
    creditor = await intake.creditor(told.session, told.creditor_id)
    owed = await ledger.owed(told.session, ids)
    lines = await by_practice(told.session, DebtLine, ids, order=col(DebtLine.position))
    keys = {reference_key(one.item.reference) for one in given}
    ruleset = await rules.ruleset_of(told.parts, told.session, told.today)
    return _Scene(
        references=await store.seen(told.session, told.creditor_id, keys),
        ours=await store.known_to_creditor(told.session, ids, zone=told.parts.zone),
        matched=await store.matched(told.session, ids),
        announced=await store.announced(told.session, ids),
        lines={
            practice_id: [(row.id, owed[practice_id].get(row.id, LineBalance())) for row in lines[practice_id]]
            for practice_id in ids
        },
        due={practice_id: {row.id: row.due_on for row in lines[practice_id]} for practice_id in ids},
        clocks=await limitation.clocks(told.session, ids, ruleset=ruleset, today=told.today),
        order=order_named(creditor.allocation_order),
    )


def _before(scene: _Scene, one: Given[PaymentItem]) -> SeenPayment | None:
    """What was told under this reference before. Raises Refusal `inbound.reference_differs`."""
    row = scene.references.get(reference_key(one.item.reference))
    if row is None:
        return None
    said = (row.practice_id, row.amount_cents, row.paid_on)
    if said != (one.practice.id, one.item.amount_cents, one.item.paid_on):
        details = {
            "reference": row.reference,
            "amount_cents": row.amount_cents,
            "paid_on": row.paid_on.isoformat(),
        }
        raise Refusal("inbound.reference_differs", kind=Kind.CONFLICT, details=details)
    return row


def _twin(scene: _Scene, one: Given[PaymentItem]) -> OwnReceipt | None:
    row = scene.references.get(reference_key(one.item.reference))
    own = {row.held_against} if row is not None else set()
    return same_as_ours(
        scene.ours.get(one.practice.id, ()),
        amount_cents=one.item.amount_cents,
        paid_on=one.item.paid_on,
        other_than=one.item.other_than,
        matched=scene.matched - own,
    )


def _row(told: Told, one: Given[PaymentItem], state: PaymentState, *, held_against: UUID | None = None) -> SeenPayment:
    return SeenPayment(
        id=told.new_id(),
        agency_id=told.account.agency_id,
        creditor_id=told.creditor_id,
        practice_id=one.practice.id,
        service_account_id=told.account.account_id,
        reference=one.item.reference.strip(),
        reference_key=reference_key(one.item.reference),
        amount_cents=one.item.amount_cents,
        paid_on=one.item.paid_on,
        at=told.now,
        state=state.value,
        held_against=held_against,
    )


async def _ask(told: Told, one: Given[PaymentItem], row: SeenPayment, twin: OwnReceipt) -> None:
    await told.ask(
        HELD_TASK,
        ("seen_payment", str(row.id)),
        one.practice.id,
        reference=row.reference,
        amount_cents=row.amount_cents,
        paid_on=row.paid_on.isoformat(),
        receipt=twin.receipt,
        received_on=twin.received_on.isoformat(),
        twice_cents=2 * row.amount_cents,
        source=told.account.name,
    )
    audit(told.session, "inbound.payment_held", "practice", one.practice.id, **told.audited(**_said(row)))


def _said(row: SeenPayment) -> dict[str, Any]:
    return {"reference": row.reference, "amount_cents": row.amount_cents, "paid_on": row.paid_on.isoformat()}


async def _book(told: Told, scene: _Scene, one: Given[PaymentItem], row: SeenPayment) -> ItemVerdict:
    stated_on = came_on(one.practice.stated_at, told.parts.zone)
    included = is_included(row.paid_on, as_of=one.practice.as_of, stated_on=stated_on)
    over_cents, on_barred = 0, False
    state, entry_id = PaymentState.INCLUDED, None
    if not included:
        shares, over_cents = _laid(scene, one)
        on_barred = _settles_barred(scene, one, shares)
        entry = _entry(told, one, row, shares)
        posted = await ledger.post(told.session, [entry], now=told.now, new_id=told.new_id)
        state, entry_id = PaymentState.POSTED, posted[entry.idempotency_key]
    if row.state == PaymentState.HELD:
        await tasks.finish_about(told.session, HELD_TASK, [str(row.id)], person_id=told.person_id, now=told.now)
    row.state, row.entry_id, row.held_against = state.value, entry_id, None
    await _settle_announced(told, scene, one, row)
    if over_cents:
        details: dict[str, Any] = {"over_cents": over_cents, "receipt": row.reference}
        await told.ask("practice.overpaid", ("seen_payment", str(row.id)), one.practice.id, **details)
    if on_barred:
        flagged: dict[str, Any] = {"flags": [told_barred.FLAG], "receipt": row.reference}
        await told.ask("payment.flagged", ("seen_payment", str(row.id)), one.practice.id, **flagged)
    told.tell("payment.seen", told.now, one.practice.id, **_said(row), included=included)
    audit(
        told.session,
        "inbound.payment",
        "practice",
        one.practice.id,
        **told.audited(**_said(row), included=included),
    )
    return accepted(one, included=included)


def _barred(scene: _Scene, one: Given[PaymentItem]) -> set[UUID]:
    """The lines that were time-barred on the day of the payment."""
    clocks = scene.clocks.get(one.practice.id, {})
    return {line_id for line_id, clock in clocks.items() if clock.barred(one.item.paid_on)}


def _laid(scene: _Scene, one: Given[PaymentItem]) -> tuple[list[LineShare], int]:
    """The money over the lines, time-barred ones last, and what exceeds the debt."""
    barred = _barred(scene, one)
    due = scene.due[one.practice.id]
    debts = [(str(line_id), LegalRank(due_on, barred=line_id in barred)) for line_id, due_on in due.items()]
    order = ranked(scene.order, debts, today=one.item.paid_on)
    return laid_over_lines(scene.lines[one.practice.id], one.item.amount_cents, order=order)


def _settles_barred(scene: _Scene, one: Given[PaymentItem], shares: Sequence[LineShare]) -> bool:
    barred, left = _barred(scene, one), dict(scene.lines[one.practice.id])
    return any(
        share.debt_line_id in barred and min(share.total_cents, left[share.debt_line_id].left_cents) > 0
        for share in shares
    )


def _entry(told: Told, one: Given[PaymentItem], row: SeenPayment, shares: Sequence[LineShare]) -> NewEntry:
    return payment_entry(
        at=seen_at(row.paid_on, now=told.now, zone=told.parts.zone),
        idempotency_key=f"seen:{row.id}",
        creditor_id=told.creditor_id,
        practice_id=one.practice.id,
        held_in=AccountKey(AccountKind.CREDITOR_DUES, creditor_id=told.creditor_id),
        shares=shares,
        amount_cents=row.amount_cents,
        memo=row.reference,
    )


async def _settle_announced(told: Told, scene: _Scene, one: Given[PaymentItem], row: SeenPayment) -> None:
    """The transfer that the debtor announced has arrived: the office need not look for it."""
    for promise in scene.announced.get(one.practice.id, ()):
        if promise.state == "open" and promise.amount_cents == row.amount_cents:
            promise.state, promise.reference = "kept", row.reference
            audit(
                told.session,
                "inbound.announced_settled",
                "promise",
                promise.id,
                **told.audited(reference=row.reference),
            )
            return


async def book_held(work: Work, task_id: UUID) -> TaskRow:
    """A person looked at a payment that may be our receipt and says that it is another: it is booked, the task done.

    Raises Refusal `task.unknown`, `inbound.payment_not_held`, `inbound.creditor_busy`.
    """
    task = await tasks.open_task(work.session, task_id)
    found = await store.held_payment(work.session, task.subject_id) if task.kind == HELD_TASK else None
    if found is None:
        raise Refusal("inbound.payment_not_held", kind=Kind.CONFLICT)
    row, practice, teller = found
    told = Told(work.parts, work.session, teller, row.creditor_id, work.now, work.identity.person_id)
    ours = await store.known_to_creditor(work.session, [practice.id], zone=work.parts.zone)
    item = PaymentItem(
        practice_number=practice.practice_number,
        reference=row.reference,
        amount_cents=row.amount_cents,
        paid_on=row.paid_on,
        other_than=[own.receipt for own in ours.get(practice.id, ())],
    )
    verdicts = await take_payments(told, [Given(0, item, practice)])
    assert verdicts[0].verdict == "accepted", verdicts
    audit(work.session, "inbound.payment_released", "practice", practice.id, **_said(row))
    await work.session.refresh(task)
    return (await tasks.rows(work.session, task_id=task_id))[0]


_PAYMENTS = Reception("write_payments", WriteScope.PAYMENTS, PaymentItem, take_payments)


async def receive_payments(
    parts: Parts, account: ServiceIdentity, body: bytes, *, key: str | None, language: str
) -> Answered:
    """Take payments that another system tells. Raises as `inbound.receive`."""
    return await inbound.receive(parts, account, _PAYMENTS, body, key=key, language=language)
