"""What is owed to each creditor, kept added up by a worker so that readers find little left to do."""

from __future__ import annotations

from fieldapp.services.work import Parts
from fieldapp.store import access, claim_sums
from fieldapp.store.database import GATE, Scope


async def add_up(parts: Parts) -> None:
    """Take every agency's newest facts into its sums, some at a time."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await access.agencies(session)
    for agency_id in agencies:
        done = False
        while not done:
            async with parts.database.transaction(Scope(agency_id, "worker")) as session:
                done = await claim_sums.catch_up(session)
