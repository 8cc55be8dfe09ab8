"""The demo province: the same seed gives the same bytes, sums add up, addresses are found as promised."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from codicefiscale import codicefiscale
from PIL import Image
from stdnum.it import iva

from fieldapp.demo import DemoSummary, generate, generator
from fieldapp.demo.creditor_files import COLUMNS, CREDITORS, TOTAL_MARKER
from fieldapp.demo.generator import json_rows
from fieldapp.domain.calendars import italian_holidays
from fieldapp.domain.errors import Refusal
from fieldapp.domain.outcomes import OUTCOMES
from fieldapp.geo.gazetteer import import_anncsu
from fieldapp.geo.geocoding import GazetteerGeocoder, distance_m

TODAY = date(2026, 11, 26)
ITALY = ZoneInfo("Europe/Rome")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def summary(folder: Path) -> DemoSummary:
    return generate(folder, practices=300, agents=5, seed=11, today=TODAY)


@pytest.fixture(scope="module")
def rows(folder: Path, summary: DemoSummary) -> dict[str, list[dict[str, str]]]:
    """All rows of each creditor's file, the control total among them."""
    read = {}
    for creditor, written in zip(CREDITORS, summary.creditors, strict=True):
        text = (folder / written.file).read_text(encoding=creditor.convention.encoding)
        read[creditor.slug] = list(csv.DictReader(text.splitlines(), delimiter=";"))
    return read


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def cents(text: str) -> int:
    return int(text.replace(".", "").replace(",", ""))


def data_rows(rows: dict[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    return [row for each in rows.values() for row in each if row["Numero pratica"] != TOTAL_MARKER]


def test_the_same_seed_and_day_write_the_same_bytes(tmp_path: Path, folder: Path, summary: DemoSummary) -> None:
    again = generate(tmp_path, practices=300, agents=5, seed=11, today=TODAY)

    assert again == summary
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith(".index")
    }


@pytest.mark.usefixtures("summary")
def test_another_seed_writes_other_practices(tmp_path: Path, folder: Path) -> None:
    generate(tmp_path, practices=30, agents=2, seed=12, today=TODAY)

    assert (tmp_path / "lume-energia.csv").read_bytes()[:2000] != (folder / "lume-energia.csv").read_bytes()[:2000]


def test_every_right_address_is_found_to_the_number_and_no_wrong_one(
    folder: Path, summary: DemoSummary, rows: dict[str, list[dict[str, str]]]
) -> None:
    index = folder / "gazetteer.index"
    imported = import_anncsu(folder / summary.gazetteer, index)
    geocoder = GazetteerGeocoder(index)
    truth = {each["practice"]: each for each in load(folder, "truth.json")}

    assert imported.refused == {}
    assert imported.house_numbers == summary.house_numbers
    for row in data_rows(rows):
        known = truth[row["Numero pratica"]]
        fields = {"street": row["Indirizzo"], "cap": row["CAP"], "comune": row["Comune"], "province": row["Provincia"]}
        answer = geocoder.answer(fields)
        assert answer.comune_code == known["comune_code"]
        if known["defect"]:
            assert answer.quality != "house_number", (fields, answer)
            assert answer.confidence < 0.7, (fields, answer)
        else:
            assert answer.quality == "house_number", (fields, answer)
            assert answer.confidence >= 0.9, (fields, answer)
            assert answer.lat is not None
            assert answer.lon is not None
            assert distance_m((answer.lat, answer.lon), (known["lat"], known["lon"])) < 1


def test_a_creditor_with_many_practices_sends_several_files_that_hold_each_once(
    tmp_path: Path, folder: Path, rows: dict[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "PRACTICES_A_FILE", 50)

    summary = generate(tmp_path, practices=300, agents=5, seed=11, today=TODAY)

    for creditor in CREDITORS:
        parts = [part for part in summary.creditors if part.slug == creditor.slug]
        found: list[dict[str, str]] = []
        for part in parts:
            text = (tmp_path / part.file).read_text(encoding=creditor.convention.encoding)
            read = list(csv.DictReader(text.splitlines(), delimiter=";"))
            data = [row for row in read if row["Numero pratica"] != TOTAL_MARKER]
            assert sum(cents(row["Totale"]) for row in data) == part.total_cents
            assert [cents(row["Totale"]) for row in read[len(data) :]] == [part.total_cents] * (len(read) - len(data))
            assert len({row["Numero pratica"] for row in data}) == part.practices <= 50
            found += data
        assert len(parts) > 1
        assert [bool(part.documents) for part in parts] == [True] + [False] * (len(parts) - 1)
        assert found == [row for row in rows[creditor.slug] if row["Numero pratica"] != TOTAL_MARKER]
    for name in ("history.json", "truth.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
        assert list(json_rows(tmp_path / name)) == load(tmp_path, name)


def test_about_one_address_in_twenty_is_wrong(summary: DemoSummary) -> None:
    assert 0.02 < summary.wrong_addresses / summary.practices < 0.09


def test_principal_interest_and_costs_make_the_total_of_every_row(rows: dict[str, list[dict[str, str]]]) -> None:
    for row in data_rows(rows):
        assert cents(row["Capitale"]) + cents(row["Interessi"]) + cents(row["Spese"]) == cents(row["Totale"])
        assert min(cents(row[name]) for name in ("Capitale", "Interessi", "Spese")) >= 0


def test_files_control_totals_and_summary_agree_to_the_cent(
    summary: DemoSummary, rows: dict[str, list[dict[str, str]]]
) -> None:
    for written in summary.creditors:
        data = [row for row in rows[written.slug] if row["Numero pratica"] != TOTAL_MARKER]
        controls = [cents(row["Totale"]) for row in rows[written.slug] if row["Numero pratica"] == TOTAL_MARKER]
        assert sum(cents(row["Totale"]) for row in data) == written.total_cents
        assert len(data) == written.rows
        assert len({row["Numero pratica"] for row in data}) == written.practices
        assert controls == ([written.total_cents] if written.layout == "demo-credito" else [])
    assert sum(written.total_cents for written in summary.creditors) == summary.total_cents


def test_rows_of_one_practice_agree_in_all_but_the_debt_and_the_obligor(
    rows: dict[str, list[dict[str, str]]],
) -> None:
    by_practice = defaultdict(list)
    for row in data_rows(rows):
        by_practice[row["Numero pratica"]].append(row)
    own = {"Titolo", "Scadenza", "Capitale", "Interessi", "Spese", "Totale"}
    own |= {"Coobbligato", "Ruolo coobbligato", "CF coobbligato"}

    assert any(len(several) > 1 for several in by_practice.values())
    for several in by_practice.values():
        for column in set(COLUMNS) - own:
            assert len({row[column] for row in several}) == 1, column


def test_tax_codes_and_vat_numbers_have_right_check_characters(rows: dict[str, list[dict[str, str]]]) -> None:
    for row in data_rows(rows):
        if row["Tipo soggetto"] == "PF":
            assert codicefiscale.is_valid(row["Codice fiscale"]), row
        else:
            assert iva.is_valid(row["Partita IVA"]), row
        if row["CF coobbligato"]:
            assert codicefiscale.is_valid(row["CF coobbligato"]), row


def test_a_tax_code_tells_the_birthday_of_its_row(rows: dict[str, list[dict[str, str]]]) -> None:
    for row in [row for row in data_rows(rows) if row["Data nascita"]][:25]:
        born = codicefiscale.decode(row["Codice fiscale"])["birthdate"]
        assert born.strftime("%d/%m/%Y") == row["Data nascita"]


def test_phones_belong_to_nobody(rows: dict[str, list[dict[str, str]]]) -> None:
    for row in data_rows(rows):
        for phone in filter(None, (row["Telefono 1"], row["Telefono 2"])):
            assert phone.startswith(("300 ", "0371 00"))


def test_placements_run_and_end_after_today(rows: dict[str, list[dict[str, str]]]) -> None:
    for row in data_rows(rows):
        starts, ends = (
            datetime.strptime(row[name], "%d/%m/%Y").replace(tzinfo=ITALY).date()
            for name in ("Data affidamento", "Data fine mandato")
        )
        assert 5 <= (TODAY - starts).days <= 40
        assert (ends - starts).days in (30, 60)
        assert ends > TODAY


def test_history_holds_lawful_hours_and_outcomes_of_the_catalogue(folder: Path, summary: DemoSummary) -> None:
    history = load(folder, "history.json")
    agents = {agent["id"] for agent in load(folder, "agents.json")}

    assert len(history) == summary.practices
    for practice in history:
        moments = [datetime.fromisoformat(contact["at"]).astimezone(ITALY) for contact in practice["contacts"]]
        assert moments == sorted(moments)
        for at, contact in zip(moments, practice["contacts"], strict=True):
            assert 0 < (TODAY - at.date()).days <= 66
            assert at.weekday() < 6
            assert at.date() not in italian_holidays(at.year)
            assert 8.5 <= at.hour + at.minute / 60 < (15 if at.weekday() == 5 else 21)
            assert contact["channel"] in {"letter", "call", "message", "visit"}
            assert contact["outcome"] == "" or contact["outcome"] in OUTCOMES
            assert (contact["agent"] in agents) == (contact["channel"] == "visit")


@pytest.mark.usefixtures("summary")
def test_no_debtor_was_spoken_to_more_often_than_the_code_allows(folder: Path) -> None:
    for practice in load(folder, "history.json"):
        spoken = [c["at"][:10] for c in practice["contacts"] if c["reached"]]
        assert len(spoken) == len(set(spoken))
        days = sorted(date.fromisoformat(day) for day in spoken)
        assert all((later - first).days >= 7 for first, later in zip(days, days[3:], strict=False))


@pytest.mark.usefixtures("summary")
def test_agents_are_complete(folder: Path) -> None:
    agents = load(folder, "agents.json")

    assert [agent["id"] for agent in agents] == ["A001", "A002", "A003", "A004", "A005"]
    for agent in agents:
        assert agent["shift"]["starts"] < agent["shift"]["ends"]
        assert agent["email"].endswith(".invalid")
        assert agent["max_visits"] > 0
        assert agent["provinces"] == ["LO"]


def test_the_map_draws_every_street_and_comune(folder: Path, summary: DemoSummary) -> None:
    streets, comuni = load(folder, "streets.geojson")["features"], load(folder, "comuni.geojson")["features"]

    assert len(streets) == summary.streets
    assert len(comuni) == summary.comuni
    assert all(len(street["geometry"]["coordinates"]) >= 2 for street in streets)


def test_documents_are_named_by_practice_numbers_and_open_as_pictures(
    folder: Path, summary: DemoSummary, rows: dict[str, list[dict[str, str]]]
) -> None:
    for written in summary.creditors:
        numbers = {row["Numero pratica"] for row in rows[written.slug]}
        with ZipFile(folder / written.documents) as archive:
            assert archive.namelist()
            for name in archive.namelist():
                assert Path(name).stem in numbers
                with archive.open(name) as page, Image.open(page) as picture:
                    picture.verify()


REFUSED_SIZES = [
    # more than the demo is made for
    (1_000_001, 5, "demo.too_many"),
    # nothing to do
    (0, 5, "demo.too_few"),
    # nobody to do it
    (10, 0, "demo.too_few"),
]


@pytest.mark.parametrize(("practices", "agents", "code"), REFUSED_SIZES)
def test_a_demo_of_senseless_size_is_refused(tmp_path: Path, practices: int, agents: int, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        generate(tmp_path / "out", practices=practices, agents=agents, seed=1, today=TODAY)

    assert refused.value.code == code
    assert not (tmp_path / "out").exists()
