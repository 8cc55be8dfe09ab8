"""A selection of practices as a file, for whoever works on in a spreadsheet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Literal

from fieldapp.documents.tabular import MEDIA_TYPES, OutCell, write_csv, write_xlsx
from fieldapp.domain.bulk import MOST_EXPORTED
from fieldapp.domain.intake_layout import FileKind
from fieldapp.domain.money import Money
from fieldapp.services.bulk import Chosen, chosen_ids
from fieldapp.services.creditor_files import PLAIN
from fieldapp.services.work import Work
from fieldapp.store import practices
from fieldapp.store.feed import audit
from fieldapp.store.shapes.office import PracticeRow

Form = Literal["csv", "xlsx"]
AT_ONCE = 1_000
"""Rows that are read together."""
HEADINGS = {
    "it": "Pratica|Debitore|Comune|Creditore|Fase|Stato|Da incassare|Incassato|Fine mandato|Segnali",
    "en": "Practice|Debtor|Comune|Creditor|Phase|State|Owed|Collected|Mandate ends|Flags",
    "fr": "Dossier|Débiteur|Commune|Créancier|Phase|État|Dû|Encaissé|Fin du mandat|Signaux",
}


async def export(
    work: Work, chosen: Chosen, *, form: Form, language: Literal["it", "en", "fr"]
) -> tuple[bytes, str, str]:
    """Content, media type and name. Each practice that leaves the house so stands in the register.

    Raises Refusal `bulk.nothing_chosen`, `bulk.too_many` (details: most).
    """
    ids = await chosen_ids(work, chosen, most=MOST_EXPORTED)
    rows: list[PracticeRow] = []
    for start in range(0, len(ids), AT_ONCE):
        rows += await practices.rows_of(work.session, ids[start : start + AT_ONCE], now=work.now)
    for row in rows:
        audit(work.session, "practice.exported", "practice", row.id, form=form)
    kind = FileKind.XLSX if form == "xlsx" else FileKind.CSV
    write = write_xlsx if form == "xlsx" else write_csv
    media_type, ending = MEDIA_TYPES[kind]
    # A workbook of twenty thousand rows takes seconds, in which others want to be answered.
    content = await asyncio.to_thread(write, HEADINGS[language].split("|"), _cells(rows), PLAIN)
    return content, media_type, f"pratiche-{work.today.isoformat()}{ending}"


def _cells(rows: Iterable[PracticeRow]) -> Iterable[tuple[OutCell, ...]]:
    for row in rows:
        yield (
            row.practice_number,
            row.debtor_name,
            row.comune,
            row.creditor_name,
            row.phase,
            row.state,
            Money(row.owed_cents),
            Money(row.collected_cents),
            row.placement_ends_on,
            ", ".join(row.flags),
        )
