"""Review of visit reports: which of them a person looks at, what an agent may be asked, what an answer may correct.

A correction is a new fact beside the report, which stays as it was written. It reaches only what nothing else was
made of: what was seen from the street, what a third party is to the debtor, and the choices and lines of the outcome's
form. Outcome and who was met count as a contact, and set states and limits: they are put right by `domain.corrections`.
Money has receipts and entries; promises, windows and notices have facts of their own; a signature stands under a text.
Each of these has a path of its own, which the refusal names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from fieldapp.domain.captured import captured_shape, has_debt_words
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outcomes import Field, FieldType, Group, Met, Need, Outcome, outcome
from fieldapp.domain.payments import payment_method
from fieldapp.domain.reading import printable
from fieldapp.domain.visit_report import Observation, Role, VisitReport

LONGEST_QUESTION = 500
"""Characters."""
DRAWN_BY_DEFAULT = 5
"""Percent of the reports that nothing else brings to a review."""
HARDLY_THERE = timedelta(seconds=30)
"""Nobody identifies a debtor and hears them in less."""


class Why(StrEnum):
    """Why a report waits to be looked at."""

    FLAGGED = "flagged"
    CONTRADICTS = "contradicts"
    PROMISE = "promise"
    UNUSUAL = "unusual"
    DRAWN = "drawn"
    CORRECTED = "corrected"
    """Its agent said afterwards that the visit ended otherwise."""
    ASKED = "asked"
    """Nothing brought it here but the question of a person."""


class Clash(StrEnum):
    """How facts of a report contradict each other."""

    SEEN_APART = "seen_apart"
    """Both were seen, and only one of them can be."""
    BELIES_OUTCOME = "belies_outcome"
    """What was seen says otherwise than the outcome."""
    HARDLY_THERE = "hardly_there"
    """The debtor was met in less time than that takes."""


class Reason(StrEnum):
    """What a question to the agent is about."""

    OUTCOME = "outcome"
    DETAILS = "details"
    SEEN = "seen"
    WHO = "who"
    PHOTO = "photo"
    POSITION = "position"
    OTHER = "other"


_O = Observation
_APART = (
    (_O.HOUSE_INHABITED, _O.HOUSE_EMPTY),
    (_O.BUSINESS_OPEN, _O.BUSINESS_CLOSED),
    (_O.NAME_MISSING, _O.NAME_ON_INTERCOM),
    (_O.NAME_MISSING, _O.NAME_ON_LETTERBOX),
)
"""What cannot both have been seen at one door."""
_BELIES = {
    "UNKNOWN_AT_ADDRESS": frozenset({_O.NAME_ON_INTERCOM, _O.NAME_ON_LETTERBOX}),
    "ADDRESS_NOT_FOUND": frozenset({_O.NAME_ON_INTERCOM, _O.NAME_ON_LETTERBOX, _O.HOUSE_INHABITED}),
    "BUSINESS_CLOSED": frozenset({_O.BUSINESS_OPEN}),
}
"""What was seen although the outcome says otherwise."""


def why_reviewed(report: VisitReport, flags: Sequence[str]) -> tuple[Why, ...]:
    """What brings a report to a review, apart from the draw; `flags` are those that want a look."""
    announced = any(payment_method(payment.method).announced is not None for payment in report.payments)
    entry = report.outcome
    unusual = entry.sets_state is not None or entry.cools_off or entry.group is Group.INTERRUPTED
    found = {
        Why.FLAGGED: bool(flags),
        Why.CONTRADICTS: bool(_contradictions_of(report)),
        Why.PROMISE: announced or entry.code == "PROMISE_TO_PAY",
        Why.UNUSUAL: unusual,
    }
    return tuple(why for why, holds in found.items() if holds)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Facts of one report that cannot all be true."""

    kind: Clash
    observations: tuple[str, ...] = ()
    """What was seen of it; none for `hardly_there`."""


def contradictions(code: str, met: Met, observations: Iterable[str], *, stayed: timedelta) -> tuple[Contradiction, ...]:
    """Where outcome, meeting, what was seen and the length of the stay contradict each other."""
    seen = set(observations)
    belying = sorted(seen & _BELIES.get(code, frozenset()))
    found = [Contradiction(Clash.SEEN_APART, pair) for pair in _APART if seen.issuperset(pair)]
    if belying:
        found.append(Contradiction(Clash.BELIES_OUTCOME, tuple(belying)))
    if met is Met.DEBTOR and timedelta() <= stayed < HARDLY_THERE:
        found.append(Contradiction(Clash.HARDLY_THERE))
    return tuple(found)


def _contradictions_of(report: VisitReport) -> tuple[Contradiction, ...]:
    stayed = report.left_at - report.arrived_at
    return contradictions(report.outcome.code, report.met, report.observations, stayed=stayed)


def is_drawn(number: UUID, *, percent: int) -> bool:
    """Whether the draw takes the report whose review has this number, a random one that the service has drawn."""
    return int(number) % 10_000 < percent * 100


def checked_share(percent: int) -> int:
    """Raises Refusal `review.share_out_of_range`."""
    if not 0 <= percent <= 100:
        raise Refusal("review.share_out_of_range", kind=Kind.MALFORMED)
    return percent


def checked_question(typed: str) -> str:
    """Plain text without blanks around it.

    Raises Refusal `question.empty`, `question.too_long` (details: longest, length) or `question.unreadable`.
    """
    text = typed.replace("\r\n", "\n").strip()
    if not text:
        raise Refusal("question.empty", kind=Kind.MALFORMED)
    if len(text) > LONGEST_QUESTION:
        details = {"longest": LONGEST_QUESTION, "length": len(text)}
        raise Refusal("question.too_long", kind=Kind.MALFORMED, details=details)
    if not printable(text):
        raise Refusal("question.unreadable", kind=Kind.MALFORMED)
    return text


# --- what may be corrected -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What a report says by now of that which may be corrected: as written, or as corrected since."""

    outcome: str
    met: Met
    observations: tuple[str, ...]
    role: str | None
    captured: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a report, before and after: `observations`, `role`, or `captured.<name>`."""

    field: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {"field": self.field, "before": self.before, "after": self.after}


def correctable(entry: Outcome) -> tuple[Field, ...]:
    """The fields of the outcome's form from which nothing follows; none where money or a signature made it."""
    if Need.REQUIRED in (entry.payment, entry.signature) or entry.code == "SETTLEMENT_PROPOSED":
        return ()
    return tuple(field for field in entry.fields if field.type in (FieldType.CHOICE, FieldType.TEXT_SHORT))


def corrected(standing: Standing, changes: Mapping[str, Any]) -> tuple[Change, ...]:
    """What `changes` alter of what stands, what they merely repeat left out.

    Raises Refusal `correction.money`, `.signature`, `.outcome`, `.agreed`, `.evidence` (each says which path serves),
    `.field_unknown`, `.field_malformed` or `visit.debt_words` (details: field).
    """
    entry = outcome(standing.outcome)
    found = []
    for name, value in changes.items():
        if name == "observations":
            seen = tuple(sorted(_observations(value)))
            found.append(Change(name, sorted(standing.observations), list(seen)))
        elif name == "role":
            known = isinstance(value, str) and value in Role._value2member_map_
            if standing.met is not Met.THIRD_PARTY or not known:
                raise _refused("correction.field_malformed", name)
            found.append(Change(name, standing.role, value))
        elif name == "captured":
            if not isinstance(value, dict):
                raise _refused("correction.field_malformed", name)
            for inner, typed in value.items():
                found.append(_captured(entry, str(inner), typed, standing))
        else:
            raise _refused(_PATHS.get(name, "correction.field_unknown"), name)
    return tuple(change for change in found if change.before != change.after)


def once_corrected(standing: Standing, changes: Sequence[Change]) -> Standing:
    """What stands once `changes` were made."""
    for change in changes:
        if change.field == "observations":
            standing = replace(standing, observations=tuple(change.after))
        elif change.field == "role":
            standing = replace(standing, role=change.after)
        else:
            name = change.field.partition(".")[2]
            rest = {key: value for key, value in standing.captured.items() if key != name}
            now = rest if change.after is None else {**rest, name: change.after}
            standing = replace(standing, captured=now)
    return standing


_PATHS: Mapping[str, str] = {
    **dict.fromkeys(("payments", "receipt", "amount_cents", "stamp_duty", "allocation"), "correction.money"),
    **dict.fromkeys(("signature", "agreement", "statement"), "correction.signature"),
    **dict.fromkeys(
        ("outcome", "met", "practice_id", "address_id", "arrived_at", "left_at", "next_action", "position"),
        "correction.outcome",
    ),
    "attachments": "correction.evidence",
}
"""Which refusal names the path by which this part of a report is put right."""
_PATHS_OF_TYPE: Mapping[FieldType, str] = {
    FieldType.AMOUNT: "correction.money",
    FieldType.COUNT: "correction.money",
    FieldType.DATE: "correction.agreed",
    FieldType.WINDOW: "correction.agreed",
    FieldType.PHOTO: "correction.evidence",
    FieldType.NOTICE: "correction.evidence",
}


def _captured(entry: Outcome, name: str, value: Any, standing: Standing) -> Change:
    path = f"captured.{name[:60]}"
    field = next((one for one in entry.fields if one.name == name), None)
    if field is None:
        raise _refused("correction.field_unknown", path)
    if field not in correctable(entry):
        raise _refused(_PATHS_OF_TYPE.get(field.type, "correction.money"), path)
    if value is None and field.required:
        raise _refused("correction.field_malformed", path)
    if value is not None:
        try:
            captured_shape(entry, {name: value})
        except Refusal:
            raise _refused("correction.field_malformed", path) from None
        if field.type is FieldType.TEXT_SHORT and field.neutral and has_debt_words(value):
            raise Refusal("visit.debt_words", details={"field": name})
    return Change(path, standing.captured.get(name), value)


def _observations(value: Any) -> list[str]:
    known = Observation._value2member_map_
    if not isinstance(value, list) or not all(isinstance(one, str) and one in known for one in value):
        raise _refused("correction.field_malformed", "observations")
    if len(set(value)) != len(value):
        raise _refused("correction.field_malformed", "observations")
    return value


def _refused(code: str, field: str) -> Refusal:
    return Refusal(code, kind=Kind.MALFORMED, details={"field": field[:80]})
