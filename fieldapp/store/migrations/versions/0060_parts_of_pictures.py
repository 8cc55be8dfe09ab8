"""Pictures that come in parts: how far each is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0060"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachment_upload",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("device_id", sa.Uuid(), sa.ForeignKey("device.id"), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("parts", JSONB(), nullable=False),
        sa.Column("begun_at", TIMESTAMP(timezone=True), nullable=False),
        sa.UniqueConstraint("device_id", "sha256", name="attachment_upload_once"),
        sa.CheckConstraint("0 <= held and held <= length", name="attachment_upload_within"),
    )
    op.create_index("ix_attachment_upload_device_id", "attachment_upload", ["device_id"])
    op.create_index("attachment_upload_begun", "attachment_upload", ["begun_at"])
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table attachment_upload enable row level security")
    op.execute("alter table attachment_upload force row level security")
    op.execute(f"create policy own_agency on attachment_upload using ({mine}) with check ({mine})")
    op.execute("grant select, insert, update, delete on attachment_upload to fieldapp_app")


def downgrade() -> None:
    op.drop_table("attachment_upload")
