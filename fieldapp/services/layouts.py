"""Layouts of an agency's creditors: proposed for an unknown file, tried on it, saved beside those that are shipped."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from uuid import UUID

import msgspec

from fieldapp.documents import tabular
from fieldapp.documents.tables.peek import peek
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake import AddressDraft, IntakeReading, PracticeDraft, said
from fieldapp.domain.intake_guess import propose
from fieldapp.domain.intake_layout import (
    AMOUNT_FIELDS,
    INDISPENSABLE,
    Amounts,
    Column,
    Dates,
    Field,
    FileKind,
    Layout,
    RowsPerPractice,
    Totals,
)
from fieldapp.services.creditor_files import layouts
from fieldapp.services.work import Work
from fieldapp.store import intake as store
from fieldapp.store import layouts as layout_store
from fieldapp.store.feed import audit
from fieldapp.store.shapes.layouts import (
    LayoutDraft,
    LayoutPreview,
    LayoutProposal,
    PreviewRow,
    ReasonCount,
)
from fieldapp.store.shapes.office import LayoutRow

SHOWN_ROWS = 8
SHOWN_REASONS = 12
OF_THE_DEMO = "demo-"
_ALWAYS = frozenset({Field.PLACEMENT_STARTS_ON, Field.PLACEMENT_ENDS_ON, Field.AS_OF})


async def propose_layout(content: bytes) -> LayoutProposal:
    """How the file is probably written. Raises Refusal `intake.*` where it is no table at all."""
    return await asyncio.to_thread(_propose, content)


def _propose(content: bytes) -> LayoutProposal:
    if not content.strip():
        raise Refusal("intake.empty")
    seen = peek(content)
    proposal = propose(seen.rows, checks=tabular.CHECKS, serial_origin=seen.serial_origin)
    written = {
        "kind": seen.kind.value,
        "encoding": seen.encoding,
        "delimiter": seen.delimiter,
        "sheet": seen.sheet,
        "decimal": proposal.amounts.decimal,
        "thousands": proposal.amounts.thousands,
        "date_formats": list(proposal.dates.formats),
        "several_rows": proposal.several_rows,
        "control_total": False,
        "columns": [{"title": guess.title[:300], "meaning": guess.meaning} for guess in proposal.guesses],
    }
    guesses = [
        {
            "title": guess.title[:300],
            "meaning": guess.meaning,
            "confidence_pct": round(guess.confidence * 100),
            "ground": guess.ground,
            "samples": [row[guess.place] for row in proposal.samples if guess.place < len(row)],
        }
        for guess in proposal.guesses
    ]
    answer = {"draft": written, "guesses": guesses, "header_line": proposal.header_row + 1}
    return msgspec.convert(answer, LayoutProposal)


def draft_of(content: bytes) -> LayoutDraft:
    """The draft that is proposed for a file. Refusals `intake.*`."""
    return _propose(content).draft


def layout_of(draft: LayoutDraft, *, name: str, title: str) -> Layout:
    """The layout that `draft` makes.

    Raises Refusal `layout.column_unnamed`, `layout.meaning_twice`, `layout.contradiction`.
    """
    chosen = [column for column in draft.columns if column.meaning is not None]
    if not set(INDISPENSABLE) <= {column.meaning for column in chosen}:
        raise Refusal("layout.column_unnamed", kind=Kind.MALFORMED)
    if len({column.meaning for column in chosen}) < len(chosen):
        raise Refusal("layout.meaning_twice", kind=Kind.MALFORMED)
    return Layout(
        name=name,
        title=title,
        kind=FileKind(draft.kind),
        columns=tuple(_column(column.title, Field(column.meaning)) for column in chosen if column.meaning),
        encodings=(draft.encoding,),
        delimiters=tuple(dict.fromkeys([draft.delimiter, ";", ",", "\t", "|"])),
        sheet=draft.sheet,
        rows_per_practice=RowsPerPractice.SEVERAL if draft.several_rows else RowsPerPractice.ONE,
        amounts=Amounts(decimal=draft.decimal, thousands=draft.thousands, empty_is_zero=True),
        dates=Dates(tuple(draft.date_formats)),
        totals=Totals(required=draft.control_total),
    )


def _column(title: str, meaning: Field) -> Column:
    needed = meaning in INDISPENSABLE
    return Column(meaning, title, required=needed or meaning in AMOUNT_FIELDS or meaning in _ALWAYS, filled=needed)


async def preview_layout(work: Work, content: bytes, draft: LayoutDraft, *, language: str = "it") -> LayoutPreview:
    """What the file would come to, read by `draft`; nothing is stored."""
    layout = layout_of(draft, name="preview", title="preview")
    reading = await asyncio.to_thread(tabular.read_intake, content, layout, today=work.today)
    words = work.parts.words.get(language, work.parts.words["it"])
    return LayoutPreview(
        accepted=reading.accepted_rows,
        rejected=reading.rejected_rows,
        accepted_cents=reading.accepted_cents,
        rejected_cents=reading.rejected_cents,
        refusal=said(reading.refused, words) if reading.refused else None,
        rows=[_shown(practice) for practice in islice(reading.accepted, SHOWN_ROWS)],
        reasons=_reasons(reading, words),
    )


def _shown(draft: PracticeDraft) -> PreviewRow:
    address = draft.addresses[0] if draft.addresses else None
    return PreviewRow(
        practice_number=draft.practice_number,
        debtor=draft.debtor.name,
        tax_code=draft.debtor.tax_code or draft.debtor.vat_number,
        address=_in_one_line(address) if address else "",
        total_cents=draft.total_cents,
        lines=len(draft.debt_lines),
        placement_ends_on=draft.placement_ends_on,
        as_of=draft.as_of,
    )


def _in_one_line(address: AddressDraft) -> str:
    place = " ".join(part for part in (address.postcode, address.municipality, address.province) if part)
    return ", ".join(part for part in (address.street, place) if part)


def _reasons(reading: IntakeReading, words: Mapping[str, str]) -> list[ReasonCount]:
    """Why rows would be rejected, the commonest first; the sentence is that of the first such row."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    for practice in reading.rejected:
        for reason in practice.reasons:
            key = (reason.code, str(reason.details.get("column", "")))
            counts[key] += 1
            first.setdefault(key, said(reason, words))
    return [ReasonCount(first[key], rows) for key, rows in counts.most_common(SHOWN_REASONS)]


async def save_layout(work: Work, *, creditor_id: UUID, title: str, draft: LayoutDraft) -> LayoutRow:
    """Keep `draft` as the creditor's layout. Raises Refusal `creditor.unknown`, and those of `layout_of`."""
    creditor = await store.creditor(work.session, creditor_id)
    name = await _free_name(work, title)
    layout = layout_of(draft, name=name, title=title)
    await layout_store.add(
        work.session, layout, creditor_id=creditor_id, by=work.identity.person_id, now=work.now, new_id=work.new_id
    )
    creditor.layout = name
    audit(work.session, "layout.saved", "creditor", creditor_id, layout=name)
    return LayoutRow(name=name, title=title, kind=layout.kind.value)


async def _free_name(work: Work, title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:40] or "tracciato"
    taken = set(layouts(work.parts.layouts)) | set(await layout_store.names(work.session))
    if stem not in taken:
        return stem
    return next(name for name in (f"{stem}-{number}" for number in range(2, 10_000)) if name not in taken)


async def named_layout(work: Work, name: str) -> Layout:
    """The layout called `name`, shipped or saved. Raises Refusal `layout.missing`."""
    shipped = layouts(work.parts.layouts)
    if name in shipped:
        return shipped[name]
    saved = await layout_store.all_saved(work.session)
    if name not in saved:
        details = {"layout": name[:80], "known": ", ".join(sorted({*shipped, *saved}))}
        raise Refusal("layout.missing", kind=Kind.MISSING, details=details)
    return saved[name]


async def list_layouts(work: Work) -> list[LayoutRow]:
    """The layouts at hand: the agency's own first, then those that are shipped; by name. The demo's only in a demo."""
    saved = await layout_store.all_saved(work.session)
    shipped = layouts(work.parts.layouts).values()
    every = [*saved.values(), *(each for each in shipped if work.parts.demo or not each.name.startswith(OF_THE_DEMO))]
    return [LayoutRow(name=each.name, title=each.title, kind=each.kind.value) for each in every]
