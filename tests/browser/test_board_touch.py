"""The dispatcher's board on a tablet: a finger chooses, scrolls, and carries a visit on which it rests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service, watched
from tests.browser.test_board import SOON, by_hand, lane_of, plan_a_day, settled, visits

pytestmark = pytest.mark.browser

TABLET: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "has_touch": True}
RESTS_MS = 700
"""Longer than a finger has to rest on a visit, on a busy machine too."""


@pytest.fixture
def tablet(browser: Browser, service: Service) -> Iterator[Eyes]:
    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **TABLET)
    eyes = watched(context, service.address)
    yield eyes
    eyes.saw_nothing_wrong()
    context.close()


class Finger:
    """A finger as the machine reports it: touches of which the browser makes its own gestures, scrolling included."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._at = (0.0, 0.0)

    def _send(self, kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    def down(self, at: tuple[float, float]) -> None:
        self._at = at
        self._send("touchStart", at)

    def to(self, at: tuple[float, float], *, steps: int = 8) -> None:
        from_x, from_y = self._at
        for step in range(1, steps + 1):
            share = step / steps
            self._at = (from_x + (at[0] - from_x) * share, from_y + (at[1] - from_y) * share)
            self._send("touchMove", self._at)
            self._page.wait_for_timeout(20)

    def second(self, at: tuple[float, float]) -> None:
        self._send("touchStart", self._at, at)

    def up(self) -> None:
        self._send("touchEnd")

    def lifts(self, visit: Locator) -> None:
        """Rest on a visit until it comes along."""
        self.down(middle(visit))
        self._page.wait_for_timeout(RESTS_MS)


def middle(place: Locator, *, share: float = 0.5) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * share, box["y"] + box["height"] / 2


def test_a_finger_that_rests_on_a_visit_carries_it_and_one_that_moves_on_does_not(
    tablet: Eyes, service: Service
) -> None:
    page = tablet.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-12-03")
    lanes = by_hand(page)
    bar = page.get_by_role("group", name="A mano")
    first, second = lane_of(lanes, 0), lane_of(lanes, 1)
    before = visits(first), visits(second)
    name = before[0][0]
    finger = Finger(page)

    # Moving on at once is no lifting, a touch chooses.
    finger.down(middle(first.get_by_role("option").first))
    finger.to(middle(second, share=0.9))
    page.wait_for_timeout(RESTS_MS)
    expect(bar).not_to_contain_text("In mano")
    finger.up()
    first.get_by_role("option").first.tap()
    expect(lanes.get_by_role("option", selected=True)).to_have_count(1)

    # Lifted and carried, the new times and the cost are there; a second finger or Escape lets go.
    finger.lifts(first.get_by_role("option").first)
    expect(bar).to_contain_text(f"In mano: {name}", timeout=SOON)
    finger.to(middle(second, share=0.95))
    expect(bar).to_contain_text(re.compile("Rende .* in meno|in più|Rende uguale"), timeout=SOON)
    expect(second.get_by_role("option", name=re.compile(re.escape(name)))).to_have_count(1, timeout=SOON)
    finger.second((640.0, 300.0))
    expect(bar).not_to_contain_text("In mano", timeout=SOON)
    finger.up()
    settled(page, lanes)
    assert (visits(first), visits(second)) == before
    finger.lifts(first.get_by_role("option").first)
    finger.to(middle(second, share=0.95))
    expect(bar).to_contain_text(f"In mano: {name}", timeout=SOON)
    page.keyboard.press("Escape")
    expect(bar).not_to_contain_text("In mano", timeout=SOON)
    finger.up()
    settled(page, lanes)
    assert (visits(first), visits(second)) == before

    # Put down.
    finger.lifts(first.get_by_role("option").first)
    finger.to(middle(second, share=0.95))
    expect(second.get_by_role("option", name=re.compile(re.escape(name)))).to_have_count(1, timeout=SOON)
    finger.up()
    expect(second.get_by_role("option", name=re.compile(f"{re.escape(name)}.*fissata"))).to_have_count(1, timeout=SOON)
    settled(page, lanes)
    assert (visits(first), visits(second)) == (before[0][1:], [*before[1], name])

    # Still chosen where it lies now; taken up by its button, a touch says where to.
    expect(second.get_by_role("option", selected=True)).to_have_count(1)
    page.get_by_role("button", name="Prendi in mano").tap()
    expect(bar).to_contain_text(f"In mano: {name}", timeout=SOON)
    x, y = middle(first, share=0.01)
    page.touchscreen.tap(x, y)
    expect(first.get_by_role("option", name=re.compile(re.escape(name)))).to_have_count(1, timeout=SOON)
    settled(page, lanes)
    assert sorted(visits(first)) == sorted(before[0])


def test_at_the_edge_the_lanes_roll_on_under_a_finger_that_carries(tablet: Eyes, service: Service) -> None:
    page = tablet.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-12-04")
    page.set_viewport_size({"width": 1280, "height": 480})
    lanes = by_hand(page)
    first, last = lane_of(lanes, 0), lane_of(lanes, 2)
    name, before = visits(first)[0], visits(last)
    box = page.locator(".timeline .box")
    finger = Finger(page)
    box.evaluate("(one) => (one.scrollTop = 0)")
    edge = box.bounding_box()
    assert edge is not None
    hidden = last.bounding_box()
    assert hidden is not None
    assert hidden["y"] + hidden["height"] > edge["y"] + edge["height"], "the last lane lies below the window"

    finger.lifts(first.get_by_role("option").first)
    finger.to((edge["x"] + edge["width"] * 0.97, edge["y"] + edge["height"] - 4))
    expect(last.get_by_role("option", name=re.compile(re.escape(name)))).to_have_count(1, timeout=SOON)
    page.wait_for_function(
        "(one) => one.scrollTop + one.clientHeight >= one.scrollHeight - 1", arg=box.element_handle()
    )
    finger.up()

    settled(page, lanes)
    assert visits(last) == [*before, name]
