"""Transfers that reached the creditor himself: what he told us of, or stated as gone, is not taken off once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fieldapp.domain.inbound import is_included, is_one_transfer
from fieldapp.domain.statements import came_on
from fieldapp.services.work import Work
from fieldapp.store import inbound as store
from fieldapp.store import tasks
from fieldapp.store.statements import last_total


@dataclass(frozen=True, slots=True)
class AtHis:
    """What he has said of a transfer that the office finds on his account.

    `reference`: his own for it, where his system told it; `is_off`: the claim holds it already. `stated_today`: his
    statement of that very day came in the course of it, so that nobody can say whether it holds the transfer.
    """

    practice_id: UUID
    as_of: date
    reference: str | None
    is_off: bool
    stated_today: bool


async def hold(work: Work, promise_id: UUID) -> None:
    """Nothing else is written about the creditor of an announced transfer until the transaction ends.

    To be called before the announcement itself is held, as his own system does. Raises Refusal `inbound.creditor_busy`.
    """
    creditor_id = await store.creditor_of_promise(work.session, promise_id)
    if creditor_id is not None:
        await store.lock_creditor(work.session, creditor_id)


async def at_his(work: Work, practice_id: UUID, *, amount_cents: int, seen_on: date) -> AtHis:
    """What he has said of a transfer of this amount that the office sees on his account under `seen_on`."""
    practice = await work.session.get_one(store.Practice, practice_id)
    told = await store.seen_alone(work.session, practice_id, amount_cents=amount_cents)
    his = next((one for one in told if is_one_transfer(one.paid_on, seen_on)), None)
    stated_on = came_on(practice.stated_at, work.parts.zone)
    included = is_included(seen_on, as_of=practice.as_of, stated_on=stated_on)
    return AtHis(
        practice_id=practice_id,
        as_of=practice.as_of,
        reference=his.reference if his else None,
        is_off=his is not None or included,
        stated_today=seen_on == practice.as_of == stated_on,
    )


async def ask_about(work: Work, found: AtHis, *, receipt: str, amount_cents: int) -> None:
    """His balance of that day and our receipt of it: a person looks whether the one holds the other."""
    stated_cents = await last_total(work.session, found.practice_id)
    if not found.stated_today or stated_cents is None:
        return
    await tasks.add(
        work.session,
        "balance.differs",
        subject=("receipt", receipt),
        due_on=work.today,
        details={
            "by_cents": amount_cents,
            "stated_cents": stated_cents,
            "ours_cents": stated_cents - amount_cents,
            "as_of": found.as_of.isoformat(),
            "receipts": [receipt],
            "receipts_cents": [amount_cents],
        },
        now=work.now,
        new_id=work.new_id,
        practice_id=found.practice_id,
    )
