"""A small map in OpenStreetMap's own form, made for tests: streets, houses, a park, a lake with an island, a coast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import osmium

Spot = tuple[float, float]
"""Latitude and longitude in degrees."""
STEP = 0.0001
"""About eleven metres to the north."""


@dataclass
class SmallMap:
    """Things put on a map one by one; `write` makes a file of them."""

    nodes: list[tuple[Spot, Mapping[str, str]]] = field(default_factory=list)
    ways: list[tuple[list[int], Mapping[str, str]]] = field(default_factory=list)
    relations: list[tuple[list[tuple[int, str]], Mapping[str, str]]] = field(default_factory=list)

    def point(self, spot: Spot, **tags: str) -> int:
        self.nodes.append((spot, {key.replace("__", ":"): value for key, value in tags.items()}))
        return len(self.nodes)

    def line(self, spots: Sequence[Spot], **tags: str) -> int:
        return self._way([self.point(spot) for spot in spots], tags)

    def area(self, spots: Sequence[Spot], **tags: str) -> int:
        around = [self.point(spot) for spot in spots]
        return self._way([*around, around[0]], tags)

    def with_hole(self, outer: Sequence[Spot], inner: Sequence[Spot], **tags: str) -> None:
        self.relations.append(
            ([(self.area(outer), "outer"), (self.area(inner), "inner")], {"type": "multipolygon", **tags})
        )

    def _way(self, nodes: list[int], tags: Mapping[str, str]) -> int:
        self.ways.append((nodes, {key.replace("__", ":"): value for key, value in tags.items()}))
        return len(self.ways)

    def write(self, path: Path, *, box: tuple[float, float, float, float] | None = None) -> Path:
        """`box`: west, south, east, north that the file says it covers."""
        header = osmium.io.Header()
        if box is not None:
            header.add_box(osmium.osm.Box(*box))
        make = osmium.osm.mutable
        with osmium.SimpleWriter(str(path), overwrite=True, header=header) as file:
            for number, ((lat, lon), tags) in enumerate(self.nodes, start=1):
                file.add_node(make.Node(id=number, version=1, location=(lon, lat), tags=dict(tags)))
            for number, (nodes, tags) in enumerate(self.ways, start=1):
                file.add_way(make.Way(id=number, version=1, nodes=nodes, tags=dict(tags)))
            for number, (members, tags) in enumerate(self.relations, start=1):
                named = [("w", way, role) for way, role in members]
                file.add_relation(make.Relation(id=number, version=1, members=named, tags=dict(tags)))
        return path


def square(middle: Spot, side: float) -> list[Spot]:
    """Four corners around `middle`, `side` degrees of latitude apart."""
    (lat, lon), half = middle, side / 2
    return [(lat - half, lon - half), (lat - half, lon + half), (lat + half, lon + half), (lat + half, lon - half)]


def town_around(doors: Sequence[Spot]) -> SmallMap:
    """A street, a house with its number and a corner shop's lane at every door, a main road from door to door, a park
    and a lake with an island beside the first."""
    town = SmallMap()
    for number, (lat, lon) in enumerate(doors, start=1):
        town.line(
            [(lat - 2 * STEP, lon - 40 * STEP), (lat - 2 * STEP, lon + 40 * STEP)],
            highway="residential",
            name=f"Via della Prova {number}",
        )
        town.line([(lat - 30 * STEP, lon - 3 * STEP), (lat + 30 * STEP, lon - 3 * STEP)], highway="service")
        town.area(square((lat, lon), 2 * STEP), building="yes", addr__housenumber=str(number))
    lat, lon = doors[0]
    if len(doors) > 1:
        town.line(doors, highway="primary", name="Strada Provinciale", ref="SP 1")
    town.point((lat + 20 * STEP, lon), place="town", name="Borgo Prova", population="4200")
    town.area(square((lat + 25 * STEP, lon + 25 * STEP), 20 * STEP), leisure="park", name="Parco")
    lake = (lat - 40 * STEP, lon + 40 * STEP)
    town.with_hole(square(lake, 40 * STEP), square(lake, 10 * STEP), natural="water", name="Lago")
    return town
