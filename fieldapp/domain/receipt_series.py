"""Series of receipts: numbers granted in blocks, a chain of digests, and the judgement of what comes in.

Works on values only: `verify_signature` is handed in, so that this room knows no cryptography. A receipt is
refused when it contradicts what is known (another key, a used number, a broken chain); where its predecessor
has merely not arrived it is accepted and flagged, because a receipt handed to a debtor is a fact.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256
from fieldapp.domain.receipts import GENESIS, ReceiptValue, read_receipt

VerifySignature = Callable[[bytes, bytes, bytes], bool]
"""`(public_point, message, signature)`: 65 bytes, the signed bytes, 64 bytes r||s; ECDSA P-256 over SHA-256."""


@dataclass(frozen=True, slots=True, order=True)
class NumberBlock:
    """Numbers `first` to `last` of a series, both included, granted to one device."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last <= 999_999:
            raise Refusal("receipt.block_invalid", kind=Kind.MALFORMED)


def next_number(blocks: Sequence[NumberBlock], *, last_used: int | None) -> int:
    """The number after `last_used` within the granted blocks, which are used in ascending order.

    Raises Refusal `receipt.numbers_used_up`.
    """
    for block in sorted(blocks):
        if last_used is None or block.first > last_used:
            return block.first
        if last_used < block.last:
            return last_used + 1
    raise Refusal("receipt.numbers_used_up")


def previous_number(blocks: Sequence[NumberBlock], number: int) -> int | None:
    """The number before `number` within the blocks; None for the first. Raises Refusal `receipt.number_not_granted`."""
    earlier: int | None = None
    for block in sorted(blocks):
        if block.first <= number <= block.last:
            return earlier if number == block.first else number - 1
        earlier = block.last
    raise Refusal("receipt.number_not_granted", details={"number": number})


@dataclass(frozen=True, slots=True)
class Link:
    """What is kept of an accepted receipt to judge its neighbours."""

    digest: Sha256
    prev_digest: Sha256


@dataclass(frozen=True, slots=True)
class Series:
    """One device's series as known so far: `links` by number."""

    name: str
    device: str
    public_point: bytes
    blocks: tuple[NumberBlock, ...]
    links: Mapping[int, Link] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[int, ...]:
        """Granted numbers below the highest one received that have not arrived."""
        highest = max(self.links, default=0)
        return tuple(
            number
            for block in sorted(self.blocks)
            for number in range(block.first, min(block.last, highest) + 1)
            if number not in self.links
        )


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """The exact bytes that the phone stored, and its signature over them."""

    content: bytes
    signature: bytes


class Verdict(StrEnum):
    """The answer to one receipt, in the words of the envelopes."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdict, code of the refusal if any, the receipt when it could be read, flags for the office; `link` is
    what to keep of an accepted one."""

    verdict: Verdict
    digest: Sha256
    receipt: ReceiptValue | None = None
    code: str | None = None
    flags: tuple[str, ...] = ()
    link: Link | None = None


def judge_receipt(signed: SignedReceipt, series: Series, *, verify_signature: VerifySignature) -> Judgement:
    """The verdict on one receipt, against what is known of its series.

    Refused: what cannot be read, `receipt.signature_invalid`, `.other_series`, `.number_not_granted`.
    Conflict: `receipt.number_used`, `.chain_broken`. Flag: `receipt.predecessor_missing`.
    """
    digest = sha256(signed.content)
    receipt: ReceiptValue | None = None
    try:
        # The signature first: bytes from a stranger are not even read.
        if not verify_signature(series.public_point, signed.content, signed.signature):
            raise Refusal("receipt.signature_invalid")
        receipt = read_receipt(signed.content)
        if (receipt.series, receipt.device) != (series.name, series.device):
            raise Refusal("receipt.other_series", details={"number": receipt.name})
        previous = previous_number(series.blocks, receipt.number)
    except Refusal as refusal:
        return Judgement(Verdict.REFUSED, digest, receipt, refusal.code)
    known = series.links.get(receipt.number)
    if known is not None:
        verdict = Verdict.DUPLICATE if known.digest == digest else Verdict.CONFLICT
        code = None if verdict is Verdict.DUPLICATE else "receipt.number_used"
        return Judgement(verdict, digest, receipt, code)
    link = Link(digest, receipt.prev_digest)
    if _breaks_chain(link, receipt.number, previous=previous, series=series):
        return Judgement(Verdict.CONFLICT, digest, receipt, "receipt.chain_broken")
    waits = previous is not None and previous not in series.links
    flags = ("receipt.predecessor_missing",) if waits else ()
    return Judgement(Verdict.ACCEPTED, digest, receipt, flags=flags, link=link)


def judge_chain(
    receipts: Iterable[SignedReceipt], series: Series, *, verify_signature: VerifySignature
) -> tuple[tuple[Judgement, ...], Series]:
    """`judge_receipt` over a batch in the order given, and the series with the accepted ones in it."""
    links = dict(series.links)
    growing = replace(series, links=links)
    judgements = []
    for signed in receipts:
        judgement = judge_receipt(signed, growing, verify_signature=verify_signature)
        if judgement.receipt is not None and judgement.link is not None:
            links[judgement.receipt.number] = judgement.link
        judgements.append(judgement)
    return tuple(judgements), growing


def _breaks_chain(link: Link, number: int, *, previous: int | None, series: Series) -> bool:
    """Whether a receipt contradicts a neighbour that is known, before it or after it."""
    if previous is None:
        if link.prev_digest != GENESIS:
            return True
    elif previous in series.links:
        if link.prev_digest != series.links[previous].digest:
            return True
    elif link.prev_digest == GENESIS or any(
        link.prev_digest in (other.digest, other.prev_digest) for other in series.links.values()
    ):
        # It waits for a predecessor, yet names one that is known under another number, or shares it: a fork.
        return True
    try:
        following = series.links.get(next_number(series.blocks, last_used=number))
    except Refusal:
        return False
    return following is not None and following.prev_digest != link.digest


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt, or a counter-receipt, as the service keeps it."""

    number: int
    content: bytes
    digest: Sha256
    prev_digest: Sha256
    signature: bytes


@dataclass(frozen=True, slots=True)
class SeriesProof:
    """What holds of a series: numbers not arrived, not chained to the one before, not signed as kept."""

    missing: tuple[int, ...]
    broken: tuple[int, ...]
    forged: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """No gap, no duplicate, no fork, no forgery."""
        return not (self.missing or self.broken or self.forged)


def prove_series(kept: Sequence[KeptReceipt], series: Series, *, verify_signature: VerifySignature) -> SeriesProof:
    """Go through everything that was received of a series, and take nothing of it on trust.

    A number is missing only where a later one has arrived; a duplicate counts as broken.
    """
    by_number = {receipt.number: receipt for receipt in kept}
    links = {number: Link(receipt.digest, receipt.prev_digest) for number, receipt in by_number.items()}
    broken = {receipt.number for receipt in kept if by_number[receipt.number] is not receipt}
    broken |= {number for number in links if not _follows(number, links, series.blocks)}
    forged = {
        receipt.number
        for receipt in kept
        if sha256(receipt.content) != receipt.digest
        or not verify_signature(series.public_point, receipt.content, receipt.signature)
    }
    missing = replace(series, links=links).missing
    return SeriesProof(missing, tuple(sorted(broken)), tuple(sorted(forged)))


def _follows(number: int, links: Mapping[int, Link], blocks: Sequence[NumberBlock]) -> bool:
    """Whether a receipt names the one before it, as far as that has arrived."""
    try:
        before = previous_number(blocks, number)
    except Refusal:
        return False
    if before is None:
        return links[number].prev_digest == GENESIS
    return before not in links or links[number].prev_digest == links[before].digest


def public_point(key: str | Mapping[str, object]) -> bytes:
    """The 65 bytes of an uncompressed P-256 point, from their hexadecimal digits or from a JWK.

    Raises Refusal `receipt.key_invalid`. Whether the point lies on the curve is for the library that verifies.
    """
    try:
        if isinstance(key, str):
            point = bytes.fromhex(key)
        else:
            if (key.get("kty"), key.get("crv")) != ("EC", "P-256") or "d" in key:
                raise ValueError("not a public P-256 key")
            point = b"\x04" + _coordinate(key.get("x")) + _coordinate(key.get("y"))
    except (ValueError, binascii.Error) as problem:
        raise Refusal("receipt.key_invalid", kind=Kind.MALFORMED) from problem
    if len(point) != 65 or point[0] != 4:
        raise Refusal("receipt.key_invalid", kind=Kind.MALFORMED)
    return point


def _coordinate(text: object) -> bytes:
    if not isinstance(text, str) or not text.isascii() or len(text) != 43:
        raise ValueError("a coordinate has 43 base64url characters")
    return base64.b64decode(text + "=", altchars=b"-_", validate=True)
