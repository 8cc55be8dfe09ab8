"""Originals in parts: what breaks off goes on from where the office holds it, and only a whole picture is one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from fieldapp.domain.errors import Refusal
from fieldapp.domain.ids import canonical_json
from fieldapp.domain.uploads import KEPT, LARGEST_PART, LARGEST_PICTURE, Held, OpenUploads, begin, follow
from fieldapp.services import uploads
from fieldapp.store import tables
from fieldapp.store.blobs import Blobs
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_photo, a_report
from tests.flows.test_sync import AT, one_stop, phone_of

PART = 3_000


async def named(house: House) -> tuple[FieldPhone, str, bytes]:
    """A phone whose report names a photo that is not here yet."""
    phone, stop = await one_stop(house)
    content = a_photo(1600, 1200)
    photo = phone.picture(content, purpose="entrance", media_type="image/jpeg")
    await phone.push(phone.envelope("visit", a_report(stop, at=AT, attachments=[photo]), at=AT))
    return phone, photo["sha256"], content


async def send(
    phone: FieldPhone, digest: str, part: bytes, *, offset: int, length: int, complete: bool = False
) -> httpx.Response:
    headers = {
        "upload-offset": str(offset),
        "upload-length": str(length),
        "upload-complete": "?1" if complete else "?0",
        "content-type": "application/partial-upload",
    }
    return await phone.request("PATCH", f"/field/attachments/{digest}", content=part, headers=headers)


async def send_all(phone: FieldPhone, digest: str, content: bytes, *, start: int = 0) -> httpx.Response:
    for offset in range(start, len(content), PART):
        answer = await send(phone, digest, content[offset : offset + PART], offset=offset, length=len(content))
    return answer


async def offset_of(phone: FieldPhone, digest: str) -> tuple[bool, int]:
    asked = canonical_json({"sha256s": [digest]})
    [state] = (await phone.request("POST", "/field/attachments/missing", content=asked)).json()
    return state["stored"], state["offset"]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def stored_parts(house: House) -> list[str]:
    async with house.session() as session:
        rows = (await session.exec(select(tables.AttachmentUpload))).all()
    return [name for row in rows for name in row.parts]


async def test_an_original_that_broke_off_goes_on_from_where_the_office_holds_it(house: House) -> None:
    phone, digest, content = await named(house)
    first = await send(phone, digest, content[:PART], offset=0, length=len(content))

    assert (first.status_code, first.json()["offset"], first.headers["upload-offset"]) == (200, PART, str(PART))
    assert first.headers["upload-complete"] == "?0"
    assert await offset_of(phone, digest) == (False, PART)
    names = await stored_parts(house)
    last = await send_all(phone, digest, content, start=PART)

    assert (last.json()["stored"], last.headers["upload-complete"]) == (True, "?1")
    assert await offset_of(phone, digest) == (True, 0)
    async with house.session() as session:
        [document] = (await session.exec(select(tables.CreditDocument))).all()
    assert document.sha256 is not None
    assert await house.parts.blobs.get(document.sha256)
    assert await stored_parts(house) == []
    assert await house.parts.blobs.joined(names) is None


async def test_a_part_that_comes_twice_overlaps_or_leaves_a_gap_is_refused_with_the_offset(house: House) -> None:
    phone, digest, content = await named(house)
    await send(phone, digest, content[:PART], offset=0, length=len(content))

    for offset in (0, PART - 1, PART + 1, len(content)):
        answer = await send(phone, digest, content[offset : offset + PART] or b"x", offset=offset, length=len(content))
        assert refusal(answer) == (409, "attachment.offset_differs")
        assert (answer.json()["details"]["offset"], answer.headers["upload-offset"]) == (PART, str(PART))

    assert (await send_all(phone, digest, content, start=PART)).json()["stored"] is True
    again = await send(phone, digest, content[:PART], offset=0, length=len(content))
    assert (again.status_code, again.json()["stored"]) == (200, True)


async def test_the_same_part_twice_at_once_counts_once(house: House) -> None:
    phone, digest, content = await named(house)

    answers = await asyncio.gather(
        *(send(phone, digest, content[:PART], offset=0, length=len(content)) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await send_all(phone, digest, content, start=PART)).json()["stored"] is True


async def test_parts_that_are_not_the_picture_are_dropped_and_it_begins_anew(house: House) -> None:
    phone, digest, content = await named(house)
    altered = bytes([content[0] ^ 1]) + content[1:]

    assert refusal(await send_all(phone, digest, altered)) == (409, "attachment.begun_anew")

    assert await offset_of(phone, digest) == (False, 0)
    assert await stored_parts(house) == []
    assert (await send_all(phone, digest, content)).json()["stored"] is True


async def test_a_part_that_the_store_has_lost_begins_anew(house: House) -> None:
    phone, digest, content = await named(house)
    await send(phone, digest, content[:PART], offset=0, length=len(content))
    await house.parts.blobs.drop_parts(await stored_parts(house))

    assert refusal(await send_all(phone, digest, content, start=PART)) == (409, "attachment.begun_anew")
    assert (await send_all(phone, digest, content)).json()["stored"] is True


async def test_another_phone_may_neither_add_to_it_nor_learn_how_far_it_is(house: House) -> None:
    phone, digest, content = await named(house)
    await send(phone, digest, content[:PART], offset=0, length=len(content))
    foreign = await phone_of(house)

    answer = await send(foreign, digest, content[PART : 2 * PART], offset=PART, length=len(content))

    assert refusal(answer) == (404, "attachment.not_named")
    assert await offset_of(foreign, digest) == (False, 0)
    assert await offset_of(phone, digest) == (False, PART)


async def test_what_does_not_fit_is_refused_by_name_and_costs_no_room(house: House) -> None:
    phone, digest, content = await named(house)
    length = len(content)

    assert refusal(await send(phone, digest, b"", offset=0, length=length)) == (422, "attachment.part_size")
    assert refusal(await send(phone, digest, bytes(length + 1), offset=0, length=length)) == (
        422,
        "attachment.part_size",
    )
    too_large = LARGEST_PICTURE + 1
    assert refusal(await send(phone, digest, b"x", offset=0, length=too_large)) == (413, "attachment.too_large")
    assert refusal(await send(phone, digest, b"x", offset=-1, length=length)) == (409, "attachment.offset_differs")
    await send(phone, digest, content[:PART], offset=0, length=length)
    other = await send(phone, digest, content[PART : 2 * PART], offset=PART, length=length + 1)
    assert refusal(other) == (409, "attachment.length_differs")
    assert refusal(await send(phone, "0" * 64, b"x", offset=0, length=1)) == (404, "attachment.not_named")
    assert (await send(phone, "../../etc", b"x", offset=0, length=1)).status_code in (404, 422)
    assert len(await stored_parts(house)) == 1


async def test_a_picture_begun_in_parts_may_come_whole(house: House) -> None:
    phone, digest, content = await named(house)
    await send(phone, digest, content[:PART], offset=0, length=len(content))

    whole = await phone.request("PUT", f"/field/attachments/{digest}", content=content)

    assert whole.json()["stored"] is True
    assert await stored_parts(house) == []


async def test_what_is_no_picture_is_refused_when_it_is_whole(house: House) -> None:
    phone, stop = await one_stop(house)
    content = b"not a picture" * 400
    photo = phone.picture(content, purpose="entrance", media_type="image/jpeg")
    await phone.push(phone.envelope("visit", a_report(stop, at=AT, attachments=[photo]), at=AT))

    answer = await send_all(phone, photo["sha256"], content)

    assert answer.json()["code"].startswith("photo.")
    assert await stored_parts(house) == []


async def test_parts_are_dropped_after_a_week_those_that_nothing_names_too(house: House) -> None:
    phone, digest, content = await named(house)
    await send(phone, digest, content[:PART], offset=0, length=len(content))
    orphan = await house.parts.blobs.put_part("ab/cd", b"orphan", at=0, now=house.parts.clock.now())
    kept = await stored_parts(house)

    await uploads.clear_all(house.parts)
    assert await house.parts.blobs.joined([*kept, orphan]) is not None
    house.parts.clock.move_to(house.parts.clock.now() + KEPT + timedelta(minutes=1))
    await uploads.clear_all(house.parts)

    assert await stored_parts(house) == []
    assert await house.parts.blobs.joined([orphan]) is None
    assert await house.parts.blobs.joined(kept) is None


async def test_a_full_store_keeps_what_came_before_and_says_when_to_come_again(house: House, tmp_path: Path) -> None:
    phone, digest, content = await named(house)
    await send(phone, digest, content[:PART], offset=0, length=len(content))
    roomy = house.parts.blobs
    file = tmp_path / "full"
    file.mkdir()
    full = Blobs.at(file.as_uri())
    file.rmdir()
    file.write_text("where the folder was: nothing can be written below it")
    object.__setattr__(house.parts, "blobs", full)

    answer = await send(phone, digest, content[PART : 2 * PART], offset=PART, length=len(content))

    assert refusal(answer) == (503, "document.cannot_be_kept")
    assert answer.headers["retry-after"]
    object.__setattr__(house.parts, "blobs", roomy)
    assert await offset_of(phone, digest) == (False, PART)
    assert (await send_all(phone, digest, content, start=PART)).json()["stored"] is True


def test_how_many_and_how_much_a_phone_may_have_under_way_is_bounded() -> None:
    begin(10, OpenUploads(count=99, length=1_000))
    for others in (OpenUploads(count=100), OpenUploads(count=1, length=256 * 1024 * 1024)):
        with pytest.raises(Refusal) as told:
            begin(10, others)
        assert told.value.code == "attachment.too_many_open"


def test_no_more_parts_than_a_picture_can_need_are_taken() -> None:
    held = Held(length=1_000, offset=256, parts=("a",) * 256)
    with pytest.raises(Refusal) as told:
        follow(held, offset=256, length=1_000, size=1, name="b")
    assert told.value.code == "attachment.part_size"
    assert LARGEST_PART * 256 >= LARGEST_PICTURE
