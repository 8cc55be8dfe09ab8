"""The code on a plan or a settlement: the signed paper itself, read strictly and within bounds."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from fieldapp.domain.agreement_proof import (
    NamedAgreement,
    WholeAgreement,
    agreement_proof,
    is_of_agreement,
    packed_agreement,
    read_agreement_proof,
)
from fieldapp.domain.agreements import AgreementPaper, read_agreement
from fieldapp.domain.code_packing import inflated, url64
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import canonical_json
from tests.domain.receipt_builders import golden

SIGNATURE = "A" * 86
CASES = golden("agreements")


def paper_of(case: dict[str, Any]) -> AgreementPaper:
    return read_agreement(canonical_json(case["value"]), kind=case["value"]["kind"])


def proof_of_terms(change: dict[int, Any], *, case: int = 0) -> str:
    """A code whose packed values were changed at some places."""
    plain = json.loads(packed_agreement(paper_of(CASES[case])))
    for at, value in change.items():
        plain[at] = value
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return f"3.p.{url64(packer.compress(json.dumps(plain).encode()) + packer.flush())}.{SIGNATURE}"


def place(value: Any, *, case: int = 0) -> int:
    """Where the packed values hold `value`, which stands there once."""
    plain = json.loads(packed_agreement(paper_of(CASES[case])))
    [at] = [at for at, item in enumerate(plain) if item == value and type(item) is type(value)]
    return at


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_code_holds_the_signed_bytes_and_is_packed_as_on_the_phone(case: dict[str, Any]) -> None:
    paper = paper_of(case)

    proof = agreement_proof(paper, signature=SIGNATURE)
    found = read_agreement_proof(proof)

    assert isinstance(found, WholeAgreement)
    assert (found.paper, found.content) == (paper, canonical_json(case["value"]))
    assert packed_agreement(paper).decode() == case["packed"]
    assert json.dumps(inflated(proof.split(".")[2]), separators=(",", ":"), ensure_ascii=False) == case["packed"]
    assert len(proof) < 1_100
    assert is_of_agreement(proof)


def test_the_code_of_the_version_before_names_paper_digest_and_signature() -> None:
    case = CASES[0]
    text = f"2.{case['value']['id']}.{case['digest']}.{SIGNATURE}"

    found = read_agreement_proof(text)

    assert isinstance(found, NamedAgreement)
    assert (str(found.id), found.digest) == (case["value"]["id"], case["digest"])
    assert is_of_agreement(text)
    assert not is_of_agreement(f"2.AAAA.{SIGNATURE}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3.p",
        f"3.x.AAAA.{SIGNATURE}",
        f"3.p.AAAA.{SIGNATURE}",
        f"3.s.{'A' * 1_601}.{SIGNATURE}",
        # A bomb: a few bytes that unfold to a megabyte
        f"3.p.{url64(zlib.compress(b'0' * 1_000_000, 9)[2:-4])}.{SIGNATURE}",
        # A thousand million instalments, no instalment, no whole number of them
        proof_of_terms({place(6): 10**9}),
        proof_of_terms({place(6): 0}),
        proof_of_terms({place(6): 6.0}),
        proof_of_terms({place(6): True}),
        # A day beyond the calendar, so that the later ones have none
        proof_of_terms({place("2026-12-31"): "9999-12-31"}),
        proof_of_terms({place(90_000): -90_000}),
        proof_of_terms({place(90_000): 10**30}),
        proof_of_terms({place("2026-11-26T09:42:00.000Z"): "yesterday"}),
        proof_of_terms({place("month"): "never"}),
        # A settlement that calls itself a plan
        agreement_proof(paper_of(CASES[-1]), signature=SIGNATURE).replace("3.s.", "3.p."),
        f"2.{CASES[0]['value']['id']}.{'g' * 64}.{SIGNATURE}",
    ],
)
def test_what_is_no_agreement_is_unreadable_without_a_reason(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_agreement_proof(text)
    assert (refusal.value.code, refusal.value.details) == ("receipt.proof_unreadable", {})
