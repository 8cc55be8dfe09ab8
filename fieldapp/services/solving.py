"""The job that computes a plan: read what is asked, search in a thread, tell of progress, keep what was found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from fieldapp.domain.access import Identity
from fieldapp.planning.national import CountryPlan
from fieldapp.planning.problem import Problem
from fieldapp.planning.solver import Listener, Progress, Solution, solve
from fieldapp.services import large_days
from fieldapp.services.cells import Cells, Over
from fieldapp.services.large_days import LargeDay
from fieldapp.services.planning import asked_for, plan_row, prepare_asked, result_of, ways_of
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import access, plan_cells
from fieldapp.store import planning as store
from fieldapp.store.database import GATE, DatabaseAway, Scope
from fieldapp.store.feed import NewFact, tell
from fieldapp.store.shapes.dispatch import Route

T = TypeVar("T")
PLAN_JOBS = ("plan.solve", "plan.spread")
"""Somebody waits for what these compute."""
GIVEN_UP, ASKER_LEFT = "GivenUp", "AskerHasLeft"
"""Why a plan failed, where it is no fault of ours: the screen has words for these."""


async def run_solve(parts: Parts, identity: Identity, *, plan_id: str) -> None:
    """The background job: read, compute in a thread, tell of progress, write the result.

    A plan that is done already is left alone, so that a repeated job does no harm.
    """
    scope = Scope(identity.agency_id, identity.role.value, identity.person_id)
    async with said_if_it_fails(parts, scope, UUID(plan_id)):
        await _solve(parts, identity, scope, UUID(plan_id))


async def _solve(parts: Parts, identity: Identity, scope: Scope, plan_id: UUID) -> None:
    async with parts.database.transaction(scope) as session:
        work = Work(parts=parts, session=session, identity=identity, now=parts.clock.now())
        plan = await plan_row(session, plan_id, lock=True)
        if plan.state in ("done", "failed"):
            return
        plan.state = "running"
        request, day = plan.request, plan.day
    # Reading a large day takes long: whoever looks is told that it runs, and whoever stops it does not wait for a row.
    async with working(parts, identity) as work:
        asked = await asked_for(work, request, day)
        large = await large_days.prepare(work, asked, day) if large_days.is_large(asked) else None
        plan = await plan_row(work.session, plan_id, lock=True)
        plan.candidates = len(asked.lawful)
    teller = Teller(parts, scope, plan_id)
    if large is not None:
        made = await _in_cells(parts, identity, plan_id, large, teller, plan)
        if made is None:
            return
        worth, result = made
    else:
        # A slow road server holds no row.
        matrix = await ways_of(parts, asked, day)
        async with working(parts, identity) as work:
            prepared = await prepare_asked(work, asked, day, matrix)
        solution = await teller.run(prepared.problem, seconds=request["seconds"], seed=request["seed"])
        worth, result = Worth.of(solution), result_of(prepared, solution, day, parts)
    async with parts.database.transaction(scope) as session:
        plan = await plan_row(session, plan_id, lock=True)
        if plan.state != "running":
            return  # Another run of the job, taken for dead, was sooner.
        plan.state, plan.result = "done", _with_kept(result, request)
        plan.progress = teller.finished(worth)
        stays = msgspec.convert(request.get("locked", []), list[Route])
        plan.objective_cents = worth.objective_cents + sum(one.prize_cents - one.travel_cost_cents for one in stays)
        plan.served = worth.served + sum(len(route.stops) for route in stays)
        if large is not None:
            await plan_cells.clear(session, plan_id)
        tell(session, NewFact("plan.done", parts.clock.now(), day=day, body={"plan_id": str(plan_id)}))


async def _in_cells(
    parts: Parts, identity: Identity, plan_id: UUID, large: LargeDay, teller: Teller, plan: store.Plan
) -> tuple[Worth, dict[str, Any]] | None:
    """All workers at one day; how far it is, is told as of any plan. None where another run has ended it."""
    seconds, seed, crew = plan.request["seconds"], plan.request["seed"], Cells(parts, identity, plan_id)

    def compute(hear: Listener) -> CountryPlan:
        def on_news(at_s: float, cents: int) -> bool:
            return hear(Progress("cells", min(at_s / seconds, 1.0), 0, cents, 0, at_s)) is not False

        return large_days.solve(large, crew, seed=seed, seconds=seconds, on_news=on_news)

    try:
        found = await teller.watch(compute)
    except Over:
        return None
    finally:
        crew.close()
    result = await asyncio.to_thread(large_days.result_of, large, found, plan.day, parts)
    return Worth(found.objective_cents, found.served, found.iterations), result


@asynccontextmanager
async def said_if_it_fails(parts: Parts, scope: Scope, plan_id: UUID) -> AsyncIterator[None]:
    """Whatever keeps a plan from being computed stands on it, for whoever waits. While the database is away nothing can
    be written: then the job runs again, and where it is given up `end_given_up` says so."""
    try:
        yield
    except DatabaseAway:
        raise
    except Exception as broken:
        await note_failure(parts, scope, plan_id, type(broken).__name__)
        raise


async def note_failure(parts: Parts, scope: Scope, plan_id: UUID, failure: str) -> None:
    """The plan will not be computed, and why; one that is done stays done."""
    async with parts.database.transaction(scope) as session:
        plan = await plan_row(session, plan_id, lock=True)
        if plan.state in ("done", "failed"):
            return
        plan.state, plan.failure = "failed", failure
        await plan_cells.clear(session, plan_id)
        tell(session, NewFact("plan.failed", parts.clock.now(), day=plan.day, body={"plan_id": str(plan_id)}))


async def end_given_up(parts: Parts) -> None:
    """Plans whose job was given up while nothing could be written: they end, and whoever waits may ask again."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await access.agencies(session)
    for agency_id in agencies:
        scope = Scope(agency_id, "worker")
        async with parts.database.transaction(scope) as session:
            given_up = await store.given_up(session, jobs=PLAN_JOBS)
        for plan_id in given_up:
            await note_failure(parts, scope, plan_id, GIVEN_UP)


def _with_kept(result: dict[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """The computed lanes with those that were locked, as they were and still locked; what a person took out lies aside
    as it lay, but for what was promised since."""
    if "taken_out" in request:
        planned = {stop["practice_id"] for route in result["routes"] for stop in route["stops"]}
        aside = [one for one in request["taken_out"] if one["practice_id"] not in planned]
        result = {**result, "unplanned": [*aside, *result["unplanned"]]}
    if "pinned_at" in request:
        # A pin is no newer because the rest was planned again.
        result = {**result, "pins": request["pinned_at"]}
    if not request.get("locked"):
        return result
    return {**result, "routes": [*request["locked"], *result["routes"]], "lanes": request["lanes"]}


@dataclass(frozen=True, slots=True)
class Worth:
    """What was found, in figures."""

    objective_cents: int
    served: int
    iterations: int

    @classmethod
    def of(cls, solution: Solution) -> Worth:
        """Of a day in one piece."""
        return cls(solution.judgement.objective_cents, solution.judgement.served, solution.iterations)


class Teller:
    """Runs the search in a thread and writes its progress to the plan about three times a second."""

    EVERY_S = 0.3

    def __init__(self, parts: Parts, scope: Scope, plan_id: UUID) -> None:
        self._parts = parts
        self._scope = scope
        self._plan_id = plan_id
        self._latest: Progress | None = None
        self._curve: list[tuple[int, int, int]] = []
        self._stop = False

    async def run(self, problem: Problem, *, seconds: float, seed: int) -> Solution:
        """Search for a plan of `problem`."""
        return await self.watch(
            lambda hear: solve(problem, seed=seed, seconds=seconds, clock=time.monotonic, on_progress=hear)
        )

    async def watch(self, compute: Callable[[Listener], T]) -> T:
        """Compute in a thread and write down what its listener hears."""
        searching = asyncio.create_task(asyncio.to_thread(compute, self._hear))
        try:
            while not (await asyncio.wait([searching], timeout=self.EVERY_S))[0]:
                await self._tell()
            return await searching
        finally:
            # A worker that is told to end does not wait for the search.
            self._stop = True

    def finished(self, worth: Worth) -> dict[str, Any]:
        """The progress as it stands at the end: only now is it known how many visits are served."""
        elapsed_ms = round(self._latest.elapsed_s * 1000) if self._latest else 0
        end = (elapsed_ms, worth.objective_cents, worth.served)
        return self._told(elapsed_ms, worth.iterations, worth.objective_cents, worth.served, [end])

    def _told(
        self, elapsed_ms: int, iterations: int, objective_cents: int, served: int, end: Sequence[tuple[int, int, int]]
    ) -> dict[str, Any]:
        return {
            "elapsed_ms": elapsed_ms,
            "iterations": iterations,
            "objective_cents": objective_cents,
            "served": served,
            "curve": [*self._curve[:: max(1, len(self._curve) // 100)], *end],
        }

    def _hear(self, progress: Progress) -> bool:
        self._latest = progress
        return not self._stop

    async def _tell(self) -> None:
        progress = self._latest
        if progress is None:
            return
        elapsed_ms = round(progress.elapsed_s * 1000)
        self._curve.append((elapsed_ms, progress.objective_cents, 0))
        async with self._parts.database.transaction(self._scope) as session:
            plan = await store.plan(session, self._plan_id, lock=True)
            assert plan is not None
            if plan.state != "running":
                self._stop = True
                return
            self._stop = plan.stop_requested
            plan.progress = self._told(elapsed_ms, progress.iterations, progress.objective_cents, 0, ())
            body = {"plan_id": str(self._plan_id), "share_pct": round(progress.share * 100)}
            tell(session, NewFact("plan.progress", self._parts.clock.now(), day=plan.day, body=body))
