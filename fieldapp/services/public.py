"""What anybody may ask without an account: whether the receipt or the agreement in their hand holds.

A caller learns nothing that the paper does not say, and nothing at all without the paper's own signature: a number
alone is no question that can be put here, and every answer to what does not hold is the same.
"""

from __future__ import annotations

from datetime import datetime

from fieldapp.domain.agreement_proof import is_of_agreement
from fieldapp.domain.errors import Refusal
from fieldapp.domain.pads import FormProof, PadKind, form_check, read_form_proof, same_check
from fieldapp.domain.receipt_proof import DigestProof, WholeProof, device_named, read_proof
from fieldapp.domain.receipt_series import SignedReceipt, Verdict, judge_receipt
from fieldapp.domain.receipts import ReceiptValue, receipt_name
from fieldapp.services.public_agreements import check_agreement
from fieldapp.services.work import Parts
from fieldapp.store import public as store
from fieldapp.store import refused_money
from fieldapp.store.database import GATE, Scope
from fieldapp.store.public import PUBLIC, HeldReceipt, Issuer
from fieldapp.store.shapes.public import UNKNOWN, PaperFacts, ReceiptCheck


async def check_paper(parts: Parts, text: str) -> ReceiptCheck:
    """What holds of the receipt, the agreement or the paper pad's form that `text` proves."""
    form = read_form_proof(text)
    if form is not None:
        return await check_form(parts, form)
    return await (check_agreement(parts, text) if is_of_agreement(text) else check_receipt(parts, text))


async def check_receipt(parts: Parts, text: str) -> ReceiptCheck:
    """What holds of the receipt that `text` proves (`domain.receipt_proof`)."""
    try:
        proof = read_proof(text)
    except Refusal:
        return UNKNOWN
    if isinstance(proof, WholeProof):
        return await _check_whole(parts, proof)
    return await _check_digest(parts, proof)


async def check_form(parts: Parts, proof: FormProof) -> ReceiptCheck:
    """What the agency knows of a form of its pads.

    The code was printed before anything was written on the form, so it vouches for no amount: whoever reads one on the
    paper may ask whether it is the one that was entered. Of a notice nothing is said.
    """
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await store.agencies(session)
    # All are compared, so that the time taken tells nothing.
    held = [
        agency_id
        for agency_id in agencies
        if same_check(proof.check, form_check(parts.pad_key, agency_id, proof.series, proof.number))
    ]
    if not held:
        return UNKNOWN
    async with parts.database.transaction(Scope(held[0], PUBLIC)) as session:
        found = await store.pad_form(session, proof.series, proof.number)
    if found is None or found.pad.kind != PadKind.RECEIPT:
        return UNKNOWN
    facts = PaperFacts(
        label=receipt_name(proof.series, proof.number),
        kind=None,
        issued_at=None,
        amount_cents=None,
        stamp_duty_cents=0,
        handed_over_cents=None,
        agent_number=found.agent.agent_number,
        agency_name=found.agency.name,
        agency_phone=found.agency.phone,
    )
    if found.form is None:
        return ReceiptCheck("awaited", facts)
    if found.receipt is None:
        return ReceiptCheck("spoiled", facts)
    if found.receipt.state == "voided":
        return ReceiptCheck("voided", facts)
    agrees = None if proof.amount_cents is None else proof.amount_cents == found.receipt.amount_cents
    return ReceiptCheck("registered", facts, amount_agrees=agrees)


async def _check_whole(parts: Parts, proof: WholeProof) -> ReceiptCheck:
    receipt = proof.receipt
    async with parts.database.transaction(Scope(None, GATE)) as session:
        found = await store.issuers(session, device_id=device_named(proof))
    if not found or not parts.verify(found[0].device.public_key, proof.content, proof.signature):
        return UNKNOWN
    issuer = found[0]
    async with parts.database.transaction(Scope(issuer.agency.id, PUBLIC)) as session:
        series = await store.series_around(
            session, issuer.device, number=receipt.number, prev_digest=receipt.prev_digest
        )
        held = await store.receipt_numbered(session, issuer.device.series, receipt.number)
    judged = judge_receipt(SignedReceipt(proof.content, proof.signature), series, verify_signature=parts.verify)
    if judged.verdict is Verdict.DUPLICATE and held is not None:
        return _received(held, issuer, agent_number=receipt.agent.number)
    settled = await _settled(parts, issuer, judged.digest, _facts_of(receipt, issuer))
    if settled is not None:
        return settled
    # Until it has come in only the phone vouches for it: it may not speak for another agency or another agent.
    speaks_for_itself = (receipt.agency.vat, receipt.agent.number) == (
        issuer.agency.vat_number,
        issuer.person.agent_number,
    )
    if judged.verdict is not Verdict.ACCEPTED or not speaks_for_itself:
        return UNKNOWN
    return ReceiptCheck(
        "not_received", _facts_of(receipt, issuer), phone_withdrawn=issuer.device.revoked_at is not None
    )


async def _settled(parts: Parts, issuer: Issuer, digest: str, facts: PaperFacts) -> ReceiptCheck | None:
    """What the office decided about a paper that came with a refused report and stands under no number of its own."""
    async with parts.database.transaction(Scope(issuer.agency.id, PUBLIC)) as session:
        settled = await refused_money.decided(session, digest)
    if settled.receipt is not None:
        return ReceiptCheck("genuine" if settled.counts else "voided", facts)
    return ReceiptCheck("contested", facts) if settled.not_taken else None


async def _check_digest(parts: Parts, proof: DigestProof) -> ReceiptCheck:
    """A proof without the receipt in it: series may be called alike in two agencies, the key tells them apart."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        found = await store.issuers(session, series=proof.series)
    digest = bytes.fromhex(proof.digest)
    issuer = next((i for i in found if parts.verify_digest(i.device.public_key, digest, proof.signature)), None)
    if issuer is None:
        return UNKNOWN
    async with parts.database.transaction(Scope(issuer.agency.id, PUBLIC)) as session:
        held = await store.receipt_numbered(session, issuer.device.series, proof.number)
        blocks = await store.number_blocks(session, issuer.device.id)
    facts = _facts(receipt_name(proof.series, proof.number), issuer)
    settled = await _settled(parts, issuer, proof.digest, facts)
    if held is not None and held.row.digest == proof.digest:
        return _received(held, issuer, agent_number=issuer.person.agent_number)
    if settled is not None:
        return settled
    if held is not None:
        return UNKNOWN
    if not any(block.first <= proof.number <= block.last for block in blocks):
        return UNKNOWN
    return ReceiptCheck("not_received", facts, phone_withdrawn=issuer.device.revoked_at is not None)


def _received(held: HeldReceipt, issuer: Issuer, *, agent_number: str | None) -> ReceiptCheck:
    row = held.row
    facts = _facts(
        receipt_name(row.series, row.number),
        issuer,
        kind=row.kind,
        issued_at=row.issued_at,
        amount_cents=row.amount_cents,
        duty_cents=held.duty_cents,
        agent_number=agent_number,
    )
    return ReceiptCheck("genuine" if held.counts else "voided", facts)


def _facts_of(receipt: ReceiptValue, issuer: Issuer) -> PaperFacts:
    return _facts(
        receipt.name,
        issuer,
        kind=receipt.kind.value,
        issued_at=datetime.fromisoformat(receipt.issued_at),
        amount_cents=receipt.amount_cents,
        duty_cents=receipt.duty_on_top_cents,
        agent_number=receipt.agent.number,
    )


def _facts(
    label: str,
    issuer: Issuer,
    *,
    kind: str | None = None,
    issued_at: datetime | None = None,
    amount_cents: int | None = None,
    duty_cents: int = 0,
    agent_number: str | None = None,
) -> PaperFacts:
    return PaperFacts(
        label=label,
        kind=kind,  # type: ignore[arg-type]  # the table's own constraint holds it
        issued_at=issued_at,
        amount_cents=amount_cents,
        stamp_duty_cents=duty_cents,
        handed_over_cents=None if amount_cents is None else amount_cents + duty_cents,
        agent_number=agent_number,
        agency_name=issuer.agency.name,
        agency_phone=issuer.agency.phone,
    )
