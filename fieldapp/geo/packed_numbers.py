"""The house numbers of one street as bytes: 14 a number, so that a nation's fit in a file of a few gigabytes. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from fieldapp.geo.numbers_along import KnownNumber

_ENTRY = struct.Struct("<IiiB")
"""Number, latitude and longitude in degrees x 10**7, the register's METODO."""

PackedNumber = tuple[int, str, int, int, int]
"""Number, suffix, latitude and longitude in degrees x 10**7, METODO."""


def pack(numbers: Iterable[PackedNumber]) -> tuple[bytes, str]:
    """Numbers in their order as bytes, and their suffixes one a line ("" where none has one)."""
    listed = list(numbers)
    entries = b"".join(_ENTRY.pack(number, lat, lon, method) for number, _, lat, lon, method in listed)
    suffixes = "\n".join(suffix for _, suffix, _, _, _ in listed)
    return entries, suffixes if any(suffix for _, suffix, _, _, _ in listed) else ""


def unpack(entries: bytes, suffixes: str) -> list[PackedNumber]:
    """What `pack` was given."""
    found = _ENTRY.iter_unpack(entries)
    if not suffixes:
        return [(number, "", lat, lon, method) for number, lat, lon, method in found]
    return [(n, suffix, lat, lon, m) for (n, lat, lon, m), suffix in zip(found, suffixes.split("\n"), strict=True)]


def known(entries: bytes, suffixes: str) -> list[KnownNumber]:
    """The numbers in degrees, for placing."""
    return [KnownNumber(n, suffix, lat / 1e7, lon / 1e7, m) for n, suffix, lat, lon, m in unpack(entries, suffixes)]
