"""The demo's clock starts in the morning of a lawful working day and goes on where it stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fieldapp.clock import DemoClock, next_morning
from fieldapp.services.rules import is_lawful_day

ROME = ZoneInfo("Europe/Rome")


def lawful(moment: datetime) -> bool:
    return is_lawful_day(moment.date())


@pytest.mark.parametrize(
    ("after", "start"),
    [
        # Before the office opens: this morning
        ("2026-11-26T06:10", "2026-11-26T08:45"),
        # In the middle of the day: go on
        ("2026-11-26T11:20", "2026-11-26T11:20"),
        # In the evening: tomorrow
        ("2026-11-26T18:00", "2026-11-27T08:45"),
        # Friday evening: Monday
        ("2026-11-27T18:00", "2026-11-30T08:45"),
        # The evening before the Immaculate Conception, a Tuesday: the day after it
        ("2026-12-07T19:00", "2026-12-09T08:45"),
        # The night in which the clocks change
        ("2026-03-29T02:30", "2026-03-30T08:45"),
    ],
)
def test_a_demo_starts_in_the_morning_of_a_lawful_working_day(after: str, start: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=ROME)

    begun = next_morning(moment, zone=ROME, is_lawful_day=lawful)

    assert begun.astimezone(ROME).replace(tzinfo=None) == datetime.fromisoformat(start)


def test_every_process_reads_the_same_demo_clock_and_a_restart_goes_on(tmp_path: Path) -> None:
    mine, others = DemoClock(tmp_path / "clock.json"), DemoClock(tmp_path / "clock.json")
    morning = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)

    mine.move_to(morning)
    seen = others.now()
    mine.stop()
    begun = DemoClock(tmp_path / "clock.json").begin(zone=ROME, is_lawful_day=lawful)

    assert abs((seen - morning).total_seconds()) < 60
    assert begun >= seen
