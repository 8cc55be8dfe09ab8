"""What one cell says: text, an amount in cents, a date. By the layout's convention, or not at all.

Nothing is evaluated, rounded or guessed: an answer is a value, or the code of why there is none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, DecimalException

from fieldapp.domain.intake import Cell, CellFault, Formula
from fieldapp.domain.intake_layout import Amounts, Dates

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u180e\u00ad\u2800\u3164\u115f\u1160\uffa0"
"""Signs that show nothing and that no trimming of blanks takes off: zero widths, Braille and Hangul fillers."""
_MINUS = "-\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d"
_CURRENCY = r"(?:€|EURO|EUR)"
_MARKED = re.compile(rf"(?:{_CURRENCY}\s*)?(?P<bare>[^€]*?)(?:\s*{_CURRENCY})?", re.IGNORECASE)
_TWICE = re.compile(rf"{_CURRENCY}.*{_CURRENCY}", re.IGNORECASE)
_FOREIGN = re.compile(r"(?:[A-Za-z]{3}|[$£¥₣₤₺₽₹฿¢])\s*[-\d(].*|[-(]?\d.*?\s*(?:[A-Za-z]{3}|[$£¥₣₤₺₽₹฿¢])")
_BLANK = r"[ \u00a0\u202f\u2009\u2007]"
_NEUTRALISED = ("'=", "'+", "'-", "'@", "'\t", "'\r")
# A spreadsheet keeps and shows 15 significant digits; what a binary fraction adds beyond them (0.1 + 0.2) is
# noise of the container, not a fraction of a cent.
_SHOWN = Context(prec=15)
_MOST_DIGITS = 15
SERIALS_FROM_1900 = date(1899, 12, 30)
SERIALS_FROM_1904 = date(1904, 1, 1)
_LAST_SERIAL = 2_958_465
_USUAL_PLACEHOLDERS = frozenset(
    date(*parts)
    for parts in (
        (1, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1901, 1, 1),
        (2099, 12, 31), (2999, 12, 31), (9999, 12, 31),
    )
)  # fmt: skip
_EARLIEST, _LATEST = date(1902, 1, 1), date(2150, 12, 31)


@dataclass(frozen=True, slots=True)
class Amount:
    """`cents` is None where nothing can be read; `problem` says why the row cannot be taken.

    Both are set where an amount is plain to read but not acceptable (negative, absurd).
    """

    cents: int | None
    problem: str | None = None
    noisy: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    on: date | None
    problem: str | None = None


def text_of(cell: Cell) -> str:
    """The text of `cell`, blanks and line breaks folded to single spaces; direction marks and markup stay.

    The apostrophe that our own exports put before `= + - @` is taken off again.
    """
    if isinstance(cell, str):
        folded = " ".join(cell.split())
        if not folded.isascii():
            folded = _without_zero_width_ends(folded)
        return folded[1:] if folded.startswith(_NEUTRALISED) else folded
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "si" if cell else "no"
    if isinstance(cell, Decimal):
        return _digits_of(cell)
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    return cell.text


def _without_zero_width_ends(text: str) -> str:
    bare = text.strip(ZERO_WIDTH)
    while bare != text:
        text, bare = bare, bare.strip().strip(ZERO_WIDTH)
    return text


def _digits_of(number: Decimal) -> str:
    if number.is_finite() and number == number.to_integral_value() and number.adjusted() < 30:
        return str(int(number))
    return format(number, "f") if number.is_finite() and abs(number.adjusted()) < 30 else str(number)


def key_of(cell: Cell) -> str:
    """The text of `cell` as an identifier: without any invisible character, in composed form."""
    text = text_of(cell)
    if text.isascii() and text.isprintable():
        return text
    seen = "".join(sign for sign in text if sign not in ZERO_WIDTH and unicodedata.category(sign) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def heading_key(text: str) -> str:
    """A heading, folded so that case, punctuation and blanks make no difference."""
    return " ".join(re.sub(r"[\W_]+", " ", text.strip(ZERO_WIDTH).casefold()).split())


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not text_of(cell))


class AmountReader:
    """Reads amounts by one convention."""

    def __init__(self, convention: Amounts) -> None:
        self._convention = convention
        sign = "|".join([re.escape(convention.thousands), _BLANK] if convention.thousands else [_BLANK])
        grouped = rf"[0-9]{{1,3}}(?:(?P<sign>{sign})[0-9]{{3}}(?:(?P=sign)[0-9]{{3}})*)"
        fraction = rf"(?:{re.escape(convention.decimal)}(?P<cents>[0-9]+))?"
        self._number = re.compile(rf"(?P<whole>{grouped}|[0-9]+){fraction}")

    def read(self, cell: Cell) -> Amount:
        """The amount in `cell`. Problems: `intake.amount_*`, `intake.formula`, `intake.merged_cell`."""
        if isinstance(cell, str):
            return self._written(cell)
        if isinstance(cell, Decimal):
            return self._counted(cell)
        if cell is None:
            return Amount(None, "intake.amount_empty")
        return Amount(None, _container_problem(cell) or "intake.amount_unreadable")

    def _written(self, written: str) -> Amount:
        text = key_of(written).strip()
        if not text:
            return Amount(None, "intake.amount_empty")
        outer, negative = _without_sign(text)
        marked = _MARKED.fullmatch(outer)
        if marked is None or _TWICE.search(outer):
            return Amount(None, "intake.amount_unreadable")
        bare, inner_negative = _without_sign(marked["bare"].strip())
        if inner_negative and negative:
            return Amount(None, "intake.amount_unreadable")
        negative = negative or inner_negative
        number = self._number.fullmatch(bare)
        if number is None:
            foreign = _FOREIGN.fullmatch(bare) is not None
            return Amount(None, "intake.amount_currency" if foreign else "intake.amount_unreadable")
        return self._checked(number["whole"], number["cents"], negative=negative)

    def _checked(self, whole: str, cents: str | None, *, negative: bool) -> Amount:
        digits = re.sub("[^0-9]", "", whole).lstrip("0")
        if len(digits) > _MOST_DIGITS:
            return Amount(None, "intake.amount_absurd")
        if self._convention.implied_decimals:
            if cents is not None or not whole.isdigit():
                return Amount(None, "intake.amount_unreadable")
            return self._judged(int(digits or "0") * 10 ** (2 - self._convention.implied_decimals), negative)
        fraction = cents or ""
        if len(fraction) > max(self._convention.decimals, 0) or fraction[2:].strip("0"):
            return Amount(None, "intake.amount_fraction")
        return self._judged(int(digits or "0") * 100 + int(fraction[:2].ljust(2, "0")), negative)

    def _counted(self, number: Decimal) -> Amount:
        if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
            return Amount(None, "intake.amount_absurd")
        try:
            shown = _SHOWN.plus(number)
            cents = shown.scaleb(2)
            whole = cents.to_integral_value()
        except DecimalException:
            return Amount(None, "intake.amount_unreadable")
        if cents != whole:
            return Amount(None, "intake.amount_fraction")
        read = self._judged(abs(int(whole)), whole < 0)
        return Amount(read.cents, read.problem, noisy=shown != number)

    def _judged(self, cents: int, negative: bool) -> Amount:
        if negative and cents:
            return Amount(-cents, "intake.amount_negative")
        if cents > self._convention.maximum_cents:
            return Amount(cents, "intake.amount_absurd")
        return Amount(cents)


def _without_sign(text: str) -> tuple[str, bool]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    if text and text[0] in _MINUS:
        return text[1:].strip(), True
    if text and text[-1] in _MINUS:
        return text[:-1].strip(), True
    return text.removeprefix("+").strip(), False


class DateReader:
    """Reads dates in the layout's spellings; `serial_origin` is day 0 of a spreadsheet's serial numbers."""

    def __init__(self, convention: Dates, *, serial_origin: date | None = None) -> None:
        self._patterns = tuple(_date_pattern(spelling) for spelling in convention.formats)
        self._placeholders = _USUAL_PLACEHOLDERS | frozenset(convention.placeholders)
        self._serial_origin = serial_origin
        self._known: dict[str, Day] = {}

    def read(self, cell: Cell) -> Day:
        """The date in `cell`; neither date nor problem where it is blank. Problems: `intake.date_*`."""
        if isinstance(cell, str):
            day = self._known.get(cell)
            if day is None:
                day = self._known[cell] = self._written(cell)
            return day
        if cell is None:
            return Day(None)
        if isinstance(cell, Decimal):
            return self._counted(cell)
        if isinstance(cell, date):
            return self._plausible(cell.date() if isinstance(cell, datetime) else cell)
        return Day(None, _container_problem(cell) or "intake.date_unreadable")

    def _written(self, written: str) -> Day:
        text = key_of(written)
        if not text:
            return Day(None)
        for pattern in self._patterns:
            found = pattern.fullmatch(text)
            if found is None:
                continue
            year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
            if not (year and month and day):
                return Day(None, "intake.date_placeholder")
            try:
                return self._plausible(date(year, month, day))
            except ValueError:
                return Day(None, "intake.date_impossible")
        return Day(None, "intake.date_unreadable")

    def _counted(self, number: Decimal) -> Day:
        if self._serial_origin is None or not number.is_finite() or not 0 <= number <= _LAST_SERIAL:
            return Day(None, "intake.date_unreadable")
        # Serial 60 is 29/02/1900, a day that never was: up to there the two calendars disagree.
        if self._serial_origin == SERIALS_FROM_1900 and number <= 60:
            return Day(None, "intake.date_placeholder")
        try:
            return self._plausible(self._serial_origin + timedelta(days=int(number)))
        except OverflowError:
            return Day(None, "intake.date_unreadable")

    def _plausible(self, day: date) -> Day:
        if day in self._placeholders:
            return Day(None, "intake.date_placeholder")
        return Day(day) if _EARLIEST <= day <= _LATEST else Day(None, "intake.date_absurd")


def _date_pattern(spelling: str) -> re.Pattern[str]:
    pattern = re.escape(spelling)
    # Without a sign between the parts only full widths are unambiguous.
    short = "1,2" if len(spelling) > len("ddmmyyyy") else "2"
    pattern = pattern.replace("dd", f"(?P<d>[0-9]{{{short}}})").replace("yyyy", "(?P<y>[0-9]{4})")
    pattern = pattern.replace("mm", f"(?P<m>[0-9]{{{short}}})")
    return re.compile(pattern + r"(?:[ T][0-9]{2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:\.0+)?)?)?")


def _container_problem(cell: Cell) -> str | None:
    if isinstance(cell, Formula):
        return "intake.formula"
    if isinstance(cell, CellFault):
        return "intake.merged_cell" if cell.merged else "intake.cell_fault"
    return None


def container_problem(cell: Cell) -> str | None:
    """Why the container's `cell` cannot be taken as text: it computes, is in fault, or holds unstorable signs."""
    if isinstance(cell, str):
        return "intake.text_unreadable" if "\x00" in cell else None
    return _container_problem(cell)
