"""Imports as rows: what was uploaded, how far it is, what it came to, and what of it is known already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import func, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.columns import among
from fieldapp.store.shapes.office import ImportReport, RejectedRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.office import ImportFile
from fieldapp.store.tables.practice import Creditor, Practice, Statement

CHUNK = 5_000
"""Values in one statement: Postgres takes 65,535 parameters."""
NEWEST = 100


@dataclass(slots=True)
class KnownPractice:
    """A practice that the creditor entrusted before, with the digests of all that was said of it."""

    id: UUID
    placement_id: UUID
    state: str
    as_of: date
    skills_told: list[str] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


def chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    """`values` in portions that fit into one statement."""
    portion = list(values)
    for start in range(0, len(portion), CHUNK):
        yield portion[start : start + CHUNK]


async def add_import(session: AsyncSession, row: ImportFile) -> None:
    session.add(row)
    await session.flush()


async def import_row(session: AsyncSession, import_id: UUID, *, lock: bool = False) -> ImportFile:
    """The stored row; `lock` keeps others from changing it. Raises Refusal `import.unknown`."""
    row = await session.get(ImportFile, import_id, populate_existing=True, with_for_update=lock or None)
    if row is None:
        raise Refusal("import.unknown", kind=Kind.MISSING)
    return row


async def look_at_what_came(session: AsyncSession) -> None:
    """Have the database look at the tables that an import fills, so that it plans with their size."""
    await session.execute(text("select look_at_what_came()"))


async def show_progress(session: AsyncSession, import_id: UUID, percent: int) -> bool:
    """Say how far a running import is; False where somebody has cancelled it."""
    await session.execute(
        update(ImportFile)
        .where(col(ImportFile.id) == import_id, col(ImportFile.state).in_(("reading", "writing")))
        .values(progress=percent)
        .execution_options(synchronize_session=False)
    )
    state = (await session.exec(select(ImportFile.state).where(ImportFile.id == import_id))).one()
    return state != "cancelled"


Say = Callable[[Mapping[str, Any]], str]
"""A finding as it is stored (code, line, details), in words."""


async def reports(session: AsyncSession, import_id: UUID | None = None, *, say: Say) -> list[ImportReport]:
    """The newest imports, or the one of that id, with what is said of them in the words of `say`."""
    query = (
        select(ImportFile, Creditor.name, Person.name)
        .join(Creditor, col(Creditor.id) == col(ImportFile.creditor_id))
        .join(Person, col(Person.id) == col(ImportFile.created_by))
        .order_by(col(ImportFile.created_at).desc(), col(ImportFile.id).desc())
        .limit(NEWEST)
    )
    if import_id is not None:
        query = query.where(ImportFile.id == import_id)
    return [_report(row, creditor, person, say) for row, creditor, person in (await session.exec(query)).all()]


def _report(row: ImportFile, creditor_name: str, created_by: str, say: Say) -> ImportReport:
    refusal, warnings = row.findings.get("refusal"), row.findings.get("warnings", ())
    return ImportReport(
        id=row.id,
        file_name=row.file_name,
        layout=row.layout,
        creditor_name=creditor_name,
        state=row.state,  # type: ignore[arg-type]
        progress=row.progress,
        created_at=row.created_at,
        created_by=created_by,
        accepted=row.accepted,
        rejected=row.rejected,
        accepted_cents=row.accepted_cents,
        rejected_cents=row.rejected_cents,
        new_practices=row.new_practices,
        changed_practices=row.changed_practices,
        unchanged_practices=row.unchanged_practices,
        refusal=say(refusal) if refusal and row.refusal else row.refusal,
        warnings=[say(found) if found else text for text, found in zip_longest(row.warnings, warnings)],
        rejects=[_rejected(each, say) for each in row.rejects],
        has_rejects_file=row.rejects_sha256 is not None,
    )


def _rejected(row: Mapping[str, Any], say: Say) -> RejectedRow:
    # Imports of older releases hold sentences alone.
    reasons = [say(found) for found in row["found"]] if "found" in row else row["reasons"]
    return RejectedRow(row["line"], row["practice_number"], row["amount_text"], reasons)


async def creditor(session: AsyncSession, creditor_id: UUID) -> Creditor:
    """Raises Refusal `creditor.unknown`."""
    row = await session.get(Creditor, creditor_id)
    if row is None:
        raise Refusal("creditor.unknown", kind=Kind.MISSING)
    return row


async def creditor_named(session: AsyncSession, *, name: str | None, layout: str) -> Creditor | None:
    """The creditor of that name, or without one the first that writes files in this layout."""
    query = select(Creditor).order_by(col(Creditor.name))
    query = query.where(Creditor.name == name) if name is not None else query.where(Creditor.layout == layout)
    return (await session.exec(query)).first()


async def lock_creditor(session: AsyncSession, creditor_id: UUID) -> None:
    """Until the transaction ends, nobody else imports for this creditor."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"import:{creditor_id}"}
    )


async def known_practices(session: AsyncSession, creditor_id: UUID, numbers: Sequence[str]) -> dict[str, KnownPractice]:
    """Of these practice numbers, the ones that are in the store."""
    found: dict[str, KnownPractice] = {}
    for portion in chunks(numbers):
        query = select(Practice).where(Practice.creditor_id == creditor_id, among(Practice.practice_number, portion))
        for row in (await session.exec(query)).all():
            found[row.practice_number] = KnownPractice(row.id, row.placement_id, row.state, row.as_of, row.skills_told)
    by_id = {practice.id: practice for practice in found.values()}
    for portion in chunks(by_id):
        said = select(Statement.practice_id, Statement.digest).where(among(Statement.practice_id, portion))
        for practice_id, digest in (await session.exec(said)).all():
            by_id[practice_id].digests.add(digest)
    return found


async def count_practices(session: AsyncSession) -> int:
    return (await session.exec(select(func.count()).select_from(Practice))).one()
