"""The geocoder at the command line: lines in, lines out, in order, whatever they hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fieldapp.address_commands import gazetteer, geocode
from tests.geo.builders import street, write_anncsu


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    file = write_anncsu(folder / "INDIR.csv", *street("VIA ROMA", range(1, 21)))
    done = CliRunner().invoke(gazetteer, ["import", str(file), "--gazetteer", str(folder / "g")])
    assert json.loads(done.output)["house_numbers"] == 20
    return folder / "g"


def ask(index: Path, *lines: bytes) -> list[dict[str, object]]:
    done = CliRunner().invoke(geocode, ["--jsonl", "--gazetteer", str(index)], input=b"\n".join(lines))
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


def test_an_answer_has_the_promised_fields(index: Path) -> None:
    (found,) = ask(index, json.dumps({"id": "a", "query": "Via Roma 3, Lodi"}).encode())

    assert set(found) == {"id", "lat", "lon", "confidence", "quality", "comune", "label", "why"}
    assert (found["id"], found["quality"], found["comune"]) == ("a", "house_number", "Lodi")


BAD_LINES = [
    # no JSON
    b"Via Roma 3, Lodi",
    # JSON, but no object
    b'["Via Roma 3"]',
    # no question
    b'{"id": 1}',
    # a question that is no text
    b'{"id": 1, "query": 12}',
    # bytes that are no UTF-8
    b'{"id": 1, "query": "\xff\xfe"}',
    # half a surrogate pair
    b'{"id": 1, "query": "\\ud83d"}',
    # deeper than any parser goes
    b"[" * 100_000,
    # ten thousand characters
    json.dumps({"id": 1, "query": "Via Roma " * 1_200}).encode(),
    # nothing asked
    b'{"id": 1, "query": ""}',
]


@pytest.mark.parametrize("line", BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_is_answered_with_none_and_a_reason_and_the_next_one_goes_on(index: Path, line: bytes) -> None:
    bad, good = ask(index, line, b'{"id": 2, "query": "Via Roma 3, Lodi"}')

    assert (bad["quality"], bad["confidence"], "lat" in bad) == ("none", 0.0, False)
    assert bad["why"]
    assert (good["id"], good["quality"]) == (2, "house_number")


def test_each_answer_is_flushed_before_the_next_question_is_read(index: Path) -> None:
    command = [sys.executable, "-m", "fieldapp", "geocode", "--jsonl"]
    asked = [*command, "--gazetteer", str(index)]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(b'{"id": %d, "query": "Via Roma %d, Lodi"}\n' % (number, number))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()

    assert process.returncode == 0


def test_the_geocoder_starts_without_the_services_rooms() -> None:
    heavy = ("litestar", "sqlmodel", "ortools", "osmium", "numpy")
    code = f"import sys, fieldapp.address_commands; print([m for m in {heavy} if m in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert seen.stdout.strip() == "[]"


def test_holes_of_the_built_in_list_are_listed_and_counted() -> None:
    done = CliRunner().invoke(gazetteer, ["holes"])

    assert "Castelgerundo (LO)" in done.stdout
    assert f"{len(done.stdout.splitlines())} comuni without a point" in done.stderr


def test_suppressed_comuni_that_no_name_finds_are_listed_and_the_readme_counts_both() -> None:
    lost = CliRunner().invoke(gazetteer, ["holes", "--suppressed"])
    bare = CliRunner().invoke(gazetteer, ["holes"])

    assert "L731 Vendrogno (LC) until 2019-12-31" in lost.stdout
    assert "Cutigliano" not in lost.stdout
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    assert f"all comuni but {len(bare.stdout.splitlines())};" in readme
    assert f"exist no more, {len(lost.stdout.splitlines()):,} are found by no name" in readme


def test_sources_show_licence_and_rows(index: Path) -> None:
    done = CliRunner().invoke(gazetteer, ["sources", "--gazetteer", str(index)])

    (source,) = map(json.loads, done.stdout.splitlines())
    assert (source["licence"], source["house_numbers"]) == ("CC BY 4.0", 20)
