"""The office hands a person a copy of their data, and notes that they object to learned hours."""

from __future__ import annotations

import zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service, apart, behind

pytestmark = pytest.mark.browser


async def learn(service: Service) -> str:
    """The agency learns; the id of a practice that is open."""
    async with behind(service) as session:
        value = (
            "insert into setting (agency_id, name, value) select a.id, 'presence.learning', jsonb_build_object("
            "'on', true, 'at', now()::text, 'reason', 'Bilanciamento', 'person_id', p.id) from agency a"
            " join person p on p.agency_id = a.id and p.role = 'administrator' limit 1"
        )
        await session.execute(text(value))
        query = text("select id from practice where state = 'open' order by practice_number limit 1")
        return str((await session.execute(query)).scalar_one())


def test_a_person_gets_their_data_and_objects(service: Service, desk: Eyes) -> None:
    page, practice = desk.page, apart(learn(service))
    sign_in(page, service, "Back office")
    page.goto(f"{service.desk()}pratiche/{practice}")
    block = page.get_by_role("region", name="Dati della persona")

    block.get_by_role("button", name="Prepara la copia").click()
    form = block.locator("form")
    form.get_by_label("Identificato con").select_option(label="passaporto")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [one["id"] for one in found.response["violations"]] == []
    with page.expect_download() as download:
        form.get_by_role("button", name="Prepara la copia").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"dati.pdf", "dati.json"} <= set(archive.namelist())
    expect(block.get_by_text("Copia scaricata.")).to_be_visible()

    hours = page.get_by_role("heading", name="Quando c'è qualcuno")
    expect(hours).to_be_visible()
    block.get_by_role("button", name="Si oppone").click()
    block.get_by_label("Come e quando lo ha detto").fill("Al telefono, oggi")
    block.get_by_role("button", name="Annota l'opposizione").click()
    expect(block.get_by_text("Si è opposto: non si impara nulla di questa porta. Al telefono, oggi")).to_be_visible()
    expect(hours).to_be_hidden()

    block.get_by_role("button", name="Non si oppone più").click()
    block.get_by_label("Come e quando lo ha detto").fill("Ci ha ripensato")
    block.get_by_role("button", name="Annota che non si oppone più").click()
    expect(hours).to_be_visible()
