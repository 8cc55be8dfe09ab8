"""Travel times asked for in a thread: a road server may take its time, and nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

from fieldapp.geo import travel
from fieldapp.services.work import Parts


async def between(
    parts: Parts, points: Sequence[travel.Point], *, today: int, on: date, patience_s: float
) -> travel.TravelMatrix:
    """The ways between all points. `today`: the number of the day, by which kept times grow old; `on`: what is planned.

    Whoever is patient asks while no transaction is open.
    """
    ways = parts.ways
    if not ways.needs_waiting:
        return ways.matrix(points, today=today, on=on)
    return await asyncio.to_thread(ways.matrix, points, today=today, on=on, patience_s=patience_s)
