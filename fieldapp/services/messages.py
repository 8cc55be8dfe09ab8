"""Short messages of the office to agents on the road: sent, on the phone, read, withdrawn.

The phone takes them with its day; what wakes it says only that the day has changed. A reading is an envelope of the
phone (`domain.sync`). The text stands in the message alone, neither in facts nor in the register.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import sha256
from fieldapp.domain.messages import checked_text
from fieldapp.services import push
from fieldapp.services.work import Work
from fieldapp.store import messages as store
from fieldapp.store import planning as plans
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.field import MessageCard
from fieldapp.store.shapes.messages import DayMessages, Recipient
from fieldapp.store.tables import Message, MessageCopy


async def day_messages(work: Work, day: date) -> DayMessages:
    """What was sent on the day and what became of it; today also to whom more can be sent."""
    published = await plans.newest_day(work.session, day) if day == work.today else None
    recipients = await store.recipients(work.session, published) if published else []
    return DayMessages(day, recipients, await store.of_day(work.session, day))


async def send(work: Work, day: date, *, text: str, agent_id: UUID | None) -> DayMessages:
    """To one agent of the running day, or to all of its agents who have a phone (`agent_id` null).

    Raises Refusal `message.empty`, `.too_long`, `.unreadable`, `.not_today`, `.not_published`, `.agent_unknown`,
    `.agent_not_of_day` (details: agent), `.no_phone` (details: agent) or `.nobody_has_a_phone`.
    """
    said = checked_text(text)
    if day != work.today:
        raise Refusal("message.not_today", kind=Kind.CONFLICT)
    published = await plans.newest_day(work.session, day)
    if published is None:
        raise Refusal("message.not_published", kind=Kind.CONFLICT)
    of_day = await store.recipients(work.session, published)
    told = _with_phone(of_day) if agent_id is None else [await _one(work, of_day, agent_id)]
    message = Message(
        id=work.new_id(),
        agency_id=work.identity.agency_id,
        day=day,
        text=said,
        to_all=agent_id is None,
        sent_at=work.now,
        sent_by=work.identity.person_id,
    )
    work.session.add(message)
    await work.session.flush()
    work.session.add_all(
        MessageCopy(id=work.new_id(), agency_id=message.agency_id, message_id=message.id, agent_id=one.agent_id)
        for one in told
    )
    names = [one.agent_name for one in told]
    body = {"message_id": str(message.id), "to_all": message.to_all, "agents": len(told)}
    tell(work.session, NewFact("message.sent", work.now, day=day, body=body))
    audit(work.session, "message.sent", "message", message.id, agents=names, digest=sha256(said.encode()))
    await push.day_changed(work, day, [one.agent_id for one in told])
    await work.session.flush()
    return await day_messages(work, day)


def _with_phone(of_day: list[Recipient]) -> list[Recipient]:
    found = [one for one in of_day if one.has_phone]
    if not found:
        raise Refusal("message.nobody_has_a_phone", kind=Kind.CONFLICT)
    return found


async def _one(work: Work, of_day: list[Recipient], agent_id: UUID) -> Recipient:
    found = next((one for one in of_day if one.agent_id == agent_id), None)
    if found is None:
        name = await store.agent_name(work.session, agent_id)
        if name is None:
            raise Refusal("message.agent_unknown", kind=Kind.MISSING)
        raise Refusal("message.agent_not_of_day", kind=Kind.CONFLICT, details={"agent": name})
    if not found.has_phone:
        raise Refusal("message.no_phone", kind=Kind.CONFLICT, details={"agent": found.agent_name})
    return found


async def withdraw(work: Work, message_id: UUID) -> DayMessages:
    """Take the message back from all who have not read it.

    Raises Refusal `message.unknown`, `.withdrawn_already` or `.read_already`.
    """
    message = await work.session.get(Message, message_id)
    if message is None:
        raise Refusal("message.unknown", kind=Kind.MISSING)
    copies = await store.copies(work.session, message_id)
    unread = [copy for copy in copies if copy.read_at is None]
    left = [copy for copy in unread if copy.withdrawn_at is None]
    if not left:
        raise Refusal("message.withdrawn_already" if unread else "message.read_already", kind=Kind.CONFLICT)
    for copy in left:
        copy.withdrawn_at, copy.withdrawn_by = work.now, work.identity.person_id
    body = {"message_id": str(message.id), "agents": len(left)}
    tell(work.session, NewFact("message.withdrawn", work.now, day=message.day, body=body))
    audit(work.session, "message.withdrawn", "message", message.id, agents=len(left))
    await push.day_changed(work, message.day, [copy.agent_id for copy in left if copy.fetched_at is not None])
    await work.session.flush()
    return await day_messages(work, message.day)


async def carry(work: Work, agent_id: UUID, day: date, *, agent: str) -> list[MessageCard]:
    """What a phone takes along with its day; the board hears that it is there."""
    carried = await store.carried(work.session, agent_id, day, now=work.now)
    for message_id in carried.fresh:
        body = {"message_id": str(message_id), "agent": agent}
        tell(work.session, NewFact("message.fetched", work.now, day=day, body=body))
    return carried.cards
