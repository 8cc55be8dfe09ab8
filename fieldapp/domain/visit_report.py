"""The visit report as a value: what happened at one door.

Who was met decides what a report can hold. Statement, signature, payments and agreement exist only where the debtor
was met (`DebtorMet`); a report about a third party has no place for them, so that nothing about a debt can be told
to, or stored about, anybody else (Garante, 30 November 2005). `domain.visit` reads and checks reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fieldapp.domain.contacts import Channel, Contact
from fieldapp.domain.ids import Sha256
from fieldapp.domain.outcomes import Met, Outcome
from fieldapp.domain.receipts import Payer


class IdentifiedBy(StrEnum):
    """How the debtor was recognised as the debtor."""

    DECLARED = "declared"
    DOCUMENT = "document"
    BIRTH_DATE = "birth_date"
    KNOWN = "known"


class Role(StrEnum):
    """What a third party is to the debtor; nothing else about them is kept."""

    COHABITANT = "cohabitant"
    RELATIVE = "relative"
    NEIGHBOUR = "neighbour"
    CONCIERGE = "concierge"
    COLLEAGUE = "colleague"
    OCCUPANT = "occupant"
    OTHER = "other"


class Observation(StrEnum):
    """What was seen from the street: a closed list, no persons and no interiors."""

    NAME_ON_INTERCOM = "name_on_intercom"
    NAME_ON_LETTERBOX = "name_on_letterbox"
    NAME_MISSING = "name_missing"
    HOUSE_INHABITED = "house_inhabited"
    HOUSE_EMPTY = "house_empty"
    SHUTTERS_CLOSED = "shutters_closed"
    FOR_SALE = "for_sale"
    TO_LET = "to_let"
    BUSINESS_OPEN = "business_open"
    BUSINESS_CLOSED = "business_closed"
    INTERCOM_BROKEN = "intercom_broken"


class Purpose(StrEnum):
    """Why a picture was taken."""

    STREET = "street"
    ENTRANCE = "entrance"
    INTERCOM_NAMES = "intercom_names"
    LETTERBOX = "letterbox"
    SIGN = "sign"
    NOTICE = "notice"
    PROOF_OF_PAYMENT = "proof_of_payment"
    DISPUTE_PAPER = "dispute_paper"
    CHEQUE = "cheque"
    PLAN_ON_PAPER = "plan_on_paper"
    PAPER_FORM = "paper_form"
    SIGNATURE = "signature"


NEUTRAL_PURPOSES = frozenset(
    {
        Purpose.STREET,
        Purpose.ENTRANCE,
        Purpose.INTERCOM_NAMES,
        Purpose.LETTERBOX,
        Purpose.SIGN,
        Purpose.NOTICE,
    }
)
"""The purposes of pictures where the debtor was not met: what anybody sees from the street."""


class NoPosition(StrEnum):
    """Why a report has no position; the agent may refuse it."""

    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    TIMED_OUT = "timed_out"
    OFF = "off"


class Signer(StrEnum):
    """Who signed on the glass."""

    DEBTOR = "debtor"
    CO_OBLIGOR = "co_obligor"
    GUARANTOR = "guarantor"
    AGENT = "agent"


class OutsideThePlan(StrEnum):
    """Where a debtor was met whom nobody had planned to visit then: at the address that is on file, in the street or
    another open place, where they work. No more than that is kept of it."""

    ADDRESS = "address"
    PUBLIC_PLACE = "public_place"
    WORKPLACE = "workplace"

    @property
    def elsewhere(self) -> bool:
        """Not at the address: nothing is learned of it."""
        return self is not OutsideThePlan.ADDRESS


@dataclass(frozen=True, slots=True)
class Position:
    """Where the phone was at one event: microdegrees (WGS 84), accuracy in metres."""

    lat_e6: int
    lon_e6: int
    accuracy_m: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture that travels after the report, by the digest of its bytes."""

    sha256: Sha256
    purpose: Purpose
    media_type: str
    size_bytes: int
    small_sha256: Sha256 | None


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as a picture, bound to the text that the signer saw; or the refusal to sign it."""

    refused: bool
    text: str
    text_digest: Sha256
    image_sha256: Sha256 | None
    signer: Signer


@dataclass(frozen=True, slots=True)
class Allocated:
    """What a payment takes off one debt line."""

    debt_line_id: UUID
    principal_cents: int
    interest_cents: int
    costs_cents: int

    @property
    def total_cents(self) -> int:
        """The three parts together."""
        return self.principal_cents + self.interest_cents + self.costs_cents


@dataclass(frozen=True, slots=True)
class StampDutyLine:
    """The stamp duty as the phone worked it out."""

    cents: int
    charged_to: str
    reason: str


@dataclass(frozen=True, slots=True)
class IssuedReceipt:
    """The receipt as signed; `domain.receipts` reads the value."""

    value: Mapping[str, Any]
    digest: Sha256
    signature: str


@dataclass(frozen=True, slots=True)
class SignedPaper:
    """An agreement as the agent's device signed it; `domain.agreements` reads the value."""

    value: Mapping[str, Any]
    digest: Sha256
    signature: str


class PayerDocument(StrEnum):
    """By what kind of document a payer was identified; its number is not kept."""

    IDENTITY_CARD = "identity_card"
    PASSPORT = "passport"
    DRIVING_LICENCE = "driving_licence"
    RESIDENCE_PERMIT = "residence_permit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class OtherPayer:
    """Somebody who paid in the debtor's presence and on the debtor's behalf.

    `debtor_agrees`: the debtor, asked, had nothing against it; otherwise the creditor may refuse the money
    (art. 1180, second paragraph, c.c.).
    """

    payer: Payer
    document: PayerDocument
    debtor_agrees: bool


@dataclass(frozen=True, slots=True)
class ReportedPayment:
    """Money taken at the door. `fields` are the answers that the payment method asks for; `payer` is None where the
    debtor paid."""

    method: str
    amount_cents: int
    fields: Mapping[str, str | int | bool]
    allocation: tuple[Allocated, ...]
    stamp_duty: StampDutyLine
    receipt: IssuedReceipt | None
    payer: OtherPayer | None = None
    chosen_line: UUID | None = None
    """The debt that the debtor declared to pay (art. 1193 c.c.); None where it follows the creditor's order."""
    position: Position | None = None
    """Where the receipt was given, if the phone knew it by the end of the visit."""


@dataclass(frozen=True, slots=True)
class DebtorMet:
    """The debtor was there."""

    identified_by: IdentifiedBy
    statement: str | None
    signature: Signature | None
    payments: tuple[ReportedPayment, ...]
    agreement: SignedPaper | None = None


@dataclass(frozen=True, slots=True)
class ThirdPartyMet:
    """Somebody else was there: their role, and no place for anything about a debt."""

    role: Role


@dataclass(frozen=True, slots=True)
class NobodyMet:
    """Nobody was there."""


Meeting = DebtorMet | ThirdPartyMet | NobodyMet


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReport:
    """One visit, from arrival to closure. Instants are the phone's; `captured` holds the outcome's fields."""

    practice_id: UUID
    visit_id: UUID
    stop_id: UUID | None
    planned_day: date
    address_id: UUID
    arrived_at: datetime
    left_at: datetime
    position: Position | None
    no_position: NoPosition | None
    attempt_no: int
    meeting: Meeting
    identified_self: bool
    observations: tuple[Observation, ...]
    outcome: Outcome
    captured: Mapping[str, Any]
    next_action: str | None
    attachments: tuple[Attachment, ...]
    app_version: str
    offline: bool
    left_position: Position | None = None
    """Where the agent closed the visit; reports of the app before have none."""
    with_visit_id: UUID | None = None
    """The report written first at this door on the same person: one visit, a report for each creditor."""
    unplanned: OutsideThePlan | None = None
    """Where, for a visit outside the plan, which belongs to no stop; None for one of the day or the reserve."""

    @property
    def elsewhere(self) -> bool:
        """Whether it was made at another place than the address that it names."""
        return self.unplanned is not None and self.unplanned.elsewhere

    @property
    def met(self) -> Met:
        """Who was there."""
        match self.meeting:
            case DebtorMet():
                return Met.DEBTOR
            case ThirdPartyMet():
                return Met.THIRD_PARTY
            case NobodyMet():
                return Met.NOBODY

    @property
    def payments(self) -> tuple[ReportedPayment, ...]:
        """The payments; none where the debtor was not met."""
        return self.meeting.payments if isinstance(self.meeting, DebtorMet) else ()

    @property
    def signature(self) -> Signature | None:
        """The signature; none where the debtor was not met."""
        return self.meeting.signature if isinstance(self.meeting, DebtorMet) else None

    @property
    def agreement(self) -> SignedPaper | None:
        """The plan or the settlement; none where the debtor was not met."""
        return self.meeting.agreement if isinstance(self.meeting, DebtorMet) else None

    def contact(self) -> Contact:
        """The visit in the contact ledger."""
        reached = self.outcome.reached or self.met is Met.DEBTOR
        return Contact.at(self.arrived_at, channel=Channel.VISIT, reached=reached, counts=self.outcome.counts)
