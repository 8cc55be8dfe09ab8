"""Arranged in the store: a practice ready to be visited, and a published day that holds it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ledger import LineBalance, statement_entry
from fieldapp.domain.tax_codes import check_letter
from fieldapp.store import ledger, planning, tables
from fieldapp.store.columns import Keyring
from fieldapp.store.tables import (
    Address,
    ContactAttempt,
    DebtLine,
    Obligor,
    Person,
    Placement,
    Plan,
    Practice,
)
from tests.conftest import NOW
from tests.flows.conftest import House, new_id

TODAY = date(2026, 11, 26)
OLD, YOUNG = date(2024, 10, 1), date(2026, 3, 1)
"""When an electricity bill was due that is time-barred today, and one that is not."""


async def entrusted(
    house: House, number: str = "P-001", *, cents: int = 90_000, state: str = "open", of: str | None = None
) -> UUID:
    """A practice of one debt line, long due, with two letters sent and a confirmed address in Lodi. Each number is of a
    debtor of its own, all of one name and one house; `of`: the number whose debtor it is instead."""
    ids = {name: new_id() for name in ("placement", "practice", "obligor", "line", "address")}
    agency_id = house.agency_id
    stem = f"BNCMRA{(79 + int((of or number)[-1], 36)) % 100:02}A01E648"
    tax_code = stem + check_letter(stem)
    async with house.session() as session:
        placement = Placement(
            id=ids["placement"],
            agency_id=agency_id,
            creditor_id=house.creditor_id,
            starts_on=TODAY - timedelta(days=10),
            ends_on=TODAY + timedelta(days=50 + int(number[-1], 36)),
        )
        practice = Practice(
            id=ids["practice"],
            agency_id=agency_id,
            creditor_id=house.creditor_id,
            placement_id=placement.id,
            practice_number=number,
            phase="home_visit",
            state=state,
            as_of=TODAY - timedelta(days=10),
            search_text=f"bianchi mario {number.lower()}",
        )
        obligor = Obligor(
            id=ids["obligor"],
            agency_id=agency_id,
            practice_id=practice.id,
            role="debtor",
            kind="person",
            name="Mario Bianchi",
            tax_code=tax_code,
            tax_code_index=Keyring.current().index("tax_code", tax_code),
        )
        line = DebtLine(
            id=ids["line"],
            agency_id=agency_id,
            practice_id=practice.id,
            title=f"Finanziamento {number}",
            kind="consumer_loan",
            due_on=TODAY - timedelta(days=300),
            principal_cents=cents - 3_000,
            interest_cents=2_000,
            costs_cents=1_000,
        )
        address = Address(
            id=ids["address"],
            agency_id=agency_id,
            practice_id=practice.id,
            obligor_id=obligor.id,
            text="Via Roma 12, 26900 Lodi LO",
            street="Via Roma",
            house_number="12",
            cap="26900",
            comune="Lodi",
            province="LO",
            lat_e6=45_314_500,
            lon_e6=9_503_500,
            quality="house_number",
            confidence_pct=98,
            state="confirmed",
            source="creditor",
            recorded_at=NOW - timedelta(days=10),
        )
        letters = [
            ContactAttempt(
                id=new_id(),
                agency_id=agency_id,
                practice_id=practice.id,
                at=NOW - timedelta(days=days),
                channel="letter",
                outcome=f"DUNNING_LETTER_{level}",
                source="history",
            )
            for level, days in ((1, 60), (2, 30))
        ]
        for row in (placement, practice, obligor, line, address):
            session.add(row)
            await session.flush()
        session.add_all(letters)
        entry = statement_entry(
            at=NOW - timedelta(days=10),
            idempotency_key=f"statement:{number}",
            creditor_id=house.creditor_id,
            practice_id=practice.id,
            stated={line.id: LineBalance(cents - 3_000, 2_000, 1_000)},
            present={},
        )
        assert entry is not None
        await ledger.post(session, [entry], now=NOW, new_id=new_id)
    return ids["practice"]


async def published(house: House, *practices: UUID, agent: Person | None = None, day: date = TODAY) -> None:
    """A version of `day` that gives the practices to the agent, half an hour apart."""
    agent = agent or house.people[Role.AGENT]
    dispatcher = house.people[Role.DISPATCHER]
    async with house.session() as session:
        plan = Plan(
            id=new_id(),
            agency_id=house.agency_id,
            day=day,
            state="done",
            created_at=NOW,
            created_by=dispatcher.id,
            request={"seconds": 1, "seed": 1},
        )
        session.add(plan)
        await session.flush()
        doors = {door.practice.id: door.address for door in await planning.open_practices(session)}
        stops = []
        for position, practice_id in enumerate(practices, start=1):
            address = doors[practice_id]
            assert address is not None
            arrive_at = datetime(day.year, day.month, day.day, 8, 30, tzinfo=NOW.tzinfo) + timedelta(
                minutes=30 * position
            )
            stops.append(
                {
                    "agent_id": agent.id,
                    "position": position,
                    "practice_id": practice_id,
                    "address_id": address.id,
                    "arrive_at": arrive_at,
                    "leave_at": arrive_at + timedelta(minutes=20),
                    "window_from": arrive_at,
                    "window_to": arrive_at + timedelta(hours=8),
                    "travel_s": 600,
                    "distance_m": 4_000,
                    "service_s": 1_200,
                    "prize_cents": 5_000,
                    "must": False,
                    "reserve": False,
                    "reason": "worth_the_way",
                    "reason_details": {},
                }
            )
        new = planning.NewVersion(plan.id, day, dispatcher.id, stops, {str(agent.id): {}})
        await planning.publish(session, new, now=NOW, new_id=new_id)


async def another_bill(house: House, practice_id: UUID, due_on: date, *, cents: int = 20_000) -> UUID:
    """One more debt line of the practice: an electricity bill."""
    line_id = new_id()
    async with house.session() as session:
        line = tables.DebtLine(
            id=line_id,
            agency_id=house.agency_id,
            practice_id=practice_id,
            position=9,
            title=f"Energia elettrica {due_on.isoformat()}",
            kind="Energia elettrica",
            due_on=due_on,
            principal_cents=cents,
            interest_cents=0,
            costs_cents=0,
        )
        session.add(line)
        await session.flush()
        entry = statement_entry(
            at=NOW - timedelta(days=10),
            idempotency_key=f"statement:{line_id}",
            creditor_id=house.creditor_id,
            practice_id=practice_id,
            stated={line_id: LineBalance(cents, 0, 0)},
            present={},
        )
        assert entry is not None
        await ledger.post(session, [entry], now=NOW, new_id=new_id)
    return line_id


async def become_bill(house: House, practice_id: UUID, due_on: date) -> None:
    """The practice's own line becomes an electricity bill, due on that day."""
    async with house.session() as session:
        for line in (
            await session.exec(select(tables.DebtLine).where(tables.DebtLine.practice_id == practice_id))
        ).all():
            line.kind, line.due_on = "Energia elettrica", due_on
