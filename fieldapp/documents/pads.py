"""Blank forms of paper pads: receipts in two copies, and neutral notices with nothing of any debt on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import typst

from fieldapp.documents.codes import qr_svg
from fieldapp.domain.pads import PadKind

Language = Literal["it", "en", "fr"]

_FOLDER = resources.files("fieldapp.documents")
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


@dataclass(frozen=True, slots=True)
class BlankForm:
    """A form's number, the check beside it as it is printed, and what its code says; a notice carries no code."""

    name: str
    check: str
    link: str


@dataclass(frozen=True, slots=True)
class PadIssuer:
    """Whose forms they are. On a notice only `name` and `phone` are printed."""

    name: str
    phone: str
    details: str
    agent: str


def pad_pdf(
    forms: Sequence[BlankForm], *, kind: PadKind, issuer: PadIssuer, printed_at: datetime, language: Language = "it"
) -> bytes:
    """A4 to be cut: a receipt's original above its copy, two notices a page. The same bytes for the same pad."""
    data = {
        "kind": kind.value,
        "lang": language,
        "words": _words(language)[kind.value],
        "issuer": asdict(issuer),
        "forms": [
            {
                "name": form.name,
                "check": form.check,
                "qr": qr_svg(form.link).decode() if kind is PadKind.RECEIPT else None,
            }
            for form in forms
        ],
    }
    made = typst.Compiler((_FOLDER / "templates" / "pad.typ").read_bytes(), font_paths=_FONTS).compile(
        format="pdf", sys_inputs={"pad": json.dumps(data)}, timestamp=printed_at.astimezone(UTC).replace(microsecond=0)
    )
    assert isinstance(made, bytes)
    return made


@lru_cache
def _words(language: Language) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((_FOLDER / "words" / f"pad.{language}.json").read_text(encoding="utf-8"))
    return read
