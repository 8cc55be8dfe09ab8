"""Facts and the audit chain: gathered during a transaction, numbered as its last statements.

A bare sequence would let a slow commit be skipped by readers that follow the numbers, so the numbers are given
under one advisory lock that is held until the commit. The audit chain of an agency is hashed in the same moment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.packed import Packed
from fieldapp.store.batches import write_rows
from fieldapp.store.tables.access import AuditEntry
from fieldapp.store.tables.office import Fact

FEED_LOCK = 0x666C6466
"""Key of the advisory lock under which facts are numbered."""

WAKE = "fieldapp_webhooks"
"""The channel on which workers hear that a subscription may have something to send."""


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
    session.info.setdefault("facts", Packed()).extend(facts)


def audit(session: AsyncSession, action: str, subject_kind: str, subject_id: object, **details: Any) -> None:
    """Add an audit entry to the session's transaction: who and when follow from its scope."""
    entry = NewAudit(action, subject_kind, str(subject_id), details)
    session.info.setdefault("audit", []).append(entry)


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """All or nothing within the transaction: what was told and audited here goes with the rows that are undone."""
    facts: Packed[NewFact] = session.info.pop("facts", Packed())
    entries: list[NewAudit] = session.info.pop("audit", [])
    try:
        async with session.begin_nested():
            yield
    except BaseException:
        session.info["facts"], session.info["audit"] = facts, entries
        raise
    facts.extend(session.info.get("facts", ()))
    entries.extend(session.info.get("audit", ()))
    session.info["facts"], session.info["audit"] = facts, entries


async def seal(session: AsyncSession, *, now: datetime, new_id: Callable[[], UUID]) -> None:
    """Number what was gathered; to be called last, before the commit."""
    facts: Packed[NewFact] = session.info.pop("facts", Packed())
    entries: Sequence[NewAudit] = session.info.pop("audit", [])
    if not facts and not entries:
        return
    await session.flush()
    # A statement of its own: the next one must see what was committed while this one waited.
    await session.execute(select(func.pg_advisory_xact_lock(FEED_LOCK)))
    portions = facts.portions()
    portion: Sequence[NewFact] = next(portions, ())
    while True:
        following = next(portions, None)
        await _write(session, portion, entries if following is None else (), now=now, new_id=new_id)
        if following is None:
            return
        portion = following


async def _write(
    session: AsyncSession,
    facts: Sequence[NewFact],
    entries: Sequence[NewAudit],
    *,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    scope = session.info["scope"]
    numbers, last = await _numbers(session, scope.agency_id, facts=len(facts), audited=bool(entries))
    fact_rows = _fact_rows(facts, numbers, scope=scope, now=now, new_id=new_id)
    audit_rows = _audit_rows(entries, last, scope=scope, now=now, new_id=new_id)
    # Desks hear the number on their agency's channel, the couriers of webhooks that there is something at all.
    told = ("pg_notify(%s, %s), pg_notify(%s, '')", (channel(scope.agency_id), str(numbers[-1]) if facts else "", WAKE))
    announce = told if facts else ("1", ())
    await write_rows(session, {Fact: fact_rows, AuditEntry: audit_rows}, finally_select=announce)


async def _numbers(
    session: AsyncSession, agency_id: UUID, *, facts: int, audited: bool
) -> tuple[list[int], tuple[int, str]]:
    """Numbers for so many facts, rising, and number and digest of the agency's newest audit entry."""
    # Not max() + 1 for the facts: row security would hide the newest number of another agency.
    query = """
        select array(select nextval('fact_number') from generate_series(1, :facts)), last.number, last.digest
        from (select 1) as one left join lateral (
          select number, digest from audit_entry where agency_id = :agency and :audited order by number desc limit 1
        ) as last on true
    """
    found = (await session.execute(text(query), {"facts": facts, "agency": agency_id, "audited": audited})).one()
    return sorted(found[0]), (found[1] or 0, found[2] or "")


def _fact_rows(
    facts: Sequence[NewFact], numbers: Sequence[int], *, scope: Any, now: datetime, new_id: Callable[[], UUID]
) -> list[dict[str, Any]]:
    return [
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
        for fact, number in zip(facts, numbers, strict=True)
    ]


def _audit_rows(
    entries: Sequence[NewAudit], last: tuple[int, str], *, scope: Any, now: datetime, new_id: Callable[[], UUID]
) -> list[dict[str, Any]]:
    number, digest = last
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
    return rows


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
