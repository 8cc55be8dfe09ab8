"""A large day cut into territories: which agents and visits are planned together, along travel time.

Agents are halved again and again between two far ends, so that each cell is one neighbourhood with its share of the
working time. A visit goes to the cell from which somebody who may make it is soonest there, and where a cell has more
work for its time than others, to the next one. Never looks at all ways at once: a few rows, then a cell's agents at a
time. The same day gives the same cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fieldapp.planning.problem import Agent, Flags, Ints, Lunch, Problem, Visit
from fieldapp.planning.ways import Numbers, Ways

AGENTS = 25
"""In a cell, about: with it come some 500 visits, which the search plans well in ten seconds."""
VISITS = 700
NEVER_S = 10**9
BORDER_S = 1_800
"""So much longer a way is taken at most to even out the work."""
EVENINGS = 40
WAY_S = 600
"""What a visit takes beyond its service when work is weighed."""


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """A large day without a table of all its ways: places are agents' homes, then visits.

    `reach`: (A, P) whether an agent may work in an area (the provinces of the licence), `area`: (V,) which one a visit
    is in. `closed`: visits that nobody makes. `barred`: by visit, agents who may not make it. `apart`: as in `Problem`.
    """

    agents: tuple[Agent, ...]
    visits: tuple[Visit, ...]
    lunch: Lunch
    ways: Ways
    reach: Flags
    area: Ints
    apart: tuple[tuple[int, ...], ...] = ()
    closed: frozenset[int] = frozenset()
    barred: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def may_visit(self, agents: Ints, visits: Ints) -> Flags:
        """(agents, visits) by area, pin, skills, and for what is promised by the hour."""
        may = self.reach[np.ix_(agents, self.area[visits])]
        for column, visit in enumerate(visits.tolist()):
            one = self.visits[visit]
            if visit in self.closed:
                may[:, column] = False
            elif one.pin is not None:
                may[:, column] &= agents == one.pin
            if visit in self.barred:
                may[:, column] &= [agent not in self.barred[visit] for agent in agents.tolist()]
            if one.skills:
                may[:, column] &= [one.skills <= self.agents[agent].skills for agent in agents.tolist()]
        return may

    def part(self, agents: Sequence[int], visits: Sequence[int]) -> Part:
        """Some agents with some visits as a day of their own."""
        at, inside = np.array(agents, np.int64), np.array(visits, np.int64)
        new_agent = {agent: i for i, agent in enumerate(agents)}
        new_visit = {visit: i for i, visit in enumerate(visits)}
        groups = [tuple(new_visit[v] for v in group if v in new_visit) for group in self.apart_of(visits)]
        return Part(
            agents=tuple(self.agents[agent] for agent in agents),
            visits=tuple(_renumbered(self.visits[visit], new_agent) for visit in visits),
            lunch=self.lunch,
            ways=self.ways.part(np.concatenate([at, len(self.agents) + inside])),
            may_visit=self.may_visit(at, inside),
            apart=tuple(group for group in groups if len(group) > 1),
        )

    def apart_of(self, visits: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """The groups that name any of `visits`."""
        if self.apart:
            wanted = set(visits)
            yield from (group for group in self.apart if not wanted.isdisjoint(group))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A day of some of the agents and visits, small enough to be handed to another process."""

    agents: tuple[Agent, ...]
    visits: tuple[Visit, ...]
    lunch: Lunch
    ways: Ways
    may_visit: Flags
    apart: tuple[tuple[int, ...], ...]

    def problem(self) -> Problem:
        """With all its ways, by the hour where they vary; cells are cut as at no hour."""
        every = np.arange(len(self.agents) + len(self.visits))
        travel_s, from_s, cost_cents = self.ways.by_hour(every)
        return Problem.of(
            self.agents,
            self.visits,
            travel_s=travel_s,
            from_s=from_s,
            cost_cents=cost_cents,
            lunch=self.lunch,
            may_visit=self.may_visit,
            apart=self.apart,
        )


def _renumbered(visit: Visit, new: dict[int, int]) -> Visit:
    """A pin on somebody who is elsewhere is kept by `may_visit`, which then names nobody."""
    if visit.pin is None and visit.preferred is None:
        return visit
    return Visit(
        key=visit.key,
        windows_s=visit.windows_s,
        service_s=visit.service_s,
        prize_cents=visit.prize_cents,
        pin=None if visit.pin is None else new.get(visit.pin),
        must=visit.must,
        preferred=None if visit.preferred is None else new.get(visit.preferred),
        preferred_cents=visit.preferred_cents,
        skills=visit.skills,
        door=visit.door,
        again_s=visit.again_s,
        load=visit.load,
        days=visit.days,
        hours=visit.hours,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Territories:
    """`agent_cell`: (A,), `visit_cell`: (V,). `away_s`: (V, K) how soon somebody of a cell who may is there, `NEVER_S`
    where nobody may. `agent_away_s`: (A, K) the same for agents' homes."""

    agent_cell: Ints
    visit_cell: Ints
    away_s: Ints
    agent_away_s: Ints
    load: Ints
    """(K,) seconds of work for each thousand of working time."""

    @property
    def count(self) -> int:
        """How many cells."""
        return len(self.load)

    def agents_of(self, cell: int) -> list[int]:
        """By number."""
        return [int(agent) for agent in np.flatnonzero(self.agent_cell == cell)]

    def visits_of(self, cell: int) -> list[int]:
        """By number."""
        return [int(visit) for visit in np.flatnonzero(self.visit_cell == cell)]


def bundles(country: Country) -> list[list[int]]:
    """Visits that have to stay together: at one door, or kept apart; most stand alone."""
    root = list(range(len(country.visits)))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    at_door: dict[str, int] = {}
    for number, visit in enumerate(country.visits):
        if visit.door is not None:
            root[find(number)] = find(at_door.setdefault(visit.door, number))
    for group in country.apart:
        for other in group[1:]:
            root[find(other)] = find(group[0])
    together: dict[int, list[int]] = {}
    for number in range(len(country.visits)):
        together.setdefault(find(number), []).append(number)
    return list(together.values())


def cut(country: Country, *, agents: int = AGENTS, visits: int = VISITS) -> Territories:
    """Cells of about `agents` and at most about `visits`; one cell where the day is smaller than two of them."""
    together = bundles(country)
    many = max(round(len(country.agents) / max(agents, 1)), -(-len(country.visits) // max(visits, 1)), 1)
    units = _inseparable(country, together)
    count = min(many, max(len(units), 1))
    agent_cell = _neighbourhoods(country, units, count)
    away_s, agent_away_s = _away(country, agent_cell, count)
    time_s = np.array([_working_s(country, agent) for agent in range(len(country.agents))], np.int64)
    capacity: Numbers = np.bincount(agent_cell, weights=time_s, minlength=count).astype(np.float64)
    visit_cell = _shared_out(country, together, away_s, capacity, agent_cell)
    work = np.bincount(visit_cell, weights=[_work_s(visit) for visit in country.visits], minlength=count)
    load = (1000 * work / np.maximum(capacity, 1)).astype(np.int64)
    return Territories(agent_cell, visit_cell, away_s, agent_away_s, load)


def _working_s(country: Country, agent: int) -> int:
    one = country.agents[agent]
    shift_s = one.shift_s[1] - one.shift_s[0] - (country.lunch.duration_s if one.takes_lunch else 0)
    return max(shift_s, 0) if one.max_visits else 0


def _work_s(visit: Visit) -> int:
    return visit.service_s + WAY_S


def _inseparable(country: Country, together: list[list[int]]) -> list[list[int]]:
    """Agents who keep visits of one bundle have to be in one cell: mostly each is alone."""
    root = list(range(len(country.agents)))

    def find(one: int) -> int:
        while root[one] != one:
            one = root[one]
        return one

    for bundle in together:
        pins = sorted({pin for visit in bundle if (pin := country.visits[visit].pin) is not None})
        for other in pins[1:]:
            root[find(other)] = find(pins[0])
    units: dict[int, list[int]] = {}
    for agent in range(len(country.agents)):
        units.setdefault(find(agent), []).append(agent)
    return list(units.values())


def _neighbourhoods(country: Country, units: list[list[int]], count: int) -> Ints:
    """(A,) the cell of each agent: halved between two far ends until there are `count`."""
    cell = np.zeros(len(country.agents), np.int64)
    left = [(units, 0, count)]
    while left:
        here, first, cells = left.pop()
        if cells == 1:
            cell[[agent for unit in here for agent in unit]] = first
            continue
        low = cells // 2
        heads = np.array([unit[0] for unit in here], np.int64)
        order = np.argsort(_towards(country.ways, heads), kind="stable")
        times = np.array([sum(_working_s(country, agent) for agent in unit) for unit in here])[order]
        so_far = np.cumsum(times) / max(times.sum(), 1)
        at = int(np.clip(np.searchsorted(so_far, low / cells - 1e-9) + 1, low, len(here) - (cells - low)))
        left.append(([here[i] for i in order[:at]], first, low))
        left.append(([here[i] for i in order[at:]], first + low, cells - low))
    return cell


def _towards(ways: Ways, heads: Ints) -> Ints:
    """How much nearer each is to one end than to the other; ends are two homes far from each other."""
    end = heads[:1]
    for _ in range(3):
        from_end = ways.between(end, heads)[0][0].astype(np.int64)
        other = heads[[int(from_end.argmax())]]
        end, before = other, end
    to_other = ways.between(end, heads)[0][0].astype(np.int64)
    from_before = ways.between(before, heads)[0][0].astype(np.int64)
    return np.asarray(from_before - to_other, np.int64)


def _away(country: Country, agent_cell: Ints, count: int) -> tuple[Ints, Ints]:
    """How soon somebody of each cell is at each visit, and at each home."""
    base, visits = len(country.agents), np.arange(len(country.visits))
    homes = np.arange(base)
    away_s = np.full((len(visits), count), NEVER_S, np.int64)
    agent_away_s = np.full((base, count), NEVER_S, np.int64)
    musts = np.array([number for number, visit in enumerate(country.visits) if visit.must], np.int64)
    for cell in range(count):
        agents = np.flatnonzero(agent_cell == cell)
        if not len(agents):
            continue
        out_s = country.ways.between(agents, base + visits)[0].astype(np.int64)
        out_s[~country.may_visit(agents, visits)] = NEVER_S
        idle = np.array([country.agents[agent].max_visits == 0 for agent in agents.tolist()])
        out_s[idle] = NEVER_S
        if len(musts):
            out_s[:, musts] = np.where(_in_time(country, agents, musts, out_s[:, musts]), out_s[:, musts], NEVER_S)
        away_s[:, cell] = out_s.min(axis=0)
        agent_away_s[:, cell] = country.ways.between(agents, homes)[0].min(axis=0)
    return away_s, agent_away_s


def _in_time(country: Country, agents: Ints, musts: Ints, out_s: Ints) -> Flags:
    """Whether an appointment can be reached in a window of it, and left before the shift ends."""
    begins = np.array([country.agents[agent].shift_s[0] for agent in agents.tolist()])[:, None] + out_s
    ends = np.array([country.agents[agent].shift_s[1] for agent in agents.tolist()])[:, None]
    in_time = np.zeros(out_s.shape, np.bool_)
    for column, must in enumerate(musts.tolist()):
        one = country.visits[must]
        for opens, closes in one.windows_s:
            start = np.maximum(begins[:, column], opens)
            # As long a way back as out; lunch is left to the search.
            in_time[:, column] |= (start <= closes) & (start + one.service_s + out_s[:, column] <= ends[:, 0])
    return in_time


def _shared_out(
    country: Country,
    together: list[list[int]],
    away_s: Ints,
    capacity: Numbers,
    agent_cell: Ints,
) -> Ints:
    """(V,) the cell of each visit. Where there is too much work a cell grows dearer, evening after evening; who is
    pinned or promised does not ask the price."""
    count = away_s.shape[1]
    visit_cell = np.zeros(len(country.visits), np.int64)
    free, free_away, work = [], [], []
    for bundle in together:
        pins = [pin for visit in bundle if (pin := country.visits[visit].pin) is not None]
        if pins:
            visit_cell[bundle] = agent_cell[pins[0]]
            continue
        musts = [visit for visit in bundle if country.visits[visit].must]
        ways = away_s[musts or bundle].max(axis=0) if musts else away_s[bundle].min(axis=0)
        if musts or (ways >= NEVER_S).all():
            most = away_s[bundle].min(axis=0)
            visit_cell[bundle] = int(np.where(ways < NEVER_S, ways, NEVER_S + np.minimum(most, NEVER_S)).argmin())
            continue
        free.append(bundle)
        free_away.append(ways)
        work.append(sum(_work_s(country.visits[visit]) for visit in bundle))
    if not free:
        return visit_cell
    away, weights = np.array(free_away), np.array(work, np.float64)
    fixed = np.ones(len(country.visits), np.bool_)
    fixed[[visit for bundle in free for visit in bundle]] = False
    held = np.zeros(count)
    for visit in np.flatnonzero(fixed).tolist():
        held[visit_cell[visit]] += _work_s(country.visits[visit])
    fair = (held.sum() + weights.sum()) * capacity / max(capacity.sum(), 1.0)
    choice = _priced(away, weights, held, np.maximum(fair, 1.0))
    for bundle, cell in zip(free, choice.tolist(), strict=True):
        visit_cell[bundle] = cell
    return visit_cell


def _priced(
    away: Ints,
    weights: Numbers,
    held: Numbers,
    fair: Numbers,
) -> Ints:
    """Each one's cheapest cell under the prices with which the fullest cell is least full."""
    price = np.zeros(away.shape[1])
    nearest = away.min(axis=1)[:, None]
    best, least = away.argmin(axis=1), np.inf
    for evening in range(EVENINGS):
        asked = np.where(away <= nearest + BORDER_S, away + price, np.inf)
        choice = asked.argmin(axis=1)
        load = (held + np.bincount(choice, weights=weights, minlength=len(price))) / fair
        uneven = float(((load - 1.0) ** 2 * fair).sum())
        if uneven < least:
            best, least = choice, uneven
        price += 600 / (1 + evening / 4) * (load - 1.0)
        price -= price.min()
    return np.asarray(best, np.int64)
