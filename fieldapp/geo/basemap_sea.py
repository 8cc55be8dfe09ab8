"""The sea, which OpenStreetMap tells by its coast alone: lines with the land on their left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

_ASIDE = 1e-9
"""How far beside the coast is looked for water: four centimetres, on the unit square."""


def sea(coast: Any, frame: tuple[float, float, float, float] | None) -> Iterator[shapely.Geometry]:
    """The parts of `frame` that are sea, from the lines of the `coast`, `(n,)`, on the unit square (y to the south).

    The coast and the frame's edge cut the frame into faces; where an extract cuts the coast off, its end is led to the
    nearest edge. A face is sea where all of its coast says so; one of which the coast says both is left out.
    """
    lines = coast[~shapely.is_empty(coast)] if len(coast) else coast
    if not len(lines) or frame is None:
        return
    edge = shapely.box(*frame)
    inside = shapely.intersection(lines, edge)
    noded = shapely.union_all(np.array([*inside, *_led_out(lines, edge), edge.exterior], dtype=object))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    if not len(faces):
        return
    wet, dry = _beside(lines, side=1), _beside(lines, side=-1)
    tree = shapely.STRtree(faces)
    says_wet, says_dry = (set(tree.query(points, predicate="within")[1].tolist()) for points in (wet, dry))
    for number in sorted(says_wet - says_dry):
        yield faces[number]


def _led_out(lines: Any, edge: shapely.Geometry) -> Iterator[shapely.Geometry]:
    for chain in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines), directed=True)):
        if not shapely.is_closed(chain):
            ends = shapely.points(shapely.get_coordinates(chain)[[0, -1]])
            yield from shapely.shortest_line(ends[shapely.contains_properly(edge, ends)], edge.exterior)


def _beside(lines: Any, *, side: int) -> Any:
    """A point at each piece of the coast, on its right (1) or left (-1), as one sees it on a map with north above."""
    points = []
    for line in lines:
        at = shapely.get_coordinates(line)
        along = np.diff(at, axis=0)
        far = np.hypot(along[:, 0], along[:, 1])
        keep = far > 0
        middle = (at[:-1] + at[1:])[keep] / 2
        # With y to the south, the right hand of (dx, dy) is (-dy, dx).
        aside = np.column_stack((-along[keep, 1], along[keep, 0])) / far[keep, None] * (side * _ASIDE)
        points.append(middle + aside)
    return shapely.points(np.concatenate(points))
