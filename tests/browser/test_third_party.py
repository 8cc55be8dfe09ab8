"""Every byte of a visit in which somebody else was met: nothing in it speaks of a debt, an amount or a creditor.

Scanned are the phone's stored records of the visit at each step, its screens, the bodies it sends and receives, the
service's log, the facts and tasks that follow, and the notice as text and as picture.
"""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect
from sqlmodel import col, select

from fieldapp.domain.money import italian
from fieldapp.store import tables
from tests.browser.at_the_door import RECORDS, AgentsPhone
from tests.browser.conftest import Eyes, Service, apart, behind

pytestmark = pytest.mark.browser

DEBT_WORDS = re.compile(
    # Italian
    r"debit[oi]|debitor|debitric|credit[oi]|insolut|recuper|esatt|esazion|incass|pagament|pagare|\brat[ae]\b|fattur"
    r"|finanziament|prestit|sollecit|moros|\beuro\b|€|scadut"
    # English
    r"|debt|creditor|\bow(?:e|es|ed)\b|owed_|\bloan|payment|invoice|arrears|collection|instalment|overdue"
    # French
    r"|dette|d[ée]biteur|cr[ée]anc|impay|paiement|recouvrement|facture|pr[êe]t\b|[ée]ch[ée]ance",
    re.IGNORECASE,
)
NEUTRAL_CHUNKS = {b"IHDR", b"IDAT", b"IEND", b"sRGB", b"sBIT", b"gAMA", b"pHYs"}


@dataclass
class Scan:
    """What was found where; `secrets` are the case's own words and figures."""

    secrets: re.Pattern[str]
    found: list[tuple[str, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def text(self, where: str, text: str) -> None:
        self.seen.append(where)
        for pattern in (DEBT_WORDS, self.secrets):
            self.found += [(where, text[max(0, m.start() - 40) : m.end() + 40]) for m in pattern.finditer(text)]

    def picture(self, where: str, content: bytes) -> None:
        """A picture may hold pixels and nothing else."""
        self.seen.append(where)
        with Image.open(io.BytesIO(content)) as image:
            # What tells two visits' photos of one house apart is a comment: it must be as silent as the rest.
            self.text(where, str(image.info.get("comment", "")))
            if image.getexif() or set(image.info) - {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "srgb",
                "dpi",
                "icc_profile",
                "comment",
            }:
                self.found.append((where, f"metadata {sorted(image.info)}"))
        if content.startswith(b"\x89PNG"):
            self.found += [(where, f"chunk {chunk!r}") for chunk in png_chunks(content) if chunk not in NEUTRAL_CHUNKS]


def png_chunks(content: bytes) -> list[bytes]:
    at, found = 8, []
    while at < len(content):
        found.append(content[at + 4 : at + 8])
        at += 12 + int.from_bytes(content[at : at + 4])
    return found


def secrets_of(practice: dict[str, Any]) -> re.Pattern[str]:
    """The case's names and titles, and its amounts however a program or a person writes them."""
    creditor = practice["creditor"]
    words = [creditor[name] for name in ("id", "name", "vat_number", "iban", "cheque_payee") if creditor[name]]
    words += [practice["practice_number"], *(line["title"] for line in practice["debt_lines"])]
    words += [line["id"] for line in practice["debt_lines"]]
    parts = ("principal_cents", "interest_cents", "costs_cents")
    amounts = {practice["owed_cents"]}
    for line in practice["debt_lines"]:
        amounts |= {line[part] for part in parts} | {sum(line[part] for part in parts)}
    figures = set()
    for cents in amounts - {0}:
        euro = italian(cents).replace("€", "").strip()
        figures |= {euro, euro.replace(".", ""), f"{cents / 100:,.2f}", f"{cents / 100:.2f}"}
        figures |= {euro.replace(".", blank) for blank in (" ", "\u00a0", "\u202f")}
        if cents > 9_999:
            figures.add(str(cents))
    plain = "|".join(re.escape(word) for word in words)
    return re.compile(rf"{plain}|(?<![\d.,])(?:{'|'.join(map(re.escape, sorted(figures)))})(?!\d)", re.IGNORECASE)


def a_photo_that_talks(folder: Path) -> Path:
    """A picture whose metadata say where and of what it is."""
    path = folder / "via.jpg"
    exif = Image.Exif()
    exif[0x010E] = "Debitore Bianchi, 1.234,56 euro"
    Image.new("RGB", (640, 480), "#557799").save(path, exif=exif)
    return path


class Watcher:
    """Looks at phone and wire at each step; the day itself, which the office sent, is not of the visit."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._before = {item["key"]: item["bytes"] for item in self._records()}
        self.scan: Scan | None = None
        self.notice = b""
        self._exchanged: list[Request] = []
        page.on(
            "request", lambda request: self._exchanged.append(request) if request.method in ("POST", "PUT") else None
        )

    def _records(self) -> list[dict[str, str]]:
        return list(self._page.evaluate(RECORDS))

    def case(self) -> dict[str, Any]:
        """The stop in hand with its practice, as the day holds it."""
        # Documents of the credit come in by and by and lie beside the day.
        [held] = [
            json.loads(base64.b64decode(item["bytes"]))
            for item in self._records()
            if item["kind"] == "day" and item["state"] == "kept"
        ]
        stop_id = self._page.url.rsplit("/", 1)[-1]
        return next(stop for stop in held["bundle"]["stops"] if stop["stop_id"] == stop_id)

    def look(self, step: str) -> None:
        assert self.scan is not None
        self.scan.text(f"{step}: screen", self._page.locator("body").inner_text() + self._page.title())
        self.scan.text(
            f"{step}: small storage", self._page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        )
        for item in self._records():
            if item["kind"] == "day" or self._before.get(item["key"]) == item["bytes"]:
                continue
            content = base64.b64decode(item["bytes"])
            if item["kind"] in ("small", "original"):
                self.scan.picture(f"{step}: stored {item['kind']}", content)
            else:
                self.scan.text(f"{step}: stored {item['kind']}", content.decode() + item["key"] + item["state"])

    def exchanged(self) -> None:
        assert self.scan is not None
        for request in self._exchanged:
            body = request.post_data_buffer or b""
            where = f"sent: {request.method} {request.url.rsplit('/', 1)[-1][:12]}"
            if request.method == "PUT":
                self.scan.picture(where, body)
            else:
                self.scan.text(where, body.decode())
            answer = request.response()
            if answer is not None:
                self.scan.text(f"answered: {request.method}", answer.text())


async def _told(service: Service, visit_id: str) -> list[str]:
    """What the service keeps and tells of the visit: facts, tasks, names of its pictures."""
    async with behind(service) as session:
        facts = (await session.exec(select(tables.Fact))).all()
        tasks = (await session.exec(select(tables.Task).where(tables.Task.subject_id == visit_id))).all()
        papers = (
            await session.exec(select(tables.CreditDocument).where(col(tables.CreditDocument.visit_id) == visit_id))
        ).all()
    told = [f"{fact.kind} {json.dumps(fact.body)}" for fact in facts if visit_id in json.dumps(fact.body)]
    assert told, "the visit told no fact"
    return [*told, *(f"{t.kind} {json.dumps(t.details)}" for t in tasks), *(f"{p.name} {p.kind}" for p in papers)]


@pytest.mark.parametrize(
    ("agent", "way"), [("agente2", "Busta chiusa nella cassetta"), ("agente3", "Consegnato in busta chiusa")]
)
def test_a_visit_that_met_somebody_else_leaves_no_byte_about_a_debt(
    phone: Eyes, service: Service, tmp_path: Path, agent: str, way: str
) -> None:
    page = phone.page
    AgentsPhone(page, service.agent()).enrol(agent)
    log = service.settings.home / "service.log"
    logged = log.stat().st_size
    watcher = Watcher(page)

    page.context.set_offline(True)
    page.get_by_role("button", name="Apri la visita").click()
    page.get_by_role("button", name="Arrivato").click()
    stop = watcher.case()
    scan = watcher.scan = Scan(secrets_of(stop["practice"]))
    expect(page.get_by_text("è lei?")).to_be_visible()
    watcher.look("arrived")
    page.get_by_text("Altra persona").click()
    expect(page.get_by_text("Non dire perché")).to_be_visible()
    page.get_by_text("Vicino").click()
    watcher.look("met")
    page.get_by_role("button", name="Continua").click()
    watcher.look("outcomes")
    page.get_by_role("button", name="Presente solo un'altra persona").click()
    page.get_by_role("button", name="Prendi un numero di avviso").click()
    page.get_by_role("button", name="Mostra l’avviso").click()
    expect(page.get_by_role("img", name=re.compile("Avviso A"))).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Stampa o salva").click()
    scan.text("notice: file name", downloading.value.suggested_filename)
    scan.picture("notice: picture", Path(downloading.value.path()).read_bytes())
    notice_lines = page.locator("dialog[open] .unseen").inner_text()
    watcher.look("notice")
    page.get_by_role("button", name="Fatto").click()
    ways = page.get_by_role("group", name="Come lo hai lasciato?").get_by_role("radio").count()
    page.get_by_text(way, exact=True).click()
    page.get_by_role("button", name="Continua").click()
    purposes = page.get_by_role("group", name="Che cosa mostra?").inner_text()
    page.get_by_text("Portone", exact=True).click()
    page.locator("input[type=file]").set_input_files(a_photo_that_talks(tmp_path))
    expect(page.get_by_role("button", name="Togli")).to_be_visible()
    watcher.look("closing")
    visit_id = json.loads(
        next(base64.b64decode(item["bytes"]) for item in page.evaluate(RECORDS) if item["kind"] == "draft")
    )["visit_id"]
    page.get_by_role("button", name=re.compile("Chiudi la visita|Salva la visita|Salva")).last.click()
    watcher.look("closed without network")
    page.context.set_offline(False)
    expect(page.get_by_text("Tutto in ufficio").first).to_be_visible(timeout=60_000)
    watcher.look("in the office")
    watcher.exchanged()
    scan.text("service log", log.read_text()[logged:])
    for told in apart(_told(service, visit_id)):
        scan.text("told", told)

    assert {(where, text) for where, text in scan.found} == set()
    # The scan saw what it had to see, and would have found the case had it been there.
    assert {"sent: POST envelopes", "notice: screen", "closing: stored small", "service log", "told"} <= set(scan.seen)
    assert any(where.startswith("sent: PUT") for where in scan.seen)
    assert scan.secrets.search(json.dumps(stop))
    assert scan.secrets.search(f"deve {italian(stop['practice']['owed_cents'])}")
    assert "Avviso di passaggio" in notice_lines
    assert ways == 2
    assert set(purposes.split()) & {"Assegno", "Ricevuta", "Contestazione", "Firma"} == set()
