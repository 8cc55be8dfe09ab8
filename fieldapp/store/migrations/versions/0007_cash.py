"""What becomes of money after it was received: standings, deposit slips, the office's own series, counter-receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
STANDINGS = "'received','handed_in','at_bank','cleared','unpaid','voided'"


def upgrade() -> None:
    _deposit_slips()
    op.add_column("payment", sa.Column("standing", sa.String(), nullable=False, server_default="received"))
    op.add_column("payment", sa.Column("slip_id", sa.Uuid(), sa.ForeignKey("deposit_slip.id"), nullable=True))
    op.create_index("ix_payment_slip_id", "payment", ["slip_id"])
    op.create_check_constraint("payment_standing_known", "payment", f"standing in ({STANDINGS})")
    op.create_table(
        "payment_entry",
        sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("entry.id"), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("payment_id", sa.Uuid(), sa.ForeignKey("payment.id"), nullable=False),
    )
    op.create_index("ix_payment_entry_payment_id", "payment_entry", ["payment_id"])
    _secure("payment_entry")
    op.execute(
        "create trigger never_changes before update or delete on payment_entry"
        " for each row execute function never_changes()"
    )
    op.execute(f"grant select, insert on payment_entry to {APP}")
    op.add_column("receipt", sa.Column("voids", sa.Uuid(), sa.ForeignKey("receipt.id"), nullable=True))
    op.add_column("receipt", sa.Column("reason", sa.String(), nullable=False, server_default=""))
    op.create_unique_constraint("receipt_voided_once", "receipt", ["voids"])
    op.execute(
        "create trigger voiding_never_changes before update of voids, reason on receipt"
        " for each row execute function never_changes()"
    )
    op.add_column("device", sa.Column("kind", sa.String(), nullable=False, server_default="phone"))
    op.create_check_constraint("device_kind_known", "device", "kind in ('phone','office')")


def _deposit_slips() -> None:
    op.create_table(
        "deposit_slip",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("handed_in_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("counted_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("declared_cents", sa.BigInteger(), nullable=False),
        sa.Column("counted_cents", sa.BigInteger(), nullable=False),
        sa.Column("pieces", JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("entry.id"), nullable=False),
        sa.Column("banked_on", sa.Date(), nullable=True),
        sa.Column("banked_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("bank_reference", sa.String(), nullable=False),
        sa.Column("bank_entry_id", sa.Uuid(), sa.ForeignKey("entry.id"), nullable=True),
        sa.UniqueConstraint("agency_id", "number", name="deposit_slip_numbered_once"),
        sa.CheckConstraint("declared_cents >= 0 and counted_cents >= 0", name="deposit_slip_positive"),
    )
    op.create_index("ix_deposit_slip_agent_id", "deposit_slip", ["agent_id"])
    _secure("deposit_slip")
    op.execute(
        "create trigger count_never_changes before update of number, agent_id, handed_in_at, counted_by,"
        " declared_cents, counted_cents, pieces, reason, entry_id on deposit_slip"
        " for each row execute function never_changes()"
    )
    op.execute(
        "create trigger never_deleted before delete on deposit_slip for each row execute function never_changes()"
    )
    op.execute(f"grant select, insert, update on deposit_slip to {APP}")


def _secure(table: str) -> None:
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own_agency on {table} using ({mine}) with check ({mine})")


def downgrade() -> None:
    raise NotImplementedError("money that moved is not forgotten: restore a backup instead")
