"""Paper pads: checks that nobody guesses, and every number in exactly one place."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.pads import (
    SIGNS,
    Form,
    FormProof,
    FormState,
    PadKind,
    Run,
    counted_blank,
    form_check,
    form_digest,
    form_proof,
    is_pad_series,
    paper_flags,
    read_form_proof,
    runs_of,
    same_check,
    shown_check,
    standing,
    typed_check,
    usable,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "pads.json").read_text(encoding="utf-8"))
"""What the phone makes too (`pwa/src/domain/pad.test.ts`)."""
AGENCY, OTHER = UUID(int=1), UUID(int=2)
KEY = b"k" * 32
AT = datetime(2026, 11, 26, 9, tzinfo=UTC)


def a_form(**changes: object) -> Form:
    plain = {
        "pad_id": UUID(int=9),
        "kind": PadKind.RECEIPT,
        "series": "B1",
        "number": 7,
        "check": "K7QXM2PA",
        "agent_id": AGENCY,
        "handed_over_at": AT,
    }
    return Form(**{**plain, **changes})  # type: ignore[arg-type]


def test_a_check_is_of_one_form_of_one_agency_under_one_key() -> None:
    mine = form_check(KEY, AGENCY, "B1", 7)

    others = {
        form_check(KEY, AGENCY, "B1", 8),
        form_check(KEY, AGENCY, "N1", 7),
        form_check(KEY, OTHER, "B1", 7),
        form_check(b"j" * 32, AGENCY, "B1", 7),
    }

    assert len(others) == 4
    assert mine not in others
    assert len(mine) == 8
    assert set(mine) <= set(SIGNS)
    assert form_check(KEY, AGENCY, "B1", 7) == mine


@pytest.mark.parametrize("typed", ["K7QXM2P0", "k7qx-m2p0", " K7QX M2PO ", "K7QX-M2Po"])
def test_a_check_is_read_as_a_tired_person_types_it(typed: str) -> None:
    assert same_check(typed, "K7QXM2P0")
    assert not same_check(typed, "K7QXM2P1")


@pytest.mark.parametrize("case", GOLDEN["checks"], ids=lambda case: case["typed"])
def test_a_check_is_read_as_the_phone_reads_it(case: dict[str, str]) -> None:
    assert typed_check(case["typed"]) == case["check"]


@pytest.mark.parametrize("case", GOLDEN["digests"], ids=lambda case: f"{case['series']}-{case['number']}")
def test_a_form_has_the_digest_that_the_phone_gives_it(case: dict[str, Any]) -> None:
    assert form_digest(case["series"], case["number"], case["check"]) == case["digest"]


def test_what_is_printed_reads_back_and_look_alikes_are_never_printed() -> None:
    assert same_check(shown_check("K7QXM2PA"), "K7QXM2PA")
    assert not set("ILOU") & set(SIGNS)


@pytest.mark.parametrize(
    "text",
    [
        "4.A1-000007.K7QXM2PA",  # a phone's series
        "4.B1-000000.K7QXM2PA",  # no such number
        "4.B1-7.K7QXM2PA",
        "4.B1-000007.K7QX",
        "3.B1-000007.K7QXM2PA",
        "4.B1-000007.K7QXM2PA.0",
        "4.B1-000007.K7QXM2PA.1,50",
        "4.B1-000007.K7QXM2PA\n",
        "",
    ],
)
def test_a_code_that_is_no_forms_is_not_read(text: str) -> None:
    assert read_form_proof(text) is None


def test_the_code_on_a_form_names_it() -> None:
    assert read_form_proof(form_proof("B1", 7, "K7QXM2PA")) == FormProof("B1", 7, "K7QXM2PA")
    assert read_form_proof("4.B1-000007.k7qx-m2pa.15000") == FormProof("B1", 7, "K7QXM2PA", 15_000)


@pytest.mark.parametrize(("series", "paper"), [("B1", True), ("N12", True), ("A1", False), ("U1", False), ("B", False)])
def test_series_of_paper_are_told_from_those_of_devices(series: str, paper: bool) -> None:
    assert is_pad_series(series) is paper


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (None, "pad.form_unknown"),
        (a_form(agent_id=OTHER), "pad.not_yours"),
        (a_form(kind=PadKind.NOTICE), "pad.other_kind"),
        (a_form(state=FormState.USED), "pad.form_used"),
        (a_form(state=FormState.VOIDED), "pad.form_voided"),
    ],
)
def test_a_form_that_cannot_have_been_used_is_refused_by_name(form: Form | None, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        usable(form, kind=PadKind.RECEIPT, agent_id=AGENCY, name="B1-000007")

    assert (refused.value.code, refused.value.details) == (code, {"form": "B1-000007"})


def test_a_form_is_known_by_everything_printed_on_it() -> None:
    digests = {form_digest("B1", 7, "K7QXM2PA"), form_digest("B1", 8, "K7QXM2PA"), form_digest("B1", 7, "K7QXM2PB")}

    assert len(digests) == 3
    assert a_form().digest in digests


def test_paper_is_flagged_for_what_the_office_should_look_at_and_a_visit_without_it_for_nothing() -> None:
    def flags(*forms: Form, written_at: datetime = AT, hours: int = 1, pictured: bool = True) -> list[str]:
        return paper_flags(
            forms, written_at=written_at, entered_at=written_at + timedelta(hours=hours), pictured=pictured
        )

    assert flags(hours=100, pictured=False) == []
    assert flags(a_form()) == ["pad.entered_from_paper"]
    assert flags(a_form(), hours=48) == ["pad.entered_from_paper"]
    assert flags(a_form(), hours=49)[1:] == ["pad.entered_late"]
    assert flags(a_form(), pictured=False)[1:] == ["pad.photo_missing"]
    assert flags(a_form(came_back_blank=True))[1:] == ["pad.was_counted_blank"]
    assert flags(a_form(), written_at=AT - timedelta(minutes=1))[1:] == ["pad.written_before_handed_over"]


@pytest.mark.parametrize(
    ("blank", "code"),
    [
        ([Run(1, 5)], "pad.not_in_pad"),
        ([Run(15, 21)], "pad.not_in_pad"),
        ([Run(14, 12)], "pad.not_in_pad"),
        ([Run(11, 13)], "pad.blank_and_taken"),
    ],
)
def test_a_count_that_cannot_be_true_is_refused(blank: list[Run], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        counted_blank(Run(11, 20), blank, taken={12: FormState.USED})

    assert refused.value.code == code


numbers = st.integers(11, 40)


@given(
    taken=st.dictionaries(numbers, st.sampled_from([FormState.USED, FormState.VOIDED])),
    blank=st.none() | st.sets(numbers),
)
def test_every_number_of_a_pad_stands_in_exactly_one_place(taken: dict[int, FormState], blank: set[int] | None) -> None:
    pad, counted = Run(11, 40), None if blank is None else frozenset(blank - taken.keys())

    where = standing(pad, taken, came_back=counted)

    places = [*where.used, *where.voided, *where.blank, *where.missing]
    assert sorted(places) == list(range(11, 41))
    assert set(where.skipped) <= set(where.blank)
    assert (where.missing == ()) or counted is not None


@given(st.sets(st.integers(1, 200)))
def test_runs_hold_the_same_numbers_and_no_two_of_them_touch(found: set[int]) -> None:
    runs = runs_of(found)

    assert {n for run in runs for n in range(run.first, run.last + 1)} == found
    assert all(earlier.last + 1 < later.first for earlier, later in pairwise(runs))
