"""The index of a whole nation: imported from a made register by the command, then asked and typed against.

`python -m bench.national_index --parts 20 5` measures a twentieth and a fifth of the comuni, each whole and the
largest among them, so that what grows with the nation can be told from what grows with a city; `--parts 1` is all.
Processor seconds are of the command alone: they hold on a machine that others use.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench.nation import NUMBERS, Address, Made, some_addresses, write_nation
from bench.processors import PeakMemory
from fieldapp.geo.geocoding import GazetteerGeocoder
from fieldapp.geo.numbers_along import metres

SEED = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """One import: what was read, processor and wall seconds, bytes of the index, peak memory of the command."""

    made: Made
    cpu_s: float
    took_s: float
    size: int
    peak_mb: float

    def shown(self, part: int) -> str:
        """A row of the table."""
        made, each = self.made, self.cpu_s / self.made.numbers
        return (
            f"| 1/{part} | {made.comuni:,} | {made.streets:,} | {made.numbers:,} | {self.cpu_s:.0f} |"
            f" {1e6 * each:.1f} | {self.took_s:.0f} | {self.size / 1e6:.0f} | {self.size / made.numbers:.1f} |"
            f" {self.peak_mb:.0f} |"
        )


def imported(folder: Path, *, part: int) -> tuple[Taken, Path]:
    """Make the register, take it in by `fieldapp gazetteer import`."""
    file, index = folder / f"INDIR_ITA_{part}.csv", folder / f"nation_{part}"
    made = write_nation(file, seed=SEED, part=part)
    command = [sys.executable, "-m", "fieldapp", "gazetteer", "import", str(file), "--gazetteer", str(index)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = PeakMemory(process.pid)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    if status:
        raise RuntimeError(f"the import of 1/{part} ended with {status}")
    file.unlink()
    return Taken(made, used.ru_utime + used.ru_stime, took, index.stat().st_size, peak.mb), index


def asked(index: Path, *, part: int, count: int) -> str:
    """Questions a second and keystrokes over addresses spread as people are, by processor time of this process."""
    addresses = some_addresses(seed=SEED, part=part, count=count)
    geocoder = GazetteerGeocoder(index)
    began = time.process_time()
    hits = sum(_right(geocoder, address) for address in addresses)
    cold = len(addresses) / (time.process_time() - began)
    began = time.process_time()
    for address in addresses:
        geocoder.answer(_line(address))
    warm = len(addresses) / (time.process_time() - began)
    spent, first = _typed(index, addresses[: count // 5])
    cuts = quantiles(spent, n=100)
    return (
        f"{count:,} addresses of {len({a.comune.code for a in addresses})} comuni: {100 * hits / count:.1f} % found to"
        f" the number; {cold:.0f} questions a second and processor the first time, {warm:.0f} the second."
        f" {len(spent):,} keystrokes of {count // 5} of them in a fresh index, without a comune known:"
        f" p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms, slowest {max(spent):.0f} ms of"
        f" processor (target p95 20 ms); typed to the end, {100 * first / (count // 5):.0f} % have their own"
        " door first."
    )


def _line(address: Address) -> str:
    return f"{address.street} {address.number}, {address.comune.name} ({address.comune.province})"


def _right(geocoder: GazetteerGeocoder, address: Address) -> bool:
    said = geocoder.answer(_line(address))
    return said.lat is not None and said.lon is not None and metres(said.lat, said.lon, address.lat, address.lon) < 50


def _typed(index: Path, addresses: list[Address]) -> tuple[list[float], int]:
    geocoder = GazetteerGeocoder(index)
    geocoder.index.hold_large()
    spent, first = [], 0
    for address in addresses:
        line = _line(address)
        for end in range(1, len(line) + 1):
            began = time.process_time()
            found = geocoder.complete(line[:end])
            spent.append(1_000 * (time.process_time() - began))
        first += bool(found) and metres(found[0].lat, found[0].lon, address.lat, address.lon) < 1
    return spent, first


def report(parts: list[int], *, count: int = 1_000) -> str:
    """The section as Markdown."""
    rows, said = [], ""
    with tempfile.TemporaryDirectory() as name:
        for part in parts:
            taken, index = imported(Path(name), part=part)
            rows.append(taken.shown(part))
            print(rows[-1], file=sys.stderr, flush=True)
            said = asked(index, part=part, count=count)
        each_s, each_bytes = taken.cpu_s / taken.made.numbers, taken.size / taken.made.numbers
    return "\n".join(
        [
            f"A made register in the layout of the real one; the largest comune, {taken.made.largest:,} numbers, is in"
            " every part.",
            "",
            "| of the comuni | comuni | streets | numbers | processor s | microseconds a number | seconds |"
            " MB of index | bytes a number | peak MB |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            f"Reckoned, not run, where the last row is not the whole: {NUMBERS:,} numbers at the last row's rates are"
            f" {NUMBERS * each_s / 60:.0f} minutes of one processor and {NUMBERS * each_bytes / 1e9:.2f} GB.",
            "",
            f"Against the index of the last row: {said}",
        ]
    )


def main() -> None:
    """Print the section."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parts", type=int, nargs="+", default=[20, 5])
    options.add_argument("--count", type=int, default=1_000, help="Addresses to ask for.")
    given = options.parse_args()
    print(report(given.parts, count=given.count))


if __name__ == "__main__":
    main()
