"""Two months of letters, calls and visits per practice, in lawful hours and within the usual limits. Pure.

Each debtor has hours at home of his own, so that whoever learns from the history finds something to learn.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fieldapp.demo.practices import DemoPractice
from fieldapp.domain.calendars import italian_holidays

ITALY = ZoneInfo("Europe/Rome")
DAYS = 60
BANDS = ((9, 12), (12, 15), (15, 18), (18, 20))
"""Hours of the day by which debtors are at home or not; all inside the lawful ones of a weekday."""

FLAG_SHARE = 0.06
FLAGS = (
    ("DISPUTES", 40), ("HARDSHIP", 22), ("PAID_ELSEWHERE_CLAIMED", 14), ("REPRESENTED", 10),
    ("INSOLVENCY_PROCEDURE", 8), ("DECEASED", 6),
)  # fmt: skip
_MET = (("PROMISE_TO_PAY", 34), ("PAID_PARTIAL", 22), ("REFUSES", 20), ("PLAN_SIGNED", 10), ("APPOINTMENT_SET", 14))
_NOT_MET = (
    ("ABSENT_NOTICE_LEFT", 52), ("ABSENT_NO_NOTICE", 16), ("THIRD_PARTY_MET", 16), ("NO_ACCESS", 9), ("MOVED", 4),
    ("UNKNOWN_AT_ADDRESS", 3),
)  # fmt: skip
_CALLED = (("PROMISE_TO_PAY", 45), ("REFUSES", 35), ("APPOINTMENT_SET", 20))
_CALLS_BY_PHASE = {"Prima lettera": 1, "Contatto telefonico": 4, "Seconda lettera": 5, "Esazione domiciliare": 6}


def make_history(practice: DemoPractice, random: Random, *, today: date, agent_ids: tuple[str, ...]) -> dict[str, Any]:
    """The practice's contacts, oldest first, as plain values; `flag` is the outcome that stops visits, or empty."""
    home_band = random.randrange(len(BANDS))
    flag = _pick(FLAGS, random) if random.random() < FLAG_SHARE else ""
    contacts = _letters(practice, random, today=today)
    contacts += _calls(practice, random, today=today, home_band=home_band)
    contacts += _visits(practice, random, today=today, home_band=home_band, agent_ids=agent_ids)
    if flag:
        day = _lawful_day(today - timedelta(days=random.randint(1, 9)))
        contacts = [each for each in contacts if each["at"][:10] < day.isoformat()]
        contacts.append(_contact(_at(day, random, home_band), channel="call", reached=flag != "DECEASED", outcome=flag))
    contacts.sort(key=lambda each: each["at"])
    return {
        "practice": practice.number,
        "home_hours": list(BANDS[home_band]),
        "flag": flag,
        "contacts": contacts,
    }


def _letters(practice: DemoPractice, random: Random, *, today: date) -> list[dict[str, Any]]:
    first = _lawful_day(today - timedelta(days=random.randint(45, DAYS - 2)))
    letters = [_contact(_at(first, random, 0), channel="letter", level=1)]
    if practice.phase in ("Seconda lettera", "Esazione domiciliare"):
        second = _lawful_day(first + timedelta(days=random.randint(18, 28)))
        letters.append(_contact(_at(second, random, 0), channel="letter", level=2))
    return letters


def _calls(practice: DemoPractice, random: Random, *, today: date, home_band: int) -> list[dict[str, Any]]:
    if not practice.phones:
        return []
    wanted = random.randint(0, _CALLS_BY_PHASE[practice.phase])
    days = {_lawful_day(today - timedelta(days=4 + 9 * i + random.randint(0, 6))) for i in range(wanted)}
    calls = []
    for day in sorted(day for day in days if day < today and (today - day).days < DAYS):
        band = random.randrange(len(BANDS))
        reached = random.random() < (0.6 if band == home_band else 0.18)
        outcome = _pick(_CALLED, random) if reached else ""
        calls.append(_contact(_at(day, random, band), channel="call", reached=reached, outcome=outcome))
    return calls


def _visits(
    practice: DemoPractice, random: Random, *, today: date, home_band: int, agent_ids: tuple[str, ...]
) -> list[dict[str, Any]]:
    """At most one visit a week and three in all, only once the practice has come so far."""
    if practice.phase != "Esazione domiciliare" or not agent_ids:
        return []
    visits, agent = [], random.choice(agent_ids)
    for i in range(random.randint(1, 3)):
        day = _lawful_day(practice.starts_on + timedelta(days=4 + 9 * i + random.randint(0, 2)))
        if day >= today:
            break
        band = random.randrange(len(BANDS))
        reached = random.random() < (0.65 if band == home_band else 0.22)
        outcome = _pick(_MET if reached else _NOT_MET, random)
        visits.append(_contact(_at(day, random, band), channel="visit", reached=reached, outcome=outcome, agent=agent))
    return visits


def _contact(
    at: datetime, *, channel: str, reached: bool = False, outcome: str = "", agent: str = "", level: int = 0
) -> dict[str, Any]:
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"at": stamp, "channel": channel, "reached": reached, "outcome": outcome, "agent": agent, "level": level}


def _at(day: date, random: Random, band: int) -> datetime:
    first, last = BANDS[band]
    if day.weekday() == 5:
        first, last = 9, 14
    return datetime.combine(day, time(random.randrange(first, last), random.randrange(60)), ITALY)


def _lawful_day(day: date) -> date:
    """The day itself, or the last working day before it where it is a Sunday or a holiday."""
    while day.weekday() == 6 or day in italian_holidays(day.year):
        day -= timedelta(days=1)
    return day


def _pick(weighted: tuple[tuple[str, int], ...], random: Random) -> str:
    return random.choices([code for code, _ in weighted], [weight for _, weight in weighted])[0]
