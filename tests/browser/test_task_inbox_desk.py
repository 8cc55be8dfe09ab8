"""A task is given to a colleague and put off; it waits among those put off, and the number in the navigation falls."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from fieldapp.store import tables, tasks
from tests.browser.at_the_desk import sign_in
from tests.browser.conftest import MORNING, Eyes, Service, apart, behind
from tests.flows.conftest import new_id

pytestmark = pytest.mark.browser


def test_a_task_is_given_to_a_colleague_and_put_off(service: Service, desk: Eyes) -> None:
    page = desk.page
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Attività")).click()
    rows = page.get_by_role("list", name="Attività").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    before = rows.count()

    rows.first.get_by_role("button", name=re.compile("^Assegna o rimanda")).click()
    sheet = page.get_by_role("dialog", name="Assegna o rimanda")
    sheet.get_by_label("A chi").select_option(label="Paola Ferranti · Pianificazione")
    sheet.get_by_label("Rimandata al").fill("2027-11-27")
    sheet.get_by_role("button", name="Salva").click()
    expect(sheet.get_by_text(re.compile("Si può rimandare al più tardi al"))).to_be_visible()
    sheet.get_by_label("Rimandata al").fill("2026-11-28")
    sheet.get_by_role("button", name="Salva").click()

    expect(rows).to_have_count(before - 1)
    page.get_by_label("Quali").select_option(label="Rimandate")
    expect(rows.first).to_contain_text("28/11/2026")
    expect(rows.first).to_contain_text("Paola Ferranti")
    page.get_by_label("Di chi").select_option(label="Mie")
    expect(rows).to_have_count(0)


async def many(service: Service) -> None:
    """More tasks than one page of the inbox holds."""
    async with behind(service) as session:
        agency = (await session.exec(select(tables.Agency))).one()
        for at in range(tasks.AT_MOST + 20):
            session.add(
                tables.Task(
                    id=new_id(),
                    agency_id=agency.id,
                    kind="data_subject.request",
                    team="back_office",
                    due_on=MORNING.date() + timedelta(days=30),
                    created_at=MORNING,
                    subject_kind="test",
                    subject_id=f"many-{at}",
                )
            )


def test_what_one_page_does_not_hold_is_counted_and_shown_on_demand(service: Service, desk: Eyes) -> None:
    page = desk.page
    apart(many(service))
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Attività")).click()
    rows = page.get_by_role("list", name="Attività").get_by_role("listitem")
    expect(rows).to_have_count(tasks.AT_MOST, timeout=30_000)
    more = page.get_by_role("button", name=re.compile("Mostra altre: ne restano"))

    more.focus()
    page.keyboard.press("Enter")

    expect(more).to_have_count(0)
    assert rows.count() > tasks.AT_MOST + 19
