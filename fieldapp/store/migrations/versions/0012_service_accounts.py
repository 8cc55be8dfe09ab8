"""Service accounts: tokens of other systems, with scopes, a rate and an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APP = "fieldapp_app"


def upgrade() -> None:
    op.create_table(
        "service_account",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", JSONB(), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), sa.ForeignKey("creditor.id"), nullable=True),
        sa.Column("token_digest", sa.String(), nullable=False, unique=True),
        sa.Column("a_minute", sa.Integer(), nullable=False),
        sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("last_used_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("minute_began_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.CheckConstraint("a_minute > 0", name="service_account_rate_positive"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    gate = "current_setting('fieldapp.role', true) = 'gate'"
    op.execute("alter table service_account enable row level security")
    op.execute("alter table service_account force row level security")
    op.execute(f"create policy own_agency on service_account using ({mine}) with check ({mine})")
    # Looked up by the token's digest before it is known for whom.
    op.execute(f"create policy gate on service_account using ({gate}) with check ({gate})")
    op.execute(f"grant select, insert, update on service_account to {APP}")
    # One agency's facts in order, without walking over the others'.
    op.create_index("fact_of_agency", "fact", ["agency_id", "number"])


def downgrade() -> None:
    op.drop_index("fact_of_agency", "fact")
    op.drop_table("service_account")
