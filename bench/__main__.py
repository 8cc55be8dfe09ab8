"""`python -m bench [NAME ...]`: measurements side by side, each written as a section of `bench/RESULTS.md`.

Another bench joins by a line in `BENCHES`: a name for the command, a title, and a function that returns Markdown.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from bench import first_load, importing, service
from bench.results import machine, write_section

PHONE: list[str] = []
"""Options of `bench.phone`: `--runs=3`, `--days=1`."""
PLANNING = ("--seconds", "2", "--seeds", "1", "--sizes", "10x150")


def planning() -> str:
    """The planner's own table."""
    return _apart("planning", *PLANNING)


def conduct() -> str:
    """The rules' own table."""
    return _apart("conduct")


def national() -> str:
    """The national day's own table."""
    return _apart("national")


def geocoding() -> str:
    """The geocoder's own table and picture."""
    return _apart("geocoding", "--picture", "docs/confidence.svg")


def national_index() -> str:
    """The index of a nation, from a twentieth and a fifth of it; `python -m bench.national_index --parts 1` is all."""
    return _apart("national_index")


def money() -> str:
    """The hold's and the ledger's own table."""
    return _apart("money")


def _apart(name: str, *options: str) -> str:
    """What a bench prints, from a process of its own so that nothing compiled or remembered here helps it."""
    command = ["-m", f"bench.{name}", *options]
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    return f"`python {' '.join(command)}`\n\n{done.stdout.strip()}"


def phone() -> str:
    """The phone's own table, from a process of its own because the browser's driver keeps a loop running."""
    command = [sys.executable, "-m", "bench.phone", *PHONE]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return f"`{' '.join(command[1:])}`\n\n{done.stdout.strip()}"


def live() -> str:
    """The desk's own table, from a process of its own because the browser's driver keeps a loop running."""
    return _apart("live")


def board() -> str:
    """The dispatcher's own table, from a process of its own because the browser's driver keeps a loop running."""
    return _apart("board")


def appointments() -> str:
    """The table of windows, from a process of its own because the province is loaded in loops of its own."""
    return _apart("appointments")


def learning() -> str:
    """The tables of what learning is worth: where visits end the day, and where the shift does."""
    return f"{_apart('learning')}\n\n{_apart('learning', '--most', '24', '--weeks', '4')}"


def office() -> str:
    """The back office's own table, at a size that loads in some minutes; `python -m bench.office` takes another."""
    return _apart("office", "--practices", "20000", "--webhooks", "20000")


BENCHES: dict[str, tuple[str, Callable[[], str]]] = {
    "service": ("Service", service.report),
    "import": ("Import", importing.report),
    "geocoding": ("Geocoding", geocoding),
    "national-index": ("The index of a nation", national_index),
    "first-load": ("First load of the phone app", first_load.report),
    "phone": ("Phone", phone),
    "board": ("The dispatcher's board", board),
    "live": ("From the phone to the open practice file", live),
    "money": ("Money", money),
    "office": ("Back office over many practices", office),
    "planning": ("Day plans", planning),
    "national": ("A national day", national),
    "conduct": ("Rules of conduct", conduct),
    "appointments": ("Windows to promise on the phone", appointments),
    "learning": ("What learning is worth", learning),
}


def main() -> None:
    """Run the benches that the command names, or all; what begins with a dash is for the phone's."""
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(BENCHES)
    PHONE.extend(name for name in sys.argv[1:] if name.startswith("-"))
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.exit(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    for name in names:
        title, report = BENCHES[name]
        stamp, body = machine(), report()
        write_section(title, body, stamp=stamp)
        print(f"## {title}\n\n{stamp}\n\n{body}\n", flush=True)


if __name__ == "__main__":
    main()
