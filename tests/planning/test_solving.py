"""`fieldapp solve` as an operator runs it: a process of its own, a file in, a file out."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from fieldapp.planning.checker import judge
from fieldapp.planning.files import read_day, read_plan
from fieldapp.planning.instances import made_up_day
from fieldapp.planning.search import prepare


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


def test_a_second_of_planning_takes_two_in_a_fresh_process(tmp_path: Path) -> None:
    """CPU time, so that a busy machine does not matter; the core is compiled when a machine is set up."""
    prepare()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    solved(tmp_path, made_up_day(10, 150, seed=1), "--seconds", "1")

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1 + 0.1 + 1


def test_planning_a_file_loads_nothing_of_the_service() -> None:
    """The service's libraries alone take longer to load than the second that a start may take."""
    loaded = "import sys, fieldapp.solving; print(*sys.modules)"

    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()

    assert not {"litestar", "sqlalchemy", "fieldapp.store", "fieldapp.services", "fieldapp.cli"} & set(names)
