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


@pytest.mark.parametrize("text", ["02-31", "13-tue1", "05-tue5", "easter+0", "pasqua"])
def test_a_patron_saint_on_a_day_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        italian_calendar(2026, 2026, patrons={"Lodi": text})

    assert refused.value.code == "rules.patron_malformed"


def test_a_calendar_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        Calendar(date(2026, 2, 1), date(2026, 1, 1), frozenset())

    assert refused.value.code == "rules.calendar_reversed"


PATRONS = json.loads((Path(__file__).parents[2] / "fieldapp" / "rules" / "patron_saints.json").read_text())


def test_the_patron_saints_of_the_data_file_agree_with_the_holidays_package() -> None:
    theirs_only = {name: entry for name, entry in PATRONS.items() if entry["source"] == "holidays"}
    calendar = italian_calendar(2026, 2030, patrons={name: entry["day"] for name, entry in PATRONS.items()})

    for name, entry in theirs_only.items():
        theirs = holidays.Italy(subdiv=entry["province"], years=range(2026, 2031))
        assert calendar.local[name] <= set(theirs), name
    assert calendar.is_local_holiday(date(2026, 12, 7), "Milano")


def test_every_province_has_a_patron_saint_on_file() -> None:
    provinces = {code for code in holidays.Italy.subdivisions if len(code) == 2}

    assert provinces - {entry["province"] for entry in PATRONS.values()} == set()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        # The first Tuesday of May in Asti
        ("05-tue1", date(2026, 5, 5)),
        # The first day of the month is that weekday already
        ("09-tue1", date(2026, 9, 1)),
        # The fourth Sunday of October in Lodi Vecchio
        ("10-sun4", date(2026, 10, 25)),
        # The Thursday after the second Sunday of May in Carbonia
        ("05-sun2+4", date(2026, 5, 14)),
        # Whit Monday in Bolzano
        ("easter+50", date(2026, 5, 25)),
    ],
)
def test_a_patron_saint_may_be_a_moving_feast(text: str, day: date) -> None:
    assert italian_calendar(2026, 2026, patrons={"Asti": text}).local["Asti"] == {day}


def test_neighbouring_days_of_a_holiday_are_no_holidays() -> None:
    calendar = italian_calendar(2026, 2026)
    christmas = date(2026, 12, 25)

    assert calendar.is_national_holiday(christmas)
    assert not calendar.is_national_holiday(christmas - timedelta(days=1))
