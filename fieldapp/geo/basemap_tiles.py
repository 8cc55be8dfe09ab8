"""One tile from the things in it: clipped, as coarse as its zoom shows, in the order of the layers, packed (MVT)."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely

from fieldapp.geo.basemap_features import LAST_ZOOM, LAYERS

EXTENT = 4096
"""The side of a tile in its own units."""
MARGIN = 64
"""So far beyond its edge a tile draws, so that a line's width and a label are not cut."""

_NAMES_FROM = 13
_ROADS, _PLACES, _NUMBERS = (LAYERS.index(name) for name in ("roads", "places", "numbers"))
_ENCODING = {"y_coord_down": True, "extents": EXTENT, "check_winding_order": False}

Says = Mapping[str, str | int]


def tile_bytes(tile: tuple[int, int, int], layers: Sequence[int], says: Sequence[Says], shapes: Any) -> bytes | None:
    """The tile `(zoom, x, y)` of `shapes`, `(n,)` on the unit square, gzip; None where nothing of them is in it."""
    zoom, x, y = tile
    side = 2**zoom
    local = shapely.transform(shapes, lambda at: (at * side - (x, y)) * EXTENT)
    local = shapely.clip_by_rect(local, -MARGIN, -MARGIN, EXTENT + MARGIN, EXTENT + MARGIN)
    drawn: dict[int, list[dict[str, Any]]] = defaultdict(list)
    kind = np.asarray(layers)
    for layer in sorted(set(layers)):
        at = np.flatnonzero((kind == layer) & ~shapely.is_empty(local))
        if len(at):
            drawn[layer] = _drawn(layer, zoom, [says[i] for i in at.tolist()], local[at])
    named = [{"name": LAYERS[layer], "features": found} for layer, found in sorted(drawn.items()) if found]
    if not named:
        return None
    # Without the moment in it: the same map is the same bytes.
    return gzip.compress(mapbox_vector_tile.encode(named, default_options=_ENCODING), 9, mtime=0)


def _drawn(layer: int, zoom: int, says: Sequence[Says], shapes: Any) -> list[dict[str, Any]]:
    if layer in (_PLACES, _NUMBERS):
        # A name in the margin would be written twice, by both neighbours.
        at = shapely.get_coordinates(shapes)
        inside = ((at >= 0) & (at < EXTENT)).all(axis=1)
        return [
            {"geometry": shape, "properties": dict(words)}
            for shape, words, mine in zip(shapes, says, inside, strict=True)
            if mine
        ]
    if shapely.get_dimensions(shapes).max() == 1:
        return _lines(layer, zoom, says, shapes)
    coarse = shapely.simplify(shapes, 1 if zoom == LAST_ZOOM else 4, preserve_topology=False)
    valid = shapely.make_valid(coarse, method="structure", keep_collapsed=False)
    whole = shapely.orient_polygons(shapely.set_precision(valid, 1))
    return [
        {"geometry": shape, "properties": dict(words)}
        for shape, words in zip(whole, says, strict=True)
        if not shape.is_empty and shape.geom_type in ("Polygon", "MultiPolygon")
    ]


def _lines(layer: int, zoom: int, says: Sequence[Says], shapes: Any) -> list[dict[str, Any]]:
    """Lines that say the same as one: from afar a road is its kind, from near its name as well."""
    alike: dict[tuple[tuple[str, str | int], ...], list[Any]] = defaultdict(list)
    for words, shape in zip(says, shapes, strict=True):
        told = words if zoom >= _NAMES_FROM or layer != _ROADS else {"kind": words["kind"]}
        alike[tuple(sorted(told.items()))].extend(shapely.get_parts(shape))
    found = []
    for pairs, parts in sorted(alike.items(), key=lambda one: repr(one[0])):
        merged = shapely.line_merge(
            shapely.multilinestrings([part for part in parts if part.geom_type == "LineString"])
        )
        coarse = shapely.simplify(merged, 1 if zoom == LAST_ZOOM else 4)
        if not coarse.is_empty:
            found.append({"geometry": coarse, "properties": dict(pairs)})
    return found
