"""Settlements that are asked while the agent is at the door, before their visit is reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

FROZEN = "id, agency_id, practice_id, offer_cents, value, digest, signature"
ASKED = "asked_visit, asked_by"
EACH = "for each row execute function never_changes()"
STATES = "'proposed','approved','refused','paid','expired'"


def upgrade() -> None:
    op.alter_column("settlement", "visit_id", nullable=True)
    op.add_column("settlement", sa.Column("asked_visit", sa.Uuid(), nullable=True))
    op.add_column("settlement", sa.Column("asked_by", sa.Uuid(), sa.ForeignKey("device.id"), nullable=True))
    op.add_column("settlement", sa.Column("heard_at", TIMESTAMP(timezone=True), nullable=True))
    op.create_index("ix_settlement_asked_visit", "settlement", ["asked_visit"])
    op.drop_constraint("settlement_state_known", "settlement")
    op.create_check_constraint("settlement_state_known", "settlement", f"state in ({STATES},'withdrawn')")
    op.create_check_constraint("settlement_of_a_visit", "settlement", "visit_id is not null or asked_visit is not null")
    # The report brings the visit, once.
    op.execute("drop trigger content_never_changes on settlement")
    op.execute(f"create trigger content_never_changes before update of {FROZEN}, {ASKED} on settlement {EACH}")
    op.execute(
        "create trigger visit_never_changes before update of visit_id on settlement"
        " for each row when (old.visit_id is not null) execute function never_changes()"
    )


def downgrade() -> None:
    op.execute("drop trigger visit_never_changes on settlement")
    op.execute("drop trigger content_never_changes on settlement")
    op.execute("alter table settlement disable trigger never_deleted")
    op.execute("delete from settlement where visit_id is null")
    op.execute("alter table settlement enable trigger never_deleted")
    op.drop_constraint("settlement_of_a_visit", "settlement")
    op.drop_constraint("settlement_state_known", "settlement")
    op.execute("update settlement set state = 'refused' where state = 'withdrawn'")
    op.create_check_constraint("settlement_state_known", "settlement", f"state in ({STATES})")
    for column in ("heard_at", "asked_by", "asked_visit"):
        op.drop_column("settlement", column)
    op.alter_column("settlement", "visit_id", nullable=False)
    op.execute(f"create trigger content_never_changes before update of {FROZEN}, visit_id on settlement {EACH}")
