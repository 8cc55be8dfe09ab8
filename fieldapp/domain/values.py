"""Canonical values: frozen dataclasses to one spelling of bytes, and back with nothing taken on trust.

A paper is signed and compared by its bytes, so bytes that come in are read strictly: exactly the fields,
exactly the types, and the spelling that writing the value again would give.
"""

from __future__ import annotations

import json
import re
from dataclasses import Field, asdict, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import canonical_json

Value = TypeVar("Value")

LARGEST_BYTES = 64 * 1024
# Control characters, line separators, half surrogates, invisible marks and those that reverse the reading
# order: with them a paper could show another amount than it holds.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


LEFT_OUT = {"left_out": True}
"""Metadata of a field of the outermost value that is not spelled at all while it is None: what a later version of a
paper added, so that papers of the version before keep their bytes."""


def canonical_bytes(value: Any) -> bytes:
    """The one spelling of a frozen dataclass, keys sorted."""
    unspelled = {field.name for field in fields(value) if may_be_left_out(field) and getattr(value, field.name) is None}
    return canonical_json({name: plain for name, plain in asdict(value).items() if name not in unspelled})


def may_be_left_out(field: Field[Any]) -> bool:
    """Whether the field is missing in papers that have nothing to say in it."""
    return bool(field.metadata.get("left_out"))


def read_canonical(shape: type[Value], content: bytes) -> Value:
    """The value of type `shape` that `content` spells.

    Raises Refusal `paper.malformed` when it is no such value and `paper.not_canonical` when the same value
    would be spelled otherwise; the value's own refusals pass through.
    """
    if len(content) > LARGEST_BYTES:
        raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "length"})
    try:
        plain = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": "json"}) from problem
    value: Value = _read(shape, plain, at="")
    if canonical_bytes(value) != content:
        raise Refusal("paper.not_canonical", kind=Kind.MALFORMED)
    return value


def read_plain(shape: type[Value], plain: Any) -> Value:
    """The value of type `shape` that JSON's `plain` holds, exactly. Raises as `read_canonical` does."""
    value: Value = _read(shape, plain, at="")
    return value


def checked_text(text: str, *, at: str, longest: int = 200, empty_allowed: bool = False) -> str:
    """`text` when it is trimmed, short enough and printable as it reads.

    Raises Refusal `paper.malformed` naming the place.
    """
    if not (text or empty_allowed) or text != text.strip() or len(text) > longest or _UNPRINTABLE.search(text):
        raise Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": at})
    return text


def _read(shape: Any, plain: Any, *, at: str) -> Any:
    if is_dataclass(shape):
        return _read_dataclass(shape, plain, at=at)
    origin, parts = get_origin(shape), get_args(shape)
    if origin is UnionType:
        return _read_union(parts, plain, at=at)
    if origin is tuple:
        return tuple(_read(parts[0], item, at=f"{at}[]") for item in _typed(list, plain, at=at))
    if origin is dict:
        return {key: _read(parts[1], item, at=f"{at}.{key}") for key, item in _typed(dict, plain, at=at).items()}
    if isinstance(shape, type) and issubclass(shape, StrEnum):
        if plain not in list(shape):
            raise _malformed(at)
        return shape(plain)
    return _typed(getattr(shape, "__supertype__", shape), plain, at=at)


@cache
def _hints(shape: Any) -> dict[str, Any]:
    """What the fields are: read out of the source's text anew each time, it was half the cost of reading a receipt."""
    return get_type_hints(shape)


def _read_dataclass(shape: Any, plain: Any, *, at: str) -> Any:
    hints = _hints(shape)
    given = set(_typed(dict, plain, at=at))
    known = {field.name for field in fields(shape)}
    demanded = {field.name for field in fields(shape) if not may_be_left_out(field)}
    if not demanded <= given <= known:
        raise _malformed(at)
    return shape(**{name: _read(hints[name], plain[name], at=f"{at}.{name}".lstrip(".")) for name in given})


def _read_union(parts: tuple[Any, ...], plain: Any, *, at: str) -> Any:
    if plain is None and NoneType in parts:
        return None
    others = [part for part in parts if part is not NoneType]
    if len(others) == 1:
        return _read(others[0], plain, at=at)
    for part in others:
        if type(plain) is part:
            return plain
    raise _malformed(at)


def _typed(kind: Any, plain: Any, *, at: str) -> Any:
    # `type is`, not isinstance: true is not 1.
    if type(plain) is not kind:
        raise _malformed(at)
    return plain


def _malformed(at: str) -> Refusal:
    return Refusal("paper.malformed", kind=Kind.MALFORMED, details={"at": at})
