"""The chain of migrations ends at the tables, and fills in what stands in them."""

from __future__ import annotations

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from fieldapp.store import setup
from fieldapp.store.database import driver_url
from fieldapp.store.embedded import SUPERUSER, Cluster


def test_migrations_equal_the_tables(cluster: Cluster, database_name: str) -> None:
    engine = create_engine(driver_url(cluster.url(setup.OWNER, database_name)))

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _o, name, kind, _r, _c: (
                    not (kind == "table" and str(name).startswith("procrastinate"))
                ),
            },
        )
        differences = compare_metadata(context, SQLModel.metadata)

    assert differences == []


def test_an_upgrade_fills_in_the_rows_of_every_agency(cluster: Cluster) -> None:
    """Migrations run as the owner, who is held to row security and works for no agency."""
    admin = cluster.url(SUPERUSER, "postgres")
    setup.create_database(admin, "upgraded")
    try:
        engine = create_engine(driver_url(cluster.url(setup.OWNER, "upgraded")))
        with engine.begin() as connection:
            command.upgrade(setup.alembic_config(connection), "0042")
        engine.dispose()
        with psycopg.connect(cluster.url(SUPERUSER, "upgraded")) as connection:
            connection.execute("set session_replication_role = replica")
            columns = connection.execute(
                "select column_name, data_type from information_schema.columns where table_name = 'seen_payment'"
                " and is_nullable = 'NO' and column_default is null"
            ).fetchall()
            made = {
                "uuid": "gen_random_uuid()",
                "date": "current_date",
                "timestamp with time zone": "now()",
                "bigint": "100",
                "integer": "100",
                "jsonb": "'{}'",
            }
            values = [
                {"reference": "' Bon-1 '", "state": "'included'"}.get(name, made.get(kind, "''"))
                for name, kind in columns
            ]
            names = ", ".join(name for name, _ in columns)
            connection.execute(f"insert into seen_payment ({names}) values ({', '.join(values)})")

        setup.migrate(cluster.url(setup.OWNER, "upgraded"))

        with psycopg.connect(cluster.url(SUPERUSER, "upgraded")) as connection:
            keys = connection.execute("select reference_key from seen_payment").fetchall()
            forced = connection.execute("select relforcerowsecurity from pg_class where relname = 'seen_payment'")
            assert (keys, forced.fetchone()) == ([("bon-1",)], (True,))
    finally:
        setup.drop_database(admin, "upgraded")
