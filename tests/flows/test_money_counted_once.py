"""One payment comes off the claim once, by whatever ways the creditor hears of it and tells it back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.settings import Settings
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House, new_id
from tests.flows.endpoint import Endpoint, endpoint, status
from tests.flows.test_cash import announced, good
from tests.flows.test_feed import system
from tests.flows.test_inbound import balance, open_tasks, owed, payment, short, teller, visited
from tests.flows.test_webhooks import carried, subscribed

TOMORROW = NOW + timedelta(days=1)
SEEN = {"seen_on": "2026-11-26", "reference": "CRO", "into": "creditor"}
HELD = [("held", "inbound.like_our_receipt")]


@pytest.fixture
def settings(reaching_here: Settings) -> Settings:
    return reaching_here


@pytest.fixture
def there() -> Iterator[Endpoint]:
    with endpoint() as place:
        yield place


@pytest.fixture
async def practice(house: House) -> UUID:
    return await entrusted(house)


# --- told by a subscription or by the feed ---


async def told_by_webhook(house: House, practice: UUID, there: Endpoint, *, bound: bool) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    await subscribed(admin, there.url, creditor_id=str(house.creditor_id) if bound else None)
    await visited(house, practice, 30_000)
    await carried(house)


async def test_what_his_subscription_told_is_in_the_balance_that_he_states(
    house: House, practice: UUID, there: Endpoint
) -> None:
    await told_by_webhook(house, practice, there, bound=True)
    house.clock.move_to(TOMORROW)

    [verdict] = await (await teller(house)).told("balances", balance(60_000, as_of="2026-11-26"))

    assert (verdict["verdict"], await owed(house, practice)) == ("accepted", 60_000)
    assert "balance.differs" not in await open_tasks(house)


async def test_what_his_subscription_told_and_he_tells_back_is_held(
    house: House, practice: UUID, there: Endpoint
) -> None:
    await told_by_webhook(house, practice, there, bound=True)

    verdicts = await (await teller(house)).told("payments", payment(30_000, "LORO-1", on="2026-11-26"))

    assert short(verdicts) == HELD
    assert await owed(house, practice) == 60_000
    assert "payment.seen_twice" in await open_tasks(house)


async def test_a_subscription_that_fails_or_is_not_his_tells_him_nothing(
    house: House, practice: UUID, there: Endpoint
) -> None:
    await told_by_webhook(house, practice, there, bound=False)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    with endpoint(status(500)) as broken:
        await subscribed(admin, broken.url, creditor_id=str(house.creditor_id), from_beginning=True)
        await carried(house)
        assert broken.received

    assert "payment.received" in {one.fact["kind"] for one in there.received}
    async with house.session() as session:
        assert (await session.exec(select(tables.Payment))).one().reported_at is None


async def test_what_the_feed_gave_him_counts_as_told_once_he_comes_back_for_more(house: House, practice: UUID) -> None:
    his = await system(house, creditor_id=str(house.creditor_id))
    await visited(house, practice, 30_000)
    page = await his.page()
    told = await teller(house)

    async def reported() -> bool:
        async with house.session() as session:
            return (await session.exec(select(tables.Payment))).one().reported_at is not None

    assert not await reported(), "the page may have been lost on its way"
    await his.page(cursor=page["next"])
    assert await reported()
    verdicts = await told.told("payments", payment(30_000, "LORO-1", on="2026-11-26"))
    assert short(verdicts) == HELD


async def test_a_reader_that_jumps_over_a_fact_was_not_told_of_it(house: House, practice: UUID) -> None:
    his = await system(house, creditor_id=str(house.creditor_id))
    await visited(house, practice, 30_000)
    page = await his.page(since=(NOW + timedelta(hours=1)).isoformat())

    await his.page(cursor=page["next"])

    async with house.session() as session:
        assert (await session.exec(select(tables.Payment))).one().reported_at is None


# --- transfers that reached the creditor himself ---


async def a_promise(house: House, cents: int) -> tuple[Desk, str, UUID]:
    """The office, the announcement of a transfer, the practice."""
    await announced(house, cents)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    async with house.session() as session:
        practice = (await session.exec(select(tables.Practice))).one()
    return desk, waiting["promise_id"], practice.id


async def confirm(desk: Desk, promise: str, cents: int) -> list[int]:
    """What is still announced after the office confirmed a transfer to the creditor."""
    answer = good(await desk.post(f"/cash/transfers/{promise}/confirm", json={**SEEN, "amount_cents": cents}))
    return [one["amount_cents"] for one in answer["transfers"]]


async def test_a_transfer_that_his_system_told_is_confirmed_without_a_second_entry(house: House) -> None:
    desk, promise, practice = await a_promise(house, 30_000)
    assert short(await (await teller(house)).told("payments", payment(25_000, "BON-7", on="2026-11-24"))) == [
        ("accepted", None)
    ]
    told = await owed(house, practice)

    assert await confirm(desk, promise, 25_000) == [5_000]

    assert await owed(house, practice) == told
    async with house.session() as session:
        kept = (await session.exec(select(tables.Promise).where(tables.Promise.state == "kept"))).one()
    assert (kept.amount_cents, kept.reference) == (25_000, "BON-7")


async def test_a_second_transfer_of_the_same_amount_is_another(house: House) -> None:
    desk, promise, practice = await a_promise(house, 30_000)
    his = await teller(house)
    assert short(await his.told("payments", payment(30_000, "BON-7", on="2026-11-26"))) == [("accepted", None)]
    assert good(await desk.get("/cash"))["transfers"] == []
    async with house.session() as session:
        (await session.get_one(tables.Promise, UUID(promise))).state = "open"
        visit = (await session.exec(select(tables.Visit))).one()
        settled = tables.Promise(
            id=new_id(),
            agency_id=visit.agency_id,
            practice_id=practice,
            visit_id=visit.id,
            kind="transfer",
            due_on=visit.day,
            amount_cents=30_000,
            reference="BON-7",
            state="kept",
        )
        session.add(settled)

    await confirm(desk, promise, 30_000)

    assert await owed(house, practice) == 30_000


async def test_a_transfer_confirmed_first_and_told_under_its_value_date_is_held(house: House) -> None:
    desk, promise, practice = await a_promise(house, 20_000)
    await confirm(desk, promise, 20_000)

    verdicts = await (await teller(house)).told("payments", payment(20_000, "BON-7", on="2026-11-25"))

    assert short(verdicts) == HELD
    assert await owed(house, practice) == 70_000


async def test_a_transfer_that_his_statement_holds_is_not_taken_off_again(house: House) -> None:
    desk, promise, practice = await a_promise(house, 30_000)
    house.clock.move_to(TOMORROW)
    await (await teller(house)).told("balances", balance(60_000, as_of="2026-11-26"))
    desk = await house.sign_in(Role.BACK_OFFICE)

    assert await confirm(desk, promise, 30_000) == []

    assert await owed(house, practice) == 60_000
    assert "balance.differs" not in await open_tasks(house)


async def test_a_transfer_of_the_day_of_his_statement_is_looked_at_by_a_person(house: House) -> None:
    desk, promise, practice = await a_promise(house, 30_000)
    await (await teller(house)).told("balances", balance(60_000, as_of="2026-11-26"))

    await confirm(desk, promise, 30_000)

    assert await owed(house, practice) == 30_000
    details = (await open_tasks(house))["balance.differs"]["details"]
    assert (details["stated_cents"], details["ours_cents"], details["by_cents"]) == (60_000, 30_000, 30_000)


async def test_a_balance_holds_the_transfer_that_reached_him(house: House) -> None:
    desk, promise, practice = await a_promise(house, 30_000)
    await confirm(desk, promise, 30_000)
    house.clock.move_to(TOMORROW)

    [verdict] = await (await teller(house)).told("balances", balance(60_000, as_of="2026-11-26"))

    assert (verdict["details"]["by_cents"], await owed(house, practice)) == (0, 60_000)
    assert "balance.differs" not in await open_tasks(house)


# --- references and days ---


async def test_one_transfer_is_booked_once_however_its_reference_is_spelt(house: House, practice: UUID) -> None:
    spelt = ("BON-1", "BON-1 ", "bon-1")

    verdicts = await (await teller(house)).told(
        "payments", *(payment(10_000, reference, on="2026-11-26") for reference in spelt)
    )

    assert short(verdicts) == [("accepted", None), *[("known", None)] * 2]
    assert await owed(house, practice) == 80_000


async def test_a_statement_of_the_morning_does_not_hold_what_is_told_in_the_afternoon(
    house: House, practice: UUID
) -> None:
    his = await teller(house)
    await his.told("balances", balance(90_000, as_of="2026-11-26"))
    house.clock.move_to(NOW + timedelta(hours=6))

    [verdict] = await his.told("payments", payment(10_000, "POM-1", on="2026-11-26"))

    assert verdict["details"] == {"included": False}
    assert await owed(house, practice) == 80_000


async def test_a_confirmation_said_again_in_the_same_words_is_done_and_any_other_is_not(house: House) -> None:
    desk, promise, _ = await a_promise(house, 30_000)
    colleague = await house.sign_in(Role.ADMINISTRATOR)
    there = await teller(house)
    await there.told("payments", payment(25_000, "BON-7", on="2026-11-24"))
    body = {**SEEN, "amount_cents": 25_000}
    path = f"/cash/transfers/{promise}/confirm"

    # It was off the claim already: nothing is posted, and the answer is the same all the same.
    first, *at_once = await asyncio.gather(*(desk.post(path, json=body) for _ in range(3)))
    later = await desk.post(path, json=body)

    assert {answer.status_code for answer in (first, *at_once, later)} == {200}
    for other in ({"amount_cents": 24_999}, {"reference": "un altro"}, {"seen_on": "2026-11-25"}):
        assert (await desk.post(path, json=body | other)).json()["code"] == "transfer.settled"
    assert (await colleague.post(path, json=body)).json()["code"] == "transfer.settled"


async def test_a_transfer_that_was_posted_is_not_posted_again_by_other_words(house: House) -> None:
    desk, promise, _ = await a_promise(house, 30_000)
    body = {**SEEN, "into": "agency", "amount_cents": 30_000}
    path = f"/cash/transfers/{promise}/confirm"
    good(await desk.post(path, json=body))
    good(await desk.post(path, json=body))

    assert (await desk.post(path, json=body | {"amount_cents": 20_000})).json()["code"] == "transfer.settled"
    async with house.session() as session:
        assert len((await session.exec(select(tables.Payment))).all()) == 1
