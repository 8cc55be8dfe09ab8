"""Repayment plans (piani di rientro): a schedule exact to the cent, within what a creditor grants.

Due dates hang on the first one: a plan that starts on the 31st falls due on the last day of shorter months and on the
31st again afterwards; a weekend keeps its date. Interest of a plan is simple and accrues on the debt as it shrinks
(interest bears no interest, art. 1283 c.c.). The phone makes the same schedules (`pwa/src/domain/repaymentPlan.ts`);
golden cases hold both to it.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal

MOST_INSTALMENTS = 360
"""Whatever a creditor grants: beyond it somebody mistyped."""
YEAR_DAYS = 365
WHOLE_BP = 10_000


class Every(StrEnum):
    """The rhythm of a plan."""

    MONTH = "month"
    FORTNIGHT = "fortnight"
    WEEK = "week"


_A_MONTH = {Every.MONTH: 1, Every.FORTNIGHT: 2, Every.WEEK: 4}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a creditor grants at the door: parameters with a validity, the defaults cautious and confirmed by nobody.

    Shares and rates are in basis points (10,000 is the whole). `least_first_bp`: of the debt, with the first
    instalment. `broken_after_days`, `broken_after_instalments`: a plan is broken when an instalment is later than the
    one, or when as many as the other are overdue at once. `settlement_least_bp`: the least share of the debt that a
    settlement may offer; the whole means that none is granted.
    """

    most_months: int = 24
    least_instalment_cents: int = 2_000
    least_first_bp: int = 0
    first_within_days: int = 45
    yearly_rate_bp: int = 0
    broken_after_days: int = 30
    broken_after_instalments: int = 2
    settlement_least_bp: int = WHOLE_BP
    settlement_within_days: int = 30

    def __post_init__(self) -> None:
        """Raises Refusal `terms.out_of_range` (details: field)."""
        ranges = {
            "most_months": (1, 120),
            "least_instalment_cents": (1, 10_000_000),
            "least_first_bp": (0, WHOLE_BP),
            "first_within_days": (0, 365),
            "yearly_rate_bp": (0, 2_000),
            "broken_after_days": (1, 365),
            "broken_after_instalments": (1, 120),
            "settlement_least_bp": (1, WHOLE_BP),
            "settlement_within_days": (1, 365),
        }
        for name, (least, most) in ranges.items():
            if not least <= getattr(self, name) <= most:
                raise Refusal("terms.out_of_range", kind=Kind.MALFORMED, details={"field": name})

    def most_instalments(self, every: Every) -> int:
        """How many instalments of this rhythm fit in the months that are granted."""
        return min(MOST_INSTALMENTS, self.most_months * _A_MONTH[every])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What two people agree on. `first_cents` 0: the first instalment is like the others; `each_cents` 0: equal
    instalments, else as much each time and the rest at the end. `signed_on`: from when interest runs."""

    debt_cents: int
    count: int
    first_due_on: date
    signed_on: date
    every: Every = Every.MONTH
    first_cents: int = 0
    each_cents: int = 0
    yearly_rate_bp: int = 0


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment, numbered from 1."""

    number: int
    due_on: date
    cents: int


@dataclass(frozen=True, slots=True)
class RepaymentPlan:
    """A schedule; the instalments sum to the debt and the plan's interest."""

    ask: Ask
    interest_cents: int
    instalments: tuple[Instalment, ...]

    @property
    def total_cents(self) -> int:
        """Debt and interest."""
        return self.ask.debt_cents + self.interest_cents

    @property
    def last_on(self) -> date:
        """When the plan ends."""
        return self.instalments[-1].due_on


def repayment_plan(ask: Ask) -> RepaymentPlan:
    """The schedule of what was agreed; limits are another question (`outside`).

    Raises Refusal `repayment.total_not_positive`, `.count_out_of_range`, `.first_more_than_debt`,
    `.first_in_the_past`, `.each_does_not_fit`.
    """
    if ask.debt_cents <= 0:
        raise Refusal("repayment.total_not_positive")
    if not 1 <= ask.count <= MOST_INSTALMENTS:
        raise Refusal("repayment.count_out_of_range", details={"most": MOST_INSTALMENTS})
    if ask.first_cents > ask.debt_cents:
        raise Refusal("repayment.first_more_than_debt", details={"debt_cents": ask.debt_cents})
    if ask.first_due_on < ask.signed_on:
        raise Refusal("repayment.first_in_the_past")
    interest = interest_until(ask, until=None)
    sums = _sums(ask, ask.debt_cents + interest)
    instalments = (
        Instalment(at + 1, due_on(ask.first_due_on, at, every=ask.every), cents) for at, cents in enumerate(sums)
    )
    return RepaymentPlan(ask, interest, tuple(instalments))


def _sums(ask: Ask, total_cents: int) -> list[int]:
    if ask.count == 1:
        sums = [total_cents]
    else:
        each = ask.each_cents or (
            (total_cents - ask.first_cents) // (ask.count - 1) if ask.first_cents else total_cents // ask.count
        )
        before = [ask.first_cents or each, *[each] * (ask.count - 2)]
        sums = [*before, total_cents - sum(before)]
    if sums[-1] < 1 or (ask.each_cents and sums[-1] > ask.each_cents):
        raise Refusal("repayment.each_does_not_fit", details={"count": ask.count})
    return sums


def interest_until(ask: Ask, *, until: date | None) -> int:
    """The interest that has accrued by the end of `until`, in cents, half a cent up; all of it for None.

    Worked out on equal parts of the debt after the first instalment, each repaid on its day, days of 365 a year.
    """
    if not ask.yearly_rate_bp:
        return 0
    first = ask.first_cents or ask.debt_cents // ask.count
    part = (ask.debt_cents - first) // (ask.count - 1) if ask.count > 1 else 0
    left, since, cents_days = ask.debt_cents, ask.signed_on, 0
    for at in range(ask.count):
        on = due_on(ask.first_due_on, at, every=ask.every)
        ends = on if until is None else max(since, min(on, until))
        cents_days += left * (ends - since).days
        since = max(since, on)
        left -= first if at == 0 else part
    numerator, denominator = cents_days * ask.yearly_rate_bp, YEAR_DAYS * WHOLE_BP
    return (2 * numerator + denominator) // (2 * denominator)


def due_on(first_due_on: date, index: int, *, every: Every) -> date:
    """The due date of the instalment `index` (0 is the first)."""
    if every is not Every.MONTH:
        return first_due_on + timedelta(days=index * (7 if every is Every.WEEK else 14))
    months = first_due_on.month - 1 + index
    year, month = first_due_on.year + months // 12, months % 12 + 1
    return date(year, month, min(first_due_on.day, calendar.monthrange(year, month)[1]))


def outside(plan: RepaymentPlan, terms: Terms) -> tuple[Refusal, ...]:
    """In what a plan goes beyond the creditor's terms: refused on the phone, flagged by the office.

    Codes: `repayment.too_many_instalments`, `.instalment_too_small`, `.first_too_small`, `.first_too_late`,
    `.rate_differs`. The last instalment may be smaller than the least one: it is what remains.
    """
    ask = plan.ask
    found: list[Refusal] = []
    most = terms.most_instalments(ask.every)
    if ask.count > most:
        found.append(Refusal("repayment.too_many_instalments", details={"most": most}))
    regular = [item.cents for item in plan.instalments[:-1]] or [plan.total_cents]
    if min(regular) < min(terms.least_instalment_cents, plan.total_cents):
        details = {"least_cents": terms.least_instalment_cents}
        found.append(Refusal("repayment.instalment_too_small", details=details))
    least_first = -(-ask.debt_cents * terms.least_first_bp // WHOLE_BP)
    if plan.instalments[0].cents < least_first:
        found.append(Refusal("repayment.first_too_small", details={"least_cents": least_first}))
    latest = ask.signed_on + timedelta(days=terms.first_within_days)
    if ask.first_due_on > latest:
        found.append(Refusal("repayment.first_too_late", details={"latest_on": latest.isoformat()}))
    if ask.yearly_rate_bp != terms.yearly_rate_bp:
        found.append(Refusal("repayment.rate_differs", details={"rate_bp": terms.yearly_rate_bp}))
    return tuple(found)


def affordable(ask: Ask, terms: Terms) -> RepaymentPlan:
    """The shortest plan in which no instalment is more than `ask.each_cents`; `ask.count` is not looked at.

    Raises Refusal `repayment.not_affordable` (details: most, needed_cents) when that takes more instalments than
    the creditor grants, and what `repayment_plan` refuses.
    """
    most = terms.most_instalments(ask.every)
    for count in range(1, most + 1):
        tried = _counted(ask, count, each_cents=0 if count == 1 else ask.each_cents)
        total = tried.debt_cents + interest_until(tried, until=None)
        first = tried.first_cents or ask.each_cents
        if total <= first + ask.each_cents * (count - 1):
            return repayment_plan(tried)
    longest = repayment_plan(_counted(ask, most, each_cents=0))
    needed = max(item.cents for item in longest.instalments[1:] or longest.instalments)
    raise Refusal("repayment.not_affordable", details={"most": most, "needed_cents": needed})


def _counted(ask: Ask, count: int, *, each_cents: int) -> Ask:
    return Ask(
        debt_cents=ask.debt_cents,
        count=count,
        first_due_on=ask.first_due_on,
        signed_on=ask.signed_on,
        every=ask.every,
        first_cents=ask.first_cents,
        each_cents=each_cents,
        yearly_rate_bp=ask.yearly_rate_bp,
    )


# --- how it goes -----------------------------------------------------------------------------------------------


class PlanState(StrEnum):
    """`proposed`: not signed by the debtor; `renegotiated`, `settled`: another agreement took its place."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    KEPT = "kept"
    BROKEN = "broken"
    RENEGOTIATED = "renegotiated"
    SETTLED = "settled"


RUNNING = frozenset({PlanState.ACTIVE, PlanState.KEPT, PlanState.BROKEN})
"""The states that follow from what was paid; the others are acts of people and stay."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What made the debt smaller on a day; negative where a payment was undone (a cheque unpaid).

    `name` is its entry's, `undoes` that of the one it takes back. `provisional`: a cheque that may still come back.
    """

    on: date
    cents: int
    name: object = None
    undoes: object = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class InstalmentStanding:
    """How far an instalment is paid; `covered_on` is the day on which it was whole."""

    number: int
    due_on: date
    cents: int
    paid_cents: int
    covered_on: date | None

    def is_late(self, today: date) -> bool:
        """Due before today and not whole."""
        return self.covered_on is None and self.due_on < today


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan held against what was paid."""

    state: PlanState
    instalments: tuple[InstalmentStanding, ...]
    broken_on: date | None
    over_cents: int
    """Paid beyond the whole plan."""

    @property
    def next(self) -> InstalmentStanding | None:
        """The first instalment that is not whole."""
        return next((item for item in self.instalments if item.covered_on is None), None)


def standing(
    instalments: Sequence[Instalment],
    credits: Sequence[Credit],
    *,
    broken_after_days: int,
    broken_after_instalments: int,
    today: date,
) -> Standing:
    """How a running plan stands at the end of the day before `today`: paid in order, the oldest instalment first.

    A payment counts from its own day, so one that arrives late from a phone heals what only seemed broken; one that
    was made too late does not. What was undone is taken from the payment that it undoes; what undoes one from before
    the plan is no part of it.
    """
    counted = net_credits(credits)
    laid = _laid(instalments, counted)
    broken_on = _broken_on(laid, days=broken_after_days, overdue=broken_after_instalments, today=today)
    if all(item.covered_on is not None for item in laid):
        state = PlanState.KEPT
    else:
        state = PlanState.ACTIVE if broken_on is None else PlanState.BROKEN
    over = sum(credit.cents for credit in counted) - sum(item.cents for item in instalments)
    return Standing(state, laid, broken_on, max(0, over))


def net_credits(credits: Sequence[Credit]) -> list[Credit]:
    """What is left of each credit, in order of days: what undoes one is taken from it, the rest from the newest."""
    named = {credit.name for credit in credits if credit.name is not None}
    taken_back: dict[object, int] = {}
    undone = 0
    for credit in credits:
        if credit.cents < 0 and credit.undoes in named and credit.undoes is not None:
            taken_back[credit.undoes] = taken_back.get(credit.undoes, 0) - credit.cents
        elif credit.cents < 0 and credit.undoes is None:
            undone -= credit.cents
    kept: list[Credit] = []
    for credit in sorted((c for c in credits if c.cents > 0), key=lambda c: c.on, reverse=True):
        left = max(0, credit.cents - taken_back.get(credit.name, 0) if credit.name is not None else credit.cents)
        taken = min(undone, left)
        undone -= taken
        if left > taken:
            kept.append(replace(credit, cents=left - taken))
    return kept[::-1]


def _laid(instalments: Sequence[Instalment], credits: Sequence[Credit]) -> tuple[InstalmentStanding, ...]:
    laid: list[InstalmentStanding] = []
    purse = [(credit.on, credit.cents) for credit in credits]
    for item in instalments:
        paid, covered_on = 0, None
        while purse and paid < item.cents:
            on, cents = purse[0]
            taken = min(cents, item.cents - paid)
            paid += taken
            covered_on = on if paid == item.cents else None
            purse[:1] = [(on, cents - taken)] if cents > taken else []
        laid.append(InstalmentStanding(item.number, item.due_on, item.cents, paid, covered_on))
    return tuple(laid)


def _broken_on(laid: Sequence[InstalmentStanding], *, days: int, overdue: int, today: date) -> date | None:
    """The first day on which the creditor's rule was met."""
    found: list[date] = []
    for item in laid:
        too_late = item.due_on + timedelta(days=days + 1)
        if too_late <= today and (item.covered_on is None or item.covered_on >= too_late):
            found.append(too_late)
        day = item.due_on + timedelta(days=1)
        waiting = [x for x in laid if x.due_on < day and (x.covered_on is None or x.covered_on >= day)]
        if day <= today and len(waiting) >= overdue:
            found.append(day)
    return min(found, default=None)


# --- settlements -----------------------------------------------------------------------------------------------


class SettlementState(StrEnum):
    """A settlement (saldo e stralcio) binds nobody before the creditor's approval."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    PAID = "paid"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    """Asked from the door, and then not what the visit ended with."""


FOLLOWS_THE_MONEY = frozenset({SettlementState.APPROVED, SettlementState.PAID, SettlementState.EXPIRED})
"""The states that follow from what was paid once the office has approved."""


def settlement_outside(
    *, offer_cents: int, debt_cents: int, pay_by: date, signed_on: date, terms: Terms
) -> tuple[Refusal, ...]:
    """In what an offer goes beyond the creditor's terms; empty when it may be proposed.

    Codes: `settlement.not_positive`, `.not_below_debt`, `.too_low`, `.in_the_past`, `.too_late`.
    """
    if offer_cents <= 0:
        return (Refusal("settlement.not_positive"),)
    found: list[Refusal] = []
    if offer_cents >= debt_cents:
        found.append(Refusal("settlement.not_below_debt", details={"debt_cents": debt_cents}))
    least = least_settlement(debt_cents, terms)
    if offer_cents < least:
        found.append(Refusal("settlement.too_low", details={"least_cents": least}))
    latest = signed_on + timedelta(days=terms.settlement_within_days)
    if pay_by < signed_on:
        found.append(Refusal("settlement.in_the_past"))
    if pay_by > latest:
        found.append(Refusal("settlement.too_late", details={"latest_on": latest.isoformat()}))
    return tuple(found)


def least_settlement(debt_cents: int, terms: Terms) -> int:
    """The smallest offer that may be proposed, in cents, rounded up."""
    return -(-debt_cents * terms.settlement_least_bp // WHOLE_BP)


def settlement_state(
    state: SettlementState, *, offer_cents: int, pay_by: date, credits: Sequence[Credit], today: date
) -> SettlementState:
    """What became of an approved settlement: `paid` when the offer came in by its day, `expired` after it.

    Nothing but an approval makes money a settlement: a proposal stays one however much was paid. A cheque counts from
    its own day, but only once it cannot come back; until then the settlement neither is paid nor expires. What is taken
    back afterwards is not paid any more, and money of that time that is told late still counts.
    """
    if state not in FOLLOWS_THE_MONEY:
        return state
    in_time = [credit for credit in net_credits(credits) if credit.on <= pay_by]
    if sum(credit.cents for credit in in_time if not credit.provisional) >= offer_cents:
        return SettlementState.PAID
    under_way = sum(credit.cents for credit in in_time) >= offer_cents
    return SettlementState.EXPIRED if today > pay_by and not under_way else SettlementState.APPROVED
