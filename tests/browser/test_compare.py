"""Two plans of a day side by side: what somebody changed by hand against what was computed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_board import SOON, by_hand, lane_of, plan_a_day, settled, visits

pytestmark = pytest.mark.browser


def sums(page: Page, name: str) -> list[str]:
    """First, second and the gap of a row of sums."""
    row = page.get_by_role("table", name="Somme dei due piani").get_by_role("row", name=re.compile(f"^{name}"))
    return row.get_by_role("cell").all_inner_texts()


def only_in(page: Page, which: str) -> Locator:
    return page.get_by_role("heading", name=re.compile(f"^Solo nel {which}")).locator("..")


def test_a_draft_beside_the_plan_that_it_was_made_from(desk: Eyes, service: Service) -> None:
    page = desk.page
    sign_in(page, service, "Pianificazione")
    plan_a_day(page, service, "2026-12-03")
    lanes = by_hand(page)
    first, second = lane_of(lanes, 0), lane_of(lanes, 1)
    taken_out, handed = visits(first)[:2]
    counts = [len(visits(lane_of(lanes, number))) for number in range(lanes.get_by_role("group").count())]
    givers, getters = (str(lane.get_attribute("aria-label")) for lane in (first, second))

    # By hand: one visit taken out, one handed to the colleague.
    first.get_by_role("option").first.click()
    page.get_by_role("button", name="Togli", exact=True).click()
    expect(page.get_by_text("Tolte a mano")).to_be_visible(timeout=SOON)
    settled(page, lanes)
    first.get_by_role("option").first.click()
    page.get_by_role("button", name="Prendi in mano").click()
    lanes.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(second.get_by_role("option", name=re.compile(re.escape(handed)))).to_have_count(1, timeout=SOON)
    settled(page, lanes)

    page.get_by_role("link", name="Confronta").click()
    expect(page.get_by_role("heading", name=re.compile("^Solo nel primo"))).to_be_visible(timeout=SOON)
    page.get_by_label("Primo").select_option(label=label_of(page, "^Piano delle"))
    page.get_by_label("Secondo").select_option(label=label_of(page, "^Modifica delle"))

    # What was taken out stands in the first one alone, with why the second does without; nothing is new in the second.
    alone = only_in(page, "primo")
    expect(alone.get_by_role("listitem")).to_have_count(1, timeout=SOON)
    expect(alone.get_by_role("listitem")).to_contain_text(taken_out)
    expect(alone.get_by_role("listitem")).to_contain_text("L'altro piano:")
    expect(only_in(page, "secondo").get_by_role("listitem")).to_have_count(0)
    total = sum(counts)
    assert sums(page, "Visite") == [str(total), str(total - 1), "−1"]
    assert sums(page, "Valore meno viaggi")[2].startswith(("+", "−"))
    # Who gives and who gets.
    changed = page.get_by_role("region", name=re.compile("^Agenti con un altro giro"))
    giver, getter = (changed.get_by_role("row", name=re.compile(re.escape(one))) for one in (givers, getters))
    assert cells(giver)[0] == f"{counts[0]} → {counts[0] - 2}"
    assert cells(giver)[2:] == ["2", "0"]
    assert cells(getter)[0] == f"{counts[1]} → {counts[1] + 1}"
    assert cells(getter)[2:] == ["0", "1"]

    # The address says which two: it can be sent to a colleague. The other way round the signs turn.
    page.reload()
    expect(only_in(page, "primo").get_by_role("listitem")).to_contain_text(taken_out, timeout=SOON)
    one, other = (page.get_by_label(name).input_value() for name in ("Primo", "Secondo"))
    assert f"{one}~{other}" in page.url
    page.goto(page.url.replace(f"{one}~{other}", f"{other}~{one}"))
    expect(only_in(page, "secondo").get_by_role("listitem")).to_contain_text(taken_out, timeout=SOON)
    assert sums(page, "Visite") == [str(total - 1), str(total), "+1"]


def label_of(page: Page, words: str) -> str:
    """The only choice whose words match."""
    (found,) = {
        one for one in page.get_by_label("Primo").get_by_role("option").all_inner_texts() if re.search(words, one)
    }
    return found


def cells(row: Locator) -> list[str]:
    return row.get_by_role("cell").all_inner_texts()
