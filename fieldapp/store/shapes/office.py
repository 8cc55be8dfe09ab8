"""What the back office sees: practice files, imports, tasks, addresses, the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.domain.skills import Skill
from fieldapp.store.shapes.agreements import PlanCard, SettlementRow
from fieldapp.store.shapes.appointments import AppointmentRow
from fieldapp.store.shapes.debtors import JoinedPractice
from fieldapp.store.shapes.dispatch import Finding
from fieldapp.store.shapes.field import (
    AddressCard,
    AttemptCard,
    CreditorCard,
    DebtLineCard,
    DocumentCard,
    ObligorCard,
    PhoneCard,
)
from fieldapp.store.shapes.questions import CorrectionRow, QuestionRow


class CreditorRow(Struct, frozen=True):
    id: UUID
    name: str
    layout: str
    practices: int
    owed_cents: int
    skills: list[Skill]
    """What an agent must have to be sent to any of its practices."""


class PracticeRow(Struct, frozen=True):
    id: UUID
    practice_number: str
    creditor_name: str
    debtor_name: str
    comune: str
    phase: str
    state: Literal["open", "closed", "recalled"]
    owed_cents: int
    collected_cents: int
    placement_ends_on: date
    last_event_at: datetime | None
    last_event: str | None
    flags: list[str]


class PracticeChoices(Struct, frozen=True):
    """What a list of practices can be narrowed to, as it is spelt in them; `comuni`: of the provinces asked for."""

    provinces: list[str]
    comuni: list[str]
    case_owners: list[str]


class PracticePage(Struct, frozen=True):
    """`more`: the counting ended at `total`, there may be more."""

    rows: list[PracticeRow]
    total: int
    more: bool
    next_cursor: str | None


class PostingRow(Struct, frozen=True):
    """One leg of a balanced entry; positive is debit, negative is credit."""

    account: str
    account_kind: str
    amount_cents: int


class EntryRow(Struct, frozen=True):
    id: UUID
    at: datetime
    kind: str
    memo: str
    reverses: UUID | None
    postings: list[PostingRow]


class PaidBy(Struct, frozen=True):
    """Somebody other than the debtor who paid, as what, and by which kind of document they were identified."""

    name: str
    capacity: str
    document: str


class PlaceRow(Struct, frozen=True):
    """How far from the visit's address the phone was, by a reading that is good to `accuracy_m`."""

    accuracy_m: int
    distance_m: int | None
    """None where nobody knows where the address is."""


class ReceiptRow(Struct, frozen=True):
    id: UUID
    series: str
    number: int
    label: str
    kind: Literal["receipt", "receipt_subject_to_clearance", "counter_receipt"]
    issued_at: datetime
    amount_cents: int
    stamp_duty_cents: int
    method: str
    state: Literal["valid", "voided"]
    digest: str
    reason: str = ""
    """Of a counter-receipt: why."""
    paid_by: PaidBy | None = None
    """None where the debtor paid."""
    chosen_line: str = ""
    """The title of the debt that the debtor declared to pay; empty where it followed the creditor's order."""
    taken_by: UUID | None = None
    """Who took the money, and may neither void the receipt nor give of it back; None where it has no payment."""
    place: PlaceRow | None = None
    """Where it was given."""


class SignatureRow(Struct, frozen=True):
    signer: str
    refused: bool
    text: str
    text_digest: str
    document_id: UUID | None
    """The picture, once it has arrived."""


class VisitRow(Struct, frozen=True):
    id: UUID
    agent_name: str
    arrived_at: datetime
    left_at: datetime
    address_text: str
    arrived: PlaceRow | None
    left: PlaceRow | None
    met: Literal["debtor", "third_party", "nobody"]
    outcome: str
    captured: dict[str, Any]
    statement: str | None
    flags: list[str]
    offline: bool
    clock_offset_ms: int
    documents: list[DocumentCard]
    signature: SignatureRow | None
    receipts: list[ReceiptRow]
    together_with: list[str]
    """Numbers of the debtor's other practices of which the agent reported in the same visit."""
    role_met: str | None = None
    """What a third party is to the debtor."""
    observations: list[str] = []
    questions: list[QuestionRow] = []
    """What the office asked about the report, oldest first: corrections stand in the answers, the report as it was
    written."""
    unplanned: Literal["address", "public_place", "workplace"] | None = None
    """Outside the plan: where the debtor was met."""
    corrections: list[CorrectionRow] = []
    """That it ended otherwise than first reported, oldest first: outcome and meeting above are what holds by now."""
    identified_by: str | None = None


class TimelineItem(Struct, frozen=True):
    """One fact of the practice, newest first; `kind` names it and `body` carries its values."""

    number: int
    kind: str
    at: datetime
    recorded_at: datetime
    person_name: str | None
    device_id: UUID | None
    body: dict[str, Any]


class PromiseRow(Struct, frozen=True):
    id: UUID
    kind: str
    """`promise_to_pay`, or the method of the payment that was announced."""
    due_on: date
    amount_cents: int
    reference: str | None
    state: Literal["open", "kept", "broken"]


class SavedViewRow(Struct, frozen=True):
    """A list under a name. `mine`: of who asks; others' are seen where they are shared."""

    id: UUID
    name: str
    filters: str
    shared: bool
    mine: bool
    by: str


class TaskCount(Struct, frozen=True):
    """How many tasks there are; `kinds` and `teams`: of which there are any in that state."""

    total: int
    kinds: list[str]
    teams: list[str]


class Colleague(Struct, frozen=True):
    """Somebody who may be given a task."""

    id: UUID
    name: str
    role: str


class TaskRow(Struct, frozen=True):
    id: UUID
    kind: str
    team: str
    owner_id: UUID | None
    owner_name: str | None
    due_on: date
    asleep_until: date | None
    """Put off until the morning of that day."""
    created_at: datetime
    state: Literal["open", "done"]
    practice_id: UUID | None
    practice_number: str | None
    debtor_name: str | None
    subject_kind: str
    subject_id: str
    details: dict[str, Any]


class InterruptionRow(Struct, frozen=True):
    """An act that made the limitation begin again; no line: the whole practice. One that was taken back counts no
    more."""

    id: UUID
    kind: str
    on: date
    reference: str
    debt_line_id: UUID | None
    recorded_at: datetime
    recorded_by: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_because: str | None = None


class ApprovalRow(Struct, frozen=True):
    """What somebody approved for a practice."""

    id: UUID
    rule: str
    from_on: date
    to_on: date
    reason: str
    at: datetime
    by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class PresenceRow(Struct, frozen=True):
    """How likely somebody is home in some hours of the week, and from how many attempts of ours at this door."""

    weekend: bool
    from_h: int
    to_h: int
    home_pct: int
    met: int
    tried: int


class ObjectionRow(Struct, frozen=True):
    """That the debtor objects to learned hours (art. 21 GDPR): entered when, by whom, and how it was said."""

    at: datetime
    by: str
    reason: str


class PracticeFile(Struct, frozen=True):
    """Everything on one page."""

    id: UUID
    practice_number: str
    creditor: CreditorCard
    placement_starts_on: date
    placement_ends_on: date
    phase: str
    state: Literal["open", "closed", "recalled"]
    case_owner_name: str
    as_of: date
    next_action: str | None
    appointments: list[AppointmentRow]
    """Those that stand and are still to come."""
    obligors: list[ObligorCard]
    addresses: list[AddressCard]
    phones: list[PhoneCard]
    debt_lines: list[DebtLineCard]
    owed_cents: int
    """What is left of the debt."""
    overpaid_cents: int
    """What was paid beyond a line and is owed back to the debtor; no part of what is left."""
    collected_cents: int
    flags: list[str]
    findings: list[Finding]
    """What the rules of conduct would say of a visit now."""
    documents: list[DocumentCard]
    visits: list[VisitRow]
    receipts: list[ReceiptRow]
    promises: list[PromiseRow]
    plans: list[PlanCard]
    settlements: list[SettlementRow]
    entries: list[EntryRow]
    tasks: list[TaskRow]
    timeline: list[TimelineItem]
    interruptions: list[InterruptionRow]
    approvals: list[ApprovalRow]
    earlier_contacts: list[AttemptCard]
    """Letters, calls and visits known from elsewhere, newest first: no fact of ours stands in the timeline for them."""
    address_history: list[AddressStep]
    """Every source of every address, newest first."""
    same_debtor: list[JoinedPractice]
    """The debtor's other practices: contacts are counted together."""
    presence: list[PresenceRow]
    """All that is learned of when somebody is home there; nothing where the agency does not learn."""
    skills: list[Skill]
    """What an agent must have to be sent there, as the desk says."""
    skills_of_creditor: list[Skill]
    """The same as the creditor's file, or the creditor of all practices, says."""
    objection: ObjectionRow | None = None


class LayoutRow(Struct, frozen=True):
    name: str
    title: str
    kind: Literal["csv", "fixed", "xlsx"]


class RejectedRow(Struct, frozen=True):
    line: int
    practice_number: str
    amount_text: str
    reasons: list[str]
    """In words, in the reader's language."""


class ImportReport(Struct, frozen=True):
    id: UUID
    file_name: str
    layout: str
    creditor_name: str | None
    state: Literal["reading", "read", "writing", "done", "refused", "failed", "cancelled"]
    """`read` waits for a person's confirmation: nothing is stored of it yet."""
    progress: int
    """0..100"""
    created_at: datetime
    created_by: str
    accepted: int
    rejected: int
    accepted_cents: int
    rejected_cents: int
    new_practices: int
    changed_practices: int
    unchanged_practices: int
    refusal: str | None
    """Why the whole file was refused, in words."""
    warnings: list[str]
    rejects: list[RejectedRow]
    """At most 200; the file of rejects holds all."""
    has_rejects_file: bool


class DoubtfulAddress(Struct, frozen=True):
    address: AddressCard
    practice_id: UUID
    practice_number: str
    debtor_name: str
    why: str
    alternatives: list[AddressCandidate]
    worth_cents: int
    """What a visit there is expected to recover, were the address confirmed; 0 where a rule stops it anyway."""
    placement_ends_on: date


class DoubtfulPage(Struct, frozen=True):
    rows: list[DoubtfulAddress]
    waiting: int
    """How many wait in all."""
    next_cursor: str | None
    asked: DoubtfulAddress | None
    """The one that a link named, wherever in the queue it stands; none where it waits no longer."""


class AddressStep(Struct, frozen=True):
    """One source of an address: the row that it wrote stays, whatever came later."""

    address_id: UUID
    now_id: UUID
    """The row in force that stands for it by now: steps of one address share it."""
    kind: Literal["received", "confirmed", "corrected", "rejected", "moved", "put_back"]
    at: datetime
    by: str
    """Who said it; empty where a file did."""
    source: str
    file_name: str | None
    text: str
    text_before: str | None
    """How it was spelled before; None where a file brought it."""
    quality: str
    state: Literal["confirmed", "doubtful", "rejected"]
    from_lat_e6: int | None
    from_lon_e6: int | None
    to_lat_e6: int | None
    to_lon_e6: int | None
    distance_m: int | None
    may_go_back: bool
    """A person's word after which nothing came."""


class CompletedAddress(Struct, frozen=True):
    """What a half-typed address may become; `text` is what `choose_address` takes."""

    text: str
    lat_e6: int
    lon_e6: int
    quality: str
    may_be_chosen: bool
    """Not a comune alone: that is to be typed on."""


class SettledAddress(Struct, frozen=True):
    address: AddressCard
    practices: int
    """How many practices have the address and are settled with it."""


class AddressCandidate(Struct, frozen=True):
    text: str
    lat_e6: int
    lon_e6: int
    quality: str
    confidence_pct: int


class AccountBalance(Struct, frozen=True):
    account: str
    kind: str
    balance_cents: int
    owner_id: UUID | None
    """None where it has no owner, or stands for many practices: then there is no single statement."""


class TrialBalance(Struct, frozen=True):
    at: datetime
    accounts: list[AccountBalance]
    total_cents: int
    """Always 0."""


class OfficeEvent(Struct, frozen=True):
    """What server-sent events carry: a fact's name and whom it concerns, never its content."""

    number: int
    kind: str
    practice_id: UUID | None
    day: date | None
