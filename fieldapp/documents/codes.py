"""QR codes as pictures."""

from __future__ import annotations

import io

import segno

from fieldapp.domain.errors import Kind, Refusal

LARGEST_BYTES = 1_200
"""Beyond it the modules grow too fine for a phone to read from a small print."""


def qr_svg(text: str) -> bytes:
    """A QR code of `text` in UTF-8, error correction M, quiet zone included.

    Level M exactly, as EPC069-12 demands of a transfer. Raises Refusal `paper.code_too_long`.
    """
    content = text.encode()
    if len(content) > LARGEST_BYTES:
        raise Refusal("paper.code_too_long", kind=Kind.TOO_LARGE, details={"bytes": len(content)})
    code = segno.make_qr(content, error="m", boost_error=False)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", border=4, light="white", dark="black", xmldecl=False, omitsize=True)
    return drawn.getvalue()
