"""A Valhalla on the premises: roads built once from a map, and a worker process that answers over a pipe.

No position leaves the machine. The worker is started by the first question, again when it died, and is ended when it
takes longer than it is given.
"""

from __future__ import annotations

import json
import logging
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.travel.matrices import ServerFailed
from fieldapp.geo.travel.valhalla import ValhallaEngine

log = logging.getLogger("fieldapp.travel")

OLDEST = (3, 12)
"""The package has no wheels for anything older."""
WORKER = "fieldapp.geo.travel.valhalla_worker"
MOST_PAIRS = 40_000
_SUMMARY = "roads.json"
_TRIES = 2


@dataclass(frozen=True, slots=True)
class RoadsSummary:
    """What was built: from which file, when, and how large it is."""

    source: str
    built_at: str
    tiles: int
    bytes: int


def missing() -> Refusal | None:
    """What this Python lacks for a Valhalla of our own: `travel.needs_python`, `travel.needs_extra`, or nothing."""
    if sys.version_info < OLDEST:
        python = ".".join(map(str, sys.version_info[:2]))
        return Refusal("travel.needs_python", kind=Kind.UNSUPPORTED, details={"python": python})
    if find_spec("valhalla") is None:
        return Refusal("travel.needs_extra", kind=Kind.UNSUPPORTED)
    return None


def build(file: Path, place: Path, *, now: datetime, say: Callable[[str], None]) -> RoadsSummary:
    """Build the roads of `file` (.osm.pbf) into the folder `place`; those of before stay until the new ones are whole.

    Raises Refusal `travel.needs_python`, `travel.needs_extra`, `travel.build_failed` (the builder's own last words).
    """
    if (lacking := missing()) is not None:
        raise lacking
    staging = place.with_name(f".{place.name}-new")
    shutil.rmtree(staging, ignore_errors=True)
    say(f"building roads from {file.name}")
    command = [sys.executable, "-m", WORKER, "build", str(file), str(staging)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        tiles = list(staging.rglob("*.gph"))
        if done.returncode or not tiles:
            words = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise Refusal(
                "travel.build_failed",
                kind=Kind.MALFORMED,
                details={"file": file.name, "why": (words or ["no road in it"])[-1][:200]},
            )
        size = sum(tile.stat().st_size for tile in tiles)
        summary = RoadsSummary(file.name, now.isoformat(timespec="seconds"), len(tiles), size)
        (staging / _SUMMARY).write_text(json.dumps(asdict(summary)))
        old = place.with_name(f".{place.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            place.rename(old)
        staging.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return summary


def describe(place: Path) -> RoadsSummary:
    """Raises Refusal `travel.no_roads`."""
    try:
        return RoadsSummary(**json.loads((place / _SUMMARY).read_text()))
    except (OSError, ValueError, TypeError):
        raise Refusal("travel.no_roads", kind=Kind.MISSING, details={"place": str(place)}) from None


def remove(place: Path) -> bool:
    """Whether there were any."""
    there = place.exists()
    shutil.rmtree(place, ignore_errors=True)
    return there


class Worker:
    """Carries questions to a worker process, one at a time; `home` names the roads, so that kept answers are theirs."""

    def __init__(self, command: Sequence[str], *, home: str) -> None:
        self.home = home
        self._command = list(command)
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._number = 0

    def ask(self, path: str, *, body: Any = None, within_s: float) -> tuple[int, Any]:
        """Status and answer, as a server has them. Raises ServerFailed."""
        assert path == "/sources_to_targets"
        with self._one_at_a_time:
            for _ in range(_TRIES):
                self._number += 1
                line = self._exchange(json.dumps({"id": self._number, "body": body}) + "\n", within_s)
                if line is not None:
                    return _understood(line, self._number)
        raise ServerFailed("away", "the worker ends by itself")

    def close(self) -> None:
        """End the worker; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _exchange(self, question: str, within_s: float) -> str | None:
        """The worker's line, or None where it died."""
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write(question)
            process.stdin.flush()
            line = self._lines.get(timeout=within_s)
        except queue.Empty:
            # It cannot be told to stop thinking.
            self.close()
            raise ServerFailed("late", "the worker takes too long") from None
        except (OSError, ValueError):
            line = None
        if line is None:
            log.warning("the worker for roads died with code %s", process.wait())
            self._process = None
        return line

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            try:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            except OSError as broken:
                raise ServerFailed("away", str(broken)) from broken
            self._lines = queue.Queue()
            threading.Thread(target=_read, args=(self._process, self._lines), daemon=True, name="roads").start()
        return self._process


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _understood(line: str, number: int) -> tuple[int, Any]:
    try:
        said = json.loads(line)
        if said["id"] != number:
            raise ValueError
        return int(said["status"]), said["body"]
    except (ValueError, KeyError, TypeError):
        raise ServerFailed("nonsense", line) from None


def engine_at(place: Path, *, costing: str = "auto") -> ValhallaEngine:
    """The engine over the roads at `place`. Where they or Python lack something it says so once, and is away."""
    command = [sys.executable, "-m", WORKER, "serve", str(place)]
    home = "none"
    try:
        built = describe(place)
        home = f"{built.built_at} {built.bytes}"
        if (lacking := missing()) is not None:
            raise lacking
    except Refusal as refusal:
        log.warning("no roads of our own: %s %s", refusal.code, dict(refusal.details))
        command = [str(place / "nothing")]
    return engine_over(Worker(command, home=home), costing=costing)


def engine_over(worker: Worker, *, costing: str = "auto") -> ValhallaEngine:
    """The engine that asks `worker`."""
    return ValhallaEngine(worker, costing=costing, most_pairs=MOST_PAIRS, at_once=1, name="premises")
