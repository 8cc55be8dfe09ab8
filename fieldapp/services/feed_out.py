"""The feed's story: other systems follow the facts from any point on, each once, in the order of the commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fieldapp.domain.access import ServiceIdentity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import EVENTS, FactScope, data_of, kinds_of
from fieldapp.domain.feed_cursor import Position, read_cursor, write_cursor
from fieldapp.services.work import Parts
from fieldapp.store import feed_pages as store
from fieldapp.store import reported
from fieldapp.store.database import Scope
from fieldapp.store.shapes.exchange import FeedFact, FeedPage


async def read_feed(
    parts: Parts,
    account: ServiceIdentity,
    *,
    cursor: str | None,
    since: datetime | None,
    creditor_id: UUID | None,
    limit: int,
) -> FeedPage:
    """The facts behind a cursor, or from an instant on, or from the beginning.

    Raises Refusal `feed.cursor_or_since`, `feed.not_your_creditor`, `feed.cursor_unreadable`, `.cursor_elsewhere`,
    `.cursor_forged`, `.cursor_ahead`, `.cursor_of_another_history`.
    """
    if cursor is not None and since is not None:
        raise Refusal("feed.cursor_or_since", kind=Kind.MALFORMED)
    if account.creditor_id is not None and creditor_id not in (None, account.creditor_id):
        raise Refusal("feed.not_your_creditor", kind=Kind.FORBIDDEN)
    start = Position(account.agency_id)
    if cursor is not None:
        start = read_cursor(cursor, key=parts.cursor_key, agency_id=account.agency_id)
    async with parts.database.transaction(Scope(account.agency_id, "service")) as session:
        # The head first: whatever stands up to it was committed before the page is read, so no gap can fill later.
        head = await store.head(session)
        if start.number > (head.number if head else 0):
            raise Refusal("feed.cursor_ahead", kind=Kind.CONFLICT)
        if start.number and not await store.holds(session, start.number, start.fact_id):
            raise Refusal("feed.cursor_of_another_history", kind=Kind.CONFLICT)
        if since is not None and (found := await store.before(session, since)) is not None:
            start = Position(account.agency_id, found.number, found.fact_id)
        if head is None:
            return FeedPage([], write_cursor(start, parts.cursor_key), more=False)
        rows = await store.facts_between(
            session,
            after=start.number,
            up_to=head.number,
            kinds=kinds_of(account.scopes),
            creditor_id=account.creditor_id or creditor_id,
            limit=limit + 1,
        )
        more = len(rows) > limit
        ended = start if head.number <= start.number else Position(account.agency_id, head.number, head.fact_id)
        if more:
            last = rows[limit - 1]
            ended = Position(account.agency_id, last.number, last.id)
        if account.creditor_id is not None and FactScope.MONEY in account.scopes and cursor is not None:
            read = start.number
            await reported.read_by(session, account.account_id, account.creditor_id, cursor=read, at=parts.clock.now())
        await reported.given_to(session, account.account_id, start=start.number, end=ended.number)
    bound = account.creditor_id is not None
    facts = [fact_of(parts, account.agency_id, fact, bound=bound) for fact in rows[:limit]]
    return FeedPage(facts, write_cursor(ended, parts.cursor_key), more=more)


def fact_of(parts: Parts, agency_id: UUID, fact: store.Told, *, bound: bool) -> FeedFact:
    """A fact as `docs/exchange.md` promises it, in the feed and in webhooks alike; `bound`: to a creditor's reader."""
    event = EVENTS[fact.kind]
    return FeedFact(
        id=fact.id,
        v=event.version,
        kind=fact.kind,
        at=fact.at,
        recorded_at=fact.recorded_at,
        day=fact.day,
        practice_id=fact.practice_id,
        practice_number=fact.practice_number,
        creditor_id=fact.creditor_id,
        data=data_of(event, fact.body, bound=bound),
        cursor=write_cursor(Position(agency_id, fact.number, fact.id), parts.cursor_key),
    )
