"""Reviews of visit reports, the questions that they raise, and what agents answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import SQLModel

from fieldapp.store.columns import (
    agency,
    instant,
    json_list,
    json_object,
    key,
    link,
    maybe_instant,
    maybe_link,
    personal,
)


class VisitReview(SQLModel, table=True):
    """A report that a person looks at, and how far that is."""

    __tablename__ = "visit_review"
    __table_args__ = (
        UniqueConstraint("visit_id", name="visit_review_once"),
        CheckConstraint("state in ('open','asked','answered','reviewed')", name="visit_review_state_known"),
        Index("ix_visit_review_waiting", "opened_at", postgresql_where=text("state <> 'reviewed'")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    visit_id: UUID = link("visit.id", index=False)
    why: list[str] = json_list()
    state: str = "open"
    opened_at: datetime = instant()
    reviewed_at: datetime | None = maybe_instant()
    reviewed_by: UUID | None = maybe_link("person.id", index=False)


class VisitQuestion(SQLModel, table=True):
    """A question to the agent who wrote a report; one at a time waits for its answer."""

    __tablename__ = "visit_question"
    __table_args__ = (
        Index(
            "visit_question_one_waits",
            "visit_id",
            unique=True,
            postgresql_where=text("answered_at is null and withdrawn_at is null and returned_at is null"),
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    visit_id: UUID = link("visit.id")
    agent_id: UUID = link("person.id")
    reason: str
    text: str = personal("debtor")
    asked_at: datetime = instant()
    asked_by: UUID = link("person.id", index=False)
    fetched_at: datetime | None = maybe_instant()
    """When the agent's phone first asked for its day and was given it."""
    answered_at: datetime | None = maybe_instant()
    """When an answer first arrived."""
    withdrawn_at: datetime | None = maybe_instant()
    withdrawn_by: UUID | None = maybe_link("person.id", index=False)
    returned_at: datetime | None = maybe_instant()
    """When it came back to the office, for the agent had no phone any more."""


class VisitAnswer(SQLModel, table=True):
    """What an agent answered; `changes` are of the form `domain.review.Change`. Written once and never changed."""

    __tablename__ = "visit_answer"

    id: UUID = key()
    agency_id: UUID = agency()
    question_id: UUID = link("visit_question.id")
    visit_id: UUID = link("visit.id")
    envelope_id: UUID = link("envelope.id", index=False)
    answered_at: datetime = instant()
    """By the phone, as the service's time."""
    received_at: datetime = instant()
    text: str = personal("debtor")
    changes: list[dict[str, Any]] = json_list()
    flags: list[str] = json_list()


class VisitCorrection(SQLModel, table=True):
    """That a visit ended otherwise than its report says. `before` and `after` are of the form
    `domain.corrections.Said`; what was said is never changed, only whether it holds."""

    __tablename__ = "visit_correction"
    __table_args__ = (
        CheckConstraint("state in ('asked','holds','declined','withdrawn')", name="visit_correction_state_known"),
        CheckConstraint(
            "state not in ('holds','declined') or decided_by <> said_by"
            " or (envelope_id is not null and lifts = '[]'::jsonb)",
            name="visit_correction_of_two_people",
        ),
        Index("visit_correction_one_asked", "visit_id", unique=True, postgresql_where=text("state = 'asked'")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    visit_id: UUID = link("visit.id")
    envelope_id: UUID | None = maybe_link("envelope.id", index=False)
    """Of the agent who made the visit; none where the office says so."""
    said_by: UUID = link("person.id", index=False)
    said_at: datetime = instant()
    received_at: datetime = instant()
    reason: str = personal("debtor")
    before: dict[str, Any] = json_object()
    after: dict[str, Any] = json_object()
    lifts: list[str] = json_list()
    """What it takes of the debtor's protection, as `domain.corrections.protections` names it."""
    state: str
    decided_at: datetime | None = maybe_instant()
    decided_by: UUID | None = maybe_link("person.id", index=False)
