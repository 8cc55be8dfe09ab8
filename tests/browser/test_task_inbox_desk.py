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


async def a_team(service: Service) -> None:
    """A field team of one agent, with a task about them, and one about a colleague in none."""
    async with behind(service) as session:
        agency = (await session.exec(select(tables.Agency))).one()
        agents = (await session.exec(select(tables.Person).where(tables.Person.role == "agent"))).all()
        team = tables.Squad(id=new_id(), agency_id=agency.id, name="Nord")
        session.add(team)
        await session.flush()
        session.add(
            tables.SquadMember(person_id=agents[0].id, from_on=MORNING.date(), agency_id=agency.id, squad_id=team.id)
        )
        for at, agent in enumerate(agents[:2]):
            session.add(
                tables.Task(
                    id=new_id(),
                    agency_id=agency.id,
                    kind="data_subject.request",
                    team="back_office",
                    due_on=MORNING.date() + timedelta(days=40 + at),
                    created_at=MORNING,
                    subject_kind="person",
                    subject_id=f"{agent.id}:test",
                )
            )


def test_the_inbox_is_narrowed_to_a_field_team(service: Service, desk: Eyes) -> None:
    page = desk.page
    apart(a_team(service))
    sign_in(page, service, "Back office")
    page.get_by_role("link", name=re.compile("^Attività")).click()
    rows = page.get_by_role("list", name="Attività").get_by_role("listitem")
    expect(rows.filter(has_text="05/01/2027")).to_be_visible()
    expect(rows.filter(has_text="06/01/2027")).to_be_visible()
    before = rows.count()

    page.get_by_label("Squadra").select_option(label="Nord")

    expect(rows.filter(has_text="06/01/2027")).to_have_count(0)
    expect(rows.filter(has_text="05/01/2027")).to_be_visible()
    page.get_by_label("Squadra").select_option(label="Ogni squadra")
    expect(rows).to_have_count(before)


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
