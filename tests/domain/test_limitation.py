"""The limitation clock: acts restart it, nothing revives it, and what a signer is told is the same on the phone."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.conduct import DebtorKind, Ruleset, standard_ruleset
from fieldapp.domain.errors import Refusal
from fieldapp.domain.limitation import (
    DatedLine,
    InterruptingAct,
    Interruption,
    SignedLine,
    Standing,
    barred_from,
    check_act,
    effect_of_signing,
    practice_barred_on,
    standing,
    term_of,
    terms,
)

ROOT = Path(__file__).parents[2]
CASES = json.loads((ROOT / "tests" / "golden" / "limitation.json").read_text())
SIGNED = json.loads((ROOT / "fieldapp" / "pwa" / "src" / "text" / "signed.it.json").read_text())
TODAY = date(2026, 11, 26)
RULES = standard_ruleset(italian_calendar(2026, 2026))
TERMS = terms(RULES, TODAY, creditor="acme", debtor=DebtorKind.CONSUMER)


def day(text: str) -> date:
    return date.fromisoformat(text)


def bill(due_on: str, kind: str = "Energia elettrica", line: str = "a") -> DatedLine:
    return DatedLine(line, kind, f"{kind} n. 1", day(due_on))


def act(on: str, kind: Interruption = Interruption.FORMAL_NOTICE, line: str | None = None) -> InterruptingAct:
    return InterruptingAct(day(on), kind, "AR 123", line)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_the_day_equals_the_golden_case(case: dict[str, Any]) -> None:
    assert barred_from(day(case["runs_from"]), case["years"]) == day(case["barred_on"])


@pytest.mark.parametrize("case", CASES["effects"], ids=lambda case: case["name"])
def test_the_signer_is_told_what_the_golden_case_says(case: dict[str, Any]) -> None:
    lines = [
        SignedLine(item["title"], day(item["runs_from"]), item["years"], day(item["barred_on"]))
        for item in case["lines"]
    ]

    assert list(effect_of_signing(lines, day(case["on"]), SIGNED)) == case["text"]


KINDS = [
    ("Energia elettrica", 2),
    ("Bolletta LUCE", 2),
    ("Gas", 2),
    # A word that only begins like gas is no gas bill.
    ("Gasolio", 10),
    ("Servizio idrico", 2),
    ("Telefonia fissa", 5),
    ("Canone di locazione", 5),
    ("Prestito personale", 10),
    # Two terms name it: the shorter one counts.
    ("Interessi su bolletta gas", 2),
    # A kind that nobody named.
    ("Altro", 10),
]


@pytest.mark.parametrize(("kind", "years"), KINDS)
def test_the_kind_of_a_line_gives_its_term(kind: str, years: int) -> None:
    assert term_of(bill("2025-01-01", kind), TERMS).years == years


def test_a_file_without_kinds_is_read_by_its_titles() -> None:
    line = DatedLine("a", "", "Energia elettrica n. 77/2024", TODAY)

    assert term_of(line, TERMS).rule == "limitation.electricity"


def test_a_creditor_may_shorten_a_term_but_not_lengthen_it() -> None:
    shorter = RULES.with_creditor("acme", {"limitation.telephone": {"years": 2}}, valid_from=date(2020, 1, 1))

    own = terms(shorter, TODAY, creditor="acme", debtor=DebtorKind.CONSUMER)
    others = terms(shorter, TODAY, creditor="other", debtor=DebtorKind.CONSUMER)

    assert term_of(bill("2025-01-01", "Telefonia fissa"), own).years == 2
    assert term_of(bill("2025-01-01", "Telefonia fissa"), others).years == 5
    with pytest.raises(Refusal, match=r"rules\.override_loosens"):
        RULES.with_creditor("acme", {"limitation.electricity": {"years": 5}}, valid_from=TODAY)


def test_without_an_ordinary_term_the_clock_refuses_to_guess() -> None:
    bare = Ruleset("bare", tuple(r for r in RULES.rules if r.id != "limitation.ordinary"), RULES.calendar)

    with pytest.raises(Refusal, match=r"rules\.not_in_force"):
        terms(bare, TODAY, creditor="acme", debtor=DebtorKind.CONSUMER)


def test_a_line_nobody_asked_for_is_barred_from_the_day_after_its_term() -> None:
    found = standing(bill("2024-11-25"), (), TERMS)

    assert (found.barred_on, found.because) == (day("2026-11-26"), "due")
    assert found.barred(TODAY)
    assert not found.barred(TODAY - timedelta(days=1))


def test_a_notice_on_the_last_day_restarts_the_term_and_one_a_day_later_does_not() -> None:
    in_time = standing(bill("2023-06-01"), [act("2025-06-01")], TERMS)
    too_late = standing(bill("2023-06-01"), [act("2025-06-02")], TERMS)

    assert (in_time.barred_on, in_time.because, in_time.reference) == (day("2027-06-02"), "formal_notice", "AR 123")
    assert (too_late.barred_on, too_late.because) == (day("2025-06-02"), "due")


def test_an_act_about_one_line_leaves_the_others_alone() -> None:
    acts = [act("2025-01-10", Interruption.PART_PAYMENT, line="b")]

    assert standing(bill("2024-06-01", line="a"), acts, TERMS).because == "due"
    assert standing(bill("2024-06-01", line="b"), acts, TERMS).because == "part_payment"


def test_an_act_before_the_due_date_moves_nothing() -> None:
    assert standing(bill("2025-06-01"), [act("2025-01-10")], TERMS).runs_from == day("2025-06-01")


def test_the_warning_begins_ninety_days_ahead() -> None:
    found = standing(bill("2025-01-31"), (), TERMS)

    assert found.barred_on == day("2027-02-01")
    assert found.state(day("2026-11-02")) == "running"
    assert found.state(day("2026-11-03")) == "near"
    assert found.state(day("2027-02-01")) == "barred"


def test_a_practice_is_barred_when_its_last_line_is_and_paid_lines_do_not_count() -> None:
    old, young = standing(bill("2022-01-01"), (), TERMS), standing(bill("2025-01-01"), (), TERMS)

    assert practice_barred_on([(old, 100), (young, 100)]) == young.barred_on
    assert practice_barred_on([(old, 100), (young, 0)]) == old.barred_on
    assert practice_barred_on([(old, 0)]) is None


REFUSED = [
    ("limitation.act_in_future", act("2026-11-27")),
    ("limitation.reference_missing", InterruptingAct(TODAY, Interruption.COURT_CLAIM, "  ")),
    ("limitation.line_unknown", act("2026-11-01", line="z")),
]


@pytest.mark.parametrize(("code", "wrong"), REFUSED)
def test_an_act_that_cannot_be_is_refused(code: str, wrong: InterruptingAct) -> None:
    with pytest.raises(Refusal) as refused:
        check_act(wrong, today=TODAY, lines=frozenset({"a"}))

    assert refused.value.code == code


days = st.dates(date(2004, 2, 1), date(2032, 3, 1)) | st.sampled_from([date(y, 2, 29) for y in range(2004, 2033, 4)])
kinds = st.sampled_from([kind for kind, _ in KINDS])
acts = st.lists(
    st.builds(
        InterruptingAct, days, st.sampled_from(list(Interruption)), st.just("x"), st.sampled_from([None, "a", "b"])
    )
)


def clock(due_on: date, kind: str, given_acts: list[InterruptingAct]) -> Standing:
    return standing(DatedLine("a", kind, "", due_on), given_acts, TERMS)


@given(
    due_on=days, kind=kinds, known=acts, another=st.builds(InterruptingAct, days, st.sampled_from(list(Interruption)))
)
def test_one_more_interrupting_act_never_shortens_the_term(
    due_on: date, kind: str, known: list[InterruptingAct], another: InterruptingAct
) -> None:
    assert clock(due_on, kind, [*known, another]).barred_on >= clock(due_on, kind, known).barred_on


@given(due_on=days, kind=kinds, known=acts, seed=st.integers())
def test_the_order_in_which_acts_were_recorded_does_not_matter(
    due_on: date, kind: str, known: list[InterruptingAct], seed: int
) -> None:
    shuffled = random.Random(seed).sample(known, len(known))

    assert clock(due_on, kind, shuffled) == clock(due_on, kind, known)


@given(due_on=days, kind=kinds, known=acts, on=days)
def test_what_is_barred_stays_barred_whatever_is_signed_later(
    due_on: date, kind: str, known: list[InterruptingAct], on: date
) -> None:
    before = clock(due_on, kind, known)
    later = InterruptingAct(on, Interruption.PLAN_SIGNED, "y")

    after = clock(due_on, kind, [*known, later])

    if before.barred(on):
        assert after == before
    else:
        # What the signer was told is what the clock says afterwards.
        assert max(before.if_interrupted(on), before.barred_on) <= after.barred_on


@given(first=days, second=days, years=st.integers(1, 12))
def test_a_later_start_never_ends_earlier(first: date, second: date, years: int) -> None:
    early, late = sorted([first, second])

    assert barred_from(early, years) <= barred_from(late, years)
    assert (barred_from(early, years) - early).days in {365 * years + n for n in range(1, years // 4 + 3)}
