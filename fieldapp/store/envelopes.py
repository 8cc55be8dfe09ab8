"""What a batch of envelopes touches, loaded before it is judged; what was accepted, written after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import func, or_
from sqlalchemy.orm import aliased, join
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.allocation import AllocationOrder, LegalRank, order_named, ranked
from fieldapp.domain.captured import PlacementDays
from fieldapp.domain.cash import PurseCount
from fieldapp.domain.conduct import Ruleset
from fieldapp.domain.danger import Danger
from fieldapp.domain.ids import Sha256
from fieldapp.domain.ledger import AccountKey, AccountKind, LineShare, payment_entry
from fieldapp.domain.pads import Form
from fieldapp.domain.payments import payment_method
from fieldapp.domain.reading import LARGEST, instant_text
from fieldapp.domain.receipt_series import Link, NumberBlock, Series
from fieldapp.domain.receipts import EXEMPTIONS, ChargedTo
from fieldapp.domain.refused_money import read_refused
from fieldapp.domain.review import DRAWN_BY_DEFAULT, Why, is_drawn, why_reviewed
from fieldapp.domain.sync import (
    NOTED,
    Decision,
    Earlier,
    Issuer,
    Known,
    PhoneClock,
    PlannedContact,
    PracticeKnown,
    QuestionKnown,
    TakenPayment,
    Touched,
    Verdict,
    instant_of,
)
from fieldapp.domain.taken_money import PlanKnown
from fieldapp.domain.told import DayClosed, DayOrder, MessageRead, PaperRequest, Told, VisitAnswer
from fieldapp.domain.visit_report import DebtorMet, ThirdPartyMet, VisitReport
from fieldapp.store import agreements, contacts, corrections, ledger, limitation, messages, pads, reviews
from fieldapp.store import practice_facts as facts_store
from fieldapp.store.batches import write_rows
from fieldapp.store.database import agency_of
from fieldapp.store.feed import NewFact
from fieldapp.store.gathering import gathered, listed
from fieldapp.store.practices import hold
from fieldapp.store.tables.access import Agency, Device, Person
from fieldapp.store.tables.access import NumberBlock as NumberBlockRow
from fieldapp.store.tables.agreements import CreditorTerms, Instalment, RepaymentPlan, Settlement
from fieldapp.store.tables.field import (
    Attachment,
    Envelope,
    PadForm,
    PaperToSend,
    Payment,
    Promise,
    Receipt,
    SignatureGiven,
    Visit,
)
from fieldapp.store.tables.ledger import PurseCount as PurseCountRow
from fieldapp.store.tables.messages import MessageCopy
from fieldapp.store.tables.office import Setting, Task
from fieldapp.store.tables.planning import PublishedDay, PublishedStop
from fieldapp.store.tables.practice import (
    Address,
    ContactAttempt,
    CreditDocument,
    Creditor,
    Obligor,
    Placement,
    Practice,
    PracticeFlag,
)
from fieldapp.store.tables.review import VisitAnswer as VisitAnswerRow
from fieldapp.store.tables.review import VisitQuestion, VisitReview
from fieldapp.store.tasks import ALARM

NewId = Callable[[], UUID]
_Version = aliased(PublishedDay)


@dataclass(frozen=True, slots=True)
class Sender:
    """The phone that pushes, locked until the transaction ends so that its pushes follow each other."""

    device: Device
    person: Person
    entered_by: UUID | None = None
    """Who typed it, where somebody at the desk entered what this person wrote on paper."""


async def sender(session: AsyncSession, device_id: UUID) -> Sender:
    query = (
        select(Device, Person)
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(Device.id == device_id)
        .with_for_update(of=Device)
    )
    return Sender(*(await session.exec(query)).one())


async def load(
    session: AsyncSession,
    sent_by: Sender,
    touched: Touched,
    *,
    ruleset: Ruleset,
    now: datetime,
    today: date,
    clock: PhoneClock,
    pad_key: bytes,
) -> Known:
    """The state that a batch touches, in two queries whatever its size, and one more each where money, paper pads or
    messages are in it, two where questions are, four where corrections are.

    Not in the one that locks: it would see what stood before it waited for the phone's push before, or for the other
    phone that takes money of the same practice.
    """
    if touched.receipt_numbers or touched.corrected:
        await hold(session, touched.practices)
    own = await _own(session, sent_by, touched)
    practices, visits = await practices_known(
        session, touched.practices, agent_id=sent_by.person.id, ruleset=ruleset, today=today
    )
    return Known(
        device_id=sent_by.device.id,
        agent_id=sent_by.person.id,
        agent=facts_store.agent_of(own),
        envelopes={
            UUID(id_): Earlier(digest, Verdict(verdict), code, details, tuple(flags), datetime.fromisoformat(at))
            for id_, digest, verdict, code, details, flags, at in own.envelopes
        },
        visits=visits,
        practices=practices,
        series=Series(
            name=sent_by.device.series,
            device=str(sent_by.device.id),
            public_point=sent_by.device.public_key,
            blocks=tuple(NumberBlock(first, last) for first, last in own.blocks),
            links={number: Link(Sha256(digest), Sha256(previous)) for number, digest, previous in own.links},
        ),
        ruleset=ruleset,
        now=now,
        clock=clock,
        issuer=Issuer(
            (own.agency_name, own.legal_name), own.vat_number, sent_by.person.name, sent_by.person.agent_number or ""
        ),
        forms=await pads.forms(session, touched.forms, key=pad_key) if touched.forms else {},
        messages=await messages.known(session, touched.messages, agent_id=sent_by.person.id)
        if touched.messages
        else {},
        questions=await reviews.known(session, touched.questions, agent_id=sent_by.person.id)
        if touched.questions
        else {},
        reports=await corrections.known(session, touched.corrected, agent_id=sent_by.person.id)
        if touched.corrected
        else {},
        review_percent=own.drawn["percent"] if own.drawn else DRAWN_BY_DEFAULT,
    )


async def _own(session: AsyncSession, sent_by: Sender, touched: Touched) -> Any:
    """What concerns the phone and its agent, and those of the envelopes that came before.

    Of the receipts only those that the batch's can meet: a phone that has written thousands of them pushes no slower
    than a new one.
    """
    device = sent_by.device
    mine = col(NumberBlockRow.device_id) == device.id, col(NumberBlockRow.kind) == "receipt"
    blocks = listed(NumberBlockRow.first, NumberBlockRow.last, where=mine)
    earlier = listed(
        Envelope.id,
        Envelope.digest,
        Envelope.verdict,
        Envelope.code,
        Envelope.details,
        Envelope.flags,
        Envelope.received_at,
        where=(col(Envelope.id).in_(touched.envelopes),),
    )
    near = {number + step for number in touched.receipt_numbers for step in (-1, 0, 1)}
    firsts, lasts = (
        sqlalchemy.select(end).where(*mine) for end in (col(NumberBlockRow.first), col(NumberBlockRow.last))
    )
    named = touched.receipts_named
    meets = or_(
        col(Receipt.number).in_(near),
        col(Receipt.number).in_(firsts.union(lasts)),
        col(Receipt.digest).in_(named),
        col(Receipt.previous_digest).in_(named),
    )
    # What was written on a paper pad and entered here has a series of its own.
    own_series = col(Receipt.device_id) == device.id, col(Receipt.series) == device.series
    links = listed(Receipt.number, Receipt.digest, Receipt.previous_digest, where=(*own_series, meets))
    query = (
        sqlalchemy.select(
            *facts_store.AGENT,
            blocks.label("blocks"),
            earlier.label("envelopes"),
            links.label("links"),
            col(Agency.name).label("agency_name"),
            col(Agency.legal_name),
            col(Agency.vat_number),
            sqlalchemy.select(col(Setting.value))
            .where(col(Setting.agency_id) == col(Agency.id), col(Setting.name) == reviews.SHARE)
            .correlate(Agency)
            .scalar_subquery()
            .label("drawn"),
        )
        .join(Agency, col(Agency.id) == col(Person.agency_id))
        .where(col(Person.id) == sent_by.person.id)
    )
    return (await session.execute(query)).one()


async def practices_known(
    session: AsyncSession, ids: Iterable[UUID], *, agent_id: UUID, ruleset: Ruleset, today: date
) -> tuple[dict[UUID, PracticeKnown], frozenset[UUID]]:
    """The practices with everything that a report about them is judged by, and the visits reported before."""
    newest = (
        select(func.max(_Version.version))
        .where(_Version.day == PublishedDay.day)
        .correlate(PublishedDay)
        .scalar_subquery()
    )
    assigned = listed(
        PublishedStop.day,
        col(PublishedDay.version) == newest,
        source=join(PublishedStop, PublishedDay, col(PublishedDay.id) == col(PublishedStop.published_day_id)),
        where=(col(PublishedStop.practice_id) == col(Practice.id), col(PublishedStop.agent_id) == agent_id),
        of=Practice,
    ).label("assigned")
    granted = listed(
        *(getattr(CreditorTerms, name) for name in agreements.TERMS),
        where=(col(CreditorTerms.creditor_id) == col(Practice.creditor_id), col(CreditorTerms.valid_from) <= today),
        of=Practice,
    ).label("granted")
    plans = gathered(RepaymentPlan, RepaymentPlan.id, RepaymentPlan.state, RepaymentPlan.total_cents)
    instalments = listed(
        Instalment.plan_id,
        Instalment.number,
        Instalment.due_on,
        Instalment.cents,
        where=(col(Instalment.practice_id) == col(Practice.id),),
        of=Practice,
    ).label("instalments")
    settlements = gathered(Settlement, Settlement.id, Settlement.state, Settlement.visit_id, Settlement.digest)
    waiting = gathered(
        Task, Task.id, Task.due_on, Task.details, where=(Task.kind == contacts.PLANNED, Task.state == "open")
    )
    addresses = gathered(Address, Address.id, Address.kind, Address.state, Address.comune, Address.province)
    query = (
        sqlalchemy.select(
            *facts_store.FACTS,
            col(Practice.practice_number),
            col(Practice.debtor_group),
            col(Creditor.name).label("creditor_name"),
            col(Creditor.cheque_payee),
            col(Creditor.allocation_order),
            col(Creditor.debtor_chooses),
            col(Creditor.stamp_duty_charged_to),
            col(Creditor.stamp_duty_reason),
            listed(Obligor.name, where=(col(Obligor.practice_id) == col(Practice.id),), of=Practice).label("named"),
            addresses,
            assigned,
            granted,
            plans,
            instalments,
            settlements,
            waiting,
        )
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .where(col(Practice.id).in_(ids))
    )
    rows = (await session.execute(query)).all()
    known = {
        row.id: PracticeKnown(
            id=row.id,
            creditor_id=row.creditor_id,
            practice_number=row.practice_number,
            placement=PlacementDays(row.starts_on, row.ends_on),
            facts=facts_store.facts_of(row, ruleset=ruleset, today=today),
            addresses={
                UUID(id_): facts_store.address_of(kind, state, comune, province)
                for id_, kind, state, comune, province in row.address
            },
            debt_lines=frozenset(UUID(id_) for id_, *_ in row.debt_line),
            barred_on={
                line_id: clock.barred_on
                for line_id, clock in limitation.clocks_of(row, ruleset=ruleset, today=today).items()
            },
            ever_assigned=bool(row.assigned),
            assigned_on=frozenset(day for day, in_force in row.assigned if in_force),
            owed_cents=sum(limitation.owed_by_line(row).values()),
            creditor_name=row.creditor_name,
            cheque_payee=row.cheque_payee,
            lines=limitation.lines_of(row),
            order=_order(row, ruleset=ruleset, today=today),
            debtor_chooses=row.debtor_chooses,
            stamp_charged_to=ChargedTo(row.stamp_duty_charged_to),
            stamp_exemption=row.stamp_duty_reason if row.stamp_duty_reason in EXEMPTIONS else "",
            plan=_running_plan(row),
            debtor_names=frozenset(name for (name,) in row.named),
            debtor_group=row.debtor_group,
            terms=agreements.terms_from(row.granted),
            agreements=frozenset(
                UUID(id_)
                for id_ in (
                    *(id_ for id_, *_ in row.repayment_plan),
                    *(id_ for id_, _, visit_id, _ in row.settlement if visit_id is not None),
                )
            ),
            asked={UUID(id_): digest for id_, _, visit_id, digest in row.settlement if visit_id is None},
            settlement_open=any(state in agreements.WATCHED_SETTLEMENTS for _, state, *_ in row.settlement),
            planned=tuple(
                PlannedContact(UUID(id_), contacts.as_contact(date.fromisoformat(on), details))
                for id_, on, details in row.task
            ),
        )
        for row in rows
    }
    return known, frozenset(UUID(id_) for row in rows for id_, *_ in row.visit)


def _order(row: Any, *, ruleset: Ruleset, today: date) -> AllocationOrder:
    clocks = limitation.clocks_of(row, ruleset=ruleset, today=today)
    debts = [
        (id_, LegalRank(date.fromisoformat(due_on), barred=clocks[UUID(id_)].barred(today)))
        for id_, due_on, *_ in sorted(row.debt_line, key=lambda line: line[4])
    ]
    return ranked(order_named(row.allocation_order), debts, today=today)


def _running_plan(row: Any) -> PlanKnown | None:
    """The plan that runs, with what was paid on it by now: all that its whole sum exceeds what is owed."""
    running = [(id_, total) for id_, state, total in row.repayment_plan if state in agreements.RUNNING_STATES]
    if not running:
        return None
    plan_id, total_cents = running[-1]
    items = sorted((n, date.fromisoformat(on), cents) for of, n, on, cents in row.instalments if of == plan_id)
    return PlanKnown(tuple(items), max(0, total_cents - sum(limitation.owed_by_line(row).values())))


# --- writing ---


async def write(
    session: AsyncSession,
    decisions: Sequence[Decision],
    sent_by: Sender,
    *,
    creditors: dict[UUID, UUID],
    now: datetime,
    today: date,
    new_id: NewId,
    review_percent: int,
) -> list[NewFact]:
    """Write accepted and refused envelopes with everything that follows from them, in one statement.

    `creditors` maps practice to creditor. Returns the facts to tell once the batch stands.
    """
    writing = _Writing(
        sent_by, agency_of(session), creditors, now=now, today=today, new_id=new_id, review_percent=review_percent
    )
    for decision in decisions:
        writing.take(decision)
    entry_ids, entries = await ledger.entry_rows(session, writing.entries, now=now, new_id=new_id)
    for payment in writing.rows.get(Payment, ()):
        payment["entry_id"] = entry_ids[payment.pop("entry_key")]
    device = sent_by.device
    own = [row for row in writing.rows.get(Receipt, ()) if row["series"] == device.series]
    newest = max(own, key=lambda row: row["number"], default=None)
    changes: dict[type[SQLModel], dict[UUID, dict[str, Any]]] = {
        Address: writing.address_states,
        Practice: writing.next_actions,
        Task: writing.needless,
        MessageCopy: writing.readings,
        VisitQuestion: writing.answered,
        Device: {
            device.id: {
                "last_seq": max([device.last_seq, *(_seq(d) for d in decisions)]),
                "chain_head": newest["digest"] if newest else device.chain_head,
            }
        },
    }
    # What is told once (a comune without a patron saint) is told by whoever comes first.
    await write_rows(session, writing.rows | entries, once={Task: "task_once"}, updates=changes)
    if writing.located:
        await write_rows(session, {}, updates={Task: writing.located})
    if writing.answered_visits:
        await reviews.answered(session, writing.answered_visits)
    return writing.facts


class _Writing:
    """Turns decisions into rows, entries and facts."""

    def __init__(
        self,
        sent_by: Sender,
        agency_id: UUID,
        creditors: dict[UUID, UUID],
        *,
        now: datetime,
        today: date,
        new_id: NewId,
        review_percent: int,
    ) -> None:
        self.rows: dict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
        self.entries: list[Any] = []
        self.facts: list[NewFact] = []
        self.address_states: dict[UUID, dict[str, Any]] = {}
        self.next_actions: dict[UUID, dict[str, Any]] = {}
        self.needless: dict[UUID, dict[str, Any]] = {}
        self.located: dict[UUID, dict[str, Any]] = {}
        self.readings: dict[UUID, dict[str, Any]] = {}
        self.answered: dict[UUID, dict[str, Any]] = {}
        self.answered_visits: set[UUID] = set()
        self._sent_by = sent_by
        self._agency_id = agency_id
        self._creditors = creditors
        self._now = now
        self._today = today
        self._new_id = new_id
        self._review_percent = review_percent

    def take(self, decision: Decision) -> None:
        self._envelope(decision)
        if decision.verdict is Verdict.REFUSED:
            task_id = self._new_id()
            self._task(
                "envelope.refused",
                subject=("envelope", str(decision.arrived.id)),
                details={"code": decision.code or "", **decision.details, **_money_in(decision.arrived.content)},
                task_id=task_id,
            )
            self._tell("task.opened", self._now, None, {"task_id": str(task_id), "kind": "envelope.refused"})
        elif decision.report is not None:
            self._visit(decision, decision.report)
        elif decision.call is not None:
            call = decision.call
            self._contact(call.contact_id, call.practice_id, at=call.at, channel="call", outcome="CALLED")
            self._tell("contact.made", call.at, call.practice_id, {"channel": "call"})
        elif decision.check_in is not None:
            arrival = decision.check_in
            self._tell(
                "visit.arrived",
                arrival.arrived_at,
                arrival.practice_id,
                {
                    "visit_id": str(arrival.visit_id),
                    "stop_id": str(arrival.stop_id) if arrival.stop_id else None,
                    "unplanned": arrival.unplanned.value if arrival.unplanned else None,
                    "agent": self._sent_by.person.name,
                },
            )
        elif decision.told is not None:
            self._told(decision.told, decision)

    def _told(self, told: Told, decision: Decision) -> None:
        match told:
            case PurseCount():
                self._count(told, decision.arrived.id)
            case PaperRequest():
                self._paper_request(told)
            case DayOrder():
                body = {"version": told.version, "stops": [str(stop) for stop in told.stops]}
                self._tell("day.reordered", told.at, None, body, day=told.day)
            case DayClosed():
                body = {
                    "done": told.done,
                    "left": [str(stop) for stop in told.left],
                    "unsent": told.unsent,
                    "held": [{"method": h.method, "count": h.count, "cents": h.cents} for h in told.held],
                    "agent": self._sent_by.person.name,
                }
                self._tell("day.closed", told.at, None, body, day=told.day)
            case Danger():
                self._danger(told)
            case MessageRead() if decision.message is not None:
                self.readings[decision.message.copy_id] = {"read_at": told.at}
                body = {"message_id": str(told.message_id), "agent": self._sent_by.person.name}
                self._tell("message.read", told.at, None, body, day=decision.message.day)
            case VisitAnswer() if decision.question is not None:
                self._answer(told, decision.question, decision)

    def _answer(self, told: VisitAnswer, question: QuestionKnown, decision: Decision) -> None:
        """What the agent answered, beside the report; the words stand in the answer alone."""
        answer_id = self._new_id()
        agent = self._sent_by.person.name
        self._add(
            VisitAnswerRow,
            id=answer_id,
            question_id=question.id,
            visit_id=question.visit_id,
            envelope_id=decision.arrived.id,
            answered_at=told.at,
            received_at=self._now,
            text=told.text,
            changes=[change.to_json() for change in decision.changes],
            flags=list(decision.flags),
        )
        self.answered[question.id] = {"answered_at": self._now}
        self.answered_visits.add(question.visit_id)
        corrected = bool(decision.changes)
        said = {"question_id": str(question.id), "visit_id": str(question.visit_id), "agent": agent}
        self._task(
            "visit.answered",
            subject=("visit_answer", str(answer_id)),
            practice_id=question.practice_id,
            details={"visit_id": str(question.visit_id), "agent": agent, "about": question.reason},
            owner_id=question.asked_by,
        )
        self._tell("visit.answered", told.at, question.practice_id, {**said, "corrected": corrected})
        if corrected:
            fields = [change.field for change in decision.changes]
            body = {"visit_id": str(question.visit_id), "correction_id": str(answer_id), "fields": fields}
            self._tell("visit.corrected", told.at, question.practice_id, {**body, "agent": agent})

    def _danger(self, danger: Danger) -> None:
        """The position stands in the task alone, which a person closes: facts are read by other systems too."""
        task_id = danger.task_id(self._sent_by.device.id)
        position = danger.position
        details = {
            "agent": self._sent_by.person.name,
            "agent_id": str(self._sent_by.person.id),
            "at": instant_text(danger.at),
            "visit_id": str(danger.visit_id) if danger.visit_id else None,
            "stop_id": str(danger.stop_id) if danger.stop_id else None,
            "lat_e6": position.lat_e6 if position else None,
            "lon_e6": position.lon_e6 if position else None,
            "accuracy_m": position.accuracy_m if position else None,
        }
        if position is None:
            subject = ("danger", str(danger.danger_id))
            self._task(ALARM, subject=subject, practice_id=danger.practice_id, details=details, task_id=task_id)
        else:
            # Told in one batch with the alarm, it is part of the row; told later, it changes it.
            fresh = next((row for row in self.rows[Task] if row["id"] == task_id), None)
            if fresh is None:
                self.located[task_id] = {"details": details}
            else:
                fresh["details"] = details
        said = {"agent": details["agent"], "visit_id": details["visit_id"], "stop_id": details["stop_id"]}
        located = position is not None
        self._tell("agent.in_danger", danger.at, danger.practice_id, {**said, "located": located})

    def _paper_request(self, told: PaperRequest) -> None:
        """The address stands in the request alone: facts and tasks are read by more people than need it."""
        self._add(
            PaperToSend,
            id=told.request_id,
            practice_id=told.practice_id,
            visit_id=told.visit_id,
            asked_by=self._sent_by.person.id,
            paper=told.paper.value,
            name=told.name,
            channel=told.channel.value,
            address=told.address.strip(),
            consented_at=told.at,
        )
        said = {"paper": told.paper.value, "name": told.name, "send_by": told.channel.value}
        self._task(
            "paper.send", subject=("paper", str(told.request_id)), practice_id=told.practice_id, details=dict(said)
        )
        self._tell("paper.requested", told.at, told.practice_id, {**said, "visit_id": str(told.visit_id)})

    def _count(self, count: PurseCount, envelope_id: UUID) -> None:
        self._add(
            PurseCountRow,
            id=count.id,
            agent_id=self._sent_by.person.id,
            envelope_id=envelope_id,
            counted_at=count.counted_at,
            expected_cents=count.expected_cents,
            counted_cents=count.counted_cents,
            pieces={str(value): number for value, number in count.pieces.items() if number},
            reason=count.reason.strip(),
        )
        said = {"counted_cents": count.counted_cents, "difference_cents": count.difference_cents}
        self._tell("cash.counted", count.counted_at, None, {"agent": self._sent_by.person.name, **said})

    def _envelope(self, decision: Decision) -> None:
        arrived, read = decision.arrived, decision.envelope
        self._add(
            Envelope,
            id=arrived.id,
            device_id=self._sent_by.device.id,
            seq=_seq(decision),
            kind=read.kind.value if read else "unread",
            digest=arrived.digest,
            content=arrived.content,
            recorded_at=read.recorded_at if read else self._now,
            received_at=self._now,
            clock_offset_ms=read.clock_offset_ms if read else 0,
            verdict=decision.verdict.value,
            code=decision.code,
            details=dict(decision.details),
            flags=list(decision.flags),
        )

    def _visit(self, decision: Decision, report: VisitReport) -> None:
        assert decision.envelope is not None
        met = report.meeting
        position, left = report.position, report.left_position
        self._add(
            Visit,
            id=report.visit_id,
            practice_id=report.practice_id,
            address_id=report.address_id,
            agent_id=self._sent_by.person.id,
            device_id=self._sent_by.device.id,
            envelope_id=decision.arrived.id,
            stop_id=report.stop_id,
            day=report.planned_day,
            arrived_at=report.arrived_at,
            left_at=report.left_at,
            lat_e6=position.lat_e6 if position else None,
            lon_e6=position.lon_e6 if position else None,
            accuracy_m=position.accuracy_m if position else None,
            left_lat_e6=left.lat_e6 if left else None,
            left_lon_e6=left.lon_e6 if left else None,
            left_accuracy_m=left.accuracy_m if left else None,
            met=report.met.value,
            identified_by=met.identified_by.value if isinstance(met, DebtorMet) else None,
            role_met=met.role.value if isinstance(met, ThirdPartyMet) else None,
            identified_self=report.identified_self,
            observations=[seen.value for seen in report.observations],
            outcome=report.outcome.code,
            captured=dict(report.captured),
            statement=met.statement if isinstance(met, DebtorMet) else None,
            next_action=report.next_action,
            offline=report.offline,
            clock_offset_ms=decision.envelope.clock_offset_ms,
            flags=[*decision.flags, *decision.quiet_flags],
            with_visit_id=report.with_visit_id,
            unplanned=report.unplanned.value if report.unplanned else None,
        )
        self._contact(
            self._new_id(),
            report.practice_id,
            at=report.arrived_at,
            channel="visit",
            outcome=report.outcome.code,
            reached=report.contact().reached,
        )
        self._tell(
            "visit.reported",
            report.arrived_at,
            report.practice_id,
            {
                "visit_id": str(report.visit_id),
                "stop_id": str(report.stop_id) if report.stop_id else None,
                "unplanned": report.unplanned.value if report.unplanned else None,
                "outcome": report.outcome.code,
                "met": report.met.value,
                "agent": self._sent_by.person.name,
                "flags": list(decision.flags),
            },
            day=report.planned_day,
        )
        self._attachments(report)
        self._follow(report, decision)
        for payment in decision.payments:
            self._payment(payment, report)
        if decision.notice_form is not None:
            self._form(decision.notice_form, report.visit_id, receipt_id=None)

    def _attachments(self, report: VisitReport) -> None:
        for number, picture in enumerate(report.attachments, start=1):
            document_id = self._new_id()
            self._add(
                CreditDocument,
                id=document_id,
                practice_id=report.practice_id,
                visit_id=report.visit_id,
                name=f"{picture.purpose.value}-{number}",
                kind=picture.purpose.value,
                media_type=picture.media_type,
                size_bytes=picture.size_bytes,
                sha256=picture.sha256,
                small_sha256=picture.small_sha256,
                added_at=self._now,
            )
            variants = [("original", picture.sha256)]
            if picture.small_sha256 and picture.small_sha256 != picture.sha256:
                variants.insert(0, ("small", picture.small_sha256))
            for variant, digest in variants:
                self._add(
                    Attachment,
                    id=self._new_id(),
                    visit_id=report.visit_id,
                    practice_id=report.practice_id,
                    document_id=document_id,
                    sha256=digest,
                    variant=variant,
                    purpose=picture.purpose.value,
                    media_type=picture.media_type,
                    size_bytes=picture.size_bytes,
                    stored=False,
                )
        if report.signature is not None:
            given = report.signature
            self._add(
                SignatureGiven,
                id=self._new_id(),
                visit_id=report.visit_id,
                signer=given.signer.value,
                refused=given.refused,
                text=given.text,
                text_digest=given.text_digest,
                image_sha256=given.image_sha256,
            )

    def _follow(self, report: VisitReport, decision: Decision) -> None:
        """What the outcome means for practice, address and office."""
        entry = report.outcome
        if entry.sets_state is not None:
            self._add(
                PracticeFlag,
                id=self._new_id(),
                practice_id=report.practice_id,
                kind=entry.sets_state,
                since=report.arrived_at,
                until=None,
                reason=entry.code,
                source=f"visit:{report.visit_id}",
            )
            self._tell("practice.flagged", report.arrived_at, report.practice_id, {"flag": entry.sets_state})
        if entry.address_becomes is not None and not report.elsewhere:
            self.address_states[report.address_id] = {"state": entry.address_becomes}
        self.next_actions[report.practice_id] = {
            "next_action": report.next_action or entry.next_step,
            "next_action_on": self._today + timedelta(days=entry.next_days),
        }
        if entry.task is not None:
            self._task(
                entry.task.kind,
                subject=("visit", str(report.visit_id)),
                practice_id=report.practice_id,
                team=entry.task.team.value,
                days=entry.task.days,
                details={"outcome": entry.code},
            )
        for task_id in decision.cancels:
            self.needless[task_id] = {
                "state": "done",
                "note": f"visit {report.visit_id}",
                "finished_at": self._now,
                "finished_by": self._sent_by.person.id,
            }
            self._tell("contact.cancelled", report.arrived_at, report.practice_id, {"task_id": str(task_id)})
        to_look_at = [flag for flag in (*decision.flags, *decision.quiet_flags) if flag not in NOTED]
        self._review(report, to_look_at)
        if to_look_at:
            self._task(
                "visit.flagged",
                subject=("visit", str(report.visit_id)),
                practice_id=report.practice_id,
                details={"flags": to_look_at},
            )
        if decision.over_cents:
            names = [taken.receipt.name for taken in decision.payments if taken.receipt is not None]
            self._task(
                "practice.overpaid",
                subject=("receipt", names[-1]),
                practice_id=report.practice_id,
                details={"over_cents": decision.over_cents, "receipt": names[-1]},
            )
        if decision.unknown_patron_of is not None:
            self._task(
                "calendar.patron_unknown",
                subject=("comune", decision.unknown_patron_of),
                team="administrator",
                days=7,
                details={"comune": decision.unknown_patron_of},
            )
        promise = report.captured
        # One that says neither when nor how much is flagged and promises nothing.
        if entry.code == "PROMISE_TO_PAY" and {"promise_on", "promise_cents"} <= promise.keys():
            self._promise(
                report,
                kind="promise_to_pay",
                due_on=date.fromisoformat(str(promise["promise_on"])),
                amount_cents=int(promise["promise_cents"]),
            )

    def _review(self, report: VisitReport, flags: Sequence[str]) -> None:
        """A person looks at it where something asks for that, else where the draw takes it."""
        review_id = self._new_id()
        why = why_reviewed(report, flags)
        if not why and is_drawn(review_id, percent=self._review_percent):
            why = (Why.DRAWN,)
        if why:
            self._add(
                VisitReview,
                id=review_id,
                visit_id=report.visit_id,
                why=[one.value for one in why],
                state="open",
                opened_at=self._now,
            )

    def _payment(self, taken: TakenPayment, report: VisitReport) -> None:
        payment, receipt, other = taken.payment, taken.receipt, taken.payment.payer
        method = payment_method(payment.method)
        if receipt is None:
            assert method.announced is not None
            found_by = payment.fields.get(method.announced.reference or "")
            self._promise(
                report,
                kind=method.code,
                due_on=date.fromisoformat(str(payment.fields[method.announced.on])),
                amount_cents=payment.amount_cents,
                reference=str(found_by) if found_by else None,
            )
            return
        assert method.debits is not None
        assert payment.receipt is not None
        creditor_id = self._creditors[report.practice_id]
        receipt_id = self._new_id()
        issued_at = instant_of(receipt)
        key = f"receipt:{receipt.name}"
        self.entries.append(
            payment_entry(
                # A phone whose clock is ahead puts nothing into books of days to come.
                at=min(issued_at, self._now),
                idempotency_key=key,
                creditor_id=creditor_id,
                practice_id=report.practice_id,
                held_in=AccountKey(AccountKind(method.debits.value), person_id=self._sent_by.person.id),
                shares=[
                    LineShare(s.debt_line_id, s.principal_cents, s.interest_cents, s.costs_cents)
                    for s in payment.allocation
                ],
                amount_cents=payment.amount_cents,
                stamp_duty_cents=receipt.duty_on_top_cents,
                memo=receipt.name,
            )
        )
        self._add(
            Receipt,
            id=receipt_id,
            device_id=self._sent_by.device.id,
            practice_id=report.practice_id,
            visit_id=report.visit_id,
            series=receipt.series,
            number=receipt.number,
            kind=receipt.kind.value,
            issued_at=issued_at,
            amount_cents=receipt.amount_cents,
            stamp_duty_cents=receipt.stamp_duty.due_cents,
            method=payment.method,
            value=taken.receipt_content,
            digest=payment.receipt.digest,
            previous_digest=receipt.prev_digest,
            signature=taken.receipt_signature,
            state="valid",
            lat_e6=payment.position.lat_e6 if payment.position else None,
            lon_e6=payment.position.lon_e6 if payment.position else None,
            accuracy_m=payment.position.accuracy_m if payment.position else None,
        )
        if taken.form is not None:
            self._form(taken.form, report.visit_id, receipt_id=receipt_id)
        self._add(
            Payment,
            id=self._new_id(),
            practice_id=report.practice_id,
            creditor_id=creditor_id,
            visit_id=report.visit_id,
            agent_id=self._sent_by.person.id,
            receipt_id=receipt_id,
            entry_key=key,
            method=payment.method,
            amount_cents=payment.amount_cents,
            duty_cents=receipt.duty_on_top_cents,
            received_at=min(issued_at, self._now),
            fields=dict(payment.fields),
            chosen_line=payment.chosen_line,
            instalment_number=taken.instalment_number,
            reported_at=None,
            payer_name=other.payer.name if other else None,
            payer_capacity=other.payer.capacity.value if other else None,
            payer_document=other.document.value if other else None,
        )
        self._tell(
            "payment.received",
            issued_at,
            report.practice_id,
            {
                "amount_cents": payment.amount_cents,
                "method": payment.method,
                "receipt": receipt.name,
                **({"instalment": taken.instalment_number} if taken.instalment_number else {}),
                **({"paid_by": other.payer.capacity.value} if other else {}),
                **({"chosen_line": str(payment.chosen_line)} if payment.chosen_line else {}),
            },
            day=report.planned_day,
        )

    def _form(self, form: Form, visit_id: UUID, *, receipt_id: UUID | None) -> None:
        self._add(
            PadForm,
            id=self._new_id(),
            pad_id=form.pad_id,
            number=form.number,
            state="used",
            visit_id=visit_id,
            receipt_id=receipt_id,
            reason="",
            picture=None,
            entered_at=self._now,
            entered_by=self._sent_by.entered_by or self._sent_by.person.id,
        )

    def _promise(
        self, report: VisitReport, *, kind: str, due_on: date, amount_cents: int, reference: str | None = None
    ) -> None:
        self._add(
            Promise,
            id=self._new_id(),
            practice_id=report.practice_id,
            visit_id=report.visit_id,
            kind=kind,
            due_on=due_on,
            amount_cents=amount_cents,
            reference=reference,
            state="open",
        )
        body = {"kind": kind, "due_on": due_on.isoformat(), "amount_cents": amount_cents}
        self._tell("promise.made", report.left_at, report.practice_id, body)

    def _contact(
        self, contact_id: UUID, practice_id: UUID, *, at: datetime, channel: str, outcome: str, reached: bool = False
    ) -> None:
        self._add(
            ContactAttempt,
            id=contact_id,
            practice_id=practice_id,
            at=at,
            channel=channel,
            outcome=outcome,
            reached=reached,
            by=self._sent_by.person.name,
            source=f"device:{self._sent_by.device.series}",
        )

    def _task(
        self,
        kind: str,
        *,
        subject: tuple[str, str],
        practice_id: UUID | None = None,
        team: str = "back_office",
        days: int = 0,
        details: dict[str, Any] | None = None,
        task_id: UUID | None = None,
        owner_id: UUID | None = None,
    ) -> None:
        self._add(
            Task,
            id=task_id or self._new_id(),
            kind=kind,
            team=team,
            owner_id=owner_id,
            due_on=self._today + timedelta(days=days),
            created_at=self._now,
            state="open",
            note="",
            practice_id=practice_id,
            subject_kind=subject[0],
            subject_id=subject[1],
            details=details or {},
        )

    def _tell(
        self, kind: str, at: datetime, practice_id: UUID | None, body: dict[str, Any], *, day: date | None = None
    ) -> None:
        self.facts.append(
            NewFact(
                kind,
                at,
                practice_id=practice_id,
                creditor_id=self._creditors.get(practice_id) if practice_id else None,
                day=day,
                body=body,
                person_id=self._sent_by.person.id,
                device_id=self._sent_by.device.id,
            )
        )

    def _add(self, table: type[SQLModel], **values: Any) -> None:
        self.rows[table].append({"agency_id": self._agency_id, **values})


def _seq(decision: Decision) -> int:
    """The place that the phone gave it; none where its label is no number that a phone can count to."""
    return decision.arrived.seq if 0 < decision.arrived.seq <= LARGEST else 0


def _money_in(content: bytes) -> dict[str, Any]:
    """What the task of a refused report says of the money in it; nothing where there is none."""
    money = read_refused(content).money
    if not money:
        return {}
    papers = [one.receipt.name for one in money if one.receipt is not None]
    return {"money_cents": sum(one.said_cents or 0 for one in money), "papers": ", ".join(papers)}


# --- pictures ---


async def missing(session: AsyncSession, sha256s: Iterable[str]) -> list[str]:
    """Of these digests, those that reports name and whose bytes have not arrived, small ones first."""
    query = (
        select(Attachment.sha256, Attachment.variant)
        .where(col(Attachment.sha256).in_(list(sha256s)), col(Attachment.stored).is_(False))
        .order_by(col(Attachment.variant).desc())
    )
    return list(dict.fromkeys(digest for digest, _ in (await session.exec(query)).all()))


async def arrived_before(session: AsyncSession, device_id: UUID, sha256s: Iterable[str]) -> dict[str, str]:
    """Of these digests, those that came with an earlier report of this device -> digest of the bytes that are kept."""
    kept = sqlalchemy.case(
        (col(Attachment.variant) == "small", col(CreditDocument.small_sha256)), else_=col(CreditDocument.sha256)
    )
    query = (
        sqlalchemy.select(col(Attachment.sha256), kept)
        .join(CreditDocument, col(CreditDocument.id) == col(Attachment.document_id))
        .join(Visit, col(Visit.id) == col(Attachment.visit_id))
        .where(
            col(Attachment.sha256).in_(list(sha256s)),
            col(Attachment.stored).is_(True),
            col(Visit.device_id) == device_id,
        )
    )
    return {str(named): str(blob) for named, blob in (await session.execute(query)).all()}


async def named_by(session: AsyncSession, device_id: UUID, sha256: str) -> list[Attachment]:
    """The places where reports of this device name the picture."""
    query = (
        select(Attachment)
        .join(Visit, col(Visit.id) == col(Attachment.visit_id))
        .where(Attachment.sha256 == sha256, Visit.device_id == device_id)
    )
    return list((await session.exec(query)).all())


async def picture_arrived(
    session: AsyncSession, places: Iterable[Attachment], *, blob: str, now: datetime
) -> list[NewFact]:
    """Note that the picture is here; `blob` is the digest under which its cleaned bytes are kept."""
    facts = []
    for place in places:
        place.stored = True
        document = await session.get(CreditDocument, place.document_id) if place.document_id else None
        if document is not None:
            if place.variant == "small":
                document.small_sha256 = blob
            else:
                document.sha256 = blob
        facts.append(
            NewFact(
                "document.arrived",
                now,
                practice_id=place.practice_id,
                body={"purpose": place.purpose, "variant": place.variant, "visit_id": str(place.visit_id)},
            )
        )
    await session.flush()
    return facts
