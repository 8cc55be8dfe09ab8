"""Money without a visit: of reports that were refused, and what the office decided about each of their payments; and
the debt that a debtor declared to pay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0042"
down_revision = "0043"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
FORM = (
    "case state when 'used' then {used} and reason = ''"
    " when 'voided' then visit_id is null and receipt_id is null and reason <> '' else false end"
)


def upgrade() -> None:
    for table in ("receipt", "payment"):
        op.alter_column(table, "visit_id", nullable=True)
    op.add_column("creditor", sa.Column("debtor_chooses", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("creditor", "debtor_chooses", server_default=None)
    op.add_column("payment", sa.Column("chosen_line", sa.Uuid(), sa.ForeignKey("debt_line.id"), nullable=True))
    _account_for_forms("num_nonnulls(visit_id, receipt_id) > 0")
    op.create_table(
        "refused_money",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("envelope_id", sa.Uuid(), sa.ForeignKey("envelope.id"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id")),
        sa.Column("receipt_id", sa.Uuid(), sa.ForeignKey("receipt.id")),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), sa.ForeignKey("person.id"), nullable=False),
        sa.UniqueConstraint("envelope_id", "place", "act", name="refused_money_once"),
        sa.CheckConstraint("act in ('booked','denied','denial_confirmed')", name="refused_money_act_known"),
        sa.CheckConstraint(
            "(act = 'booked') = (receipt_id is not null) and (act = 'booked') = (practice_id is not null)",
            name="refused_money_booked_somewhere",
        ),
    )
    op.create_index("ix_refused_money_digest", "refused_money", ["digest"])
    op.create_index(
        "refused_paper_booked_once",
        "refused_money",
        ["digest"],
        unique=True,
        postgresql_where=sa.text("act = 'booked'"),
    )
    mine = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
    op.execute("alter table refused_money enable row level security")
    op.execute("alter table refused_money force row level security")
    op.execute(f"create policy own_agency on refused_money using ({mine}) with check ({mine})")
    op.execute(
        "create trigger never_changes before update or delete on refused_money"
        " for each row execute function never_changes()"
    )
    op.execute(
        "create trigger never_emptied before truncate on refused_money"
        " for each statement execute function never_changes()"
    )
    op.execute(f"grant select, insert on refused_money to {APP}")


def _account_for_forms(used: str) -> None:
    op.drop_constraint("pad_form_accounted_for", "pad_form", type_="check")
    op.create_check_constraint("pad_form_accounted_for", "pad_form", FORM.format(used=used))


def downgrade() -> None:
    op.drop_table("refused_money")
    op.drop_column("payment", "chosen_line")
    op.drop_column("creditor", "debtor_chooses")
    _account_for_forms("visit_id is not null")
    for table in ("receipt", "payment"):
        op.alter_column(table, "visit_id", nullable=False)
