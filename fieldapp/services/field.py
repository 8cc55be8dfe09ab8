"""One agent's published day, for one phone and nobody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fieldapp.domain.conduct import AgentFacts, PracticeFacts, address_to_json, agent_to_json, practice_to_json
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import AccountKind
from fieldapp.geo.basemap_day import Spot
from fieldapp.services import basemap, corrections, day_changes, messages, reviews, rules
from fieldapp.services.access import read_clock
from fieldapp.services.office_key import office_point
from fieldapp.services.work import Work, speaking
from fieldapp.store import access as access_store
from fieldapp.store import addresses as address_store
from fieldapp.store import field as store
from fieldapp.store import ledger, limitation
from fieldapp.store import pads as pad_store
from fieldapp.store import practice_facts as facts_store
from fieldapp.store.feed import audit
from fieldapp.store.shapes.field import DayBundle, DayChanges, PurseCard
from fieldapp.store.tables import Address, Person


async def read_day(work: Work, day: date | None, *, protocol: int, cursor: str | None = None) -> DayBundle | DayChanges:
    """The newest version of the agent's day, by default today's: whole, or what changed since the reading that the
    phone names by its `cursor`.

    A phone gets today and the next seven days, no past: raises Refusal `field.day_out_of_reach`, and
    `sync.protocol_unknown` for an app that would not understand the answer.
    """
    return day_changes.since(work, await _whole(work, day, protocol=protocol), cursor)


async def _whole(work: Work, day: date | None, *, protocol: int) -> DayBundle:
    spoken = speaking(protocol)
    wanted = _in_reach(work, day or work.today)
    assert work.identity.device_id is not None
    phone = await store.holder(work.session, work.identity.device_id)
    device, person = phone.device, phone.person
    published = await store.day_of(work.session, person.id, wanted)
    ruleset = await rules.ruleset(work)
    practice_ids = [stop.practice_id for stop in published.stops]
    addresses = await store.addresses_of(work.session, practice_ids)
    practices = await facts_store.practice_facts(work.session, practice_ids, ruleset=ruleset, today=work.today)
    named = {stop.address_id for stop in published.stops}
    stands = address_store.in_force(row for rows in addresses.values() for row in rows)
    facts = _facts(practices, phone.facts, addresses, named=named, stands=stands)
    clocks = await limitation.cards(work.session, practice_ids, ruleset=ruleset, today=work.today)
    stops = await store.stop_cards(
        work.session, published, facts=facts, addresses=stands, clocks=clocks, today=work.today
    )
    next_day, next_version = await store.next_day_of(
        work.session, person.id, after=wanted, until=work.today + timedelta(days=7)
    )
    held = await ledger.held_by(work.session, person.id)
    audit(work.session, "day.fetched", "day", wanted.isoformat(), version=published.version)
    return DayBundle(
        protocol=spoken,
        clock=read_clock(work.parts),
        day=wanted,
        version=published.version,
        published_at=published.published_at,
        agent=access_store.person_card(person),
        agency=access_store.agency_card(phone.agency),
        shift_from=at_second(wanted, person.shift_from_s, work.parts.zone),
        shift_to=at_second(wanted, person.shift_to_s, work.parts.zone),
        home_lat_e6=person.home_lat_e6,
        home_lon_e6=person.home_lon_e6,
        stops=stops,
        ruleset=ruleset.for_phone(
            creditors=frozenset(str(stop.practice.creditor.id) for stop in stops),
            comuni=frozenset(stop.address.comune for stop in stops),
        ).to_json(),
        blocks=await access_store.number_blocks(work.session, device),
        cash_limit_cents=person.cash_limit_cents,
        purse=PurseCard(
            cash_cents=held.get(AccountKind.AGENT_CASH, 0),
            cheques_cents=held.get(AccountKind.CHEQUES_IN_HAND, 0),
            cards_cents=held.get(AccountKind.CARD_IN_TRANSIT, 0),
        ),
        paper_words=dict(work.parts.paper_words),
        next_day=next_day,
        next_version=next_version,
        payment_links=work.parts.payment_links is not None,
        office_key=await office_point(work),
        messages=await messages.carry(work, person.id, wanted, agent=person.name) if wanted == work.today else [],
        questions=await reviews.carry(work, person.id) if wanted == work.today else [],
        reports=await corrections.carry(work, person.id),
        pads=await pad_store.numbers_of(work.session, person.id),
        basemap=basemap.mark_of_day(work.parts.basemap, _doors(published, stands), start=_home(person)),
    )


def _in_reach(work: Work, day: date) -> date:
    if not work.today <= day <= work.today + timedelta(days=7):
        raise Refusal("field.day_out_of_reach", kind=Kind.FORBIDDEN, details={"day": day.isoformat()})
    return day


def _doors(published: store.DayOfAgent, stands: Mapping[UUID, Address]) -> list[Spot]:
    """Where the day's visits are, in their order, those of the reserve included."""
    places = [stands[stop.address_id] for stop in published.stops]
    return [
        (place.lat_e6 / 1e6, place.lon_e6 / 1e6)
        for place in places
        if place.lat_e6 is not None and place.lon_e6 is not None
    ]


def _home(person: Person) -> Spot | None:
    if person.home_lat_e6 is None or person.home_lon_e6 is None:
        return None
    return person.home_lat_e6 / 1e6, person.home_lon_e6 / 1e6


async def read_basemap(work: Work, day: date) -> bytes:
    """The part of the map that the agent's day needs, as an archive of its own.

    Raises Refusal `field.day_out_of_reach`, and `basemap.missing` where there is no map of these places.
    """
    wanted = _in_reach(work, day)
    assert work.identity.device_id is not None
    phone = await store.holder(work.session, work.identity.device_id)
    published = await store.day_of(work.session, phone.person.id, wanted)
    addresses = await store.addresses_of(work.session, [stop.practice_id for stop in published.stops])
    stands = address_store.in_force(row for rows in addresses.values() for row in rows)
    return await basemap.cut(work.parts.basemap, _doors(published, stands), start=_home(phone.person))


def _facts(
    practices: Mapping[UUID, PracticeFacts],
    agent: AgentFacts,
    addresses: Mapping[UUID, Sequence[Address]],
    *,
    named: Collection[UUID],
    stands: Mapping[UUID, Address],
) -> dict[UUID, dict[str, Any]]:
    """What the rules know of each practice, as the phone's `judge` reads it: addresses in force, and those that a stop
    is `named` by, as what `stands` for them by now."""
    of_agent = agent_to_json(agent)
    return {
        practice_id: {
            "practice": practice_to_json(practice),
            "agent": of_agent,
            "addresses": {
                str(row.id): address_to_json(facts_store.address_facts(stands[row.id]))
                for row in addresses[practice_id]
                if row.current or row.id in named
            },
        }
        for practice_id, practice in practices.items()
    }


async def read_document(work: Work, document_id: UUID) -> tuple[bytes, str]:
    """A document of the credit of one of the agent's practices of today or the next days.

    Raises Refusal `document.unknown`.
    """
    days = (work.today, work.today + timedelta(days=7))
    row = await store.document_of_agent(work.session, document_id, agent_id=work.identity.person_id, days=days)
    if row is None:
        raise Refusal("document.unknown", kind=Kind.MISSING)
    audit(work.session, "document.read", "document", document_id)
    return await work.parts.blobs.get(row.sha256), row.media_type


def at_second(day: date, second: int, zone: ZoneInfo) -> datetime:
    """The instant at which the wall clock of `day` shows `second` seconds after midnight."""
    return datetime.combine(day, time(0), tzinfo=zone) + timedelta(seconds=second)
