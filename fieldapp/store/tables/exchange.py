"""Other systems that may read from us."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, json_list, key, link, maybe_instant, maybe_link


class ServiceAccount(SQLModel, table=True):
    """A system with a token: what it may read, and how often. The token itself is kept as a digest alone."""

    __tablename__ = "service_account"
    __table_args__ = (CheckConstraint("a_minute > 0", name="service_account_rate_positive"),)

    id: UUID = key()
    agency_id: UUID = agency()
    name: str
    scopes: list[str] = json_list()
    creditor_id: UUID | None = maybe_link("creditor.id", index=False)
    """Bound to this creditor: it gets no other's facts."""
    token_digest: str = Field(unique=True)
    a_minute: int
    created_at: datetime = instant()
    created_by: UUID = link("person.id", index=False)
    last_used_at: datetime | None = maybe_instant()
    revoked_at: datetime | None = maybe_instant()
    revoked_by: UUID | None = maybe_link("person.id", index=False)
    minute_began_at: datetime | None = maybe_instant()
    asked: int = 0
    """Requests since then."""


__all__ = ["ServiceAccount"]
