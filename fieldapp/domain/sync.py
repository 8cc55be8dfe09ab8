"""The judgement of what phones send: envelopes in, verdicts out, nothing else known or touched.

Judge first, write once: the caller loads what a batch touches (`Known`), this module decides about every envelope in
device order, the caller writes what was accepted. The invariants:

1. The same id with the same bytes gets its first verdict again (`duplicate`); with other bytes it is a `conflict`.
2. A report, a payment, a receipt are facts that happened: a rule of conduct that they break is a flag, no refusal.
   What a rule says to the office alone never goes back to the phone.
3. Refused is only what cannot be true or is not theirs: unreadable, forged, renumbered, forked, another's practice.
4. The verdict on one envelope never depends on a refused one.
5. An answer to a question of the office is a fact too: what it corrects stays as it was written, and one that comes
   after the question was withdrawn, or beside another, is kept.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from fieldapp.domain import corrections
from fieldapp.domain.agreements import AgreementPaper, PlanPaper, read_agreement
from fieldapp.domain.allocation import AllocationOrder
from fieldapp.domain.captured import PlacementDays
from fieldapp.domain.cash import read_count
from fieldapp.domain.conduct import (
    AddressFacts,
    AddressKind,
    AddressState,
    AgentFacts,
    CashReceived,
    Cheque,
    Facts,
    Finding,
    Payee,
    PayerKind,
    Payment,
    PracticeFacts,
    Ruleset,
    Severity,
    judge,
)
from fieldapp.domain.conduct import Visit as VisitAct
from fieldapp.domain.conduct.stamp import stamp_rule
from fieldapp.domain.contacts import OF_THE_PERSON, Channel, Contact, calls_to_cancel, local_day, without
from fieldapp.domain.corrections import Correction
from fieldapp.domain.danger import Danger, read_danger, read_danger_position
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.ledger import LineBalance, left_cents
from fieldapp.domain.pads import Form, FormState, PadKind, is_pad_series, paper_flags, usable
from fieldapp.domain.payments import checked_answers, odd_day, payment_method, same_name
from fieldapp.domain.reading import Reader, readable
from fieldapp.domain.receipt_series import Series, SignedReceipt, VerifySignature, judge_receipt
from fieldapp.domain.receipt_series import Verdict as ReceiptVerdict
from fieldapp.domain.receipts import ChargedTo, ReceiptValue, WordingKind, local_time, read_receipt
from fieldapp.domain.repayment_plan import Terms, outside, settlement_outside
from fieldapp.domain.review import DRAWN_BY_DEFAULT, Change, Standing, corrected, once_corrected
from fieldapp.domain.taken_money import PlanKnown, after, laid_on_the_books, passed_over, said_otherwise
from fieldapp.domain.told import (
    Told,
    read_address_pin,
    read_day_closed,
    read_day_order,
    read_message_read,
    read_paper_request,
    read_visit_answer,
)
from fieldapp.domain.visit import check_report, from_body, read_unplanned
from fieldapp.domain.visit_report import (
    OutsideThePlan,
    PayerDocument,
    Purpose,
    ReportedPayment,
    SignedPaper,
    VisitReport,
)

VERSION = 1
FAR_OFF = timedelta(minutes=10)
"""How far a phone's reckoning of the service's time may be out before an instant is called uncertain."""

NOTED = frozenset({"conduct.cash_instalment_logged", "pad.entered_from_paper"})
"""Noted with the visit and no work for anybody."""
TOLD_TO_THE_OFFICE = frozenset({"conduct.payer_not_debtor"})
"""Warnings that are flags all the same: the rule's words promise that the office sees them."""
CORRECTION_WAITS = "correction.waits_for_office"
"""On a correction that lifts a protection: it holds once a person of the office has confirmed it."""
ABOUT_THE_COMUNE = "conduct.patron_saint_unknown"
"""Says something of a place, not of the visit: told once for each comune."""


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


class EnvelopeKind(StrEnum):
    VISIT = "visit"
    CONTACT = "contact"
    CHECK_IN = "check_in"
    PAPER_REQUEST = "paper_request"
    DAY_ORDER = "day_order"
    DAY_CLOSED = "day_closed"
    PURSE_COUNT = "purse_count"
    ADDRESS_PIN = "address_pin"
    DANGER = "danger"
    DANGER_POSITION = "danger_position"
    MESSAGE_READ = "message_read"
    VISIT_ANSWER = "visit_answer"
    VISIT_CORRECTION = "visit_correction"


@dataclass(frozen=True, slots=True)
class Arrived:
    """An envelope as it came: what it says of itself, and its exact bytes."""

    id: UUID
    seq: int
    digest: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope read: `recorded_at` is the service's time as the phone knew it."""

    id: UUID
    device: UUID
    seq: int
    kind: EnvelopeKind
    recorded_at: datetime
    clock_offset_ms: int
    body: Any


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was answered to an envelope before."""

    digest: str
    verdict: Verdict
    code: str | None
    details: Mapping[str, Any]
    flags: tuple[str, ...]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """A contact that waits for its day, by the task that says so."""

    task_id: UUID
    contact: Contact


@dataclass(frozen=True, slots=True)
class PracticeKnown:
    """A practice as far as a report about it is judged."""

    id: UUID
    creditor_id: UUID
    practice_number: str
    placement: PlacementDays
    facts: PracticeFacts
    addresses: Mapping[UUID, AddressFacts]
    debt_lines: frozenset[UUID]
    barred_on: Mapping[UUID, date]
    """From which day each line is time-barred."""
    ever_assigned: bool
    """It was in some published day of this agent."""
    assigned_on: frozenset[str]
    """Days (ISO) on which the newest version gives it to this agent."""
    owed_cents: int | None = None
    """What the ledger says before this batch."""
    creditor_name: str = ""
    cheque_payee: str = ""
    debtor_names: frozenset[str] = frozenset()
    """Whoever a receipt may name as its debtor."""
    terms: Terms = field(default_factory=Terms)
    """What the creditor grants now."""
    debtor_group: UUID | None = None
    """The same for practices whose debtor a person said to be one."""
    agreements: frozenset[UUID] = frozenset()
    """Plans and settlements that have arrived with their visit."""
    lines: tuple[tuple[UUID, LineBalance], ...] = ()
    """The debt lines in their order, each with what the ledger says before this batch."""
    order: AllocationOrder = field(default_factory=AllocationOrder)
    debtor_chooses: bool = True
    """The debtor may say which debt is paid: the creditor has not agreed otherwise (art. 1193 c.c.)."""
    stamp_charged_to: ChargedTo = ChargedTo.DEBTOR
    stamp_exemption: str = ""
    plan: PlanKnown | None = None
    """The plan that runs."""
    asked: Mapping[UUID, str] = field(default_factory=dict)
    """Digests of the settlements that were asked from the door and whose visit has not arrived."""
    plan_running: bool = False
    settlement_open: bool = False
    planned: tuple[PlannedContact, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageKnown:
    """A message of the office to the sending phone's agent, as far as a reading of it is judged."""

    copy_id: UUID
    day: date
    read: bool


@dataclass(frozen=True, slots=True)
class QuestionKnown:
    """A question about a report of the sending phone's agent, as far as an answer to it is judged."""

    id: UUID
    visit_id: UUID
    practice_id: UUID
    creditor_id: UUID
    reason: str
    asked_by: UUID
    practice_open: bool
    withdrawn: bool
    returned: bool
    """It went back to the office, for the agent had no phone any more."""
    standing: Standing
    """What the report says by now."""


@dataclass(frozen=True, slots=True)
class PhoneClock:
    """What is known of the sending phone's clock. `offset_ms` is service minus phone, measured at this push; None
    from a phone that did not say its time. `moved`: the service's own clock may be set (a demo's), so that offsets
    of different hours do not compare.
    """

    offset_ms: int | None = None
    moved: bool = False

    def is_uncertain(self, offset_ms: int) -> bool:
        """Whether an instant that the phone corrected by `offset_ms` may be wrong.

        However far the phone's clock is off, the correction holds while it runs evenly: the offset at recording is
        the one measured now. Where they differ, somebody set the clock between, and nobody knows when.
        """
        if self.moved:
            return False
        return abs((self.offset_ms or 0) - offset_ms) > FAR_OFF / timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose name stands on the receipts of the sending phone."""

    agency_names: tuple[str, ...] = ()
    vat_number: str = ""
    agent_name: str = ""
    agent_number: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The state that a batch touches."""

    device_id: UUID
    agent_id: UUID
    agent: AgentFacts
    envelopes: Mapping[UUID, Earlier]
    visits: frozenset[UUID]
    practices: Mapping[UUID, PracticeKnown]
    series: Series
    ruleset: Ruleset
    now: datetime
    clock: PhoneClock = field(default_factory=lambda: PhoneClock())
    issuer: Issuer = field(default_factory=Issuer)
    forms: Mapping[str, Form] = field(default_factory=dict)
    """Forms of paper pads that the batch names, by name."""
    messages: Mapping[UUID, MessageKnown] = field(default_factory=dict)
    """Messages to this agent that the batch names."""
    questions: Mapping[UUID, QuestionKnown] = field(default_factory=dict)
    """Questions to this agent that the batch names."""
    reports: Mapping[UUID, corrections.Standing] = field(default_factory=dict)
    """Reports of this agent that the batch corrects."""
    review_percent: int = DRAWN_BY_DEFAULT
    """How many reports of a hundred are drawn for a review."""


@dataclass(frozen=True, slots=True)
class TakenPayment:
    """A payment that was accepted, with the receipt that proves it; an announcement has none."""

    payment: ReportedPayment
    receipt: ReceiptValue | None
    receipt_content: bytes
    receipt_signature: str
    instalment_number: int | None = None
    """Of a repayment plan that is signed; None where the receipt names one and there is no plan."""
    form: Form | None = None
    """Of a paper pad, where the receipt was written by hand."""


@dataclass(frozen=True, slots=True)
class TakenAgreement:
    """An agreement that was accepted; `signed` when the debtor signed under a text that names its digest."""

    paper: AgreementPaper
    content: bytes
    digest: str
    signature: str
    signed: bool
    flags: tuple[str, ...]
    """In what it goes beyond the creditor's terms."""


@dataclass(frozen=True, slots=True)
class Call:
    """A contact made by telephone."""

    contact_id: UUID
    practice_id: UUID
    phone_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CheckIn:
    """An arrival, told before the report."""

    visit_id: UUID
    practice_id: UUID
    stop_id: UUID | None
    arrived_at: datetime
    unplanned: OutsideThePlan | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered to one envelope, and for an accepted one what it says."""

    arrived: Arrived
    verdict: Verdict
    code: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    quiet_flags: tuple[str, ...] = ()
    """Flags for the office only."""
    over_cents: int = 0
    """How much of the payments is beyond what was owed; never a reason to refuse money that was taken."""
    cancels: tuple[UUID, ...] = ()
    """Tasks of calls and messages planned for the day, which the visit makes needless."""
    unknown_patron_of: str | None = None
    """The comune whose patron saint's day nobody has on file."""
    envelope: Envelope | None = None
    report: VisitReport | None = None
    payments: tuple[TakenPayment, ...] = ()
    agreement: TakenAgreement | None = None
    call: Call | None = None
    check_in: CheckIn | None = None
    told: Told | None = None
    message: MessageKnown | None = None
    """Which was read, where it was not read before."""
    question: QuestionKnown | None = None
    """Which was answered."""
    changes: tuple[Change, ...] = ()
    """What the answer corrects in the report."""
    correction: Correction | None = None
    """How the visit ended otherwise than the report says."""
    notice_form: Form | None = None
    """Of a paper pad, where the notice was."""
    first_received_at: datetime | None = None

    @property
    def forms(self) -> tuple[Form, ...]:
        """Forms of paper pads that were used."""
        return tuple(form for form in (*(taken.form for taken in self.payments), self.notice_form) if form is not None)


def read_envelope(arrived: Arrived) -> Envelope:
    """The envelope that the bytes spell.

    Raises Refusal `sync.digest_differs`, `sync.version_unknown`, `sync.kind_unknown`, or `envelope.field_*` naming
    the field.
    """
    if sha256(arrived.content) != arrived.digest:
        raise Refusal("sync.digest_differs", kind=Kind.MALFORMED)
    try:
        plain = json.loads(arrived.content)
    except (ValueError, RecursionError):
        raise Refusal("sync.unreadable", kind=Kind.MALFORMED) from None
    reader = Reader(plain, area="envelope")
    version = reader.whole("v", least=0, most=1_000)
    if version != VERSION:
        raise Refusal("sync.version_unknown", kind=Kind.UNSUPPORTED, details={"version": version})
    envelope = Envelope(
        id=UUID(reader.text("id", longest=36)),
        device=UUID(reader.text("device", longest=36)),
        seq=reader.whole("seq", least=1, most=2**53),
        kind=reader.choice("kind", EnvelopeKind),
        recorded_at=reader.instant("recorded_at"),
        clock_offset_ms=reader.whole("clock_offset_ms", least=-(2**53), most=2**53),
        body=reader.plain("body"),
    )
    reader.close()
    if (envelope.id, envelope.seq) != (arrived.id, arrived.seq):
        raise Refusal("sync.label_differs", kind=Kind.MALFORMED)
    return envelope


@dataclass(frozen=True, slots=True)
class Touched:
    """What a batch speaks of, as far as it can be read: what the caller has to load before it is judged."""

    envelopes: frozenset[UUID]
    practices: frozenset[UUID]
    receipt_numbers: frozenset[int]
    receipts_named: frozenset[str]
    """Digests of the receipts that those of the batch call their predecessors."""
    forms: frozenset[tuple[str, int]] = frozenset()
    """Forms of paper pads, by series and number."""
    messages: frozenset[UUID] = frozenset()
    questions: frozenset[UUID] = frozenset()
    corrected: frozenset[UUID] = frozenset()
    """Visits whose outcome or meeting is put right."""


def touched(arrived: Iterable[Arrived]) -> Touched:
    """Never refuses: what is malformed names nothing."""
    practices: set[UUID] = set()
    numbers: set[int] = set()
    named: set[str] = set()
    forms: set[tuple[str, int]] = set()
    messages: set[UUID] = set()
    questions: set[UUID] = set()
    put_right: set[UUID] = set()
    envelopes = set()
    for item in arrived:
        envelopes.add(item.id)
        try:
            body = json.loads(item.content)["body"]
            if "message_id" in body:
                messages.add(UUID(body["message_id"]))
            if "question_id" in body:
                questions.add(UUID(body["question_id"]))
            practices.add(UUID(body["practice_id"]))
            if "reason" in body and "outcome" in body:
                put_right.add(UUID(body["visit_id"]))
            for payment in body.get("payments", ()):
                value = (payment.get("receipt") or {}).get("value", {})
                numbers.update(n for n in (value.get("number"),) if type(n) is int and 0 < n < 2**31)
                named.update(d for d in (value.get("prev_digest"),) if isinstance(d, str))
                forms.update(_form_named(value.get("series"), value.get("number")))
            # Last: few reports have one.
            series, _, number = body["captured"]["notice"]["number"].partition("-")
            forms.update(_form_named(series, int(number)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
    return Touched(
        frozenset(envelopes),
        frozenset(practices),
        frozenset(numbers),
        frozenset(named),
        frozenset(forms),
        frozenset(messages),
        frozenset(questions),
        frozenset(put_right),
    )


def _form_named(series: object, number: object) -> tuple[tuple[str, int], ...]:
    if isinstance(series, str) and is_pad_series(series) and type(number) is int and 0 < number < 1_000_000:
        return ((series, number),)
    return ()


def judge_batch(arrived: Iterable[Arrived], known: Known, *, verify_signature: VerifySignature) -> list[Decision]:
    """A decision for each envelope, in device order."""
    judging = _Judging(known, verify_signature)
    return [judging.decide(item) for item in sorted(arrived, key=lambda item: item.seq)]


class _Judging:
    """One batch under way: what it has decided so far counts for the rest of it."""

    def __init__(self, known: Known, verify_signature: VerifySignature) -> None:
        self._known = known
        self._verify = verify_signature
        self._earlier = dict(known.envelopes)
        self._visits = set(known.visits)
        self._series = known.series
        self._forms = known.forms
        self._facts = {practice.id: practice.facts for practice in known.practices.values()}
        self._paid: dict[UUID, int] = {}
        self._lines = {practice.id: practice.lines for practice in known.practices.values()}
        self._plans = {practice.id: practice.plan for practice in known.practices.values()}
        self._agent = known.agent
        self._agreements: set[UUID] = set()
        self._read: set[UUID] = set()
        self._standing: dict[UUID, Standing] = {}
        """What reports say by now, by visit, as far as this batch has corrected them."""
        self._reports = dict(known.reports)

    def decide(self, item: Arrived) -> Decision:
        before = self._earlier.get(item.id)
        if before is not None:
            return _again(item, before)
        series, forms, plans = self._series, self._forms, self._plans
        try:
            decision = self._judge(item)
        except Refusal as refusal:
            self._series, self._forms, self._plans = series, forms, plans
            decision = Decision(item, Verdict.REFUSED, refusal.code, _legible(refusal.details))
        except ValueError:
            self._series, self._forms, self._plans = series, forms, plans
            decision = Decision(item, Verdict.REFUSED, "sync.unreadable")
        self._earlier[item.id] = Earlier(
            item.digest, decision.verdict, decision.code, decision.details, decision.flags, self._known.now
        )
        return decision

    def _judge(self, item: Arrived) -> Decision:
        envelope = read_envelope(item)
        if envelope.device != self._known.device_id:
            raise Refusal("sync.other_device", kind=Kind.FORBIDDEN)
        flags = ("clock.uncertain",) if self._known.clock.is_uncertain(envelope.clock_offset_ms) else ()
        decision = Decision(item, Verdict.ACCEPTED, envelope=envelope, flags=flags)
        match envelope.kind:
            case EnvelopeKind.VISIT:
                return self._visit(decision, envelope)
            case EnvelopeKind.CONTACT:
                return self._call(decision, envelope)
            case EnvelopeKind.CHECK_IN:
                return self._check_in(decision, envelope)
            case EnvelopeKind.PAPER_REQUEST:
                request = read_paper_request(envelope.body)
                self._practice(request.practice_id)
                return replace(decision, told=request)
            case EnvelopeKind.DAY_ORDER:
                return replace(decision, told=read_day_order(envelope.body))
            case EnvelopeKind.DAY_CLOSED:
                return replace(decision, told=read_day_closed(envelope.body))
            case EnvelopeKind.PURSE_COUNT:
                return replace(decision, told=read_count(envelope.body))
            case EnvelopeKind.ADDRESS_PIN:
                pin = read_address_pin(envelope.body)
                if pin.address_id not in self._practice(pin.practice_id).addresses:
                    raise Refusal("visit.address_unknown", kind=Kind.MISSING)
                return replace(decision, told=pin)
            case EnvelopeKind.DANGER:
                return replace(decision, told=self._where_theirs(read_danger(envelope.body)))
            case EnvelopeKind.DANGER_POSITION:
                return replace(decision, told=self._where_theirs(read_danger_position(envelope.body)))
            case EnvelopeKind.MESSAGE_READ:
                return self._reading(decision, envelope)
            case EnvelopeKind.VISIT_ANSWER:
                return self._answer(decision, envelope)
            case EnvelopeKind.VISIT_CORRECTION:
                return self._correction(decision, envelope)

    def _practice(self, practice_id: UUID) -> PracticeKnown:
        practice = self._known.practices.get(practice_id)
        if practice is None:
            raise Refusal("visit.practice_unknown", kind=Kind.MISSING)
        if not practice.ever_assigned:
            raise Refusal("visit.not_yours", kind=Kind.FORBIDDEN)
        return practice

    def _where_theirs(self, danger: Danger) -> Danger:
        """An alarm counts whatever it names; what is not this agent's is not repeated."""
        practice = self._known.practices.get(danger.practice_id) if danger.practice_id else None
        return danger if practice is not None and practice.ever_assigned else danger.without_visit()

    def _reading(self, decision: Decision, envelope: Envelope) -> Decision:
        """Read is read, also what the office has withdrawn meanwhile; a second reading says nothing new."""
        reading = read_message_read(envelope.body)
        message = self._known.messages.get(reading.message_id)
        if message is None:
            raise Refusal("message.unknown", kind=Kind.MISSING)
        if message.read or reading.message_id in self._read:
            return decision
        self._read.add(reading.message_id)
        return replace(decision, told=reading, message=message)

    def _answer(self, decision: Decision, envelope: Envelope) -> Decision:
        """What was answered happened: a question that was withdrawn or answered meanwhile is a flag, no refusal."""
        answer = read_visit_answer(envelope.body)
        question = self._known.questions.get(answer.question_id)
        if question is None:
            raise Refusal("question.unknown", kind=Kind.MISSING)
        standing = self._standing.get(question.visit_id, question.standing)
        changes = corrected(standing, answer.changes)
        said = {
            "answer.question_withdrawn": question.withdrawn,
            "answer.question_returned": question.returned,
            "answer.practice_gone": not question.practice_open,
        }
        self._standing[question.visit_id] = once_corrected(standing, changes)
        flags = (*decision.flags, *(flag for flag, holds in said.items() if holds))
        return replace(decision, told=answer, question=question, changes=changes, flags=flags)

    def _correction(self, decision: Decision, envelope: Envelope) -> Decision:
        """Of a report of this agent, also one of the same batch; what only repeats what stands says nothing new, but
        takes back what the agent said otherwise and waits."""
        wish = corrections.read_wish(envelope.body)
        standing = self._reports.get(wish.visit_id)
        if standing is None:
            raise Refusal("correction.visit_unknown", kind=Kind.MISSING)
        correction = corrections.correct_by_agent(standing, wish)
        own = standing.waits is corrections.Waits.AGENT
        if not correction.fields and not own:
            return decision
        waits = None if own else standing.waits
        if correction.lifts:
            self._reports[wish.visit_id] = replace(standing, waits=corrections.Waits.AGENT)
        else:
            self._reports[wish.visit_id] = replace(standing, said=correction.after, waits=waits)
            self._say_instead(wish.visit_id, correction.after)
        said = {"answer.practice_gone": not standing.practice_open, CORRECTION_WAITS: bool(correction.lifts)}
        flags = (*decision.flags, *(flag for flag, holds in said.items() if holds))
        return replace(decision, correction=correction, flags=flags)

    def _say_instead(self, visit_id: UUID, said: corrections.Said) -> None:
        """An answer that follows in this batch is read against what was put right."""
        for question in self._known.questions.values():
            if question.visit_id == visit_id:
                standing = self._standing.get(visit_id, question.standing)
                self._standing[visit_id] = replace(
                    standing, outcome=said.outcome, met=said.met, role=said.role, captured=said.captured
                )

    def _visit(self, decision: Decision, envelope: Envelope) -> Decision:
        report = from_body(envelope.body)
        practice = self._practice(report.practice_id)
        if report.visit_id in self._visits:
            raise Refusal("visit.reported_twice", kind=Kind.CONFLICT)
        if report.address_id not in practice.addresses:
            raise Refusal("visit.address_unknown", kind=Kind.MISSING)
        agreement, not_taken = self._agreement_of(report, practice)
        if _is_signed_plan(agreement):
            assert agreement is not None
            self._plans = {**self._plans, practice.id: _plan_of(agreement.paper)}
        payments = tuple(self._payment(payment, practice, report) for payment in report.payments)
        notice_form = self._notice_form(report)
        payments, differing = self._on_the_books(practice, payments)
        over_cents = self._over(practice, payments)
        self._visits.add(report.visit_id)
        self._reports[report.visit_id] = corrections.standing_of(
            report, creditor_id=practice.creditor_id, agreement=agreement is not None
        )
        if agreement is not None:
            self._agreements.add(UUID(agreement.paper.id))
        flags = (*decision.flags, *self._flags(report, payments, practice), *differing, *not_taken)
        if not not_taken:
            flags = (*flags, *_agreement_flags(report, agreement))
        flags = (*flags, *self._printed_otherwise(payments, practice), *(("payment.over_owed",) if over_cents else ()))
        flags = (*flags, *_paper_flags(decision, report, payments, notice_form))
        findings = self._findings(report, payments, practice)
        said = [f for f in findings if f.code != ABOUT_THE_COMUNE]
        loud = [
            f.code for f in said if not f.quiet and (f.severity is not Severity.WARNS or f.code in TOLD_TO_THE_OFFICE)
        ]
        return replace(
            decision,
            report=report,
            payments=payments,
            notice_form=notice_form,
            over_cents=over_cents,
            agreement=agreement,
            flags=tuple(dict.fromkeys((*flags, *loud))),
            quiet_flags=tuple(dict.fromkeys(f.code for f in said if f.quiet)),
            cancels=self._needless(report, practice),
            unknown_patron_of=next((f.details["comune"] for f in findings if f.code == ABOUT_THE_COMUNE), None),
        )

    def _agreement_of(
        self, report: VisitReport, practice: PracticeKnown
    ) -> tuple[TakenAgreement | None, tuple[str, ...]]:
        """The agreement, or why it was not taken where the report brings receipts: money is booked whatever else is
        wrong with a report. Without any the report is refused as `_agreement` says."""
        try:
            return self._agreement(report, practice), ()
        except Refusal as refusal:
            if not any(payment.receipt is not None for payment in report.payments):
                raise
            return None, ("agreement.not_taken", refusal.code)

    def _on_the_books(
        self, practice: PracticeKnown, payments: tuple[TakenPayment, ...]
    ) -> tuple[tuple[TakenPayment, ...], list[str]]:
        """The payments as the ledger bears them, and what their papers say otherwise."""
        laid: list[TakenPayment] = []
        flags: list[str] = []
        for taken in payments:
            lines = self._lines[practice.id]
            if taken.receipt is None or not lines:
                laid.append(taken)
                continue
            shares = taken.payment.allocation
            chosen = taken.payment.chosen_line
            if chosen is not None and passed_over(shares, lines, chosen=chosen):
                flags.append("payment.not_as_chosen")
            on_the_books = laid_on_the_books(shares, lines, practice.order, chosen=chosen)
            issued_on = local_time(taken.receipt.issued_at, taken.receipt.utc_offset_min).date()
            rule = replace(
                stamp_rule(self._known.ruleset, issued_on, practice=practice.facts),
                charged_to=practice.stamp_charged_to,
            )
            owed_cents = left_cents(balance for _, balance in lines)
            flags += said_otherwise(
                taken.receipt, shares, owed_cents=owed_cents, rule=rule, exemption=practice.stamp_exemption
            )
            if on_the_books.moved:
                flags.append("payment.laid_otherwise")
            self._lines[practice.id] = after(lines, on_the_books.shares)
            laid.append(replace(taken, payment=replace(taken.payment, allocation=on_the_books.shares)))
        return tuple(laid), flags

    def _agreement(self, report: VisitReport, practice: PracticeKnown) -> TakenAgreement | None:
        """The plan or settlement of the report, with nothing taken on trust.

        Raises Refusal `agreement.not_of_outcome`, `.signature_invalid`, `.differs_from_report`, `.sent_twice`,
        `.asked_otherwise`, `sync.digest_differs`, or what `read_agreement` refuses.
        """
        sent = report.agreement
        if sent is None:
            return None
        kind = _AGREEMENT_OF.get(report.outcome.code) or _PAID_AT_ONCE.get(report.outcome.code)
        if report.outcome.cuts_short and sent.value.get("kind") in _AGREEMENT_OF.values():
            kind = sent.value["kind"]
        if kind is None or sent.value.get("kind") != kind:
            raise Refusal("agreement.not_of_outcome", kind=Kind.MALFORMED)
        taken = proven_agreement(
            sent,
            kind=kind,
            device_id=self._known.device_id,
            practice=practice,
            public_point=self._series.public_point,
            verify_signature=self._verify,
        )
        paper_id = UUID(taken.paper.id)
        if paper_id in practice.agreements | self._agreements:
            raise Refusal("agreement.sent_twice", kind=Kind.CONFLICT)
        if practice.asked.get(paper_id, sent.digest) != sent.digest:
            raise Refusal("agreement.asked_otherwise", kind=Kind.CONFLICT)
        given = report.signature
        return replace(taken, signed=given is not None and not given.refused and sent.digest in given.text)

    def _payment(self, payment: ReportedPayment, practice: PracticeKnown, report: VisitReport) -> TakenPayment:
        method = payment_method(payment.method)
        if not method.at_the_door:
            raise Refusal("payment.method_not_at_the_door", details={"method": payment.method})
        named = {share.debt_line_id for share in payment.allocation} | ({payment.chosen_line} - {None})
        if not named <= practice.debt_lines:
            raise Refusal("payment.line_of_another", kind=Kind.FORBIDDEN)
        if not method.counts_as_payment:
            if payment.receipt is not None:
                raise Refusal("receipt.not_for_announcements")
            checked_answers(method, payment.fields)
            return TakenPayment(payment, None, b"", "")
        if payment.receipt is None:
            raise Refusal("payment.receipt_missing")
        content = _as_signed(payment.receipt.value)
        if sha256(content) != payment.receipt.digest:
            raise Refusal("sync.digest_differs", kind=Kind.MALFORMED)
        form = self._form_written_on(payment)
        receipt = self._receipt(content, payment.receipt.signature, form)
        _agree(receipt, payment, practice)
        number = self._instalment(receipt, practice, on=report.left_at.astimezone(self._known.ruleset.tz).date())
        # What the debtor's paper says of a cheque or a card is what the books keep of it.
        kept = replace(payment, fields=receipt.method.answers)
        return TakenPayment(kept, receipt, content, payment.receipt.signature, number, form)

    def _instalment(self, receipt: ReceiptValue, practice: PracticeKnown, *, on: date) -> int | None:
        """Which instalment of the running plan the receipt is for; None where it says so and it is none."""
        plan = self._plans[practice.id]
        if plan is None:
            return None
        number = receipt.wording.number if receipt.wording.kind is WordingKind.INSTALMENT else None
        takes = plan.takes(number, receipt.amount_cents, on=on, of=receipt.wording.of)
        paid_by_now = replace(plan, paid_cents=plan.paid_cents + receipt.amount_cents)
        self._plans = {**self._plans, practice.id: paid_by_now}
        return number if takes else None

    def _over(self, practice: PracticeKnown, payments: tuple[TakenPayment, ...]) -> int:
        """What these payments bring beyond what is owed after everything before them: two phones knew of one debt."""
        if practice.owed_cents is None:
            return 0
        left = max(0, practice.owed_cents - self._paid.get(practice.id, 0))
        paid = sum(taken.payment.amount_cents for taken in payments if taken.receipt is not None)
        self._paid[practice.id] = self._paid.get(practice.id, 0) + paid
        return max(0, paid - left)

    def _printed_otherwise(self, payments: tuple[TakenPayment, ...], practice: PracticeKnown) -> list[str]:
        """Whom the receipts name, where the books say otherwise: the paper is in the debtor's hand, so it stands."""
        issuer = self._known.issuer
        return [
            f"receipt.{who}_differs"
            for who in ("agency", "agent", "creditor", "debtor")
            if any(
                taken.receipt is not None and not _named_as_known(who, taken.receipt, issuer, practice)
                for taken in payments
            )
        ]

    def _form_written_on(self, payment: ReportedPayment) -> Form | None:
        """The form of a paper pad that the receipt was written on, taken by it; None for a receipt of the phone's own.

        Raises Refusal as `pads.usable`.
        """
        assert payment.receipt is not None
        series, number = (payment.receipt.value.get(name) for name in ("series", "number"))
        if not (isinstance(series, str) and type(number) is int and is_pad_series(series)):
            return None
        return self._taken_form(f"{series}-{number:06d}", PadKind.RECEIPT)

    def _notice_form(self, report: VisitReport) -> Form | None:
        """The same for the notice that was left."""
        number = str((report.captured.get("notice") or {}).get("number", ""))
        return self._taken_form(number, PadKind.NOTICE) if is_pad_series(number.partition("-")[0]) else None

    def _taken_form(self, name: str, kind: PadKind) -> Form:
        form = usable(self._forms.get(name), kind=kind, agent_id=self._known.agent_id, name=name)
        self._forms = {**self._forms, name: replace(form, state=FormState.USED)}
        return form

    def _receipt(self, content: bytes, signature: str, form: Form | None) -> ReceiptValue:
        try:
            raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        except (binascii.Error, ValueError):
            raise Refusal("receipt.signature_invalid", kind=Kind.MALFORMED) from None
        if form is not None:
            return self._transcribed(content, raw, form)
        judgement = judge_receipt(SignedReceipt(content, raw), self._series, verify_signature=self._verify)
        if judgement.verdict is not ReceiptVerdict.ACCEPTED or judgement.receipt is None or judgement.link is None:
            # A receipt that arrives again inside another envelope would pay twice.
            raise Refusal(judgement.code or "receipt.number_used", kind=Kind.CONFLICT)
        links = {**self._series.links, judgement.receipt.number: judgement.link}
        self._series = replace(self._series, links=links)
        return judgement.receipt

    def _transcribed(self, content: bytes, signature: bytes, form: Form) -> ReceiptValue:
        """A receipt that was written by hand: the key of whoever entered it vouches for the entry, not for the paper.

        Raises Refusal `receipt.signature_invalid`, `receipt.other_series`, `pad.check_wrong`, or `read_receipt`'s.
        """
        if not self._verify(self._series.public_point, content, signature):
            raise Refusal("receipt.signature_invalid", kind=Kind.CONFLICT)
        receipt = read_receipt(content)
        if receipt.device != self._series.device:
            raise Refusal("receipt.other_series", kind=Kind.CONFLICT, details={"number": receipt.name})
        if receipt.prev_digest != form.digest:
            raise Refusal("pad.check_wrong", kind=Kind.CONFLICT, details={"form": form.name})
        return receipt

    def _flags(self, report: VisitReport, payments: tuple[TakenPayment, ...], practice: PracticeKnown) -> list[str]:
        known = self._known
        flags = [refusal.code for refusal in check_report(report, now=report.left_at, placement=practice.placement)]
        if report.planned_day.isoformat() not in practice.assigned_on:
            flags.append("visit.reassigned")
        instants = [report.arrived_at, *(instant_of(t.receipt) for t in payments if t.receipt is not None)]
        if max(instants) > known.now + FAR_OFF:
            flags.append("clock.in_the_future")
        named = [t.receipt is not None and t.receipt.wording.kind is WordingKind.INSTALMENT for t in payments]
        if any(is_named and t.instalment_number is None for is_named, t in zip(named, payments, strict=True)):
            flags.append("payment.instalment_without_plan")
        if any(payment.payer is not None and not payment.payer.debtor_agrees for payment in report.payments):
            flags.append("payment.debtor_did_not_agree")
        if not practice.debtor_chooses and any(payment.chosen_line for payment in report.payments):
            flags.append("payment.choice_not_agreed")
        left_on = report.left_at.astimezone(known.ruleset.tz).date()
        for payment in report.payments:
            announced = payment_method(payment.method).announced
            odd = announced and odd_day(announced, str(payment.fields[announced.on]), today=left_on)
            if odd:
                flags.append(odd)
        paid = {share.debt_line_id for payment in report.payments for share in payment.allocation}
        if any(practice.barred_on[line_id] <= left_on for line_id in paid & practice.barred_on.keys()):
            flags.append("limitation.line_barred")
        return flags

    def _findings(
        self, report: VisitReport, payments: tuple[TakenPayment, ...], practice: PracticeKnown
    ) -> list[Finding]:
        """What the rules say of the visit and of each payment: the service judges last."""
        known = self._known
        stayed_s = max(0, int((report.left_at - report.arrived_at).total_seconds()))
        acts: list[VisitAct | Payment] = [VisitAct(report.arrived_at, stayed_s)]
        for taken in payments:
            paid, agreed = taken.payment, taken.instalment_number is not None
            acts.append(
                Payment(
                    report.left_at,
                    paid.method,
                    paid.amount_cents,
                    instalment=agreed,
                    payer=_payer_kind(paid),
                    cheque=self._cheque(paid, practice),
                    duty_cents=0 if taken.receipt is None else taken.receipt.duty_on_top_cents,
                )
            )
        address, findings = _place_of(report, practice), list[Finding]()
        for act in acts:
            told = self._facts[practice.id]
            if report.with_visit_id is not None:
                told = replace(told, contacts=without(told.contacts, report.arrived_at))
            facts = Facts(act=act, practice=told, address=address, agent=self._agent)
            findings += judge(facts, known.ruleset, known.now).findings
            if isinstance(act, Payment) and act.method == "cash":
                self._remember_cash(practice, act)
        self._remember_contact(practice, report)
        return findings

    def _cheque(self, paid: ReportedPayment, practice: PracticeKnown) -> Cheque | None:
        """What the cheque says, held against the names that the books know."""
        if paid.method != "cheque":
            return None
        issuer, payee = self._known.issuer, same_name(str(paid.fields.get("payee", "")))
        kind = Payee.OTHER
        if payee == same_name(issuer.agent_name):
            kind = Payee.AGENT
        elif payee in {same_name(practice.cheque_payee), same_name(practice.creditor_name)}:
            kind = Payee.CREDITOR
        elif payee in {same_name(name) for name in issuer.agency_names}:
            kind = Payee.AGENCY
        return Cheque(kind, non_transferable=paid.fields.get("non_transferable") is True)

    def _needless(self, report: VisitReport, practice: PracticeKnown) -> tuple[UUID, ...]:
        """The calls and messages planned for today that a visit which reached the debtor makes needless."""
        needless = calls_to_cancel((planned.contact for planned in practice.planned), visit=report.contact())
        return tuple(planned.task_id for planned in practice.planned if planned.contact in needless)

    def _remember_cash(self, practice: PracticeKnown, act: Payment) -> None:
        taken = CashReceived(local_day(act.at), act.handed_over_cents, act.instalment)
        for other in self._of_one_debtor(practice):
            if other.creditor_id == practice.creditor_id:
                facts = self._facts[other.id]
                self._facts[other.id] = replace(facts, cash_received=(*facts.cash_received, taken))
        self._agent = replace(self._agent, cash_held_cents=self._agent.cash_held_cents + act.handed_over_cents)

    def _remember_contact(self, practice: PracticeKnown, report: VisitReport) -> None:
        """The next visit of the batch to the same person counts this one, under whichever practice it is made."""
        contact, code = report.contact(), report.outcome.code
        for other in self._of_one_debtor(practice):
            facts = self._facts[other.id]
            own = other.id == practice.id
            before = [one for one in facts.contacts if one.made_at == contact.made_at and one.channel is Channel.VISIT]
            # One visit reported for several practices is one contact: the practice's own word, else the one that met.
            if own or not before or contact.reached:
                facts = replace(facts, contacts=(*without(facts.contacts, report.arrived_at), contact))
            if own or code in OF_THE_PERSON:
                happened = dict(facts.happened) | {code: contact.on}
                facts = replace(facts, happened=tuple(sorted(happened.items())))
            self._facts[other.id] = facts

    def _of_one_debtor(self, practice: PracticeKnown) -> list[PracticeKnown]:
        """The practice, and those of the batch whose debtor is the same."""
        group = practice.debtor_group
        others = self._known.practices.values()
        return [one for one in others if one.id == practice.id or (group is not None and one.debtor_group == group)]

    def _call(self, decision: Decision, envelope: Envelope) -> Decision:
        reader = Reader(envelope.body, area="contact")
        reader.choice("channel", _Calls)
        call = Call(
            contact_id=UUID(reader.text("contact_id", longest=36)),
            practice_id=UUID(reader.text("practice_id", longest=36)),
            phone_id=reader.maybe("phone_id", lambda name: UUID(reader.text(name, longest=36))),
            at=reader.instant("at"),
        )
        reader.close()
        self._practice(call.practice_id)
        return replace(decision, call=call)

    def _check_in(self, decision: Decision, envelope: Envelope) -> Decision:
        reader = Reader(envelope.body, area="check_in")
        check_in = CheckIn(
            visit_id=UUID(reader.text("visit_id", longest=36)),
            practice_id=UUID(reader.text("practice_id", longest=36)),
            stop_id=reader.maybe("stop_id", lambda name: UUID(reader.text(name, longest=36))),
            arrived_at=reader.instant("arrived_at"),
            unplanned=read_unplanned(reader),
        )
        # The position travels with the report; here it is only told that there is one, or why not.
        reader.plain("position")
        reader.plain("position_refused_reason")
        reader.close()
        self._practice(check_in.practice_id)
        return replace(decision, check_in=check_in)


def _place_of(report: VisitReport, practice: PracticeKnown) -> AddressFacts:
    """What the rules know of the place: elsewhere nobody asks whether the address is right, and a workplace is one that
    the debtor did not name. Comune and province are those of the address, the nearest that is known."""
    address = practice.addresses[report.address_id]
    if not report.elsewhere:
        return address
    at_work = report.unplanned is OutsideThePlan.WORKPLACE
    return AddressFacts(
        kind=AddressKind.WORKPLACE if at_work else AddressKind.OTHER,
        state=AddressState.CONFIRMED,
        comune=address.comune,
        province=address.province,
    )


def _legible(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details that can be stored and shown: a refusal may name a field by what somebody sent."""
    return {name: readable(value) if isinstance(value, str) else value for name, value in details.items()}


class _Calls(StrEnum):
    CALL = "call"


def _again(item: Arrived, before: Earlier) -> Decision:
    if before.digest != item.digest:
        return Decision(item, Verdict.CONFLICT, "sync.same_id_other_content")
    verdict = Verdict.DUPLICATE if before.verdict is Verdict.ACCEPTED else before.verdict
    return Decision(item, verdict, before.code, before.details, before.flags, first_received_at=before.received_at)


_AGREEMENT_OF = {"PLAN_SIGNED": "repayment_plan", "SETTLEMENT_PROPOSED": "settlement"}
"""The outcomes that come with an agreement, and its kind."""
_PAID_AT_ONCE = {"SETTLEMENT_PAID": "settlement"}
"""The outcomes that may bring one: approved while the agent stood there, and paid in the same visit."""


def proven_agreement(
    sent: SignedPaper,
    *,
    kind: str,
    device_id: UUID,
    practice: PracticeKnown,
    public_point: bytes,
    verify_signature: VerifySignature,
) -> TakenAgreement:
    """What a phone says was agreed or is proposed, with nothing taken on trust; by itself it is not signed.

    Raises Refusal `agreement.signature_invalid`, `.differs_from_report`, `sync.digest_differs`, or what
    `read_agreement` refuses.
    """
    content = _as_signed(sent.value)
    if sha256(content) != sent.digest:
        raise Refusal("sync.digest_differs", kind=Kind.MALFORMED)
    if not verify_signature(public_point, content, _raw_signature(sent)):
        raise Refusal("agreement.signature_invalid", kind=Kind.FORBIDDEN)
    paper = read_agreement(content, kind=kind)
    if (paper.device, paper.practice) != (str(device_id), practice.practice_number):
        raise Refusal("agreement.differs_from_report", kind=Kind.CONFLICT)
    return TakenAgreement(paper, content, sent.digest, sent.signature, False, _beyond_terms(paper, practice))


def _as_signed(value: Mapping[str, Any]) -> bytes:
    """The bytes that a phone signed. Raises Refusal `paper.malformed` where no phone can have spelled them."""
    try:
        return canonical_json(value)
    except (TypeError, ValueError, RecursionError):
        raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "json"}) from None


def _raw_signature(sent: SignedPaper) -> bytes:
    try:
        return base64.urlsafe_b64decode(sent.signature + "=" * (-len(sent.signature) % 4))
    except (binascii.Error, ValueError):
        raise Refusal("agreement.signature_invalid", kind=Kind.MALFORMED) from None


def _plan_of(paper: AgreementPaper) -> PlanKnown:
    assert isinstance(paper, PlanPaper)
    return PlanKnown(tuple((item.number, item.due_on, item.cents) for item in paper.schedule()), 0)


def instant_of(receipt: ReceiptValue) -> datetime:
    """When the receipt says that it was issued."""
    return datetime.fromisoformat(receipt.issued_at.replace("Z", "+00:00"))


def _is_signed_plan(agreement: TakenAgreement | None) -> bool:
    return agreement is not None and agreement.signed and isinstance(agreement.paper, PlanPaper)


def _beyond_terms(paper: AgreementPaper, practice: PracticeKnown) -> tuple[str, ...]:
    """It was agreed at a door, so it stands; the office is told."""
    terms, signed_on = practice.terms, paper.signed_on
    if isinstance(paper, PlanPaper):
        found = [refusal.code for refusal in outside(paper.plan(), terms)]
        ours = (terms.broken_after_days, terms.broken_after_instalments)
        if (paper.broken_after_days, paper.broken_after_instalments) != ours:
            found.append("repayment.rule_differs")
    else:
        pay_by = date.fromisoformat(paper.pay_by)
        beyond = settlement_outside(
            offer_cents=paper.offer_cents, debt_cents=paper.debt_cents, pay_by=pay_by, signed_on=signed_on, terms=terms
        )
        found = [refusal.code for refusal in beyond]
    if practice.owed_cents is not None and paper.debt_cents > practice.owed_cents:
        found.append("repayment.more_than_owed")
    return tuple(found)


def _agreement_flags(report: VisitReport, agreement: TakenAgreement | None) -> tuple[str, ...]:
    if agreement is None:
        return ("agreement.missing",) if report.outcome.code in _AGREEMENT_OF else ()
    given = report.signature
    other_text = given is not None and not given.refused and not agreement.signed
    return (*agreement.flags, *(("agreement.signed_other_text",) if other_text else ()))


def _paper_flags(
    decision: Decision, report: VisitReport, payments: tuple[TakenPayment, ...], notice_form: Form | None
) -> list[str]:
    assert decision.envelope is not None
    forms = [form for form in (*(taken.form for taken in payments), notice_form) if form is not None]
    pictured = any(item.purpose in (Purpose.PAPER_FORM, Purpose.NOTICE) for item in report.attachments)
    entered_at = decision.envelope.recorded_at
    return paper_flags(forms, written_at=report.left_at, entered_at=entered_at, pictured=pictured)


def _named_as_known(who: str, receipt: ReceiptValue, issuer: Issuer, practice: PracticeKnown) -> bool:
    match who:
        case "agency":
            named = same_name(receipt.agency.name) in {same_name(name) for name in issuer.agency_names}
            return named and receipt.agency.vat == issuer.vat_number
        case "agent":
            return receipt.agent.number == issuer.agent_number
        case "creditor":
            return same_name(receipt.creditor.name) == same_name(practice.creditor_name)
        case _:
            return same_name(receipt.debtor) in {same_name(name) for name in practice.debtor_names}


def _payer_kind(paid: ReportedPayment) -> PayerKind:
    if paid.payer is None:
        return PayerKind.DEBTOR
    unseen = paid.payer.document is PayerDocument.NONE
    return PayerKind.OTHER_UNIDENTIFIED if unseen else PayerKind.OTHER_IDENTIFIED


def _agree(receipt: ReceiptValue, payment: ReportedPayment, practice: PracticeKnown) -> None:
    """The receipt says the same as the report. Raises Refusal `receipt.differs_from_report` (details: at)."""
    pairs = {
        "amount_cents": (receipt.amount_cents, payment.amount_cents),
        "method": (receipt.method.code, payment.method),
        "practice": (receipt.practice, practice.practice_number),
        "stamp_duty": (receipt.stamp_duty.due_cents, payment.stamp_duty.cents),
        "payer": (receipt.payer, payment.payer and payment.payer.payer),
    }
    for at, (printed, reported) in pairs.items():
        if printed != reported:
            raise Refusal("receipt.differs_from_report", kind=Kind.CONFLICT, details={"at": at})
