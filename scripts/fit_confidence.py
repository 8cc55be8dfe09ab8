"""Fit the weights of the geocoder's confidence: `python scripts/fit_confidence.py --gazetteer G --questions Q`.

Q holds JSON lines as `bench.geocoding_questions.Question` has them. Comuni whose code ends in an even figure teach,
the others judge; what is printed is the judging half. A made-up street's points lie smoother than a real one's, so
interpolation is fitted on the first pair only: let that be a real one. The weights
go to `fieldapp/geo/confidence.json`.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.geocoding_questions import Question, read_questions
from fieldapp.geo.addresses import street_parts
from fieldapp.geo.confidence import STREET_FEATURES, WEIGHTS
from fieldapp.geo.geocoding import GazetteerGeocoder, Judged
from fieldapp.geo.numbers_along import metres
from fieldapp.geo.street_keys import name_key

NEAR_M = 50.0
Floats = NDArray[np.float64]


def main() -> None:
    """Fit, print how well the other half is judged, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gazetteer", type=Path, required=True, action="append", help="May be given several times.")
    options.add_argument("--questions", type=Path, required=True, action="append", help="One for each gazetteer.")
    options.add_argument("--house", type=float, default=0.995, help="Share of index points that are right.")
    options.add_argument("--caution", type=float, default=0.06, help="Taken off every interpolated point's share.")
    given = options.parse_args()
    judged: list[tuple[Question, Judged | None]] = []
    first = 0
    for gazetteer, asked in zip(given.gazetteer, given.questions, strict=True):
        geocoder = GazetteerGeocoder(gazetteer)
        judged += [(q, geocoder.judge(q.query)) for q in read_questions(asked)]
        first = first or len([j for _, j in judged if j is not None])
    pairs = [(q, j) for q, j in judged if j is not None]
    teach = np.array([int(q.comune[-1]) % 2 == 0 for q, _ in pairs])
    features = np.array([j.features for _, j in pairs])
    right = np.array([_street_right(q, j) for q, j in pairs], dtype=np.float64)
    street = logistic(features[teach], right[teach])
    raw = probability(street, features)
    steps = isotonic(raw[teach], right[teach])
    sure = np.interp(raw, [x for x, _ in steps], [y for _, y in steps])
    print(dict(zip(("one", *STREET_FEATURES), np.round(street, 2), strict=True)))
    for low in (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98):
        some = ~teach & (sure >= low)
        if some.sum():
            print(f"street >= {low}: said {sure[some].mean():.3f}, right {right[some].mean():.3f} of {some.sum()}")
    place = _fit_place(pairs[:first], right[:first])
    print("place", np.round(place, 2))
    rounded = {"street": street.round(3).tolist(), "street_steps": steps, "place": place.round(3).tolist()}
    WEIGHTS.write_text(json.dumps(rounded | {"house": given.house, "caution": given.caution}, indent=1) + "\n")


def _street_right(question: Question, judged: Judged) -> bool:
    if not question.street or judged.comune != question.comune:
        return False
    kind, name = street_parts(question.street)
    return (judged.type, judged.key) == (kind, name_key(name))


def _fit_place(pairs: list[tuple[Question, Judged]], right: Floats) -> Floats:
    """Of interpolated points on the right street: how the chance of being near falls with the span."""
    rows, near = [], []
    for (q, j), ok in zip(pairs, right, strict=True):
        if (
            ok
            and j.placed is not None
            and j.placed.quality == "interpolated"
            and q.lat is not None
            and q.lon is not None
        ):
            why = j.placed.why
            rows.append(
                (
                    math.log(1.0 + j.placed.span_m),
                    why == "geocode.number_beyond_known",
                    why.startswith("geocode.suffix"),
                )
            )
            near.append(metres(j.placed.lat, j.placed.lon, q.lat, q.lon) <= NEAR_M)
    return logistic(np.array(rows, dtype=np.float64), np.array(near, dtype=np.float64), free=True)


def logistic(x: Floats, y: Floats, *, ridge: float = 0.5, free: bool = False, rounds: int = 60) -> Floats:
    """Weights with the constant first, by Newton's steps; unless `free`, no evidence of doubt may speak in favour."""
    x = np.column_stack([np.ones(len(x)), x])
    kept = np.ones(x.shape[1], dtype=bool)
    weights = np.zeros(x.shape[1])
    while True:
        w = np.zeros(kept.sum())
        for _ in range(rounds):
            p = 1 / (1 + np.exp(-np.clip(x[:, kept] @ w, -30, 30)))
            slope = x[:, kept].T @ (y - p) - ridge * w
            bend = (x[:, kept] * (p * (1 - p))[:, None]).T @ x[:, kept] + ridge * np.eye(kept.sum())
            w = w + np.linalg.solve(bend, slope)
        weights[:] = 0.0
        weights[kept] = w
        wrong = np.flatnonzero(weights[1:] > 0) + 1
        if free or not wrong.size:
            return weights
        kept[wrong] = False


def probability(weights: Floats, x: Floats) -> Floats:
    """The logistic of the weighted features."""
    return np.asarray(1 / (1 + np.exp(-np.clip(weights[0] + x @ weights[1:], -30, 30))))


def isotonic(raw: Floats, y: Floats, *, pieces: int = 40) -> list[list[float]]:
    """Pool neighbours until the share that is right never falls: `[raw, share]` pairs for interpolation."""
    order = np.argsort(raw, kind="stable")
    groups: dict[int, list[int]] = defaultdict(list)
    for rank, at in enumerate(order):
        groups[rank * pieces // len(order)].append(int(at))
    # One right and one wrong answer more in each pool: no handful of questions makes a certainty.
    pools = [[float(raw[g].mean()), float(y[g].sum()) + 0.5, len(g) + 1.0] for g in map(np.array, groups.values())]
    merged: list[list[float]] = []
    for pool in pools:
        merged.append(pool)
        while len(merged) > 1 and merged[-2][1] / merged[-2][2] >= merged[-1][1] / merged[-1][2]:
            high, low = merged.pop(), merged.pop()
            size = low[2] + high[2]
            merged.append([(low[0] * low[2] + high[0] * high[2]) / size, low[1] + high[1], size])
    steps = [[round(at, 5), round(hits / size, 4)] for at, hits, size in merged]
    return [[0.0, 0.0], *steps, [1.0, max(steps[-1][1], 0.0)]]


if __name__ == "__main__":
    main()
