"""The whole line: a creditor's file at one end, a euro in the practice file and in the creditor's layout at the other.

Nothing of the case is arranged in the store: what the agent meets at the door came by file, plan and published day.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import LAYOUT, file_of, lay_out_streets, practice_file, row, taken_in, zip_of
from tests.flows.test_planning import published_day, stops_of
from tests.flows.test_sync import day_of, paid_report, phone_of, verdicts

OWED_CENTS, PAID_CENTS = 100_000, 12_345


async def in_the_creditors_layout(house: House, desk: Desk) -> list[dict[str, str]]:
    answer = await desk.get(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")
    return list(csv.DictReader(io.StringIO(answer.content.decode()), delimiter=";"))


async def balances(desk: Desk) -> dict[str, int]:
    trial = (await desk.get("/ledger/trial-balance")).json()
    assert trial["total_cents"] == 0
    found: dict[str, int] = {}
    for account in trial["accounts"]:
        found[account["kind"]] = found.get(account["kind"], 0) + account["balance_cents"]
    return found


async def test_a_creditors_file_becomes_a_euro_in_the_practice_file(house: House) -> None:
    lay_out_streets(house)
    async with house.session() as session:
        (await session.get_one(tables.Creditor, house.creditor_id)).layout = LAYOUT
    office = await house.sign_in(Role.BACK_OFFICE)
    documents = zip_of({"P-1_fattura.pdf": b"%PDF-1.7\nan invoice\n%%EOF\n"})
    bad = row("P-2", cents=50_000) | {"Scadenza": "31/02/2026"}

    report = await taken_in(office, house, file_of(row("P-1", cents=OWED_CENTS), bad), documents=documents)
    published = await published_day(house, await house.sign_in(Role.DISPATCHER))
    phone = await phone_of(house)
    [stop] = (await day_of(phone))["stops"]
    visit: dict[str, Any] = paid_report(phone, stop, PAID_CENTS)
    assert await verdicts(phone, phone.envelope("visit", visit, at=NOW)) == [("accepted", None)]
    for digest, content in phone.blobs.items():
        assert (await phone.request("PUT", f"/field/attachments/{digest}", content=content)).status_code == 200

    # The file's sum is whole, and what was good of it is what the door was told.
    assert (report["accepted_cents"], report["rejected_cents"]) == (OWED_CENTS, 50_000)
    assert [one["practice_number"] for one in stops_of(published)] == ["P-1"]
    assert (stop["practice"]["practice_number"], stop["practice"]["owed_cents"]) == ("P-1", OWED_CENTS)
    # The practice file, to the cent.
    file = await practice_file(office, "P-1")
    [receipt], [seen] = file["receipts"], file["visits"]
    assert (file["owed_cents"], file["collected_cents"]) == (OWED_CENTS - PAID_CENTS, PAID_CENTS)
    assert (seen["outcome"], seen["signature"]["refused"]) == ("PAID_PARTIAL", False)
    assert {one["kind"] for one in seen["documents"]} >= {"entrance"}
    assert [one["name"] for one in file["documents"]] == ["P-1_fattura.pdf"]
    # The ledger: the cash lies in the agent's purse, and the creditor is owed as much.
    duty = 200  # above 77.47 euro the receipt bears a stamp, which the debtor hands over too
    held = await balances(office)
    assert held["agent_cash"] == PAID_CENTS + duty
    assert sum(cents for kind, cents in held.items() if kind.startswith("claim_")) == OWED_CENTS - PAID_CENTS
    # And back to the creditor.
    [told] = await in_the_creditors_layout(house, office)
    assert (told["Numero pratica"], told["Importo incassato"]) == ("P-1", "123,45")
    assert told["Quietanza"] == receipt["label"]
    async with house.session() as session:
        assert len((await session.exec(select(tables.Practice))).all()) == 1
