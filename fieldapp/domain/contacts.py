"""The contact ledger: visits, calls, messages and letters of one practice, counted together.

What is counted is the disturbance of a person, so a visit that found nobody and a call that the debtor asked
for weigh differently from a conversation. Days are Italian local dates: limits run by the day, not the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from fieldapp.domain.reading import Reader

ITALY = ZoneInfo("Europe/Rome")

OTHER_CONTACTS = ("CALLED", "MESSAGED", "DUNNING_LETTER_1", "DUNNING_LETTER_2", "FORMAL_NOTICE")
"""How contacts that are no visits are recorded; their words stand beside those of the visit outcomes."""


def local_day(at: datetime) -> date:
    """The Italian day on which an instant falls."""
    return at.astimezone(ITALY).date()


class Channel(StrEnum):
    """How somebody was contacted."""

    VISIT = "visit"
    CALL = "call"
    MESSAGE = "message"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact or attempt on a local date.

    `reached`: there was a conversation with the debtor. `counts`: it weighs in the limits at all; a contact
    that the debtor asked for, or a visit to an address that does not exist, does not.
    """

    on: date
    channel: Channel
    reached: bool
    counts: bool = True

    @classmethod
    def at(cls, at: datetime, *, channel: Channel, reached: bool, counts: bool = True) -> Contact:
        """A contact at an aware instant, laid on its Italian day."""
        return cls(local_day(at), channel, reached, counts)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many contacts weigh: on the day itself, in the seven days that end with it, since the placement began."""

    day: int = 0
    week: int = 0
    placement: int = 0


NONE = Tally()


def conversations(contacts: Iterable[Contact], *, on: date, since: date) -> Tally:
    """Conversations with the debtor over all channels."""
    weighed = [contact.on for contact in contacts if contact.reached and contact.counts]
    return _tally(weighed, on=on, since=since) if weighed else NONE


def visits(contacts: Iterable[Contact], *, on: date, since: date) -> Tally:
    """Visits that weigh, whoever was met."""
    made = [contact.on for contact in contacts if contact.channel is Channel.VISIT and contact.counts]
    return _tally(made, on=on, since=since) if made else NONE


def calls_to_cancel(planned: Iterable[Contact], *, visit: Contact) -> tuple[Contact, ...]:
    """The calls and messages planned for the day on which a visit reached the debtor."""
    if not visit.reached:
        return ()
    disturbing = (Channel.CALL, Channel.MESSAGE)
    return tuple(contact for contact in planned if contact.on == visit.on and contact.channel in disturbing)


def contact_to_json(contact: Contact) -> dict[str, Any]:
    """One contact as the phone reads it."""
    return {
        "on": contact.on.isoformat(),
        "channel": contact.channel.value,
        "reached": contact.reached,
        "counts": contact.counts,
    }


def contact_from_json(reader: Reader) -> Contact:
    """Read what `contact_to_json` wrote."""
    contact = Contact(
        reader.day("on"), reader.choice("channel", Channel), reader.flag("reached"), reader.flag("counts")
    )
    reader.close()
    return contact


def _tally(weighed: Sequence[date], *, on: date, since: date) -> Tally:
    # One plain loop: a planner asks this some hundred thousand times a day.
    week_from = on - timedelta(days=6)
    day = week = placement = 0
    for made_on in weighed:
        if made_on > on:
            continue
        day += made_on == on
        week += made_on >= week_from
        placement += made_on >= since
    return Tally(day, week, placement) if day or week or placement else NONE
