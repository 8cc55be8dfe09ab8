"""The agency's commission (provvigione) on what it recovers for a creditor: rates, movements, closings.

A commission is earned on the day on which money came in, at the rate in force that day; what is taken back gives
back at the rate at which it was earned, so that a receipt and its undoing come to nothing. It is posted by closing:
a closing takes every movement that was recorded before its end and that no standing closing holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import AccountKey, AccountKind, Leg, NewEntry
from fieldapp.domain.money import italian

WHOLE_BP = 10_000
"""A rate of one hundred per cent, in basis points."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What the creditor pays of each euro from a day on, in basis points.

    Raises Refusal `commission.rate_unusable` (details: most_bp) for nothing, less, or more than all.
    """

    valid_from: date
    rate_bp: int

    def __post_init__(self) -> None:
        if not 0 < self.rate_bp <= WHOLE_BP:
            raise Refusal("commission.rate_unusable", kind=Kind.MALFORMED, details={"most_bp": WHOLE_BP})


@dataclass(frozen=True, slots=True)
class Movement:
    """Money of a practice, in cents, negative where it was taken back; `earned_on`: the day on which it had come in."""

    fact_number: int
    kind: str
    recorded_at: datetime
    earned_on: date
    practice_id: UUID
    practice_number: str
    receipt: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Share:
    """What moved under one rate, all in cents; `rate_bp` None: before the first rate, so that nothing is earned."""

    rate_bp: int | None
    received_cents: int
    taken_back_cents: int

    @property
    def net_cents(self) -> int:
        return self.received_cents - self.taken_back_cents

    @property
    def commission_cents(self) -> int:
        return 0 if self.rate_bp is None else commission_cents(self.net_cents, self.rate_bp)


def commission_cents(net_cents: int, rate_bp: int) -> int:
    """`rate_bp` of `net_cents`, half a cent rounded up; below zero the same amount the other way round."""
    cents = (abs(net_cents) * rate_bp + WHOLE_BP // 2) // WHOLE_BP
    return cents if net_cents >= 0 else -cents


def rate_on(rates: Sequence[Rate], day: date) -> int | None:
    """The rate in force on a day: of those whose day had come the newest, of one day the one that was set last.

    `rates` stand in the order in which they were set.
    """
    come = [rate for rate in rates if rate.valid_from <= day]
    return max(reversed(come), key=lambda rate: rate.valid_from).rate_bp if come else None


def shares_of(movements: Iterable[Movement], rates: Sequence[Rate]) -> tuple[Share, ...]:
    """`movements` summed by their rates, the highest first; each share is rounded by itself, as it is shown."""
    received: dict[int | None, int] = {}
    taken_back: dict[int | None, int] = {}
    for one in movements:
        rate = rate_on(rates, one.earned_on)
        side = received if one.amount_cents >= 0 else taken_back
        side[rate] = side.get(rate, 0) + abs(one.amount_cents)
    found = received.keys() | taken_back.keys()
    return tuple(
        Share(rate, received.get(rate, 0), taken_back.get(rate, 0))
        for rate in sorted(found, key=lambda rate: -1 if rate is None else rate, reverse=True)
    )


def closing_end(to_on: date, *, zone: ZoneInfo, today: date, closed_to: datetime | None) -> datetime:
    """The instant at which the day `to_on` ended; `closed_to`: where the last standing closing ended.

    Raises Refusal `commission.day_not_over`, `commission.day_closed` (details: day).
    """
    after = to_on + timedelta(days=1)
    if after > today:
        raise Refusal("commission.day_not_over", kind=Kind.MALFORMED, details={"day": to_on.isoformat()})
    until = datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC)
    if closed_to is not None and until <= closed_to:
        raise Refusal("commission.day_closed", kind=Kind.CONFLICT, details={"day": last_day(closed_to, zone)})
    return until


def last_day(until: datetime, zone: ZoneInfo) -> str:
    """The last day of what ends at the midnight `until`, as `2026-11-30`."""
    return (until.astimezone(zone).date() - timedelta(days=1)).isoformat()


def closing_entry(
    shares: Sequence[Share], *, creditor_id: UUID, number: int, to_on: date, at: datetime, idempotency_key: str
) -> NewEntry:
    """The entry of a closing: the creditor is owed less, the agency has earned; the other way round below zero.

    Raises Refusal `commission.comes_to_nothing`: there is nothing to post, and what moved waits for the next closing.
    """
    cents = sum(share.commission_cents for share in shares)
    if not cents:
        raise Refusal("commission.comes_to_nothing", kind=Kind.CONFLICT)
    earned = [share for share in shares if share.rate_bp is not None]
    said = "; ".join(f"{percent(share.rate_bp or 0)} su {italian(share.net_cents)}" for share in earned)
    return NewEntry(
        "commission",
        at,
        idempotency_key,
        (
            Leg(AccountKey(AccountKind.CREDITOR_DUES, creditor_id=creditor_id), cents),
            Leg(AccountKey(AccountKind.COMMISSIONS, creditor_id=creditor_id), -cents),
        ),
        memo=f"provvigione n. {number} fino al {to_on:%d/%m/%Y}: {said}",
    )


def percent(rate_bp: int) -> str:
    """`1250` as `12,5 %`."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}{f',{rest:02d}'.rstrip('0') if rest else ''} %"
