"""Pairs of debtors that may be one person, and what a person said of each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, json_list, key, link, maybe_instant, maybe_link


class DebtorMatch(SQLModel, table=True):
    """Two debtors who may be one. Both stay as their creditors wrote them; what a person says is kept here."""

    __tablename__ = "debtor_match"
    __table_args__ = (
        UniqueConstraint("one_practice_id", "other_practice_id", name="debtor_match_once"),
        CheckConstraint("one_practice_id < other_practice_id", name="debtor_match_ordered"),
        CheckConstraint("verdict in ('same','different')", name="debtor_match_verdict_known"),
        Index("debtor_match_open", "agency_id", "strength", postgresql_where=text("verdict is null")),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    one_practice_id: UUID = link("practice.id")
    other_practice_id: UUID = link("practice.id")
    tells: list[str] = json_list()
    """Codes of what speaks for it (`domain.same_debtor.Likeness`)."""
    strength: int
    import_id: UUID | None = maybe_link("import_file.id")
    """The file with which it was found."""
    found_at: datetime = instant()
    verdict: str | None = Field(default=None)
    decided_at: datetime | None = maybe_instant()
    decided_by: UUID | None = maybe_link("person.id", index=False)
