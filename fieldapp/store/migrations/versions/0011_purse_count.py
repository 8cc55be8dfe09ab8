"""What agents count at the end of a day, as their phones signed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

APP = "fieldapp_app"


def upgrade() -> None:
    op.create_table(
        "purse_count",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("envelope_id", sa.Uuid(), sa.ForeignKey("envelope.id"), nullable=False),
        sa.Column("counted_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expected_cents", sa.BigInteger(), nullable=False),
        sa.Column("counted_cents", sa.BigInteger(), nullable=False),
        sa.Column("pieces", JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
    )
    op.create_index("ix_purse_count_agent_id", "purse_count", ["agent_id"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table purse_count enable row level security")
    op.execute("alter table purse_count force row level security")
    op.execute(f"create policy own_agency on purse_count using ({mine}) with check ({mine})")
    op.execute(
        "create trigger never_changes before update or delete on purse_count"
        " for each row execute function never_changes()"
    )
    op.execute(f"grant select, insert on purse_count to {APP}")


def downgrade() -> None:
    raise NotImplementedError("what was counted is not forgotten: restore a backup instead")
