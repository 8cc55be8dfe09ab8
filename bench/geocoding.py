"""Geocoding: noisy questions about made-up towns, ours beside addok on the same index; a national import, extrapolated.

`python -m bench.geocoding` prints the section; `--gazetteer G --questions Q` asks other questions of another index
(JSON lines with the fields of `geocoding_questions.Question`), without the peer.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from bench import addok_peer
from bench.geocoding_questions import Door, Question, questions, read_questions, towns, write_register, write_streets
from fieldapp.geo.gazetteer import import_file
from fieldapp.geo.gazetteer_rows import ANNCSU_COLUMNS
from fieldapp.geo.geocoding import GazetteerGeocoder
from fieldapp.geo.numbers_along import metres

NEAR_M, QUITE_NEAR_M, SURE = 50.0, 250.0, 0.8
NATION = 27_400_000
TOWNS, STREETS, EACH = 60, 60, 400
NUMBERED = {"house_number", "interpolated"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a geocoder said, alike for ours and for the peer."""

    lat: float | None
    lon: float | None
    confidence: float
    numbered: bool
    comune: str


def share(hits: Iterable[bool]) -> str:
    """`98.5` of a list of yes and no."""
    listed = list(hits)
    return f"{100 * mean(listed):.1f}" if listed else "-"


def measured(asked: Sequence[Question], replies: Sequence[Reply]) -> dict[str, str]:
    """The figures of the table by name."""
    rows: dict[str, list[tuple[Question, Reply, float]]] = defaultdict(list)
    for question, reply in zip(asked, replies, strict=True):
        away = 1e9
        if reply.lat is not None and reply.lon is not None and question.lat is not None and question.lon is not None:
            away = metres(reply.lat, reply.lon, question.lat, question.lon)
        rows[question.category].append((question, reply, away))
    filed = rows["one noise"] + rows["two to four noises"]
    held, bare, absent = rows["number not in the index"], rows["street without numbers"], rows["no such street"]
    everything = [each for some in rows.values() for each in some]
    sure = [(r.confidence >= SURE, away > NEAR_M) for _, r, away in filed]
    return {
        "number in the index, within 50 m": share(a <= NEAR_M for _, _, a in filed),
        "two to four kinds of noise at once, within 50 m": share(a <= NEAR_M for _, _, a in rows["two to four noises"]),
        "right comune": share(r.comune == q.comune for q, r, _ in everything),
        "number not in the index, within 50 m": share(a <= NEAR_M for _, _, a in held),
        "number not in the index, within 250 m": share(a <= QUITE_NEAR_M for _, _, a in held),
        "street without numbers: right comune, no false number": share(
            r.comune == q.comune and not r.numbered for q, r, _ in bare
        ),
        "wrong and confident (>= 0.8)": share(s and wrong for s, wrong in sure),
        "answered with such confidence": share(s for s, _ in sure),
        "false house number where the street does not exist": share(r.numbered for _, r, _ in absent),
    }


def timed(asked: Sequence[Question], ask: Callable[[str], Reply]) -> tuple[list[Reply], float]:
    """All replies, and questions a second on the second pass (both sides have their caches warm)."""
    for question in asked:
        ask(question.query)
    began = time.perf_counter()
    replies = [ask(question.query) for question in asked]
    return replies, len(asked) / (time.perf_counter() - began)


def ours(geocoder: GazetteerGeocoder) -> Callable[[str], Reply]:
    """Our geocoder as the bench asks it."""

    def ask(query: str) -> Reply:
        answer = geocoder.answer(query)
        return Reply(answer.lat, answer.lon, answer.confidence, answer.quality in NUMBERED, answer.comune_code)

    return ask


def addoks(peer: addok_peer.Addok, codes: dict[str, str]) -> Callable[[str], Reply]:
    """addok as the bench asks it; its score stands for the confidence."""

    def ask(query: str) -> Reply:
        found = peer.ask(query[:200])
        if found is None:
            return Reply(None, None, 0.0, False, "")
        return Reply(
            found["lat"], found["lon"], found["score"], bool(found["number"]), codes.get(str(found["city"]), "")
        )

    return ask


def streets_of(doors: Sequence[Door], bare: dict[Any, list[str]]) -> Iterable[dict[str, Any]]:
    """The documents of the peer's index: the same streets and numbers."""
    held: dict[tuple[str, str], list[Door]] = defaultdict(list)
    for door in doors:
        if door.filed:
            held[door.comune.code, door.street].append(door)
    for (code, street), some in held.items():
        numbers = {f"{d.number} {d.suffix}".strip().lower(): {"lat": d.lat, "lon": d.lon} for d in some}
        first = some[0]
        yield {
            "id": f"{code}{street}", "type": "street", "name": street.title(), "city": first.comune.name,
            "lat": first.lat, "lon": first.lon, "importance": 0.1, "housenumbers": numbers,
        }  # fmt: skip
    for comune, names in bare.items():
        for name in names:
            yield {
                "id": f"{comune.code}{name}", "type": "street", "name": name.title(), "city": comune.name,
                "lat": comune.lat, "lon": comune.lon, "importance": 0.1,
            }  # fmt: skip


def table(columns: dict[str, tuple[dict[str, str], float]]) -> str:
    """Figures side by side, questions a second last, as multiples of addok where it ran."""
    names = list(next(iter(columns.values()))[0])
    lines = ["| figure, % | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(figures[name] for figures, _ in columns.values()) + " |" for name in names]
    lines.append("| questions a second, one process | " + " | ".join(f"{s:.0f}" for _, s in columns.values()) + " |")
    if "addok 1.3.2" in columns:
        base = columns["addok 1.3.2"][1]
        lines.append("| as a multiple of addok | " + " | ".join(f"{s / base:.1f}" for _, s in columns.values()) + " |")
    return "\n".join(lines)


def reliability(replies: Sequence[Reply], asked: Sequence[Question]) -> list[tuple[float, float, int]]:
    """For each tenth of confidence: what was said on average, what share was within 50 m, how many."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for question, reply in zip(asked, replies, strict=True):
        if reply.lat is None or reply.lon is None:
            continue
        known = question.lat is not None and question.lon is not None
        near = known and metres(reply.lat, reply.lon, question.lat or 0.0, question.lon or 0.0) <= NEAR_M
        bins[min(int(reply.confidence * 10), 9)].append((reply.confidence, near))
    return [(mean(c for c, _ in some), mean(n for _, n in some), len(some)) for _, some in sorted(bins.items())]


def diagram(bins: Sequence[tuple[float, float, int]]) -> str:
    """The reliability of the confidence as an SVG picture: what was said across, what was right up."""
    size, edge = 360, 50
    dots = "".join(
        f'<circle cx="{edge + said * size:.1f}" cy="{edge + size - right * size:.1f}" r="{2 + count**0.5 / 8:.1f}"'
        f' fill="#1d5fa8" fill-opacity="0.75"><title>{said:.2f} / {right:.2f} / {count}</title></circle>'
        for said, right, count in bins
    )
    ticks = "".join(
        f'<text x="{edge + t * size / 5}" y="{edge + size + 18}" text-anchor="middle">{t / 5:.1f}</text>'
        f'<text x="{edge - 8}" y="{edge + size - t * size / 5 + 4}" text-anchor="end">{t / 5:.1f}</text>'
        for t in range(6)
    )
    whole = size + 2 * edge
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" font-family="sans-serif"'
        ' font-size="12">'
        f'<rect width="{whole}" height="{whole}" fill="#fff"/>'
        f'<rect x="{edge}" y="{edge}" width="{size}" height="{size}" fill="none" stroke="#999"/>'
        f'<path d="M{edge} {edge + size}L{edge + size} {edge}" stroke="#999" stroke-dasharray="4 4"/>{dots}{ticks}'
        f'<text x="{whole / 2}" y="{whole - 10}" text-anchor="middle">confidence said</text>'
        f'<text x="{whole / 2}" y="30" text-anchor="middle">share within 50 m of the door</text></svg>\n'
    )


def keystrokes(geocoder: GazetteerGeocoder, doors: Sequence[Door], *, addresses: int) -> str:
    """Addresses typed letter by letter, the comune known and not: milliseconds a keystroke."""
    spent: list[float] = []
    first = 0
    for door in random.Random(8).sample([door for door in doors if door.filed and not door.suffix], addresses):
        line = f"{door.street} {door.number}, {door.comune.name} ({door.comune.province})"
        for near in ((door.comune.lat, door.comune.lon), None):
            for end in range(1, len(line) + 1):
                began = time.perf_counter()
                found = geocoder.complete(line[:end], near=near)
                spent.append(1000 * (time.perf_counter() - began))
            first += bool(found) and metres(found[0].lat, found[0].lon, door.lat, door.lon) < 1
    cuts = quantiles(spent, n=100)
    return (
        f"Autocomplete, one process: {len(spent):,} keystrokes of {addresses} addresses, each typed with and without"
        f" its comune known: p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms (target 20 ms),"
        f" slowest {max(spent):.0f} ms, where a comune's streets are read for the first time. Typed to the end,"
        f" {100 * first / (2 * addresses):.1f} % have their own door first."
    )


def national(folder: Path, *, rows: int) -> str:
    """A synthetic indirizzario of so many rows by the command line: seconds, bytes and memory, times the nation."""
    file = folder / "INDIR_ITA.csv"
    doors = towns(seed=9, comuni=max(rows // 30_000, 1), streets=90)
    base = [door for door in doors if door.filed]
    with file.open("w", encoding="utf-8") as out:
        out.write(";".join(ANNCSU_COLUMNS) + "\n")
        written, turn = 0, 0
        while written < rows:
            turn += 1
            for door in sorted(base, key=lambda d: d.comune.code)[: rows - written]:
                x, y = (f"{value:.7f}".replace(".", ",") for value in (door.lon, door.lat))
                street = f"{door.street} {turn}"
                out.write(
                    f"{door.comune.code};;{street};;{street};;;;{written};;{door.number};{door.suffix};;;;{x};{y};;3\n"
                )
                written += 1
    command = [
        sys.executable,
        "-m",
        "fieldapp",
        "gazetteer",
        "import",
        str(file),
        "--gazetteer",
        str(folder / "nation"),
    ]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    assert status == 0
    size = (folder / "nation").stat().st_size
    times = NATION / rows
    return (
        f"National import, measured on {rows:,} synthetic rows of the register's layout: {took:.0f} s, "
        f"{size / 1e6:.0f} MB, peak memory {used.ru_maxrss / 1024:.0f} MB. In proportion, {NATION:,} rows take "
        f"{took * times / 60:.0f} min and {size * times / 1e9:.1f} GB; memory follows the largest comune, not the"
        " nation. This is an extrapolation: the whole was not run."
    )


def report(*, rows: int = 1_000_000, picture: Path | None = None) -> str:
    """The section as Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        doors = towns(seed=4, comuni=TOWNS, streets=STREETS)
        more = towns(seed=5, comuni=4 * TOWNS, streets=STREETS)
        taken = {door.comune.code for door in doors}
        names: dict[Any, set[str]] = defaultdict(set)
        for door in more:
            if door.comune.code not in taken:
                names[door.comune].add(door.street)
        bare = {comune: sorted(streets) for comune, streets in names.items()}
        write_register(folder / "INDIR.csv", doors)
        write_streets(folder / "STRAD.csv", {comune.code: streets for comune, streets in bare.items()})
        for file in ("INDIR.csv", "STRAD.csv"):
            import_file(folder / file, folder / "gazetteer", format="anncsu")
        asked = questions(doors, bare, seed=6, each=EACH)
        columns, bins = _columns(folder, doors, bare, asked)
        if picture:
            picture.write_text(diagram(bins), encoding="utf-8")
        typed = keystrokes(GazetteerGeocoder(folder / "gazetteer"), doors, addresses=200)
        nation = national(folder, rows=rows)
    filed = sum(door.filed for door in doors)
    streets = sum(map(len, bare.values()))
    return "\n".join(
        [
            f"{len(asked):,} questions about made-up streets of real comuni: {filed:,} numbers of {TOWNS} comuni and "
            f"{streets:,} streets without numbers in the index, one number in twelve kept out of it. Both sides have "
            "the same index, the same questions and warm caches; addok knows our abbreviations as synonyms.",
            "",
            table(columns),
            "",
            "Confidence said and share within 50 m: "
            + "; ".join(f"{said:.2f} → {right:.2f} ({count})" for said, right, count in bins),
            "",
            typed,
            "",
            nation,
        ]
    )


def _columns(
    folder: Path, doors: Sequence[Door], bare: dict[Any, list[str]], asked: Sequence[Question]
) -> tuple[dict[str, tuple[dict[str, str], float]], list[tuple[float, float, int]]]:
    geocoder = GazetteerGeocoder(folder / "gazetteer")
    replies, speed = timed(asked, ours(geocoder))
    columns = {"fieldapp": (measured(asked, replies), speed)}
    if addok_peer.is_there():
        codes = {door.comune.name: door.comune.code for door in doors} | {c.name: c.code for c in bare}
        with addok_peer.server() as port:
            peer = addok_peer.Addok(port, streets_of(doors, bare), folder)
            said, pace = timed(asked, addoks(peer, codes))
            columns["addok 1.3.2"] = (measured(asked, said), pace)
    return columns, reliability(replies, asked)


def main() -> None:
    """Print the section, or the figures of other files."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gazetteer", type=Path)
    options.add_argument("--questions", type=Path)
    options.add_argument("--rows", type=int, default=1_000_000, help="Of the synthetic national import.")
    options.add_argument("--picture", type=Path, help="Write the reliability diagram (SVG) there.")
    given = options.parse_args()
    if given.gazetteer and given.questions:
        asked = read_questions(given.questions)
        replies, speed = timed(asked, ours(GazetteerGeocoder(given.gazetteer)))
        print(table({"fieldapp": (measured(asked, replies), speed)}))
        return
    print(report(rows=given.rows, picture=given.picture))


if __name__ == "__main__":
    main()
