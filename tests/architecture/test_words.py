"""Every refusal has words in Italian, English and French, with placeholders that its details can fill."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from fieldapp.domain.ledger import AccountKind
from fieldapp.planning.constraints import RULES, must
from fieldapp.routes.problems import CONSTRAINTS
from fieldapp.services import books
from fieldapp.words import LANGUAGES, PACKAGE, read_words

FOLDER = PACKAGE / "pwa" / "src" / "text" / "refusals"
CODE = re.compile(r"[a-z_]+\.[a-z_0-9]+")
SPEAKING = {
    "Fault",
    "Refusal",
    "Why",
    "refused",
    "_refused",
    "_malformed",
    "_typed_refusal",
    "Decision",
    "Judgement",
    "problem",
}
"""Calls whose first dotted word is a code."""
PREFIXED = {"refuse": "planning."}
"""Calls that put an area before the code."""
READ_FIELDS = ("field_missing", "field_unknown", "field_malformed", "field_too_long")


def sources() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*.py")) if "node_modules" not in path.parts)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def dotted(call: ast.Call) -> list[str]:
    """The code that a call is given, or the codes where it chooses between several."""
    for argument in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "code")]:
        options = [argument]
        if isinstance(argument, ast.BoolOp):
            options = argument.values
        elif isinstance(argument, ast.IfExp):
            options = [argument.body, argument.orelse]
        texts = [option.value for option in options if isinstance(option, ast.Constant)]
        found = [text for text in texts if isinstance(text, str) and CODE.fullmatch(text)]
        if found:
            return found
    return []


def codes_in_source() -> dict[str, str]:
    """Code -> file, for every refusal spelled out in the package."""
    found: dict[str, str] = dict.fromkeys(CONSTRAINTS.values(), "problems.py")
    for path in sources():
        for name, call in calls(ast.parse(path.read_text())):
            if name in SPEAKING:
                found |= dict.fromkeys(dotted(call), path.name)
            elif name in PREFIXED and call.args and isinstance(call.args[0], ast.Constant):
                found[f"{PREFIXED[name]}{call.args[0].value}"] = path.name
            for keyword in call.keywords:
                if name == "Reader" and keyword.arg == "area" and isinstance(keyword.value, ast.Constant):
                    found |= {f"{keyword.value.value}.{field}": path.name for field in READ_FIELDS}
    return found


def details_in_source() -> dict[str, set[str]]:
    """Code -> names that every refusal of it carries, where the details are spelled out beside the code."""
    found: dict[str, set[str]] = {}
    for path in sources():
        for name, call in calls(ast.parse(path.read_text())):
            if name != "Refusal" or not call.args or not isinstance(call.args[0], ast.Constant):
                continue
            given = next((keyword.value for keyword in call.keywords if keyword.arg == "details"), ast.Dict([], []))
            if isinstance(given, ast.Dict) and None not in given.keys:
                names = {str(key.value) for key in given.keys if isinstance(key, ast.Constant)}
                code = str(call.args[0].value)
                found[code] = found.get(code, names) & names
    return found


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_words(language: str) -> None:
    words = read_words()[language]

    missing = {code: where for code, where in codes_in_source().items() if code not in words}

    assert missing == {}


def test_no_sentence_blames_and_all_languages_hold_the_same_placeholders() -> None:
    words = read_words()

    assert words["it"].keys() == words["en"].keys() == words["fr"].keys()
    for code, sentence in words["it"].items():
        assert "errore" not in sentence.lower(), code
        for language in LANGUAGES[1:]:
            assert placeholders(words[language][code]) == placeholders(sentence), (language, code)


def test_every_placeholder_is_among_the_details_of_its_refusal() -> None:
    words = read_words()["it"]

    unfilled = {
        code: placeholders(words[code]) - names
        for code, names in details_in_source().items()
        if code in words and not placeholders(words[code]) <= names
    }

    assert unfilled == {}


def test_no_code_stands_in_two_files() -> None:
    for language in LANGUAGES:
        files = [json.loads(path.read_text()) for path in FOLDER.glob(f"*.{language}.json")]

        twice = [code for code, times in Counter(code for file in files for code in file).items() if times > 1]

        assert twice == [], language


def test_files_name_accounts_and_entries_as_the_desk_does() -> None:
    desk = {
        key: words for path in FOLDER.parent.glob("*.it.json") for key, words in json.loads(path.read_text()).items()
    }

    assert {f"account.{kind}": name for kind, name in books.ACCOUNTS.items()}.items() <= desk.items()
    assert {f"entry.{kind}": name for kind, name in books.ENTRIES.items()}.items() <= desk.items()
    assert set(books.ACCOUNTS) == {kind.value for kind in AccountKind}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_board_says_in_words_every_rule_that_a_lane_can_break(language: str) -> None:
    desk = json.loads((FOLDER.parent / f"board.{language}.json").read_text())

    # A promised visit that nobody makes lies in no lane.
    assert {f"reason.broken_{rule.__name__}" for rule in RULES if rule is not must} <= desk.keys()
