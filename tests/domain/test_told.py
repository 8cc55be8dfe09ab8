"""What a phone tells beside visits: read strictly, sent only with consent and to where something can arrive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.domain.told import (
    SendBy,
    read_day_closed,
    read_day_order,
    read_message_read,
    read_paper_request,
    usable,
)

ID = "0198c0de-0000-7000-8000-000000000001"
AT = "2026-11-26T09:42:00.000Z"
REQUEST: dict[str, Any] = {
    "request_id": ID,
    "practice_id": ID,
    "visit_id": ID,
    "paper": "receipt",
    "name": "A17-000001",
    "channel": "email",
    "address": "mario@example.it",
    "consent": True,
    "at": AT,
}
ORDER: dict[str, Any] = {"day": "2026-11-26", "version": 1, "stops": [ID], "at": AT}
CLOSED: dict[str, Any] = {
    "day": "2026-11-26",
    "at": AT,
    "done": 9,
    "left": [ID],
    "unsent": 0,
    "held": [{"method": "cash", "count": 2, "cents": 15_000}],
}
READING: dict[str, Any] = {"message_id": ID, "at": AT}


@pytest.mark.parametrize("case", json.loads((Path(__file__).parents[1] / "golden" / "sendable.json").read_text()))
def test_an_address_is_usable_as_the_golden_case_says(case: dict[str, Any]) -> None:
    assert usable(SendBy(case["channel"]), case["address"]) is case["usable"]


@pytest.mark.parametrize(
    ("read", "body", "change", "code"),
    [
        (read_paper_request, REQUEST, {"consent": False}, "paper_request.consent_missing"),
        (read_paper_request, REQUEST, {"address": "da mia madre"}, "paper_request.address_unusable"),
        (read_paper_request, REQUEST, {"channel": "whatsapp"}, "paper_request.field_malformed"),
        (read_paper_request, REQUEST, {"paper": "visit_notice"}, "paper_request.field_malformed"),
        (read_paper_request, REQUEST, {"number": "333 1234567"}, "paper_request.field_unknown"),
        (read_day_order, ORDER, {"stops": [ID, ID]}, "day_order.field_malformed"),  # a visit twice
        (read_day_order, ORDER, {"stops": ["the first"]}, "day_order.field_malformed"),
        (read_day_order, ORDER, {"version": 0}, "day_order.field_malformed"),  # nothing was published
        (read_day_closed, CLOSED, {"done": -1}, "day_closed.field_malformed"),
        (read_day_closed, CLOSED, {"held": [{"method": "cash", "count": 1}]}, "day_closed.field_missing"),
        (read_message_read, READING, {"message_id": "the last one"}, "message_read.field_malformed"),
        (read_message_read, READING, {"at": "11:42"}, "message_read.field_malformed"),
        (read_message_read, READING, {"text": "copied"}, "message_read.field_unknown"),
    ],
)
def test_what_cannot_be_meant_is_refused(read: Any, body: dict[str, Any], change: dict[str, Any], code: str) -> None:
    read(body)

    with pytest.raises(Refusal) as refused:
        read({**body, **change})

    assert refused.value.code == code
