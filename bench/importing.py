"""A creditor's file of five thousand rows by the command line: time, processor time and peak memory.

The command runs as an operator runs it, in a process of its own, on an embedded database that waits for the disk,
with a gazetteer of the province, so that every address is looked up. The second run takes the same file again.

`python -m bench.importing --practices 250000` measures a hundred thousand rows in one file (with
`--no-gazetteer` without one), `--rejected 100000` a file of so many rows of which each is rejected for three reasons.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.processors import PeakMemory, cpu_of_cluster
from fieldapp.databases import database
from fieldapp.demo.generator import generate
from fieldapp.geo.gazetteer import import_anncsu
from fieldapp.settings import Settings
from fieldapp.store.embedded import Cluster

PRACTICES = 12_500
"""So many practices of the generator give the first creditor five thousand rows."""


@dataclass(frozen=True, slots=True)
class Run:
    """One import: what it said, seconds, processor seconds of command and database, peak memory of the command."""

    said: dict[str, Any]
    took_s: float
    cpu_s: float
    database_cpu_s: float
    peak_mb: float

    def shown(self, what: str) -> str:
        cells = (self.took_s, self.cpu_s, self.database_cpu_s)
        return (
            f"| {what} | {self.said['accepted'] + self.said['rejected']:,} | "
            + " | ".join(f"{value:.1f}" for value in cells)
            + f" | {self.peak_mb:.0f} |"
        )


def imported(file: Path, layout: str, home: Path) -> Run:
    """Run `fieldapp import` on `file` and wait for it. Raises RuntimeError with what it said when it fails."""
    cluster = Cluster(home / "database")
    command = [sys.executable, "-m", "fieldapp", "import", str(file), "--layout", layout, "--json"]
    database_before, began = cpu_of_cluster(cluster.home), time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"FIELDAPP_HOME": str(home)}, stdout=subprocess.PIPE)
    assert process.stdout is not None
    # Not the peak that wait4 tells: a child begins with that of the process which started it.
    peak = PeakMemory(process.pid)
    printed = process.stdout.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - began
    if status:
        raise RuntimeError(f"the import ended with {status}: {printed[-500:]}")
    return Run(
        json.loads(printed.splitlines()[-1]),
        took_s,
        used.ru_utime + used.ru_stime,
        cpu_of_cluster(cluster.home) - database_before,
        peak.mb,
    )


def rejected_file(path: Path, like: Path, *, rows: int) -> None:
    """So many rows in the layout of the file `like`, each with a date, an amount and a tax code that cannot be."""
    with like.open(encoding="utf-8", newline="") as file:
        head, *some = list(csv.reader(file, delimiter=";"))
    at = {name: i for i, name in enumerate(head)}
    wrong = {at["Scadenza"]: "31/02/2026", at["Capitale"]: "dieci", at["Codice fiscale"]: "RSSMRA80A01H501"}
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(head)
        for number in range(rows):
            row = list(some[number % len(some)])
            row[at["Numero pratica"]] = f"X{number:07}"
            for column, text in wrong.items():
                row[column] = text
            out.writerow(row)


def joined(path: Path, files: Sequence[Path]) -> None:
    """One file of all rows of some that have the same headings."""
    with path.open("wb") as out:
        for at, file in enumerate(files):
            head, _, rows = file.read_bytes().partition(b"\n")
            out.write((head + b"\n" if at == 0 else b"") + rows)


def report(*, practices: int = PRACTICES, gazetteer: bool = True, rejected: int = 0) -> str:
    """The measurements as Markdown."""
    base = "/var/lib" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="fieldapp-bench-", dir=base) as folder:
        home = Path(folder)
        home.chmod(0o755)
        today = datetime.now(ZoneInfo("Europe/Rome")).date()
        summary = generate(home / "files", practices=2_500 if rejected else practices, agents=4, seed=2, today=today)
        if gazetteer and not rejected:
            import_anncsu(home / "files" / summary.gazetteer, home / "gazetteer.sqlite")
        first = summary.creditors[0]
        file = home / "files" / "all.csv"
        joined(file, [home / "files" / each.file for each in summary.creditors if each.slug == first.slug])
        if rejected:
            like, file = file, home / "files" / "rejected.csv"
            rejected_file(file, like, rows=rejected)
        # Held open here, so that starting and stopping the database is in no figure.
        with database(Settings(home=home)):
            runs = [imported(file, first.layout, home) for _ in range(1 if rejected else 2)]
    names = (
        ["every row rejected"] if rejected else ["into an empty store", "the same file again, which changes nothing"]
    )
    return "\n".join(
        [
            "`fieldapp import FILE --layout demo-utenze --json`: read, judged, addresses looked up, written in one"
            " transaction, every practice with a statement in the ledger. Processor seconds are those of all threads.",
            "",
            "| import | rows | seconds | processor s, command | processor s, database | peak MB, command |",
            "|---|---|---|---|---|---|",
            *(run.shown(name) for run, name in zip(runs, names, strict=True)),
        ]
    )


def main() -> None:
    """Print the measurements of files of other sizes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--practices", type=int, default=PRACTICES)
    options.add_argument("--no-gazetteer", action="store_true")
    options.add_argument("--rejected", type=int, default=0, help="Rows of a file of which each is rejected.")
    given = options.parse_args()
    print(report(practices=given.practices, gazetteer=not given.no_gazetteer, rejected=given.rejected))


if __name__ == "__main__":
    main()
