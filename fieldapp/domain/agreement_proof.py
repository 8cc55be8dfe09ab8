"""What the code on a repayment plan or a settlement says, so that anybody can have it checked.

`3.<p or s>.<paper>.<signature>` carries the signed paper itself, packed like a receipt (`domain.receipt_proof`). A plan
leaves out its instalments and sums, which follow from its terms: they are worked out again, so that 360 instalments
need no larger code than two. `2.<id>.<digest>.<signature>` is the code of the version before, and of a phone that
cannot deflate: it names no device, so it says nothing before the paper has come in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fieldapp.domain.agreements import MOST_ROWS, AgreementPaper, InstalmentLine, PlanPaper, SettlementPaper
from fieldapp.domain.code_packing import bytes64, deflated, inflated, packed_bytes, unpacked
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.payments import LARGEST_CENTS
from fieldapp.domain.reading import read_day
from fieldapp.domain.receipts import Agency, Agent, Creditor, local_time
from fieldapp.domain.repayment_plan import Ask, Every, repayment_plan
from fieldapp.domain.values import canonical_bytes, read_plain

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PROOF = re.compile(rf"(?:3\.[ps]\.[A-Za-z0-9_-]{{1,1600}}|2\.{_UUID}\.[0-9a-f]{{64}})\.[A-Za-z0-9_-]{{86}}")


@dataclass(frozen=True, slots=True)
class WholeAgreement:
    """The signed agreement itself: value, the exact signed bytes, signature (raw r||s)."""

    paper: AgreementPaper
    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class NamedAgreement:
    """The id of an agreement, the digest of the signed bytes, the signature over them."""

    id: UUID
    digest: Sha256
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanTerms:
    """A plan without what follows from it: `count` instalments from `first_due_on` on."""

    v: int
    id: str
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    creditor: Creditor
    debtor: str
    practice: str
    debt_cents: int
    yearly_rate_bp: int
    every: Every
    first_cents: int
    each_cents: int
    count: int
    first_due_on: str
    broken_after_days: int
    broken_after_instalments: int
    replaces: str
    agent: Agent
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _SettlementTerms:
    v: int
    id: str
    issued_at: str
    utc_offset_min: int
    place: str
    agency: Agency
    creditor: Creditor
    debtor: str
    practice: str
    debt_cents: int
    offer_cents: int
    pay_by: str
    agent: Agent
    device: str


def is_of_agreement(text: str) -> bool:
    """Whether `text` claims to be the code of an agreement and not of a receipt."""
    return text.startswith("3.") or (text.startswith("2.") and text.count(".") == 3)


def agreement_proof(paper: AgreementPaper, *, signature: str) -> str:
    """The proof of `paper`; `signature` is r||s in base64url."""
    letter = "p" if isinstance(paper, PlanPaper) else "s"
    return f"3.{letter}.{deflated(packed_agreement(paper))}.{signature}"


def packed_agreement(paper: AgreementPaper) -> bytes:
    """The paper without names and without what follows from it (`pwa/src/domain/agreementProof.ts` packs the same)."""
    if isinstance(paper, SettlementPaper):
        return packed_bytes(_SettlementTerms(**_shared(paper), offer_cents=paper.offer_cents, pay_by=paper.pay_by))
    return packed_bytes(
        _PlanTerms(
            **_shared(paper),
            yearly_rate_bp=paper.yearly_rate_bp,
            every=paper.every,
            first_cents=paper.first_cents,
            each_cents=paper.each_cents,
            count=len(paper.instalments),
            first_due_on=paper.instalments[0].due_on,
            broken_after_days=paper.broken_after_days,
            broken_after_instalments=paper.broken_after_instalments,
            replaces=paper.replaces,
        )
    )


def read_agreement_proof(text: str) -> WholeAgreement | NamedAgreement:
    """What `text` claims; nothing is proved yet. Raises Refusal `receipt.proof_unreadable`."""
    if not _PROOF.fullmatch(text):
        raise _unreadable()
    version, *parts, signature = text.split(".")
    try:
        raw = bytes64(signature)
        if version == "2":
            return NamedAgreement(UUID(parts[0]), Sha256(parts[1]), raw)
        plain = inflated(parts[1])
        paper = _plan(plain) if parts[0] == "p" else _settlement(plain)
    except (Refusal, ValueError, TypeError, KeyError, IndexError, ArithmeticError, RecursionError):
        raise _unreadable() from None
    return WholeAgreement(paper, canonical_bytes(paper), raw)


def _settlement(plain: object) -> SettlementPaper:
    terms = read_plain(_SettlementTerms, unpacked(_SettlementTerms, plain))
    return SettlementPaper(**_shared(terms), offer_cents=terms.offer_cents, pay_by=terms.pay_by)


def _plan(plain: object) -> PlanPaper:
    terms = read_plain(_PlanTerms, unpacked(_PlanTerms, plain))
    sums = (terms.debt_cents, terms.first_cents, terms.each_cents, terms.yearly_rate_bp)
    first = read_day(terms.first_due_on)
    if not 1 <= terms.count <= MOST_ROWS or not all(0 <= n <= LARGEST_CENTS for n in sums) or first is None:
        raise _unreadable()
    schedule = repayment_plan(
        Ask(
            debt_cents=terms.debt_cents,
            count=terms.count,
            first_due_on=first,
            signed_on=local_time(terms.issued_at, terms.utc_offset_min).date(),
            every=terms.every,
            first_cents=terms.first_cents,
            each_cents=terms.each_cents,
            yearly_rate_bp=terms.yearly_rate_bp,
        )
    )
    return PlanPaper(
        **_shared(terms),
        yearly_rate_bp=terms.yearly_rate_bp,
        interest_cents=schedule.interest_cents,
        total_cents=schedule.total_cents,
        every=terms.every,
        first_cents=terms.first_cents,
        each_cents=terms.each_cents,
        instalments=tuple(InstalmentLine(x.number, x.due_on.isoformat(), x.cents) for x in schedule.instalments),
        broken_after_days=terms.broken_after_days,
        broken_after_instalments=terms.broken_after_instalments,
        replaces=terms.replaces,
    )


_SHARED = (
    *("v", "id", "issued_at", "utc_offset_min", "place", "agency", "creditor", "debtor", "practice"),
    *("debt_cents", "agent", "device"),
)


def _shared(value: AgreementPaper | _PlanTerms | _SettlementTerms) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _SHARED}


def _unreadable() -> Refusal:
    return Refusal("receipt.proof_unreadable", kind=Kind.MALFORMED)
