"""The door of the rules: what interrupts a limitation, what is approved, which rules are in force."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.domain.approvals import Wish
from fieldapp.domain.limitation import Interruption
from fieldapp.domain.own_rules import Edit
from fieldapp.services import approvals, limitation, rules_room
from fieldapp.services.work import Work
from fieldapp.store.shapes.field import DebtLineCard
from fieldapp.store.shapes.office import ApprovalRow
from fieldapp.store.shapes.rules import RulesPage, RulesPreview, RulesVersion


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


class EditRequest(Struct, forbid_unknown_fields=True):
    """All own numbers of a rule for a creditor (null: for all); none takes them back, `confirms` verifies the rule."""

    rule: Annotated[str, Meta(max_length=80)]
    creditor_id: UUID | None = None
    parameters: dict[str, int | bool | str | list[str]] = {}
    confirms: bool = False


class ChangeRequest(Struct, forbid_unknown_fields=True):
    """Edits and patron saints' days by comune, or a whole file of own rules in their place."""

    edits: Annotated[list[EditRequest], Meta(max_length=500)] = []
    patrons: dict[Annotated[str, Meta(max_length=100)], Annotated[str, Meta(max_length=20)]] = {}
    file: dict[str, Any] | None = None
    since: date | None = None

    def change(self) -> rules_room.Change:
        """As the service takes it."""
        edits = tuple(
            Edit(
                edit.rule,
                None if edit.creditor_id is None else str(edit.creditor_id),
                {name: tuple(v) if isinstance(v, list) else v for name, v in edit.parameters.items()},
                edit.confirms,
            )
            for edit in self.edits
        )
        return rules_room.Change(edits, self.patrons, self.file, self.since)


class SwitchRequest(ChangeRequest, forbid_unknown_fields=True, kw_only=True):
    """`base` is the newest version that the change was made on."""

    base: int
    reason: Annotated[str, Meta(max_length=1000)]


class RulesController(Controller):
    tags = ("rules",)

    @get("/rules", operation_id="read_rules")
    async def read_rules(self, work: NamedDependency[Work]) -> RulesPage:
        return await rules_room.read_rules(work)

    @get("/rules/own", operation_id="read_own_rules")
    async def read_own_rules(self, work: NamedDependency[Work]) -> dict[str, Any]:
        return await rules_room.read_own_rules(work)

    @get("/rules/versions", operation_id="list_rules_versions")
    async def list_versions(self, work: NamedDependency[Work]) -> list[RulesVersion]:
        return await rules_room.list_versions(work)

    @post("/rules/preview", operation_id="preview_rules", status_code=200)
    async def preview(self, work: NamedDependency[Work], data: JSONBody[ChangeRequest]) -> RulesPreview:
        return await rules_room.preview(work, data.change())

    @post("/rules/versions", operation_id="switch_on_rules")
    async def switch_on(self, work: NamedDependency[Work], data: JSONBody[SwitchRequest]) -> RulesPage:
        return await rules_room.switch_on(work, data.change(), base=data.base, reason=data.reason)

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

    @post(
        "/practices/{practice_id:uuid}/interruptions/{act_id:uuid}/withdraw",
        operation_id="withdraw_interruption",
        status_code=200,
    )
    async def withdraw_interruption(
        self,
        work: NamedDependency[Work],
        practice_id: FromPath[UUID],
        act_id: FromPath[UUID],
        data: JSONBody[WithdrawRequest],
    ) -> list[DebtLineCard]:
        return await limitation.withdraw(work, practice_id, act_id, reason=data.reason)

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
