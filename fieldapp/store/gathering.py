"""Columns that hold lists: what belongs to a row comes with it in one query instead of in a query of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, Label, func, text
from sqlmodel import SQLModel, col

from fieldapp.store.tables.practice import Practice


def listed(*columns: Any, where: Sequence[Any], source: Any = None, of: Any = None) -> ColumnElement[Any]:
    """The rows that `where` finds, as a JSON list of lists: a column of a query instead of a query of its own.

    Instants and dates come out as ISO text, ids as text. `of` is the table of the outer query that `where` speaks of.
    """
    query = sqlalchemy.select(func.jsonb_agg(func.jsonb_build_array(*columns))).where(*where)
    if source is not None:
        query = query.select_from(source)
    inner = query.correlate(of).scalar_subquery() if of is not None else query.scalar_subquery()
    return func.coalesce(inner, text("'[]'::jsonb"))


def gathered(table: type[SQLModel], *columns: Any, where: Sequence[Any] = ()) -> Label[Any]:
    """The rows of `table` that belong to the practice at hand, as `listed`, under the table's name."""
    own = col(table.practice_id) == col(Practice.id)  # type: ignore[attr-defined]
    return listed(*columns, where=(own, *where), of=Practice).label(str(table.__tablename__))
