"""The practice file: creditor, placement, practice, obligors, debt lines, addresses, phones, contacts, papers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, String, UniqueConstraint, text
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
    personal_list,
    sealed,
)


class Creditor(SQLModel, table=True):
    """A client of the agency (mandante), with what papers and money rules need of it."""

    __table_args__ = (UniqueConstraint("agency_id", "name", name="creditor_name_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    name: str
    layout: str
    vat_number: str
    iban: str
    bic: str = ""
    cheque_payee: str
    allocation_order: list[str] = json_list()
    """Of `costs`, `interest`, `principal`; empty means the order of arts. 1193-1194 c.c."""
    debtor_chooses: bool = True
    """The debtor may say which debt line a payment is for (art. 1193 c.c.); false where it was agreed otherwise."""
    stamp_duty_charged_to: str = "debtor"
    stamp_duty_reason: str | None = None
    stamp_duty_authorisation: str | None = None
    rules: dict[str, Any] = json_object()
    """Parameters of rules of conduct that this creditor overrides."""
    outcome_codes: dict[str, Any] = json_object()
    skills: list[str] = json_list()
    """What whoever visits for this creditor must have (`domain.skills`), whatever the practice."""


class Placement(SQLModel, table=True):
    """A mandate over time: practices entrusted together (affidamento)."""

    __table_args__ = (
        UniqueConstraint("creditor_id", "starts_on", "ends_on", name="placement_once"),
        CheckConstraint("starts_on <= ends_on", name="placement_rising"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id")
    starts_on: date
    ends_on: date


class Practice(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("creditor_id", "practice_number", name="practice_number_once"),
        CheckConstraint("state in ('open','closed','recalled')", name="practice_state_known"),
        Index("practice_in_order", "agency_id", "practice_number", "id"),
        Index("practice_of_state", "agency_id", "state", "practice_number", "id"),
        Index("practice_of_case_owner", "agency_id", "case_owner_name", "id"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id")
    placement_id: UUID = link("placement.id")
    practice_number: str
    phase: str
    state: str = "open"
    case_owner_name: str = personal("worker", default="")
    case_owner_phone: str = personal("worker", default="")
    as_of: date
    stated_at: datetime | None = maybe_instant()
    """When the statement of `as_of` came."""
    search_text: str = personal("debtor", default="")
    """Names and addresses, lower case without accents; the database keeps their `PracticeWord`s."""
    next_action: str | None = None
    next_action_on: date | None = None
    skills: list[str] = personal_list("debtor")
    """What the agent who visits must have (`domain.skills`), as the desk says."""
    skills_told: list[str] = personal_list("debtor")
    """The same as the creditor's last file says."""
    debtor_group: UUID | None = Field(default=None, index=True)
    """The same for all practices whose debtor a person said to be one; it follows from `debtor_match`."""


class PracticeWord(SQLModel, table=True):
    """A word by which a practice is found, or `#` and its number's letters and digits. Written by triggers alone.

    Ordered by its bytes, so that what begins with a prefix is a range: under row security an index takes that, and
    neither `like` nor a search of texts.
    """

    __tablename__ = "practice_word"
    __table_args__ = (Index("practice_word_found", "agency_id", "word", "practice_id"),)

    practice_id: UUID = Field(foreign_key="practice.id", primary_key=True)
    word: str = personal("debtor", primary_key=True, sa_type=String(collation="C"))
    agency_id: UUID = agency()


class Obligor(SQLModel, table=True):
    """Who owes: the debtor, a co-obligor or a guarantor."""

    __table_args__ = (
        Index("obligor_born_on", "born_on", postgresql_where=text("born_on is not null")),
        Index("obligor_vat_number", "vat_number", postgresql_where=text("vat_number is not null")),
        Index("obligor_tax_code_near", "tax_code_near", postgresql_using="gin"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    position: int = 0
    role: str
    kind: str
    name: str = personal("debtor")
    tax_code: str | None = sealed("tax_code")
    tax_code_index: str | None = Field(default=None, index=True)
    tax_code_near: list[str] = json_list()
    """Of an unsound tax code: the blind indexes of the sound ones that lie one slip of the pen away."""
    vat_number: str | None = None
    born_on: date | None = personal("debtor", default=None)


class DebtLine(SQLModel, table=True):
    """One title; the amounts are those of the first statement, what remains owed is in the ledger."""

    __tablename__ = "debt_line"
    __table_args__ = (
        UniqueConstraint("practice_id", "title", "due_on", name="debt_line_once"),
        Index("debt_line_due", "agency_id", "due_on", "practice_id"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    position: int = 0
    title: str
    kind: str
    due_on: date
    principal_cents: int = cents()
    interest_cents: int = cents()
    costs_cents: int = cents()


class Address(SQLModel, table=True):
    """An address with its source; a newer one never overwrites the older."""

    __table_args__ = (
        CheckConstraint("state in ('confirmed','doubtful','rejected')", name="address_state_known"),
        Index("address_pinned", "agency_id", "text", postgresql_where=text("quality = 'pin'")),
        Index("address_doubtful", "agency_id", "text", postgresql_where=text("state = 'doubtful' and current")),
        Index(
            "address_waits", "agency_id", "practice_id", "id", postgresql_where=text("state = 'doubtful' and current")
        ),
        Index("address_area", "agency_id", "province", "comune", "practice_id", postgresql_where=text("current")),
        Index("address_door", "comune", "street", "house_number", postgresql_where=text("house_number <> ''")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    obligor_id: UUID = link("obligor.id")
    kind: str = "home"
    text: str = personal("debtor")
    street: str = personal("debtor", default="")
    house_number: str = personal("debtor", default="")
    staircase: str = ""
    unit: str = ""
    cap: str = ""
    comune: str = ""
    province: str = ""
    lat_e6: int | None = personal("debtor", default=None)
    lon_e6: int | None = personal("debtor", default=None)
    town: int = -1
    """Index of the built-up area for travel speed; -1 is open country."""
    quality: str = "none"
    confidence_pct: int = 0
    state: str = "doubtful"
    why: str = ""
    alternatives: list[dict[str, Any]] = json_list()
    access_notes: str = personal("debtor", default="")
    source: str
    recorded_at: datetime = instant()
    current: bool = True
    instead_of: UUID | None = maybe_link("address.id")
    """The row in whose place a person's word put this one."""
    recorded_by: UUID | None = maybe_link("person.id", index=False)


class Phone(SQLModel, table=True):
    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    obligor_id: UUID = link("obligor.id")
    number: str | None = sealed("phone")
    number_index: str | None = Field(default=None, index=True)
    source: str


class ContactAttempt(SQLModel, table=True):
    """A contact over any channel; visits write one too, so that limits count all channels together."""

    __tablename__ = "contact_attempt"

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    at: datetime = Field(sa_type=instant().sa_type, index=True)
    channel: str
    outcome: str
    reached: bool = False
    by: str = personal("worker", default="")
    source: str


class PracticeLastContact(SQLModel, table=True):
    """When each practice was contacted last, over whatever channel; null: never. Written by triggers alone."""

    __tablename__ = "practice_last_contact"
    __table_args__ = (Index("practice_contacted", "agency_id", "last_at", "practice_id"),)

    practice_id: UUID = Field(foreign_key="practice.id", primary_key=True)
    agency_id: UUID = agency()
    last_at: datetime | None = maybe_instant()


class LearningObjection(SQLModel, table=True):
    """That a person objects to being told by the hour (art. 21 GDPR), as said in one of the person's practices."""

    __tablename__ = "learning_objection"

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    reason: str
    entered_at: datetime = instant()
    entered_by: UUID = link("person.id", index=False)
    withdrawn_at: datetime | None = maybe_instant()
    withdrawn_by: UUID | None = maybe_link("person.id", index=False)


class PracticeFlag(SQLModel, table=True):
    """A state that stops or changes visits: disputed, insolvency, represented, deceased, time_barred, ..."""

    __tablename__ = "practice_flag"
    __table_args__ = (Index("practice_flag_of_kind", "agency_id", "kind", "practice_id"),)

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    kind: str
    since: datetime = instant()
    until: datetime | None = maybe_instant()
    reason: str = ""
    source: str


class Statement(SQLModel, table=True):
    """What the creditor said was owed, as of a date; the ledger holds the adjustment that made it so."""

    __table_args__ = (UniqueConstraint("practice_id", "as_of", "import_id", name="statement_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    import_id: UUID | None = maybe_link("import_file.id")
    service_account_id: UUID | None = maybe_link("service_account.id", index=False)
    """Which system stated it, where no file did."""
    as_of: date
    total_cents: int = cents()
    digest: str
    """Over the draft's values: an equal statement changes nothing."""


class CreditDocument(SQLModel, table=True):
    """A document of the credit or of a visit, by the digest of its bytes in the blob store."""

    __tablename__ = "credit_document"

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    visit_id: UUID | None = maybe_link("visit.id")
    name: str
    kind: str
    media_type: str
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str = Field(index=True)
    small_sha256: str | None = None
    added_at: datetime = instant()
