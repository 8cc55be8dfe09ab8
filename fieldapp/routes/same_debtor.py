"""The door for debtors that may be one person: what waits, and what a person says of it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from fieldapp.services import same_debtor
from fieldapp.services.work import Work
from fieldapp.store.shapes.debtors import DebtorPairs, DebtorVerdict


class DecideRequest(Struct, forbid_unknown_fields=True):
    """`null` takes the word back."""

    verdict: Literal["same", "different"] | None


class SameDebtorController(Controller):
    path = "/debtors/pairs"
    tags = ("office",)

    @get("", operation_id="list_debtor_pairs")
    async def list_debtor_pairs(self, work: NamedDependency[Work]) -> DebtorPairs:
        return await same_debtor.list_pairs(work)

    @post("/{pair_id:uuid}/decide", operation_id="decide_debtor_pair", status_code=200)
    async def decide_debtor_pair(
        self, work: NamedDependency[Work], pair_id: FromPath[UUID], data: JSONBody[DecideRequest]
    ) -> DebtorVerdict:
        return await same_debtor.decide(work, pair_id, verdict=data.verdict)
