"""The house's map for its people: pieces of the archive for desks, the part that a day needs for a phone."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.basemap import Basemap, describe
from fieldapp.geo.basemap_day import MOST_BYTES, Spot, tiles_of_day

LARGEST_PIECE = 4_000_000
"""So many bytes of the archive are given at once, however many were asked for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes `first` to `last`, both included, of an archive of `total`; `mark` changes when the archive does."""

    content: bytes
    first: int
    last: int
    total: int
    mark: str


@dataclass(frozen=True, slots=True)
class OutsideArchive:
    """Nothing begins there: the archive has `total` bytes."""

    total: int


async def read_piece(archive: Path, *, first: int, last: int | None) -> Piece | OutsideArchive:
    """A piece of the archive from byte `first` to `last` or the end. Raises Refusal `basemap.missing`."""
    return await asyncio.to_thread(_piece, archive, first, last)


def _piece(archive: Path, first: int, last: int | None) -> Piece | OutsideArchive:
    try:
        with archive.open("rb") as file:
            total = file.seek(0, 2)
            if first >= total:
                return OutsideArchive(total)
            until = min(total - 1 if last is None else last, first + LARGEST_PIECE - 1, total - 1)
            file.seek(first)
            content = file.read(until - first + 1)
            return Piece(content, first, first + len(content) - 1, total, mark_of(archive) or "")
    except FileNotFoundError as fault:
        raise Refusal("basemap.missing", kind=Kind.MISSING, details={"file": archive.name}) from fault


def mark_of(archive: Path) -> str | None:
    """Tells one archive from the next that takes its place; None where there is none."""
    try:
        found = archive.stat()
    except OSError:
        return None
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def mark_of_day(archive: Path, doors: Sequence[Spot], *, start: Spot | None) -> str | None:
    """Names the part of the map that a day needs: the same doors on the same map have the same name. None where the
    map covers no door."""
    mark = mark_of(archive)
    if mark is None or not _covers(archive, mark, doors):
        return None
    named = hashlib.sha256(mark.encode())
    for tile in tiles_of_day(doors, start=start):
        named.update(repr(tile).encode())
    return named.hexdigest()[:20]


def _covers(archive: Path, mark: str, doors: Iterable[Spot]) -> bool:
    bounds = _bounds(archive, mark)
    if bounds is None:
        return False
    west, south, east, north = bounds
    return any(south <= lat <= north and west <= lon <= east for lat, lon in doors)


@lru_cache(maxsize=4)
def _bounds(archive: Path, _mark: str) -> tuple[float, float, float, float] | None:
    """What the archive of that mark covers; None where it is none of ours: a day is never held up by its map."""
    try:
        return describe(archive).bounds
    except Refusal:
        return None


async def cut(archive: Path, doors: Sequence[Spot], *, start: Spot | None) -> bytes:
    """The part of the map that a day needs, as an archive of its own of at most `MOST_BYTES`.

    Raises Refusal `basemap.missing` where there is no map, or none of these places.
    """
    content = await asyncio.to_thread(_cut, archive, doors, start)
    if not content:
        raise Refusal("basemap.missing", kind=Kind.MISSING, details={"file": archive.name})
    return content


def _cut(archive: Path, doors: Sequence[Spot], start: Spot | None) -> bytes:
    with closing(Basemap(archive)) as basemap:
        return basemap.cut(tiles_of_day(doors, start=start), most_bytes=MOST_BYTES)
