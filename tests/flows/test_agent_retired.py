"""An agent leaves with cash in the purse and work on the phone: nothing goes on as theirs, nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import planning, tables
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone
from tests.flows.test_cash import balances, good, rows, slip
from tests.flows.test_pads import a_pad, paper
from tests.flows.test_rescue import bundle, counted, held, sealed
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts


async def with_cash(house: House) -> tuple[FieldPhone, dict[str, Any], list[dict[str, str]]]:
    """Two doors of the day: 152 euro of the first are in the books, 102 of the same debtor still on the phone, sealed.
    The second door was not reached."""
    await published(house, await entrusted(house, "P-001"), await entrusted(house, "P-002"))
    phone = await phone_of(house)
    bundle_of_day = await day_of(phone)
    first, second = bundle_of_day["stops"]
    assert await verdicts(phone, phone.envelope("visit", paid_report(phone, first, 15_000), at=AT)) == [
        ("accepted", None)
    ]
    later = phone.envelope("visit", paid_report(phone, first, 10_000), at=AT)
    items = [sealed(bundle_of_day["office_key"], phone.device_id, "envelope", later["id"], held(later))]
    items += [
        sealed(bundle_of_day["office_key"], phone.device_id, "original", sha, raw) for sha, raw in phone.blobs.items()
    ]
    return phone, second, items


async def retire(house: House) -> None:
    async with house.session() as session:
        (await session.get_one(tables.Person, house.people[Role.AGENT].id)).active = False


async def test_phone_and_session_of_who_has_left_stop_and_the_phone_may_only_hand_over(house: House) -> None:
    browser = await house.sign_in(Role.AGENT)
    phone, _, items = await with_cash(house)
    await retire(house)

    day = await phone.request("GET", "/field/day")
    pushed = await phone.push()
    delivered = await phone.request("POST", "/field/rescue", content=bundle(phone, items))
    office = await house.sign_in(Role.BACK_OFFICE)
    good(await office.post(f"/rescues/{phone.device_id}/accept"))

    assert (await browser.get("/session")).status_code == 401
    assert [answer.json()["code"] for answer in (day, pushed)] == ["access.device_revoked"] * 2
    assert counted(delivered)[2] == 0
    # The money of both doors is in the books, in the purse of who took it, and the phone's series has no gap.
    assert (await balances(office))["agent_cash"] == 15_200 + 10_200
    [series] = [one for one in good(await office.get("/receipts/series")) if one["kind"] != "office"]
    assert (series["whole"], series["used"]) == (True, 2)


async def test_the_purse_of_who_has_left_stands_until_it_is_handed_in(house: House) -> None:
    await with_cash(house)
    await retire(house)
    office = await house.sign_in(Role.BACK_OFFICE)

    [before] = good(await office.get("/cash"))["purses"]
    good(await office.post("/cash/slips", json=slip(house, 15_200, {"10000": 1, "5000": 1, "200": 1})))

    assert (before["agent_id"], before["cash_cents"]) == (str(house.people[Role.AGENT].id), 15_200)
    assert good(await office.get("/cash"))["purses"] == []
    assert "agent_cash" not in {kind for kind, cents in (await balances(office)).items() if cents}


async def test_a_shortage_of_who_has_left_keeps_the_purse_on_the_page(house: House) -> None:
    await with_cash(house)
    await retire(house)
    office = await house.sign_in(Role.BACK_OFFICE)

    short = slip(house, 15_200, {"10000": 1}, reason="partito senza versare il resto")
    good(await office.post("/cash/slips", json=short))

    [purse] = good(await office.get("/cash"))["purses"]
    assert (purse["cash_cents"], purse["differences_cents"]) == (0, 5_200)
    assert [task.kind for task in await rows(house, tables.Task)].count("cash.difference") == 1


async def test_the_doors_of_who_has_left_are_free_for_others_and_nothing_is_planned_for_them(house: House) -> None:
    _, second, _ = await with_cash(house)
    async with house.session() as session:
        held_before = await planning.published_from(session, TODAY)
        agents_before = [agent.id for agent in await planning.agents(session)]
    await retire(house)

    async with house.session() as session:
        held_after = await planning.published_from(session, TODAY)
        agents_after = [agent.id for agent in await planning.agents(session)]
    assert str(second["practice"]["id"]) in {str(one) for one in held_before}
    assert held_after == {}
    assert [one for one in agents_before if one not in agents_after] == [house.people[Role.AGENT].id]


async def test_paper_of_who_has_left_is_still_entered_and_stands_in_their_purse(house: House) -> None:
    office = await house.sign_in(Role.BACK_OFFICE)
    house.clock.move_to(AT - timedelta(hours=2))
    pad = await a_pad(house, office)
    house.clock.move_to(AT + timedelta(hours=1))
    await with_cash(house)
    await retire(house)
    async with house.session() as session:
        query = select(tables.Practice.id).where(tables.Practice.practice_number == "P-002")
        practice_id = (await session.exec(query)).one()

    body = paper(house, pad, pad["first"], practice_id, reason="short_of_money")
    entered = await office.post(f"/pads/{pad['id']}/receipts", json=body)

    assert entered.status_code == 200, entered.text
    assert (await balances(office))["agent_cash"] == 2 * 15_200
