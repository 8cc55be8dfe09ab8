"""Money of refused reports, decided at the desk: booked with the office's own act, or settled not to have been taken.

A report that is refused as a whole keeps its bytes, and the debtor keeps the paper. A paper whose signature and place
in its series hold is booked under its own number, so that the series is whole again; any other by a receipt of the
office's own. That no money was taken is said by one person and confirmed by another, unless this very paper is in the
books already: then nobody has to be believed. What was settled so may still be booked later; what is booked is undone
as any receipt is, by a counter-receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from fieldapp.domain import refused_money as rules
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.pads import Form, is_pad_series
from fieldapp.domain.receipts import ReceiptValue
from fieldapp.domain.refused_money import FoundMoney, MoneyPractice, Proof
from fieldapp.domain.sync import instant_of
from fieldapp.services import office_papers, refused_copied
from fieldapp.services import rules as conduct
from fieldapp.services.refused_booking import RefusedTaken, booked
from fieldapp.services.refused_copied import Copied
from fieldapp.services.work import Work
from fieldapp.store import envelopes, ledger, practices, public, tasks
from fieldapp.store import pads as pad_store
from fieldapp.store import refused_money as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.refused_money import Device, Envelope, Person, RefusedMoney
from fieldapp.store.shapes.cash import AllocationPart
from fieldapp.store.shapes.refused_money import MoneyAct, MoneyState, MoneyTaker, RefusedPayment, RefusedReportFile


@dataclass(frozen=True, slots=True)
class _Looked:
    """A refused envelope opened: whose phone sent it, what it says, what was decided about each payment."""

    envelope: Envelope
    device: Device
    agent: Person
    report: rules.RefusedReport
    acts: dict[int, list[MoneyAct]]

    def at(self, place: int) -> FoundMoney:
        found = next((one for one in self.report.money if one.place == place), None)
        if found is None:
            raise Refusal("refused_money.no_such_payment", kind=Kind.MISSING)
        return found

    def act(self, place: int, name: str) -> MoneyAct | None:
        return next((one for one in self.acts.get(place, ()) if one.act == name), None)


async def read(work: Work, envelope_id: UUID) -> RefusedReportFile:
    """The refused report with its money; every look is audited. Raises Refusal `refused_money.unknown`."""
    looked = await _look(work, envelope_id)
    audit(work.session, "refused_money.read", "envelope", envelope_id)
    return await _file(work, looked)


async def book(
    work: Work,
    envelope_id: UUID,
    *,
    place: int,
    practice_id: UUID,
    reason: str,
    other_paper: bool,
    copied: Copied | None = None,
) -> RefusedReportFile:
    """Book a payment of a refused report on a practice; booking it there again answers the same.

    `copied`: what the paper says whose bytes spell no receipt, on whichever practice the person says. Raises Refusal
    `refused_money.unknown`, `.no_such_payment`, `.decided` (it is booked elsewhere), `.not_this_practice`, those of
    `domain.refused_money.check_booking` and `check_copy`, `practice.unknown`, `payment.*`.
    """
    looked = await _look(work, envelope_id, hold=True)
    found = looked.at(place)
    before = looked.act(place, "booked")
    if before is not None:
        if before.practice_id != practice_id:
            raise Refusal("refused_money.decided", kind=Kind.CONFLICT)
        return await _file(work, looked)
    proof, form = await _proven(work, looked, found)
    if copied is not None:
        rules.check_copy(proof, reason=reason)
        await practices.hold(work.session, [practice_id])
        at = min(looked.report.arrived_at or looked.envelope.received_at, work.now)
        receipt = await refused_copied.copy(work, copied, practice_id=practice_id, agent=looked.agent.name, at=at)
        document = copied.payer.document if copied.payer else found.document
        read = replace(found, receipt=None, allocation=(), document=document)
        return await _booked(work, looked, read, receipt, form, proof, practice_id=practice_id, reason=reason.strip())
    if found.receipt is None:
        raise Refusal("refused_money.unreadable", kind=Kind.CONFLICT)
    receipt = found.receipt
    taker = next((one for one in await _takers(work, looked, receipt) if one.id == practice_id), None)
    if taker is None:
        raise Refusal("refused_money.not_this_practice", kind=Kind.CONFLICT)
    rules.check_booking(
        proof,
        on_another=taker.number != receipt.practice,
        settled_otherwise=looked.act(place, "denial_confirmed") is not None,
        reason=reason,
        other_paper=other_paper,
        on_a_form=is_pad_series(receipt.series),
    )
    if not (receipt.paid_by.at_the_door and receipt.paid_by.debits):
        raise Refusal("payment.method_not_at_the_door", details={"method": receipt.method.code})
    await practices.hold(work.session, [practice_id])
    return await _booked(work, looked, found, receipt, form, proof, practice_id=practice_id, reason=reason.strip())


async def _booked(
    work: Work,
    looked: _Looked,
    found: FoundMoney,
    receipt: ReceiptValue,
    form: Form | None,
    proof: Proof,
    *,
    practice_id: UUID,
    reason: str,
) -> RefusedReportFile:
    """The practice is held; `receipt` is what is booked, read from the report or copied from the paper."""
    known, _ = await envelopes.practices_known(
        work.session,
        [practice_id],
        agent_id=looked.agent.id,
        ruleset=await conduct.ruleset(work),
        today=work.today,
    )
    cause = f"{looked.envelope.id}:{found.place}"
    taken = RefusedTaken(cause, looked.device, looked.agent, found, receipt, form, proof, known[practice_id], reason)
    row = await booked(work, taken)
    audit(
        work.session,
        "refused_money.booked",
        "envelope",
        looked.envelope.id,
        paper=taken.paper,
        receipt=office_papers.name_of(row),
        practice=receipt.practice,
        amount_cents=receipt.amount_cents,
        proof=proof.value,
        reason=reason,
    )
    _act(work, looked, found, "booked", reason, practice_id=practice_id, receipt_id=row.id)
    return await _decided(work, looked)


async def deny(work: Work, envelope_id: UUID, *, place: int, reason: str) -> RefusedReportFile:
    """Say that no money was taken; where somebody else has said so, confirm it.

    Saying it again changes nothing. Raises Refusal `refused_money.unknown`, `.no_such_payment`, `.decided` (it is
    booked), `.reason_short`.
    """
    looked = await _look(work, envelope_id, hold=True)
    found = looked.at(place)
    if looked.act(place, "booked") is not None:
        raise Refusal("refused_money.decided", kind=Kind.CONFLICT)
    said = looked.act(place, "denied")
    if looked.act(place, "denial_confirmed") is not None or (said and said.by_id == work.identity.person_id):
        return await _file(work, looked)
    rules.check_reason(reason)
    proof, _ = await _proven(work, looked, found)
    if said is None:
        _act(work, looked, found, "denied", reason)
    if said is not None or proof is Proof.BOOKED:
        _act(work, looked, found, "denial_confirmed", reason)
        await _tell_not_taken(work, looked, found, reason.strip())
    return await _decided(work, looked)


# --- looking -----------------------------------------------------------------------------------------------------


async def _look(work: Work, envelope_id: UUID, *, hold: bool = False) -> _Looked:
    envelope, device, agent = await store.refused(work.session, envelope_id, hold=hold)
    acts = await store.acts(work.session, envelope_id)
    return _Looked(envelope, device, agent, rules.read_refused(envelope.content), acts)


async def _proven(work: Work, looked: _Looked, found: FoundMoney) -> tuple[Proof, Form | None]:
    """What holds of the paper, and the pad's form that it was written on."""
    receipt, form = found.receipt, None
    settled = await store.decided(work.session, found.digest)
    if settled.receipt is not None:
        return Proof.BOOKED, None
    if receipt is None:
        return Proof.UNREADABLE, None
    if is_pad_series(receipt.series):
        forms = await pad_store.forms(work.session, [(receipt.series, receipt.number)], key=work.parts.pad_key)
        form = forms.get(receipt.name)
    series = await public.series_around(
        work.session, looked.device, number=receipt.number, prev_digest=receipt.prev_digest
    )
    proof = rules.prove(found, series, form=form, agent_id=looked.agent.id, verify_signature=work.parts.verify)
    return proof, form


async def _takers(work: Work, looked: _Looked, receipt: ReceiptValue) -> Sequence[MoneyPractice]:
    reported = looked.report.practice_id
    near = await store.practices_of(work.session, receipt, reported=reported)
    return rules.takers(receipt, near, reported=reported)


async def _file(work: Work, looked: _Looked) -> RefusedReportFile:
    await work.session.flush()
    envelope, report = looked.envelope, looked.report
    return RefusedReportFile(
        envelope_id=envelope.id,
        code=envelope.code or "",
        details=envelope.details,
        agent_name=looked.agent.name,
        series=looked.device.series,
        received_at=envelope.received_at,
        arrived_at=report.arrived_at,
        outcome=report.outcome,
        payments=[await _payment(work, looked, one) for one in report.money],
    )


async def _payment(work: Work, looked: _Looked, found: FoundMoney) -> RefusedPayment:
    receipt = found.receipt
    proof, _ = await _proven(work, looked, found)
    acts = looked.acts.get(found.place, [])
    if receipt is None:
        return RefusedPayment(
            place=found.place,
            proof=proof.value,
            state=_state(acts),
            amount_cents=found.said_cents,
            acts=acts,
            handed_over_cents=None,
            label="",
            on_a_form=False,
            kind="",
            method="",
            answers={},
            issued_at=None,
            creditor_name="",
            debtor_name="",
            practice_number="",
            wording="",
            residual_cents=None,
            lines=[],
            paid_by="",
            practices=[],
            other=None,
        )
    takers = await _takers(work, looked, receipt)
    owed = await ledger.owed_cents(work.session, [one.id for one in takers])
    return RefusedPayment(
        place=found.place,
        proof=proof.value,
        state=_state(acts),
        amount_cents=receipt.amount_cents,
        acts=acts,
        handed_over_cents=receipt.handed_over_cents,
        label=receipt.name,
        on_a_form=is_pad_series(receipt.series),
        kind=receipt.kind.value,
        method=receipt.method.code,
        answers=receipt.method.answers,
        issued_at=instant_of(receipt),
        creditor_name=receipt.creditor.name,
        debtor_name=receipt.debtor,
        practice_number=receipt.practice,
        wording=receipt.wording.kind.value,
        residual_cents=receipt.residual_cents,
        lines=[
            AllocationPart(line.title, line.principal_cents, line.interest_cents, line.costs_cents)
            for line in receipt.lines
        ],
        paid_by=receipt.payer.name if receipt.payer else "",
        practices=[
            MoneyTaker(
                practice_id=one.id,
                practice_number=one.number,
                creditor_name=one.creditor,
                debtor_name=one.debtor,
                owed_cents=owed.get(one.id, 0),
                named=one.number == receipt.practice,
            )
            for one in takers
        ],
        other=await store.numbered(work.session, receipt, found.digest),
    )


def _state(acts: Sequence[MoneyAct]) -> MoneyState:
    done = {one.act for one in acts}
    if "booked" in done:
        return "booked"
    if "denial_confirmed" in done:
        return "not_taken"
    return "denied" if done else "open"


# --- what was decided --------------------------------------------------------------------------------------------


def _act(
    work: Work,
    looked: _Looked,
    found: FoundMoney,
    act: str,
    reason: str,
    *,
    practice_id: UUID | None = None,
    receipt_id: UUID | None = None,
) -> None:
    row = RefusedMoney(
        id=work.new_id(),
        agency_id=work.agency_id,
        envelope_id=looked.envelope.id,
        place=found.place,
        act=act,
        digest=found.digest,
        practice_id=practice_id,
        receipt_id=receipt_id,
        reason=reason.strip(),
        at=work.now,
        by=work.identity.person_id,
    )
    work.session.add(row)
    if act != "booked":
        paper = found.receipt.name if found.receipt else ""
        audit(
            work.session,
            "refused_money.denied",
            "envelope",
            looked.envelope.id,
            paper=paper,
            amount_cents=found.said_cents or 0,
            confirmed=act == "denial_confirmed",
            reason=reason.strip(),
        )


async def _tell_not_taken(work: Work, looked: _Looked, found: FoundMoney, reason: str) -> None:
    receipt = found.receipt
    takers = await _takers(work, looked, receipt) if receipt else ()
    body = {"receipt": receipt.name if receipt else "", "amount_cents": found.said_cents or 0, "reason": reason}
    practice_id = takers[0].id if takers else None
    tell(work.session, NewFact("payment.not_taken", work.now, practice_id=practice_id, body=body))


async def _decided(work: Work, looked: _Looked) -> RefusedReportFile:
    """The report as it stands now; once something is settled about all of its money its task is done."""
    await work.session.flush()
    after = await _look(work, looked.envelope.id)
    open_places = [
        one.place for one in after.report.money if _state(after.acts.get(one.place, [])) in ("open", "denied")
    ]
    if not open_places:
        subject = [str(looked.envelope.id)]
        await tasks.finish_about(work.session, store.TASK, subject, person_id=work.identity.person_id, now=work.now)
    return await _file(work, after)
