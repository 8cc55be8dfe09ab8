"""An alarm is read strictly, says nothing of a debt, and is never refused for what it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.danger import read_danger, read_danger_position
from fieldapp.domain.errors import Refusal

CASES = json.loads((Path(__file__).parents[1] / "golden" / "danger.json").read_text())["cases"]
READ = {"danger": read_danger, "danger_position": read_danger_position}
FIRST = CASES[0]["body"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_reading_equals_the_golden_case(case: dict[str, Any]) -> None:
    read = READ[case["kind"]]

    if case["refused"]:
        with pytest.raises(Refusal) as refused:
            read(case["body"])
        assert (refused.value.code, refused.value.details.get("field")) == tuple(case["refused"].values())
        return
    assert str(read(case["body"]).danger_id) == case["body"]["danger_id"]


def test_both_tellings_open_one_task_that_no_other_phone_can_name() -> None:
    told, located = (next(c["body"] for c in CASES if c["kind"] == kind) for kind in READ)
    ours, other = UUID(int=1), UUID(int=2)

    assert read_danger(told).task_id(ours) == read_danger_position(located).task_id(ours)
    assert read_danger(told).task_id(ours) != read_danger(told).task_id(other)
