"""The fault test of phones and office at length; a signal ends what is under way, and it says how many steps were run.

    python scripts/soak_phones.py [--steps 1000000] [--seconds 28800]

Beside the terminal's own group, for a signal to the whole group would end the office in the middle of a step.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PWA = Path(__file__).parents[1] / "fieldapp" / "pwa"


def main() -> int:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--steps", type=int, default=1_000_000)
    said.add_argument("--seconds", type=int, help="of all parts together")
    wanted = said.parse_args()
    with tempfile.TemporaryDirectory() as place:
        stop = Path(place) / "stop"
        limit = {} if wanted.seconds is None else {"FIELDAPP_FAULT_SECONDS": str(wanted.seconds)}
        # The office that the phones speak to is a process of this Python.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        told = {"PATH": path, "FIELDAPP_FAULT_STEPS": str(wanted.steps), "FIELDAPP_FAULT_STOP": str(stop), **limit}
        command = ["npx", "vitest", "run", "src/outbox/faults.test.ts"]
        running = subprocess.Popen(command, cwd=PWA, env={**os.environ, **told}, start_new_session=True)

        def cut(number: int, _frame: object) -> None:
            if stop.exists():
                os.killpg(running.pid, signal.SIGKILL)
            print(f"cut by {signal.Signals(number).name}: ending what is under way", file=sys.stderr, flush=True)
            stop.touch()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, cut)
        return running.wait()


if __name__ == "__main__":
    sys.exit(main())
