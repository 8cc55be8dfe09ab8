"""Days of rest: the own computus against the `holidays` package, and calendars that know their limits."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from fieldapp.domain.calendars import Calendar, easter_sunday, italian_calendar, italian_holidays
from fieldapp.domain.errors import Refusal

SUNDAY = 6


@pytest.mark.parametrize("year", range(2012, 2061))
def test_italian_holidays_agree_with_the_holidays_package(year: int) -> None:
    theirs = set(holidays.Italy(years=year))

    # The package also lists the day of national unity, which is always kept on a Sunday.
    assert {day for day in theirs ^ italian_holidays(year) if day.weekday() != SUNDAY} == set()


@pytest.mark.parametrize("year", range(1900, 2200))
def test_easter_is_a_sunday_between_late_march_and_late_april(year: int) -> None:
    easter = easter_sunday(year)

    assert easter.weekday() == SUNDAY
    assert date(year, 3, 22) <= easter <= date(year, 4, 25)


def test_saint_francis_is_a_holiday_from_2026_on() -> None:
    assert date(2025, 10, 4) not in italian_holidays(2025)
    assert date(2026, 10, 4) in italian_holidays(2026)


def test_a_day_outside_the_calendar_is_unknown() -> None:
    calendar = italian_calendar(2026, 2026)

    assert calendar.covers(date(2026, 12, 31))
    assert not calendar.covers(date(2027, 1, 1))


def test_a_patron_saint_is_kept_in_its_own_comune_only() -> None:
    calendar = italian_calendar(2026, 2027, patrons={"Lodi": "01-19"})

    assert calendar.is_local_holiday(date(2027, 1, 19), "Lodi")
    assert not calendar.is_local_holiday(date(2027, 1, 19), "Codogno")
    assert not calendar.knows_patron_of("Codogno")


def test_a_calendar_survives_the_way_to_the_phone_and_back() -> None:
    calendar = italian_calendar(2026, 2027, patrons={"Lodi": "01-19"})

    again = Calendar.from_json(json.loads(json.dumps(calendar.to_json())))

    assert again.to_json() == calendar.to_json()
    assert again.for_comuni(["Codogno"]).local == {}


def test_a_patron_saint_on_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        italian_calendar(2026, 2026, patrons={"Lodi": "02-31"})

    assert refused.value.code == "rules.patron_malformed"


def test_a_calendar_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        Calendar(date(2026, 2, 1), date(2026, 1, 1), frozenset())

    assert refused.value.code == "rules.calendar_reversed"


def test_the_patron_saints_of_the_data_file_agree_with_the_holidays_package() -> None:
    rules = Path(__file__).parents[2] / "fieldapp" / "rules"
    patrons = json.loads((rules / "patron_saints.json").read_text())

    calendar = italian_calendar(2026, 2030, patrons={name: entry["day"] for name, entry in patrons.items()})

    for name, entry in patrons.items():
        theirs = holidays.Italy(subdiv=entry["province"], years=range(2026, 2031))
        assert calendar.local[name] <= set(theirs), name
    assert calendar.is_local_holiday(date(2026, 12, 7), "Milano")
    assert len(patrons) >= 90


def test_neighbouring_days_of_a_holiday_are_no_holidays() -> None:
    calendar = italian_calendar(2026, 2026)
    christmas = date(2026, 12, 25)

    assert calendar.is_national_holiday(christmas)
    assert not calendar.is_national_holiday(christmas - timedelta(days=1))
