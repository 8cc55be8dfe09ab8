"""From a problem to a plan: the search first, recombination and OR-Tools sub-models in the rest of the time.

Time comes in through a clock that is handed in; without one a run is measured in iterations and then is
repeatable to the visit. Whatever a part proposes, the checker judges it, and only a better plan replaces the
one in hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.checker import Judgement, judge
from fieldapp.planning.model import improve_near
from fieldapp.planning.packing import pack
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.race import Race
from fieldapp.planning.search import Standing, Tuning, prepare

Clock = Callable[[], float]
"""Seconds from any fixed moment, never falling."""

SEARCH_SHARE = 0.88
STEPS = 100
LARGEST_CHUNK = 20_000
MODEL_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """What a long run tells while it works. `share` runs from 0 to 1."""

    phase: str
    share: float
    iterations: int
    objective_cents: int
    unserved_must: int
    elapsed_s: float


Listener = Callable[[Progress], bool | None]
"""Hears of progress; answering False means "take it now": the best plan so far is returned."""


@dataclass(frozen=True, slots=True)
class Solution:
    """A judged plan and where it came from. `gains_cents`: what each part added, in order of work."""

    plan: Plan
    judgement: Judgement
    iterations: int
    gains_cents: tuple[tuple[str, int], ...]
    taken_early: bool


def solve(
    problem: Problem,
    *,
    seed: int,
    seconds: float | None = None,
    iterations: int | None = None,
    clock: Clock | None = None,
    on_progress: Listener | None = None,
    start: Plan | None = None,
    tuning: Tuning | None = None,
    recombine: bool = True,
) -> Solution:
    """The best plan found within `seconds` (with `clock`) or `iterations`; exactly one of the two is given.

    `start`: a plan to begin from; the answer is never worse than it. Must-dos that fit nowhere stay unplanned
    and stand in the judgement. `recombine`: whether the routes met on the way are packed, and sub-models asked, at the
    end. Raises Refusal `planning.no_budget`, `planning.plan_breaks_rules` (for a
    `start` that the checker does not accept).
    """
    if (seconds is None) == (iterations is None) or (seconds is not None and clock is None):
        raise Refusal("planning.no_budget", kind=Kind.MALFORMED)
    if start is not None and (broken := judge(problem, start).broken):
        raise Refusal("planning.plan_breaks_rules", details={"rules": sorted({v.rule for v in broken})})
    prepare(days=problem.n_days, hours=problem.hours_count, ways=problem.travel_varies)
    run = _Run(problem, seed, clock, on_progress, recombine=recombine and not problem.hours_count)
    if seconds is not None:
        return run.for_seconds(seconds, start, tuning)
    assert iterations is not None
    return run.for_iterations(iterations, start, tuning)


class _Run:
    """One run: keeps the best judged plan and tells of progress."""

    def __init__(
        self, problem: Problem, seed: int, clock: Clock | None, on_progress: Listener | None, *, recombine: bool
    ) -> None:
        # What a route brings by its hours neither the packing nor a sub-model can say.
        self._recombine = recombine
        self._problem = problem
        self._seed = seed
        self._clock = clock
        self._on_progress = on_progress
        self._began = clock() if clock else 0.0
        self._stopped = False
        self._gains: list[tuple[str, int]] = []

    def for_iterations(self, iterations: int, start: Plan | None, tuning: Tuning | None) -> Solution:
        search = Race(self._problem, seed=self._seed, start=start, tuning=tuning)
        done = 0
        for step in range(1, STEPS + 1):
            until = iterations * step // STEPS
            standing = search.advance(until - done, done=done / max(iterations, 1), until=step / STEPS)
            done = until
            if self._tell("search", step / STEPS, standing):
                break
        best = self._judged(search.best())
        self._gains.append(("search", best[1].objective_cents))
        if not self._stopped and self._recombine:
            best = self._better("packing", best, pack(self._problem, search.pool(), best[0], seed=self._seed))
        return self._solution(best, done)

    def for_seconds(self, seconds: float, start: Plan | None, tuning: Tuning | None) -> Solution:
        search = Race(self._problem, seed=self._seed, start=start, tuning=tuning)
        parts = seconds >= 3 and self._recombine
        searching = seconds * SEARCH_SHARE if parts else seconds * 0.97
        chunk, iterations, begun = 50, 0, False
        # Once at least, however late it is: what comes out first is far better than nothing searched.
        while ((elapsed := self._elapsed()) < searching or not begun) and not self._stopped:
            begun = True
            share = min(elapsed / max(searching, 1e-6), 1.0)
            standing = search.advance(chunk, done=share, until=min(share + 1 / STEPS, 1.0))
            now = self._elapsed()
            took = max(now - elapsed, 1e-4)
            # Towards the end in ever smaller steps: on a machine with more work than it can do the next may take long.
            step = min(searching / STEPS, max(searching - now, 1e-3) / 4)
            chunk = min(max(10, int(chunk * min(2.0, step / took))), LARGEST_CHUNK)
            iterations = standing.iterations
            self._tell("search", elapsed / max(seconds, 1e-6), standing)
        best = self._judged(search.best())
        self._gains.append(("search", best[1].objective_cents))
        if not self._stopped and parts:
            # The pool is read and its model written in wall time too, of which there may be none left.
            ends_s = self._elapsed() + (seconds - self._elapsed()) * 0.4
            packed = pack(self._problem, search.pool(), best[0], seed=self._seed, left_s=partial(self._left, ends_s))
            best = self._better("packing", best, packed)
            best = self._models(best, seconds, iterations)
        return self._solution(best, iterations)

    def _models(self, best: tuple[Plan, Judgement], seconds: float, iterations: int) -> tuple[Plan, Judgement]:
        over_s = 0.0
        for turn in range(MODEL_ROUNDS):
            began = self._elapsed()
            left = seconds - began
            if left < 0.2 + over_s or self._stopped:
                break
            limit = left / (MODEL_ROUNDS - turn)
            tried = improve_near(
                self._problem, best[0], seed=self._seed + turn, left_s=partial(self._left, began + limit)
            )
            best = self._better("models", best, tried)
            standing = Standing(iterations, best[1].objective_cents, len(best[1].unserved_must))
            self._tell("models", min(self._elapsed() / seconds, 1.0), standing)
            # What writing and judging a model takes beyond its limit, here and now.
            over_s = max(over_s, self._elapsed() - began - limit)
        return best

    def _left(self, until_s: float) -> float:
        return until_s - self._elapsed()

    def _judged(self, plan: Plan) -> tuple[Plan, Judgement]:
        judgement = judge(self._problem, plan)
        if judgement.broken:  # a fault of ours, never of the input: stop before anyone drives
            raise AssertionError(f"the search broke rules: {judgement.broken[:3]}")
        return plan, judgement

    def _better(self, part: str, best: tuple[Plan, Judgement], tried: Plan | None) -> tuple[Plan, Judgement]:
        gain = 0
        if tried is not None and tried != best[0]:
            judgement = judge(self._problem, tried)
            if not judgement.broken and _rank(judgement) > _rank(best[1]):
                gain = judgement.objective_cents - best[1].objective_cents
                best = (tried, judgement)
        self._gains.append((part, gain))
        return best

    def _elapsed(self) -> float:
        return self._clock() - self._began if self._clock else 0.0

    def _tell(self, phase: str, share: float, standing: Standing) -> bool:
        if self._on_progress is not None:
            progress = Progress(
                phase=phase,
                share=min(share, 1.0),
                iterations=standing.iterations,
                objective_cents=standing.objective_cents,
                unserved_must=standing.unserved_must,
                elapsed_s=self._elapsed(),
            )
            self._stopped = self._on_progress(progress) is False or self._stopped
        return self._stopped

    def _solution(self, best: tuple[Plan, Judgement], iterations: int) -> Solution:
        return Solution(best[0], best[1], iterations, tuple(self._gains), self._stopped)


def _rank(judgement: Judgement) -> tuple[int, int]:
    """Must-dos come before money."""
    return -len(judgement.unserved_must), judgement.objective_cents
