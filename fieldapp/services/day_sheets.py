"""A published day on paper, a sheet for each agent: for when a phone is dead."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from uuid import UUID

from fieldapp.documents.day_sheets import Language, Sheet, SheetStop, day_sheets_pdf
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.short_names import short_name
from fieldapp.services.work import Work
from fieldapp.store import access as access_store
from fieldapp.store import day_sheets as store
from fieldapp.store import planning as planning_store
from fieldapp.store.feed import audit


async def print_day(work: Work, day: date, *, agent_id: UUID | None, language: Language) -> bytes:
    """The day's newest version as a PDF, of one agent or of all who have visits.

    Raises Refusal `day.not_published` where no version holds a visit for whom it is asked.
    """
    published = await planning_store.newest_day(work.session, day)
    doors = await store.doors_on_paper(work.session, published.id) if published else []
    people = [p for p in await planning_store.agents(work.session) if agent_id is None or p.id == agent_id]
    sheets = []
    for person in people:
        own = [door for door in doors if door.stop.agent_id == person.id]
        if published is None or not own:
            continue
        sums = published.routes.get(str(person.id), {})
        sheets.append(
            Sheet(
                agent=person.name,
                day=day,
                version=published.version,
                stops=[_stop(work, door) for door in own if not door.stop.reserve],
                reserve=[_stop(work, door) for door in own if door.stop.reserve],
                lunch=_lunch(work, sums.get("lunch_from"), sums.get("lunch_to")),
            )
        )
    if not sheets:
        raise Refusal("day.not_published", kind=Kind.MISSING, details={"day": day.isoformat()})
    agency = await access_store.agency_of_session(work.session)
    audit(work.session, "day.printed", "day", day.isoformat(), agents=len(sheets))
    return await asyncio.to_thread(
        day_sheets_pdf, sheets, agency=agency.name, phone=agency.phone, printed_at=work.now, language=language
    )


def _stop(work: Work, door: store.DoorOnPaper) -> SheetStop:
    address, debtor = door.address, door.debtor
    firm = debtor is not None and debtor.kind == "firm"
    name = "" if debtor is None else debtor.name if firm else short_name(debtor.name, debtor.tax_code)
    return SheetStop(
        at=None if door.stop.reserve else door.stop.arrive_at.astimezone(work.parts.zone),
        street=f"{address.street} {address.house_number}".strip() or address.text,
        comune=address.comune,
        staircase=address.staircase,
        unit=address.unit,
        name=name,
        access_notes=address.access_notes,
        must=door.stop.must,
    )


def _lunch(work: Work, begins: str | None, ends: str | None) -> tuple[datetime, datetime] | None:
    if not begins or not ends:
        return None
    zone = work.parts.zone
    return datetime.fromisoformat(begins).astimezone(zone), datetime.fromisoformat(ends).astimezone(zone)
