"""What a plan cannot hold: visits that nobody could make even with nothing else to do, and appointments not kept.

Looks at the finished plan, so that nothing is called impossible that was done.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from fieldapp.planning.constraints import skilled
from fieldapp.planning.faults import Fault
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Ints, Problem
from fieldapp.planning.timetable import agent_day

NEVER_S = 10**9


@dataclass(frozen=True, slots=True)
class Alone:
    """(A, n) for single visits with nothing else to do: seconds by which a window, or else the shift, is missed."""

    window_s: Ints
    shift_s: Ints


def alone(problem: Problem, visits: Ints) -> Alone:
    """What stands between each agent and each of `visits`; licences, pins and counts are not looked at. Where ways vary
    by the hour, each counts as at its best one, so that nothing possible is called impossible."""
    fastest_s = problem.fastest_s
    out = fastest_s[: problem.n_agents, problem.n_agents + visits].astype(np.int64)
    back = fastest_s[np.ix_(problem.n_agents + visits, problem.ends)].T.astype(np.int64)
    begins = np.broadcast_to(problem.shift_s[:, :1], out.shape)
    hungry = problem.takes_lunch[:, None]
    window_s, leaves = _served(problem, visits, begins + out)
    fed_window_s, fed_leaves = _served(problem, visits, _after_break(problem, begins, out))
    fed_home = np.where(fed_window_s == 0, fed_leaves + back, NEVER_S)
    home = np.where(window_s == 0, np.where(hungry, _after_break(problem, leaves, back), leaves + back), NEVER_S)
    home = np.where(hungry, np.minimum(home, fed_home), home)
    window_s = np.where(hungry, np.minimum(window_s, fed_window_s), window_s)
    shift_s = np.where(window_s == 0, np.maximum(home - problem.shift_s[:, 1:], 0), 0)
    return Alone(window_s, shift_s)


def _served(problem: Problem, visits: Ints, arrive: Ints) -> tuple[Ints, Ints]:
    """Seconds by which the last window is missed, and when the visit is left where it is not."""
    late, start = np.full(arrive.shape, NEVER_S, np.int64), np.full(arrive.shape, NEVER_S, np.int64)
    for w in range(problem.windows_s.shape[2] - 1, -1, -1):
        opens, closes = (problem.windows_s[:, visits, w, side][problem.day] for side in (0, 1))
        used = opens <= closes
        start = np.where(used & (arrive <= closes), np.maximum(arrive, opens), start)
        late = np.where(used, np.minimum(late, np.maximum(arrive - closes, 0)), late)
    return late, start + problem.service_s[visits][None, :]


def _after_break(problem: Problem, leave: Ints, drive: Ints) -> Ints:
    lunch = problem.lunch
    arrive = np.maximum(leave + drive, lunch.earliest_start_s) + lunch.duration_s
    return np.where(leave <= lunch.latest_start_s, arrive, NEVER_S)


def left_over(problem: Problem, plan: Plan, *, told: Collection[int] = ()) -> tuple[Fault, ...]:
    """For each unplanned visit that nobody can make, and for each must-do not kept, why; `told` ones are left out."""
    if not problem.n_agents or not problem.max_visits.any():
        return ()
    visits = np.array([v for v in plan.unplanned(problem) if v not in told], np.int64)
    ways = alone(problem, visits)
    welcome = problem.may_visit[:, visits] & (problem.max_visits[:, None] > 0)
    faults = []
    for i, visit in enumerate(visits.tolist()):
        may = welcome[:, i]
        window_s, shift_s = ways.window_s[may, i], ways.shift_s[may, i]
        place = f"visits[{visit}]"
        if not may.any():
            faults.append(_nobody(problem, visit))
        elif (window_s > 0).all():
            faults.append(Fault("problem.outside_shifts", place, _minutes(int(window_s.min()))))
        elif (shift_s[window_s == 0] > 0).all():
            faults.append(_too_far(place, int(shift_s[window_s == 0].min())))
        elif problem.must[visit]:
            faults.append(_not_kept(problem, plan, visit))
    return tuple(faults)


def _nobody(problem: Problem, visit: int) -> Fault:
    place, wanted = f"visits[{visit}]", ", ".join(sorted(problem.visits[visit].skills))
    if wanted and not skilled(problem, visit):
        return Fault("problem.nobody_skilled", place, wanted)
    if wanted and problem.pin[visit] < 0:
        return Fault("problem.nobody_skilled_may", place, wanted)
    return Fault("problem.nobody_may", place)


def _minutes(seconds: int) -> str:
    return str(-(-seconds // 60))


def _too_far(place: str, missing_s: int) -> Fault:
    """Who would not be home in time. Where not even lunch could be taken the minutes would say nothing."""
    if missing_s >= NEVER_S // 2:
        return Fault("problem.no_time_for_lunch", place)
    return Fault("problem.shift_too_short", place, _minutes(missing_s))


def _not_kept(problem: Problem, plan: Plan, visit: int) -> Fault:
    """A must-do that somebody could make: the appointment that stands against it, if one does."""
    for agent in np.flatnonzero(problem.may_visit[:, visit]).tolist():
        for other in plan.routes[agent]:
            if problem.must[other] and not _both(problem, agent, visit, other):
                return Fault("problem.musts_collide", f"visits[{visit}]", other=f"visits[{other}]")
    return Fault("problem.must_not_kept", f"visits[{visit}]")


def _both(problem: Problem, agent: int, one: int, other: int) -> bool:
    days = (agent_day(problem, agent, order) for order in ((one, other), (other, one)))
    return any(day.lateness_s == 0 and not day.lunch_missed for day in days)
