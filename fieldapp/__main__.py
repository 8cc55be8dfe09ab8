"""The first lines that run. Some commands need nothing of the service, whose import alone takes seconds."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn

_COMMANDS = {
    "geocode": ("fieldapp.address_commands", "geocode"),
    "gazetteer": ("fieldapp.address_commands", "gazetteer"),
    "basemap": ("fieldapp.basemap_commands", "basemap"),
    "import": ("fieldapp.importing", "import_command"),
}
"""Commands that need nothing of the service: where each stands."""


def main() -> None:
    """Hand the command over to the room that knows it."""
    if sys.argv[1:2] == ["solve"]:
        _solve()
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in _COMMANDS:
        room, command = _COMMANDS[name]
        getattr(import_module(room), command).main(sys.argv[2:], prog_name=f"fieldapp {name}")
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
