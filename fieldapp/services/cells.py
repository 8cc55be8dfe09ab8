"""Hands for the cells of a large day: every worker of the house, on whichever machine, takes one at a time.

The cells lie in the database (`store.plan_cells`). Whoever plans the day works at them too, so that it ends even where
nobody else is free; a worker that is killed loses nothing but the cell that it had, which another takes again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar
from uuid import UUID

import msgspec
import numpy as np

from fieldapp.domain.access import Identity
from fieldapp.geo.travel import Band, GreatCircleEngine, Point, begins, by_bands
from fieldapp.planning.national import Done, Job, Underway, work
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Agent, Ints, Lunch, Matrix, Visit
from fieldapp.planning.solver import Progress
from fieldapp.planning.territories import Part
from fieldapp.services.planning import cost_of
from fieldapp.services.work import Parts, Work
from fieldapp.store import plan_cells as store
from fieldapp.store.database import Scope

EVERY_S = 0.5
ASKED_TO_HELP = 8
"""So many others are asked for each round; each asks the next when it has done a cell."""
log = logging.getLogger("fieldapp.plans")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class StraightWays:
    """The great circle's ways between points, made where they are asked for (`planning.ways.Ways`).

    `bands`: the house's hours; one for which its engine would be asked has the times of no hour.
    """

    points: tuple[Point, ...]
    bands: tuple[Band, ...] = ()

    def between(self, rows: Ints, columns: Ints) -> tuple[Matrix, Matrix]:
        """Seconds and cents, the figures that a day in one piece has."""
        travel_s, distance_m = self._table(rows, columns)
        return travel_s, cost_of(travel_s, distance_m).astype(np.int32)

    def by_hour(self, places: Ints) -> tuple[Matrix, tuple[int, ...], Matrix]:
        """With the factors of the house's hours."""
        travel_s, distance_m = self._table(places, places)
        cents = cost_of(travel_s, distance_m).astype(np.int32)
        if not self.bands:
            return travel_s, (), cents
        return by_bands(travel_s, distance_m, self.bands), begins(self.bands), cents

    def metres(self, rows: Ints, columns: Ints) -> Matrix:
        """(rows, columns) metres."""
        return self._table(rows, columns)[1]

    def part(self, places: Ints) -> Self:
        """The ways among `places` alone."""
        return type(self)(tuple(self.points[place] for place in places.tolist()), self.bands)

    def _table(self, rows: Ints, columns: Ints) -> tuple[Matrix, Matrix]:
        starts, ends = ([self.points[place] for place in places.tolist()] for places in (rows, columns))
        travel_s, distance_m = GreatCircleEngine().table(starts, ends)
        return travel_s, distance_m


class _Packed(msgspec.Struct, array_like=True):
    """A job as it lies in the database: points in place of ways, which take a hundred times the room."""

    number: int
    seed: int
    agents: tuple[Agent, ...]
    visits: tuple[Visit, ...]
    lunch: Lunch
    points: tuple[tuple[float, float], ...]
    may_visit: bytes
    apart: tuple[tuple[int, ...], ...]
    start: tuple[tuple[int, ...], ...] | None
    bands: tuple[Band, ...] = ()


def pack(job: Job) -> bytes:
    """A job without its limit, for another process; its ways have to be `StraightWays`.

    The same job gives the same bytes in every process, or what a cell found would be thrown away when the day is begun
    again: sets have an order of their own in each (https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHASHSEED).
    """
    part = job.part
    assert isinstance(part.ways, StraightWays)
    held = _Packed(
        number=job.number,
        seed=job.seed,
        agents=part.agents,
        visits=part.visits,
        lunch=part.lunch,
        points=part.ways.points,
        may_visit=np.packbits(part.may_visit).tobytes(),
        apart=part.apart,
        start=None if job.start is None else job.start.routes,
        bands=part.ways.bands,
    )
    return msgspec.msgpack.encode(held, order="deterministic")


def unpack(data: bytes) -> Job:
    """What `pack` packed."""
    held = msgspec.msgpack.decode(data, type=_Packed)
    shape = (len(held.agents), len(held.visits))
    bits = np.unpackbits(np.frombuffer(held.may_visit, np.uint8), count=shape[0] * shape[1])
    part = Part(
        agents=held.agents,
        visits=held.visits,
        lunch=held.lunch,
        ways=StraightWays(held.points, held.bands),
        may_visit=bits.reshape(shape).astype(np.bool_),
        apart=held.apart,
    )
    return Job(held.number, part, held.seed, None if held.start is None else Plan(held.start))


async def run_cell(parts: Parts, identity: Identity, *, plan_id: str) -> None:
    """The background job of a worker that is asked to help: one cell, then the next stands at the queue's end."""
    scope = _scope(identity)
    if await lend_a_hand(parts, scope, UUID(plan_id)):
        async with parts.database.transaction(scope) as session:
            helper = Work(parts=parts, session=session, identity=identity, now=parts.clock.now())
            await helper.defer("plan.cell", plan_id=plan_id)


def _scope(identity: Identity) -> Scope:
    return Scope(identity.agency_id, identity.role.value, identity.person_id)


async def lend_a_hand(parts: Parts, scope: Scope, plan_id: UUID) -> bool:
    """Do one cell of the plan that nobody has; whether there was one."""
    async with parts.database.transaction(scope) as session:
        taken = await store.take(session, plan_id)
    if taken is None:
        return False
    hand = _Hand(parts, scope, taken)
    try:
        await hand.do()
    except Exception:
        log.exception("a cell of plan %s broke", plan_id)
        async with parts.database.transaction(scope) as session:
            await store.give_up(session, taken)
    return True


class _Hand:
    """One cell in a thread, with signs of life."""

    def __init__(self, parts: Parts, scope: Scope, taken: store.Taken) -> None:
        self._parts, self._scope, self._taken = parts, scope, taken
        self._cents = 0
        self._stop = taken.hurried
        self._mine = True

    async def do(self) -> None:
        job = _limited(unpack(self._taken.job), self._taken)
        doing = asyncio.create_task(asyncio.to_thread(work, job, clock=time.monotonic, on_progress=self._hear))
        try:
            while not (await asyncio.wait([doing], timeout=EVERY_S))[0]:
                await self._say()
            done = await doing
        finally:
            # A worker that is told to end does not wait for the search.
            self._stop = True
        found = {
            "routes": [list(route) for route in done.plan.routes],
            "unserved_must": done.unserved_must,
            "iterations": done.iterations,
            "gained_cents": done.gained_cents,
        }
        async with self._parts.database.transaction(self._scope) as session:
            await store.hand_in(session, self._taken, done.objective_cents, found)

    def _hear(self, progress: Progress) -> bool:
        self._cents = progress.objective_cents
        return not self._stop

    async def _say(self) -> None:
        async with self._parts.database.transaction(self._scope) as session:
            stop = await store.renew(session, self._taken, self._cents)
        self._stop = self._stop or stop is None or stop


def _limited(job: Job, taken: store.Taken) -> Job:
    """With its share of the time that is left."""
    if taken.hurried or taken.left_s is None:
        return replace(job, iterations=1)
    return replace(job, seconds=taken.left_s / taken.share)


class Over(Exception):
    """Whoever planned the day is told to end, or another has ended it."""


class Cells:
    """The crew of a large day (`planning.national.Crew`), used from the thread that plans it."""

    def __init__(self, parts: Parts, identity: Identity, plan_id: UUID) -> None:
        self._parts, self._identity, self._plan_id = parts, identity, plan_id
        self._scope = _scope(identity)
        self._loop = asyncio.get_running_loop()
        self._over = threading.Event()
        self._batch = -1

    def hurry(self) -> None:
        """Every hand reads on its cell's plan that the dispatcher takes what there is."""

    def close(self) -> None:
        """The thread that plans ends at its next step."""
        self._over.set()

    def each(self, jobs: Sequence[Job], *, ends_s: float | None) -> Iterator[Done | Underway]:
        """Lay the jobs out, work at them beside all others, and tell what becomes of them."""
        self._batch += 1
        seconds = None if ends_s is None else max(ends_s - time.monotonic(), 0.0)
        new = [_cell(job) for job in jobs]
        self._wait(self._lay(new, seconds))
        hand = asyncio.run_coroutine_threadsafe(self._keep_at_it(), self._loop)
        told: dict[int, int] = {}
        open_ = set(range(len(jobs)))
        try:
            while open_:
                heard = self._wait(self._hear(set(range(len(jobs))) - open_))
                if open_ - {news.number for news in heard if news.digest == new[news.number].digest}:
                    raise Over  # Another run of the same plan has cleared the cells, or laid its own.
                for news in heard:
                    if news.state in ("done", "lost"):
                        open_.discard(news.number)
                        yield _done(news, jobs[news.number])
                    elif told.get(news.number) != news.objective_cents:
                        told[news.number] = news.objective_cents
                        yield Underway(news.number, news.objective_cents)
                if open_ and self._over.wait(EVERY_S):
                    raise Over
                if hand.done():
                    hand.result()
        finally:
            hand.cancel()

    async def _keep_at_it(self) -> None:
        """Our own hand; where all cells are taken it waits for one that is given up."""
        while True:
            if not await lend_a_hand(self._parts, self._scope, self._plan_id):
                await asyncio.sleep(EVERY_S)

    async def _lay(self, new: Sequence[store.NewCell], seconds: float | None) -> None:
        async with self._parts.database.transaction(self._scope) as session:
            parts = self._parts
            await store.lay(session, self._plan_id, self._batch, new, seconds=seconds, new_id=parts.new_id)
            asking = Work(parts=parts, session=session, identity=self._identity, now=parts.clock.now())
            for _ in range(min(len(new) - 1, ASKED_TO_HELP)):
                await asking.defer("plan.cell", plan_id=str(self._plan_id))

    async def _hear(self, done: set[int]) -> list[store.Heard]:
        async with self._parts.database.transaction(self._scope) as session:
            return await store.hear(session, self._plan_id, self._batch, but=sorted(done))

    def _wait(self, asked: Coroutine[Any, Any, T]) -> T:
        """The answer of the loop, unless it ends before."""
        if self._over.is_set():
            asked.close()
            raise Over
        answer = asyncio.run_coroutine_threadsafe(asked, self._loop)
        while not self._over.is_set():
            with suppress(NotYet):
                return answer.result(timeout=EVERY_S)
        answer.cancel()
        raise Over


def _cell(job: Job) -> store.NewCell:
    data = pack(job)
    return store.NewCell(job.number, hashlib.sha256(data).hexdigest(), data)


def _done(news: store.Heard, job: Job) -> Done:
    if news.state == "lost":
        begun = job.start or Plan(((),) * len(job.part.agents))
        return Done(job.number, begun, 0, 0, 0, lost=True)
    found = news.found
    plan = Plan.of(found["routes"])
    return Done(
        news.number, plan, news.objective_cents, found["unserved_must"], found["iterations"], found["gained_cents"]
    )
