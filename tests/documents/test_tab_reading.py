"""Creditors' text files: what is taken, what comes back with which reason, what is refused as a whole."""

import codecs
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fieldapp.documents.tabular import read_intake
from fieldapp.domain.intake import IntakeReading, ObligorRole, SubjectKind
from fieldapp.domain.intake_layout import Amounts, Column, Field, Layout, PracticeNumbers, RowsPerPractice
from fieldapp.domain.skills import Skill, read_skills
from tests.documents.tables.builders import (
    CREDITO,
    FISSO,
    GOOD,
    HEADINGS,
    TODAY,
    UTENZE,
    amounts,
    cents_of,
    codes,
    csv_text,
    read_credit,
    read_rows,
    row,
    total_row,
)


def test_a_good_row_becomes_a_practice_with_everything_it_says() -> None:
    reading = read_rows(row("P1", Coobbligato="Verdi Anna", Ruolo_coobbligato="Garante", Telefono_2="010 555123"))

    (practice,) = reading.accepted
    assert practice.practice_number == "P1"
    assert practice.debtor.name == "Rossi Mario"
    assert practice.debtor.kind is SubjectKind.PERSON
    assert practice.debtor.born_on == date(1983, 11, 18)
    assert practice.obligors[0].name == "Verdi Anna"
    assert practice.obligors[0].role is ObligorRole.GUARANTOR
    assert practice.addresses[0].municipality == "Genova"
    assert practice.phones == ("347 1234567", "010 555123")
    assert practice.debt_lines[0].line == 2
    assert practice.total_cents == 10350
    assert practice.placement_ends_on == date(2026, 12, 31)
    assert not practice.recalled
    assert codes(reading.warnings) == set()


BAD_ROWS = [
    # amounts that are not what the convention says; the last item is the amount that may be shown
    ({"Totale": "1.234.50"}, "intake.amount_unreadable", None),  # a point for the comma
    ({"Totale": "1,234.50"}, "intake.amount_unreadable", None),  # the English way
    ({"Totale": "12.34,50"}, "intake.amount_unreadable", None),  # groups of two
    ({"Totale": "1e9"}, "intake.amount_unreadable", None),  # a spreadsheet's short form
    ({"Totale": "=100+3,5"}, "intake.amount_unreadable", None),  # nothing is evaluated
    ({"Totale": "103,50 €€"}, "intake.amount_unreadable", None),  # two currency signs
    ({"Totale": "centotre"}, "intake.amount_unreadable", None),
    ({"Totale": "103,5O"}, "intake.amount_unreadable", None),  # a letter O
    ({"Totale": "１０３,５０"}, "intake.amount_unreadable", None),  # digits of another width
    ({"Totale": "103,505"}, "intake.amount_fraction", None),  # half a cent is not rounded
    ({"Totale": ""}, "intake.amount_empty", None),
    ({"Totale": "\u00a0"}, "intake.amount_empty", None),  # only looks filled
    ({"Interessi": ""}, "intake.amount_empty", 10350),  # an empty part is no zero
    ({"Totale": "103,50 USD"}, "intake.amount_currency", None),
    ({"Totale": "$ 103,50"}, "intake.amount_currency", None),
    ({"Totale": "-103,50"}, "intake.amount_negative", -10350),
    ({"Totale": "−103,50"}, "intake.amount_negative", -10350),  # a typographer's minus
    ({"Totale": "(103,50)"}, "intake.amount_negative", -10350),  # a bookkeeper's
    ({"Totale": "103,50-"}, "intake.amount_negative", -10350),  # a mainframe's
    ({"Totale": "-€ 103,50"}, "intake.amount_negative", -10350),
    ({"Capitale": "-100,00"}, "intake.amount_negative", 10350),
    ({"Totale": "99999999999,99"}, "intake.amount_absurd", 9999999999999),
    ({"Totale": "9" * 40}, "intake.amount_absurd", None),  # no sum can hold it
    ({"Totale": "103,51"}, "intake.total_contradicts", 10351),  # a cent off
    # dates
    ({"Scadenza": "31/02/2026"}, "intake.date_impossible", 10350),
    ({"Scadenza": "29/02/2025"}, "intake.date_impossible", 10350),  # no leap year
    ({"Scadenza": "2026-02-01"}, "intake.date_unreadable", 10350),  # another spelling
    ({"Scadenza": "01/02/26"}, "intake.date_unreadable", 10350),  # which century?
    ({"Scadenza": "45000"}, "intake.date_unreadable", 10350),  # a serial number is no text
    ({"Scadenza": "01/01/1900"}, "intake.date_placeholder", 10350),
    ({"Scadenza": "00/00/0000"}, "intake.date_placeholder", 10350),
    ({"Data fine mandato": "31/12/9999"}, "intake.date_placeholder", 10350),
    ({"Scadenza": "01/01/1970"}, "intake.date_placeholder", 10350),  # where computers begin to count
    ({"Data nascita": "01/01/1900"}, "intake.date_placeholder", 10350),
    ({"Scadenza": "01/01/3026"}, "intake.date_absurd", 10350),  # a slip of the finger
    ({"Data nascita": "24/11/2026"}, "intake.date_future", 10350),  # born tomorrow
    ({"Saldo al": "24/11/2026"}, "intake.date_future", 10350),  # a balance of tomorrow
    ({"Data fine mandato": "30/09/2026"}, "intake.placement_ends_before_start", 10350),
    ({"Data fine mandato": "22/11/2026"}, "intake.placement_ended", 10350),  # ended yesterday
    # what must be there
    ({"Numero pratica": ""}, "intake.number_missing", 10350),
    ({"Numero pratica": "\u200b\u00a0"}, "intake.number_missing", 10350),  # invisible signs only
    ({"Numero pratica": "1,23E+11"}, "intake.number_damaged", 10350),  # through a spreadsheet
    ({"Debitore": " "}, "intake.value_missing", 10350),
    ({"Data fine mandato": ""}, "intake.value_missing", 10350),
    ({"Saldo al": ""}, "intake.value_missing", 10350),
    # closed lists
    ({"Tipo soggetto": "alieno"}, "intake.value_unknown", 10350),
    ({"Revocata": "forse"}, "intake.value_unknown", 10350),
    ({"Debitore": "x" * 1001}, "intake.text_too_long", 10350),
]


@pytest.mark.parametrize(("changes", "code", "shown_cents"), BAD_ROWS)
def test_a_bad_row_comes_back_with_its_reason_and_line(
    changes: dict[str, object], code: str, shown_cents: int | None
) -> None:
    reading = read_rows(row("P0"), {**GOOD, **changes})

    assert reading.refused is None
    assert (reading.accepted_rows, reading.rejected_rows) == (1, 1)
    (rejected,) = reading.rejected
    assert codes(rejected.reasons) == {code}
    assert {reason.line for reason in rejected.reasons} == {3}
    assert rejected.rows[0].amount_cents == shown_cents
    assert reading.unreadable_rows == (shown_cents is None)
    assert reading.rejected_cents == (shown_cents or 0)


SKILLED = replace(UTENZE, columns=(*UTENZE.columns, Column(Field.SKILLS, "Competenze")))
SEVERAL = replace(SKILLED, rows_per_practice=RowsPerPractice.SEVERAL)


def read_skilled(*rows: Mapping[str, object], layout: Layout = SKILLED) -> IntakeReading:
    return read_intake(csv_text(rows, headings=(*HEADINGS, "Competenze")).encode(), layout, today=TODAY)


SKILLS = [
    ("tedesco", ["german"]),
    ("Aziende, TEDESCO", ["german", "companies"]),  # in the order of the catalogue
    ("tedesco / tedesco; german", ["german"]),  # thrice the same
    ("casi  difficili + arabo", ["arabic", "heavy_cases"]),
    ("allemand|heavy_cases", ["german", "heavy_cases"]),  # in French, and by our own names
    ("arabo e inglese", ["arabic", "english"]),
    ("German and French; sloveno ed albanese", ["albanian", "french", "german", "slovene"]),
    ("arabe et chinois", ["arabic", "chinese"]),
    ("casi difficili E tedesco", ["german", "heavy_cases"]),
    ("italiano e tedesco", ["german"]),
    ("italiano", []),  # everybody speaks it
    ("Italiana", []),
    ("IT", []),
    ("ITA", []),
    ("n.d.", []),
    ("N.D.", []),
    ("nessuna", []),
    ("-", []),
    ("", []),
]


@pytest.mark.parametrize(("written", "skills"), SKILLS)
def test_a_column_of_skills_is_read_by_its_words(written: str, skills: list[str]) -> None:
    (practice,) = read_skilled(row("P1", Competenze=written)).accepted

    assert list(practice.skills or ()) == skills


@pytest.mark.parametrize("written", ["telepatia", "tedesco, klingon", "tedesco e klingon"])
def test_a_word_that_nobody_knows_rejects_the_row_with_its_amount_and_names_the_word(written: str) -> None:
    reading = read_skilled(row("P1"), row("P2", Competenze=written))

    (rejected,) = reading.rejected
    assert (reading.accepted_rows, reading.rejected_rows, reading.rejected_cents) == (1, 1, 10350)
    assert codes(rejected.reasons) == {"intake.skill_unknown"}
    (reason,) = rejected.reasons
    assert (reason.line, reason.details["unknown"]) == (3, written.split()[-1])


def test_a_file_without_such_a_column_says_nothing_of_skills() -> None:
    (practice,) = read_rows(row("P1")).accepted

    assert practice.skills is None


def test_a_creditors_own_words_for_skills_are_known_by_its_layout() -> None:
    own = {"DE": "german", "Italiano": "english", "serbo e croato": "slovene"}
    layout = replace(SKILLED, values={**UTENZE.values, "skills": own})
    words = ["de", "italiano", "FR", "Serbo e  croato, DE"]

    reading = read_skilled(*(row(f"P{i}", Competenze=word) for i, word in enumerate(words)), layout=layout)

    assert [list(one.skills or ()) for one in reading.accepted] == [["german"], ["english"], ["german", "slovene"]]
    assert codes(reading.reasons) == {"intake.skill_unknown"}


def test_the_rows_of_a_practice_ask_together_for_all_that_each_of_them_asks_for() -> None:
    reading = read_skilled(
        row("P1", Titolo="A", Competenze="inglese", Revocata=""),
        row("P1", Titolo="B", Competenze="arabo; inglese", Revocata="sì"),
        row("P1", Titolo="C", Competenze="italiano", Revocata=""),
        row("P2", Titolo="A", Competenze="tedesco, aziende"),
        row("P2", Titolo="B", Competenze=""),
        row("P3", Titolo="A", Competenze="aziende, tedesco"),
        row("P3", Titolo="B", Competenze="tedesco, aziende"),
        row("P4", Titolo="A", Competenze="italiano"),
        row("P4", Titolo="B", Competenze="n.d."),
        layout=SEVERAL,
    )

    assert codes(reading.reasons) == set()
    assert [(one.practice_number, list(one.skills or ()), one.recalled) for one in reading.accepted] == [
        ("P1", ["arabic", "english"], True),
        ("P2", ["german", "companies"], False),
        ("P3", ["german", "companies"], False),
        ("P4", [], False),
    ]
    assert [one.total_cents for one in reading.accepted] == [31050, 20700, 20700, 20700]


def test_a_debt_that_stands_on_a_row_for_each_language_counts_once_and_asks_for_them_all() -> None:
    reading = read_skilled(
        row("P1", Titolo="A", Competenze="arabo"), row("P1", Titolo="A", Competenze="inglese"), layout=SEVERAL
    )

    (practice,) = reading.accepted
    assert (practice.total_cents, list(practice.skills or ())) == (10350, ["arabic", "english"])
    assert codes(reading.reasons) == {"intake.exact_repeat"}


def test_rows_that_differ_in_anything_else_still_contradict_each_other_whatever_they_ask_for() -> None:
    reading = read_skilled(
        row("P1", Titolo="A", Competenze="arabo", Revocata="no"),
        row("P1", Titolo="B", Competenze="inglese", Revocata="sì"),
        layout=SEVERAL,
    )

    assert reading.accepted_rows == 0
    assert codes(reading.reasons) == {"intake.rows_contradict"}
    assert {reason.details["column"] for one in reading.rejected for reason in one.reasons} == {"Revocata"}


@pytest.mark.parametrize("language", ["it", "en", "fr"])
def test_who_writes_an_unknown_skill_is_told_all_that_may_be_asked_for(language: str) -> None:
    text = Path(__file__).parents[2] / "fieldapp/pwa/src/text"
    said = json.loads((text / f"refusals/intake.{language}.json").read_text("utf-8"))["intake.skill_unknown"]
    words = json.loads((text / f"desk.{language}.json").read_text("utf-8"))
    named = [words[f"skill.{skill}"] for skill in Skill]

    assert [word for word in named if word not in said] == []
    assert [read_skills(word) for word in named] == [((skill,), ()) for skill in Skill]


GOOD_AMOUNTS = [
    ("1.103,50", 110350),  # thousands
    ("1103,50", 110350),  # without
    ("1 103,50", 110350),  # a blank for the point
    ("1\u00a0103,50", 110350),  # a no-break blank
    ("1\u202f103,50", 110350),  # a narrow one
    ("€ 1.103,50", 110350),
    ("1.103,50€", 110350),
    ("EUR 1103,50", 110350),
    ("Euro 1.103,50", 110350),
    ("1103,50 EURO", 110350),
    ("1.103,50 eur", 110350),
    ("  1103,50\u200b", 110350),  # invisible signs around
    ("1.103,5", 110350),  # a spreadsheet drops the last zero
    ("+1103,50", 110350),
    ("1.104", 110400),  # whole euro with thousands
]


@pytest.mark.parametrize(("written", "cents"), GOOD_AMOUNTS)
def test_an_amount_is_read_by_the_convention_of_the_layout(written: str, cents: int) -> None:
    rest = amounts(cents)

    reading = read_rows({**GOOD, **rest, "Totale": written})

    assert reading.accepted_cents == cents


WARNED = [
    ({"Codice fiscale": "RCCMNL83S18D969A"}, "intake.tax_code_check"),  # wrong check letter
    ({"Codice fiscale": "RCCMNL83S18D9"}, "intake.tax_code_shape"),
    ({"Codice fiscale": "RCCMNLUPSMUDVSVA"}, "intake.tax_code_check"),  # omocodia, wrong letter
    ({"Codice fiscale": "RCCMNL83S18D96VW"}, "intake.tax_code_homonym"),  # omocodia, right letter
    ({"Codice fiscale": "00743110158"}, "intake.tax_code_check"),  # a company's, wrong digit
    ({"Data nascita": "19/11/1983"}, "intake.born_on_differs"),
    ({"Partita IVA": "IT 00743110158"}, "intake.vat_number_check"),
    ({"Partita IVA": "123"}, "intake.vat_number_shape"),
    ({"CAP": "121"}, "intake.postcode_zero_filled"),
    ({"CAP": "1612X"}, "intake.postcode_doubtful"),
    ({"Indirizzo": ""}, "intake.address_incomplete"),
    ({"Telefono 1": "3,47E+09"}, "intake.phone_doubtful"),
    ({"Coobbligato": "Verdi", "Ruolo coobbligato": "cugino"}, "intake.role_unknown"),
    ({"CF coobbligato": "RCCMNL83S18D969H"}, "intake.obligor_nameless"),
    ({"Debitore": "Niccol\ufffd"}, "intake.text_damaged"),  # lost in an earlier conversion
    ({"Data affidamento": "01/12/2026"}, "intake.placement_not_started"),
    ({"Tipo soggetto": ""}, "intake.subject_kind_assumed"),
    ({"Capitale": "0,00", "Interessi": "0", "Spese": "-0,00", "Totale": "0,00"}, "intake.amount_zero"),
]


@pytest.mark.parametrize(("changes", "code"), WARNED)
def test_a_doubt_is_a_warning_and_the_row_is_taken(changes: dict[str, object], code: str) -> None:
    reading = read_rows({**GOOD, **changes})

    assert reading.accepted_rows == 1
    assert code in codes(reading.warnings)
    assert {warning.line for warning in reading.warnings} == {2}


IBANS = [
    ("IT60X0542811101000000123456", set()),
    ("it60 x054 2811 1010 0000 0123 456", set()),  # as people write it
    ("IT61X0542811101000000123456", {"intake.iban_check"}),  # wrong check digits
    ("IT60X054281110100000012345", {"intake.iban_check"}),  # a sign short
    ("bonifico", {"intake.iban_check"}),
    ("", set()),
]


@pytest.mark.parametrize(("written", "warned"), IBANS)
def test_an_iban_with_wrong_check_digits_is_a_warning(written: str, warned: set[str]) -> None:
    layout = replace(UTENZE, columns=(*UTENZE.columns, Column(Field.IBAN, "IBAN")))

    reading = read_intake(csv_text([row(IBAN=written)], headings=[*HEADINGS, "IBAN"]).encode(), layout, today=TODAY)

    assert reading.accepted_rows == 1
    assert codes(reading.warnings) == warned


KEPT_TEXTS = [
    "'; DROP TABLE practice; --",  # a statement
    "<script>alert(1)</script>",  # markup
    '=HYPERLINK("http://example.test")',  # a formula
    "D'Angelo & Figli «Srl»",
    "\u202egnirts desrever",  # a direction mark
    "Bar ; Tabacchi",  # the delimiter, quoted
    'Bar "Da Gino"',  # quotes, doubled
    "{debitore} %s {0}",  # blanks of other languages
]


@pytest.mark.parametrize("text", KEPT_TEXTS)
def test_text_stays_the_text_that_it_is(text: str) -> None:
    reading = read_rows(row("P1", Debitore=text))

    assert reading.accepted[0].debtor.name == text


def test_a_line_break_in_a_name_is_a_blank_and_lines_are_still_counted() -> None:
    reading = read_rows(row("P1", Debitore="Rossi\r\nMario"), row("P2", Totale="x"))

    assert reading.accepted[0].debtor.name == "Rossi Mario"
    assert [reason.line for reason in reading.reasons] == [4]


def test_a_neutralised_text_that_comes_back_loses_its_apostrophe() -> None:
    assert read_rows(row("P1", Debitore="'=cmd()")).accepted[0].debtor.name == "=cmd()"


def test_rows_that_are_no_data_count_neither_way() -> None:
    lines = csv_text([row("P1"), row("P2")]).splitlines()
    heading, first, second = lines
    blanks = ";" * (len(HEADINGS) - 1)
    subtotal = csv_text([{"Debitore": "Subtotale", "Totale": "103,50"}]).splitlines()[1]
    total = csv_text([total_row(20700)]).splitlines()[1]
    content = "\n".join([heading, first, blanks, "", subtotal, heading, second, total, "Fine file;2 righe"])

    reading = read_intake(content.encode(), UTENZE, today=TODAY)

    assert (reading.accepted_rows, reading.rejected_rows) == (2, 0)
    assert reading.control_total_cents == 20700


def test_a_debtor_called_total_energy_is_no_total() -> None:
    reading = read_rows(row("P1", Debitore="TOTALE ENERGIE SPA"), row("", Debitore="Totale Energie Spa"))

    assert reading.accepted_rows == 1
    assert codes(reading.reasons) == {"intake.number_missing"}


def test_an_exact_repeat_counts_once_and_says_which_line_it_repeats() -> None:
    reading = read_rows(row("P1"), row("P1\u00a0", Totale="€ 103,50"))

    assert (reading.accepted_rows, reading.rejected_rows) == (1, 1)
    assert reading.accepted_cents == reading.rejected_cents == 10350
    assert codes(reading.reasons) == {"intake.exact_repeat"}
    assert reading.reasons[0].details["first_line"] == 2


def test_contradicting_rows_of_one_number_are_not_taken_at_all() -> None:
    reading = read_rows(row("P1"), row("P2"), row("P1\u200b ", Debitore="Un altro"))

    assert [practice.practice_number for practice in reading.accepted] == ["P2"]
    assert codes(reading.reasons) == {"intake.number_twice"}
    assert [reason.line for reason in reading.reasons] == [2, 4]


def test_numbers_that_differ_in_capitals_are_two_but_looked_at() -> None:
    reading = read_rows(row("ab1"), row("AB1"))

    assert reading.accepted_rows == 2
    assert codes(reading.warnings) == {"intake.number_lookalike"}


def test_numbers_that_differ_in_leading_zeros_are_two_but_looked_at() -> None:
    reading = read_rows(row("00123"), row("123"))

    assert reading.accepted_rows == 2
    assert codes(reading.warnings) == {"intake.number_zeros"}


def test_leading_zeros_of_a_number_are_restored_by_the_rule_of_the_layout() -> None:
    layout = replace(UTENZE, practice_numbers=PracticeNumbers(width=6, pattern="[0-9]{6}"))

    reading = read_intake(csv_text([row("42"), row("1234567")]).encode(), layout, today=TODAY)

    assert [practice.practice_number for practice in reading.accepted] == ["000042"]
    assert codes(reading.warnings) == {"intake.number_zero_filled"}
    assert codes(reading.reasons) == {"intake.number_pattern"}


def test_a_recalled_practice_is_taken_though_its_placement_is_over() -> None:
    reading = read_rows(row("P1", Revocata="SI", Data_fine_mandato="31/10/2026"))

    assert reading.accepted[0].recalled


def test_a_placement_that_ends_today_is_taken() -> None:
    assert read_rows(row("P1", Data_fine_mandato="23/11/2026")).accepted_rows == 1


# several rows for a practice


def test_rows_of_one_practice_become_its_debt_lines_wherever_they_stand() -> None:
    reading = read_credit(
        row("P1", Titolo="A", Coobbligato="Verdi"), row("P2"), row("P1", Titolo="B", Telefono_1="010 1234567")
    )

    first = reading.accepted[0]
    assert [line.title for line in first.debt_lines] == ["A", "B"]
    assert [line.line for line in first.debt_lines] == [2, 4]
    assert first.phones == ("347 1234567", "010 1234567")
    assert reading.accepted_rows == 3
    assert reading.accepted_cents == reading.control_total_cents == 3 * 10350


def test_a_bad_line_rejects_its_whole_practice_and_is_named() -> None:
    reading = read_credit(row("P1", Titolo="A"), row("P2"), row("P1", Titolo="B", Scadenza="31/02/2026"))

    assert [practice.practice_number for practice in reading.accepted] == ["P2"]
    (rejected,) = reading.rejected
    assert [each.line for each in rejected.rows] == [2, 4]
    assert [reason.line for reason in rejected.reasons] == [4]
    assert reading.rejected_cents == 2 * 10350


def test_rows_that_disagree_about_the_debtor_reject_the_practice() -> None:
    reading = read_credit(row("P1", Titolo="A"), row("P1", Titolo="B", Debitore="Un altro"))

    assert reading.accepted == ()
    assert codes(reading.reasons) == {"intake.rows_contradict"}


def test_one_debt_with_two_amounts_rejects_the_practice() -> None:
    reading = read_credit(row("P1"), row("P1", **amounts(20000)))

    assert codes(reading.reasons) == {"intake.debt_twice"}


def test_later_rows_may_leave_out_what_the_first_has_said() -> None:
    short = row("P1", Titolo="B", Debitore="", Saldo_al="", Data_fine_mandato="", Data_affidamento="")

    reading = read_credit(row("P1", Titolo="A"), short)

    assert reading.accepted_rows == 2
    assert reading.accepted[0].debtor.name == "Rossi Mario"


# control totals


@pytest.mark.parametrize("stated", [10349, 0, 20700, -10350])
def test_a_control_total_that_disagrees_refuses_the_file(stated: int) -> None:
    reading = read_credit(row("P1"), total_cents=stated)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.control_total_differs"}
    assert reading.accepted == ()
    assert reading.accepted_cents == 0


def test_a_control_total_covers_rejected_rows_too() -> None:
    reading = read_credit(row("P1"), row("P2", Scadenza="31/02/2026"))

    assert reading.refused is None
    assert reading.total_cents == reading.control_total_cents == 20700


def test_a_missing_control_total_means_that_the_file_was_cut() -> None:
    reading = read_intake(csv_text([row("P1")]).encode("windows-1252"), CREDITO, today=TODAY)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.control_total_missing"}


def test_an_unreadable_control_total_refuses_the_file() -> None:
    content = csv_text([row("P1"), {"Numero pratica": "TOTALE", "Totale": "circa cento"}])

    reading = read_intake(content.encode("windows-1252"), CREDITO, today=TODAY)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.control_total_unreadable"}


def test_unreadable_amounts_may_explain_a_higher_control_total_but_never_a_lower_one() -> None:
    rows = (row("P1"), row("P2", Totale="???"))

    higher = read_intake(csv_text([*rows, total_row(20700)]).encode("cp1252"), CREDITO, today=TODAY)
    lower = read_intake(csv_text([*rows, total_row(10000)]).encode("cp1252"), CREDITO, today=TODAY)

    assert higher.refused is None
    assert "intake.control_total_unverified" in codes(higher.warnings)
    assert lower.refused is not None


def test_rows_after_the_control_total_are_not_covered_by_it() -> None:
    content = csv_text([row("P1"), total_row(10350), row("P2")])

    reading = read_intake(content.encode("cp1252"), CREDITO, today=TODAY)

    assert reading.refused is not None


@pytest.mark.parametrize("label", ["TOTALE:", "Totale generale", "Totale (1 righe)", "totali"])
def test_a_total_is_known_by_its_label(label: str) -> None:
    content = csv_text([row("P1"), {"Numero pratica": label, "Totale": "103,50"}])

    assert read_intake(content.encode("cp1252"), CREDITO, today=TODAY).control_total_cents == 10350


def test_a_bare_total_behind_its_label_is_taken() -> None:
    content = csv_text([row("P1")]) + "TOTALE;103,50\r\n"

    assert read_intake(content.encode("cp1252"), CREDITO, today=TODAY).control_total_cents == 10350


# damaged records


def test_a_cut_last_line_rejects_its_practice_only() -> None:
    text = csv_text([row("P1"), row("P2")]).rstrip()

    reading = read_intake(text[: text.rindex("01/06/2026")].encode(), UTENZE, today=TODAY)

    assert (reading.accepted_rows, reading.rejected_rows) == (1, 1)
    assert codes(reading.reasons) == {"intake.row_short"}
    assert reading.rejected[0].practice_number == "P2"
    assert reading.unreadable_rows == 1


def test_a_cut_line_rejects_the_earlier_rows_of_its_practice() -> None:
    layout = replace(CREDITO, totals=replace(CREDITO.totals, required=False))
    text = csv_text([row("P1", Titolo="A"), row("P2"), row("P1", Titolo="B")]).rstrip()

    reading = read_intake(text[:-20].encode(), layout, today=TODAY)

    assert [practice.practice_number for practice in reading.accepted] == ["P2"]
    assert reading.rejected_cents == 2 * 10350


def test_an_open_quote_costs_its_own_line_only() -> None:
    heading, *lines = csv_text([row(f"P{i}") for i in range(1, 5)]).splitlines()
    lines[1] = lines[1].replace("Rossi Mario", '"Rossi Mario')

    reading = read_intake("\n".join([heading, *lines]).encode(), UTENZE, today=TODAY)

    assert [practice.practice_number for practice in reading.accepted] == ["P1", "P3", "P4"]
    assert codes(reading.reasons) == {"intake.quotes"}
    assert [reason.line for reason in reading.reasons] == [3]


def test_two_open_quotes_do_not_swallow_the_lines_between_them() -> None:
    heading, *lines = csv_text([row(f"P{i}") for i in range(1, 6)]).splitlines()
    lines[1] = lines[1].replace("Rossi Mario", '"Rossi Mario')
    lines[3] = lines[3].replace("Rossi Mario", 'Rossi Mario"')

    reading = read_intake("\n".join([heading, *lines]).encode(), UTENZE, today=TODAY)

    assert {"P1", "P3", "P5"} <= {practice.practice_number for practice in reading.accepted}
    assert reading.accepted_rows + reading.rejected_rows == 5


def test_an_unquoted_delimiter_in_a_name_is_a_row_too_long() -> None:
    text = csv_text([row("P1"), row("P2")]).replace("P2;Rossi Mario", "P2;Rossi;Mario")

    reading = read_intake((text.rstrip() + "\n").encode(), UTENZE, today=TODAY)

    assert codes(reading.reasons) == {"intake.row_long"}
    assert reading.unreadable_rows == 1


def test_empty_cells_beyond_the_last_column_do_no_harm() -> None:
    text = "\n".join(line + ";;" for line in csv_text([row("P1")]).splitlines())

    assert read_intake(text.encode(), UTENZE, today=TODAY).accepted_rows == 1


# headings


def test_a_missing_required_column_refuses_the_file_and_is_named() -> None:
    titles = [title for title in HEADINGS if title not in ("Totale", "Saldo al")]

    reading = read_intake(csv_text([row("P1")], headings=titles).encode(), UTENZE, today=TODAY)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.column_missing"}
    assert reading.refused.details["columns"] == "Totale, Saldo al"


@pytest.mark.parametrize("twin", ["Totale", "TOTALE DOVUTO", " totale "])
def test_an_ambiguous_column_refuses_the_file(twin: str) -> None:
    reading = read_intake(csv_text([row("P1")], headings=[*HEADINGS, twin]).encode(), UTENZE, today=TODAY)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.column_ambiguous"}


def test_headings_are_found_in_any_order_and_spelling_and_below_titles() -> None:
    renamed = {"Numero pratica": "N. PRATICA", "Data nascita": "data  di nascita:", "Totale": "Importo totale"}
    titles = list(reversed(HEADINGS))
    text = csv_text([row("P1")], headings=titles)
    for old, new in renamed.items():
        heading, rest = text.split("\r\n", 1)
        text = ";".join(new if cell == old else cell for cell in heading.split(";")) + "\r\n" + rest

    reading = read_intake(("Creditore Demo\r\n\r\n" + text).encode(), UTENZE, today=TODAY)

    assert reading.accepted_rows == 1
    assert reading.accepted[0].debtor.born_on == date(1983, 11, 18)


def test_a_practice_above_the_headings_refuses_the_file() -> None:
    heading, line = csv_text([row("P1")]).splitlines()

    reading = read_intake(f"{line}\n{heading}\n{line}\n".encode(), UTENZE, today=TODAY)

    assert reading.refused is not None
    assert codes([reading.refused]) == {"intake.rows_before_header"}


def test_columns_that_mean_nothing_are_named() -> None:
    reading = read_intake(csv_text([row("P1")], headings=[*HEADINGS, "Note"]).encode(), UTENZE, today=TODAY)

    assert reading.accepted_rows == 1
    assert codes(reading.warnings) == {"intake.columns_unused"}


# containers and encodings

NAMED = csv_text([row("P1", Debitore="Niccolò Forlì")])
REFUSED_FILES = [
    (b"", "intake.empty"),
    (b" \r\n\r\n", "intake.empty"),
    (b";;;;\r\n;;;\r\n", "intake.empty"),
    (csv_text([]).encode(), "intake.empty"),  # headings only
    (csv_text([total_row(0)]).encode(), "intake.empty"),  # a total of nothing
    (b"%PDF-1.7\n1 0 obj", "intake.not_a_table"),  # renamed to CSV
    (b"PK\x03\x04 and so on", "intake.not_a_table"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "intake.not_a_table"),
    (b"\x89PNG\r\n\x1a\n....", "intake.not_a_table"),
    (b"<html><table><tr><td>P1", "intake.not_a_table"),  # a web page called .xls
    (NAMED.encode("windows-1252"), "intake.encoding"),  # another encoding: never guessed
    (NAMED.encode().replace("ò".encode(), b"\xc3"), "intake.encoding"),  # half a sign
    (NAMED.encode("utf-16-le"), "intake.binary"),  # without its mark
    (NAMED.encode().replace(b"Rossi", b"Ro\x00si").replace(b"P1", b"P\x001"), "intake.binary"),
    (codecs.BOM_UTF16_LE + b"\x00", "intake.column_missing"),  # half a pair and nothing else
    (b"\x00" * 5000, "intake.binary"),
    (b"\xff\xfe\xff\xfe\xff\xfe", "intake.empty"),  # byte order marks and nothing else
    (b"nothing here is a heading\nat all\n", "intake.column_missing"),
]


@pytest.mark.parametrize(("content", "code"), REFUSED_FILES)
def test_a_file_that_is_no_table_of_this_layout_is_refused(content: bytes, code: str) -> None:
    reading = read_intake(content, UTENZE, today=TODAY)

    assert reading.refused is not None
    assert codes([reading.refused]) == {code}
    assert (reading.accepted_rows, reading.rejected_rows, reading.total_cents) == (0, 0, 0)


READ_ANYWAY = [
    (NAMED.encode("utf-8-sig"), UTENZE, set()),  # with its mark
    (NAMED.encode("utf-16"), UTENZE, {"intake.encoding_other"}),
    (codecs.BOM_UTF16_BE + NAMED.encode("utf-16-be"), UTENZE, {"intake.encoding_other"}),
    (NAMED.replace("\r\n", "\n").encode(), UTENZE, set()),
    (NAMED.replace("\r\n", "\r").encode(), UTENZE, set()),  # an old Macintosh
    (NAMED.rstrip().encode(), UTENZE, set()),  # no end of line at the end
    ((NAMED + "\x1a").encode(), UTENZE, set()),  # an old end-of-file sign
    (csv_text([row("P1", Debitore="Niccolò Forlì")], delimiter=",").encode(), UTENZE, {"intake.delimiter_other"}),
    (csv_text([row("P1", Debitore="Niccolò Forlì")], delimiter="\t").encode(), UTENZE, {"intake.delimiter_other"}),
]  # fmt: skip


@pytest.mark.parametrize(("content", "layout", "expected"), READ_ANYWAY)
def test_what_the_bytes_prove_is_read_and_said(content: bytes, layout: object, expected: set[str]) -> None:
    reading = read_intake(content, layout, today=TODAY)  # type: ignore[arg-type]

    assert reading.accepted[0].debtor.name == "Niccolò Forlì"
    assert codes(reading.warnings) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_cut_in_the_middle_of_a_letter_costs_its_last_line_only(encoding: str) -> None:
    whole = (csv_text([row("P1"), row("P2")]) + "P3;Niccolò").encode(encoding)

    reading = read_intake(whole[:-1], UTENZE, today=TODAY)

    assert (reading.accepted_rows, reading.rejected_rows) == (2, 1)
    assert codes(reading.reasons) == {"intake.row_short"}


def test_two_encodings_in_one_file_are_each_read_as_their_bytes_prove() -> None:
    text = csv_text([row("P1", Debitore="Niccolò"), row("P2", Debitore="Nicolè"), total_row(20700)])
    mixed = text.encode().replace("è".encode(), "è".encode("windows-1252"))

    reading = read_intake(mixed, CREDITO, today=TODAY)

    assert [practice.debtor.name for practice in reading.accepted] == ["Niccolò", "Nicolè"]
    assert codes(reading.warnings) == {"intake.encoding_mixed"}


@pytest.mark.parametrize("encoding", ["cp850", "mac-roman"])
def test_letters_of_an_encoding_that_nobody_agreed_on_are_pointed_at(encoding: str) -> None:
    text = csv_text([row("P1", Debitore="Niccolò"), total_row(10350)])

    reading = read_intake(text.encode(encoding), CREDITO, today=TODAY)

    assert codes(reading.warnings) == {"intake.text_damaged"}


def test_utf8_in_a_windows_layout_is_recognised() -> None:
    text = csv_text([row("P1", Debitore="Niccolò"), total_row(10350)])

    windows = read_intake(text.encode("windows-1252"), CREDITO, today=TODAY)
    utf8 = read_intake(text.encode(), CREDITO, today=TODAY)

    assert windows.accepted[0].debtor.name == utf8.accepted[0].debtor.name == "Niccolò"
    assert codes(windows.warnings) == set()
    assert codes(utf8.warnings) == {"intake.encoding_other"}


def test_empty_parts_are_zero_where_the_layout_says_so() -> None:
    layout = replace(UTENZE, amounts=Amounts(empty_is_zero=True))

    content = csv_text([row("P1", Interessi="", Spese="", Totale="100,00"), row("P2", Totale="")])
    reading = read_intake(content.encode(), layout, today=TODAY)

    assert reading.accepted_cents == 10000
    assert codes(reading.reasons) == {"intake.amount_empty"}


def test_four_decimals_are_taken_only_where_the_layout_writes_them() -> None:
    layout = replace(UTENZE, amounts=Amounts(decimals=4))
    whole = dict.fromkeys(("Capitale", "Totale"), "100,0000") | {"Interessi": "0,0000", "Spese": "0,0000"}

    content = csv_text([row("P1", **whole), row("P2", **whole | {"Totale": "100,0050"})])
    reading = read_intake(content.encode(), layout, today=TODAY)

    assert reading.accepted_cents == 10000
    assert codes(reading.reasons) == {"intake.amount_fraction"}


# fixed width


def fixed_line(changes: dict[str, object]) -> str:
    values = row("P1", Capitale="10000", Interessi="250", Spese="100", Totale="10350") | {
        "Scadenza": "20260601",
        **changes,
    }
    return "".join(str(values.get(c.name, ""))[: c.width].ljust(c.width) for c in FISSO.columns)


def test_a_fixed_width_file_is_cut_by_its_widths() -> None:
    total = "TOTALE".ljust(sum(c.width for c in FISSO.columns[:21])) + "10350"
    content = "\r\n".join([fixed_line({"Debitore": "Niccolò"}), total])

    reading = read_intake(content.encode("windows-1252"), FISSO, today=TODAY)

    assert reading.accepted[0].debtor.name == "Niccolò"
    assert reading.accepted[0].debt_lines[0].due_on == date(2026, 6, 1)
    assert reading.control_total_cents == reading.accepted_cents == 10350


def test_damaged_fixed_width_records_come_back() -> None:
    good, longer = fixed_line({}), fixed_line({"Numero pratica": "P2"}) + "x"
    tabbed = fixed_line({"Numero pratica": "P3", "Debitore": "Rossi\tMario"})
    cut = fixed_line({"Numero pratica": "P4"})[:-40]
    total = "TOTALE".ljust(sum(c.width for c in FISSO.columns[:21])) + "41400"

    reading = read_intake("\n".join([good, longer, tabbed, cut, total]).encode(), FISSO, today=TODAY)

    assert [practice.practice_number for practice in reading.accepted] == ["P1"]
    assert codes(reading.reasons) == {"intake.line_long", "intake.line_short"}


def test_fixed_width_records_whose_blanks_a_program_took_off_are_whole() -> None:
    records = [fixed_line({"Revocata": ""}), fixed_line({"Numero pratica": "P2", "Revocata": ""})[:300]]
    total = "TOTALE".ljust(sum(c.width for c in FISSO.columns[:21])) + "10350"

    reading = read_intake("\n".join(line.rstrip() for line in [*records, total]).encode(), FISSO, today=TODAY)

    assert [practice.practice_number for practice in reading.accepted] == ["P1"]
    assert codes(reading.reasons) == {"intake.line_short"}


def test_progress_is_told_on_the_way_and_at_the_end() -> None:
    heard: list[int] = []

    content = csv_text([row(f"P{i}") for i in range(1201)]).encode()
    read_intake(content, UTENZE, today=TODAY, on_progress=heard.append)

    assert heard == [500, 1000, 1201]


def test_the_sums_of_a_mixed_file_make_the_whole() -> None:
    rows = [row("P1"), row("P2", Totale="-5,00"), row("P3", Totale="x"), row("P1", Debitore="Altro"), row("P4")]

    reading = read_rows(*rows)

    readable = [cents_of(each["Totale"]) for each in rows if each["Totale"] != "x"]
    assert reading.total_cents == sum(readable)
    assert reading.accepted_rows + reading.rejected_rows == 5
    assert reading.unreadable_rows == 1
