"""What a correction lifts of a debtor's protection: no agent decides that alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0078"
down_revision = "0084"
branch_labels = None
depends_on = None

TWO = "visit_correction_of_two_people"
DECIDED = "state not in ('holds','declined') or decided_by <> said_by"


def upgrade() -> None:
    lifts = sa.Column("lifts", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))
    op.add_column("visit_correction", lifts)
    op.drop_constraint(TWO, "visit_correction")
    op.create_check_constraint(
        TWO, "visit_correction", f"{DECIDED} or (envelope_id is not null and lifts = '[]'::jsonb)"
    )


def downgrade() -> None:
    op.drop_constraint(TWO, "visit_correction")
    op.create_check_constraint(TWO, "visit_correction", f"{DECIDED} or envelope_id is not null")
    op.drop_column("visit_correction", "lifts")
