"""Files that no layout fits: what their columns mean is proposed, and a layout made of that reads them."""

import io
import zipfile

import pytest

from fieldapp.documents.tables.peek import peek
from fieldapp.documents.tabular import CHECKS, read_intake
from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake_guess import Guess, Proposal, propose
from fieldapp.domain.intake_layout import Field, FileKind
from fieldapp.services.layouts import draft_of, layout_of
from tests.documents.tables.builders import HEADINGS, TODAY, csv_text, row
from tests.documents.tables.workbooks import typed_row, workbook

CODES = ("RCCMNL83S18D969H", "BRNLCU79C03F205V", "VRDGPP65A01H501J")
UTILITY = "\n".join(
    [
        "Elenco posizioni affidate;;",
        "NDG;Intestatario;Cod. Fisc.;Ind. residenza;Località;C.A.P.;Prov.;Rif. bolletta;Scad.;Imponibile;Mora;Oneri;"
        "Esposizione;Affidata il;Fine affido;Situazione al",
        *(
            f"A{i:04d};Niccolò Rossi;{CODES[i % 3]};Via Roma {i + 1};Forlì;47121;FC;F{i};2026-06-01;1.100,00;2,50;1,00;"
            "1.103,50;2026-10-01;2026-12-31;2026-11-20"
            for i in range(9)
        ),
        "",
    ]
)
NAMELESS = "a,b,c,d,e,f,g\n" + "".join(
    f"X-{i},Mario Rossi,{CODES[i % 3]},Via Garibaldi {i + 1},{100 + i}.00,{i}.50,{100 + 2 * i}.50\n" for i in range(30)
)


def proposed(content: bytes) -> Proposal:
    seen = peek(content)
    return propose(seen.rows, checks=CHECKS, serial_origin=seen.serial_origin)


def guess(content: bytes, title: str) -> Guess:
    return next(guess for guess in proposed(content).guesses if guess.title == title)


@pytest.mark.parametrize(
    "content",
    [
        csv_text([row(f"P{i}") for i in range(5)]).encode(),
        csv_text([row(f"P{i}") for i in range(5)], delimiter="\t").encode("utf-8-sig"),
        workbook([typed_row(f"P{i}") for i in range(5)]),
        UTILITY.encode(),
        UTILITY.encode("windows-1252"),
        NAMELESS.encode(),
    ],
)
def test_what_is_proposed_reads_the_file_without_a_reject(content: bytes) -> None:
    layout = layout_of(draft_of(content), name="new", title="New")

    reading = read_intake(content, layout, today=TODAY)

    assert reading.refused is None
    assert reading.accepted_rows >= 5
    assert reading.rejected_rows == 0


def test_headings_of_our_own_layout_mean_what_they_say() -> None:
    found = proposed(csv_text([row(f"P{i}") for i in range(5)]).encode())

    assert [guess.title for guess in found.guesses if guess.meaning is None] == []
    assert len(found.guesses) == len(HEADINGS)


MEANINGS = [
    ("NDG", Field.PRACTICE_NUMBER), ("Intestatario", Field.DEBTOR), ("Località", Field.MUNICIPALITY),
    ("Rif. bolletta", Field.TITLE), ("Imponibile", Field.PRINCIPAL), ("Esposizione", Field.TOTAL),
    ("Fine affido", Field.PLACEMENT_ENDS_ON), ("Situazione al", Field.AS_OF),
]  # fmt: skip


@pytest.mark.parametrize(("title", "meaning"), MEANINGS)
def test_the_spellings_of_creditors_are_known(title: str, meaning: Field) -> None:
    assert guess(UTILITY.encode(), title).meaning is meaning


@pytest.mark.parametrize(
    ("title", "meaning", "ground"),
    [
        ("a", Field.PRACTICE_NUMBER, "values"),  # each is there once
        ("c", Field.TAX_CODE, "values"),
        ("d", Field.STREET, "values"),
        ("e", Field.PRINCIPAL, "sums"),
        ("g", Field.TOTAL, "sums"),  # e and f make it in every row
    ],
)
def test_values_and_sums_tell_what_headings_do_not(title: str, meaning: Field, ground: str) -> None:
    found = guess(NAMELESS.encode(), title)

    assert (found.meaning, found.ground) == (meaning, ground)


def test_values_that_contradict_a_heading_are_believed() -> None:
    content = "Pratica;Debitore;CAP;Totale\n" + "".join(f"P{i};Anna Bo;{CODES[i % 3]};1{i},00\n" for i in range(9))

    assert guess(content.encode(), "CAP").meaning is Field.TAX_CODE


def test_rows_that_share_a_number_are_debts_of_one_practice() -> None:
    assert proposed(csv_text([row("P1"), row("P1", Titolo="B"), row("P2")]).encode()).several_rows


def test_one_sum_without_parts_is_all_principal() -> None:
    content = b"Pratica;Debitore;Importo\nP1;Anna Bo;10,50\nP2;Ugo Re;7,00\n"

    reading = read_intake(content, layout_of(draft_of(content), name="new", title="New"), today=TODAY)

    assert [practice.debt_lines[0].principal_cents for practice in reading.accepted] == [1050, 700]


def test_a_workbook_is_seen_by_its_visible_sheet() -> None:
    seen = peek(workbook([typed_row("P1")]))

    assert (seen.kind, seen.sheet) == (FileKind.XLSX, "Sheet")


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"PK\x03\x04junk", b"\x00" * 90, b";;;\n;;\n", b"12;13\n14;15\n"])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        draft_of(content)

    assert refused.value.code.startswith("intake.")


def zip_of(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code", "found"),
    [
        (zip_of("pratiche.csv"), "intake.archive", "ZIP"),
        (zip_of("mimetype", "content.xml"), "intake.other_workbook", "ODS"),
        (zip_of("Index/Document.iwa"), "intake.other_workbook", "Numbers"),
        # Excel before 2007
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "intake.other_workbook", "XLS"),
        (b"Rar!\x1a\x07\x01\x00", "intake.not_a_table", "RAR"),
        (b"%PDF-1.7\n", "intake.not_a_table", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "intake.not_a_table", "PNG"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name(content: bytes, code: str, found: str) -> None:
    with pytest.raises(Refusal) as refused:
        peek(content)

    assert (refused.value.code, refused.value.details["found"]) == (code, found)
