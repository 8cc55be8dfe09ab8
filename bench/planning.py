"""Day plans side by side: our search against one OR-Tools model of the whole day, in CPU seconds of one run.

    python -m bench.planning [--seconds 5] [--seeds 2] [--sizes 10x150,30x500] [--instances FOLDER]

Gap: how far an engine's objective lies below the best that any engine found on that day, mean over seeds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean

from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.model import plan_whole
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import prepare
from fieldapp.planning.solver import solve

Engine = Callable[[Problem, int, float], Plan | None]


def ours(problem: Problem, seed: int, seconds: float) -> Plan:
    """Search, packing and sub-models, as the service runs them."""
    return solve(problem, seed=seed, seconds=seconds, clock=time.process_time).plan


def one_model(problem: Problem, _seed: int, seconds: float) -> Plan | None:
    """One OR-Tools model, well built (copies for windows, matrices registered, lunch cut out)."""
    began = time.process_time()
    return plan_whole(problem, goes_on=lambda: time.process_time() - began < seconds)


ENGINES: dict[str, Engine] = {"fieldapp": ours, "OR-Tools, one model": one_model}


def main() -> None:
    """Run the comparison and print its table."""
    asked = _asked()
    prepare()
    print(f"| day | agents x visits | {' | '.join(ENGINES)} | best objective | CPU s |")
    print("|---|---|" + "---|" * len(ENGINES) + "---|---|")
    gaps: dict[str, list[float]] = {name: [] for name in ENGINES}
    for name, problem in _days(asked):
        objectives, spent = _run(problem, seconds=asked.seconds, seeds=asked.seeds)
        best = max(value for values in objectives.values() for value in values if value is not None)
        cells = []
        for engine, values in objectives.items():
            found = [100 * (best - value) / abs(best) for value in values if value is not None]
            gaps[engine] += found
            cells.append(f"{mean(found):.2f} %" if len(found) == len(values) else "no lawful plan")
        size = f"{problem.n_agents}x{problem.n_visits}"
        print(f"| {name} | {size} | {' | '.join(cells)} | {best} | {spent:.1f} |", flush=True)
    print("| mean | | " + " | ".join(f"{mean(g):.2f} %" if g else "-" for g in gaps.values()) + " | | |")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--sizes", default="10x150,30x500")
    parser.add_argument("--instances", type=Path, help="a folder of problem documents instead of made-up days")
    return parser.parse_args()


def _days(asked: argparse.Namespace) -> Iterator[tuple[str, Problem]]:
    if asked.instances is not None:
        for path in sorted(asked.instances.glob("*.json")):
            yield path.stem, read_problem(json.loads(path.read_text()))
        return
    for size in asked.sizes.split(","):
        agents, visits = (int(part) for part in size.split("x"))
        for layout in Layout:
            yield layout.value, read_problem(made_up_day(agents, visits, seed=1, layout=layout))


def _run(problem: Problem, *, seconds: float, seeds: int) -> tuple[dict[str, list[int | None]], float]:
    """Objectives by engine and seed (None: no plan, a broken rule, or a must-do lost), mean CPU seconds."""
    objectives: dict[str, list[int | None]] = {}
    spent = []
    for name, engine in ENGINES.items():
        # OR-Tools' routing has no seed: once is as often as needed.
        for seed in range(seeds if engine is ours else 1):
            began = time.process_time()
            plan = engine(problem, seed, seconds)
            spent.append(time.process_time() - began)
            judgement = None if plan is None else judge(problem, plan)
            lawful = judgement is not None and not judgement.broken
            objectives.setdefault(name, []).append(judgement.objective_cents if judgement and lawful else None)
    return objectives, mean(spent)


if __name__ == "__main__":
    main()
