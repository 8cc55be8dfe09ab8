"""Rules about when: hours, days of rest, appointments, and how often a person may be disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fieldapp.domain import contacts
from fieldapp.domain.conduct.case import NOTHING, Case, Said

SUNDAY = 6
SATURDAY = 5


def band_s(on: date, p: Mapping[str, Any]) -> tuple[int, int]:
    """The lawful seconds of a day by the rule's bands; Sundays are the matter of another rule."""
    if on.weekday() == SATURDAY:
        return p["saturday_from"], p["saturday_to"]
    return p["weekday_from"], p["weekday_to"]


def hours(case: Case, p: Mapping[str, Any]) -> Said:
    """The act lies within the hours of its day, its end included."""
    from_s, to_s = band_s(case.on, p)
    if from_s <= case.start_s and case.end_s <= to_s and case.end_on == case.on:
        return NOTHING
    if p["agreement_lifts"] and case.in_appointment(outside_hours=True):
        return NOTHING
    code = "conduct.ends_after_hours" if from_s <= case.start_s < to_s else "conduct.outside_hours"
    return ((code, {"from": clock_text(from_s), "to": clock_text(to_s)}),)


def rest_day(case: Case, p: Mapping[str, Any]) -> Said:
    """The day is no Sunday, no public holiday, not the comune's patron saint's day."""
    comune, on = case.address.comune if case.address else "", case.on
    if p["sundays"] and on.weekday() == SUNDAY:
        code = "conduct.sunday"
    elif p["holidays"] and case.calendar.is_national_holiday(on):
        code = "conduct.public_holiday"
    elif p["local_holidays"] and case.calendar.is_local_holiday(on, comune):
        code = "conduct.local_holiday"
    else:
        return NOTHING
    if p["agreement_lifts"] and case.in_appointment(outside_hours=True):
        return NOTHING
    return ((code, {"on": case.on.isoformat(), "comune": comune}),)


def calendar_known(case: Case, _: Mapping[str, Any]) -> Said:
    """The holiday calendar reaches to the day."""
    if case.calendar.covers(case.on):
        return NOTHING
    return (("conduct.calendar_unknown", {"on": case.on.isoformat()}),)


def patron_saint_known(case: Case, _: Mapping[str, Any]) -> Said:
    """The patron saint's day of the comune is known."""
    if case.address is None or case.calendar.knows_patron_of(case.address.comune):
        return NOTHING
    return (("conduct.patron_saint_unknown", {"comune": case.address.comune}),)


def appointment(case: Case, _: Mapping[str, Any]) -> Said:
    """Where the creditor wants it (the rule's switch), a visit keeps to an appointment."""
    if case.in_appointment():
        return NOTHING
    return (("conduct.appointment_missing", {}),)


def conversation_limit(case: Case, p: Mapping[str, Any]) -> Said:
    """Conversations over all channels stay within the day's and the week's limit."""
    if case.appointments and p["appointment_lifts"] and case.in_appointment():
        return NOTHING
    tally = contacts.tally(case.held.conversations, on=case.on, since=case.practice.placement_starts_on)
    if tally.day >= p["max_per_day"]:
        return (("conduct.conversations_today", {"count": tally.day, "most": p["max_per_day"]}),)
    if tally.week >= p["max_per_week"]:
        return (("conduct.conversations_this_week", {"count": tally.week, "most": p["max_per_week"]}),)
    return NOTHING


def visit_limit(case: Case, p: Mapping[str, Any]) -> Said:
    """Visits stay within the limits of day, week and placement."""
    if case.appointments and p["appointment_lifts"] and case.in_appointment():
        return NOTHING
    tally = contacts.tally(case.held.visits, on=case.on, since=case.practice.placement_starts_on)
    if tally.day >= p["max_per_day"]:
        return (("conduct.visits_today", {"count": tally.day, "most": p["max_per_day"]}),)
    if tally.week >= p["max_per_week"]:
        return (("conduct.visits_this_week", {"count": tally.week, "most": p["max_per_week"]}),)
    if tally.placement >= p["max_per_placement"]:
        return (("conduct.visits_in_placement", {"count": tally.placement, "most": p["max_per_placement"]}),)
    return NOTHING


def cooling_off(case: Case, p: Mapping[str, Any]) -> Said:
    """The days of rest after an outcome have passed."""
    for outcome, on in case.practice.happened:
        if outcome in p["after"]:
            free_on = on + timedelta(days=p["days"])
            if on <= case.on < free_on:
                return (("conduct.cooling_off", {"outcome": outcome, "until": free_on.isoformat()}),)
    return NOTHING


def clock_text(seconds: int) -> str:
    """`30600` as `08:30`."""
    return f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}"
