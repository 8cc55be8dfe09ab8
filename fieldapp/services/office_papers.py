"""How the office makes a paper: the next place of its series, a value signed by its key, a row that stays."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from fieldapp.domain.amount_words import italian_words
from fieldapp.domain.counter_receipt import CounterReceipt
from fieldapp.domain.epc import compact_iban
from fieldapp.domain.ids import Sha256, sha256
from fieldapp.domain.ledger import LineShare, left_cents
from fieldapp.domain.payments import payment_method
from fieldapp.domain.receipt_series import NumberBlock, next_number
from fieldapp.domain.receipts import (
    GENESIS,
    Agency,
    Agent,
    ChargedTo,
    Method,
    Payer,
    ReceiptKind,
    ReceiptValue,
    SettledLine,
    StampDuty,
    StampRule,
    Wording,
    WordingKind,
    read_receipt,
    receipt_name,
    stamp_duty,
    version_for,
)
from fieldapp.domain.receipts import Creditor as PaperCreditor
from fieldapp.services.work import Work
from fieldapp.store import access as access_store
from fieldapp.store import office_series as store
from fieldapp.store.office_series import Device, Owed, Receipt

LONGEST_TITLE = 200
"""Letters of a line's title that a receipt takes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the office's series stands: the device, the number to use, the digest before it."""

    device: Device
    number: int
    prev_digest: Sha256


async def place(work: Work) -> Place:
    """The next place of the office's series, held until the transaction ends. Raises `receipt.numbers_used_up`."""
    device = await store.office_device(
        work.session,
        person_id=work.identity.person_id,
        public_key=work.parts.office_key.point(work.agency_id),
        now=work.now,
        new_id=work.parts.new_id,
    )
    blocks = [NumberBlock(1, store.LAST_NUMBER)]
    number = next_number(blocks, last_used=await store.last_number(work.session, device))
    return Place(device, number, Sha256(device.chain_head) if device.chain_head else GENESIS)


async def keep(
    work: Work,
    place: Place,
    paper: ReceiptValue | CounterReceipt,
    content: bytes,
    *,
    practice_id: UUID,
    visit_id: UUID | None,
    voids: UUID | None = None,
    reason: str = "",
) -> Receipt:
    """Sign the paper and write it as the newest of the office's series."""
    signature = work.parts.office_key.sign(work.agency_id, content)
    digest = sha256(content)
    duty = paper.stamp_duty.due_cents if isinstance(paper, ReceiptValue) else 0
    row = Receipt(
        id=work.new_id(),
        agency_id=work.agency_id,
        device_id=place.device.id,
        practice_id=practice_id,
        visit_id=visit_id,
        series=paper.series,
        number=paper.number,
        kind=paper.kind.value,
        issued_at=datetime.fromisoformat(paper.issued_at),
        amount_cents=paper.amount_cents,
        stamp_duty_cents=duty,
        method=paper.method.code if isinstance(paper, ReceiptValue) else "void",
        value=content,
        digest=digest,
        previous_digest=paper.prev_digest,
        signature=base64.urlsafe_b64encode(signature).rstrip(b"=").decode(),
        voids=voids,
        reason=reason.strip(),
    )
    work.session.add(row)
    place.device.chain_head = digest
    await work.session.flush()
    return row


async def heading(work: Work, place: Place) -> dict[str, Any]:
    """What every paper of the office begins with."""
    agency = await access_store.agency_of_session(work.session)
    offset = work.now.astimezone(work.parts.zone).utcoffset()
    assert offset is not None
    return {
        "series": place.device.series,
        "number": place.number,
        "issued_at": work.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "utc_offset_min": int(offset.total_seconds()) // 60,
        "place": agency.address[:80].strip(),
        "agency": Agency(
            agency.legal_name,
            agency.vat_number,
            f"{agency.licence_number}, {agency.licence_authority}",
            agency.address,
            agency.phone,
        ),
        "agent": Agent(work.identity.name, "ufficio"),
        "device": str(place.device.id),
        "prev_digest": place.prev_digest,
    }


async def receipt_for(
    work: Work,
    place: Place,
    owed: Owed,
    shares: Sequence[LineShare],
    method: Method,
    *,
    payer: Payer | None,
    taken_duty: StampDuty | None = None,
    instalment: tuple[int, int] | None = None,
    barred: Collection[UUID] = (),
) -> ReceiptValue:
    """The receipt for money that `shares` lay over what was `owed` before it.

    `taken_duty`: the stamp duty as it was asked for when the money was taken; None where the office is the first to
    ask, and then it cannot be the debtor's. `instalment`: which of how many of a plan the money is for. `barred`: lines
    that nobody may ask for any more, which the paper says beside them.
    """
    amount_cents = sum(share.total_cents for share in shares)
    residual = max(0, left_cents(line for _, line in owed.lines) - amount_cents)
    titles = {line.id: _title(work, line.title, barred=line.id in barred) for line, _ in owed.lines}
    wording = Wording(WordingKind.PART_PAYMENT if residual else WordingKind.FINAL_PAYMENT)
    if instalment is not None:
        wording = Wording(WordingKind.INSTALMENT, *instalment)
    creditor = owed.creditor
    # The debtor paid what was asked for: the duty on our paper cannot be asked for afterwards.
    nobody = creditor.stamp_duty_charged_to == ChargedTo.NOBODY.value
    rule = StampRule(
        charged_to=ChargedTo.NOBODY if nobody else ChargedTo.CREDITOR,
        authorisation=creditor.stamp_duty_authorisation or "",
    )
    exemption = creditor.stamp_duty_reason if creditor.stamp_duty_reason in ("subject_to_vat", "exempt") else ""
    return ReceiptValue(
        **await heading(work, place),
        v=version_for(payer),
        payer=payer,
        kind=ReceiptKind(payment_method(method.code).paper.value),
        creditor=PaperCreditor(creditor.name, compact_iban(creditor.iban)),
        debtor=owed.debtor,
        practice=owed.practice.practice_number,
        lines=tuple(
            SettledLine(titles[share.debt_line_id], share.principal_cents, share.interest_cents, share.costs_cents)
            for share in shares
        ),
        amount_cents=amount_cents,
        amount_in_words=italian_words(amount_cents),
        method=method,
        wording=wording,
        residual_cents=residual,
        stamp_duty=taken_duty or stamp_duty(amount_cents, rule=rule, exemption=exemption or ""),
    )


def _title(work: Work, title: str, *, barred: bool) -> str:
    if not barred:
        return title
    said = work.parts.office_words["line_barred"]
    return f"{title[: LONGEST_TITLE - len(said) - 1].strip()} {said}"


def charged(rule: StampRule, to: ChargedTo, authorisation: str | None) -> StampRule:
    """The rule's duty, charged to whom the creditor agreed."""
    return replace(rule, charged_to=to, authorisation=authorisation or "")


def read_kept(row: Receipt) -> ReceiptValue:
    """The value of a receipt that stands."""
    return read_receipt(row.value)


def name_of(row: Receipt) -> str:
    """As people quote it."""
    return receipt_name(row.series, row.number)
