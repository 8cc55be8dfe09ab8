"""Facts and the audit chain: gathered during a transaction, numbered as its last statements.

A bare sequence would let a slow commit be skipped by readers that follow the numbers, so the numbers are given
under one advisory lock that is held until the commit. The audit chain of an agency is hashed in the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.store.batches import insert_rows
from fieldapp.store.tables.access import AuditEntry
from fieldapp.store.tables.office import Fact

FEED_LOCK = 0x666C6466
"""Key of the advisory lock under which facts are numbered."""


@dataclass(frozen=True, slots=True)
class NewFact:
    """Something that happened, before it has a number. `body` holds plain JSON values."""

    kind: str
    at: datetime
    practice_id: UUID | None = None
    creditor_id: UUID | None = None
    day: date | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    device_id: UUID | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewAudit:
    action: str
    subject_kind: str
    subject_id: str
    details: Mapping[str, Any]


def tell(session: AsyncSession, *facts: NewFact) -> None:
    """Add facts to the session's transaction."""
    session.info.setdefault("facts", []).extend(facts)


def audit(session: AsyncSession, action: str, subject_kind: str, subject_id: object, **details: Any) -> None:
    """Add an audit entry to the session's transaction: who and when follow from its scope."""
    entry = NewAudit(action, subject_kind, str(subject_id), details)
    session.info.setdefault("audit", []).append(entry)


async def seal(session: AsyncSession, *, now: datetime, new_id: Callable[[], UUID]) -> None:
    """Number what was gathered; to be called last, before the commit."""
    facts: Sequence[NewFact] = session.info.pop("facts", [])
    entries: Sequence[NewAudit] = session.info.pop("audit", [])
    if not facts and not entries:
        return
    await session.flush()
    await session.execute(select(func.pg_advisory_xact_lock(FEED_LOCK)))
    scope = session.info["scope"]
    if facts:
        await _number_facts(session, facts, scope=scope, now=now, new_id=new_id)
    if entries:
        await _chain_audit(session, entries, scope=scope, now=now, new_id=new_id)


async def _number_facts(
    session: AsyncSession, facts: Sequence[NewFact], *, scope: Any, now: datetime, new_id: Callable[[], UUID]
) -> None:
    # Not max(): row security would hide the newest number of another agency.
    numbers = await session.execute(
        text("select nextval('fact_number') from generate_series(1, :n)"), {"n": len(facts)}
    )
    rows = [
        {
            "number": number,
            "id": new_id(),
            "agency_id": scope.agency_id,
            "creditor_id": fact.creditor_id,
            "practice_id": fact.practice_id,
            "kind": fact.kind,
            "at": fact.at,
            "recorded_at": now,
            "person_id": fact.person_id or scope.person_id,
            "device_id": fact.device_id or scope.device_id,
            "day": fact.day,
            "body": msgspec.to_builtins(fact.body, builtin_types=()),
        }
        for fact, number in zip(facts, sorted(numbers.scalars()), strict=True)
    ]
    await insert_rows(session, Fact, rows)
    await session.execute(
        select(func.pg_notify(channel(scope.agency_id), str(rows[-1]["number"]))),
    )


async def _chain_audit(
    session: AsyncSession,
    entries: Sequence[NewAudit],
    *,
    scope: Any,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    last = (
        await session.execute(
            select(AuditEntry.number, AuditEntry.digest)  # type: ignore[call-overload]
            .where(AuditEntry.agency_id == scope.agency_id)
            .order_by(AuditEntry.number.desc())  # type: ignore[attr-defined]
            .limit(1)
        )
    ).first()
    number, digest = (last[0], last[1]) if last else (0, "")
    rows = []
    for entry in entries:
        number += 1
        row = {
            "agency_id": scope.agency_id,
            "number": number,
            "at": now,
            "person_id": scope.person_id,
            "device_id": scope.device_id,
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_id": entry.subject_id,
            "details": msgspec.to_builtins(dict(entry.details), builtin_types=()),
            "previous_digest": digest,
        }
        digest = audit_digest(row)
        rows.append({"id": new_id(), **row, "digest": digest})
    await insert_rows(session, AuditEntry, rows)


def audit_digest(row: Mapping[str, Any]) -> str:
    """The digest of one audit entry over its values and the digest before it."""
    plain = {
        name: row[name] for name in ("number", "action", "subject_kind", "subject_id", "details", "previous_digest")
    }
    who = {name: str(row[name] or "") for name in ("agency_id", "person_id", "device_id")}
    return sha256(canonical_json({**plain, **who, "at": int(row["at"].timestamp() * 1_000_000)}))


def channel(agency_id: UUID) -> str:
    """The notification channel on which an agency's new facts are announced, their last number as payload."""
    return f"fieldapp_{agency_id.hex}"
