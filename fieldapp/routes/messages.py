"""The door of messages to agents on the road."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from fieldapp.services import messages
from fieldapp.services.work import Work
from fieldapp.store.shapes.messages import DayMessages


class MessageRequest(Struct, forbid_unknown_fields=True):
    """`agent_id` null: all agents of the day."""

    text: str
    agent_id: UUID | None = None


class MessageController(Controller):
    tags = ("dispatch",)

    @get("/dispatch/days/{day:date}/messages", operation_id="list_messages")
    async def list_messages(self, work: NamedDependency[Work], day: FromPath[date]) -> DayMessages:
        return await messages.day_messages(work, day)

    @post("/dispatch/days/{day:date}/messages", operation_id="send_message", status_code=200)
    async def send(
        self, work: NamedDependency[Work], day: FromPath[date], data: JSONBody[MessageRequest]
    ) -> DayMessages:
        return await messages.send(work, day, text=data.text, agent_id=data.agent_id)

    @post("/dispatch/messages/{message_id:uuid}/withdraw", operation_id="withdraw_message", status_code=200)
    async def withdraw(self, work: NamedDependency[Work], message_id: FromPath[UUID]) -> DayMessages:
        return await messages.withdraw(work, message_id)
