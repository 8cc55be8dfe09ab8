"""A large day as a document: the same exchange format, read without making its ways, and its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fieldapp.planning.faults import Fault, mend
from fieldapp.planning.files import read_parts, read_ways
from fieldapp.planning.national import LARGE_AGENTS, LARGE_VISITS, CountryPlan, left_over_of
from fieldapp.planning.territories import Country


@dataclass(frozen=True, slots=True)
class CountryReading:
    """What of a document can be planned, and what is wrong with the rest."""

    country: Country
    faults: tuple[Fault, ...]
    varies: bool
    """Whether ways take longer at some hours than at others."""


def is_large(document: Any) -> bool:
    """Whether a day is to be cut: many agents or visits, ways made from coordinates, and everybody ends at home."""
    if not isinstance(document, Mapping) or "duration_s" in document or "days" in document:
        return False
    agents, visits = document.get("agents"), document.get("visits")
    if not isinstance(agents, list) or not isinstance(visits, list):
        return False
    if any(isinstance(agent, Mapping) and agent.get("end") is not None for agent in agents):
        return False
    return bool(agents) and (len(agents) >= LARGE_AGENTS or len(visits) >= LARGE_VISITS)


def read_country(document: Any) -> CountryReading:
    """Whatever of `document` can be read, under its own numbers.

    Raises Refusal (`planning.field_missing`, `planning.bad_number`) only for what no day can be planned without.
    """
    mended = mend(document)
    agents, visits, lunch, apart = read_parts(mended.document)
    paces = tuple((turn["from"], turn["factor"]) for turn in mended.document["travel_by_hour"])
    country = Country(
        agents=agents,
        visits=visits,
        lunch=lunch,
        ways=replace(read_ways(mended.document), paces=paces),
        reach=np.ones((len(agents), 1), np.bool_),
        area=np.zeros(len(visits), np.int64),
        apart=apart,
        closed=mended.closed,
    )
    return CountryReading(country, mended.faults, varies=bool(paces))


def write_country(reading: CountryReading, found: CountryPlan) -> dict[str, Any]:
    """The plan as a document like that of any day, with how it was cut and how its worth grew: `curve` in seconds and
    cents, `cells_objective` before the borders were looked at, `lost` for parts that no worker survived."""
    faults = [*reading.faults, *left_over_of(reading.country, found.plan)]
    return {
        "routes": [list(route) for route in found.plan.routes],
        "objective": found.objective_cents,
        "prize": found.prize_cents,
        "travel": found.travel_cents,
        "served": found.served,
        "unserved_must": list(found.unserved_must),
        "iterations": found.iterations,
        "cells": found.cells,
        "cells_objective": found.cells_cents,
        "borders": found.borders,
        "lost": found.lost,
        "curve": [list(point) for point in found.curve],
        "faults": [{"code": fault.code, **fault.details} for fault in faults],
    }
