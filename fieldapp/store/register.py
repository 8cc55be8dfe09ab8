"""The register as it is read: its rows, newest first, each with what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import SelectBase, Uuid, null, union_all
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.columns import among
from fieldapp.store.shapes.access import AuditRow
from fieldapp.store.tables.access import AuditEntry, Device, Person
from fieldapp.store.tables.agreements import RepaymentPlan, Settlement
from fieldapp.store.tables.exchange import ServiceAccount, Webhook
from fieldapp.store.tables.field import Promise, Receipt, Visit
from fieldapp.store.tables.office import ImportFile, Task
from fieldapp.store.tables.outgoing import ExportPlan
from fieldapp.store.tables.practice import Creditor, Practice
from fieldapp.store.tables.squads import Squad

_NAMED: dict[str, tuple[type[Any], Any]] = {
    "creditor": (Creditor, Creditor.name),
    "device": (Device, Device.name),
    "export_plan": (ExportPlan, ExportPlan.name),
    "import_file": (ImportFile, ImportFile.file_name),
    "person": (Person, Person.name),
    "practice": (Practice, Practice.practice_number),
    "service_account": (ServiceAccount, ServiceAccount.name),
    "squad": (Squad, Squad.name),
    "webhook": (Webhook, Webhook.name),
}
"""What has a name of its own."""

_OF_A_PRACTICE: dict[str, type[Any]] = {
    "promise": Promise,
    "receipt": Receipt,
    "repayment_plan": RepaymentPlan,
    "settlement": Settlement,
    "task": Task,
    "visit": Visit,
}
"""What is named by its practice."""


async def rows(session: AsyncSession, *, after: int, limit: int) -> list[AuditRow]:
    """The newest `limit` rows with a number above `after`. Two statements."""
    query = (
        select(AuditEntry, Person.name)
        .join(Person, col(Person.id) == col(AuditEntry.person_id), isouter=True)
        .where(AuditEntry.number > after)
        .order_by(col(AuditEntry.number).desc())
        .limit(limit)
    )
    read = (await session.exec(query)).all()
    subjects = await _subjects(session, [entry for entry, _ in read])
    return [_row(entry, name, *subjects.get(entry.subject_id, (None, None))) for entry, name in read]


def _row(entry: AuditEntry, person: str | None, subject: str | None, practice_id: UUID | None) -> AuditRow:
    return AuditRow(
        number=entry.number,
        at=entry.at,
        person_name=person,
        device_id=entry.device_id,
        action=entry.action,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        subject_name=subject,
        practice_id=practice_id,
        details=entry.details,
        digest=entry.digest,
    )


async def _subjects(session: AsyncSession, entries: Sequence[AuditEntry]) -> dict[str, tuple[str, UUID | None]]:
    """What the entries are about, by `subject_id`: its name, and the practice that it belongs to. Where it is neither
    named nor there any more it is left out."""
    ids: dict[str, set[UUID]] = {}
    for entry in entries:
        if entry.subject_kind in _NAMED or entry.subject_kind in _OF_A_PRACTICE:
            ids.setdefault(entry.subject_kind, set()).add(UUID(entry.subject_id))
    if not ids:
        return {}
    found = await session.execute(union_all(*(_asked(kind, ids[kind]) for kind in sorted(ids))))
    return {str(subject_id): (name, practice_id) for subject_id, name, practice_id in found}


def _asked(kind: str, ids: set[UUID]) -> SelectBase:
    if kind in _NAMED:
        table, name = _NAMED[kind]
        belongs = col(Practice.id) if table is Practice else null().cast(Uuid())
        return select(col(table.id), col(name), belongs).where(among(table.id, ids))
    table = _OF_A_PRACTICE[kind]
    query = select(col(table.id), col(Practice.practice_number), col(Practice.id))
    return query.join(Practice, col(Practice.id) == col(table.practice_id)).where(among(table.id, ids))
