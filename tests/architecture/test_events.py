"""The catalogue of events holds every kind of fact that the code tells, and the page is written from it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fieldapp.domain.events import EVENTS, INSIDE, Event, FactScope, data_of, exchange_document, kinds_of

PACKAGE = Path(__file__).parents[2] / "fieldapp"
TELLING = {"NewFact", "tell", "_tell", "fact", "_fact"}
KIND = re.compile(r"[a-z_]+\.[a-z_]+")


def told() -> Iterator[tuple[str, str]]:
    """File and kind of each fact that the code names where it is told; `x.{state}` stands for all that fit."""
    for path in sorted([*PACKAGE.glob("services/*.py"), *PACKAGE.glob("store/*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in TELLING:
                continue
            for argument in node.args[:2]:
                for inner in (argument, *([argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [])):
                    if isinstance(inner, ast.Constant) and KIND.fullmatch(str(inner.value)):
                        yield path.name, str(inner.value)
                    elif isinstance(inner, ast.JoinedStr) and isinstance(inner.values[0], ast.Constant):
                        yield path.name, f"{inner.values[0].value}*"


def test_every_kind_of_fact_stands_in_the_catalogue() -> None:
    found = set(told())

    missing = {
        (file, kind)
        for file, kind in found
        if not any(
            known == kind or (kind.endswith("*") and known.startswith(kind[:-1])) for known in [*EVENTS, *INSIDE]
        )
    }

    assert len(found) > 30
    assert missing == set()


def test_every_kind_in_the_catalogue_is_told_somewhere() -> None:
    kinds = {kind for _, kind in told()}
    stems = {kind[:-1] for kind in kinds if kind.endswith("*")}

    unheard = {kind for kind in EVENTS if kind not in kinds and not any(kind.startswith(stem) for stem in stems)}

    assert unheard == set()


def test_the_page_is_written_from_the_catalogue() -> None:
    assert (PACKAGE.parent / "docs" / "exchange.md").read_text() == exchange_document()


def test_scopes_share_out_all_events_and_members_are_named_once() -> None:
    by_scope = [kind for scope in FactScope for kind in kinds_of(frozenset({scope}))]

    assert sorted(by_scope) == sorted(EVENTS)
    assert not INSIDE & set(EVENTS)
    for event in EVENTS.values():
        names = [member.name for member in event.members]
        assert len(set(names)) == len(names), event.kind


def test_what_is_not_promised_does_not_leave_the_house() -> None:
    event: Event = EVENTS["payment.received"]

    data = data_of(event, {"amount_cents": 5, "method": "cash", "secret": "x"}, bound=False)

    assert data == {
        "amount_cents": 5,
        "method": "cash",
        "receipt": None,
        "instalment": None,
        "paid_by": None,
        "chosen_line": None,
        "barred_cents": None,
    }
