"""Several days planned at once against one day after the other, by the same search in the same time.

    python -m bench.several_days [--days 5] [--seconds 5] [--seeds 2] [--sizes 5x100,10x300] [--dues]

One day after the other: each day is planned with what the days before left, in its share of the seconds.

With `--dues` half the debtors said to pay on a day around the horizon. Planned by what the placement's end takes alone,
and by `domain.waiting` whole, both worth what is left when the visit is made: what heeding the dues brings if waiting
costs what the rule guesses.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from random import Random
from statistics import mean
from typing import Any

import numpy as np

from fieldapp.domain.waiting import waited
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.days_files import read_days
from fieldapp.planning.instances import Layout, made_up_days
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import prepare
from fieldapp.planning.solver import solve


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--sizes", default="5x100,10x300")
    parser.add_argument("--layouts", default="towns,far")
    parser.add_argument("--dues", action="store_true")
    asked = parser.parse_args()
    prepare()
    prepare(days=2)
    if asked.dues:
        heeding_dues(asked)
        return
    print("| layout | agents x visits x days | together | one after the other | more | must-dos lost |")
    print("|---|---|---|---|---|---|")
    for size in asked.sizes.split(","):
        agents, visits = (int(part) for part in size.split("x"))
        for layout in asked.layouts.split(","):
            document = made_up_days(agents, visits, days=asked.days, seed=1, layout=Layout(layout))
            days = read_days(document).days
            ways = [
                [way(days, seed, asked.seconds) for seed in range(asked.seeds)] for way in (together, one_after_other)
            ]
            judged = [[judge_days(days, plans) for plans in several] for several in ways]
            assert not any(one.broken for several in judged for one in several)
            first, second = (mean(one.objective_cents for one in several) for several in judged)
            lost = "/".join(str(max(len(one.unserved_must) for one in several)) for several in judged)
            more = f"{100 * (first - second) / second:+.2f} %"
            print(f"| {layout} | {size}x{asked.days} | {first:.0f} | {second:.0f} | {more} | {lost} |", flush=True)


def heeding_dues(asked: argparse.Namespace) -> None:
    """Print the table of what heeding the dues brings."""
    print("| layout | agents x visits x days | blind | heeding dues | more | must-dos lost |")
    print("|---|---|---|---|---|---|")
    for size in asked.sizes.split(","):
        agents, visits = (int(part) for part in size.split("x"))
        for layout in asked.layouts.split(","):
            document = made_up_days(agents, visits, days=asked.days, seed=1, layout=Layout(layout))
            blind, heeding = (read_days(_priced(document, dues=dues)).days for dues in (False, True))
            made = [[together(days, seed, asked.seconds) for seed in range(asked.seeds)] for days in (blind, heeding)]
            judged = [[judge_days(heeding, plans) for plans in several] for several in made]
            assert not any(one.broken for several in judged for one in several)
            first, second = (mean(one.objective_cents for one in several) for several in judged)
            lost = "/".join(str(max(len(one.unserved_must) for one in several)) for several in judged)
            print(f"| {layout} | {size}x{asked.days} | {first:.0f} | {second:.0f} "
                  f"| {100 * (second - first) / first:+.2f} % | {lost} |", flush=True)  # fmt: skip


def _priced(document: dict[str, Any], *, dues: bool) -> dict[str, Any]:
    """The days with prizes that waiting takes from; the same people for either."""
    random, visits = Random(1), []
    for visit in document["visits"]:
        days_left, due_in = random.randint(10, 40), random.choice([None, random.randint(-5, 6)])
        told = due_in if dues else None
        priced = [
            {**day, "prize": waited(visit["prize"], days_left=days_left, days=day["day"], due_in=told)}
            for day in visit["days"]
        ]
        visits.append({**visit, "days": priced})
    return {**document, "visits": visits}


def together(days: Sequence[Problem], seed: int, seconds: float) -> tuple[Plan, ...]:
    """All days in one search."""
    laid = Together.of(days)
    return laid.plans(solve(laid.problem, seed=seed, seconds=seconds, clock=time.process_time).plan)


def one_after_other(days: Sequence[Problem], seed: int, seconds: float) -> tuple[Plan, ...]:
    """The first day as if there were no other, then the next with what is left."""
    made: set[str] = set()
    plans = []
    for day in days:
        may_visit = np.array(day.may_visit)
        may_visit[:, [v for v, visit in enumerate(day.visits) if visit.key in made]] = False
        left = day.changed(may_visit=may_visit)
        plan = solve(left, seed=seed, seconds=seconds / len(days), clock=time.process_time).plan
        made |= {day.visits[visit].key for visit in plan.planned}
        plans.append(plan)
    return tuple(plans)


if __name__ == "__main__":
    main()
