"""`fieldapp solve`: one day from a file to a file. Imports the planner and nothing of the service, to start fast.

The start of the process counts: whoever asks for N seconds gets an answer after N + 10 % + 1 s of wall time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import click

from fieldapp.clock import STARTED_S
from fieldapp.crew import Crew
from fieldapp.domain.errors import Refusal
from fieldapp.domain.said import say
from fieldapp.planning.country_files import is_large, read_country, write_country
from fieldapp.planning.days import Together, judge_days
from fieldapp.planning.days_files import read_days, write_days
from fieldapp.planning.files import read_day, write_plan
from fieldapp.planning.national import plan_country
from fieldapp.planning.problem import Problem
from fieldapp.planning.search import prepare
from fieldapp.planning.solver import Solution
from fieldapp.planning.solver import solve as search
from fieldapp.said_aloud import fail, sentence
from fieldapp.words import LANGUAGES, read_words

ENDING_S = 0.25
ENDING_PLACE_S = 0.0001
"""Judging and writing a plan, and ending the process: in all, and for each place."""
COUNTRY_ENDING_PLACE_S = 0.001
"""The same for a place of a large day, whose parts are judged one after the other."""
LEAST = 0.05
"""This share of the time is searched however slow the start was."""
MOST_STARVED = 50.0


@click.command()
@click.argument("problem", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--seconds", default=10.0, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), default=None, help="Of a large day; as many as processors.")
@click.option("--language", type=click.Choice(LANGUAGES), default="it", show_default=True, help="Of what is told.")
def solve(problem: Path, out: Path, seconds: float, seed: int, workers: int | None, language: str) -> None:
    """Plan the day, or the days, in PROBLEM (see docs/planning.md).

    What of it cannot be planned as it is written is told item by item (JSON lines on standard error, and `faults` in
    the plan); the rest is planned. A large day (docs/planning.md) is cut into cells for several worker processes;
    the first interruption from the keyboard takes the best so far.
    """
    try:
        document = json.loads(problem.read_bytes())
    except (ValueError, RecursionError):
        fail(f"{problem} is no JSON document.")
    try:
        several = isinstance(document, dict) and "days" in document
        if is_large(document):
            plan = _country(document, seconds, seed, workers)
        else:
            plan = (_days if several else _day)(document, seconds, seed)
    except Refusal as refusal:
        fail(sentence(refusal))
    words = read_words()
    for fault in plan["faults"]:
        fault["text"] = say(words, fault["code"], fault, language)
        click.echo(json.dumps(fault, ensure_ascii=False), err=True)
    out.write_text(json.dumps(plan) + "\n")
    click.echo(
        json.dumps({name: value for name, value in plan.items() if name not in ("routes", "days", "faults", "curve")})
    )


def _day(document: Any, seconds: float, seed: int) -> dict[str, Any]:
    reading = read_day(document)
    prepare(hours=reading.problem.hours_count, ways=reading.problem.travel_varies)
    return write_plan(reading, _searched(reading.problem, seconds, seed))


def _days(document: dict[str, Any], seconds: float, seed: int) -> dict[str, Any]:
    reading = read_days(document)
    together = Together.of(reading.days)
    prepare(days=together.problem.n_days, hours=together.problem.hours_count, ways=together.problem.travel_varies)
    solution = _searched(together.problem, seconds, seed)
    plans = together.plans(solution.plan)
    return write_days(reading, plans, judge_days(reading.days, plans), iterations=solution.iterations)


def _country(document: Any, seconds: float, seed: int, workers: int | None) -> dict[str, Any]:
    reading = read_country(document)
    hours = any(visit.hours for visit in reading.country.visits)
    prepare(hours=hours, ways=reading.varies)  # once, so that the workers find the core compiled
    hands = workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else workers or 1
    places = len(reading.country.agents) + len(reading.country.visits)
    interrupted = Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        with Crew(hands) as crew:
            found = plan_country(
                reading.country,
                seed=seed,
                crew=crew,
                clock=time.monotonic,
                seconds=seconds_left(
                    seconds, places=places, gone_s=_gone_s(), starved=_starved(), place_s=COUNTRY_ENDING_PLACE_S
                ),
                on_news=lambda at_s, cents: _told(at_s, cents) and not interrupted.is_set(),
            )
    finally:
        signal.signal(signal.SIGINT, before)
    return write_country(reading, found)


def _told(at_s: float, cents: int) -> bool:
    """One line for whoever looks on, where somebody does."""
    if sys.stderr.isatty():
        click.echo(f"\r{at_s:7.1f} s  {cents / 100:14,.2f} EUR ", err=True, nl=False)
    return True


def _searched(problem: Problem, seconds: float, seed: int) -> Solution:
    places = problem.n_agents + problem.n_visits
    left_s = seconds_left(seconds, places=places, gone_s=_gone_s(), starved=_starved())
    return search(problem, seed=seed, seconds=left_s, clock=time.monotonic)


def seconds_left(
    seconds: float, *, places: int, gone_s: float, starved: float = 1.0, place_s: float = ENDING_PLACE_S
) -> float:
    """What is left of `seconds` when starting took longer than the second that it may take; `gone_s`: since the process
    began. `starved`: how many times as long as its processor time that was; the ending takes as many times as long."""
    ends_s = seconds * 1.1 + 1.0 - starved * (ENDING_S + place_s * places)
    return max(min(seconds, ends_s - gone_s), seconds * LEAST)


def _gone_s() -> float:
    return time.monotonic() - STARTED_S


def _starved() -> float:
    """How many seconds this process has to wait for one of the processor."""
    return min(max(_gone_s() / max(time.process_time(), 1e-3), 1.0), MOST_STARVED)
