"""Putting right how a visit ended and who was met: what may be said instead, and why not.

The report stays as it was written, in its envelope; a correction is a fact beside it, with who says so and why. Nothing
is corrected on which money, a signature, an agreement or a number hangs: each of these has a path of its own, which the
refusal names. What an agent says of a visit of their own holds at once, but for what lifts a protection of the debtor:
that waits for a person of the office. What the office says against the agent's word takes two people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from fieldapp.domain.captured import captured_shape, has_debt_words
from fieldapp.domain.contacts import OF_THE_PERSON
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outcomes import DELIVERIES, Field, FieldType, Met, Need, Outcome, outcome
from fieldapp.domain.reading import Reader
from fieldapp.domain.visit_report import NEUTRAL_PURPOSES, IdentifiedBy, Role, VisitReport

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
AGENT_DAYS = 7
OFFICE_DAYS = 30
"""How long after a visit each may still say that it ended otherwise: a decision of this house."""
LONGEST_REASON = 300
"""Characters."""
_FREE = (FieldType.CHOICE, FieldType.TEXT_SHORT)
"""Fields that somebody who was not at the door again may fill in."""
_PATHS: Mapping[FieldType, str] = {
    FieldType.AMOUNT: "correction.money",
    FieldType.COUNT: "correction.money",
    FieldType.DATE: "correction.agreed",
    FieldType.WINDOW: "correction.agreed",
    FieldType.NOTICE: "correction.evidence",
    FieldType.PHOTO: "correction.evidence",
}


@dataclass(frozen=True, slots=True)
class Said:
    """How a visit ended and who was met, as the report says it or a correction after it."""

    outcome: str
    met: Met
    identified_by: str | None
    role: str | None
    captured: Mapping[str, Any]

    @property
    def typed(self) -> dict[str, Any]:
        """Of what was captured, the choices and lines."""
        free = {field.name for field in outcome(self.outcome).fields if field.type in _FREE}
        return {name: value for name, value in self.captured.items() if name in free}

    def to_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {
            "outcome": self.outcome,
            "met": self.met.value,
            "identified_by": self.identified_by,
            "role": self.role,
            "captured": dict(self.captured),
        }


def said_from(plain: Mapping[str, Any]) -> Said:
    """What `Said.to_json` wrote."""
    return Said(plain["outcome"], Met(plain["met"]), plain["identified_by"], plain["role"], plain["captured"])


class Waits(StrEnum):
    """Whose correction of a report waits for a person of the office."""

    AGENT = "agent"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Standing:
    """A report as far as a correction of it is judged.

    `hangs`: the refusal for what hangs on it, None for nothing. `office_decided`: two people have said how it ended.
    `waits`: whose correction waits for a person of the office, None for nobody's.
    """

    visit_id: UUID
    practice_id: UUID
    creditor_id: UUID
    arrived_at: datetime
    said: Said
    elsewhere: bool
    statement: bool
    purposes: frozenset[str]
    hangs: str | None
    practice_open: bool = True
    office_decided: bool = False
    waits: Waits | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is said instead; `captured` holds choices and lines of the new outcome's form alone."""

    practice_id: UUID
    visit_id: UUID
    outcome: str
    met: Met
    identified_by: str | None
    role: str | None
    captured: Mapping[str, Any]
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """What is put right in a report, and why."""

    standing: Standing
    before: Said
    after: Said
    reason: str
    at: datetime

    @property
    def fields(self) -> tuple[str, ...]:
        """What differs: `outcome`, `met`, `details`."""
        differs = {
            "outcome": self.before.outcome != self.after.outcome,
            "met": (self.before.met, self.before.identified_by, self.before.role)
            != (self.after.met, self.after.identified_by, self.after.role),
            "details": self.before.captured != self.after.captured,
        }
        return tuple(name for name, holds in differs.items() if holds)

    @property
    def lifts(self) -> tuple[str, ...]:
        """Which protections of the debtor it takes away."""
        return tuple(sorted(protections(self.before) - protections(self.after)))

    @property
    def undone(self) -> Correction:
        """The way back."""
        return replace(self, before=self.after, after=self.before)


def protections(said: Said) -> frozenset[str]:
    """What an outcome keeps from the debtor, or from whoever lives at a wrong address: a state of the debt that stops
    the practice, `address` where nobody may be sought there any more, `left_alone` where they asked for it."""
    entry = outcome(said.outcome)
    found = {entry.sets_state} if entry.sets_state is not None else set()
    if entry.address_becomes == "rejected":
        found.add("address")
    if entry.code in OF_THE_PERSON:
        found.add("left_alone")
    return frozenset(found)


def read_wish(body: Any) -> Wish:
    """Raises Refusal `visit_correction.field_*`."""
    reader = Reader(body, area="visit_correction")
    inner = reader.object("met")
    captured = reader.plain("captured")
    if not isinstance(captured, dict):
        raise reader.malformed("captured")
    wish = Wish(
        practice_id=UUID(reader.pattern("practice_id", _UUID)),
        visit_id=UUID(reader.pattern("visit_id", _UUID)),
        outcome=reader.text("outcome", longest=60),
        met=inner.choice("who", Met),
        identified_by=inner.maybe("identified_by", lambda name: inner.choice(name, IdentifiedBy).value),
        role=inner.maybe("role", lambda name: inner.choice(name, Role).value),
        captured=captured,
        reason=checked_reason(reader.text("reason", longest=LONGEST_REASON)),
        at=reader.instant("at"),
    )
    inner.close()
    reader.close()
    return wish


def checked_reason(typed: str) -> str:
    """Raises Refusal `correction.reason_missing`, `.reason_too_long` (details: longest)."""
    reason = typed.strip()
    if not reason:
        raise Refusal("correction.reason_missing", kind=Kind.MALFORMED)
    if len(reason) > LONGEST_REASON:
        raise Refusal("correction.reason_too_long", kind=Kind.MALFORMED, details={"longest": LONGEST_REASON})
    return reason


def standing_of(report: VisitReport, *, creditor_id: UUID, agreement: bool) -> Standing:
    """A report that has just been read."""
    identified = getattr(report.meeting, "identified_by", None)
    role = getattr(report.meeting, "role", None)
    return Standing(
        visit_id=report.visit_id,
        practice_id=report.practice_id,
        creditor_id=creditor_id,
        arrived_at=report.arrived_at,
        said=Said(
            report.outcome.code,
            report.met,
            identified.value if identified else None,
            role.value if role else None,
            report.captured,
        ),
        elsewhere=report.elsewhere,
        statement=bool(getattr(report.meeting, "statement", None)),
        purposes=frozenset(item.purpose.value for item in report.attachments),
        hangs=hangs_on(
            money=bool(report.payments),
            signature=report.signature is not None,
            agreed=agreement or report.agreement is not None or report.outcome.code == "PROMISE_TO_PAY",
        ),
    )


def hangs_on(*, money: bool, signature: bool, agreed: bool) -> str | None:
    """Which refusal says what hangs on a report."""
    if money:
        return "correction.money"
    if signature:
        return "correction.signature"
    return "correction.agreed" if agreed else None


def correct(standing: Standing, wish: Wish, *, days: int) -> Correction:
    """What `wish` puts right; a correction without `fields` repeats what stands.

    `days`: how long after the visit the one who says so may. Raises Refusal `correction.too_late` (details: days),
    `.money`, `.signature`, `.agreed`, `.evidence` (details: field), `.field_malformed`, `visit.outcome_unknown`,
    `.outcome_not_with`, `.outcome_only_at_the_address`, `.capture_missing`, `.capture_malformed`, `.capture_unknown`,
    `.delivery_not_open`, `.debt_words`.
    """
    if wish.at - standing.arrived_at > timedelta(days=days):
        raise Refusal("correction.too_late", details={"days": days})
    if wish.practice_id != standing.practice_id:
        raise Refusal("correction.visit_unknown", kind=Kind.MISSING)
    entry, before = outcome(wish.outcome), standing.said
    after = Said(
        entry.code,
        wish.met,
        wish.identified_by,
        wish.role,
        _captured(entry, before, wish.captured),
    )
    correction = Correction(standing, before, after, wish.reason, wish.at)
    if not correction.fields:
        return correction
    if standing.hangs is not None:
        raise Refusal(standing.hangs, details={"field": correction.fields[0]})
    _check_meeting(standing, after)
    _check_outcome(standing, entry, after)
    return correction


def correct_by_agent(standing: Standing, wish: Wish) -> Correction:
    """The same for the agent who made the visit: what two people of the office decided is not for one to overrule.

    One with `lifts` is asked for and does not hold yet. Raises Refusal as `correct`, or `correction.before_visit`,
    `.office_decided`, `.waits_already` (it lifts something while the office's own word waits).
    """
    if wish.at < standing.arrived_at:
        raise Refusal("correction.before_visit")
    correction = correct(standing, wish, days=AGENT_DAYS)
    if correction.fields and standing.office_decided:
        raise Refusal("correction.office_decided", kind=Kind.CONFLICT)
    if correction.lifts and standing.waits is Waits.OFFICE:
        raise Refusal("correction.waits_already", kind=Kind.CONFLICT)
    return correction


def _captured(entry: Outcome, before: Said, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The new form's values: choices and lines as typed; what was read or given at the door is taken along."""
    by_name = {field.name: field for field in entry.fields}
    captured: dict[str, Any] = {}
    for name, value in typed.items():
        field = by_name.get(name)
        if field is not None and field.type not in _FREE:
            raise Refusal(_PATHS[field.type], details={"field": name[:60]})
        if value is not None:
            captured[name] = value
    kept = {field.name: field for field in outcome(before.outcome).fields if field.type not in _FREE}
    for name, old in kept.items():
        value = before.captured.get(name)
        if value is None:
            continue
        fresh = by_name.get(name)
        if fresh is not None and fresh.type is old.type:
            captured[name] = value
        elif old.type is not FieldType.PHOTO:
            # A picture stays with the report whatever its outcome; a number, an amount or a day would be lost.
            raise Refusal(_PATHS[old.type], details={"field": name})
    captured_shape(entry, captured)
    return captured


def _check_meeting(standing: Standing, after: Said) -> None:
    identified = after.identified_by is not None
    if identified != (after.met is Met.DEBTOR):
        raise Refusal("correction.field_malformed", kind=Kind.MALFORMED, details={"field": "identified_by"})
    if (after.role is not None) != (after.met is Met.THIRD_PARTY):
        raise Refusal("correction.field_malformed", kind=Kind.MALFORMED, details={"field": "role"})
    if after.met is Met.DEBTOR:
        return
    if standing.statement:
        raise Refusal("correction.signature", details={"field": "statement"})
    if not standing.purposes <= {purpose.value for purpose in NEUTRAL_PURPOSES}:
        raise Refusal("correction.evidence", details={"field": "attachments"})


def _check_outcome(standing: Standing, entry: Outcome, after: Said) -> None:
    if after.met not in entry.met:
        raise Refusal("visit.outcome_not_with", details={"outcome": entry.code, "met": after.met.value})
    if standing.elsewhere and entry.at_the_address:
        raise Refusal("visit.outcome_only_at_the_address", details={"outcome": entry.code})
    if entry.payment is Need.REQUIRED:
        raise Refusal("correction.money", details={"field": "outcome"})
    if entry.signature is Need.REQUIRED:
        raise Refusal("correction.signature", details={"field": "outcome"})
    for field in entry.fields:
        value = after.captured.get(field.name)
        if value is None:
            if field.required:
                _lacking(field)
        elif field.type is FieldType.NOTICE and value["delivery"] not in DELIVERIES[after.met]:
            raise Refusal("visit.delivery_not_open", details={"field": field.name, "met": after.met.value})
        elif field.type is FieldType.TEXT_SHORT and field.neutral and has_debt_words(value):
            raise Refusal("visit.debt_words", details={"field": field.name})


def _lacking(field: Field) -> None:
    if field.type in _FREE:
        raise Refusal("visit.capture_missing", details={"field": field.name})
    raise Refusal(_PATHS[field.type], details={"field": field.name})


def flags_between(before: Said, after: Said) -> tuple[str | None, str | None]:
    """The state of the debt that the first outcome set and the second does not, and the other way round."""
    old, new = outcome(before.outcome).sets_state, outcome(after.outcome).sets_state
    return (None, None) if old == new else (old, new)
