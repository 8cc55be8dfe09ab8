"""`bench/RESULTS.md`: one section a bench, each with the size of the machine, the Python and the day it was run on."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = (
    "# Measurements\n\nWritten by `make bench`; `python -m bench NAME ...` writes single sections anew. Compare ratios"
    " within a section: both sides ran in the same minutes on the same machine.\n"
)


def machine() -> str:
    """Cores, memory, Python and how busy the machine was; nothing that names it."""
    memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cores = len(os.sched_getaffinity(0))
    return (
        f"{datetime.now(UTC):%d %B %Y} · {cores} cores ({platform.machine()}), {memory_gb:.0f} GB memory · "
        f"Python {platform.python_version()} · load before the run {os.getloadavg()[0]:.1f}"
    )


def write_section(title: str, body: str, *, stamp: str, path: Path = RESULTS) -> None:
    """Replace the section `title`, or add it at the end; the others stay as they are."""
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    section = f"## {title}\n\n{stamp}\n\n{body.strip()}\n"
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    if found:
        tail = text[found.end() :]
        text = text[: found.start()] + section + ("\n" if tail else "") + tail
    else:
        text = text.rstrip("\n") + "\n\n" + section
    path.write_text(text, encoding="utf-8")
