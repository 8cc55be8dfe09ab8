"""What a creditor agreed on the order in which money settles: set by an administrator, followed by all."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House
from tests.flows.test_chosen_debt import at_a_door, brought, chosen, owed
from tests.flows.test_sync import day_of, phone_of

PRINCIPAL_FIRST = ["principal", "costs", "interest"]
AGREED = "convenzione del 3 marzo 2026, art. 7"


@pytest.fixture
async def admin(house: House) -> Desk:
    return await house.sign_in(Role.ADMINISTRATOR)


async def set_order(desk: Desk, house: House, **changes: Any) -> Any:
    body = {"parts": PRINCIPAL_FIRST, "debtor_chooses": True, "reference": AGREED} | changes
    return await desk.post(f"/creditors/{house.creditor_id}/payment-order", json=body)


async def test_the_order_reaches_the_phone_with_its_day_and_both_sides_lay_money_alike(
    house: House, admin: Desk
) -> None:
    phone, stop = await at_a_door(house)
    practice_id = stop["practice"]["id"]
    before = await owed(house, stop)

    await set_order(admin, house)
    stop = (await day_of(phone))["stops"][0]
    payment = chosen(phone, stop, 7_000, None)
    shown = (await admin.get(f"/practices/{practice_id}/allocation", params={"amount_cents": 7_000})).json()
    await brought(phone, stop, payment)

    assert stop["practice"]["creditor"]["allocation_order"] == shown["order"] == PRINCIPAL_FIRST
    parts = ("principal_cents", "interest_cents", "costs_cents")
    on_the_phone = [tuple(share[part] for part in parts) for share in payment["allocation"]]
    assert on_the_phone == [tuple(line[part] for part in parts) for line in shown["lines"]] == [(7_000, 0, 0)]
    after = await owed(house, stop)
    assert [before[0][at] - after[0][at] for at in range(3)] == [7_000, 0, 0]
    async with house.session() as session:
        flags = (await session.exec(select(tables.Visit.flags))).all()
    assert "payment.laid_otherwise" not in [flag for found in flags for flag in found]


async def test_a_creditor_who_agreed_so_leaves_the_debtor_no_choice_on_phone_and_desk(
    house: House, admin: Desk
) -> None:
    phone, stop = await at_a_door(house)
    practice_id = stop["practice"]["id"]
    line_id = stop["practice"]["debt_lines"][1]["id"]

    await set_order(admin, house, debtor_chooses=False)

    assert (await day_of(phone))["stops"][0]["practice"]["creditor"]["debtor_chooses"] is False
    asked = {"amount_cents": 1_000, "chosen_line": line_id}
    refused = await admin.get(f"/practices/{practice_id}/allocation", params=asked)
    assert refused.json()["code"] == "payment.choice_not_agreed"
    asked.pop("chosen_line")
    assert (await admin.get(f"/practices/{practice_id}/allocation", params=asked)).json()["choices"] == []


async def older_and_older(house: House, stop: dict[str, Any]) -> None:
    """The first line of the file fell due last, the other two before it on one day."""
    async with house.session() as session:
        for line, due_on in zip(
            stop["practice"]["debt_lines"], (date(2026, 3, 1), date(2025, 6, 1), date(2025, 6, 1)), strict=True
        ):
            (await session.get_one(tables.DebtLine, UUID(line["id"]))).due_on = due_on


async def test_without_an_agreement_lines_are_ranked_by_the_law_wherever_money_is_laid(
    house: House, admin: Desk
) -> None:
    _, stop = await at_a_door(house)
    await older_and_older(house, stop)
    practice_id = stop["practice"]["id"]
    # The second owes 20.000, 1.500 and 500, the third 50.000 and 2.500 of costs: 22.000 and 52.500 of one day.
    asked = {"practice_id": practice_id, "amount_cents": 14_900}

    shown = (await admin.get(f"/practices/{practice_id}/allocation", params={"amount_cents": 14_900})).json()
    counter = (await admin.post("/counter/preview", json=asked)).json()["allocation"]

    parts = ("principal_cents", "interest_cents", "costs_cents")
    laid = [(line["title"], *(line[part] for part in parts)) for line in shown["lines"]]
    assert laid == [("Rata 1 P-001", 2_400, 1_500, 500), ("Rata 2 P-001", 8_000, 0, 2_500)]
    assert counter["lines"] == shown["lines"]


async def test_what_a_phone_laid_on_a_debt_that_is_paid_goes_on_as_the_law_ranks(house: House) -> None:
    phone, stop = await at_a_door(house)
    await older_and_older(house, stop)
    other = await phone_of(house)
    both = [chosen(phone, stop, 90_000, 0), chosen(other, stop, 60_000, 0)]

    await brought(phone, stop, both[0])
    await brought(other, stop, both[1])

    # The first payment settled the first line: 60.000 over two debts of one day, 22.000 and 52.500, in proportion.
    assert await owed(house, stop) == [(0, 0, 0), (4_282, 0, 0), (10_218, 0, 0)]


async def test_what_was_taken_before_stays_where_it_was_laid(house: House, admin: Desk) -> None:
    phone, stop = await at_a_door(house)
    await brought(phone, stop, chosen(phone, stop, 7_000, None))
    laid = await owed(house, stop)

    await set_order(admin, house)

    assert await owed(house, stop) == laid


async def test_the_history_says_who_set_what_and_where_it_was_agreed(house: House, admin: Desk) -> None:
    empty = (await admin.get(f"/creditors/{house.creditor_id}/payment-order")).json()
    await set_order(admin, house)
    again = (await set_order(admin, house, reference="la stessa cosa, detta due volte")).json()
    back = (await set_order(admin, house, parts=["costs", "interest", "principal"], reference="disdetta 2026")).json()

    assert empty == {"parts": ["costs", "interest", "principal"], "debtor_chooses": True, "history": []}
    assert [row["reference"] for row in again["history"]] == [AGREED]
    assert [(row["parts"][0], row["set_by"]) for row in back["history"]] == [
        ("costs", "Nome administrator"),
        ("principal", "Nome administrator"),
    ]
    async with house.session() as session:
        said = (
            await session.exec(select(tables.AuditEntry).where(tables.AuditEntry.action == "payment_order.set"))
        ).all()
    assert [entry.details["reference"] for entry in said] == [AGREED, "disdetta 2026"]


async def test_two_who_set_the_same_at_once_set_it_once(house: House, admin: Desk) -> None:
    answers = await asyncio.gather(*(set_order(admin, house) for _ in range(4)))

    assert {answer.status_code for answer in answers} == {200}
    held = (await admin.get(f"/creditors/{house.creditor_id}/payment-order")).json()
    assert len(held["history"]) == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"parts": ["principal", "principal", "costs"]}, "payment.allocation_order_incomplete"),
    ({"parts": ["principal"]}, "payment.allocation_order_incomplete"),
    ({"parts": ["principal", "costs", "duty"]}, "request.malformed"),
    ({"reference": "  ok   "}, "payment_order.reference_short"),
    ({"reference": "x" * 201}, "request.malformed"),
]


@pytest.mark.parametrize(("changes", "code"), BAD)
async def test_an_order_that_cannot_be_is_refused(
    house: House, admin: Desk, changes: dict[str, Any], code: str
) -> None:
    answer = await set_order(admin, house, **changes)

    assert answer.json()["code"] == code
    assert (await admin.get(f"/creditors/{house.creditor_id}/payment-order")).json()["history"] == []


async def test_only_an_administrator_of_the_agency_sets_it(house: House) -> None:
    await entrusted(house)
    clerk = await house.sign_in(Role.BACK_OFFICE)
    _, _, person = await house.other_agency()
    stranger = await house.sign_in(person=person)

    assert (await set_order(clerk, house)).json()["code"] == "access.not_your_role"
    assert (await set_order(stranger, house)).status_code in (403, 404)
    async with house.session() as session:
        row = await session.get_one(tables.Creditor, UUID(str(house.creditor_id)))
        assert row.debtor_chooses
        assert (await session.exec(select(tables.PaymentOrder))).all() == []
