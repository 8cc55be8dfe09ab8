"""Debts that are time-barred, where somebody pays them all the same: nobody asks, and what it means is told first.

What was paid spontaneously on them cannot be claimed back (art. 2940 c.c.), so whoever pays has to know that nobody
could make them. Such a line is paid only where the debtor chose it or everything else is paid.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from fieldapp.domain.conduct import PracticeFacts
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import LineShare
from fieldapp.services import rules
from fieldapp.services.work import Work
from fieldapp.store import practice_facts, tasks
from fieldapp.store.office_series import Owed
from fieldapp.store.shapes.cash import BarredPart, RestartedLine
from fieldapp.store.shapes.field import LimitationCard

STATE = "time_barred"
"""Of a practice on which nothing may be asked for, whoever said so."""
FOUND = "conduct.debt_time_barred"
"""What the rules say of a practice of which nothing may be asked for."""
FLAG = "limitation.line_barred"

Clocks = Mapping[UUID, LimitationCard]


def barred_lines(owed: Owed, facts: PracticeFacts, clocks: Clocks, *, today: date) -> dict[UUID, date]:
    """The lines that may not be asked for, each with the day since when; today's where only a person has said so."""
    said = STATE in facts.states
    since = facts.time_barred_on if facts.time_barred_on and facts.time_barred_on <= today else today
    found = {}
    for line, _ in owed.lines:
        clock = clocks.get(line.id)
        if clock is not None and clock.state == "barred":
            found[line.id] = clock.barred_on
        elif said:
            found[line.id] = since
    return found


async def barred_on(work: Work, owed: Owed, *, on: date) -> dict[UUID, date]:
    """The same for a payment of the local day `on`, with what has to be known for it."""
    ruleset = await rules.ruleset(work)
    facts, clocks = await practice_facts.facts_and_clocks(work.session, owed.practice.id, ruleset=ruleset, today=on)
    return barred_lines(owed, facts, clocks, today=on)


def parts(owed: Owed, shares: Sequence[LineShare], barred: Mapping[UUID, date]) -> list[BarredPart]:
    """What of a payment settles barred lines: of what is laid beyond a line nothing settles it."""
    lines = {line.id: (line.title, balance.left_cents) for line, balance in owed.lines}
    found = []
    for share in shares:
        title, left_cents = lines[share.debt_line_id]
        settled_cents = min(share.total_cents, left_cents)
        if share.debt_line_id in barred and settled_cents > 0:
            found.append(BarredPart(share.debt_line_id, title, barred[share.debt_line_id], settled_cents))
    return found


def check_told(found: Sequence[BarredPart], told: Collection[UUID]) -> None:
    """Whether the debtor was told of each. Raises Refusal `counter.barred_not_told` (details: lines, amount_cents)."""
    untold = [part for part in found if part.id not in told]
    if untold:
        details = {
            "lines": ", ".join(part.title for part in untold),
            "amount_cents": sum(p.amount_cents for p in untold),
        }
        raise Refusal("counter.barred_not_told", kind=Kind.CONFLICT, details=details)


def restarted(
    owed: Owed, shares: Sequence[LineShare], clocks: Clocks, barred: Mapping[UUID, date]
) -> list[RestartedLine]:
    """The lines that are paid in part and whose term begins again with it (art. 2944 c.c.)."""
    paid = {share.debt_line_id: share.total_cents for share in shares}
    return [
        RestartedLine(line.title, clock.barred_on, clock.if_signed_today)
        for line, balance in owed.lines
        if line.id not in barred
        and 0 < paid.get(line.id, 0) < balance.left_cents
        and (clock := clocks.get(line.id)) is not None
        and clock.if_signed_today > clock.barred_on
    ]


async def ask_about(work: Work, practice_id: UUID, receipt: str) -> None:
    """A task for whoever looks at money that was paid on a time-barred debt."""
    await tasks.add(
        work.session,
        "payment.flagged",
        subject=("receipt", receipt),
        practice_id=practice_id,
        due_on=work.today,
        details={"flags": [FLAG], "receipt": receipt},
        now=work.now,
        new_id=work.new_id,
    )
