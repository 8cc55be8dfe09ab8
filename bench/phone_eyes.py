"""What the phone bench sees of a page: a slow phone on a slow network, taps until they are painted, requests, memory.

Times are taken inside the page (its own clock, after the paint) or by the browser's network log, never by a stopwatch
outside, which would count the driver as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Page

CPU_SLOWDOWN = 4
UPLOAD_BYTES_S = 675 * 1024 / 8
SLOW_4G = {
    "offline": False,
    "latency": 562.5,
    "downloadThroughput": 1_474.56 * 1024 / 8,
    "uploadThroughput": UPLOAD_BYTES_S,
}
"""The browser's own preset of that name: 562.5 ms before each answer, 1.4 Mbit/s down, 0.7 Mbit/s up."""
CUT_OFF = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}

WATCH = """
window.bench = {
  pressed: 0,
  taps: new Map(),
  padAt: null,
  times: {},
  painted: (done) => requestAnimationFrame(() => setTimeout(done)),
  // From the next event of that name, `lessMs` not counted, until `found` and painted.
  time(name, type, found, lessMs = 0) {
    delete bench.times[name]
    addEventListener(type, ({ timeStamp }) => {
      const look = () => found()
        ? bench.painted(() => (bench.times[name] = performance.now() - timeStamp - lessMs))
        : requestAnimationFrame(look)
      look()
    }, { capture: true, once: true })
  },
}
addEventListener('pointerdown', () => (bench.pressed += 1), true)
new PerformanceObserver((list) => {
  for (const { interactionId, duration, name, target } of list.getEntries()) {
    if (!interactionId || duration <= (bench.taps.get(interactionId)?.ms ?? 0)) continue
    bench.taps.set(interactionId, { ms: duration, name, on: (target?.textContent ?? '').trim().slice(0, 40) })
  }
}).observe({ type: 'event', durationThreshold: 16, buffered: true })
const padUsable = () => document.querySelector('[role=group][aria-label=Tastierino] button.figure:not([disabled])')
const waitForPad = () =>
  padUsable() ? bench.painted(() => (bench.padAt = performance.now())) : requestAnimationFrame(waitForPad)
requestAnimationFrame(waitForPad)
"""
CALIBRATION = """() => {
  const began = performance.now()
  let x = 1
  for (let i = 0; i < 50_000_000; i += 1) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return [performance.now() - began, x][0]
}"""
"""Fifty million steps of a linear congruence: nothing but the processor."""


@dataclass
class Asked:
    """One request as the browser's network log saw it; seconds on its own clock."""

    method: str
    url: str
    kind: str
    sent_s: float
    ended_s: float | None = None
    status: int = 0
    bytes: int = 0


@dataclass
class SlowPhone:
    """A page behind the two brakes, with its network log."""

    page: Page
    asked: dict[str, Asked] = field(default_factory=dict)
    wall_s: float = 0.0
    """What to add to the log's clock to have the wall's."""

    def __post_init__(self) -> None:
        self.session = self.page.context.new_cdp_session(self.page)
        self.session.send("Network.enable")
        self.session.on("Network.requestWillBeSent", self._sent)
        self.session.on("Network.responseReceived", self._answered)
        self.session.on("Network.loadingFinished", self._ended)
        self.session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})

    def network(self, conditions: dict[str, Any]) -> None:
        self.session.send("Network.emulateNetworkConditions", conditions)

    def _sent(self, event: dict[str, Any]) -> None:
        request = event["request"]
        self.wall_s = event["wallTime"] - event["timestamp"]
        self.asked[event["requestId"]] = Asked(
            request["method"], request["url"], event.get("type", ""), event["timestamp"]
        )

    def _answered(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.asked:
            self.asked[event["requestId"]].status = event["response"]["status"]

    def _ended(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.asked:
            self.asked[event["requestId"]].ended_s = event["timestamp"]
            self.asked[event["requestId"]].bytes = event["encodedDataLength"]

    def time(self, name: str, *, event: str, found: str, less_ms: float = 0) -> None:
        """Take the time from the page's next `event` until the expression `found` holds and is painted."""
        self.page.evaluate(f"bench.time({name!r}, {event!r}, () => {found}, {less_ms})")

    def timed(self, name: str) -> float:
        """The time asked for by that name, in milliseconds; waits for it."""
        return self.known(f"bench.times[{name!r}]")

    def known(self, number: str) -> float:
        """Wait until the expression has a value. (The page's policy forbids the driver's own way of waiting.)"""
        for _ in range(600):
            value = self.page.evaluate(f"{number} ?? null")
            if value is not None:
                return float(value)
            self.page.wait_for_timeout(100)
        raise TimeoutError(number)

    def taps(self) -> tuple[int, list[dict[str, Any]]]:
        """How many taps there were, and those that took 16 ms and more until they were painted."""
        pressed = int(self.page.evaluate("bench.pressed"))
        return pressed, list(self.page.evaluate("[...bench.taps.values()]"))

    def heap_mb(self) -> tuple[float, float]:
        """JavaScript's own heap and the buffers behind it, after a forced collection."""
        self.session.send("HeapProfiler.enable")
        for _ in range(3):
            self.session.send("HeapProfiler.collectGarbage")
        used = self.session.send("Runtime.getHeapUsage")
        return used["usedSize"] / 1e6, used.get("backingStorageSize", 0) / 1e6

    def calibration_ms(self) -> float:
        self.page.evaluate(CALIBRATION)
        return float(self.page.evaluate(CALIBRATION))


def a_slow_phone(context: BrowserContext) -> SlowPhone:
    return SlowPhone(context.new_page())
