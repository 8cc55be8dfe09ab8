"""Small problems for tests: builders that show only what matters, and strategies for random ones."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from hypothesis import strategies as st

from fieldapp.planning.checker import judge
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Agent, Lunch, Problem, Visit

HOUR = 3_600
DAY = (8 * HOUR, 18 * HOUR)


def an_agent(**changes: object) -> Agent:
    return Agent(**{"key": "agent", "shift_s": DAY, "max_visits": 14, "takes_lunch": False, **changes})  # type: ignore[arg-type]


def a_visit(**changes: object) -> Visit:
    return Visit(**{"key": "v", "windows_s": (DAY,), "service_s": 900, "prize_cents": 5_000, **changes})  # type: ignore[arg-type]


def on_a_road(
    agents: Sequence[tuple[Agent, int]],
    visits: Sequence[tuple[Visit, int]],
    *,
    lunch: Lunch | None = None,
    apart: Sequence[Sequence[int]] = (),
) -> Problem:
    """Places on one straight road, by minute of travel; a minute costs 50 cents."""
    at = np.array([minute for _, minute in [*agents, *visits]], np.int64)
    minutes = np.abs(at[:, None] - at[None, :])
    return Problem.of(
        [agent for agent, _ in agents],
        [visit for visit, _ in visits],
        travel_s=minutes * 60,
        cost_cents=minutes * 50,
        lunch=lunch,
        apart=apart,
    )


def best_by_trying_all(problem: Problem) -> int:
    """The objective of the best plan, found by trying every assignment and order of one or two agents."""
    best = 0 if not problem.must.any() else -(10**12)

    def all_plans(agent: int, left: tuple[int, ...], routes: tuple[tuple[int, ...], ...]) -> None:
        nonlocal best
        if agent == problem.n_agents:
            judgement = judge(problem, Plan(routes))
            if not judgement.broken:
                best = max(best, judgement.objective_cents - 10**9 * len(judgement.unserved_must))
            return
        for count in range(len(left) + 1):
            for route in permutations(left, count):
                all_plans(agent + 1, tuple(v for v in left if v not in route), (*routes, route))

    all_plans(0, tuple(range(problem.n_visits)), ())
    return best


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    most_agents: int = 4,
    most_visits: int = 12,
    hours: bool = False,
    ways: bool = False,
    ends: bool = False,
) -> Problem:
    """Any lawful small problem: asymmetric travel that breaks the triangle rule, odd windows, pins, must-dos, shared
    doors, skills, loads, visits kept apart; with `hours` some that bring more at some hours than at others, with `ways`
    every way at its own pace from hour to hour, with `ends` agents who end elsewhere."""
    n_agents = draw(st.integers(0, most_agents))
    n_visits = draw(st.integers(0, most_visits))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    places = 2 if ends and n_agents else 0
    n = n_agents + n_visits + places
    travel_s = rng.integers(0, 5_400, (n, n)) * rng.integers(0, 2, (n, n)) + rng.integers(0, 1_800, (n, n))
    agents = [
        Agent(
            key=f"a{i}",
            shift_s=draw(st.sampled_from([DAY, (8 * HOUR, 13 * HOUR), (14 * HOUR, 20 * HOUR)])),
            max_visits=draw(st.integers(0, 6)),
            takes_lunch=draw(st.booleans()),
            skills=draw(st.sampled_from([frozenset(), frozenset({"de"})])),
            capacity=draw(st.sampled_from([None, None, 5])),
            end=draw(st.sampled_from([None, 0, 1])) if ends and i else places - 1 if ends else None,
        )
        for i in range(n_agents)
    ]
    window = st.tuples(st.integers(7 * HOUR, 19 * HOUR), st.integers(0, 4 * HOUR)).map(lambda w: (w[0], sum(w)))
    pair = st.tuples(st.sampled_from([0, 10 * HOUR, 12 * HOUR, 14 * HOUR, 17 * HOUR]), st.integers(0, 9_000))
    by_hour = st.lists(pair, max_size=4, unique_by=lambda one: one[0]).map(lambda found: tuple(sorted(found)))
    visits = [
        Visit(
            key=f"v{i}",
            windows_s=tuple(draw(st.lists(window, min_size=1, max_size=3))),
            service_s=draw(st.integers(0, 2_400)),
            prize_cents=draw(st.integers(0, 9_000)),
            pin=draw(st.none() | st.integers(0, n_agents - 1)) if n_agents else None,
            must=draw(st.integers(0, 9)) == 0,
            preferred=draw(st.none() | st.integers(0, n_agents - 1)) if n_agents else None,
            preferred_cents=draw(st.integers(0, 3_000)),
            skills=draw(st.sampled_from([frozenset()] * 5 + [frozenset({"de"})])),
            door=draw(st.sampled_from([None, None, "x", "y"])),
            load=draw(st.integers(0, 3)),
            hours=draw(by_hour) if hours else (),
        )
        for i in range(n_visits)
    ]
    groups = st.lists(st.integers(0, n_visits - 1), max_size=4) if n_visits else st.just([])
    apart = draw(st.lists(groups, max_size=2))
    may_visit = rng.random((n_agents, n_visits)) < 0.9
    turns = draw(st.sets(st.integers(7 * HOUR, 19 * HOUR), min_size=1, max_size=5)) if ways else set()
    from_s = [0, *sorted(turns)] if ways else []
    varied = [(travel_s * rng.uniform(0, 3, (n, n))).astype(np.int64) for _ in from_s]
    return Problem.of(
        agents,
        visits,
        travel_s=np.stack(varied) if ways else travel_s,
        from_s=from_s,
        cost_cents=travel_s // 2 + rng.integers(0, 99, (n, n)),
        may_visit=may_visit,
        apart=apart,
    )
