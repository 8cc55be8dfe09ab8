"""The worker that hands files over is killed: nothing is lost, and nothing is sent twice without saying so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from sqlmodel import col, select

from fieldapp.domain.ids import sha256
from fieldapp.services import outgoing_courier
from fieldapp.services.outgoing import ROUND
from fieldapp.settings import Settings
from fieldapp.store import tables
from tests.flows.conftest import House
from tests.flows.sftp_server import sftp_server
from tests.flows.test_outgoing import a_day, made, sent_to
from tests.flows.test_webhooks_killed import a_worker
from tests.flows.test_webhooks_killed import settings as settings


@pytest.mark.parametrize(
    ("moment", "afterwards"),
    [
        # Half of it lies there under another name: it is sent whole.
        ("write", "sent"),
        # All of it lies there, and nobody wrote that down: it is found and not sent again.
        ("rename", "found_there"),
    ],
)
async def test_a_file_whose_worker_was_killed_lies_there_once_and_whole(
    house: House, settings: Settings, tmp_path: Path, moment: Literal["write", "rename"], afterwards: str
) -> None:
    await a_day(house)
    async with sftp_server(tmp_path / "depot") as depot:
        admin, plan = await sent_to(house, depot)
        file = (await made(admin, plan))[0]
        depot.hangs_at = moment
        await house.parts.jobs.configure_task(ROUND).defer_async(agency_id=str(house.agency_id), plan_id=plan["id"])
        async with a_worker(settings) as worker:
            async with asyncio.timeout(60):
                await depot.reached.wait()
            worker.kill()
            worker.wait()

        depot.hangs_at = None
        house.clock.move_to(datetime.now(UTC) + timedelta(hours=1))
        await outgoing_courier.deliver(house.parts, house.agency_id, UUID(plan["id"]))

        whole = {name: content for name, content in depot.files().items() if not name.startswith(".")}
    assert {name: sha256(content) for name, content in whole.items()} == {file["name"]: file["sha256"]}
    async with house.session() as session:
        tries = (await session.exec(select(tables.HandOver).order_by(col(tables.HandOver.number)))).all()
    assert [(one.number, one.result) for one in tries] == [(1, "cut_off"), (2, afterwards)]
