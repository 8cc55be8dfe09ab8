"""An agent's purse: what the phone is told it holds, and the count that it signs at the end of the day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, text_of
from tests.flows.test_cash import CHEQUE, good, refused, rows, slip, took
from tests.flows.test_sync import AT, day_of

EVENING = AT + timedelta(hours=1)


def a_count(**changes: Any) -> dict[str, Any]:
    """150,00 EUR and the stamp duty, in notes and a coin."""
    return {
        "count_id": str(uuid4()),
        "counted_at": text_of(EVENING),
        "pieces": {"10000": 1, "5000": 1, "200": 1},
        "counted_cents": 15_200,
        "expected_cents": 15_200,
        "reason": "",
    } | changes


async def sent(phone: FieldPhone, count: dict[str, Any]) -> dict[str, Any]:
    answer = await phone.push(phone.envelope("purse_count", count, at=EVENING))
    return dict(answer.json()["verdicts"][0])


async def test_the_day_says_what_the_books_hold_for_the_agent(house: House) -> None:
    phone = await took(house, 15_000, method="cheque", answers=CHEQUE)

    held = (await day_of(phone))["purse"]

    assert held == {"cash_cents": 0, "cheques_cents": 15_200, "cards_cents": 0}


async def test_a_count_is_a_fact_that_the_hand_in_starts_from_and_ends_with_it(house: House) -> None:
    phone = await took(house, 15_000)
    short = a_count(pieces={"10000": 1, "5000": 1}, counted_cents=15_000, reason="Due euro di resto a un debitore")
    house.clock.move_to(EVENING)

    verdict = await sent(phone, short)

    desk = await house.sign_in(Role.BACK_OFFICE)
    purse = good(await desk.get("/cash"))["purses"][0]
    assert verdict["verdict"] == "accepted"
    assert (purse["count"]["counted_cents"], purse["count"]["expected_cents"]) == (15_000, 15_200)
    assert purse["count"]["pieces"] == {"10000": 1, "5000": 1}
    assert purse["cash_cents"] == 15_200  # counting moves no money
    assert "cash.counted" in [fact.kind for fact in await rows(house, tables.Fact)]

    house.clock.move_to(EVENING + timedelta(minutes=5))
    good(await desk.post("/cash/slips", json=slip(house, 15_000, {"10000": 1, "5000": 1})))
    assert good(await desk.get("/cash"))["purses"][0]["count"] is None


async def test_a_count_sent_again_counts_once_and_the_newest_stands(house: House) -> None:
    phone = await took(house, 15_000)
    house.clock.move_to(EVENING)
    first = phone.envelope("purse_count", a_count(), at=EVENING)
    later = a_count(
        counted_at=text_of(EVENING + timedelta(minutes=1)), pieces={}, counted_cents=0, reason="Portati in banca"
    )

    verdicts = [(await phone.push(first)).json()["verdicts"][0]["verdict"] for _ in range(2)]
    await sent(phone, later)

    desk = await house.sign_in(Role.BACK_OFFICE)
    assert verdicts == ["accepted", "duplicate"]
    assert len(await rows(house, tables.PurseCount)) == 2
    assert good(await desk.get("/cash"))["purses"][0]["count"]["counted_cents"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"counted_cents": 15_201}, "cash.count_differs"),  # the sum is not that of the pieces
        ({"expected_cents": 20_000}, "cash.difference_unexplained"),
        ({"pieces": {"300": 1}, "counted_cents": 300}, "cash.pieces_unknown"),  # no note of three euro
        ({"pieces": {"5000": -1}}, "cash.pieces_unknown"),
        ({"pieces": {"5e3": 1}}, "cash.pieces_unknown"),
        ({"pieces": {"5000": "3"}}, "cash.pieces_unknown"),
        ({"pieces": {"5000": True}}, "cash.pieces_unknown"),
        ({"pieces": [5_000]}, "cash.pieces_unknown"),
        ({"counted_cents": -1}, "count.field_malformed"),
        ({"reason": "x" * 301}, "count.field_too_long"),
        ({"agent_id": str(uuid4())}, "count.field_unknown"),  # nobody counts for another
    ],
)
async def test_a_count_that_cannot_be_true_is_refused(house: House, changes: dict[str, Any], code: str) -> None:
    phone = await took(house, 15_000)

    verdict = await sent(phone, a_count(**changes))

    assert (verdict["verdict"], verdict["code"]) == ("refused", code)
    assert await rows(house, tables.PurseCount) == []


async def test_the_same_count_in_another_envelope_is_refused(house: House) -> None:
    phone = await took(house, 15_000)
    count = a_count()

    verdicts = [(await sent(phone, count))["verdict"] for _ in range(2)]

    assert verdicts == ["accepted", "refused"]


async def test_a_refused_hand_in_says_the_same_of_its_pieces(house: House) -> None:
    await took(house, 15_000)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await desk.post("/cash/slips", json=slip(house, 15_200, {"5e3": 1}))

    assert refused(answer) == "cash.pieces_unknown"
