"""Debts that are time-barred, paid at the counter all the same: told before, said on the receipt, never unsaid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.receipts import read_receipt
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import OLD, YOUNG, another_bill, become_bill, entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_cash import report
from tests.flows.test_counter import asked, books, owed, refused, taken
from tests.flows.test_inbound import payment as told_payment
from tests.flows.test_inbound import teller
from tests.flows.test_money_taken_back import a_transfer
from tests.flows.test_pads import a_pad, paper
from tests.flows.test_sync import day_of, phone_of


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def two_bills(house: House) -> tuple[UUID, UUID, UUID]:
    """A practice whose first bill of 900 euro is time-barred and whose second of 200 is not: practice, old, young."""
    practice_id = await entrusted(house)
    await become_bill(house, practice_id, OLD)
    young = await another_bill(house, practice_id, YOUNG)
    async with house.session() as session:
        lines = (await session.exec(select(tables.DebtLine.id).where(tables.DebtLine.practice_id == practice_id))).all()
    [old] = [line for line in lines if line != young]
    return practice_id, old, young


async def shown(desk: Desk, practice_id: UUID, cents: int, chosen: UUID | None = None) -> dict[str, Any]:
    body = {"practice_id": str(practice_id), "amount_cents": cents, "chosen_line": str(chosen) if chosen else None}
    answer = await desk.post("/counter/preview", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_what_may_be_asked_is_paid_before_what_is_barred(house: House, desk: Desk) -> None:
    practice_id, _, _ = await two_bills(house)

    seen = await shown(desk, practice_id, 15_000)
    await taken(desk, asked(practice_id))

    assert seen["barred"] == []
    assert [line["principal_cents"] for line in seen["allocation"]["lines"]] == [15_000]
    # Paid in part, its term of two years begins again today.
    [again] = seen["restarted"]
    assert (again["now"], again["then"]) == ("2028-03-02", "2028-11-27")
    lines = (await desk.get(f"/practices/{practice_id}")).json()["debt_lines"]
    left = [line["principal_cents"] + line["interest_cents"] + line["costs_cents"] for line in lines]
    assert left == [90_000, 5_000]


async def test_money_beyond_it_is_taken_only_when_the_debtor_was_told(house: House, desk: Desk) -> None:
    practice_id, old, young = await two_bills(house)
    body = asked(practice_id, amount_cents=25_000, pieces={"10000": 2, "5000": 1, "200": 1})
    before = await books(house)

    [part] = (await shown(desk, practice_id, 25_000))["barred"]
    code, details = await refused(desk, body)
    other_told, _ = await refused(desk, body | {"told_barred": [str(young)]})

    assert (part["id"], part["since"], part["amount_cents"]) == (str(old), "2026-10-02", 5_000)
    assert (code, details["amount_cents"], other_told) == ("counter.barred_not_told", 5_000, "counter.barred_not_told")
    assert await books(house) == before

    done = await taken(desk, body | {"told_barred": [str(old)]})

    assert done["residual_cents"] == 85_000
    async with house.session() as session:
        receipt = read_receipt((await session.get_one(tables.Receipt, UUID(done["receipt_id"]))).value)
        [fact] = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "payment.received"))).all()
        [task] = (await session.exec(select(tables.Task).where(tables.Task.kind == "payment.flagged"))).all()
    said = "(prescritta: pagata spontaneamente, art. 2940 c.c.)"
    assert [line.title.endswith(said) for line in receipt.lines] == [True, False]
    assert fact.body["barred_cents"] == 5_000
    assert task.details["flags"] == ["limitation.line_barred"]
    # Nobody's acknowledgement revives what was barred when it was made.
    [line] = [
        one for one in (await desk.get(f"/practices/{practice_id}")).json()["debt_lines"] if one["id"] == str(old)
    ]
    assert line["limitation"]["state"] == "barred"


async def test_a_barred_debt_that_the_debtor_chooses_comes_first_and_is_told(house: House, desk: Desk) -> None:
    practice_id, old, _ = await two_bills(house)
    body = asked(practice_id, chosen_line=str(old))

    [part] = (await shown(desk, practice_id, 15_000, old))["barred"]
    untold, _ = await refused(desk, body)
    await taken(desk, body | {"told_barred": [str(old)]})

    assert (part["amount_cents"], untold) == (15_000, "counter.barred_not_told")


@pytest.mark.parametrize("who_says", ["the clock", "a person"])
async def test_a_practice_of_which_nothing_may_be_asked_may_be_paid(house: House, desk: Desk, who_says: str) -> None:
    practice_id = await entrusted(house)
    if who_says == "the clock":
        await become_bill(house, practice_id, OLD)
    else:
        async with house.session() as session:
            session.add(
                tables.PracticeFlag(
                    id=new_id(),
                    agency_id=house.agency_id,
                    practice_id=practice_id,
                    kind="time_barred",
                    since=NOW,
                    source="creditor",
                )
            )

    [part] = (await shown(desk, practice_id, 15_000))["barred"]
    untold, _ = await refused(desk, asked(practice_id))
    await taken(desk, asked(practice_id, told_barred=[part["id"]]))

    assert untold == "counter.barred_not_told"
    assert await owed(desk, practice_id) == 75_000
    async with house.session() as session:
        [task] = (await session.exec(select(tables.Task).where(tables.Task.kind == "payment.flagged"))).all()
    assert set(task.details["flags"]) == {"conduct.debt_time_barred", "limitation.line_barred"}


async def test_the_same_request_says_that_the_debtor_was_told(house: House, desk: Desk) -> None:
    practice_id, old, _ = await two_bills(house)
    body = asked(practice_id, chosen_line=str(old), told_barred=[str(old)])
    await taken(desk, body)

    assert (await taken(desk, body))["again"] is True
    assert (await refused(desk, body | {"told_barred": []}))[0] == "counter.payment_differs"


async def limits(desk: Desk, practice_id: UUID) -> list[int]:
    return [one["count"] for one in (await desk.get(f"/practices/{practice_id}/contacts")).json()["limits"]]


async def test_who_comes_to_pay_stands_in_the_register_and_weighs_in_no_limit(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    twin = await entrusted(house, "P-002", of="P-001")
    before = await limits(desk, practice_id), await limits(desk, twin)

    await taken(desk, asked(practice_id))

    assert (await limits(desk, practice_id), await limits(desk, twin)) == before
    file = (await desk.get(f"/practices/{practice_id}")).json()
    [made] = [one for one in file["earlier_contacts"] if one["channel"] == "office"]
    assert (made["outcome"], made["reached"], made["by"]) == ("CAME_TO_PAY", True, "Nome back_office")
    async with house.session() as session:
        [fact] = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "contact.made"))).all()
    assert fact.body == {"channel": "office", "outcome": "CAME_TO_PAY", "reached": True}


async def test_a_payment_that_is_refused_or_asked_again_leaves_no_second_contact(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    body = asked(practice_id)
    await refused(desk, asked(practice_id, pieces={}))
    await taken(desk, body)
    await taken(desk, body)

    file = (await desk.get(f"/practices/{practice_id}")).json()
    assert [one["channel"] for one in file["earlier_contacts"]].count("office") == 1


async def test_nobody_plans_that_a_debtor_comes(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    asked_for = {"channel": "office", "at": "2026-11-27T09:00:00Z"}

    one = await desk.post(f"/practices/{practice_id}/planned-contacts", json=asked_for)
    many = await desk.post(
        "/bulk-actions", json=asked_for | {"choice": {"ids": [str(practice_id)]}, "kind": "plan_contact"}
    )

    assert (one.json()["code"], many.json()["code"]) == ("request.malformed", "bulk.channel_unusable")


async def test_a_transfer_that_would_pay_a_barred_debt_is_booked_once_the_debtor_was_told(
    house: House, desk: Desk
) -> None:
    practice_id, old, young = await two_bills(house)
    await published(house, practice_id)
    phone = await phone_of(house)
    [stop] = (await day_of(phone))["stops"]
    await report(phone, stop, [a_transfer(25_000, "2026-11-30")], outcome="HARDSHIP", captured={})
    [waiting] = (await desk.get("/cash")).json()["transfers"]
    confirm = f"/cash/transfers/{waiting['promise_id']}/confirm"
    seen = {"seen_on": "2026-11-26", "amount_cents": 25_000, "reference": "CRO 7", "into": "agency"}
    before = await books(house)

    path = f"/practices/{practice_id}/allocation?amount_cents=25000&on=2026-11-26"
    [part] = (await desk.get(path)).json()["barred"]
    untold = await desk.post(confirm, json=seen)
    of_another = await desk.post(confirm, json=seen | {"told_barred": [str(young)]})
    assert await books(house) == before
    told = [await desk.post(confirm, json=seen | {"told_barred": [str(old)]}) for _ in range(2)]

    assert (part["id"], part["amount_cents"]) == (str(old), 5_000)
    assert untold.json()["code"] == of_another.json()["code"] == "counter.barred_not_told"
    assert [answer.status_code for answer in told] == [200, 200]
    async with house.session() as session:
        [receipt] = (await session.exec(select(tables.Receipt))).all()
        [fact] = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "payment.received"))).all()
        [task] = (await session.exec(select(tables.Task).where(tables.Task.kind == "payment.flagged"))).all()
        [payment] = (await session.exec(select(tables.Payment))).all()
    lines = {line.title: line.total_cents for line in read_receipt(receipt.value).lines}
    assert [cents for title, cents in lines.items() if "prescritta" in title] == [5_000]
    assert (fact.body["barred_cents"], task.details["flags"]) == (5_000, ["limitation.line_barred"])
    assert payment.fields["told_barred"] == [str(old)]


async def test_on_a_day_when_the_debt_could_still_be_asked_for_a_transfer_pays_nothing_barred(
    house: House, desk: Desk
) -> None:
    practice_id, old, _ = await two_bills(house)

    path = f"/practices/{practice_id}/allocation?amount_cents=25000"
    then = (await desk.get(f"{path}&on=2026-10-01")).json()
    now = (await desk.get(path)).json()

    assert (then["barred"], [part["id"] for part in now["barred"]]) == ([], [str(old)])


async def test_a_form_of_the_pad_that_pays_a_barred_debt_is_shown_before_and_looked_at_after(
    house: House, desk: Desk
) -> None:
    practice_id, old, _ = await two_bills(house)
    await published(house, practice_id)
    pad = await a_pad(house, desk)
    shown_before = (await desk.get(f"/practices/{practice_id}/allocation?amount_cents=25000")).json()["barred"]

    entered = await desk.post(
        f"/pads/{pad['id']}/receipts",
        json=paper(house, pad, pad["first"], practice_id, amount_cents=25_000, reason="short_of_money"),
    )

    assert [part["id"] for part in shown_before] == [str(old)]
    assert "limitation.line_barred" in entered.json()["flags"], entered.text
    # What may be asked for is paid first, also on paper.
    lines = (await desk.get(f"/practices/{practice_id}")).json()["debt_lines"]
    left = {line["id"]: line["principal_cents"] + line["interest_cents"] + line["costs_cents"] for line in lines}
    assert left[str(old)] == 85_000
    assert sum(left.values()) == 85_000


async def announced(house: House, desk: Desk, practice_id: UUID) -> str:
    """A transfer of 250 euro that the debtor announced at the door: where it is confirmed."""
    await published(house, practice_id)
    phone = await phone_of(house)
    [stop] = (await day_of(phone))["stops"]
    await report(phone, stop, [a_transfer(25_000, "2026-11-30")], outcome="HARDSHIP", captured={})
    [waiting] = (await desk.get("/cash")).json()["transfers"]
    return f"/cash/transfers/{waiting['promise_id']}/confirm"


SEEN = {"seen_on": "2026-11-26", "amount_cents": 25_000, "reference": "CRO 7", "into": "agency"}


async def test_money_at_the_bank_is_booked_also_where_nobody_reaches_the_debtor(house: House, desk: Desk) -> None:
    practice_id, old, _ = await two_bills(house)
    confirm = await announced(house, desk, practice_id)

    answers = [await desk.post(confirm, json=SEEN | {"not_told": True}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    async with house.session() as session:
        [receipt] = (await session.exec(select(tables.Receipt))).all()
        [task] = (await session.exec(select(tables.Task).where(tables.Task.kind == "payment.flagged"))).all()
        [kept] = (await session.exec(select(tables.Payment))).all()
    assert [line.total_cents for line in read_receipt(receipt.value).lines if "prescritta" in line.title] == [5_000]
    assert task.details["flags"] == ["limitation.line_barred"]
    # Nobody says of them that they knew.
    assert (kept.fields["untold_barred"], "told_barred" in kept.fields) == ([str(old)], False)


async def test_what_a_transfer_brings_beyond_the_debt_settles_nothing_barred(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    old = await another_bill(house, practice_id, OLD)
    confirm = await announced(house, desk, practice_id)
    whole = asked(practice_id, amount_cents=110_000, pieces={"10000": 11, "200": 1}, told_barred=[str(old)])
    await taken(desk, whole)

    path = f"/practices/{practice_id}/allocation?amount_cents=25000&on=2026-11-26"
    shown_before = (await desk.get(path)).json()
    answer = await desk.post(confirm, json=SEEN)

    assert (shown_before["barred"], shown_before["over_cents"]) == ([], 25_000)
    assert answer.status_code == 200, answer.text
    async with house.session() as session:
        receipts = (await session.exec(select(tables.Receipt).where(tables.Receipt.method != "cash"))).all()
        flagged = (await session.exec(select(tables.Task).where(tables.Task.kind == "payment.flagged"))).all()
        over = (await session.exec(select(tables.Task).where(tables.Task.kind == "practice.overpaid"))).all()
    [line] = read_receipt(receipts[0].value).lines
    assert "prescritta" not in line.title
    # That of the counter alone.
    assert (len(flagged), [task.details["over_cents"] for task in over]) == (1, [25_000])


async def test_what_a_creditor_reports_pays_a_barred_line_last_and_makes_the_task(house: House, desk: Desk) -> None:
    practice_id, old, young = await two_bills(house)
    there = await teller(house)

    async def left() -> dict[str, int]:
        lines = (await desk.get(f"/practices/{practice_id}")).json()["debt_lines"]
        return {one["id"]: one["principal_cents"] + one["interest_cents"] + one["costs_cents"] for one in lines}

    async def flagged() -> list[Any]:
        async with house.session() as session:
            found = await session.exec(select(tables.Task).where(tables.Task.kind == "payment.flagged"))
            return [task.details["flags"] for task in found.all()]

    await there.told("payments", told_payment(15_000, "BON-1"))
    assert (await left(), await flagged()) == ({str(old): 90_000, str(young): 5_000}, [])
    await there.told("payments", told_payment(15_000, "BON-2"))

    assert await left() == {str(old): 80_000, str(young): 0}
    assert await flagged() == [["limitation.line_barred"]]
