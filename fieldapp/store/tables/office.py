"""Facts in commit order, tasks, imports and settings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import (
    agency,
    cents,
    instant,
    json_list,
    json_object,
    key,
    link,
    maybe_instant,
    maybe_link,
)


class Fact(SQLModel, table=True):
    """Something that happened. `number` rises in commit order: it is given under one lock, last before commit."""

    __table_args__ = (
        Index("fact_of_practice", "practice_id", "number"),
        Index("fact_of_agency", "agency_id", "number"),
        Index("fact_recorded", "agency_id", "recorded_at"),
        Index("fact_of_arrivals", "practice_id", postgresql_where=text("kind = 'visit.arrived'")),
        Index(
            "fact_of_money",
            "agency_id",
            "at",
            postgresql_where=text(
                "kind in ('payment.received', 'payment.seen', 'payment.refunded', 'receipt.voided', 'cheque.unpaid')"
            ),
        ),
    )

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    id: UUID = Field(unique=True)
    agency_id: UUID = agency()
    creditor_id: UUID | None = Field(default=None, foreign_key="creditor.id", index=True)
    practice_id: UUID | None = Field(default=None, foreign_key="practice.id")
    kind: str
    at: datetime = instant()
    recorded_at: datetime = instant()
    person_id: UUID | None = None
    device_id: UUID | None = None
    day: date | None = None
    body: dict[str, Any] = json_object()


class Task(SQLModel, table=True):
    """Work that waits for a person."""

    __table_args__ = (
        CheckConstraint("state in ('open','done')", name="task_state_known"),
        UniqueConstraint("agency_id", "kind", "subject_kind", "subject_id", name="task_once"),
        Index("task_in_order", "agency_id", "state", text("(kind <> 'agent.in_danger')"), "due_on", "created_at", "id"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    kind: str = Field(index=True)
    team: str
    owner_id: UUID | None = maybe_link("person.id")
    due_on: date
    asleep_until: date | None = None
    """Nobody need look at it before that day."""
    created_at: datetime = instant()
    finished_at: datetime | None = maybe_instant()
    finished_by: UUID | None = maybe_link("person.id", index=False)
    note: str = ""
    state: str = "open"
    practice_id: UUID | None = maybe_link("practice.id")
    subject_kind: str
    subject_id: str
    details: dict[str, Any] = json_object()


class ImportFile(SQLModel, table=True):
    """A creditor's file: read first (dry run), written after a person confirmed."""

    __tablename__ = "import_file"
    __table_args__ = (
        CheckConstraint(
            "state in ('reading','read','writing','done','refused','failed','cancelled')",
            name="import_file_state_known",
        ),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id")
    file_name: str
    layout: str
    sha256: str = Field(index=True)
    documents_sha256: str | None = None
    rejects_sha256: str | None = None
    state: str = "reading"
    progress: int = 0
    created_at: datetime = instant()
    created_by: UUID = link("person.id")
    finished_at: datetime | None = maybe_instant()
    accepted: int = 0
    rejected: int = 0
    accepted_cents: int = cents()
    rejected_cents: int = cents()
    new_practices: int = 0
    changed_practices: int = 0
    unchanged_practices: int = 0
    refusal: str | None = None
    warnings: list[str] = json_list()
    rejects: list[dict[str, Any]] = json_list()
    findings: dict[str, Any] = json_object()
    """`refusal` and `warnings` as code, line and details, where they are no bare sentences; for other languages."""


class CreditorLayout(SQLModel, table=True):
    """How a creditor writes its files, where no shipped layout fits; `content` is a layout as data."""

    __tablename__ = "creditor_layout"
    __table_args__ = (UniqueConstraint("agency_id", "name", name="creditor_layout_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id")
    name: str
    content: dict[str, Any] = json_object()
    created_at: datetime = instant()
    created_by: UUID = link("person.id")


class SavedView(SQLModel, table=True):
    """A list as a person filtered it; `filters` is what stands behind the `?` of its address."""

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("person_id", "listing", "name", name="saved_view_once"),
        CheckConstraint("listing in ('practices','tasks')", name="saved_view_listing_known"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    person_id: UUID = link("person.id")
    listing: str
    name: str
    filters: str
    shared: bool
    """Seen by everybody at the desk."""
    saved_at: datetime = instant()


class Setting(SQLModel, table=True):
    """What an administrator may change, by name."""

    agency_id: UUID = Field(foreign_key="agency.id", primary_key=True)
    name: str = Field(primary_key=True)
    value: dict[str, Any] = json_object()


__all__ = ["Fact", "ImportFile", "Setting", "Task", "link"]
