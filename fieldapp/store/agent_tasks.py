"""Which tasks are of some agents: those about one of them, and those about a practice that is one of theirs.

A practice is the agent's whose visit was its newest, and the agent's who has it in today's published day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, case, cast, func, or_
from sqlmodel import col, select

from fieldapp.store.columns import among
from fieldapp.store.tables.access import Device
from fieldapp.store.tables.field import Envelope, PaperPad, Visit
from fieldapp.store.tables.ledger import DepositSlip
from fieldapp.store.tables.office import Task
from fieldapp.store.tables.planning import PublishedDay, PublishedStop


@dataclass(frozen=True, slots=True)
class Agents:
    """Who they are, and the day that is today."""

    ids: Sequence[UUID]
    today: date


def are_of(agents: Agents) -> ColumnElement[bool]:
    """The condition on a task."""
    planned = col(Task.practice_id).in_(_planned_for(agents.ids, agents.today))
    return or_(_about(agents.ids), _visited_last_by(agents.ids), planned)


def _about(agents: Sequence[UUID]) -> ColumnElement[bool]:
    """What the task is about is an agent's phone, something that it sent, a pad or a slip, or an agent."""
    phones = select(Device.id).where(among(Device.person_id, agents))
    pads = select(PaperPad.id).where(among(PaperPad.agent_id, agents))
    slips = select(DepositSlip.id).where(among(DepositSlip.agent_id, agents))
    sent = select(Envelope.id).where(Envelope.id == _subject("envelope"), col(Envelope.device_id).in_(phones))
    # Of a licence that ends the subject is the person, and behind a colon what ends.
    person = func.split_part(Task.subject_id, ":", 1)
    return or_(
        _subject("device").in_(phones),
        _subject("paper_pad").in_(pads),
        _subject("deposit_slip").in_(slips),
        sent.exists(),
        and_(col(Task.subject_kind) == "person", person.in_([str(agent) for agent in agents])),
    )


def _subject(kind: str) -> ColumnElement[Any]:
    """The id of a task's subject where it is of this kind: subjects of other kinds need not be ids."""
    return case((col(Task.subject_kind) == kind, cast(col(Task.subject_id), Uuid)))


def _visited_last_by(agents: Sequence[UUID]) -> ColumnElement[bool]:
    newest = (
        select(Visit.id)
        .where(Visit.practice_id == Task.practice_id)
        .order_by(col(Visit.arrived_at).desc())
        .limit(1)
        .correlate(Task)
        .scalar_subquery()
    )
    return select(Visit.id).where(Visit.id == newest, among(Visit.agent_id, agents)).correlate(Task).exists()


def _planned_for(agents: Sequence[UUID], day: date) -> Any:
    newest = (
        select(PublishedDay.id)
        .where(PublishedDay.day == day)
        .order_by(col(PublishedDay.version).desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(PublishedStop.practice_id).where(
        PublishedStop.published_day_id == newest, among(PublishedStop.agent_id, agents)
    )
