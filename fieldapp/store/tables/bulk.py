"""Actions on many practices: as they were shown, and as they were done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, json_list, json_object, key, link, maybe_instant, maybe_link


class BulkAction(SQLModel, table=True):
    """One action, from its preview on. Practices stand in it by their ids."""

    __tablename__ = "bulk_action"
    __table_args__ = (
        Index("bulk_action_done", "agency_id", "done_at", postgresql_where=text("done_at is not null")),
        Index("bulk_action_shown", "shown_to", postgresql_where=text("done_at is null")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    kind: str
    asked: dict[str, Any] = json_object()
    shown_at: datetime = instant()
    shown_to: UUID = link("person.id", index=False)
    up_to: int = Field(sa_type=BigInteger)
    """The newest fact when it was shown: what was told of a practice later has changed it."""
    doable: list[str] = json_list()
    left_out: list[dict[str, Any]] = json_list()
    """Groups of `domain.bulk`, first as shown, then as done."""
    digest: str
    done_at: datetime | None = maybe_instant()
    done: list[str] = json_list()
    undone_at: datetime | None = maybe_instant()
    undone_by: UUID | None = maybe_link("person.id", index=False)
    undone: list[str] = json_list()
    kept: list[dict[str, Any]] = json_list()
    """Groups of those that could not be undone."""


__all__ = ["BulkAction"]
