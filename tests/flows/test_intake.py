"""A creditor's file on its way in: read first, written once, whole or not at all, to the cent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn_with
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from fieldapp.app import create_app
from fieldapp.domain.access import Role
from fieldapp.parts import job_queue
from fieldapp.services import intake, jobs
from fieldapp.services.work import Parts
from fieldapp.settings import Settings
from fieldapp.store import ledger, tables
from tests.flows.conftest import Desk, House, new_id
from tests.flows.creditor_file import (
    LAYOUT,
    file_of,
    lay_out_streets,
    numbers,
    practice_file,
    practices,
    read,
    row,
    taken_in,
    upload,
    zip_of,
)

PDF = b"%PDF-1.7\nan invoice\n%%EOF\n"


GUARANTOR = {"Coobbligato": "Anna Riva", "Ruolo coobbligato": "garante"}


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def offered_layouts(desk: Desk) -> set[str]:
    return {layout["name"] for layout in (await desk.get("/layouts")).json()}


async def count(house: House, *kinds: type[Any]) -> list[int]:
    async with house.session() as session:
        return [len((await session.exec(select(kind))).all()) for kind in kinds]


async def worked_off(parts: Parts) -> None:
    """Another worker process, over parts of its own, works off what waits."""
    jobs.register(parts.jobs, parts)
    async with parts.jobs.open_async():
        await parts.jobs.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)


async def owed_in_store(house: House) -> int:
    async with house.session() as session:
        return sum((await ledger.owed_cents(session)).values())


async def test_the_demos_layouts_are_offered_in_a_demo_only(house: House, settings: Settings, desk: Desk) -> None:
    parts = replace(house.parts, demo=True)
    demo = await replace(house, app=create_app(settings, parts=parts), parts=parts).sign_in()

    here, there = await offered_layouts(desk), await offered_layouts(demo)

    assert LAYOUT in there - here
    assert {name for name in there if not name.startswith("demo-")} == here


async def test_a_dry_run_counts_and_stores_nothing(house: House, desk: Desk) -> None:
    report = await read(desk, house, file_of(row("P-1", cents=100_000), row("P-2", cents=2_550)))

    assert report["state"] == "read"
    assert (report["accepted"], report["accepted_cents"], report["new_practices"]) == (2, 102_550, 2)
    assert await count(house, tables.Practice, tables.Entry, tables.Task) == [0, 0, 0]


async def test_a_confirmed_file_becomes_practices(house: House, desk: Desk) -> None:
    lay_out_streets(house)

    report = await taken_in(
        desk, house, file_of(row("P-1", Coobbligato="Anna Riva", **{"Ruolo coobbligato": "garante"}))
    )

    assert (report["state"], report["progress"], report["new_practices"]) == ("done", 100, 1)
    file = await practice_file(desk, "P-1")
    assert file["owed_cents"] == 100_000
    assert (file["placement_starts_on"], file["placement_ends_on"], file["as_of"]) == (
        "2026-11-01",
        "2026-12-31",
        "2026-11-20",
    )
    assert [(o["name"], o["role"]) for o in file["obligors"]] == [
        ("Niccolò D'Angelo", "debtor"),
        ("Anna Riva", "guarantor"),
    ]
    assert file["obligors"][0]["tax_code"] == "DNGNCL80A01E648R"
    assert (file["creditor"]["id"], file["case_owner_name"]) == (str(house.creditor_id), "Carla Verdi")
    assert file["phase"] == "esazione domiciliare"
    line = file["debt_lines"][0]
    assert (line["title"], line["principal_cents"], line["interest_cents"], line["costs_cents"]) == (
        "Fattura 1",
        90_000,
        6_000,
        4_000,
    )
    address = file["addresses"][0]
    assert (address["state"], address["quality"], address["source"]) == ("confirmed", "house_number", "creditor")
    assert file["phones"][0]["number"].replace(" ", "").endswith("3331234567")
    assert "practice.entrusted" in [item["kind"] for item in file["timeline"]]
    assert [entry["kind"] for entry in file["entries"]] == ["statement"]
    assert file["tasks"] == []


async def test_an_address_that_is_not_found_becomes_a_task(house: House, desk: Desk) -> None:
    lay_out_streets(house)

    await taken_in(desk, house, file_of(row("P-1", Indirizzo="Via che non esiste 9")))

    tasks = (await desk.get("/tasks", params={"kind": "address.doubtful"})).json()
    assert [(task["practice_number"], task["team"]) for task in tasks] == [("P-1", "back_office")]


async def test_without_a_gazetteer_every_address_waits_for_a_person(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1"), row("P-2")))

    doubtful = (await desk.get("/addresses/doubtful")).json()["rows"]

    assert [item["why"] for item in doubtful] == ["gazetteer.missing"] * 2


async def test_tax_codes_and_phones_lie_sealed_in_the_store(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1")))

    async with house.session() as session:
        connection = await session.connection()
        sealed = (await connection.exec_driver_sql("select tax_code from obligor")).scalars().all()
        sealed += (await connection.exec_driver_sql("select number from phone")).scalars().all()

    assert len(sealed) == 2
    assert not any(b"DNGNCL" in bytes(box) or b"3331234567" in bytes(box) for box in sealed)


async def test_rejected_rows_come_back_with_reasons_and_become_one_task(house: House, desk: Desk) -> None:
    bad = row("P-2", cents=50_000) | {"Scadenza": "31/02/2026"}

    report = await taken_in(desk, house, file_of(row("P-1", cents=100_000), bad))

    assert (report["accepted_cents"], report["rejected_cents"]) == (100_000, 50_000)
    assert report["rejects"][0]["practice_number"] == "P-2"
    assert "Scadenza" in report["rejects"][0]["reasons"][0]
    answer = await desk.get(f"/imports/{report['id']}/rejects")
    assert answer.headers["content-disposition"] == 'attachment; filename="rate-scarti.csv"'
    assert "P-2" in answer.text
    assert "P-1" not in answer.text
    tasks = (await desk.get("/tasks", params={"kind": "import.rows_rejected"})).json()
    assert [(task["details"]["rows"], task["details"]["cents"]) for task in tasks] == [(1, 50_000)]


async def test_what_an_import_says_is_in_the_readers_language(house: House, desk: Desk) -> None:
    bad = row("P-2", cents=50_000) | {"Scadenza": "31/02/2026"}
    doubtful = row("P-1", cents=100_000) | {"Codice fiscale": "RCCMNL83S18D969X"}
    report = await taken_in(desk, house, file_of(doubtful, bad, bad | {"Debitore": "Altro Nome"}))
    refused = await read(desk, house, b"%PDF-1.7\nnot a table\n%%EOF")

    told = {}
    for language in ("it", "en", "fr", "de"):
        heard = {"headers": {"accept-language": language}}
        shown = (await desk.get(f"/imports/{report['id']}", **heard)).json()
        whole = (await desk.get(f"/imports/{refused['id']}", **heard)).json()
        listed = {one["id"]: one for one in (await desk.get("/imports", **heard)).json()}
        assert (listed[report["id"]], listed[refused["id"]]) == (shown, whole)
        told[language] = (whole["refusal"], shown["warnings"], [each["reasons"] for each in shown["rejects"]])

    words = {language: house.parts.words[language] for language in ("it", "en", "fr")}
    for language, (refusal, warnings, reasons) in told.items():
        said = words.get(language, words["it"])
        assert refusal == said["intake.not_a_table"].format(found="PDF")
        assert said["intake.tax_code_check"].format(column="Codice fiscale", value="RCCMNL83S18D969X") in warnings[0]
        date_wrong = said["intake.date_impossible"].format(column="Scadenza", value="31/02/2026")
        assert [len(each) for each in reasons] == [1, 1]
        assert all(date_wrong in each for (each,) in reasons)
    assert told["de"] == told["it"]


async def test_after_a_large_import_the_database_plans_with_what_came(house: House, desk: Desk) -> None:
    """Else the first page of doubtful addresses compares each row with each: ten minutes for a hundred thousand."""
    many = 1_000

    await taken_in(desk, house, file_of(*(row(f"P-{number}", cents=10_000) for number in range(many))))

    async with house.session() as session:
        known = await session.execute(
            text(
                "select relname, reltuples from pg_class where relname in ('practice', 'address', 'account', 'posting')"
            )
        )
        assert {name: rows >= many for name, rows in known} == dict.fromkeys(
            ("practice", "address", "account", "posting"), True
        )


async def test_an_import_of_an_older_release_says_what_it_said(house: House, desk: Desk) -> None:
    report = await taken_in(desk, house, file_of(row("P-1", cents=50_000) | {"Scadenza": "31/02/2026"}))
    async with house.session() as session:
        held = (await session.exec(select(tables.ImportFile))).one()
        held.findings, held.warnings = {}, ["una frase"]
        held.rejects = [{key: value for key, value in row.items() if key != "found"} for row in held.rejects]
        await session.commit()

    shown = (await desk.get(f"/imports/{report['id']}", headers={"accept-language": "en"})).json()

    assert (shown["warnings"], shown["rejects"]) == (["una frase"], report["rejects"])


REFUSED = [
    # A file of another kind under the right name.
    b"%PDF-1.7\nnot a table\n%%EOF",
    # Columns are missing.
    b"Numero pratica;Totale\r\nP-1;10,00\r\n",
    # Headings and nothing below.
    file_of(),
]


@pytest.mark.parametrize("content", REFUSED)
async def test_a_file_that_cannot_be_taken_is_refused_with_words(house: House, desk: Desk, content: bytes) -> None:
    report = await read(desk, house, content)

    assert report["state"] == "refused"
    assert "Niente è stato salvato" in report["refusal"]
    assert (await desk.post(f"/imports/{report['id']}/confirm")).json()["code"] == "import.not_read"


async def test_an_empty_upload_is_refused_at_once(house: House, desk: Desk) -> None:
    answer = await upload(desk, house, b"")

    assert (answer.status_code, answer.json()["code"]) == (422, "import.empty")


async def test_a_file_for_a_creditor_of_another_agency_is_not_taken(house: House, desk: Desk) -> None:
    _, foreign_creditor, _ = await house.other_agency()

    answer = await upload(desk, replace(house, creditor_id=foreign_creditor), file_of(row()))

    assert (answer.status_code, answer.json()["code"]) == (404, "creditor.unknown")


async def test_the_same_file_twice_changes_nothing(house: House, desk: Desk) -> None:
    content = file_of(row("P-1"), row("P-2", cents=7_077))
    await taken_in(desk, house, content)
    before = await count(house, tables.Practice, tables.Obligor, tables.Address, tables.Entry, tables.Statement)

    report = await taken_in(desk, house, content)

    assert (report["new_practices"], report["changed_practices"], report["unchanged_practices"]) == (0, 0, 2)
    after = await count(house, tables.Practice, tables.Obligor, tables.Address, tables.Entry, tables.Statement)
    assert after == before
    assert await owed_in_store(house) == 107_077


async def test_confirming_twice_writes_once(house: House, desk: Desk) -> None:
    report = await read(desk, house, file_of(row("P-1")))

    first = await desk.post(f"/imports/{report['id']}/confirm")
    again = await desk.post(f"/imports/{report['id']}/confirm")
    await house.run_jobs()

    assert (first.status_code, again.status_code) == (200, 200)
    assert await count(house, tables.Practice, tables.Entry) == [1, 1]


async def test_two_imports_at_once_do_not_mix(house: House, desk: Desk) -> None:
    same, one, other = row("P-0"), row("P-1", cents=1_001), row("P-2", cents=2_002)
    reports = [await read(desk, house, file_of(same, own)) for own in (one, other)]
    for report in reports:
        await desk.post(f"/imports/{report['id']}/confirm")

    identity = house.identity()
    await asyncio.gather(*(intake.run_write(house.parts, identity, import_id=report["id"]) for report in reports))

    states = [(await desk.get(f"/imports/{report['id']}")).json() for report in reports]
    assert sorted(state["new_practices"] for state in states) == [1, 2]
    assert sum(state["unchanged_practices"] for state in states) == 1
    assert numbers(await practices(desk)) == ["P-0", "P-1", "P-2"]
    assert await owed_in_store(house) == 103_003


@pytest.mark.parametrize("survived_ids", [0, 7, 40])
async def test_an_import_cut_off_in_the_middle_leaves_nothing(house: House, desk: Desk, survived_ids: int) -> None:
    report = await read(desk, house, file_of(*(row(f"P-{i}") for i in range(10))))
    await desk.post(f"/imports/{report['id']}/confirm")
    left = iter(range(survived_ids))

    def failing_id() -> UUID:
        if next(left, None) is None:
            raise OSError("the machine went away")
        return house.parts.new_id()

    await worked_off(replace(house.parts, new_id=failing_id, jobs=job_queue(house.parts.database.url)))

    assert await count(house, tables.Practice, tables.Obligor, tables.Statement, tables.Entry) == [0, 0, 0, 0]
    failed = (await desk.get(f"/imports/{report['id']}")).json()
    assert failed["state"] == "failed"
    await desk.post(f"/imports/{report['id']}/confirm")
    await house.run_jobs()
    assert len(await practices(desk)) == 10


async def test_a_recalled_practice_closes_for_visits_and_not_for_accounting(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1")))

    await taken_in(desk, house, file_of(row("P-1", Revocata="si", **{"Saldo al": "24/11/2026"})))

    file = await practice_file(desk, "P-1")
    assert (file["state"], file["owed_cents"]) == ("recalled", 100_000)
    assert any(finding["severity"] == "forbids" for finding in file["findings"])
    assert "practice.recalled" in [item["kind"] for item in file["timeline"]]


async def test_a_practice_entrusted_again_opens_again(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", Revocata="si")))

    await taken_in(desk, house, file_of(row("P-1", **{"Saldo al": "24/11/2026"})))

    assert (await practice_file(desk, "P-1"))["state"] == "open"


async def test_documents_named_by_practice_number_come_in_with_the_file(house: House, desk: Desk) -> None:
    documents = zip_of({"P-1_fattura.pdf": PDF, "P-9.pdf": PDF})

    report = await taken_in(desk, house, file_of(row("P-1")), documents=documents)

    assert any(warning.startswith("P-9.pdf:") for warning in report["warnings"])
    document = (await practice_file(desk, "P-1"))["documents"][0]
    assert (document["name"], document["media_type"]) == ("P-1_fattura.pdf", "application/pdf")
    assert (await desk.get(f"/documents/{document['id']}")).content == PDF


async def test_the_same_documents_twice_are_kept_once(house: House, desk: Desk) -> None:
    documents = zip_of({"P-1_fattura.pdf": PDF})

    for _ in range(2):
        await taken_in(desk, house, file_of(row("P-1")), documents=documents)

    assert len((await practice_file(desk, "P-1"))["documents"]) == 1


async def test_a_broken_archive_refuses_practices_and_papers_together(house: House, desk: Desk) -> None:
    report = await read(desk, house, file_of(row("P-1")), documents=b"PK no archive")

    assert report["state"] == "refused"
    assert "ZIP" in report["refusal"]


async def test_a_new_address_of_the_creditor_leaves_the_old_one_on_file(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1")))

    await taken_in(desk, house, file_of(row("P-1", Indirizzo="Via Roma 3", **{"Saldo al": "24/11/2026"})))

    addresses = (await practice_file(desk, "P-1"))["addresses"]
    assert [address["street"] for address in addresses] == ["VIA ROMA", "VIA GARIBALDI"]
    async with house.session() as session:
        current = (await session.exec(select(tables.Address.street).where(tables.Address.current))).all()
    assert current == ["VIA ROMA"]


async def test_the_command_line_gets_its_summary(house: House) -> None:
    content = file_of(row("P-1", cents=100_000), row("P-2", cents=50_000) | {"Scadenza": "31/02/2026"})

    summary = await intake.import_file(house.parts, house.identity(), content, "rate.csv", LAYOUT)

    assert {key: summary[key] for key in ("accepted", "rejected", "refused", "accepted_cents", "rejected_cents")} == {
        "accepted": 1,
        "rejected": 1,
        "refused": False,
        "accepted_cents": 100_000,
        "rejected_cents": 50_000,
    }
    assert (summary["store_practices"], summary["store_cents"]) == (1, 100_000)
    assert "P-2" in Path(summary["rejects_file"]).read_text()
    assert len(summary["reasons"]) == 1


async def test_a_refused_file_is_a_summary_too(house: House) -> None:
    summary = await intake.import_file(house.parts, house.identity(), b"%PDF-1.7", "rate.csv", LAYOUT)

    assert (summary["refused"], summary["accepted"], summary["store_practices"]) == (True, 0, 0)
    assert len(summary["reasons"]) == 1


AMOUNTS = st.lists(st.tuples(st.integers(1, 900_000_00), st.booleans()), min_size=1, max_size=12)


@drawn_with(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=AMOUNTS)
async def test_sums_are_preserved_to_the_cent(house: House, amounts: list[tuple[int, bool]]) -> None:
    run = new_id()
    rows = [
        row(f"{run}-{i}", cents=cents) | ({} if good else {"Scadenza": "31/02/2026"})
        for i, (cents, good) in enumerate(amounts)
    ]
    before = await owed_in_store(house)

    summary = await intake.import_file(house.parts, house.identity(), file_of(*rows), "rate.csv", LAYOUT)

    assert summary["accepted_cents"] + summary["rejected_cents"] == sum(cents for cents, _ in amounts)
    assert summary["accepted_cents"] == sum(cents for cents, good in amounts if good)
    assert await owed_in_store(house) - before == summary["accepted_cents"]
    async with house.work() as work:
        assert (await ledger.trial_balance(work.session, at=work.now)).total_cents == 0


async def test_imports_say_who_started_them_and_when(house: House, desk: Desk) -> None:
    await read(desk, house, file_of(row("P-1")))

    listed = (await desk.get("/imports")).json()

    assert [(item["file_name"], item["created_by"]) for item in listed] == [("rate.csv", desk.identity.name)]


async def test_an_agent_may_not_import(house: House) -> None:
    agent = await house.sign_in(Role.AGENT)

    assert (await upload(agent, house, file_of(row()))).status_code == 403
