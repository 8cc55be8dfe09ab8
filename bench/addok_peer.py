"""addok 1.3.2 as a peer: its own Redis server on a free port, the same streets, the abbreviations it should know.

Runs only where its packages (dependency group `bench`) and Debian's `redis-server` are there.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fieldapp.geo.street_words import NAME_WORDS, STREET_TYPES


def is_there() -> bool:
    """Whether addok and a Redis server are installed."""
    return find_spec("addok") is not None and shutil.which("redis-server") is not None


@contextmanager
def server() -> Iterator[int]:
    """A Redis server that keeps nothing, on a free port; ended by its own process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        try:
            time.sleep(1.0)
            yield port
        finally:
            process.terminate()
            process.wait()


def flag_house_numbers(tokens: Iterable[Any]) -> Iterator[Any]:
    """What addok leaves to each country: which tokens are a house number. Up to four digits, and a letter behind."""
    before: Any = None
    for token in tokens:
        number = token.isdigit() and len(token) < 5
        letter = len(token) == 1 and token.isalpha() and before is not None and before.kind == "housenumber"
        if number or (letter and before.isdigit()):
            token.kind = "housenumber"
        yield token
        before = token


class Addok:
    """addok with an index of its own."""

    def __init__(self, port: int, streets: Iterable[dict[str, Any]], folder: Path) -> None:
        synonyms = folder / "synonyms.txt"
        lines = [
            f"{short.lower()} => {name.lower()}" for name, all_short in STREET_TYPES.items() for short in all_short
        ]
        lines += [f"{short.lower()} => {name.lower()}" for short, name in NAME_WORDS.items()]
        synonyms.write_text("\n".join(line for line in lines if len(line.split("=>")[0].split()) == 1) + "\n")
        settings = folder / "addok_settings.py"
        processors = ("helpers.text.tokenize", "helpers.text.normalize", "", "helpers.text.synonymize")
        paths = [f"addok.{name}" if name else "bench.addok_peer.flag_house_numbers" for name in processors]
        settings.write_text(
            f"SYNONYMS_PATHS = [{str(synonyms)!r}]\nLOG_DIR = {str(folder)!r}\nPROCESSORS_PYPATHS = {paths!r}\n"
        )
        os.environ |= {"REDIS_PORT": str(port), "ADDOK_CONFIG_MODULE": str(settings)}
        with redirect_stdout(sys.stderr):  # it says what it loads
            import_module("addok.config").config.load()
        process = import_module("addok.batch").process_documents
        batch: list[str] = []
        for street in streets:
            batch.append(json.dumps(street))
            if len(batch) >= 500:
                process(*batch)
                batch = []
        process(*batch)
        self._search = import_module("addok.core").search

    def ask(self, query: str) -> dict[str, Any] | None:
        """The best answer as `lat lon score number city`; None where there is none."""
        found = self._search(query, limit=1)
        if not found:
            return None
        best = found[0]
        number = getattr(best, "housenumber", None)
        return {
            "lat": float(best.lat),
            "lon": float(best.lon),
            "score": best.score,
            "number": number,
            "city": best.city,
        }
