"""Several searches side by side on a small day, of which the better ones go on: one alone may settle in a bad shape.

On days of few visits the shape of the plan (who stays at home, who crosses the valley) is decided while it is
hot, and a single run never comes back from a bad one. Knows no clock, like the search itself.
"""

from __future__ import annotations

from itertools import chain, zip_longest

from fieldapp.planning.packing import Route
from fieldapp.planning.plan import Plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import Search, Standing, Tuning

MOST_VISITS = 200
"""Above, one long run is better (measured at 30x500)."""
WIDE = Tuning(removed=16.0, longest=14)
"""For an agent alone: strings as long as its day (measured at 1x30)."""
ROUNDS = ((4, 0.64, 0.4), (2, 0.88, 0.7), (1, 1.0, 1.0))
"""How many run, until which share of the work, and how far their heat has fallen then."""
ALONE = ((8, 1.0, 1.0),)
"""An agent alone has no shape to be decided early: each run goes to its end."""


class Race:
    """One run over one problem, as `Search` is one. Same problem, tuning, seed and steps: same plan."""

    def __init__(self, problem: Problem, *, seed: int, start: Plan | None = None, tuning: Tuning | None = None) -> None:
        self._rounds = ALONE if problem.n_agents == 1 else ROUNDS
        many = self._rounds[0][0] if start is None and problem.n_visits <= MOST_VISITS else 1
        tuning = tuning or (WIDE if problem.n_agents == 1 else Tuning())
        self._searches = [Search(problem, seed=seed * many + i, start=start, tuning=tuning) for i in range(many)]
        self._still = list(self._searches)

    def advance(self, iterations: int, *, done: float, until: float) -> Standing:
        """Run `iterations` in all, while the work goes from the share `done` to `until` of the whole run."""
        if len(self._searches) == 1:
            return self._searches[0].advance(iterations, done=done, until=until)
        allowed = next((many for many, end, _ in self._rounds if done < end), 1)
        self._still = sorted(self._still, key=_rank, reverse=True)[:allowed]
        for search in self._still:
            search.advance(iterations // len(self._still), done=self._cooled(done), until=self._cooled(until))
        return self.standing()

    def standing(self) -> Standing:
        """The figures of the best plan so far, with the iterations of all."""
        best = self._first().standing()
        iterations = sum(search.standing().iterations for search in self._searches)
        return Standing(iterations, best.objective_cents, best.unserved_must)

    def best(self) -> Plan:
        """The best plan so far."""
        return self._first().best()

    def pool(self) -> list[Route]:
        """Good routes met by any of the searches, the newest of each last."""
        newest_first = zip_longest(*(reversed(search.pool()) for search in self._searches))
        return [route for route in chain.from_iterable(newest_first) if route is not None][::-1]

    def _first(self) -> Search:
        return max(self._searches, key=_rank)

    def _cooled(self, done: float) -> float:
        """How far the heat has fallen when the share `done` of the work is done."""
        worked = cooled = 0.0
        for _, end, cool in self._rounds:
            if done <= end:
                return cooled + (cool - cooled) * (done - worked) / (end - worked)
            worked, cooled = end, cool
        return 1.0


def _rank(search: Search) -> tuple[int, int]:
    standing = search.standing()
    return -standing.unserved_must, standing.objective_cents
