"""A matrix of rule x who asks: planner, check-in and server judge alike, for every rule there is; days come at random.

The phone's answers to the same golden cases are held by `pwa/src/domain/conduct.test.ts`. Rows are made from the
catalogue: a rule without a refused and an allowed golden case fails here.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain.captured import PlacementDays
from fieldapp.domain.conduct import Facts, Finding, PayerKind, Payment, Ruleset, Severity, Visit, judge, lawful_windows
from fieldapp.domain.conduct.checks import CHECKS
from fieldapp.domain.conduct.rule import Rule
from fieldapp.domain.contacts import Channel, Contact
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.reading import instant_text
from fieldapp.domain.receipt_series import Series
from fieldapp.domain.receipts import (
    Capacity,
    ChargedTo,
    Method,
    Payer,
    SettledLine,
    StampDuty,
    Wording,
    WordingKind,
)
from fieldapp.domain.sync import TOLD_TO_THE_OFFICE, Arrived, Decision, Known, PracticeKnown, judge_batch
from fieldapp.domain.taken_money import PlanKnown
from tests.domain.receipt_builders import DEVICE as THE_PHONE
from tests.domain.receipt_builders import Phone, verify
from tests.domain.test_conduct import CASES, NOW, RULES, changed

ROME = ZoneInfo("Europe/Rome")
NO_DUTY = StampDuty(0, ChargedTo.NOBODY, "exempt")
ADDRESS, PRACTICE, LINE = (UUID(int=number) for number in (2, 3, 6))
DEVICE = UUID(THE_PHONE)
OWN = [rule for rule in RULES.rules if rule.overrides is None and CHECKS[rule.check].codes]
"""The rules that speak; the others carry numbers for a calculation."""


def cases_of(rule: Rule) -> list[dict[str, Any]]:
    return [case for case in CASES["cases"] if case["rule"] == rule.id]


def at_the_server(facts: Facts, ruleset: Ruleset) -> set[str]:
    """What the service says when the visit of `facts` is reported: flags for all, flags for the office."""
    decision = decide(facts, ruleset)
    return {*decision.flags, *decision.quiet_flags}


def decide(facts: Facts, ruleset: Ruleset, *, series: Series | None = None, **told: Any) -> Decision:
    """The service's decision on a report of the visit of `facts`, with what it tells beyond "nobody was there"."""
    act = facts.act
    assert isinstance(act, Visit)
    left_at = act.at.astimezone(UTC) + timedelta(seconds=act.duration_s)
    body = {
        "practice_id": str(PRACTICE),
        "visit_id": str(uuid4()),
        "stop_id": None,
        "planned_day": act.at.astimezone(ROME).date().isoformat(),
        "address_id": str(ADDRESS),
        "arrived_at": instant_text(act.at),
        "left_at": instant_text(left_at),
        "position": None,
        "position_refused_reason": "refused",
        "attempt_no": 1,
        "met": {"who": "nobody", "identified_by": None, "role": None},
        "identified_self": False,
        "observations": [],
        "outcome": "ABSENT_NO_NOTICE",
        "captured": {"reason": "no_letterbox"},
        "next_action": None,
        "attachments": [],
        "app_version": "test",
        "offline": True,
        **told,
    }
    envelope_id = uuid4()
    content = canonical_json(
        {
            "v": 1,
            "id": str(envelope_id),
            "device": str(DEVICE),
            "seq": 1,
            "kind": "visit",
            "recorded_at": instant_text(left_at),
            "clock_offset_ms": 0,
            "body": body,
        }
    )
    practice = PracticeKnown(
        id=PRACTICE,
        creditor_id=UUID(int=4),
        practice_number="P-1",
        placement=PlacementDays(facts.practice.placement_starts_on, facts.practice.placement_ends_on),
        facts=facts.practice,
        addresses={ADDRESS: facts.address} if facts.address else {},
        debt_lines=frozenset({LINE}),
        barred_on={},
        ever_assigned=True,
        assigned_on=frozenset({body["planned_day"]}),
        plan=PlanKnown(tuple((number, facts.act.at.date(), 999_999_999) for number in (1, 2, 3)), 0),
    )
    assert facts.agent is not None
    known = Known(
        device_id=DEVICE,
        agent_id=UUID(int=5),
        agent=facts.agent,
        envelopes={},
        visits=frozenset(),
        practices={PRACTICE: practice},
        series=series or Series(name="A1", device=str(DEVICE), public_point=b"", blocks=(), links={}),
        ruleset=ruleset,
        now=left_at + timedelta(days=1),
    )
    [decision] = judge_batch([Arrived(envelope_id, 1, sha256(content), content)], known, verify_signature=verify)
    # A report of what happened is taken whatever the rules say of it.
    assert decision.verdict.value == "accepted", (decision.code, decision.details)
    return decision


def stops(finding: Finding) -> bool:
    return finding.severity is not Severity.WARNS


@pytest.mark.parametrize("rule", OWN, ids=lambda rule: rule.id)
def test_every_rule_has_a_row(rule: Rule) -> None:
    spoke = {any(found["rule"] == rule.id for found in case["findings"]) for case in cases_of(rule)}

    assert spoke == {True, False}


@pytest.mark.parametrize(
    "case",
    [case for rule in OWN for case in cases_of(rule) if isinstance(changed(case["change"]).act, Visit)],
    ids=lambda case: case["name"],
)
def test_planner_check_in_and_server_answer_a_visit_alike(case: dict[str, Any]) -> None:
    facts = changed(case["change"])
    act = facts.act
    assert isinstance(act, Visit)
    local = act.at.astimezone(ROME)
    second = local.hour * 3_600 + local.minute * 60 + local.second

    check_in = judge(facts, RULES, NOW)
    planner = lawful_windows(local.date(), facts, RULES)
    against = {finding.code for finding in check_in.findings if stops(finding)}

    # A plan's clock counts from midnight: of two equal hours it means the first, and publishing judges the instant.
    if not local.fold:
        assert any(first <= second <= last for first, last in planner) == (not against)
    if facts.address is not None and facts.agent is not None:
        # A warning is for whoever stands at the door: it flags no report.
        assert {code for code in at_the_server(facts, RULES) if code.startswith("conduct.")} == against


@pytest.mark.parametrize(
    "case",
    [case for rule in OWN for case in cases_of(rule) if isinstance(changed(case["change"]).act, Payment)],
    ids=lambda case: case["name"],
)
def test_a_payment_is_answered_as_the_golden_case_says(case: dict[str, Any]) -> None:
    found = judge(changed(case["change"]), RULES, NOW)

    assert {finding.code for finding in found.findings} == {item["code"] for item in case["findings"]}


AT_THE_DOOR = [
    case
    for rule in OWN
    for case in cases_of(rule)
    if isinstance(act := changed(case["change"]).act, Payment)
    # What a cheque says comes with the report's own fields: `tests/flows/test_money_facts.py`.
    and act.method in ("cash", "card")
]


def paid_at_the_server(facts: Facts, ruleset: Ruleset) -> set[str]:
    """What the service says when the payment of `facts` comes in a report, signed by the phone that took it."""
    act = facts.act
    assert isinstance(act, Payment)
    assert facts.agent is not None
    assert facts.address is not None
    phone = Phone()
    lines = (SettledLine("Prestito 4711", act.amount_cents, 0, 0),)
    wording = Wording(WordingKind.INSTALMENT, 1, 3) if act.instalment else Wording(WordingKind.PART_PAYMENT)
    answers = {"acquirer": "Nexi", "authorisation_code": "A1"} if act.method == "card" else {}
    other = None if act.payer is PayerKind.DEBTOR else Payer("Lucia Neri", Capacity.RELATIVE)
    issued = phone.issue(
        v=1 if other is None else 2,
        payer=other,
        amount_cents=act.amount_cents,
        practice="P-1",
        lines=lines,
        wording=wording,
        method=Method(act.method, answers),
        stamp_duty=StampDuty(act.duty_cents, ChargedTo.DEBTOR, "over_threshold") if act.duty_cents else NO_DUTY,
    )
    value = json.loads(issued.content)
    duty = value["stamp_duty"]
    parts = {"principal_cents": act.amount_cents, "interest_cents": 0, "costs_cents": 0}
    payment = {
        "method": act.method,
        "amount_cents": act.amount_cents,
        "fields": answers,
        "allocation": [{"debt_line_id": str(LINE), **parts}],
        "stamp_duty": {"cents": duty["due_cents"], "charged_to": duty["charged_to"], "reason": duty["reason"]},
        "receipt": {
            "value": value,
            "digest": sha256(issued.content),
            "signature": b64encode(issued.signature).decode(),
        },
    }
    if other is not None:
        seen = "passport" if act.payer is PayerKind.OTHER_IDENTIFIED else "none"
        payment["payer"] = {"name": other.name, "capacity": other.capacity, "document": seen, "debtor_agrees": True}
    met = {"who": "debtor", "identified_by": "document", "role": None}
    told = {"outcome": "PAID_PARTIAL", "captured": {"reason": "short_of_money"}, "statement": None, "signature": None}
    visit = replace(facts, act=Visit(act.at, 0))
    decided = decide(
        visit, ruleset, met=met, identified_self=True, payments=[payment], agreement=None, series=phone.series, **told
    )
    return {*decided.flags, *decided.quiet_flags}


@pytest.mark.parametrize("case", AT_THE_DOOR, ids=lambda case: case["name"])
def test_check_in_and_server_answer_a_payment_alike(case: dict[str, Any]) -> None:
    facts = changed(case["change"])

    payment = {
        found.code
        for found in judge(facts, RULES, NOW).findings
        if stops(found) or found.quiet or found.code in TOLD_TO_THE_OFFICE
    }
    visit = {
        found.code for found in judge(replace(facts, act=Visit(facts.act.at, 0)), RULES, NOW).findings if stops(found)
    }

    # The report that brings the payment is one of the visit, too.
    assert {code for code in paid_at_the_server(facts, RULES) if code.startswith("conduct.")} == payment | visit


DAYS = st.one_of(
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    # The days on which the clocks change, feasts, their eves, and the day that is Italy's again since 2026
    st.sampled_from(
        [
            date(2026, 3, 29),
            date(2026, 10, 25),
            date(2027, 3, 28),
            date(2026, 12, 7),
            date(2026, 12, 8),
            date(2027, 1, 19),
            date(2026, 10, 4),
            date(2028, 4, 17),
            date(2028, 2, 29),
        ]
    ),
)


@st.composite
def visits(draw: st.DrawFn) -> tuple[Facts, date]:
    """A practice in some state on some day, and a visit that lasts a while."""
    day = draw(DAYS)
    facts = changed({})
    practice = replace(
        facts.practice,
        placement_starts_on=day - timedelta(days=draw(st.integers(-3, 60))),
        placement_ends_on=day + timedelta(days=draw(st.integers(-3, 90))),
        states=frozenset(draw(st.lists(st.sampled_from(["disputed", "paid", "complaint_open"]), max_size=1))),
        contacts=tuple(
            Contact(day - timedelta(days=ago), channel, reached)
            for ago, channel, reached in draw(
                st.lists(
                    st.tuples(st.integers(0, 40), st.sampled_from(list(Channel)), st.booleans()),
                    max_size=draw(st.sampled_from([0, 0, 0, 2, 5])),
                )
            )
        ),
        happened=tuple(draw(st.lists(st.just(("ASKED_TO_LEAVE", day - timedelta(days=9))), max_size=1))),
    )
    address = facts.address
    assert address is not None
    act = Visit(datetime.combine(day, datetime.min.time(), ROME), draw(st.integers(0, 4 * 3_600)))
    return replace(facts, act=act, practice=practice, address=address), day


@settings(max_examples=300, deadline=None)
@given(visits(), st.data())
def test_what_the_planner_allows_breaks_no_rule_at_the_door_nor_at_the_server(
    given_visit: tuple[Facts, date], data: st.DataObject
) -> None:
    facts, day = given_visit
    act = facts.act
    assert isinstance(act, Visit)
    for first, last in lawful_windows(day, facts, RULES):
        second = data.draw(st.one_of(st.just(first), st.just(last), st.integers(first, last)))
        local = datetime(day.year, day.month, day.day, tzinfo=ROME).replace(
            hour=second // 3_600, minute=second // 60 % 60, second=second % 60
        )
        made = replace(facts, act=Visit(local.astimezone(UTC), act.duration_s))

        verdict = judge(made, RULES, NOW)

        assert verdict.allowed, verdict.findings
        assert not {code for code in at_the_server(made, RULES) if code.startswith("conduct.")} - {
            finding.code for finding in verdict.findings
        }


@settings(max_examples=200, deadline=None)
@given(visits(), st.integers(0, 86_399))
def test_what_a_rule_forbids_lies_in_no_window(given_visit: tuple[Facts, date], second: int) -> None:
    facts, day = given_visit
    act = facts.act
    assert isinstance(act, Visit)
    at = datetime(day.year, day.month, day.day, second // 3_600, second // 60 % 60, second % 60, tzinfo=ROME)
    at = at.astimezone(UTC).astimezone(ROME)
    made = replace(facts, act=Visit(at.astimezone(UTC), act.duration_s))
    shown = at.hour * 3_600 + at.minute * 60 + at.second

    free = any(first <= shown <= last for first, last in lawful_windows(at.date(), made, RULES))

    assert free == judge(made, RULES, NOW).allowed
