"""What may be said instead of how a visit was reported to have ended, and what may not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.corrections import (
    AGENT_DAYS,
    LONGEST_REASON,
    Said,
    Standing,
    Wish,
    checked_reason,
    correct,
    protections,
)
from fieldapp.domain.errors import Refusal
from fieldapp.domain.outcomes import OUTCOMES, Met
from tests.conftest import NOW

PRACTICE, VISIT = UUID(int=1), UUID(int=2)
NOTICE = {"number": "A1-000012", "delivery": "letterbox_sealed"}


def reported(outcome: str = "ABSENT_NO_NOTICE", met: Met = Met.NOBODY, **changes: Any) -> Standing:
    captured = changes.pop("captured", {"reason": "no_letterbox"} if outcome == "ABSENT_NO_NOTICE" else {})
    said = Said(
        outcome,
        met,
        "document" if met is Met.DEBTOR else None,
        "neighbour" if met is Met.THIRD_PARTY else None,
        captured,
    )
    standing = Standing(
        visit_id=VISIT,
        practice_id=PRACTICE,
        creditor_id=UUID(int=3),
        arrived_at=NOW,
        said=said,
        elsewhere=False,
        statement=False,
        purposes=frozenset(),
        hangs=None,
    )
    return replace(standing, **changes)


def instead(outcome: str, met: Met = Met.NOBODY, **changes: Any) -> Wish:
    wish = Wish(
        practice_id=PRACTICE,
        visit_id=VISIT,
        outcome=outcome,
        met=met,
        identified_by="document" if met is Met.DEBTOR else None,
        role="neighbour" if met is Met.THIRD_PARTY else None,
        captured={},
        reason="Ho toccato la riga sbagliata.",
        at=NOW + timedelta(hours=1),
    )
    return replace(wish, **changes)


def refused(standing: Standing, wish: Wish) -> str:
    with pytest.raises(Refusal) as caught:
        correct(standing, wish, days=AGENT_DAYS)
    return caught.value.code


def test_an_outcome_is_put_right_and_what_differs_is_named() -> None:
    correction = correct(reported(), instead("NO_ACCESS", captured={"obstacle": "gate"}), days=AGENT_DAYS)

    assert (correction.before.outcome, correction.after.outcome) == ("ABSENT_NO_NOTICE", "NO_ACCESS")
    assert correction.fields == ("outcome", "details")


def test_who_was_met_is_put_right() -> None:
    wish = instead("REFUSES", Met.DEBTOR, captured={"reason": "no_means"})

    assert correct(reported(), wish, days=AGENT_DAYS).fields == ("outcome", "met", "details")


def test_what_repeats_the_report_corrects_nothing_whatever_hangs_on_it() -> None:
    same = instead("ABSENT_NO_NOTICE", captured={"reason": "no_letterbox"})

    assert correct(reported(hangs="correction.money"), same, days=AGENT_DAYS).fields == ()


def test_a_notices_number_goes_along_to_an_outcome_that_has_one() -> None:
    standing = reported("ABSENT_NOTICE_LEFT", captured={"notice": NOTICE})

    correction = correct(standing, instead("THIRD_PARTY_MET", Met.THIRD_PARTY), days=AGENT_DAYS)

    assert correction.after.captured == {"notice": NOTICE}


def test_a_picture_is_let_go_of_for_it_stays_with_the_report() -> None:
    standing = reported("UNKNOWN_AT_ADDRESS", captured={"evidence": "neighbour", "photo": "a" * 64})

    correction = correct(standing, instead("MOVED", captured={"source": "neighbour"}), days=AGENT_DAYS)

    assert correction.after.captured == {"source": "neighbour"}


REFUSED = [
    # Money was taken: it has a counter-receipt.
    (reported(hangs="correction.money"), instead("NO_ACCESS"), "correction.money"),
    # A signature stands under what was said.
    (reported(hangs="correction.signature"), instead("NO_ACCESS"), "correction.signature"),
    # A promise or an agreement came of it.
    (reported(hangs="correction.agreed"), instead("NO_ACCESS"), "correction.agreed"),
    # Nobody pays by a correction.
    (reported(), instead("PAID_FULL", Met.DEBTOR), "correction.money"),
    # Nor signs.
    (reported(), instead("PLAN_SIGNED", Met.DEBTOR), "correction.signature"),
    # Nor promises.
    (reported(), instead("PROMISE_TO_PAY", Met.DEBTOR, captured={"channel": "card"}), "correction.agreed"),
    (reported(), instead("PROMISE_TO_PAY", Met.DEBTOR, captured={"promise_cents": 5}), "correction.money"),
    # Nor agrees on a window.
    (reported(), instead("APPOINTMENT_SET", Met.NOBODY, captured={"place": "agency"}), "correction.agreed"),
    # Nor gives out a numbered notice afterwards.
    (reported(), instead("ABSENT_NOTICE_LEFT"), "correction.evidence"),
    (reported(), instead("THIRD_PARTY_MET", Met.THIRD_PARTY, captured={"notice": NOTICE}), "correction.evidence"),
    # A number that was given is not lost.
    (reported("ABSENT_NOTICE_LEFT", captured={"notice": NOTICE}), instead("NO_ACCESS"), "correction.evidence"),
    # A debtor who has spoken was there.
    (
        reported("REFUSES", Met.DEBTOR, captured={"reason": "not_said"}, statement=True),
        instead("NO_ACCESS"),
        "correction.signature",
    ),
    # A picture of papers was taken from the debtor's hand.
    (
        reported("DISPUTES", Met.DEBTOR, captured={"ground": "fraud"}, purposes=frozenset({"dispute_paper"})),
        instead("NO_ACCESS"),
        "correction.evidence",
    ),
    # Nobody refuses to pay where nobody was there.
    (reported(), instead("REFUSES", captured={"reason": "no_means"}), "visit.outcome_not_with"),
    # What was met in the street says nothing of a door.
    (reported("UNSAFE", elsewhere=True), instead("NO_ACCESS"), "visit.outcome_only_at_the_address"),
    # Who was identified how.
    (reported(), instead("REFUSES", Met.DEBTOR, identified_by=None), "correction.field_malformed"),
    # What the new outcome asks for.
    (reported(), instead("DECEASED"), "visit.capture_missing"),
    (reported(), instead("DECEASED", captured={"source": "crystal ball"}), "visit.capture_malformed"),
    (reported(), instead("NO_ACCESS", captured={"colour": "red"}), "visit.capture_unknown"),
    # A neighbour may read along.
    (
        reported(),
        instead("MOVED", captured={"source": "neighbour", "new_address": "ha debiti"}),
        "visit.debt_words",
    ),
    (reported(), instead("NOWHERE"), "visit.outcome_unknown"),
    # Another practice's visit.
    (reported(), instead("NO_ACCESS", practice_id=UUID(int=9)), "correction.visit_unknown"),
    # Too long ago.
    (reported(), instead("NO_ACCESS", at=NOW + timedelta(days=AGENT_DAYS, seconds=1)), "correction.too_late"),
]


@pytest.mark.parametrize(("standing", "wish", "code"), REFUSED)
def test_what_may_not_be_put_right_says_which_path_serves(standing: Standing, wish: Wish, code: str) -> None:
    assert refused(standing, wish) == code


@pytest.mark.parametrize(
    ("typed", "code"), [(" ", "correction.reason_missing"), ("x" * (LONGEST_REASON + 1), "correction.reason_too_long")]
)
def test_a_correction_says_why(typed: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        checked_reason(typed)

    assert caught.value.code == code


LIFTED = json.loads((Path(__file__).parents[1] / "golden" / "lifted.json").read_text())["cases"]


def said(code: str) -> Said:
    return Said(code, Met.NOBODY, None, None, {})


@pytest.mark.parametrize("case", LIFTED, ids=lambda case: f"{case['before']}-{case['after']}")
def test_what_a_correction_lifts_is_the_same_on_phone_and_service(case: dict[str, Any]) -> None:
    assert sorted(protections(said(case["before"])) - protections(said(case["after"]))) == case["lifts"]


def test_every_outcome_that_protects_somebody_is_among_the_golden_cases() -> None:
    assert {case["before"] for case in LIFTED} == {code for code in OUTCOMES if protections(said(code))}
