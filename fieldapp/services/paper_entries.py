"""What an agent wrote on a form of a paper pad, entered at the desk: a visit like those that phones report.

The service writes the envelope that the phone would have written, in the name of the agent who held the pad, and judges
it by the same rules; the office's key signs the receipt's value, which vouches for the entry and not for the paper.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fieldapp.documents.images import clean_picture
from fieldapp.domain import pads as rules
from fieldapp.domain.amount_words import italian_words
from fieldapp.domain.epc import compact_iban
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.ledger import LineShare, left_cents
from fieldapp.domain.outcomes import Delivery
from fieldapp.domain.pads import PadKind
from fieldapp.domain.payments import Answer, PaymentRules, checked_payment, payment_method
from fieldapp.domain.reading import instant_text
from fieldapp.domain.receipts import (
    Agency,
    Agent,
    ChargedTo,
    Method,
    ReceiptKind,
    ReceiptValue,
    SettledLine,
    StampRule,
    Wording,
    WordingKind,
    receipt_bytes,
    receipt_name,
    stamp_duty,
    version_for,
)
from fieldapp.domain.receipts import Creditor as PaperCreditor
from fieldapp.domain.sync import Arrived
from fieldapp.domain.visit_report import IdentifiedBy, OtherPayer, Purpose
from fieldapp.services import sync, told_barred
from fieldapp.services.laying import laid_over
from fieldapp.services.work import Work
from fieldapp.store import access as access_store
from fieldapp.store import envelopes, office_series
from fieldapp.store import pads as store
from fieldapp.store.feed import audit
from fieldapp.store.office_series import Owed
from fieldapp.store.shapes.pads import EnteredForm
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import PaperPad
from fieldapp.store.tables.practice import Address


@dataclass(frozen=True, slots=True)
class PaperVisit:
    """What every form says: whose door, which form, and when, as the agent wrote it. `id` is the caller's."""

    id: UUID
    practice_id: UUID
    number: int
    check: str
    arrived_at: datetime
    left_at: datetime
    picture: bytes


@dataclass(frozen=True, slots=True)
class PaperReceipt:
    """What a receipt's form says. `duty_taken`: the stamp duty was asked for and paid on top; `instalment` is the
    number and of how many, where it is one of a plan; `payer` is somebody other than the debtor, who was there."""

    amount_cents: int
    method: str
    answers: Mapping[str, Answer]
    identified_by: IdentifiedBy
    duty_taken: bool
    reason: str
    instalment: tuple[int, int] | None
    payer: OtherPayer | None
    chosen_line: UUID | None = None
    """The debt that the debtor declared to pay."""


async def enter_receipt(work: Work, pad_id: UUID, visit: PaperVisit, paper: PaperReceipt) -> EnteredForm:
    """Money that was taken on a form. Raises Refusal as `_enter`, `payment.*`, `receipt.*`, `visit.*`."""

    async def fill(place: _Place) -> dict[str, Any]:
        return await _money(work, place, visit, paper)

    return await _enter(work, pad_id, PadKind.RECEIPT, visit, fill)


async def enter_notice(work: Work, pad_id: UUID, visit: PaperVisit) -> EnteredForm:
    """A neutral notice that was left, sealed, in the letterbox of who did not open. Raises Refusal as `_enter`."""

    async def fill(place: _Place) -> dict[str, Any]:
        return {
            "met": {"who": "nobody", "identified_by": None, "role": None},
            "identified_self": False,
            "outcome": "ABSENT_NOTICE_LEFT",
            "captured": {"notice": {"number": place.name, "delivery": Delivery.LETTERBOX_SEALED.value}},
            "statement": None,
            "signature": None,
            "payments": [],
        }

    return await _enter(work, pad_id, PadKind.NOTICE, visit, fill)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands: the pad, who held it, the office's device that enters it, the door."""

    pad: PaperPad
    agent: Person
    device: office_series.Device
    door: Address
    stop_id: UUID | None
    name: str
    check: str
    number: int


async def _enter(
    work: Work, pad_id: UUID, kind: PadKind, visit: PaperVisit, fill: Callable[[_Place], Awaitable[dict[str, Any]]]
) -> EnteredForm:
    """Raises Refusal `pad.unknown`, `.check_wrong`, `.not_in_pad`, `.not_yet`, `practice.unknown`, `photo.*`, and what
    the rules of sync refuse (`pad.form_used`, `visit.not_yours`, ...)."""
    pad = await store.pad(work.session, pad_id)
    before = await store.visit_form(work.session, visit.id)
    if before is not None:
        return EnteredForm(receipt_name(before[0].series, before[1].number), visit.id, before[2].practice_id, [])
    name = _named(work, pad, visit)
    if visit.left_at > work.now:
        raise Refusal("pad.not_yet", kind=Kind.MALFORMED, details={"form": name})
    cleaned = clean_picture(visit.picture)
    owed = await office_series.owed(work.session, visit.practice_id, hold=True)
    device = await office_series.office_device(
        work.session,
        person_id=work.identity.person_id,
        public_key=work.parts.office_key.point(work.agency_id),
        now=work.now,
        new_id=work.parts.new_id,
    )
    day = visit.arrived_at.astimezone(work.parts.zone).date()
    stop_id, door = await store.door_of(work.session, owed.practice.id, pad.agent_id, day=day)
    if door is None:
        raise Refusal("visit.address_unknown", kind=Kind.MISSING)
    agent = await store.person(work.session, pad.agent_id)
    check = rules.form_check(work.parts.pad_key, work.agency_id, pad.series, visit.number)
    place = _Place(pad, agent, device, door, stop_id, name, check, visit.number)
    purpose = Purpose.PAPER_FORM if kind is PadKind.RECEIPT else Purpose.NOTICE
    picture = {
        "sha256": cleaned.digest,
        "purpose": purpose.value,
        "media_type": cleaned.media_type,
        "size": len(cleaned.content),
        "small_sha256": None,
    }
    body = {
        "practice_id": str(visit.practice_id),
        "visit_id": str(visit.id),
        "stop_id": str(stop_id) if stop_id else None,
        "planned_day": day.isoformat(),
        "address_id": str(door.id),
        "arrived_at": instant_text(visit.arrived_at),
        "left_at": instant_text(visit.left_at),
        "position": None,
        "position_refused_reason": "off",
        "attempt_no": min(999, await store.visits_before(work.session, visit.practice_id) + 1),
        "observations": [],
        "next_action": None,
        "attachments": [picture],
        "app_version": "desk",
        "offline": True,
        **await fill(place),
    }
    sent_by = envelopes.Sender(device, agent, entered_by=work.identity.person_id)
    decision = await sync.take_entered(work, sent_by, _envelope(work, place, body))
    await sync.take_picture(work, device.id, cleaned.digest, cleaned.content)
    audit(work.session, "pad.form_entered", "paper_pad", pad_id, form=name, visit=str(visit.id))
    flags = [*decision.flags, *decision.quiet_flags]
    return EnteredForm(name, visit.id, visit.practice_id, flags)


def _named(work: Work, pad: PaperPad, visit: PaperVisit) -> str:
    if not pad.first <= visit.number <= pad.last:
        raise Refusal("pad.not_in_pad", kind=Kind.CONFLICT, details={"first": pad.first, "last": pad.last})
    name = receipt_name(pad.series, visit.number)
    printed = rules.form_check(work.parts.pad_key, work.agency_id, pad.series, visit.number)
    if not rules.same_check(visit.check, printed):
        raise Refusal("pad.check_wrong", kind=Kind.CONFLICT, details={"form": name})
    return name


def _envelope(work: Work, place: _Place, body: Mapping[str, Any]) -> Arrived:
    """The visit as a phone would have sent it, the next of the office's own device."""
    envelope_id, seq = work.new_id(), place.device.last_seq + 1
    content = canonical_json(
        {
            "v": 1,
            "id": str(envelope_id),
            "device": str(place.device.id),
            "seq": seq,
            "kind": "visit",
            "recorded_at": instant_text(work.now),
            "clock_offset_ms": 0,
            "body": body,
        }
    )
    return Arrived(envelope_id, seq, sha256(content), content)


async def _money(work: Work, place: _Place, visit: PaperVisit, paper: PaperReceipt) -> dict[str, Any]:
    owed = await office_series.owed(work.session, visit.practice_id)
    on = visit.left_at.astimezone(work.parts.zone).date()
    barred = await told_barred.barred_on(work, owed, on=on)
    shares, _ = laid_over(owed, paper.amount_cents, on=on, chosen=paper.chosen_line, barred=barred)
    receipt = await _receipt(work, place, visit, paper, owed, shares)
    content = receipt_bytes(receipt)
    signature = work.parts.office_key.sign(work.agency_id, content)
    duty = receipt.stamp_duty
    outcome, captured = _outcome(receipt, paper)
    return {
        "met": {"who": "debtor", "identified_by": paper.identified_by.value, "role": None},
        "identified_self": True,
        "outcome": outcome,
        "captured": captured,
        "statement": None,
        "signature": None,
        "payments": [
            {
                "method": paper.method,
                "amount_cents": paper.amount_cents,
                "fields": receipt.method.answers,
                "allocation": [
                    {
                        "debt_line_id": str(share.debt_line_id),
                        "principal_cents": share.principal_cents,
                        "interest_cents": share.interest_cents,
                        "costs_cents": share.costs_cents,
                    }
                    for share in shares
                ],
                "stamp_duty": {
                    "cents": duty.due_cents,
                    "charged_to": duty.charged_to.value,
                    "reason": duty.reason,
                },
                "receipt": {
                    "value": json.loads(content),
                    "digest": sha256(content),
                    "signature": base64.urlsafe_b64encode(signature).rstrip(b"=").decode(),
                },
                **_paid_by(paper.payer),
                **({"chosen_line": str(paper.chosen_line)} if paper.chosen_line else {}),
            }
        ],
    }


def _paid_by(other: OtherPayer | None) -> dict[str, Any]:
    """Left out where the debtor paid, as phones do."""
    if other is None:
        return {}
    who, agrees = other.payer, other.debtor_agrees
    said = {"name": who.name, "capacity": who.capacity.value, "document": other.document.value, "debtor_agrees": agrees}
    return {"payer": said}


def _outcome(receipt: ReceiptValue, paper: PaperReceipt) -> tuple[str, dict[str, Any]]:
    if paper.instalment is not None:
        return "PAID_INSTALMENT", {"instalment_number": paper.instalment[0]}
    if not receipt.residual_cents:
        return "PAID_FULL", {}
    return "PAID_PARTIAL", {"reason": paper.reason or "other"}


async def _receipt(
    work: Work, place: _Place, visit: PaperVisit, paper: PaperReceipt, owed: Owed, shares: list[LineShare]
) -> ReceiptValue:
    agency = await access_store.agency_of_session(work.session)
    method = payment_method(paper.method)
    if not (method.at_the_door and method.counts_as_payment):
        raise Refusal("payment.method_not_at_the_door", details={"method": paper.method})
    written = visit.left_at.astimezone(work.parts.zone)
    offset = written.utcoffset()
    assert offset is not None
    known = PaymentRules(today=written.date(), agent_name=place.agent.name, payees=None)
    answers = checked_payment(method, amount_cents=paper.amount_cents, answers=paper.answers, rules=known)
    residual = max(0, left_cents(line for _, line in owed.lines) - paper.amount_cents)
    wording = Wording(WordingKind.PART_PAYMENT if residual else WordingKind.FINAL_PAYMENT)
    if paper.instalment is not None:
        wording = Wording(WordingKind.INSTALMENT, *paper.instalment)
    titles = {line.id: line.title for line, _ in owed.lines}
    payer = paper.payer.payer if paper.payer else None
    return ReceiptValue(
        v=version_for(payer),
        payer=payer,
        kind=ReceiptKind(method.paper.value),
        series=place.pad.series,
        number=place.number,
        issued_at=instant_text(visit.left_at),
        utc_offset_min=int(offset.total_seconds()) // 60,
        place=(place.door.comune or agency.address)[:80].strip(),
        agency=Agency(
            agency.legal_name,
            agency.vat_number,
            f"{agency.licence_number}, {agency.licence_authority}",
            agency.address,
            agency.phone,
        ),
        creditor=PaperCreditor(owed.creditor.name, compact_iban(owed.creditor.iban)),
        debtor=owed.debtor,
        practice=owed.practice.practice_number,
        lines=tuple(
            SettledLine(titles[share.debt_line_id], share.principal_cents, share.interest_cents, share.costs_cents)
            for share in shares
        ),
        amount_cents=paper.amount_cents,
        amount_in_words=italian_words(paper.amount_cents),
        method=Method(paper.method, answers),
        wording=wording,
        residual_cents=residual,
        stamp_duty=stamp_duty(paper.amount_cents, rule=_duty_rule(owed, paper), exemption=_exemption(owed)),
        agent=Agent(place.agent.name, place.agent.agent_number or "-"),
        device=str(place.device.id),
        prev_digest=rules.form_digest(place.pad.series, place.number, place.check),
    )


def _duty_rule(owed: Owed, paper: PaperReceipt) -> StampRule:
    """What was not asked for at the door cannot be asked for afterwards: then the creditor bears it."""
    charged_to = ChargedTo(owed.creditor.stamp_duty_charged_to)
    if charged_to is ChargedTo.DEBTOR and not paper.duty_taken:
        charged_to = ChargedTo.CREDITOR
    return StampRule(charged_to=charged_to, authorisation=owed.creditor.stamp_duty_authorisation or "")


def _exemption(owed: Owed) -> str:
    reason = owed.creditor.stamp_duty_reason
    return reason if reason in ("subject_to_vat", "exempt") else ""
