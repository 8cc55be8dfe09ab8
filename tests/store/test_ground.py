"""What the database itself guarantees: tenants apart, ledger balanced, facts in commit order, nothing rewritten."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import traceback
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select

from fieldapp.store import setup, tables
from fieldapp.store.database import Database, Scope, driver_url
from fieldapp.store.embedded import Cluster
from fieldapp.store.feed import NewFact, audit, audit_digest, tell
from tests.conftest import NOW


def agency(name: str) -> tables.Agency:
    return tables.Agency(
        id=uuid4(),
        name=name,
        legal_name=f"{name} s.r.l.",
        vat_number="01234567897",
        address="Via Roma 1, Lodi",
        phone="0371 000000",
        email="info@example.it",
        licence_number="115/1",
        licence_authority="Questura di Lodi",
        licence_valid_to=date(2030, 1, 1),
    )


async def settled(database: Database, name: str) -> UUID:
    """An agency of that name, stored."""
    row = agency(name)
    async with database.transaction(Scope(row.id, "administrator")) as session:
        session.add(row)
    return row.id


async def test_a_query_without_a_filter_sees_nothing_of_another_agency(database: Database) -> None:
    ours = await settled(database, "Ours")
    theirs = await settled(database, "Theirs")
    async with database.transaction(Scope(theirs, "administrator")) as session:
        session.add(tables.Setting(agency_id=theirs, name="secret", value={}))

    async with database.transaction(Scope(ours, "administrator")) as session:
        agencies = (await session.exec(select(tables.Agency.name))).all()
        settings = (await session.exec(select(tables.Setting))).all()

    assert agencies == ["Ours"]
    assert settings == []


async def test_nothing_can_be_written_for_another_agency(database: Database) -> None:
    ours = await settled(database, "Ours")
    theirs = await settled(database, "Theirs")

    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.transaction(Scope(ours, "administrator")) as session:
            session.add(tables.Setting(agency_id=theirs, name="planted", value={}))


async def test_a_transaction_without_an_agency_sees_nothing_at_all(database: Database) -> None:
    await settled(database, "Ours")

    async with database.transaction(Scope(None, "nobody")) as session:
        assert (await session.exec(select(tables.Agency))).all() == []


def test_every_table_forces_row_security_and_the_service_is_no_superuser(cluster: Cluster, database_name: str) -> None:
    engine = create_engine(driver_url(cluster.url(setup.APP, database_name)))

    with engine.connect() as connection:
        open_tables = connection.execute(
            text(
                "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
                " and relname not like 'procrastinate%' and relname <> 'alembic_version'"
                " and not (relrowsecurity and relforcerowsecurity)"
            )
        ).all()
        powers = connection.execute(
            text("select rolsuper, rolbypassrls from pg_roles where rolname in ('fieldapp_app', 'fieldapp_owner')")
        ).all()

    assert open_tables == []
    assert powers == [(False, False), (False, False)]


async def entry_with(database: Database, agency_id: UUID, *amounts: int) -> UUID:
    entry = tables.Entry(
        id=uuid4(), agency_id=agency_id, at=NOW, recorded_at=NOW, kind="payment", idempotency_key=str(uuid4())
    )
    async with database.transaction(Scope(agency_id, "administrator")) as session:
        session.add(entry)
        accounts = [
            tables.Account(id=uuid4(), agency_id=agency_id, kind="agent_cash", person_id=None, practice_id=None)
        ]
        existing = (await session.exec(select(tables.Account))).all()
        account = existing[0] if existing else accounts[0]
        session.add(account)
        await session.flush()
        for cents in amounts:
            session.add(
                tables.Posting(
                    id=uuid4(), agency_id=agency_id, entry_id=entry.id, account_id=account.id, amount_cents=cents
                )
            )
    return entry.id


async def test_a_fault_names_neither_the_row_nor_the_values_it_failed_for(database: Database) -> None:
    ours = await settled(database, "Ours")

    with pytest.raises(IntegrityError) as fault:
        async with database.transaction(Scope(ours, "administrator")) as session:
            session.add(tables.Obligor(id=uuid4(), agency_id=ours, practice_id=uuid4(), name="Mario Bianchi"))
    with pytest.raises(DBAPIError) as unreadable:
        async with database.transaction(Scope(ours, "administrator")) as session:
            session.add(tables.Setting(agency_id=ours, name="notes", value={"who": "Mario Bianchi", "nul": "\0"}))

    for broken in (fault, unreadable):
        told = "".join(traceback.format_exception(broken.value))
        assert "psycopg" in told
        assert "Bianchi" not in told


async def test_an_entry_that_does_not_balance_is_refused_at_commit(database: Database) -> None:
    ours = await settled(database, "Ours")
    await entry_with(database, ours, 100, -60, -40)

    with pytest.raises(IntegrityError, match="does not balance"):
        await entry_with(database, ours, 100, -99)


@pytest.mark.parametrize(
    "statement",
    [
        "update posting set amount_cents = 0",
        "delete from posting",
        "update entry set memo = 'changed'",
        "update fact set body = '{}'",
        "delete from audit_entry",
    ],
)
async def test_what_was_written_once_cannot_be_rewritten(
    database: Database, cluster: Cluster, database_name: str, statement: str
) -> None:
    ours = await settled(database, "Ours")
    await entry_with(database, ours, 5, -5)
    async with database.transaction(Scope(ours, "administrator")) as session:
        tell(session, NewFact("thing.happened", NOW))
        audit(session, "thing.done", "thing", "1")

    for url in (database.url, cluster.url(setup.OWNER, database_name), cluster.url("fieldapp_setup", database_name)):
        engine = create_engine(driver_url(url))
        with engine.connect() as connection:
            connection.execute(text(f"select set_config('fieldapp.agency', '{ours}', true)"))
            with pytest.raises(DBAPIError, match=r"append only|permission denied"):
                connection.execute(text(statement))


async def test_fact_numbers_rise_in_commit_order_under_concurrent_writers(database: Database) -> None:
    ours = await settled(database, "Ours")
    committed: list[str] = []

    async def write(name: str) -> None:
        async with database.transaction(Scope(ours, "administrator")) as session:
            tell(session, NewFact(name, NOW), NewFact(name, NOW))
            await asyncio.sleep(0)
        committed.append(name)

    await asyncio.gather(*(write(f"fact.{i}") for i in range(15)))

    async with database.transaction(Scope(ours, "administrator")) as session:
        facts = (await session.exec(select(tables.Fact).order_by(tables.Fact.number))).all()  # type: ignore[arg-type]
    kinds = [fact.kind for fact in facts]
    assert kinds[::2] == kinds[1::2]
    assert sorted(kinds[::2]) == sorted(committed)


async def test_the_audit_chain_shows_an_altered_entry(database: Database) -> None:
    ours = await settled(database, "Ours")
    for i in range(3):
        async with database.transaction(Scope(ours, "administrator")) as session:
            audit(session, "practice.read", "practice", i, reason="test")

    async with database.transaction(Scope(ours, "administrator")) as session:
        rows = (await session.exec(select(tables.AuditEntry).order_by(tables.AuditEntry.number))).all()  # type: ignore[arg-type]

    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.previous_digest for row in rows] == ["", rows[0].digest, rows[1].digest]
    assert all(audit_digest(row.model_dump()) == row.digest for row in rows)
    assert audit_digest({**rows[1].model_dump(), "subject_id": "9"}) != rows[1].digest


def test_starting_the_embedded_database_changes_the_mode_of_no_parent_folder(tmp_path: Path) -> None:
    base = Path("/var/lib") if os.geteuid() == 0 else tmp_path
    home = base / f"fieldapp-modes-{os.getpid()}"
    home.mkdir()
    watched = [home, *home.parents, *Path(setup.__file__).resolve().parents]
    before = [stat.S_IMODE(folder.stat().st_mode) for folder in watched]

    Cluster(home, durable=False).start()
    Cluster(home, durable=False).stop()

    assert [stat.S_IMODE(folder.stat().st_mode) for folder in watched] == before
    shutil.rmtree(home)
