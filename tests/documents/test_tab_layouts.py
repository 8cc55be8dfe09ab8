"""Layouts are data: those shipped are whole, a wrong one says what is wrong with it."""

import json
import re
import string
from pathlib import Path

import pytest

from fieldapp.documents.tables.layouts import SHIPPED
from fieldapp.documents.tabular import find_layout, load_layouts, parse_layout, read_intake, shipped_layouts
from fieldapp.domain.errors import Refusal
from tests.documents.tables.builders import HEADINGS, LAYOUTS, TODAY, WORDS

PACKAGE = Path(__file__).parents[2] / "fieldapp"
CATALOGUES = PACKAGE / "pwa/src/text/refusals"
SMALL = """
name = "piccolo"
title = "Piccolo"
kind = "csv"
delimiters = ["|"]

[amounts]
decimal = "."
thousands = ","

[dates]
formats = ["yyyy-mm-dd"]

[values.subject_kind]
Cliente = "person"

[[columns]]
field = "practice_number"
name = "ID"
required = true
filled = true

[[columns]]
field = "debtor"
name = "Nome"
required = true

[[columns]]
field = "subject_kind"
name = "Tipo"

[[columns]]
field = "due_on"
name = "Scade"

[[columns]]
field = "principal"
name = "Capitale"
required = true

[[columns]]
field = "total"
name = "Totale"
required = true
"""


def test_a_new_creditor_needs_a_file_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "piccolo.toml").write_text(SMALL, "utf-8")
    layouts = shipped_layouts(tmp_path)
    content = b"ID|Nome|Tipo|Scade|Capitale|Totale\n1|Rossi|Cliente|2026-01-31|1,234.50|1,234.50\n"

    reading = read_intake(content, find_layout("piccolo", layouts), today=TODAY)

    assert set(LAYOUTS) < set(layouts)
    assert reading.accepted_cents == 123450
    assert reading.accepted[0].placement_ends_on is None


@pytest.mark.parametrize("name", ["demo-utenze", "demo-credito", "demo-xlsx", "demo-fisso"])
def test_the_shipped_layouts_share_their_columns(name: str) -> None:
    layout = LAYOUTS[name]

    assert tuple(column.name for column in layout.columns) == HEADINGS
    assert (SHIPPED / f"{name}.toml").is_file()


WRONG = [
    (("title", "titel"), "layout.key_unknown"),  # a slip in a key
    (('decimal = "."', 'decimale = "."'), "layout.key_unknown"),  # in a part
    (("required = true", "requird = true"), "layout.key_unknown"),  # in a column
    (('kind = "csv"', 'kind = "pdf"'), "layout.unreadable"),
    (('kind = "csv"', "kind = 7"), "layout.unreadable"),
    (('name = "piccolo"', "name = "), "layout.unreadable"),  # no TOML
    (('field = "debtor"', 'field = "creditor"'), "layout.unreadable"),  # no such field
    (('kind = "csv"', 'kind = "csv"\nencodings = ["utf-99"]'), "layout.encoding_unknown"),
    (('kind = "csv"', 'kind = "csv"\nencodings = ["rot13"]'), "layout.encoding_unknown"),  # no text comes of it
    (('name = "piccolo"', 'name = "../piccolo"'), "layout.contradiction"),
    (('thousands = ","', 'thousands = "."'), "layout.contradiction"),
    (("yyyy-mm-dd", "yyyy-mm"), "layout.contradiction"),
    (("yyyy-mm-dd", "yyyy-mm-dd hh"), "layout.contradiction"),
    (('field = "due_on"', 'field = "total"'), "layout.contradiction"),  # a field twice
    (('name = "Scade"', 'name = "totale"'), "layout.contradiction"),  # a heading twice
    (('field = "debtor"', 'field = "phase"'), "layout.contradiction"),  # no debtor
    (('delimiters = ["|"]', 'delimiters = ["||"]'), "layout.contradiction"),
    (('kind = "csv"', 'kind = "fixed"'), "layout.contradiction"),  # no widths
    (('kind = "csv"', 'kind = "csv"\ncurrency = "USD"'), "layout.contradiction"),
    (('kind = "csv"', 'kind = "csv"\n[practice_numbers]\npattern = "("'), "layout.contradiction"),
    (('kind = "csv"', 'kind = "csv"\n[totals]\nmarkers = []\nrequired = true'), "layout.contradiction"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_a_wrong_layout_says_what_is_wrong(change: tuple[str, str], code: str) -> None:
    old, new = change
    written = SMALL.replace(old, new, 1)
    if "\n[" in new:
        written = SMALL.replace(old, old, 1).replace("[amounts]", new.split("\n", 1)[1] + "\n\n[amounts]", 1)

    with pytest.raises(Refusal) as refused:
        parse_layout(written.encode(), source="piccolo.toml")

    assert refused.value.code == code
    assert _filled(refused.value)


def test_two_layouts_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(SMALL, "utf-8")

    with pytest.raises(Refusal) as refused:
        load_layouts(tmp_path)

    assert refused.value.code == "layout.name_twice"


def test_a_layout_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(Refusal) as refused:
        find_layout("altro", LAYOUTS)

    assert refused.value.details["known"] == ", ".join(sorted(LAYOUTS))


def _filled(refusal: Refusal) -> bool:
    return set(_blanks(WORDS[refusal.code])) <= set(refusal.details)


def _blanks(sentence: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(sentence) if name]


def test_every_code_of_intake_has_words_in_each_language_with_the_same_blanks() -> None:
    sources = [
        *(PACKAGE / "domain").glob("intake*.py"),
        *(PACKAGE / "documents/tables").glob("*.py"),
        PACKAGE / "documents/tabular.py",
        PACKAGE / "documents/practice_documents.py",
    ]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    used = set(re.findall(r'"((?:intake|layout|documents_zip)\.[a-z_]+)"', text))
    catalogues = {
        language: json.loads((CATALOGUES / f"intake.{language}.json").read_text("utf-8"))
        for language in ("it", "en", "fr")
    }

    for language, words in catalogues.items():
        assert used <= set(words), language
        assert set(words) == set(WORDS)
        for code, sentence in words.items():
            assert sorted(_blanks(sentence)) == sorted(_blanks(WORDS[code])), (language, code)
