"""The board's sheets: a visit is forbidden, a route handed over, gaps are filled; by mouse, keys and undo."""

from __future__ import annotations

import io
import re

import pypdf
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_board import SOON, by_hand, lane_of, settled, visits
from tests.browser.test_shifts_desk import looked_at

pytestmark = pytest.mark.browser


@pytest.fixture
def page(desk: Eyes, service: Service) -> Page:
    """The running day in hands."""
    sign_in(desk.page, service, "Pianificazione")
    desk.page.goto(f"{service.desk()}giorno/2026-11-26/pubblicato")
    return desk.page


def choose_lane(page: Page, lane: Locator) -> str:
    """The route by its name beside the hours; whose it is."""
    name = str(lane.get_attribute("aria-label"))
    page.locator(".names").get_by_role("button", name=name).click()
    return name


def undone(page: Page, lanes: Locator) -> None:
    page.get_by_role("button", name="Annulla l'ultima").click()
    settled(page, lanes)


def test_the_sheet_of_the_chosen_lane_is_printed_alone(page: Page) -> None:
    expect(page.get_by_role("link", name="Stampa", exact=True)).to_be_visible()
    lanes = page.get_by_role("listbox", name="Linea del tempo")
    name = choose_lane(page, lane_of(lanes, 0))

    link = page.get_by_role("link", name=f"Stampa il foglio di {name}", exact=True)
    sheet = page.request.get(str(link.evaluate("link => link.href")))
    assert (sheet.status, sheet.headers["content-type"]) == (200, "application/pdf")
    text = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(sheet.body())).pages)
    others = page.locator(".names button").evaluate_all("all => all.map(one => one.title)")
    assert [one for one in others if one in text] == [name]


def test_a_visit_is_forbidden_with_a_reason_told_where_it_lies_and_allowed_again(page: Page) -> None:
    lanes = by_hand(page)
    lane = lane_of(lanes, 0)
    before = visits(lane)
    name = before[-1]
    lane.get_by_role("option").last.click()
    page.get_by_role("button", name="Vieta…", exact=True).last.click()

    sheet = page.get_by_role("dialog", name=f"Vieta la visita a {name}")
    expect(sheet.get_by_label("A chi").locator("option:checked")).to_have_text(re.compile("in questo giorno$"))
    sheet.get_by_label("A chi").select_option(label="A tutti, in questo giorno")
    sheet.get_by_label("Perché").fill("Funerale in famiglia")
    page.keyboard.press("Enter")
    expect(sheet).to_have_count(0)
    settled(page, lanes)
    assert visits(lane) == before[:-1]
    aside = page.locator(".left-out")
    aside.locator("details", has_text="Funerale in famiglia").locator("summary").click()
    expect(aside.get_by_text("Funerale in famiglia")).to_be_visible(timeout=SOON)

    undone(page, lanes)
    assert visits(lane) == before
    expect(page.get_by_text("Funerale in famiglia")).to_have_count(0, timeout=SOON)


def test_a_route_is_seen_and_handed_over_in_its_order_and_comes_back(page: Page) -> None:
    lanes = by_hand(page)
    first, second = lane_of(lanes, 0), lane_of(lanes, 1)
    before = visits(first), visits(second)
    giver, taker = choose_lane(page, first), str(second.get_attribute("aria-label"))
    page.get_by_role("button", name="Passa il giro…").click()

    sheet = page.get_by_role("dialog", name=f"Passa il giro di {giver}")
    confirm = sheet.get_by_role("button", name=re.compile("^Passa le visite"))
    expect(confirm).to_be_disabled()
    sheet.get_by_label("A chi").select_option(label=taker)
    expect(sheet.get_by_text(re.compile("^Rende ")).first).to_be_visible(timeout=SOON)
    everything = sheet.get_by_role("checkbox", name="Tutte")
    everything.focus()
    page.keyboard.press("Space")
    expect(confirm).to_be_disabled()
    for name in before[0][:2]:
        sheet.get_by_role("checkbox", name=re.compile(re.escape(name))).check()
    expect(sheet.get_by_text("nuova", exact=True)).to_have_count(2, timeout=SOON)
    expect(confirm).to_have_text("Passa le visite (2)")
    confirm.click()
    expect(sheet).to_have_count(0, timeout=SOON)

    settled(page, lanes)
    assert visits(first) == before[0][2:]
    now = visits(second)
    assert [one for one in now if one in before[0]] == before[0][:2]
    assert [one for one in now if one not in before[0]] == before[1]
    undone(page, lanes)
    assert (visits(first), visits(second)) == before


def test_gaps_are_seen_filled_and_opened_again_and_nobody_changes_place(page: Page) -> None:
    lanes = by_hand(page)
    lane = lane_of(lanes, 0)
    # Room is made: what a hand took out does not come back by itself.
    out = visits(lane)[2]
    lane.get_by_role("option").nth(2).click()
    page.get_by_role("button", name="Togli", exact=True).click()
    expect(lane.get_by_role("option", name=re.compile(re.escape(out)))).to_have_count(0, timeout=SOON)
    settled(page, lanes)
    before = visits(lane)
    choose_lane(page, lane)
    page.get_by_role("button", name="Riempi i vuoti…", exact=True).click()

    sheet = page.get_by_role("dialog", name="Visite che entrano nei vuoti")
    expect(sheet.get_by_text(re.compile("Rende .* in più"))).to_be_visible(timeout=SOON)
    expect(sheet.get_by_text("Nessuna regola violata.")).to_be_visible()
    fresh = sheet.locator("tr", has_text="nuova")
    put_in = fresh.count()
    assert put_in > 0
    sheet.get_by_role("button", name=f"Metti nel giro ({put_in})").click()
    expect(sheet).to_have_count(0, timeout=SOON)

    settled(page, lanes)
    after = visits(lane)
    assert len(after) == len(before) + put_in
    assert [one for one in after if one in before] == before
    assert out not in after
    undone(page, lanes)
    assert visits(lane) == before


def test_what_lies_in_no_lane_is_found_on_the_map_and_from_the_map_in_the_list(page: Page) -> None:
    lanes = by_hand(page)
    lane = lane_of(lanes, 0)
    name = visits(lane)[1]
    lane.get_by_role("option").nth(1).click()
    page.get_by_role("button", name="Togli", exact=True).click()
    expect(lane.get_by_role("option", name=re.compile(re.escape(name)))).to_have_count(0, timeout=SOON)
    settled(page, lanes)
    page.keyboard.press("Escape")

    group = page.locator(".left-out details").filter(has_text="Tolte a mano")
    group.locator("summary").press("Enter")
    row = group.get_by_role("listitem").filter(has_text=name)
    on_map = row.get_by_role("button", name="Sulla mappa")
    on_map.press("Enter")
    mark = page.get_by_role("group", name="Mappa").locator(".chosen")
    expect(mark).to_have_count(1, timeout=SOON)
    expect(on_map).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(mark).to_have_count(0)

    # In the hand it is shown too, whatever lane it is carried over; and from its mark the list opens at it.
    row.get_by_role("button", name="Metti nel giro").press("Enter")
    page.keyboard.press("ArrowDown")
    expect(mark).to_have_count(1, timeout=SOON)
    page.keyboard.press("Escape")
    expect(mark).to_have_count(0)
    on_map.press("Enter")
    group.locator("summary").press("Enter")
    expect(row).not_to_be_visible()
    mark.click()
    expect(row).to_be_visible()
    page.keyboard.press("Escape")
    undone(page, lanes)
    expect(lane.get_by_role("option", name=re.compile(re.escape(name)))).to_have_count(1, timeout=SOON)

    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Tasti")
    expect(keys.get_by_text("Fissa la visita, o la libera")).to_be_visible()
    looked_at(page, "board-keys")
    page.keyboard.press("Escape")


def test_what_publishing_would_break_cost_and_change_is_read_before_it_is_done(page: Page) -> None:
    lanes = by_hand(page)
    while page.get_by_role("button", name="Annulla l'ultima").is_enabled():
        undone(page, lanes)
    first, second = lane_of(lanes, 0), lane_of(lanes, 1)
    giver, taker = (str(lane.get_attribute("aria-label")) for lane in (first, second))
    held = [len(visits(first)), len(visits(second))]
    name = visits(first)[-1]
    bar = page.get_by_role("group", name="A mano")

    # Nothing was done yet: publishing says that it would change nothing.
    page.get_by_role("button", name="Pubblica", exact=True).click()
    sheet = page.get_by_role("dialog", name="Pubblicare come versione 2?")
    expect(sheet.get_by_text("Questo piano è uguale al giro pubblicato.")).to_be_visible()
    expect(sheet.get_by_role("region")).to_have_count(0)
    page.keyboard.press("Escape")

    # The visit is forbidden to a colleague, and a hand gives it to them all the same.
    first.get_by_role("option").last.click()
    page.get_by_role("button", name="Vieta…", exact=True).last.click()
    forbidding = page.get_by_role("dialog", name=f"Vieta la visita a {name}")
    forbidding.get_by_label("A chi").select_option(label=f"A {taker}, in questo giorno")
    forbidding.get_by_label("Perché").fill("Sono parenti")
    page.keyboard.press("Enter")
    expect(forbidding).to_have_count(0, timeout=SOON)
    settled(page, lanes)
    lanes.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(bar.get_by_text(re.compile("l'ha vietata a"))).to_be_visible(timeout=SOON)
    page.keyboard.press("Space")
    expect(second.get_by_role("option", name=re.compile(re.escape(name)))).to_have_count(1, timeout=SOON)
    settled(page, lanes)
    cost = re.search(r"Rende (?:[\d.]+,\d\d € in (?:meno|più)|uguale)", " ".join(bar.inner_text().split()))
    assert cost is not None

    page.get_by_role("button", name="Pubblica", exact=True).click()
    # The lane was full before: that it is over its agent's most is another rule.
    told = sheet.get_by_role("region", name=re.compile(r"^\d regole non rispettate"))
    broken = told.get_by_role("listitem")
    expect(broken.filter(has_text="l'ha vietata a")).to_have_text(
        re.compile(f"^{re.escape(taker)}, {re.escape(name)}: .* l'ha vietata a {re.escape(taker)}")
    )
    expect(broken.filter(has_text=f"{taker}: Visite oltre il massimo dell'agente: 1.")).to_have_count(1)
    expect(told.get_by_role("heading")).to_have_text(f"{broken.count()} regole non rispettate")
    expect(sheet.locator("p").filter(has_text="Rispetto al calcolo:")).to_contain_text(cost[0])
    agents = sheet.get_by_role("region", name="Cambia il giro di 2 agenti").get_by_role("listitem")
    changed = ((giver, held[0], held[0] - 1), (taker, held[1], held[1] + 1))
    for agent, before, after in changed:
        expect(agents.filter(has_text=agent)).to_contain_text(f"{before} → {after} visite")
    expect(sheet.get_by_role("listitem").filter(has_text="passate a un altro agente")).to_contain_text("1")
    looked_at(page, "publishing")

    # It is a person who decides: published, the lane still says what it breaks.
    sheet.get_by_role("button", name="Pubblica il giro").press("Enter")
    expect(page.get_by_role("link", name="Pubblicato, versione 2")).to_be_visible(timeout=SOON)
    flagged = page.locator(".names").get_by_role("img", name=re.compile("l'ha vietata a"))
    expect(flagged).to_be_visible(timeout=SOON)
