"""Reads of practices for the office: the searched list and the whole file on one page."""

from __future__ import annotations

import base64
import json
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import ColumnElement, and_, exists, false, func, or_, text, tuple_, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import AccountKind
from fieldapp.domain.narrowing import MOST_AREAS, Narrowing
from fieldapp.domain.skills import Skill
from fieldapp.store import claim_sums, ledger
from fieldapp.store.cards import by_practice
from fieldapp.store.columns import Keyring, among
from fieldapp.store.database import agency_of
from fieldapp.store.shapes.office import CreditorRow, PracticeChoices, PracticePage, PracticeRow
from fieldapp.store.tables.claims import ClaimPart
from fieldapp.store.tables.field import Payment, Receipt
from fieldapp.store.tables.ledger import Account, Entry, PaymentEntry, Posting
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.practice import (
    Address,
    Creditor,
    DebtLine,
    Obligor,
    Phone,
    Placement,
    Practice,
    PracticeFlag,
    PracticeLastContact,
    PracticeWord,
)

_LONGEST_QUERY = 200
MOST_COUNTED = 5_000
"""Practices that a list counts; beyond it says "more than"."""
FEW = MOST_COUNTED
"""Practices that words or a narrowing find and that are then looked up by their ids; more are not counted either."""
_WEIGHED = 20_000
"""Up to so many practices the words of a search are counted, to begin with the rarest."""


def searchable(*texts: str) -> str:
    """The texts as the word index holds them: lower case, no accents, letters and digits only."""
    plain = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


async def creditor_rows(session: AsyncSession) -> list[CreditorRow]:
    """All creditors with what is owed to them."""
    counted = await claim_sums.by_creditor(session)
    creditors = (await session.exec(select(Creditor).order_by(col(Creditor.name)))).all()
    return [
        CreditorRow(
            id=row.id,
            name=row.name,
            layout=row.layout,
            practices=practices,
            owed_cents=owed_cents,
            skills=[Skill(one) for one in row.skills],
        )
        for row in creditors
        for practices, owed_cents in [counted.get(row.id, (0, 0))]
    ]


async def page(
    session: AsyncSession, wanted: Narrowing, *, now: datetime, zone: ZoneInfo, cursor: str | None, limit: int
) -> PracticePage:
    """One page in order of practice number; the cursor names the last row seen, so that inserts shift nothing.

    What is found is counted up to `MOST_COUNTED`; `more` says that there may be more than `total`.
    """
    sought = await _sought(session, wanted.words)
    found = await _found(session, sought) if sought else None
    # Few are looked up one by one; where many match, the list in its order soon meets enough of them.
    many = sought if found is None else None
    narrowed = await _narrowed(session, wanted, now=now, zone=zone, named=found)
    total = await _total(session, narrowed, many)
    conditions = narrowed.conditions if many is None else [*narrowed.conditions, _matches(many)]
    of_page = select(Practice.id).where(*conditions).order_by(*_ORDER).limit(limit + 1)
    if cursor:
        of_page = of_page.where(tuple_(*_ORDER) > tuple_(*_opened(cursor)))
    # What stands beside a practice is looked up for those of the page, not for all that it is chosen from.
    chosen = of_page.subquery()
    met = (await session.execute(_listed().join(chosen, chosen.c.id == Practice.id).order_by(*_ORDER))).all()
    rows = await _rows(session, met[:limit], now=now)
    last = met[limit - 1] if len(met) > limit else None
    next_cursor = _closed(last.practice_number, last.id) if last else None
    more = many is not None or total > MOST_COUNTED
    return PracticePage(rows=rows, total=min(total, MOST_COUNTED), more=more, next_cursor=next_cursor)


async def matching(session: AsyncSession, wanted: Narrowing, *, now: datetime, zone: ZoneInfo, most: int) -> list[UUID]:
    """The ids of the first practices that match, in the order of the list, at most so many."""
    sought = await _sought(session, wanted.words)
    found = await _found(session, sought) if sought else None
    conditions = (await _narrowed(session, wanted, now=now, zone=zone, named=found)).conditions
    if sought and found is None:
        conditions = [*conditions, col(Practice.id).in_(union_all(*_ways_of(sought)))]
    query = select(Practice.id).where(*conditions).order_by(*_ORDER).limit(most)
    return list((await session.exec(query)).all())


_ORDER = (col(Practice.practice_number), col(Practice.id))
_DISTINCT = """
    with recursive found(one) as (
      (select {column} from {table} where agency_id = :agency and {column} > '' {where} order by {column} limit 1)
      union all
      select (
        select {column} from {table} where agency_id = :agency and {column} > found.one {where}
        order by {column} limit 1
      ) from found where found.one is not null
    )
    select one from found where one is not null limit :most
"""
_PROVINCES = text(_DISTINCT.format(column="province", table="address", where="and current"))
_COMUNI = text(_DISTINCT.format(column="comune", table="address", where="and current and province = :province"))
_CASE_OWNERS = text(_DISTINCT.format(column="case_owner_name", table="practice", where=""))
MOST_CHOICES = 500
"""Comuni of a province, case owners: more are typed."""


async def choices(session: AsyncSession, *, provinces: Sequence[str]) -> PracticeChoices:
    """What lists can be narrowed to, as it is spelt there: each value is one step through an index."""

    async def distinct(query: Any, **more: Any) -> list[str]:
        asked = {"agency": agency_of(session), "most": MOST_CHOICES, **more}
        return [one for (one,) in (await session.execute(query, asked)).all()]

    comuni = {one for province in provinces[:MOST_AREAS] for one in await distinct(_COMUNI, province=province)}
    return PracticeChoices(
        provinces=await distinct(_PROVINCES),
        comuni=sorted(comuni),
        case_owners=await distinct(_CASE_OWNERS),
    )


async def rows_of(session: AsyncSession, ids: Sequence[UUID], *, now: datetime) -> list[PracticeRow]:
    """These practices as the list shows them, in its order."""
    query = _listed().where(among(Practice.id, ids)).order_by(*_ORDER)
    return await _rows(session, (await session.execute(query)).all(), now=now)


def _listed() -> Any:
    """Values alone, as `_rows` reads them: nothing of a list is written back."""
    return (
        sqlalchemy.select(
            col(Practice.id),
            col(Practice.practice_number),
            col(Practice.phase),
            col(Practice.state),
            col(Placement.ends_on),
            col(Creditor.name).label("creditor_name"),
        )
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
    )


async def _total(session: AsyncSession, narrowed: _Narrowed, many: _Sought | None) -> int:
    """How many practices a list is of, at most one more than is counted; of many that words find, of the first."""
    if many is not None and not narrowed.conditions:
        return await _distinct(session, many)
    if many is not None:
        return await _counted(session, [*narrowed.conditions, _is_among(many)])
    if narrowed.ids is not None:
        return len(narrowed.ids)
    return await _counted(session, narrowed.conditions)


async def _counted(session: AsyncSession, conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many practices these are, at most one more than is counted."""
    some = select(Practice.id).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    return (await session.exec(select(func.count()).select_from(some))).one()


def _closed(number: str, practice_id: UUID) -> str:
    plain = json.dumps([number, str(practice_id)])
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _opened(cursor: str) -> tuple[str, UUID]:
    """Raises Refusal `request.cursor_unknown`."""
    try:
        number, practice_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return str(number), UUID(practice_id)
    except (ValueError, TypeError, AttributeError):
        raise Refusal("request.cursor_unknown", kind=Kind.MALFORMED) from None


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """Conditions on a practice; where nothing is asked but that it be one of these ids, the ids, each once."""

    conditions: Sequence[ColumnElement[bool]]
    ids: Sequence[UUID] | None = None


async def _narrowed(
    session: AsyncSession, wanted: Narrowing, *, now: datetime, zone: ZoneInfo, named: Sequence[UUID] | None = None
) -> _Narrowed:
    """Which practices are wanted, of the `named` where some are.

    Where one of the ways finds few they are named, and every other way is asked about these alone, each by itself: in
    one statement the rows of two ways were held against each other one by one (280 practices of 100,000 took 25 s).
    """
    if wanted.owed_from_cents is not None or wanted.owed_to_cents is not None:
        await claim_sums.up_to_date(session)
    today = now.astimezone(zone).date()
    ways = _ways(wanted, now=now, zone=zone, today=today)
    conditions = _plain_conditions(wanted, today=today)
    if named is None and ways:
        sizes = await _sizes(session, [way.ids for way in ways], most=FEW + 1)
        size, fewest = min(zip(sizes, ways, strict=True), key=lambda sized: sized[0])
        if size <= FEW:
            named = list(dict.fromkeys((await session.exec(fewest.ids)).all()))
            ways = [way for way in ways if way is not fewest]
    if named is None:
        return _Narrowed([*conditions, *(way.holds for way in ways)])
    for way in ways:
        named = list(dict.fromkeys((await session.exec(way.ids.where(among(way.column, named)))).all()))
    return _Narrowed([*conditions, among(Practice.id, named)], None if conditions else named)


async def _sizes(session: AsyncSession, selects: Sequence[Any], *, most: int) -> list[int]:
    """How many rows each finds, counted up to `most`."""
    counts = [select(func.count()).select_from(one.limit(most).subquery()).scalar_subquery() for one in selects]
    return list((await session.execute(sqlalchemy.select(*counts))).one())


@dataclass(frozen=True, slots=True)
class _Way:
    """One thing that a list is narrowed to: a select of practice ids, read from one index; their column; and the same
    as a condition on a practice."""

    ids: Any
    column: Any
    holds: ColumnElement[bool]

    @classmethod
    def elsewhere(cls, column: Any, *where: Any) -> _Way:
        """Of what stands in a table of its own."""
        ids = select(column).where(*where)
        return cls(ids, column, col(Practice.id).in_(ids))

    @classmethod
    def own(cls, holds: ColumnElement[bool]) -> _Way:
        """Of what stands in the practice's row: as a condition no second row of the same practice is looked for."""
        return cls(select(Practice.id).where(holds), Practice.id, holds)


def _ways(wanted: Narrowing, *, now: datetime, zone: ZoneInfo, today: date) -> list[_Way]:
    ways: list[_Way] = []
    if wanted.flag is not None:
        ways.append(_Way.elsewhere(PracticeFlag.practice_id, col(PracticeFlag.kind) == wanted.flag, *_in_force(now)))
    places = {Address.province: wanted.provinces, Address.comune: wanted.comuni}
    if there := [col(column).in_(values) for column, values in places.items() if values]:
        ways.append(_Way.elsewhere(Address.practice_id, col(Address.current), *there))
    by, due_since = wanted.due_by(today), wanted.due_since(today)
    if by is not None or due_since is not None:
        ways.append(_Way.elsewhere(DebtLine.practice_id, *_between(DebtLine.due_on, due_since, by)))
    if wanted.ends_from is not None or wanted.ends_to is not None:
        ending = select(Placement.id).where(*_between(Placement.ends_on, wanted.ends_from, wanted.ends_to))
        ways.append(_Way.own(col(Practice.placement_id).in_(ending)))
    if wanted.case_owner is not None:
        ways.append(_Way.own(col(Practice.case_owner_name) == wanted.case_owner))
    if wanted.owed_from_cents is not None or wanted.owed_to_cents is not None:
        owing = _between(ClaimPart.owed_cents, wanted.owed_from_cents, wanted.owed_to_cents)
        ways.append(_Way.elsewhere(ClaimPart.practice_id, *owing))
    last = col(PracticeLastContact.last_at)
    contacted: list[ColumnElement[bool]] = [last.is_(None)] if wanted.never_contacted else []
    if (since := wanted.contacted_since(zone)) is not None:
        contacted.append(last >= since)
    if (before := wanted.contacted_before(zone)) is not None:
        contacted.append(last < before)
    if contacted:
        ways.append(_Way.elsewhere(PracticeLastContact.practice_id, *contacted))
    return ways


def _between(column: Any, first: Any, last: Any) -> list[ColumnElement[bool]]:
    """Both ends included; an end that is None is open."""
    at_least = [] if first is None else [col(column) >= first]
    return at_least if last is None else [*at_least, col(column) <= last]


def _plain_conditions(wanted: Narrowing, *, today: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if (since := wanted.due_since(today)) is not None:
        older = select(DebtLine.id).where(col(DebtLine.practice_id) == col(Practice.id), col(DebtLine.due_on) < since)
        conditions.append(~exists(older))
    if wanted.state is not None:
        conditions.append(col(Practice.state) == wanted.state)
    if wanted.creditor_id is not None:
        conditions.append(col(Practice.creditor_id) == wanted.creditor_id)
    return conditions


def _in_force(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(PracticeFlag.since) <= now,
        or_(col(PracticeFlag.until).is_(None), col(PracticeFlag.until) > now),
    )


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a search asks for."""

    number: str
    """The beginning of a practice number, or nothing."""
    parts: tuple[str, ...]
    """Beginnings of names or places, the rarest first."""
    code: str
    """A tax code, VAT number or telephone as it may stand in the books."""
    many: bool
    """Whether a single beginning finds more than `FEW`."""


async def _sought(session: AsyncSession, words: str) -> _Sought | None:
    """None where nothing is asked for."""
    words = words.strip()[:_LONGEST_QUERY]
    if not words:
        return None
    number = _bare_number(words)
    # Of two that are as rare, as far as was counted, the longer is likely the rarer.
    parts = sorted(set(searchable(words).split()), key=lambda part: (-len(part), part))
    begun = [f"#{number}", *parts] if number else parts
    selects = [select(PracticeWord.practice_id).where(*_begins(PracticeWord, one)) for one in begun]
    sizes = dict(zip(begun, await _sizes(session, selects, most=_WEIGHED) if selects else (), strict=True))
    alone = [size for one, size in sizes.items() if one.startswith("#") or len(parts) == 1]
    return _Sought(
        number=number,
        parts=tuple(sorted(parts, key=sizes.__getitem__)),
        code=re.sub(r"\s", "", words),
        many=max(alone, default=0) > FEW,
    )


async def _found(session: AsyncSession, sought: _Sought) -> list[UUID] | None:
    """The practices that it finds, each once; None where one way alone finds more than `FEW`.

    Each way is asked apart: an `or` over several tables would read all practices.
    """
    if sought.many:
        return None
    found: dict[UUID, None] = {}
    for way in _ways_of(sought):
        some = (await session.exec(way.limit(FEW + 1))).all()
        if len(some) > FEW:
            return None
        found |= dict.fromkeys(some)
    return list(found)


def _is_among(sought: _Sought) -> ColumnElement[bool]:
    """The condition that this is one of the first that are found; only to count them."""
    return col(Practice.id).in_(union_all(*_limited(sought)))


async def _distinct(session: AsyncSession, sought: _Sought) -> int:
    """How many practices these are, from the words' own index: no practice is looked up to be counted."""
    met = union_all(*_limited(sought)).subquery()
    return (await session.exec(select(func.count(met.columns[0].distinct())))).one()


def _limited(sought: _Sought) -> list[Any]:
    return [select(way.limit(MOST_COUNTED + 1).subquery()) for way in _ways_of(sought)]


def _ways_of(sought: _Sought) -> list[Any]:
    """Selects of practice ids, one for each index that a search is answered from."""
    return [*_by_words(sought.number, sought.parts), *_by_codes(sought.code)]


def _by_words(number: str, parts: Sequence[str]) -> list[Any]:
    """Of those whose number begins so, and those with names or places that begin with every part."""
    ways: list[Any] = []
    if number:
        ways.append(select(PracticeWord.practice_id).where(*_begins(PracticeWord, f"#{number}")))
    if parts:
        begun = (_has_word(PracticeWord.practice_id, part) for part in parts[1:])
        ways.append(select(PracticeWord.practice_id).where(*_begins(PracticeWord, parts[0]), *begun))
    return ways


def _by_codes(bare: str) -> list[Any]:
    """Of those whose tax code, VAT number or phone it is."""
    keyring = Keyring.current()
    ways: list[Any] = []
    if re.fullmatch(r"[A-Za-z0-9]{11,16}", bare):
        index = keyring.index("tax_code", bare)
        ways.append(select(Obligor.practice_id).where(col(Obligor.tax_code_index) == index))
        ways.append(select(Obligor.practice_id).where(col(Obligor.vat_number) == bare))
    if re.fullmatch(r"\+?[0-9./()-]{5,20}", bare):
        index = keyring.index("phone", bare)
        ways.append(select(Phone.practice_id).where(col(Phone.number_index) == index))
    return ways


def _matches(sought: _Sought) -> ColumnElement[bool]:
    """The same as a condition, for lists in which many match: each row on the way is looked at."""
    ways: list[ColumnElement[bool]] = [col(Practice.id).in_(way) for way in _by_codes(sought.code)]
    if sought.parts:
        ways.append(and_(*(_has_word(Practice.id, part) for part in sought.parts)))
    if sought.number:
        ways.append(_has_word(Practice.id, f"#{sought.number}"))
    return or_(false(), *ways)


def _bare_number(words: str) -> str:
    """A practice number as its word spells it: letters and digits alone."""
    return "".join(sign for sign in words.lower() if sign.isalnum())


def _has_word(practice_id: Any, prefix: str) -> ColumnElement[bool]:
    """Looked up for each practice by itself: without the `offset` all that have the word may be read beforehand, and
    of a word like "via" that is nearly everybody."""
    word = aliased(PracticeWord)
    return select(word.practice_id).where(word.practice_id == practice_id, *_begins(word, prefix)).offset(0).exists()


def _begins(table: Any, prefix: str) -> tuple[ColumnElement[bool], ...]:
    """As a range: the only form of "begins with" that an index answers under row security."""
    return table.word >= prefix, table.word < prefix + chr(sys.maxunicode)


async def _rows(session: AsyncSession, found: Sequence[Any], *, now: datetime) -> list[PracticeRow]:
    """The rows of `_listed` with what stands beside each."""
    ids = [one.id for one in found]
    debtors = await _firsts(session, Obligor, Obligor.name, ids, order=[col(Obligor.position)])
    newest = [col(Address.recorded_at).desc()]
    comuni = await _firsts(session, Address, Address.comune, ids, where=[col(Address.current)], order=newest)
    owed = await ledger.owed_cents(session, ids)
    collected = await collected_cents(session, ids)
    last = await _last_facts(session, ids)
    flags = await active_flags(session, ids, now=now)
    rows = []
    for one in found:
        at, event = last.get(one.id, (None, None))
        rows.append(
            PracticeRow(
                id=one.id,
                practice_number=one.practice_number,
                creditor_name=one.creditor_name,
                debtor_name=debtors.get(one.id, ""),
                comune=comuni.get(one.id, ""),
                phase=one.phase,
                state=one.state,
                owed_cents=owed.get(one.id, 0),
                collected_cents=collected.get(one.id, 0),
                placement_ends_on=one.ends_on,
                last_event_at=at,
                last_event=event,
                flags=flags[one.id],
            )
        )
    return rows


async def _firsts(
    session: AsyncSession, table: Any, column: Any, ids: Sequence[UUID], *, order: list[Any], where: Sequence[Any] = ()
) -> dict[UUID, str]:
    """The value of the first row of each practice in an order."""
    query = sqlalchemy.select(table.practice_id, column).where(among(table.practice_id, ids), *where).order_by(*order)
    found: dict[UUID, str] = {}
    for practice_id, value in await session.execute(query):
        found.setdefault(practice_id, value)
    return found


async def _last_facts(session: AsyncSession, practice_ids: Sequence[UUID]) -> dict[UUID, tuple[datetime, str]]:
    """When the newest fact of each practice was, and its kind."""
    newest = select(func.max(Fact.number)).where(among(Fact.practice_id, practice_ids)).group_by(col(Fact.practice_id))
    query = select(Fact.practice_id, Fact.at, Fact.kind).where(col(Fact.number).in_(newest))
    return {id_: (at, kind) for id_, at, kind in (await session.exec(query)).all() if id_}


async def collected_cents(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What was taken, in cents by practice: voided receipts and unpaid cheques left out, refunds taken off."""
    given_back = (
        select(func.coalesce(func.sum(Posting.amount_cents), 0))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .join(Entry, col(Entry.id) == col(Posting.entry_id))
        .join(PaymentEntry, col(PaymentEntry.entry_id) == col(Entry.id))
        .where(
            PaymentEntry.payment_id == Payment.id,
            Entry.kind == "refund",
            Account.kind == AccountKind.CREDITOR_CLAIMS.value,
        )
        .correlate(Payment)
        .scalar_subquery()
    )
    query = (
        select(Payment.practice_id, func.sum(Payment.amount_cents + given_back))
        .join(Receipt, col(Receipt.id) == col(Payment.receipt_id))
        .where(among(Payment.practice_id, practice_ids), Receipt.state == "valid", Payment.standing != "unpaid")
        .group_by(col(Payment.practice_id))
    )
    return {practice_id: int(total) for practice_id, total in (await session.exec(query)).all()}


async def active_flags(
    session: AsyncSession, practice_ids: Iterable[UUID], *, now: datetime
) -> Mapping[UUID, list[str]]:
    """The states in force that stop or change visits, by practice."""
    rows = await by_practice(
        session, PracticeFlag, practice_ids, where=and_(*_in_force(now)), order=col(PracticeFlag.since)
    )
    flags: dict[UUID, list[str]] = defaultdict(list)
    for practice_id, found in rows.items():
        flags[practice_id] = list(dict.fromkeys(row.kind for row in found))
    return flags


@dataclass(frozen=True, slots=True)
class Headed:
    """The head of a practice file."""

    practice: Practice
    placement: Placement
    creditor: Creditor


async def hold(session: AsyncSession, practice_ids: Iterable[UUID]) -> None:
    """Hold these practices until the transaction ends: whoever takes money for one waits for the others who do, and
    reads what is owed after them. Taken in one order; before the announcement of a payment, after the phone or the
    creditor that a transaction holds, before the agency's own series.
    """
    ids = list(practice_ids)
    query = (
        select(Practice.id).where(among(Practice.id, ids)).order_by(col(Practice.id)).with_for_update(key_share=True)
    )
    await session.exec(query)


async def head(session: AsyncSession, practice_id: UUID) -> Headed:
    """Raises Refusal `practice.unknown`, also for another agency's practice."""
    query: Any = (
        select(Practice, Placement, Creditor)
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .where(Practice.id == practice_id)
    )
    found = (await session.exec(query)).first()
    if found is None:
        raise Refusal("practice.unknown", kind=Kind.MISSING)
    return Headed(*found)
