"""Ten thousand forgeries, one after the other, against a series that is half received: none is accepted."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fieldapp.domain.ids import Sha256, canonical_json, sha256
from fieldapp.domain.receipt_series import NumberBlock, Series, SignedReceipt, Verdict, judge_chain, judge_receipt
from tests.domain.receipt_builders import Phone, private_key, sign, verify

ISSUED = 40
RECEIVED = 20
OTHER_DEVICE = "0198a3c2-7f00-7abc-8def-0123456789ac"

Forgery = Callable[[random.Random, list[SignedReceipt]], SignedReceipt]


def value_of(signed: SignedReceipt) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(signed.content)
    return value


def altered(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    """One byte of the content is another."""
    signed = draw.choice(issued)
    content = bytearray(signed.content)
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return replace(signed, content=bytes(content))


def signature_altered(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    signed = draw.choice(issued)
    signature = bytearray(signed.signature)
    signature[draw.randrange(64)] ^= 1 << draw.randrange(8)
    return replace(signed, signature=bytes(signature))


def signature_of_another(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    one, other = draw.sample(issued, 2)
    return replace(one, signature=other.signature)


def amount_raised(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    signed = draw.choice(issued)
    value = value_of(signed)
    value["amount_cents"] += draw.randrange(1, 100_000)
    return replace(signed, content=canonical_json(value))


def resigned(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    """A sound receipt, signed with a key of the forger's own."""
    signed = draw.choice(issued)
    return replace(signed, signature=sign(signed.content, private_key(draw.randrange(100, 200))))


def renumbered(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    """The true phone signs under a number that is taken, or that it was never granted."""
    value = value_of(draw.choice(issued[:RECEIVED]))
    value["number"] = draw.choice(
        [n for n in [*range(1, RECEIVED + 1), 41, 77, 100, 141, 999_999] if n != value["number"]]
    )
    return signed_again(value)


def forked(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    """The true phone signs a second receipt under the same number."""
    value = value_of(draw.choice(issued[:RECEIVED]))
    value["place"] = f"Lodi {draw.randrange(1_000)}"
    return signed_again(value)


def chained_elsewhere(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    """The next free number, hung onto a receipt that is not the one before it: a fork from two tabs."""
    value = value_of(issued[RECEIVED])
    heads = [sha256(signed.content) for signed in issued[: RECEIVED - 1]]
    value["prev_digest"] = draw.choice([*heads, "0" * 64, f"{draw.randrange(2**200):064x}"])
    value["place"] = f"Lodi {draw.randrange(1_000)}"
    return signed_again(value)


def of_another_device(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    value = value_of(draw.choice(issued))
    value |= draw.choice([{"device": OTHER_DEVICE}, {"series": "B7"}])
    return signed_again(value)


def replayed(draw: random.Random, issued: list[SignedReceipt]) -> SignedReceipt:
    return draw.choice(issued[:RECEIVED])


KEY = private_key(7)


def signed_again(value: dict[str, Any]) -> SignedReceipt:
    content = canonical_json(value)
    return SignedReceipt(content, sign(content, KEY))


FORGERIES: tuple[Forgery, ...] = (
    altered,
    signature_altered,
    signature_of_another,
    amount_raised,
    resigned,
    renumbered,
    forked,
    chained_elsewhere,
    of_another_device,
    replayed,
)


def half_received() -> tuple[list[SignedReceipt], Series]:
    phone = Phone(key=KEY, blocks=(NumberBlock(1, 40), NumberBlock(101, 140)))
    issued = [phone.issue(amount_cents=1_000 + n) for n in range(ISSUED)]
    judged, series = judge_chain(issued[:RECEIVED], phone.series, verify_signature=verify)
    assert {judgement.verdict for judgement in judged} == {Verdict.ACCEPTED}
    return issued, series


def test_none_of_ten_thousand_forged_receipts_is_accepted() -> None:
    draw = random.Random(20261126)
    issued, series = half_received()
    taken = {receipt.content for receipt in issued[:RECEIVED]}
    verdicts: Counter[tuple[str, Verdict]] = Counter()

    for turn in range(10_000):
        forge = FORGERIES[turn % len(FORGERIES)]
        forgery = forge(draw, issued)
        judged = judge_receipt(forgery, series, verify_signature=verify)
        verdicts[forge.__name__, judged.verdict] += 1
        if judged.verdict is Verdict.DUPLICATE:
            assert forgery.content in taken, "only the very same bytes are a repeat"

    accepted = {name: n for (name, verdict), n in verdicts.items() if verdict is Verdict.ACCEPTED}
    assert accepted == {}
    assert verdicts["replayed", Verdict.DUPLICATE] == 1_000
    assert sum(n for (_, verdict), n in verdicts.items() if verdict is not Verdict.DUPLICATE) == 9_000


def test_the_true_next_receipt_is_still_accepted_after_all_of_them() -> None:
    issued, series = half_received()

    judged, grown = judge_chain(issued[RECEIVED:], series, verify_signature=verify)

    assert {judgement.verdict for judgement in judged} == {Verdict.ACCEPTED}
    assert grown.missing == ()
    assert sorted(grown.links) == [*range(1, 41)]
    assert grown.links[ISSUED].digest == Sha256(sha256(issued[-1].content))
