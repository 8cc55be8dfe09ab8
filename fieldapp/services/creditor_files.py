"""Creditors' layouts as the services use them: those of the folder in force, and a plain one where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from fieldapp.documents import tabular
from fieldapp.domain.intake_layout import Column, Field, FileKind, Layout

PLAIN = Layout(
    name="plain",
    title="CSV",
    kind=FileKind.CSV,
    columns=tuple(
        Column(meaning, name)
        for meaning, name in (
            (Field.PRACTICE_NUMBER, "Numero pratica"),
            (Field.DEBTOR, "Debitore"),
            (Field.PRINCIPAL, "Capitale"),
            (Field.INTEREST, "Interessi"),
            (Field.COSTS, "Spese"),
            (Field.TOTAL, "Totale"),
        )
    ),
)
"""How files are written for a creditor that has no layout: the Italian way."""


@lru_cache(maxsize=4)
def layouts(folder: Path) -> Mapping[str, Layout]:
    """The layouts by name; read once, since a new one comes with a restart."""
    return tabular.load_layouts(folder)
