"""What is owed to each creditor, kept added up, is what all postings come to, whatever has happened."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.past_year import write_past
from fieldapp.services import claims as service
from fieldapp.store import claim_sums, tables
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House
from tests.flows.statements import statements
from tests.flows.test_inbound import balance, payment, teller
from tests.flows.test_outgoing import a_day

STEPS = 6


async def agree(house: House) -> dict[str, tuple[int, int]]:
    """The creditors' list says what counting from scratch says."""
    desk = await house.sign_in(Role.BACK_OFFICE)
    listed = {row["id"]: (row["practices"], row["owed_cents"]) for row in (await desk.get("/creditors")).json()}
    async with house.session() as session:
        counted = {str(id_): both for id_, both in (await claim_sums.from_scratch(session)).items()}
        kept = {str(id_): both for id_, both in (await claim_sums.by_creditor(session)).items()}
    assert kept == counted
    assert {id_: both for id_, both in listed.items() if both != (0, 0)} == counted
    return counted


async def voided(house: House, desk: Desk) -> None:
    """One receipt that still stands is undone by the office."""
    async with house.session() as session:
        query = select(tables.Receipt).where(tables.Receipt.state == "valid").order_by(col(tables.Receipt.id))
        receipt = (await session.exec(query)).first()
    if receipt is not None:
        answer = await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "sbagliata"})
        assert answer.status_code in (200, 201, 409), answer.text


@pytest.mark.parametrize("seed", range(3))
async def test_a_random_history_of_money_adds_up_as_if_it_were_counted_anew(house: House, seed: int) -> None:
    chance = Random(seed)
    for number in (1, 2, 3):
        await entrusted(house, f"P-00{number}")
    desk, system = await house.sign_in(Role.BACK_OFFICE), await teller(house)
    sums = set()

    for step in range(STEPS):
        number, cents = f"P-00{chance.randint(1, 3)}", chance.randint(1, 90_000)
        match chance.choice(("works", "states", "sees", "voids", "new")):
            case "works":
                await write_past(
                    house.parts,
                    house.identity(Role.BACK_OFFICE),
                    events=chance.randint(1, 9),
                    seed=100 * seed + step,
                    say=lambda _: None,
                    agents=1,
                )
            case "states":
                await system.told("balances", balance(cents, number=number))
            case "sees":
                await system.told("payments", {**payment(cents, f"BON-{step}"), "practice_number": number})
            case "voids":
                await voided(house, desk)
            case _:
                practice_id = await entrusted(house, f"Q-00{'ABCDEF'[step]}", cents=cents + 5_000)
                async with house.session() as session:
                    tell(session, NewFact("practice.entrusted", NOW, practice_id=practice_id, body={}))
        sums.add((await agree(house))[str(house.creditor_id)])

    assert len(sums) > 1, "something moved"


async def test_a_receipt_that_is_undone_is_owed_again_in_the_list(house: House) -> None:
    await a_day(house)
    before = (await agree(house))[str(house.creditor_id)]

    await voided(house, await house.sign_in(Role.BACK_OFFICE))

    assert (await agree(house))[str(house.creditor_id)] == (before[0], before[1] + 30_000)


async def test_a_reader_behind_an_import_counts_from_scratch_and_the_worker_catches_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_day(house)
    await agree(house)
    monkeypatch.setattr(claim_sums, "LITTLE", 2)
    async with house.session() as session:
        practice_id = (await session.exec(select(tables.Practice.id))).first()
        tell(session, *(NewFact("task.opened", NOW, practice_id=practice_id, body={}) for _ in range(9)))

    async with house.session() as session:
        assert await claim_sums.behind(session) == 3
        mark = (await session.get(tables.ClaimMark, house.agency_id)).up_to  # type: ignore[union-attr]
    await agree(house)
    async with house.session() as session:
        assert (await session.get(tables.ClaimMark, house.agency_id)).up_to == mark  # type: ignore[union-attr]
    await service.add_up(house.parts)
    async with house.session() as session:
        assert await claim_sums.behind(session) == 0
    await agree(house)


async def test_readers_at_once_take_a_fact_in_once(house: House) -> None:
    await a_day(house)
    await agree(house)
    practice_id = await entrusted(house, "P-009", cents=50_000)
    async with house.session() as session:
        tell(session, NewFact("practice.entrusted", NOW, practice_id=practice_id, body={}))
    desk = await house.sign_in(Role.BACK_OFFICE)

    answers = await asyncio.gather(*(desk.get("/creditors") for _ in range(8)))

    assert len({answer.text for answer in answers}) == 1
    await agree(house)


async def test_the_list_reads_no_postings_once_it_is_added_up(house: House) -> None:
    await a_day(house)
    await agree(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    with statements(house.parts.database) as heard:
        await desk.get("/creditors")

    assert not [said for said in heard if "posting" in said]


async def test_another_agencys_claims_are_not_in_the_sums(house: House) -> None:
    await a_day(house)
    ours = await agree(house)
    _, _, stranger = await house.other_agency()
    other = await house.sign_in(person=stranger)

    assert [(row["practices"], row["owed_cents"]) for row in (await other.get("/creditors")).json()] == [(0, 0)]
    assert await agree(house) == ours
