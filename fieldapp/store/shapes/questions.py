"""Questions to agents about their reports, with what was answered, as the office sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct


class ChangeRow(Struct, frozen=True):
    """One field of a report, as it was written or corrected before, and as it was corrected."""

    field: str
    """`observations`, `role`, or `captured.<name>`."""
    before: Any
    after: Any


class AnswerRow(Struct, frozen=True):
    """What an agent answered; with `changes` it is a correction of the report."""

    id: UUID
    answered_at: datetime
    received_at: datetime
    agent_name: str
    text: str
    changes: list[ChangeRow]
    flags: list[str]


class SaidRow(Struct, frozen=True):
    """How a visit ended and who was met."""

    outcome: str
    met: str
    identified_by: str | None
    role: str | None
    captured: dict[str, Any]


class CorrectionRow(Struct, frozen=True):
    """That a visit ended otherwise; one of the office, and one of the agent that `lifts` a protection of the debtor,
    holds once a second person has confirmed it."""

    id: UUID
    said_by: str
    said_by_id: UUID
    said_at: datetime
    of_office: bool
    reason: str
    before: SaidRow
    after: SaidRow
    lifts: list[str]
    """`address`, `left_alone`, or a state of the debt."""
    state: Literal["asked", "holds", "declined", "withdrawn"]
    decided_by: str | None
    decided_at: datetime | None


class QuestionRow(Struct, frozen=True):
    """A question and what became of it; `fetched_at`: on the phone."""

    id: UUID
    reason: str
    text: str
    asked_at: datetime
    asked_by: str
    agent_name: str
    fetched_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    returned_at: datetime | None
    """It came back to the office: the agent's phone was shut out."""
    answers: list[AnswerRow]
