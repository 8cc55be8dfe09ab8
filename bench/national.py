"""A national day cut into cells: how its cost grows with the cells, what it holds in memory, what its borders bring.

    python -m bench.national [--agents 500,1000] [--iterations 200000] [--workers 2] [--seed 1]

Each size is planned once in a process of its own by `plan_country` with worker processes, the same iterations for every
cell and border. Processor seconds are those of the whole tree: on a shared machine they say more than the clock, which
stands beside them. Memory is the sum of what all processes of the tree hold, read four times a second; pages that they
share count in each.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from fieldapp.crew import Crew
from fieldapp.planning.country_files import read_country
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.national import plan_country
from fieldapp.planning.search import prepare
from fieldapp.planning.territories import cut

VISITS_EACH = 20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", default="500,1000")
    parser.add_argument("--iterations", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        print(json.dumps(one_day(asked.one, asked.iterations, asked.workers, asked.seed)))
        return
    rows = [_apart(int(agents), asked) for agents in asked.agents.split(",")]
    print("| agents x candidates | cells | processor s | clock s | peak of the tree, MB | served | must-dos lost "
          "| objective | borders brought | agents in a cell | work for its time |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print("| {size} | {cells} | {cpu_s:.0f} | {clock_s:.0f} | {peak_mb:.0f} | {served} | {lost_musts} | "
              "{objective} | {borders_pct:+.2f} % | {agents} | {load} |".format(**row))  # fmt: skip
    for less, more in pairwise(rows):
        ratio = more["cpu_s"] / less["cpu_s"]
        print(f"\nProcessor time at {more['cells']} cells over that at {less['cells']}: {ratio:.2f}.")
    print(f"\nProcessor time over {asked.workers} workers, minutes: "
          + ", ".join(f"{row['size']} {row['cpu_s'] / asked.workers / 60:.1f}" for row in rows) + ".")  # fmt: skip


def _apart(agents: int, asked: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.national", "--one", str(agents), "--iterations", str(asked.iterations)]
    command += ["--workers", str(asked.workers), "--seed", str(asked.seed)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    row: dict[str, float] = json.loads(done.stdout)
    return row


def one_day(agents: int, iterations: int, workers: int, seed: int) -> dict[str, float | int | str]:
    """Plan one day and measure it."""
    peak = TreeMemory()
    prepare()
    document = made_up_day(agents, agents * VISITS_EACH, seed=seed)
    began_s, began_cpu = time.monotonic(), _cpu_s()
    country = read_country(document).country
    with Crew(workers) as crew:
        found = plan_country(country, seed=seed, crew=crew, clock=time.monotonic, iterations=iterations)
    clock_s, cpu_s = time.monotonic() - began_s, _cpu_s() - began_cpu
    cells = cut(country)
    sizes = np.bincount(cells.agent_cell)
    assert found.lost == 0
    return {
        "size": f"{agents}x{agents * VISITS_EACH}",
        "cells": found.cells,
        "cpu_s": cpu_s,
        "clock_s": clock_s,
        "peak_mb": peak.mb,
        "served": found.served,
        "lost_musts": len(found.unserved_must),
        "objective": found.objective_cents,
        "borders_pct": 100 * (found.objective_cents - found.cells_cents) / max(found.cells_cents, 1),
        "agents": f"{sizes.min()} to {sizes.max()}",
        "load": f"{cells.load.min() / 1000:.2f} to {cells.load.max() / 1000:.2f}",
    }


def _cpu_s() -> float:
    """Of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class TreeMemory:
    """The most that this process and its children held at once."""

    def __init__(self) -> None:
        self.mb = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.mb = max(self.mb, sum(_held_mb(pid) for pid in (os.getpid(), *_children())))
            time.sleep(0.25)


def _children() -> list[int]:
    children = []
    for task in Path("/proc/self/task").iterdir():
        try:
            children += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return children


def _held_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except (OSError, IndexError):
        return 0.0


if __name__ == "__main__":
    main()
