"""What is left of each practice's claim is kept beside its balance; addresses that wait are read from one index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("claim_part", sa.Column("left_cents", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("claim_part", "left_cents", server_default=None)
    # Without a mark every practice is counted anew by whoever reads first. The owner works for no agency: row security
    # would show it nothing.
    op.execute("alter table claim_mark no force row level security")
    op.execute("delete from claim_mark")
    op.execute("alter table claim_mark force row level security")
    op.create_index(
        "address_waits",
        "address",
        ["agency_id", "practice_id", "id"],
        postgresql_where=sa.text("state = 'doubtful' and current"),
    )


def downgrade() -> None:
    op.drop_index("address_waits", "address")
    op.drop_column("claim_part", "left_cents")
