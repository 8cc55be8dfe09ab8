"""What a check is: one question about a case, with typed parameters and the codes it may answer with.

A check knows no number of its own; numbers come from the rule that names it. It answers with what it has to
say: pairs of a code (its words stand in the text catalogues) and details that fill them. The phone holds the
same functions in `pwa/src/domain/conduct.ts`, golden cases hold both to one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from fieldapp.domain.calendars import Calendar
from fieldapp.domain.conduct.facts import (
    AGENT,
    NEEDS,
    Act,
    ActKind,
    Appointment,
    Facts,
    Visit,
)

Said = tuple[tuple[str, dict[str, Any]], ...]
NOTHING: Said = ()


class ParameterKind(StrEnum):
    """The type of a parameter. A `time` is `HH:MM` in a rule file and seconds after midnight in a check."""

    COUNT = "count"
    CENTS = "cents"
    FLAG = "flag"
    TIME = "time"
    CODE = "code"
    CODES = "codes"


class Stricter(StrEnum):
    """In which direction an override may move a parameter; `NONE`: in both."""

    LOWER = "lower"
    HIGHER = "higher"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a rule. A flag is stricter `HIGHER` when true is the stricter answer."""

    name: str
    kind: ParameterKind
    stricter: Stricter = Stricter.NONE
    choices: tuple[str, ...] = ()
    """The codes that a parameter of kind `code` may take."""
    least: int = 0
    """The smallest number that makes sense: a limit of none at all is a prohibition, which is another rule."""


class Case:
    """One judgement under way: the facts with the local day and hours of the act worked out once."""

    __slots__ = (
        "act", "address", "agent", "appointments", "calendar", "end_on", "end_s", "held", "now", "on", "practice",
        "start_s",
    )  # fmt: skip

    # By place and not by name: 140,000 of them are made for one plan.
    def __init__(
        self,
        facts: Facts,
        act: Act,
        appointments: tuple[Appointment, ...],
        calendar: Calendar,
        zone: ZoneInfo,
        now: datetime,
    ) -> None:
        self.act, self.appointments, self.calendar, self.now = act, appointments, calendar, now
        self.practice, self.address, self.agent = facts.practice, facts.address, facts.agent
        self.held = facts.practice.held
        stays_s = act.duration_s if type(act) is Visit else 0
        self.on, self.start_s, self.end_on, self.end_s = _by_the_wall(act.at, stays_s, zone)

    def in_appointment(self, *, outside_hours: bool = False) -> bool:
        """Whether the whole act lies in a time that the debtor agreed to."""
        if not self.appointments:
            return False
        at = self.act.at.astimezone(UTC)
        ends_at = at + timedelta(seconds=self.act.duration_s if isinstance(self.act, Visit) else 0)
        return any(
            agreed.from_at <= at and ends_at <= agreed.to_at and (agreed.outside_hours or not outside_hours)
            for agreed in self.appointments
        )


@lru_cache(maxsize=4_096)
def _by_the_wall(at: datetime, stays_s: int, zone: ZoneInfo) -> tuple[date, int, date, int]:
    """Local day and second of both ends; remembered, because a planner asks 20,000 practices about one hour."""
    start = at.astimezone(zone)
    if not stays_s:
        return start.date(), _wall_s(start), start.date(), _wall_s(start)
    # Through UTC: on a clock-change day the wall clock at the end is not start plus duration.
    end = (at.astimezone(UTC) + timedelta(seconds=stays_s)).astimezone(zone)
    return start.date(), _wall_s(start), end.date(), _wall_s(end)


def _wall_s(local: datetime) -> int:
    return local.hour * 3_600 + local.minute * 60 + local.second


def present(facts: Facts) -> int:
    """Which of `NEEDS` the facts hold, as bits."""
    held, address = facts.practice.held.needs, facts.address
    if address is not None:
        held |= address.needs
    return held if facts.agent is None else held | AGENT


def lacking(held: int) -> frozenset[str]:
    """The names of those of `NEEDS` that are not there."""
    return frozenset(need for at, need in enumerate(NEEDS) if not held >> at & 1)


Evaluate = Callable[[Case, Mapping[str, Any]], Said]


@dataclass(frozen=True, slots=True)
class Check:
    """One question: for which acts it makes sense, what it must be told, what it may say."""

    name: str
    acts: frozenset[ActKind]
    parameters: tuple[Parameter, ...]
    codes: tuple[str, ...]
    evaluate: Evaluate
    needs: str | None = None
    """The part of the facts without which the check has nothing to say: one of `NEEDS`."""
    switch: str | None = None
    """The flag that switches the check on; off, it has nothing to say."""
    shared: bool = False
    """Asks only about the hour, comune and province, the agent, and appointments: practices share the answer."""
