"""The office's own key, and what phones handed over sealed until a person or a rule has taken it in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, key, link, maybe_instant, personal, sealed


class OfficeKey(SQLModel, table=True):
    """The agency's key pair (P-256): phones seal their work to the public point."""

    __tablename__ = "office_key"
    __table_args__ = (UniqueConstraint("agency_id", name="office_key_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    public_point: bytes = Field(sa_type=LargeBinary)
    private_sealed: str | None = sealed("office_key")
    made_at: datetime = instant()


class RescuedItem(SQLModel, table=True):
    """One item out of a sealed bundle, opened, waiting for its verdict; the same item is kept once."""

    __tablename__ = "rescued_item"
    __table_args__ = (
        UniqueConstraint("device_id", "key", "digest", name="rescued_item_once"),
        CheckConstraint("state in ('waiting','accepted','refused')", name="rescued_item_state_known"),
        CheckConstraint("kind in ('envelope','small','original','draft')", name="rescued_item_kind_known"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    device_id: UUID = link("device.id")
    kind: str
    key: str
    digest: str
    content: bytes | None = personal("debtor", default=None, sa_type=LargeBinary)
    """Emptied once the item stands where it belongs."""
    came_by: str
    state: str = "waiting"
    code: str | None = None
    received_at: datetime = instant()
    decided_at: datetime | None = maybe_instant()
    decided_by: UUID | None = None
