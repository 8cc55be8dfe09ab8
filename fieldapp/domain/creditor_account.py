"""The account to a creditor: what was done about each of his practices in a period, what came in, what went back.

A period is told by when things were recorded, not by when they happened: an account of days that are over never
changes, and accounts that follow one another hold everything once. What a phone brings late stands in the later one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outgoing import TAKES_BACK, OutRow

LONGEST_DAYS = 366
PROMISED = "promise_to_pay"
"""The kind of a promise in words; other kinds announce a payment that the office has to see."""


class Kept(StrEnum):
    """What became of a promise whose day is over."""

    KEPT = "kept"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise as it stands. `seen`: the office saw the announced payment arrive."""

    id: UUID
    practice_id: UUID
    practice_number: str
    debtor: str
    made_on: date
    due_on: date
    amount_cents: int
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """Money of one practice on a day, in cents; negative where it was taken back."""

    practice_id: UUID
    on: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class AccountPeriod:
    """Recorded at `since` or later and before `until`. `since` None: from the beginning."""

    since: datetime | None
    until: datetime

    def due_days(self, zone: ZoneInfo, *, today: date) -> tuple[date, date]:
        """First day and day after the last whose promises this account settles: days that were over within it."""
        first = self.since.astimezone(zone).date() if self.since else date.min
        return first, min(self.until.astimezone(zone).date(), today)


@dataclass(frozen=True, slots=True)
class PracticeLine:
    """One practice in the account; all amounts in cents and none negative but `net_cents`."""

    practice_id: UUID
    practice_number: str
    debtor: str
    visits: int
    outcome: str
    """Of the newest visit in the period."""
    promised: int
    kept: int
    broken: int
    received_cents: int
    taken_back_cents: int

    @property
    def net_cents(self) -> int:
        return self.received_cents - self.taken_back_cents


@dataclass(frozen=True, slots=True)
class MethodSum:
    """What came in one way: how often, how much, and how much of it was taken back."""

    method: str
    payments: int
    received_cents: int
    taken_back_cents: int

    @property
    def net_cents(self) -> int:
        return self.received_cents - self.taken_back_cents


@dataclass(frozen=True, slots=True)
class CommissionLine:
    """A closing of commissions, or the reversal of one, posted in the period.

    `cents`: what the agency keeps, negative where it gives back. `bases`: rate in basis points and the net it is of.
    """

    number: int
    to_on: date
    bases: tuple[tuple[int, int], ...]
    cents: int
    reversal: bool


@dataclass(frozen=True, slots=True)
class CreditorAccount:
    """An account. `direct_cents`: of what came in net, paid to the creditor himself; the rest the agency owes him."""

    period: AccountPeriod
    lines: tuple[PracticeLine, ...]
    movements: tuple[OutRow, ...]
    outcomes: Mapping[str, int]
    methods: tuple[MethodSum, ...]
    direct_cents: int
    commissions: tuple[CommissionLine, ...] = ()

    @property
    def received_cents(self) -> int:
        return sum(line.received_cents for line in self.lines)

    @property
    def taken_back_cents(self) -> int:
        return sum(line.taken_back_cents for line in self.lines)

    @property
    def net_cents(self) -> int:
        return self.received_cents - self.taken_back_cents

    @property
    def due_cents(self) -> int:
        """What the agency owes the creditor for this period, fees apart."""
        return self.net_cents - self.direct_cents

    @property
    def remains_cents(self) -> int:
        """What the agency owes less the commissions posted in the period; below zero the creditor owes it."""
        return self.due_cents - sum(line.cents for line in self.commissions)

    @property
    def visits(self) -> int:
        return sum(self.outcomes.values())

    @property
    def promises(self) -> tuple[int, int, int]:
        """Made, kept, broken."""
        made, kept, broken = (
            sum(getattr(line, name) for line in self.lines) for name in ("promised", "kept", "broken")
        )
        return made, kept, broken


def period_of(from_on: date, to_on: date, *, zone: ZoneInfo) -> AccountPeriod:
    """The local days from `from_on` to `to_on`, both whole. Raises Refusal `account.period_unusable`."""
    days = (to_on - from_on).days + 1
    if not 0 < days <= LONGEST_DAYS:
        raise Refusal("account.period_unusable", kind=Kind.MALFORMED, details={"most": LONGEST_DAYS})
    since = datetime(from_on.year, from_on.month, from_on.day, tzinfo=zone)
    after = to_on + timedelta(days=1)
    return AccountPeriod(since, datetime(after.year, after.month, after.day, tzinfo=zone))


def judge_promises(promises: Iterable[Promised], received: Iterable[Received]) -> list[tuple[Promised, Kept]]:
    """What became of each promise: kept where as much came in by its day as was promised, counted since it was made.

    Money keeps one promise only, of a practice's promises the one due first; what was taken back by then kept none. An
    announced payment is kept as soon as the office has seen it.
    """
    money: dict[UUID, list[Received]] = defaultdict(list)
    for cash in received:
        money[cash.practice_id].append(cash)
    used: Counter[UUID] = Counter()
    judged = []
    for one in sorted(promises, key=lambda promise: (promise.due_on, promise.made_on)):
        came = sum(cash.amount_cents for cash in money[one.practice_id] if one.made_on <= cash.on <= one.due_on)
        kept = one.seen or came - used[one.practice_id] >= one.amount_cents
        if kept:
            used[one.practice_id] += one.amount_cents
        judged.append((one, Kept.KEPT if kept else Kept.BROKEN))
    return judged


def draw_up(
    rows: Sequence[OutRow],
    judged: Sequence[tuple[Promised, Kept]],
    *,
    period: AccountPeriod,
    commissions: Sequence[CommissionLine] = (),
) -> CreditorAccount:
    """The account of the facts `rows`, of one creditor and period in the order of recording."""
    movements = tuple(row for row in rows if row.amount_cents is not None)
    return CreditorAccount(
        period=period,
        lines=tuple(_lines(rows, judged)),
        movements=movements,
        outcomes=dict(sorted(_outcomes(rows).items(), key=lambda one: (-one[1], one[0]))),
        methods=tuple(_methods(movements)),
        direct_cents=sum((row.amount_cents or 0) - _dues(row) for row in movements),
        commissions=tuple(commissions),
    )


def _outcomes(rows: Sequence[OutRow]) -> Counter[str]:
    """How often each outcome; a visit that was put right counts once, as it ended, in the account of its report. Where
    that was an earlier one, that account stays as it was told."""
    found: Counter[str] = Counter()
    for row in rows:
        if row.kind == "visit.reported":
            found[row.outcome] += 1
        elif row.instead_of and found[row.instead_of]:
            found[row.instead_of] -= 1
            found[row.outcome] += 1
    return +found


def _dues(row: OutRow) -> int:
    amount = row.amount_cents or 0
    return amount if row.dues_cents is None else row.dues_cents


def _lines(told: Sequence[OutRow], judged: Sequence[tuple[Promised, Kept]]) -> list[PracticeLine]:
    # A correction is nothing that was done for the creditor.
    rows = [row for row in told if row.kind != "visit.corrected"]
    named = {row.practice_id: (row.practice_number, row.debtor) for row in rows}
    named |= {one.practice_id: (one.practice_number, one.debtor) for one, _ in judged}
    own: dict[UUID, list[OutRow]] = {practice_id: [] for practice_id in named}
    for row in rows:
        own[row.practice_id].append(row)
    settled = Counter((one.practice_id, kept) for one, kept in judged)
    lines = [
        PracticeLine(
            practice_id=practice_id,
            practice_number=number,
            debtor=debtor,
            visits=sum(row.kind == "visit.reported" for row in own[practice_id]),
            outcome=next((row.outcome for row in reversed(own[practice_id]) if row.outcome), ""),
            promised=sum(row.kind == "promise.made" for row in own[practice_id]),
            kept=settled[practice_id, Kept.KEPT],
            broken=settled[practice_id, Kept.BROKEN],
            received_cents=_sum(own[practice_id], taken_back=False),
            taken_back_cents=_sum(own[practice_id], taken_back=True),
        )
        for practice_id, (number, debtor) in named.items()
    ]
    return sorted(lines, key=lambda line: (line.practice_number, str(line.practice_id)))


def _methods(movements: Sequence[OutRow]) -> list[MethodSum]:
    ways = sorted({row.method for row in movements})
    found = []
    for way in ways:
        own = [row for row in movements if row.method == way]
        payments = sum(row.kind not in TAKES_BACK for row in own)
        found.append(MethodSum(way, payments, _sum(own, taken_back=False), _sum(own, taken_back=True)))
    return found


def _sum(rows: Iterable[OutRow], *, taken_back: bool) -> int:
    return abs(sum(row.amount_cents or 0 for row in rows if (row.kind in TAKES_BACK) == taken_back))
