"""Where a visit was closed and a receipt was given; the distance to the address is reckoned when it is read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

VISIT = ("left_lat_e6", "left_lon_e6", "left_accuracy_m")
RECEIPT = ("lat_e6", "lon_e6", "accuracy_m")


def upgrade() -> None:
    op.drop_column("visit", "distance_m")
    for name in VISIT:
        op.add_column("visit", sa.Column(name, sa.Integer(), nullable=True))
    for name in RECEIPT:
        op.add_column("receipt", sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    for name in RECEIPT:
        op.drop_column("receipt", name)
    for name in VISIT:
        op.drop_column("visit", name)
    op.add_column("visit", sa.Column("distance_m", sa.Integer(), nullable=True))
