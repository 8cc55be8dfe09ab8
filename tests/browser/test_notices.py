"""A phone asks to be told, the office changes its day, and the phone says so: sealed on the way, one word on screen.

No push service of a browser is reached from here: what the browser would answer is put in at that one place, and what
would come from there is handed to the real service worker by the browser's own tools.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import CDPSession, Page, expect

from fieldapp.store.embedded import Cluster
from tests.browser.at_the_door import AgentsPhone
from tests.browser.conftest import MORNING, Service, a_phone, of_a_module
from tests.push_service import Browser, PushService, claims_of

pytestmark = pytest.mark.browser

NOTICES = """async () => {
  const found = await (await navigator.serviceWorker.getRegistration('/agent/')).getNotifications()
  return found.map(({ title, body, tag, lang }) => ({ title, body, tag, lang }))
}"""

APP_WINDOWS = """async () => {
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  return open.filter((client) => new URL(client.url).pathname.startsWith('/agent/')).length
}"""


@pytest.fixture(scope="module")
def outside() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture(scope="module")
def service(
    cluster: Cluster, province_of_60: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    contact = {"push_contact": "mailto:avvisi@example.it", "push_local": True}
    with of_a_module(cluster, province_of_60, tmp_path_factory, **contact) as running:
        yield running


def answering(endpoint: str, keys: Browser) -> str:
    """What the browser's push service would say to a page that subscribes."""
    said = json.dumps({"p256dh": list(keys.point), "auth": list(keys.auth)})
    return f"""
    let place = null
    const keys = {said}
    PushManager.prototype.getSubscription = async () => place
    PushManager.prototype.subscribe = async (options) => {{
      window.subscribedWith = options
      place = {{
        endpoint: {endpoint!r},
        getKey: (name) => new Uint8Array(keys[name]).buffer,
        unsubscribe: async () => {{ place = null; return true }},
      }}
      return place
    }}"""


def publish_another_day(service: Service) -> None:
    """The dispatcher plans the day anew, with two of the three agents."""
    client = httpx.Client(base_url=f"{service.address}/api/v1", timeout=60)
    offers = client.get("/demo/sign-ins").json()
    login, password = next((one["login"], one["password"]) for one in offers if one["role"] == "dispatcher")
    headers = {"x-csrftoken": client.cookies["csrftoken"]}
    client.post("/session", json={"login": login, "password": password}, headers=headers).raise_for_status()
    day = MORNING.date().isoformat()
    agents = [row["id"] for row in client.get("/dispatch/agents", params={"day": day}).json()]
    asked = {"day": day, "seconds": 1, "agent_ids": agents[:2]}
    plan = client.post("/dispatch/plans", json=asked, headers=headers).raise_for_status().json()["id"]
    for _ in range(300):
        if client.get(f"/dispatch/plans/{plan}").json()["state"] == "done":
            break
        time.sleep(0.2)
    client.post(f"/dispatch/plans/{plan}/publish", headers=headers).raise_for_status()


def leave(page: Page, service: Service) -> None:
    """To a page of ours that is not the phone's (the desk would send an agent back to it); the worker sees it gone."""
    page.goto(f"{service.address}/v/")
    [worker] = page.context.service_workers
    for _ in range(200):
        if not worker.evaluate(APP_WINDOWS):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the service worker still sees the app in a window")


def registration_of(session: CDPSession, page: Page) -> str:
    """The browser's own number of the phone's service worker."""
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(200):
        if found:
            return found[0]
        page.wait_for_timeout(100)
    raise AssertionError("the browser knows no service worker")


def deliver(session: CDPSession, service: Service, registration: str, data: str) -> None:
    told = {"origin": service.address, "registrationId": registration, "data": data}
    session.send("ServiceWorker.deliverPushMessage", told)


def shown(page: Page, count: int) -> list[dict[str, Any]]:
    """The notices that stand, once there are so many."""
    for _ in range(200):
        found = page.evaluate(NOTICES)
        if len(found) == count:
            return list(found)
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.evaluate(NOTICES)} instead of {count}")


def test_a_phone_that_asked_is_told_that_its_day_has_changed_and_no_more(
    browser: Chromium, service: Service, outside: PushService
) -> None:
    keys = Browser()
    with a_phone(browser, service, permissions=["notifications"]) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.context.add_init_script(answering(f"{outside.origin}/agent", keys))
        agent.enrol()
        page.get_by_role("link", name="Telefono").last.click()
        agent.tap("Avvisami")
        expect(page.get_by_role("button", name="Non avvisarmi più")).to_be_visible()
        bound_to = page.evaluate("subscribedWith.applicationServerKey")

        publish_another_day(service)
        for _ in range(300):
            if outside.received:
                break
            time.sleep(0.1)
        [(_, headers, body)] = outside.received
        message = keys.opened(body).decode()
        assert json.loads(message) == {"type": "day_changed"}
        assert claims_of(headers)[1] == bound_to

        # Open before somebody's eyes the app fetches the day and says it itself; no notice stands.
        session = page.context.new_cdp_session(page)
        registration = registration_of(session, page)
        with page.expect_request("**/field/day"):
            deliver(session, service, registration, message)
        assert shown(page, 0) == []

        # Away from the app, whatever comes with the message, there are these words and no more.
        leave(page, service)
        deliver(session, service, registration, '{"type":"day_changed","body":"Mario Bianchi"}')
        assert shown(page, 1) == [{"title": "La giornata è cambiata", "body": "", "tag": "day", "lang": "it"}]
        deliver(session, service, registration, "")
        assert shown(page, 1)[0]["body"] == ""

        # A tap on it opens the app, which fetches.
        app = page.context.new_page()
        app.goto(service.agent())
        AgentsPhone(app, service.agent()).unlock()
        AgentsPhone(app, service.agent()).sees_the_day()
        [worker] = page.context.service_workers
        with app.expect_request("**/field/day"):
            worker.evaluate(
                """async () => {
                  const [notification] = await registration.getNotifications()
                  dispatchEvent(new NotificationEvent('notificationclick', { notification }))
                }"""
            )
        assert shown(page, 0) == []


def test_the_notice_speaks_the_phones_language_and_ends_when_nobody_wants_it(
    browser: Chromium, service: Service, outside: PushService
) -> None:
    with a_phone(browser, service, permissions=["notifications"]) as eyes:
        page, agent = eyes.page, AgentsPhone(eyes.page, service.agent())
        page.context.add_init_script(answering(f"{outside.origin}/other", Browser()))
        agent.enrol("agente2")
        page.get_by_role("link", name="Telefono").last.click()
        agent.tap("Avvisami")
        expect(page.get_by_role("button", name="Non avvisarmi più")).to_be_visible()
        page.get_by_text("Français").click()
        session = page.context.new_cdp_session(page)
        registration = registration_of(session, page)
        with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.status == 204):
            agent.tap("Ne plus me prévenir")
        expect(page.get_by_role("button", name="Prévenez-moi")).to_be_visible()

        leave(page, service)
        deliver(session, service, registration, '{"type":"day_changed"}')

        assert shown(page, 1)[0]["title"] == "La journée a changé"


def test_a_browser_that_lets_no_notice_through_is_told_so_and_asked_nothing(
    browser: Chromium, service: Service
) -> None:
    with a_phone(browser, service) as eyes:
        page = eyes.page
        # Chromium asks nobody where no notice may be shown: the answer is no.
        page.context.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
        AgentsPhone(page, service.agent()).enrol("agente2")
        page.get_by_role("link", name="Telefono").last.click()

        expect(page.get_by_text("Gli avvisi sono bloccati nelle impostazioni del browser.")).to_be_visible()
        expect(page.get_by_role("button", name="Avvisami")).to_have_count(0)
