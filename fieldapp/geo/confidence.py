"""How sure an answer is, from its evidence, by weights that `scripts/fit_confidence.py` fitted on noisy questions.

Confidence is the probability that the point lies within 50 m of the door that was asked for. Pure: the weights are
data beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import exp, log
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).with_name("confidence.json")

STREET_FEATURES = (
    "known_missing", "asked_missing", "clash", "typos", "real_typo", "type_differs", "type_missing", "shortened",
    "glued", "lone", "rival", "comune_doubt", "second_comune", "extra",
)  # fmt: skip
"""What a street is judged by; each is 0 where nothing speaks against it."""

PLACE_FEATURES = ("log_span", "beyond", "suffix")
"""What an interpolated point is judged by."""


@lru_cache(maxsize=1)
def weights() -> dict[str, Any]:
    """The fitted weights."""
    held: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return held


def street_probability(features: Sequence[float]) -> float:
    """That the street (and its comune) is the one meant, of `STREET_FEATURES`."""
    return _calibrated(_logistic(weights()["street"], features), weights()["street_steps"])


def place_probability(span_m: float, *, beyond: bool, suffix: bool) -> float:
    """That an interpolated point is within 50 m of the door, the street being right.

    Towns number their streets with more or less order than those it was fitted on: hence some caution.
    """
    share = _logistic(weights()["place"], (log(1.0 + span_m), float(beyond), float(suffix)))
    return max(0.05, share - float(weights()["caution"]))


def house_probability() -> float:
    """That a number found in the index is where the index says, the street being right."""
    return float(weights()["house"])


def _logistic(fitted: Sequence[float], features: Sequence[float]) -> float:
    score = fitted[0] + sum(weight * value for weight, value in zip(fitted[1:], features, strict=True))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, score))))


def _calibrated(raw: float, steps: Sequence[Sequence[float]]) -> float:
    """Piecewise linear through the fitted steps (isotonic, so it never falls)."""
    for (low, low_at), (high, high_at) in pairwise(steps):
        if raw <= high:
            share = (raw - low) / (high - low) if high > low else 1.0
            return float(low_at + max(0.0, share) * (high_at - low_at))
    return float(steps[-1][1])
