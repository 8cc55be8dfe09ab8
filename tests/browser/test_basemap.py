"""The area's map below the stops: on the phone without a network, at the desk, and nothing asked of anybody else."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time

import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Locator, Page, expect
from sqlmodel import select

from fieldapp import launch
from fieldapp.store import addresses as address_store
from fieldapp.store import field, tables
from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import MORNING, Eyes, Service, apart, behind
from tests.browser.test_accessibility import SMALL_TARGETS, THUMB_PX, violations
from tests.geo.small_map import Spot, square, town_around

pytestmark = pytest.mark.browser

AGENT = "agente1"
DOWNTOWN = (45.31, 9.50)
CREDIT = "© OpenStreetMap contributors"

AS_IT_LIES = """async () => {
  const database = await new Promise((done) => {
    const asked = indexedDB.open('fieldapp')
    asked.onsuccess = () => done(asked.result)
  })
  const rows = await new Promise((done) => {
    const asked = database.transaction('records').objectStore('records').getAll()
    asked.onsuccess = () => done(asked.result)
  })
  database.close()
  return rows.filter(({ key }) => key.startsWith('basemap:')).map(({ key, by, bytes }) => (
    { key, sealed: by !== undefined, head: String.fromCharCode(...bytes.slice(0, 7)), size: bytes.length }))
}"""


async def doors(service: Service) -> list[Spot]:
    """Where the first agent goes today."""
    async with behind(service) as session:
        agent = (await session.exec(select(tables.Person).where(tables.Person.login == AGENT))).one()
        today = await field.day_of(session, agent.id, MORNING.date())
        known = await field.addresses_of(session, [stop.practice_id for stop in today.stops])
        stands = address_store.in_force(row for rows in known.values() for row in rows)
        places = [stands[stop.address_id] for stop in today.stops]
        return [(one.lat_e6 / 1e6, one.lon_e6 / 1e6) for one in places if one.lat_e6 and one.lon_e6]


@pytest.fixture(scope="module", autouse=True)
def mapped(service: Service) -> None:
    """A map of the first agent's doors in a wood, built by the command as an operator would."""
    town = town_around(apart(doors(service)))
    town.area(square(DOWNTOWN, 0.3), landuse="forest")
    osm = town.write(service.settings.home / "area.osm.pbf")
    command = [sys.executable, "-m", "fieldapp", "basemap", "build", str(osm)]
    environment = {**os.environ, **launch.environment_of(service.settings)}
    told = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    assert json.loads(told.stdout)["file"] == str(service.settings.basemap_path)


def token(page: Page, name: str) -> tuple[int, int, int]:
    """The colour that a token of the page's means in the theme that is shown."""
    said = page.evaluate("(name) => getComputedStyle(document.body).getPropertyValue(name).trim()", f"--{name}")
    red, green, blue = ImageColor.getrgb(said)[:3]
    return red, green, blue


def painted(page: Page, place: Locator, name: str, *, least: int) -> None:
    """Wait until at least so many pixels of `place` show the colour of the token."""
    colour, deadline, seen = token(page, name), time.monotonic() + 20, 0
    while seen < least:
        assert time.monotonic() < deadline, f"{seen} pixels of {name}"
        picture = Image.open(io.BytesIO(place.screenshot())).convert("RGB")
        seen = sum(count for count, found in picture.getcolors(1 << 24) or [] if found == colour)


def test_the_map_is_on_the_phone_without_a_network_and_sealed(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol(AGENT)
    kept: list[dict[str, object]] = []
    deadline = time.monotonic() + 20
    while not kept:
        assert time.monotonic() < deadline, "no map came with the day"
        kept = page.evaluate(AS_IT_LIES)
    agent.lose_network()
    agent.start_again()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.get_by_role("link", name="Mappa").click()

    area = page.get_by_role("group", name=re.compile("^Disegno del giro"))
    stops = area.get_by_role("button", name=re.compile("^Visita "))
    expect(stops.nth(1)).to_be_visible()
    expect(area.get_by_text(CREDIT)).to_be_visible()
    painted(page, area, "map-green", least=10_000)
    second = page.get_by_role("button", name=re.compile("^Visita 2,"))
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Visita 2", exact=True)).to_be_visible()
    agent.tap("Questa visita")
    page.get_by_role("button", name="Ingrandisci").click()
    page.get_by_role("button", name="Ingrandisci").click()
    painted(page, area, "map-building", least=500)
    painted(page, area, "map-road", least=500)
    assert violations(page) + page.evaluate(SMALL_TARGETS, THUMB_PX) == []
    page.emulate_media(color_scheme="light")
    page.emulate_media(color_scheme="dark")
    painted(page, area, "map-building", least=500)

    assert [(one["sealed"], one["head"] == "PMTiles") for one in kept] == [(True, False)]
    assert not [url for url in asked if "/api/" in url and "basemap" in url]


def test_the_board_shows_the_map_and_asks_only_our_own_service(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/{MORNING.date().isoformat()}/pubblicato")
    ranges: list[str] = []
    page.on(
        "request",
        lambda request: ranges.append(request.headers.get("range", "")) if request.url.endswith("/basemap") else None,
    )

    area = page.get_by_role("group", name="Mappa", exact=True)
    expect(area.get_by_text(CREDIT)).to_be_visible()
    painted(page, area, "map-green", least=10_000)

    assert ranges
    assert all(re.fullmatch(r"bytes=\d+-\d+", one) for one in ranges)
