"""The office's papers hold every line of their blocks, are archival, bring their fonts and treat names as data."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pypdf
import pytest
import segno
from PIL import Image

from fieldapp.documents.codes import LARGEST_BYTES, qr_svg
from fieldapp.documents.papers import paper_pdf, paper_png
from fieldapp.domain.errors import Refusal
from fieldapp.domain.papers import Block, Role, paper_lines
from tests.domain.receipt_builders import golden

AT = datetime(2026, 11, 26, 9, 42, 10, tzinfo=UTC)
CODE = "https://agenzia.example/v/#1.A7-000147." + "A" * 43 + "." + "b" * 86


def blocks_of(case: dict[str, Any]) -> list[Block]:
    return [Block(Role(role), text, label) for role, label, text in case["blocks"]]


RECEIPT = blocks_of(golden("papers")[0])


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """The text of a PDF without any blanks, since lines break where they must."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in read(pdf).pages))


@pytest.mark.parametrize("case", golden("papers"), ids=lambda case: case["name"])
def test_a_paper_is_one_archival_page_with_its_fonts_inside(case: dict[str, Any]) -> None:
    notice = case["value"]["kind"] == "visit_notice"

    pdf = paper_pdf(blocks_of(case), issued_at=AT, qr_text=None if notice else CODE, size="a6" if notice else "a5")

    reader = read(pdf)
    metadata = reader.trailer["/Root"]["/Metadata"].get_data()
    assert b"<pdfaid:part>2<" in metadata
    assert b"<pdfaid:conformance>U<" in metadata
    assert len(reader.pages) == 1
    assert reader.metadata is not None
    assert reader.metadata.author == case["blocks"][0][2]
    for font in reader.pages[0]["/Resources"]["/Font"].values():
        described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(described.get_object())


def test_the_same_paper_gives_the_same_bytes_whatever_the_time_zone() -> None:
    rome = AT.astimezone(timezone(timedelta(hours=1)))

    assert paper_pdf(RECEIPT, issued_at=AT, qr_text=CODE) == paper_pdf(RECEIPT, issued_at=rome, qr_text=CODE)


def test_one_other_letter_gives_another_paper() -> None:
    other = [Block(b.role, b.text.replace("Mario", "Maria"), b.label) for b in RECEIPT]

    assert paper_png(RECEIPT, qr_text=None) != paper_png(other, qr_text=None)


def test_a_picture_of_the_paper_is_as_wide_as_a_phone() -> None:
    image = Image.open(io.BytesIO(paper_png(RECEIPT, qr_text=CODE)))

    assert image.width == 780
    assert image.height > image.width


def test_a_long_paper_runs_over_pages_and_numbers_them() -> None:
    rows = [Block(Role.ROW, "10,00\u00a0€", f"Fattura {at}") for at in range(120)]
    long = [*RECEIPT[:13], *rows, *RECEIPT[13:]]

    pages = [page.extract_text() for page in read(paper_pdf(long, issued_at=AT, qr_text=CODE)).pages]

    assert len(pages) > 1
    assert all(f"{at}/{len(pages)}" in page for at, page in enumerate(pages, start=1))


NAMES = [
    "#import \"x.typ\"",
    "$ sqrt(2) $",
    "#read(\"/etc/passwd\")",
    "*Rossi* _Bianchi_ = `x` <y> @z",
    "\\u{41} \\ // /* */",
    "{\"blocks\": []}",
    "Nguyễn Thị Ánh",
    "Дмитрий Шостакович",
    "Γεώργιος Παπαδόπουλος",
    "O’Brien & D'Angelò, œuvre, Łódź, İstanbul, Þór",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_printed_as_it_is_and_never_read_as_markup(name: str) -> None:
    blocks = [Block(Role.ISSUER, "Agenzia"), Block(Role.TITLE, "Prova"), Block(Role.FIELD, name, "Ricevuto da")]

    pdf = paper_pdf(blocks, issued_at=AT, qr_text=None)

    assert re.sub(r"\s", "", name) in text_of(pdf)


@pytest.mark.parametrize("name", ["王小明", "ไทย", "🧾"])
def test_a_name_that_no_font_of_ours_has_is_refused_rather_than_left_blank(name: str) -> None:
    blocks = [Block(Role.TITLE, "Prova"), Block(Role.FIELD, name, "Ricevuto da")]

    with pytest.raises(Refusal) as refusal:
        paper_pdf(blocks, issued_at=AT, qr_text=None)
    assert refusal.value.code == "paper.not_printable"


@pytest.mark.parametrize("case", golden("papers"), ids=lambda case: case["name"])
def test_every_line_of_a_paper_stands_on_the_page(case: dict[str, Any]) -> None:
    blocks = blocks_of(case)

    printed = text_of(paper_pdf(blocks, issued_at=AT, qr_text=CODE))

    missing = [line for line in paper_lines(blocks) if re.sub(r"\s", "", line) not in printed]
    assert missing == []


# --- codes -----------------------------------------------------------------------------------------------------


def test_a_code_is_drawn_with_its_quiet_zone_and_level_m() -> None:
    drawn = qr_svg("BCD\n002\n1\nSCT")

    code = segno.make_qr(b"BCD\n002\n1\nSCT", error="m", boost_error=False)
    side = code.symbol_size(border=4)[0]
    assert f'viewBox="0 0 {side} {side}"'.encode() in drawn


def test_a_code_too_fine_to_be_read_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        qr_svg("x" * (LARGEST_BYTES + 1))
    assert refusal.value.code == "paper.code_too_long"
