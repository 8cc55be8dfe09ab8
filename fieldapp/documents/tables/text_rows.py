"""Text files, delimited or of fixed width, to rows. A damaged record costs itself, not the records after it."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake import Finding, RawRow
from fieldapp.domain.intake_frame import SEARCHED_ROWS, Header, find_header
from fieldapp.domain.intake_layout import FileKind, Layout

# csv keeps its limit per process; a longer field is an open quote or an attack, not a name.
_LONGEST_LINE = 131_072
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_BLANK_AT_END = re.compile(r" [\r\n]| \Z")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_END_OF_FILE = "\x1a"
# An accented letter as UTF-8 writes it; as Windows-1252 it would be "Ã" and a sign, which no Italian text holds.
_SURELY_UTF8 = re.compile(rb"\xc3[\x80-\xbf]")
_FOREIGN = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "XLSX / ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7Z"),
    (b"Rar!", "RAR"),
    (b"{\\rtf", "RTF"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
)


@dataclass(frozen=True, slots=True)
class TextTable:
    """A decoded text file whose headings are found; `rows` reads the data below them, any number of times."""

    text: str
    layout: Layout
    header: Header
    delimiter: str
    warnings: tuple[Finding, ...]

    def rows(self) -> Iterator[RawRow]:
        if self.layout.kind is FileKind.FIXED:
            records = fixed_records(self.text, self.layout)
        else:
            records = delimited_records(self.text, self.delimiter, self.layout.quote, self.header)
        return islice(records, self.header.row + 1, None)


def read_text(content: bytes, layout: Layout) -> TextTable:
    """A CSV or fixed-width file as a table.

    Refusals: `intake.not_a_table`, `intake.encoding`, `intake.binary`, and those of `find_header`.
    """
    text, warnings = decode(content, layout)
    if layout.kind is FileKind.FIXED:
        return TextTable(text, layout, find_header((), layout), "", tuple(warnings))
    first_refusal: Refusal | None = None
    for delimiter in layout.delimiters:
        records = delimited_records(text, delimiter, layout.quote, None)
        try:
            header = find_header(list(islice(records, SEARCHED_ROWS)), layout)
        except Refusal as refusal:
            first_refusal = first_refusal or refusal
            continue
        if delimiter != layout.delimiters[0]:
            shown = {"\t": "TAB"}.get(delimiter, delimiter)
            warnings.append(Finding("intake.delimiter_other", None, {"delimiter": shown}))
        return TextTable(text, layout, header, delimiter, tuple(warnings))
    raise first_refusal or Refusal("intake.empty")


def decode(content: bytes, layout: Layout) -> tuple[str, list[Finding]]:
    """The text of `content` in one of the layout's encodings, or in another one that its bytes prove."""
    head = content[:64].lstrip().lower()
    for signature, name in _FOREIGN:
        if head.startswith(signature.lower()):
            raise Refusal("intake.not_a_table", kind=Kind.UNSUPPORTED, details={"found": name})
    for mark, encoding in _UTF16.items():
        if content.startswith(mark):
            return _decoded(content, encoding), [_other_encoding("UTF-16")]
    if b"\x00" in content:
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise Refusal("intake.binary", kind=Kind.UNSUPPORTED, details={"line": line})
    if content.startswith(codecs.BOM_UTF8):
        return _decoded(content, "utf-8-sig"), []
    return _by_layout(content, layout)


def _by_layout(content: bytes, layout: Layout) -> tuple[str, list[Finding]]:
    first, *_ = layout.encodings
    # Bytes that are no ASCII and yet whole UTF-8 are UTF-8: by chance that does not happen.
    if not content.isascii() and not _is_utf8_name(first):
        try:
            return _tidied(content.decode("utf-8")), [_other_encoding("UTF-8")]
        except UnicodeDecodeError:
            if _SURELY_UTF8.search(content):
                return _line_by_line(content, first)
    for encoding in layout.encodings:
        try:
            text = _tidied(content.decode(encoding))
        except UnicodeDecodeError:
            continue
        return text, [] if encoding == first else [_other_encoding(encoding)]
    return _decoded(content, first), []


def _line_by_line(content: bytes, encoding: str) -> tuple[str, list[Finding]]:
    """Two files joined, or a last letter cut in two: each line is read as its own bytes prove it."""
    lines = []
    for line in content.splitlines(keepends=True):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(_decoded(line, encoding))
    return _tidied("".join(lines)), [Finding("intake.encoding_mixed", None, {"encoding": f"UTF-8, {encoding}"})]


def _decoded(content: bytes, encoding: str) -> str:
    try:
        text = _tidied(content.decode(encoding))
    except UnicodeDecodeError as fault:
        if fault.reason in ("unexpected end of data", "truncated data") and fault.end == len(content):
            # The file ends in the middle of a letter: its last line is cut, the others are whole.
            return _tidied(content.decode(encoding, "replace"))
        line = content.count(b"\n", 0, fault.start) + 1
        details = {"encoding": encoding.upper(), "line": line}
        raise Refusal("intake.encoding", kind=Kind.UNSUPPORTED, details=details) from fault
    if "\x00" in text:
        raise Refusal("intake.binary", kind=Kind.UNSUPPORTED, details={"line": 1})
    return text


def _tidied(text: str) -> str:
    return text.removeprefix("\ufeff").removesuffix(_END_OF_FILE)


def _is_utf8_name(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def _other_encoding(name: str) -> Finding:
    return Finding("intake.encoding_other", None, {"encoding": name})


def physical_lines(text: str) -> Iterator[str]:
    """The lines of `text` with their ends, as an editor counts them; no copy of the whole is made."""
    return (found[0] for found in _LINE.finditer(text))


class _Lines:
    """The physical lines of a text, with those put back that a damaged record took without right."""

    def __init__(self, text: str) -> None:
        self._source = physical_lines(text)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._source)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """The next line taken begins a record."""
        self.line += len(self.taken)
        self.taken = []

    def keep_only_first(self) -> str:
        """Put all lines of the record but its first back; the first one is returned."""
        first, *others = self.taken
        self._returned.extendleft(reversed(others))
        self.taken = [first]
        return first


def delimited_records(text: str, delimiter: str, quote: str, header: Header | None) -> Iterator[RawRow]:
    """Records with their line numbers; one whose quotes do not close is damaged and ends with its own line.

    With `header` known, a record over several lines also counts as damaged where a stray quote has swallowed
    its neighbours.
    """
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
    while True:
        lines.begin()
        line = lines.line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _damaged(lines, line, delimiter)
            # A reader that has refused a record keeps half of it; a new one goes on with the next line.
            reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
            continue
        if header and len(lines.taken) > 1 and _has_swallowed(cells, delimiter, header):
            yield _damaged(lines, line, delimiter)
            continue
        yield RawRow(line, tuple(cells))


def _has_swallowed(cells: list[str], delimiter: str, header: Header) -> bool:
    # Two stray quotes far apart may still leave the right number of cells: then one of them holds a record's
    # worth of delimiters beside its line break, which no name or address does.
    inside = sum(cell.count(delimiter) for cell in cells if "\n" in cell or "\r" in cell)
    return len(cells) != len(header.titles) or inside >= header.width - 1


def _damaged(lines: _Lines, line: int, delimiter: str) -> RawRow:
    broken = lines.keep_only_first().rstrip("\r\n")
    return RawRow(line, tuple(broken[:_LONGEST_LINE].split(delimiter)), "intake.quotes")


def fixed_records(text: str, layout: Layout) -> Iterator[RawRow]:
    """One record a line, cut by the layout's widths; our own reason after the record is left out.

    Where no line of the file ends in a blank, a program has taken them off: then a record that reaches into its last
    indispensable column is whole.
    """
    places: list[tuple[int, int]] = []
    start = needed = 0
    for column in layout.columns:
        needed = start + 1 if column.required else needed
        places.append((start, start + column.width))
        start += column.width
    trimmed = not _BLANK_AT_END.search(text)
    for number, raw in enumerate(physical_lines(text), start=1):
        line = raw.rstrip("\r\n\x0c")
        if trimmed and len(line) >= needed:
            line = line.ljust(start)
        record, beyond = line[:start], line[start:].strip()
        cells = tuple(record[begin:end].strip() for begin, end in places)
        damage = None
        if "\t" in record or (beyond and not beyond.startswith(FIXED_REASON_SIGN)):
            damage = "intake.line_long"
        elif len(record) < start and record.strip():
            damage = "intake.line_short"
        yield RawRow(number, cells, damage)


FIXED_REASON_SIGN = "|"
"""Stands between a rejected fixed-width record and its reason."""
