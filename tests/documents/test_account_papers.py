"""An account as a paper and as a workbook: the same sums, names are data, the same bytes again."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pypdf
import pytest
from openpyxl import load_workbook

from fieldapp.documents.creditor_account import (
    Language,
    Letterhead,
    account_pdf,
    account_words,
    account_xlsx,
    money_text,
)
from fieldapp.domain.creditor_account import CreditorAccount, draw_up, period_of
from fieldapp.domain.outgoing import Control, OutRow

ROME = ZoneInfo("Europe/Rome")
LABELS = {"outcome.PAID_PARTIAL": "Incasso parziale"}


def an_account(debtor: str = "Mario Bianchi", *, visits: int = 1) -> CreditorAccount:
    day = datetime(2026, 11, 5, 9, tzinfo=UTC)
    seen = [
        OutRow(n, UUID(int=n), "visit.reported", day, UUID(int=1), "P-001", debtor, outcome="PAID_PARTIAL")
        for n in range(1, visits + 1)
    ]
    paid = OutRow(
        900, UUID(int=900), "payment.received", day, UUID(int=1), "P-001", debtor, amount_cents=123_456, method="cash"
    )
    back = OutRow(
        901, UUID(int=901), "payment.refunded", day, UUID(int=1), "P-001", debtor, amount_cents=-1, method="cash"
    )
    return draw_up([*seen, paid, back], [], period=period_of(date(2026, 11, 1), date(2026, 11, 30), zone=ROME))


def head(sequence: int | None = 7) -> Letterhead:
    made_at = datetime(2026, 12, 1, 6, 0, 0, 5, tzinfo=UTC)
    control = Control(sequence, 3, 123_455, "a" * 64) if sequence else None
    return Letterhead("Aldini", "Via Emilia 4", "n. 12", "Banca & Figli", made_at, control)


def paper(account: CreditorAccount, language: Language = "it", *, sequence: int | None = 7) -> str:
    pdf = account_pdf(account, head(sequence), zone=ROME, outcome_words=LABELS, language=language)
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_paper_and_workbook_say_the_same_sums_and_the_same_digest() -> None:
    text = paper(an_account())

    workbook = load_workbook(io.BytesIO(account_xlsx(an_account(), head(), zone=ROME, outcome_words=LABELS)))

    control = dict(workbook["Controllo"].iter_rows(values_only=True))
    assert str(control["sha256"]) in text.replace("\n", "")
    assert (control["sequenza"], control["movimenti"], control["totale"]) == (7, 2, 1234.55)
    assert all(part in text for part in ("n. 7", "Dal 01/11/2026 al 30/11/2026", "1.234,56", "−0,01", "1.234,55"))
    assert "Incasso parziale" in text


def test_one_drawn_up_by_hand_has_no_number() -> None:
    text = paper(an_account(), sequence=None)

    assert "a richiesta" in text
    assert "sha256" not in text


def test_a_name_cannot_become_markup_nor_a_formula() -> None:
    nasty = '=1+1 #panic("x") *b* $x$'

    text = paper(an_account(nasty))
    workbook = load_workbook(io.BytesIO(account_xlsx(an_account(nasty), head(), zone=ROME, outcome_words={})))

    assert '#panic("x")' in text.replace("\n", " ").replace("“", '"').replace("”", '"')
    assert workbook["Per pratica"]["B2"].data_type == "s"
    assert str(workbook["Per pratica"]["B2"].value).startswith("'=")


def test_the_same_account_gives_the_same_bytes() -> None:
    one, again = (account_pdf(an_account(), head(), zone=ROME, outcome_words=LABELS) for _ in range(2))

    assert one == again


@pytest.mark.parametrize("language", get_args(Language))
def test_an_account_speaks_three_languages_and_lacks_no_word(language: Language) -> None:
    words = account_words(language)

    assert words.keys() == account_words("it").keys()
    assert words["said"].keys() == account_words("it")["said"].keys()
    assert words["title"] in paper(an_account(), language)


@pytest.mark.parametrize(
    ("cents", "language", "text"),
    [(0, "it", "0,00"), (-5, "it", "−0,05"), (123_456_789, "it", "1.234.567,89"), (123_456_789, "en", "1,234,567.89")],
)
def test_an_amount_is_written_as_the_language_does(cents: int, language: Language, text: str) -> None:
    assert money_text(cents, language) == text
