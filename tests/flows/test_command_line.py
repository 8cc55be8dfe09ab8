"""`fieldapp import` and `fieldapp found` as an operator runs them, on a database server given by its address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fieldapp.cli import main
from fieldapp.store import setup
from fieldapp.store.embedded import Cluster
from tests.conftest import setup_user
from tests.flows.creditor_file import LAYOUT, file_of, row

SUMMARY = [
    "accepted",
    "rejected",
    "refused",
    "accepted_cents",
    "rejected_cents",
    "reasons",
    "warnings",
    "rejects_file",
    "store_practices",
    "store_cents",
]


@pytest.fixture
def environment(cluster: Cluster, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An empty database on a server that is not ours to start, as an operator's settings name it."""
    name = f"by_address_{os.getpid()}_{tmp_path.name.lower().replace('-', '_')}"
    admin = cluster.url(setup_user(), "postgres")
    setup.create_database(admin, name)
    yield {
        "FIELDAPP_DATABASE_URL": cluster.url(setup.APP, name),
        "FIELDAPP_OWNER_DATABASE_URL": cluster.url(setup.OWNER, name),
        "FIELDAPP_HOME": str(tmp_path / "home"),
    }
    setup.drop_database(admin, name)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "rate.csv"
    file.write_bytes(file_of(row("P-1", cents=100_000), row("P-2", cents=50_000) | {"Scadenza": "31/02/2026"}))
    return file


def run(environment: dict[str, str], *arguments: object, **options: Any) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment, **options)


def summary(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout.splitlines()[-1]))


def test_a_bare_house_takes_a_file_and_prints_its_summary_as_the_last_line(
    environment: dict[str, str], good: Path
) -> None:
    command = [sys.executable, "-m", "fieldapp", "import", str(good), "--layout", LAYOUT, "--json"]

    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert list(said) == SUMMARY
    assert (said["accepted"], said["rejected"], said["refused"]) == (1, 1, False)
    assert (said["accepted_cents"], said["rejected_cents"]) == (100_000, 50_000)
    assert (said["store_practices"], said["store_cents"]) == (1, 100_000)
    assert "P-2" in Path(said["rejects_file"]).read_text(encoding="cp1252")
    again = summary(run(environment, "import", good, "--layout", LAYOUT, "--json"))
    assert (again["store_practices"], again["store_cents"]) == (1, 100_000)


REFUSED = [
    # nothing at all
    b"",
    # another kind of file under the right name
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
    # headings that are not the layout's
    b"a;b;c\n1;2;3\n",
    # a password: what Office writes then is no ZIP
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
]


@pytest.mark.parametrize("content", REFUSED)
def test_a_refusal_is_a_summary_and_no_fault(environment: dict[str, str], tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "rate.csv"
    file.write_bytes(content)

    said = summary(run(environment, "import", file, "--layout", LAYOUT, "--json"))

    assert list(said) == SUMMARY
    assert said["refused"] is True
    assert len(said["reasons"]) == 1
    assert (said["accepted"], said["store_practices"], said["store_cents"]) == (0, 0, 0)


def test_a_layout_that_is_not_there_is_a_fault_and_names_those_that_are(
    environment: dict[str, str], good: Path
) -> None:
    result = run(environment, "import", good, "--layout", "fantasia", "--json")

    assert result.exit_code != 0
    assert LAYOUT in result.stderr


def test_a_house_is_founded_once_and_its_administrator_can_sign_in(environment: dict[str, str]) -> None:
    options = ("--login", "livia", "--name", "Livia Tresoldi")

    short = run(environment, "found", "Agenzia Nuova", *options, "--password", "corta")
    first = run(environment, "found", "Agenzia Nuova", *options, "--password", "una frase lunga")
    second = run(environment, "found", "Altra", *options, "--password", "una frase lunga")

    assert (short.exit_code, first.exit_code, second.exit_code) == (2, 0, 2)
    assert "house.password_too_short" in short.stderr
    assert "house.founded_already" in second.stderr


def test_the_import_loads_neither_the_web_service_nor_the_planner() -> None:
    """A third of the ten seconds and of the memory that a file may take would be gone before its first row is read."""
    command = [sys.executable, "-X", "importtime", "-m", "fieldapp", "import", "--help"]

    asked = subprocess.run(command, capture_output=True, text=True, check=True)

    loaded = {line.rpartition("|")[2].strip() for line in asked.stderr.splitlines()}
    assert "fieldapp.services.intake" in loaded
    assert not {"litestar.app", "numba", "ortools"} & loaded
