"""Money that a clerk takes at the office's own counter: cash, card, cheque, by the rules that hold at a door.

The receipt is of the office's series, given under its lock, so that two clerks never hold one number; the money is in
the clerk's own purse until it is handed in and counted, like every agent's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fieldapp.domain import cash as rules
from fieldapp.domain.conduct import Cheque, Facts, Payee, PayerKind, PracticeFacts, Ruleset, Severity, judge, stamp_rule
from fieldapp.domain.conduct import Payment as PaymentAct
from fieldapp.domain.contacts import CAME_TO_PAY, Channel
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.ledger import OWNERS, AccountKey, AccountKind, LineShare, left_cents, payment_entry
from fieldapp.domain.payments import Answer, PaymentMethod, PaymentRules, checked_payment, payment_method, same_name
from fieldapp.domain.receipts import ChargedTo, Method, ReceiptValue, StampDuty, receipt_bytes, stamp_duty
from fieldapp.domain.visit_report import IdentifiedBy, OtherPayer, PayerDocument
from fieldapp.services import cash, contacts, instruments, office_papers, told_barred
from fieldapp.services import rules as rules_in_force
from fieldapp.services.laying import instalment_paid, laid_out, laid_over
from fieldapp.services.work import Work
from fieldapp.store import access as access_store
from fieldapp.store import counter as store
from fieldapp.store import ledger, office_series, practice_facts, tasks
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.office_series import Owed, Payment, Receipt
from fieldapp.store.shapes.cash import BarredPart, CounterPreview, CounterTaken


@dataclass(frozen=True, slots=True)
class Counted:
    """What was put on the counter. `id` is the caller's; `pieces` are the notes and coins that were given, by cents.

    `payer` is somebody other than the debtor, who is there; `chosen` the debt that the debtor declared to pay;
    `told_barred` the time-barred debts of which they were told that nobody can make them pay.
    """

    id: UUID
    practice_id: UUID
    amount_cents: int
    method: str
    answers: Mapping[str, Answer]
    pieces: Mapping[int, int]
    identified_by: IdentifiedBy
    payer: OtherPayer | None = None
    chosen: UUID | None = None
    told_barred: frozenset[UUID] = frozenset()

    @property
    def digest(self) -> str:
        """Of all that was said: the same id with anything else is another payment."""
        other = self.payer
        plain = {
            "practice_id": str(self.practice_id),
            "amount_cents": self.amount_cents,
            "method": self.method,
            "answers": dict(self.answers),
            "pieces": {str(value): number for value, number in self.pieces.items() if number},
            "identified_by": self.identified_by.value,
            "payer": other and [other.payer.name, other.payer.capacity.value, other.document.value],
            "chosen": str(self.chosen) if self.chosen else None,
            **({"told_barred": sorted(str(one) for one in self.told_barred)} if self.told_barred else {}),
        }
        return str(sha256(canonical_json(plain)))


async def preview(work: Work, practice_id: UUID, amount_cents: int, *, chosen: UUID | None = None) -> CounterPreview:
    """What is owed, what the debtor hands over for this amount, and what they are told before.

    Raises Refusal `practice.unknown`, `counter.practice_not_open`, `counter.more_than_owed`, and those of
    `laying.check_choice`.
    """
    owed = await office_series.owed(work.session, practice_id)
    _check_owed(owed, amount_cents)
    ruleset, facts, clocks = await _known(work, practice_id)
    duty = _duty(work, owed, amount_cents, ruleset, facts)
    barred = told_barred.barred_lines(owed, facts, clocks, today=work.today)
    shares, _ = laid_over(owed, amount_cents, on=work.today, chosen=chosen, barred=barred)
    return CounterPreview(
        owed_cents=_owed_cents(owed),
        duty_cents=_on_top(duty),
        handed_over_cents=amount_cents + _on_top(duty),
        allocation=laid_out(owed, amount_cents, on=work.today, chosen=chosen, barred=barred),
        barred=told_barred.parts(owed, shares, barred),
        restarted=told_barred.restarted(owed, shares, clocks, barred),
    )


async def take(work: Work, counted: Counted) -> CounterTaken:
    """Book what was taken, with its receipt; asked again nothing is booked twice and the first receipt is answered.

    Nothing has happened before it is booked, so what a phone's report would be flagged for is refused here. Raises
    Refusal `counter.payment_differs`, `.practice_not_open`, `.more_than_owed`, `.pieces_missing`, `.pieces_short`,
    `.pieces_not_cash`, `.debtor_must_agree`, `.barred_not_told`, `practice.unknown`, `cash.pieces_unknown`,
    `payment.*`, `conduct.*`.
    """
    # The practice's lock first, as everybody who takes money for it; whether this was booked is read under the
    # series', which two forms of one id meet at whatever practice they name.
    owed = await office_series.owed(work.session, counted.practice_id, hold=True)
    place = await office_papers.place(work)
    before = await store.taken(work.session, counted.id)
    if before is not None:
        return _again(counted, *before)
    method = payment_method(counted.method)
    if not (method.at_the_door and method.counts_as_payment):
        raise Refusal("payment.method_not_at_the_door", details={"method": counted.method})
    _check_owed(owed, counted.amount_cents)
    answers = await _answers(work, method, counted, owed)
    if counted.payer is not None and not counted.payer.debtor_agrees:
        raise Refusal("counter.debtor_must_agree", kind=Kind.CONFLICT)
    ruleset, facts, clocks = await _known(work, counted.practice_id)
    barred = told_barred.barred_lines(owed, facts, clocks, today=work.today)
    shares, _ = laid_over(owed, counted.amount_cents, on=work.today, chosen=counted.chosen, barred=barred)
    on_barred = told_barred.parts(owed, shares, barred)
    told_barred.check_told(on_barred, counted.told_barred)
    instalment = await instalment_paid(work, owed, counted.amount_cents, on=work.today)
    duty = _duty(work, owed, counted.amount_cents, ruleset, facts)
    flags = await _asked_of_the_rules(work, counted, owed, ruleset, facts, duty, agreed=instalment is not None)
    if on_barred:
        flags.append(told_barred.FLAG)
    change_cents = _change(counted, counted.amount_cents + _on_top(duty))
    receipt = await office_papers.receipt_for(
        work,
        place,
        owed,
        shares,
        Method(method.code, answers),
        payer=counted.payer.payer if counted.payer else None,
        taken_duty=duty,
        instalment=instalment,
        barred=barred,
    )
    row = await office_papers.keep(
        work, place, receipt, receipt_bytes(receipt), practice_id=counted.practice_id, visit_id=None
    )
    await _book(work, counted, owed, shares, receipt, row, on_barred, instalment=instalment and instalment[0])
    await instruments.look_at_one(work, counted.practice_id, method=method.code, fields=answers, receipt=receipt.name)
    if flags:
        await tasks.add(
            work.session,
            "payment.flagged",
            subject=("receipt", receipt.name),
            practice_id=counted.practice_id,
            due_on=work.today,
            details={"flags": flags, "receipt": receipt.name},
            now=work.now,
            new_id=work.new_id,
        )
    audit(
        work.session,
        "counter.taken",
        "payment",
        counted.id,
        receipt=receipt.name,
        amount_cents=counted.amount_cents,
        method=method.code,
        pieces={str(value): number for value, number in counted.pieces.items() if number},
        change_cents=change_cents,
        identified_by=counted.identified_by.value,
        **({"told_barred": ", ".join(part.title for part in on_barred)} if on_barred else {}),
    )
    await contacts.write_contact(
        work, counted.practice_id, channel=Channel.OFFICE, at=work.now, outcome=CAME_TO_PAY, reached=True
    )
    await cash.look_again(work, counted.practice_id)
    return _taken(counted.id, row, receipt, change_cents)


def _again(counted: Counted, payment: Payment, row: Receipt) -> CounterTaken:
    if payment.fields.get("counter") != counted.digest:
        raise Refusal("counter.payment_differs", kind=Kind.CONFLICT)
    receipt = office_papers.read_kept(row)
    return _taken(counted.id, row, receipt, _change(counted, receipt.handed_over_cents), again=True)


def _taken(
    payment_id: UUID, row: Receipt, receipt: ReceiptValue, change_cents: int, *, again: bool = False
) -> CounterTaken:
    return CounterTaken(
        payment_id=payment_id,
        receipt_id=row.id,
        receipt=receipt.name,
        amount_cents=receipt.amount_cents,
        handed_over_cents=receipt.handed_over_cents,
        change_cents=change_cents,
        residual_cents=receipt.residual_cents,
        again=again,
    )


def _owed_cents(owed: Owed) -> int:
    return left_cents(line for _, line in owed.lines)


def _check_owed(owed: Owed, amount_cents: int) -> None:
    if owed.practice.state != "open":
        raise Refusal("counter.practice_not_open", kind=Kind.CONFLICT, details={"state": owed.practice.state})
    owed_cents = _owed_cents(owed)
    if amount_cents > owed_cents:
        raise Refusal("counter.more_than_owed", kind=Kind.CONFLICT, details={"owed_cents": owed_cents})


async def _answers(work: Work, method: PaymentMethod, counted: Counted, owed: Owed) -> dict[str, Answer]:
    agency = await access_store.agency_of_session(work.session)
    payees = (owed.creditor.cheque_payee, owed.creditor.name, agency.legal_name, agency.name)
    known = PaymentRules(today=work.today, agent_name=work.identity.name, payees=tuple(filter(None, payees)))
    return checked_payment(method, amount_cents=counted.amount_cents, answers=counted.answers, rules=known)


async def _known(work: Work, practice_id: UUID) -> tuple[Ruleset, PracticeFacts, told_barred.Clocks]:
    ruleset = await rules_in_force.ruleset(work)
    known = await practice_facts.facts_and_clocks(work.session, practice_id, ruleset=ruleset, today=work.today)
    return ruleset, *known


def _duty(work: Work, owed: Owed, amount_cents: int, ruleset: Ruleset, facts: PracticeFacts) -> StampDuty:
    """As at a door: asked for before the money is taken, so that it may be the debtor's."""
    creditor = owed.creditor
    rule = stamp_rule(ruleset, work.today, practice=facts)
    rule = office_papers.charged(rule, ChargedTo(creditor.stamp_duty_charged_to), creditor.stamp_duty_authorisation)
    exemption = creditor.stamp_duty_reason if creditor.stamp_duty_reason in ("subject_to_vat", "exempt") else ""
    return stamp_duty(amount_cents, rule=rule, exemption=exemption or "")


def _on_top(duty: StampDuty) -> int:
    return duty.due_cents if duty.charged_to is ChargedTo.DEBTOR else 0


def _change(counted: Counted, handed_over_cents: int) -> int:
    """What goes back over the counter."""
    given = rules.counted_cents(counted.pieces)
    if counted.method != "cash":
        if given:
            raise Refusal("counter.pieces_not_cash", kind=Kind.MALFORMED)
        return 0
    if not given:
        raise Refusal("counter.pieces_missing", kind=Kind.MALFORMED)
    if given < handed_over_cents:
        raise Refusal("counter.pieces_short", kind=Kind.CONFLICT, details={"missing_cents": handed_over_cents - given})
    return given - handed_over_cents


async def _asked_of_the_rules(
    work: Work, counted: Counted, owed: Owed, ruleset: Ruleset, facts: PracticeFacts, duty: StampDuty, *, agreed: bool
) -> list[str]:
    """Refuses what the rules stop; what they only warn of, for whoever looks at it.

    That a debt is time-barred stops nobody who wants to pay it: asking is what is forbidden, and they were told.
    """
    payer = PayerKind.DEBTOR
    if counted.payer is not None:
        seen = counted.payer.document is not PayerDocument.NONE
        payer = PayerKind.OTHER_IDENTIFIED if seen else PayerKind.OTHER_UNIDENTIFIED
    act = PaymentAct(
        work.now,
        counted.method,
        counted.amount_cents,
        instalment=agreed,
        payer=payer,
        cheque=await _cheque(work, counted, owed),
        duty_cents=_on_top(duty),
    )
    found = judge(Facts(act=act, practice=facts), ruleset, work.now).findings
    for finding in found:
        if finding.severity is not Severity.WARNS and finding.code != told_barred.FOUND:
            raise Refusal(finding.code, kind=Kind.CONFLICT, details=dict(finding.details))
    return list(dict.fromkeys(finding.code for finding in found))


async def _cheque(work: Work, counted: Counted, owed: Owed) -> Cheque | None:
    if counted.method != "cheque":
        return None
    agency = await access_store.agency_of_session(work.session)
    payee = same_name(str(counted.answers.get("payee", "")))
    creditors = {same_name(owed.creditor.cheque_payee), same_name(owed.creditor.name)}
    agencies = {same_name(agency.legal_name), same_name(agency.name)}
    kind = Payee.CREDITOR if payee in creditors else Payee.AGENCY if payee in agencies else Payee.OTHER
    return Cheque(kind, non_transferable=counted.answers.get("non_transferable") is True)


async def _book(
    work: Work,
    counted: Counted,
    owed: Owed,
    shares: list[LineShare],
    receipt: ReceiptValue,
    row: Receipt,
    on_barred: Sequence[BarredPart],
    *,
    instalment: int | None,
) -> None:
    debits = receipt.paid_by.debits
    assert debits is not None
    held_in, clerk = AccountKind(debits.value), work.identity.person_id
    assert "person" in OWNERS[held_in]
    key = f"counter:{counted.id}"
    entry = payment_entry(
        at=work.now,
        idempotency_key=key,
        creditor_id=owed.creditor.id,
        practice_id=counted.practice_id,
        held_in=AccountKey(held_in, person_id=clerk),
        shares=shares,
        amount_cents=receipt.amount_cents,
        stamp_duty_cents=receipt.duty_on_top_cents,
        memo=receipt.name,
    )
    posted = await ledger.post(work.session, [entry], now=work.now, new_id=work.parts.new_id)
    other = counted.payer
    knew = {"told_barred": [str(part.id) for part in on_barred]} if on_barred else {}
    payment = Payment(
        id=counted.id,
        agency_id=work.agency_id,
        practice_id=counted.practice_id,
        creditor_id=owed.creditor.id,
        visit_id=None,
        agent_id=clerk,
        receipt_id=row.id,
        entry_id=posted[key],
        method=receipt.method.code,
        amount_cents=receipt.amount_cents,
        duty_cents=receipt.duty_on_top_cents,
        received_at=work.now,
        fields={**receipt.method.answers, "counter": counted.digest, **knew},
        chosen_line=counted.chosen,
        instalment_number=instalment,
        payer_name=other.payer.name if other else None,
        payer_capacity=other.payer.capacity.value if other else None,
        payer_document=other.document.value if other else None,
    )
    work.session.add(payment)
    await work.session.flush()
    body = {
        "amount_cents": receipt.amount_cents,
        "method": receipt.method.code,
        "receipt": receipt.name,
        **({"paid_by": other.payer.capacity.value} if other else {}),
        **({"instalment": instalment} if instalment else {}),
        **({"chosen_line": str(counted.chosen)} if counted.chosen else {}),
        **({"barred_cents": sum(part.amount_cents for part in on_barred)} if on_barred else {}),
    }
    told = NewFact(
        "payment.received", work.now, practice_id=counted.practice_id, creditor_id=owed.creditor.id, body=body
    )
    tell(work.session, told)
