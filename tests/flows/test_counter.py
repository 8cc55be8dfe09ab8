"""Money taken at the office's own counter: its receipt, its books, its purse, once, and by the rules of a door."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from fieldapp.domain.access import Role
from fieldapp.domain.ids import Sha256
from fieldapp.domain.ledger import AccountKind
from fieldapp.domain.receipt_proof import receipt_proof
from fieldapp.domain.receipts import read_receipt
from fieldapp.store import ledger, tables
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House

CARD = {"acquirer": "Nexi", "authorisation_code": "A1B2C3"}


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


def asked(practice: UUID, /, **changes: Any) -> dict[str, Any]:
    """A debtor puts 150 euro in three notes on the counter."""
    plain: dict[str, Any] = {
        "id": str(uuid4()),
        "practice_id": str(practice),
        "amount_cents": 15_000,
        "method": "cash",
        "identified_by": "document",
        "pieces": {"5000": 3, "200": 1},
    }
    return plain | changes


async def taken(desk: Desk, body: dict[str, Any]) -> dict[str, Any]:
    answer = await desk.post("/counter/payments", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(desk: Desk, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    answer = await desk.post("/counter/payments", json=body)
    assert answer.status_code >= 400, answer.text
    return answer.json()["code"], answer.json().get("details", {})


async def owed(desk: Desk, practice_id: UUID) -> int:
    return int((await desk.get(f"/practices/{practice_id}")).json()["owed_cents"])


async def books(house: House) -> dict[str, int]:
    async with house.session() as session:
        found = await session.execute(
            text("select kind, sum(amount_cents) from posting join account on account.id = account_id group by kind")
        )
        return {kind: int(cents) for kind, cents in found.all() if cents}


async def test_cash_at_the_counter_is_in_the_books_on_a_receipt_and_in_the_clerks_purse(
    house: House, desk: Desk
) -> None:
    practice_id = await entrusted(house)
    duty = (await desk.post("/counter/preview", json={"practice_id": str(practice_id), "amount_cents": 15_000})).json()
    assert (duty["owed_cents"], duty["duty_cents"], duty["handed_over_cents"]) == (90_000, 200, 15_200)

    done = await taken(desk, asked(practice_id))

    assert done["receipt"] == "U1-000001"
    assert (done["handed_over_cents"], done["change_cents"], done["residual_cents"]) == (15_200, 0, 75_000)
    held = await books(house)
    assert (held["agent_cash"], held["stamp_duty"], held["creditor_dues"]) == (15_200, -200, -15_000)
    assert sum(held.values()) == 0
    file = (await desk.get(f"/practices/{practice_id}")).json()
    assert file["owed_cents"] == 75_000
    [purse] = [one for one in (await desk.get("/cash")).json()["purses"] if one["cash_cents"]]
    assert purse["agent_id"] == str(house.people[Role.BACK_OFFICE].id)
    paper = await desk.get(f"/receipts/{done['receipt_id']}/paper")
    assert paper.content.startswith(b"%PDF")
    series = (await desk.get("/receipts/series")).json()
    assert [(one["series"], one["used"], one["whole"]) for one in series if one["kind"] == "office"] == [
        ("U1", 1, True)
    ]


async def test_the_ceiling_of_cash_is_of_what_is_handed_over_with_its_stamp_duty(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house, cents=900_000)
    asked_for = {"amount_cents": 499_800, "pieces": {"50000": 10}}

    code, details = await refused(desk, asked(practice_id, **asked_for))
    done = await taken(desk, asked(practice_id, **asked_for | {"amount_cents": 499_799}))
    more, left = await refused(desk, asked(practice_id, amount_cents=1, pieces={"1": 1}))

    assert (code, details) == ("conduct.cash_over_ceiling", {"below_cents": 500_000})
    assert done["handed_over_cents"] == 499_999
    # Seven days together: the duty that was handed over is in it.
    assert (more, left["before_cents"], left["free_cents"]) == ("conduct.cash_over_rolling", 499_999, 0)


async def test_what_was_given_above_it_goes_back(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)

    done = await taken(desk, asked(practice_id, pieces={"10000": 2}))

    assert done["change_cents"] == 4_800


async def test_the_same_request_books_once_and_another_under_its_id_is_refused(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    body = asked(practice_id)

    first, *others = await asyncio.gather(*(desk.post("/counter/payments", json=body) for _ in range(4)))
    later = await taken(desk, body)

    numbers = {answer.json()["receipt"] for answer in (first, *others)} | {later["receipt"]}
    assert numbers == {"U1-000001"}
    assert later["again"] is True
    assert await owed(desk, practice_id) == 75_000
    assert (await refused(desk, body | {"amount_cents": 10_000}))[0] == "counter.payment_differs"
    assert (await refused(desk, body | {"pieces": {"20000": 1}}))[0] == "counter.payment_differs"


async def test_an_id_that_another_agency_has_used_is_another_payments(house: House, desk: Desk) -> None:
    body = asked(await entrusted(house))
    await taken(desk, body)
    agency_id, creditor_id, person = await house.other_agency()
    theirs = await house.sign_in(person=person)
    elsewhere = await entrusted(replace(house, agency_id=agency_id, creditor_id=creditor_id), "P-002")

    assert (await refused(theirs, asked(elsewhere, id=body["id"])))[0] == "counter.payment_differs"
    assert await owed(theirs, elsewhere) == 90_000


async def test_two_clerks_at_once_never_hold_one_number(house: House, desk: Desk) -> None:
    other = await house.sign_in(Role.ADMINISTRATOR)
    ids = [await entrusted(house, f"P-{last}") for last in "123456"]

    answers = await asyncio.gather(
        *((desk if i % 2 else other).post("/counter/payments", json=asked(id_)) for i, id_ in enumerate(ids))
    )

    assert sorted(answer.json()["receipt"] for answer in answers) == [f"U1-{n:06}" for n in range(1, 7)]
    [series] = [one for one in (await desk.get("/receipts/series")).json() if one["kind"] == "office"]
    assert (series["used"], series["whole"]) == (6, True)
    purses = {one["agent_id"]: one["cash_cents"] for one in (await desk.get("/cash")).json()["purses"]}
    assert purses[str(house.people[Role.BACK_OFFICE].id)] == purses[str(house.people[Role.ADMINISTRATOR].id)] == 45_600


async def test_two_clerks_cannot_take_together_more_than_is_owed(house: House, desk: Desk) -> None:
    other = await house.sign_in(Role.ADMINISTRATOR)
    practice_id = await entrusted(house, cents=20_000)

    answers = await asyncio.gather(
        *(clerk.post("/counter/payments", json=asked(practice_id)) for clerk in (desk, other))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [lost] = [answer.json() for answer in answers if answer.status_code == 409]
    assert lost["code"] == "counter.more_than_owed"
    assert lost["details"]["owed_cents"] == 5_000


async def test_two_clerks_cannot_take_together_more_cash_of_one_debtor_than_the_law_allows(
    house: House, desk: Desk
) -> None:
    other = await house.sign_in(Role.ADMINISTRATOR)
    ids = [await entrusted(house, number, cents=400_000) for number in ("P-001", "P-002")]
    async with house.session() as session:
        for practice_id in ids:
            (await session.get_one(tables.Practice, practice_id)).debtor_group = ids[0]
    half = {"amount_cents": 260_000, "pieces": {"20000": 14}}

    answers = await asyncio.gather(
        *(
            clerk.post("/counter/payments", json=asked(id_, **half))
            for clerk, id_ in zip((desk, other), ids, strict=True)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [lost] = [answer.json() for answer in answers if answer.status_code == 409]
    assert lost["code"] == "conduct.cash_over_rolling"
    assert lost["details"]["before_cents"] == 260_200


async def test_a_card_and_a_cheque_go_their_way_to_the_bank(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    async with house.session() as session:
        creditor = await session.get_one(tables.Creditor, house.creditor_id)
    cheque = {
        "bank": "Banca di Lodi",
        "number": "0012345",
        "dated_on": "2026-11-26",
        "payee": creditor.cheque_payee,
        "non_transferable": True,
    }

    card = await taken(desk, asked(practice_id, method="card", answers=CARD, pieces={}))
    second = await taken(desk, asked(practice_id, method="cheque", answers=cheque, pieces={}))

    held = await books(house)
    assert (held["card_in_transit"], held["cheques_in_hand"]) == (15_200, 15_200)
    under_way = (await desk.get("/cash")).json()
    assert [one["payment_id"] for one in under_way["cards"]] == [card["payment_id"]]
    assert [one["payment_id"] for one in under_way["cheques"]] == [second["payment_id"]]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"pieces": {}}, "counter.pieces_missing"),
    ({"pieces": {"10000": 1, "5000": 1}}, "counter.pieces_short"),
    ({"pieces": {"700": 30}}, "cash.pieces_unknown"),
    ({"pieces": {"5000": -3}}, "cash.pieces_unknown"),
    ({"method": "card", "answers": CARD}, "counter.pieces_not_cash"),
    ({"method": "card", "pieces": {}}, "payment.field_missing"),
    # Nobody keeps the number of a card.
    (
        {"method": "card", "pieces": {}, "answers": CARD | {"acquirer": "4111 1111 1111 1111"}},
        "payment.card_number_given",
    ),
    ({"amount_cents": 90_001, "pieces": {"50000": 2}}, "counter.more_than_owed"),
    ({"amount_cents": 0}, "request.malformed"),
    ({"practice_id": str(uuid4())}, "practice.unknown"),
    ({"chosen_line": str(uuid4())}, "payment.line_of_another"),
    (
        {"payer": {"name": "Lia Bianchi", "capacity": "relative", "document": "identity_card", "debtor_agrees": False}},
        "counter.debtor_must_agree",
    ),
]


@pytest.mark.parametrize(("changes", "code"), BAD)
async def test_what_cannot_be_is_refused_and_nothing_is_booked(
    house: House, desk: Desk, changes: dict[str, Any], code: str
) -> None:
    practice_id = await entrusted(house)
    before = await books(house)

    assert (await refused(desk, asked(practice_id, **changes)))[0] == code

    assert await books(house) == before
    assert (await desk.get("/cash")).json()["purses"][0]["cash_cents"] == 0


async def test_cash_stays_below_the_ceiling_in_one_and_in_seven_days(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house, cents=900_000)
    too_much = asked(practice_id, amount_cents=500_000, pieces={"50000": 11})
    assert (await refused(desk, too_much))[0] == "conduct.cash_over_ceiling"

    await taken(desk, asked(practice_id, amount_cents=400_000, pieces={"50000": 9}))

    code, details = await refused(desk, asked(practice_id, amount_cents=100_000, pieces={"50000": 3}))
    assert code == "conduct.cash_over_rolling"
    assert details["free_cents"] == 99_599


async def test_nothing_is_taken_on_a_practice_that_went_back(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house, state="recalled")

    assert await refused(desk, asked(practice_id)) == ("counter.practice_not_open", {"state": "recalled"})


async def test_a_counter_receipt_is_voided_and_the_debt_is_owed_again(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    done = await taken(desk, asked(practice_id))
    void = f"/receipts/{done['receipt_id']}/void"
    own_hand = await desk.post(void, json={"reason": "importo sbagliato"})
    assert (own_hand.status_code, own_hand.json()["code"]) == (403, "receipt.own_hand")
    back = {"id": str(uuid4()), "amount_cents": 15_000, "reason": "ripensato", "out_of": "agent_cash"}
    given_back = await desk.post(f"/receipts/{done['receipt_id']}/refund", json=back)
    assert given_back.json()["code"] == "receipt.own_hand"
    assert await owed(desk, practice_id) == 75_000
    other = await house.sign_in(Role.ADMINISTRATOR)

    answer = await other.post(void, json={"reason": "importo sbagliato"})

    assert answer.json() == {"counter_receipt": "U1-000002"}
    assert await owed(desk, practice_id) == 90_000
    assert "agent_cash" not in await books(house)
    # The request that is sent once more books nothing: it is answered with the receipt that was voided.
    assert (await taken(desk, asked(practice_id) | {"id": done["payment_id"]}))["again"] is True
    assert await owed(desk, practice_id) == 90_000


async def test_the_administrators_own_purse_is_counted_by_a_clerk(house: House, desk: Desk) -> None:
    administrator = await house.sign_in(Role.ADMINISTRATOR)
    await taken(administrator, asked(await entrusted(house)))
    slip = {"id": str(uuid4()), "agent_id": str(house.people[Role.ADMINISTRATOR].id), "declared_cents": 15_200}
    slip |= {"payment_ids": [], "pieces": {"5000": 3, "200": 1}}

    own = await administrator.post("/cash/slips", json=slip)
    others = await desk.post("/cash/slips", json=slip)
    repeated = await administrator.post("/cash/slips", json=slip)

    assert (own.json()["code"], others.status_code) == ("cash.own_purse", 200)
    # What is counted already is answered, whoever asks.
    assert repeated.json() == others.json()


async def test_the_purse_of_the_counter_is_counted_at_the_end_of_the_day(house: House, desk: Desk) -> None:
    clerk = house.people[Role.BACK_OFFICE].id
    practice_id = await entrusted(house)
    await taken(desk, asked(practice_id))
    slip = {"id": str(uuid4()), "agent_id": str(clerk), "declared_cents": 15_200, "payment_ids": []}

    short = {"pieces": {"5000": 3}}
    whole = {"pieces": {"5000": 3, "200": 1}}
    assert (await desk.post("/cash/slips", json=slip | whole)).json()["code"] == "cash.own_purse"
    other = await house.sign_in(Role.ADMINISTRATOR)
    assert (await other.post("/cash/slips", json=slip | short)).json()["code"] == "cash.difference_unexplained"
    counted = await other.post("/cash/slips", json=slip | short | {"reason": "mancano due euro"})

    assert counted.status_code == 200, counted.text
    held = await books(house)
    assert (held["office_cash"], held["cash_differences"]) == (15_000, 200)
    async with house.session() as session:
        assert (await ledger.held_by(session, clerk)).get(AccountKind.AGENT_CASH, 0) == 0
    # What is handed in is no longer there to give back.
    receipt_id = (await desk.get(f"/practices/{practice_id}")).json()["receipts"][0]["id"]
    void = await other.post(f"/receipts/{receipt_id}/void", json={"reason": "x"})
    assert void.json()["code"] == "receipt.money_moved_on"


async def test_anybody_can_verify_a_counter_receipt_before_and_after_it_is_voided(house: House, desk: Desk) -> None:
    done = await taken(desk, asked(await entrusted(house)))
    async with house.session() as session:
        row = await session.get_one(tables.Receipt, UUID(done["receipt_id"]))
    proof = receipt_proof(read_receipt(row.value), Sha256(row.digest), signature=row.signature)

    async def state() -> str:
        answer = await house.client().post("/public/receipts/check", json={"proof": proof})
        return str(answer.json()["state"])

    assert await state() == "genuine"
    other = await house.sign_in(Role.ADMINISTRATOR)
    await other.post(f"/receipts/{done['receipt_id']}/void", json={"reason": "importo sbagliato"})
    assert await state() == "voided"


async def test_another_agency_takes_nothing_on_our_practice(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    _, _, person = await house.other_agency()
    other = await house.sign_in(person=person)

    assert (await refused(other, asked(practice_id)))[0] in ("practice.unknown", "access.not_your_role")

    assert await owed(desk, practice_id) == 90_000
