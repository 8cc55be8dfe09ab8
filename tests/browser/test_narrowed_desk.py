"""A list of practices is narrowed by area, amount and last contact, kept as a view, and acted on as narrowed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser

ALL_OWE_A_THOUSAND = """() => {
  const owed = [...document.querySelectorAll('main tbody tr td:nth-child(6)')]
  return owed.length > 0 && owed.every((cell) => parseInt(cell.innerText.replaceAll('.', '')) >= 1000)
}"""


def test_an_amount_narrows_as_the_language_writes_it_and_the_link_is_everybodys(service: Service, desk: Eyes) -> None:
    page = desk.page
    page.goto(service.desk())
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name=re.compile("Back office")).click()
    page.get_by_role("link", name="Practices", exact=True).click()
    page.get_by_role("button", name="More filters").click()
    owed = page.get_by_role("group", name="More filters of practices").get_by_role("group", name="Owed")
    least = owed.get_by_label("from", exact=True)

    least.fill("1,000.5")
    least.press("Tab")
    expect(least).to_have_value("1,000.50")
    expect(page).to_have_url(re.compile(r"importo_da=1\.000%2C50|importo_da=1\.000,50"))
    page.wait_for_function(ALL_OWE_A_THOUSAND.replace("replaceAll('.', '')", "replaceAll(/[€,]/g, '')"))

    least.fill("50,00")
    least.press("Tab")
    expect(owed.get_by_text("“50,00” could mean €50.00 or €5,000.00")).to_be_visible()
    expect(page).to_have_url(re.compile("importo_da=1.000"))  # the list stays as it was
    least.fill("")
    least.press("Tab")
    expect(page).not_to_have_url(re.compile("importo_da"))
    expect(owed.get_by_text("could mean")).to_have_count(0)


def test_a_list_is_narrowed_kept_and_cleared(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Pratiche", exact=True).click()
    all_of_them = page.locator("main tbody tr")
    expect(all_of_them.first).to_be_visible()
    page.get_by_role("button", name="Altri filtri").click()
    panel = page.get_by_role("group", name="Altri filtri delle pratiche")

    panel.get_by_label("Provincia").select_option(index=1)
    expect(panel.get_by_label("Comune")).to_be_visible()
    amounts = panel.get_by_role("group", name="Da incassare")
    amounts.get_by_label("da", exact=True).fill("50.00")
    amounts.get_by_label("da", exact=True).blur()
    expect(panel.get_by_text("«50.00» può voler dire")).to_be_visible()
    amounts.get_by_label("da", exact=True).fill("1.000,50")
    amounts.get_by_label("da", exact=True).blur()
    panel.get_by_label("Ultimo contatto", exact=True).select_option(label="fino al")
    panel.get_by_label("Giorno dell'ultimo contatto").fill("2026-12-31")
    expect(page).to_have_url(re.compile("importo_da=1.000"))
    expect(page.get_by_role("button", name="Altri filtri (3)")).to_be_visible()
    page.wait_for_function(ALL_OWE_A_THOUSAND)

    page.reload()
    expect(panel.get_by_label("Giorno dell'ultimo contatto")).to_have_value("2026-12-31")
    page.get_by_role("button", name="Togli i filtri").click()
    expect(page).to_have_url(re.compile(r"/pratiche$"))


def test_several_places_and_an_age_narrow_together_and_are_taken_out_one_by_one(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Pratiche", exact=True).click()
    expect(page.locator("main tbody tr").first).to_be_visible()
    page.get_by_role("button", name="Altri filtri").click()
    panel = page.get_by_role("group", name="Altri filtri delle pratiche")

    panel.get_by_label("Provincia").first.select_option(index=1)
    comune = panel.locator("select").nth(1)
    expect(comune.locator("option")).not_to_have_count(1)
    comune.select_option(index=1)
    expect(panel.get_by_role("list", name="Comune").get_by_role("listitem")).to_have_count(1)
    comune.select_option(index=1)
    chosen = panel.get_by_role("list", name="Comune").get_by_role("button")
    expect(chosen).to_have_count(2)
    places = {name.strip() for name in chosen.all_inner_texts()}
    expect(page.locator("table.stale")).to_have_count(0)
    page.wait_for_function(
        "(places) => { const met = new Set([...document.querySelectorAll('main tbody tr td:nth-child(4)')]"
        ".map((cell) => cell.innerText.trim()));"
        " return met.size > 0 && [...met].every((one) => places.includes(one)) }",
        arg=sorted(places),
    )
    panel.get_by_label("Età del debito, oltre", exact=True).select_option(label="oltre 6 mesi")
    expect(page).to_have_url(re.compile("eta_oltre=180"))
    expect(page.get_by_role("button", name="Altri filtri (3)")).to_be_visible()

    chosen.first.click()
    expect(chosen).to_have_count(1)
    panel.get_by_role("list", name="Provincia").get_by_role("button").click()
    expect(page).not_to_have_url(re.compile("comune=|provincia="))


def test_nothing_of_the_old_list_can_be_chosen_while_another_filter_loads(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Pratiche", exact=True).click()
    row = page.locator("main tbody tr").first
    expect(row.get_by_role("checkbox")).to_be_enabled()
    held = []
    page.route("**/api/v1/practices?*", lambda route: held.append(route))

    page.get_by_label("Stato", exact=True).select_option(label="Aperta")

    expect(row.get_by_role("checkbox")).to_be_disabled()
    row.get_by_role("link").focus()
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="Pratiche scelte")).to_have_count(0)
    for one in held:
        one.continue_()
    expect(row.get_by_role("checkbox")).to_be_enabled()
