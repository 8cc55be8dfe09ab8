"""What anybody may ask about a repayment plan or a settlement in their hand: whether it holds, and nothing else.

Told is what the paper says, by its own signature. How the plan goes is between the debtor and the agency: a plan that
is behind is as genuine as one that was kept.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fieldapp.domain.agreement_proof import NamedAgreement, WholeAgreement, read_agreement_proof
from fieldapp.domain.agreements import AgreementPaper, PlanPaper, read_agreement
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import Sha256, sha256
from fieldapp.domain.papers import fingerprint
from fieldapp.services.work import Parts
from fieldapp.store import public as store
from fieldapp.store.database import GATE, Scope
from fieldapp.store.public import PUBLIC, Issuer
from fieldapp.store.shapes.public import UNKNOWN, PaperFacts, ReceiptCheck
from fieldapp.store.tables.agreements import RepaymentPlan, Settlement

_NO_LONGER = frozenset({"renegotiated", "settled", "refused", "expired", "withdrawn"})
"""States in which the paper no longer counts: another took its place, or the offer was not taken up in time."""


async def check_agreement(parts: Parts, text: str) -> ReceiptCheck:
    """What holds of the agreement that `text` proves (`domain.agreement_proof`)."""
    try:
        proof = read_agreement_proof(text)
    except Refusal:
        return UNKNOWN
    return await (_whole(parts, proof) if isinstance(proof, WholeAgreement) else _named(parts, proof))


async def _whole(parts: Parts, proof: WholeAgreement) -> ReceiptCheck:
    paper = proof.paper
    async with parts.database.transaction(Scope(None, GATE)) as session:
        found = await store.issuers(session, device_id=UUID(paper.device))
    if not found or not parts.verify(found[0].device.public_key, proof.content, proof.signature):
        return UNKNOWN
    issuer = found[0]
    async with parts.database.transaction(Scope(issuer.agency.id, PUBLIC)) as session:
        held = await store.agreement(session, UUID(paper.id))
    digest = sha256(proof.content)
    if held is not None:
        return _standing(held[0], issuer, paper) if held[0].digest == digest else UNKNOWN
    # Until it has come in only the phone vouches for it: it may not speak for another agency or another agent.
    own = (issuer.agency.vat_number, issuer.person.agent_number)
    if (paper.agency.vat, paper.agent.number) != own:
        return UNKNOWN
    facts = _facts(paper, digest, issuer)
    return ReceiptCheck("not_received", facts, phone_withdrawn=issuer.device.revoked_at is not None)


async def _named(parts: Parts, proof: NamedAgreement) -> ReceiptCheck:
    """A code of the version before: it names no device, so the paper is looked for in each agency."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await store.agencies(session)
    for agency_id in agencies:
        async with parts.database.transaction(Scope(agency_id, PUBLIC)) as session:
            held = await store.agreement(session, proof.id)
        if held is not None:
            break
    else:
        return UNKNOWN
    row, device_id = held
    async with parts.database.transaction(Scope(None, GATE)) as session:
        [issuer] = await store.issuers(session, device_id=device_id)
    key, digest = issuer.device.public_key, bytes.fromhex(proof.digest)
    if row.value is None or row.digest != proof.digest or not parts.verify_digest(key, digest, proof.signature):
        return UNKNOWN
    kind = "repayment_plan" if isinstance(row, RepaymentPlan) else "settlement"
    return _standing(row, issuer, read_agreement(row.value, kind=kind))


def _standing(row: RepaymentPlan | Settlement, issuer: Issuer, paper: AgreementPaper) -> ReceiptCheck:
    facts = _facts(paper, Sha256(row.digest or ""), issuer)
    return ReceiptCheck("withdrawn" if row.state in _NO_LONGER else "genuine", facts)


def _facts(paper: AgreementPaper, digest: Sha256, issuer: Issuer) -> PaperFacts:
    return PaperFacts(
        label=fingerprint(digest),
        kind="repayment_plan" if isinstance(paper, PlanPaper) else "settlement",
        issued_at=datetime.fromisoformat(paper.issued_at),
        amount_cents=paper.total_cents if isinstance(paper, PlanPaper) else paper.offer_cents,
        stamp_duty_cents=0,
        handed_over_cents=None,
        agent_number=paper.agent.number,
        agency_name=issuer.agency.name,
        agency_phone=issuer.agency.phone,
    )
