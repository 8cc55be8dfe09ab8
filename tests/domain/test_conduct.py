"""The rules of conduct say the same here as on the phone, in the words of the golden cases."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.conduct import (
    AddressFacts,
    AddressState,
    Appointment,
    Facts,
    PracticeFacts,
    Ruleset,
    Severity,
    Visit,
    facts_from_json,
    facts_to_json,
    judge,
    lawful_windows,
    stamp_duty_due,
    standard_ruleset,
)
from fieldapp.domain.conduct.checks import CHECKS
from fieldapp.domain.contacts import ITALY
from fieldapp.domain.errors import Refusal

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "conduct.json").read_text())
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def golden_ruleset() -> Ruleset:
    ruleset = standard_ruleset(italian_calendar(2026, 2028, patrons={"Lodi": "01-19"}))
    for creditor, changes in CASES["overrides"].items():
        ruleset = ruleset.with_creditor(creditor, changes, valid_from=date(2026, 1, 1))
    return ruleset


RULES = golden_ruleset()


def changed(change: dict[str, Any]) -> Facts:
    """The golden base with some paths replaced."""
    plain = copy.deepcopy(CASES["base"])
    for path, value in change.items():
        *parents, last = path.split(".")
        place = plain
        for name in parents:
            place = place[name]
        place[last] = value
    return facts_from_json(plain)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_judgement_equals_the_golden_case(case: dict[str, Any]) -> None:
    verdict = judge(changed(case["change"]), RULES, NOW)

    said = [
        {"rule": f.rule, "code": f.code, "severity": f.severity.value, "details": f.details} for f in verdict.findings
    ]
    assert said == case["findings"]


def test_findings_stand_in_the_order_of_the_rules_however_often_they_are_asked() -> None:
    ruleset = golden_ruleset()
    practice = PracticeFacts(
        creditor="nobody's", placement_starts_on=date(2026, 1, 1), placement_ends_on=date(2026, 2, 1),
        states=frozenset({"disputed"}),
    )  # fmt: skip
    address = AddressFacts(state=AddressState.DOUBTFUL, comune="Nowhere", province="LO")
    facts = Facts(act=Visit(datetime(2026, 11, 29, 5, tzinfo=UTC), 1_200), practice=practice, address=address)

    first, second = judge(facts, ruleset, NOW), judge(facts, ruleset, NOW)

    places = [next(at for at, rule in enumerate(ruleset.rules) if rule.id == f.rule) for f in first.findings]
    assert places == sorted(places)
    assert {"conduct.outside_hours", "conduct.sunday", "conduct.debt_disputed", "conduct.address_doubtful"} <= {
        finding.code for finding in first.findings
    }
    assert first == second


@pytest.mark.parametrize("case", CASES["windows"], ids=lambda case: case["name"])
def test_windows_equal_the_golden_case(case: dict[str, Any]) -> None:
    windows = lawful_windows(date.fromisoformat(case["day"]), changed(case["change"]), RULES)

    assert [list(window) for window in windows] == case["windows"]


def test_what_practices_share_asks_for_no_part_of_a_practice() -> None:
    shared = {check.needs for check in CHECKS.values() if check.shared}

    assert shared <= {None, "address", "agent"}


def test_the_words_of_a_finding_ask_only_for_what_it_says() -> None:
    catalogue = Path(__file__).parents[2] / "fieldapp" / "pwa" / "src" / "text" / "refusals"
    for language in ("it", "en", "fr"):
        words = json.loads((catalogue / f"conduct.{language}.json").read_text())
        for case in CASES["cases"]:
            for finding in case["findings"]:
                asked = set(re.findall(r"{(\w+)}", words[finding["code"]]))
                assert asked <= set(finding["details"]), (language, finding["code"])


def test_every_rule_has_a_refused_and_an_allowed_case() -> None:
    for rule in RULES.rules:
        if rule.overrides is not None or rule.check in ("stamp_duty", "limitation_term"):
            continue  # numbers of a calculation, with golden cases of their own
        own = [case for case in CASES["cases"] if case["rule"] == rule.id]
        spoke = [any(f["rule"] == rule.id for f in case["findings"]) for case in own]
        assert set(spoke) == {True, False}, rule.id


def for_a_phone() -> Ruleset:
    """What the service sends to a phone whose day holds the practices of all cases."""
    facts = [changed(case["change"]) for case in CASES["cases"]]
    return RULES.for_phone(
        creditors=frozenset(one.practice.creditor for one in facts),
        comuni=frozenset(one.address.comune for one in facts if one.address),
    )


def test_the_golden_ruleset_of_the_phone_is_the_one_that_the_service_sends() -> None:
    written = json.loads((GOLDEN / "conduct_ruleset.json").read_text())

    assert written == for_a_phone().to_json()
    assert Ruleset.from_json(written).to_json() == written


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_a_phones_ruleset_says_all_but_what_is_for_the_office_alone(case: dict[str, Any]) -> None:
    facts = changed(case["change"])

    assert judge(facts, for_a_phone(), NOW).findings == judge(facts, RULES, NOW).for_agent().findings


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_facts_survive_the_way_to_the_phone_and_back(case: dict[str, Any]) -> None:
    facts = changed(case["change"])

    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts)))) == facts


# --- verdicts --------------------------------------------------------------------------------------------------


def test_a_verdict_that_asks_approval_is_allowed_once_a_person_approved() -> None:
    verdict = judge(changed({"practice.states": ["complaint_open"]}), RULES, NOW)

    assert verdict.needs_approval
    assert not verdict.allowed
    assert verdict.approved({"debt.complaint_open"}).allowed


def test_nobody_approves_what_a_rule_forbids() -> None:
    verdict = judge(changed({"practice.states": ["paid"]}), RULES, NOW)

    with pytest.raises(Refusal) as refused:
        verdict.approved({"debt.paid"})

    assert refused.value.code == "conduct.not_approvable"


def test_the_agent_does_not_see_what_is_meant_for_the_office() -> None:
    verdict = judge(changed({"address.comune": "Codogno"}), RULES, NOW)

    assert [finding.rule for finding in verdict.findings] == ["calendar.patron_saint"]
    assert verdict.for_agent().findings == ()


def test_a_phone_holds_no_quiet_rule_and_no_other_creditor() -> None:
    phone = RULES.for_phone(creditors=frozenset({"acme"}), comuni=frozenset({"Codogno"}))

    assert not any(rule.quiet for rule in phone.rules)
    assert not any(rule.scope.creditors for rule in phone.rules)
    assert phone.calendar.local == {}


# --- windows agree with the judgement --------------------------------------------------------------------------

days = st.dates(date(2026, 1, 1), date(2028, 12, 31))
durations_s = st.integers(0, 4 * 3_600)
seconds = st.integers(0, 86_399)


@st.composite
def appointments(draw: st.DrawFn, day: date) -> tuple[Appointment, ...]:
    found = []
    for _ in range(draw(st.integers(0, 2))):
        first = draw(st.integers(-3_600, 86_400))
        length = draw(st.integers(0, 4 * 3_600))
        begins = datetime.combine(day, time(), ITALY).astimezone(UTC) + timedelta(seconds=first)
        found.append(Appointment(begins, begins + timedelta(seconds=length), draw(st.booleans())))
    return tuple(found)


@given(data=st.data(), day=days, duration_s=durations_s)
def test_a_start_inside_the_windows_is_lawful_and_one_outside_is_not(
    data: st.DataObject, day: date, duration_s: int
) -> None:
    practice = PracticeFacts(
        creditor=data.draw(st.sampled_from(["acme", "strict"])),
        placement_starts_on=date(2026, 2, 1),
        placement_ends_on=date(2028, 11, 30),
        appointments=data.draw(appointments(day)),
    )
    address = AddressFacts(state=AddressState.CONFIRMED, comune="Lodi", province="LO")
    facts = Facts(act=Visit(NOW, duration_s), practice=practice, address=address)

    windows = lawful_windows(day, facts, RULES)

    edges = [edge + step for window in windows for edge in window for step in (-1, 0, 1)]
    start_s = data.draw(st.sampled_from(edges) if edges and data.draw(st.booleans()) else seconds)
    local = datetime.combine(day, time(), ITALY) + timedelta(seconds=start_s)
    act = Visit(local.astimezone(UTC), duration_s)
    on_time = act.at.astimezone(ITALY).replace(tzinfo=None) == local.replace(tzinfo=None)
    if local.date() != day or not on_time:
        return  # an hour that the clock change skips, or the next day
    verdict = judge(Facts(act=act, practice=practice, address=address), RULES, NOW)
    inside = any(first <= start_s <= last for first, last in windows)
    assert inside != any(finding.severity is not Severity.WARNS for finding in verdict.findings)


def test_rules_are_judged_as_they_stood_on_the_day() -> None:
    later = RULES.with_creditor("acme", {"payment.cash_ceiling": {"below_cents": 100_000}}, valid_from=date(2027, 1, 1))
    payment = {"kind": "payment", "method": "cash", "amount_cents": 200_000, "duty_cents": 0, "instalment": False}
    payment |= {"payer": "debtor", "cheque": None}

    before = judge(changed({"act": {**payment, "at": "2026-12-31T10:00:00.000Z"}}), later, NOW)
    after = judge(changed({"act": {**payment, "at": "2027-01-04T10:00:00.000Z"}}), later, NOW)

    assert not before.forbidden
    assert [finding.code for finding in after.findings] == ["conduct.cash_over_ceiling"]


def test_facts_without_a_zone_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        Visit(datetime(2026, 11, 26, 9, 0), 900)  # noqa: DTZ001 - the mistake under test

    assert refused.value.code == "facts.instant_without_zone"


@pytest.mark.parametrize(
    ("amount_cents", "exemption", "due_cents", "reason"),
    [
        (7_747, "", 0, "up_to_threshold"),  # 77,47 € is the last amount without the stamp
        (7_748, "", 200, "over_threshold"),
        (50_000, "subject_to_vat", 0, "subject_to_vat"),
        (50_000, "exempt", 0, "exempt"),
    ],
)
def test_stamp_duty_is_due_above_the_threshold_unless_exempt(
    amount_cents: int, exemption: str, due_cents: int, reason: str
) -> None:
    practice = changed({}).practice

    duty = stamp_duty_due(amount_cents, exemption=exemption, ruleset=RULES, on=NOW.date(), practice=practice)

    assert (duty.due_cents, duty.reason) == (due_cents, reason)


def test_a_creditor_may_bear_the_stamp_duty() -> None:
    generous = RULES.with_creditor(
        "acme", {"payment.stamp_duty": {"charged_to": "creditor"}}, valid_from=date(2026, 1, 1)
    )

    duty = stamp_duty_due(10_000, exemption="", ruleset=generous, on=NOW.date(), practice=changed({}).practice)

    assert duty.charged_to == "creditor"
