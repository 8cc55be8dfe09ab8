"""Papers as the office prints them: blocks of text set by typst as PDF/A or PNG.

The blocks travel to typst as JSON data, never as source, so that no name can become markup. Only the fonts that
typst itself brings are used: the same paper looks the same on every machine, for ever.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import resources
from typing import Literal

import typst

from fieldapp.documents.codes import qr_svg
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.papers import Block, Role

Size = Literal["a5", "a6"]

_TEMPLATE = resources.files("fieldapp.documents") / "templates" / "paper.typ"
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
_SCREEN_PPI = 144


def paper_pdf(
    blocks: Sequence[Block], *, issued_at: datetime, qr_text: str | None, size: Size = "a5", language: str = "it"
) -> bytes:
    """The paper as PDF/A-2u, with the same bytes for the same paper.

    `issued_at` is an aware instant; `qr_text` is what the code says, None for a paper without one.
    Raises Refusal `paper.code_too_long` or `paper.not_printable` (characters that no font of ours has).
    """
    rendered = _set(
        blocks,
        format="pdf",
        size=size,
        qr_text=qr_text,
        language=language,
        timestamp=issued_at.astimezone(UTC).replace(microsecond=0),
    )
    return rendered[0]


def paper_png(blocks: Sequence[Block], *, qr_text: str | None, language: str = "it") -> bytes:
    """The paper as one picture, 390 points wide and as long as it needs, at two pixels a point."""
    return _set(blocks, format="png", size="screen", qr_text=qr_text, language=language, timestamp=None)[0]


def _set(
    blocks: Sequence[Block],
    *,
    format: Literal["pdf", "png"],
    size: str,
    qr_text: str | None,
    language: str,
    timestamp: datetime | None,
) -> list[bytes]:
    first = {block.role: block.text for block in reversed(blocks)}
    data = {
        "blocks": [asdict(block) for block in blocks],
        "title": " ".join(first[role] for role in (Role.TITLE, Role.REFERENCE) if role in first),
        "issuer": first.get(Role.ISSUER, ""),
        "qr": qr_svg(qr_text).decode() if qr_text is not None else None,
        "size": size,
        "lang": language,
    }
    compiler = typst.Compiler(_TEMPLATE.read_bytes(), font_paths=_FONTS)
    try:
        made = compiler.compile(
            format=format,
            ppi=_SCREEN_PPI,
            sys_inputs={"paper": json.dumps(data)},
            pdf_standards="a-2u" if format == "pdf" else None,
            timestamp=timestamp,
        )
    except typst.TypstError as problem:
        if "could not be displayed" in problem.message:
            raise Refusal("paper.not_printable", kind=Kind.UNSUPPORTED) from problem
        raise
    pages = made if isinstance(made, list) else [made]
    return [page for page in pages if page is not None]
