"""A name on a screen or sheet that others can see; the web app shows the same (golden cases)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldapp.domain.short_names import short_name

CASES = json.loads((Path(__file__).parents[1] / "golden" / "short_names.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "tax_code", "shown"), CASES)
def test_a_passer_by_sees_the_surname_and_an_initial(name: str, tax_code: str | None, shown: str) -> None:
    assert short_name(name, tax_code) == shown
