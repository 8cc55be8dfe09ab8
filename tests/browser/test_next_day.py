"""Tomorrow's day on the phone: there without a network, to be read, and not to be worked on before its date; with what
the office wrote since it was published.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
import uuid_utils.compat
from playwright.sync_api import expect
from sqlmodel import select

from fieldapp.store import field, tables
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import MORNING, Eyes, Service, apart, behind

pytestmark = pytest.mark.browser

AGENT = "agente1"
TOMORROW = MORNING.date() + timedelta(days=1)


async def published_tomorrow(service: Service, *, visits: int) -> None:
    """The first visits of the agent's day once more, a day later."""
    async with behind(service) as session:
        agent = (await session.exec(select(tables.Person).where(tables.Person.login == AGENT))).one()
        today = await field.day_of(session, agent.id, MORNING.date())
        stops = [stop for stop in today.stops if not stop.reserve][:visits]
        head = await session.get(tables.PublishedDay, stops[0].published_day_id)
        assert head is not None
        day = tables.PublishedDay(**head.model_dump() | {"id": new_id(), "day": TOMORROW, "version": 1})
        session.add(day)
        await session.flush()
        for stop in stops:
            moved = {
                name: getattr(stop, name) + timedelta(days=1)
                for name in ("arrive_at", "leave_at", "window_from", "window_to")
            }
            fresh = {"id": new_id(), "published_day_id": day.id, "day": TOMORROW}
            session.add(tables.PublishedStop(**stop.model_dump() | moved | fresh))


@pytest.fixture(scope="module", autouse=True)
def tomorrow(service: Service) -> None:
    apart(published_tomorrow(service, visits=3))


async def first_of_tomorrow(service: Service) -> UUID:
    """The practice that the agent visits first on the next day."""
    async with behind(service) as session:
        agent = (await session.exec(select(tables.Person).where(tables.Person.login == AGENT))).one()
        tomorrow = await field.day_of(session, agent.id, TOMORROW)
        return tomorrow.stops[0].practice_id


def new_id() -> UUID:
    return uuid_utils.compat.uuid7()


def test_tomorrow_is_read_without_a_network_and_not_worked_on_before_its_date(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol(AGENT)
    summary = page.get_by_text("27 nov: 3 visite")
    expect(summary).to_be_visible()
    agent.lose_network()
    agent.start_again()
    agent.sees_the_day()

    summary.click()

    tomorrow = page.locator("details", has=summary)
    expect(tomorrow.get_by_role("listitem")).to_have_count(3)
    expect(tomorrow.get_by_role("link")).to_have_count(0)
    expect(page.get_by_text("gio 26 nov").first).to_be_visible()
    agent.find_network()


def test_a_note_of_a_door_reaches_a_phone_that_holds_tomorrow_and_stands_on_the_card_before_ringing(
    phone: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.clock.install()
    agent.enrol(AGENT)
    expect(page.get_by_text("27 nov: 3 visite")).to_be_visible()
    books.note_door(apart(first_of_tomorrow(service)), TOMORROW, "Suonare al cancello verde")
    page.clock.fast_forward("01:01:00")
    with page.expect_response(re.compile(f"field/day.day={TOMORROW.isoformat()}")):
        agent.unlock()
    agent.sees_the_day()
    agent.lose_network()

    page.clock.fast_forward("24:00:00")
    agent.unlock()
    agent.sees_the_day()
    expect(page.get_by_text("ven 27 nov").first).to_be_visible()
    agent.tap("Apri la visita")

    expect(page.get_by_text("Suonare al cancello verde")).to_be_visible()
    agent.find_network()
