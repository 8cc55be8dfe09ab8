"""Through the day: the agent's own order with its times, a visit withdrawn and one added, and the day closed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, select

from fieldapp.store import field, tables
from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import MORNING, Eyes, Service, apart, behind
from tests.browser.test_next_day import new_id

pytestmark = pytest.mark.browser

AGENT = "agente3"
TIME = re.compile(r"^\d\d:\d\d$")


def stops_on(page: Page) -> Locator:
    return page.locator("main ol").first.locator("li .where > strong")


async def published_without_the_last(service: Service) -> None:
    """The day once more, as the dispatcher's next version, without the last visit of the agent's route."""
    async with behind(service) as session:
        agent = (await session.exec(select(tables.Person).where(tables.Person.login == AGENT))).one()
        mine = await field.day_of(session, agent.id, MORNING.date())
        dropped = next(s for s in reversed(mine.stops) if not s.reserve and s.id not in mine.done)
        head = await session.get(tables.PublishedDay, dropped.published_day_id)
        assert head is not None
        query = select(tables.PublishedStop).where(col(tables.PublishedStop.published_day_id) == head.id)
        stops = (await session.exec(query)).all()
        day = tables.PublishedDay(**head.model_dump() | {"id": new_id(), "version": head.version + 1})
        session.add(day)
        await session.flush()
        # Stops keep their ids from version to version: the earlier version's rows go over to the new one.
        for stop in stops:
            if stop.id != dropped.id:
                stop.published_day_id = day.id


def test_an_agent_changes_the_order_and_the_office_sees_it(phone: Eyes, desk: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol(AGENT)
    agent.lose_network()
    page.get_by_role("link", name="Cambia l’ordine").click()
    expect(page.get_by_role("heading", name="Cambia l’ordine")).to_be_visible()
    before = stops_on(page).all_inner_texts()

    # Keys do what a drag does.
    page.get_by_role("button", name=re.compile("^Sposta giù")).first.focus()
    page.keyboard.press("Enter")
    expect(stops_on(page)).to_have_text([before[1], before[0], *before[2:]])
    box = page.locator(".handle").nth(2).bounding_box()
    top = page.locator(".handle").first.bounding_box()
    assert box is not None
    assert top is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(top["x"] + 20, top["y"] + 20, steps=8)
    page.mouse.up()
    expect(stops_on(page)).to_have_text([before[2], before[1], before[0], *before[3:]])
    times = page.locator("main ol li .where .figure").all_inner_texts()
    assert all(TIME.match(time) for time in times)
    assert times == sorted(times)
    agent.tap("Usa questo ordine")
    expect(page.locator("#next-stop")).to_have_text(before[2])
    agent.start_again()
    expect(page.locator("#next-stop")).to_have_text(before[2])
    agent.find_network()
    agent.delivered()

    sign_in(desk.page, service, "Pianificazione")
    desk.page.goto(f"{service.desk()}giorno/{MORNING.date().isoformat()}/pubblicato")
    expect(desk.page.get_by_text("Ordine dell'agente: 3 · 2 · 1").first).to_be_visible()


def test_a_withdrawn_visit_is_told_quietly_and_the_day_is_closed(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol(AGENT)
    apart(published_without_the_last(service))
    page.get_by_role("link", name="Invio").click()
    agent.start_again()
    page.get_by_role("link", name="Oggi").first.click()

    news = page.get_by_role("status").filter(has_text="Il giro è cambiato")
    expect(news).to_contain_text("Tolte: 1.")
    agent.tap("Ho visto")
    expect(news).to_have_count(0)

    agent.lose_network()
    page.get_by_role("link", name="Fine giornata").click()
    expect(page.get_by_text(re.compile(r"Fatte \d+ di \d+"))).to_be_visible()
    expect(page.get_by_text("Rimaste:")).to_be_visible()
    expect(page.get_by_role("link", name="Vai alla cassa")).to_be_visible()
    agent.tap("Chiudi la giornata")
    expect(page.get_by_text(re.compile(r"Chiusa alle \d\d:\d\d"))).to_be_visible()
    agent.start_again()
    expect(page.get_by_text(re.compile(r"Chiusa alle \d\d:\d\d"))).to_be_visible()
    agent.find_network()
    agent.delivered()
