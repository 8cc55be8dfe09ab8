"""Claims kept added up: what each practice owes, and the sums by creditor."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, cents, link


class ClaimPart(SQLModel, table=True):
    """What one practice owed when it was counted last."""

    __tablename__ = "claim_part"
    __table_args__ = (Index("claim_part_owed", "agency_id", "owed_cents", "practice_id"),)

    practice_id: UUID = Field(foreign_key="practice.id", primary_key=True)
    creditor_id: UUID = link("creditor.id", index=False)
    agency_id: UUID = agency()
    owed_cents: int = cents()
    left_cents: int = cents()
    """What is left to ask for: a part that was paid beyond what it came to takes nothing off another."""


class ClaimSum(SQLModel, table=True):
    """The parts of a creditor's practices added up."""

    __tablename__ = "claim_sum"

    creditor_id: UUID = Field(foreign_key="creditor.id", primary_key=True)
    agency_id: UUID = agency()
    practices: int
    owed_cents: int = cents()


class ClaimMark(SQLModel, table=True):
    """How far an agency's facts have been taken into its claims' sums."""

    __tablename__ = "claim_mark"

    agency_id: UUID = Field(foreign_key="agency.id", primary_key=True)
    up_to: int = Field(sa_type=BigInteger)


__all__ = ["ClaimMark", "ClaimPart", "ClaimSum"]
