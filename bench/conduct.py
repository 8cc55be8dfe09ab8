"""How fast the rules of conduct answer: 20,000 candidates x 7 days, each judged and given its windows, on one core.

    python -m bench.conduct [--candidates 20000] [--days 7]

CPU time of the process, not the clock on the wall: the target (2 s) must hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, date, datetime, timedelta
from statistics import median

from fieldapp.domain.calendars import italian_calendar
from fieldapp.domain.conduct import (
    AddressFacts,
    AddressState,
    AgentFacts,
    Facts,
    PracticeFacts,
    Ruleset,
    SentLetter,
    Visit,
    judge,
    lawful_windows,
    standard_ruleset,
)
from fieldapp.domain.contacts import Channel, Contact

TARGET_S = 2.0
START = date(2026, 11, 26)
COMUNI = ("Lodi", "Codogno", "Secugnago", "Milano", "Pavia")
STATES = ("disputed", "paid", "represented", "complaint_open")
AGENT = AgentFacts(
    notified_on=date(2025, 1, 1),
    licence_ends_on=date(2030, 1, 1),
    provinces=frozenset({"LO", "MI", "PV"}),
    badge_ends_on=date(2030, 1, 1),
    qualification_ends_on=date(2028, 1, 1),
)


def candidates(count: int, *, seed: int) -> list[tuple[PracticeFacts, AddressFacts]]:
    """Practices as an agency has them: most free to be visited, some with contacts, a few that a state stops."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        contacts = tuple(
            Contact(START - timedelta(days=draw.randint(0, 60)), draw.choice(tuple(Channel)), draw.random() < 0.4)
            for _ in range(draw.randint(0, 6))
        )
        practice = PracticeFacts(
            creditor=f"creditor-{draw.randint(1, 8)}",
            placement_starts_on=START - timedelta(days=draw.randint(-2, 40)),
            placement_ends_on=START + timedelta(days=draw.randint(-1, 60)),
            states=frozenset({draw.choice(STATES)}) if draw.random() < 0.08 else frozenset(),
            oldest_due_on=START - timedelta(days=draw.randint(60, 400)),
            letters=(SentLetter(2, START - timedelta(days=draw.randint(5, 90))),) if draw.random() < 0.9 else (),
            contacts=contacts,
            happened=(("REFUSES", START - timedelta(days=draw.randint(0, 20))),) if draw.random() < 0.1 else (),
        )
        state = AddressState.CONFIRMED if draw.random() < 0.95 else AddressState.DOUBTFUL
        address = AddressFacts(state=state, comune=draw.choice(COMUNI), province=draw.choice(("LO", "MI", "PV")))
        found.append((practice, address))
    return found


def measure(
    asked: list[tuple[PracticeFacts, AddressFacts]], ruleset: Ruleset, *, days: int
) -> tuple[float, float, int]:
    """CPU seconds of judging every candidate on every day, of their windows, and how many may be visited."""
    noons = [datetime(START.year, START.month, START.day, 10, tzinfo=UTC) + timedelta(days=day) for day in range(days)]
    began = time.process_time()
    for at in noons:
        act = Visit(at, 1_200)
        for practice, address in asked:
            judge(Facts(act=act, practice=practice, address=address, agent=AGENT), ruleset, at)
    judged = time.process_time()
    free = 0
    for at in noons:
        act, day = Visit(at, 1_200), at.date()
        for practice, address in asked:
            free += bool(lawful_windows(day, Facts(act=act, practice=practice, address=address), ruleset))
    return judged - began, time.process_time() - judged, free


def main() -> None:
    """Measure three times and print the section of `RESULTS.md`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--candidates", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=7)
    options = parser.parse_args()
    asked = candidates(options.candidates, seed=1)
    runs = []
    for _ in range(3):
        # A new ruleset each time: what it remembers of a run must not help the next.
        ruleset = standard_ruleset(italian_calendar(2026, 2028, patrons={"Lodi": "01-19", "Milano": "12-07"}))
        runs.append(measure(asked, ruleset, days=options.days))
    judged_s, windows_s = median(run[0] for run in runs), median(run[1] for run in runs)
    rules = len(standard_ruleset(ruleset.calendar).rules)
    print(f"{options.candidates:,} candidates x {options.days} days, {rules} rules,")
    print("one core, CPU seconds, median of 3 (target: under 2.0 s).\n")
    print("| question | CPU s | questions a second | target met |")
    print("|---|---|---|---|")
    asked_n = options.candidates * options.days
    for question, seconds in (("judge", judged_s), ("lawful_windows", windows_s)):
        met = "yes" if seconds < TARGET_S else "NO"
        print(f"| `{question}` | {seconds:.2f} | {asked_n / seconds:,.0f} | {met} |")
    print(f"\n{runs[0][2]:,} of the {asked_n:,} visits may be made.")


if __name__ == "__main__":
    main()
