"""Distances are the same on both sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.places import metres_between

CASES = json.loads((Path(__file__).parents[1] / "golden" / "distances.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_distance_equals_the_golden_case(case: dict[str, Any]) -> None:
    assert metres_between(*case["from"], *case["to"]) == case["metres"]
