"""The catalogue of outcomes is whole: codes, words in three languages, and nothing about a debt before a stranger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldapp.domain.captured import has_debt_words
from fieldapp.domain.conduct.standard import STANDARD_RULES
from fieldapp.domain.conduct.subject import DEBT_STATES
from fieldapp.domain.contacts import OTHER_CONTACTS
from fieldapp.domain.errors import Refusal
from fieldapp.domain.outcomes import (
    DELIVERIES,
    NEXT_STEPS,
    OUTCOMES,
    Delivery,
    FieldType,
    Group,
    Met,
    catalogue_json,
    outcome,
)
from fieldapp.domain.visit_report import IdentifiedBy, NoPosition, Observation, Purpose, Role, Signer

PWA = Path(__file__).parents[2] / "fieldapp" / "pwa" / "src"
LANGUAGES = ("it", "en", "fr")

TRADE_CODES = set(
    """
    PAID_FULL PAID_PARTIAL PAID_INSTALMENT SETTLEMENT_PAID SETTLEMENT_PROPOSED PLAN_SIGNED PROMISE_TO_PAY
    PAID_ELSEWHERE_CLAIMED APPOINTMENT_SET REFUSES ASKED_TO_LEAVE DISPUTES HARDSHIP INSOLVENCY_PROCEDURE
    REPRESENTED ABSENT_NOTICE_LEFT ABSENT_NO_NOTICE THIRD_PARTY_MET UNKNOWN_AT_ADDRESS MOVED ADDRESS_NOT_FOUND
    NO_ACCESS DECEASED AWAY_LONG BUSINESS_CLOSED UNSAFE NOT_MADE
    """.split()  # noqa: SIM905 - a list of codes reads better as words
)


def words(name: str, language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((PWA / "text" / f"{name}.{language}.json").read_text())
    return found


def expected_keys() -> set[str]:
    keys = {f"outcome.group.{group}" for group in Group} | {f"outcome.delivery.{way}" for way in Delivery}
    keys |= {f"outcome.next.{step}" for step in NEXT_STEPS}
    for entry in OUTCOMES.values():
        keys.add(f"outcome.{entry.code}")
        keys |= {f"outcome.field.{field.name}" for field in entry.fields}
        keys |= {f"outcome.choice.{field.name}.{choice}" for field in entry.fields for choice in field.choices}
        if entry.task:
            keys.add(f"outcome.task.{entry.task.kind}")
    lists = {
        "met": Met,
        "identified_by": IdentifiedBy,
        "role": Role,
        "observation": Observation,
        "purpose": Purpose,
        "no_position": NoPosition,
        "signer": Signer,
    }
    keys |= {f"outcome.{code}" for code in OTHER_CONTACTS}
    return keys | {f"visit.{name}.{member.value}" for name, members in lists.items() for member in members}


def test_every_code_of_the_trade_is_in_the_catalogue() -> None:
    assert set(OUTCOMES) == TRADE_CODES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_stands_in_each_language_and_no_other(language: str) -> None:
    found = words("outcomes", language)

    assert set(found) == expected_keys()
    assert all(sentence.strip() for sentence in found.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_of_a_visit_has_words_in_each_language(language: str) -> None:
    assert set(words("refusals/visit", language)) == set(words("refusals/visit", "it"))


def test_the_phone_holds_the_same_catalogue() -> None:
    assert (PWA / "domain" / "generated" / "outcomes.json").read_text() == catalogue_json()


def test_next_steps_and_debt_states_are_known() -> None:
    for entry in OUTCOMES.values():
        assert entry.next_step in NEXT_STEPS, entry.code
        assert entry.sets_state is None or entry.sets_state in DEBT_STATES, entry.code


def test_fields_open_to_a_third_party_say_nothing_of_a_debt() -> None:
    for entry in OUTCOMES.values():
        if Met.THIRD_PARTY in entry.met:
            assert all(field.neutral for field in entry.fields), entry.code
            assert not any(field.type is FieldType.AMOUNT for field in entry.fields), entry.code
            assert entry.payment == "no", entry.code
            assert entry.signature == "no", entry.code


def test_a_notice_is_never_left_on_the_door() -> None:
    assert set(Delivery) == {"letterbox_sealed", "handed_to_debtor", "handed_sealed"}
    assert DELIVERIES[Met.THIRD_PARTY] == {Delivery.HANDED_SEALED, Delivery.LETTERBOX_SEALED}


def test_an_outcome_that_cools_off_has_its_rule_of_conduct() -> None:
    after = {
        code
        for rule in STANDARD_RULES
        if rule.check == "cooling_off" and isinstance(rule.parameters["after"], tuple)
        for code in rule.parameters["after"]
    }

    assert after == {entry.code for entry in OUTCOMES.values() if entry.cools_off}


def test_five_outcomes_come_first() -> None:
    assert sorted(entry.common for entry in OUTCOMES.values() if entry.common) == [1, 2, 3, 4, 5]


def test_choices_are_given_exactly_where_a_choice_is_asked() -> None:
    for entry in OUTCOMES.values():
        names = [field.name for field in entry.fields]
        assert len(set(names)) == len(names)
        for field in entry.fields:
            assert bool(field.choices) == (field.type is FieldType.CHOICE), (entry.code, field.name)


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        outcome("KIDNAPPED")

    assert refused.value.code == "visit.outcome_unknown"


DEBT_TEXTS = [
    ("Via Po 3, deve 300,00 euro", True),
    ("parlare del debito", True),
    ("ha una RATA in ritardo", True),
    ("€ 40", True),
    ("Via Roma 12/B, scala 3", False),
    ("citofono Pagani", False),
    ("Piazza Credaro 7", False),
    ("dopo le 18.30", True),  # an hour written like an amount: rather one warning too many
]


@pytest.mark.parametrize(("text", "found"), DEBT_TEXTS)
def test_words_about_debts_are_noticed(text: str, found: bool) -> None:
    assert has_debt_words(text) is found
