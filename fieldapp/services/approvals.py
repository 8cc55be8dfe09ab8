"""Approvals: a person with the right lifts what a rule asks, for one practice and some days, or takes that back."""

from __future__ import annotations

from uuid import UUID

from fieldapp.domain.approvals import Wish, check
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import rules
from fieldapp.services.work import Work
from fieldapp.store import approvals as store
from fieldapp.store import practice_facts, practices
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.office import ApprovalRow


async def approve(work: Work, practice_id: UUID, wish: Wish) -> list[ApprovalRow]:
    """Approve, and answer with everything approved for the practice.

    Raises Refusal `practice.unknown`, `approval.*`, or `conduct.not_approvable` for a rule that forbids.
    """
    head = await practices.head(work.session, practice_id)
    ruleset = await rules.ruleset(work)
    facts = (await practice_facts.practice_facts(work.session, [practice_id], ruleset=ruleset, today=work.today))[
        practice_id
    ]
    check(
        wish,
        role=work.identity.role,
        ruleset=ruleset,
        creditor=facts.creditor,
        debtor=facts.debtor_kind,
        today=work.today,
    )
    row = _row(work, practice_id, wish, withdraws=None)
    await store.add(work.session, row)
    _tell(work, "rule.approved", head.creditor.id, row)
    return await store.rows(work.session, practice_id)


async def withdraw(work: Work, practice_id: UUID, approval_id: UUID, *, reason: str) -> list[ApprovalRow]:
    """Take an approval back: whoever might give it may. What was done under it stays as it was judged.

    Raises Refusal `practice.unknown`, `approval.unknown`, `approval.withdrawn`, `approval.not_your_role`.
    """
    head = await practices.head(work.session, practice_id)
    given = await store.given(work.session, practice_id, approval_id)
    approvers = (await rules.ruleset(work)).approvers(given.rule, given.from_on)
    if work.identity.role.value not in approvers:
        raise Refusal("approval.not_your_role", kind=Kind.FORBIDDEN, details={"rule": given.rule})
    row = _row(work, practice_id, Wish(given.rule, given.from_on, given.to_on, reason), withdraws=given.id)
    await store.add(work.session, row)
    _tell(work, "rule.approval_withdrawn", head.creditor.id, row)
    return await store.rows(work.session, practice_id)


def _row(work: Work, practice_id: UUID, wish: Wish, *, withdraws: UUID | None) -> store.Approval:
    return store.Approval(
        id=work.new_id(),
        agency_id=work.agency_id,
        practice_id=practice_id,
        rule=wish.rule,
        from_on=wish.from_on,
        to_on=wish.to_on,
        reason=wish.reason.strip(),
        at=work.now,
        person_id=work.identity.person_id,
        withdraws=withdraws,
    )


def _tell(work: Work, kind: str, creditor_id: UUID, row: store.Approval) -> None:
    body = {
        "rule": row.rule,
        "from_on": row.from_on.isoformat(),
        "to_on": row.to_on.isoformat(),
        "reason": row.reason,
    }
    tell(work.session, NewFact(kind, work.now, practice_id=row.practice_id, creditor_id=creditor_id, body=body))
    audit(work.session, kind, "practice", row.practice_id, **body)
