"""One line of a debt is overpaid, another owes: every screen, paper and rule names the same sum that is left."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fieldapp.domain.access import Role
from fieldapp.domain.ledger import LineBalance, statement_entry
from fieldapp.domain.receipts import read_receipt
from fieldapp.store import ledger, tables
from tests.conftest import NOW
from tests.flows.arranged import published
from tests.flows.conftest import House, new_id
from tests.flows.test_cash import good, report, rows
from tests.flows.test_counter import asked, taken
from tests.flows.test_money_walk import three_lines
from tests.flows.test_sync import AGENCY, AT, day_of, phone_of

LEFT = 90_000 + 22_000


async def overpaid(house: House) -> UUID:
    """Three lines owe 90.000, 22.000 and 52.500; on the last the principal stands 30.000 below zero, all else paid."""
    practice_id = await three_lines(house, "P-001")
    async with house.session() as session:
        present = (await ledger.owed(session, [practice_id]))[practice_id]
        last = max(present, key=lambda line: present[line].principal_cents % 87_000 == 50_000)
        entry = statement_entry(
            at=NOW - timedelta(hours=1),
            idempotency_key="less:P-001",
            creditor_id=house.creditor_id,
            practice_id=practice_id,
            stated={last: LineBalance(-30_000, 0, 0)},
            present={last: present[last]},
        )
        assert entry is not None
        await ledger.post(session, [entry], now=NOW, new_id=new_id)
    return practice_id


async def test_what_was_overpaid_stands_apart_on_file_counter_and_receipt(house: House) -> None:
    practice_id = await overpaid(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    file = good(await desk.get(f"/practices/{practice_id}"))
    assert (file["owed_cents"], file["overpaid_cents"]) == (LEFT, 30_000)
    preview = good(await desk.post("/counter/preview", json={"practice_id": str(practice_id), "amount_cents": 15_000}))
    assert (preview["owed_cents"], preview["allocation"]["residual_cents"]) == (LEFT, LEFT - 15_000)

    done = await taken(desk, asked(practice_id))

    assert done["residual_cents"] == LEFT - 15_000
    [receipt] = await rows(house, tables.Receipt)
    assert read_receipt(receipt.value).residual_cents == LEFT - 15_000
    file = good(await desk.get(f"/practices/{practice_id}"))
    assert (file["owed_cents"], file["overpaid_cents"]) == (LEFT - 15_000, 30_000)


async def test_a_phones_receipt_over_what_is_left_is_borne_out_by_the_books(house: House) -> None:
    await published(house, await overpaid(house))
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]
    assert stop["practice"]["owed_cents"] == LEFT

    cash = phone.pay(stop["practice"], 50_000, at=AT + timedelta(minutes=8), agency=AGENCY, method="cash", answers={})
    await report(phone, stop, [cash], outcome="PAID_PARTIAL", captured={"reason": "short_of_money"})

    [visit] = await rows(house, tables.Visit)
    assert {flag for flag in visit.flags if flag.startswith(("receipt.", "payment."))} == set()
    [receipt] = await rows(house, tables.Receipt)
    assert read_receipt(receipt.value).residual_cents == LEFT - 50_000
