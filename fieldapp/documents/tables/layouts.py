"""Creditors' layouts, read from TOML: a new creditor needs a file in a folder and no code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake_layout import Amounts, Column, Dates, Layout, PracticeNumbers, Totals

SHIPPED = Path(__file__).parents[2] / "layouts"
_PARTS: Mapping[str, type] = {
    "amounts": Amounts,
    "dates": Dates,
    "practice_numbers": PracticeNumbers,
    "totals": Totals,
}


def parse_layout(content: bytes, *, source: str) -> Layout:
    """The layout written in `content`; `source` names it in refusals.

    Refusals: `layout.unreadable` (not TOML, a wrong type), `layout.key_unknown`, `layout.encoding_unknown`,
    `layout.contradiction`.
    """
    try:
        written = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        raise _unreadable(source, str(fault)) from fault
    _refuse_unknown_keys(written, Layout, source, "")
    try:
        layout = msgspec.convert(written, Layout, strict=True)
    except msgspec.ValidationError as fault:
        raise _unreadable(source, str(fault)) from fault
    for encoding in layout.encodings:
        _refuse_unknown_encoding(encoding, source)
    return layout


def load_layouts(*folders: Path) -> dict[str, Layout]:
    """All layouts of `folders` (`*.toml`) by name, in order of their names.

    Refusals: those of `parse_layout`, and `layout.name_twice`.
    """
    found: dict[str, Layout] = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.toml")):
        layout = parse_layout(path.read_bytes(), source=path.name)
        if layout.name in found:
            raise Refusal("layout.name_twice", kind=Kind.CONFLICT, details={"layout": layout.name})
        found[layout.name] = layout
    return dict(sorted(found.items()))


def shipped_layouts(*more: Path) -> dict[str, Layout]:
    """The layouts that come with the software, and those of further folders."""
    return load_layouts(SHIPPED, *more)


def find_layout(name: str, layouts: Mapping[str, Layout]) -> Layout:
    """The layout called `name`; Refusal `layout.missing` names those there are."""
    if name not in layouts:
        details = {"layout": name, "known": ", ".join(sorted(layouts))}
        raise Refusal("layout.missing", kind=Kind.MISSING, details=details)
    return layouts[name]


def _unreadable(source: str, what: str) -> Refusal:
    return Refusal("layout.unreadable", kind=Kind.MALFORMED, details={"source": source, "what": what[:300]})


def _refuse_unknown_keys(written: Mapping[str, Any], shape: type, source: str, path: str) -> None:
    # A misspelt key would silently leave its default in force.
    if not is_dataclass(shape):
        return
    known = {slot.name for slot in fields(shape)}
    for key, value in written.items():
        if key not in known:
            details = {"source": source, "key": path + key}
            raise Refusal("layout.key_unknown", kind=Kind.MALFORMED, details=details)
        if key in _PARTS and isinstance(value, Mapping):
            _refuse_unknown_keys(value, _PARTS[key], source, f"{path}{key}.")
        if key == "columns" and isinstance(value, Sequence):
            for column in value:
                if isinstance(column, Mapping):
                    _refuse_unknown_keys(column, Column, source, "columns.")


def _refuse_unknown_encoding(encoding: str, source: str) -> None:
    try:
        # Decoding also refuses the standard library's codecs that do not make text of bytes.
        b"1".decode(encoding)
    except LookupError as fault:
        details = {"source": source, "encoding": encoding}
        raise Refusal("layout.encoding_unknown", kind=Kind.MALFORMED, details=details) from fault
