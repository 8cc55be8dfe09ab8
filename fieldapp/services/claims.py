"""What is owed to each creditor, kept added up by a worker so that readers find little left to do."""

from __future__ import annotations

from fieldapp.domain.access import Identity
from fieldapp.services.work import Parts, working
from fieldapp.store import access, claim_sums
from fieldapp.store.database import GATE, Scope


async def take_in(parts: Parts, identity: Identity) -> None:
    """Take the newest facts into the sums of the caller's agency, in a short transaction of its own: what holds the
    sums is let go before anything else is asked. Nothing is taken in where much is behind, which is the worker's."""
    async with working(parts, identity) as work:
        if await claim_sums.behind(work.session) <= claim_sums.LITTLE:
            await claim_sums.catch_up(work.session)


async def add_up(parts: Parts) -> None:
    """Take every agency's newest facts into its sums, some at a time."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await access.agencies(session)
    for agency_id in agencies:
        done = False
        while not done:
            async with parts.database.transaction(Scope(agency_id, "worker")) as session:
                done = await claim_sums.catch_up(session)
