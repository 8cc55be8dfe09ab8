"""Pictures from phones: looked at before they are decoded, then written anew with nothing but the picture in them.

A file is refused by its first bytes, its size, its dimensions and anything else hidden in it before a pixel is
decoded, so that neither a bomb nor a document that only claims to be a picture costs memory. What is kept is never
the bytes that came: a fresh encoding carries no position, no device and no second file behind the picture.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import Literal

from PIL import Image, UnidentifiedImageError

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_PX = 1_600
SMALL_BYTES = 40_000

Format = Literal["JPEG", "PNG", "WEBP"]

_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"heif")
_SMALL_STEPS = ((640, 72), (640, 55), (560, 45), (480, 40), (320, 35))
"""Longest side in px and quality, tried until the derivative fits `SMALL_BYTES`."""

# What a browser, a PDF reader or an unpacker would find in the same bytes. PDF readers look into the first
# kilobyte, unpackers into the last 64; mark-up may stand anywhere.
_MARKUP = re.compile(rb"<(?:script|html|svg|iframe|!doctype|\?php)[\s>/]", re.IGNORECASE)
_ZIP_END = b"PK\x05\x06"

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

SIGNATURE_BYTES = 1024 * 1024
SIGNATURE_PX = (1_200, 600)
_INK_BELOW = 160
_LEAST_INK_PX = 40
_LEAST_STROKE = 0.04
"""Of the longer side: what is smaller than this is a dot."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A cleaned picture: JPEG for photographs, PNG for signatures."""

    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def digest(self) -> Sha256:
        """SHA-256 of `content`."""
        return sha256(self.content)


def clean_picture(content: bytes, *, signature: bool = False) -> Picture:
    """The picture in `content`, upright, at most 1600 px on its long side, without metadata.

    Raises Refusal `photo.empty`, `photo.too_large` (bytes or pixels), `photo.heic`, `photo.not_a_picture`,
    `photo.foreign_content`, `photo.animated`, `photo.damaged`; for a signature also `photo.signature_not_png`,
    `photo.signature_empty` and `photo.signature_dot`.
    """
    found = _sniff(content, most_bytes=SIGNATURE_BYTES if signature else MAX_BYTES)
    if signature and found != "PNG":
        raise Refusal("photo.signature_not_png", kind=Kind.UNSUPPORTED)
    _refuse_foreign_content(content, found)
    image = _decode(content, found)
    return _signature(image) if signature else _photograph(image)


def small_picture(picture: Picture) -> Picture:
    """A derivative of about 40 kB for lists and slow links."""
    with Image.open(io.BytesIO(picture.content)) as image:
        full = image.convert("RGB")
    for longest, quality in _SMALL_STEPS:
        small = full.copy()
        small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        made = _jpeg(small, quality=quality)
        if len(made.content) <= SMALL_BYTES:
            break
    return made


def _sniff(content: bytes, *, most_bytes: int) -> Format:
    if not content:
        raise Refusal("photo.empty", kind=Kind.MALFORMED)
    if len(content) > most_bytes:
        raise Refusal("photo.too_large", kind=Kind.TOO_LARGE, details={"megabytes": most_bytes // 1024 // 1024})
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        raise Refusal("photo.heic", kind=Kind.UNSUPPORTED)
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WEBP"
    raise Refusal("photo.not_a_picture", kind=Kind.UNSUPPORTED)


def _refuse_foreign_content(content: bytes, found: Format) -> None:
    """Refuse a file that is a second thing besides a picture.

    A camera's JPEG may carry more pictures or a short film behind the first, so bytes after it are no reason by
    themselves; PNG and WebP say where they end.
    """
    ends = {"PNG": _png_end, "WEBP": _webp_end}.get(found)
    trailing = ends is not None and ends(content) < len(content)
    hidden = b"%PDF-" in content[:1024] or _ZIP_END in content[-65_557:] or _MARKUP.search(content) is not None
    if trailing or hidden:
        raise Refusal("photo.foreign_content", kind=Kind.UNSUPPORTED)


def _png_end(content: bytes) -> int:
    """Where the chunk IEND ends; the file's length when the chunks do not get there (then it is damaged)."""
    at = 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == b"IEND":
            return at + 12 + length
        at += 12 + length
    return len(content)


def _webp_end(content: bytes) -> int:
    size = int.from_bytes(content[4:8], "little")
    return 8 + size + size % 2


def _webp_pixels(content: bytes) -> int:
    """Width x height as the first chunk states them (RFC 9649, sections 2.5 to 2.7)."""
    chunk, body = content[12:16], content[20:30].ljust(10, b"\x00")
    if chunk == b"VP8X":
        return (int.from_bytes(body[4:7], "little") + 1) * (int.from_bytes(body[7:10], "little") + 1)
    if chunk == b"VP8L":
        packed = int.from_bytes(body[1:5], "little")
        return ((packed & 0x3FFF) + 1) * ((packed >> 14 & 0x3FFF) + 1)
    return (int.from_bytes(body[6:8], "little") & 0x3FFF) * (int.from_bytes(body[8:10], "little") & 0x3FFF)


def _decode(content: bytes, found: Format) -> Image.Image:
    try:
        # The WebP decoder sets its canvas aside on opening: so its dimensions are read here first.
        if found == "WEBP" and _webp_pixels(content) > MAX_PIXELS:
            raise _too_many_pixels()
        # One decoder only: what Pillow may open is what the first bytes said. Opening reads the header alone.
        image: Image.Image = Image.open(io.BytesIO(content), formats=[found])
        if image.width * image.height > MAX_PIXELS:
            raise _too_many_pixels()
        # A JPEG with several frames is a camera's (preview, depth); its first frame is the photograph.
        if found != "JPEG" and getattr(image, "n_frames", 1) > 1:
            raise Refusal("photo.animated", kind=Kind.UNSUPPORTED)
        # A large JPEG is decoded at a fraction of its size: less memory, less time, same result.
        image.draft("RGB", (LONGEST_PX, LONGEST_PX))
        image.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as problem:
        raise _too_many_pixels() from problem
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error, EOFError) as problem:
        raise Refusal("photo.damaged", kind=Kind.MALFORMED) from problem
    return image


def _too_many_pixels() -> Refusal:
    return Refusal("photo.too_large", kind=Kind.TOO_LARGE, details={"megapixels": MAX_PIXELS // 10**6})


def _photograph(image: Image.Image) -> Picture:
    turn = _UPRIGHT.get(_orientation(image))
    upright = image.transpose(turn) if turn is not None else image
    if upright.mode in ("RGBA", "LA", "PA", "P"):
        over = upright.convert("RGBA")
        upright = Image.new("RGBA", over.size, "white")
        upright.alpha_composite(over)
    upright = upright.convert("RGB")
    upright.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    return _jpeg(upright, quality=82)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 when there is none or it cannot be read: never a reason to lose a photograph."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return 1
    return value if isinstance(value, int) else 1


def _jpeg(image: Image.Image, *, quality: int) -> Picture:
    # Pixels are pasted into a fresh image: Pillow would write the comment of the old one again.
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=quality, optimize=True)
    return Picture(out.getvalue(), "image/jpeg", *bare.size)


def _signature(image: Image.Image) -> Picture:
    """Ink on white, as a small PNG in grey: strokes only, nothing of how they were made."""
    flat = Image.new("RGBA", image.size, "white")
    flat.alpha_composite(image.convert("RGBA"))
    grey = flat.convert("L")
    ink = grey.point([255 if level < _INK_BELOW else 0 for level in range(256)])
    box = ink.getbbox()
    if box is None or sum(ink.histogram()[128:]) < _LEAST_INK_PX:
        raise Refusal("photo.signature_empty")
    if max(box[2] - box[0], box[3] - box[1]) < max(grey.size) * _LEAST_STROKE:
        raise Refusal("photo.signature_dot")
    grey.thumbnail(SIGNATURE_PX, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    Image.frombytes("L", grey.size, grey.tobytes()).save(out, "PNG", optimize=True)
    return Picture(out.getvalue(), "image/png", *grey.size)
