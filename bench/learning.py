"""What learning is worth: weeks among people whose habits nobody knows, by policies that see only their own tries.

    python -m bench.learning [--seeds 6] [--weeks 6] [--agents 2] [--doors 400] [--most 14]

A province is made up with a seed: doors in towns and open country, sums owed, and for each door a hidden chance that
somebody is home at each hour. The habits are not of the learner's making: four ways of living (at work, at home, in
shifts, hardly there) with hours of their own, blurred door by door, change at hours that are no edges of its bands. Who
is home on which day at which hour, and whether somebody met pays, is drawn once: every policy lives the same weeks.
Whoever is met pays 40 % of what is owed in three cases of ten, and the door is done. Few pay, so what comes in is
mostly luck: each meeting is counted at what it brings on average, and what was drawn stands beside it.

The policies, all under the same rules (a door once in seven days, three times in all):

- nearest: each agent drives to the nearest door open, and so on until the shift ends;
- planner: our search with the service's prize, learning off;
- learning: the same search with the chances that its own tries so far teach, hour by hour;
- knowing: the same, told the hidden chances. Nobody can have this: it bounds what any learning could bring.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from fieldapp.domain.presence import BANDS_H, Tries, attempts_of, cell_of, cells_on, learn
from fieldapp.domain.worth import RECOVERY_PER_MILLE, prize
from fieldapp.planning.files import read_problem
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.problem import Problem
from fieldapp.planning.race import Race
from fieldapp.planning.search import prepare
from fieldapp.planning.timetable import AgentDay, timetable

MONDAY = date(2026, 1, 12)
SHIFT_S = (34_200, 70_200)
"""Half past nine to half past seven in the evening."""
LAWFUL_S = (30_600, 75_600)
AGAIN_AFTER = timedelta(days=7)
MOST_TRIES = 3
PAYS, SHARE = 0.3, 0.4
ITERATIONS = 6_000
STEPS = 20
LIVES: Mapping[str, tuple[float, Callable[[float], float]]] = {
    # How common, and the chance of somebody at home at an hour.
    "at work": (0.45, lambda hour: 0.75 if hour >= 18.25 else 0.35 if 12.75 <= hour < 14 else 0.12),
    "at home": (0.25, lambda hour: 0.8 if hour < 11 or 12.5 <= hour < 15.5 else 0.55),
    "in shifts": (0.15, lambda hour: 0.65 if hour < 13.5 else 0.2),
    "hardly there": (0.15, lambda _: 0.08),
}


@dataclass(frozen=True, slots=True)
class Province:
    """What is hidden from the policies but for the map and what is owed: `at_home[door][half hour]`."""

    problem: Problem
    comuni: tuple[str, ...]
    owed_cents: tuple[int, ...]
    at_home: tuple[tuple[float, ...], ...]
    seed: int

    def met(self, door: int, day: date, second: int) -> bool:
        """Whether somebody opens: the same for whoever rings on this day at this half hour."""
        draw = random.Random(f"{self.seed} home {door} {day} {second // 1800}")
        return draw.random() < self.at_home[door][second // 1800]

    def average_cents(self, door: int) -> int:
        """What meeting somebody there brings on average."""
        return round(self.owed_cents[door] * SHARE * PAYS)

    def pays_cents(self, door: int, tries: int) -> int:
        """What somebody who is met at this try gives."""
        draw = random.Random(f"{self.seed} pays {door} {tries}")
        return round(self.owed_cents[door] * SHARE) if draw.random() < PAYS else 0


def a_province(agents: int, doors: int, *, seed: int, most: int = 14) -> Province:
    """The same seed, the same province; an agent makes at `most` so many visits a day."""
    document = made_up_day(agents, doors, seed=seed)
    for agent in document["agents"]:
        agent |= {"shift": list(SHIFT_S), "max_visits": most}
    for visit in document["visits"]:
        visit |= {"tw": [list(LAWFUL_S)], "pin": -1, "must": False, "service": 1_200}
    rng = random.Random(f"{seed} habits")
    habits = []
    for _ in range(doors):
        (life,) = rng.choices([hours for _, hours in LIVES.values()], [share for share, _ in LIVES.values()])
        leaning = rng.gauss(0.0, 0.6)
        habits.append(tuple(_blurred(life(half / 2), leaning + rng.gauss(0.0, 0.3)) for half in range(48)))
    return Province(
        problem=read_problem(document),
        comuni=tuple(str(visit["town"]) for visit in document["visits"]),
        owed_cents=tuple(visit["prize"] * 1000 // RECOVERY_PER_MILLE for visit in document["visits"]),
        at_home=tuple(habits),
        seed=seed,
    )


def _blurred(chance: float, odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-(math.log(chance / (1.0 - chance)) + odds)))


@dataclass(slots=True)
class Memory:
    """All that a policy knows of the past: what it lived through itself."""

    tries: dict[int, dict[int, Tries]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Tries)))
    last: dict[int, date] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)

    def count(self, door: int) -> int:
        return sum(tries.tried for tries in self.tries[door].values())

    def open_on(self, day: date, doors: int) -> list[int]:
        """The doors at which one may ring."""
        return [
            door
            for door in range(doors)
            if door not in self.done
            and self.count(door) < MOST_TRIES
            and (door not in self.last or day - self.last[door] >= AGAIN_AFTER)
        ]


@dataclass(frozen=True, slots=True)
class Morning:
    """What a policy is asked: a day, the doors open, and the last day of the placement."""

    province: Province
    memory: Memory
    day: date
    doors: Sequence[int]
    ends_on: date

    @property
    def days_left(self) -> int:
        return (self.ends_on - self.day).days


Policy = Callable[[Morning], tuple[AgentDay, ...]]
"""The day of each agent; visits are numbers among the doors open."""


def nearest(asked: Morning) -> tuple[AgentDay, ...]:
    """Each agent in turn to the nearest door left, as long as the way home fits the shift and lunch its hours."""
    problem = _of(asked.province, asked.doors, [(1, ())] * len(asked.doors))
    left, routes = set(range(len(asked.doors))), []
    for agent in range(problem.n_agents):
        route: tuple[int, ...] = ()
        while left and len(route) < problem.max_visits[agent]:
            here = problem.node(route[-1]) if route else agent
            door = min(left, key=lambda one: (int(problem.travel_s[here, problem.node(one)]), one))
            routes_then = ((),) * agent + ((*route, door),) + ((),) * (problem.n_agents - agent - 1)
            then = timetable(problem, routes_then)[agent]
            if then.lateness_s or then.lunch_missed:
                break
            route = (*route, door)
            left.remove(door)
        routes.append(route)
    return timetable(problem, tuple(routes))


def planner(asked: Morning) -> tuple[AgentDay, ...]:
    """Our search with the prize of the service, learning off."""
    prizes: list[Worth] = []
    for door in asked.doors:
        owed_cents, tries = asked.province.owed_cents[door], asked.memory.count(door)
        prizes.append((prize(owed_cents, tries, days_left=asked.days_left), ()))
    return _searched(_of(asked.province, asked.doors, prizes), seed=asked.day.toordinal())


def learning(asked: Morning) -> tuple[AgentDay, ...]:
    """The same with what the tries so far teach of each hour."""
    comuni, tries = asked.province.comuni, asked.memory.tries
    habits = learn(attempts_of((comuni[door], record) for door, record in sorted(tries.items())))
    found = []
    for door in asked.doors:
        record = asked.memory.tries[door]
        chances = habits.chances(asked.province.comuni[door], record, cells_on(asked.day))
        tired = sum(tries.met for tries in record.values())
        per_mille = [round(1000 * chance.share / habits.average) for chance in chances]
        found.append(_by_band(asked.province.owed_cents[door], tired, asked.days_left, per_mille, BANDS_H))
    return _searched(_of(asked.province, asked.doors, found), seed=asked.day.toordinal())


def knowing(asked: Morning) -> tuple[AgentDay, ...]:
    """The same, told the hidden chances of each hour."""
    average = statistics.mean(statistics.mean(hours[19:39]) for hours in asked.province.at_home)
    found = []
    for door in asked.doors:
        tired = sum(tries.met for tries in asked.memory.tries[door].values())
        hours = range(9, 20)
        shares = [statistics.mean(asked.province.at_home[door][2 * hour : 2 * hour + 2]) for hour in hours]
        per_mille = [round(1000 * share / average) for share in shares]
        found.append(_by_band(asked.province.owed_cents[door], tired, asked.days_left, per_mille, hours))
    return _searched(_of(asked.province, asked.doors, found), seed=asked.day.toordinal())


POLICIES: Mapping[str, Policy] = {"nearest": nearest, "planner": planner, "learning": learning, "knowing": knowing}

Worth = tuple[int, tuple[tuple[int, int], ...]]


def _by_band(owed_cents: int, tired: int, days_left: int, per_mille: Sequence[int], from_h: Sequence[int]) -> Worth:
    prizes = [prize(owed_cents, tired, days_left=days_left, at_home_per_mille=one) for one in per_mille]
    return max(prizes), tuple((hour * 3600, cents) for hour, cents in zip(from_h, prizes, strict=True))


def _of(province: Province, doors: Sequence[int], worth: Sequence[Worth]) -> Problem:
    """The day's problem over the doors that are open."""
    whole = province.problem
    nodes = np.array([*range(whole.n_agents), *(whole.node(door) for door in doors)], np.int64)
    return Problem.of(
        whole.agents,
        [
            replace(whole.visits[door], prize_cents=cents, hours=hours)
            for door, (cents, hours) in zip(doors, worth, strict=True)
        ],
        travel_s=whole.travel_s[np.ix_(nodes, nodes)],
        cost_cents=whole.cost_cents[np.ix_(nodes, nodes)],
        lunch=whole.lunch,
    )


def _searched(problem: Problem, *, seed: int) -> tuple[AgentDay, ...]:
    race = Race(problem, seed=seed)
    for step in range(STEPS):
        race.advance(ITERATIONS // STEPS, done=step / STEPS, until=(step + 1) / STEPS)
    return timetable(problem, race.best().routes)


@dataclass(frozen=True, slots=True)
class Lived:
    """What some weeks came to; `by_day` holds the cents that each day's meetings bring on average."""

    by_day: tuple[int, ...]
    drawn_cents: int
    travel_cents: int
    rings: int
    met: int
    memory: Memory


def live(province: Province, policy: Policy, *, weeks: int) -> Lived:
    """Monday to Friday for so many weeks; what the policy is told of is what its own rings came to."""
    memory = Memory()
    days = [MONDAY + timedelta(days=7 * week + weekday) for week in range(weeks) for weekday in range(5)]
    by_day, drawn_cents, travel_cents, rings, met = [], 0, 0, 0, 0
    for day in days:
        doors = memory.open_on(day, province.problem.n_visits)
        brought = 0
        for lane in policy(Morning(province, memory, day, doors, days[-1])):
            travel_cents += lane.travel_cents
            for stop in lane.stops:
                door = doors[stop.visit]
                opened = province.met(door, day, stop.start_s)
                cents = province.pays_cents(door, memory.count(door)) if opened else 0
                cell = cell_of(day.isoweekday(), stop.start_s // 3600)
                memory.tries[door][cell] = memory.tries[door][cell].plus(Tries(int(opened), 1))
                memory.last[door] = day
                if cents:
                    memory.done.add(door)
                brought += province.average_cents(door) if opened else 0
                drawn_cents, rings, met = drawn_cents + cents, rings + 1, met + opened
        by_day.append(brought)
    return Lived(tuple(by_day), drawn_cents, travel_cents, rings, met, memory)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--weeks", type=int, default=6)
    parser.add_argument("--agents", type=int, default=2)
    parser.add_argument("--doors", type=int, default=400)
    parser.add_argument("--most", type=int, default=14, help="visits of an agent on a day")
    asked = parser.parse_args()
    prepare()
    prepare(hours=True)
    began = time.process_time()
    lived: dict[str, list[Lived]] = {name: [] for name in POLICIES}
    for seed in range(1, asked.seeds + 1):
        province = a_province(asked.agents, asked.doors, seed=seed, most=asked.most)
        for name, policy in POLICIES.items():
            lived[name].append(live(province, policy, weeks=asked.weeks))
    print(
        f"{asked.agents} agents of at most {asked.most} visits a day, {asked.doors} doors, {asked.weeks} weeks of five"
        f" days, {asked.seeds} provinces; euro per agent-day, mean and least to most over the provinces"
        f" ({time.process_time() - began:.0f} CPU s).\n"
    )
    print(
        "| policy | euro | least to most | first half | second half | less travel | as drawn | doors that opened |"
        " rings a day |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    agent_days = asked.agents * asked.weeks * 5
    for name, runs in lived.items():
        print(_row(name, runs, agent_days), flush=True)
    print()
    for name, other in (
        ("planner", "nearest"),
        ("learning", "nearest"),
        ("learning", "planner"),
        ("knowing", "planner"),
    ):
        print(_against(name, other, lived))


def _row(name: str, runs: Sequence[Lived], agent_days: int) -> str:
    def euro(cents: Sequence[float], days: float) -> list[float]:
        return [one / days / 100 for one in cents]

    whole = euro([sum(run.by_day) for run in runs], agent_days)
    half = len(runs[0].by_day) // 2
    first = euro([sum(run.by_day[:half]) for run in runs], agent_days * half / len(runs[0].by_day))
    second = euro([sum(run.by_day[half:]) for run in runs], agent_days * (1 - half / len(runs[0].by_day)))
    net = euro([sum(run.by_day) - run.travel_cents for run in runs], agent_days)
    drawn = euro([run.drawn_cents for run in runs], agent_days)
    opened = sum(run.met for run in runs) / sum(run.rings for run in runs)
    rings = sum(run.rings for run in runs) / len(runs) / agent_days
    mean = statistics.mean
    return (
        f"| {name} | {mean(whole):.0f} | {min(whole):.0f} to {max(whole):.0f} | {mean(first):.0f} |"
        f" {mean(second):.0f} | {mean(net):.0f} | {mean(drawn):.0f} | {100 * opened:.0f} % | {rings:.1f} |"
    )


def _against(name: str, other: str, lived: Mapping[str, Sequence[Lived]]) -> str:
    ratios = [100 * (sum(one.by_day) / sum(two.by_day) - 1) for one, two in zip(lived[name], lived[other], strict=True)]
    spread = f", standard deviation {statistics.stdev(ratios):.1f}" if len(ratios) > 1 else ""
    below = sum(ratio < 0 for ratio in ratios)
    return (
        f"- {name} against {other}, province by province: mean {statistics.mean(ratios):+.1f} %, {min(ratios):+.1f} to"
        f" {max(ratios):+.1f} %{spread}; below in {below} of {len(ratios)}."
    )


if __name__ == "__main__":
    main()
