"""Chances that somebody is home: pooled, shrunk, never the worse for a success, true on what they cannot see."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.presence import (
    BANDS,
    CELLS,
    TELLING,
    Habits,
    Record,
    Tries,
    attempts_of,
    cell_of,
    cells_on,
    learn,
)

tries = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda pair: Tries(pair[0], sum(pair)))
records = st.dictionaries(st.integers(0, CELLS - 1), tries, max_size=5)
comuni = st.sampled_from(["Torino", "Asti", "Alba"])
doors = st.lists(st.tuples(comuni, records), max_size=12)
cells = st.integers(0, CELLS - 1)


def habits(given_doors: list[tuple[str, Record]]) -> Habits:
    return learn(attempts_of(given_doors))


@given(doors, comuni, records, cells, cells)
def test_one_more_success_at_a_door_never_lowers_a_chance_there(
    others: list[tuple[str, Record]], comune: str, record: Record, tried: int, asked: int
) -> None:
    known = habits(others)
    more = {**record, tried: record.get(tried, Tries()).plus(Tries(1, 1))}

    before, after = (known.chances(comune, one, [asked])[0].share for one in (record, more))

    assert after >= before - 1e-12


@given(doors, comuni, records, cells, cells)
def test_one_more_closed_door_never_raises_a_chance_there(
    others: list[tuple[str, Record]], comune: str, record: Record, tried: int, asked: int
) -> None:
    known = habits(others)
    more = {**record, tried: record.get(tried, Tries()).plus(Tries(0, 1))}

    before, after = (known.chances(comune, one, [asked])[0].share for one in (record, more))

    assert after <= before + 1e-12


@given(doors, comuni, cells)
def test_a_door_never_tried_has_the_chance_of_its_comune(
    others: list[tuple[str, Record]], comune: str, asked: int
) -> None:
    known = habits(others)

    (untried,) = known.chances(comune, {}, [asked])

    assert untried.share == known.pooled(comune, asked)
    assert untried.here == Tries()
    # The mixture itself is centred there: what no attempt has moved is the pooled chance.
    (answered,) = known.chances(comune, {asked: Tries(1, 1)}, [asked])
    (closed,) = known.chances(comune, {asked: Tries(0, 1)}, [asked])
    share = untried.share
    # Whatever one attempt shows, on average the chance stays what it was.
    assert math.isclose(share * answered.share + (1 - share) * closed.share, share, abs_tol=1e-6)


@given(doors, comuni, records, cells)
def test_chances_are_chances(others: list[tuple[str, Record]], comune: str, record: Record, asked: int) -> None:
    (found,) = habits(others).chances(comune, record, [asked])

    assert 0.0 < found.share < 1.0


@given(doors)
def test_pooling_loses_and_invents_no_attempt(given_doors: list[tuple[str, Record]]) -> None:
    pooled = attempts_of(given_doors)

    assert sum(tried for *_, tried in pooled.by_comune) == sum(t.tried for _, r in given_doors for t in r.values())
    assert sum(met for *_, met, _ in pooled.by_comune) == sum(t.met for _, r in given_doors for t in r.values())


@given(st.permutations([("Asti", {0: Tries(1, 2)}), ("Alba", {3: Tries(0, 3)}), ("Asti", {1: Tries(2, 2)})]))
def test_the_order_of_the_attempts_does_not_matter(given_doors: list[tuple[str, Record]]) -> None:
    pooled = attempts_of(given_doors)

    assert pooled == attempts_of(sorted(given_doors, key=repr))


def test_without_any_attempt_the_prior_speaks() -> None:
    known = habits([])

    assert known.average == pytest.approx(0.4)
    assert known.pooled("Torino", 0) == pytest.approx(0.4)


def test_a_door_tried_once_says_less_than_a_door_tried_ten_times() -> None:
    known = habits([])

    once = known.chances("Torino", {4: Tries(0, 1)}, [4])[0].share
    often = known.chances("Torino", {4: Tries(0, 10)}, [4])[0].share

    assert 0.25 < once < 0.4
    assert often < 0.12


def test_a_closed_door_in_the_morning_says_more_of_mornings_than_of_evenings() -> None:
    morning, evening = habits([]).chances("Torino", {0: Tries(0, 3)}, [0, 5])

    assert morning.share < evening.share < 0.4


@pytest.mark.parametrize(
    ("isoweekday", "hour", "cell"),
    [
        (1, 9, 0),  # Monday before ten
        (5, 10, 1),  # ten o'clock begins the next band
        (5, 18, 4),  # Friday after work
        (6, 9, BANDS),  # Saturday is another part of the week
        (7, 20, 2 * BANDS - 1),
    ],
)
def test_an_hour_of_a_weekday_lies_in_one_cell(isoweekday: int, hour: int, cell: int) -> None:
    assert cell_of(isoweekday, hour) == cell


def test_the_cells_of_a_day_are_those_of_its_hours() -> None:
    saturday = date(2026, 11, 28)

    assert list(cells_on(saturday)) == sorted({cell_of(6, hour) for hour in range(24)})


def test_a_wrong_address_and_a_closed_gate_say_nothing_of_who_is_home() -> None:
    assert {"ABSENT_NOTICE_LEFT", "PAID_FULL", "THIRD_PARTY_MET"} <= TELLING
    assert not {"MOVED", "UNKNOWN_AT_ADDRESS", "NO_ACCESS", "UNSAFE"} & TELLING


def _towns(rng: random.Random, *, doors: int) -> list[tuple[str, list[float]]]:
    """Doors with habits that nobody sees: a comune, an hour, a household, and its own ways on top."""
    bands = [0.25, 0.25, 0.45, 0.3, 0.6, 0.7]
    towns = {"Torino": -0.4, "Asti": 0.0, "Alba": 0.5}
    found = []
    for _ in range(doors):
        comune = rng.choice(sorted(towns))
        household = rng.gauss(0.0, 1.0)
        odds = [math.log(p / (1 - p)) + towns[comune] + household + rng.gauss(0.0, 0.7) for p in bands * 2]
        found.append((comune, [1 / (1 + math.exp(-one)) for one in odds]))
    return found


def test_chances_are_true_on_attempts_that_were_not_counted() -> None:
    rng = random.Random(7)
    towns = _towns(rng, doors=3_000)
    known_doors: list[tuple[str, Record]] = []
    for comune, truth in towns:
        record: defaultdict[int, Tries] = defaultdict(Tries)
        for _ in range(rng.randrange(6)):
            cell = rng.randrange(BANDS)
            record[cell] = record[cell].plus(Tries(rng.random() < truth[cell], 1))
        known_doors.append((comune, record))
    known = habits(known_doors)

    said: dict[int, list[tuple[float, float]]] = defaultdict(list)
    lost_pooled = lost_learned = 0.0
    for (comune, truth), (_, known_record) in zip(towns, known_doors, strict=True):
        for cell, chance in enumerate(known.chances(comune, known_record, range(BANDS))):
            said[int(chance.share * 10)].append((chance.share, truth[cell]))
            lost_learned += (chance.share - truth[cell]) ** 2
            lost_pooled += (known.average - truth[cell]) ** 2

    assert max(said) - min(said) >= 6
    for told in said.values():
        if len(told) >= 300:
            shares, truths = zip(*told, strict=True)
            assert abs(sum(shares) - sum(truths)) / len(told) < 0.03
    assert lost_learned < 0.7 * lost_pooled


def test_households_alike_are_seen_to_be_alike() -> None:
    rng = random.Random(3)

    def seen(spread: float) -> Habits:
        doors: list[tuple[str, Record]] = []
        for _ in range(2_000):
            chance = 1 / (1 + math.exp(-rng.gauss(0.0, spread)))
            doors.append(("Asti", {cell: Tries(rng.random() < chance, 1) for cell in range(3)}))
        return habits(doors)

    assert seen(0.0).spread < seen(1.0).spread < seen(2.2).spread
