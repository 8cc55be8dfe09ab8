"""`fieldapp solve` as an operator runs it: a process of its own, a file in, a file out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_day, read_plan
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.search import prepare
from fieldapp.solving import seconds_left


def solved(folder: Path, day: dict[str, Any], *more: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    (folder / "problem.json").write_text(json.dumps(day))
    out = folder / "plan.json"
    command = [sys.executable, "-m", "fieldapp", "solve", str(folder / "problem.json"), "-o", str(out), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False), out


def test_a_bad_item_is_told_in_words_and_the_rest_is_planned(tmp_path: Path) -> None:
    day = made_up_day(2, 12, seed=1)
    day["visits"][3]["tw"] = [[50_000, 40_000]]
    day["visits"][4]["pin"] = 9

    done, out = solved(tmp_path, day, "--seconds", "0.3", "--language", "en")

    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    plan = json.loads(out.read_text())
    assert lines == plan["faults"]
    assert [line["code"] for line in lines] == ["problem.window_reversed", "problem.no_window", "problem.unknown_pin"]
    assert lines[0]["text"].startswith("The window in visits[3].tw[0] ends before it starts")
    assert plan["served"] > 5
    assert judge(read_day(day).problem, read_plan(plan)).broken == ()


def test_a_document_that_holds_no_day_is_refused_in_words(tmp_path: Path) -> None:
    done, out = solved(tmp_path, {"agents": 5})

    assert done.returncode == 2
    assert "planning.field_missing" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(("gone_s", "searched_s"), [(0.0, 1.0), (0.8, 1.0), (1.0, 0.85), (1.5, 0.35), (60.0, 0.05)])
def test_a_slow_start_is_taken_from_the_search(gone_s: float, searched_s: float) -> None:
    """N seconds end within N + 10 % + 1 s of the start of the process."""
    assert seconds_left(1.0, places=0, gone_s=gone_s) == pytest.approx(searched_s)


def test_who_waits_for_the_processor_keeps_as_many_times_as_long_for_the_ending() -> None:
    assert seconds_left(10.0, places=160, gone_s=4.0, starved=10.0) == pytest.approx(12.0 - 4.0 - 10 * (0.25 + 0.016))


def test_a_fresh_process_compiles_nothing_of_the_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of a start that is too slow: what the machine's set-up compiled is loaded, not made again.

    The process itself is asked: beside it, other tests compile other cores into the same folder.
    """
    prepare()
    monkeypatch.setenv("NUMBA_DEBUG_CACHE", "1")

    done, out = solved(tmp_path, made_up_day(10, 150, seed=1), "--seconds", "1")

    assert done.returncode == 0
    assert json.loads(out.read_text())["iterations"] > 0
    assert "data loaded from" in done.stdout
    assert "data saved to" not in done.stdout


def test_planning_a_file_loads_nothing_of_the_service() -> None:
    """The service's libraries alone take longer to load than the second that a start may take."""
    loaded = "import sys, fieldapp.solving; print(*sys.modules)"

    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()

    assert not {"litestar", "sqlalchemy", "fieldapp.store", "fieldapp.services", "fieldapp.cli"} & set(names)
