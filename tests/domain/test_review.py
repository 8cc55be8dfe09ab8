"""Which reports a person looks at, and what of a report an agent may correct."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.domain.outcomes import OUTCOMES, FieldType, Met
from fieldapp.domain.review import (
    Change,
    Standing,
    Why,
    checked_share,
    contradictions,
    correctable,
    corrected,
    is_drawn,
    once_corrected,
    why_reviewed,
)
from fieldapp.domain.told import read_visit_answer
from fieldapp.domain.visit import from_body
from fieldapp.domain.visit_report import VisitReport
from fieldapp.words import LANGUAGES, read_words
from tests.conftest import NOW
from tests.flows.phone import text_of

ID = "0198c0de-0000-7000-8000-000000000001"


def a_report(
    outcome: str, *, met: str = "nobody", stayed: timedelta = timedelta(minutes=4), **more: Any
) -> VisitReport:
    body = {
        "practice_id": ID,
        "visit_id": ID,
        "stop_id": None,
        "planned_day": "2026-11-26",
        "address_id": ID,
        "arrived_at": text_of(NOW),
        "left_at": text_of(NOW + stayed),
        "position": None,
        "position_refused_reason": "refused",
        "attempt_no": 1,
        "met": {
            "who": met,
            "identified_by": "document" if met == "debtor" else None,
            "role": "neighbour" if met == "third_party" else None,
        },
        "identified_self": True,
        "observations": [],
        "outcome": outcome,
        "captured": {},
        "next_action": None,
        "attachments": [],
        "app_version": "1",
        "offline": False,
    }
    debtors = {"statement": None, "signature": None, "payments": []} if met == "debtor" else {}
    return from_body({**body, **debtors, **more})


@pytest.mark.parametrize(
    ("report", "flags", "why"),
    [
        # Nothing out of the ordinary
        (a_report("ABSENT_NO_NOTICE", captured={"reason": "no_letterbox"}), [], ()),
        (a_report("ABSENT_NO_NOTICE", captured={"reason": "no_letterbox"}), ["visit.reassigned"], (Why.FLAGGED,)),
        # The name was there and the debtor is called unknown
        (
            a_report("UNKNOWN_AT_ADDRESS", captured={"evidence": "neighbour"}, observations=["name_on_intercom"]),
            [],
            (Why.CONTRADICTS,),
        ),
        (a_report("NO_ACCESS", observations=["house_empty", "house_inhabited"]), [], (Why.CONTRADICTS,)),
        # Either of the two alone is none
        (a_report("NO_ACCESS", observations=["house_empty"]), [], ()),
        # A debtor identified, heard and left in ten seconds
        (a_report("REFUSES", met="debtor", stayed=timedelta(seconds=10)), [], (Why.CONTRADICTS, Why.UNUSUAL)),
        # Nobody home takes no time
        (a_report("NO_ACCESS", stayed=timedelta(seconds=10)), [], ()),
        (
            a_report(
                "PROMISE_TO_PAY",
                met="debtor",
                captured={"promise_on": "2026-12-01", "promise_cents": 5_000, "channel": "card"},
            ),
            [],
            (Why.PROMISE,),
        ),
        (a_report("DISPUTES", met="debtor", captured={"ground": "not_mine"}), [], (Why.UNUSUAL,)),
        (a_report("UNSAFE"), [], (Why.UNUSUAL,)),
    ],
)
def test_a_report_is_looked_at_for_what_it_says(report: VisitReport, flags: list[str], why: tuple[Why, ...]) -> None:
    assert why_reviewed(report, flags) == why


@pytest.mark.parametrize(
    ("code", "met", "seen", "stayed_s", "found"),
    [
        # What cannot both be, in the order in which it is judged, whatever the order in which it was ticked
        (
            "NO_ACCESS",
            "nobody",
            ["house_empty", "house_inhabited"],
            240,
            [("seen_apart", "house_inhabited house_empty")],
        ),
        # Both names are there, and it is missing: each pair by itself
        (
            "NO_ACCESS",
            "nobody",
            ["name_on_letterbox", "name_missing", "name_on_intercom"],
            240,
            [("seen_apart", "name_missing name_on_intercom"), ("seen_apart", "name_missing name_on_letterbox")],
        ),
        # What belies the outcome is one contradiction, with all that was seen of it
        (
            "ADDRESS_NOT_FOUND",
            "nobody",
            ["name_on_letterbox", "house_inhabited", "to_let"],
            240,
            [("belies_outcome", "house_inhabited name_on_letterbox")],
        ),
        # Several kinds at once
        (
            "REFUSES",
            "debtor",
            ["business_open", "business_closed"],
            10,
            [("seen_apart", "business_open business_closed"), ("hardly_there", "")],
        ),
        # A clock that went backwards accuses nobody
        ("REFUSES", "debtor", [], -10, []),
    ],
)
def test_the_facts_that_contradict_each_other_are_named(
    code: str, met: str, seen: list[str], stayed_s: int, found: list[tuple[str, str]]
) -> None:
    clashes = contradictions(code, Met(met), seen, stayed=timedelta(seconds=stayed_s))

    assert [(one.kind, " ".join(one.observations)) for one in clashes] == found


def test_the_draw_takes_none_all_or_its_share() -> None:
    numbers = [UUID(int=number * 7_919) for number in range(10_000)]

    drawn = {percent: sum(is_drawn(number, percent=percent) for number in numbers) for percent in (0, 5, 100)}

    assert drawn == {0: 0, 5: 500, 100: 10_000}


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_is_of_a_hundred(percent: int) -> None:
    with pytest.raises(Refusal, match=r"review\.share_out_of_range"):
        checked_share(percent)


MOVED = Standing("MOVED", Met.THIRD_PARTY, ("house_empty",), "neighbour", {"source": "neighbour"})
PLAN = Standing("PLAN_SIGNED", Met.DEBTOR, (), None, {"total_cents": 90_000, "every": "month"})
PROMISE = Standing("PROMISE_TO_PAY", Met.DEBTOR, (), None, {"promise_on": "2026-12-01", "promise_cents": 5_000})


@pytest.mark.parametrize(
    ("standing", "changes", "found"),
    [
        (MOVED, {"role": "concierge"}, [Change("role", "neighbour", "concierge")]),
        (
            MOVED,
            {"observations": ["name_missing", "house_empty"]},
            [Change("observations", ["house_empty"], ["house_empty", "name_missing"])],
        ),
        (
            MOVED,
            {"captured": {"source": "concierge", "new_address": "Via Adda 3, Lodi"}},
            [
                Change("captured.source", "neighbour", "concierge"),
                Change("captured.new_address", None, "Via Adda 3, Lodi"),
            ],
        ),
        # What is there already is no change
        (MOVED, {"role": "neighbour", "observations": ["house_empty"], "captured": {"source": "neighbour"}}, []),
        # What may be left out may be taken away
        (
            Standing("ASKED_TO_LEAVE", Met.DEBTOR, (), None, {"complaint": "yes"}),
            {"captured": {"complaint": None}},
            [Change("captured.complaint", "yes", None)],
        ),
        (PROMISE, {"captured": {"channel": "card"}}, [Change("captured.channel", None, "card")]),
    ],
)
def test_a_correction_is_what_differs_from_what_stands(
    standing: Standing, changes: dict[str, Any], found: list[Change]
) -> None:
    assert list(corrected(standing, changes)) == found


def test_a_second_correction_stands_on_the_first() -> None:
    once = once_corrected(MOVED, corrected(MOVED, {"role": "concierge", "captured": {"new_address": "Via Adda 3"}}))

    assert corrected(once, {"role": "relative"}) == (Change("role", "concierge", "relative"),)
    assert once.captured == {"source": "neighbour", "new_address": "Via Adda 3"}
    assert MOVED.captured == {"source": "neighbour"}


REFUSED = [
    # What counts as a contact
    (MOVED, {"outcome": "REFUSES"}, "correction.outcome"),
    (MOVED, {"met": {"who": "debtor"}}, "correction.outcome"),
    (MOVED, {"arrived_at": text_of(NOW)}, "correction.outcome"),
    (MOVED, {"next_action": "stop"}, "correction.outcome"),
    # Money and what was signed
    (PROMISE, {"payments": []}, "correction.money"),
    (PROMISE, {"captured": {"promise_cents": 1}}, "correction.money"),
    (PROMISE, {"signature": None}, "correction.signature"),
    (PROMISE, {"statement": "altro"}, "correction.signature"),
    # A plan's own fields are on the signed paper
    (PLAN, {"captured": {"every": "week"}}, "correction.money"),
    (PLAN, {"captured": {"instalments": 3}}, "correction.money"),
    # Promises and appointments have facts of their own
    (PROMISE, {"captured": {"promise_on": "2026-12-24"}}, "correction.agreed"),
    (Standing("APPOINTMENT_SET", Met.DEBTOR, (), None, {}), {"captured": {"window": {}}}, "correction.agreed"),
    # Numbered notices and pictures
    (Standing("ABSENT_NOTICE_LEFT", Met.NOBODY, (), None, {}), {"captured": {"notice": {}}}, "correction.evidence"),
    (MOVED, {"attachments": []}, "correction.evidence"),
    # What no form can have produced
    (MOVED, {"colour": "red"}, "correction.field_unknown"),
    (MOVED, {"captured": {"ground": "fraud"}}, "correction.field_unknown"),
    (MOVED, {"captured": {"source": "a dream"}}, "correction.field_malformed"),
    (MOVED, {"captured": {"source": None}}, "correction.field_malformed"),  # the form asks for it
    (MOVED, {"captured": []}, "correction.field_malformed"),
    (MOVED, {"role": "debtor"}, "correction.field_malformed"),
    (MOVED, {"role": ["neighbour"]}, "correction.field_malformed"),
    (MOVED, {"observations": ["a ghost"]}, "correction.field_malformed"),
    (MOVED, {"observations": [["x"]]}, "correction.field_malformed"),
    (MOVED, {"observations": ["to_let", "to_let"]}, "correction.field_malformed"),
    (PROMISE, {"role": "neighbour"}, "correction.field_malformed"),  # the debtor is no third party
    # A neighbour would read it
    (MOVED, {"captured": {"new_address": "deve 200 euro"}}, "visit.debt_words"),
]


@pytest.mark.parametrize(("standing", "changes", "code"), REFUSED)
def test_what_has_a_path_of_its_own_is_refused_with_that_path(
    standing: Standing, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        corrected(standing, changes)

    assert refused.value.code == code
    assert all(code in read_words()[language] for language in LANGUAGES)


def test_nothing_that_moves_money_or_binds_a_day_may_be_corrected() -> None:
    bound = {FieldType.AMOUNT, FieldType.COUNT, FieldType.DATE, FieldType.WINDOW, FieldType.NOTICE, FieldType.PHOTO}

    assert {field.type for entry in OUTCOMES.values() for field in correctable(entry)} & bound == set()
    assert [code for code in ("PAID_FULL", "SETTLEMENT_PAID", "PLAN_SIGNED") if correctable(OUTCOMES[code])] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": None, "changes": None}, "visit_answer.empty"),
        ({"text": None, "changes": {}}, "visit_answer.empty"),
        ({"changes": []}, "visit_answer.field_malformed"),
        ({"text": "a" * 1_001}, "visit_answer.field_too_long"),
        ({"question_id": "x"}, "visit_answer.field_malformed"),
        ({"more": 1}, "visit_answer.field_unknown"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused(change: dict[str, Any], code: str) -> None:
    body = {"question_id": ID, "text": "Sì.", "changes": None, "at": text_of(NOW), **change}

    with pytest.raises(Refusal) as refused:
        read_visit_answer(body)

    assert refused.value.code == code
