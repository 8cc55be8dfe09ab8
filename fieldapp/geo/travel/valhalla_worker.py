"""The process in which a Valhalla on the premises lives: builds tiles, or answers questions line by line.

`build FILE FOLDER` makes tiles; `serve FOLDER` reads one JSON question a line and writes one JSON answer a line until
its input ends. A process of its own, because a library written in C++ may end its process, and because it is there
only for Python 3.12 and newer. It reaches no network.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

MOST_PAIRS = 40_000
_CUT_OFF = {"unconnected": 170, "No suitable edges": 171}
"""How the library says what the server has codes for."""


def configured(folder: Path) -> dict[str, Any]:
    """Valhalla's own defaults over `folder`, for matrices of many pairs: the simple expansion takes a quarter of the
    time of the default one there."""
    config: dict[str, Any] = import_module("valhalla").get_config(tile_extract="", tile_dir=folder)
    config["mjolnir"] |= {"admin": "", "timezone": "", "concurrency": os.cpu_count() or 1}
    config["thor"]["source_to_target_algorithm"] = "timedistancematrix"
    for costing in config["service_limits"].values():
        if isinstance(costing, dict) and "max_matrix_location_pairs" in costing:
            costing["max_matrix_location_pairs"] = MOST_PAIRS
    return config


def build(file: Path, folder: Path) -> int:
    """Tiles of the map in `file`; the code with which Valhalla's own builder ended."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "valhalla.json"
    path.write_text(json.dumps(configured(folder)))
    builder = Path(str(import_module("valhalla").__file__)).parent / "bin" / "valhalla_build_tiles"
    return subprocess.run(
        [builder, "-c", path, file], stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
    ).returncode


def serve(folder: Path, questions: TextIO, answers: TextIO) -> None:
    """Answer until the questions end."""
    actor = import_module("valhalla").Actor(configured(folder))
    for line in questions:
        asked = json.loads(line)
        status, body = _answered(actor, asked["body"])
        answers.write(json.dumps({"id": asked["id"], "status": status, "body": body}) + "\n")
        answers.flush()


def _answered(actor: Any, body: dict[str, Any]) -> tuple[int, Any]:
    try:
        return 200, actor.matrix(body)
    except Exception as refused:
        said = str(refused)
        code = next((code for words, code in _CUT_OFF.items() if words in said), 0)
        return 400, {"error": said[:200], "error_code": code}


def main() -> None:
    """Whatever the library prints goes to the error stream: the other one is for answers."""
    if sys.argv[1] == "build":
        sys.exit(build(Path(sys.argv[2]), Path(sys.argv[3])))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(Path(sys.argv[2]), sys.stdin, answers)


if __name__ == "__main__":
    main()
