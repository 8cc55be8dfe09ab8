"""The contact ledger: visits, calls, messages and letters of one practice, counted together.

What is counted is the disturbance of a person, so a visit that found nobody and a call that the debtor asked
for weigh differently from a conversation. Days are Italian local dates: limits run by the day, not the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fieldapp.domain.reading import Reader

ITALY = ZoneInfo("Europe/Rome")

CAME_TO_PAY = "CAME_TO_PAY"
OTHER_CONTACTS = ("CALLED", "MESSAGED", "DUNNING_LETTER_1", "DUNNING_LETTER_2", "FORMAL_NOTICE", CAME_TO_PAY)
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
    OFFICE = "office"
    """The debtor came to us of their own accord: it weighs in no limit, for these bind us and not them."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact or attempt on a local date.

    `reached`: there was a conversation with the debtor. `counts`: it weighs in the limits at all; a contact
    that the debtor asked for, or a visit to an address that does not exist, does not. `made_at`: the instant where it
    is known, by which one visit that is reported for several practices is told from several.
    """

    on: date
    channel: Channel
    reached: bool
    counts: bool = True
    made_at: datetime | None = field(default=None, compare=False)

    @classmethod
    def at(cls, at: datetime, *, channel: Channel, reached: bool, counts: bool = True) -> Contact:
        """A contact at an aware instant, laid on its Italian day."""
        return cls(local_day(at), channel, reached, counts, at)


class Tally(NamedTuple):
    """How many contacts weigh: on the day itself, in the seven days that end with it, since the placement began."""

    day: int = 0
    week: int = 0
    placement: int = 0


NONE = Tally()
SIX_DAYS = timedelta(days=6)


def conversation_days(contacts: Iterable[Contact]) -> tuple[date, ...]:
    """The days of the conversations with the debtor that weigh, over all channels, the latest first."""
    return tuple(sorted([made.on for made in contacts if made.reached and made.counts], reverse=True))


def visit_days(contacts: Iterable[Contact]) -> tuple[date, ...]:
    """The days of the visits that weigh, whoever was met, the latest first."""
    visit = Channel.VISIT
    return tuple(sorted([made.on for made in contacts if made.channel is visit and made.counts], reverse=True))


def conversations(contacts: Iterable[Contact], *, on: date, since: date) -> Tally:
    """Conversations with the debtor over all channels."""
    return tally(conversation_days(contacts), on=on, since=since)


def visits(contacts: Iterable[Contact], *, on: date, since: date) -> Tally:
    """Visits that weigh, whoever was met."""
    return tally(visit_days(contacts), on=on, since=since)


OF_THE_PERSON = frozenset({"ASKED_TO_LEAVE"})
"""Outcomes by which somebody wants something of us altogether, whichever debt they were asked about."""


def without(contacts: Iterable[Contact], visited_at: datetime) -> tuple[Contact, ...]:
    """The contacts but for the visit of that instant: one door that is reported for several practices is one visit."""
    visit = Channel.VISIT
    return tuple(one for one in contacts if one.channel is not visit or one.made_at != visited_at)


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


def tally(days: Sequence[date], *, on: date, since: date) -> Tally:
    """How many of `days`, the latest first, weigh on the day `on` in a placement that began `since`."""
    week_from = on - SIX_DAYS
    # One plain loop that ends early: a planner asks this some hundred thousand times a day.
    day = week = placement = 0
    for made_on in days:
        if made_on > on:
            continue
        in_week, in_placement = made_on >= week_from, made_on >= since
        if not (in_week or in_placement):
            break
        week += in_week
        placement += in_placement
        day += made_on == on
    return Tally(day, week, placement) if week or placement else NONE
