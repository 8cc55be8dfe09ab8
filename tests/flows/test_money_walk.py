"""Random operations through the services, against a real database: to the cent, and beancount agrees at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from beancount.loader import load_string
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.domain.commissions import Rate
from fieldapp.domain.ledger import LineBalance, statement_entry
from fieldapp.services import commissions
from fieldapp.services.exchange import export_ledger, export_outcomes
from fieldapp.store import ledger, tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import House, a_creditor, a_person, new_id
from tests.flows.money_walk import Phone, Walk
from tests.flows.phone import FieldPhone
from tests.flows.test_agreements import granted
from tests.flows.test_sync import day_of
from tests.seeds import DRAWN

FIXED = 20261126
STEPS = 200
EVERY = 4
"""The books are held to the reckoning after so many steps, and after each that the service refused."""


async def three_lines(house: House, number: str) -> UUID:
    """A practice of three debt lines, each with all parts."""
    practice_id = await entrusted(house, number)
    async with house.session() as session:
        stated = {}
        for position, (principal, interest, costs) in enumerate(((20_000, 1_500, 500), (50_000, 0, 2_500)), start=1):
            line = tables.DebtLine(
                id=new_id(),
                agency_id=house.agency_id,
                practice_id=practice_id,
                title=f"Rata {position} {number}",
                kind="consumer_loan",
                position=position,
                due_on=date(2026, 2, position),
                principal_cents=principal,
                interest_cents=interest,
                costs_cents=costs,
            )
            session.add(line)
            await session.flush()
            stated[line.id] = LineBalance(principal, interest, costs)
        entry = statement_entry(
            at=NOW,
            idempotency_key=f"more:{number}",
            creditor_id=house.creditor_id,
            practice_id=practice_id,
            stated=stated,
            present={},
        )
        assert entry is not None
        await ledger.post(session, [entry], now=NOW, new_id=new_id)
    return practice_id


async def a_walk(house: House, seed: int) -> Walk:
    """Two creditors, one of whom takes principal first; eight practices; two agents who both know all of them."""
    second = a_creditor(house.agency_id, name="Seconda Finanziaria S.p.A.")
    second.allocation_order = ["principal", "interest", "costs"]
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add_all([second, colleague])
    theirs = replace(house, creditor_id=second.id)
    await granted(house)
    await granted(theirs)
    practices = [
        await three_lines(of, number) for of, number in ((house, "P-001"), (house, "P-002"), (theirs, "P-003"))
    ]
    practices.append(await entrusted(theirs, "P-004"))
    agents = [house.people[Role.AGENT], colleague]
    phones = []
    for agent in agents:
        await published(house, *practices, agent=agent)
        hands = await FieldPhone.enrol(
            await house.sign_in(person=agent), house.client(), agent_number=agent.agent_number or ""
        )
        phones.append(Phone(hands, agent, (await day_of(hands))["stops"]))
    for creditor in (house.creditor_id, second.id):
        async with house.work(Role.ADMINISTRATOR) as work:
            await commissions.set_rate(work, creditor, Rate(NOW.date(), 1_250))
    async with house.session() as session:
        owed = await ledger.owed_cents(session, practices)
    return Walk(house, phones, owed, seed=seed)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [FIXED, DRAWN], ids=["fixed", "drawn"])
async def test_random_operations_through_the_services_move_no_cent_that_nobody_moved(house: House, seed: int) -> None:
    print(f"seed {seed}")
    walk = await a_walk(house, seed)

    for step in range(STEPS):
        before = walk.refusals.total()
        name = await walk.step()
        if step % EVERY == 0 or walk.refusals.total() > before:
            try:
                await walk.look()
            except AssertionError as wrong:
                wrong.add_note(f"seed {seed}, step {step}: {name}")
                raise
    for phone in walk.phones:
        await walk.send_all(phone)
    await walk.look()
    await walk.look_at_the_rest()
    print(dict(walk.done), dict(walk.refusals), f"{len(walk.taken)} payments")
    await beancount_agrees(house)
    await exports_tell_it_once(house, walk)
    # Nothing of the life was left out: each of these was done, not only tried.
    if seed == FIXED:
        assert len(walk.taken) > 20
        assert walk.done.keys() == {act.__name__ for _, act in walk.acts()}


async def beancount_agrees(house: House) -> None:
    async with house.work() as work:
        text = await export_ledger(work)
        ours = await ledger.balances_by_key(work.session)

    found, errors, _ = load_string(text)

    assert errors == []
    assert sum(type(item).__name__ == "Balance" for item in found) == len(ours)


async def exports_tell_it_once(house: House, walk: Walk) -> None:
    """The first file that a creditor is given holds all that was collected for him and did not go back."""
    for creditor in walk.dues:
        async with house.work() as work:
            await export_outcomes(work, day=walk.today, creditor_id=creditor)
        async with house.session() as session:
            exported = select(tables.Fact).where(
                tables.Fact.kind == "outcomes.exported", col(tables.Fact.creditor_id) == creditor
            )
            fact = (await session.exec(exported)).one()
        assert fact.body["collected_cents"] == sum(one.net for one in walk.taken if one.creditor == creditor)
