"""What a sealed item holds is anybody's bytes: one that no phone wrote costs only itself."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.domain.rescue import arrived_of, unfinished_of

KEY = "0196f000-0000-7000-8000-000000000001"
ITEM = {"id": KEY, "seq": 1, "digest": "0" * 64, "text": "{}"}


def test_an_item_holds_its_envelope() -> None:
    arrived = arrived_of(json.dumps(ITEM).encode(), KEY)

    assert (arrived.id, arrived.seq, arrived.content) == (UUID(KEY), 1, b"{}")


@pytest.mark.parametrize(
    "changed", [{"id": 5}, {"id": []}, {"seq": float("inf")}, {"seq": None}, {"text": "\ud800"}, {"id": KEY[:-1] + "2"}]
)
def test_an_item_that_holds_no_envelope_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        arrived_of(json.dumps(ITEM | changed).encode(), KEY)

    assert refused.value.code == "rescue.unreadable"


@pytest.mark.parametrize("number", ["x", float("inf"), None])
def test_an_open_visit_with_an_illegible_receipt_is_left_empty(number: Any) -> None:
    draft = {"stop": {"practice": {}}, "payments": [{"receipt": {"value": {"series": "A1", "number": number}}}]}

    assert unfinished_of(json.dumps(draft).encode()).receipts == ()


def test_what_an_open_visit_says_can_be_stored_and_shown() -> None:
    draft = {
        "stop": {"practice": {"practice_number": "P\x00-1\ud800"}},
        "payments": [
            {"amount_cents": 5_000, "receipt": {"value": {"series": "A\x001", "number": 7}}},
            {"amount_cents": 1e300},
        ],
    }

    found = unfinished_of(json.dumps(draft).encode())

    assert found.amount_cents == 5_000
    assert "\x00" not in found.practice_number + found.receipts[0]
    assert found.receipts[0].encode().endswith(b"1-000007")
