"""What a creditor's statement changes in our books.

A balance in a creditor's file is a statement *as of* a date. The claim at that date becomes what it says; payments
that we took later stay. Of the payments taken before it, the statement can include only those that the creditor
had been told of: the others stay subtracted, and a person looks at the difference (customer decision, intake).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from uuid import UUID

from fieldapp.domain.allocation import AllocationOrder, Applied, OpenLine, allocate
from fieldapp.domain.ids import Sha256, sha256
from fieldapp.domain.intake import PracticeDraft
from fieldapp.domain.ledger import AccountKey, Leg, LineBalance, NewEntry, statement_entry


@dataclass(frozen=True, slots=True)
class PaymentTaken:
    """A payment as the books hold it: what it took off each debt line (positive cents), and when it was told on."""

    receipt: str
    received_at: datetime
    reported_at: datetime | None
    by_line: Mapping[UUID, LineBalance]

    @property
    def total_cents(self) -> int:
        return sum(line.total_cents for line in self.by_line.values())


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The entry that makes the claim what was stated, and the payments that the statement cannot know of."""

    entry: NewEntry | None
    untold: tuple[PaymentTaken, ...]

    @property
    def untold_cents(self) -> int:
        """By how much the creditor's balance exceeds ours."""
        return sum(payment.total_cents for payment in self.untold)


def cut_of(as_of: date, *, now: datetime, zone: tzinfo) -> datetime:
    """The instant that a statement as of a date speaks of: the end of that local day, but never the future."""
    end = datetime.combine(as_of + timedelta(days=1), time(), tzinfo=zone)
    return min(end.astimezone(now.tzinfo), now)


def came_on(stated_at: datetime | None, zone: tzinfo) -> date | None:
    """The local day on which a statement came, where it is known."""
    return stated_at.astimezone(zone).date() if stated_at else None


def adjust(
    *,
    cut: datetime,
    creditor_id: UUID,
    practice_id: UUID,
    idempotency_key: str,
    stated: Mapping[UUID, LineBalance],
    present: Mapping[UUID, LineBalance],
    payments: Iterable[PaymentTaken],
    memo: str = "",
) -> Adjustment:
    """What to post so that the claim at `cut` is `stated`, less the payments that the creditor was not told of.

    `stated` and `present` map debt line to balance; `present` is what the books say for entries before `cut`.
    The entry is dated just before `cut`, so that a later statement as of the same day sees it.
    """
    untold = tuple(
        payment
        for payment in payments
        if payment.received_at < cut and (payment.reported_at is None or payment.reported_at >= cut)
    )
    known = dict(present)
    for payment in untold:
        for line_id, share in payment.by_line.items():
            known[line_id] = plus(known.get(line_id, LineBalance()), share)
    entry = statement_entry(
        at=cut - timedelta(milliseconds=1),
        idempotency_key=idempotency_key,
        creditor_id=creditor_id,
        practice_id=practice_id,
        stated=stated,
        present=known,
        memo=memo,
    )
    return Adjustment(entry, untold)


def levelling_entry(
    lines: Sequence[tuple[UUID, LineBalance]],
    order: AllocationOrder,
    *,
    at: datetime,
    idempotency_key: str,
    practice_id: UUID,
    memo: str = "",
) -> NewEntry | None:
    """The entry after which no part of the claim is below zero while another is open; None where none is.

    `lines` are in their order, with what is owed on them once a statement stands. Payments that it does not hold lie
    where they were laid, perhaps on lines and parts that he does not state any more: they are laid over what he states,
    first on the same line, then in the creditor's order. The claim as a whole stays what it is.
    """
    left = {line_id: list(_cents(balance)) for line_id, balance in lines}
    for line_id, _ in lines:
        _level(left, [line_id], order)
    _level(left, list(left), order)
    legs = []
    for line_id, balance in lines:
        for (kind, before), now in zip(balance.by_kind(), left[line_id], strict=True):
            if now != before:
                legs.append(Leg(AccountKey(kind, practice_id=practice_id), now - before, line_id))
    if not legs:
        return None
    return NewEntry("adjustment", at, idempotency_key, tuple(legs), memo=memo, practice_id=practice_id)


def _level(left: dict[UUID, list[int]], among: Sequence[UUID], order: AllocationOrder) -> None:
    """Lay what is too much on some lines over what is open on them."""
    too_much = -sum(min(0, cents) for line_id in among for cents in left[line_id])
    still_open = [OpenLine(str(line_id), *(max(0, cents) for cents in left[line_id])) for line_id in among]
    if not too_much:
        return
    laid = allocate(too_much, still_open, order=order)
    for line in laid.lines:
        for part, cents in enumerate(_applied(line)):
            left[UUID(line.id)][part] -= cents
    _fill(left, among, too_much - laid.over_cents)


def _fill(left: dict[UUID, list[int]], among: Sequence[UUID], cents: int) -> None:
    for line_id in among:
        for part, stands in enumerate(left[line_id]):
            back = min(cents, max(0, -stands))
            left[line_id][part] += back
            cents -= back


def _cents(balance: LineBalance) -> tuple[int, int, int]:
    return balance.principal_cents, balance.interest_cents, balance.costs_cents


def _applied(line: Applied) -> tuple[int, int, int]:
    return line.principal_cents, line.interest_cents, line.costs_cents


def plus(left: LineBalance, right: LineBalance) -> LineBalance:
    return LineBalance(
        left.principal_cents + right.principal_cents,
        left.interest_cents + right.interest_cents,
        left.costs_cents + right.costs_cents,
    )


def draft_digest(draft: PracticeDraft) -> Sha256:
    """The digest of what a file says of a practice, wherever in the file it says so."""
    return sha256(json.dumps(_plain(draft), ensure_ascii=False, separators=(",", ":")).encode())


def _plain(value: Any) -> Any:
    """Values of a draft in the order of their fields, without the line that they stand in."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        told = {slot.name: getattr(value, slot.name) for slot in fields(value) if slot.name != "line"}
        # Files without such a column have the digest that they had before there was one.
        return [_plain(one) for name, one in told.items() if name != "skills" or one is not None]
    return value
