"""The door of notes for those who plan."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from fieldapp.services import notes
from fieldapp.services.work import Work
from fieldapp.store.shapes.notes import PlanningNoteRow


class NoteRequest(Struct, forbid_unknown_fields=True):
    """About the day, an agent or a practice; `door`: about the practice's door, and for the agent who is sent there."""

    text: str
    agent_id: UUID | None = None
    practice_id: UUID | None = None
    door: bool = False


class TickRequest(Struct, forbid_unknown_fields=True):
    done: bool


class NoteController(Controller):
    tags = ("dispatch",)

    @get("/dispatch/days/{day:date}/notes", operation_id="list_planning_notes")
    async def list_day(self, work: NamedDependency[Work], day: FromPath[date]) -> list[PlanningNoteRow]:
        return await notes.list_day(work, day)

    @post("/dispatch/days/{day:date}/notes", operation_id="write_planning_note", status_code=200)
    async def write(
        self, work: NamedDependency[Work], day: FromPath[date], data: JSONBody[NoteRequest]
    ) -> list[PlanningNoteRow]:
        about = notes.About(data.agent_id, data.practice_id, data.door)
        return await notes.write(work, day, about, text=data.text)

    @post("/dispatch/notes/{note_id:uuid}/tick", operation_id="tick_planning_note", status_code=200)
    async def tick(
        self, work: NamedDependency[Work], note_id: FromPath[UUID], data: JSONBody[TickRequest]
    ) -> list[PlanningNoteRow]:
        return await notes.tick(work, note_id, done=data.done)
