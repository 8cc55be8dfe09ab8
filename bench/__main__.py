"""`python -m bench`: every measurement, written to `bench/RESULTS.md` with the machine's size and the date."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import service

RESULTS = Path(__file__).with_name("RESULTS.md")
PLANNING = ("--seconds", "2", "--seeds", "1", "--sizes", "10x150")


def machine() -> str:
    """Cores, memory, Python and how busy the machine was before we began."""
    memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cores = len(os.sched_getaffinity(0))
    return (
        f"{datetime.now(UTC):%d %B %Y} · {cores} cores ({platform.machine()}), {memory_gb:.0f} GB memory · "
        f"Python {platform.python_version()} · load before the run {os.getloadavg()[0]:.1f}"
    )


def planning() -> str:
    """The planner's own table, from a process of its own so that nothing compiled here helps it."""
    command = [sys.executable, "-m", "bench.planning", *PLANNING]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return f"## Day plans\n\n`{' '.join(command[1:])}`\n\n{done.stdout.strip()}"


def main() -> None:
    head = ["# Measurements", "", "Written by `make bench`.", "", machine()]
    sections = ["\n".join(head), service.report(), planning()]
    RESULTS.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
