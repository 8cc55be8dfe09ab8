"""Processor time and memory of other processes, from `/proc`."""

from __future__ import annotations

import os
import re
import threading
import time
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


def cpu_of(pid: int) -> float:
    """Processor seconds that a running process has used, its children not."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / _TICKS


def cpu_of_children(pid: int) -> float:
    """Processor seconds that the running processes begun by this one have used."""
    used = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            used += sum(map(int, fields[11:13]))
    return used / _TICKS


class PeakMemory:
    """The most memory that a process has held since it began, looked at until it ends."""

    def __init__(self, pid: int) -> None:
        self.mb = 0.0
        self._status = Path(f"/proc/{pid}/status")
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text())
            except OSError:
                return
            if found is None:
                return
            self.mb = int(found[1]) / 1024
            time.sleep(0.02)
