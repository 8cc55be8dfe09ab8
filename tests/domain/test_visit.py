"""A visit report is read strictly, and its third-party branch cannot hold anything about a debt."""

from __future__ import annotations

import copy
import dataclasses
import json
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.outcomes import Met
from fieldapp.domain.visit import (
    NEUTRAL_PURPOSES,
    PlacementDays,
    ThirdPartyMet,
    check_report,
    from_body,
)

CASES = json.loads((Path(__file__).parents[1] / "golden" / "visit.json").read_text())
NOW = datetime.fromisoformat(CASES["now"].replace("Z", "+00:00"))
PLACEMENT = PlacementDays(*(date.fromisoformat(CASES["placement"][end]) for end in ("starts_on", "ends_on")))


def changed(change: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = copy.deepcopy(CASES["base"])
    for path, value in change.items():
        *parents, last = path.split(".")
        place = body
        for name in parents:
            place = place[name]
        if value == "__drop__":
            del place[last]
        else:
            place[last] = copy.deepcopy(value)
    return body


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_reading_equals_the_golden_case(case: dict[str, Any]) -> None:
    body = changed(case["change"])

    if case["refused"]:
        with pytest.raises(Refusal) as refused:
            from_body(body)
        assert (refused.value.code, refused.value.details.get("field")) == tuple(case["refused"].values())
        return
    found = check_report(from_body(body), now=NOW, placement=PLACEMENT)
    assert [{"code": item.code, "field": item.details.get("field")} for item in found] == case["checks"]


def test_the_type_of_a_third_party_has_no_place_for_a_debt() -> None:
    assert {field.name for field in dataclasses.fields(ThirdPartyMet)} == {"role"}


def test_a_report_about_a_third_party_has_no_payment_and_no_signature() -> None:
    third = next(case for case in CASES["cases"] if case["name"] == "a third party is accepted")

    report = from_body(changed(third["change"]))

    assert report.met is Met.THIRD_PARTY
    assert report.payments == ()
    assert report.signature is None


def test_a_visit_that_met_the_debtor_is_a_conversation() -> None:
    contact = from_body(changed({})).contact()

    assert contact.reached
    assert contact.counts
    assert contact.on == date(2026, 11, 26)


def test_a_visit_that_was_not_made_weighs_nothing() -> None:
    missed = next(case for case in CASES["cases"] if case["name"] == "a visit that was not made is accepted")

    assert not from_body(changed(missed["change"])).contact().counts


def test_pictures_of_people_and_interiors_have_no_purpose() -> None:
    assert not {"person", "face", "plate", "interior"} & set(NEUTRAL_PURPOSES)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(CASES["base"])), junk=plain)
def test_whatever_stands_in_a_field_is_read_or_refused_and_never_a_fault(name: str, junk: Any) -> None:
    body = {**copy.deepcopy(CASES["base"]), name: junk}

    with suppress(Refusal):
        check_report(from_body(body), now=NOW, placement=PLACEMENT)


@given(body=plain)
def test_junk_for_a_body_is_refused(body: Any) -> None:
    with pytest.raises(Refusal):
        from_body(body)
