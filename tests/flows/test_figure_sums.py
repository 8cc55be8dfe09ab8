"""Figures kept added up say what counting everything anew says, whatever has happened in whatever order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import Role
from fieldapp.domain.figures import KEPT, By, Period
from fieldapp.past_year import write_past
from fieldapp.services import figures as service
from fieldapp.services import squads
from fieldapp.services.work import working
from fieldapp.store import figure_sums, figures, tables
from fieldapp.store.feed import NewFact, tell
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import House, new_id
from tests.flows.test_figures import figures as page_of
from tests.flows.test_outgoing import a_day

STEPS = 8


def today_of(house: House) -> date:
    return house.clock.now().astimezone(house.parts.zone).date()


async def agree(house: House, session: AsyncSession, *periods: Period) -> None:
    """The sums, brought up to now, and the count from scratch are equal: by every question, and by practice."""
    zone, today = house.parts.zone, today_of(house)
    assert await figure_sums.catch_up(session, zone=zone, today=today)
    for period in periods:
        for by in KEPT:
            counted = await figures.by_group(session, by, period, zone=zone, today=today)
            assert await figure_sums.by_group(session, by, period) == counted, (by, period)
            for group in counted:
                opened = await figures.by_practice(session, by, period, group, zone=zone, today=today)
                assert await figure_sums.by_practice(session, by, period, group) == opened, (by, group)
        days = await figures.by_squad_day(session, period, zone=zone)
        assert await figure_sums.by_squad_day(session, period) == days
        told = set(sorted(days)[::2])
        for squad in {None, *(key for key, _ in days)}:
            opened = await figures.by_squad_practice(session, period, told=told, group=squad, zone=zone)
            assert await figure_sums.by_squad_practice(session, period, told=told, group=squad) == opened, squad


class History:
    """Things that happen to some practices, one drawn after the other."""

    def __init__(self, house: House, practices: list[UUID], seed: int) -> None:
        self.house, self.practices, self.random, self.seed = house, practices, Random(seed), seed
        self.happens: list[Callable[[], Awaitable[None]]] = [
            self.works,
            self.moves_house,
            self.owes_since_longer,
            self.is_planned,
            self.gets_money_back,
            self.grows_a_day_older,
            self.changes_squads,
        ]

    async def works(self) -> None:
        """Reports, calls, promises and cash, as phones told them."""
        self.seed += 1
        await write_past(
            self.house.parts,
            self.house.identity(Role.BACK_OFFICE),
            events=self.random.randint(1, 9),
            seed=self.seed,
            say=lambda _: None,
            agents=1,
        )

    async def moves_house(self) -> None:
        practice = self.random.choice(self.practices)
        async with self.house.session() as session:
            query = select(tables.Address).where(tables.Address.practice_id == practice)
            (await session.exec(query)).one().comune = self.random.choice(("Lodi", "Codogno", ""))
            tell(session, NewFact("address.settled", self.house.clock.now(), practice_id=practice))

    async def owes_since_longer(self) -> None:
        practice = self.random.choice(self.practices)
        async with self.house.session() as session:
            query = select(tables.DebtLine).where(tables.DebtLine.practice_id == practice)
            (await session.exec(query)).first().due_on -= timedelta(days=self.random.choice((90, 400)))  # type: ignore[union-attr]
            tell(session, NewFact("practice.statement", self.house.clock.now(), practice_id=practice))

    async def is_planned(self) -> None:
        chosen = self.random.sample(self.practices, 2)
        await published(self.house, *chosen)
        async with self.house.session() as session:
            tell(session, NewFact("day.published", self.house.clock.now(), day=TODAY))

    async def gets_money_back(self) -> None:
        practice = self.random.choice(self.practices)
        at = self.house.clock.now() - timedelta(days=self.random.randint(0, 40))
        async with self.house.session() as session:
            body = {"amount_cents": self.random.randint(1, 5_000)}
            tell(session, NewFact("payment.refunded", at, practice_id=practice, body=body))

    async def changes_squads(self) -> None:
        """Some agents, those of the past too, are in another squad from one of the next days on."""
        async with self.house.session() as session:
            agents = (await session.exec(select(tables.Person).where(tables.Person.role == "agent"))).all()
            chosen = [agent.id for agent in agents if self.random.random() < 0.5]
            for agent in agents:
                agent.active = True
        async with self.house.work(Role.ADMINISTRATOR) as work:
            if len(held := (await squads.list_squads(work)).squads) < 3:
                held = (await squads.create(work, name=f"Squadra {len(held)}")).squads
            into = self.random.choice([None, *(one.id for one in held)])
            from_on = work.today + timedelta(days=self.random.randint(0, 3))
            await squads.move(work, chosen, into, from_on=from_on)

    async def grows_a_day_older(self) -> None:
        self.house.clock.move_to(self.house.clock.now() + timedelta(days=self.random.randint(1, 9)))


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_history_adds_up_as_if_it_were_counted_anew(house: House, seed: int) -> None:
    history = History(house, [await entrusted(house, f"P-00{number}") for number in range(3)], seed)
    await history.works()

    for _ in range(STEPS):
        await history.random.choice(history.happens)()
        first = TODAY - timedelta(days=history.random.randint(0, 360))
        async with house.session() as session:
            await agree(house, session, Period(first, first + timedelta(days=history.random.randint(0, 399))))

    async with house.session() as session:
        await agree(house, session, Period(TODAY - timedelta(days=366), TODAY))
        figures_of_all = await figure_sums.by_group(session, By.CREDITOR, Period(TODAY - timedelta(days=366), TODAY))
    assert sum(one.visits for one in figures_of_all.values()) > 0, "there was something to add up"


async def test_a_promise_is_broken_when_its_day_has_gone_by_though_nobody_tells(house: House) -> None:
    await a_day(house)
    async with house.session() as session:
        visit = (await session.exec(select(tables.Visit))).first()
        assert visit is not None
        row = tables.Promise(
            id=new_id(),
            agency_id=house.agency_id,
            practice_id=visit.practice_id,
            visit_id=visit.id,
            kind="promise_to_pay",
            due_on=TODAY + timedelta(days=2),
            amount_cents=10_000_000,
        )
        session.add(row)
    desk = await house.sign_in(Role.DISPATCHER)
    before = (await page_of(desk))["total"]["broken"]

    house.clock.move_to(house.clock.now() + timedelta(days=4))

    desk = await house.sign_in(Role.DISPATCHER)
    assert (before, (await page_of(desk))["total"]["broken"]) == (0, 1)


async def test_a_reader_behind_an_import_is_answered_from_scratch_and_the_worker_catches_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure_sums, "LITTLE", 2)
    await a_day(house)
    desk = await house.sign_in(Role.DISPATCHER)

    behind = await page_of(desk)
    async with house.session() as session:
        untouched = (await session.exec(select(tables.FigureSum))).all()
    await service.add_up(house.parts)
    async with working(house.parts, house.identity(Role.DISPATCHER)) as work:
        left = await figure_sums.behind(work.session)

    assert untouched == []
    assert left == 0
    assert await page_of(desk) == behind


async def test_a_fact_committed_a_moment_ago_is_in_the_next_answer(house: House) -> None:
    desk = await house.sign_in(Role.DISPATCHER)
    assert (await page_of(desk))["total"]["visits"] == 0

    await a_day(house)

    assert (await page_of(desk))["total"]["visits"] == 2
