"""The same cheque or the same card authorisation named by two receipts: one of them is a slip, or worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from fieldapp.domain.sync import Decision, Verdict
from fieldapp.services.work import Work
from fieldapp.store import cash, tasks

_NAMED = {"card": ("acquirer", "authorisation_code"), "cheque": ("bank", "number")}
"""What names one, by payment method: as typed, without regard to case."""


async def look_at(work: Work, decisions: Sequence[Decision]) -> None:
    """A task for each payment of these whose cheque or authorisation an earlier receipt names, too; it stands."""
    for decision in decisions:
        if decision.verdict is not Verdict.ACCEPTED or decision.report is None:
            continue
        for taken in decision.payments:
            if taken.receipt is None:
                continue
            await look_at_one(
                work,
                decision.report.practice_id,
                method=taken.payment.method,
                fields=taken.payment.fields,
                receipt=taken.receipt.name,
            )


async def look_at_one(
    work: Work, practice_id: UUID, *, method: str, fields: Mapping[str, object], receipt: str
) -> None:
    """The same for one payment, by the name of its receipt."""
    names = _NAMED.get(method)
    if names is None:
        return
    said = {name: str(fields.get(name, "")).strip() for name in names}
    others = await cash.named_alike(work.session, method, said, but=receipt)
    if others:
        await tasks.add(
            work.session,
            "payment.same_instrument",
            subject=("receipt", receipt),
            practice_id=practice_id,
            due_on=work.today,
            details={"receipt": receipt, "others": ", ".join(others), **said},
            now=work.now,
            new_id=work.new_id,
        )
