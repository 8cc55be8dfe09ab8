"""`fieldapp solve`: one day from a file to a file. Imports the planner and nothing of the service, to start fast.

The start of the process counts: whoever asks for N seconds gets an answer after N + 10 % + 1 s of wall time.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from fieldapp.clock import STARTED_S
from fieldapp.domain.errors import Refusal
from fieldapp.domain.said import say
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.days_files import read_days, write_days
from fieldapp.planning.files import read_day, write_plan
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import prepare
from fieldapp.planning.solver import Solution
from fieldapp.planning.solver import solve as search
from fieldapp.said_aloud import fail, sentence
from fieldapp.words import LANGUAGES, read_words

ENDING_S = 0.25
ENDING_PLACE_S = 0.0001
"""Judging and writing a plan, and ending the process: in all, and for each place."""
LEAST = 0.3
"""This share of the time is searched however slow the start was."""


@click.command()
@click.argument("problem", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--seconds", default=10.0, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="it", show_default=True, help="Of what is told.")
def solve(problem: Path, out: Path, seconds: float, seed: int, language: str) -> None:
    """Plan the day, or the days, in PROBLEM (see docs/planning.md).

    What of it cannot be planned as it is written is told item by item (JSON lines on standard error, and `faults` in
    the plan); the rest is planned.
    """
    try:
        document = json.loads(problem.read_bytes())
    except (ValueError, RecursionError):
        fail(f"{problem} is no JSON document.")
    try:
        several = isinstance(document, dict) and "days" in document
        plan = (_days if several else _day)(document, seconds, seed)
    except Refusal as refusal:
        fail(sentence(refusal))
    words = read_words()
    for fault in plan["faults"]:
        fault["text"] = say(words, fault["code"], fault, language)
        click.echo(json.dumps(fault, ensure_ascii=False), err=True)
    out.write_text(json.dumps(plan) + "\n")
    click.echo(json.dumps({name: value for name, value in plan.items() if name not in ("routes", "days", "faults")}))


def _day(document: Any, seconds: float, seed: int) -> dict[str, Any]:
    reading = read_day(document)
    prepare()
    return write_plan(reading, _searched(reading.problem, seconds, seed))


def _days(document: dict[str, Any], seconds: float, seed: int) -> dict[str, Any]:
    reading = read_days(document)
    together = Together.of(reading.days)
    prepare(days=together.problem.n_days)
    solution = _searched(together.problem, seconds, seed)
    plans = together.plans(solution.plan)
    return write_days(reading, plans, judge_days(reading.days, plans), iterations=solution.iterations)


def _searched(problem: Problem, seconds: float, seed: int) -> Solution:
    left_s = _left_s(seconds, places=problem.n_agents + problem.n_visits)
    return search(problem, seed=seed, seconds=left_s, clock=time.monotonic)


def _left_s(seconds: float, *, places: int) -> float:
    """What is left of `seconds` when starting took longer than the second that it may take."""
    ends_s = STARTED_S + seconds * 1.1 + 1.0 - ENDING_S - ENDING_PLACE_S * places
    return max(min(seconds, ends_s - time.monotonic()), seconds * LEAST)
