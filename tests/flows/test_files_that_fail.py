"""Files for creditors that fail: what is sent once more holds nobody up, what cannot be made is said."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.outgoing import NO_DIGEST, OutRow, control_of
from fieldapp.services import outgoing as service
from fieldapp.services import outgoing_courier
from fieldapp.store import creditor_account, outgoing, tables
from tests.conftest import NOW
from tests.flows.conftest import Desk, House
from tests.flows.sftp_server import Depot, sftp_server
from tests.flows.test_outgoing import LAYOUT, a_day, at_their_hour, files_of, sent_to, told

LATER = timedelta(days=20)


async def rounds(house: House, count: int = 1, *, apart: timedelta = timedelta(days=1)) -> None:
    for _ in range(count):
        house.clock.move_to(house.clock.now() + apart)
        await outgoing_courier.wake_all(house.parts)
        await house.run_jobs()


async def sent_again_into_a_full_server(house: House, depot: Depot) -> tuple[Desk, dict[str, Any]]:
    """A file that arrived weeks ago is wanted once more, and the server has no room at that moment."""
    await a_day(house)
    _, plan = await sent_to(house, depot)
    await at_their_hour(house)
    house.clock.move_to(NOW + LATER)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    depot.full = True
    answer = await admin.post(f"/outgoing-files/{(await files_of(admin, plan))[0]['id']}/resend")
    assert answer.status_code < 300, answer.text
    await house.run_jobs()
    return admin, plan


async def a_refund(house: House, admin: Desk) -> None:
    async with house.session() as session:
        receipt = (await session.exec(select(tables.Receipt))).one()
    given = {"id": str(uuid4()), "amount_cents": 1_000, "reason": "errore", "out_of": "agent_cash"}
    answer = await admin.post(f"/receipts/{receipt.id}/refund", json=given)
    assert answer.status_code == 200, answer.text


async def test_a_file_sent_again_is_tried_for_its_three_days_and_has_arrived_all_the_same(
    house: House, tmp_path: Path
) -> None:
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_again_into_a_full_server(house, depot)

        [file] = await files_of(admin, plan)
        assert (file["state"], file["last_failure"]) == ("waiting", "server_failed")
        assert file["delivered_at"] is not None

        depot.full = False
        await rounds(house, apart=timedelta(minutes=5))
        admin = await house.sign_in(Role.ADMINISTRATOR)
        [file] = await files_of(admin, plan)
        assert (file["state"], file["last_failure"]) == ("delivered", None)


async def test_a_file_sent_again_in_vain_asks_a_person_and_stays_arrived(house: House, tmp_path: Path) -> None:
    async with sftp_server(tmp_path / "depot") as depot:
        _, plan = await sent_again_into_a_full_server(house, depot)

        await rounds(house, 4)

        admin = await house.sign_in(Role.ADMINISTRATOR)
        [file] = await files_of(admin, plan)
        assert (file["state"], file["last_failure"]) == ("delivered", "server_failed")
        assert "export.held" in [task["kind"] for task in (await admin.get("/tasks")).json()]


async def test_a_file_sent_again_holds_no_later_one_up(house: House, tmp_path: Path) -> None:
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_again_into_a_full_server(house, depot)
        await a_refund(house, admin)
        depot.full = False
        async with house.session() as session:
            again = (await session.exec(select(tables.OutgoingFile))).one()
            again.next_at = NOW + LATER + timedelta(days=30)

        await rounds(house)

        admin = await house.sign_in(Role.ADMINISTRATOR)
        later, first = await files_of(admin, plan)
        assert (first["state"], later["state"]) == ("waiting", "delivered")
        assert [name for name in depot.files() if not name.startswith(".")] == [first["name"], later["name"]]


# --- files that cannot be made ---


async def test_a_file_of_more_receipts_than_a_statement_takes_parameters_is_made(house: House) -> None:
    async with house.session() as session:
        names = {f"A1-{number:06d}" for number in range(1, 70_001)}
        ids = {uuid4() for _ in range(70_000)}

        assert await outgoing._receipts(session, names) == {}
        assert await outgoing._shares(session, {str(one) for one in ids}) == ({}, {})
        assert await outgoing._agents(session, ids) == {}
        assert await outgoing.debtors_of(session, ids) == {}
        assert await creditor_account.received(session, ids, zone=house.parts.zone) == []


async def test_whatever_keeps_a_file_from_being_made_a_person_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_day(house)
    _, plan = await told(house)

    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(outgoing, "untold", broken)
    await at_their_hour(house)
    monkeypatch.undo()

    admin = await house.sign_in(Role.ADMINISTRATOR)
    [task] = [one for one in (await admin.get("/tasks")).json() if one["kind"] == "export.not_made"]
    assert (task["details"]["name"], task["details"]["fault"]) == (plan["name"], "ValueError")
    await rounds(house, apart=timedelta(minutes=16))
    admin = await house.sign_in(Role.ADMINISTRATOR)
    assert [file["rows"] for file in await files_of(admin, plan)] == [3]


async def test_a_large_file_is_written_beside_what_everybody_else_does(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_day(house)
    admin, plan = await told(house, layout={**LAYOUT, "kind": "xlsx"})
    row = OutRow(1, uuid4(), "payment.received", NOW, uuid4(), "P-001", "Rossi", amount_cents=100)
    many = [row] * 6_000

    async def untold(*_: Any, **__: Any) -> tuple[list[OutRow], int, bool]:
        return many, 1, False

    monkeypatch.setattr(outgoing, "untold", untold)
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)

    layout = service.layout_of({**LAYOUT, "kind": "xlsx"})
    control = control_of(many, sequence=1, previous=NO_DIGEST)
    began = time.perf_counter()
    service._sample(house.parts.zone, many, layout, codes={}, control=control)  # type: ignore[arg-type]
    takes_s = time.perf_counter() - began

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    asked = {"creditor_id": str(house.creditor_id), "plan_id": plan["id"], "layout": {**LAYOUT, "kind": "xlsx"}}
    answer = await admin.post("/export-plans/preview", json={**asked, "codes": {}})
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching

    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"] == 6_000
    assert longest < takes_s / 2


# --- two plans into one place ---


async def test_two_plans_into_one_folder_do_not_take_each_others_names(house: House, tmp_path: Path) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, one = await told(house, place="sftp", target=depot.target(), name="Uno")
        _, two = await told(house, place="sftp", target=depot.target(), name="Due")
        depot.trusted = one["public_key"]
        await at_their_hour(house)
        depot.trusted = two["public_key"]
        await rounds(house, apart=timedelta(minutes=5))

        files = (await admin.get("/outgoing-files")).json()
        assert {file["state"] for file in files} == {"delivered"}
        assert [one["target"]["prefix"], two["target"]["prefix"]] == ["esiti", "esiti-2"]
        assert len(depot.files()) == 2
