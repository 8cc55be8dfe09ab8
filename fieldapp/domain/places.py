"""Points on the map as the phone reports them, in millionths of a degree, and how far two of them are apart."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_M = 6_371_000


def metres_between(lat_e6: int, lon_e6: int, to_lat_e6: int, to_lon_e6: int) -> int:
    """Whole metres along the great circle (haversine: exact for near points too); shown, never a lock."""
    from_lat, to_lat = radians(lat_e6 / 1e6), radians(to_lat_e6 / 1e6)
    half_lat, half_lon = (to_lat - from_lat) / 2, radians((to_lon_e6 - lon_e6) / 1e6) / 2
    h = sin(half_lat) ** 2 + cos(from_lat) * cos(to_lat) * sin(half_lon) ** 2
    return round(2 * EARTH_M * asin(sqrt(h)))


def door_of(comune: str, street: str, house_number: str) -> str:
    """One text for one door, however its parts are cased and spaced."""
    return "|".join(" ".join(part.casefold().split()) for part in (comune, street, house_number))


def in_italy(lat_e6: int, lon_e6: int) -> bool:
    """Within the box that holds all of Italy, Lampedusa and the Vetta d'Italia; what lies outside is a slip."""
    return 35_400_000 <= lat_e6 <= 47_200_000 and 6_500_000 <= lon_e6 <= 18_700_000
