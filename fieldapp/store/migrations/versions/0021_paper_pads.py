"""Numbered paper pads that agents carry, and what became of each form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
MINE = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
ACCOUNTED = (
    "case state when 'used' then visit_id is not null and reason = ''"
    " when 'voided' then visit_id is null and receipt_id is null and reason <> '' else false end"
)


def upgrade() -> None:
    op.create_table(
        "paper_pad",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("handed_over_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("handed_over_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("printed", sa.Integer(), nullable=False),
        sa.Column("returned_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("returned_to", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("blank", JSONB(), nullable=False),
        sa.UniqueConstraint("agency_id", "series", "first", name="paper_pad_once"),
        sa.CheckConstraint("kind in ('receipt','notice')", name="paper_pad_kind_known"),
        sa.CheckConstraint("first > 0 and first <= last", name="paper_pad_rising"),
    )
    op.create_index("ix_paper_pad_agent_id", "paper_pad", ["agent_id"])
    op.create_table(
        "pad_form",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("pad_id", sa.Uuid(), sa.ForeignKey("paper_pad.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), sa.ForeignKey("visit.id"), nullable=True),
        sa.Column("receipt_id", sa.Uuid(), sa.ForeignKey("receipt.id"), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("picture", sa.String(), nullable=True),
        sa.Column("entered_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.UniqueConstraint("pad_id", "number", name="pad_form_once"),
        sa.CheckConstraint(ACCOUNTED, name="pad_form_accounted_for"),
    )
    op.create_index("ix_pad_form_pad_id", "pad_form", ["pad_id"])
    for table in ("paper_pad", "pad_form"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_agency on {table} using ({MINE}) with check ({MINE})")
    op.execute(
        "create trigger never_changes before update or delete on pad_form for each row execute function never_changes()"
    )
    op.execute(
        "create trigger content_never_changes before update of kind, series, first, last, agent_id, handed_over_at"
        " on paper_pad for each row execute function never_changes()"
    )
    op.execute(f"grant select, insert, update on paper_pad to {APP}")
    op.execute(f"grant select, insert on pad_form to {APP}")


def downgrade() -> None:
    raise NotImplementedError("numbers on paper are not forgotten: restore a backup instead")
