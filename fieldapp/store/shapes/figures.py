"""Figures as the desk and exports read them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from fieldapp.domain.figures import By, Ground


class FigureCells(Struct, frozen=True):
    """What happened; see `domain.figures.Figures` for what each number counts. Money in cents, ways in metres."""

    visits: int
    reached: int
    kept: int
    broken: int
    recovered_cents: int
    planned: int
    done: int
    metres: int


class FigureRow(Struct, frozen=True):
    """One group: `key` opens it, `name` says it where no catalogue of words does."""

    key: str
    name: str
    cells: FigureCells


class FiguresPage(Struct, frozen=True):
    """The groups of a period, most recovered first, ages, hours and days of the week in their own order.

    Squads come by name: what they planned and did, no money and no promises (0). `rest` is whatever may not be told of
    one squad, today's too, and of agents in none. Agents come by name, of the days that the recorded basis allows."""

    from_on: date
    to_on: date
    by: By
    rows: list[FigureRow]
    total: FigureCells


class FigurePractice(Struct, frozen=True):
    """A practice behind a number."""

    practice_id: UUID
    practice_number: str
    debtor: str
    cells: FigureCells


class FigurePractices(Struct, frozen=True):
    """The practices of one group, most recovered first; `total` counts those beyond the list too."""

    rows: list[FigurePractice]
    total: int


class FigureBasis(Struct, frozen=True):
    """The recorded legal basis of figures by named agents; see `domain.figures.Basis`."""

    ground: Ground
    reference: str
    signed_on: date
    told_on: date
    from_on: date
    recorded_by: str
    recorded_at: datetime


class FigureBasisView(Struct, frozen=True):
    """The basis that stands; null: nothing is told of named agents."""

    basis: FigureBasis | None
