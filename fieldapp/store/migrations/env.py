"""Alembic's entry: migrations run as the owner, over the connection or address that `store.setup` hands in."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from fieldapp.store import tables

assert tables.__all__

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
