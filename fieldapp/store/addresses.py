"""Addresses that wait for a person, and what people have said of addresses before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, func, literal, tuple_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain import worth
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.places import metres_between
from fieldapp.store.columns import among
from fieldapp.store.practices import searchable
from fieldapp.store.tables.claims import ClaimPart
from fieldapp.store.tables.practice import Address, Obligor, Placement, Practice

PIN = "pin"
"""The quality of a place that a person pointed at."""
CONFIRMED = "confirmed"
OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A doubtful address before anything is judged of it; `most_cents`: what a visit there may bring at the most."""

    address_id: UUID
    practice_id: UUID
    ends_on: date
    most_cents: int

    @property
    def best(self) -> tuple[int, date, UUID]:
        """The place in the queue that it has at the best."""
        return (-self.most_cents, self.ends_on, self.address_id)


_DOUBTFUL = (col(Address.state) == "doubtful", col(Address.current), col(Practice.state) == "open")
"""Addresses in force that nobody has confirmed, of practices that may be visited."""


async def count_doubtful(session: AsyncSession) -> int:
    """How many wait."""
    query = select(func.count()).select_from(Address).join(Practice, col(Practice.id) == col(Address.practice_id))
    return int((await session.exec(query.where(*_DOUBTFUL))).one())


def most_cents(left: Any, ends_on: Any, *, day: date, surely_per_mille: int) -> ColumnElement[int]:
    """`worth.prize` of a visit on `day` as the database reckons it: nobody tried yet, somebody surely at home."""
    days_left = func.greatest(ends_on - literal(day), 0)
    share = func.greatest(left, 0) * worth.RECOVERY_PER_MILLE * surely_per_mille // 1_000_000
    percent = 100 + worth.URGENT_PERCENT_A_DAY * func.greatest(worth.URGENT_DAYS - days_left, 0)
    return func.least(share * percent // 100, worth.LARGEST_PRIZE_CENTS)


async def doubtful(
    session: AsyncSession,
    *,
    day: date,
    surely_per_mille: int,
    limit: int,
    after: tuple[int, date, UUID] | None = None,
    only: UUID | None = None,
) -> list[Waiting]:
    """Those that wait, in the order of the best place that each may have on `day`, behind `after`; of one address
    (`only`), where given. Nothing of what they say is read, and what is owed is read as it is kept added up."""
    # What is left is never less than what is owed, but unknown (0) from an upgrade until it is counted.
    left = func.greatest(ClaimPart.left_cents, ClaimPart.owed_cents)
    # Whole numbers throughout: integer division in Postgres cuts off as Python's does above zero.
    most = most_cents(func.coalesce(left, 0), col(Placement.ends_on), day=day, surely_per_mille=surely_per_mille).label(
        "most"
    )
    query = (
        sqlalchemy.select(col(Address.id), col(Address.practice_id), col(Placement.ends_on), most)
        .join(Practice, col(Practice.id) == col(Address.practice_id))
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .join(ClaimPart, col(ClaimPart.practice_id) == col(Practice.id), isouter=True)
        .where(*_DOUBTFUL)
    )
    if only is not None:
        query = query.where(col(Address.id) == only)
    if after is not None:
        query = query.where(tuple_(-most, col(Placement.ends_on), col(Address.id)) > tuple_(*after))
    query = query.order_by(most.desc(), col(Placement.ends_on), col(Address.id)).limit(limit)
    return [Waiting(*row) for row in (await session.execute(query)).all()]


async def doubtful_rows(session: AsyncSession, address_ids: Iterable[UUID]) -> dict[UUID, tuple[Address, str, str]]:
    """Of these that still wait, by id: the address, its practice's number and the name of who lives there."""
    query = (
        select(Address, Practice.practice_number, Obligor.name)
        .join(Practice, col(Practice.id) == col(Address.practice_id))
        .join(Obligor, col(Obligor.id) == col(Address.obligor_id))
        .where(*_DOUBTFUL, among(Address.id, address_ids))
    )
    return {address.id: (address, number, name) for address, number, name in (await session.exec(query)).all()}


@dataclass(frozen=True, slots=True)
class Word:
    """Whose word puts a pin somewhere: `source` as it is shown with the address."""

    person_id: UUID
    source: str
    at: datetime
    new_id: Callable[[], UUID]


async def settle(
    session: AsyncSession, address_id: UUID, *, lat_e6: int, lon_e6: int, confirmed: bool, word: Word
) -> list[tuple[Address, Address]]:
    """Put a person's word in the place of a doubtful address, and of every doubtful one that is spelled the same.

    Returns pairs of the row that is no longer in force, which stays, and the new one; the asked one first. Raises
    Refusal `address.unknown`, or `address.settled_meanwhile` where a newer one is in force already.
    """
    asked = await _asked(session, address_id)
    pairs = []
    for old in (asked, *await _alike(session, asked, doubtful_only=True)):
        place = (lat_e6, lon_e6) if confirmed else (old.lat_e6, old.lon_e6)
        if confirmed:
            new = _instead(old, word, place, quality=PIN, confidence_pct=100, state=CONFIRMED)
        else:
            new = _instead(old, word, place, quality=old.quality, confidence_pct=old.confidence_pct, state="rejected")
        pairs.append((old, new))
    session.add_all([new for _, new in pairs])
    await session.flush()
    return pairs


async def choose(
    session: AsyncSession, address_id: UUID, *, spelled: Callable[[Address], Mapping[str, Any]], word: Word
) -> list[tuple[Address, Address]]:
    """Another address, spelled right, in the place of a doubtful one and of every doubtful one spelled the same.

    `spelled` gives the columns that a row is written anew with, its place among them. Returns and raises as `settle`.
    """
    asked = await _asked(session, address_id)
    pairs = []
    for old in (asked, *await _alike(session, asked, doubtful_only=True)):
        new = _instead(old, word, (None, None), quality=PIN, confidence_pct=100, state=CONFIRMED, **spelled(old))
        pairs.append((old, new))
    session.add_all([new for _, new in pairs])
    await session.flush()
    found = searchable(pairs[0][1].text)
    practices = col(Practice.id).in_({new.practice_id for _, new in pairs})
    await session.exec(update(Practice).where(practices).values(search_text=Practice.search_text + f" {found}"))
    return pairs


async def move(
    session: AsyncSession, address_id: UUID, *, lat_e6: int, lon_e6: int, word: Word
) -> list[tuple[Address, Address]]:
    """The pin of an address and of all that are spelled the same, put where somebody saw the door.

    A row that another stands for by now is followed to the one in force. Returns pairs as `settle` does; nothing where
    none of them is in force. Raises Refusal `address.unknown`.
    """
    asked = (await session.exec(select(Address).where(Address.id == address_id))).first()
    if asked is None:
        raise Refusal("address.unknown", kind=Kind.MISSING)
    pairs = [
        (old, _instead(old, word, (lat_e6, lon_e6), quality=PIN, confidence_pct=100, state=CONFIRMED))
        for old in await _alike(session, asked)
    ]
    session.add_all([new for _, new in pairs])
    await session.flush()
    return pairs


async def put_back(session: AsyncSession, address_id: UUID, *, word: Word) -> list[tuple[Address, Address]]:
    """Undo a person's last word, for all that had it alike: each is spelled and stands as it did before.

    Raises Refusal `address.unknown`, `address.settled_meanwhile` (no longer in force), `address.never_moved`.
    """
    asked = await _asked(session, address_id)
    if asked.instead_of is None:
        raise Refusal("address.never_moved", kind=Kind.CONFLICT)
    moved = [asked, *(row for row in await _alike(session, asked) if row.id != asked.id and row.instead_of)]
    wanted = [row.instead_of for row in moved]
    found = (await session.exec(select(Address).where(col(Address.id).in_(wanted)))).all()
    before = {row.id: row for row in found}
    pairs = []
    for old in moved:
        was = before[old.instead_of] if old.instead_of else old
        if was.text != before[asked.instead_of].text:
            # Spelled the same by now, but it came to that by another way.
            continue
        new = _instead(old, word, (None, None), **was.model_dump(include=SAID))
        pairs.append((old, new))
    session.add_all([new for _, new in pairs])
    await session.flush()
    return pairs


async def _asked(session: AsyncSession, address_id: UUID) -> Address:
    asked = (await session.exec(select(Address).where(Address.id == address_id).with_for_update())).first()
    if asked is None:
        raise Refusal("address.unknown", kind=Kind.MISSING)
    if not asked.current:
        raise Refusal("address.settled_meanwhile", kind=Kind.CONFLICT)
    return asked


async def _alike(session: AsyncSession, asked: Address, *, doubtful_only: bool = False) -> list[Address]:
    """The rows in force that are spelled as `asked`, locked in the order of their ids; doubtful ones without it."""
    query = select(Address).where(Address.text == asked.text, Address.comune == asked.comune, col(Address.current))
    if doubtful_only:
        query = query.where(Address.state == "doubtful", Address.id != asked.id)
    return list((await session.exec(query.order_by(col(Address.id)).with_for_update())).all())


_SPELLED = ("text", "street", "house_number", "staircase", "unit", "cap", "comune", "province")
SAID = {*_SPELLED, "lat_e6", "lon_e6", "quality", "confidence_pct", "state"}
"""What a person's word may change, and what undoing it brings back."""


def _instead(old: Address, word: Word, place: tuple[int | None, int | None], **changed: Any) -> Address:
    """A row in the place of `old`, which stays and is no longer in force; `changed` are some columns of `SAID`."""
    lat_e6, lon_e6 = place
    old.current = False
    said: dict[str, Any] = {
        "id": word.new_id(),
        "lat_e6": lat_e6,
        "lon_e6": lon_e6,
        "why": "",
        "alternatives": [],
        "source": word.source,
        "recorded_at": word.at,
        "recorded_by": word.person_id,
        "instead_of": old.id,
    }
    return Address(**old.model_dump(exclude={"id", "alternatives", "why"}) | said | changed | {"current": True})


def apart(one: Address, other: Address) -> int | None:
    """Whole metres between the two places, None where one of them is unknown."""
    if one.lat_e6 is None or one.lon_e6 is None or other.lat_e6 is None or other.lon_e6 is None:
        return None
    return metres_between(one.lat_e6, one.lon_e6, other.lat_e6, other.lon_e6)


def in_force(rows: Iterable[Address]) -> dict[UUID, Address]:
    """Each row's id to the row that stands for it by now: itself, or what a person's word put in its place."""
    rows = list(rows)
    later = {row.instead_of: row for row in rows if row.instead_of is not None}
    found = {}
    for row in rows:
        last = row
        while (after := later.get(last.id)) is not None:
            last = after
        found[row.id] = last
    return found


async def pinned(session: AsyncSession, texts: Iterable[str]) -> dict[tuple[str, str], Address]:
    """What people have said of addresses spelled so: text and comune to the row in force, where they put their pin or
    which they chose instead; the latest word counts."""
    asked = set(texts)
    said, before, held = aliased(Address), aliased(Address), aliased(Address)
    in_force = (col(held.quality) == PIN, col(held.state) == CONFIRMED, col(held.current))
    query = select(held).where(*in_force, col(held.text).in_(asked)).order_by(col(held.recorded_at))
    found = {(row.text, row.comune): row for row in (await session.exec(query)).all()}
    other = (
        select(before.text, before.comune, held)
        .join(said, col(said.instead_of) == col(before.id))
        .join(held, (col(held.practice_id) == col(said.practice_id)) & (col(held.text) == col(said.text)))
        .where(*in_force, said.quality == PIN, said.text != before.text, col(before.text).in_(asked))
        .order_by(col(held.recorded_at))
    )
    return {(text, comune): row for text, comune, row in (await session.exec(other)).all()} | found
