"""Exact times of a route, stop by stop, whether or not it keeps the rules: what a person reads on a lane.

Plain arithmetic over one route: lunch is tried on every leg and the best day is kept. A route that breaks a
rule still gets its times (a late visit starts on arrival), so that orders given by hand can be shown and
judged. Shares nothing with the compiled search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fieldapp.planning.hourly import NEVER_S, way
from fieldapp.planning.problem import NO_WINDOW, Problem


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit in its place; moments are seconds after midnight.

    `travel_s` and `travel_cents` belong to the way here. `late_s`: how far the start lies past the last
    window (0 when it holds). `slack_s`: how much later the agent may arrive with everything after it still
    holding; negative when something already does not.
    """

    visit: int
    travel_s: int
    travel_cents: int
    arrive_s: int
    start_s: int
    leave_s: int
    late_s: int
    slack_s: int = 0


@dataclass(frozen=True, slots=True)
class AgentDay:
    """The day of one agent. `lunch_s` is None where none is due or none fits; home times frame the day.

    `late_home_s`: how far the return lies past the shift. `lunch_missed`: a break is due and no leg allows it.
    """

    agent: int
    leave_home_s: int
    stops: tuple[Stop, ...]
    lunch_s: tuple[int, int] | None
    home_travel_s: int
    home_travel_cents: int
    home_s: int
    late_home_s: int
    lunch_missed: bool

    @property
    def travel_s(self) -> int:
        """Seconds on the road, the way home included."""
        return sum(stop.travel_s for stop in self.stops) + self.home_travel_s

    @property
    def travel_cents(self) -> int:
        """What the road costs, the way home included."""
        return sum(stop.travel_cents for stop in self.stops) + self.home_travel_cents

    @property
    def lateness_s(self) -> int:
        """All seconds by which windows and shift are missed."""
        return sum(stop.late_s for stop in self.stops) + self.late_home_s


def agent_day(problem: Problem, agent: int, route: tuple[int, ...]) -> AgentDay:
    """The day of `agent` over `route`: lunch where the fewest rules break, then where the visits bring most by their
    hours, then where the day ends first."""
    needs_lunch = bool(problem.takes_lunch[agent]) and len(route) > 0
    legs: list[int | None] = [*range(len(route) + 1)] if needs_lunch else [None]
    days = [day for leg in legs if (day := _walk(problem, agent, route, leg)) is not None]
    if not days:
        day = _walk(problem, agent, route, None)
        assert day is not None  # a walk without lunch has no rule to stop at
        days = [replace(day, lunch_missed=True)]
    return _with_slack(problem, min(days, key=lambda day: (day.lateness_s, -_brings(problem, day), day.home_s)))


def _brings(problem: Problem, day: AgentDay) -> int:
    """What the visits bring at their hours; 0 where no hour counts."""
    if not problem.hours_count:
        return 0
    return sum(problem.prize(day.agent, stop.visit, stop.start_s) for stop in day.stops)


def timetable(problem: Problem, routes: tuple[tuple[int, ...], ...]) -> tuple[AgentDay, ...]:
    """The days of all agents, in their order."""
    return tuple(agent_day(problem, agent, route) for agent, route in enumerate(routes))


def travel(problem: Problem, start: int, end: int) -> tuple[int, int]:
    """Seconds and cents from node `start` to node `end`; staying where one is costs nothing. Where ways vary by the
    hour, the most seconds that it takes."""
    if start == end:
        return 0, 0
    return int(problem.travel_s[start, end]), int(problem.cost_cents[start, end])


def service_s(problem: Problem, route: tuple[int, ...], place: int) -> int:
    """What the visit at `place` of `route` takes: less where the one right before it is at the same door."""
    visit = route[place]
    follows = place > 0 and problem.door[visit] >= 0 and problem.door[route[place - 1]] == problem.door[visit]
    return int(problem.again_s[visit] if follows else problem.service_s[visit])


def service_start(problem: Problem, agent: int, visit: int, arrive_s: int) -> tuple[int, int]:
    """When service starts after arriving at `arrive_s`, and by how many seconds that misses the last window."""
    windows = problem.windows(agent, visit) or (NO_WINDOW,)
    for opens_s, closes_s in windows:
        if arrive_s <= closes_s:
            return max(arrive_s, opens_s), 0
    return arrive_s, arrive_s - windows[-1][1]


@dataclass(frozen=True, slots=True)
class _Leg:
    """One leg as it is driven; `begin_s`: when a break on it starts."""

    arrive_s: int
    drive_s: int
    begin_s: int = 0


def _leg(problem: Problem, start: int, end: int, leave_s: int) -> _Leg:
    """The leg of who leaves at `leave_s`."""
    drive_s = (
        way(problem, start, end).arrive(leave_s) - leave_s if problem.travel_varies else _plain(problem, start, end)
    )
    return _Leg(leave_s + drive_s, drive_s)


def _plain(problem: Problem, start: int, end: int) -> int:
    return 0 if start == end else int(problem.travel_s[start, end])


def _lunch_on_leg(problem: Problem, start: int, end: int, leave_s: int) -> _Leg | None:
    """The leg with a break on it: before leaving, else on arriving, else on the way."""
    lunch = problem.lunch
    if leave_s > lunch.latest_start_s:
        return None
    if problem.travel_varies:
        fed = way(problem, start, end).arrive_fed(leave_s, lunch)
        return None if fed is None else _Leg(fed[0], fed[2], fed[1])
    drive_s = _plain(problem, start, end)
    if leave_s >= lunch.earliest_start_s:
        begin_s = leave_s
    else:
        begin_s = min(max(leave_s + drive_s, lunch.earliest_start_s), lunch.latest_start_s)
    return _Leg(max(leave_s + drive_s, lunch.earliest_start_s) + lunch.duration_s, drive_s, begin_s)


def _walk(problem: Problem, agent: int, route: tuple[int, ...], lunch_leg: int | None) -> AgentDay | None:
    """The day with lunch on leg `lunch_leg` (leg k leads to stop k), or None where that is too late."""
    here, now = agent, int(problem.shift_s[agent, 0])
    leave_home_s, lunch_s, stops = now, None, []
    nodes = [*(problem.node(visit) for visit in route), int(problem.ends[agent])]
    for leg, there in enumerate(nodes):
        drive_cents = travel(problem, here, there)[1]
        driven = _lunch_on_leg(problem, here, there, now) if leg == lunch_leg else _leg(problem, here, there, now)
        if driven is None:
            return None
        if leg == lunch_leg:
            lunch_s = (driven.begin_s, driven.begin_s + problem.lunch.duration_s)
        arrive_s, drive_s = driven.arrive_s, driven.drive_s
        if leg == len(route):
            break
        start_s, late_s = service_start(problem, agent, route[leg], arrive_s)
        if leg == 0 and lunch_leg != 0:  # no one waits at a door who can wait at home
            leave_home_s, arrive_s, drive_s = _as_late_as(problem, here, there, start_s)
        here = there
        now = start_s + service_s(problem, route, leg)
        stops.append(Stop(route[leg], drive_s, drive_cents, arrive_s, start_s, now, late_s))
    return AgentDay(
        agent=agent,
        leave_home_s=leave_home_s,
        stops=tuple(stops),
        lunch_s=lunch_s,
        home_travel_s=drive_s,
        home_travel_cents=drive_cents,
        home_s=arrive_s,
        late_home_s=max(arrive_s - int(problem.shift_s[agent, 1]), 0),
        lunch_missed=False,
    )


def _as_late_as(problem: Problem, start: int, end: int, start_s: int) -> tuple[int, int, int]:
    """Leaving, arrival and seconds driven of who arrives no sooner than needed to begin at `start_s`."""
    if not problem.travel_varies:
        drive_s = _plain(problem, start, end)
        return start_s - drive_s, start_s, drive_s
    ahead = way(problem, start, end)
    leave_s = ahead.leave_by(start_s)
    arrive_s = ahead.arrive(leave_s)
    return leave_s, arrive_s, arrive_s - leave_s


def _with_slack(problem: Problem, day: AgentDay) -> AgentDay:
    """Fill in the slack of each stop, with lunch staying on its leg."""
    leave_by = _leave_by(problem, day, len(day.stops), int(problem.shift_s[day.agent, 1]))
    stops: list[Stop] = []
    for index in range(len(day.stops) - 1, -1, -1):
        stop = day.stops[index]
        start_by = leave_by - (stop.leave_s - stop.start_s)
        latest_s = max(
            (min(c, start_by) for o, c in problem.windows(day.agent, stop.visit) if o <= start_by),
            default=start_by,
        )
        stops.append(replace(stop, slack_s=latest_s - stop.arrive_s))
        leave_by = _leave_by(problem, day, index, latest_s)
    return replace(day, stops=tuple(reversed(stops)))


def _leave_by(problem: Problem, day: AgentDay, leg: int, by_s: int) -> int:
    """When leg `leg` must begin to end by `by_s`; a break on it need not wait for its hour then."""
    drive_s = day.home_travel_s if leg == len(day.stops) else day.stops[leg].travel_s
    fed = _lunch_lies_on(problem, day, leg)
    if not problem.travel_varies:
        return by_s - drive_s - (problem.lunch.duration_s if fed else 0)
    nodes = [day.agent, *(problem.node(stop.visit) for stop in day.stops), int(problem.ends[day.agent])]
    ahead = way(problem, *nodes[leg : leg + 2])
    found = ahead.leave_fed_by(by_s, problem.lunch) if fed else ahead.leave_by(by_s)
    return found if found > NEVER_S else by_s - drive_s - problem.lunch.duration_s


def _lunch_lies_on(problem: Problem, day: AgentDay, leg: int) -> bool:
    if day.lunch_s is None:
        return False
    before_s = day.stops[leg - 1].leave_s if leg > 0 else int(problem.shift_s[day.agent, 0])
    after_s = day.stops[leg].arrive_s if leg < len(day.stops) else day.home_s
    return before_s <= day.lunch_s[0] and day.lunch_s[1] <= after_s
