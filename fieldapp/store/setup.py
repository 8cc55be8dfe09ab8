"""Roles, databases and migrations: what runs before the service does, as someone who may.

`fieldapp_owner` owns the schema and runs migrations, `fieldapp_app` serves; neither is a superuser, and row
security is forced on the owner too. Only `create_database` needs an administrator's address.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine

from fieldapp.store.database import driver_url

OWNER = "fieldapp_owner"
APP = "fieldapp_app"
_MIGRATIONS = Path(__file__).parent / "migrations"


def create_database(admin_url: str, name: str, *, template: str | None = None) -> None:
    """Make both roles and the database `name` where they are missing (idempotent)."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role in (OWNER, APP):
            if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                connection.execute(
                    sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole").format(sql.Identifier(role))
                )
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            source = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
            connection.execute(
                sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(OWNER)) + source
            )
            connection.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(name)))
            connection.execute(
                sql.SQL("grant connect on database {} to {}").format(sql.Identifier(name), sql.Identifier(APP))
            )


def drop_database(admin_url: str, name: str) -> None:
    """Remove the database `name`, whoever is connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def migrate(owner_url: str) -> None:
    """Bring the schema to the newest version; doing so again changes nothing."""
    engine = create_engine(driver_url(owner_url))
    try:
        with engine.begin() as connection:
            command.upgrade(alembic_config(connection), "head")
    finally:
        engine.dispose()


def alembic_config(connection: object) -> Config:
    """Alembic's settings for our migrations over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def is_migrated(url: str) -> bool:
    """Whether the schema is at the newest version; works for the service's own role."""
    from_files = max(path.stem.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    with psycopg.connect(urlsplit(url).geturl()) as connection:
        table = connection.execute("select to_regclass('alembic_version')").fetchone()
        if not table or not table[0]:
            return False
        row = connection.execute("select version_num from alembic_version").fetchone()
    return row is not None and row[0] == from_files
