"""The same cheque or the same card authorisation named by two receipts: one of them is a slip, or worse."""

from __future__ import annotations

from collections.abc import Sequence

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
            names = _NAMED.get(taken.payment.method)
            if taken.receipt is None or names is None:
                continue
            said = {name: str(taken.payment.fields.get(name, "")).strip() for name in names}
            others = await cash.named_alike(work.session, taken.payment.method, said, but=taken.receipt.name)
            if others:
                await tasks.add(
                    work.session,
                    "payment.same_instrument",
                    subject=("receipt", taken.receipt.name),
                    practice_id=decision.report.practice_id,
                    due_on=work.today,
                    details={"receipt": taken.receipt.name, "others": ", ".join(others), **said},
                    now=work.now,
                    new_id=work.new_id,
                )
