"""A dead phone and a paper pad: what was written by hand is copied on the phone later, without a network, and stands in
the practice file like any visit; a number that is misread or used twice is refused where the agent sees it."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pypdf
import pytest
from playwright.sync_api import Page, expect

from tests.browser.at_the_door import NEXT, AgentsPhone, a_photo
from tests.browser.books import Books, _signed_in
from tests.browser.conftest import Eyes, Service
from tests.browser.test_accessibility import SMALL_TARGETS, THUMB_PX, violations
from tests.browser.test_agreements import outcome
from tests.browser.test_rescue import posted

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Pad:
    """A pad as it was handed over: the check beside each number, read off the printed forms."""

    id: str
    series: str
    checks: dict[int, str]


def given(office: httpx.Client, agent: str, kind: str) -> Pad:
    body = {"id": str(uuid4()), "agent_id": agent, "kind": kind, "forms": 6}
    pad = posted(office, "/pads", json=body).json()
    printed = office.get(f"/pads/{pad['id']}/forms").raise_for_status().content
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed)).pages)
    found = re.findall(rf"{pad['series']}-(\d{{6}})\s*([0-9A-Z]{{4}}-[0-9A-Z]{{4}})", text)
    return Pad(pad["id"], pad["series"], {int(number): check for number, check in found})


def open_sheet(page: Page, door: int) -> str:
    """From the day's list to the sheet of this door; returns the stop's id."""
    page.get_by_role("link", name="Oggi").last.click()
    page.get_by_role("link", name="Foglio scritto a mano").click()
    page.locator("ol button").nth(door).click()
    expect(page.get_by_role("heading", name="Foglio scritto a mano")).to_be_visible()
    expect(page.get_by_label("Codice accanto")).to_be_visible()
    return page.url.rsplit("/", 1)[-1]


def copy(page: Page, *, number: str, check: str, since: str, until: str) -> None:
    page.get_by_label("Numero", exact=True).fill(number)
    page.get_by_label("Codice accanto").fill(check)
    page.get_by_label("Dalle").fill(since)
    page.get_by_label("Alle", exact=True).fill(until)
    recognised = page.get_by_role("group", name="Come hai riconosciuto il debitore?")
    if recognised.count():
        recognised.get_by_text("Ha mostrato un documento", exact=True).click()


def photograph(page: Page, of: str) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": "IMG_0002.jpg", "mimeType": "image/jpeg", "buffer": a_photo(of)}
    )
    expect(page.locator("figure img")).to_be_visible()


def enter(agent: AgentsPhone) -> None:
    agent.tap("Controlla")
    expect(agent.page.get_by_role("heading", name="È quello che dice il foglio?")).to_be_visible()
    agent.hold("Registra il foglio")
    expect(agent.page.get_by_role("heading", name="Oggi")).to_be_visible()


def in_outbox(page: Page, words: str) -> Any:
    page.get_by_role("link", name=re.compile("^Invio")).last.click()
    return page.get_by_role("listitem").filter(has_text=words)


def test_a_sheet_of_the_paper_pad_is_copied_on_the_phone_and_a_number_is_used_once(
    phone: Eyes, service: Service, books: Books
) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente1")
    office = _signed_in(service.address, "back_office")
    own = next(one["agent_id"] for one in office.get("/pads").json()["holders"] if one["agent_number"] == "A001")
    receipts, notices = given(office, own, "receipt"), given(office, own, "notice")
    before = books.balances().get("agent_cash", 0)
    agent.lose_network()

    # Copied in two goes: the app dies between them.
    paid = open_sheet(page, 0)
    copy(page, number="1", check=receipts.checks[1].lower(), since="08:10", until="08:20")
    page.get_by_label("Importo scritto").fill("30,00")
    agent.has_saved('"amount":"30,00"')
    agent.start_again()
    expect(page.get_by_label("Importo scritto")).to_have_value("30,00")
    expect(page.get_by_label("Dalle")).to_have_value("08:10")
    # Why it was not all is for the agent to say.
    agent.tap("Controlla")
    expect(page.get_by_text("Scrivi perché non ha pagato tutto.")).to_be_visible()
    agent.choose("Non ha tutto l'importo", of="Perché non tutto")
    agent.tap("Controlla")
    expect(page.get_by_text("Fotografa il foglio")).to_be_visible()
    photograph(page, "Foglio 1")
    enter(agent)
    waiting = in_outbox(page, "B1-000001")
    expect(waiting).to_contain_text(re.compile("Sul telefono|In viaggio"))

    # The same number again is refused at once, and what was typed stays.
    misread = open_sheet(page, 1)
    copy(page, number="B1-000001", check=receipts.checks[1], since="08:22", until="08:30")
    page.get_by_label("Importo scritto").fill("25,00")
    agent.choose("Altro", of="Perché non tutto")
    photograph(page, "Foglio 2")
    agent.tap("Controlla")
    expect(page.get_by_text("Il modulo B1-000001 è già registrato.")).to_be_visible()
    # Another's check is not known to be wrong without the office.
    page.get_by_label("Numero", exact=True).fill("2")
    page.get_by_label("Codice accanto").fill(receipts.checks[3])
    # It was the sister's money: the sheet says so, and nothing is entered before it is known whose.
    agent.choose("Un’altra persona", of="Chi ha pagato")
    agent.tap("Controlla")
    expect(page.get_by_text("Scrivi il nome come sta sul foglio.")).to_be_visible()
    agent.type("Nome e cognome di chi ha pagato", "Lucia Neri")
    agent.choose("Parente", of="Che cos’è per il debitore")
    agent.choose("Carta d’identità", of="Documento che ha mostrato")
    page.get_by_label("era presente ed era d’accordo").check()
    agent.tap("Controlla")
    expect(page.get_by_text("paga Lucia Neri (parente), per conto di")).to_be_visible()
    agent.tap("Indietro")
    enter(agent)

    left = open_sheet(page, 2)
    agent.choose("Avviso di passaggio")
    copy(page, number="1", check=notices.checks[1], since="08:32", until="08:35")
    photograph(page, "Avviso")
    enter(agent)

    # While the phone was away, the office entered number 4 of the pad.
    agent.tap(NEXT)
    twice = page.url.rsplit("/", 1)[-1]
    agent.rarely("L’ho scritto su un foglio")
    copy(page, number="4", check=receipts.checks[4], since="08:36", until="08:40")
    page.get_by_label("Importo scritto").fill("20,00")
    agent.choose("Altro", of="Perché non tutto")
    photograph(page, "Foglio 4")
    enter(agent)
    at_the_desk(office, receipts, 4, books.stops[paid])
    agent.find_network()

    refused = in_outbox(page, "B1-000002")
    expect(refused).to_contain_text("accanto al numero B1-000002 non tornano")
    used = in_outbox(page, "B1-000004")
    expect(used).to_contain_text("Il modulo B1-000004 è già registrato.")
    expect(used.get_by_role("button", name="Ricopia il foglio")).to_be_visible()
    [visit] = visits_on(books, paid, "B1", 1)
    assert (visit["outcome"], visit["arrived_at"][11:16]) == ("PAID_PARTIAL", "07:10")
    assert [one["kind"] for one in visit["documents"]] == ["paper_form"]
    [posted_notice] = [one for one in books.practice(left)["visits"] if one["outcome"] == "ABSENT_NOTICE_LEFT"]
    assert posted_notice["captured"]["notice"]["number"] == "N1-000001"
    assert visits_on(books, misread, "B1", 2) == visits_on(books, twice, "B1", 4) == []
    assert books.balances()["agent_cash"] == before + 3_000 + 1_200
    assert {task["details"]["code"] for task in office.get("/tasks", params={"kind": "envelope.refused"}).json()} == {
        "pad.check_wrong",
        "pad.form_used",
    }

    # Put right on the phone: all but the check is still there, the photo too.
    refused.get_by_role("button", name="Ricopia il foglio").click()
    expect(page.get_by_label("Importo scritto")).to_have_value("25,00")
    expect(page.get_by_label("Nome e cognome di chi ha pagato")).to_have_value("Lucia Neri")
    expect(page.locator("figure img")).to_be_visible()
    page.get_by_label("Codice accanto").fill(receipts.checks[2])
    enter(agent)
    in_outbox(page, "B1-000002")
    expect(page.get_by_text("In ufficio: 3")).to_be_visible(timeout=60_000)
    [visit] = visits_on(books, misread, "B1", 2)
    assert [one["paid_by"] for one in visit["receipts"]] == [
        {"name": "Lucia Neri", "capacity": "relative", "document": "identity_card"}
    ]
    [photo] = visit["documents"]
    assert photo["kind"] == "paper_form"
    # The picture that the refused report still names went with the one that was taken.
    expect(page.get_by_text("2 tra foto e firme")).to_be_visible(timeout=60_000)
    assert books.picture(photo["id"])[:3] == b"\xff\xd8\xff"
    expect(refused.get_by_role("button", name="Ricopia il foglio")).to_have_count(0)
    assert books.balances()["agent_cash"] == before + 3_000 + 1_200 + 2_500


def visits_on(books: Books, stop: str, series: str, number: int) -> list[dict[str, Any]]:
    """The visits in the practice file behind this stop whose receipt has this number."""
    return [
        visit
        for visit in books.practice(stop)["visits"]
        if any((one["series"], one["number"]) == (series, number) for one in visit["receipts"])
    ]


def at_the_desk(office: httpx.Client, pad: Pad, number: int, practice: str) -> None:
    picture = base64.b64encode(a_photo("Foglio")).decode()
    body = {
        "id": str(uuid4()),
        "practice_id": practice,
        "number": number,
        "check": pad.checks[number],
        "arrived_at": "2026-11-26T07:36:00.000Z",
        "left_at": "2026-11-26T07:40:00.000Z",
        "picture": picture,
        "amount_cents": 1_200,
        "method": "cash",
        "answers": {},
        "identified_by": "document",
        "duty_taken": True,
    }
    posted(office, f"/pads/{pad.id}/receipts", json=body)


def test_a_cheque_a_card_and_an_instalment_are_copied_from_sheets(phone: Eyes, service: Service, books: Books) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    agent.enrol("agente1")
    office = _signed_in(service.address, "back_office")
    own = next(one["agent_id"] for one in office.get("/pads").json()["holders"] if one["agent_number"] == "A001")
    receipts = given(office, own, "receipt")
    first, second, third = sorted(receipts.checks)[:3]
    before = books.balances()

    # A plan is signed while the phone still works, and comes back with the day.
    stop = agent.open_next()
    agent.meet_debtor()
    outcome(agent, "Piano di rientro")
    agent.tap("Componi il piano")
    agent.choose("In quante rate")
    agent.type("In quante rate?", "3")
    agent.look_together()
    agent.tap("Fai firmare")
    agent.sign()
    expect(page.get_by_text("Il foglio è firmato")).to_be_visible()
    agent.tap("Fatto")
    agent.finish()
    agent.delivered()
    [plan] = books.practice(stop)["plans"]
    cents = plan["instalments"][0]["cents"]
    posted(_signed_in(service.address, "administrator"), "/demo/clock", json={"now": "2026-11-26T08:30:00Z"})
    with page.expect_response(re.compile("/field/day$")):
        agent.start_again()
    agent.lose_network()

    # The first instalment in cash, on a sheet for the same door: sought by its street, and nowhere else.
    page.get_by_role("link", name="Foglio scritto a mano").click()
    page.get_by_label("Cerca per via, nome o pratica").fill("via che non c'è")
    expect(page.get_by_text("Si registra in ufficio")).to_be_visible()
    assert violations(page) + page.evaluate(SMALL_TARGETS, THUMB_PX) == []
    page.get_by_label("Cerca per via, nome o pratica").fill(books.practice(stop)["practice_number"])
    page.locator("ol button").click()
    copy(page, number=str(first), check=receipts.checks[first], since="08:55", until="09:00")
    page.get_by_label("Importo scritto").fill(f"{cents // 100},{cents % 100:02}")
    page.get_by_label(re.compile("Rata 1 di 3")).check()
    photograph(page, "Foglio 1")
    enter(agent)

    # A cheque: what is not written on it is asked for beside its own field.
    cheque = open_sheet(page, 1)
    copy(page, number=str(second), check=receipts.checks[second], since="09:05", until="09:10")
    agent.choose("Assegno", of="Come ha pagato")
    page.get_by_label("Importo scritto").fill("25,00")
    photograph(page, "Foglio 2")
    page.get_by_label("Banca").fill("Banca Popolare di Lodi")
    page.get_by_label("Data dell’assegno").fill("2026-11-26")
    page.get_by_label("A favore di").fill(books.practice(cheque)["creditor"]["cheque_payee"])
    page.get_by_label("C’è scritto «non trasferibile»").check()
    agent.tap("Controlla")
    expect(page.get_by_label("Numero dell’assegno")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Numero dell’assegno").fill("0123456789")
    agent.choose("Altro", of="Perché non tutto")
    enter(agent)

    card = open_sheet(page, 2)
    copy(page, number=str(third), check=receipts.checks[third], since="09:15", until="09:20")
    agent.choose("Carta", of="Come ha pagato")
    page.get_by_label("Importo scritto").fill("20,00")
    page.get_by_label("Gestore del terminale").fill("Nexi")
    page.get_by_label("Codice di autorizzazione").fill("A4F91C")
    agent.choose("Altro", of="Perché non tutto")
    photograph(page, "Foglio 3")
    enter(agent)
    agent.find_network()
    agent.delivered()

    [paid] = visits_on(books, stop, receipts.series, first)
    [plan] = books.practice(stop)["plans"]
    assert (paid["outcome"], plan["instalments"][0]["state"]) == ("PAID_INSTALMENT", "paid")
    found = [visits_on(books, at, receipts.series, number) for at, number in ((cheque, second), (card, third))]
    methods = [visit["receipts"][0]["method"] for [visit] in found]
    assert methods == ["cheque", "card"]
    after = books.balances()
    gained = {
        kind: after.get(kind, 0) - before.get(kind, 0) for kind in ("agent_cash", "cheques_in_hand", "card_in_transit")
    }
    [receipt] = paid["receipts"]
    assert receipt["amount_cents"] == cents
    in_cash = cents + receipt["stamp_duty_cents"]
    assert gained == {"agent_cash": in_cash, "cheques_in_hand": 2_500, "card_in_transit": 2_000}
