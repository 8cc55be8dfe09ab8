"""Queries about money under way, and the few rows that change with it. The worth of everything stands in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import AccountKey, AccountKind, Leg, NewEntry
from fieldapp.domain.payments import METHODS, payment_method
from fieldapp.domain.receipts import receipt_name
from fieldapp.store import ledger
from fieldapp.store.payment_links import links_of
from fieldapp.store.practices import hold
from fieldapp.store.shapes.cash import (
    AccountStatement,
    AnnouncedTransfer,
    CountRow,
    PaymentLinkCard,
    PaymentUnderWay,
    Purse,
    SlipRow,
    StatementRow,
)
from fieldapp.store.tables.access import Device, Person
from fieldapp.store.tables.field import Payment, PaymentLink, Promise, Receipt
from fieldapp.store.tables.ledger import Account, DepositSlip, Entry, PaymentEntry, Posting, PurseCount
from fieldapp.store.tables.practice import Creditor, Obligor, Practice

SLIPS = 30
_UNDER_WAY = ("received", "handed_in", "at_bank")
_ANNOUNCED = [method.code for method in METHODS.values() if method.announced is not None]


_PURSE = tuple(
    kind.value for kind in (AccountKind.AGENT_CASH, AccountKind.CHEQUES_IN_HAND, AccountKind.CARD_IN_TRANSIT)
)
_TAKES_MONEY = ("agent", "back_office", "administrator")
"""At doors, and at the office's counter."""


async def purses(session: AsyncSession) -> list[Purse]:
    """Every agent, and whoever has taken money at the counter, by name."""
    at_the_counter = select(Account.person_id).where(col(Account.kind).in_(_PURSE))
    query = (
        select(Person, Account.kind, func.sum(Posting.amount_cents))
        .join(Account, col(Account.person_id) == col(Person.id), isouter=True)
        .join(Posting, col(Posting.account_id) == col(Account.id), isouter=True)
        .where(or_(col(Person.role) == "agent", col(Person.id).in_(at_the_counter)))
        .group_by(col(Person.id), col(Account.kind))
        .order_by(col(Person.name))
    )
    held: dict[UUID, dict[str, int]] = {}
    people: dict[UUID, Person] = {}
    for person, kind, cents in (await session.exec(query)).all():
        people[person.id] = person
        held.setdefault(person.id, {})[kind or ""] = int(cents or 0)
    counts = await counts_open(session)
    return [
        Purse(
            agent_id=person.id,
            agent_name=person.name,
            agent_number=person.agent_number or "",
            cash_cents=held[person.id].get(AccountKind.AGENT_CASH, 0),
            cheques_cents=held[person.id].get(AccountKind.CHEQUES_IN_HAND, 0),
            cards_cents=held[person.id].get(AccountKind.CARD_IN_TRANSIT, 0),
            limit_cents=person.cash_limit_cents,
            differences_cents=held[person.id].get(AccountKind.CASH_DIFFERENCES, 0),
            count=counts.get(person.id),
        )
        for person in people.values()
        if person.active or any(held[person.id].values())
    ]


async def counts_open(session: AsyncSession) -> dict[UUID, CountRow]:
    """The newest count of each agent who has not handed in since."""
    handed = (
        select(func.max(DepositSlip.handed_in_at))
        .where(DepositSlip.agent_id == PurseCount.agent_id)
        .correlate(PurseCount)
        .scalar_subquery()
    )
    query = (
        select(PurseCount)
        .where(func.coalesce(col(PurseCount.counted_at) > handed, True))
        .order_by(col(PurseCount.counted_at), col(PurseCount.id))
    )
    return {
        row.agent_id: CountRow(row.counted_at, row.expected_cents, row.counted_cents, row.pieces, row.reason)
        for row in (await session.exec(query)).all()
    }


async def under_way(session: AsyncSession, methods: Sequence[str]) -> list[PaymentUnderWay]:
    """Payments by `methods` that are not in the bank yet, and unpaid cheques, oldest first."""
    query = (
        select(Payment, Receipt, Practice.practice_number, Obligor.name, Person.name)  # type: ignore[call-overload]
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .join(Practice, col(Practice.id) == col(Payment.practice_id))
        .join(Obligor, and_(col(Obligor.practice_id) == col(Practice.id), col(Obligor.role) == "debtor"))
        .join(Person, col(Person.id) == col(Payment.agent_id))
        .where(col(Payment.method).in_(methods), col(Payment.standing).in_([*_UNDER_WAY, "unpaid"]))
        .order_by(col(Payment.standing) == "unpaid", col(Payment.received_at))
    )
    return [
        PaymentUnderWay(
            payment_id=payment.id,
            practice_id=payment.practice_id,
            practice_number=number,
            debtor_name=debtor,
            agent_id=payment.agent_id,
            agent_name=agent,
            method=payment.method,
            standing=payment.standing,
            receipt=receipt_name(receipt.series, receipt.number),
            received_at=payment.received_at,
            amount_cents=payment.amount_cents,
            details={
                name: payment.fields[name] for name in payment_method(payment.method).named_by if name in payment.fields
            },
        )
        for payment, receipt, number, debtor, agent in (await session.execute(query)).all()
    ]


async def announced(session: AsyncSession) -> list[AnnouncedTransfer]:
    """Payments that debtors announced and nobody has seen arrive, by the day they promised or the stamp says."""
    query = (
        select(Promise, Practice.practice_number, Obligor.name, Creditor.name)
        .join(Practice, col(Practice.id) == col(Promise.practice_id))
        .join(Obligor, and_(col(Obligor.practice_id) == col(Practice.id), col(Obligor.role) == "debtor"))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .where(col(Promise.kind).in_(_ANNOUNCED), Promise.state == "open")
        .order_by(col(Promise.due_on), col(Promise.id))
    )
    rows = (await session.exec(query)).all()
    owed = await ledger.owed_cents(session, [promise.practice_id for promise, _, _, _ in rows])
    links = await links_of(session, [promise.visit_id for promise, _, _, _ in rows if promise.kind == "payment_link"])
    return [
        AnnouncedTransfer(
            promise_id=promise.id,
            practice_id=promise.practice_id,
            practice_number=number,
            debtor_name=debtor,
            creditor_name=creditor,
            method=promise.kind,
            reference=promise.reference or "",
            due_on=promise.due_on,
            amount_cents=promise.amount_cents,
            owed_cents=owed.get(promise.practice_id, 0),
            link=_card(links.get((promise.visit_id, promise.amount_cents))),
        )
        for promise, number, debtor, creditor in rows
    ]


def _card(row: PaymentLink | None) -> PaymentLinkCard | None:
    return None if row is None else PaymentLinkCard(row.url or "", row.state, row.expires_at)


async def slips(session: AsyncSession, *, slip_id: UUID | None = None) -> list[SlipRow]:
    """Slips not banked, then the newest others; or the one of `slip_id`."""
    query = (
        select(DepositSlip, Person.name)
        .join(Person, col(Person.id) == col(DepositSlip.agent_id))
        .order_by(col(DepositSlip.banked_on).is_not(None), col(DepositSlip.number).desc())
        .limit(SLIPS)
    )
    if slip_id is not None:
        query = query.where(DepositSlip.id == slip_id)
    rows = (await session.exec(query)).all()
    ids = [slip.id for slip, _ in rows]
    counts = await session.execute(
        select(Payment.slip_id, func.count()).where(col(Payment.slip_id).in_(ids)).group_by(col(Payment.slip_id))
    )
    pieces: dict[UUID | None, int] = {row[0]: row[1] for row in counts}
    # What the entry says, not the payments: a cheque may also hold the stamp duty.
    worth = await session.execute(
        select(DepositSlip.id, func.sum(Posting.amount_cents))
        .join(Posting, col(Posting.entry_id) == col(DepositSlip.entry_id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(col(DepositSlip.id).in_(ids), Account.kind == AccountKind.OFFICE_CHEQUES.value)
        .group_by(col(DepositSlip.id))
    )
    cents = {found: int(total) for found, total in worth}
    return [
        SlipRow(
            id=slip.id,
            number=slip.number,
            agent_name=name,
            handed_in_at=slip.handed_in_at,
            declared_cents=slip.declared_cents,
            counted_cents=slip.counted_cents,
            cheques=pieces.get(slip.id, 0),
            cheques_cents=cents.get(slip.id, 0),
            reason=slip.reason,
            banked_on=slip.banked_on,
            bank_reference=slip.bank_reference,
        )
        for slip, name in rows
    ]


async def slip(session: AsyncSession, slip_id: UUID) -> DepositSlip | None:
    """The slip, held until the transaction ends."""
    return (await session.exec(select(DepositSlip).where(DepositSlip.id == slip_id).with_for_update())).first()


async def next_slip_number(session: AsyncSession) -> int:
    """From 1 without a gap: two that count at once find the same, and one of them starts again."""
    return ((await session.exec(select(func.max(DepositSlip.number)))).one() or 0) + 1


async def agent(session: AsyncSession, person_id: UUID) -> Person:
    """The agent, held until the transaction ends. Raises Refusal `cash.agent_unknown`."""
    return await _held(session, person_id, ("agent",))


async def purse_holder(session: AsyncSession, person_id: UUID) -> Person:
    """Whose purse it is, an agent's or a clerk's at the counter, held until the transaction ends so that it is not
    emptied twice. Raises Refusal `cash.agent_unknown`."""
    return await _held(session, person_id, _TAKES_MONEY)


async def _held(session: AsyncSession, person_id: UUID, roles: Sequence[str]) -> Person:
    query = select(Person).where(Person.id == person_id, col(Person.role).in_(roles)).with_for_update()
    person = (await session.exec(query)).first()
    if person is None:
        raise Refusal("cash.agent_unknown", kind=Kind.MISSING)
    return person


async def payment(session: AsyncSession, payment_id: UUID) -> Payment:
    """The payment, held until the transaction ends. Raises Refusal `payment.unknown`."""
    row = (await session.exec(select(Payment).where(Payment.id == payment_id).with_for_update())).first()
    if row is None:
        raise Refusal("payment.unknown", kind=Kind.MISSING)
    return row


async def payment_of_receipt(session: AsyncSession, receipt_id: UUID) -> Payment:
    """The payment that a receipt was given for, held. Raises Refusal `payment.unknown`."""
    row = (await session.exec(select(Payment).where(Payment.receipt_id == receipt_id).with_for_update())).first()
    if row is None:
        raise Refusal("payment.unknown", kind=Kind.MISSING)
    return row


async def payments(session: AsyncSession, ids: Sequence[UUID]) -> list[Payment]:
    """These payments, held, in one order for everybody so that two never wait for each other."""
    query = select(Payment).where(col(Payment.id).in_(ids)).order_by(col(Payment.id)).with_for_update()
    return list((await session.exec(query)).all())


async def payments_on_slip(session: AsyncSession, slip_id: UUID) -> list[Payment]:
    query = select(Payment).where(Payment.slip_id == slip_id).order_by(col(Payment.id)).with_for_update()
    return list((await session.exec(query)).all())


async def hold_practice_of(session: AsyncSession, promise_id: UUID) -> None:
    """Hold the practice of an announced payment until the transaction ends."""
    practice_id = (await session.exec(select(Promise.practice_id).where(Promise.id == promise_id))).first()
    if practice_id is not None:
        await hold(session, [practice_id])


async def promise(session: AsyncSession, promise_id: UUID) -> Promise:
    """An announced payment, held until the transaction ends. Raises Refusal `transfer.unknown`."""
    query = select(Promise).where(Promise.id == promise_id, col(Promise.kind).in_(_ANNOUNCED)).with_for_update()
    row = (await session.exec(query)).first()
    if row is None:
        raise Refusal("transfer.unknown", kind=Kind.MISSING)
    return row


async def entry(session: AsyncSession, entry_id: UUID) -> NewEntry:
    """An entry as it was posted."""
    row = await session.get_one(Entry, entry_id)
    return NewEntry(
        row.kind,
        row.at,
        row.idempotency_key,
        tuple(await _legs(session, [entry_id])),
        memo=row.memo,
        practice_id=row.practice_id,
        reverses=row.reverses,
    )


async def banked_on(session: AsyncSession, payment: Payment) -> date | None:
    """The day on which the slip that a payment went with was paid in."""
    if payment.slip_id is None:
        return None
    return (await session.get_one(DepositSlip, payment.slip_id)).banked_on


async def times_posted(session: AsyncSession, cause: str) -> int:
    """How often a cause was posted: under its own key, or again after that was undone (`cause:2` and so on)."""
    again = col(Entry.idempotency_key).like(f"{cause}:%")
    query = select(func.count()).select_from(Entry).where(or_(col(Entry.idempotency_key) == cause, again))
    return (await session.exec(query)).one()


async def named_alike(session: AsyncSession, method: str, said: Mapping[str, str], *, but: str) -> list[str]:
    """The receipts, but one, of standing payments whose answers say the same, without regard to case."""
    query = (
        select(Receipt)
        .join(Payment, col(Payment.receipt_id) == col(Receipt.id))
        .where(
            Payment.method == method,
            col(Payment.standing) != "voided",
            *(func.lower(col(Payment.fields)[name].astext) == value.lower() for name, value in said.items()),
        )
        .order_by(col(Receipt.issued_at), col(Receipt.id))
    )
    names = [receipt_name(row.series, row.number) for row in (await session.exec(query)).all()]
    return [name for name in names if name != but]


def rest_of(promise_id: UUID, cause: str) -> UUID:
    """The announcement of what was still missing when `cause` kept a part of one."""
    return uuid5(promise_id, cause)


async def announce_again(session: AsyncSession, payment: Payment) -> None:
    """The announcement that a voided payment had kept waits for its money again, with what was still missing of it."""
    cause = (await session.get_one(Entry, payment.entry_id)).idempotency_key
    kind, _, rest = cause.partition(":")
    if kind != "transfer":
        return
    promise = await session.get_one(Promise, UUID(rest.partition(":")[0]))
    promise.state = "open"
    missing = await session.get(Promise, rest_of(promise.id, cause))
    if missing is not None and missing.state == "open":
        promise.amount_cents += missing.amount_cents
        await session.delete(missing)


async def was_posted(session: AsyncSession, idempotency_key: str) -> bool:
    return (await session.exec(select(Entry.id).where(Entry.idempotency_key == idempotency_key))).first() is not None


async def posted_at(session: AsyncSession, idempotency_key: str) -> datetime | None:
    """The instant of the entry that was posted under this key, if one was."""
    return (await session.exec(select(Entry.at).where(Entry.idempotency_key == idempotency_key))).first()


async def given_back_by(session: AsyncSession, idempotency_key: str) -> tuple[UUID, int] | None:
    """The payment that a refund was of, and how much it gave back; None where nothing was posted under this key."""
    query = (
        select(PaymentEntry.payment_id, func.sum(Posting.amount_cents))
        .join(Entry, col(Entry.id) == col(PaymentEntry.entry_id))
        .join(Posting, col(Posting.entry_id) == col(Entry.id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(Entry.idempotency_key == idempotency_key, Account.kind == AccountKind.CREDITOR_DUES.value)
        .group_by(col(PaymentEntry.payment_id))
    )
    found = (await session.exec(query)).first()
    return None if found is None else (found[0], int(found[1]))


async def claim_legs_of(session: AsyncSession, of: Payment) -> list[Leg]:
    """What a payment and all later entries about it did to the claims, in the order of posting."""
    later = (await session.exec(select(PaymentEntry.entry_id).where(PaymentEntry.payment_id == of.id))).all()
    claims = {AccountKind.CLAIM_PRINCIPAL, AccountKind.CLAIM_INTEREST, AccountKind.CLAIM_COSTS}
    return [leg for leg in await _legs(session, [of.entry_id, *later]) if leg.account.kind in claims]


async def _legs(session: AsyncSession, entry_ids: Sequence[UUID]) -> list[Leg]:
    query = (
        select(Posting, Account)
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(col(Posting.entry_id).in_(entry_ids))
        .order_by(col(Posting.id))
    )
    return [
        Leg(
            AccountKey(AccountKind(account.kind), account.creditor_id, account.practice_id, account.person_id),
            posting.amount_cents,
            posting.debt_line_id,
        )
        for posting, account in (await session.exec(query)).all()
    ]


async def statement(
    session: AsyncSession, key: AccountKey, *, since: datetime | None, until: datetime
) -> AccountStatement:
    """One account from `since` (included) to `until` (included), by the instant that each entry is of."""
    query: Any = (
        select(Entry, Posting.amount_cents)
        .join(Posting, col(Posting.entry_id) == col(Entry.id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(
            Account.kind == key.kind.value,
            *ledger.owned_by(key),
            col(Entry.at) <= until,
        )
        .order_by(col(Entry.at), col(Entry.id), col(Posting.id))
    )
    opening = balance = 0
    rows = []
    for of, cents in (await session.exec(query)).all():
        balance += cents
        if since is not None and of.at < since:
            opening = balance
            continue
        rows.append(StatementRow(of.at, of.kind, of.memo, of.practice_id, cents, balance))
    return AccountStatement(key.kind.value, await _owner(session, key), opening, rows, balance)


async def _owner(session: AsyncSession, key: AccountKey) -> str:
    """The name of whoever the account belongs to. Raises Refusal `ledger.account_unknown`."""
    for table, column, owner in (
        (Creditor, Creditor.name, key.creditor_id),
        (Practice, Practice.practice_number, key.practice_id),
        (Person, Person.name, key.person_id),
    ):
        if owner is not None:
            name = (await session.exec(select(column).where(table.id == owner))).first()
            if name is None:
                raise Refusal("ledger.account_unknown", kind=Kind.MISSING)
            return str(name)
    return ""


async def counter_receipt_of(session: AsyncSession, receipt_id: UUID) -> Receipt | None:
    return (await session.exec(select(Receipt).where(Receipt.voids == receipt_id))).first()


async def receipts_of_devices(session: AsyncSession) -> list[Receipt]:
    """All receipts of the series of devices, by device and number; not those written on paper pads."""
    query = (
        select(Receipt)
        .join(Device, col(Device.id) == col(Receipt.device_id))
        .where(Receipt.series == Device.series)
        .order_by(col(Receipt.device_id), col(Receipt.number))
    )
    return list((await session.exec(query)).all())
