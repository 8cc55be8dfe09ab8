"""A house multiplied inside its database for the bench (`bench/office_multiplied.py`) still agrees with itself."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from sqlmodel import select

from bench.office_multiplied import disagreements, multiplied
from fieldapp.domain.access import Role
from fieldapp.domain.figures import KEPT, By, Period
from fieldapp.past_year import write_past
from fieldapp.services.work import working
from fieldapp.store import claim_sums, figure_sums, figures, ledger, tables
from fieldapp.store.embedded import Cluster
from tests.conftest import setup_user
from tests.flows.arranged import TODAY
from tests.flows.conftest import House
from tests.flows.creditor_file import file_of, practices, row, taken_in

TIMES = 3


@pytest.fixture
async def grown(house: House, cluster: Cluster, database_name: str) -> House:
    """A past year of four practices, three times."""
    desk = await house.sign_in(Role.BACK_OFFICE)
    await taken_in(desk, house, file_of(*(row(f"P-00{number}", cents=90_000) for number in range(4))))
    office = house.identity(Role.BACK_OFFICE)
    await write_past(house.parts, office, events=30, seed=3, say=lambda _: None, agents=2)
    async with working(house.parts, house.identity(Role.BACK_OFFICE)) as work:
        await claim_sums.up_to_date(work.session)
        while not await figure_sums.catch_up(work.session, zone=house.parts.zone, today=work.today):
            pass
    url = cluster.url(setup_user(), database_name)
    multiplied(url, TIMES, today=TODAY, seed=1, say=lambda _: None)
    return house


async def test_its_books_close_its_feed_has_no_gap_and_every_copy_is_a_practice(
    grown: House, cluster: Cluster, database_name: str
) -> None:
    with psycopg.connect(cluster.url(setup_user(), database_name)) as connection:
        wrong = disagreements(connection)
    async with grown.session() as session:
        balance = await ledger.trial_balance(session, at=grown.clock.now())
        receipts = (await session.exec(select(tables.Receipt.series, tables.Receipt.number))).all()
        memos = (await session.exec(select(tables.Entry.memo).where(tables.Entry.kind == "payment"))).all()
        facts = (await session.exec(select(tables.Fact))).all()
        visits = dict((await session.exec(select(tables.Visit.id, tables.Visit.practice_id))).all())

    assert not any(wrong.values()), wrong
    assert balance.total_cents == 0
    assert {f"{series}-{number:06d}" for series, number in receipts} == set(memos)
    told = {fact.body["visit_id"]: fact.practice_id for fact in facts if fact.kind == "visit.reported"}
    assert told == {str(id_): practice for id_, practice in visits.items()}
    assert len({fact.practice_id for fact in facts if fact.practice_id}) == TIMES * 4


async def test_the_sums_it_keeps_are_what_is_counted_from_scratch(grown: House) -> None:
    year = Period(date(TODAY.year - 1, TODAY.month, TODAY.day), TODAY)
    async with working(grown.parts, grown.identity(Role.BACK_OFFICE)) as work:
        kept = {by: await figure_sums.by_group(work.session, by, year) for by in KEPT}
        counted = {
            by: await figures.by_group(work.session, by, year, zone=grown.parts.zone, today=work.today) for by in KEPT
        }
        owed = await claim_sums.by_creditor(work.session), await claim_sums.from_scratch(work.session)

    assert kept == counted
    assert kept[By.CREDITOR]
    assert owed[0] == owed[1]
    assert [practices for practices, _ in owed[0].values()] == [TIMES * 4]


async def test_each_is_found_by_its_own_tax_code_and_phone_alone(grown: House) -> None:
    office = await grown.sign_in(Role.BACK_OFFICE)
    async with grown.session() as session:
        codes = (await session.exec(select(tables.Obligor.practice_id, tables.Obligor.tax_code))).all()
        phones = (await session.exec(select(tables.Phone.practice_id, tables.Phone.number))).all()

    drawn = [(str(practice), code) for practice, code in codes if code]
    assert len({code for _, code in drawn}) >= (TIMES - 1) * 4
    for practice, code in drawn:
        found = {one["id"] for one in await practices(office, q=code)}
        assert practice in found
    for practice, number in phones:
        assert str(practice) in {one["id"] for one in await practices(office, q=number)}
