"""Made-up days of any size and layout: for tests, benchmarks and trying out; the same seed, the same day.

Written in the exchange format (`planning/files`), so that other engines can be given exactly the same day.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np

MORNING, NOON, EVENING = 32_400, 45_000, 64_800


class Layout(StrEnum):
    """How the land lies and what the day is like."""

    TOWNS = "towns"
    ONE_CITY = "one_city"
    VALLEYS = "valleys"
    FAR = "far"
    TIGHT = "tight"
    PINNED = "pinned"
    HALF_DAYS = "half_days"
    COAST = "coast"
    SPARSE = "sparse"
    MANY_MUSTS = "many_musts"


MUST_SHARE = {Layout.PINNED: 0.12, Layout.MANY_MUSTS: 0.3}


def made_up_day(agents: int, visits: int, *, seed: int, layout: Layout = Layout.TOWNS) -> dict[str, Any]:
    """A problem document with `agents` and `visits`."""
    rng = np.random.default_rng([seed, *layout.encode()])
    side_km = (12.0 * max(agents, 1) ** 0.5 + 8.0) * (2.5 if layout is Layout.SPARSE else 1.0)
    centres = rng.uniform(0.1, 0.9, (max(2 + agents // 4, 2), 2)) * side_km
    homes, home_towns = _places(rng, centres, agents, side_km, layout, homes=True)
    doors, door_towns = _places(rng, centres, visits, side_km, layout, homes=False)
    return {
        "name": f"{layout}-{agents}x{visits}-s{seed}",
        "seed": seed,
        "agents": [_agent(rng, *place, layout) for place in zip(homes, home_towns, strict=True)],
        "visits": [_visit(rng, *place, agents, layout) for place in zip(doors, door_towns, strict=True)],
        "lunch": {"duration": 1_800, "earliest_start": NOON, "latest_end": 52_200},
        "cost": {"cent_per_km": 30, "cent_per_hour": 2_000},
        "circuity": 1.3,
        "speed_town": 30,
        "speed_road": 70,
    }


def _places(
    rng: np.random.Generator,
    centres: np.ndarray[Any, np.dtype[np.float64]],
    count: int,
    side_km: float,
    layout: Layout,
    *,
    homes: bool,
) -> tuple[list[list[float]], list[int]]:
    """Coordinates [km] and towns: clusters with some open country; valleys are narrow, cities are one."""
    if layout is Layout.ONE_CITY:
        centres = centres[:1]
    town = rng.integers(0, len(centres), count)
    spread = np.array([2.0, 2.0]) if layout is not Layout.VALLEYS else np.array([0.3, side_km / 3])
    xy = centres[town] + rng.normal(0, 1, (count, 2)) * spread
    open_country = rng.random(count) < 0.2
    xy[open_country] = rng.uniform(0, side_km, (int(open_country.sum()), 2))
    if layout is Layout.FAR and homes:
        xy[:, 0] += 40.0
    if layout is Layout.COAST:  # one road along the sea, everything within three kilometres of it
        xy = np.column_stack([xy[:, 0] * 2.0, xy[:, 1] % 3.0])
    towns = np.where(open_country, -1, town)
    return np.round(xy, 4).tolist(), [int(t) for t in towns]


def _agent(rng: np.random.Generator, xy: list[float], town: int, layout: Layout) -> dict[str, Any]:
    shift, lunch = [MORNING, EVENING], True
    if layout is Layout.HALF_DAYS and rng.random() < 0.5:
        shift, lunch = ([MORNING, NOON] if rng.random() < 0.5 else [52_200, EVENING + 7_200]), False
    return {"x": xy[0], "y": xy[1], "town": town, "shift": shift, "max_visits": 14, "lunch": lunch}


def _visit(rng: np.random.Generator, xy: list[float], town: int, agents: int, layout: Layout) -> dict[str, Any]:
    must = rng.random() < MUST_SHARE.get(layout, 0.04)
    pinned = agents > 0 and rng.random() < (0.5 if layout is Layout.PINNED else 0.1)
    if must or layout is Layout.TIGHT:
        opens = int(rng.integers(18, 34)) * 1_800
        windows = [[opens, min(opens + 3_600, EVENING)]]
    else:
        windows = [
            [[MORNING, EVENING]],
            [[MORNING, 43_200]],
            [[50_400, EVENING]],
            [[MORNING, 41_400], [54_000, EVENING]],
        ][int(rng.integers(4))]
    return {
        "x": xy[0],
        "y": xy[1],
        "town": town,
        "service": int(rng.choice([900, 1_200, 1_500, 1_800])),
        "tw": windows,
        "prize": int(rng.gamma(1.5, 2_000)) + 500,
        "pin": int(rng.integers(agents)) if pinned else -1,
        "must": bool(must),
    }


def made_up_days(agents: int, visits: int, *, days: int, seed: int, layout: Layout = Layout.TOWNS) -> dict[str, Any]:
    """A problem document of several days: each visit is open on some of them and loses by waiting, at its own pace."""
    document = made_up_day(agents, visits, seed=seed, layout=layout)
    rng = np.random.default_rng([seed, days, *layout.encode()])
    document["days"] = days
    for agent in document["agents"]:
        off = rng.random(days) < 0.1
        agent["shifts"] = [None if free else agent["shift"] for free in off.tolist()]
    for visit in document["visits"]:
        left = int(rng.integers(2, 40))
        open_on = [int(rng.integers(days))] if visit["must"] else np.flatnonzero(rng.random(days) < 0.7).tolist()
        visit["days"] = [
            {"day": day, "prize": visit["prize"] * max(left - day, 0) // left} for day in open_on if day < left
        ]
    return document
