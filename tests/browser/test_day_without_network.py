"""A whole day at the door with the network cut, delivered at its end: every story stands in the books to the cent.

The day is played once. Each test then asks the office about one visit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.at_the_door import AgentsPhone
from tests.browser.books import Books
from tests.browser.conftest import Service, a_phone
from tests.browser.test_third_party import NEUTRAL_CHUNKS, png_chunks

pytestmark = pytest.mark.browser


@dataclass
class Day:
    """What was done at the door, by the name of the story; stops before and after as the office knows them."""

    books: Books
    before: dict[str, dict[str, Any]]
    balances_before: dict[str, int]
    stops: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    """Method and body of what the phone sent."""

    def owed_before(self, story: str) -> int:
        return int(self.before[self.stops[story]]["owed_cents"])

    def practice(self, story: str) -> dict[str, Any]:
        return self.books.practice(self.stops[story])

    def visit(self, story: str) -> dict[str, Any]:
        """The one visit of the story in the practice file."""
        (visit,) = self.practice(story)["visits"]
        return dict(visit)


@pytest.fixture(scope="module")
def day(browser: Browser, service: Service, books: Books) -> Iterator[Day]:
    with a_phone(browser, service) as eyes:
        phone = AgentsPhone(eyes.page, service.agent())
        phone.enrol()
        played = Day(books, {stop: books.practice(stop) for stop in books.stops}, books.balances())
        phone.lose_network()
        eyes.page.on("request", lambda asked: played.sent.append((asked.method, asked.post_data_buffer or b"")))

        card(phone, played)
        cheque(phone, played)
        transfer(phone, played)
        signature(phone, played)
        refused_signature(phone, played)
        nobody_met(phone, played)
        third_party(phone, played)

        expect(eyes.page.get_by_text("da inviare").first).to_be_visible()
        phone.find_network()
        phone.delivered()
        yield played


def card(phone: AgentsPhone, day: Day) -> None:
    day.stops["card"] = phone.open_next()
    phone.meet_debtor()
    phone.tap("Incasso parziale")
    phone.choose("Aspetta un'entrata")
    phone.pay("Carta", "35,40", {"Gestore del terminale": "Nexi", "Codice di autorizzazione": "A4F91C"})
    phone.look_together()
    day.receipts["card"] = phone.receive()
    phone.finish()


def cheque(phone: AgentsPhone, day: Day) -> None:
    day.stops["cheque"] = phone.open_next()
    phone.meet_debtor()
    phone.tap("Incasso parziale")
    phone.choose("Non ha tutto l'importo")
    phone.pay("Assegno", "80,05", {"Banca": "Banca Popolare di Lodi", "Numero dell’assegno": "0123456789"})
    phone.choose("C’è scritto «non trasferibile»")
    phone.look_together()
    expect(phone.page.get_by_text("La ricevuta vale salvo buon fine")).to_be_visible()
    day.receipts["cheque"] = phone.receive()
    phone.finish(photo="Assegno")


def transfer(phone: AgentsPhone, day: Day) -> None:
    day.stops["transfer"] = phone.open_next()
    phone.meet_debtor()
    promise(phone, "61,20", channel="Bonifico")
    phone.pay("Bonifico", "61,20", {})
    phone.look_together()
    phone.tap("Mostra il codice del bonifico")
    expect(phone.page.get_by_role("img", name="Promemoria di bonifico")).to_be_visible()
    day.texts["transfer"] = phone.page.locator("dialog[open]").inner_text()
    phone.tap("Fatto")
    phone.pay("Bollettino postale", "10,00", {"Codice del timbro": "vcy 0123"})
    phone.look_together()
    phone.tap("Annota il bollettino")
    expect(phone.page.get_by_role("img", name="Promemoria di bollettino")).to_be_visible()
    day.texts["bulletin"] = phone.page.locator("dialog[open]").inner_text()
    phone.tap("Fatto")
    phone.finish()


def signature(phone: AgentsPhone, day: Day) -> None:
    day.stops["signature"] = phone.open_next()
    phone.meet_debtor()
    promise(phone, "42,00", channel="Bollettino postale")
    day.texts["signature"] = phone.read_what_is_signed()
    phone.sign()
    phone.finish(photo="Portone")


def refused_signature(phone: AgentsPhone, day: Day) -> None:
    day.stops["refused"] = phone.open_next()
    phone.meet_debtor()
    phone.tap("Rifiuta")
    phone.choose("Vuole farsi consigliare")
    day.texts["refused"] = phone.read_what_is_signed()
    phone.tap("Rifiuta di firmare")
    phone.finish()


def nobody_met(phone: AgentsPhone, day: Day) -> None:
    day.stops["nobody"] = phone.open_next()
    phone.meet_nobody()
    phone.tap("Assente, lasciato avviso")
    phone.tap("Prendi un numero di avviso")
    day.notices["nobody"] = phone.page.locator("p", has_text="Avviso numero").locator("strong").inner_text()
    phone.choose("Busta chiusa nella cassetta")
    phone.finish(photo="Cassetta")


def third_party(phone: AgentsPhone, day: Day) -> None:
    day.stops["third_party"] = phone.open_next()
    phone.meet_third_party("Vicino")
    day.texts["third_party"] = phone.page.locator("main").inner_text()
    phone.tap("Presente solo un'altra persona")
    phone.finish()


def promise(phone: AgentsPhone, amount: str, *, channel: str) -> None:
    phone.tap("Promessa di pagamento")
    phone.tap("Domani")
    phone.type("Importo promesso", amount)
    phone.choose(channel, of="Come pagherà")


def legs(entry: dict[str, Any]) -> dict[str, int]:
    """Cents by kind of account of one entry; claims of capital, interest and costs together."""
    sums: dict[str, int] = {}
    for posting in entry["postings"]:
        kind = "claim" if posting["account_kind"].startswith("claim_") else posting["account_kind"]
        sums[kind] = sums.get(kind, 0) + posting["amount_cents"]
    return sums


def payment_entries(practice: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in practice["entries"] if entry["kind"] == "payment"]


def test_a_card_payment_is_on_its_way_in_the_ledger_under_its_authorisation_code(day: Day) -> None:
    practice = day.practice("card")
    (entry,) = payment_entries(practice)
    (receipt,) = practice["receipts"]

    assert legs(entry)["card_in_transit"] == 3_540
    assert legs(entry)["claim"] == -3_540
    assert practice["owed_cents"] == day.owed_before("card") - 3_540
    assert (receipt["label"], receipt["kind"], receipt["method"]) == (day.receipts["card"], "receipt", "card")
    assert day.visit("card")["offline"]


def test_a_cheque_is_taken_subject_to_clearance_with_its_picture(day: Day) -> None:
    practice = day.practice("cheque")
    (entry,) = payment_entries(practice)
    (receipt,) = practice["receipts"]
    (picture,) = day.visit("cheque")["documents"]

    # Above 77,47 € the receipt bears a stamp of 2,00 €, which the debtor hands over as well.
    assert legs(entry)["cheques_in_hand"] == 8_005 + 200
    assert legs(entry)["claim"] == -8_005
    assert practice["owed_cents"] == day.owed_before("cheque") - 8_005
    assert receipt["kind"] == "receipt_subject_to_clearance"
    assert receipt["label"] == day.receipts["cheque"]
    assert picture["kind"] == "cheque"


def test_an_announced_transfer_is_a_promise_and_posts_nothing(day: Day) -> None:
    practice = day.practice("transfer")

    assert payment_entries(practice) == []
    assert practice["receipts"] == []
    assert practice["owed_cents"] == day.owed_before("transfer")
    assert ("bank_transfer", 6_120) in [(one["kind"], one["amount_cents"]) for one in practice["promises"]]
    assert "Promemoria di bonifico" in day.texts["transfer"]


def test_a_bulletin_that_was_shown_is_no_payment_until_the_office_sees_it(day: Day) -> None:
    [seen] = [one for one in day.practice("transfer")["promises"] if one["kind"] == "bulletin"]

    assert (seen["amount_cents"], seen["reference"], seen["state"]) == (1_000, "VCY 0123", "open")
    assert "Non è una quietanza" in day.texts["bulletin"]
    assert "VCY 0123" in day.texts["bulletin"]


def test_a_signature_is_bound_to_the_text_that_the_signer_saw(day: Day, books: Books) -> None:
    visit = day.visit("signature")
    given = visit["signature"]

    assert given["text"] == day.texts["signature"]
    assert given["text_digest"] == hashlib.sha256(day.texts["signature"].encode()).hexdigest()
    assert "42,00 €" in given["text"]
    assert not given["refused"]
    assert books.picture(given["document_id"]).startswith(b"\x89PNG")


def test_a_signature_leaves_the_phone_as_a_picture_without_timing_or_pressure(day: Day) -> None:
    pushed = [json.loads(content) for method, content in day.sent if method == "POST" and b'"envelopes"' in content]
    bodies = [json.loads(envelope["text"])["body"] for push in pushed for envelope in push["envelopes"]]
    given = [body["signature"] for body in bodies if (body.get("signature") or {}).get("image_sha256")]
    pictures = {hashlib.sha256(content).hexdigest(): content for method, content in day.sent if method == "PUT"}

    assert given
    for signature in given:
        assert set(signature) == {"refused", "text", "text_digest", "image_sha256", "signer"}
        assert set(png_chunks(pictures[signature["image_sha256"]])) <= NEUTRAL_CHUNKS


def test_a_refusal_to_sign_is_an_answer_under_the_same_text(day: Day) -> None:
    given = day.visit("refused")["signature"]

    assert given["refused"]
    assert given["document_id"] is None
    assert given["text_digest"] == hashlib.sha256(day.texts["refused"].encode()).hexdigest()


def test_the_buildings_picture_arrives_without_what_the_camera_wrote_into_it(day: Day, books: Books) -> None:
    (picture,) = [one for one in day.visit("signature")["documents"] if one["kind"] == "entrance"]
    content = books.picture(picture["id"])

    assert hashlib.sha256(content).hexdigest() == picture["sha256"]
    assert b"Telefono di prova" not in content


def test_a_notice_left_where_nobody_was_met_has_its_number_in_the_file(day: Day) -> None:
    visit = day.visit("nobody")

    assert (visit["met"], visit["outcome"]) == ("nobody", "ABSENT_NOTICE_LEFT")
    assert visit["captured"]["notice"] == {"number": day.notices["nobody"], "delivery": "letterbox_sealed"}
    assert [one["kind"] for one in visit["documents"]] == ["letterbox"]
    assert day.practice("nobody")["owed_cents"] == day.owed_before("nobody")


def test_a_third_party_reads_nothing_of_the_debt_and_leaves_nothing_of_it_in_the_report(day: Day) -> None:
    visit, practice = day.visit("third_party"), day.practice("third_party")

    assert (visit["met"], visit["outcome"], visit["captured"]) == ("third_party", "THIRD_PARTY_MET", {})
    assert "€" not in day.texts["third_party"]
    assert practice["creditor"]["name"] not in day.texts["third_party"]
    assert practice["practice_number"] not in day.texts["third_party"]


def test_the_ledger_moved_by_what_was_taken_and_by_nothing_else(day: Day) -> None:
    moved = {kind: cents - day.balances_before.get(kind, 0) for kind, cents in day.books.balances().items()}

    assert moved["card_in_transit"] == 3_540
    assert moved["cheques_in_hand"] == 8_005 + 200
    assert moved.get("agent_cash", 0) == 0
    assert sum(cents for kind, cents in moved.items() if kind.startswith("claim_")) == -(3_540 + 8_005)
