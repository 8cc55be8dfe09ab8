"""Claims kept added up by creditor: practices of the newest facts are counted anew, the difference goes into the sums.

Whatever moves a claim is told as a fact about its practice, in the same transaction; so what stands here is what all
postings come to, as of the newest fact. `ledger.owed_by_creditor` counts the same from scratch.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import CLAIMS
from fieldapp.store import feed_pages, ledger
from fieldapp.store.database import agency_of
from fieldapp.store.tables.claims import ClaimMark, ClaimSum
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.practice import Practice

LITTLE = 2_000
"""Facts that a reader takes in; with more behind, it counts from scratch until a worker was there."""


async def by_creditor(session: AsyncSession) -> dict[UUID, tuple[int, int]]:
    """How many practices each creditor has, and what is owed to him in cents; as of now, never older."""
    if await behind(session) > LITTLE:
        return await from_scratch(session)
    await up_to_date(session)
    query = select(ClaimSum.creditor_id, ClaimSum.practices, ClaimSum.owed_cents)
    return {id_: (practices, owed) for id_, practices, owed in (await session.exec(query)).all()}


async def up_to_date(session: AsyncSession) -> None:
    """Bring the parts to the newest fact: what each practice owes as of now, never older."""
    while not await catch_up(session):
        pass


async def from_scratch(session: AsyncSession) -> dict[UUID, tuple[int, int]]:
    """The same from all practices and postings."""
    query = select(Practice.creditor_id, func.count()).group_by(col(Practice.creditor_id))
    owed = await ledger.owed_by_creditor(session)
    return {id_: (count, owed.get(id_, 0)) for id_, count in (await session.exec(query)).all()}


async def behind(session: AsyncSession) -> int:
    """How many facts the sums do not know, counted up to one more than a reader takes in."""
    mark = await session.get(ClaimMark, agency_of(session), populate_existing=True)
    unread = select(Fact.number).where(col(Fact.number) > (mark.up_to if mark else 0)).limit(LITTLE + 1).subquery()
    return int((await session.exec(select(func.count()).select_from(unread))).one())


async def catch_up(session: AsyncSession, *, most: int = LITTLE) -> bool:
    """Take in at most the next `most` facts, or every practice where nothing was counted yet; whether that is all.

    Only one transaction does so at a time; it holds the agency's sums until it ends.
    """
    # The newest first: what is committed later is counted again, which changes nothing.
    head = await feed_pages.head(session)
    newest = head.number if head else 0
    agency_id = agency_of(session)
    mark = await session.get(ClaimMark, agency_id, populate_existing=True)
    if mark is not None and mark.up_to >= newest:
        return True
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"claims:{agency_id}"}
    )
    mark = await session.get(ClaimMark, agency_id, populate_existing=True)
    if mark is None:
        await session.execute(_COUNT_ALL, {"agency": agency_id, "kinds": _KINDS})
        session.add(ClaimMark(agency_id=agency_id, up_to=newest))
        await session.flush()
        return True
    up_to = await _end(session, mark.up_to, newest, most)
    told = {"agency": agency_id, "kinds": _KINDS, "after": mark.up_to, "up_to": up_to}
    await session.execute(_COUNT_TOLD, told)
    mark.up_to = max(mark.up_to, up_to)
    session.add(mark)
    await session.flush()
    return up_to >= newest


async def _end(session: AsyncSession, after: int, newest: int, most: int) -> int:
    """The number of the last fact to take in."""
    query = select(Fact.number).where(col(Fact.number) > after, col(Fact.number) <= newest)
    last = (await session.exec(query.order_by(col(Fact.number)).offset(most - 1).limit(1))).first()
    return max(after, newest) if last is None else last


_KINDS = [kind.value for kind in CLAIMS]
_COUNT = """
    with chosen as ({chosen}), owed as (
      select practice_id, sum(cents) as cents, sum(greatest(cents, 0)) as left_cents
      from (
        select account.practice_id, sum(posting.amount_cents) as cents
        from chosen join account on account.practice_id = chosen.id and account.kind = any(:kinds)
          join posting on posting.account_id = account.id
        group by account.practice_id, account.kind, posting.debt_line_id
      ) as part
      group by practice_id
    ), fresh as (
      select chosen.id, chosen.creditor_id, coalesce(owed.cents, 0) as cents, coalesce(owed.left_cents, 0) as left_cents
      from chosen left join owed on owed.practice_id = chosen.id
    ), change as (
      select fresh.creditor_id, count(*) filter (where claim_part.practice_id is null) as practices,
        sum(fresh.cents - coalesce(claim_part.owed_cents, 0)) as cents
      from fresh left join claim_part on claim_part.practice_id = fresh.id group by fresh.creditor_id
    ), parts as (
      insert into claim_part (practice_id, creditor_id, agency_id, owed_cents, left_cents)
      select id, creditor_id, :agency, cents, left_cents from fresh
      on conflict (practice_id) do update set owed_cents = excluded.owed_cents, left_cents = excluded.left_cents
      where (claim_part.owed_cents, claim_part.left_cents) <> (excluded.owed_cents, excluded.left_cents)
    )
    insert into claim_sum (creditor_id, agency_id, practices, owed_cents)
    select creditor_id, :agency, practices, cents from change
    on conflict (creditor_id) do update set
      practices = claim_sum.practices + excluded.practices, owed_cents = claim_sum.owed_cents + excluded.owed_cents
"""
_COUNT_ALL = text(_COUNT.format(chosen="select id, creditor_id from practice"))
_COUNT_TOLD = text(
    _COUNT.format(
        chosen="select id, creditor_id from practice where id in"
        " (select practice_id from fact where number > :after and number <= :up_to and practice_id is not null)"
    )
)
