"""Pictures are looked at before they are decoded, come out upright and bare, and nothing else gets through."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from fieldapp.documents.images import LONGEST_PX, SMALL_BYTES, clean_picture, small_picture
from fieldapp.domain.errors import Refusal


def a_scene(width: int = 800, height: int = 600) -> Image.Image:
    """A photograph-like picture, red in its upper left corner."""
    noise = Image.effect_noise((width, height), 60).convert("RGB")
    ImageDraw.Draw(noise).rectangle((0, 0, width // 3, height // 3), fill=(220, 20, 20))
    return noise


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def is_red(image: Image.Image, at: tuple[int, int]) -> bool:
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return pixel[0] > 150 and pixel[1] < 90 and pixel[2] < 90


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, pixels: bytes = b"\x00") -> bytes:
    """A PNG whose header claims any size at no cost."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(pixels)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims any size."""
    content = bytearray(saved(Image.new("RGB", (16, 16)), "JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def webp_of(chunk: bytes, width: int, height: int) -> bytes:
    """A WebP of one of its three kinds, whose header claims any size."""
    if chunk == b"VP8 ":
        frame = b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height)
        return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8 " + struct.pack("<I", 10) + frame
    if chunk == b"VP8L":
        frame = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + b"\x00"
        return b"RIFF" + struct.pack("<I", 18) + b"WEBPVP8L" + struct.pack("<I", 5) + frame
    body = b"VP8X" + struct.pack("<I", 10) + b"\x00" * 4
    body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def a_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.js", "alert(1)")
    return out.getvalue()


PHOTO = saved(a_scene(), "JPEG")
PNG = saved(a_scene(60, 40), "PNG")
WEBP = saved(a_scene(60, 40), "WEBP")
FRAMES = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]

BAD: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "photo.empty"),
    ("17 megabytes", PHOTO + bytes(17 * 1024 * 1024), "photo.too_large"),
    ("100 megapixels, PNG", png_of(10_000, 10_000), "photo.too_large"),
    ("4 gigapixels, PNG", png_of(65_000, 65_000), "photo.too_large"),
    ("100 megapixels, JPEG", jpeg_of(10_000, 10_000), "photo.too_large"),
    ("100 megapixels, WebP", webp_of(b"VP8X", 10_000, 10_000), "photo.too_large"),
    ("100 megapixels, WebP with loss", webp_of(b"VP8 ", 10_000, 10_000), "photo.too_large"),
    ("100 megapixels, WebP without loss", webp_of(b"VP8L", 10_000, 10_000), "photo.too_large"),
    ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo.not_a_picture"),
    ("an SVG behind an XML head", b"<?xml version='1.0'?><svg/>", "photo.not_a_picture"),
    ("a PDF", b"%PDF-1.7\n", "photo.not_a_picture"),
    ("a GIF", saved(FRAMES[0], "GIF"), "photo.not_a_picture"),
    ("a TIFF", saved(FRAMES[0], "TIFF"), "photo.not_a_picture"),
    ("an iPhone's HEIC", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "photo.heic"),
    ("a sound in a RIFF", b"RIFF\x24\x00\x00\x00WAVEfmt ", "photo.not_a_picture"),
    ("one byte", b"\xff", "photo.not_a_picture"),
    ("only a JPEG's first bytes", b"\xff\xd8\xff\xe0", "photo.damaged"),
    ("only a PNG's first bytes", b"\x89PNG\r\n\x1a\n", "photo.damaged"),
    ("a cut JPEG", PHOTO[: len(PHOTO) // 2], "photo.damaged"),
    ("a cut PNG", PNG[: len(PNG) // 2], "photo.damaged"),
    ("a cut WebP", WEBP[: len(WEBP) // 2], "photo.damaged"),
    ("a PNG with too few pixels", png_of(100, 100), "photo.damaged"),
    ("a PNG without width", png_of(0, 10), "photo.damaged"),
    ("a moving PNG", saved(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]), "photo.animated"),
    ("a moving WebP", saved(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]), "photo.animated"),
    ("a ZIP behind a JPEG", PHOTO + a_zip(), "photo.foreign_content"),
    ("a ZIP behind a PNG", PNG + a_zip(), "photo.foreign_content"),
    ("anything behind a PNG", PNG + b"x", "photo.foreign_content"),
    ("anything behind a WebP", WEBP + b"xx", "photo.foreign_content"),
    ("a page in a JPEG's comment", saved(a_scene(), "JPEG", comment=b"<script>alert(1)</script>"),
     "photo.foreign_content"),
    ("PHP behind a JPEG", PHOTO + b"<?php echo 1;", "photo.foreign_content"),
    ("a PDF in a JPEG's comment", saved(a_scene(), "JPEG", comment=b"%PDF-1.7"), "photo.foreign_content"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "code"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_is_no_honest_picture_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        clean_picture(content)
    assert refusal.value.code == code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_becomes_a_jpeg_of_at_most_1600_pixels(kind: str) -> None:
    picture = clean_picture(saved(a_scene(2_000, 1_000), kind))

    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", LONGEST_PX, LONGEST_PX // 2)
    assert opened(picture.content).size == (picture.width, picture.height)


def test_a_small_photograph_is_not_blown_up() -> None:
    assert clean_picture(saved(a_scene(320, 200), "JPEG")).width == 320


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, "upper left"), (2, "upper right"), (3, "lower right"), (4, "lower left"),
        (5, "upper left"), (6, "upper right"), (7, "lower right"), (8, "lower left"),
    ],
)  # fmt: skip
def test_a_photograph_stands_as_the_camera_was_held(orientation: int, corner: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation

    upright = opened(clean_picture(saved(a_scene(), "JPEG", exif=exif)).content)

    assert upright.size == ((600, 800) if orientation >= 5 else (800, 600))
    at = (upright.width - 20 if "right" in corner else 20, upright.height - 20 if "lower" in corner else 20)
    assert is_red(upright, at)


def test_an_unreadable_orientation_does_not_lose_the_photograph() -> None:
    picture = clean_picture(saved(a_scene(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff"))

    assert picture.width == 800


def test_position_device_comment_and_profile_are_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825)[1] = "N"
    content = saved(a_scene(), "JPEG", exif=exif, comment=b"SecretComment", icc_profile=b"SecretProfile")

    cleaned = clean_picture(content)

    assert b"Secret" in content
    assert b"Secret" not in cleaned.content
    assert not opened(cleaned.content).getexif()
    assert not {"exif", "comment", "icc_profile"} & set(opened(cleaned.content).info)


def test_a_cameras_second_picture_is_dropped_and_no_reason_to_refuse() -> None:
    several = saved(a_scene(), "MPO", save_all=True, append_images=[a_scene(100, 80)])

    picture = clean_picture(several)

    assert (picture.width, picture.height) == (800, 600)
    assert opened(several).format == "MPO"
    assert opened(picture.content).format == "JPEG"


def test_a_transparent_picture_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))

    assert opened(clean_picture(saved(clear, "PNG")).content).getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
def test_every_way_to_store_colours_is_understood(mode: str) -> None:
    image = Image.new(mode, (40, 30))

    assert clean_picture(saved(image, "JPEG" if mode == "CMYK" else "PNG")).width == 40


def test_the_small_derivative_fits_a_poor_link() -> None:
    small = small_picture(clean_picture(saved(a_scene(2_400, 1_800), "JPEG")))

    assert len(small.content) <= SMALL_BYTES
    assert 320 <= max(small.width, small.height) <= 640


def test_the_same_photograph_gives_the_same_bytes() -> None:
    assert clean_picture(PHOTO).digest == clean_picture(PHOTO).digest


@settings(max_examples=60)
@given(st.integers(0, len(PNG) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_a_picture_or_a_reason_never_a_fault(at: int, byte: int) -> None:
    for content in (PNG, WEBP, PHOTO):
        place = at % len(content)
        changed = content[:place] + bytes([byte]) + content[place + 1 :]
        try:
            picture = clean_picture(changed)
        except Refusal as refusal:
            code = refusal.code
        else:
            code = "photo." + picture.media_type
        assert code.startswith("photo.")


# --- signatures ------------------------------------------------------------------------------------------------


def a_signature(*strokes: tuple[int, ...], width: int = 3, size: tuple[int, int] = (900, 360)) -> bytes:
    pad = Image.new("RGBA", size, (0, 0, 0, 0))
    for stroke in strokes:
        ImageDraw.Draw(pad).line(stroke, fill="black", width=width)
    return saved(pad, "PNG")


SIGNED = a_signature((100, 200, 250, 80, 300, 260, 520, 140))


def test_a_signature_is_kept_as_grey_ink_on_white() -> None:
    picture = clean_picture(SIGNED, signature=True)

    image = opened(picture.content)
    assert (picture.media_type, image.mode, image.size) == ("image/png", "L", (900, 360))
    assert image.getpixel((0, 0)) == 255
    assert len(picture.content) < 20_000
    assert not image.info


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (a_signature(), "photo.signature_empty"),
        (saved(Image.new("RGB", (900, 360), "white"), "PNG"), "photo.signature_empty"),
        (a_signature((100, 100, 103, 100)), "photo.signature_empty"),  # a touch
        (a_signature((100, 100, 112, 100), width=12), "photo.signature_dot"),  # a thick dot
        (saved(a_scene(), "JPEG"), "photo.signature_not_png"),
        (png_of(10_000, 10_000), "photo.too_large"),
        (SIGNED + b"x", "photo.foreign_content"),
        (SIGNED + bytes(2 * 1024 * 1024), "photo.too_large"),
    ],
    ids=["blank", "white", "touch", "dot", "jpeg", "huge", "tail", "heavy"],
)
def test_what_is_no_signature_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        clean_picture(content, signature=True)
    assert refusal.value.code == code
