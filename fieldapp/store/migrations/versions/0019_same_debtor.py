"""Debtors that may be one person: found at intake, decided by a person, counted together once joined."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practice", sa.Column("debtor_group", sa.Uuid(), nullable=True))
    op.create_index("ix_practice_debtor_group", "practice", ["debtor_group"])
    op.add_column("obligor", sa.Column("tax_code_near", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("obligor", "tax_code_near", server_default=None)
    op.create_index("obligor_born_on", "obligor", ["born_on"], postgresql_where=sa.text("born_on is not null"))
    op.create_index("obligor_vat_number", "obligor", ["vat_number"], postgresql_where=sa.text("vat_number is not null"))
    op.create_index("obligor_tax_code_near", "obligor", ["tax_code_near"], postgresql_using="gin")
    door = sa.text("house_number <> ''")
    op.create_index("address_door", "address", ["comune", "street", "house_number"], postgresql_where=door)
    op.create_table(
        "debtor_match",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("one_practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("other_practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), nullable=False),
        sa.Column("tells", JSONB(), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Uuid(), sa.ForeignKey("import_file.id"), nullable=True),
        sa.Column("found_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("decided_at", TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=True),
        sa.UniqueConstraint("one_practice_id", "other_practice_id", name="debtor_match_once"),
        sa.CheckConstraint("one_practice_id < other_practice_id", name="debtor_match_ordered"),
        sa.CheckConstraint("verdict in ('same','different')", name="debtor_match_verdict_known"),
    )
    for column in ("one_practice_id", "other_practice_id", "import_id"):
        op.create_index(f"ix_debtor_match_{column}", "debtor_match", [column])
    undecided = sa.text("verdict is null")
    op.create_index("debtor_match_open", "debtor_match", ["agency_id", "strength"], postgresql_where=undecided)
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table debtor_match enable row level security")
    op.execute("alter table debtor_match force row level security")
    op.execute(f"create policy own_agency on debtor_match using ({mine}) with check ({mine})")
    op.execute("grant select, insert, update on debtor_match to fieldapp_app")


def downgrade() -> None:
    op.drop_table("debtor_match")
    op.drop_index("address_door", "address")
    for index in ("obligor_tax_code_near", "obligor_vat_number", "obligor_born_on"):
        op.drop_index(index, "obligor")
    op.drop_column("obligor", "tax_code_near")
    op.drop_index("ix_practice_debtor_group", "practice")
    op.drop_column("practice", "debtor_group")
