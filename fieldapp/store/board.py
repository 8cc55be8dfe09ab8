"""Drafts: plans that were copied to be changed by hand."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.tables.planning import Plan, PublishedDay


async def draft_of(session: AsyncSession, plan_id: UUID) -> Plan | None:
    """The unpublished draft that was made from the plan, the newest if there were several."""
    published = select(PublishedDay.id).where(PublishedDay.plan_id == Plan.id).exists()
    query = (
        select(Plan)
        .where(Plan.request["edited_from"].as_string() == str(plan_id), ~published)
        .order_by(col(Plan.created_at).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()
