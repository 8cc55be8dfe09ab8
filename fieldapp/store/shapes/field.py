"""What a phone carries: one agent's published day and nothing else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.access import AgencyCard, ClockReading, NumberBlock, PersonCard
from fieldapp.store.shapes.agreements import PlanCard, SettlementRow, TermsCard
from fieldapp.store.shapes.dispatch import HourWay
from fieldapp.store.shapes.questions import CorrectionRow


class CreditorCard(Struct, frozen=True):
    """A creditor as far as papers and payments need it."""

    id: UUID
    name: str
    vat_number: str
    iban: str
    bic: str
    cheque_payee: str
    allocation_order: list[str]
    debtor_chooses: bool
    """Whether a debtor may say which debt line a payment is for."""
    stamp_duty_charged_to: Literal["debtor", "creditor", "none"]
    stamp_duty_reason: str | None
    stamp_duty_authorisation: str | None


class LimitationCard(Struct, frozen=True):
    """The limitation clock of a line: from `barred_on` on it may not be asked for."""

    barred_on: date
    runs_from: date
    because: str
    """`due`, or the act that made it begin again."""
    reference: str
    years: int
    state: Literal["running", "near", "barred"]
    rule: str
    to_be_confirmed: bool
    if_signed_today: date
    """From when it would be time-barred after an acknowledgement today."""


class DebtLineCard(Struct, frozen=True):
    """What remains owed on one title."""

    id: UUID
    title: str
    kind: str
    due_on: date
    principal_cents: int
    interest_cents: int
    costs_cents: int
    limitation: LimitationCard | None = None


class ObligorCard(Struct, frozen=True):
    id: UUID
    role: Literal["debtor", "co_obligor", "guarantor"]
    kind: Literal["person", "firm"]
    name: str
    tax_code: str | None
    vat_number: str | None


class PhoneCard(Struct, frozen=True):
    id: UUID
    obligor_id: UUID
    number: str
    source: str


class AddressCard(Struct, frozen=True):
    id: UUID
    kind: Literal["home", "workplace", "other"]
    text: str
    street: str
    house_number: str
    staircase: str
    unit: str
    cap: str
    comune: str
    province: str
    lat_e6: int | None
    lon_e6: int | None
    quality: str
    state: Literal["confirmed", "doubtful", "rejected"]
    access_notes: str
    source: str


class AttemptCard(Struct, frozen=True):
    """An earlier contact, by whatever channel."""

    at: datetime
    channel: Literal["visit", "call", "letter", "message", "office"]
    outcome: str
    by: str
    reached: bool = False
    """Somebody spoke with the debtor."""


class DocumentCard(Struct, frozen=True):
    id: UUID
    name: str
    kind: str
    media_type: str
    size_bytes: int
    sha256: str


class PracticeCard(Struct, frozen=True):
    """A practice as the agent at the door needs it."""

    id: UUID
    practice_number: str
    creditor: CreditorCard
    placement_starts_on: date
    placement_ends_on: date
    phase: str
    case_owner_name: str
    case_owner_phone: str
    obligors: list[ObligorCard]
    phones: list[PhoneCard]
    debt_lines: list[DebtLineCard]
    owed_cents: int
    attempts: list[AttemptCard]
    documents: list[DocumentCard]
    terms: TermsCard
    """What the creditor grants today."""
    plan: PlanCard | None
    """The repayment plan that runs, if any."""
    settlement: SettlementRow | None
    """The settlement that waits for a decision or for its money, if any."""
    debtor_group: UUID | None
    """Practices of one debtor share it, once a person said that they are one: their contacts count together."""
    conduct_facts: dict[str, Any]
    """What `domain.conduct.judge` has to know of the practice; the phone adds the intended act and the instant."""


class StopTimes(Struct, frozen=True, kw_only=True):
    """One visit of the day, apart from what it is about."""

    stop_id: UUID
    position: int
    arrive_at: datetime
    leave_at: datetime
    window_from: datetime
    window_to: datetime
    travel_s: int
    distance_m: int
    service_s: int
    must: bool
    reserve: bool
    """Near the route and not in it: for when doors stay closed. `travel_s` is from the nearest stop of the route."""
    address: AddressCard
    done: bool
    """A report on this stop has already arrived."""
    door_notes: list[str] = []
    """What the office wrote for whoever stands at this door."""
    way_by_hour: list[HourWay] = []
    """Where ways vary by the hour; `travel_s` is the way at the planned one."""


class StopCard(StopTimes, frozen=True, kw_only=True):
    """One visit of the day, in order."""

    practice: PracticeCard


class StopPart(StopTimes, frozen=True, kw_only=True):
    """The same beside its practice, which changes at other times."""

    practice_id: UUID


class PurseCard(Struct, frozen=True):
    """What the books say that the agent holds, in cents."""

    cash_cents: int
    cheques_cents: int
    cards_cents: int


class PushKey(Struct, frozen=True):
    """What a browser's subscription is bound to (a P-256 point in base64url); none where no notices are sent."""

    public_key: str | None


class MessageCard(Struct, frozen=True):
    """A message of the office; once withdrawn before it was read it has no text."""

    id: UUID
    text: str
    sent_at: datetime
    sent_by: str
    read_at: datetime | None
    withdrawn_at: datetime | None


class ReportedVisit(Struct, frozen=True):
    """A report as far as a question about it needs it: what may be corrected, as it stands."""

    visit_id: UUID
    address_text: str
    arrived_at: datetime
    outcome: str
    met: Literal["debtor", "third_party", "nobody"]
    role: str | None
    observations: list[str]
    captured: dict[str, str]
    """Fields of the outcome's form that may be corrected; one without a value is left out."""
    correctable: list[str]
    """Names of those fields."""


class QuestionCard(Struct, frozen=True):
    """A question of the office about a report of this agent; once withdrawn it has no text."""

    id: UUID
    reason: str
    text: str
    asked_at: datetime
    asked_by: str
    withdrawn_at: datetime | None
    visit: ReportedVisit


class ReportCard(Struct, frozen=True):
    """A report of this agent as it stands by now: what it takes to say that the visit ended otherwise, and what became
    of that. Nothing of the debt, and no debtor's name."""

    visit_id: UUID
    practice_id: UUID
    stop_id: UUID | None
    address_text: str
    arrived_at: datetime
    unplanned: str | None
    outcome: str
    met: Literal["debtor", "third_party", "nobody"]
    identified_by: str | None
    role: str | None
    captured: dict[str, Any]
    """Nothing where the report is bound; of an amount or a count only that one was given, as `true`."""
    bound: Literal["money", "signature", "agreed", "office"] | None
    """What hangs on it, so that its agent may not correct it; `office`: two people have decided how it ended."""
    corrections: list[CorrectionRow]
    """Their amounts and counts as in `captured`."""
    corrected_by: list[UUID]
    """The envelopes of the agent that are among these."""


class PadNumbers(Struct, frozen=True):
    """The numbers of a paper pad that was given to the agent; a sheet with any other is not theirs."""

    series: str
    first: int
    last: int


class DayBundle(Struct, frozen=True):
    """All that one phone needs for one day without a network."""

    protocol: int
    clock: ClockReading
    day: date
    version: int
    """0 when nothing is published for the day."""
    published_at: datetime | None
    agent: PersonCard
    agency: AgencyCard
    shift_from: datetime | None
    shift_to: datetime | None
    home_lat_e6: int | None
    home_lon_e6: int | None
    stops: list[StopCard]
    ruleset: dict[str, Any]
    blocks: list[NumberBlock]
    cash_limit_cents: int
    purse: PurseCard
    paper_words: dict[str, Any]
    """The template data of papers, by creditor id, with `default` for the rest."""
    next_day: date | None
    """The agent's next published day after this one, to be fetched while there is a network."""
    next_version: int
    payment_links: bool
    """Whether a link to pay by may be offered."""
    office_key: str
    """Base64url of the agency's public point (P-256), for phones enrolled before there was one."""
    messages: list[MessageCard]
    """Of the office, for today; the newest first."""
    questions: list[QuestionCard]
    """Of the office, about reports of any day, that wait for an answer; the oldest first."""
    reports: list[ReportCard] = []
    """Of the last days, as long as their agent may correct them; of today only those that were corrected."""
    pads: list[PadNumbers] = []
    """All that the agent was ever given, the newest first: a sheet may turn up late."""
    basemap: str | None = None
    """Names the part of the map that this day needs; fetched when the phone lacks it. None where there is no map."""
    cursor: str = ""
    """Names this reading: handed back with the next question, only what changed since is sent."""


class DayChanges(Struct, frozen=True):
    """What changed in a day since the reading that the phone named: laid over that, it gives the whole day."""

    protocol: int
    clock: ClockReading
    day: date
    cursor: str
    """Of the day that comes of it."""
    fields: dict[str, Any]
    """The fields of the day that changed, whole; neither stops nor those named here."""
    order: list[UUID] | None
    """The ids of all stops in their order, those taken away left out; None where it is the same."""
    changed_stops: list[StopPart]
    """Those that are new or differ."""
    changed_practices: list[PracticeCard]


class Verdict(Struct, frozen=True):
    """The service's answer to one envelope; the same for every repeat."""

    id: UUID
    verdict: Literal["accepted", "duplicate", "conflict", "refused"]
    code: str | None
    details: dict[str, Any]
    received_at: datetime
    flags: list[str]


class SyncAnswer(Struct, frozen=True):
    protocol: int
    clock: ClockReading
    verdicts: list[Verdict]
    missing: list[str]
    """SHA-256 of attachments that accepted envelopes name and the service does not hold yet."""


class AttachmentState(Struct, frozen=True):
    """`offset`: how much of it is here where it comes in parts and is not whole yet."""

    sha256: str
    stored: bool
    offset: int = 0
