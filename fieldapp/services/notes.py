"""Notes for those who plan a later day: of the day, an agent, a practice or a door; done, and opened again.

They stay in the house: a note of a door reaches the phone of whoever is sent there, none a debtor or a creditor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.reading import printable
from fieldapp.services.work import Work
from fieldapp.store import notes as store
from fieldapp.store import planning as plans
from fieldapp.store import practices
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.notes import PlanningNoteRow

LONGEST = 500
"""Characters."""


@dataclass(frozen=True, slots=True)
class About:
    """Whom a note concerns: nobody (the day), an agent, or a practice and perhaps its door."""

    agent_id: UUID | None = None
    practice_id: UUID | None = None
    door: bool = False


async def list_day(work: Work, day: date) -> list[PlanningNoteRow]:
    """What is to be thought of on `day`; what was done today stands below, so that it can be opened again."""
    midnight = datetime.combine(work.today, time(0), work.parts.zone)
    return await store.for_day(work.session, day, done_since=midnight)


async def write(work: Work, day: date, about: About, *, text: str) -> list[PlanningNoteRow]:
    """A note for `day` and the days after it, until it is done. Says what then stands on the day.

    Raises Refusal `note.empty`, `.too_long` (details: most), `.unreadable`, `.about_two`, `.agent_unknown`, `.no_door`,
    `practice.unknown` or `plan.day_is_past`.
    """
    words = _checked(text)
    if day < work.today:
        raise Refusal("plan.day_is_past", details={"day": day.isoformat()})
    if about.agent_id is not None and about.practice_id is not None:
        raise Refusal("note.about_two", kind=Kind.MALFORMED)
    if about.agent_id is not None and not await store.agent_known(work.session, about.agent_id):
        raise Refusal("note.agent_unknown", kind=Kind.MISSING)
    row = store.PlanningNote(
        id=work.new_id(),
        agency_id=work.agency_id,
        from_on=day,
        agent_id=about.agent_id,
        practice_id=about.practice_id,
        address_id=await _door(work, about, day),
        text=words,
        written_at=work.now,
        written_by=work.identity.person_id,
    )
    work.session.add(row)
    await work.session.flush()
    audit(work.session, "note.written", "planning_note", row.id, **_said(row))
    tell(work.session, NewFact("note.written", work.now, day=day, body={"note_id": str(row.id)}))
    return await list_day(work, day)


async def tick(work: Work, note_id: UUID, *, done: bool) -> list[PlanningNoteRow]:
    """Say that a note was thought of, or that it was not after all; twice is as once.

    Raises Refusal `note.unknown`. Says what then stands on the note's day.
    """
    row = await store.row(work.session, note_id)
    if row is None:
        raise Refusal("note.unknown", kind=Kind.MISSING)
    if done != (row.done_at is not None):
        row.done_at, row.done_by = (work.now, work.identity.person_id) if done else (None, None)
        work.session.add(row)
        if done:
            audit(work.session, "note.done", "planning_note", row.id, **_said(row))
        else:
            audit(work.session, "note.opened_again", "planning_note", row.id, **_said(row))
        tell(work.session, NewFact("note.ticked", work.now, day=row.from_on, body={"note_id": str(row.id)}))
        await work.session.flush()
    return await list_day(work, max(row.from_on, work.today))


async def _door(work: Work, about: About, day: date) -> UUID | None:
    """Where phones hold the visit on that day, else where it would be planned."""
    if about.practice_id is None:
        if about.door:
            raise Refusal("note.no_door", kind=Kind.MALFORMED)
        return None
    await practices.head(work.session, about.practice_id)
    if not about.door:
        return None
    only = [about.practice_id]
    published = await store.published_door(work.session, about.practice_id, day)
    planned = [one.address for one in await plans.open_practices(work.session, only=only, also=only)]
    found = published or next((address.id for address in planned if address is not None), None)
    if found is None:
        raise Refusal("note.no_door", kind=Kind.CONFLICT)
    return found


def _checked(typed: str) -> str:
    words = typed.replace("\r\n", "\n").strip()
    if not words:
        raise Refusal("note.empty", kind=Kind.MALFORMED)
    if len(words) > LONGEST:
        raise Refusal("note.too_long", kind=Kind.MALFORMED, details={"most": LONGEST})
    if not printable(words):
        raise Refusal("note.unreadable", kind=Kind.MALFORMED)
    return words


def _said(row: store.PlanningNote) -> dict[str, str | bool | None]:
    """Without its words: they stay in the row."""
    return {
        "from_on": row.from_on.isoformat(),
        "agent_id": None if row.agent_id is None else str(row.agent_id),
        "practice_id": None if row.practice_id is None else str(row.practice_id),
        "door": row.address_id is not None,
    }
