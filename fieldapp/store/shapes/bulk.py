"""What the desk sees of an action on many practices."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct


class BulkReason(Struct, frozen=True):
    """Why an action leaves some practices out; `code` has its words among the refusals."""

    code: str
    details: dict[str, Any]
    practices: int


class BulkView(Struct, frozen=True):
    """An action as it is shown, done or undone. `digest` confirms exactly this."""

    id: UUID
    kind: str
    asked: dict[str, Any]
    state: Literal["shown", "done", "undone"]
    digest: str
    by: str
    shown_at: datetime
    done_at: datetime | None
    undone_at: datetime | None
    practices: int
    """That were chosen."""
    done: int
    """For which it will be done, or was."""
    left_out: list[BulkReason]
    undone: int
    kept: list[BulkReason]
    """Why some were not undone."""
    may_undo: bool
    again: bool = False
    """It had been confirmed before: nothing was done twice."""


class BulkPractice(Struct, frozen=True):
    """One of the practices of an action."""

    id: UUID
    practice_number: str
    debtor_name: str
    creditor_name: str
