"""`python -m bench [service|planning]`: measurements, written to `bench/RESULTS.md` with the machine and the date.

With a name only that part is measured again; the other one keeps what it last said.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import service

RESULTS = Path(__file__).with_name("RESULTS.md")
PLANNING = (
    ("--seconds", "2", "--sizes", "1x30,5x60"),
    ("--seconds", "10", "--sizes", "10x150", "--layouts", "towns,far,pinned,many_musts"),
    ("--seconds", "10", "--seeds", "1", "--sizes", "30x500", "--layouts", "towns,far"),
)


def machine() -> str:
    """Cores, memory, Python and how busy the machine was before we began."""
    memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cores = len(os.sched_getaffinity(0))
    return (
        f"{datetime.now(UTC):%d %B %Y} · {cores} cores ({platform.machine()}), {memory_gb:.0f} GB memory · "
        f"Python {platform.python_version()} · load before the run {os.getloadavg()[0]:.1f}"
    )


def planning() -> str:
    """The planner's own tables, each from a process of its own so that nothing compiled here helps it."""
    tables = ["## Day plans"]
    for asked in PLANNING:
        command = [sys.executable, "-m", "bench.planning", *asked]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        tables.append(f"`{' '.join(command[1:])}`\n\n{done.stdout.strip()}")
    return "\n\n".join(tables)


PARTS: dict[str, Callable[[], str]] = {"service": service.report, "planning": planning}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    texts = _written()
    for name in wanted:
        head = machine()
        texts[name] = f"{head}\n\n{PARTS[name]()}"
    sections = [f"<!-- {name} -->\n{texts[name].strip()}" for name in PARTS if name in texts]
    RESULTS.write_text("\n\n".join(["# Measurements", "Written by `make bench`.", *sections]) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _written() -> dict[str, str]:
    """The parts as they were measured last."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    pieces = re.split(r"<!-- (\w+) -->\n", text)[1:]
    return {name: piece for name, piece in zip(pieces[::2], pieces[1::2], strict=True) if name in PARTS}


if __name__ == "__main__":
    main()
