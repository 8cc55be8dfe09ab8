"""A team from its making to its figures: the administrator fills it, the dispatcher plans, looks and reckons by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from fieldapp.clock import DemoClock
from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import CLOCK, DESK, MORNING, Eyes, Service, watched
from tests.browser.test_board import SOON, by_hand, lane_of, visits
from tests.browser.test_board_sheets import choose_lane
from tests.browser.test_shifts_desk import looked_at

pytestmark = pytest.mark.browser

DAY = "2026-12-01"


@pytest.fixture
def dispatcher(browser: Browser, service: Service) -> Iterator[Page]:
    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK)
    eyes = watched(context, service.address)
    sign_in(eyes.page, service, "Pianificazione")
    yield eyes.page
    eyes.saw_nothing_wrong()
    context.close()


def test_a_team_is_made_chosen_for_a_day_shown_on_the_board_and_told_in_figures(
    desk: Eyes, dispatcher: Page, service: Service
) -> None:
    admin = desk.page
    sign_in(admin, service, "Amministrazione")
    admin.get_by_role("link", name="Persone").click()
    admin.get_by_role("button", name="Squadre…").click()
    sheet = admin.get_by_role("dialog", name="Squadre")
    expect(sheet.get_by_text("Non ci sono ancora squadre.", exact=False)).to_be_visible()
    sheet.get_by_label("Nuova squadra").fill("Nord")
    sheet.get_by_role("button", name="Crea").press("Enter")
    agents = sheet.get_by_role("group", name="Agenti").get_by_role("checkbox")
    expect(agents).to_have_count(3)
    for at in (0, 2):
        agents.nth(at).check()
    sheet.get_by_label("Nella squadra").select_option(label="Nord")
    looked_at(admin, "squads-sheet")
    sheet.get_by_role("button", name="Sposta").press("Enter")
    expect(sheet.get_by_text("Fatto.")).to_be_visible(timeout=SOON)
    sheet.get_by_label("Nuova squadra").fill("nord")
    sheet.get_by_role("button", name="Crea").press("Enter")
    expect(sheet.get_by_text("C'è già una squadra di nome nord.", exact=False)).to_be_visible(timeout=SOON)
    admin.keyboard.press("Escape")
    people = admin.get_by_role("table", name="Persone")
    expect(people.get_by_role("row").filter(has_text="Nord")).to_have_count(2)
    looked_at(admin, "squads-people")

    page = dispatcher
    page.goto(f"{service.desk()}giorno/{DAY}")
    team = page.get_by_role("group", name="Nord")
    expect(team.get_by_role("checkbox")).to_have_count(3, timeout=SOON)
    page.get_by_role("button", name="Solo Nord").click()
    expect(page.get_by_role("status").filter(has_text="2 agenti")).to_be_visible()
    outside = page.get_by_role("group", name="senza squadra").get_by_role("checkbox")
    expect(outside.first).not_to_be_checked()
    looked_at(page, "squads-prepare")
    outside.first.check()
    expect(page.get_by_role("status").filter(has_text="3 agenti")).to_be_visible()
    page.get_by_role("button", name="Pianifica", exact=True).click()
    lanes = page.get_by_role("listbox", name="Linea del tempo")
    expect(lanes).to_be_visible(timeout=60_000)

    expect(lanes.get_by_role("group")).to_have_count(3)
    expect(page.get_by_role("button", name="Modifica a mano")).to_be_visible(timeout=60_000)
    routes = page.locator("[data-list] section[aria-labelledby]")
    drawn = routes.count()
    page.get_by_label("Squadra", exact=True).select_option(label="Nord")
    expect(lanes.get_by_role("group")).to_have_count(2)
    expect(routes).to_have_count(drawn)
    page.get_by_label("Squadra", exact=True).select_option(label="senza squadra")
    expect(lanes.get_by_role("group")).to_have_count(1)
    expect(routes).to_have_count(0)
    page.get_by_label("Squadra", exact=True).select_option(label="Nord")
    looked_at(page, "squads-board")

    lanes = by_hand(page)
    expect(lanes.get_by_role("group")).to_have_count(2)
    # The other visits of these days are given out already: one of the two has them all.
    full = next(at for at in (0, 1) if visits(lane_of(lanes, at)))
    held = len(visits(lane_of(lanes, full)))
    lane_of(lanes, full).get_by_role("option").first.click()
    lanes.focus()
    page.keyboard.press(" ")
    # Beyond the team's own lanes there is nothing to carry it to.
    for _ in range(4):
        page.keyboard.press("ArrowDown" if full == 0 else "ArrowUp")
    page.keyboard.press(" ")
    expect(lane_of(lanes, 1 - full).get_by_role("option")).to_have_count(1, timeout=SOON)
    expect(lane_of(lanes, full).get_by_role("option")).to_have_count(held - 1)

    # What a hand does to many visits at once stays within the team too, and says so.
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Riempi i vuoti: Nord…").click()
    gaps = page.get_by_role("dialog", name="Visite che entrano nei vuoti")
    expect(gaps.get_by_text("Si riempiono solo i giri della squadra che si vede (Nord).")).to_be_visible()
    page.keyboard.press("Escape")
    choose_lane(page, lane_of(lanes, full))
    page.get_by_role("button", name="Passa il giro…").click()
    handing = page.get_by_role("dialog", name=re.compile("^Passa il giro di"))
    expect(handing.get_by_text("Solo la squadra che si vede (Nord).", exact=False)).to_be_visible()
    colleague = str(lane_of(lanes, 1 - full).get_attribute("aria-label"))
    expect(handing.get_by_label("A chi").get_by_role("option")).to_have_text(["Scegli un agente", colleague])
    looked_at(page, "squads-hand-over")
    page.keyboard.press("Escape")

    # The page's address is the view: read anew, and on another day, it shows the same team and the same parts.
    page.get_by_role("checkbox", name="Mappa").uncheck()
    page.reload()
    expect(lanes.get_by_role("group")).to_have_count(2, timeout=SOON)
    expect(page.get_by_label("Squadra", exact=True)).to_have_value(re.compile(".+"))
    expect(page.get_by_role("checkbox", name="Mappa")).not_to_be_checked()
    here = page.url
    page.get_by_role("link", name=re.compile("^Attività")).click()
    page.get_by_role("link", name="Giro visite").click()
    expect(page).to_have_url(re.compile("giorno.*squadra=.*mappa=no"))
    page.goto(here)
    expect(lanes.get_by_role("group")).to_have_count(2, timeout=SOON)
    page.get_by_label("Squadra", exact=True).select_option(label="tutte")
    expect(lanes.get_by_role("group")).to_have_count(3)
    expect(page).not_to_have_url(re.compile("squadra="))


def test_planned_against_done_of_a_team_is_told_once_the_day_is_over_and_opens_to_its_practices(
    desk: Eyes, dispatcher: Page, service: Service
) -> None:
    admin = desk.page
    sign_in(admin, service, "Amministrazione")
    admin.goto(f"{service.desk()}persone")
    admin.get_by_role("button", name="Squadre…").click()
    sheet = admin.get_by_role("dialog", name="Squadre")
    sheet.get_by_label("Nuova squadra").fill("Centro")
    sheet.get_by_role("button", name="Crea").press("Enter")
    agents = sheet.get_by_role("group", name="Agenti").get_by_role("checkbox")
    expect(agents).to_have_count(3)
    sheet.get_by_label("Nella squadra").select_option(label="Centro")
    for at in (0, 1, 2):
        agents.nth(at).check()
    sheet.get_by_role("button", name="Sposta").press("Enter")
    expect(sheet.locator("li").filter(has_text="Centro").locator("p").nth(1)).to_contain_text(
        re.compile(r".+, .+, .+"), timeout=SOON
    )

    page = dispatcher
    page.get_by_role("link", name="Andamento").click()
    page.get_by_label("Per", exact=True).select_option(label="squadra")
    table = page.get_by_role("table", name="Cosa è stato fatto e incassato")
    rest = table.get_by_role("row", name=re.compile("Senza squadra, in pochi"))
    expect(rest).to_be_visible(timeout=SOON)
    expect(table.get_by_role("row", name=re.compile("Centro"))).to_have_count(0)
    expect(table.get_by_role("columnheader", name="Incassato")).to_have_count(0)
    expect(page.get_by_text("Di oggi si dice domani", exact=False)).to_be_visible()
    looked_at(page, "squads-figures-today")

    # Its last day: what it did stays its own.
    sheet.get_by_role("button", name="Chiudi la squadra Centro").click()
    sheet.get_by_role("button", name="Chiudi la squadra", exact=True).click()
    expect(sheet.get_by_text("chiusa il 26/11/2026")).to_be_visible(timeout=SOON)
    DemoClock(service.settings.home / CLOCK).move_to(MORNING + timedelta(days=1))
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}andamento?per=squad")
    team = table.get_by_role("row", name=re.compile("Centro"))
    expect(team).to_be_visible(timeout=SOON)
    looked_at(page, "squads-figures")
    for form in ("CSV", "XLSX", "Parquet"):
        with page.expect_download() as got:
            page.get_by_role("link", name=form).click()
        assert got.value.suggested_filename == f"andamento-squad-20261101-20261127.{form.lower()}"
    team.get_by_role("link").click()
    behind = page.get_by_role("table", name="Pratiche di: Centro")
    expect(behind.get_by_role("link").first).to_be_visible(timeout=SOON)
    behind.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/pratiche/"))

    page.goto(f"{service.desk()}giorno/2026-11-26/pubblicato")
    page.get_by_role("link", name="Pianificato e fatto").click()
    expect(page).to_have_url(re.compile("andamento.*per=squad.*dal=2026-11-26"))
