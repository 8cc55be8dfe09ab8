"""What another system may tell us, judged before anything is written: verdicts, days, money that was told before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake_cells import key_of

MOST_ITEMS = 500
"""Items in one request."""
OLDEST = date(2000, 1, 1)
"""No day before it is believed: placeholders like 01/01/1900 are not days on which something happened."""


class Verdict(StrEnum):
    """What became of an item. `known`: it was told before; `held`: kept, and a person looks at it before it counts."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    HELD = "held"
    REFUSED = "refused"


class PaymentState(StrEnum):
    """What became of a payment that the creditor saw."""

    POSTED = "posted"
    INCLUDED = "included"
    HELD = "held"


def check_day(day: date, *, today: date) -> None:
    """Raises Refusal `inbound.day_to_come` or `inbound.day_unlikely` (details: day)."""
    if day > today:
        raise Refusal("inbound.day_to_come", kind=Kind.MALFORMED, details={"day": day.isoformat()})
    if day < OLDEST:
        raise Refusal("inbound.day_unlikely", kind=Kind.MALFORMED, details={"day": day.isoformat()})


def seen_at(paid_on: date, *, now: datetime, zone: tzinfo) -> datetime:
    """The instant under which a payment of a day is booked: its local noon, but never the future.

    Just before `now` at the latest, so that a statement of the same moment sees it.
    """
    noon = datetime.combine(paid_on, time(12), tzinfo=zone).astimezone(now.tzinfo)
    return min(noon, now - timedelta(milliseconds=1))


def is_included(paid_on: date, *, as_of: date, stated_on: date | None) -> bool:
    """Whether the creditor's newest statement, which came on `stated_on`, holds what he saw on `paid_on`.

    It speaks of the end of its day. One that came in the course of that very day cannot hold what is told afterwards.
    """
    return paid_on < as_of or (paid_on == as_of and stated_on != as_of)


def reference_key(reference: str) -> str:
    """A bank's reference as it is compared: however it is spelt, it is the same transfer."""
    return key_of(reference).casefold()


VALUE_DAYS = timedelta(days=5)
"""So far apart may lie the days under which two banks, or a bank and its customer, write down one transfer."""


def is_one_transfer(one: date, other: date) -> bool:
    """Whether two days may be booking and value date of one transfer."""
    return abs(one - other) <= VALUE_DAYS


@dataclass(frozen=True, slots=True)
class OwnReceipt:
    """Money that we took and the creditor knows of: by our report, or because it reached his own account."""

    payment_id: UUID
    receipt: str
    amount_cents: int
    received_on: date
    at_his: bool = False
    """It reached his own account: the day is his bank's or ours, not that of a receipt at the door."""


def same_as_ours(
    ours: Iterable[OwnReceipt],
    *,
    amount_cents: int,
    paid_on: date,
    other_than: Collection[str],
    matched: Collection[UUID],
) -> OwnReceipt | None:
    """Our receipt that a payment seen by the creditor may be: the same amount, taken on that day or before; where it
    reached his own account, within the days between booking and value date.

    `other_than` names receipts of which he says that they are other payments; `matched` those that an earlier one of
    his was held against.
    """
    return next(
        (
            one
            for one in ours
            if one.amount_cents == amount_cents
            and (is_one_transfer(one.received_on, paid_on) if one.at_his else one.received_on <= paid_on)
            and one.receipt not in other_than
            and one.payment_id not in matched
        ),
        None,
    )
