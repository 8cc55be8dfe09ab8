"""Day plans side by side: our search against its peers, in CPU seconds on one core, all in one run.

    python -m bench.planning [--seconds 10] [--seeds 3] [--sizes 5x60,10x150] [--layouts towns,coast]
                             [--engines fieldapp,PyVRP] [--instances FOLDER]

Every engine gets the parsed problem and its CPU seconds; every plan is judged by our checker. An objective is the
median over the seeds. Gap: how far it lies below the best plan that any engine found on that day. FOLDER may hold
problem documents (*.json) and files of the literature (*.txt, *.vrp): there the objective is the distance in tenths,
below zero, and the best is that of NAME.sol where one lies beside and nobody found a better one.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from bench.peers import Engine, engines
from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import Layout, made_up_day
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import prepare
from fieldapp.planning.vrptw import read_cost, read_vrptw

WITHOUT_SEED = ("VROOM", "OR-Tools")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: `lost` must-dos; an objective of None is no plan or one that breaks a rule."""

    objective: int | None
    lost: int
    cpu_s: float


def main() -> None:
    """Run the comparison and print its table."""
    asked = _asked()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    chosen = {name: engine for name, engine in engines().items() if name in asked.engines.split(",")}
    prepare()
    print(
        "| day | agents x visits | " + " | ".join(chosen) + " | ours to the better peer | our spread | best | CPU s |"
    )
    print("|---|---|" + "---|" * (len(chosen) + 4))
    rows: dict[str, list[Row]] = {}
    for day in _days(asked):
        outcomes = {engine: _runs(chosen[engine], engine, day, asked) for engine in chosen}
        row = Row.of(outcomes, known=day.known)
        size = day.group or f"{day.problem.n_agents}x{day.problem.n_visits}"
        print(f"| {day.name} | {day.problem.n_agents}x{day.problem.n_visits} | {row.text} |", flush=True)
        rows.setdefault(size, []).append(row)
    print()
    for size, several in rows.items():
        values = [row.lead for row in several if row.lead is not None]
        if values:
            below = sum(value < 0 for value in values)
            text = f"mean {mean(values):+.2f} %, least {min(values):+.2f} %, below on {below} of {len(values)}"
            print(f"- {size}: ours to the better peer {text}.")
        means = {name: [row.gaps[name] for row in several if name in row.gaps] for name in chosen}
        whole = [f"{name} {mean(gaps):.2f} %" for name, gaps in means.items() if len(gaps) == len(several)]
        print(f"- {size}: mean gap {', '.join(whole)}.")


@dataclass(frozen=True, slots=True)
class Day:
    """What is to be planned. `known`: the best objective in print. `group`: what it is summed up with, if not its size.

    `by_way`: of a file of the literature the way alone counts, and every visit is a must-do.
    """

    name: str
    problem: Problem
    known: int | None = None
    group: str = ""
    by_way: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `lead`: ours to the better peer in percent, None where there is nothing to compare.

    `gaps`: by engine, in percent below the best.
    """

    text: str
    lead: float | None
    gaps: Mapping[str, float]

    @classmethod
    def of(cls, outcomes: Mapping[str, list[Outcome]], *, known: int | None = None) -> Row:
        """Judge the outcomes of one day. Whoever loses a must-do that another one keeps is out of the running."""
        runs = [run for several in outcomes.values() for run in several if run.objective is not None]
        kept = min((run.lost for run in runs), default=0)
        good = [run.objective for run in runs if run.objective is not None and run.lost == kept]
        best = max(good if known is None else [*good, known], default=0)
        middles = {name: _middle(several, kept) for name, several in outcomes.items()}
        cells = [_cell(middles[name], outcomes[name], best, kept) for name in outcomes]
        rivals = [value for name, value in middles.items() if name != "fieldapp" and value is not None]
        mine = middles.get("fieldapp")
        lead = None if mine is None or not rivals else 100 * (mine - max(rivals)) / abs(max(rivals) or 1)
        own = [run.objective for run in outcomes.get("fieldapp", []) if run.objective is not None]
        spread = 100 * (max(own) - min(own)) / abs(best or 1) if own else 0.0
        cpu_s = "/".join(f"{mean(run.cpu_s for run in several):.1f}" for several in outcomes.values())
        shown = "-" if lead is None else f"{lead:+.2f} %"
        gaps = {name: 100 * (best - middle) / abs(best or 1) for name, middle in middles.items() if middle is not None}
        return cls(" | ".join([*cells, shown, f"{spread:.2f} %", str(best), cpu_s]), lead, gaps)


def _middle(runs: list[Outcome], kept: int) -> float | None:
    """The median objective, None where more than half of the runs failed or lost must-dos."""
    good = [run.objective if run.objective is not None and run.lost == kept else float("-inf") for run in runs]
    middle = median(good)
    return None if middle == float("-inf") else middle


def _cell(middle: float | None, runs: list[Outcome], best: int, kept: int) -> str:
    lost = max((run.lost - kept for run in runs if run.objective is not None), default=0)
    gap = "no lawful plan" if middle is None and not lost else "-" if middle is None else ""
    gap = gap or f"{100 * (best - (middle or 0)) / abs(best or 1):.2f} %"
    return f"{gap} ({lost} must-dos lost)" if lost else gap


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sizes", default="1x30,5x60,10x150,30x500,100x2000")
    parser.add_argument("--layouts", default=",".join(Layout))
    parser.add_argument("--engines", default="fieldapp,PyVRP,VROOM")
    parser.add_argument("--instances", type=Path, help="a folder of problems instead of made-up days")
    return parser.parse_args()


def _days(asked: argparse.Namespace) -> Iterator[Day]:
    if asked.instances is not None:
        for path in sorted(asked.instances.iterdir()):
            if path.suffix == ".json":
                yield Day(path.stem, read_problem(json.loads(path.read_text())))
            elif path.suffix in (".txt", ".vrp"):
                yield _of_the_literature(path)
        return
    for size in asked.sizes.split(","):
        agents, visits = (int(part) for part in size.split("x"))
        for layout in asked.layouts.split(","):
            yield Day(layout, read_problem(made_up_day(agents, visits, seed=1, layout=Layout(layout))))


def _of_the_literature(path: Path) -> Day:
    problem, solution = read_vrptw(path.read_text()), path.with_suffix(".sol")
    known = -read_cost(solution.read_text()) if solution.exists() else None
    return Day(path.stem, problem, known, f"{problem.n_visits} customers", by_way=True)


def _runs(engine: Engine, name: str, day: Day, asked: argparse.Namespace) -> list[Outcome]:
    outcomes, problem = [], day.problem
    for seed in range(1 if name in WITHOUT_SEED else asked.seeds):
        began = time.process_time()
        plan = engine(problem, seed, asked.seconds)
        cpu_s = time.process_time() - began
        judgement = None if plan is None else judge(problem, plan)
        lawful = judgement is not None and not judgement.broken
        objective = None
        if judgement and lawful:
            objective = -judgement.travel_cents if day.by_way else judgement.objective_cents
        outcomes.append(Outcome(objective, len(judgement.unserved_must) if judgement else 0, cpu_s))
    return outcomes


if __name__ == "__main__":
    main()
