"""When agents work: a week entered at the desk, absences in days or hours; plans, appointments and the board heed it.

Why somebody is away is a code that says nothing of anybody's health, and nothing else is kept of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.shifts import MOST_TEMPLATES, Span, is_week, longest_left, span_on, template_name
from fieldapp.services.work import Work
from fieldapp.store import planning as plans
from fieldapp.store import shifts as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.shifts import AbsenceCode, AbsenceRow, Shifts, ShiftTemplate, WeekRow

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Everybody's weeks and absences from a day on."""

    zone: ZoneInfo
    weeks: Mapping[UUID, Sequence[WeekRow]]
    absences: Sequence[AbsenceRow]

    def shift_on(self, person: plans.Person, day: date) -> Span | None:
        """When the agent works on `day`; None where not at all."""
        held = [one for one in self.weeks.get(person.id, ()) if one.valid_from <= day]
        week = held[-1].days[day.weekday()] if held else [person.shift_from_s, person.shift_to_s]
        shift = None if week is None else (week[0], week[1])
        return longest_left(shift, [span for _, span in self.away_on(person.id, day)])

    def away_on(self, agent_id: UUID, day: date) -> list[tuple[AbsenceRow, Span]]:
        """The absences of an agent that touch `day`, and from when to when."""
        mine = [one for one in self.absences if one.agent_id == agent_id]
        spans = [(one, span_on(day, one.from_at, one.to_at, self.zone)) for one in mine]
        return [(one, span) for one, span in spans if span is not None]


async def calendar(work: Work, *, since: date | None = None) -> Calendar:
    """From `since` (today) on; two queries."""
    begins = datetime.combine(since or work.today, datetime.min.time(), work.parts.zone)
    weeks: dict[UUID, list[WeekRow]] = {}
    for one in await store.weeks(work.session):
        weeks.setdefault(one.agent_id, []).append(one)
    return Calendar(work.parts.zone, weeks, await store.absences(work.session, since=begins))


async def read_shifts(work: Work) -> Shifts:
    away = await store.absences(work.session, since=work.now)
    return Shifts(
        absences=away,
        weeks=await store.weeks(work.session),
        published=await store.published_in(work.session, away, since=work.today),
        templates=await store.templates(work.session),
    )


async def enter_absence(work: Work, agent_id: UUID, *, from_at: datetime, to_at: datetime, code: AbsenceCode) -> Shifts:
    """Raises Refusal `absence.agent_unknown`, `absence.turned`, `absence.past`, `absence.too_long` or
    `absence.overlaps` (details: from_at, to_at)."""
    await store.lock(work.session)
    await _person(work, agent_id)
    if from_at >= to_at:
        raise Refusal("absence.turned", kind=Kind.MALFORMED)
    if to_at - from_at > LONGEST:
        raise Refusal("absence.too_long", kind=Kind.MALFORMED)
    if to_at <= work.now:
        raise Refusal("absence.past", kind=Kind.CONFLICT)
    for one in await store.absences(work.session, since=from_at):
        if one.agent_id == agent_id and one.from_at < to_at:
            details = {"from_at": one.from_at.isoformat(), "to_at": one.to_at.isoformat()}
            raise Refusal("absence.overlaps", kind=Kind.CONFLICT, details=details)
    row = store.Absence(
        id=work.new_id(),
        agency_id=work.agency_id,
        agent_id=agent_id,
        from_at=from_at,
        to_at=to_at,
        code=code,
        entered_at=work.now,
        entered_by=work.identity.person_id,
    )
    work.session.add(row)
    await work.session.flush()
    audit(work.session, "absence.entered", "person", agent_id, absence_id=str(row.id), code=code)
    tell(work.session, NewFact("absence.entered", work.now, body={"absence_id": str(row.id)}))
    return await read_shifts(work)


async def withdraw_absence(work: Work, absence_id: UUID) -> Shifts:
    """Twice is as once. Raises Refusal `absence.unknown` or `absence.past`."""
    row = await store.absence(work.session, absence_id)
    if row is None:
        raise Refusal("absence.unknown", kind=Kind.MISSING)
    if row.withdrawn_at is None:
        if row.to_at <= work.now:
            raise Refusal("absence.past", kind=Kind.CONFLICT)
        row.withdrawn_at, row.withdrawn_by = work.now, work.identity.person_id
        work.session.add(row)
        await work.session.flush()
        audit(work.session, "absence.withdrawn", "person", row.agent_id, absence_id=str(row.id))
        tell(work.session, NewFact("absence.withdrawn", work.now, body={"absence_id": str(row.id)}))
    return await read_shifts(work)


async def set_week(
    work: Work, agent_ids: Sequence[UUID], *, valid_from: date, days: Sequence[list[int] | None]
) -> Shifts:
    """The week of these agents from a day on; entered for the same day again it is replaced.

    Raises Refusal `absence.agent_unknown`, `shift.past_day` or `shift.not_a_week`.
    """
    if not is_week(days):
        raise Refusal("shift.not_a_week", kind=Kind.MALFORMED)
    if valid_from < work.today:
        raise Refusal("shift.past_day", kind=Kind.CONFLICT)
    await store.lock(work.session)
    for agent_id in dict.fromkeys(agent_ids):
        await _person(work, agent_id)
        row = await store.week_from(work.session, agent_id, valid_from) or store.ShiftWeek(
            id=work.new_id(),
            agency_id=work.agency_id,
            agent_id=agent_id,
            valid_from=valid_from,
            entered_at=work.now,
            entered_by=work.identity.person_id,
        )
        row.days = list(days)
        row.entered_at, row.entered_by = work.now, work.identity.person_id
        work.session.add(row)
        await work.session.flush()
        audit(work.session, "shift.week_set", "person", agent_id, valid_from=valid_from.isoformat(), days=row.days)
    tell(work.session, NewFact("shift.week_set", work.now, body={"agents": len(agent_ids)}))
    return await read_shifts(work)


async def save_template(work: Work, typed: str, days: Sequence[list[int] | None]) -> Shifts:
    """Keep a week under a name; one of that name, however it is capitalised, is replaced.

    Raises Refusal `shift.name_unfit`, `shift.not_a_week` or `shift.too_many_templates`.
    """
    name = template_name(typed)
    if not is_week(days):
        raise Refusal("shift.not_a_week", kind=Kind.MALFORMED)
    await store.lock(work.session)
    others = [one for one in await store.templates(work.session) if one.name.casefold() != name.casefold()]
    if len(others) >= MOST_TEMPLATES:
        raise Refusal("shift.too_many_templates", kind=Kind.CONFLICT, details={"most": MOST_TEMPLATES})
    await store.keep_templates(work.session, [*others, ShiftTemplate(name, list(days))])
    audit(work.session, "shift.template_saved", "setting", store.TEMPLATES, name=name, days=list(days))
    return await read_shifts(work)


async def drop_template(work: Work, name: str) -> Shifts:
    """Weeks that were given from it stay. Twice is as once."""
    await store.lock(work.session)
    kept = await store.templates(work.session)
    left = [one for one in kept if one.name != name]
    if len(left) < len(kept):
        await store.keep_templates(work.session, left)
        audit(work.session, "shift.template_dropped", "setting", store.TEMPLATES, name=name)
    return await read_shifts(work)


async def _person(work: Work, agent_id: UUID) -> plans.Person:
    found = next((one for one in await plans.agents(work.session) if one.id == agent_id), None)
    if found is None:
        raise Refusal("absence.agent_unknown", kind=Kind.MISSING)
    return found
