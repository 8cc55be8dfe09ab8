"""Visits that a dispatcher forbids, to an agent or on a day, with a reason; planning, replanning, spreading and
appointments leave them alone. A hand may still put one into a lane, which is said there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services.work import Work
from fieldapp.store import appointments, practices
from fieldapp.store import forbids as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.forbids import Forbidden

LONGEST = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be forbidden: `agent_id` None to everybody, on the day; `always`: to the agent on every day."""

    practice_id: UUID
    agent_id: UUID | None
    always: bool
    reason: str


async def list_day(work: Work, day: date) -> list[Forbidden]:
    """What is forbidden on a day."""
    return await store.standing(work.session, day=day)


async def forbid(work: Work, wish: Wish, day: date) -> store.ForbiddenVisit:
    """The caller holds `appointments.lock`, taken before the plan's.

    Raises Refusal `forbid.reason_missing`, `forbid.reason_long`, `forbid.for_nobody_always` (a visit that nobody is
    ever to make is a suspended practice), `forbid.stands_already` or `forbid.promised` (details: agent).
    """
    reason = wish.reason.strip()
    if not reason:
        raise Refusal("forbid.reason_missing", kind=Kind.MALFORMED)
    if len(reason) > LONGEST:
        raise Refusal("forbid.reason_long", kind=Kind.MALFORMED, details={"most": LONGEST})
    if wish.always and wish.agent_id is None:
        raise Refusal("forbid.for_nobody_always", kind=Kind.MALFORMED)
    await practices.head(work.session, wish.practice_id)
    on = None if wish.always else day
    known = await store.standing(work.session, practices=[wish.practice_id])
    if any((one.agent_id, one.day) == (wish.agent_id, on) for one in known):
        raise Refusal("forbid.stands_already", kind=Kind.CONFLICT)
    await _refuse_promised(work, wish, day)
    row = store.ForbiddenVisit(
        id=work.new_id(),
        agency_id=work.agency_id,
        practice_id=wish.practice_id,
        agent_id=wish.agent_id,
        day=on,
        reason=reason,
        forbidden_at=work.now,
        forbidden_by=work.identity.person_id,
    )
    work.session.add(row)
    await work.session.flush()
    said = _said(row)
    audit(work.session, "visit.forbidden", "practice", row.practice_id, **said)
    tell(work.session, NewFact("visit.forbidden", work.now, practice_id=row.practice_id, day=day, body=said))
    return row


async def lift(work: Work, forbidden_id: UUID, day: date) -> list[Forbidden]:
    """Take a prohibition back; twice is as once. Raises Refusal `forbid.unknown`. Says what is left on `day`."""
    row = await store.row(work.session, forbidden_id)
    if row is None:
        raise Refusal("forbid.unknown", kind=Kind.MISSING)
    _lift(work, row, day)
    await work.session.flush()
    return await list_day(work, day)


async def lifted_again(work: Work, forbidden_id: UUID | None) -> None:
    """The prohibition that came with a change that is undone."""
    row = None if forbidden_id is None else await store.row(work.session, forbidden_id)
    if row is not None:
        _lift(work, row, row.day or work.today)
        await work.session.flush()


def _lift(work: Work, row: store.ForbiddenVisit, day: date) -> None:
    if row.lifted_at is not None:
        return
    row.lifted_at, row.lifted_by = work.now, work.identity.person_id
    work.session.add(row)
    said = _said(row)
    audit(work.session, "visit.allowed_again", "practice", row.practice_id, **said)
    tell(work.session, NewFact("visit.allowed_again", work.now, practice_id=row.practice_id, day=day, body=said))


def _said(row: store.ForbiddenVisit) -> dict[str, str | None]:
    """Without the reason: it is about a debtor, and stays in its row."""
    return {
        "forbidden_id": str(row.id),
        "agent_id": None if row.agent_id is None else str(row.agent_id),
        "on": None if row.day is None else row.day.isoformat(),
    }


async def _refuse_promised(work: Work, wish: Wish, day: date) -> None:
    """Whoever was told to expect us is told otherwise first."""
    for row in await appointments.standing(work.session, appointments.Within(practice_id=wish.practice_id)):
        if row.to_at <= work.now:
            continue
        on = row.from_at.astimezone(work.parts.zone).date()
        named = wish.agent_id is None or row.agent_id == wish.agent_id
        if named and (wish.always or on == day):
            raise Refusal("forbid.promised", kind=Kind.CONFLICT, details={"on": on.isoformat()})
