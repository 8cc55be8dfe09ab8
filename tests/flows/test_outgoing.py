"""Files for creditors: every fact in exactly one of them, handed over whole, sent again without doubling."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from obstore.store import LocalStore, MemoryStore
from sqlmodel import select

from fieldapp.documents.outgoing import read_control
from fieldapp.domain.access import Role
from fieldapp.domain.ids import sha256
from fieldapp.services import outgoing_courier
from fieldapp.services.handover import HandOverFailed, put_into
from fieldapp.services.outgoing import layout_of
from fieldapp.store import tables
from fieldapp.store.blobs import Blobs
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.phone import a_report
from tests.flows.sftp_server import Depot, sftp_server
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts

COLUMNS = ("practice_number", "debtor", "day", "agent", "code", "amount", "principal", "receipt", "fact")
LAYOUT: dict[str, Any] = {"kind": "csv", "columns": [{"field": name, "name": name.upper()} for name in COLUMNS]}
CODES = {"PAID_PARTIAL": "ACC", "payment.received": "INC", "receipt.voided": "ANN", "payment.refunded": "RIM"}


async def a_day(house: House) -> None:
    """One payment of 300 euro and one empty door."""
    await published(house, await entrusted(house, "P-001"), await entrusted(house, "P-002"))
    phone = await phone_of(house)
    paid, absent = (await day_of(phone))["stops"]
    envelopes = [
        phone.envelope("visit", paid_report(phone, paid, 30_000), at=NOW),
        phone.envelope("visit", a_report(absent, at=AT + timedelta(minutes=20)), at=NOW),
    ]
    assert await verdicts(phone, *envelopes) == [("accepted", None)] * 2


def planned(**changes: Any) -> dict[str, Any]:
    plan = {
        "name": "Esiti serali",
        "layout": LAYOUT,
        "codes": CODES,
        "place": "desk",
        "target": {},
        "at": "18:30",
        "weekdays": [0, 1, 2, 3, 4],
    }
    return {**plan, **changes}


async def told(house: House, **changes: Any) -> tuple[Desk, dict[str, Any]]:
    """The administrator with a plan that tells everything."""
    admin = await house.sign_in(Role.ADMINISTRATOR)
    body = {"creditor_id": str(house.creditor_id), "plan": planned(**changes), "from_beginning": True}
    answer = await admin.post("/export-plans", json=body)
    assert answer.status_code == 201, answer.text
    return admin, answer.json()


async def made(desk: Desk, plan: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await desk.post(f"/export-plans/{plan['id']}/make")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def content_of(desk: Desk, file: dict[str, Any]) -> bytes:
    answer = await desk.get(f"/outgoing-files/{file['id']}")
    assert answer.status_code == 200, answer.text
    return answer.content


def cells(content: bytes) -> list[list[str]]:
    return [line.split(";") for line in content.decode().splitlines()]


async def test_each_fact_is_told_once_and_money_taken_back_follows_as_a_row_of_its_own(house: House) -> None:
    await a_day(house)
    admin, plan = await told(house)

    first = (await made(admin, plan))[0]
    _, *rows, _ = cells(await content_of(admin, first))
    async with house.session() as session:
        receipt = (await session.exec(select(tables.Receipt))).one()
    refund = await admin.post(
        f"/receipts/{receipt.id}/refund",
        json={"id": str(receipt.id), "amount_cents": 10_000, "reason": "ha pagato due volte", "out_of": "agent_cash"},
    )
    assert refund.status_code == 200, refund.text
    second = (await made(admin, plan))[0]
    _, *later, closing = cells(await content_of(admin, second))

    said = [(row[0], row[4], row[5], row[6]) for row in rows]
    assert said == [
        ("P-001", "ACC", "", ""),
        ("P-001", "INC", "300,00", "270,00"),
        ("P-002", "ABSENT_NO_NOTICE", "", ""),
    ]
    assert [(row[4], row[5]) for row in later] == [("RIM", "-100,00")]
    assert closing[:5] == ["CONTROLLO", "2", "1", "-100,00", first["sha256"]]
    assert len(await made(admin, plan)) == 2


async def test_the_sum_of_the_files_is_what_the_ledger_owes_the_creditor(house: House) -> None:
    await a_day(house)
    admin, plan = await told(house)
    files = await made(admin, plan)

    trial = (await admin.get("/ledger/trial-balance")).json()

    owed = [row["balance_cents"] for row in trial["accounts"] if row["kind"] == "creditor_dues"]
    assert sum(file["total_cents"] for file in files) == 30_000 == -sum(owed)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "fixed"])
async def test_a_receiver_sees_that_all_of_a_file_came(house: House, kind: str) -> None:
    await a_day(house)
    columns = [{**one, "width": 20} if kind == "fixed" else one for one in LAYOUT["columns"]]
    layout = {"kind": kind, "columns": columns, "implied_decimals": 2 if kind == "fixed" else 0}
    admin, plan = await told(house, layout=layout)
    file = (await made(admin, plan))[0]

    content = await content_of(admin, file)

    control = read_control(content, layout_of(layout))
    assert (control.sequence, control.rows, control.total_cents) == (1, 3, 30_000)
    assert sha256(content) == file["sha256"]
    if kind != "xlsx":
        with pytest.raises(ValueError, match="disagrees"):
            read_control(content.replace(b"P-002", b"P-003"), layout_of(layout))
    if kind == "fixed":
        assert b"00000000000000030000" in content


async def test_an_amount_that_does_not_fit_makes_no_file_and_loses_nothing(house: House) -> None:
    await a_day(house)
    narrow = [{**one, "width": 4 if one["field"] == "amount" else 12} for one in LAYOUT["columns"]]
    admin, plan = await told(house, layout={"kind": "fixed", "columns": narrow})

    refused = await admin.post(f"/export-plans/{plan['id']}/make")
    wide = [{**one, "width": 12} for one in LAYOUT["columns"]]
    await admin.post(f"/export-plans/{plan['id']}", json=planned(layout={"kind": "fixed", "columns": wide}))
    file = (await made(admin, plan))[0]

    assert (refused.status_code, refused.json()["code"]) == (409, "export.too_wide")
    assert (file["sequence"], file["rows"]) == (1, 3)


async def test_a_dry_run_tells_nobody_and_says_where_a_mapping_departs_from_what_was_told(house: House) -> None:
    await a_day(house)
    admin, plan = await told(house)
    dry = {"creditor_id": str(house.creditor_id), "plan_id": plan["id"], "layout": LAYOUT, "codes": CODES}

    before = (await admin.post("/export-plans/preview", json=dry)).json()
    await made(admin, plan)
    changed = (await admin.post("/export-plans/preview", json={**dry, "codes": {**CODES, "PAID_PARTIAL": "A1"}})).json()

    assert (before["rows"], before["total_cents"], before["changed"]) == (3, 30_000, [])
    assert [one["said"] for one in before["codes"] if not one["mapped"]] == ["ABSENT_NO_NOTICE"]
    assert "P-001" in before["sample"]
    assert changed["rows"] == 0
    assert changed["changed"] == [{"said": "PAID_PARTIAL", "told": "ACC", "now": "A1", "rows": 1}]


async def test_what_was_told_whom_and_when_stands_beside_each_practice(house: House) -> None:
    await a_day(house)
    admin, plan = await told(house)
    file = (await made(admin, plan))[0]
    async with house.session() as session:
        practice = (await session.exec(select(tables.Practice).where(tables.Practice.practice_number == "P-001"))).one()

    waiting = (await admin.get(f"/practices/{practice.id}/told")).json()["rows"]
    await content_of(admin, file)
    handed = (await admin.get(f"/practices/{practice.id}/told")).json()["rows"]

    assert [(row["fact_kind"], row["code"], row["state"], row["told_at"]) for row in waiting] == [
        ("payment.received", "INC", "waiting", None),
        ("visit.reported", "ACC", "waiting", None),
    ]
    assert {(row["way"], row["name"], row["state"]) for row in handed} == {("file", file["name"], "delivered")}
    assert all(row["told_at"] for row in handed)


async def at_their_hour(house: House) -> None:
    """Half past six in the evening comes, and the workers do what is due."""
    house.clock.move_to(NOW.replace(hour=18))
    await outgoing_courier.wake_all(house.parts)
    await house.run_jobs()


async def sent_to(house: House, depot: Depot, **changes: Any) -> tuple[Desk, dict[str, Any]]:
    admin, plan = await told(house, place="sftp", target=depot.target(**changes))
    depot.trusted = plan["public_key"]
    return admin, plan


async def files_of(desk: Desk, plan: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await desk.get(f"/outgoing-files?plan_id={plan['id']}")).json())


async def test_a_file_is_made_at_its_hour_and_lies_at_the_creditors(house: House, tmp_path: Path) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_to(house, depot)

        await at_their_hour(house)

        file = (await files_of(admin, plan))[0]
        assert list(depot.files()) == [file["name"]]
        assert sha256(depot.files()[file["name"]]) == file["sha256"]
        assert (file["state"], file["attempts"]) == ("delivered", 1)
    async with house.session() as session:
        payments = (await session.exec(select(tables.Payment))).all()
    assert [payment.reported_at for payment in payments] == [house.clock.now()]


async def test_sending_again_puts_the_same_bytes_under_the_same_name(house: House, tmp_path: Path) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_to(house, depot)
        await at_their_hour(house)
        before = depot.files()

        await admin.post(f"/outgoing-files/{(await files_of(admin, plan))[0]['id']}/resend")
        await house.run_jobs()

        assert depot.files() == before
        assert len(depot.opened) == 2
        file = (await files_of(admin, plan))[0]
        assert (file["state"], file["attempts"], file["sequence"]) == ("delivered", 2, 1)


async def test_a_server_that_cuts_in_mid_file_never_shows_half_of_it(house: House, tmp_path: Path) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_to(house, depot)
        depot.cut_after = 0
        await at_their_hour(house)
        halfway, failed = depot.files(), (await files_of(admin, plan))[0]

        depot.cut_after = None
        house.clock.move_to(NOW.replace(hour=19))
        await outgoing_courier.wake_all(house.parts)
        await house.run_jobs()

        assert not any(not name.startswith(".") for name in halfway)
        assert (failed["state"], failed["last_failure"]) == ("waiting", "broke_off")
        assert list(depot.files()) == [failed["name"]]
        assert (await files_of(admin, plan))[0]["state"] == "delivered"


async def test_a_full_server_keeps_the_later_files_behind_and_asks_a_person_after_three_days(
    house: House, tmp_path: Path
) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_to(house, depot)
        depot.full = True
        await at_their_hour(house)
        house.clock.move_to(NOW + timedelta(days=4))
        await outgoing_courier.wake_all(house.parts)
        await house.run_jobs()

        admin = await house.sign_in(Role.ADMINISTRATOR)
        file = (await files_of(admin, plan))[0]
        open_tasks = [task["kind"] for task in (await admin.get("/tasks")).json()]

        assert (file["state"], file["last_failure"]) == ("held", "server_failed")
        assert "export.held" in open_tasks


@pytest.mark.parametrize(
    ("changes", "trusted", "why"),
    [
        # The administrator has not compared the server's key yet.
        ({"host_key": ""}, True, "host_not_trusted"),
        # The server does not know our key.
        ({}, False, "login_refused"),
        ({"folder": "non/esiste"}, True, "folder_missing"),
    ],
)
async def test_a_place_that_does_not_open_is_said_by_name(
    house: House, tmp_path: Path, changes: dict[str, Any], trusted: bool, why: str
) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_to(house, depot, **changes)
        depot.trusted = depot.trusted if trusted else ""

        await at_their_hour(house)

        assert [(row["state"], row["last_failure"]) for row in await files_of(admin, plan)] == [("waiting", why)]
        assert depot.files() == {}


async def test_another_servers_key_is_not_spoken_to(house: House, tmp_path: Path) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "one") as one, sftp_server(tmp_path / "other") as other:
        admin, plan = await sent_to(house, one, host_key=other.host_key)

        seen = (await admin.post(f"/export-plans/{plan['id']}/host-key")).json()
        await at_their_hour(house)

        assert seen["host_key"] == one.host_key
        assert seen["fingerprint"].startswith("SHA256:")
        assert (await files_of(admin, plan))[0]["last_failure"] == "host_key_changed"


async def test_something_else_under_the_name_is_not_overwritten(house: House, tmp_path: Path) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_to(house, depot)
        (depot.root / "esiti-20261126-000001.csv").write_bytes(b"di un altro")

        await at_their_hour(house)

        assert (await files_of(admin, plan))[0]["last_failure"] == "name_taken"
        assert list(depot.files().values()) == [b"di un altro"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # A path that climbs.
        ({"place": "folder", "target": {"folder": "../etc"}}, "export.target_unusable"),
        ({"place": "sftp", "target": {"host": "a b", "user": "x"}}, "export.target_unusable"),
        # Only buckets, never a file of this machine.
        ({"place": "bucket", "target": {"url": "file:///etc"}}, "export.target_unusable"),
        # Nothing in it could be booked.
        ({"layout": {"kind": "csv", "columns": []}}, "export.contradiction"),
        ({"layout": {"kind": "fixed", "columns": LAYOUT["columns"]}}, "export.contradiction"),
        ({"layout": {"kind": "pdf", "columns": LAYOUT["columns"]}}, "export.contradiction"),
        ({"codes": {"PAID_FULL": "x" * 41}}, "export.codes_unusable"),
    ],
)
async def test_a_plan_that_could_not_work_is_refused(house: House, changes: dict[str, Any], code: str) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)

    answer = await admin.post("/export-plans", json={"creditor_id": str(house.creditor_id), "plan": planned(**changes)})

    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("store", [MemoryStore(), "folder"])
async def test_an_object_is_put_once_found_when_it_is_there_and_never_over_another(store: Any, tmp_path: Path) -> None:
    bucket = LocalStore(tmp_path) if store == "folder" else store

    first = await put_into(bucket, "esiti-1.csv", b"uno", again=False)
    after_a_crash = await put_into(bucket, "esiti-1.csv", b"uno", again=False)
    on_purpose = await put_into(bucket, "esiti-1.csv", b"uno", again=True)
    with pytest.raises(HandOverFailed, match="name_taken"):
        await put_into(bucket, "esiti-1.csv", b"due", again=True)

    assert (first, after_a_crash, on_purpose) == ("sent", "found_there", "sent")


async def test_a_full_disk_of_ours_makes_no_file_and_the_next_round_makes_it_whole(
    house: House, tmp_path: Path
) -> None:
    await a_day(house)
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        filler = small / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as out:
            while out.write(b"x" * 4_096):
                pass
        full = replace(house, parts=replace(house.parts, blobs=Blobs.at(small.as_uri())))
        admin, plan = await told(house, place="folder", target={"folder": "mandante"})
        house.clock.move_to(NOW.replace(hour=18))

        await outgoing_courier.deliver(full.parts, house.agency_id, UUID(plan["id"]))
        none, waiting = await files_of(admin, plan), (await admin.get("/tasks")).json()
        filler.unlink()
        house.clock.move_to(NOW.replace(hour=18, minute=30))
        (tmp_path / "mandante").mkdir()
        there = replace(full.parts, export_folder=tmp_path)
        await outgoing_courier.deliver(there, house.agency_id, UUID(plan["id"]))

        assert none == []
        assert [task["kind"] for task in waiting] == ["export.not_made"]
        assert [(row["sequence"], row["rows"], row["state"]) for row in await files_of(admin, plan)] == [
            (1, 3, "delivered")
        ]
    finally:
        subprocess.run(["umount", str(small)], check=True)
