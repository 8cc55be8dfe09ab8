"""The demo's past year is written in bulk and stands up to everything that a phone's own reports stand up to."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import sha256
from fieldapp.domain.receipts import read_receipt
from fieldapp.domain.sync import Arrived, read_envelope
from fieldapp.domain.visit import from_body
from fieldapp.past_year import write_past
from fieldapp.services import receipts
from fieldapp.services.work import working
from fieldapp.store import ledger, tables
from tests.flows.arranged import entrusted
from tests.flows.conftest import House

EVENTS = 30


async def past(house: House) -> int:
    for number in range(4):
        await entrusted(house, f"P-00{number}")
    office = house.identity(Role.BACK_OFFICE)
    return await write_past(house.parts, office, events=EVENTS, seed=3, say=lambda _: None, agents=2)


async def test_every_report_reads_as_its_phone_wrote_it_and_every_receipt_proves_its_series(house: House) -> None:
    written = await past(house)

    async with house.session() as session:
        envelopes = (await session.exec(select(tables.Envelope))).all()
        taken = (await session.exec(select(tables.Receipt))).all()
    for row in envelopes:
        envelope = read_envelope(Arrived(row.id, row.seq, row.digest, bytes(row.content)))
        if row.kind == "visit":
            from_body(envelope.body)
    for receipt in taken:
        value = read_receipt(bytes(receipt.value))
        assert (sha256(bytes(receipt.value)), value.amount_cents) == (receipt.digest, receipt.amount_cents)
    async with working(house.parts, house.identity(Role.ADMINISTRATOR)) as work:
        series = [row for row in await receipts.list_series(work) if row.used]
    assert len(envelopes) == written
    assert taken
    assert sum(row.used for row in series) == len(taken)
    assert all(row.whole for row in series), series


async def test_the_ledger_balances_and_nobody_paid_more_than_was_owed(house: House) -> None:
    await past(house)

    async with house.session() as session:
        assert (await ledger.trial_balance(session, at=house.clock.now())).total_cents == 0
        practices = (await session.exec(select(tables.Practice.id))).all()
        owed = {one: ledger.totals(lines) for one, lines in (await ledger.owed(session, practices)).items()}
        payments = (await session.exec(select(tables.Payment))).all()
    assert min(owed.values()) >= 0
    assert sum(owed.values()) == 4 * 90_000 - sum(payment.amount_cents for payment in payments)


async def test_about_so_many_facts_were_told_each_within_the_year_at_a_lawful_hour(house: House) -> None:
    await past(house)

    async with house.session() as session:
        facts = (await session.exec(select(tables.Fact))).all()
    now = house.clock.now()
    assert 4 * EVENTS * 0.8 <= len(facts) <= 4 * (EVENTS + 2)
    assert {fact.kind for fact in facts} == {"contact.made", "visit.reported", "payment.received", "promise.made"}
    for fact in facts:
        local = fact.at.astimezone(house.parts.zone)
        assert now - timedelta(days=372) < fact.at < now
        assert (local.weekday() < 6, 9 <= local.hour <= 20) == (True, True), local
