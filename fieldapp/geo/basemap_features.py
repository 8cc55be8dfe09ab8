"""What of an OpenStreetMap file is drawn, and from which zoom on: a few plain layers for somebody who looks for a door.

Reads tags and shapes; knows nothing of tiles. Shapes are in the unit square of the web's Mercator projection (x to the
east, y to the south, 0 to 1 around the world).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import osmium
import shapely

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.basemap_sea import sea

LAYERS = ("land", "water", "waterways", "buildings", "roads", "places", "numbers")
"""In the order in which they are painted."""
FIRST_ZOOM, LAST_ZOOM = 5, 15
ATTRIBUTION = "© OpenStreetMap contributors"
"""What the licence of the data (ODbL 1.0) wants to be read wherever they are shown."""

_TILE_PX = 512
_LEAST_PX = 8
_BATCH = 4_000

_ROADS: Mapping[str, tuple[str, int]] = {
    "motorway": ("motorway", 5), "motorway_link": ("motorway", 10),
    "trunk": ("trunk", 6), "trunk_link": ("trunk", 10),
    "primary": ("primary", 8), "primary_link": ("primary", 12),
    "secondary": ("secondary", 10), "secondary_link": ("secondary", 12),
    "tertiary": ("tertiary", 11), "tertiary_link": ("tertiary", 13),
    "residential": ("minor", 13), "unclassified": ("minor", 13), "living_street": ("minor", 13), "road": ("minor", 13),
    "pedestrian": ("minor", 14), "service": ("service", 15), "track": ("path", 15), "footway": ("path", 15),
    "path": ("path", 15), "cycleway": ("path", 15), "steps": ("path", 15), "bridleway": ("path", 15),
}  # fmt: skip
_PLACES: Mapping[str, int] = {
    "city": 5, "town": 8, "village": 10, "suburb": 12, "hamlet": 13, "quarter": 13, "neighbourhood": 14,
    "isolated_dwelling": 15, "locality": 15,
}  # fmt: skip
_GREEN = {
    "landuse": {
        "forest", "grass", "meadow", "recreation_ground", "village_green", "cemetery", "orchard", "allotments",
    },
    "leisure": {"park", "garden", "pitch", "golf_course", "nature_reserve"},
    "natural": {"wood", "scrub", "grassland", "heath"},
}  # fmt: skip
_BUILT = {"landuse": {"residential", "commercial", "industrial", "retail"}}
_WATER = {"natural": {"water", "bay"}, "waterway": {"riverbank", "dock"}, "landuse": {"basin", "reservoir"}}
_WATERWAYS: Mapping[str, int] = {"river": 9, "canal": 11, "stream": 14, "ditch": 15, "drain": 15}
_KEYS = ("highway", "railway", "building", "natural", "landuse", "leisure", "waterway", "place", "addr:housenumber")


class Feature(NamedTuple):
    """One thing to draw: its layer's number, what it says, from which zoom on, its shape on the unit square."""

    layer: int
    says: Mapping[str, str | int]
    first_zoom: int
    shape: shapely.Geometry


@dataclass
class Seen:
    """How far the reading is: OSM objects that were looked at, and the box that the file says it covers."""

    objects: int = 0
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees."""


class _Raw(NamedTuple):
    layer: str
    says: Mapping[str, str | int]
    first_zoom: int
    wkb: str
    """Hexadecimal, in degrees."""


def features(path: Path, *, nodes: str, seen: Seen, say: Callable[[int], None] = lambda _: None) -> Iterator[Feature]:
    """Everything of an OSM file (XML or PBF) that is drawn; `nodes` is osmium's store for the places of nodes.

    `say` hears now and then how many objects were read. Raises Refusal `basemap.not_osm` where osmium cannot read the
    file to its end: no OSM, cut off, another format.
    """
    try:
        seen.box = _box_of(path)
        coast: list[str] = []
        raw = _drawn(path, nodes=nodes, coast=coast, seen=seen, say=say)
        while batch := list(islice(raw, _BATCH)):
            yield from _on_square(batch)
    except (RuntimeError, osmium.InvalidLocationError) as fault:
        details = {"file": path.name, "reason": str(fault)[:120]}
        raise Refusal("basemap.not_osm", kind=Kind.MALFORMED, details=details) from fault
    lines = unit_square(shapely.from_wkb(coast)) if coast else np.array([])
    for water in sea(lines, seen.box and square_box(seen.box)):
        yield Feature(LAYERS.index("water"), {"kind": "sea"}, FIRST_ZOOM, water)


def _box_of(path: Path) -> tuple[float, float, float, float] | None:
    with osmium.io.Reader(str(path), osmium.osm.osm_entity_bits.NOTHING) as reader:
        box = reader.header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return (low.lon, low.lat, high.lon, high.lat)


def _drawn(path: Path, *, nodes: str, coast: list[str], seen: Seen, say: Callable[[int], None]) -> Iterator[_Raw]:
    wkb = osmium.geom.WKBFactory()
    keys = osmium.filter.KeyFilter(*_KEYS)
    objects = osmium.FileProcessor(str(path)).with_locations(nodes).with_areas(keys).with_filter(keys)
    for thing in objects:
        seen.objects += 1
        if seen.objects % 50_000 == 0:
            say(seen.objects)
        tags = thing.tags
        try:
            if isinstance(thing, osmium.osm.Node):
                yield from _of_node(tags, partial(wkb.create_point, thing))
            elif isinstance(thing, osmium.osm.Area):
                yield from _of_area(tags, partial(wkb.create_multipolygon, thing))
            elif isinstance(thing, osmium.osm.Way):
                if tags.get("natural") == "coastline":
                    coast.append(wkb.create_linestring(thing))
                else:
                    yield from _of_way(tags, partial(wkb.create_linestring, thing))
        except (osmium.InvalidLocationError, RuntimeError):
            # A way at the edge of an extract names nodes that the extract left out, or has one point only.
            continue


def _of_node(tags: Any, shape: Callable[[], str]) -> Iterator[_Raw]:
    name, place = _name(tags), tags.get("place")
    if name and place in _PLACES:
        says: dict[str, str | int] = {"name": name, "kind": place}
        people = tags.get("population", "")
        if people.isascii() and people.isdigit():
            says["people"] = min(int(people), 2**31 - 1)
        yield _Raw("places", says, _PLACES[place], shape())
    if number := _number(tags):
        yield _Raw("numbers", {"number": number}, LAST_ZOOM, shape())


def _of_way(tags: Any, shape: Callable[[], str]) -> Iterator[_Raw]:
    kind, waterway = tags.get("highway"), tags.get("waterway")
    if kind in _ROADS and tags.get("area") != "yes":
        drawn, zoom = _ROADS[kind]
        says: dict[str, str | int] = {"kind": drawn}
        if name := _name(tags):
            says["name"] = name
        if (ref := tags.get("ref", "")) and drawn in ("motorway", "trunk", "primary"):
            says["ref"] = ref
        yield _Raw("roads", says, zoom, shape())
    elif tags.get("railway") == "rail" and "service" not in tags:
        yield _Raw("roads", {"kind": "rail"}, 10, shape())
    elif waterway in _WATERWAYS and tags.get("tunnel") not in ("yes", "culvert"):
        named = {"kind": waterway, "name": _name(tags)} if _name(tags) else {"kind": waterway}
        yield _Raw("waterways", named, _WATERWAYS[waterway], shape())


def _of_area(tags: Any, shape: Callable[[], str]) -> Iterator[_Raw]:
    if tags.get("building", "no") != "no":
        outline = shape()
        yield _Raw("buildings", {}, LAST_ZOOM, outline)
        if number := _number(tags):
            yield _Raw("numbers", {"number": number}, LAST_ZOOM, outline)
    elif _is(tags, _WATER):
        yield _Raw("water", {"kind": "water"}, FIRST_ZOOM, shape())
    elif _is(tags, _GREEN):
        yield _Raw("land", {"kind": "green"}, 8, shape())
    elif _is(tags, _BUILT):
        yield _Raw("land", {"kind": "built"}, 9, shape())


def _is(tags: Any, wanted: Mapping[str, set[str]]) -> bool:
    return any(tags.get(key) in values for key, values in wanted.items())


def _name(tags: Any) -> str:
    return str(tags.get("name:it") or tags.get("name") or "").strip()


def _number(tags: Any) -> str:
    # "12;14" and "12,14" are one door with two numbers; the whole is what stands on the wall.
    return str(tags.get("addr:housenumber") or "").strip()[:12]


def _on_square(batch: list[_Raw]) -> Iterator[Feature]:
    shapes = unit_square(shapely.from_wkb([one.wkb for one in batch], on_invalid="ignore"))
    is_number = np.array([one.layer == "numbers" for one in batch])
    shapes = np.where(is_number, shapely.point_on_surface(shapes), shapes)
    sides = np.sqrt(np.nan_to_num(shapely.area(shapes)))
    for one, shape, side in zip(batch, shapes, sides.tolist(), strict=True):
        if shape is None or shape.is_empty:
            continue
        zoom = one.first_zoom
        if one.layer in ("land", "water"):
            # What would be a speck waits for the zoom at which it is seen.
            zoom = max(zoom, math.ceil(math.log2(_LEAST_PX / (_TILE_PX * side))) if side else LAST_ZOOM + 1)
        if zoom <= LAST_ZOOM:
            yield Feature(LAYERS.index(one.layer), one.says, zoom, shape)


def unit_square(shapes: Any) -> Any:
    """Shapes in degrees, `(n,)`, as shapes on the unit square."""

    def projected(at: Any) -> Any:
        lat = np.radians(np.clip(at[:, 1], -85.0511, 85.0511))
        return np.column_stack((at[:, 0] / 360 + 0.5, 0.5 - np.log(np.tan(np.pi / 4 + lat / 2)) / (2 * np.pi)))

    return shapely.transform(np.asarray(shapes, dtype=object), projected)


def square_box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A box in degrees (west, south, east, north) as left, top, right, bottom of the unit square."""
    left, low, right, high = shapely.bounds(unit_square(np.array([shapely.box(*box)], dtype=object))[0]).tolist()
    return (left, low, right, high)
