"""The ledger's queries: entries in by batches, balances out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, Subquery, Text, Uuid, case, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import CLAIMS, AccountKey, AccountKind, Leg, LineBalance, NewEntry
from fieldapp.store.batches import insert_rows
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.shapes.office import AccountBalance, EntryRow, PostingRow, TrialBalance
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.ledger import Account, Entry, PaymentEntry, Posting
from fieldapp.store.tables.practice import Creditor, Practice

_CHUNK = 5_000
"""Accounts in one statement."""


async def post(
    session: AsyncSession, entries: Sequence[NewEntry], *, now: datetime, new_id: Callable[[], UUID]
) -> dict[str, UUID]:
    """Write balanced entries in batches and return entry ids by idempotency key.

    A key that was posted before raises IntegrityError `entry_once`.
    """
    ids, rows = await entry_rows(session, entries, now=now, new_id=new_id)
    for table, of_table in rows.items():
        await insert_rows(session, table, of_table)
    return ids


async def entry_rows(
    session: AsyncSession, entries: Sequence[NewEntry], *, now: datetime, new_id: Callable[[], UUID]
) -> tuple[dict[str, UUID], dict[type[SQLModel], list[dict[str, Any]]]]:
    """The rows that write `entries`, and their ids by idempotency key; opens the accounts that they touch."""
    if not entries:
        return {}, {}
    agency_id = agency_of(session)
    accounts = await _account_ids(session, {leg.account for e in entries for leg in e.legs}, new_id=new_id)
    ids = {entry.idempotency_key: new_id() for entry in entries}
    written = [
        {
            "id": ids[entry.idempotency_key],
            "agency_id": agency_id,
            "at": entry.at,
            "recorded_at": now,
            "kind": entry.kind,
            "memo": entry.memo,
            "practice_id": entry.practice_id,
            "idempotency_key": entry.idempotency_key,
            "reverses": entry.reverses,
        }
        for entry in entries
    ]
    postings = [
        {
            "id": new_id(),
            "agency_id": agency_id,
            "entry_id": ids[entry.idempotency_key],
            "account_id": accounts[leg.account],
            "debt_line_id": leg.debt_line_id,
            "amount_cents": leg.amount_cents,
        }
        for entry in entries
        for leg in entry.legs
    ]
    about = [
        {"entry_id": ids[entry.idempotency_key], "agency_id": agency_id, "payment_id": entry.payment_id}
        for entry in entries
        if entry.payment_id is not None
    ]
    return ids, {Entry: written, Posting: postings, PaymentEntry: about}


_OPEN_ACCOUNTS = """
    with wanted as (
      select * from unnest(:ids, :kinds, :creditors, :practices, :people)
        as row(id, kind, creditor_id, practice_id, person_id)
    ), opened as (
      insert into account (id, agency_id, kind, creditor_id, practice_id, person_id, currency)
      select id, :agency, kind, creditor_id, practice_id, person_id, 'EUR' from wanted
      on conflict do nothing
      returning id, kind, creditor_id, practice_id, person_id
    )
    select * from opened
    union all
    select a.id, a.kind, a.creditor_id, a.practice_id, a.person_id
    from account a join wanted w on a.practice_id = w.practice_id and a.kind = w.kind
    union all
    select a.id, a.kind, a.creditor_id, a.practice_id, a.person_id
    from account a join wanted w on a.agency_id = :agency and a.kind = w.kind and a.creditor_id = w.creditor_id
      and a.practice_id is null and a.person_id is null
    union all
    select a.id, a.kind, a.creditor_id, a.practice_id, a.person_id
    from account a join wanted w on a.agency_id = :agency and a.kind = w.kind and a.person_id = w.person_id
      and a.creditor_id is null and a.practice_id is null
    union all
    select a.id, a.kind, a.creditor_id, a.practice_id, a.person_id
    from account a join wanted w on a.agency_id = :agency and a.kind = w.kind
      and num_nonnulls(w.creditor_id, w.practice_id, w.person_id) = 0
      and a.creditor_id is null and a.practice_id is null and a.person_id is null
"""
"""Opens what is not there yet and finds the rest: a look-up for each sort of owner, so that an index answers it."""


async def _account_ids(
    session: AsyncSession, keys: set[AccountKey], *, new_id: Callable[[], UUID]
) -> dict[AccountKey, UUID]:
    """The accounts of `keys`, opened where they are not there yet; two writers open each once."""
    wanted = sorted(keys, key=lambda k: (k.kind, str(k.creditor_id), str(k.practice_id), str(k.person_id)))
    found: dict[AccountKey, UUID] = {}
    for start in range(0, len(wanted), _CHUNK):
        found |= await _opened(session, wanted[start : start + _CHUNK], new_id=new_id)
    # Opened by somebody else in between: the insert waited for them, and a new look sees theirs.
    meanwhile = [key for key in wanted if key not in found]
    return found | await _opened(session, meanwhile, new_id=new_id) if meanwhile else found


async def _opened(
    session: AsyncSession, keys: Sequence[AccountKey], *, new_id: Callable[[], UUID]
) -> dict[AccountKey, UUID]:
    statement = sqlalchemy.text(_OPEN_ACCOUNTS).bindparams(
        *(sqlalchemy.bindparam(name, type_=ARRAY(Uuid())) for name in ("ids", "creditors", "practices", "people")),
        sqlalchemy.bindparam("kinds", type_=ARRAY(Text())),
    )
    values = {
        "agency": agency_of(session),
        "ids": [new_id() for _ in keys],
        "kinds": [key.kind.value for key in keys],
        "creditors": [key.creditor_id for key in keys],
        "practices": [key.practice_id for key in keys],
        "people": [key.person_id for key in keys],
    }
    return {
        AccountKey(AccountKind(row.kind), row.creditor_id, row.practice_id, row.person_id): row.id
        for row in await session.execute(statement, values)
    }


async def owed(
    session: AsyncSession, practice_ids: Iterable[UUID], *, until: datetime | None = None
) -> dict[UUID, dict[UUID, LineBalance]]:
    """What is owed now, or was before the instant `until`: practice -> debt line -> balance."""
    ids = list(practice_ids)
    kinds = {kind: func.sum(case((col(Account.kind) == kind.value, Posting.amount_cents), else_=0)) for kind in CLAIMS}
    query = (
        select(Account.practice_id, Posting.debt_line_id, *kinds.values())
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(among(Account.practice_id, ids), col(Account.kind).in_([kind.value for kind in CLAIMS]))
        .group_by(col(Account.practice_id), col(Posting.debt_line_id))
    )
    if until is not None:
        query = query.join(Entry, col(Entry.id) == col(Posting.entry_id)).where(col(Entry.at) < until)
    result: dict[UUID, dict[UUID, LineBalance]] = {practice_id: {} for practice_id in ids}
    for practice_id, line_id, principal, interest, costs in await session.execute(query):
        result[practice_id][line_id] = LineBalance(int(principal), int(interest), int(costs))
    return result


async def owed_by_creditor(session: AsyncSession) -> dict[UUID, int]:
    """What is owed to each creditor over all practices, in cents; added up by the database."""
    query = (
        select(Practice.creditor_id, func.sum(Posting.amount_cents))
        .select_from(Posting)
        .join(Account, col(Account.id) == col(Posting.account_id))
        .join(Practice, col(Practice.id) == col(Account.practice_id))
        .where(col(Account.kind).in_([kind.value for kind in CLAIMS]))
        .group_by(col(Practice.creditor_id))
    )
    return {creditor_id: int(total) for creditor_id, total in await session.execute(query)}


async def owed_cents(session: AsyncSession, practice_ids: Iterable[UUID] | None = None) -> dict[UUID, int]:
    """What is left of the debt by practice (`domain.ledger.left_cents`); over all practices when none are named."""
    part = _parts(practice_ids)
    query = select(part.c.practice_id, func.sum(func.greatest(0, part.c.cents))).group_by(part.c.practice_id)
    return {practice_id: int(total) for practice_id, total in await session.execute(query) if practice_id}


async def uneven(session: AsyncSession, practice_ids: Iterable[UUID]) -> list[UUID]:
    """Those of the practices where a part of the claim is below zero while another is open."""
    part = _parts(practice_ids)
    query = select(part.c.practice_id).group_by(part.c.practice_id)
    query = query.having(func.min(part.c.cents) < 0, func.max(part.c.cents) > 0).order_by(part.c.practice_id)
    return list((await session.execute(query)).scalars())


def _parts(practice_ids: Iterable[UUID] | None) -> Subquery:
    """What is owed on each part of each line; over all practices when none are named."""
    wanted: list[ColumnElement[bool]] = [col(Account.kind).in_([kind.value for kind in CLAIMS])]
    if practice_ids is not None:
        wanted.append(among(Account.practice_id, practice_ids))
    return (
        sqlalchemy.select(col(Account.practice_id).label("practice_id"), func.sum(Posting.amount_cents).label("cents"))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(*wanted)
        .group_by(col(Account.practice_id), col(Account.kind), col(Posting.debt_line_id))
        .subquery()
    )


async def held_by(session: AsyncSession, person_id: UUID) -> dict[AccountKind, int]:
    """What an agent holds, in cents, by kind of account."""
    query = (
        select(Account.kind, func.sum(Posting.amount_cents))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(Account.person_id == person_id)
        .group_by(col(Account.kind))
    )
    return {AccountKind(kind): int(total) for kind, total in await session.execute(query)}


async def held_in(session: AsyncSession, key: AccountKey) -> int:
    """What an account stands at, in cents; the account is held, so that two do not spend the same."""
    query = select(Account).where(Account.kind == key.kind.value, *owned_by(key))
    account = (await session.exec(query.with_for_update())).first()
    if account is None:
        return 0
    total = select(func.coalesce(func.sum(Posting.amount_cents), 0)).where(Posting.account_id == account.id)
    return int((await session.exec(total)).one())


async def entries_of(session: AsyncSession, practice_id: UUID) -> list[EntryRow]:
    """All entries of a practice with their postings, newest first."""
    query = (
        select(Entry, Posting, Account, Creditor.name, Person.name, Practice.practice_number)  # type: ignore[call-overload]
        .join(Posting, col(Posting.entry_id) == col(Entry.id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .join(Creditor, col(Creditor.id) == col(Account.creditor_id), isouter=True)
        .join(Person, col(Person.id) == col(Account.person_id), isouter=True)
        .join(Practice, col(Practice.id) == col(Account.practice_id), isouter=True)
        .where(Entry.practice_id == practice_id)
        .order_by(col(Entry.at).desc(), col(Entry.id), col(Posting.id))
    )
    entries: dict[UUID, EntryRow] = {}
    for entry, posting, account, creditor, person, practice in await session.execute(query):
        row = entries.setdefault(
            entry.id,
            EntryRow(
                id=entry.id,
                at=entry.at,
                kind=entry.kind,
                memo=entry.memo,
                reverses=entry.reverses,
                postings=[],
            ),
        )
        owner = creditor or person or practice or ""
        row.postings.append(PostingRow(account=owner, account_kind=account.kind, amount_cents=posting.amount_cents))
    return list(entries.values())


async def trial_balance(session: AsyncSession, *, at: datetime) -> TrialBalance:
    """The balance of every account at the instant `at`, claims summed over practices; the total is zero."""
    query: Any = (
        sqlalchemy.select(
            col(Account.kind).label("kind"),
            col(Creditor.name).label("creditor"),
            col(Person.name).label("person"),
            func.coalesce(col(Account.creditor_id), col(Account.person_id)).label("owner_id"),
            func.sum(Posting.amount_cents).label("cents"),
        )
        .join(Posting, col(Posting.account_id) == col(Account.id))
        .join(Entry, col(Entry.id) == col(Posting.entry_id))
        .join(Creditor, col(Creditor.id) == col(Account.creditor_id), isouter=True)
        .join(Person, col(Person.id) == col(Account.person_id), isouter=True)
        .where(col(Entry.at) <= at)
        .group_by(col(Account.kind), col(Creditor.name), col(Person.name), "owner_id")
        .order_by(col(Account.kind), col(Creditor.name), col(Person.name))
    )
    accounts = [
        AccountBalance(
            account=row.creditor or row.person or "",
            kind=row.kind,
            balance_cents=int(row.cents),
            owner_id=row.owner_id,
        )
        for row in await session.execute(query)
    ]
    return TrialBalance(at=at, accounts=accounts, total_cents=sum(account.balance_cents for account in accounts))


async def balances_by_key(session: AsyncSession) -> dict[AccountKey, int]:
    """The balance of every single account, as the database adds it up."""
    query = (
        select(Account, func.sum(Posting.amount_cents))
        .join(Posting, col(Posting.account_id) == col(Account.id))
        .group_by(col(Account.id))
    )
    return {_key_of(account): int(cents) for account, cents in (await session.exec(query)).all()}


async def all_entries(session: AsyncSession) -> list[tuple[UUID, datetime, str, tuple[Leg, ...]]]:
    """Every entry with its instant, kind and postings, in the order of posting."""
    query = (
        select(Entry.id, Entry.at, Entry.kind, Posting.amount_cents, Account)  # type: ignore[call-overload]
        .join(Posting, col(Posting.entry_id) == col(Entry.id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .order_by(col(Entry.at), col(Entry.id), col(Posting.id))
    )
    found: dict[UUID, tuple[datetime, str, list[Leg]]] = {}
    for entry_id, at, kind, cents, account in await session.execute(query):
        found.setdefault(entry_id, (at, kind, []))[2].append(Leg(_key_of(account), cents))
    return [(entry_id, at, kind, tuple(legs)) for entry_id, (at, kind, legs) in found.items()]


def owned_by(key: AccountKey) -> list[ColumnElement[bool]]:
    """The conditions that an account has exactly the owners of `key`."""
    owners = (
        (Account.creditor_id, key.creditor_id),
        (Account.practice_id, key.practice_id),
        (Account.person_id, key.person_id),
    )
    return [col(column).is_(None) if owner is None else col(column) == owner for column, owner in owners]


def _key_of(account: Account) -> AccountKey:
    return AccountKey(AccountKind(account.kind), account.creditor_id, account.practice_id, account.person_id)


def totals(lines: Mapping[UUID, LineBalance]) -> int:
    """The balance of a practice with its creditor, in cents: what is left less what was overpaid."""
    return sum(line.total_cents for line in lines.values())
