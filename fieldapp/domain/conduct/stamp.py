"""Stamp duty by the rules in force: the numbers come from the ruleset, the arithmetic from `domain.receipts`."""

from __future__ import annotations

from datetime import date

from fieldapp.domain.conduct.facts import PracticeFacts
from fieldapp.domain.conduct.ruleset import Ruleset
from fieldapp.domain.receipts import ChargedTo, StampDuty, StampRule, stamp_duty

RULE = "payment.stamp_duty"


def stamp_rule(ruleset: Ruleset, on: date, *, practice: PracticeFacts) -> StampRule:
    """The stamp duty's numbers on a local date. Raises Refusal `rules.not_in_force`."""
    numbers = ruleset.parameters(RULE, on, creditor=practice.creditor, debtor=practice.debtor_kind)
    return StampRule(
        due_cents=numbers["due_cents"], above_cents=numbers["above_cents"], charged_to=ChargedTo(numbers["charged_to"])
    )


def stamp_duty_due(
    amount_cents: int, *, exemption: str, ruleset: Ruleset, on: date, practice: PracticeFacts
) -> StampDuty:
    """The duty on a receipt of `amount_cents`, with the reason when none is due.

    `exemption` of the debt: `subject_to_vat`, `exempt`, or empty. D.P.R. 642/1972, tariff art. 13.
    """
    return stamp_duty(amount_cents, rule=stamp_rule(ruleset, on, practice=practice), exemption=exemption)
