"""A rule file is taken whole or refused with its reason; the words of every rule are complete."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.conduct import DebtorKind, Ruleset, standard_ruleset
from fieldapp.domain.conduct.checks import CHECKS
from fieldapp.domain.conduct.document import rules_document
from fieldapp.domain.conduct.standard import STANDARD_RULES
from fieldapp.domain.errors import Refusal

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "fieldapp" / "domain"
WORDS = ROOT / "fieldapp" / "pwa" / "src" / "text" / "refusals"
CALENDAR = italian_calendar(2026, 2026)
RULES = standard_ruleset(CALENDAR)


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((WORDS / f"conduct.{language}.json").read_text())
    return found


def rule_file() -> dict[str, Any]:
    return copy.deepcopy(RULES.to_json())


def hours(plain: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(rule for rule in plain["rules"] if rule["id"] == "visit.hours")
    return found


def refused_lately(plain: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(rule for rule in plain["rules"] if rule["id"] == "cooling_off.refused")
    return found


def numbers(plain: dict[str, Any], rule_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(rule["parameters"] for rule in plain["rules"] if rule["id"] == rule_id)
    return found


def override(plain: dict[str, Any], name: str, *, of: str, **parameters: Any) -> dict[str, Any]:
    """A copy of `visit.hours` that overrides another rule with these parameters."""
    added = {**copy.deepcopy(hours(plain)), "id": name, "overrides": of, "parameters": parameters}
    added["scope"] = {"creditors": ["acme"], "debtor": None, "country": "IT"}
    plain["rules"].append(added)
    return added


def _overlap(plain: dict[str, Any]) -> None:
    plain["rules"].append({**copy.deepcopy(hours(plain)), "valid_from": "2026-01-01"})


def _circle(plain: dict[str, Any]) -> None:
    override(plain, "a", of="b", weekday_to="20:00")
    override(plain, "b", of="a", weekday_to="19:00")


def _itself(plain: dict[str, Any]) -> None:
    override(plain, "a", of="a", weekday_to="20:00")


def _two_overrides(plain: dict[str, Any]) -> None:
    override(plain, "a", of="visit.hours", weekday_to="20:00")
    override(plain, "b", of="visit.hours", weekday_to="19:00")


def _behind_a_silent_one(plain: dict[str, Any]) -> None:
    override(plain, "a", of="visit.hours", weekday_from="09:00")
    override(plain, "b", of="a", weekday_to="22:00")


def _quieter(plain: dict[str, Any]) -> None:
    override(plain, "a", of="visit.hours", weekday_to="20:00")["severity"] = "warns"


def _other_check(plain: dict[str, Any]) -> None:
    override(plain, "a", of="visit.rest_days", weekday_to="20:00")


UNSOUND: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    # two versions of one rule in force on the same day
    ("rules.overlapping_validity", _overlap),
    # two overrides that would both change one rule for one creditor
    ("rules.overlapping_validity", _two_overrides),
    # a parameter that the check does not know
    ("rules.unknown_parameter", lambda p: hours(p)["parameters"].update(night_from="22:00")),
    # a parameter left out of a whole rule
    ("rules.missing_parameter", lambda p: hours(p)["parameters"].pop("weekday_to")),
    # an hour that does not exist
    ("rules.bad_parameter", lambda p: hours(p)["parameters"].update(weekday_to="24:00")),
    # an hour written as a number
    ("rules.bad_parameter", lambda p: hours(p)["parameters"].update(weekday_to=21)),
    # a flag written as a number
    ("rules.bad_parameter", lambda p: hours(p)["parameters"].update(agreement_lifts=1)),
    # a limit of no visit at all, which is no limit but a prohibition
    ("rules.bad_parameter", lambda p: numbers(p, "visit.frequency").update(max_per_day=0)),
    # a code that no calculation knows
    ("rules.bad_parameter", lambda p: numbers(p, "payment.stamp_duty").update(charged_to="mars")),
    # a missing translation
    ("rules.missing_translation", lambda p: hours(p)["texts"].pop("fr")),
    # an empty translation
    ("rules.missing_translation", lambda p: hours(p)["texts"].update(en=" ")),
    # a language nobody knows
    ("rules.field_unknown", lambda p: hours(p)["texts"].update(xx="x")),
    # two overrides that change each other
    ("rules.circular_override", _circle),
    # an override of itself
    ("rules.circular_override", _itself),
    # an override of nothing
    ("rules.unknown_override", lambda p: override(p, "a", of="nothing", weekday_to="20:00")),
    # a creditor that would visit later than the code allows
    ("rules.override_loosens", lambda p: override(p, "a", of="visit.hours", weekday_to="22:00")),
    # the same behind an override that is silent about the hour
    ("rules.override_loosens", _behind_a_silent_one),
    # a question that nobody could answer
    ("rules.approvers_differ", lambda p: refused_lately(p).update(approvers=[])),
    # an approver for what nobody may lift
    ("rules.approvers_differ", lambda p: hours(p).update(approvers=["administrator"])),
    # an agent who would approve the own visit
    ("rules.unknown_approver", lambda p: refused_lately(p).update(approvers=["agent"])),
    # a creditor that would only warn
    ("rules.override_loosens", _quieter),
    # an override that turns one rule into another
    ("rules.override_changes_check", _other_check),
    # a check that does not exist
    ("rules.unknown_check", lambda p: hours(p).update(check="moonlight")),
    # hours for a payment
    ("rules.act_not_judged", lambda p: hours(p).update(acts=["payment"])),
    # an act that does not exist
    ("rules.field_malformed", lambda p: hours(p).update(acts=["threat"])),
    # no source
    ("rules.missing_source", lambda p: hours(p).update(source=" ")),
    # a validity that ends before it begins
    ("rules.validity_reversed", lambda p: hours(p).update(valid_to="2001-01-01")),
    # 31 February
    ("rules.field_malformed", lambda p: hours(p).update(valid_from="2026-02-31")),
    # a severity nobody knows
    ("rules.field_malformed", lambda p: hours(p).update(severity="hints")),
    # a field nobody asked for
    ("rules.field_unknown", lambda p: hours(p).update(weight=3)),
    # a field left out
    ("rules.field_missing", lambda p: hours(p).pop("source")),
    # another version of the file
    ("rules.field_malformed", lambda p: p.update(v=2)),
    # a calendar that ends before it begins
    ("rules.calendar_reversed", lambda p: p["calendar"].update(to_on="2020-01-01")),
    # a zone that nobody reads days in
    ("rules.field_malformed", lambda p: p.update(zone="Mars/Olympus")),
]


@pytest.mark.parametrize(("code", "spoil"), UNSOUND)
def test_an_unsound_rule_file_is_refused(code: str, spoil: Callable[[dict[str, Any]], Any]) -> None:
    plain = rule_file()
    spoil(plain)

    with pytest.raises(Refusal) as refused:
        Ruleset.from_json(plain)

    assert refused.value.code == code
    for language in ("it", "en", "fr"):
        assert set(re.findall(r"{(\w+)}", words(language)[code])) <= set(refused.value.details)


@pytest.mark.parametrize("junk", [None, [], "rules", 1, {}])
def test_a_file_that_is_no_ruleset_is_refused(junk: Any) -> None:
    with pytest.raises(Refusal):
        Ruleset.from_json(junk)


def test_two_versions_of_a_rule_follow_each_other() -> None:
    plain = rule_file()
    hours(plain)["valid_to"] = "2026-12-31"
    later = {**copy.deepcopy(hours(plain)), "valid_from": "2027-01-01", "valid_to": None}
    later["parameters"]["weekday_to"] = "20:00"
    plain["rules"].append(later)

    ruleset = Ruleset.from_json(plain)

    who: dict[str, Any] = {"creditor": "acme", "debtor": DebtorKind.CONSUMER}
    assert ruleset.parameters("visit.hours", date(2026, 12, 31), **who)["weekday_to"] == 21 * 3_600
    assert ruleset.parameters("visit.hours", date(2027, 1, 1), **who)["weekday_to"] == 20 * 3_600


def test_an_override_of_an_override_ends_with_the_narrowest() -> None:
    plain = rule_file()
    override(plain, "a", of="visit.hours", weekday_to="20:00", saturday_to="14:00")
    override(plain, "b", of="a", weekday_to="19:00")
    ruleset = Ruleset.from_json(plain)

    found = ruleset.parameters("visit.hours", date(2026, 5, 5), creditor="acme", debtor=DebtorKind.CONSUMER)

    assert found["weekday_to"] == 19 * 3_600
    assert found["saturday_to"] == 14 * 3_600


def test_a_creditor_may_change_a_number_that_no_law_sets() -> None:
    changes = {"visit.days_past_due": {"least": 120}, "payment.exposure": {"limit_cents": 900_000}}

    ruleset = RULES.with_creditor("acme", changes, valid_from=date(2026, 1, 1))

    who: dict[str, Any] = {"creditor": "acme", "debtor": DebtorKind.FIRM}
    assert ruleset.parameters("payment.exposure", date(2026, 5, 5), **who)["limit_cents"] == 900_000


def test_a_creditor_may_not_raise_the_cash_ceiling() -> None:
    changes = {"payment.cash_ceiling": {"below_cents": 1_000_000}}

    with pytest.raises(Refusal) as refused:
        RULES.with_creditor("acme", changes, valid_from=date(2026, 1, 1))

    assert refused.value.code == "rules.override_loosens"


def test_a_rule_that_is_not_in_force_is_named() -> None:
    with pytest.raises(Refusal) as refused:
        RULES.parameters("visit.hours", date(2010, 1, 1), creditor="acme", debtor=DebtorKind.CONSUMER)

    assert refused.value.code == "rules.not_in_force"


def test_unverified_numbers_carry_their_mark() -> None:
    marked = {rule.id for rule in STANDARD_RULES if rule.to_be_confirmed}

    assert {"visit.hours", "visit.frequency", "cooling_off.asked_to_leave"} <= marked
    assert "payment.cash_ceiling" not in marked


# --- words -----------------------------------------------------------------------------------------------------


def test_every_code_of_a_check_has_words_in_each_language() -> None:
    for language in ("it", "en", "fr"):
        missing = {code for check in CHECKS.values() for code in check.codes} - set(words(language))
        assert not missing


def test_every_code_written_in_these_modules_has_words() -> None:
    areas = {"conduct", "rules", "facts", "repayment", "visit"}
    modules = [*(DOMAIN / "conduct").glob("*.py")]
    modules += [DOMAIN / f"{name}.py" for name in ("calendars", "captured", "outcomes", "repayment_plan", "visit")]
    others = [json.loads((WORDS / f"{name}.it.json").read_text()) for name in ("visit", "agreements")]
    italian = {key: text for part in (words("it"), *others) for key, text in part.items()}
    for module in modules:
        for area, rest in re.findall(r'(?<!f)"(\w+)\.([a-z_]+)"', module.read_text()):
            if area in areas and f"{area}.{rest}" not in {rule.id for rule in STANDARD_RULES}:
                assert f"{area}.{rest}" in italian, module.name
    for area in ("facts", "rules", "visit"):
        for code in ("field_missing", "field_unknown", "field_malformed", "field_too_long"):
            assert f"{area}.{code}" in italian


def test_the_languages_agree_on_keys_and_placeholders() -> None:
    italian = words("it")
    for language in ("en", "fr"):
        other = words(language)
        assert set(other) == set(italian)
        for code, sentence in italian.items():
            assert set(re.findall(r"{(\w+)}", other[code])) <= set(re.findall(r"{(\w+)}", sentence)) | {"most"}


def test_every_rule_of_the_standard_set_is_written_in_the_document() -> None:
    document = rules_document(RULES)

    assert document == (ROOT / "docs" / "rules.md").read_text()
    for rule in STANDARD_RULES:
        assert f"`{rule.id}`" in document


def test_who_may_approve_a_rule_that_is_not_in_force_is_what_its_versions_say() -> None:
    first = next(rule for rule in STANDARD_RULES if rule.id == "cooling_off.refused")
    later = replace(first, valid_from=date(2027, 1, 1), approvers=frozenset({"administrator"}))
    now = replace(first, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), approvers=frozenset({"back_office"}))
    others = tuple(rule for rule in STANDARD_RULES if rule is not first)
    ruleset = replace(RULES, rules=(*others, now, later))

    assert ruleset.approvers(first.id, date(2026, 6, 1)) == {"back_office"}
    assert ruleset.approvers(first.id, date(2027, 6, 1)) == {"administrator"}
    assert ruleset.approvers(first.id, date(2025, 12, 31)) == {"back_office", "administrator"}
    assert ruleset.approvers("visit.at_midnight", date(2026, 6, 1)) == frozenset()


def test_holidays_move_with_the_calendar_that_is_handed_in() -> None:
    moved = RULES.with_calendar(replace(CALENDAR, national=frozenset({date(2026, 3, 3)})))

    assert moved.calendar.is_national_holiday(date(2026, 3, 3))
    assert not moved.calendar.is_national_holiday(date(2026, 3, 3) + timedelta(days=1))
