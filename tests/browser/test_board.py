"""The dispatcher's board: lanes over the hours, by keys and by hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import DESK, Eyes, Service, watched

pytestmark = pytest.mark.browser

SOON = 20_000
"""Milliseconds that a change may take on a busy machine."""


def plan_a_day(page: Page, service: Service, day: str) -> None:
    """A finished plan of `day` on the screen, with its lanes."""
    page.goto(f"{service.desk()}giorno/{day}")
    page.get_by_role("button", name="Pianifica", exact=True).click()
    expect(page.get_by_role("listbox", name="Linea del tempo")).to_be_visible(timeout=60_000)


def test_the_timeline_is_walked_by_keys_and_linked_with_the_list(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-11-30")
    lanes = page.get_by_role("listbox", name="Linea del tempo")
    chosen = lanes.get_by_role("option", selected=True)
    opened = page.locator("[data-list] [data-row][aria-expanded=true]")

    lanes.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(chosen).to_have_attribute("aria-label", re.compile(r"^2, "))
    expect(opened).to_have_count(1)
    expect(lanes).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(opened).to_be_focused()

    lanes.get_by_role("option", name=re.compile(r"^3, ")).first.click()
    expect(opened).to_contain_text("3")
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    expect(opened).to_have_count(0)


def by_hand(page: Page) -> Locator:
    """The draft of the plan on the screen; its lanes."""
    page.get_by_role("button", name="Modifica a mano").click()
    expect(page.get_by_role("group", name="A mano")).to_be_visible(timeout=20_000)
    lanes = page.get_by_role("listbox", name="Linea del tempo")
    settled(page, lanes)
    return lanes


def settled(page: Page, lanes: Locator) -> None:
    """Wait until the lanes of the draft stand in place of those of the plan: they read alike for a second."""
    seen, alike = visits(lanes), 0
    for _ in range(100):
        page.wait_for_timeout(250)
        now = visits(lanes)
        seen, alike = now, alike + 1 if now == seen else 0
        if alike == 4:
            return
    raise AssertionError("the lanes never settle")


def lane_of(lanes: Locator, number: int) -> Locator:
    return lanes.get_by_role("group").nth(number)


def visits(lane: Locator) -> list[str]:
    """The debtors of a lane in order of travel."""
    said = lane.get_by_role("option").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    return [label.split(", ")[1] for label in said if label]


def carry_by_mouse(page: Page, visit: Locator, lane: Locator, *, share: float) -> None:
    """Drag a visit to another lane, to a share of its width."""
    start, end = visit.bounding_box(), lane.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] * share, end["y"] + end["height"] / 2, steps=6)


def test_a_visit_is_carried_to_another_lane_by_mouse_and_by_keys(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-12-01")
    lanes = by_hand(page)
    bar = page.get_by_role("group", name="A mano")
    first, second = lane_of(lanes, 0), lane_of(lanes, 1)
    before = visits(first), visits(second)
    name = before[0][0]

    carry_by_mouse(page, first.get_by_role("option").first, second, share=0.95)
    expect(bar).to_contain_text(f"In mano: {name}", timeout=SOON)
    expect(bar).to_contain_text(re.compile("Rende .* in meno|in più|Rende uguale"), timeout=SOON)
    page.mouse.up()
    expect(bar).not_to_contain_text("In mano", timeout=SOON)
    expect(second.get_by_role("option", name=re.compile(f"{name}.*fissata"))).to_have_count(1, timeout=SOON)
    settled(page, lanes)
    assert visits(first) == before[0][1:]
    assert visits(second) == [*before[1], name]

    page.get_by_role("button", name="Annulla l'ultima").click()
    expect(first.get_by_role("option", name=re.compile(name))).to_have_count(1, timeout=SOON)
    assert (visits(first), visits(second)) == before

    page.keyboard.press("Escape")
    lanes.focus()
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Space")
    expect(bar).to_contain_text(f"In mano: {before[0][1]}", timeout=SOON)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expect(bar).not_to_contain_text("In mano", timeout=SOON)
    expect(first.get_by_role("option").first).to_have_attribute(
        "aria-label", re.compile(re.escape(before[0][1])), timeout=SOON
    )
    page.keyboard.press("Delete")
    expect(page.get_by_text("Tolte a mano")).to_be_visible(timeout=SOON)
    page.keyboard.press("u")
    page.keyboard.press("u")
    again = re.compile(re.escape(before[0][1]))
    expect(first.get_by_role("option").nth(1)).to_have_attribute("aria-label", again, timeout=SOON)
    assert (visits(first), visits(second)) == before


def test_two_dispatchers_see_each_other_and_overwrite_nothing(desk: Eyes, service: Service, browser: Browser) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-12-02")
    mine = by_hand(page)
    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK)
    eyes = watched(context, service.address)
    sign_in(eyes.page, service, "Amministrazione")
    eyes.page.goto(page.url)
    theirs = eyes.page.get_by_role("listbox", name="Linea del tempo")
    expect(theirs).to_be_visible(timeout=20_000)
    name, other = visits(lane_of(mine, 0))[:2]

    # Their visit is in the hand while a colleague changes the same lane.
    lane_of(theirs, 0).get_by_role("option").nth(1).click()
    eyes.page.get_by_role("button", name="Prendi in mano").click()
    lane_of(mine, 0).get_by_role("option").first.click()
    page.get_by_role("button", name="Togli", exact=True).click()
    expect(lane_of(theirs, 0).get_by_role("option", name=re.compile(name))).to_have_count(0, timeout=SOON)
    theirs.focus()
    eyes.page.keyboard.press("ArrowDown")
    eyes.page.keyboard.press("Space")
    expect(eyes.page.get_by_role("group", name="A mano")).to_contain_text("Nulla è stato sovrascritto", timeout=SOON)
    assert other in visits(lane_of(theirs, 0))

    # What happened while the line was cut is there when it is back.
    context.set_offline(True)
    lane_of(mine, 0).get_by_role("option").first.click()
    page.get_by_role("button", name="Blocca il giro").click()
    expect(page.get_by_role("button", name="Sblocca il giro")).to_be_visible(timeout=SOON)
    context.set_offline(False)
    expect(eyes.page.get_by_title(re.compile("Bloccato da")).first).to_be_visible(timeout=30_000)
    assert visits(lane_of(theirs, 0)) == visits(lane_of(mine, 0))
    eyes.saw_nothing_wrong()
    context.close()


def test_who_else_is_here_and_at_which_lane_is_seen_until_they_leave(
    desk: Eyes, service: Service, browser: Browser
) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-12-03")
    mine = by_hand(page)
    chips = page.get_by_label(re.compile("^Anche qui: "))
    expect(chips).to_have_count(0)
    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK)
    eyes = watched(context, service.address)
    sign_in(eyes.page, service, "Amministrazione")

    eyes.page.goto(page.url)
    expect(chips).to_be_visible(timeout=SOON)
    expect(eyes.page.get_by_label(re.compile("^Anche qui: "))).to_be_visible(timeout=SOON)
    theirs = eyes.page.get_by_role("listbox", name="Linea del tempo")
    settled(eyes.page, theirs)
    lane_of(theirs, 0).get_by_role("option").first.click()
    names = page.locator(".names")
    expect(names.get_by_role("img", name=re.compile("guarda questo giro"))).to_have_count(1, timeout=SOON)
    eyes.page.get_by_role("button", name="Prendi in mano").click()
    carried = names.get_by_role("img", name=re.compile("ha in mano una visita su questo giro"))
    expect(carried).to_have_count(1, timeout=SOON)
    agent = str(lane_of(mine, 0).get_attribute("aria-label"))
    expect(
        names.locator("> *").filter(has_text=agent).get_by_role("img", name=re.compile("ha in mano"))
    ).to_be_visible()
    chips.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("ha in mano una visita, in questo piano")).to_be_visible()
    page.keyboard.press("Enter")

    # The browser is closed and says no farewell.
    eyes.saw_nothing_wrong()
    context.close()
    expect(carried).to_have_count(0, timeout=SOON)
    expect(chips).to_have_count(0, timeout=SOON)
