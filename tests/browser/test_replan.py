"""A day in motion at the desk: an agent falls sick after the first door, the rest is planned again, seen, published."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from fieldapp.clock import DemoClock
from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import CLOCK, MORNING, Eyes, Service

pytestmark = pytest.mark.browser

SOON = 20_000
"""Milliseconds that an answer may take on a busy machine."""
TICK = 60_000
"""In which time that only passes is told."""


def published(page: Page) -> None:
    page.get_by_role("link", name=re.compile("Pubblicato")).first.click()
    expect(page.get_by_role("listbox", name="Linea del tempo")).to_be_visible(timeout=SOON)


def lanes(page: Page) -> list[int]:
    """Visits by lane."""
    groups = page.get_by_role("listbox", name="Linea del tempo").get_by_role("group")
    return [groups.nth(i).get_by_role("option").count() for i in range(groups.count())]


def test_an_agent_sick_after_the_first_door_is_replanned_seen_and_published(
    phone: Eyes, desk: Eyes, service: Service
) -> None:
    agent = AgentsPhone(phone.page, service.agent())
    agent.enrol("agente1")
    agent.tap("Apri la visita")
    agent.tap("Arrivato")
    page = desk.page
    sign_in(page, service, "Pianificazione")
    page.goto(f"{service.desk()}giorno/2026-11-26")
    published(page)
    begun = page.get_by_role("main").get_by_text("l'agente è lì", exact=True)
    expect(begun).to_have_count(1, timeout=SOON)
    before = lanes(page)
    panel = page.get_by_role("region", name="Ripianifica da qui")

    # What if, by keys: nothing is kept.
    page.get_by_role("button", name="Ripianifica da qui").focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_label("Che cosa è successo")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel.get_by_text(re.compile("^Cambia il giro di"))).to_be_visible(timeout=SOON)
    expect(panel.get_by_text(re.compile("^Passano ad altri|^Restano fuori")).first).to_be_visible()
    expect(begun).to_have_count(1)
    assert lanes(page)[0] == 1, "only the visit at whose door the agent stands"
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    assert lanes(page) == before

    # The same by mouse, and published.
    page.get_by_role("button", name="Ripianifica da qui").click()
    panel.get_by_label("Agente").select_option(index=1)
    panel.get_by_role("button", name="Guarda cosa cambia").click()
    panel.get_by_role("button", name="Pubblica così").click(timeout=SOON)
    expect(panel).to_have_count(0, timeout=SOON)
    expect(page.get_by_text(re.compile("Versione 2")).first).to_be_visible(timeout=SOON)
    expect(begun).to_have_count(1)
    assert lanes(page)[0] == 1
    agent.start_again()
    expect(phone.page.get_by_text(re.compile("Chi c.è"))).to_be_visible(timeout=SOON)

    # Three hours pass and nobody else has arrived anywhere: the open board says so by itself, and leads back here.
    DemoClock(service.settings.home / CLOCK).move_to(MORNING + timedelta(hours=3))
    alerts = page.get_by_role("region", name=re.compile("avvis"))
    expect(alerts).to_be_visible(timeout=TICK)
    expect(page.get_by_role("main").get_by_text(re.compile("^verso le ")).first).to_be_visible()
    late = alerts.get_by_role("listitem").filter(has_text=re.compile("in ritardo|fuori orario")).first
    late.get_by_role("button", name=re.compile("^Mostra")).click()
    expect(page.get_by_role("listbox", name="Linea del tempo").get_by_role("option", selected=True)).to_have_count(1)
    late.get_by_role("button", name=re.compile("Ripianifica il giro")).click()
    expect(panel.get_by_label("Che cosa è successo")).to_have_value("held_up")
    expect(panel.get_by_label("Agente")).not_to_have_value("")
