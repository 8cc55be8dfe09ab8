"""The one clock of the service: the machine's, or in a demo one that a person may move."""

from __future__ import annotations

import json
import os
import time as machine_time
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

STARTED_S = machine_time.monotonic() - machine_time.process_time()
"""About when this process started, by `time.monotonic`."""
MORNING = time(8, 45)
_RESUMABLE = (time(8, 45), time(16, 0))


class Clock(Protocol):
    """Tells the present as an aware UTC instant."""

    demo: bool

    def now(self) -> datetime: ...

    def move_to(self, instant: datetime) -> None:
        """Set the present; only a demo's clock can be moved."""


class MachineClock:
    demo = False

    def now(self) -> datetime:
        return datetime.now(UTC)

    def move_to(self, instant: datetime) -> None:
        raise RuntimeError(f"the machine's clock is not moved to {instant}")


class FixedClock:
    """For tests: stands still until moved."""

    def __init__(self, instant: datetime, *, demo: bool = False) -> None:
        self._instant = instant
        self.demo = demo

    def now(self) -> datetime:
        return self._instant

    def move_to(self, instant: datetime) -> None:
        self._instant = instant


class DemoClock:
    """Runs at the machine's pace from a chosen instant; all processes of a demo read the same small file."""

    demo = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at_ns = -1
        self._offset = timedelta()

    def now(self) -> datetime:
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return datetime.now(UTC)
        if changed != self._read_at_ns:
            self._offset = timedelta(milliseconds=json.loads(self._path.read_text())["offset_ms"])
            self._read_at_ns = changed
        return datetime.now(UTC) + self._offset

    def move_to(self, instant: datetime) -> None:
        offset_ms = round((instant - datetime.now(UTC)).total_seconds() * 1000)
        staged = self._path.with_suffix(".new")
        staged.write_text(json.dumps({"offset_ms": offset_ms}))
        os.replace(staged, self._path)

    def begin(self, *, zone: ZoneInfo, is_lawful_day: LawfulDay) -> datetime:
        """Start a demo: go on where the last one stopped if that is within a working day, else next morning."""
        stopped = self._path.with_suffix(".stopped")
        last = datetime.fromisoformat(stopped.read_text()) if stopped.exists() else None
        midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        start = next_morning(last or midnight, zone=zone, is_lawful_day=is_lawful_day)
        self.move_to(start)
        return start

    def stop(self) -> None:
        """Remember the present for the next start."""
        self._path.with_suffix(".stopped").write_text(self.now().isoformat())


class LawfulDay(Protocol):
    def __call__(self, day: datetime) -> bool:
        """Whether visits may take place on the local date of `day`."""


def next_morning(after: datetime, *, zone: ZoneInfo, is_lawful_day: LawfulDay) -> datetime:
    """`after` itself within working hours of a lawful weekday, else 08:45 of the next such day."""
    local = after.astimezone(zone)
    if _RESUMABLE[0] <= local.time() < _RESUMABLE[1] and local.weekday() < 5 and is_lawful_day(local):
        return after
    day = local if local.time() < MORNING else local + timedelta(days=1)
    while day.weekday() >= 5 or not is_lawful_day(day):
        day += timedelta(days=1)
    return datetime.combine(day.date(), MORNING, tzinfo=zone).astimezone(UTC)
