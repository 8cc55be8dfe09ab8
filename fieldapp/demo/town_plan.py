"""Streets and house numbers of our own around each real comune's point. Pure: the same random, the same town.

A town is what a child draws: main streets outward from the square, a ring or two, side streets off them, a few
farms in the fields. Odd numbers stand on the left, even ones on the right, as in Italy.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, pi, radians, sin, sqrt
from random import Random

from fieldapp.demo.names import FARMS, MAIN_STREETS, RING_STREETS, SIDE_STREETS
from fieldapp.demo.province import Town

METRES_PER_DEGREE = 111_195.0
_SETBACK_M = 9.0
Xy = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Door:
    """One house number; the point is in degrees."""

    number: int
    suffix: str
    lat: float
    lon: float

    @property
    def text(self) -> str:
        """`12`, `12/A`."""
        return f"{self.number}/{self.suffix}" if self.suffix else str(self.number)


@dataclass(frozen=True, slots=True)
class Street:
    """One street: `line` holds (lat, lon) in degrees, `doors` its house numbers in order."""

    name: str
    line: tuple[Xy, ...]
    doors: tuple[Door, ...]


@dataclass(frozen=True, slots=True)
class TownPlan:
    """A comune with its streets."""

    town: Town
    streets: tuple[Street, ...]


def draw_town(town: Town, random: Random) -> TownPlan:
    """Lay out one comune; how much of it grows with how many people live there."""
    radius = 180.0 + 260.0 * sqrt(town.population / 1000)
    wanted = min(max(town.population // 140, 9), 165)
    lines: list[tuple[str, list[Xy]]] = []
    arms = 3 + min(town.population // 2500, 5)
    turn = random.uniform(0, 2 * pi)
    for i, name in enumerate(random.sample(MAIN_STREETS, arms)):
        lines.append((name, _arm(turn + 2 * pi * i / arms + random.uniform(-0.2, 0.2), radius * 1.25, random)))
    for i, name in enumerate(random.sample(RING_STREETS, 1 if wanted < 25 else 3)):
        lines.append((name, _arc(turn + 2.1 * i, radius * (0.5 + 0.2 * i), random)))
    carriers = list(lines)
    sides = random.sample(SIDE_STREETS, max(wanted - len(lines), 4))
    lines += [(name, _side(random.choice(carriers)[1], radius, random)) for name in sides]
    farms = random.sample(FARMS, 2 if wanted < 40 else 4)
    lines += [(f"CASCINA {name}", _farm(radius, random)) for name in farms]
    return TownPlan(town, tuple(_street(town, name, line, random) for name, line in lines))


def _arm(angle: float, length: float, random: Random) -> list[Xy]:
    points, bend = [(25 * cos(angle), 25 * sin(angle))], angle
    for _ in range(5):
        bend += random.uniform(-0.13, 0.13)
        x, y = points[-1]
        points.append((x + length / 5 * cos(bend), y + length / 5 * sin(bend)))
    return points


def _arc(start: float, radius: float, random: Random) -> list[Xy]:
    sweep = random.uniform(1.3, 2.0)
    return [(radius * cos(start + sweep * i / 9), radius * sin(start + sweep * i / 9)) for i in range(10)]


def _side(carrier: list[Xy], radius: float, random: Random) -> list[Xy]:
    i = random.randrange(len(carrier) - 1)
    (x0, y0), (x1, y1) = carrier[i], carrier[i + 1]
    share, length = random.random(), hypot(x1 - x0, y1 - y0) or 1.0
    x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
    side = random.choice((-1.0, 1.0))
    across = (-(y1 - y0) / length * side, (x1 - x0) / length * side)
    reach = random.uniform(90, 140 + 0.25 * radius)
    skew = random.uniform(-0.35, 0.35)
    middle = (x + across[0] * reach * 0.5, y + across[1] * reach * 0.5)
    end = (
        middle[0] + (across[0] - skew * across[1]) * reach * 0.5,
        middle[1] + (across[1] + skew * across[0]) * reach * 0.5,
    )
    return [(x, y), middle, end]


def _farm(radius: float, random: Random) -> list[Xy]:
    angle, away = random.uniform(0, 2 * pi), radius * random.uniform(1.4, 2.1) + 150
    x, y = away * cos(angle), away * sin(angle)
    return [(x, y), (x + random.uniform(40, 90), y + random.uniform(-40, 40))]


def _street(town: Town, name: str, line: list[Xy], random: Random) -> Street:
    return Street(
        name,
        tuple(_degrees(town, *point) for point in line),
        tuple(_door(town, *each) for each in _doors(line, random)),
    )


def _doors(line: list[Xy], random: Random) -> list[tuple[int, str, float, float]]:
    """Numbers along the line, left odd and right even, a gap here and a letter there."""
    doors: list[tuple[int, str, float, float]] = []
    number = 1
    for (x0, y0), (x1, y1) in pairwise(line):
        length = hypot(x1 - x0, y1 - y0) or 1.0
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        at = 12.0
        while at < length - 6:
            for parity, side in ((0, 1.0), (1, -1.0)):
                if random.random() < 0.12:
                    continue
                x, y = x0 + ux * at - uy * _SETBACK_M * side, y0 + uy * at + ux * _SETBACK_M * side
                doors.append((number + parity, "", x, y))
                if random.random() < 0.06:
                    doors.append((number + parity, "A", x + ux * 6, y + uy * 6))
            number += 2
            at += random.uniform(16, 26)
    return doors or [(1, "", *line[0])]


def _door(town: Town, number: int, suffix: str, x: float, y: float) -> Door:
    return Door(number, suffix, *_degrees(town, x, y))


def _degrees(town: Town, x: float, y: float) -> Xy:
    """Metres east and north of the town's point as (lat, lon) with the register's seven decimals."""
    lat = town.lat + y / METRES_PER_DEGREE
    lon = town.lon + x / (METRES_PER_DEGREE * cos(radians(town.lat)))
    return round(lat, 7), round(lon, 7)
