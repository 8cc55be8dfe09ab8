"""`python -m bench.live`: from the verdict on the phone to the practice file that stands open at the desk.

The real service, a phone and a desk in one Chromium. A visit with cash, photo and signature is closed without network;
the clock starts when the last byte of the service's answer is on the phone and stops when the desk shows it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, Request, sync_playwright

from bench.service import a_cluster
from fieldapp.store import setup
from tests.browser.at_the_desk import open_practice, sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import DESK, MORNING, Service, a_browser, a_phone, load, served

VISITS = 5
WATCH = """(receipt) => {
  window.seen = {}
  const now = () => performance.timeOrigin + performance.now()
  const look = setInterval(() => {
    const visit = [...document.querySelectorAll('article')].find((one) => one.innerText.includes(receipt))
    if (!visit) return
    window.seen.facts ??= now()
    const pictures = [...visit.querySelectorAll('.pictures img')]
    if (pictures.length < 2 || !pictures.every((one) => one.complete && one.naturalWidth > 0)) return
    window.seen.pictures = now()
    clearInterval(look)
  }, 5)
}"""
"""Notes when the visit with its receipt stands on the screen, and when photo and signature are drawn too."""


def answered_ms(requests: Sequence[Request], method: str) -> float:
    """When the last answer to `method` was whole on the phone, in milliseconds of the epoch."""
    return max(one.timing["startTime"] + one.timing["responseEnd"] for one in requests if one.method == method)


def visit(agent: AgentsPhone, desk: Page, books: Books, *, done: list[Request]) -> tuple[float, float]:
    """One visit; ms from verdict to screen, of facts and of pictures. `done` fills with what the phone asks."""
    done.clear()
    agent.lose_network()
    stop = agent.open_next()
    desk.goto(desk.url.split("/desk/")[0] + "/desk/")
    open_practice(desk, books.practice(stop)["practice_number"])
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "5,00", {})
    agent.look_together()
    receipt = agent.receive()
    agent.read_what_is_signed()
    agent.sign()
    agent.finish(photo="Portone")
    desk.evaluate(WATCH, receipt)
    agent.find_network()
    agent.delivered()
    # Asked again and again: the page's policy lets nobody hand it words to wait for.
    deadline = time.monotonic() + 60
    while "pictures" not in (seen := desk.evaluate("window.seen")):
        assert time.monotonic() < deadline, "the pictures do not come"
        desk.wait_for_timeout(50)
    return seen["facts"] - answered_ms(done, "POST"), seen["pictures"] - answered_ms(done, "PUT")


def measured(browser: Browser, service: Service) -> list[tuple[float, float]]:
    books = Books(service.address, day=MORNING.date())
    desk = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK).new_page()
    sign_in(desk, service, "Back office")
    with a_phone(browser, service) as eyes:
        agent = AgentsPhone(eyes.page, service.agent())
        agent.enrol()
        done: list[Request] = []
        eyes.page.on("requestfinished", lambda request: done.append(request))
        return [visit(agent, desk, books, done=done) for _ in range(VISITS)]


def report() -> str:
    home = Path(tempfile.mkdtemp(prefix="fieldapp-bench-live-"))
    with a_cluster() as cluster, sync_playwright() as playwright:
        url = cluster.url(setup.APP, "bench")
        load(url, home, practices=60, agents=3)
        browser = a_browser(playwright)
        with served(url, home) as service:
            found = measured(browser, service)
        browser.close()
    shutil.rmtree(home, ignore_errors=True)
    lines = [
        f"| {what} | {median(times):,.0f} | {max(times):,.0f} |"
        for what, times in zip(
            ("report, payment and receipt", "photo and signature, drawn"), zip(*found, strict=True), strict=True
        )
    ]
    return "\n".join(
        [
            f"{VISITS} visits with cash, photo and signature, closed without network, one service process and one"
            " worker, phone and desk on the same machine. Milliseconds from the answer on the phone (verdicts; then the"
            " last picture) to the practice file that stands open at the desk, untouched.",
            "",
            "| what | median ms | slowest ms |",
            "|---|---|---|",
            *lines,
        ]
    )


if __name__ == "__main__":
    print(report())
