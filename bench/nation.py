"""A nation's register made from nothing, in the layout of the real one: 27.4 million numbers of every comune.

The comuni are the real ones and share the numbers by their people (a city has fewer a head); streets have names of
their own out of the words of Italian street names. Rows are written as they are made, so a whole nation costs no
memory, and everything follows from the seed. `part=20` keeps every twentieth comune with all its numbers, and the
largest in any case, because an import holds one comune at a time.
"""

from __future__ import annotations

import gzip
import io
import math
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from bench.geocoding_questions import PLACES, SURNAMES, TYPES
from fieldapp.geo.comuni import Comune, all_comuni
from fieldapp.geo.gazetteer_rows import ANNCSU_COLUMNS
from fieldapp.geo.street_words import FORENAMES

NUMBERS = 27_400_000
"""House numbers of the nation."""

_LEAST_PEOPLE = 600
_CROWDED = 0.85
"""Numbers grow slower than people: more of them live behind one door in a city."""
_OF_A_STREET = 22
_MOST_OF_A_STREET = 400


class Made(NamedTuple):
    """What was written: comuni, streets, numbers, bytes, and the numbers of the largest comune."""

    comuni: int
    streets: int
    numbers: int
    size: int
    largest: int


class Address(NamedTuple):
    """One address of the made nation, for asking."""

    street: str
    number: int
    comune: Comune
    lat: float
    lon: float


def write_nation(path: Path, *, seed: int, part: int = 1) -> Made:
    """The register of one `part`-th of the comuni, gzipped where the name ends in `.gz`."""
    comuni = streets = numbers = largest = 0
    with _writing(path) as out:
        out.write(";".join(ANNCSU_COLUMNS) + "\n")
        for comune, share in shares(part=part):
            held = 0
            for at, (street, doors) in enumerate(streets_of(comune, share, seed=seed)):
                ident = f"{comune.code}{at}"
                for number, suffix, lat, lon in doors:
                    x, y = f"{lon:.7f}".replace(".", ","), f"{lat:.7f}".replace(".", ",")
                    row = f"{comune.code};;{ident};{at};{street};;;;{ident}{number};;{number};{suffix};;;;{x};{y};;3\n"
                    out.write(row)
                    held += 1
                streets += 1
            comuni, numbers, largest = comuni + 1, numbers + held, max(largest, held)
    return Made(comuni, streets, numbers, path.stat().st_size, largest)


def shares(*, part: int) -> Iterator[tuple[Comune, int]]:
    """The comuni of the part in the order of their codes, each with about how many numbers it has of the nation's."""
    every = all_comuni()
    people = {comune.code: max(comune.population, _LEAST_PEOPLE) ** _CROWDED for comune in every}
    each = NUMBERS / sum(people.values())
    by_size = sorted(every, key=lambda comune: (-people[comune.code], comune.code))
    kept = {comune.code for comune in by_size[::part]}
    for comune in every:
        if comune.code in kept:
            yield comune, round(people[comune.code] * each)


def streets_of(comune: Comune, share: int, *, seed: int) -> Iterator[tuple[str, list[tuple[int, str, float, float]]]]:
    """A comune's streets with their doors `(number, suffix, lat, lon)`, until it has its share."""
    draw = random.Random(f"{seed} {comune.code}")
    reach = 0.004 * math.sqrt(share / 500) + 0.004
    lat, lon = comune.lat or 42.0, comune.lon or 12.5
    used: set[str] = set()
    left = share
    while left > 0:
        name = _named(draw, used)
        doors = _doors(draw, lat + draw.gauss(0, reach / 2), lon + draw.gauss(0, reach / 2), left)
        left -= len(doors)
        yield name, doors


def some_addresses(*, seed: int, part: int, count: int) -> list[Address]:
    """Addresses to ask for: comuni by their size, as debtors live."""
    draw = random.Random(f"asked {seed}")
    sizes = list(shares(part=part))
    chosen = draw.choices(sizes, weights=[share for _, share in sizes], k=count)
    wanted: dict[str, int] = {}
    for comune, _ in chosen:
        wanted[comune.code] = wanted.get(comune.code, 0) + 1
    found = []
    for comune, share in sizes:
        if comune.code in wanted:
            streets = list(streets_of(comune, share, seed=seed))
            for _ in range(wanted[comune.code]):
                street, doors = draw.choice(streets)
                number, _, lat, lon = draw.choice([door for door in doors if not door[1]])
                found.append(Address(street, number, comune, lat, lon))
    draw.shuffle(found)
    return found


def _named(draw: random.Random, used: set[str]) -> str:
    """A street's name that the comune has not yet; large ones need longer names."""
    for turn in range(60):
        kind = draw.choice(TYPES)
        if turn < 3 and draw.random() < 0.35:
            name = draw.choice(PLACES).replace("_", " ")
        else:
            name = f"{draw.choice(_FORENAMES)} {draw.choice(SURNAMES)}"
            if turn > 5:
                name = f"{name} {draw.choice(SURNAMES)}"
        if (street := f"{kind} {name}") not in used:
            break
    used.add(street)
    return street


def _doors(draw: random.Random, lat: float, lon: float, most: int) -> list[tuple[int, str, float, float]]:
    last = min(max(2, round(draw.expovariate(1 / _OF_A_STREET))), _MOST_OF_A_STREET)
    heading, step = draw.uniform(0, math.tau), draw.uniform(0.00006, 0.00025)
    north, east = math.sin(heading), math.cos(heading)
    doors = []
    for number in range(1, last + 1):
        side = 0.00008 if number % 2 else -0.00008
        letters = ("", "A", "B")[: draw.choice((1, 1, 1, 1, 1, 2, 3))]
        for letter in letters:
            on = step * (number + 0.4 * len(letter) * (1 + (letter == "B"))) + draw.gauss(0, 0.00003)
            y, x = lat + on * north + side * east, lon + on * east - side * north
            doors.append((number, letter, y, x))
    return doors[: max(most, 1)]


_FORENAMES = sorted(FORENAMES)


def _writing(path: Path) -> closing[io.TextIOWrapper]:
    if path.suffix == ".gz":
        packed = gzip.open(path, "wb", compresslevel=1)  # noqa: SIM115  # closed with the text that is written to it
        return closing(io.TextIOWrapper(packed, encoding="utf-8", newline=""))
    return closing(path.open("w", encoding="utf-8", newline=""))
