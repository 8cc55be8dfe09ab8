"""Creditors' files for tests: rows as a utility company writes them, and a gazetteer that knows their streets."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from fieldapp.domain.money import italian
from fieldapp.geo.gazetteer import import_anncsu
from tests.flows.conftest import Desk, House
from tests.geo.builders import street, write_anncsu

LAYOUT = "demo-utenze"
_ROW = {
    "Numero pratica": "P-0001",
    "Debitore": "Niccolò D'Angelo",
    "Tipo soggetto": "persona",
    "Codice fiscale": "DNGNCL80A01E648R",
    "Partita IVA": "",
    "Data nascita": "01/01/1980",
    "Coobbligato": "",
    "Ruolo coobbligato": "",
    "CF coobbligato": "",
    "Indirizzo": "Via Garibaldi 12",
    "CAP": "26900",
    "Comune": "Lodi",
    "Provincia": "LO",
    "Telefono 1": "333 1234567",
    "Telefono 2": "",
    "Titolo": "Fattura 1",
    "Tipo credito": "utenza",
    "Scadenza": "15/05/2026",
    "Capitale": "900,00",
    "Interessi": "60,00",
    "Spese": "40,00",
    "Totale": "1.000,00",
    "Data affidamento": "01/11/2026",
    "Data fine mandato": "31/12/2026",
    "Saldo al": "20/11/2026",
    "Responsabile pratica": "Carla Verdi",
    "Fase": "esazione domiciliare",
    "Revocata": "no",
}


def row(number: str = "P-0001", *, cents: int = 100_000, **changes: str) -> dict[str, str]:
    """One row; `cents` is its total, of which 60 euro are interest and 40 costs where there is room for them."""
    interest, costs = (6_000, 4_000) if cents > 10_000 else (0, 0)
    amounts = {
        "Capitale": amount(cents - interest - costs),
        "Interessi": amount(interest),
        "Spese": amount(costs),
        "Totale": amount(cents),
    }
    return _ROW | {"Numero pratica": number} | amounts | changes


def amount(cents: int) -> str:
    return italian(cents).removesuffix("\u00a0€")


def file_of(*rows: Mapping[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(_ROW), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def lay_out_streets(house: House) -> None:
    """Give the house a gazetteer with Via Garibaldi in Lodi, numbers 1 to 40."""
    house.parts.gazetteer.write_bytes(_gazetteer())


@cache
def _gazetteer() -> bytes:
    # Made once: every new gazetteer begins with all comuni of Italy.
    with tempfile.TemporaryDirectory() as folder:
        register = write_anncsu(Path(folder, "register.csv"), *street("VIA GARIBALDI", range(1, 41)))
        gazetteer = Path(folder, "gazetteer.sqlite")
        import_anncsu(register, gazetteer)
        return gazetteer.read_bytes()


async def upload(
    desk: Desk, house: House, content: bytes, *, name: str = "rate.csv", documents: bytes | None = None
) -> httpx.Response:
    files: dict[str, Any] = {"file": (name, content, "text/csv")}
    if documents is not None:
        files["documents"] = ("documenti.zip", documents, "application/zip")
    return await desk.post("/imports", files=files, data={"layout": LAYOUT, "creditor_id": str(house.creditor_id)})


async def read(desk: Desk, house: House, content: bytes, **options: Any) -> dict[str, Any]:
    """Upload and dry run; the report."""
    answer = await upload(desk, house, content, **options)
    assert answer.status_code == 201, answer.text
    await house.run_jobs()
    return dict((await desk.get(f"/imports/{answer.json()['id']}")).json())


async def taken_in(desk: Desk, house: House, content: bytes, **options: Any) -> dict[str, Any]:
    """Upload, dry run, confirmation and writing; the report at the end."""
    report = await read(desk, house, content, **options)
    assert report["state"] == "read", report
    answer = await desk.post(f"/imports/{report['id']}/confirm")
    assert answer.status_code == 200, answer.text
    await house.run_jobs()
    return dict((await desk.get(f"/imports/{report['id']}")).json())


async def practices(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    answer = await desk.get("/practices", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


async def practice_file(desk: Desk, number: str) -> dict[str, Any]:
    found = await practices(desk, q=number)
    return dict((await desk.get(f"/practices/{found[0]['id']}")).json())


def numbers(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [row["practice_number"] for row in rows]
