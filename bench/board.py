"""`python -m bench.board`: a dispatcher's board with 100 agents and 2,000 visits, in a real Chromium.

The service in processes of its own, a province with its first day published. Prints Markdown; `python -m bench board`
writes it into the results.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bench.board_outside import Outside, Phone
from bench.service import a_cluster
from fieldapp.store import setup
from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import DESK, MORNING, Service, a_browser, load, served

AGENTS, PRACTICES = 100, 4_800
LISTENERS = 49
DRAGS, PLACES = 12, 5
EVENTS_AN_HOUR = 4
"""Of each agent: two doors, an arrival and a report at each."""
EYES = """(() => {
  window.bench = { moves: [], judged: [], long: [], seen: {} }
  const painted = (done) => requestAnimationFrame(() => setTimeout(done))
  const drawn = () => document.querySelectorAll('.tracks .visit').length > 20
    && document.querySelectorAll('[data-list] [data-row]').length > 40
  const look = () => drawn() ? painted(() => (bench.drawn = performance.now())) : requestAnimationFrame(look)
  look()
  new PerformanceObserver((list) => bench.long.push(...list.getEntries().map((one) => [one.startTime, one.duration])))
    .observe({ type: 'longtask' })
  bench.carries = (lane) => {
    addEventListener('pointermove', ({ timeStamp }) => {
      const track = () => document.querySelector('.tracks .carried')?.closest('[data-lane]')
      const there = () => track()?.dataset.lane === lane
      const judged = () => there() && !track().classList.contains('estimated')
        ? painted(() => bench.judged.push(performance.now() - timeStamp)) : requestAnimationFrame(judged)
      const wait = () => there() ? painted(() => {
        bench.moves.push(performance.now() - timeStamp)
        judged()
      }) : requestAnimationFrame(wait)
      wait()
    }, { once: true, capture: true })
  }
  bench.waits = (stop, state) => {
    const wait = () => document.getElementById(`block-${stop}`)?.classList.contains(state)
      ? painted(() => (bench.seen[stop + state] = performance.timeOrigin + performance.now()))
      : requestAnimationFrame(wait)
    wait()
  }
})()"""
"""Notes when the board is drawn, when a carried visit stands in a lane and when its times there are the service's, when
a visit has another state, and whatever kept the page busy for more than 50 ms."""


@dataclass
class Seen:
    """Everything that was measured, in milliseconds unless named otherwise."""

    visits: int = 0
    drawn: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    long_dragging: list[float] = field(default_factory=list)
    long_scrolling: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    heap_mb: list[float] = field(default_factory=list)
    hour: tuple[int, float] = (0, 0.0)
    heard: int = 0
    long_hour: list[float] = field(default_factory=list)


def p95(times: Sequence[float]) -> float:
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


class Bench:
    """One run over one service."""

    def __init__(self, browser: Browser, service: Service) -> None:
        self.browser = browser
        self.service = service
        self.seen = Seen()
        self.day = MORNING.date().isoformat()
        first = self._context()
        page = first.new_page()
        sign_in(page, service, "Pianificazione")
        self.signed_in: Any = first.storage_state()
        published = page.request.get(f"{service.address}/api/v1/dispatch/days/{self.day}").json()
        self.plan = published["versions"][0]["plan_id"]
        self.seen.visits = sum(len(one["stops"]) + len(one["in_reserve"]) for one in published["routes"])
        first.close()

    def _context(self, **more: Any) -> BrowserContext:
        context = self.browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK, **more)
        context.add_init_script(EYES)
        return context

    def board(self, part: str) -> Page:
        """The board in a browser that never saw it, drawn."""
        page = self._context(storage_state=self.signed_in).new_page()
        page.goto(f"{self.service.desk()}giorno/{self.day}/{part}")
        _until(page, "bench.drawn")
        return page

    def opens(self, times: int) -> None:
        for _ in range(times):
            page = self.board("pubblicato")
            self.seen.drawn.append(page.evaluate("bench.drawn"))
            page.context.close()

    def drags(self) -> None:
        """Visits of a draft carried over the lanes in sight, each place waited for; then the lists are rolled."""
        page = self.board(f"piano/{self.plan}")
        page.get_by_role("button", name="Modifica a mano").click()
        expect(page.get_by_role("group", name="A mano")).to_be_visible(timeout=60_000)
        page.get_by_role("checkbox", name="Mappa").uncheck()
        page.wait_for_timeout(3_000)
        page.on("requestfinished", self._finished)
        tracks = page.locator(".tracks [data-lane]")
        for drag in range(DRAGS):
            boxes = [(one.get_attribute("data-lane"), one.bounding_box()) for one in tracks.all()[:PLACES]]
            from_lane = drag % PLACES
            visit = tracks.nth(from_lane).locator(".visit.free").nth(2 + drag % 3).bounding_box()
            assert visit is not None
            # What is looked up in the page for the run's own sake takes longer than the board's work: not counted.
            began = page.evaluate("performance.now()")
            page.mouse.move(visit["x"] + visit["width"] / 2, visit["y"] + visit["height"] / 2)
            page.mouse.down()
            page.mouse.move(visit["x"] + visit["width"] / 2 + 8, visit["y"] + visit["height"] / 2)
            for step in range(1, PLACES):
                lane, box = boxes[(from_lane + step) % PLACES]
                assert box is not None
                before = page.evaluate("bench.judged.length")
                page.evaluate("(lane) => bench.carries(lane)", lane)
                page.mouse.move(box["x"] + box["width"] * (0.2 + 0.1 * step), box["y"] + box["height"] / 2)
                _until(page, f"bench.judged.length > {before}")
            page.keyboard.press("Escape")
            page.mouse.up()
            self.seen.long_dragging += _long(page, since=began)
        self.seen.painted = page.evaluate("bench.moves")
        self.seen.judged = page.evaluate("bench.judged")
        for name in ("[data-list]", ".timeline .box"):
            page.locator(name).first.hover()
            page.wait_for_timeout(500)
            began = page.evaluate("performance.now()")
            for _ in range(60):
                page.mouse.wheel(0, 240)
                page.wait_for_timeout(20)
            self.seen.long_scrolling += _long(page, since=began)
        page.context.close()

    def _finished(self, request: Any) -> None:
        if request.method == "POST" and request.url.endswith("/moves"):
            self.seen.answered.append(request.timing["responseEnd"])

    def hears(self, outside: Outside, phones: Sequence[Phone], *, events: int, hour_s: float) -> None:
        """Phones sync while boards are open: from the answer on the phone to the state on the board."""
        page = self.board("pubblicato")
        cookies = [(one["name"], one["value"]) for one in self.signed_in["cookies"]]
        outside.does(outside.listens(cookies, boards=LISTENERS))
        page.wait_for_timeout(2_000)
        # Lanes in sight: those below are not drawn.
        lanes = page.locator(".tracks [data-lane]")
        near = [phone for phone in phones[: min(4, lanes.count())] if phone.can]
        for number in range(events):
            phone = near[number % len(near)]
            stop = phone.arrived or phone.stops[0]
            state = "done" if phone.arrived else "arrived"
            page.evaluate("([stop, state]) => bench.waits(stop, state)", [stop["stop_id"], state])
            stop_id, state, answered_s = outside.does(phone.goes_on())
            _until(page, f"bench.seen['{stop_id}{state}']")
            self.seen.told.append(page.evaluate(f"bench.seen['{stop_id}{state}']") - answered_s * 1000)
            time.sleep(0.3)
        self.seen.heap_mb.append(_heap_mb(page))
        began = page.evaluate("performance.now()")
        running = outside.begins(outside.an_hour(phones, events=EVENTS_AN_HOUR * len(phones), over_s=hour_s))
        while not running.done():
            page.wait_for_timeout(500)
        self.seen.hour = running.result()
        page.wait_for_timeout(5_000)
        self.seen.long_hour = _long(page, since=began)
        self.seen.heap_mb.append(_heap_mb(page))
        self.seen.heard = outside.heard
        page.context.close()


def _until(page: Page, found: str, *, seconds: float = 120) -> None:
    # Asked again and again: the page's policy lets nobody hand it words to wait for.
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({found})"):
        if time.monotonic() > deadline:
            raise TimeoutError(found)
        page.wait_for_timeout(20)


def _long(page: Page, *, since: float) -> list[float]:
    """Milliseconds of each task of more than 50 that began since then."""
    page.wait_for_timeout(100)
    return [took for began, took in page.evaluate("bench.long") if began >= since]


def _heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def measured(*, agents: int, practices: int, starts: int, events: int, hour_s: float) -> Seen:
    home = Path(tempfile.mkdtemp(prefix="fieldapp-board-"))
    try:
        with a_cluster() as cluster, sync_playwright() as playwright:
            url = cluster.url(setup.APP, "bench")
            load(url, home, practices=practices, agents=agents)
            print("loaded", file=sys.stderr, flush=True)
            with served(url, home) as service, Outside(service) as outside:
                bench = Bench(a_browser(playwright), service)
                bench.opens(starts)
                print(bench.seen, file=sys.stderr, flush=True)
                bench.drags()
                print(bench.seen, file=sys.stderr, flush=True)
                phones = [outside.does(outside.phone(f"agente{number + 1}")) for number in range(agents)]
                bench.hears(outside, phones, events=events, hour_s=hour_s)
                bench.browser.close()
        return bench.seen
    finally:
        shutil.rmtree(home, ignore_errors=True)


def shown(seen: Seen, *, agents: int) -> str:
    """The table, and what to know about it."""

    def long(tasks: Sequence[float]) -> str:
        return f"{len(tasks)}, longest {max(tasks):.0f} ms" if tasks else "none"

    rows = [
        ("first usable paint of the published day, cold cache", _shown(seen.drawn), "2,000 ms"),
        ("drag to new times painted", _shown(seen.painted), "100 ms p95"),
        ("drag to the service's judgement painted", _shown(seen.judged), "-"),
        ("of that, the service's answer", _shown(seen.answered), "300 ms"),
        ("tasks over 50 ms while dragging on the timeline", long(seen.long_dragging), "none"),
        ("tasks over 50 ms while list and timeline roll", long(seen.long_scrolling), "none"),
        (f"a phone's answer to the open board, {LISTENERS} more listen", _shown(seen.told), "1,000 ms p95"),
        ("heap as the hour begins, and after it", " / ".join(f"{mb:.0f} MB" for mb in seen.heap_mb), "200 MB"),
    ]
    return "\n".join(
        [
            f"{agents} agents, {seen.visits:,} visits and reserve of the published day, 1440x900. The map is drawn but"
            " while dragging and rolling. A drag is timed from the pointer's event to the frame in which new times"
            " stand in the lane, the board's own estimate, and on to the frame in which they are the service's"
            f" ({len(seen.painted)} places). The hour of {seen.hour[0]} arrivals and"
            f" reports was played in {seen.hour[1]:.0f} s; listeners were told {seen.heard:,} facts. One service"
            " process, one worker, the browser and all phones on the same machine, which others used meanwhile.",
            "",
            "| figure | measured | at most |",
            "|---|---|---|",
            *(f"| {' | '.join(row)} |" for row in rows),
        ]
    )


def _shown(times: Sequence[float]) -> str:
    return f"median {median(times):,.0f} ms, p95 {p95(times):,.0f} ms, slowest {max(times):,.0f} ms" if times else "-"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.board", description=__doc__)
    parser.add_argument("--agents", type=int, default=AGENTS)
    parser.add_argument("--practices", type=int, default=PRACTICES)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--hour", type=float, default=120, help="seconds in which an hour of events is played")
    asked = parser.parse_args(arguments)
    sizes = {name: getattr(asked, name) for name in ("agents", "practices", "starts", "events")}
    seen = measured(**sizes, hour_s=asked.hour)
    print(shown(seen, agents=asked.agents))


if __name__ == "__main__":
    main()
