"""What a creditor is told: one row for each fact, his code for it, control totals, and when the next file is due.

Every fact of `TELLS` about a creditor's practices goes into exactly one file of each of his plans, in commit order.
Money that is taken back is a row of its own with a negative amount: what was told is never changed, only followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fieldapp.domain.ledger import LineBalance

TELLS = (
    "visit.reported",
    "visit.corrected",
    "visit.outcome_corrected",
    "payment.received",
    "payment.refunded",
    "receipt.voided",
    "cheque.unpaid",
    "promise.made",
)
"""The kinds of facts that become rows."""
OF_A_VISIT = ("visit.reported", "visit.corrected", "visit.outcome_corrected")
WITH_AN_OUTCOME = ("visit.reported", "visit.outcome_corrected")
TAKES_BACK = ("payment.refunded", "receipt.voided", "cheque.unpaid")
NO_DIGEST = "0" * 64
"""Stands for the digest before the first."""
TRIES_FOR = timedelta(days=3)
"""So long a file is tried before a person is asked."""
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class OutRow:
    """One fact as it is told; amounts in cents, negative where money was taken back."""

    fact_number: int
    fact_id: UUID
    kind: str
    at: datetime
    practice_id: UUID
    practice_number: str
    debtor: str
    agent: str = ""
    outcome: str = ""
    instead_of: str = ""
    """The outcome that was told before, where this one puts it right."""
    amount_cents: int | None = None
    share: LineBalance | None = None
    dues_cents: int | None = None
    """By how much the agency owes the creditor more: nothing where the money went to his own account."""
    method: str = ""
    receipt: str = ""
    due_on: date | None = None
    promised_cents: int | None = None

    @property
    def said(self) -> str:
        """What the creditor's mapping is asked for: the outcome of a visit, else the kind of the fact."""
        return self.outcome or self.kind


def code_of(row: OutRow, codes: Mapping[str, str]) -> str:
    """The creditor's code; our own word where he named none."""
    return codes.get(row.said) or row.said


def unmapped(rows: Iterable[OutRow], codes: Mapping[str, str]) -> dict[str, int]:
    """What happened and has no code of the creditor's, with how often."""
    return dict(sorted(Counter(row.said for row in rows if not codes.get(row.said)).items()))


@dataclass(frozen=True, slots=True)
class Control:
    """What a file says of itself. `total_cents`: the sum of its amounts; `previous`: digest of the file before."""

    sequence: int
    rows: int
    total_cents: int
    previous: str


def control_of(rows: Sequence[OutRow], *, sequence: int, previous: str) -> Control:
    return Control(sequence, len(rows), sum(row.amount_cents or 0 for row in rows), previous)


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """What a file of this plan said about a fact."""

    said: str
    code: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows that were told under one code and would be told under another today."""

    said: str
    told: str
    now: str
    rows: int


def differences(told: Mapping[ToldBefore, int], codes: Mapping[str, str]) -> list[Difference]:
    """Where a mapping departs from what the creditor was told; `told` counts rows."""
    found = [
        Difference(before.said, before.code, now, count)
        for before, count in told.items()
        if (now := codes.get(before.said) or before.said) != before.code
    ]
    return sorted(found, key=lambda one: (one.said, one.told))


def next_run(
    after: datetime, *, at: time, weekdays: Collection[int], zone: ZoneInfo, monthly: bool = False
) -> datetime:
    """The first instant later than `after` at local `at` on one of `weekdays` (0 Monday .. 6 Sunday).

    `monthly`: on the first of a month instead, whatever day of the week that is.

    A local time that a change of clocks leaves out is taken as `zoneinfo` reads it: an hour later, never a day.
    """
    day = after.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
        if (day.day == 1 if monthly else day.weekday() in weekdays) and moment > after:
            return moment
        day += timedelta(days=1)


def next_try(made_at: datetime, now: datetime, *, tries: int) -> datetime | None:
    """When to try again after `tries` failures; None: three days are over, a person decides."""
    if now - made_at > TRIES_FOR:
        return None
    return now + min(_FIRST_WAIT * (1 << min(tries - 1, 10)), _LONGEST_WAIT)


def file_name(prefix: str, made_on: date, sequence: int, ending: str) -> str:
    """The name under which a file lies at the creditor's: the same for every sending of it."""
    return f"{prefix}-{made_on:%Y%m%d}-{sequence:06d}{ending}"
