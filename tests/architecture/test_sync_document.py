"""Every invariant and state in docs/sync.md names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`((?:outbox|tests)/[\w/]+\.(?:test\.ts|py))`:\s+([^|\n]+?)(?:\s*\||\.?\n)")


def named() -> list[tuple[str, str]]:
    return NAMED.findall((ROOT / "docs" / "sync.md").read_text())


def test_every_test_that_the_document_names_is_there() -> None:
    missing = []
    for place, name in named():
        path = ROOT / ("fieldapp/pwa/src" if place.startswith("outbox/") else "") / place
        if not path.exists() or name.strip() not in path.read_text():
            missing.append((place, name))

    assert len(named()) > 20
    assert missing == []


def test_invariants_are_numbered_without_a_gap() -> None:
    numbers = re.findall(r"^\| (\d{1,2}) \|", (ROOT / "docs" / "sync.md").read_text(), re.MULTILINE)

    assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))


def test_the_machine_lists_the_invariants_that_are_its_own() -> None:
    source = (ROOT / "fieldapp/pwa/src/outbox/machine.ts").read_text()
    listed = re.findall(r"^ \*\s+(\d+)\. ", source, re.MULTILINE)

    assert [int(number) for number in listed] == [*range(1, 13), 22]
