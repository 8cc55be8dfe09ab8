"""Screenshots of the real app for docs/screens: run `make demo` in another terminal, then `make screens`.

The phone is a 390x844 screen with touch, the desk 1440x900; pictures are written as they were seen.
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

OUT = Path(__file__).parents[1] / "docs" / "screens"
DESKS = {
    "Back office": ("attivita", "pratiche", "importazioni", "indirizzi", "conti", "esiti"),
    "Pianificazione": ("giorno",),
    "Amministrazione": ("dispositivi", "registro", "orologio"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    address = parser.parse_args().address
    OUT.mkdir(parents=True, exist_ok=True)
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    options: dict[str, Any] = {"executable_path": found} if found else {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(chromium_sandbox=False, args=["--enable-unsafe-swiftshader"], **options)
        desks(browser, address)
        phone(browser, address)
        browser.close()


def desks(browser: Browser, address: str) -> None:
    for role, places in DESKS.items():
        context = browser.new_context(
            locale="it-IT", timezone_id="Europe/Rome", viewport={"width": 1440, "height": 900}
        )
        page = context.new_page()
        page.goto(f"{address}/desk/")
        page.get_by_role("button", name=re.compile(role)).wait_for()
        if role == "Back office":
            take(page, "desk-sign-in")
        page.get_by_role("button", name=re.compile(role)).click()
        for place in places:
            page.wait_for_timeout(1_000)
            page.goto(f"{address}/desk/{place}")
            take(page, f"desk-{place}")
            if place == "pratiche":
                page.locator("tbody tr").first.click()
                take(page, "desk-pratica")
            if place == "giorno":
                page.get_by_role("link", name=re.compile("Piano delle")).first.click()
                take(page, "desk-piano")
                page.get_by_role("link", name=re.compile("Pubblicato")).first.click()
                take(page, "desk-pubblicato")
        context.close()


def phone(browser: Browser, address: str) -> None:
    context = browser.new_context(
        locale="it-IT",
        timezone_id="Europe/Rome",
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
    )
    page = context.new_page()
    page.goto(f"{address}/agent/")
    page.get_by_role("button", name=re.compile("Entra come")).wait_for()
    take(page, "phone-sign-in")
    page.get_by_role("button", name=re.compile("Entra come")).click()
    page.get_by_role("button", name="Attiva questo telefono").click()
    page.get_by_role("button", name="Apri la visita").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.get_by_role("button", name="Apri la visita").wait_for()
    take(page, "phone-oggi")
    for tab in ("Mappa", "Cassa", "Invio"):
        page.get_by_role("link", name=tab).click()
        take(page, f"phone-{tab.lower()}")
    page.get_by_role("link", name="Oggi").last.click()
    page.get_by_role("button", name="Apri la visita").click()
    take(page, "phone-visita")
    page.get_by_role("button", name="Arrivato").click()
    page.get_by_text("È il debitore").click()
    page.get_by_text("Ha mostrato un documento").click()
    page.get_by_text("Ho detto chi sono").click()
    take(page, "phone-chi-c-e")
    page.get_by_role("button", name="Continua").click()
    take(page, "phone-esito")
    page.get_by_role("button", name="Incasso parziale").click()
    page.get_by_role("button", name="Registra un incasso").click()
    page.get_by_text("Contanti").click()
    page.get_by_placeholder("0,00").last.fill("50,00")
    take(page, "phone-incasso")
    page.get_by_role("button", name="Guardate insieme").click()
    take(page, "phone-guardate-insieme")
    box = page.get_by_role("button", name=re.compile("ieni premuto")).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(1_600)
    page.mouse.up()
    take(page, "phone-ricevuta")
    context.close()


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(1_500)
    page.screenshot(path=OUT / f"{name}.png")
    print(name, flush=True)


if __name__ == "__main__":
    main()
