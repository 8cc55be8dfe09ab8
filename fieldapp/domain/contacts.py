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
SIX_DAYS = timedelta(days=6)


def conversations(contacts: Iterable[Contact], *, on: date, since: date) -> Tally:
    """Conversations with the debtor over all channels."""
    return _tally([made.on for made in contacts if made.reached and made.counts and made.on <= on], on, since)


def visits(contacts: Iterable[Contact], *, on: date, since: date) -> Tally:
    """Visits that weigh, whoever was met."""
    visit = Channel.VISIT
    return _tally([made.on for made in contacts if made.channel is visit and made.counts and made.on <= on], on, since)


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


def _tally(weighed: Sequence[date], on: date, since: date) -> Tally:
    # One plain loop: a planner asks this some hundred thousand times a day.
    if not weighed:
        return NONE
    week_from = on - SIX_DAYS
    day = week = placement = 0
    for made_on in weighed:
        if made_on >= week_from:
            week += 1
            day += made_on == on
        if made_on >= since:
            placement += 1
    return Tally(day, week, placement) if week or placement else NONE
