"""Addresses that wait for a person: the queue by what fixing is worth, and a person's word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypedDict
from uuid import UUID

import msgspec

from fieldapp.domain.access import Identity
from fieldapp.domain.conduct import Severity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.told import AddressPin
from fieldapp.services import claims, placing, planning, presence, rules
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import addresses, tasks
from fieldapp.store.cards import address_card
from fieldapp.store.envelopes import Sender
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.dispatch import Candidate
from fieldapp.store.shapes.office import (
    AddressCandidate,
    CompletedAddress,
    DoubtfulAddress,
    DoubtfulPage,
    SettledAddress,
)
from fieldapp.store.tables import Address

FAR_M = 1_000
"""A pin that an agent moved farther than this is looked at by the office: it holds all the same."""
_CURED = frozenset({"conduct.address_doubtful", "conduct.address_rejected"})
"""What a pin puts right."""


async def list_doubtful(
    parts: Parts, identity: Identity, *, limit: int, cursor: str | None = None, address_id: UUID | None = None
) -> DoubtfulPage:
    """A page of all doubtful addresses, the one first whose fixing is worth most: what a visit there is expected to
    recover today (on a day of rest: the day after it), nothing where another rule stops the visit anyway; then the
    placement that ends first.

    `limit` 0 only counts. `address_id` is shown as well, wherever it stands. What is left of a claim bounds what a
    visit may bring and is kept, so a page judges those that may stand on it or before it, not all: as of now, but
    behind an import or an upgrade as it was kept last, until a worker was there. Raises Refusal
    `request.cursor_unknown`.
    """
    if limit:
        await claims.take_in(parts, identity)
    async with working(parts, identity) as work:
        return await _page(work, limit=limit, cursor=cursor, address_id=address_id)


async def _page(work: Work, *, limit: int, cursor: str | None, address_id: UUID | None) -> DoubtfulPage:
    count = await addresses.count_doubtful(work.session)
    if not limit:
        return DoubtfulPage(rows=[], waiting=count, next_cursor=None, asked=None)
    after = _opened(cursor) if cursor else None
    bounds = await _bounds(work)
    ranked = await _ranked(work, bounds, after, limit=limit + 1)
    found = await addresses.doubtful_rows(work.session, [rank[2] for rank in ranked[:limit]])
    asked = None
    if address_id is not None:
        at = await addresses.doubtful(work.session, **bounds, limit=1, only=address_id)
        rank = [_rank(one, await _worths(work, at, bounds["day"])) for one in at]
        own = await addresses.doubtful_rows(work.session, [address_id])
        asked = _shown(rank[0], own) if rank and address_id in own else None
    return DoubtfulPage(
        rows=[_shown(rank, found) for rank in ranked[:limit] if rank[2] in found],
        waiting=count,
        next_cursor=_closed(ranked[limit - 1]) if len(ranked) > limit else None,
        asked=asked,
    )


_Rank = tuple[int, date, UUID]
"""How the queue is ordered: cents of worth, negative; the end of the placement; the address."""

_JUDGED_AT_ONCE = 100
_READ_AT_ONCE = 2_000
"""Addresses that are read in the order of what they may be worth: the first few hundred are judged, mostly."""


class _Bounds(TypedDict):
    """What a bound depends on beside the claim and its placement."""

    day: date
    surely_per_mille: int


async def _bounds(work: Work) -> _Bounds:
    known = await presence.known(work)
    return _Bounds(day=_working_day(work.today), surely_per_mille=1_000 if known is None else known.surely_per_mille)


LONGEST_REST = 7
"""Days of rest on end that are looked over."""


def _working_day(today: date) -> date:
    """Today, or the next day that is no Sunday or holiday: on those every visit would be worth nothing alike."""
    days = (today + timedelta(days=later) for later in range(LONGEST_REST))
    return next((day for day in days if rules.is_lawful_day(day)), today)


async def _ranked(work: Work, bounds: _Bounds, after: _Rank | None, *, limit: int) -> list[_Rank]:
    """The first `limit` behind `after`: judged from those down that may stand first, until no other can be before."""
    found: list[_Rank] = []
    read = await addresses.doubtful(work.session, **bounds, limit=_READ_AT_ONCE)
    while read:
        for start in range(0, len(read), _JUDGED_AT_ONCE):
            some = read[start : start + _JUDGED_AT_ONCE]
            if len(found) >= limit and found[limit - 1] <= some[0].best:
                return found
            worths = await _worths(work, some, bounds["day"])
            ranks = [rank for rank in (_rank(one, worths) for one in some) if after is None or rank > after]
            found = sorted([*found, *ranks])[:limit]
        if len(read) < _READ_AT_ONCE:
            break
        read = await addresses.doubtful(work.session, **bounds, limit=_READ_AT_ONCE, after=read[-1].best)
    return found


async def _worths(work: Work, some: Sequence[addresses.Waiting], day: date) -> dict[UUID, int]:
    judged = await planning.candidates_on(work, day, only={one.practice_id for one in some})
    return {one.shown.practice_id: _worth(one.shown) for one in judged}


def _rank(one: addresses.Waiting, worths: Mapping[UUID, int]) -> _Rank:
    return (-worths.get(one.practice_id, 0), one.ends_on, one.address_id)


def _shown(rank: _Rank, found: Mapping[UUID, tuple[Address, str, str]]) -> DoubtfulAddress:
    worth, ends_on, address_id = rank
    address, number, debtor = found[address_id]
    return DoubtfulAddress(
        address=address_card(address),
        practice_id=address.practice_id,
        practice_number=number,
        debtor_name=debtor,
        why=address.why,
        alternatives=msgspec.convert(address.alternatives, list[AddressCandidate]),
        worth_cents=-worth,
        placement_ends_on=ends_on,
    )


def _closed(rank: _Rank) -> str:
    return f"{-rank[0]}.{rank[1].isoformat()}.{rank[2]}"


def _opened(cursor: str) -> _Rank:
    try:
        worth, ends_on, address_id = cursor.split(".")
        return (-int(worth), date.fromisoformat(ends_on), UUID(address_id))
    except ValueError:
        raise Refusal("request.cursor_unknown", kind=Kind.MALFORMED) from None


def _worth(shown: Candidate) -> int:
    stops = any(f.severity != Severity.WARNS.value and f.code not in _CURED for f in shown.findings)
    return 0 if stops else shown.prize_cents


async def settle(work: Work, address_id: UUID, *, lat_e6: int, lon_e6: int, confirm: bool) -> SettledAddress:
    """Confirm an address at the pin, or with `confirm` false say that it does not exist; all doubtful ones that are
    spelled the same are settled with it.

    Raises Refusal `address.unknown`, `address.settled_meanwhile`.
    """
    pairs = await addresses.settle(
        work.session, address_id, lat_e6=lat_e6, lon_e6=lon_e6, confirmed=confirm, word=_word(work)
    )
    return await _tell(work, "address.settled", pairs)


async def complete(
    work: Work, text: str, *, near: tuple[float, float] | None, comuni_serve: bool = False
) -> list[CompletedAddress]:
    """What a half-typed address may become, in the order in which geocoding would answer; nothing leaves the house.

    `near` in degrees. Where there is no gazetteer and `comuni_serve`, comuni are offered by their built-in points and
    may be chosen. Raises Refusal `gazetteer.missing`.
    """
    rough = False
    try:
        found = await asyncio.to_thread(placing.complete, work.parts.gazetteer, text, near=near)
    except Refusal as refused:
        if not comuni_serve or refused.code != "gazetteer.missing":
            raise
        rough = True
        found = await asyncio.to_thread(placing.complete_by_comuni, text)
    return [
        CompletedAddress(
            text=one.label,
            lat_e6=round(one.lat * 1e6),
            lon_e6=round(one.lon * 1e6),
            quality=one.quality,
            may_be_chosen=rough or one.quality != "comune",
        )
        for one in found
    ]


async def choose(work: Work, address_id: UUID, *, text: str) -> SettledAddress:
    """Another address instead of a doubtful one, as `complete` offered it; stairs and flat stay. All doubtful ones
    that are spelled the same are settled with it.

    Raises Refusal `address.not_offered`, and those of `settle` and `complete`.
    """
    found = await asyncio.to_thread(placing.complete, work.parts.gazetteer, text, near=None, limit=1)
    if not found or found[0].label != text or found[0].quality == "comune":
        raise Refusal("address.not_offered", kind=Kind.CONFLICT)
    pairs = await addresses.choose(
        work.session, address_id, spelled=lambda old: placing.respelled(old, found[0]), word=_word(work)
    )
    return await _tell(work, "address.settled", pairs)


async def put_back(work: Work, address_id: UUID) -> SettledAddress:
    """Undo a person's last word about an address; all that had it alike go back with it.

    Raises Refusal `address.unknown`, `address.settled_meanwhile`, `address.never_moved`.
    """
    pairs = await addresses.put_back(work.session, address_id, word=_word(work))
    return await _tell(work, "address.put_back", pairs)


async def moved_at_the_door(work: Work, pin: AddressPin, *, sent_by: Sender) -> None:
    """An agent's word about where a door is: it holds for every practice there, and the office sees it."""
    word = addresses.Word(sent_by.person.id, f"device:{sent_by.device.series}", work.now, work.parts.new_id)
    pairs = await addresses.move(work.session, pin.address_id, lat_e6=pin.lat_e6, lon_e6=pin.lon_e6, word=word)
    if not pairs:
        return
    await _tell(work, "address.moved", pairs)
    old, new = next((pair for pair in pairs if pair[1].practice_id == pin.practice_id), pairs[0])
    far_m = addresses.apart(old, new)
    if far_m is not None and far_m > FAR_M:
        await tasks.add(
            work.session,
            "address.pin_far",
            subject=("moved_pin", str(new.id)),
            due_on=work.today,
            details={"agent": sent_by.person.name, "address": new.text, "distance_m": far_m},
            now=work.now,
            new_id=work.parts.new_id,
            practice_id=new.practice_id,
        )


def _word(work: Work) -> addresses.Word:
    return addresses.Word(work.identity.person_id, addresses.OFFICE, work.now, work.parts.new_id)


async def _tell(work: Work, kind: str, pairs: Sequence[tuple[Address, Address]]) -> SettledAddress:
    await tasks.finish_about(
        work.session,
        "address.doubtful",
        [str(old.id) for old, _ in pairs],
        person_id=work.identity.person_id,
        now=work.now,
    )
    for old, new in pairs:
        body = {"address_id": str(new.id), "instead_of": str(old.id), "state": new.state}
        tell(work.session, NewFact(kind, work.now, practice_id=new.practice_id, body=body))
        places = {"from_e6": [old.lat_e6, old.lon_e6], "to_e6": [new.lat_e6, new.lon_e6]}
        audit(work.session, kind, "address", old.id, **body, **places)
    return SettledAddress(address=address_card(pairs[0][1]), practices=len({new.practice_id for _, new in pairs}))
