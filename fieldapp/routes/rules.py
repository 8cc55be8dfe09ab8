"""The door of the rules: what interrupts a limitation, what is approved, which rules are in force."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.approvals import Wish
from fieldapp.domain.limitation import Interruption
from fieldapp.services import approvals, limitation
from fieldapp.services.work import Work
from fieldapp.store.shapes.field import DebtLineCard
from fieldapp.store.shapes.office import ApprovalRow


class InterruptionRequest(Struct, forbid_unknown_fields=True):
    """An act that reached the other side on `on`; without a line it speaks of the whole practice."""

    kind: Interruption
    on: date
    reference: Annotated[str, Meta(max_length=200)]
    debt_line_id: UUID | None = None


class ApprovalRequest(Struct, forbid_unknown_fields=True):
    """Both days included."""

    rule: Annotated[str, Meta(max_length=80)]
    from_on: date
    to_on: date
    reason: Annotated[str, Meta(max_length=1000)]


class WithdrawRequest(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=1000)] = ""


class RulesController(Controller):
    tags = ("rules",)

    @post("/practices/{practice_id:uuid}/interruptions", operation_id="record_interruption")
    async def record_interruption(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[InterruptionRequest]
    ) -> list[DebtLineCard]:
        return await limitation.record(
            work,
            practice_id,
            kind=data.kind,
            on=data.on,
            reference=data.reference,
            debt_line_id=data.debt_line_id,
        )

    @post("/practices/{practice_id:uuid}/approvals", operation_id="approve_rule")
    async def approve(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[ApprovalRequest]
    ) -> list[ApprovalRow]:
        wish = Wish(data.rule, data.from_on, data.to_on, data.reason)
        return await approvals.approve(work, practice_id, wish)

    @post(
        "/practices/{practice_id:uuid}/approvals/{approval_id:uuid}/withdraw",
        operation_id="withdraw_approval",
        status_code=200,
    )
    async def withdraw(
        self,
        work: NamedDependency[Work],
        practice_id: FromPath[UUID],
        approval_id: FromPath[UUID],
        data: JSONBody[WithdrawRequest],
    ) -> list[ApprovalRow]:
        return await approvals.withdraw(work, practice_id, approval_id, reason=data.reason)
