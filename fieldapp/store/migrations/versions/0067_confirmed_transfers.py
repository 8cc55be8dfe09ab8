"""Who confirmed an announced payment, and with what: the same said again is known, anything else is not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promise", sa.Column("confirmed_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True))
    op.add_column("promise", sa.Column("confirmed_digest", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("promise", "confirmed_digest")
    op.drop_column("promise", "confirmed_by")
