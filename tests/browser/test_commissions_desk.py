"""What an agent took yesterday earns a commission: a rate is set, a closing looked at, made, put right, and read."""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from fieldapp.clock import DemoClock
from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import CLOCK, MORNING, Eyes, Service
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser


def seen(page: Page, name: str) -> None:
    """Axe finds nothing; a picture is kept where `FIELDAPP_SCREENS` says."""
    assert violations(page) == []
    page.emulate_media(color_scheme="light")
    if folder := os.environ.get("FIELDAPP_SCREENS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def sheet(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_a_commission_is_previewed_closed_reversed_and_closed_anew(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol()
    practice = books.practice(agent.open_next())
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "50,00", {})
    agent.look_together()
    agent.receive()
    agent.finish()
    agent.delivered()
    DemoClock(service.settings.home / CLOCK).move_to(MORNING + timedelta(days=1))
    page = desk.page
    sign_in(page, service, "Amministrazione")

    page.goto(f"{service.desk()}conti")
    page.get_by_role("link", name="Provvigioni", exact=True).click()
    page.get_by_label("Creditore").select_option(label=practice["creditor"]["name"])
    expect(page.get_by_text("Nessuna aliquota")).to_be_visible()
    expect(page.get_by_text("Ancora nessuna chiusura.")).to_be_visible()

    # What is no rate is said at the field, and nothing is sent.
    page.get_by_role("button", name="Imposta aliquota").click()
    for typed, said in (
        ("1.234,5", "Più del 100 %"),
        ("0", "Zero non è un'aliquota"),
        ("-5", "non è sotto zero"),
        ("150 %", "Più del 100 %"),
        ("12.5", "Non si legge"),
    ):
        sheet(page).get_by_label("Aliquota in per cento").fill(typed)
        sheet(page).get_by_role("button", name="Imposta aliquota").click()
        expect(sheet(page).get_by_role("alert")).to_contain_text(said)
    seen(page, "provvigioni-aliquota")
    sheet(page).get_by_label("Aliquota in per cento").fill("12,5")
    sheet(page).get_by_label("Vale dal").fill("2026-11-01")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Aliquota", exact=True)).to_contain_text("12,5 % dal 01/11/2026")
    opened = page.get_by_role("region", name="Maturato e non ancora chiuso")
    expect(opened).to_contain_text("6,25")
    expect(opened).to_contain_text("1 movimento fino a ora, netto 50,00")

    # The preview opens to the practice; a day on which nothing moved says so.
    opened.get_by_role("button", name="Anteprima e chiusura").click()
    movements = sheet(page).get_by_role("region", name="Movimenti")
    expect(movements.get_by_role("row").nth(1)).to_contain_text("50,00")
    expect(movements.get_by_role("link", name=practice["practice_number"])).to_have_attribute(
        "href", re.compile(practice["id"])
    )
    seen(page, "provvigioni-anteprima")
    sheet(page).get_by_label("Chiudi fino a tutto il").fill("2026-11-25")
    expect(sheet(page).get_by_text("non si è mosso nulla")).to_be_visible()
    expect(sheet(page).get_by_role("button", name=re.compile("Chiudi e registra"))).to_be_disabled()
    sheet(page).get_by_label("Chiudi fino a tutto il").fill("2026-11-26")
    sheet(page).get_by_role("button", name=re.compile(r"Chiudi e registra 6,25")).click()
    closings = page.get_by_role("region", name="Chiusure")
    expect(closings.get_by_role("row").nth(1)).to_contain_text("dall'inizio al 26/11/2026")
    expect(sheet(page)).to_have_count(0)
    expect(page.get_by_text("Dall'ultima chiusura non si è mosso nulla.")).to_be_visible()

    # A wrong rate: reversed with a reason, set anew, closed anew; the first closing stays in the list.
    closings.get_by_role("button", name="Storna la chiusura 1").click()
    sheet(page).get_by_role("button", name="Storna", exact=True).click()
    expect(sheet(page).get_by_text("Scrivi perché la chiusura va stornata")).to_be_visible()
    seen(page, "provvigioni-storno")
    sheet(page).get_by_label("Motivo").fill("aliquota del vecchio contratto")
    page.keyboard.press("Enter")
    expect(closings.get_by_text("aliquota del vecchio contratto")).to_be_visible()
    page.get_by_role("button", name="Imposta aliquota").click()
    sheet(page).get_by_label("Aliquota in per cento").fill("10")
    sheet(page).get_by_label("Vale dal").fill("2026-11-01")
    page.keyboard.press("Enter")
    expect(sheet(page)).to_have_count(0)
    opened.get_by_role("button", name="Anteprima e chiusura").click()
    sheet(page).get_by_role("button", name=re.compile(r"Chiudi e registra 5,00")).click()
    expect(closings.get_by_role("row")).to_have_count(3)
    seen(page, "provvigioni")

    # It goes home as a file, stands in the books, and the view is a link.
    with page.expect_download() as downloading:
        closings.get_by_role("link", name="CSV della chiusura 2").click()
    rows = list(csv.reader(io.StringIO(downloading.value.path().read_text("utf-8-sig")), delimiter=";"))
    assert [row[-1] for row in rows[1:]] == ["50,00", "50,00", "5,00"]
    page.reload()
    expect(closings.get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name="Conto delle provvigioni").click()
    expect(page.get_by_role("row").filter(has_text="provvigione n. 1 stornata: aliquota")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Saldo finale")).to_contain_text("−5,00")


def test_the_back_office_closes_and_sets_no_rate_and_who_plans_sees_nothing(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.goto(f"{service.desk()}conti?vista=provvigioni")

    expect(page.get_by_role("button", name="Anteprima e chiusura")).to_be_visible()
    expect(page.get_by_role("button", name="Imposta aliquota")).to_have_count(0)
