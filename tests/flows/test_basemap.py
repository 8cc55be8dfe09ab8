"""The house's map reaches its desks and phones, piece by piece or as a day's part, and nobody else."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pmtiles.reader import MemorySource, Reader, all_tiles

from fieldapp.domain.access import Role
from fieldapp.geo.basemap import build
from fieldapp.geo.basemap_day import MOST_BYTES
from fieldapp.services import basemap as service
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import House, a_person
from tests.flows.test_sync import day_of, one_stop, phone_of
from tests.geo.small_map import town_around

LODI, ROME = (45.3145, 9.5035), (41.9, 12.5)


def drawn(house: House, *doors: tuple[float, float]) -> Path:
    """A map of `doors` in the house's place."""
    build(town_around(doors).write(house.parts.home / "area.osm"), house.parts.basemap)
    return house.parts.basemap


async def map_of(phone: Any, day: str = TODAY.isoformat()) -> Any:
    return await phone.request("GET", f"/field/basemap?day={day}")


async def test_a_desk_reads_the_archive_piece_by_piece(house: House) -> None:
    content = drawn(house, LODI).read_bytes()
    desk = await house.sign_in(Role.DISPATCHER)

    head = await desk.get("/basemap", headers={"range": "bytes=0-126", "accept-encoding": "gzip"})
    rest = await desk.get("/basemap", headers={"range": "bytes=127-"})
    beyond = await desk.get("/basemap", headers={"range": f"bytes=0-{len(content) * 2}"})

    assert [answer.status_code for answer in (head, rest, beyond)] == [206, 206, 206]
    assert head.content + rest.content == content == beyond.content
    assert head.headers["content-range"] == f"bytes 0-126/{len(content)}"
    assert beyond.headers["content-range"] == f"bytes 0-{len(content) - 1}/{len(content)}"
    assert beyond.headers["content-length"] == str(len(content))
    # Packed once more, the ranges would be those of another file.
    assert "content-encoding" not in head.headers
    assert "content-encoding" not in beyond.headers
    assert head.headers["cache-control"].startswith("private")


async def test_a_large_piece_is_given_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    content = drawn(house, LODI).read_bytes()
    monkeypatch.setattr(service, "LARGEST_PIECE", 1_000)
    desk = await house.sign_in(Role.DISPATCHER)

    answer = await desk.get("/basemap", headers={"range": "bytes=0-"})

    assert answer.headers["content-range"] == f"bytes 0-999/{len(content)}"
    assert answer.content == content[:1_000]


@pytest.mark.parametrize("asked", ["", "bytes=9-1", "bytes=-5", "bytes=0-1,5-9", "lines=0-1", "bytes=a-b"])
async def test_a_desk_that_names_no_piece_is_told_so(house: House, asked: str) -> None:
    drawn(house, LODI)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await desk.get("/basemap", headers={"range": asked} if asked else {})

    assert (answer.status_code, answer.json()["code"]) == (422, "basemap.range_needed")


async def test_what_begins_behind_the_end_is_416_with_the_size(house: House) -> None:
    content = drawn(house, LODI).read_bytes()
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await desk.get("/basemap", headers={"range": f"bytes={len(content)}-"})

    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(content)}")


async def test_another_archive_has_another_mark(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    marks = []
    for doors in ((LODI,), (LODI, (45.33, 9.52))):
        drawn(house, *doors)
        marks.append((await desk.get("/basemap", headers={"range": "bytes=0-9"})).headers["etag"])

    assert marks[0] != marks[1]
    assert not any(mark.startswith("W/") for mark in marks)


async def test_without_a_map_desk_and_phone_are_told_and_the_day_names_none(house: House) -> None:
    phone, _ = await one_stop(house)
    desk = await house.sign_in(Role.DISPATCHER)

    at_desk = await desk.get("/basemap", headers={"range": "bytes=0-126"})
    on_phone = await map_of(phone)

    assert (at_desk.status_code, at_desk.json()["code"]) == (404, "basemap.missing")
    assert (on_phone.status_code, on_phone.json()["code"]) == (404, "basemap.missing")
    assert (await day_of(phone))["basemap"] is None


async def test_a_phone_gets_the_part_of_its_day(house: House) -> None:
    archive = drawn(house, LODI, (45.40, 9.70))
    phone, stop = await one_stop(house)
    assert (stop["address"]["lat_e6"], stop["address"]["lon_e6"]) == (LODI[0] * 1e6, LODI[1] * 1e6)
    assert (await day_of(phone))["basemap"] is not None

    answer = await map_of(phone)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.pmtiles"
    assert "content-encoding" not in answer.headers
    part = dict(all_tiles(MemorySource(answer.content)))
    whole = dict(all_tiles(MemorySource(archive.read_bytes())))
    assert part.items() <= whole.items()
    assert {zoom for zoom, _, _ in part} == set(range(8, 16))
    assert len(part) < len(whole)
    assert len(answer.content) <= MOST_BYTES
    assert Reader(MemorySource(answer.content)).metadata()["attribution"] == "© OpenStreetMap contributors"


async def test_the_days_part_has_a_new_name_when_doors_or_map_are_others(house: House) -> None:
    archive = drawn(house, LODI)
    first = await entrusted(house, "P-001")
    await published(house, first)
    phone = await phone_of(house)
    named = [(await day_of(phone))["basemap"]]

    await published(house, first)
    named.append((await day_of(phone))["basemap"])
    os.utime(archive, ns=(0, 1_000_000_000))
    named.append((await day_of(phone))["basemap"])

    assert named[0] == named[1] != named[2]


async def test_a_map_of_elsewhere_and_a_broken_one_hold_no_day_up(house: House) -> None:
    archive = drawn(house, ROME)
    phone, _ = await one_stop(house)
    elsewhere = (await day_of(phone))["basemap"]

    archive.write_bytes(b"PMTiles, or so")

    assert elsewhere is None
    assert (await day_of(phone))["basemap"] is None


async def test_a_map_is_of_today_or_the_next_days(house: House) -> None:
    drawn(house, LODI)
    phone, _ = await one_stop(house)

    answer = await map_of(phone, (TODAY - timedelta(days=1)).isoformat())

    assert (answer.status_code, answer.json()["code"]) == (403, "field.day_out_of_reach")


async def test_an_agent_gets_no_map_of_a_colleagues_doors(house: House) -> None:
    drawn(house, LODI)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    await published(house, await entrusted(house), agent=colleague)
    phone = await phone_of(house)

    answer = await map_of(phone)

    assert (answer.status_code, answer.json()["code"]) == (404, "basemap.missing")
