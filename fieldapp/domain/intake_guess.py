"""What the columns of an unknown file probably mean: by their headings, by their values, by what adds up to what.

Proposes and never decides: a person sees each guess with its ground, and corrects it before anything is read by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import permutations

from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import Cell, RawRow
from fieldapp.domain.intake_cells import AmountReader, DateReader, is_blank, key_of, text_of
from fieldapp.domain.intake_content import IdentifierChecks
from fieldapp.domain.intake_frame import SEARCHED_ROWS
from fieldapp.domain.intake_layout import AMOUNT_FIELDS, DATE_FIELDS, Amounts, Dates, Field
from fieldapp.domain.intake_words import meaning_of

STUDIED_ROWS = 500
"""Rows of which the values are looked at."""
SURE, LIKELY, POOR = 1.0, 0.7, 0.4
_MOST = 0.9
CONVENTIONS = (
    Amounts(),
    Amounts(decimal=".", thousands=","),
    Amounts(thousands="'"),
    Amounts(decimal=".", thousands="'"),
)
DATE_SPELLINGS = ("dd/mm/yyyy", "yyyy-mm-dd", "dd-mm-yyyy", "dd.mm.yyyy", "yyyymmdd", "yyyy/mm/dd", "mm/dd/yyyy")
_PROVINCE = re.compile("[A-Z]{2}")
_POSTCODE = re.compile("[0-9]{5}")
_NAME = re.compile(r"[^\W\d_]{2,}(?:[ .'’-]+[^\W\d_]*)+")
_STREET = re.compile(
    r"(?:via|viale|v\.le|corso|c\.so|piazza|p\.zza|piazzale|largo|vicolo|strada|contrada|loc)\b.*", re.I
)
_PHONE = re.compile(r"(?:\+|00)?[0-9][0-9 ./-]{5,16}")


@dataclass(frozen=True, slots=True)
class Guess:
    """One column: what it probably means, how surely (0..1), and the code of the ground for it."""

    place: int
    title: str
    meaning: Field | None
    confidence: float = 0.0
    ground: str = "none"


@dataclass(frozen=True, slots=True)
class Proposal:
    """How an unknown file is probably written. `header_row` is an index; `samples` the first rows below it."""

    header_row: int
    guesses: tuple[Guess, ...]
    amounts: Amounts
    dates: Dates
    several_rows: bool
    samples: tuple[tuple[str, ...], ...]

    def place_of(self, meaning: Field) -> int | None:
        return next((guess.place for guess in self.guesses if guess.meaning is meaning), None)


def propose(rows: Sequence[RawRow], *, checks: IdentifierChecks, serial_origin: date | None = None) -> Proposal:
    """The likeliest reading of the first rows of a file. Refusal `intake.empty` where nothing heads any data."""
    at = _heading_row(rows[:SEARCHED_ROWS])
    if at is None:
        raise Refusal("intake.empty")
    titles = [text_of(cell) for cell in rows[at].cells]
    below = [row for row in rows[at + 1 : at + 1 + STUDIED_ROWS] if any(not is_blank(cell) for cell in row.cells)]
    columns = [[row.cells[place] if place < len(row.cells) else None for row in below] for place in range(len(titles))]
    study = _Study(checks, serial_origin)
    amounts = _convention(columns)
    dates = _spellings(columns)
    guesses = _by_score(titles, columns, study, AmountReader(amounts), DateReader(dates, serial_origin=serial_origin))
    guesses = _by_sums(guesses, columns, AmountReader(amounts))
    proposal = Proposal(at, tuple(guesses), amounts, dates, False, _samples(below))
    number = proposal.place_of(Field.PRACTICE_NUMBER)
    return replace(proposal, several_rows=number is not None and _repeats(columns[number]))


def _heading_row(rows: Sequence[RawRow]) -> int | None:
    best: tuple[float, int] | None = None
    for at, row in enumerate(rows):
        titles = [text_of(cell) for cell in row.cells if not is_blank(cell)]
        wordy = [title for title in titles if any(map(str.isalpha, title)) and not any(map(str.isdigit, title[:1]))]
        if len(titles) < 2 or len(wordy) < len(titles) / 2:
            continue
        known = sum(meaning_of(title) is not None for title in titles)
        score = known * 3 + len(wordy) - 0.1 * at
        if best is None or score > best[0]:
            best = (score, at)
    return best[1] if best and best[1] + 1 < len(rows) else None


def _samples(rows: Iterable[RawRow]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text_of(cell)[:60] for cell in row.cells) for row, _ in zip(rows, range(5), strict=False))


def _share(cells: Sequence[Cell], fits: Iterable[bool]) -> float:
    """Of the filled cells, the share that fits; 0 where none is filled."""
    verdicts = [fit for cell, fit in zip(cells, fits, strict=True) if not is_blank(cell)]
    return sum(verdicts) / len(verdicts) if verdicts else 0.0


def _convention(columns: Sequence[Sequence[Cell]]) -> Amounts:
    """The convention under which most cells are amounts; with decimals written, since whole euro fit all of them."""
    cells = [text_of(cell) for column in columns for cell in column if isinstance(cell, str)]
    written = [cell for cell in cells if re.search(r"[.,][0-9]{1,2}\D*$", cell) and re.search("[0-9]", cell)]
    counted = [
        sum(AmountReader(convention).read(cell).cents is not None for cell in written[:2_000])
        for convention in CONVENTIONS
    ]
    return CONVENTIONS[counted.index(max(counted))]


def _spellings(columns: Sequence[Sequence[Cell]]) -> Dates:
    """The spellings that whole columns of dates are in; the American order only where no other fits."""
    found: list[str] = []
    for column in columns:
        texts = [cell for cell in column if isinstance(cell, str) and not is_blank(cell)]
        for spelling in DATE_SPELLINGS:
            reader = DateReader(Dates((spelling,)))
            spelt = [reader.read(text) for text in texts]
            fits = sum(day.on is not None or day.problem == "intake.date_placeholder" for day in spelt)
            if texts and fits / len(texts) >= _MOST:
                found.append(spelling)
                break
    ordered = [spelling for spelling in DATE_SPELLINGS if spelling in found]
    if "dd/mm/yyyy" in ordered and "mm/dd/yyyy" in ordered:
        ordered.remove("mm/dd/yyyy")
    return Dates(tuple(ordered) or Dates().formats)


class _Study:
    """Looks at the values of one column."""

    def __init__(self, checks: IdentifierChecks, serial_origin: date | None) -> None:
        self._checks = checks
        self._serial_origin = serial_origin

    def values(self, column: Sequence[Cell], amounts: AmountReader, dates: DateReader) -> Mapping[Field, float]:
        """How well the values fit what values alone can tell."""
        texts = [key_of(cell).upper() for cell in column]
        bare = [re.sub(r"[\s.-]", "", text) for text in texts]
        return {
            Field.TAX_CODE: _share(column, (len(code) == 16 and self._is_tax_code(code) for code in bare)),
            Field.VAT_NUMBER: _share(column, (self._checks.vat_number(code) is None for code in bare)),
            Field.IBAN: _share(column, (len(code) > 14 and self._checks.iban(code) is None for code in bare)),
            Field.POSTCODE: _share(column, (_POSTCODE.fullmatch(text) is not None for text in texts)),
            Field.PROVINCE: _share(column, (_PROVINCE.fullmatch(text) is not None for text in texts)),
            Field.STREET: _share(column, (_STREET.match(text) is not None for text in texts)),
            Field.DEBTOR: _share(column, (_NAME.fullmatch(text) is not None for text in texts)),
            Field.PHONE_1: _share(column, (_PHONE.fullmatch(text) is not None for text in texts)),
            Field.TOTAL: _share(column, (self._is_amount(cell, amounts) for cell in column)),
            Field.DUE_ON: _share(column, (self._is_date(cell, dates) for cell in column)),
            Field.PRACTICE_NUMBER: _uniqueness(texts),
        }

    def _is_tax_code(self, code: str) -> bool:
        return self._checks.tax_code(code) in (None, "intake.tax_code_check", "intake.tax_code_homonym")

    def _is_amount(self, cell: Cell, amounts: AmountReader) -> bool:
        return amounts.read(cell).cents is not None

    def _is_date(self, cell: Cell, dates: DateReader) -> bool:
        return not isinstance(cell, Decimal) and dates.read(cell).on is not None


def _uniqueness(texts: Sequence[str]) -> float:
    filled = [text for text in texts if text]
    numbered = sum(any(map(str.isdigit, text)) for text in filled)
    return min(len(set(filled)), numbered) / len(texts) if texts else 0.0


_GROUPS: Mapping[Field, Field] = {
    **dict.fromkeys(AMOUNT_FIELDS, Field.TOTAL),
    **dict.fromkeys(DATE_FIELDS, Field.DUE_ON),
    Field.PHONE_2: Field.PHONE_1,
    Field.PHONE_3: Field.PHONE_1,
    Field.OBLIGOR_TAX_CODE: Field.TAX_CODE,
    Field.OBLIGOR: Field.DEBTOR,
}
"""Fields whose values look alike, and under which of them they are studied."""
_LOOSE = frozenset({Field.DEBTOR, Field.STREET, Field.PRACTICE_NUMBER, Field.VAT_NUMBER, Field.PHONE_1})
"""Fields whose values may look like anything: there the heading is believed."""
_TELLING = (
    Field.TAX_CODE, Field.IBAN, Field.VAT_NUMBER, Field.STREET, Field.POSTCODE, Field.PROVINCE, Field.DEBTOR,
    Field.PRACTICE_NUMBER, Field.PHONE_1,
)  # fmt: skip
"""Fields that values alone may tell, the surest first."""
_NEVER_MONEY = frozenset({Field.PRACTICE_NUMBER, Field.PHONE_1})


def _by_score(
    titles: Sequence[str],
    columns: Sequence[Sequence[Cell]],
    study: _Study,
    amounts: AmountReader,
    dates: DateReader,
) -> list[Guess]:
    guesses = [Guess(place, title, None) for place, title in enumerate(titles)]
    fits = [study.values(column, amounts, dates) for column in columns]
    taken: set[Field] = set()
    for place, title in enumerate(titles):
        meaning = meaning_of(title)
        if meaning is None or meaning in taken:
            continue
        studied = _GROUPS.get(meaning, meaning)
        empty = all(is_blank(cell) for cell in columns[place])
        fitting = fits[place].get(studied)
        if fitting is None or empty:
            guesses[place] = Guess(place, title, meaning, LIKELY, "heading")
        elif fitting >= _MOST or studied in _LOOSE:
            guesses[place] = Guess(place, title, meaning, SURE, "heading_and_values")
        elif fitting >= POOR:
            guesses[place] = Guess(place, title, meaning, POOR, "heading")
        else:
            continue
        taken.add(meaning)
    for meaning in _TELLING:
        if meaning in taken:
            continue
        free = [
            (fits[guess.place][meaning], -guess.place)
            for guess in guesses
            if guess.meaning is None and not (meaning in _NEVER_MONEY and fits[guess.place][Field.TOTAL] >= _MOST)
        ]
        fitting, at = max(free, default=(0.0, 0))
        if fitting >= _MOST:
            guesses[-at] = Guess(-at, titles[-at], meaning, LIKELY, "values")
            taken.add(meaning)
    return guesses


def _by_sums(guesses: list[Guess], columns: Sequence[Sequence[Cell]], amounts: AmountReader) -> list[Guess]:
    """Where three columns make a fourth in nearly every row, they are the parts and that is the total."""
    if {guess.meaning for guess in guesses} >= {Field.PRINCIPAL, Field.TOTAL}:
        return guesses
    known = {guess.place: guess for guess in guesses if guess.meaning is None or guess.meaning in AMOUNT_FIELDS}
    cents = {place: [amounts.read(cell).cents for cell in columns[place]] for place in known}
    money = [
        place for place, read in cents.items() if read and sum(each is not None for each in read) >= _MOST * len(read)
    ]
    for size in (3, 2):
        for total in reversed(money):
            for parts in _parts(money, total, size):
                if _adds_up([cents[place] for place in parts], cents[total]):
                    return _with_sum(guesses, parts, total)
    return guesses


def _parts(money: Sequence[int], total: int, size: int) -> Iterable[tuple[int, ...]]:
    rising = (parts for parts in permutations([place for place in money[:12] if place != total], size))
    return (parts for parts in rising if list(parts) == sorted(parts))


def _adds_up(parts: Sequence[Sequence[int | None]], total: Sequence[int | None]) -> bool:
    rows = [(each, whole) for *each, whole in zip(*parts, total, strict=True) if whole]
    right = sum(None not in each and sum(part or 0 for part in each) == whole for each, whole in rows)
    several = sum(sum(bool(part) for part in each) > 1 for each, _ in rows)
    return bool(rows) and several > 0 and right >= _MOST * len(rows)


def _with_sum(guesses: list[Guess], parts: Sequence[int], total: int) -> list[Guess]:
    meanings = dict(zip(parts, AMOUNT_FIELDS, strict=False)) | {total: Field.TOTAL}
    return [
        replace(guess, meaning=meanings[guess.place], confidence=LIKELY, ground="sums")
        if guess.place in meanings
        else replace(guess, meaning=None, confidence=0.0, ground="none")
        if guess.meaning in meanings.values()
        else guess
        for guess in guesses
    ]


def _repeats(cells: Sequence[Cell]) -> bool:
    numbers = [key_of(cell) for cell in cells if not is_blank(cell)]
    return len(set(numbers)) < len(numbers)
