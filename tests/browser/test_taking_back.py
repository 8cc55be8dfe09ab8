"""Ten seconds to take back a call, a pin, a photo, an own order and a closed day, each by the button that says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_door import RECORDS, AgentsPhone
from tests.browser.conftest import Eyes, Service
from tests.browser.test_danger import DIALLER

pytestmark = pytest.mark.browser


def written(page: Page) -> list[str]:
    """Kind and key of what lies on the phone to be sent, and of pictures that wait in a visit."""
    records = page.evaluate(RECORDS)
    return sorted(f"{one['kind']} {one['key']}" for one in records if one["kind"] in ("envelope", "original", "small"))


def take_back(page: Page, said: str, before: list[str]) -> None:
    """What was written is told with the way back, and after the tap nothing of it is left."""
    toast = page.get_by_role("status").filter(has_text=said)
    expect(toast).to_be_visible()
    assert written(page) != before
    toast.get_by_role("button", name="Annulla").click()
    expect(page.get_by_role("status").filter(has_text="Annullato.")).to_be_visible()
    assert written(page) == before


def test_a_call_an_order_and_a_closed_day_are_taken_back_and_a_call_that_waited_too_long_stays(
    phone: Eyes, service: Service
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.add_init_script(DIALLER)
    agent.enrol("agente3")
    agent.lose_network()
    nothing = written(page)
    first = page.locator("#next-stop").inner_text()

    def call() -> None:
        agent.tap("Chiama")
        page.locator("dialog[open] a.number").first.click()
        expect(page.get_by_text("Chiamata annotata.")).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)

    call()
    take_back(page, "Chiamata annotata.", nothing)

    page.get_by_role("link", name="Cambia l’ordine").click()
    page.get_by_role("button", name="Sposta giù").first.click()
    agent.tap("Usa questo ordine")
    expect(page.locator("#next-stop")).not_to_have_text(first)
    take_back(page, "Ordine salvato.", nothing)
    expect(page.locator("#next-stop")).to_have_text(first)

    page.get_by_role("link", name="Fine giornata").click()
    agent.tap("Chiudi la giornata")
    take_back(page, "Giornata chiusa.", nothing)
    expect(page.get_by_role("button", name="Chiudi la giornata")).to_be_visible()

    page.get_by_role("link", name="Oggi").first.click()
    call()
    expect(page.get_by_role("button", name="Annulla", exact=True)).to_have_count(0)
    assert len(written(page)) == len(nothing) + 1
    agent.find_network()


def test_a_moved_pin_and_a_removed_photo_are_taken_back(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol()
    agent.lose_network()
    agent.open_next()
    expect(page.get_by_text("Arrivo salvato sul telefono.")).to_be_visible()
    arrived = written(page)

    agent.rarely("Il segnaposto è sbagliato")
    agent.tap("5 metri a nord")
    agent.tap("Il segnaposto è qui")
    take_back(page, "Salvato sul telefono. Vale anche", arrived)

    agent.meet_nobody()
    page.get_by_text("Non incontrato").click()
    agent.tap("Assente, nessun avviso")
    agent.choose("Nessuna cassetta")
    agent.tap("Continua")
    agent.photograph("Portone")
    with_photo = written(page)
    photo = page.get_by_role("img", name="Portone")

    # Its bytes lie there as long as somebody may want it back.
    agent.tap("Togli")
    expect(photo).to_have_count(0)
    page.get_by_role("button", name="Annulla", exact=True).click()
    expect(photo).to_be_visible()
    expect(page.get_by_text("Annullato.")).to_be_visible()
    assert written(page) == with_photo
    agent.start_again()
    agent.tap("Continua")
    expect(page.get_by_role("button", name="Chiudi la visita")).to_be_visible()
    expect(photo).to_be_visible()
    agent.tap("Togli")
    expect(photo).to_have_count(0)
    agent.start_again()
    agent.tap("Continua")
    expect(page.get_by_role("button", name="Chiudi la visita")).to_be_visible()
    expect(photo).to_have_count(0)
    assert written(page) == arrived
    agent.find_network()
