"""Travel between places: matrices of seconds and metres behind one interface, and where they come from.

The engine at hand needs no map (`great_circle`). With a map there are servers of Valhalla and OSRM (`servers`) and a
Valhalla on the premises (`premises`). `Ways` is what a planner asks: it keeps answers, and falls back to the great
circle where a server gives none, saying so.
"""

from fieldapp.geo.travel.great_circle import GreatCircleEngine, SpeedProfile, great_circle_m, matrix
from fieldapp.geo.travel.hours import Band, begins, by_bands, read_bands
from fieldapp.geo.travel.matrices import IntMatrix, Point, Source, TravelMatrix
from fieldapp.geo.travel.ways import HASTE_S, PATIENCE_S, Ways

__all__ = [
    "HASTE_S",
    "PATIENCE_S",
    "Band",
    "GreatCircleEngine",
    "IntMatrix",
    "Point",
    "Source",
    "SpeedProfile",
    "TravelMatrix",
    "Ways",
    "begins",
    "by_bands",
    "great_circle_m",
    "matrix",
    "read_bands",
]
