"""An agreement says on paper what it holds, and holds nothing that does not follow from its terms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fieldapp.domain.agreements import AgreementPaper, agreement_blocks, read_agreement
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.papers import paper_lines
from tests.domain.receipt_builders import ROOT, answer_of, golden

WORDS: dict[str, str] = json.loads(
    (ROOT / "fieldapp/pwa/src/papers/templates/default.it.json").read_text(encoding="utf-8")
)
CASES = golden("agreements")


def read(value: dict[str, Any]) -> AgreementPaper:
    return read_agreement(canonical_json(value), kind=value["kind"])


def value_named(name: str) -> dict[str, Any]:
    return next(dict(case["value"]) for case in CASES if case["name"] == name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_agreement_shows_the_agreed_blocks(case: dict[str, Any]) -> None:
    content = canonical_json(case["value"])

    blocks = agreement_blocks(read(case["value"]), WORDS, digest=sha256(content))

    assert sha256(content) == case["digest"]
    assert [[block.role.value, block.label, block.text] for block in blocks] == case["blocks"]


def test_the_effect_of_signing_on_the_limitation_stands_above_the_line() -> None:
    for case in CASES:
        lines = paper_lines(agreement_blocks(read(case["value"]), WORDS, digest=sha256(b"")))

        assert any("art. 2944" in line and "prescrizione" in line for line in lines), case["name"]


KEYS = sorted(
    key
    for key in WORDS
    if key.startswith(("agreement.", "repayment_plan.", "settlement."))
    and key not in ("repayment_plan.section.fortnight", "repayment_plan.section.week")
)


@pytest.mark.parametrize("key", KEYS)
def test_a_template_without_a_sentence_fails_before_anything_is_printed(key: str) -> None:
    words = {other: text for other, text in WORDS.items() if other != key}

    answer = answer_of(lambda: [agreement_blocks(read(c["value"]), words, digest=sha256(b"")) for c in CASES])

    assert answer == {"refused": "paper.words_missing"}


ALTERED: list[tuple[str, str, dict[str, Any]]] = [
    # another version of papers
    ("six months", "paper.malformed", {"v": 2}),
    # a date that no calendar has
    ("settlement", "paper.malformed", {"pay_by": "2027-02-29"}),
    # an offer of nothing
    ("settlement", "paper.malformed", {"offer_cents": 0}),
    # an offer below nothing
    ("settlement", "paper.malformed", {"offer_cents": -5}),
    # no name of an agreement
    ("settlement", "paper.malformed", {"id": "P-1"}),
    # a cent more in all than the instalments hold
    ("six months", "repayment.schedule_differs", {"total_cents": 90_001}),
    # interest that nobody agreed on
    ("six months", "repayment.schedule_differs", {"interest_cents": 1}),
    # a rate that the schedule does not have
    ("six months", "repayment.schedule_differs", {"yearly_rate_bp": 400}),
    # a field that no paper of ours has
    ("six months", "paper.malformed", {"colour": "red"}),
]


@pytest.mark.parametrize(("name", "code", "changed"), ALTERED)
def test_an_altered_agreement_is_refused(name: str, code: str, changed: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        read(value_named(name) | changed)

    assert refused.value.code == code
