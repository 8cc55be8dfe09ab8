"""An area's map on the premises: one PMTiles archive, built from OpenStreetMap data and read tile by tile."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from pmtiles.reader import Reader
from pmtiles.tile import Compression, Entry, TileType, deserialize_directory, find_tile, zxy_to_tileid
from pmtiles.writer import Writer

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.basemap_features import ATTRIBUTION, FIRST_ZOOM, LAST_ZOOM, LAYERS, Seen, features, square_box
from fieldapp.geo.basemap_staging import Staging, Tile
from fieldapp.geo.basemap_tiles import tile_bytes

SCHEMA = 1
"""Counts up when layers or their words change, so that the app never draws what it does not know."""
_OURS = "fieldapp"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BasemapSummary:
    """What an archive holds."""

    file: str
    source: str
    built_at: str
    tiles: int
    bytes: int
    bounds: tuple[float, float, float, float]
    """West, south, east, north in degrees."""
    min_zoom: int
    max_zoom: int


def build(osm: Path, archive: Path, *, say: Say = lambda _: None, now: datetime | None = None) -> BasemapSummary:
    """Draw an OSM file (XML or PBF) as one archive; what lay there before stays until the new one is whole.

    Raises Refusal `basemap.not_osm`, `basemap.empty` (nothing in it is drawn), `basemap.not_written`.
    """
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{archive.name}.", dir=archive.parent) as folder:
            draft = Path(folder) / "draft"
            _draw(osm, draft, say=say, now=now or datetime.now(UTC))
            _put(draft, archive)
    except OSError as fault:
        raise _not_written(archive, fault) from fault
    return describe(archive)


def _draw(osm: Path, draft: Path, *, say: Say, now: datetime) -> None:
    seen = Seen()
    with closing(Staging(draft.with_name("staging"))) as staging:
        say(f"Reading {osm.name} ...")
        nodes = f"sparse_file_array,{draft.with_name('nodes')}"
        staging.add(features(osm, nodes=nodes, seen=seen, say=lambda count: say(f"  {count:,} objects read")))
        if staging.bounds is None:
            raise Refusal("basemap.empty", kind=Kind.MALFORMED, details={"file": osm.name})
        total = staging.sort()
        say(f"Drawing {total:,} tiles ...")
        metadata = _metadata(osm.name, now)
        with draft.open("wb") as file:
            writer = Writer(file)
            for done, (number, tile, layers, says, shapes) in enumerate(staging.tiles(), start=1):
                if content := tile_bytes(tile, layers, says, shapes):
                    writer.write_tile(number, content)
                if done * 10 // total > (done - 1) * 10 // total:
                    say(f"  {done * 100 // total} %")
            if not writer.tile_entries:
                raise Refusal("basemap.empty", kind=Kind.MALFORMED, details={"file": osm.name})
            writer.finalize(_header(_shown(staging.bounds, seen)), metadata)
            file.flush()
            os.fsync(file.fileno())


def _shown(drawn: tuple[float, float, float, float], seen: Seen) -> tuple[float, float, float, float]:
    """The box of what is drawn, in degrees, within what the file says it covers: ways reach beyond an extract."""
    left, top, right, bottom = drawn
    if seen.box is not None:
        edge = square_box(seen.box)
        left, top, right, bottom = max(left, edge[0]), max(top, edge[1]), min(right, edge[2]), min(bottom, edge[3])
    (west, north), (east, south) = degrees(left, top), degrees(right, bottom)
    return west, south, east, north


def degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point on the unit square."""
    return (x - 0.5) * 360, float(np.degrees(np.arctan(np.sinh((0.5 - y) * 2 * np.pi))))


def _header(bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = (round(edge * 1e7) for edge in bounds)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 12,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(source: str, now: datetime) -> dict[str, Any]:
    fields = {"kind": "String", "name": "String", "ref": "String", "number": "String", "people": "Number"}
    return {
        "name": source,
        "attribution": ATTRIBUTION,
        "vector_layers": [
            {"id": layer, "fields": fields, "minzoom": FIRST_ZOOM, "maxzoom": LAST_ZOOM} for layer in LAYERS
        ],
        _OURS: {"schema": SCHEMA, "source": source, "built_at": now.isoformat(timespec="seconds")},
    }


def use(archive: Path, place: Path) -> BasemapSummary:
    """Put an archive that was built elsewhere in its place, in one step.

    Raises Refusal `basemap.not_ours` (no archive, or none that `build` made), `basemap.not_written`.
    """
    describe(archive)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as folder:
            draft = Path(folder) / "draft"
            shutil.copyfile(archive, draft)
            _put(draft, place)
    except OSError as fault:
        raise _not_written(place, fault) from fault
    return describe(place)


def _put(draft: Path, place: Path) -> None:
    # A folder for drafts is its owner's alone; the map may be read by whoever runs the service.
    draft.chmod(0o644)
    os.replace(draft, place)


def _not_written(place: Path, fault: OSError) -> Refusal:
    details = {"file": place.name, "reason": fault.strerror or str(fault)}
    return Refusal("basemap.not_written", kind=Kind.UNSUPPORTED, details=details)


def describe(archive: Path) -> BasemapSummary:
    """What an archive holds, read from its head. Raises Refusal `basemap.missing`, `basemap.not_ours`."""
    with closing(Basemap(archive)) as basemap:
        return basemap.summary


class Basemap:
    """An archive that is open for reading. Raises Refusal `basemap.missing`, `basemap.not_ours`."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self.map = mmap(file.fileno(), 0, access=ACCESS_READ)
        except FileNotFoundError as fault:
            raise Refusal("basemap.missing", kind=Kind.MISSING, details={"file": path.name}) from fault
        except (OSError, ValueError) as fault:
            raise _not_ours(path) from fault
        try:
            self.summary = self._describe(path)
        except Exception as fault:
            self.map.close()
            # Whatever a reader makes of bytes that are no archive, it is one thing to say.
            raise _not_ours(path) from fault
        self._directory = lru_cache(64)(self._read_directory)

    def close(self) -> None:
        self.map.close()

    def _bytes(self, offset: int, length: int) -> bytes:
        return self.map[offset : offset + length]

    def _describe(self, path: Path) -> BasemapSummary:
        reader = Reader(self._bytes)
        self.header: dict[str, Any] = reader.header()
        ours = reader.metadata()[_OURS]
        ends = self.header["tile_data_offset"] + self.header["tile_data_length"]
        if ours["schema"] != SCHEMA or self.header["tile_type"] != TileType.MVT or ends != len(self.map):
            raise ValueError("another schema, or cut off")
        edges = [self.header[f"{end}_{axis}_e7"] / 1e7 for end in ("min", "max") for axis in ("lon", "lat")]
        west, south, east, north = edges
        return BasemapSummary(
            file=str(path),
            source=str(ours["source"]),
            built_at=str(ours["built_at"]),
            tiles=self.header["addressed_tiles_count"],
            bytes=len(self.map),
            bounds=(west, south, east, north),
            min_zoom=self.header["min_zoom"],
            max_zoom=self.header["max_zoom"],
        )

    def _read_directory(self, offset: int, length: int) -> list[Entry]:
        found: list[Entry] = deserialize_directory(self._bytes(offset, length))
        return found

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """A tile as it lies in the archive (gzip); None where there is none."""
        number = zxy_to_tileid(zoom, x, y)
        offset, length = self.header["root_offset"], self.header["root_length"]
        for _ in range(4):
            entry = find_tile(self._directory(offset, length), number)
            if entry is None:
                return None
            if entry.run_length:
                return self._bytes(self.header["tile_data_offset"] + entry.offset, entry.length)
            offset, length = self.header["leaf_directory_offset"] + entry.offset, entry.length
        return None

    def cut(self, wanted: Iterable[Tile], *, most_bytes: int) -> bytes:
        """An archive of its own with the `wanted` tiles, those named first first, as long as they fit; b"" where the
        map has none of them."""
        chosen: dict[int, bytes] = {}
        # The directory takes a few bytes for each tile, the words about the map a few hundred.
        left = most_bytes - 4_096
        for tile in wanted:
            number = zxy_to_tileid(*tile)
            content = None if number in chosen else self.tile(*tile)
            if content is None or len(content) + 16 > left:
                continue
            chosen[number] = content
            left -= len(content) + 16
        if not chosen:
            return b""
        out = io.BytesIO()
        writer = Writer(out)
        for number in sorted(chosen):
            writer.write_tile(number, chosen[number])
        header = {
            key: value for key, value in self.header.items() if key.startswith(("tile_", "min_l", "max_l", "center_"))
        }
        writer.finalize(header, Reader(self._bytes).metadata())
        return out.getvalue()


def _not_ours(path: Path) -> Refusal:
    return Refusal("basemap.not_ours", kind=Kind.MALFORMED, details={"file": path.name})


def remove(place: Path) -> bool:
    """Takes the map away; whether there was one."""
    with suppress(FileNotFoundError):
        place.unlink()
        return True
    return False
