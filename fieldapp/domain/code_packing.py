"""How a paper travels in a code of a few hundred characters: its values without their names, deflated, in base64url.

What is unpacked was written by a stranger: it is read within bounds, and whatever does not hold raises ValueError,
TypeError or a Refusal of the value; callers say one thing of all of them.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from fieldapp.domain.ids import canonical_json
from fieldapp.domain.values import may_be_left_out

_LARGEST_PACKED = 4_096
_KEPT_WHOLE = "answers"
"""The one part without a fixed shape: it travels with its names."""


def packed_bytes(value: Any) -> bytes:
    """A frozen dataclass as the list of its values in the order of their sorted names; the phone packs the same."""
    return canonical_json(_packed(value))


def deflated(content: bytes) -> str:
    """`content` for a code; read back by `inflated`."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return url64(packer.compress(content) + packer.flush())


def inflated(text: str) -> Any:
    """The JSON value that was deflated. Raises ValueError."""
    # A few bytes can unfold to gigabytes: never more than a paper has.
    unfolding = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        plain = unfolding.decompress(bytes64(text), _LARGEST_PACKED)
    except zlib.error as problem:
        raise ValueError("no deflated content") from problem
    if not unfolding.eof or unfolding.unused_data:
        raise ValueError("too long, or something behind the end")
    return json.loads(plain)


def unpacked(shape: Any, plain: Any) -> Any:
    """`plain` with the names of `shape` put back; its types are left to the strict reader. Raises ValueError."""
    if is_dataclass(shape) and isinstance(shape, type):
        hints = get_type_hints(shape)
        names = sorted(field.name for field in fields(shape))
        if isinstance(plain, list) and len(plain) < len(names):
            names = sorted(field.name for field in fields(shape) if not may_be_left_out(field))
        if not isinstance(plain, list) or len(plain) != len(names):
            raise ValueError("another number of values")
        return {name: unpacked(hints[name], item) for name, item in zip(names, plain, strict=True)}
    if get_origin(shape) is UnionType:
        return None if plain is None else unpacked(get_args(shape)[0], plain)
    if get_origin(shape) is tuple and isinstance(plain, list):
        return [unpacked(get_args(shape)[0], item) for item in plain]
    return plain


def url64(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def bytes64(text: str) -> bytes:
    """What `text` spells in base64url; each content has one spelling. Raises ValueError."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as problem:
        raise ValueError("no base64url") from problem
    if url64(content) != text:
        raise ValueError("another spelling")
    return content


def _packed(value: Any) -> Any:
    if is_dataclass(value):
        spelled = (f.name for f in fields(value) if not may_be_left_out(f) or getattr(value, f.name) is not None)
        return [getattr(value, n) if n == _KEPT_WHOLE else _packed(getattr(value, n)) for n in sorted(spelled)]
    if isinstance(value, tuple):
        return [_packed(item) for item in value]
    return value
