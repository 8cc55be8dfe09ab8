"""Who moved the pin of an address, and in place of which row the new one stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("address", sa.Column("instead_of", sa.Uuid(), sa.ForeignKey("address.id"), nullable=True))
    op.add_column("address", sa.Column("recorded_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True))
    op.create_index("ix_address_instead_of", "address", ["instead_of"])


def downgrade() -> None:
    op.drop_index("ix_address_instead_of", "address")
    op.drop_column("address", "recorded_by")
    op.drop_column("address", "instead_of")
