"""Money on its way from a door to the bank: handed in, counted, banked, cleared, or not paid after all.

Every command may be sent twice: it names what it is about, and what is done already is answered, not done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from fieldapp.domain import cash as rules
from fieldapp.domain.cash import HandIn
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import AccountKey, AccountKind, NewEntry, reversal
from fieldapp.domain.payments import METHODS, Standing, payment_method
from fieldapp.services.agreement_review import desk_of, review
from fieldapp.services.work import Work
from fieldapp.store import cash as store
from fieldapp.store import ledger, refused_money, tasks
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.cash import CashDesk, SlipRow
from fieldapp.store.tables.field import Payment
from fieldapp.store.tables.ledger import DepositSlip

EARLIEST = timedelta(days=60)
"""A bank's date further back is a slip of the finger."""


async def read_desk(work: Work) -> CashDesk:
    """What is held, under way and announced now."""
    return CashDesk(
        at=work.now,
        purses=await store.purses(work.session),
        cheques=await store.under_way(work.session, ["cheque"]),
        cards=await store.under_way(work.session, [method.code for method in METHODS.values() if method.paid_out]),
        transfers=await store.announced(work.session),
        slips=await store.slips(work.session),
        refused=await refused_money.waiting(work.session),
    )


async def hand_in(
    work: Work,
    slip_id: UUID,
    *,
    agent_id: UUID,
    declared_cents: int,
    pieces: Mapping[int, int],
    payment_ids: Sequence[UUID],
    reason: str,
) -> SlipRow:
    """An agent hands in cash and cheques, the office counts. `slip_id` is the caller's, so that a repeat is known.

    Nobody counts the own purse. Raises Refusal `cash.own_purse`, `cash.more_than_held` (details: held_cents),
    `cash.cheque_not_held`, `cash.slip_differs` and those of `domain.cash.HandIn`.
    """
    agent = await store.purse_holder(work.session, agent_id)
    counted = rules.counted_cents(pieces)
    known = await store.slip(work.session, slip_id)
    if known is not None:
        handed_before = {row.id for row in await store.payments_on_slip(work.session, slip_id)}
        before = (known.agent_id, known.declared_cents, known.counted_cents, handed_before)
        if before != (agent_id, declared_cents, counted, set(payment_ids)):
            raise Refusal("cash.slip_differs", kind=Kind.CONFLICT)
        return (await store.slips(work.session, slip_id=slip_id))[0]
    if agent_id == work.identity.person_id:
        raise Refusal("cash.own_purse", kind=Kind.FORBIDDEN)
    cheques = await _cheques_held(work, agent_id, payment_ids)
    faces = [await held_cents(work, row) for row in cheques]
    handed = HandIn(agent_id, declared_cents, counted, tuple(faces), reason)
    held = (await ledger.held_by(work.session, agent_id)).get(AccountKind.AGENT_CASH, 0)
    if declared_cents > held:
        raise Refusal("cash.more_than_held", details={"held_cents": held})
    number = await store.next_slip_number(work.session)
    entry = rules.hand_in_entry(handed, at=work.now, idempotency_key=f"hand-in:{slip_id}", memo=f"distinta {number}")
    posted = await _post(work, entry)
    work.session.add(
        DepositSlip(
            id=slip_id,
            agency_id=work.agency_id,
            number=number,
            agent_id=agent_id,
            handed_in_at=work.now,
            counted_by=work.identity.person_id,
            declared_cents=declared_cents,
            counted_cents=counted,
            pieces={str(value): number for value, number in pieces.items() if number},
            reason=reason.strip(),
            entry_id=posted,
        )
    )
    await work.session.flush()
    for row in cheques:
        row.standing, row.slip_id = Standing.HANDED_IN.value, slip_id
    if handed.difference_cents:
        details = {"agent": agent.name, "difference_cents": handed.difference_cents, "reason": reason.strip()}
        await tasks.add(
            work.session,
            "cash.difference",
            subject=("deposit_slip", str(slip_id)),
            due_on=work.today,
            details=details,
            now=work.now,
            new_id=work.new_id,
        )
    body = {"slip": number, "agent": agent.name, "counted_cents": counted, "cheques": len(cheques)}
    body["difference_cents"] = handed.difference_cents
    tell(work.session, NewFact("cash.handed_in", work.now, body=body))
    audit(work.session, "cash.handed_in", "deposit_slip", slip_id, **body)
    return (await store.slips(work.session, slip_id=slip_id))[0]


async def _cheques_held(work: Work, agent_id: UUID, payment_ids: Sequence[UUID]) -> list[Payment]:
    rows = await store.payments(work.session, payment_ids)
    mine = [row for row in rows if row.agent_id == agent_id and row.method == "cheque"]
    if len(mine) != len(set(payment_ids)):
        raise Refusal("cash.cheque_not_held", kind=Kind.MISSING)
    for row in mine:
        rules.step(row.method, Standing(row.standing), Standing.HANDED_IN)
    return mine


async def bank_slip(work: Work, slip_id: UUID, *, banked_on: date, reference: str) -> SlipRow:
    """The slip's cash and cheques were paid in. Raises Refusal `cash.slip_unknown`, `cash.date_unlikely`."""
    slip = await store.slip(work.session, slip_id)
    if slip is None:
        raise Refusal("cash.slip_unknown", kind=Kind.MISSING)
    if slip.banked_on is None:
        at = moment(work, banked_on, since=slip.handed_in_at)
        cheques = await store.payments_on_slip(work.session, slip_id)
        moving = [row for row in cheques if row.standing == Standing.HANDED_IN.value]
        bank, at_bank = AccountKey(AccountKind.AGENCY_BANK), AccountKey(AccountKind.CHEQUES_AT_BANK)
        # What was given back out of the office's cash meanwhile is not there to be paid in.
        in_hand = await ledger.held_in(work.session, AccountKey(AccountKind.OFFICE_CASH))
        cash_cents = max(0, min(slip.counted_cents, in_hand))
        moves = [(AccountKey(AccountKind.OFFICE_CASH), bank, cash_cents)]
        moves += [(AccountKey(AccountKind.OFFICE_CHEQUES), at_bank, await held_cents(work, row)) for row in moving]
        slip.bank_entry_id = await _post(
            work,
            rules.move_entry(
                "banked", moves, at=at, idempotency_key=f"banked:{slip_id}", memo=f"distinta {slip.number}"
            ),
        )
        slip.banked_on, slip.banked_by, slip.bank_reference = banked_on, work.identity.person_id, reference.strip()
        for row in moving:
            row.standing = Standing.AT_BANK.value
        await work.session.flush()
        body = {"slip": slip.number, "counted_cents": cash_cents, "cheques": len(moving)}
        tell(work.session, NewFact("cash.banked", at, body=body))
        audit(work.session, "cash.banked", "deposit_slip", slip_id, reference=reference.strip(), **body)
    return (await store.slips(work.session, slip_id=slip_id))[0]


async def clear_payment(work: Work, payment_id: UUID, *, cleared_on: date) -> CashDesk:
    """The bank has credited a cheque, or the acquirer has paid a card. Raises Refusal `cash.step_out_of_turn`."""
    await _clear(work, payment_id, cleared_on)
    return await read_desk(work)


async def _clear(work: Work, payment_id: UUID, cleared_on: date) -> None:
    row = await store.payment(work.session, payment_id)
    if row.standing != Standing.CLEARED.value:
        rules.step(row.method, Standing(row.standing), Standing.CLEARED)
        at = moment(work, cleared_on, since=row.received_at, banked_on=await store.banked_on(work.session, row))
        source = await _place_of(work, row)
        # The stamp duty that a debtor paid on top travels with the payment.
        cents = await held_cents(work, row)
        entry = rules.move_entry(
            "cleared",
            [(source, AccountKey(AccountKind.AGENCY_BANK), cents)],
            at=at,
            idempotency_key=f"cleared:{payment_id}",
            memo=row.method,
            practice_id=row.practice_id,
        )
        await _post(work, replace(entry, payment_id=payment_id))
        row.standing = Standing.CLEARED.value
        await work.session.flush()
        _tell(work, "payment.cleared", row, at)
        await look_again(work, row.practice_id)


async def credit_cards(work: Work, payment_ids: Sequence[UUID], *, credited_on: date) -> CashDesk:
    """The acquirer or provider has paid out a batch. All or none. Raises as `clear_payment`, `payment.not_by_card`."""
    for row in await store.payments(work.session, payment_ids):
        if not payment_method(row.method).paid_out:
            raise Refusal("payment.not_by_card", kind=Kind.CONFLICT)
    for payment_id in payment_ids:
        await _clear(work, payment_id, credited_on)
    return await read_desk(work)


async def bounce_cheque(work: Work, payment_id: UUID, *, unpaid_on: date, reason: str) -> CashDesk:
    """The bank has sent a cheque back unpaid: the claim is owed again, and somebody has to act on it."""
    row = await store.payment(work.session, payment_id)
    if row.standing != Standing.UNPAID.value:
        rules.step(row.method, Standing(row.standing), Standing.UNPAID)
        # What the bank has credited comes back afterwards, never before.
        since = await store.posted_at(work.session, f"cleared:{payment_id}") or row.received_at
        at = moment(work, unpaid_on, since=since, banked_on=await store.banked_on(work.session, row))
        await reverse(work, row, at=at, key=f"unpaid:{payment_id}", reason=reason)
        row.standing = Standing.UNPAID.value
        await work.session.flush()
        _tell(work, "cheque.unpaid", row, at, reason=reason)
        await tasks.add(
            work.session,
            "cheque.unpaid",
            subject=("payment", str(payment_id)),
            practice_id=row.practice_id,
            due_on=work.today,
            details={"amount_cents": row.amount_cents, "reason": reason},
            now=work.now,
            new_id=work.new_id,
        )
        await look_again(work, row.practice_id)
    return await read_desk(work)


async def look_again(work: Work, practice_id: UUID) -> None:
    """Plans and settlements of the practice, held against its money as it is now."""
    tell(work.session, *await review(desk_of(work), [practice_id]))


async def reverse(work: Work, row: Payment, *, at: datetime, key: str, reason: str) -> None:
    """Undo a payment's entry, taking the money from where it stands now."""
    original = await store.entry(work.session, row.entry_id)
    received_in = _received_in(original)
    entry = reversal(
        original,
        entry_id=row.entry_id,
        at=at,
        idempotency_key=key,
        memo=reason,
        moved={received_in: await _place_of(work, row)},
    )
    await _post(work, replace(entry, payment_id=row.id))


async def _place_of(work: Work, row: Payment) -> AccountKey:
    received_in = _received_in(await store.entry(work.session, row.entry_id))
    return rules.where_is(row.method, Standing(row.standing), agent_id=row.agent_id, received_in=received_in)


async def held_cents(work: Work, row: Payment) -> int:
    """What the payment brought into hands: its amount, and the stamp duty that was taken with it."""
    original = await store.entry(work.session, row.entry_id)
    return sum(leg.amount_cents for leg in original.legs if leg.account == _received_in(original))


def _received_in(payment: NewEntry) -> AccountKey:
    """The account that a payment's entry debited for the money: the one debit beside the claims' counterpart."""
    return next(
        leg.account
        for leg in payment.legs
        if leg.amount_cents > 0 and leg.account.kind is not AccountKind.CREDITOR_CLAIMS
    )


async def _post(work: Work, entry: NewEntry) -> UUID:
    posted = await ledger.post(work.session, [entry], now=work.now, new_id=work.parts.new_id)
    return posted[entry.idempotency_key]


def moment(work: Work, day: date, *, since: datetime | None = None, banked_on: date | None = None) -> datetime:
    """The instant that a bank's date stands for: now for today, else noon of the day, but not before `since`.

    Raises Refusal `cash.date_unlikely` for a date to come or long past, and for one before the day of `since`, when
    the money was taken, or before it was `banked_on`.
    """
    first = work.today - EARLIEST
    if since is not None:
        first = max(first, since.astimezone(work.parts.zone).date())
    if banked_on is not None:
        first = max(first, banked_on)
    if not first <= day <= work.today:
        raise Refusal("cash.date_unlikely", details={"day": day.isoformat()})
    at = work.now if day == work.today else datetime.combine(day, time(12), tzinfo=work.parts.zone)
    return at if since is None else min(work.now, max(at, since))


def _tell(work: Work, kind: str, row: Payment, at: datetime, **more: str) -> None:
    body = {"amount_cents": row.amount_cents, "method": row.method, "payment_id": str(row.id), **more}
    fact = NewFact(kind, at, practice_id=row.practice_id, creditor_id=row.creditor_id, body=body)
    tell(work.session, fact)
    audit(work.session, kind, "payment", row.id, **more)
