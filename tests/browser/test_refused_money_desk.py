"""A report is refused as a whole: at the desk its money is booked, or two people settle that there is none."""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import text
from sqlmodel import col, select

from fieldapp.domain.ids import sha256
from fieldapp.store import tables
from tests.browser.at_the_desk import sign_in
from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import DESK, Eyes, Service, apart, behind, watched
from tests.flows.conftest import new_id

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("FIELDAPP_PICTURES")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


async def taken_from_the_agent(service: Service, practice_id: str) -> None:
    """The practice was never given to the agent, whatever the phone holds."""
    stops = "select agent_id from published_stop where practice_id = :practice limit 1"
    other = f"select id from person where role = 'agent' and id <> ({stops}) limit 1"
    moved = f"update published_stop set agent_id = ({other}), position = position + 500 where practice_id = :practice"
    async with behind(service) as session:
        await session.execute(text(moved), {"practice": UUID(practice_id)})


def refused_rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Attività").get_by_role("listitem").filter(has_text="non sono a libro")


def test_money_of_a_refused_report_is_booked_and_what_is_none_takes_two_people(
    phone: Eyes, desk: Eyes, browser: Browser, service: Service, books: Books
) -> None:
    hands = AgentsPhone(phone.page, service.agent())
    hands.enrol()
    hands.lose_network()
    paid = []
    for amount in ("30,00", "12,00"):
        practice = books.practice(hands.open_next())
        hands.meet_debtor()
        hands.tap("Incasso parziale")
        hands.choose("Aspetta un'entrata")
        hands.pay("Contanti", amount, {})
        hands.look_together()
        paid.append((practice, hands.receive()))
        hands.finish()
    for practice, _ in paid:
        apart(taken_from_the_agent(service, practice["id"]))
    hands.find_network()
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Attività")).click()
    expect(refused_rows(page)).to_have_count(2, timeout=60_000)
    before = books.balances().get("agent_cash", 0)

    # The till names what is not in the books, and leads to it.
    page.goto(f"{service.desk()}cassa")
    waits = page.get_by_role("region", name="Denaro di rapporti rifiutati, non ancora a libro")
    expect(waits.get_by_role("row").filter(has_text=paid[0][1])).to_contain_text("30,00")
    picture(page, "till")
    page.get_by_role("link", name=re.compile("^Attività")).click()
    refused_rows(page).filter(has_text=paid[0][1]).get_by_role("link").first.click()
    money = page.get_by_role("region", name=re.compile(f"Incasso {paid[0][1]}"))
    expect(money.get_by_text("Firma verificata")).to_be_visible()
    expect(money.get_by_text(paid[0][0]["practice_number"]).first).to_be_visible()
    picture(page, "open")
    money.get_by_role("button", name=re.compile("^Metti a libro")).click()

    expect(money.get_by_text("A libro", exact=True)).to_be_visible()
    expect(money.get_by_text(re.compile(f"messo a libro con la ricevuta {paid[0][1]}"))).to_be_visible()
    picture(page, "booked")
    assert books.balances()["agent_cash"] == before + 3_000
    page.get_by_role("link", name=paid[0][0]["practice_number"]).last.click()
    expect(page.get_by_role("link", name=paid[0][1])).to_be_visible()

    # The other one: one person says that no money was taken, another confirms it.
    page.get_by_role("link", name=re.compile("^Attività")).click()
    expect(refused_rows(page)).to_have_count(1)
    refused_rows(page).get_by_role("link").first.click()
    money = page.get_by_role("region", name=re.compile(f"Incasso {paid[1][1]}"))
    money.get_by_text("Non è stato preso denaro", exact=True).click()
    money.get_by_label("Motivo").fill("doppio")
    money.get_by_role("button", name="Dichiara che non c'è denaro").click()
    expect(money.get_by_text(re.compile("almeno 10 lettere"))).to_be_visible()
    money.get_by_label("Motivo").fill("Il debitore ha ripreso i soldi sulla porta")
    picture(page, "deny")
    money.get_by_role("button", name="Dichiara che non c'è denaro").click()
    expect(money.get_by_text("Aspetta la conferma di un'altra persona dell'ufficio.")).to_be_visible()
    expect(money.get_by_role("button", name="Conferma che non c'è denaro")).to_have_count(0)
    address = page.url
    context = browser.new_context(locale="it-IT", timezone_id="Europe/Rome", **DESK)
    chief = watched(context, service.address)
    sign_in(chief.page, service, "Amministrazione")
    chief.page.goto(address)
    money = chief.page.get_by_role("region", name=re.compile(f"Incasso {paid[1][1]}"))
    money.get_by_text("Non è stato preso denaro", exact=True).click()
    money.get_by_label("Motivo").fill("Sentiti l'agente e il debitore")
    picture(chief.page, "confirm")
    money.get_by_role("button", name="Conferma che non c'è denaro").click()
    expect(money.get_by_text("Denaro non preso", exact=True)).to_be_visible()
    picture(chief.page, "not-taken")
    assert books.balances()["agent_cash"] == before + 3_000
    page.get_by_role("link", name=re.compile("^Attività")).click()
    expect(refused_rows(page)).to_have_count(0)
    chief.saw_nothing_wrong()
    context.close()


async def spoilt(service: Service) -> UUID:
    """A second refused report whose receipt spells none: the amount in words says something else; its envelope."""
    async with behind(service) as session:
        newest = (
            select(tables.Envelope).where(tables.Envelope.verdict == "refused").order_by(col(tables.Envelope.id).desc())
        )
        sent = (await session.exec(newest.limit(1))).one()
        content = sent.content.replace(b'"amount_in_words":"', b'"amount_in_words":"un ')
        known = sent.model_dump(exclude={"id", "seq", "content", "digest"})
        row = tables.Envelope(**known, id=new_id(), seq=sent.seq + 1_000, content=content, digest=sha256(content))
        session.add(row)
        return row.id


def test_a_receipt_that_cannot_be_read_is_copied_from_the_paper_and_booked(
    phone: Eyes, desk: Eyes, service: Service, books: Books
) -> None:
    hands = AgentsPhone(phone.page, service.agent())
    hands.enrol()
    hands.lose_network()
    practice = books.practice(hands.open_next())
    hands.meet_debtor()
    hands.tap("Incasso parziale")
    hands.choose("Aspetta un'entrata")
    hands.pay("Contanti", "31,00", {})
    hands.look_together()
    hands.receive()
    hands.finish()
    apart(taken_from_the_agent(service, practice["id"]))
    hands.find_network()
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Attività")).click()
    waiting = refused_rows(page).filter(has_text="31,00")
    expect(waiting).to_have_count(1, timeout=60_000)
    page.goto(f"{service.desk()}rifiutati/{apart(spoilt(service))}")

    money = page.get_by_role("region", name="Incasso")
    expect(money.get_by_text("Non si legge")).to_be_visible()
    expect(money.get_by_label("Importo")).to_have_value("31,00")
    confirm = money.get_by_role("button", name="Metti a libro 31,00")
    expect(confirm).to_be_disabled()
    money.get_by_role("searchbox").fill(practice["practice_number"])
    money.get_by_role("button", name=re.compile(f"^{practice['practice_number']}")).first.click()
    money.get_by_label("Motivo").fill("visto il foglio del debitore allo sportello")
    picture(page, "copied")
    confirm.click()

    expect(money.get_by_text(re.compile(r"messo a libro con la ricevuta U1-\d{6}"))).to_be_visible()
