"""The courier of one subscription: reads the feed for it and delivers, in each practice one after the other.

Only one courier of a subscription runs at a time (the queue's lock); should two, neither sends what the other has
claimed. Claims are committed before anything is sent and outcomes after it: nothing is lost, and what is sent again
says so (`webhook-attempt`) under the same `webhook-id`. No transaction is open while a request is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.webhooks import (
    RESTS_AFTER,
    Answer,
    Failure,
    State,
    message_id,
    next_try,
    rest_until,
    sign,
    weighs_on_endpoint,
)
from fieldapp.services.feed_out import fact_of
from fieldapp.services.webhook_post import Post
from fieldapp.services.webhooks import DEAD_LETTER
from fieldapp.services.work import Parts
from fieldapp.store import reported, tasks
from fieldapp.store import webhook_queue as queue
from fieldapp.store import webhooks as store
from fieldapp.store.database import Scope
from fieldapp.store.shapes.exchange import FeedFact
from fieldapp.store.webhook_queue import Claimed, Settled

WIDTH = 32
"""Practices served at once."""
AHEAD = 256
"""Practices whose letters are claimed at once: those that are served and those that are next, so that no connection is
idle while outcomes are written and new letters read."""
LANE = 25
"""Deliveries of one practice that are claimed together."""
READ_ON = 4
"""Pages of the feed that are read in one turn where something may go already: nobody waits for the rest of them."""
_LANE_S = 30.0
"""A lane starts no request so long after its claim; with the longest request it ends well before its claim does."""
_CLAIM = timedelta(seconds=60)
_GATHER_S = 0.04
"""Outcomes that come in so short a time are written together."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """A claimed delivery with its body and the address and secrets that held when it was claimed."""

    claimed: Claimed
    body: bytes
    url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lane:
    """Letters of one practice, and the moment of the loop's clock after which none of them is sent."""

    letters: Sequence[_Letter]
    until_s: float

    @property
    def is_test(self) -> bool:
        return self.letters[0].claimed.fact_number is None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a letter; no answer: it was not sent after all."""

    claimed: Claimed
    answer: Answer | None


class _Senders:
    """At most `WIDTH` lanes under way; one that ends makes room for the next, until one fails.

    After a failure it is for the next turn to say whether the endpoint is asked on.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._next: deque[_Lane] = deque()
        self._under_way: set[asyncio.Task[list[_Outcome]]] = set()
        self._ended: list[asyncio.Task[list[_Outcome]]] = []
        self._news = asyncio.Event()

    @property
    def busy(self) -> int:
        """Lanes under way, those that are next, and those that ended since outcomes were asked for."""
        return len(self._under_way) + len(self._next) + len(self._ended)

    def send(self, lanes: Iterable[_Lane]) -> None:
        for lane in lanes:
            # Somebody waits for a test.
            (self._next.appendleft if lane.is_test else self._next.append)(lane)
        while self._next and len(self._under_way) < WIDTH:
            task = asyncio.create_task(_run(self._post, self._next.popleft()))
            self._under_way.add(task)
            task.add_done_callback(self._take)

    def _take(self, task: asyncio.Task[list[_Outcome]]) -> None:
        self._under_way.discard(task)
        if task.cancelled():
            return
        self._ended.append(task)
        self._news.set()
        if task.exception() is None and all(_went_well(outcome) for outcome in task.result()):
            self.send(())

    async def outcomes(self) -> list[_Outcome]:
        """Of the lanes that ended by now; waits for one."""
        await self._news.wait()
        await asyncio.sleep(_GATHER_S)
        self._news.clear()
        ended, self._ended = self._ended, []
        return [outcome for task in ended for outcome in task.result()]

    def put_back(self) -> list[_Outcome]:
        """Nothing more is begun: the outcomes of what was next."""
        unsent = [_Outcome(letter.claimed, None) for lane in self._next for letter in lane.letters]
        self._next.clear()
        return unsent

    async def stop(self) -> None:
        self._next.clear()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)


async def deliver(parts: Parts, agency_id: UUID, webhook_id: UUID) -> datetime | None:
    """Deliver until nothing may go; when the next repeat is due, if any."""
    scope = Scope(agency_id, "worker")
    outcomes: list[_Outcome] = []
    async with Post(to_loopback=parts.webhooks_to_loopback, connections=WIDTH) as post:
        senders = _Senders(post)
        try:
            while True:
                senders.send(await _turn(parts, scope, webhook_id, outcomes, senders))
                if not senders.busy:
                    break
                outcomes = await senders.outcomes()
        finally:
            await senders.stop()
    async with parts.database.transaction(scope) as session:
        return await queue.next_due(session, webhook_id, now=parts.clock.now())


async def _turn(
    parts: Parts, scope: Scope, webhook_id: UUID, outcomes: list[_Outcome], senders: _Senders
) -> list[_Lane]:
    """Write down what came of the last letters and claim new ones, in one transaction."""
    until_s = asyncio.get_running_loop().time() + _LANE_S
    async with parts.database.transaction(scope) as session:
        now = parts.clock.now()
        webhook = await store.locked(session, webhook_id)
        _weigh(webhook, outcomes, now)
        session.add(webhook)
        if not _may_be_asked(webhook, now):
            outcomes = outcomes + senders.put_back()
        settled = [_settled(outcome, now) for outcome in outcomes]
        await queue.settle(session, settled)
        await session.flush()
        if webhook.creditor_id is not None:
            await reported.by_facts(session, _arrived(outcomes), at=now)
        await _ask_a_person(parts, session, webhook, [one for one in settled if one.state is State.DEAD])
        if webhook.ended_at is not None:
            return []
        lanes = await queue.tests_waiting(session, webhook_id, now=now)
        room = _room(webhook, busy=senders.busy, now=now)
        if room:
            ready = await queue.may_go(session, webhook_id, now=now, queues=room, of_each=LANE)
            pages = 0
            while (not ready or (len(ready) < room and pages < READ_ON)) and await queue.read_on(
                session, webhook, now=now
            ):
                ready, pages = await queue.may_go(session, webhook_id, now=now, queues=room, of_each=LANE), pages + 1
            if len(ready) < room:
                ready = await queue.may_go(session, webhook_id, now=now, queues=room, of_each=LANE)
            # An endpoint that may be back is asked with a single letter.
            lanes += [lane[:1] for lane in ready[:1]] if webhook.failures >= RESTS_AFTER else ready
        await queue.claim(session, lanes, until=now + _CLAIM)
        told = await queue.told(session, lanes)
        secrets = _secrets(webhook, now)

        def letter(claimed: Claimed) -> _Letter:
            if claimed.fact_number is None:
                fact = _test_fact(claimed)
            else:
                row = told[claimed.fact_number]
                fact = fact_of(parts, webhook.agency_id, row, bound=webhook.creditor_id is not None)
            return _Letter(claimed, msgspec.json.encode(fact), webhook.url, secrets)

        return [_Lane([letter(claimed) for claimed in lane], until_s) for lane in lanes]


async def _ask_a_person(parts: Parts, session: AsyncSession, webhook: store.Webhook, dead: Sequence[Settled]) -> None:
    """The first dead letter of a subscription opens a task; those that follow are found by the same one."""
    if not dead or await tasks.open_under(session, DEAD_LETTER, f"{webhook.id}:"):
        return
    now = parts.clock.now()
    first = dead[0]
    await tasks.add(
        session,
        DEAD_LETTER,
        subject=("webhook", f"{webhook.id}:{first.id}:{first.attempts}"),
        due_on=now.astimezone(parts.zone).date(),
        details={"name": webhook.name, "why": first.last_failure or ""},
        now=now,
        new_id=parts.new_id,
    )


def _arrived(outcomes: Sequence[_Outcome]) -> list[int]:
    """The facts whose letters were answered."""
    return [
        one.claimed.fact_number
        for one in outcomes
        if one.claimed.fact_number is not None and one.answer is not None and one.answer.failure is None
    ]


def _may_be_asked(webhook: store.Webhook, now: datetime) -> bool:
    rests = webhook.rests_until is not None and webhook.rests_until > now
    return not rests and webhook.paused_at is None and webhook.ended_at is None


def _room(webhook: store.Webhook, *, busy: int, now: datetime) -> int:
    if not _may_be_asked(webhook, now):
        return 0
    if webhook.failures >= RESTS_AFTER:
        return 0 if busy else 1
    return max(0, AHEAD - busy)


def _secrets(webhook: store.Webhook, now: datetime) -> tuple[str, ...]:
    """The newest first; for a day also the one before."""
    overlap = webhook.old_secret_until is not None and webhook.old_secret_until > now
    return (webhook.secret, webhook.old_secret) if overlap and webhook.old_secret else (webhook.secret,)


def _test_fact(claimed: Claimed) -> FeedFact:
    return FeedFact(
        id=claimed.id,
        v=1,
        kind=store.TEST,
        at=claimed.created_at,
        recorded_at=claimed.created_at,
        day=None,
        practice_id=None,
        practice_number=None,
        creditor_id=None,
        data={},
        cursor="",
    )


async def _run(post: Post, lane: _Lane) -> list[_Outcome]:
    """One practice's letters in order; behind the first that fails none is sent."""
    loop = asyncio.get_running_loop()
    outcomes: list[_Outcome] = []
    stopped = False
    for letter in lane.letters:
        if stopped or loop.time() > lane.until_s:
            outcomes.append(_Outcome(letter.claimed, None))
            continue
        answer = await post.send(letter.url, body=letter.body, headers=headers_of(letter))
        outcomes.append(_Outcome(letter.claimed, answer))
        stopped = answer.failure is not None
    return outcomes


def _went_well(outcome: _Outcome) -> bool:
    return outcome.answer is not None and outcome.answer.failure is None


def headers_of(letter: _Letter) -> dict[str, str]:
    """Standard Webhooks' three headers, and which attempt this is."""
    # The machine's time, not a demo's: receivers hold it against their own clock.
    sent_at = datetime.now(UTC)
    name = message_id(letter.claimed.id)
    seconds = str(int(sent_at.timestamp()))
    signatures = [sign(secret, f"{name}.{seconds}.".encode() + letter.body) for secret in letter.secrets]
    return {
        "content-type": "application/json",
        "user-agent": "fieldapp-webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
        "webhook-attempt": str(letter.claimed.attempt),
    }


def _weigh(webhook: store.Webhook, outcomes: Sequence[_Outcome], now: datetime) -> None:
    """How the endpoint as a whole fares after these answers."""
    failed = 0
    for outcome in outcomes:
        # A test says nothing of the practice queues, nor does it wake an endpoint that rests.
        if outcome.answer is None or outcome.claimed.fact_number is None:
            continue
        if outcome.answer.failure is None:
            webhook.failures, webhook.rests_until, webhook.last_delivered_at = 0, None, now
        elif outcome.answer.failure is Failure.GONE:
            webhook.paused_at, webhook.gone = webhook.paused_at or now, True
        elif weighs_on_endpoint(outcome.answer):
            webhook.failures += 1
            failed += 1
    if failed:
        webhook.rests_until = rest_until(now, webhook.failures)


def _settled(outcome: _Outcome, now: datetime) -> Settled:
    claimed, answer = outcome.claimed, outcome.answer
    if answer is None:
        return Settled(claimed.id, State.WAITING, now, claimed.tries, claimed.attempt - 1)
    seen = Settled(claimed.id, State.DELIVERED, now, claimed.tries, claimed.attempt, now, answer.status, answer.failure)
    if answer.failure is None:
        return seen
    if claimed.fact_number is None:
        return replace(seen, state=State.FAILED)
    if answer.failure is Failure.GONE:
        return replace(seen, state=State.WAITING)
    tries = claimed.tries + 1
    again = next_try(now, claimed.id, tries=tries, asked_s=answer.asked_s)
    if again is None:
        return replace(seen, state=State.DEAD, tries=tries)
    return replace(seen, state=State.WAITING, tries=tries, next_at=again)
