"""What an agent typed for an outcome, held against the catalogue: shapes first, then what makes no sense.

Shapes (`captured_shape`) must fit or the report cannot be read at all. The rest (`check_capture`) is asked on the
phone before saving; on the server it flags a report, for what happened at a door is never thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outcomes import DELIVERIES, Bound, Delivery, Field, FieldType, Met, Outcome
from fieldapp.domain.reading import printable, read_day, read_instant

ITALY = ZoneInfo("Europe/Rome")
LARGEST_CENTS = 999_999_999
LARGEST_COUNT = 999

_NOTICE_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9/-]{0,23}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Words and figures by which a neighbour would learn of a debt.
_DEBT_WORDS = re.compile(
    r"€|[0-9][.,][0-9]{2}(?![0-9])|\b(?:eur|euro|debit[oi]|debitor[ei]|credit[oi]|creditor[ei]|pagament[oi]|paga|pagare"
    r"|rat[ae]|insolut[oi]|recupero|esattor[ei]|fattur[ae]|prestit[oi]|debt|debts|owe|owes|loan|payment|invoice"
    r"|dette|dettes|cr[eé]ance|facture|paiement)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PlacementDays:
    """The first and the last day on which the practice is ours."""

    starts_on: date
    ends_on: date


def captured_shape(outcome: Outcome, captured: Mapping[str, Any]) -> None:
    """Refuse captured data that no form of this outcome can have produced.

    Raises Refusal `visit.capture_unknown` or `visit.capture_malformed` (details: field).
    """
    fields = {field.name: field for field in outcome.fields}
    for name, value in captured.items():
        field = fields.get(name)
        if field is None:
            raise _malformed("visit.capture_unknown", str(name)[:60])
        if not _shaped(field, value):
            raise _malformed("visit.capture_malformed", name)


def check_capture(
    outcome: Outcome,
    captured: Mapping[str, Any],
    *,
    now: datetime,
    placement: PlacementDays,
    met: Met | None = None,
) -> tuple[Refusal, ...]:
    """Everything that is missing or makes no sense, in the order of the form; empty when all is well.

    Codes: `visit.capture_unknown`, `.capture_malformed`, `.capture_missing`, `.date_too_early`, `.date_too_late`,
    `.after_placement`, `.window_reversed`, `.delivery_not_open`, `.debt_words`; details name the field.
    """
    found: list[Refusal] = []
    known = {field.name for field in outcome.fields}
    found += [_malformed("visit.capture_unknown", str(name)[:60]) for name in captured if name not in known]
    today = now.astimezone(ITALY).date()
    for field in outcome.fields:
        value = captured.get(field.name)
        if value is None:
            if field.required:
                found.append(Refusal("visit.capture_missing", details={"field": field.name}))
        elif not _shaped(field, value):
            found.append(_malformed("visit.capture_malformed", field.name))
        else:
            found += _sense(field, value, today=today, placement=placement, met=met)
    return tuple(found)


def has_debt_words(text: str) -> bool:
    """Whether a text names amounts or debts, which nobody but the debtor may read or overhear."""
    return _DEBT_WORDS.search(text) is not None


def _shaped(field: Field, value: Any) -> bool:
    match field.type:
        case FieldType.DATE:
            return isinstance(value, str) and read_day(value) is not None
        case FieldType.AMOUNT:
            return type(value) is int and 1 <= value <= LARGEST_CENTS
        case FieldType.COUNT:
            return type(value) is int and 1 <= value <= LARGEST_COUNT
        case FieldType.CHOICE:
            return isinstance(value, str) and value in field.choices
        case FieldType.TEXT_SHORT:
            blank = not isinstance(value, str) or not value.strip() or value != value.strip()
            return not blank and len(value) <= field.longest and printable(value) and "\n" not in value
        case FieldType.PHOTO:
            return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
        case FieldType.NOTICE:
            return _is_notice(value)
        case FieldType.WINDOW:
            return _is_window(value)


def _is_notice(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"number", "delivery"}:
        return False
    number, delivery = value["number"], value["delivery"]
    numbered = isinstance(number, str) and _NOTICE_NUMBER.fullmatch(number) is not None
    return numbered and isinstance(delivery, str) and delivery in Delivery._value2member_map_


def _is_window(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"from", "to"}:
        return False
    return all(isinstance(value[end], str) and read_instant(value[end]) is not None for end in ("from", "to"))


def _sense(field: Field, value: Any, *, today: date, placement: PlacementDays, met: Met | None) -> list[Refusal]:
    match field.type:
        case FieldType.DATE:
            return _within(field, date.fromisoformat(value), today=today, placement=placement)
        case FieldType.WINDOW:
            first, last = read_instant(value["from"]), read_instant(value["to"])
            if first is None or last is None or first >= last:
                return [Refusal("visit.window_reversed", details={"field": field.name})]
            return _within(field, first.astimezone(ITALY).date(), today=today, placement=placement)
        case FieldType.NOTICE:
            if met is not None and value["delivery"] not in DELIVERIES[met]:
                return [Refusal("visit.delivery_not_open", details={"field": field.name, "met": met.value})]
        case FieldType.TEXT_SHORT:
            if field.neutral and has_debt_words(value):
                return [Refusal("visit.debt_words", details={"field": field.name})]
        case _:
            pass
    return []


def _within(field: Field, on: date, *, today: date, placement: PlacementDays) -> list[Refusal]:
    details = {"field": field.name, "on": on.isoformat()}
    if field.earliest is Bound.TODAY and on < today:
        return [Refusal("visit.date_too_early", details=details)]
    if field.latest is Bound.TODAY and on > today:
        return [Refusal("visit.date_too_late", details=details)]
    if field.latest is Bound.PLACEMENT_END and on > placement.ends_on:
        return [Refusal("visit.after_placement", details={**details, "ends_on": placement.ends_on.isoformat()})]
    return []


def _malformed(code: str, field: str) -> Refusal:
    return Refusal(code, kind=Kind.MALFORMED, details={"field": field})
