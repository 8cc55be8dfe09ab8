"""What phones send: envelopes as they came, and the visits, payments and receipts made of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import (
    agency,
    cents,
    instant,
    json_list,
    json_object,
    key,
    link,
    maybe_instant,
    maybe_link,
    personal,
)


class Envelope(SQLModel, table=True):
    """The exact bytes that a phone stored and sent, with the verdict that every repeat gets again."""

    __table_args__ = (
        CheckConstraint("verdict in ('accepted','refused')", name="envelope_verdict_known"),
        UniqueConstraint("device_id", "seq", "id", name="envelope_in_order"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    device_id: UUID = link("device.id")
    seq: int = Field(sa_type=BigInteger)
    kind: str
    digest: str
    content: bytes = personal("debtor", sa_type=LargeBinary)
    recorded_at: datetime = instant()
    received_at: datetime = instant()
    clock_offset_ms: int = Field(sa_type=BigInteger)
    verdict: str
    code: str | None = None
    details: dict[str, Any] = json_object()
    flags: list[str] = json_list()


class Visit(SQLModel, table=True):
    __table_args__ = (
        CheckConstraint("met in ('debtor','third_party','nobody')", name="visit_met_known"),
        CheckConstraint("unplanned in ('address','public_place','workplace')", name="visit_unplanned_known"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    address_id: UUID = link("address.id")
    agent_id: UUID = link("person.id")
    device_id: UUID = link("device.id")
    envelope_id: UUID = link("envelope.id")
    stop_id: UUID | None = Field(default=None, index=True)
    day: date = Field(index=True)
    arrived_at: datetime = instant()
    left_at: datetime = instant()
    lat_e6: int | None = personal("worker", default=None)
    lon_e6: int | None = personal("worker", default=None)
    accuracy_m: int | None = None
    left_lat_e6: int | None = personal("worker", default=None)
    left_lon_e6: int | None = personal("worker", default=None)
    left_accuracy_m: int | None = None
    met: str
    identified_by: str | None = None
    role_met: str | None = None
    identified_self: bool
    observations: list[str] = json_list()
    outcome: str
    captured: dict[str, Any] = json_object()
    statement: str | None = personal("debtor", default=None)
    next_action: str | None = None
    offline: bool
    clock_offset_ms: int = Field(default=0, sa_type=BigInteger)
    flags: list[str] = json_list()
    with_visit_id: UUID | None = Field(default=None, index=True)
    """The first report of one visit that was made for several practices; a claim of the phone, so no reference."""
    unplanned: str | None = None
    """Where, for a visit outside the plan, which has no stop."""
    corrected_at: datetime | None = maybe_instant()
    """When outcome, meeting and captured values last became other than the report in the envelope says."""


class SignatureGiven(SQLModel, table=True):
    """A signature on glass: a picture bound to the digest of the text shown; no timing, no pressure."""

    __tablename__ = "signature_given"

    id: UUID = key()
    agency_id: UUID = agency()
    visit_id: UUID = link("visit.id")
    signer: str
    refused: bool
    text: str = personal("debtor")
    text_digest: str
    image_sha256: str | None = None


class Receipt(SQLModel, table=True):
    """A receipt as signed on the phone; the value is kept as its canonical bytes."""

    __table_args__ = (
        UniqueConstraint("agency_id", "series", "number", name="receipt_number_once"),
        UniqueConstraint("device_id", "previous_digest", name="receipt_chain_unforked"),
        CheckConstraint("state in ('valid','voided')", name="receipt_state_known"),
        UniqueConstraint("voids", name="receipt_voided_once"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    device_id: UUID = link("device.id")
    practice_id: UUID = link("practice.id")
    visit_id: UUID | None = maybe_link("visit.id")
    """None where the report that brought it was refused, and the office booked its money."""
    series: str
    number: int
    kind: str
    issued_at: datetime = instant()
    amount_cents: int = cents()
    stamp_duty_cents: int = cents()
    method: str
    value: bytes = personal("debtor", sa_type=LargeBinary)
    digest: str = Field(index=True)
    previous_digest: str
    signature: str
    state: str = "valid"
    voids: UUID | None = Field(default=None, foreign_key="receipt.id")
    """The receipt that this counter-receipt undoes."""
    reason: str = ""
    lat_e6: int | None = personal("worker", default=None)
    lon_e6: int | None = personal("worker", default=None)
    accuracy_m: int | None = None


class Payment(SQLModel, table=True):
    """Money received, mostly at a visit; its worth stands in the ledger entry."""

    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="payment_positive"),
        CheckConstraint(
            "standing in ('received','handed_in','at_bank','cleared','unpaid','voided')", name="payment_standing_known"
        ),
        CheckConstraint("num_nulls(payer_name, payer_capacity, payer_document) in (0, 3)", name="payment_payer_whole"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    creditor_id: UUID = link("creditor.id")
    visit_id: UUID | None = maybe_link("visit.id")
    agent_id: UUID = link("person.id")
    receipt_id: UUID = link("receipt.id")
    entry_id: UUID = link("entry.id")
    method: str
    amount_cents: int = cents()
    duty_cents: int = Field(default=0, sa_type=BigInteger)
    """The stamp duty that the debtor handed over beside the amount."""
    received_at: datetime = instant()
    fields: dict[str, Any] = json_object()
    chosen_line: UUID | None = maybe_link("debt_line.id", index=False)
    """The debt that the debtor declared to pay; None where the money followed the creditor's order."""
    instalment_number: int | None = None
    """Of the repayment plan, where the receipt says so: such cash is no artificial splitting."""
    reported_at: datetime | None = Field(default=None, sa_type=instant().sa_type)
    """When an export told the creditor of it; decides what a later statement already includes."""
    left_out_at: datetime | None = Field(default=None, sa_type=instant().sa_type)
    """When an export by hand passed over it, fallen before anybody was told: no later one tells it, or its fall."""
    standing: str = "received"
    slip_id: UUID | None = maybe_link("deposit_slip.id")
    payer_name: str | None = personal("debtor", default=None)
    """Who paid on the debtor's behalf; these three are None where the debtor paid."""
    payer_capacity: str | None = None
    payer_document: str | None = None


class Promise(SQLModel, table=True):
    """A promise to pay, or a bank transfer announced: nothing is posted for it."""

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    visit_id: UUID = link("visit.id")
    kind: str
    due_on: date
    amount_cents: int = cents()
    reference: str | None = None
    state: str = "open"
    confirmed_by: UUID | None = maybe_link("person.id", index=False)
    """Who saw an announced payment arrive; None where nobody did, or before this was kept."""
    confirmed_digest: str | None = None
    """Of all that they said of it, so that the same said again is known."""


class PaymentLink(SQLModel, table=True):
    """A link by which a debtor pays on a provider's page; what it brings stands in the ledger once it is paid."""

    __tablename__ = "payment_link"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="payment_link_positive"),
        CheckConstraint("state in ('asked','open','paid','failed','expired')", name="payment_link_state_known"),
        Index("payment_link_ref", "payment_ref"),
        Index(
            "payment_link_open_once",
            "visit_id",
            "amount_cents",
            unique=True,
            postgresql_where=text("state in ('asked', 'open')"),
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    visit_id: UUID
    """The phone asks before it has told the visit: no reference."""
    asked_by: UUID = link("person.id", index=False)
    amount_cents: int = cents()
    provider: str
    state: str = "asked"
    provider_id: str | None = None
    url: str | None = None
    payment_ref: str = ""
    """The provider's name of the payment, once there is one."""
    asked_at: datetime = instant()
    expires_at: datetime = instant()
    refunded_cents: int = Field(default=0, sa_type=BigInteger)
    """All that the provider has given back so far."""
    disputed: bool = False


class Attachment(SQLModel, table=True):
    """A picture that an envelope names by digest; it may arrive later, small first."""

    __table_args__ = (UniqueConstraint("agency_id", "sha256", "visit_id", name="attachment_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    visit_id: UUID = link("visit.id")
    practice_id: UUID = link("practice.id")
    document_id: UUID | None = maybe_link("credit_document.id")
    sha256: str = Field(index=True)
    variant: str
    purpose: str
    media_type: str
    size_bytes: int = Field(sa_type=BigInteger)
    stored: bool = False


class AttachmentUpload(SQLModel, table=True):
    """A picture that comes in parts: how far it is. The parts lie in the blobs' quarantine until it is whole."""

    __tablename__ = "attachment_upload"
    __table_args__ = (
        UniqueConstraint("device_id", "sha256", name="attachment_upload_once"),
        CheckConstraint("0 <= held and held <= length", name="attachment_upload_within"),
        Index("attachment_upload_begun", "begun_at"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    device_id: UUID = link("device.id")
    sha256: str
    length: int = Field(sa_type=BigInteger)
    held: int = Field(default=0, sa_type=BigInteger)
    parts: list[str] = json_list()
    begun_at: datetime = instant()


class PaperPad(SQLModel, table=True):
    """A numbered pad of forms that was given to an agent, for when the phone is dead."""

    __tablename__ = "paper_pad"
    __table_args__ = (
        UniqueConstraint("agency_id", "series", "first", name="paper_pad_once"),
        CheckConstraint("kind in ('receipt','notice')", name="paper_pad_kind_known"),
        CheckConstraint("first > 0 and first <= last", name="paper_pad_rising"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    kind: str
    series: str
    first: int
    last: int
    agent_id: UUID = link("person.id")
    handed_over_at: datetime = instant()
    handed_over_by: UUID = link("person.id", index=False)
    printed: int = 0
    """How often its forms were printed: a second time there are two of each number."""
    returned_at: datetime | None = maybe_instant()
    returned_to: UUID | None = maybe_link("person.id", index=False)
    blank: list[list[int]] = json_list()
    """Runs of numbers that came back blank, first and last."""


class PadForm(SQLModel, table=True):
    """A form that is blank no more: used by a visit, or voided."""

    __tablename__ = "pad_form"
    __table_args__ = (
        UniqueConstraint("pad_id", "number", name="pad_form_once"),
        CheckConstraint(
            "case state when 'used' then num_nonnulls(visit_id, receipt_id) > 0 and reason = ''"
            " when 'voided' then visit_id is null and receipt_id is null and reason <> '' else false end",
            name="pad_form_accounted_for",
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    pad_id: UUID = link("paper_pad.id")
    number: int
    state: str
    visit_id: UUID | None = maybe_link("visit.id", index=False)
    receipt_id: UUID | None = maybe_link("receipt.id", index=False)
    reason: str = ""
    picture: str | None = None
    """Digest of the picture of a voided form; a used one's is among the documents of its visit."""
    entered_at: datetime = instant()
    entered_by: UUID = link("person.id", index=False)


class RefusedMoney(SQLModel, table=True):
    """What somebody decided about a payment of a refused report, the `place`-th from 0; never changed."""

    __tablename__ = "refused_money"
    __table_args__ = (
        UniqueConstraint("envelope_id", "place", "act", name="refused_money_once"),
        CheckConstraint("act in ('booked','denied','denial_confirmed')", name="refused_money_act_known"),
        CheckConstraint(
            "(act = 'booked') = (receipt_id is not null) and (act = 'booked') = (practice_id is not null)",
            name="refused_money_booked_somewhere",
        ),
        Index("refused_paper_booked_once", "digest", unique=True, postgresql_where=text("act = 'booked'")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    envelope_id: UUID = link("envelope.id", index=False)
    place: int
    act: str
    digest: str = Field(index=True)
    """Of the paper."""
    practice_id: UUID | None = maybe_link("practice.id", index=False)
    receipt_id: UUID | None = maybe_link("receipt.id", index=False)
    reason: str
    at: datetime = instant()
    by: UUID = link("person.id", index=False)


class PaperToSend(SQLModel, table=True):
    """A paper that the debtor asked the office to send, where to, and when they agreed to it."""

    __tablename__ = "paper_to_send"
    __table_args__ = (CheckConstraint("channel in ('email','pec','post')", name="paper_to_send_channel_known"),)

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    visit_id: UUID
    """Of the report, which may arrive later."""
    asked_by: UUID = link("person.id", index=False)
    paper: str
    name: str
    channel: str
    address: str = personal("debtor")
    consented_at: datetime = instant()
