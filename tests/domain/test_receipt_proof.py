"""What the code on a receipt carries: the receipt itself where it fits, and nothing a stranger could smuggle in."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import sha256
from fieldapp.domain.receipt_proof import LONGEST, DigestProof, WholeProof, packed_receipt, read_proof, receipt_proof
from fieldapp.domain.receipts import SettledLine, read_receipt, receipt_bytes, receipt_digest
from tests.domain.receipt_builders import a_receipt, answer_of, golden

SIGNATURE = base64.urlsafe_b64encode(bytes(range(64))).rstrip(b"=").decode()


def url64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def deflated(content: bytes) -> str:
    packing = zlib.compressobj(9, wbits=-15)
    return url64(packing.compress(content) + packing.flush())


@pytest.mark.parametrize("case", golden("receipts"), ids=lambda case: case["name"])
def test_a_receipt_is_packed_as_the_phone_packs_it_and_comes_back_to_its_signed_bytes(case: dict[str, Any]) -> None:
    receipt = read_receipt(case["text"].encode())

    proof = read_proof(receipt_proof(receipt, case["digest"], signature=SIGNATURE))

    assert packed_receipt(receipt).decode() == case["packed"]
    assert isinstance(proof, WholeProof)
    assert proof.content == case["text"].encode()
    assert proof.signature == bytes(range(64))


@pytest.mark.parametrize("case", golden("receipt_signatures"), ids=lambda case: case["made_by"])
def test_a_proof_made_elsewhere_is_read_here(case: dict[str, Any]) -> None:
    content = golden("receipts")[0]["text"].encode()

    whole, digest = read_proof(case["proof"]), read_proof(case["digest_proof"])

    assert isinstance(whole, WholeProof)
    assert whole.content == content
    assert isinstance(digest, DigestProof)
    assert (digest.series, digest.number, digest.digest) == ("A7", 147, golden("receipts")[0]["digest"])


def test_a_receipt_too_long_for_a_readable_code_travels_by_its_digest() -> None:
    # Titles that no packing makes short.
    lines = tuple(SettledLine(f"Contratto {sha256(bytes([n]))}", 500, 0, 0) for n in range(1, 31))
    receipt = replace(a_receipt(), lines=lines)

    proof = receipt_proof(receipt, receipt_digest(receipt), signature=SIGNATURE)

    assert isinstance(read_proof(proof), DigestProof)
    assert len(proof) <= LONGEST


GOOD = receipt_proof(a_receipt(), receipt_digest(a_receipt()), signature=SIGNATURE)
PLAIN: list[Any] = json.loads(packed_receipt(a_receipt()))

UNREADABLE = [
    "",
    "A1-000001",  # the number alone is no question
    "1.A1-000001",
    f"1.A1-000000.{'A' * 43}.{SIGNATURE}",  # no receipt has the number 0
    f"1.A1-000001.{'A' * 43}.{SIGNATURE[:-1]}",
    f"1.A1-000001.{'A' * 42}B.{SIGNATURE}",  # bits that base64 does not use: a second spelling
    GOOD + "A",
    GOOD.replace("2.", "3.", 1),
    " " + GOOD,
    GOOD + "\n",
    f"2.{'A' * 1600}.{SIGNATURE}",
    f"2.{deflated(b'null')}.{SIGNATURE}",
    f"2.{deflated(b'[]')}.{SIGNATURE}",
    f"2.{deflated(b'[' * 4000)}.{SIGNATURE}",
    f"2.{deflated(b'[' + b' ' * 2_000_000 + b']')[:1600]}.{SIGNATURE}",  # unfolds to more than any receipt
    f"2.{deflated(json.dumps([*PLAIN, 1]).encode())}.{SIGNATURE}",
    f"2.{deflated(json.dumps([1.5, *PLAIN[1:]]).encode())}.{SIGNATURE}",
    f"2.{url64(base64.urlsafe_b64decode(GOOD.split('.')[1] + '==') + b'more')}.{SIGNATURE}",
    "x" * 10_000,
]


@pytest.mark.parametrize("text", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_proof(text)

    assert refusal.value.code == "receipt.proof_unreadable"


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: f"2.{url64(raw)}.{SIGNATURE}"))
def test_nothing_that_is_typed_in_breaks_the_reader(text: str) -> None:
    answer = answer_of(lambda: read_proof(text))

    whole = isinstance(answer, WholeProof) and answer.content == receipt_bytes(answer.receipt)
    assert whole or isinstance(answer, DigestProof) or answer == {"refused": "receipt.proof_unreadable"}
