"""The debtor may say which debt a payment is for (art. 1193 c.c.): at the door, on a pad's form, with a transfer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from fieldapp.domain.access import Role
from fieldapp.domain.allocation import OpenLine, allocate, order_named
from fieldapp.domain.receipts import read_receipt
from fieldapp.store import ledger, tables
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import House
from tests.flows.phone import PARTS, FieldPhone
from tests.flows.test_cash import announced, good, refused, report, rows
from tests.flows.test_money_walk import three_lines
from tests.flows.test_pads import a_pad, paper
from tests.flows.test_sync import AGENCY, AT, day_of, phone_of


async def at_a_door(house: House, **creditor: Any) -> tuple[FieldPhone, dict[str, Any]]:
    """A door where three debts are owed; the second of them owes 20.000 of principal, 1.500 interest, 500 costs."""
    async with house.session() as session:
        row = await session.get_one(tables.Creditor, house.creditor_id)
        for name, value in creditor.items():
            setattr(row, name, value)
    await published(house, await three_lines(house, "P-001"))
    phone = await phone_of(house)
    return phone, (await day_of(phone))["stops"][0]


def chosen(phone: FieldPhone, stop: dict[str, Any], cents: int, at: int | None, *, laid: int | None = None) -> Any:
    """A payment for which the debtor names the line `at`; the phone lays it on `laid` first, which is the same."""
    practice = stop["practice"]
    lines = [OpenLine(line["id"], *(line[part] for part in reversed(PARTS))) for line in practice["debt_lines"]]
    first = laid if laid is not None else at
    order = order_named(practice["creditor"]["allocation_order"])
    shares = allocate(cents, lines, order=order, chosen=None if first is None else lines[first].id).lines
    split = [
        {"debt_line_id": one.id, **{part: getattr(one, part) for part in PARTS}} for one in shares if one.total_cents
    ]
    payment = phone.pay(
        practice, cents, at=AT + timedelta(minutes=8), agency=AGENCY, method="cash", answers={}, laid=split
    )
    return payment if at is None else {**payment, "chosen_line": lines[at].id}


async def brought(phone: FieldPhone, stop: dict[str, Any], payment: dict[str, Any]) -> None:
    await report(phone, stop, [payment], outcome="PAID_PARTIAL", captured={"reason": "short_of_money"})


async def owed(house: House, stop: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Principal, interest and costs of each line, in its order."""
    practice_id = UUID(stop["practice"]["id"])
    async with house.session() as session:
        balances = (await ledger.owed(session, [practice_id]))[practice_id]
    found = [balances[UUID(line["id"])] for line in stop["practice"]["debt_lines"]]
    return [(one.principal_cents, one.interest_cents, one.costs_cents) for one in found]


async def flags(house: House) -> set[str]:
    [visit] = await rows(house, tables.Visit)
    return {flag for flag in visit.flags if flag.startswith("payment.")}


async def test_a_chosen_debt_is_paid_first_and_stands_on_receipt_file_and_fact(house: House) -> None:
    phone, stop = await at_a_door(house)
    line = stop["practice"]["debt_lines"][1]

    await brought(phone, stop, chosen(phone, stop, 5_000, 1))

    # Within the debt costs and interest come before principal (art. 1194 c.c.).
    assert await owed(house, stop) == [(87_000, 2_000, 1_000), (17_000, 0, 0), (50_000, 0, 2_500)]
    [receipt] = await rows(house, tables.Receipt)
    assert [one.title for one in read_receipt(receipt.value).lines] == [line["title"]]
    [payment] = await rows(house, tables.Payment)
    assert payment.chosen_line == UUID(line["id"])
    desk = await house.sign_in(Role.BACK_OFFICE)
    file = good(await desk.get(f"/practices/{stop['practice']['id']}"))
    assert file["receipts"][0]["chosen_line"] == file["visits"][0]["receipts"][0]["chosen_line"] == line["title"]
    fact = next(fact for fact in await rows(house, tables.Fact) if fact.kind == "payment.received")
    assert fact.body["chosen_line"] == line["id"]
    assert await flags(house) == set()


async def test_what_is_more_than_the_chosen_debt_goes_on_in_the_creditors_order(house: House) -> None:
    phone, stop = await at_a_door(house)

    await brought(phone, stop, chosen(phone, stop, 55_000, 2))

    # 52.500 were owed on it; the rest pays costs, then interest of the first.
    assert await owed(house, stop) == [(87_000, 500, 0), (20_000, 1_500, 500), (0, 0, 0)]
    assert await flags(house) == set()


async def test_a_creditor_who_takes_principal_first_takes_it_first_within_the_chosen_debt(house: House) -> None:
    phone, stop = await at_a_door(house, allocation_order=["principal", "interest", "costs"])

    await brought(phone, stop, chosen(phone, stop, 5_000, 1))

    assert (await owed(house, stop))[1] == (15_000, 1_500, 500)


async def test_without_a_choice_the_creditors_order_stands_and_the_receipt_says_nothing_of_one(house: House) -> None:
    phone, stop = await at_a_door(house)

    await brought(phone, stop, chosen(phone, stop, 5_000, None))

    assert (await owed(house, stop))[0] == (85_000, 0, 0)
    [payment] = await rows(house, tables.Payment)
    assert payment.chosen_line is None


async def test_another_phone_paid_the_chosen_debt_meanwhile_and_the_rest_goes_on(house: House) -> None:
    phone, stop = await at_a_door(house)
    other = await phone_of(house)
    both = [chosen(one, stop, 15_000, 1) for one in (phone, other)]

    await brought(phone, stop, both[0])
    await brought(other, stop, both[1])

    # 22.000 were owed on it: of the second payment 7.000 fit, the rest is laid in the creditor's order.
    assert await owed(house, stop) == [(82_000, 0, 0), (0, 0, 0), (50_000, 0, 2_500)]
    laid = [visit.flags for visit in await rows(house, tables.Visit)]
    assert any("payment.laid_otherwise" in one for one in laid)


@pytest.mark.parametrize(
    ("creditor", "at", "laid", "flag"),
    [
        # The paper says otherwise than the debtor did.
        ({}, 1, 0, "payment.not_as_chosen"),
        # The creditor and the debtor have agreed on an order.
        ({"debtor_chooses": False}, 1, 1, "payment.choice_not_agreed"),
    ],
)
async def test_a_choice_that_does_not_hold_stands_as_the_paper_says_and_somebody_looks(
    house: House, creditor: dict[str, Any], at: int, laid: int, flag: str
) -> None:
    phone, stop = await at_a_door(house, **creditor)

    await brought(phone, stop, chosen(phone, stop, 5_000, at, laid=laid))

    assert await flags(house) == {flag}
    assert [task.kind for task in await rows(house, tables.Task)].count("visit.flagged") == 1
    assert sum((await owed(house, stop))[laid]) == (90_000, 22_000)[laid] - 5_000


async def test_a_debt_of_another_practice_is_refused(house: House) -> None:
    phone, stop = await at_a_door(house)
    payment = chosen(phone, stop, 5_000, 1) | {"chosen_line": str(uuid4())}

    with pytest.raises(AssertionError, match=r"payment\.line_of_another"):
        await brought(phone, stop, payment)


# --- at the desk -------------------------------------------------------------------------------------------------


async def test_a_transfer_goes_to_the_debt_that_the_debtor_named(house: House) -> None:
    await announced(house, 20_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    async with house.session() as session:
        second = tables.DebtLine(
            id=house.parts.new_id(),
            agency_id=house.agency_id,
            practice_id=UUID(waiting["practice_id"]),
            title="Rata 2",
            kind="consumer_loan",
            position=2,
            due_on=AT.date(),
            principal_cents=0,
            interest_cents=0,
            costs_cents=0,
        )
        session.add(second)
    path = f"/practices/{waiting['practice_id']}/allocation?amount_cents=20000"
    alone = good(await desk.get(path))
    first = next(iter(await rows(house, tables.DebtLine)))
    body = {"seen_on": "2026-11-26", "amount_cents": 20_000, "reference": "CRO 1", "into": "agency"}

    stranger = await desk.post(
        f"/cash/transfers/{waiting['promise_id']}/confirm", json={**body, "chosen_line": str(uuid4())}
    )
    good(
        await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json={**body, "chosen_line": str(first.id)})
    )

    # With one debt open there is nothing to choose.
    assert alone["choices"] == []
    assert refused(stranger) == "payment.line_of_another"
    [payment] = await rows(house, tables.Payment)
    assert payment.chosen_line == first.id


async def test_a_preview_shows_the_choice_and_where_it_leads(house: House) -> None:
    _, stop = await at_a_door(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    path = f"/practices/{stop['practice']['id']}/allocation?amount_cents=5000"

    seen = good(await desk.get(path))
    third = good(await desk.get(f"{path}&chosen_line={seen['choices'][2]['id']}"))
    async with house.session() as session:
        (await session.get_one(tables.Creditor, house.creditor_id)).debtor_chooses = False
    agreed = good(await desk.get(path))
    barred = refused(await desk.get(f"{path}&chosen_line={seen['choices'][2]['id']}"))

    assert [one["owed_cents"] for one in seen["choices"]] == [90_000, 22_000, 52_500]
    assert [one["title"] for one in third["lines"]] == [seen["choices"][2]["title"]]
    assert (agreed["choices"], barred) == ([], "payment.choice_not_agreed")


async def test_a_form_of_a_pad_says_which_debt_was_paid(house: House) -> None:
    await published(house, practice_id := await three_lines(house, "P-001"))
    desk = await house.sign_in(Role.BACK_OFFICE)
    pad = await a_pad(house, desk)
    line = next(row for row in await rows(house, tables.DebtLine) if row.position == 1)

    good(
        await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id, chosen_line=str(line.id)))
    )

    [payment] = await rows(house, tables.Payment)
    [receipt] = await rows(house, tables.Receipt)
    assert payment.chosen_line == line.id
    assert read_receipt(receipt.value).lines[0].title == line.title


async def test_a_practice_of_one_debt_offers_no_choice(house: House) -> None:
    practice_id = await entrusted(house, "P-001")
    desk = await house.sign_in(Role.BACK_OFFICE)

    assert good(await desk.get(f"/practices/{practice_id}/allocation?amount_cents=5000"))["choices"] == []
