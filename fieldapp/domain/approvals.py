"""Who may lift what a rule asks approval for, for how long, and with which reason.

A rule that forbids is lifted by nobody: there is no parameter for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldapp.domain import reasons
from fieldapp.domain.access import Role
from fieldapp.domain.conduct import DebtorKind, Ruleset, Severity
from fieldapp.domain.errors import Kind, Refusal

LONGEST_DAYS = 31
"""An approval is for a purpose, not for ever."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to approve for a practice, both days included."""

    rule: str
    from_on: date
    to_on: date
    reason: str


def check(wish: Wish, *, role: Role, ruleset: Ruleset, creditor: str, debtor: DebtorKind, today: date) -> None:
    """Whether `role` may approve `wish` for a debtor of the creditor.

    Raises Refusal `approval.span_reversed`, `.in_the_past`, `.span_too_long`, `.reason_too_short`, `.rule_unknown`,
    `.nothing_to_approve` (the rule only warns), `.not_your_role`, `conduct.not_approvable` (the rule forbids).
    """
    if wish.to_on < wish.from_on:
        raise Refusal("approval.span_reversed", kind=Kind.MALFORMED)
    if wish.from_on < today:
        raise Refusal("approval.in_the_past", details={"on": wish.from_on.isoformat()})
    if (wish.to_on - wish.from_on).days >= LONGEST_DAYS:
        raise Refusal("approval.span_too_long", details={"most": LONGEST_DAYS})
    if reasons.says_too_little(wish.reason):
        raise Refusal("approval.reason_too_short", kind=Kind.MALFORMED, details={"least": reasons.SHORTEST})
    active = ruleset.resolved(wish.rule, wish.from_on, creditor=creditor, debtor=debtor)
    # A creditor's own numbers have an id of their own, but findings bear that of the rule.
    if active is None or active.rule.overrides is not None:
        raise Refusal("approval.rule_unknown", kind=Kind.MISSING, details={"rule": wish.rule})
    if active.severity is Severity.FORBIDS:
        raise Refusal("conduct.not_approvable", details={"rule": wish.rule})
    if active.severity is Severity.WARNS:
        raise Refusal("approval.nothing_to_approve", details={"rule": wish.rule})
    if role.value not in active.rule.approvers:
        raise Refusal("approval.not_your_role", kind=Kind.FORBIDDEN, details={"rule": wish.rule})
