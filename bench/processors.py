"""Processor time of processes that are not ours to wait for, from `/proc`."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_cluster(home: Path) -> float:
    """Processor seconds that the database server under `home` has used, its ended backends included."""
    file = home / "pg" / "postmaster.pid"
    if not file.exists():
        return 0.0
    postmaster = int(file.read_text().split()[0])
    used = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid, parent = int(process.name), int(fields[1])
        if pid == postmaster:
            used += sum(map(int, fields[11:15]))
        elif parent == postmaster:
            used += sum(map(int, fields[11:13]))
    return used / _TICKS
