"""Pictures at the service's own door: what is no honest picture is turned away there, and of what is kept nothing but
the picture stays."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw, PngImagePlugin
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import sha256
from fieldapp.store import tables
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_photo, a_report, text_of
from tests.flows.test_sync import AT, count, one_stop, paid_report, verdicts


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, pixels: bytes) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(pixels, 9)) + png_chunk(b"IEND", b"")


def a_zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.js", content)
    return out.getvalue()


async def nothing_came(house: House, digest: str) -> None:
    """The report's picture is still awaited, and no byte of what was turned away is kept."""
    async with house.session() as session:
        assert (await session.exec(select(tables.Attachment.stored))).all() == [False]
        [document] = (await session.exec(select(tables.CreditDocument))).all()
    office = await house.sign_in(Role.BACK_OFFICE)
    assert (await office.get(f"/documents/{document.id}")).json()["code"] == "document.not_arrived"
    with pytest.raises(Refusal, match=r"document\.not_arrived"):
        await house.parts.blobs.get(digest)


REFUSED = [
    # A drawing that can carry script
    ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo.not_a_picture"),
    # 100 megapixels in 13 kB: every pixel is there, and none of them is looked at
    ("100 megapixels", png_of(10_000, 10_000, bytes(10_000 * 1_251)), "photo.too_large"),
    # Unpacks to more memory than the machine has, were it believed
    ("a bomb that claims 4 gigapixels", png_of(65_000, 65_000, bytes(2**20)), "photo.too_large"),
    # A picture for the eye, an archive of 50 MB of zeros for an unpacker
    ("a picture that is an archive too", a_photo() + a_zip(bytes(50 * 2**20)), "photo.foreign_content"),
    # A picture that a browser may take for a page
    ("a picture that is a page too", a_photo() + b"<script>alert(1)</script>", "photo.foreign_content"),
    # A PDF under a picture's name
    ("a PDF", b"%PDF-1.7\n%%EOF\n", "photo.not_a_picture"),
    # An archive alone
    ("an archive", a_zip(b"alert(1)"), "photo.not_a_picture"),
    # Cut in the middle
    ("a cut photo", a_photo()[:200], "photo.damaged"),
]


async def named(phone: FieldPhone, stop: dict[str, Any], content: bytes) -> str:
    """The digest of a photo that an accepted report names."""
    picture = phone.picture(content, purpose="entrance", media_type="image/jpeg")
    report = a_report(stop, at=AT, attachments=[picture])
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    return str(picture["sha256"])


@pytest.mark.parametrize(("content", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_what_is_no_picture_is_refused_before_it_is_decoded(house: House, content: bytes, code: str) -> None:
    phone, stop = await one_stop(house)
    digest = await named(phone, stop, content)

    answer = await phone.request("PUT", f"/field/attachments/{digest}", content=content)

    assert (answer.headers["content-type"], answer.json()["code"]) == ("application/problem+json", code)
    assert answer.status_code in (413, 415, 422)
    await nothing_came(house, digest)


async def test_a_file_above_the_limit_is_turned_away_at_the_door(house: House) -> None:
    phone, stop = await one_stop(house)
    heavy = a_photo() + bytes(16 * 2**20)
    digest = await named(phone, stop, heavy)

    answer = await phone.request("PUT", f"/field/attachments/{digest}", content=heavy)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    await nothing_came(house, digest)


def a_signature_that_tells() -> bytes:
    """A signature whose file holds how it was drawn: points with their time and pressure, and who held which phone."""
    pad = Image.new("RGB", (400, 160), "white")
    strokes = [(20, 120), (120, 30), (200, 130), (360, 40)]
    ImageDraw.Draw(pad).line(strokes, fill="black", width=4)
    told = PngImagePlugin.PngInfo()
    points = [{"x": x, "y": y, "t_ms": 40 * i, "pressure": 0.3} for i, (x, y) in enumerate(strokes)]
    told.add_text("strokes", json.dumps(points), zip=True)
    told.add_itxt("pen", "pressure 0.3")
    exif = Image.Exif()
    exif[0x010F] = "Telefono di prova"
    out = io.BytesIO()
    pad.save(out, "PNG", pnginfo=told, exif=exif)
    return out.getvalue()


async def test_of_a_signature_only_the_picture_is_kept_whatever_the_phone_sends(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    signed = phone.picture(a_signature_that_tells(), purpose="signature", media_type="image/png")
    report["attachments"][0] = signed
    report["signature"]["image_sha256"] = signed["sha256"]
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    sent = phone.blobs[signed["sha256"]]
    assert (await phone.request("PUT", f"/field/attachments/{signed['sha256']}", content=sent)).status_code == 200

    async with house.session() as session:
        query = select(tables.CreditDocument).where(tables.CreditDocument.kind == "signature")
        [document] = (await session.exec(query)).all()
    kept = await house.parts.blobs.get(document.sha256)
    with Image.open(io.BytesIO(kept)) as image:
        image.load()
        assert (image.format, image.mode, image.size, image.info) == ("PNG", "L", (400, 160), {})
    assert not [name for name in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME") if name in kept]
    # What came is not kept beside it.
    with pytest.raises(Refusal, match=r"document\.not_arrived"):
        await house.parts.blobs.get(signed["sha256"])


async def test_a_signature_is_said_to_be_on_its_way_until_it_is_here(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    await phone.push(phone.envelope("visit", report, at=AT))
    office = await house.sign_in(Role.BACK_OFFICE)

    async def in_the_practice_file() -> str | None:
        [visit] = (await office.get(f"/practices/{stop['practice']['id']}")).json()["visits"]
        return visit["signature"]["document_id"]  # type: ignore[no-any-return]

    assert await in_the_practice_file() is None
    digest = report["signature"]["image_sha256"]
    await phone.request("PUT", f"/field/attachments/{digest}", content=phone.blobs[digest])
    shown = await in_the_practice_file()
    assert (await office.get(f"/documents/{shown}")).headers["content-type"] == "image/png"


@pytest.mark.parametrize("where", ["signature", "report"])
async def test_a_report_has_no_place_for_how_a_signature_was_drawn(house: House, where: str) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    drawn = {"strokes": [{"x": 1, "y": 2, "at": text_of(AT), "pressure": 40}]}
    report = report | drawn if where == "report" else report | {"signature": report["signature"] | drawn}

    answer = await verdicts(phone, phone.envelope("visit", report, at=AT))

    assert answer == [("refused", "visit.field_unknown")]
    assert await count(house, tables.Visit) == 0


async def test_the_bytes_of_a_picture_are_those_that_its_report_names(house: House) -> None:
    phone, stop = await one_stop(house)
    digest = await named(phone, stop, a_photo())

    answer = await phone.request("PUT", f"/field/attachments/{digest}", content=a_photo(colour="#aa2200"))

    assert (answer.status_code, answer.json()["code"]) == (422, "attachment.digest_differs")
    assert sha256(a_photo()) == digest
