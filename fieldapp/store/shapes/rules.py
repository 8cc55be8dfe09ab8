"""What the administrator sees of the rules: those in force, versions, what a change would stop."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.dispatch import Finding


class RuleParameter(Struct, frozen=True):
    """One number of a rule; `stricter` says in which direction an own number may go."""

    name: str
    kind: Literal["count", "cents", "flag", "time", "code", "codes"]
    stricter: Literal["lower", "higher", "none"]
    choices: list[str]
    least: int
    value: Any


class OwnNumbers(Struct, frozen=True):
    """What an agency changed of a rule; no creditor: for all of them."""

    creditor_id: UUID | None
    creditor_name: str | None
    parameters: dict[str, Any]
    since: date


class RuleRow(Struct, frozen=True):
    id: str
    check: str
    severity: Literal["forbids", "warns", "asks_approval"]
    acts: list[str]
    debtor: Literal["consumer", "firm"] | None
    valid_from: date
    valid_to: date | None
    source: str
    to_be_confirmed: bool
    confirmed_by: str | None
    confirmed_on: date | None
    quiet: bool
    own: bool
    """The agency put a rule of its own in the place of the standard one."""
    texts: dict[str, str]
    approvers: list[str]
    parameters: list[RuleParameter]
    numbers: list[OwnNumbers]


class NamedCreditor(Struct, frozen=True):
    id: UUID
    name: str


class PatronRow(Struct, frozen=True):
    """A comune where debtors live whose patron saint's day nobody knows, or the day that somebody entered."""

    comune: str
    practices: int
    day: str | None
    """`MM-DD`, or a moving feast: `easter+50`, `05-tue1`."""
    since: date | None


class BrokenVersion(Struct, frozen=True):
    """A version that cannot be read any more, and why: an older one is in force instead."""

    number: int
    code: str
    details: dict[str, Any]


class RulesPage(Struct, frozen=True):
    version: int
    """0: the standard rules, as they came."""
    newest: int
    """What a change must be based on."""
    switched_on_at: datetime | None
    switched_on_by: str | None
    reason: str | None
    broken: list[BrokenVersion]
    rules: list[RuleRow]
    creditors: list[NamedCreditor]
    patrons: list[PatronRow]


class RuleChange(Struct, frozen=True):
    """What is different; `what` is a parameter, or `severity`, `to_be_confirmed`, `rule`, or a comune."""

    rule: str
    texts: dict[str, str]
    creditor_name: str | None
    what: str
    kind: str
    before: Any
    after: Any


class RulesVersion(Struct, frozen=True):
    number: int
    created_at: datetime
    by: str
    reason: str
    in_force: bool
    broken: str | None
    """The code of the refusal that keeps it from being read."""
    changes: list[RuleChange]


class StoppedVisit(Struct, frozen=True):
    stop_id: UUID
    practice_id: UUID
    practice_number: str
    debtor_name: str
    agent_name: str
    arrive_at: datetime
    findings: list[Finding]


class PreviewDay(Struct, frozen=True):
    day: date
    version: int
    visits: int
    """Still to be made."""
    stopping: list[StoppedVisit]
    freed: int
    """Visits that the rules in force stop and the new ones would not."""


class RulesPreview(Struct, frozen=True):
    changes: list[RuleChange]
    days: list[PreviewDay]
