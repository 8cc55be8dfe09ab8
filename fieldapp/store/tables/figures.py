"""Figures kept added up: what each practice contributed to each day, and the sums of all practices by group and day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency


def _count() -> int:
    return Field(default=0, sa_type=BigInteger)  # type: ignore[no-any-return]


class FigurePart(SQLModel, table=True):
    """What happened to one practice on one day, in one band of hours; the groups are those it counts in."""

    __tablename__ = "figure_part"
    __table_args__ = (Index("figure_part_of_day", "agency_id", "day"),)

    practice_id: UUID = Field(foreign_key="practice.id", primary_key=True)
    day: date = Field(primary_key=True)
    weekday: str = Field(primary_key=True)
    hour: str = Field(primary_key=True)
    age: str = Field(primary_key=True)
    area: str = Field(primary_key=True)
    squad: str = Field(primary_key=True)
    creditor: str
    agency_id: UUID = agency()
    visits: int = _count()
    reached: int = _count()
    kept: int = _count()
    broken: int = _count()
    recovered_cents: int = _count()
    planned: int = _count()
    done: int = _count()
    metres: int = _count()


class FigureSum(SQLModel, table=True):
    """The parts of all practices added up, by the question, the day and the group."""

    __tablename__ = "figure_sum"

    agency_id: UUID = Field(foreign_key="agency.id", primary_key=True)
    grouped_by: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    key: str = Field(primary_key=True)
    visits: int = _count()
    reached: int = _count()
    kept: int = _count()
    broken: int = _count()
    recovered_cents: int = _count()
    planned: int = _count()
    done: int = _count()
    metres: int = _count()


class FigureMark(SQLModel, table=True):
    """How far an agency's facts have been taken into its sums, and before which day its promises were judged."""

    __tablename__ = "figure_mark"

    agency_id: UUID = Field(foreign_key="agency.id", primary_key=True)
    up_to: int = _count()
    judged_before: date


__all__ = ["FigureMark", "FigurePart", "FigureSum"]
