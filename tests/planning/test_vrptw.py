"""Files of the literature: read in both forms, with the convention that their best solutions are given in."""

import pytest

from fieldapp.domain.errors import Refusal
from fieldapp.planning.checker import judge
from fieldapp.planning.plan import Plan
from fieldapp.planning.solver import solve
from fieldapp.planning.vrptw import read_cost, read_vrptw

SOLOMON = """FOUR

VEHICLE
NUMBER     CAPACITY
  2         {capacity}

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0         0          0          0       200          0
    1      3         4         10          0       100         10
    2      1         1         10         50        60         10
    3     -3         4         10          0       100         10
    4     -1         1         10         50        60         10
"""
VRPLIB = """NAME : FOUR
TYPE : CVRPTW
DIMENSION : 5
VEHICLES : 2
CAPACITY : {capacity}
SERVICE_TIME : 10
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 1 1
4 -3 4
5 -1 1
DEMAND_SECTION
1 0
2 10
3 10
4 10
5 10
TIME_WINDOW_SECTION
1 0 200
2 0 100
3 50 60
4 0 100
5 50 60
DEPOT_SECTION
1
-1
EOF
"""


@pytest.mark.parametrize("form", [SOLOMON, VRPLIB], ids=["solomon", "vrplib"])
def test_ways_and_times_are_tenths_cut_off(form: str) -> None:
    problem = read_vrptw(form.format(capacity=40))

    first, second = problem.node(0), problem.node(1)
    assert (problem.n_agents, problem.n_visits) == (2, 4)
    assert problem.travel_s[0, first] == problem.cost_cents[0, first] == 50
    assert problem.travel_s[first, second] == 36  # 3.6055...
    assert problem.travel_s[0, 1] == 0  # both vehicles at the one depot
    assert problem.visits[1].windows_s == ((500, 600),)
    assert (problem.service_s[0], problem.load[0], problem.capacity[0]) == (100, 10, 40)
    assert problem.shift_s.tolist() == [[0, 2_000], [0, 2_000]]


@pytest.mark.parametrize(("capacity", "tenths"), [(30, 188), (29, 200)])
def test_the_shortest_way_that_capacity_allows_is_found(capacity: int, tenths: int) -> None:
    problem = read_vrptw(SOLOMON.format(capacity=capacity))

    solution = solve(problem, seed=1, iterations=2_000)

    assert solution.judgement.violations == ()
    assert solution.judgement.travel_cents == tenths


def test_a_load_beyond_capacity_is_told_by_how_much() -> None:
    problem = read_vrptw(SOLOMON.format(capacity=25))

    told = [(v.rule, v.agent, v.by) for v in judge(problem, Plan.of([[0, 2, 1, 3], []])).broken]

    assert ("capacity", 0, 15) in told


@pytest.mark.parametrize(
    "text",
    [
        "",  # nothing
        "VEHICLE\n 25 200\n",  # no customers
        "0 35 35 0 0 230 0\n",  # no fleet
        VRPLIB.replace("DEMAND_SECTION", "DEMANDS"),  # a section is missing
        VRPLIB.replace("5 50 60\n", ""),  # a line is missing
    ],
)
def test_a_file_in_which_something_is_missing_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"planning\.field_missing"):
        read_vrptw(text.format(capacity=1))


def test_what_a_solution_costs_is_read_in_tenths() -> None:
    assert read_cost("Route #1: 1 2\nCost 1637.7\n") == 16_377
    with pytest.raises(Refusal, match=r"planning\.field_missing"):
        read_cost("Route #1: 1 2\n")
