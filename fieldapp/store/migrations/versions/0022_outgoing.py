"""Files for creditors: plans, files, what each told, every try to hand one over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
INSTANT = TIMESTAMP(timezone=True)
TABLES = ("export_plan", "outgoing_file", "told_fact", "hand_over")


def _own() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "export_plan",
        *_own(),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("layout", JSONB(), nullable=False),
        sa.Column("codes", JSONB(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("target", JSONB(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("weekdays", JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("next_run_at", INSTANT, nullable=False),
        sa.Column("read_up_to", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("last_digest", sa.String(), nullable=False),
        sa.CheckConstraint("place in ('desk','sftp','bucket','folder')", name="export_plan_place_known"),
        sa.UniqueConstraint("agency_id", "name", name="export_plan_name_once"),
    )
    op.create_table(
        "outgoing_file",
        *_own(),
        sa.Column("plan_id", sa.Uuid(), sa.ForeignKey("export_plan.id"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("collected_cents", sa.BigInteger(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("claimed_until", INSTANT, nullable=True),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("last_failure", sa.String(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint("state in ('waiting','delivered','held')", name="outgoing_file_state_known"),
        sa.UniqueConstraint("plan_id", "sequence", name="outgoing_file_numbered_once"),
    )
    op.create_index(
        "outgoing_file_open",
        "outgoing_file",
        ["plan_id", "sequence"],
        postgresql_where=sa.text("state in ('waiting','held')"),
    )
    op.create_table(
        "told_fact",
        sa.Column("file_id", sa.Uuid(), sa.ForeignKey("outgoing_file.id"), primary_key=True),
        sa.Column("fact_number", sa.BigInteger(), sa.ForeignKey("fact.number"), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), sa.ForeignKey("export_plan.id"), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.UniqueConstraint("plan_id", "fact_number", name="told_fact_once"),
    )
    op.create_index("ix_told_fact_fact_number", "told_fact", ["fact_number"])
    op.create_table(
        "hand_over",
        *_own(),
        sa.Column("file_id", sa.Uuid(), sa.ForeignKey("outgoing_file.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("result", sa.String(), nullable=True),
    )
    op.create_index("ix_hand_over_file_id", "hand_over", ["file_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
        op.execute(f"grant select, insert on {table} to {APP}")
    # What a file said stays said.
    for table in ("export_plan", "outgoing_file", "hand_over"):
        op.execute(f"grant update on {table} to {APP}")
    gate = "current_setting('fieldapp.role', true) = 'gate'"
    op.execute(f"create policy gate on export_plan for select using ({gate})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
