"""A day too large for one search: cut into cells that all workers share, its borders planned again, the whole judged.

What is too large for a table of all its ways is planned with the great circle's, whatever the house chose; the plan
says so (`too_many`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec
import numpy as np

from fieldapp.planning.checker import judge
from fieldapp.planning.national import LARGE_AGENTS, LARGE_VISITS, CountryPlan, Teller, plan_country
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Lunch
from fieldapp.planning.solver import Solution
from fieldapp.planning.territories import AGENTS, Country, cut
from fieldapp.services import planning, shifts
from fieldapp.services.cells import Cells, StraightWays
from fieldapp.services.planning import Asked, Prepared
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.dispatch import TravelTold

CELL_AGENTS = AGENTS


@dataclass(frozen=True, slots=True)
class LargeDay:
    """The day with the rows that its numbers stand for: `asked.people` and `asked.lawful`."""

    country: Country
    ways: StraightWays
    asked: Asked
    travel: TravelTold

    def piece(self, agents: list[int], visits: list[int]) -> Prepared:
        """Some agents with some visits, as a day of their own is prepared."""
        part = self.country.part(agents, visits)
        places = np.array([*agents, *(len(self.asked.people) + visit for visit in visits)], np.int64)
        return Prepared(
            problem=part.problem(),
            agents=[self.asked.people[agent] for agent in agents],
            candidates=[self.asked.lawful[visit] for visit in visits],
            refused=[],
            distance_m=self.ways.metres(places, places),
            travel=self.travel,
        )


def is_large(asked: Asked) -> bool:
    """Whether the day is cut."""
    return len(asked.people) >= LARGE_AGENTS or len(asked.lawful) >= LARGE_VISITS


async def prepare(work: Work, asked: Asked, day: date) -> LargeDay:
    """The day without a table of all its ways."""
    people, lawful = asked.people, asked.lawful
    places = {person.id: place for place, person in enumerate(people)}
    pinned = {practice: places[agent] for practice, agent in asked.pins.items() if agent in places}
    doors = planning.doors_of(lawful)
    calendar = await shifts.calendar(work, since=day)
    areas = sorted({c.door.address.province for c in lawful if c.door.address is not None})
    area = {province: number for number, province in enumerate(areas)}
    reach = [[held[province] for province in areas] for held in await planning.reach_of(work, people, lawful, day)]
    barred = {
        number: frozenset(
            place
            for place, person in enumerate(people)
            if planning.barred(c, person.id) and asked.pins.get(c.door.practice.id) != person.id
        )
        for number, c in enumerate(lawful)
        if c.forbidden
    }
    ways = StraightWays(tuple(planning.points_of(people, lawful)), work.parts.ways.bands)
    country = Country(
        agents=tuple(planning.agents_in(people, calendar, day, not_before_s=asked.not_before_s)),
        visits=tuple(planning.visits_in(lawful, doors, pinned)),
        lunch=Lunch(),
        ways=ways,
        reach=np.array(reach, np.bool_).reshape(len(people), len(areas)),
        area=np.array([area[c.door.address.province] if c.door.address else 0 for c in lawful], np.int64),
        apart=tuple(tuple(pair) for pair in planning.elsewhere(lawful, doors)),
        closed=frozenset(number for number, c in enumerate(lawful) if c.door.address is None),
        barred=barred,
    )
    pairs, chosen = len(ways.points) ** 2, work.parts.ways
    travel = TravelTold(chosen.engine_name, pairs, 0)  # type: ignore[arg-type]  # one of the engines' own names
    if chosen.needs_waiting:
        travel = TravelTold(chosen.engine_name, pairs, pairs, "too_many")  # type: ignore[arg-type]
    unknown = sum(band.is_asked for band in chosen.bands)
    travel = msgspec.structs.replace(travel, by_hour=bool(chosen.bands), hours_unknown=unknown)
    return LargeDay(country, ways, asked, travel)


def solve(large: LargeDay, crew: Cells, *, seed: int, seconds: float, on_news: Teller) -> CountryPlan:
    """The best plan that all hands find."""
    return plan_country(
        large.country,
        seed=seed,
        crew=crew,
        clock=time.monotonic,
        seconds=seconds,
        on_news=on_news,
        agents=CELL_AGENTS,
    )


def result_of(large: LargeDay, found: CountryPlan, day: date, parts: Parts) -> dict[str, Any]:
    """What the plan row keeps, as of a day in one piece: made cell by cell, reasons and reserves within the cell."""
    nobody = replace(large.asked, people=[], lawful=[])
    result: dict[str, Any] = planning.result_of(
        Prepared(
            problem=large.country.part([], []).problem(),
            agents=nobody.people,
            candidates=nobody.lawful,
            refused=large.asked.refused,
            distance_m=np.zeros((0, 0), np.int32),
            met=large.asked.met,
            travel=large.travel,
        ),
        _nothing(large, found),
        day,
        parts,
    )
    for prepared, plan in _pieces(large, found):
        judgement = judge(prepared.problem, plan)
        solution = Solution(plan, judgement, 0, (), found.taken_early)
        piece = planning.result_of(prepared, solution, day, parts)
        result["routes"] += piece["routes"]
        result["unplanned"] += piece["unplanned"]
    return {**result, "cells": {"count": found.cells, "borders": found.borders, "lost": found.lost}}


def _nothing(large: LargeDay, found: CountryPlan) -> Solution:
    empty = Plan(())
    return Solution(empty, judge(large.country.part([], []).problem(), empty), 0, (), found.taken_early)


def _pieces(large: LargeDay, found: CountryPlan) -> Iterator[tuple[Prepared, Plan]]:
    """The agents of each cell with what they visit in the end, and what nobody visits there."""
    territories, planned = cut(large.country, agents=CELL_AGENTS), found.plan.planned
    for cell in range(territories.count):
        agents = territories.agents_of(cell)
        made = [visit for agent in agents for visit in found.plan.routes[agent]]
        visits = [*made, *(visit for visit in territories.visits_of(cell) if visit not in planned)]
        new = {visit: number for number, visit in enumerate(visits)}
        plan = Plan.of([new[visit] for visit in found.plan.routes[agent]] for agent in agents)
        yield large.piece(agents, visits), plan
