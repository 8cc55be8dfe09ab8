"""Repayment plans taken from phones, within the terms of creditors; what both have signed, as a paper."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict
from datetime import date
from uuid import UUID

from fieldapp.documents.papers import paper_pdf
from fieldapp.domain.agreement_proof import agreement_proof
from fieldapp.domain.agreements import PlanPaper, SettlementPaper, agreement_blocks, read_agreement
from fieldapp.domain.claims import interest_entry
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.repayment_plan import PlanState, Terms
from fieldapp.domain.sync import Decision, TakenAgreement, Verdict
from fieldapp.domain.visit_report import VisitReport
from fieldapp.services import settlements
from fieldapp.services.agreement_review import Desk, desk_of, end_plan, fact, instant, review
from fieldapp.services.work import Work
from fieldapp.store import agreements as store
from fieldapp.store.agreement_cards import terms_card
from fieldapp.store.agreement_tasks import Owed
from fieldapp.store.database import agency_of
from fieldapp.store.feed import NewFact, audit
from fieldapp.store.shapes.agreements import TermsRow
from fieldapp.store.tables.agreements import CreditorTerms, Instalment, RepaymentPlan, Settlement

_REPLACED = (PlanState.PROPOSED.value, PlanState.ACTIVE.value, PlanState.BROKEN.value, PlanState.KEPT.value)


# --- from phones -----------------------------------------------------------------------------------------------


async def follow(
    work: Work,
    decisions: Sequence[Decision],
    *,
    creditors: Mapping[UUID, UUID],
    agent_id: UUID,
    watched: Set[UUID],
) -> list[NewFact]:
    """What accepted reports mean for plans and settlements; the facts to tell once the batch stands.

    `watched` are the practices that had a plan or an open settlement before: elsewhere a payment changes none.
    """
    desk = desk_of(work)
    facts: list[NewFact] = []
    touched: set[UUID] = set()
    for decision in decisions:
        report, taken = decision.report, decision.agreement
        if decision.verdict is not Verdict.ACCEPTED or report is None:
            continue
        if taken is not None or (decision.payments and report.practice_id in watched):
            touched.add(report.practice_id)
        if taken is not None and isinstance(taken.paper, PlanPaper):
            creditor_id = creditors[report.practice_id]
            facts += await _take_plan(desk, taken, taken.paper, report, agent_id=agent_id, creditor_id=creditor_id)
        elif taken is not None and isinstance(taken.paper, SettlementPaper):
            facts += await settlements.take(desk, taken, taken.paper, report)
        elif report.outcome.code == "SETTLEMENT_PAID" and decision.payments:
            facts += await settlements.on_a_word(desk, decision, report)
        if report.practice_id in watched:
            facts += await settlements.let_go(desk, report)
    if touched:
        facts += await review(desk, touched)
    return facts


async def _take_plan(
    desk: Desk, taken: TakenAgreement, paper: PlanPaper, report: VisitReport, *, agent_id: UUID, creditor_id: UUID
) -> list[NewFact]:
    agreed_at = instant(paper.issued_at)
    debt = await store.debt(desk.session, report.practice_id)
    facts: list[NewFact] = []
    replaced: list[UUID] = []
    if taken.signed:
        for old in await store.plans(desk.session, [report.practice_id], today=desk.today):
            if old.row.ended_at is None and old.row.state in _REPLACED:
                replaced.append(old.row.id)
                kept = old.row.state == PlanState.KEPT.value
                facts += await end_plan(desk, old, PlanState.KEPT if kept else PlanState.RENEGOTIATED, at=agreed_at)
    row = RepaymentPlan(
        id=UUID(paper.id),
        agency_id=agency_of(desk.session),
        practice_id=report.practice_id,
        visit_id=report.visit_id,
        agent_id=agent_id,
        agreed_at=agreed_at,
        state=(PlanState.ACTIVE if taken.signed else PlanState.PROPOSED).value,
        debt_cents=paper.debt_cents,
        interest_cents=paper.interest_cents,
        total_cents=paper.total_cents,
        broken_after_days=paper.broken_after_days,
        broken_after_instalments=paper.broken_after_instalments,
        replaces=replaced[0] if replaced else None,
        value=taken.content,
        digest=taken.digest,
        signature=taken.signature,
        flags=list(taken.flags),
    )
    desk.session.add(row)
    await desk.session.flush()
    desk.session.add_all(
        Instalment(
            id=desk.new_id(),
            agency_id=row.agency_id,
            plan_id=row.id,
            practice_id=row.practice_id,
            number=item.number,
            due_on=item.due_on,
            cents=item.cents,
        )
        for item in paper.schedule()
    )
    await desk.session.flush()
    if taken.signed and paper.interest_cents and debt.line_ids:
        entry = interest_entry(
            paper.interest_cents,
            at=agreed_at,
            plan_id=row.id,
            creditor_id=creditor_id,
            practice_id=report.practice_id,
            line_id=debt.line_ids[0],
        )
        await desk.post(entry)
    if taken.flags:
        details = {"flags": list(taken.flags)}
        await desk.owe(Owed("check_plan_limits", "repayment_plan", row.id, row.practice_id, desk.today, details))
    told = fact(
        "repayment.signed" if taken.signed else "repayment.proposed",
        agreed_at,
        row.practice_id,
        plan_id=str(row.id),
        total_cents=row.total_cents,
        instalments=len(paper.instalments),
        first_due_on=paper.instalments[0].due_on,
        flags=list(taken.flags),
    )
    return [*facts, told]


# --- the office ------------------------------------------------------------------------------------------------


async def list_terms(work: Work, creditor_id: UUID) -> list[TermsRow]:
    """What a creditor grants, the newest first. Raises Refusal `creditor.unknown`."""
    rows = await store.terms_rows(work.session, creditor_id)
    in_force = next((row.id for row in rows if row.valid_from <= work.today), None)
    return [
        TermsRow(valid_from=row.valid_from, in_force=row.id == in_force, terms=terms_card(store.terms_of(row)))
        for row in rows
    ]


async def set_terms(work: Work, creditor_id: UUID, *, valid_from: date, terms: Terms) -> list[TermsRow]:
    """Set what a creditor grants from a day on; the past is not rewritten.

    Raises Refusal `creditor.unknown`, `terms.in_the_past`.
    """
    if valid_from < work.today:
        raise Refusal("terms.in_the_past", details={"today": work.today.isoformat()})
    there = next((r for r in await store.terms_rows(work.session, creditor_id) if r.valid_from == valid_from), None)
    values = asdict(terms)
    if there is None:
        there = CreditorTerms(
            id=work.new_id(),
            agency_id=agency_of(work.session),
            creditor_id=creditor_id,
            valid_from=valid_from,
            set_at=work.now,
            set_by=work.identity.person_id,
            **values,
        )
        work.session.add(there)
    else:
        for name, value in values.items():
            setattr(there, name, value)
        there.set_at, there.set_by = work.now, work.identity.person_id
    await work.session.flush()
    audit(work.session, "terms.set", "creditor", creditor_id, valid_from=valid_from.isoformat(), **values)
    return await list_terms(work, creditor_id)


async def agreement_paper(work: Work, agreement_id: UUID, *, kind: str) -> bytes:
    """The agreement as both signed it, set again from its value as PDF/A.

    Raises Refusal `repayment.unknown`, `settlement.unknown`, `settlement.without_paper`.
    """
    row: RepaymentPlan | Settlement
    if kind == "repayment_plan":
        row = await store.plan(work.session, agreement_id)
    else:
        row = await store.settlement(work.session, agreement_id)
    if row.value is None or row.digest is None or row.signature is None:
        raise Refusal("settlement.without_paper", kind=Kind.MISSING)
    audit(work.session, "agreement.read", kind, agreement_id)
    paper = read_agreement(row.value, kind=kind)
    blocks = agreement_blocks(paper, work.parts.paper_words["default.it"], digest=Sha256(row.digest))
    code = f"{work.parts.public_url}/v/#{agreement_proof(paper, signature=row.signature)}"
    return await asyncio.to_thread(paper_pdf, blocks, issued_at=row.agreed_at, qr_text=code)
