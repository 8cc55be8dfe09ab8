"""A creditor's file on its way in: uploaded, read as a dry run, confirmed by a person, written in one transaction.

Both long steps are background jobs. Their progress is written in transactions of its own, so that a screen
can follow; the file's content appears all at once or not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import PurePath
from typing import Any
from uuid import UUID

from fieldapp.documents import tabular
from fieldapp.documents.practice_documents import LeftOut, PracticeDocument, read_practice_documents
from fieldapp.domain.access import Identity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake import Finding, IntakeReading, said
from fieldapp.domain.packed import Packed
from fieldapp.services import recalls, same_debtor
from fieldapp.services.layouts import named_layout
from fieldapp.services.levelling import level
from fieldapp.services.placing import place_all
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import intake as store
from fieldapp.store import ledger
from fieldapp.store.entrusted import Entrusting, PlacedDrafts, StoredDocument, Written, compare, write
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.office import ImportReport
from fieldapp.store.tables import Creditor, ImportFile, Task

SHOWN_REJECTS = 200
SHOWN_WARNINGS = 200
_EVERY_S = 0.5
_BYTES_PER_ROW = 200
_MANY_ROWS = 1_000
"""From so many on a file may change what a table looks like."""

log = logging.getLogger("fieldapp.intake")


async def start_import(
    work: Work,
    *,
    content: bytes,
    file_name: str,
    layout: str,
    creditor_id: UUID,
    documents: bytes | None,
    language: str = "it",
) -> ImportReport:
    """Keep the file and ask for its dry run. Raises Refusal `layout.missing`, `creditor.unknown`, `import.empty`."""
    row = await _keep(
        work, content=content, file_name=file_name, layout=layout, creditor_id=creditor_id, documents=documents
    )
    await work.defer("import.read", lock=f"import:{row.id}", import_id=str(row.id))
    return await read_import(work, row.id, language=language)


async def _keep(
    work: Work,
    *,
    content: bytes,
    file_name: str,
    layout: str,
    creditor_id: UUID,
    documents: bytes | None,
) -> ImportFile:
    await named_layout(work, layout)
    if not content:
        raise Refusal("import.empty", kind=Kind.MALFORMED)
    await store.creditor(work.session, creditor_id)
    row = ImportFile(
        id=work.new_id(),
        agency_id=work.agency_id,
        creditor_id=creditor_id,
        file_name=PurePath(file_name.replace("\\", "/")).name[:200] or "file",
        layout=layout,
        sha256=await work.parts.blobs.put(content),
        documents_sha256=await work.parts.blobs.put(documents) if documents else None,
        created_at=work.now,
        created_by=work.identity.person_id,
        accepted_cents=0,
        rejected_cents=0,
    )
    await store.add_import(work.session, row)
    audit(work.session, "import.started", "import_file", row.id, file=row.file_name, sha256=row.sha256)
    return row


async def list_imports(work: Work, *, language: str = "it") -> list[ImportReport]:
    return await store.reports(work.session, say=_spoken(work.parts, language))


async def read_import(work: Work, import_id: UUID, *, language: str = "it") -> ImportReport:
    """What is said of it is in that language, Italian for one that is none of ours. Raises Refusal `import.unknown`."""
    found = await store.reports(work.session, import_id, say=_spoken(work.parts, language))
    if not found:
        raise Refusal("import.unknown", kind=Kind.MISSING)
    return found[0]


def _spoken(parts: Parts, language: str) -> store.Say:
    words = parts.words.get(language, parts.words["it"])
    return lambda found: said(Finding(found["code"], found["line"], found["details"]), words)


def _kept(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "line": finding.line, "details": dict(finding.details)}


async def confirm_import(work: Work, import_id: UUID, *, language: str = "it") -> ImportReport:
    """Ask for the writing of a file that was read. Raises Refusal `import.not_read`; confirming again does nothing."""
    row = await store.import_row(work.session, import_id, lock=True)
    if row.state in ("writing", "done"):
        return await read_import(work, import_id, language=language)
    if row.state not in ("read", "failed"):
        raise Refusal("import.not_read", kind=Kind.CONFLICT, details={"state": row.state})
    row.state, row.progress = "writing", 0
    await work.session.flush()
    await work.defer("import.write", lock=f"import:{row.id}", import_id=str(row.id))
    audit(work.session, "import.confirmed", "import_file", row.id)
    return await read_import(work, import_id, language=language)


async def cancel_import(work: Work, import_id: UUID, *, language: str = "it") -> ImportReport:
    """Stop an import that has not been written yet; nothing of the file is stored, whatever it was doing.

    Raises Refusal `import.unknown`, `import.written_already`; cancelling again does nothing. Whoever is writing holds
    the row from the last step before the commit on: so this waits, and then is too late.
    """
    row = await store.import_row(work.session, import_id, lock=True)
    if row.state == "done":
        raise Refusal("import.written_already", kind=Kind.CONFLICT)
    if row.state not in ("refused", "cancelled"):
        before, row.state, row.finished_at = row.state, "cancelled", work.now
        await work.session.flush()
        tell(work.session, _fact("import.cancelled", row, work.now))
        audit(work.session, "import.cancelled", "import_file", row.id, before=before, progress=row.progress)
    return await read_import(work, import_id, language=language)


class _Cancelled(Exception):
    """Somebody cancelled the import: what is under way stops and leaves nothing."""


async def read_rejects(work: Work, import_id: UUID) -> tuple[bytes, str, str]:
    """Content, media type and name of the file of rejects. Raises Refusal `import.no_rejects`."""
    row = await store.import_row(work.session, import_id)
    if row.rejects_sha256 is None:
        raise Refusal("import.no_rejects", kind=Kind.MISSING)
    media_type, _ = tabular.MEDIA_TYPES[(await named_layout(work, row.layout)).kind]
    return await work.parts.blobs.get(row.rejects_sha256), media_type, rejects_name(row.file_name)


def rejects_name(file_name: str) -> str:
    """`rate.csv` -> `rate-scarti.csv`, in characters that every file system and header takes."""
    path = PurePath(file_name)
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in path.stem)
    return f"{plain or 'file'}-scarti{path.suffix if path.suffix.isascii() else ''}"


@asynccontextmanager
async def _shown(parts: Parts, identity: Identity, import_id: UUID) -> AsyncIterator[Callable[[int], None]]:
    """Progress in transactions of its own, twice a second; the callback may be called from any thread.

    It raises `_Cancelled` once somebody has cancelled the import: wherever the work is, it ends there.
    """
    latest, wanted = 0, True

    def hear(percent: int) -> None:
        nonlocal latest
        latest = percent
        if not wanted:
            raise _Cancelled

    async def show() -> None:
        nonlocal wanted
        while wanted:
            await asyncio.sleep(_EVERY_S)
            async with working(parts, identity) as work:
                wanted = await store.show_progress(work.session, import_id, latest)

    showing = asyncio.create_task(show())
    try:
        yield hear
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def run_read(parts: Parts, identity: Identity, *, import_id: str) -> None:
    """Job: read the file without writing anything of it, and say what writing it would do."""
    async with working(parts, identity) as work:
        row = await store.import_row(work.session, UUID(import_id))
    if row.state == "reading":
        with suppress(_Cancelled):
            await _read(parts, identity, row)


async def _read(parts: Parts, identity: Identity, row: ImportFile) -> IntakeReading:
    async with _failing_aloud(parts, identity, row.id), _shown(parts, identity, row.id) as hear:
        reading = await _reading(parts, identity, row, on_progress=lambda share: hear(round(80 * share)))
        left_out: list[str] = []
        try:
            left_out = await _documents_left_out(parts, row, reading)
        except Refusal as refusal:
            # Practices and their papers come in together or not at all.
            reading = IntakeReading(row.layout, refused=Finding(refusal.code, None, refusal.details))
        await _store_reading(parts, identity, row, reading, left_out)
    return reading


@asynccontextmanager
async def _failing_aloud(parts: Parts, identity: Identity, import_id: UUID) -> AsyncIterator[None]:
    """A fault of ours ends the import as `failed`; nothing of the file is stored. It may be confirmed again."""
    try:
        yield
    except _Cancelled:
        raise
    except Exception:
        async with working(parts, identity) as work:
            row = await store.import_row(work.session, import_id, lock=True)
            row.state, row.finished_at = "failed", work.now
            row.refusal = parts.words["it"].get("import.failed", "import.failed")
            row.findings = {**row.findings, "refusal": _kept(Finding("import.failed"))}
            tell(work.session, _fact("import.failed", row, work.now))
        raise


async def _reading(
    parts: Parts, identity: Identity, row: ImportFile, *, on_progress: Callable[[float], None]
) -> IntakeReading:
    """The file's reading: the same bytes on the same import always read the same.

    `on_progress` hears a share of 0..1, guessed from the size: how many rows there are is known at the end only.
    """
    content = await parts.blobs.get(row.sha256)
    async with working(parts, identity) as work:
        layout = await named_layout(work, row.layout)
    expected = max(1, len(content) // _BYTES_PER_ROW)
    return await asyncio.to_thread(
        tabular.read_intake,
        content,
        layout,
        today=row.created_at.astimezone(parts.zone).date(),
        on_progress=lambda rows: on_progress(min(1.0, rows / expected)),
    )


async def _store_reading(
    parts: Parts, identity: Identity, row: ImportFile, reading: IntakeReading, left_out: Sequence[str]
) -> None:
    words = parts.words["it"]
    rejects = await _rejects_file(parts, identity, row, reading)
    async with working(parts, identity) as work:
        stored = await store.import_row(work.session, row.id, lock=True)
        if stored.state != "reading":
            return
        stored.progress, stored.accepted, stored.rejected = 100, reading.accepted_rows, reading.rejected_rows
        stored.accepted_cents, stored.rejected_cents = reading.accepted_cents, reading.rejected_cents
        stored.warnings = [*_sentences(reading.warnings, words), *left_out][:SHOWN_WARNINGS]
        stored.findings = {"warnings": _padded(map(_kept, reading.warnings[:SHOWN_WARNINGS]), len(stored.warnings))}
        stored.rejects = _shown_rejects(reading, words)
        stored.rejects_sha256 = rejects
        if reading.refused is not None:
            stored.state, stored.refusal, stored.finished_at = "refused", said(reading.refused, words), work.now
            stored.findings = {**stored.findings, "refusal": _kept(reading.refused)}
        else:
            today = stored.created_at.astimezone(parts.zone).date()
            counts = await compare(work.session, stored.creditor_id, reading.accepted, today=today)
            stored.state = "read"
            _note_counts(stored, counts, words)
        tell(work.session, _fact(f"import.{stored.state}", stored, work.now))


def _note_counts(row: ImportFile, counts: Written, words: Mapping[str, str]) -> None:
    row.new_practices, row.changed_practices, row.unchanged_practices = counts.new, counts.changed, counts.unchanged
    older = [Finding("import.statement_older", details={"practice": number}) for number in counts.older]
    fresh = [found for found in older[:SHOWN_WARNINGS] if said(found, words) not in row.warnings]
    kept = [*_padded(row.findings.get("warnings", ()), len(row.warnings)), *map(_kept, fresh)]
    row.warnings = [*row.warnings, *_sentences(fresh, words)][:SHOWN_WARNINGS]
    row.findings = {**row.findings, "warnings": kept[:SHOWN_WARNINGS]}


def _padded(found: Iterable[dict[str, Any] | None], length: int) -> list[dict[str, Any] | None]:
    """What is kept of so many warnings; nothing for those that are sentences alone."""
    kept = [*found][:length]
    return [*kept, *[None] * (length - len(kept))]


def _fact(kind: str, row: ImportFile, now: datetime) -> NewFact:
    return NewFact(kind, now, creditor_id=row.creditor_id, body={"import_id": str(row.id)})


def _sentences(findings: Sequence[Finding], words: Mapping[str, str]) -> list[str]:
    return [said(finding, words) for finding in findings[:SHOWN_WARNINGS]]


def _shown_rejects(reading: IntakeReading, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The first rejected rows with their own reasons; with those of the practice's other rows where they have none."""
    rows = (
        (practice, row, [each for each in practice.reasons if each.line == row.line] or practice.reasons)
        for practice in reading.rejected
        for row in practice.rows
    )
    return [
        {
            "line": row.line,
            "practice_number": practice.practice_number,
            "amount_text": row.amount_text,
            "reasons": [said(reason, words) for reason in reasons],
            "found": [_kept(reason) for reason in reasons],
        }
        for practice, row, reasons in islice(rows, SHOWN_REJECTS)
    ]


async def _rejects_file(parts: Parts, identity: Identity, row: ImportFile, reading: IntakeReading) -> str | None:
    if not reading.rejected:
        return None
    async with working(parts, identity) as work:
        layout = await named_layout(work, row.layout)
    content = await asyncio.to_thread(tabular.rejects_file, reading, layout, words=parts.words["it"])
    return await parts.blobs.put(content)


async def run_write(parts: Parts, identity: Identity, *, import_id: str) -> None:
    """Job: write a confirmed file, all of it in one transaction."""
    async with working(parts, identity) as work:
        row = await store.import_row(work.session, UUID(import_id))
    if row.state == "writing":
        with suppress(_Cancelled):
            await _write(parts, identity, row)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What was prepared outside the transaction."""

    reading: IntakeReading
    portions: Packed[PlacedDrafts]
    documents: Mapping[str, Sequence[StoredDocument]]


async def _prepare(
    parts: Parts, identity: Identity, row: ImportFile, reading: IntakeReading | None, hear: Callable[[int], None]
) -> _Ready:
    """Read again, look up addresses, put documents into the blob store: long, and outside the transaction."""
    if reading is None:
        reading = await _reading(parts, identity, row, on_progress=lambda share: hear(round(15 * share)))
    portions = await asyncio.to_thread(
        place_all, reading.accepted, parts.gazetteer, on_progress=lambda share: hear(15 + round(45 * share))
    )
    return _Ready(reading, portions, await _documents(parts, row, reading))


async def _write(parts: Parts, identity: Identity, row: ImportFile, *, reading: IntakeReading | None = None) -> None:
    async with _failing_aloud(parts, identity, row.id), _shown(parts, identity, row.id) as hear:
        ready = await _prepare(parts, identity, row, reading, hear)
        async with working(parts, identity) as work:
            await store.lock_creditor(work.session, row.creditor_id)
            stored = await store.import_row(work.session, row.id)
            if stored.state != "writing":
                return
            what = Entrusting(
                import_id=row.id,
                file_name=row.file_name,
                creditor_id=row.creditor_id,
                portions=ready.portions,
                documents=ready.documents,
                now=work.now,
                zone=parts.zone,
                new_id=parts.new_id,
            )
            written = await write(work.session, what, on_progress=lambda share: hear(60 + share * 35 // 100))
            await level(parts, work.session, written.stated, creditor_id=row.creditor_id, now=work.now)
            await recalls.left_open(work.session, written.recalled, now=work.now, zone=parts.zone, new_id=parts.new_id)
            # Held from here to the commit: who cancels now comes too late, who cancelled before is heard.
            stored = await store.import_row(work.session, row.id, lock=True)
            if stored.state != "writing":
                raise _Cancelled
            _finish(work, stored, ready, written)
    if ready.reading.accepted_rows >= _MANY_ROWS:
        async with working(parts, identity) as work:
            await store.look_at_what_came(work.session)


def _finish(work: Work, row: ImportFile, ready: _Ready, written: Written) -> None:
    row.state, row.progress, row.finished_at, row.refusal = "done", 100, work.now, None
    _note_counts(row, written, work.parts.words["it"])
    if ready.reading.rejected:
        work.session.add(_task_of_rejects(work, row, ready.reading))
    if written.alike:
        work.session.add(_task_of_alike(work, row, written.alike))
    tell(work.session, _fact("import.done", row, work.now))
    audit(work.session, "import.written", "import_file", row.id, new=written.new, changed=written.changed)


def _task_of_alike(work: Work, row: ImportFile, pairs: int) -> Task:
    """One task for all debtors of a file who may be known already: nobody is joined silently."""
    return Task(
        id=work.new_id(),
        agency_id=work.agency_id,
        kind=same_debtor.TASK,
        team="back_office",
        due_on=work.today,
        created_at=work.now,
        subject_kind="same_debtor",
        subject_id=str(row.id),
        details={"file_name": row.file_name, "pairs": pairs},
    )


def _task_of_rejects(work: Work, row: ImportFile, reading: IntakeReading) -> Task:
    """One task for all rejected rows of a file: the file of rejects is what a person works on."""
    return Task(
        id=work.new_id(),
        agency_id=work.agency_id,
        kind="import.rows_rejected",
        team="back_office",
        due_on=work.today,
        created_at=work.now,
        subject_kind="import_file",
        subject_id=str(row.id),
        details={
            "file_name": row.file_name,
            "rows": reading.rejected_rows,
            "cents": reading.rejected_cents,
            "practices": [practice.practice_number for practice in reading.rejected[:SHOWN_REJECTS]],
        },
    )


def _walk(content: bytes, reading: IntakeReading, words: Mapping[str, str]) -> Iterator[PracticeDocument | str]:
    """The documents of a ZIP for the practices of `reading`, and sentences about what is left out."""
    numbers = {draft.practice_number for draft in reading.accepted}
    for found in read_practice_documents(content, known_numbers=numbers):
        if isinstance(found, LeftOut):
            yield f"{found.name[:80]}: {said(Finding(found.code), words)}"
        else:
            yield found


async def _documents(parts: Parts, row: ImportFile, reading: IntakeReading) -> dict[str, list[StoredDocument]]:
    """The documents of the ZIP by practice number, one after the other into the blob store."""
    by_number: dict[str, list[StoredDocument]] = defaultdict(list)
    if row.documents_sha256 is None:
        return by_number
    walk = _walk(await parts.blobs.get(row.documents_sha256), reading, parts.words["it"])
    while (document := await asyncio.to_thread(next, walk, None)) is not None:
        if isinstance(document, PracticeDocument):
            sha256 = await parts.blobs.put(document.content)
            by_number[document.practice_number].append(
                StoredDocument(document.filename, document.media_type, len(document.content), sha256)
            )
    return by_number


async def _documents_left_out(parts: Parts, row: ImportFile, reading: IntakeReading) -> list[str]:
    """What of the ZIP would not be taken in. Raises Refusal `documents_zip.*` where all of it is refused."""
    if row.documents_sha256 is None:
        return []
    walk = _walk(await parts.blobs.get(row.documents_sha256), reading, parts.words["it"])
    return await asyncio.to_thread(lambda: [found for found in walk if isinstance(found, str)])


async def import_file(
    parts: Parts,
    identity: Identity,
    content: bytes,
    file_name: str,
    layout: str,
    *,
    creditor_id: UUID | None = None,
    creditor_name: str | None = None,
    documents: bytes | None = None,
) -> dict[str, Any]:
    """Read and write a file at once, for the command line; the summary of `docs/intake.md`.

    Without a creditor it is the first that writes in this layout, else a new one with the layout's title.
    """
    if not content:
        async with working(parts, identity) as work:
            await named_layout(work, layout)
            return await _summary(work, _nothing(parts, layout))
    async with working(parts, identity) as work:
        chosen = creditor_id or (await _creditor_of(work, creditor_name, layout)).id
        row = await _keep(
            work, content=content, file_name=file_name, layout=layout, creditor_id=chosen, documents=documents
        )
    # Somebody at a desk may cancel what the command line began.
    with suppress(_Cancelled):
        reading = await _read(parts, identity, row)
        async with working(parts, identity) as work:
            stored = await store.import_row(work.session, row.id, lock=True)
            if stored.state == "read":
                stored.state, stored.progress = "writing", 0
        if stored.state == "writing":
            await _write(parts, identity, stored, reading=reading)
    async with working(parts, identity) as work:
        return await _summary(work, await store.import_row(work.session, row.id))


def _nothing(parts: Parts, layout: str) -> ImportFile:
    """An empty file: refused before it is kept."""
    return ImportFile(
        file_name="",
        layout=layout,
        sha256="",
        state="refused",
        refusal=parts.words["it"]["import.empty"],
        accepted_cents=0,
        rejected_cents=0,
    )


async def _creditor_of(work: Work, name: str | None, layout: str) -> Creditor:
    written = await named_layout(work, layout)
    found = await store.creditor_named(work.session, name=name, layout=layout)
    if found is not None:
        return found
    title = name or written.title
    creditor = Creditor(
        id=work.new_id(),
        agency_id=work.agency_id,
        name=title,
        layout=layout,
        vat_number="",
        iban="",
        cheque_payee=title,
    )
    work.session.add(creditor)
    await work.session.flush()
    audit(work.session, "creditor.created", "creditor", creditor.id)
    return creditor


async def _summary(work: Work, row: ImportFile) -> dict[str, Any]:
    reasons = [row.refusal] if row.state == "refused" and row.refusal else []
    if row.state == "cancelled":
        reasons.append(work.parts.words["it"]["import.was_cancelled"])
    for rejected in row.rejects:
        reasons += [reason for reason in rejected["reasons"] if reason not in reasons]
    return {
        "accepted": row.accepted,
        "rejected": row.rejected,
        "refused": row.state == "refused",
        "accepted_cents": row.accepted_cents,
        "rejected_cents": row.rejected_cents,
        "reasons": reasons,
        "warnings": row.warnings,
        "rejects_file": await _written_out(work, row),
        "store_practices": await store.count_practices(work.session),
        "store_cents": sum((await ledger.owed_by_creditor(work.session)).values()),
    }


async def _written_out(work: Work, row: ImportFile) -> str | None:
    """The file of rejects on disk, beside the other data of this machine."""
    if row.rejects_sha256 is None:
        return None
    folder = work.parts.home / "rejects" / str(row.id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / rejects_name(row.file_name)
    path.write_bytes(await work.parts.blobs.get(row.rejects_sha256))
    return str(path)
