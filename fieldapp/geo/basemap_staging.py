"""What is to be drawn, sorted by tile on disk, so that an area of any size is held one tile at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pmtiles.tile import zxy_to_tileid

from fieldapp.geo.basemap_features import LAST_ZOOM, LAYERS, Feature
from fieldapp.geo.basemap_tiles import EXTENT, MARGIN

_BANDS = ((5, 9), (10, 12), (13, LAST_ZOOM))
"""Zooms that share the pieces a thing is cut into: so many that no piece lies in many tiles."""
_WATER = LAYERS.index("water")

Tile = tuple[int, int, int]


class Staging:
    """A SQLite file that is written once and read once, in the order of an archive's tiles."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path)
        self.db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
            "CREATE TABLE piece (id INTEGER PRIMARY KEY, layer INTEGER, says TEXT, shape BLOB);"
            "CREATE TABLE drawn (zoom INTEGER, x INTEGER, y INTEGER, piece INTEGER);"
            "CREATE TABLE tile (id INTEGER PRIMARY KEY, zoom INTEGER, x INTEGER, y INTEGER);"
        )
        self.pieces = 0
        self.bounds: tuple[float, float, float, float] | None = None

    def close(self) -> None:
        self.db.close()

    def add(self, features: Iterable[Feature]) -> None:
        """Cuts each thing into pieces and notes the tiles of every zoom that each piece may touch."""
        for feature in features:
            says = json.dumps(dict(feature.says), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            if LAYERS[feature.layer] != "water" or feature.says.get("kind") != "sea":
                self._widen(feature.shape.bounds)
            for first, last in _BANDS:
                if feature.first_zoom > last:
                    continue
                zooms = range(max(first, feature.first_zoom), last + 1)
                for piece, square in _pieces(feature, first):
                    self._add_piece(feature.layer, says, piece, self._tiles_below(piece, square, zooms))

    @staticmethod
    def _tiles_below(piece: shapely.Geometry, square: Tile, zooms: Iterable[int]) -> Iterator[Tile]:
        """The tiles in `square` that a piece of it touches: the margin of a piece is drawn by its neighbour."""
        top, column, row = square
        for zoom in zooms:
            for x, y in _tiles_of(piece.bounds, zoom):
                if (x >> (zoom - top), y >> (zoom - top)) == (column, row):
                    yield zoom, x, y

    def _add_piece(self, layer: int, says: str, piece: shapely.Geometry, tiles: Iterable[Tile]) -> None:
        self.pieces += 1
        self.db.execute("INSERT INTO piece VALUES (?, ?, ?, ?)", (self.pieces, layer, says, shapely.to_wkb(piece)))
        self.db.executemany("INSERT INTO drawn VALUES (?, ?, ?, ?)", [(*tile, self.pieces) for tile in tiles])

    def _widen(self, bounds: tuple[float, float, float, float]) -> None:
        known = self.bounds or bounds
        low, high = map(min, known[:2], bounds[:2]), map(max, known[2:], bounds[2:])
        left, top = low
        right, bottom = high
        self.bounds = (left, top, right, bottom)

    def sort(self) -> int:
        """Puts the tiles into the archive's order; returns how many there are."""
        self.db.execute("CREATE INDEX drawn_at ON drawn (zoom, x, y, piece)")
        every = self.db.execute("SELECT DISTINCT zoom, x, y FROM drawn")
        numbered = ((zxy_to_tileid(zoom, x, y), zoom, x, y) for zoom, x, y in every.fetchall())
        self.db.executemany("INSERT INTO tile VALUES (?, ?, ?, ?)", numbered)
        return int(self.db.execute("SELECT count(*) FROM tile").fetchone()[0])

    def tiles(self) -> Iterator[tuple[int, Tile, list[int], list[dict[str, Any]], Any]]:
        """Each tile's number and place, and what lies in it: layers, words, shapes `(n,)`, in the file's order."""
        rows = self.db.execute(
            "SELECT tile.id, tile.zoom, tile.x, tile.y, piece.layer, piece.says, piece.shape FROM tile"
            " CROSS JOIN drawn USING (zoom, x, y) JOIN piece ON piece.id = drawn.piece ORDER BY tile.id, piece.id"
        )
        for (number, *at), found in groupby(rows, key=itemgetter(0, 1, 2, 3)):
            held = list(found)
            zoom, x, y = at
            yield (
                number,
                (zoom, x, y),
                [row[4] for row in held],
                [json.loads(row[5]) for row in held],
                shapely.from_wkb(np.array([row[6] for row in held], dtype=object)),
            )


def _pieces(feature: Feature, zoom: int) -> Iterator[tuple[shapely.Geometry, Tile]]:
    """The thing as it lies in each tile of `zoom`, with a margin, and that tile."""
    around = list(islice(_tiles_of(feature.shape.bounds, zoom), 2))
    if len(around) == 1:
        yield feature.shape, (zoom, *around[0])
        return
    side, margin = 2**-zoom, MARGIN / EXTENT * 2**-zoom
    for x, y in _tiles_of(feature.shape.bounds, zoom):
        left, top = x * side - margin, y * side - margin
        piece = shapely.clip_by_rect(feature.shape, left, top, left + side + 2 * margin, top + side + 2 * margin)
        if piece.is_empty:
            continue
        # Nobody goes to open water: from near its tiles are left out, and the map shows those from farther away.
        if feature.layer == _WATER and zoom > _BANDS[0][0] and piece.area >= (side + 2 * margin) ** 2 * 0.999_999:
            continue
        yield piece, (zoom, x, y)


def _tiles_of(bounds: tuple[float, float, float, float], zoom: int) -> Iterator[tuple[int, int]]:
    """The tiles of `zoom` that a box on the unit square touches, margins included."""
    side, margin = 2**zoom, MARGIN / EXTENT
    left, top, right, bottom = (edge * side for edge in bounds)
    last = side - 1
    for x in range(max(0, int(left - margin)), min(last, int(right + margin)) + 1):
        for y in range(max(0, int(top - margin)), min(last, int(bottom + margin)) + 1):
            yield x, y
