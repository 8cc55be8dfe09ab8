"""Files that go out to creditors: the plan of each, every file made, what it told, every try to hand it over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import (
    Sealed,
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


class ExportPlan(SQLModel, table=True):
    """How one creditor is told: layout, codes, place, hours; and how far the facts were told him."""

    __tablename__ = "export_plan"
    __table_args__ = (
        CheckConstraint("place in ('desk','sftp','bucket','folder')", name="export_plan_place_known"),
        UniqueConstraint("agency_id", "name", name="export_plan_name_once"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id", index=False)
    name: str
    layout: dict[str, Any] = json_object()
    codes: dict[str, Any] = json_object()
    place: str
    target: dict[str, Any] = json_object()
    """Where to, without secrets."""
    secret: str | None = Field(default=None, sa_type=Sealed("export secret"))
    """What opens the place, as JSON."""
    at: str
    """Local time of day, `HH:MM`."""
    weekdays: list[int] = json_list()
    created_at: datetime = instant()
    created_by: UUID = link("person.id", index=False)
    paused_at: datetime | None = maybe_instant()
    next_run_at: datetime = instant()
    read_up_to: int = Field(sa_type=BigInteger)
    """The number of the fact up to which facts were written into files."""
    sequence: int = 0
    """Of the newest file."""
    last_digest: str
    """Of the newest file: the next one names it."""


class OutgoingFile(SQLModel, table=True):
    """One file: made once, its bytes kept by digest, sent under one name however often."""

    __tablename__ = "outgoing_file"
    __table_args__ = (
        CheckConstraint("state in ('waiting','delivered','held')", name="outgoing_file_state_known"),
        UniqueConstraint("plan_id", "sequence", name="outgoing_file_numbered_once"),
        Index("outgoing_file_open", "plan_id", "sequence", postgresql_where=text("state in ('waiting','held')")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    plan_id: UUID = link("export_plan.id", index=False)
    creditor_id: UUID = link("creditor.id", index=False)
    sequence: int
    name: str
    sha256: str
    size_bytes: int = Field(sa_type=BigInteger)
    rows: int
    total_cents: int = cents()
    collected_cents: int = cents()
    made_at: datetime = instant()
    state: str = "waiting"
    tries: int = 0
    """Failures since it was made or sent anew."""
    attempts: int = 0
    """All tries that may have left something at the creditor's."""
    next_at: datetime = instant()
    claimed_until: datetime | None = maybe_instant()
    delivered_at: datetime | None = maybe_instant()
    last_failure: str | None = None
    asked_by: UUID | None = maybe_link("person.id", index=False)
    """Who wanted it sent once more."""


class ToldFact(SQLModel, table=True):
    """What a file said about one fact."""

    __tablename__ = "told_fact"
    __table_args__ = (UniqueConstraint("plan_id", "fact_number", name="told_fact_once"),)

    file_id: UUID = Field(foreign_key="outgoing_file.id", primary_key=True)
    fact_number: int = Field(foreign_key="fact.number", primary_key=True, sa_type=BigInteger, index=True)
    agency_id: UUID = agency()
    plan_id: UUID = link("export_plan.id", index=False)
    said: str
    code: str


class HandOver(SQLModel, table=True):
    """One try to hand a file over, written before it begins; without an end: we died over it, it may have arrived."""

    __tablename__ = "hand_over"

    id: UUID = key()
    agency_id: UUID = agency()
    file_id: UUID = link("outgoing_file.id")
    number: int
    began_at: datetime = instant()
    asked_by: UUID | None = maybe_link("person.id", index=False)
    ended_at: datetime | None = maybe_instant()
    result: str | None = None
    """`sent`, `found_there`, or why not."""


class ExportByHand(SQLModel, table=True):
    """A day's outcomes that somebody at the desk took for a creditor."""

    __tablename__ = "export_by_hand"
    __table_args__ = (UniqueConstraint("creditor_id", "sequence", name="export_by_hand_numbered_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    creditor_id: UUID = link("creditor.id", index=False)
    day: date
    sequence: int
    name: str
    sha256: str
    made_at: datetime = instant()
    made_by: UUID = link("person.id", index=False)


class ToldByHand(SQLModel, table=True):
    """A fact that stood in it, and under which code."""

    __tablename__ = "told_by_hand"

    export_id: UUID = Field(foreign_key="export_by_hand.id", primary_key=True)
    fact_number: int = Field(foreign_key="fact.number", primary_key=True, sa_type=BigInteger, index=True)
    agency_id: UUID = agency()
    code: str


__all__ = ["ExportByHand", "ExportPlan", "HandOver", "OutgoingFile", "ToldByHand", "ToldFact"]
