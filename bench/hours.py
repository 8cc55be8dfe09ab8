"""`python -m bench.hours`: what ways by the hour cost the search, and what a fresh process takes to plan for a second.

Both kinds of day are searched in turn in one run, in processor time of this thread: microseconds an iteration, ratio.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import Search, prepare

SIZES = ((10, 150), (30, 500))
ROUNDS = 3
ITERATIONS = 20_000
TURNS_S = (0, 27_000, 34_200, 61_200, 70_200)
PACES = (1.0, 1.5, 1.0, 1.6, 1.0)
"""Figures of nobody: five bands, two of them slow."""


def by_hour(problem: Problem) -> Problem:
    """The same day with slow hours in the morning and in the evening."""
    tables = np.stack([np.rint(problem.travel_s * pace) for pace in PACES])
    return problem.changed(travel_s=tables, from_s=TURNS_S)


def iteration_us(problem: Problem, seed: int) -> float:
    """Processor microseconds an iteration."""
    search = Search(problem, seed=seed)
    began = time.thread_time()
    search.advance(ITERATIONS, done=0.0, until=1.0)
    return (time.thread_time() - began) * 1e6 / ITERATIONS


def fresh_s(seconds: float) -> float:
    """Processor seconds of `fieldapp solve` on a day of ten agents."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "day.json"
        file.write_text(json.dumps(made_up_day(10, 150, seed=1)))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [
            "-m",
            "fieldapp",
            "solve",
            str(file),
            "-o",
            str(Path(folder) / "plan.json"),
            "--seconds",
            str(seconds),
        ]
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    prepare()
    prepare(ways=True)
    print("| day | us an iteration, no hours | with five bands of hours | ratio |")
    print("|---|---|---|---|")
    for agents, visits in SIZES:
        plain = read_problem(made_up_day(agents, visits, seed=1))
        varied = by_hour(plain)
        pairs = [(iteration_us(plain, seed), iteration_us(varied, seed)) for seed in range(ROUNDS)]
        one, other = (float(np.median([pair[side] for pair in pairs])) for side in (0, 1))
        print(f"| {agents}x{visits} | {one:.1f} | {other:.1f} | {other / one:.2f} |")
    print(f"\n`fieldapp solve --seconds 1` in a fresh process: {fresh_s(1.0):.2f} s of processor (2.1 promised).")


if __name__ == "__main__":
    main()
