"""Repayment plans, instalments, settlements, and the terms of creditors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
TABLES = ("creditor_terms", "repayment_plan", "instalment", "settlement")
FROZEN_COLUMNS = {
    "repayment_plan": "id, agency_id, practice_id, visit_id, value, digest, signature, total_cents",
    "instalment": "id, agency_id, plan_id, number, due_on, cents",
    "settlement": "id, agency_id, practice_id, visit_id, offer_cents, value, digest, signature",
}


def upgrade() -> None:
    op.add_column("payment", sa.Column("instalment_number", sa.Integer(), nullable=True))
    _creditor_terms()
    _repayment_plan()
    _instalment()
    _settlement()
    for table in TABLES:
        _secure(table)
    for table, columns in FROZEN_COLUMNS.items():
        op.execute(
            f"create trigger content_never_changes before update of {columns} on {table}"
            " for each row execute function never_changes()"
        )
        op.execute(
            f"create trigger never_deleted before delete on {table} for each row execute function never_changes()"
        )


def _creditor_terms() -> None:
    op.create_table(
        "creditor_terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("most_months", sa.Integer(), nullable=False),
        sa.Column("least_instalment_cents", sa.BigInteger(), nullable=False),
        sa.Column("least_first_bp", sa.Integer(), nullable=False),
        sa.Column("first_within_days", sa.Integer(), nullable=False),
        sa.Column("yearly_rate_bp", sa.Integer(), nullable=False),
        sa.Column("broken_after_days", sa.Integer(), nullable=False),
        sa.Column("broken_after_instalments", sa.Integer(), nullable=False),
        sa.Column("settlement_least_bp", sa.Integer(), nullable=False),
        sa.Column("settlement_within_days", sa.Integer(), nullable=False),
        sa.Column("set_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"]),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"]),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("creditor_id", "valid_from", name="creditor_terms_once"),
    )
    op.create_index(op.f("ix_creditor_terms_creditor_id"), "creditor_terms", ["creditor_id"])


def _repayment_plan() -> None:
    op.create_table(
        "repayment_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("agreed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("debt_cents", sa.BigInteger(), nullable=False),
        sa.Column("interest_cents", sa.BigInteger(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("broken_after_days", sa.Integer(), nullable=False),
        sa.Column("broken_after_instalments", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("flags", postgresql.JSONB(), nullable=False),
        sa.Column("broken_on", sa.Date(), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('proposed','active','kept','broken','renegotiated','settled')",
            name="repayment_plan_state_known",
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"]),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"]),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["replaces"], ["repayment_plan.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_repayment_plan_practice_id"), "repayment_plan", ["practice_id"])
    op.create_index(op.f("ix_repayment_plan_visit_id"), "repayment_plan", ["visit_id"])
    op.create_index(
        "repayment_plan_one_active",
        "repayment_plan",
        ["practice_id"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )


def _instalment() -> None:
    op.create_table(
        "instalment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("late_told_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"]),
        sa.ForeignKeyConstraint(["plan_id"], ["repayment_plan.id"]),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "number", name="instalment_once"),
    )
    op.create_index(op.f("ix_instalment_plan_id"), "instalment", ["plan_id"])
    op.create_index(op.f("ix_instalment_practice_id"), "instalment", ["practice_id"])
    op.create_index(op.f("ix_instalment_due_on"), "instalment", ["due_on"])


def _settlement() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("agreed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offer_cents", sa.BigInteger(), nullable=False),
        sa.Column("debt_cents", sa.BigInteger(), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("signature", sa.String(), nullable=True),
        sa.Column("flags", postgresql.JSONB(), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state in ('proposed','approved','refused','paid','expired')", name="settlement_state_known"
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"]),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"]),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_settlement_practice_id"), "settlement", ["practice_id"])
    op.create_index(op.f("ix_settlement_visit_id"), "settlement", ["visit_id"])


def _secure(table: str) -> None:
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")
    op.execute(f"grant select, insert, update, delete on {table} to {APP}")


def downgrade() -> None:
    raise NotImplementedError("signed agreements are not taken away again: restore a backup instead")
