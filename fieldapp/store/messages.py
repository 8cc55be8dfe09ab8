"""Messages to agents: for the board, for a phone, and as far as a reading is judged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy
from sqlalchemy import update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.sync import MessageKnown
from fieldapp.store.shapes.field import MessageCard
from fieldapp.store.shapes.messages import MessageCopyRow, MessageRow, Recipient
from fieldapp.store.tables.access import Device, Person
from fieldapp.store.tables.messages import Message, MessageCopy
from fieldapp.store.tables.planning import PublishedDay, PublishedStop


async def recipients(session: AsyncSession, published: PublishedDay) -> list[Recipient]:
    """The agents of a published version, and whether a phone of theirs is let in."""
    phone = (
        sqlalchemy.exists()
        .where(col(Device.person_id) == col(Person.id), col(Device.kind) == "phone", col(Device.revoked_at).is_(None))
        .label("has_phone")
    )
    of_day = sqlalchemy.select(col(PublishedStop.agent_id)).where(col(PublishedStop.published_day_id) == published.id)
    routed = [UUID(agent_id) for agent_id in published.routes]
    query = (
        sqlalchemy.select(col(Person.id), col(Person.name), phone)
        .where(col(Person.active), sqlalchemy.or_(col(Person.id).in_(of_day), col(Person.id).in_(routed)))
        .order_by(col(Person.name), col(Person.id))
    )
    return [Recipient(id_, name, has_phone) for id_, name, has_phone in (await session.execute(query)).all()]


async def agent_name(session: AsyncSession, agent_id: UUID) -> str | None:
    query = select(Person.name).where(Person.id == agent_id, Person.role == "agent")
    return (await session.exec(query)).first()


async def of_day(session: AsyncSession, day: date) -> list[MessageRow]:
    """What was sent on the day, the newest first, each with its copies by agent."""
    sender, agent = aliased(Person), aliased(Person)
    query = (
        sqlalchemy.select(Message, col(sender.name), MessageCopy, col(agent.name))
        .join(sender, col(sender.id) == col(Message.sent_by))
        .join(MessageCopy, col(MessageCopy.message_id) == col(Message.id))
        .join(agent, col(agent.id) == col(MessageCopy.agent_id))
        .where(col(Message.day) == day)
        .order_by(col(Message.sent_at).desc(), col(Message.id).desc(), col(agent.name), col(MessageCopy.id))
    )
    rows: dict[UUID, MessageRow] = {}
    for message, sent_by, copy, name in (await session.execute(query)).all():
        row = rows.setdefault(
            message.id, MessageRow(message.id, message.text, message.to_all, message.sent_at, sent_by, [])
        )
        row.copies.append(MessageCopyRow(copy.agent_id, name, copy.fetched_at, copy.read_at, copy.withdrawn_at))
    return list(rows.values())


async def copies(session: AsyncSession, message_id: UUID) -> list[MessageCopy]:
    """Locked: a reading and a withdrawal wait for each other."""
    query = (
        select(MessageCopy).where(MessageCopy.message_id == message_id).order_by(col(MessageCopy.id)).with_for_update()
    )
    return list((await session.exec(query)).all())


async def known(session: AsyncSession, ids: Collection[UUID], *, agent_id: UUID) -> dict[UUID, MessageKnown]:
    """Those of `ids` that were written to the agent, locked as above."""
    query = (
        sqlalchemy.select(MessageCopy, col(Message.day))
        .join(Message, col(Message.id) == col(MessageCopy.message_id))
        .where(col(MessageCopy.message_id).in_(ids), col(MessageCopy.agent_id) == agent_id)
        .order_by(col(MessageCopy.id))
        .with_for_update(of=MessageCopy)
    )
    return {
        copy.message_id: MessageKnown(copy.id, day, copy.read_at is not None)
        for copy, day in (await session.execute(query)).all()
    }


@dataclass(frozen=True, slots=True)
class Carried:
    """What a phone is given, and which of it it had not been given before."""

    cards: list[MessageCard]
    fresh: list[UUID]


async def carried(session: AsyncSession, agent_id: UUID, day: date, *, now: datetime) -> Carried:
    """The agent's messages of the day, the newest first; one query, and one more where something is new.

    One that was withdrawn before any phone had it is not given; where a phone had it, it goes without its text.
    """
    query = (
        sqlalchemy.select(Message, col(Person.name), MessageCopy)
        .join(MessageCopy, col(MessageCopy.message_id) == col(Message.id))
        .join(Person, col(Person.id) == col(Message.sent_by))
        .where(
            col(Message.day) == day,
            col(MessageCopy.agent_id) == agent_id,
            sqlalchemy.or_(col(MessageCopy.withdrawn_at).is_(None), col(MessageCopy.fetched_at).is_not(None)),
        )
        .order_by(col(Message.sent_at).desc(), col(Message.id).desc())
    )
    rows = (await session.execute(query)).all()
    unseen = [copy.id for _, _, copy in rows if copy.fetched_at is None]
    fresh: list[UUID] = []
    if unseen:
        # Of two phones that ask at once one is the first.
        first = col(MessageCopy.id).in_(unseen), col(MessageCopy.fetched_at).is_(None)
        marked = update(MessageCopy).where(*first).values(fetched_at=now).returning(col(MessageCopy.message_id))
        fresh = list((await session.execute(marked)).scalars())
    cards = [
        MessageCard(
            id=message.id,
            text="" if copy.withdrawn_at and not copy.read_at else message.text,
            sent_at=message.sent_at,
            sent_by=sent_by,
            read_at=copy.read_at,
            withdrawn_at=copy.withdrawn_at,
        )
        for message, sent_by, copy in rows
    ]
    return Carried(cards, fresh)
