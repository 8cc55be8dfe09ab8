"""The queue of doubtful addresses at size: its number and its first two pages, by processor and by clock.

`python -m bench.doubtful --practices 250000` takes in one file of a hundred thousand practices on a machine without a
gazetteer, so that all their addresses wait, and then asks as the desk does. With `--home DIR` the database stays.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from bench.importing import imported, joined
from bench.processors import cpu_of_cluster
from fieldapp.databases import database
from fieldapp.demo.generator import generate
from fieldapp.parts import assemble
from fieldapp.services import claims, founding
from fieldapp.services.addresses import list_doubtful
from fieldapp.settings import Settings

PAGE = 50
"""Rows of a page, as the desk asks for them."""


def loaded(home: Path, *, practices: int) -> str:
    """Take one creditor's file in; the row of the import, empty where the database was there."""
    if (home / "files").exists():
        return ""
    today = datetime.now(ZoneInfo("Europe/Rome")).date()
    summary = generate(home / "files", practices=practices, agents=4, seed=2, today=today)
    first, file = summary.creditors[0], home / "files" / "all.csv"
    joined(file, [home / "files" / each.file for each in summary.creditors if each.slug == first.slug])
    return imported(file, first.layout, home).shown("into an empty store, no gazetteer")


async def asked(settings: Settings, home: Path, *, times: int) -> list[str]:
    """The rows of the table."""
    parts = assemble(settings)
    rows = []
    async with parts.jobs.open_async():
        identity = await founding.somebody(parts)
        assert identity is not None
        # What an import left to be added up is a worker's, which a house has running.
        await claims.add_up(parts)
        first = await list_doubtful(parts, identity, limit=PAGE)
        asks: dict[str, Callable[[], Awaitable[object]]] = {
            "how many wait": lambda: list_doubtful(parts, identity, limit=0),
            "the first page": lambda: list_doubtful(parts, identity, limit=PAGE),
            "the second page": lambda: list_doubtful(parts, identity, limit=PAGE, cursor=first.next_cursor),
        }
        for what, ask in asks.items():
            spent = []
            for _ in range(times):
                own, theirs, began = time.process_time(), cpu_of_cluster(home / "database"), time.perf_counter()
                await ask()
                spent.append(
                    (
                        time.process_time() - own,
                        cpu_of_cluster(home / "database") - theirs,
                        time.perf_counter() - began,
                    )
                )
            cells = " | ".join(f"{1000 * median(each):.0f}" for each in zip(*spent, strict=True))
            rows.append(f"| {what} | {first.waiting:,} | {cells} |")
    await parts.database.close()
    return rows


def report(home: Path, *, practices: int, times: int) -> str:
    """The measurements as Markdown."""
    with database(Settings(home=home)) as settings:
        taken = loaded(home, practices=practices)
        rows = asyncio.run(asked(settings, home, times=times))
    head = [
        "| import | rows | seconds | processor s, command | processor s, database | peak MB, command |",
        "|---|---|---|---|---|---|",
        taken,
        "",
    ]
    return "\n".join(
        [
            *(head if taken else []),
            f"Medians of {times}, one process, asked of the service itself; {PAGE} rows a page.",
            "",
            "| what | waiting | processor ms | database ms | clock ms |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def main() -> None:
    """Print the measurements."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--practices", type=int, default=250_000)
    options.add_argument("--times", type=int, default=9)
    options.add_argument("--home", type=Path, help="Where the database stays for the next run.")
    given = options.parse_args()
    base = "/var/lib" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="fieldapp-bench-", dir=base) as folder:
        home = given.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        print(report(home, practices=given.practices, times=given.times))


if __name__ == "__main__":
    main()
