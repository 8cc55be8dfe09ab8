"""Repayment plans: a schedule that sums to the debt, to the cent, within the limits that a creditor sets.

Due dates hang on the first one: a plan that starts on the 31st falls due on the last day of shorter months and
on the 31st again afterwards.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from fieldapp.domain.errors import Refusal


class Every(StrEnum):
    """The rhythm of a plan."""

    MONTH = "month"
    FORTNIGHT = "fortnight"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """What a creditor allows: parameters per creditor, with cautious defaults that nobody has confirmed.

    `latest_on`: the last day on which an instalment may fall due; None where a plan may outlast the placement.
    """

    most_instalments: int = 60
    least_instalment_cents: int = 1_000
    first_within_days: int = 45
    latest_on: date | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment, numbered from 1."""

    number: int
    due_on: date
    cents: int


@dataclass(frozen=True, slots=True)
class RepaymentPlan:
    """A schedule; the instalments sum to `total_cents`."""

    total_cents: int
    every: Every
    instalments: tuple[Instalment, ...]

    @property
    def last_on(self) -> date:
        """When the plan ends."""
        return self.instalments[-1].due_on


def repayment_plan(
    total_cents: int, *, instalments: int, first_due_on: date, every: Every, limits: PlanLimits, today: date
) -> RepaymentPlan:
    """Equal instalments; the last one takes the cents that do not divide.

    Raises Refusal `repayment.total_not_positive`, `.too_many_instalments`, `.instalment_too_small`,
    `.first_in_the_past`, `.first_too_late`, `.ends_too_late`.
    """
    if total_cents <= 0:
        raise Refusal("repayment.total_not_positive")
    if not 1 <= instalments <= limits.most_instalments:
        raise Refusal("repayment.too_many_instalments", details={"most": limits.most_instalments})
    each = total_cents // instalments
    if each < min(limits.least_instalment_cents, total_cents):
        raise Refusal("repayment.instalment_too_small", details={"least_cents": limits.least_instalment_cents})
    if first_due_on < today:
        raise Refusal("repayment.first_in_the_past")
    latest_first = today + timedelta(days=limits.first_within_days)
    if first_due_on > latest_first:
        raise Refusal("repayment.first_too_late", details={"latest_on": latest_first.isoformat()})
    plan = RepaymentPlan(
        total_cents,
        every,
        tuple(
            Instalment(
                number=index + 1,
                due_on=due_on(first_due_on, index, every=every),
                cents=each if index < instalments - 1 else total_cents - each * (instalments - 1),
            )
            for index in range(instalments)
        ),
    )
    if limits.latest_on is not None and plan.last_on > limits.latest_on:
        details = {"last_on": plan.last_on.isoformat(), "latest_on": limits.latest_on.isoformat()}
        raise Refusal("repayment.ends_too_late", details=details)
    return plan


def due_on(first_due_on: date, index: int, *, every: Every) -> date:
    """The due date of the instalment `index` (0 is the first)."""
    if every is not Every.MONTH:
        return first_due_on + timedelta(days=index * (7 if every is Every.WEEK else 14))
    months = first_due_on.month - 1 + index
    year, month = first_due_on.year + months // 12, months % 12 + 1
    return date(year, month, min(first_due_on.day, calendar.monthrange(year, month)[1]))
