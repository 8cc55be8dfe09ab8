"""Pictures from phones: looked at before they are decoded, then written anew with nothing but the picture in them.

A file is refused by its first bytes, its size and its dimensions before any pixel is decoded, so that neither a
bomb nor a document that only claims to be a picture costs memory. What is kept is never the bytes that came: a
fresh encoding carries no position, no device and no second file behind the picture.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 50_000_000
LONGEST_PX = 1_600
SMALL_PX = 640
SMALL_BYTES = 40_000
_QUALITIES = (82, 70, 60, 50, 40, 30)
_SIGNATURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"RIFF": "WEBP"}
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heif")
LEAST_INK_PX = 40
"""A signature with fewer dark pixels is a dot or nothing."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A cleaned picture: JPEG for photographs, PNG for signatures."""

    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def digest(self) -> Sha256:
        return sha256(self.content)


def clean_picture(content: bytes, *, signature: bool = False) -> Picture:
    """The picture in `content`, upright, at most 1600 px on its long side, without metadata.

    Raises Refusal `photo.empty`, `photo.too_large` (bytes or pixels), `photo.heic`, `photo.not_a_picture`,
    `photo.animated`, `photo.damaged`; for a signature also `photo.signature_empty`.
    """
    kind = _sniff(content)
    image = _decode(content, kind)
    if signature:
        return _signature(image)
    upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    return _jpeg(upright, quality=_QUALITIES[0])


def small_picture(picture: Picture) -> Picture:
    """A derivative of about 40 kB for lists and slow links."""
    with Image.open(io.BytesIO(picture.content)) as image:
        small = image.convert("RGB")
    small.thumbnail((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS)
    for quality in _QUALITIES:
        made = _jpeg(small, quality=quality)
        if len(made.content) <= SMALL_BYTES:
            break
    return made


def _sniff(content: bytes) -> str:
    if not content:
        raise Refusal("photo.empty", kind=Kind.MALFORMED)
    if len(content) > MAX_BYTES:
        raise Refusal("photo.too_large", kind=Kind.TOO_LARGE, details={"megabytes": MAX_BYTES // 1024 // 1024})
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        raise Refusal("photo.heic", kind=Kind.UNSUPPORTED)
    for first, kind in _SIGNATURES.items():
        if content.startswith(first) and (kind != "WEBP" or content[8:12] == b"WEBP"):
            return kind
    raise Refusal("photo.not_a_picture", kind=Kind.UNSUPPORTED)


def _decode(content: bytes, kind: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # One decoder only: what Pillow may open is what the first bytes said.
            image = Image.open(io.BytesIO(content), formats=[kind])
            if image.width * image.height > MAX_PIXELS:
                raise Refusal("photo.too_large", kind=Kind.TOO_LARGE, details={"megapixels": MAX_PIXELS // 10**6})
            if getattr(image, "n_frames", 1) > 1:
                raise Refusal("photo.animated", kind=Kind.UNSUPPORTED)
            image.load()
    except Refusal:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refusal("photo.too_large", kind=Kind.TOO_LARGE, details={"megapixels": MAX_PIXELS // 10**6}) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Refusal("photo.damaged", kind=Kind.MALFORMED) from None
    return image


def _jpeg(image: Image.Image, *, quality: int) -> Picture:
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
    ink = sum(grey.histogram()[:160])
    if ink < LEAST_INK_PX:
        raise Refusal("photo.signature_empty")
    grey.thumbnail((1200, 600), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    grey.save(out, "PNG", optimize=True)
    return Picture(out.getvalue(), "image/png", *grey.size)
