"""One row of a creditor's file, read into values; what is wrong with it is said, never mended by guesswork."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from fieldapp.domain.intake import (
    AddressDraft,
    Cell,
    CellFault,
    Detail,
    Finding,
    ObligorDraft,
    ObligorRole,
    RawRow,
    SubjectKind,
)
from fieldapp.domain.intake_cells import (
    Amount,
    AmountReader,
    DateReader,
    container_problem,
    is_blank,
    key_of,
    text_of,
)
from fieldapp.domain.intake_content import MERGED, IdentifierChecks, PracticeFacts, ReadRow, RowContent
from fieldapp.domain.intake_frame import Header
from fieldapp.domain.intake_layout import AMOUNT_FIELDS, PHONE_FIELDS, Field, FileKind, Layout
from fieldapp.domain.money import italian
from fieldapp.domain.skills import Skill, read_skills

Choice = TypeVar("Choice", bound=StrEnum)
LONGEST_TEXT = 1_000
_EPOCH = date(1970, 1, 1)
# A sign that stands for "unknown", UTF-8 read as Windows-1252, or what DOS and old Macintosh letters become there.
_LOST_LETTERS = re.compile("\ufffd|[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|[A-Za-z][•ˆ˜†‡‰]|[\u0080-\u009f]")
_EXACT_INTEGERS = 10**15
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?[Ee]\+[0-9]+")
_SUBJECTS = {
    "persona": SubjectKind.PERSON, "persona fisica": SubjectKind.PERSON, "pf": SubjectKind.PERSON,
    "p": SubjectKind.PERSON, "privato": SubjectKind.PERSON,
    "azienda": SubjectKind.COMPANY, "persona giuridica": SubjectKind.COMPANY, "pg": SubjectKind.COMPANY,
    "a": SubjectKind.COMPANY, "impresa": SubjectKind.COMPANY, "societa": SubjectKind.COMPANY,
    "società": SubjectKind.COMPANY,
}  # fmt: skip
_ROLES = {
    "": ObligorRole.CO_OBLIGOR, "coobbligato": ObligorRole.CO_OBLIGOR, "coobbligata": ObligorRole.CO_OBLIGOR,
    "garante": ObligorRole.GUARANTOR, "fideiussore": ObligorRole.GUARANTOR,
    "cointestatario": ObligorRole.JOINT_HOLDER, "cointestataria": ObligorRole.JOINT_HOLDER,
    "erede": ObligorRole.HEIR, "legale rappresentante": ObligorRole.LEGAL_REPRESENTATIVE,
    "rappresentante legale": ObligorRole.LEGAL_REPRESENTATIVE,
}  # fmt: skip
_YES = frozenset({"si", "sì", "s", "x", "1", "vero", "true", "yes", "y", "revocata"})
_NO = frozenset({"", "no", "n", "0", "falso", "false"})
_FEW = frozenset({Field.POSTCODE, Field.MUNICIPALITY, Field.PROVINCE, Field.DEBT_KIND, Field.CASE_OWNER, Field.PHASE})


class RowReader:
    """Reads rows by one layout and one header."""

    def __init__(
        self,
        layout: Layout,
        header: Header,
        *,
        today: date,
        checks: IdentifierChecks,
        serial_origin: date | None = None,
    ) -> None:
        self.layout = layout
        self.header = header
        self.today = today
        self.checks = checks
        self.amounts = AmountReader(layout.amounts)
        self.dates = DateReader(layout.dates, serial_origin=serial_origin)
        self.shared: dict[str, str] = {}
        self.number_pattern = re.compile(layout.practice_numbers.pattern or ".*", re.DOTALL)
        self.subjects = {**_SUBJECTS, **_value_names(layout, Field.SUBJECT_KIND, SubjectKind)}
        self.roles = {**_ROLES, **_value_names(layout, Field.OBLIGOR_ROLE, ObligorRole)}
        recalled = layout.values.get(Field.RECALLED, {})
        self.yes = _YES | {text.casefold() for text, value in recalled.items() if value == "yes"}
        self.no = _NO | {text.casefold() for text, value in recalled.items() if value == "no"}
        self.skills = _value_names(layout, Field.SKILLS, Skill)
        self.headings = {field: layout.heading(field) for field in Field}
        self.filled = frozenset(column.field for column in layout.columns if column.filled)

    def read(self, row: RawRow) -> ReadRow:
        """`row` as values, or the reasons why it is not taken."""
        return _RowPass(self, row).finish()


def _value_names(layout: Layout, field: Field, kind: type[Choice]) -> dict[str, Choice]:
    known = {member.value: member for member in kind}
    named = layout.values.get(field, {}).items()
    return {text.casefold(): known[value] for text, value in named if value in known}


class _RowPass:
    """One pass over one row, collecting what it says and what is wrong with it."""

    def __init__(self, reader: RowReader, row: RawRow) -> None:
        self._reader = reader
        self._row = row
        self._places = reader.header.places
        self._reasons: list[Finding] = []
        self._warnings: list[Finding] = []
        self._damage = row.damage or self._length_damage()
        self._has_total = False

    def _length_damage(self) -> str | None:
        if self._reader.layout.kind is not FileKind.CSV:
            return None
        cells, width = self._row.cells, self._reader.header.width
        if len(cells) < width:
            return "intake.row_short"
        beyond = cells[len(self._reader.header.titles) :]
        return "intake.row_long" if any(not is_blank(cell) for cell in beyond) else None

    def finish(self) -> ReadRow:
        number = self._number()
        if self._damage:
            amounts = self._surviving_amounts()
            details = {"cells": len(self._row.cells), "expected": self._reader.header.width}
            self._reasons = [Finding(self._damage, self._row.line, details)]
            content = None
        else:
            amounts, cents = self._debt_amounts()
            content = self._content(cents)
        return ReadRow(
            self._row.line,
            number,
            content if not self._reasons else None,
            amounts,
            text_of(self._cell(Field.TOTAL)),
            tuple(self._reasons),
            tuple(self._warnings),
        )

    def _cell(self, meaning: Field) -> Cell:
        place = self._places.get(meaning)
        if place is None or place >= len(self._row.cells):
            return None
        cell = self._row.cells[place]
        return CellFault(text_of(cell), merged=True) if place in self._row.merged else cell

    def _reject(self, code: str, meaning: Field, **details: Detail) -> None:
        self._reasons.append(self._about(code, meaning, details))

    def _warn(self, code: str, meaning: Field, **details: Detail) -> None:
        self._warnings.append(self._about(code, meaning, details))

    def _about(self, code: str, meaning: Field, details: dict[str, Detail]) -> Finding:
        shown = text_of(self._cell(meaning))[:80]
        return Finding(code, self._row.line, {"column": self._reader.headings[meaning], "value": shown} | details)

    def _number(self) -> str:
        cell, rules = self._cell(Field.PRACTICE_NUMBER), self._reader.layout.practice_numbers
        number = key_of(cell)
        problem = container_problem(cell)
        if problem or not number:
            self._reject(problem or "intake.number_missing", Field.PRACTICE_NUMBER)
            # The number in a merged cell is known, only not whose it is: the other rows under it are rejected too.
            return number[:80] if isinstance(cell, CellFault) and cell.merged else ""
        if isinstance(cell, Decimal):
            if not number.isdigit() or int(number) >= _EXACT_INTEGERS:
                self._reject("intake.number_damaged", Field.PRACTICE_NUMBER)
                return number[:80]
            if len(number) >= rules.width:
                self._warn("intake.number_numeric", Field.PRACTICE_NUMBER)
        if _SCIENTIFIC.fullmatch(number):
            self._reject("intake.number_damaged", Field.PRACTICE_NUMBER)
        if number.isascii() and number.isdigit() and len(number) < rules.width:
            number = number.zfill(rules.width)
            self._warn("intake.number_zero_filled", Field.PRACTICE_NUMBER, restored=number)
        if len(number) > 80 or not self._reader.number_pattern.fullmatch(number):
            self._reject("intake.number_pattern", Field.PRACTICE_NUMBER)
        return number[:80]

    def _surviving_amounts(self) -> dict[Field, int]:
        # In a short record the cells before the last stand where they belong; the last one may be cut.
        if self._damage != "intake.row_short" or self._row.damage:
            return {}
        last = len(self._row.cells) - 1
        read = {
            field: self._reader.amounts.read(self._cell(field)).cents
            for field in AMOUNT_FIELDS
            if self._places.get(field, last) < last
        }
        return {field: cents for field, cents in read.items() if cents is not None}

    def _debt_amounts(self) -> tuple[dict[Field, int], tuple[int, int, int, int] | None]:
        read: dict[Field, Amount] = {}
        for field in AMOUNT_FIELDS:
            if field in self._places:
                read[field] = self._amount(field)
        amounts = {field: amount.cents for field, amount in read.items() if amount.cents is not None}
        if any(amount.problem for amount in read.values()):
            return amounts, None
        total = amounts[Field.TOTAL]
        principal, interest, costs = (amounts.get(field, 0) for field in AMOUNT_FIELDS[:3])
        if len(read) == 1:
            # The creditor tells one sum and no parts: all of it counts as principal.
            principal = total
        if principal + interest + costs != total:
            self._reject("intake.total_contradicts", Field.TOTAL, summed=italian(principal + interest + costs))
            return amounts, None
        if total == 0:
            self._warn("intake.amount_zero", Field.TOTAL)
        return amounts, (principal, interest, costs, total)

    def _amount(self, field: Field) -> Amount:
        cell, convention = self._cell(field), self._reader.layout.amounts
        amount = self._reader.amounts.read(cell)
        if amount.problem == "intake.amount_empty" and convention.empty_is_zero and field is not Field.TOTAL:
            return Amount(0)
        if amount.problem:
            self._reject(amount.problem, field)
        elif amount.noisy:
            self._warn("intake.amount_noisy", field)
        return amount

    def _content(self, cents: tuple[int, int, int, int] | None) -> RowContent | None:
        facts = self._facts()
        obligor, address, phones = self._obligor(), self._address(), self._phones()
        title, kind = self._text(Field.TITLE), self._text(Field.DEBT_KIND)
        due_on = self._date(Field.DUE_ON)
        self._require_filled()
        if cents is None or self._reasons:
            return None
        return RowContent(facts, obligor, address, phones, title, kind, due_on, cents)

    def _facts(self) -> PracticeFacts:
        born_on = self._date(Field.BORN_ON)
        if born_on and born_on > self._reader.today:
            self._reject("intake.date_future", Field.BORN_ON)
        as_of = self._date(Field.AS_OF)
        if as_of and as_of > self._reader.today:
            self._reject("intake.date_future", Field.AS_OF)
        tax_code = self._tax_code(Field.TAX_CODE)
        said_by_code = self._reader.checks.born_on(tax_code) if born_on and len(tax_code) == 16 else None
        if born_on and said_by_code and not _same_birthday(born_on, said_by_code):
            self._warn("intake.born_on_differs", Field.BORN_ON, tax_code=tax_code)
        return PracticeFacts(
            debtor=self._text(Field.DEBTOR),
            subject_kind=self._subject_kind(),
            tax_code=tax_code,
            vat_number=self._vat_number(),
            born_on=born_on,
            placement_starts_on=self._date(Field.PLACEMENT_STARTS_ON),
            placement_ends_on=self._date(Field.PLACEMENT_ENDS_ON),
            as_of=as_of,
            case_owner=self._text(Field.CASE_OWNER),
            phase=self._text(Field.PHASE),
            recalled=self._recalled(),
            iban=self._iban(),
            skills=self._skills(),
        )

    def _text(self, meaning: Field) -> str:
        cell = self._cell(meaning)
        if cell is None:
            return ""
        problem = container_problem(cell)
        if problem:
            self._reject(problem, meaning)
            return ""
        text = text_of(cell)
        if len(text) > LONGEST_TEXT:
            self._reject("intake.text_too_long", meaning, limit=LONGEST_TEXT)
            return ""
        if not text.isascii() and _LOST_LETTERS.search(text):
            self._warn("intake.text_damaged", meaning)
        # Few towns, owners and phases for many rows: one copy of each text is enough.
        return self._reader.shared.setdefault(text, text) if meaning in _FEW else text

    def _date(self, meaning: Field) -> date | None:
        if meaning not in self._places:
            return None
        day = self._reader.dates.read(self._cell(meaning))
        problem = day.problem or ("intake.date_placeholder" if self._is_no_day(day.on, meaning) else None)
        if problem:
            self._reject(problem, meaning)
        return day.on

    def _is_no_day(self, day: date | None, meaning: Field) -> bool:
        # Where computers begin to count; people may well be born on it.
        return day == _EPOCH and meaning is not Field.BORN_ON

    def _subject_kind(self) -> SubjectKind | None:
        text = self._text(Field.SUBJECT_KIND).casefold()
        kind = self._reader.subjects.get(text)
        if text and kind is None:
            self._reject("intake.value_unknown", Field.SUBJECT_KIND)
        return kind

    def _recalled(self) -> bool | None:
        cell = self._cell(Field.RECALLED)
        text = self._text(Field.RECALLED).casefold()
        if isinstance(cell, bool):
            return cell
        if not text:
            return None
        if text not in self._reader.yes | self._reader.no:
            self._reject("intake.value_unknown", Field.RECALLED)
        return text in self._reader.yes

    def _skills(self) -> tuple[Skill, ...] | None:
        text = self._text(Field.SKILLS)
        if not text:
            return None
        skills, unknown = read_skills(text, self._reader.skills)
        if unknown:
            self._reject("intake.skill_unknown", Field.SKILLS, unknown=", ".join(unknown)[:80])
        return skills

    def _tax_code(self, meaning: Field) -> str:
        code = _identifier(self._text(meaning))
        if isinstance(self._cell(meaning), Decimal) and code.isdigit() and len(code) < 11:
            code = code.zfill(11)
            self._warn("intake.vat_zero_filled", meaning, restored=code)
        doubt = self._reader.checks.tax_code(code) if code else None
        if doubt:
            self._warn(doubt, meaning)
        return code

    def _vat_number(self) -> str:
        number = _identifier(self._text(Field.VAT_NUMBER)).removeprefix("IT")
        if isinstance(self._cell(Field.VAT_NUMBER), Decimal) and number.isdigit() and len(number) < 11:
            number = number.zfill(11)
            self._warn("intake.vat_zero_filled", Field.VAT_NUMBER, restored=number)
        doubt = self._reader.checks.vat_number(number) if number else None
        if doubt:
            self._warn(doubt, Field.VAT_NUMBER)
        return number

    def _iban(self) -> str:
        iban = _identifier(self._text(Field.IBAN))
        doubt = self._reader.checks.iban(iban) if iban else None
        if doubt:
            self._warn(doubt, Field.IBAN)
        return iban

    def _obligor(self) -> ObligorDraft | None:
        name = self._text(Field.OBLIGOR)
        role_text = self._text(Field.OBLIGOR_ROLE).casefold()
        tax_code = self._tax_code(Field.OBLIGOR_TAX_CODE)
        if not name:
            if tax_code:
                self._warn("intake.obligor_nameless", Field.OBLIGOR)
            return None
        role = self._reader.roles.get(role_text)
        if role is None:
            self._warn("intake.role_unknown", Field.OBLIGOR_ROLE)
        return ObligorDraft(name, role or ObligorRole.CO_OBLIGOR, tax_code)

    def _address(self) -> AddressDraft | None:
        street, municipality = self._text(Field.STREET), self._text(Field.MUNICIPALITY)
        postcode, province = self._postcode(), self._text(Field.PROVINCE).upper()
        if Field.STREET in self._places and not (street and municipality):
            self._warn("intake.address_incomplete", Field.STREET)
        if not (street or municipality or postcode):
            return None
        return AddressDraft(street, postcode, municipality, province)

    def _postcode(self) -> str:
        code = self._text(Field.POSTCODE).replace(" ", "")
        if code.isascii() and code.isdigit() and 2 <= len(code) < 5:
            restored = code.zfill(5)
            self._warn("intake.postcode_zero_filled", Field.POSTCODE, restored=restored)
            return restored
        if code and not (code.isascii() and code.isdigit() and len(code) == 5):
            self._warn("intake.postcode_doubtful", Field.POSTCODE)
        return code

    def _phones(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for meaning in PHONE_FIELDS:
            phone = self._text(meaning)
            if not phone:
                continue
            digits = sum(sign.isdigit() for sign in phone)
            numeric = isinstance(self._cell(meaning), Decimal)
            if numeric and not phone.startswith(("3", "0")):
                self._warn("intake.phone_zero_lost", meaning)
            elif _SCIENTIFIC.fullmatch(phone) or not 6 <= digits <= 15:
                self._warn("intake.phone_doubtful", meaning)
            found[phone] = None
        return tuple(found)

    def _require_filled(self) -> None:
        # Amounts say so themselves, and what holds for a whole practice may stand in another of its rows.
        several = self._reader.layout.rows_per_practice == "several"
        for meaning in self._reader.filled:
            if meaning in AMOUNT_FIELDS or meaning is Field.PRACTICE_NUMBER or (several and meaning in MERGED):
                continue
            if is_blank(self._cell(meaning)):
                self._reject("intake.value_missing", meaning)
        if not several and Field.DEBTOR not in self._reader.filled and is_blank(self._cell(Field.DEBTOR)):
            self._reject("intake.value_missing", Field.DEBTOR)


def _identifier(text: str) -> str:
    return re.sub(r"[\s.\-:]", "", key_of(text)).upper()


def _same_birthday(written: date, coded: date) -> bool:
    # A tax code keeps two digits of the year.
    return (written.year % 100, written.month, written.day) == (coded.year % 100, coded.month, coded.day)
