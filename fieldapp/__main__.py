"""The first lines that run. Some commands need nothing of the service, whose import alone takes seconds."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

_ROOMS = {"fieldapp.address_commands": ("geocode", "gazetteer"), "fieldapp.basemap_commands": ("basemap",)}


def main() -> None:
    """Hand the command over to the room that knows it."""
    if sys.argv[1:2] == ["solve"]:
        _solve()
    for room, names in _ROOMS.items():
        if sys.argv[1:2] and sys.argv[1] in names:
            command = getattr(import_module(room), sys.argv[1])
            command.main(sys.argv[2:], prog_name=f"fieldapp {sys.argv[1]}")
    import_module("fieldapp.cli").main(prog_name="fieldapp")


def _solve() -> NoReturn:
    """Ends without taking the interpreter down piece by piece: with compiled code loaded that takes half a second."""
    try:
        import_module("fieldapp.solving").solve(sys.argv[2:], prog_name="fieldapp solve")
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    os._exit(0)


if __name__ == "__main__":
    main()
