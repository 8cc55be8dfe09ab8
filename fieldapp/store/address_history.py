"""What became of each address of a practice: every source with its date, whose word it was, nothing overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, cast
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.addresses import apart, in_force
from fieldapp.store.shapes.office import AddressStep
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.office import Fact, ImportFile
from fieldapp.store.tables.practice import Address

_KINDS = {"address.moved": "moved", "address.put_back": "put_back"}
_FILES = ("practice.entrusted", "practice.statement")


async def steps(session: AsyncSession, practice_id: UUID, rows: Sequence[Address]) -> list[AddressStep]:
    """The steps of all addresses of a practice, newest first; `rows` are all that the practice has."""
    told, files = await _facts(session, practice_id)
    people = {row.recorded_by for row in rows if row.recorded_by}
    query = select(Person.id, Person.name).where(col(Person.id).in_(people))
    names = dict((await session.exec(query)).all()) if people else {}
    now, by_id = in_force(rows), {row.id: row for row in rows}
    listed = [
        _step(
            row,
            by_id.get(row.instead_of) if row.instead_of else None,
            fact=told.get(row.id, ""),
            now=now[row.id],
            by=names.get(row.recorded_by, "") if row.recorded_by else "",
            file_name=files.get(row.recorded_at),
        )
        for row in rows
    ]
    return sorted(listed, key=lambda step: (step.at, step.address_id), reverse=True)


async def _facts(session: AsyncSession, practice_id: UUID) -> tuple[dict[UUID, str], dict[datetime, str]]:
    """Which fact told of a row, by the row's id; and which file came at a moment."""
    query = (
        select(Fact.kind, Fact.at, Fact.body, ImportFile.file_name)
        .join(ImportFile, col(ImportFile.id) == cast(col(Fact.body)["import_id"].astext, Uuid), isouter=True)
        .where(
            Fact.practice_id == practice_id,
            or_(col(Fact.kind).in_(_FILES), col(Fact.kind).startswith("address.")),
        )
    )
    told: dict[UUID, str] = {}
    files: dict[datetime, str] = {}
    for kind, at, body, file_name in (await session.exec(query)).all():
        if kind in _FILES:
            files |= {at: file_name} if file_name else {}
        else:
            told[UUID(body["address_id"])] = kind
    return told, files


def _step(
    row: Address, before: Address | None, *, fact: str, now: Address, by: str, file_name: str | None
) -> AddressStep:
    return AddressStep(
        address_id=row.id,
        now_id=now.id,
        kind=_kind(row, before, fact),  # type: ignore[arg-type]
        at=row.recorded_at,
        by=by,
        source=row.source,
        file_name=None if before else file_name,
        text=row.text,
        text_before=before.text if before else None,
        quality=row.quality,
        state=row.state,  # type: ignore[arg-type]
        from_lat_e6=before.lat_e6 if before else None,
        from_lon_e6=before.lon_e6 if before else None,
        to_lat_e6=row.lat_e6,
        to_lon_e6=row.lon_e6,
        distance_m=apart(before, row) if before else None,
        may_go_back=row.current and before is not None,
    )


def _kind(row: Address, before: Address | None, fact: str) -> str:
    if before is None:
        return "received"
    if fact in _KINDS:
        return _KINDS[fact]
    if row.state == "rejected":
        return "rejected"
    return "confirmed" if row.text == before.text else "corrected"
