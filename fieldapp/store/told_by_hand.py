"""What an export by hand told the creditor: which facts, under which code; kept with the file's name and digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.batches import insert_rows
from fieldapp.store.exchange import VisitOutcome
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.outgoing import ExportByHand, ToldByHand

__all__ = ["ExportByHand"]


async def of_visits(session: AsyncSession, visits: Sequence[VisitOutcome]) -> dict[UUID, list[int]]:
    """The numbers of the facts that a row of each visit tells: the report, and the promise that stands in it."""
    kinds = ("visit.reported", "promise.made")
    query = select(Fact).where(
        col(Fact.practice_id).in_([visit.practice_id for visit in visits]), col(Fact.kind).in_(kinds)
    )
    by_name: dict[object, list[int]] = defaultdict(list)
    for fact in (await session.exec(query.order_by(col(Fact.number)))).all():
        body = fact.body
        promised = fact.practice_id, fact.at, body.get("due_on"), body.get("amount_cents")
        by_name[body["visit_id"] if fact.kind == kinds[0] else promised].append(fact.number)
    found: dict[UUID, list[int]] = {}
    for visit in visits:
        found[visit.id] = by_name[str(visit.id)][:1]
        for promise in visit.promises[:1]:
            name = (visit.practice_id, visit.left_at, promise.due_on.isoformat(), promise.amount_cents)
            found[visit.id] += by_name[name][:1]
    return found


async def note(session: AsyncSession, export: ExportByHand, codes: Mapping[int, str]) -> None:
    """Keep an export and what it told: code by the number of the fact."""
    session.add(export)
    await session.flush()
    told = [
        {"export_id": export.id, "fact_number": number, "agency_id": export.agency_id, "code": code}
        for number, code in codes.items()
    ]
    await insert_rows(session, ToldByHand, told)
