"""Contacts that others made: into the same ledger of contacts as our own, so that the rules count them all."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fieldapp.domain.access import ServiceIdentity
from fieldapp.domain.contact_log import LoggedContact, checked_outcome
from fieldapp.domain.contacts import Channel
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import WriteScope
from fieldapp.domain.inbound import OLDEST
from fieldapp.services import inbound
from fieldapp.services.contacts import row_of
from fieldapp.services.inbound import Answered, Given, Reception, Told, Verdicts, accepted, known, refused
from fieldapp.services.work import Parts
from fieldapp.store import contacts as store
from fieldapp.store.feed import audit
from fieldapp.store.shapes.inbound import ContactItem

SOURCE = "system"


async def take_contacts(told: Told, given: Sequence[Given[ContactItem]]) -> Verdicts:
    """Write down contacts; one that a file or another system told already is known.

    An item is refused by `contact.in_the_future`, `contact.outcome_not_with`, `inbound.day_unlikely`.
    """
    verdicts: Verdicts = {}
    logged: list[tuple[Given[ContactItem], LoggedContact, UUID]] = []
    rows: list[dict[str, object]] = []
    for one in given:
        try:
            contact = _contact(told, one)
        except Refusal as refusal:
            verdicts[one.index] = refused(one.index, refusal)
            continue
        row = row_of(one.practice.id, contact, source=SOURCE)
        rows.append(row)
        logged.append((one, contact, UUID(str(row["id"]))))
    new = await store.add(told.session, rows)
    for one, contact, contact_id in logged:
        verdicts[one.index] = accepted(one) if contact_id in new else known(one)
        if contact_id in new:
            body = {"channel": contact.channel.value, "outcome": contact.outcome, "reached": contact.reached}
            told.tell("contact.made", contact.at, one.practice.id, **body)
            audit(told.session, "inbound.contact", "contact", contact_id, **told.audited(**body))
    return verdicts


def _contact(told: Told, one: Given[ContactItem]) -> LoggedContact:
    item = one.item
    if item.at > told.now:
        raise Refusal("contact.in_the_future", kind=Kind.MALFORMED)
    if item.at.date() < OLDEST:
        raise Refusal("inbound.day_unlikely", kind=Kind.MALFORMED, details={"day": item.at.date().isoformat()})
    channel = Channel(item.channel)
    outcome = checked_outcome(channel, item.outcome.strip())
    by = item.by.strip() or told.account.name
    return LoggedContact(one.practice.practice_number, channel, item.at, outcome, item.reached, by, one.index)


_CONTACTS = Reception("write_contacts", WriteScope.CONTACTS, ContactItem, take_contacts)


async def receive_contacts(
    parts: Parts, account: ServiceIdentity, body: bytes, *, key: str | None, language: str
) -> Answered:
    """Take contacts that another system tells. Raises as `inbound.receive`."""
    return await inbound.receive(parts, account, _CONTACTS, body, key=key, language=language)
