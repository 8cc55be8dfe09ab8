"""Somebody pays at the office: looked at together, booked once, with change, a receipt and the clerk's purse."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import Eyes, Service, apart, behind

pytestmark = pytest.mark.browser


def test_cash_is_taken_at_the_counter_with_change_and_a_receipt(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Cassa", exact=True).click()
    page.get_by_role("button", name="Incasso allo sportello").click()
    form = page.get_by_role("form", name="Incasso allo sportello")

    form.get_by_role("searchbox").fill("LUM0000")
    form.get_by_role("button", name=re.compile("^LUM0000")).first.click()
    expect(form.get_by_text(re.compile("dovuti"))).to_be_visible()
    form.get_by_label("Importo").fill("100")
    expect(form.get_by_text("Da ricevere 102,00 €")).to_be_visible()
    expect(form.get_by_text("di cui bollo 2,00 €")).to_be_visible()

    confirm = form.get_by_role("button", name="Registra e fai la ricevuta")
    form.get_by_role("spinbutton", name=re.compile(r"^50,00")).fill("2")
    expect(form.get_by_text("Mancano 2,00 €")).to_be_visible()
    expect(confirm).to_be_disabled()
    form.get_by_role("spinbutton", name=re.compile(r"^5,00")).fill("1")
    expect(form.get_by_text("Resto 3,00 €")).to_be_visible()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [one["id"] for one in found.response["violations"]] == []
    confirm.click()

    expect(page.get_by_text(re.compile(r"Registrato: ricevuta U1-\d{6}"))).to_be_visible()
    expect(page.get_by_text("Resto 3,00 €")).to_be_visible()
    expect(page.get_by_role("link", name="Stampa la ricevuta (PDF)")).to_be_visible()
    own = page.get_by_role("row").filter(has_text="La conta un collega")
    expect(own).to_contain_text("102,00 €")
    expect(own.get_by_role("button")).to_have_count(0)


async def make_barred(service: Service) -> str:
    """An open practice whose debts were all due long ago; its number."""
    async with behind(service) as session:
        query = text(
            "update debt_line set kind = 'Energia elettrica', due_on = '2019-01-10' where practice_id ="
            " (select id from practice where state = 'open' and practice_number like 'LUM%'"
            " order by practice_number desc limit 1) returning practice_id"
        )
        found = (await session.execute(query)).first()
        assert found is not None
        number = text("select practice_number from practice where id = :id")
        return str((await session.execute(number, {"id": found[0]})).scalar_one())


def test_a_time_barred_debt_is_paid_at_the_counter_only_when_the_debtor_was_told(service: Service, desk: Eyes) -> None:
    page = desk.page
    number = apart(make_barred(service))
    sign_in(page, service, "Back office")
    page.get_by_role("link", name="Cassa", exact=True).click()
    page.get_by_role("button", name="Incasso allo sportello").click()
    form = page.get_by_role("form", name="Incasso allo sportello")

    form.get_by_role("searchbox").fill(number)
    form.get_by_role("button", name=re.compile(f"^{number}")).first.click()
    form.get_by_label("Importo").fill("20")
    expect(form.get_by_text("non può riavere quanto ha pagato (art. 2940 c.c.)")).to_be_visible()
    confirm = form.get_by_role("button", name="Registra e fai la ricevuta")
    form.get_by_role("spinbutton", name=re.compile(r"^20,00")).fill("1")
    expect(confirm).to_be_disabled()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [one["id"] for one in found.response["violations"]] == []
    told = form.get_by_label("L'ho detto al debitore")
    told.focus()
    page.keyboard.press("Space")
    confirm.click()

    expect(page.get_by_text(re.compile(r"Registrato: ricevuta U1-\d{6}"))).to_be_visible()
    page.get_by_placeholder(re.compile("Nome, numero")).fill(number)
    page.keyboard.press("Enter")
    page.get_by_text(number).first.click()
    expect(page.get_by_text("Allo sportello: è venuto a pagare")).to_be_visible()
