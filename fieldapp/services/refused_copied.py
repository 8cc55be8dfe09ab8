"""A receipt of a refused report that spells no receipt: what the paper in the debtor's hand says, copied by a person.

The value that follows is the office's own and claims nothing of the phone: only when, by whom and for whom the report
says that it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from fieldapp.domain.conduct import stamp_rule
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.payments import Answer, PaymentRules, checked_payment, payment_method
from fieldapp.domain.receipts import ChargedTo, Method, ReceiptValue, StampDuty, stamp_duty
from fieldapp.domain.visit_report import OtherPayer
from fieldapp.services import office_papers, rules
from fieldapp.services.laying import laid_over
from fieldapp.services.work import Work
from fieldapp.store import access, office_series, practice_facts
from fieldapp.store.office_series import Owed


@dataclass(frozen=True, slots=True)
class Copied:
    """What the paper says; `payer` None: the debtor paid. `duty_taken`: it puts the stamp duty at the debtor's charge,
    so that it was handed over beside the amount."""

    amount_cents: int
    method: str
    answers: Mapping[str, Answer]
    payer: OtherPayer | None = None
    duty_taken: bool = False


async def copy(work: Work, copied: Copied, *, practice_id: UUID, agent: str, at: datetime) -> ReceiptValue:
    """The receipt that stands for the paper, given `at` by `agent`; its place in the office's series is found when it
    is kept.

    Raises Refusal `practice.unknown`, `payment.*`, `refused_money.no_duty_due`.
    """
    method = payment_method(copied.method)
    owed = await office_series.owed(work.session, practice_id)
    agency = await access.agency_of_session(work.session)
    payees = (owed.creditor.cheque_payee, owed.creditor.name, agency.legal_name, agency.name)
    on = at.astimezone(work.parts.zone).date()
    known = PaymentRules(today=on, agent_name=agent, payees=tuple(filter(None, payees)))
    answers = checked_payment(method, amount_cents=copied.amount_cents, answers=copied.answers, rules=known)
    shares, _ = laid_over(owed, copied.amount_cents, on=on)
    place = await office_papers.place(work)
    receipt = await office_papers.receipt_for(
        work,
        place,
        owed,
        shares,
        Method(method.code, answers),
        payer=copied.payer.payer if copied.payer else None,
        taken_duty=await _duty(work, owed, copied.amount_cents, on=on) if copied.duty_taken else None,
    )
    return replace(receipt, issued_at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


async def _duty(work: Work, owed: Owed, amount_cents: int, *, on: date) -> StampDuty:
    """The debtor's, by the rule of the day on the paper: who was to bear it matters no more once they did."""
    ruleset = await rules.ruleset(work)
    facts = await practice_facts.practice_facts(work.session, [owed.practice.id], ruleset=ruleset, today=on)
    rule = stamp_rule(ruleset, on, practice=facts[owed.practice.id])
    duty = stamp_duty(amount_cents, rule=office_papers.charged(rule, ChargedTo.DEBTOR, None))
    if not duty.due_cents:
        raise Refusal("refused_money.no_duty_due", kind=Kind.CONFLICT)
    return duty
