"""Deliveries that arrived may be cleared away; the database itself keeps those that have not."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

APP = "fieldapp_app"


def upgrade() -> None:
    op.execute(
        """
        create function only_delivered_goes() returns trigger language plpgsql as $$
        begin
          if old.state = 'delivered' or (old.state = 'failed' and old.fact_number is null) then
            return old;
          end if;
          raise exception 'a delivery that has not arrived is never cleared';
        end $$
        """
    )
    op.execute(
        "create trigger only_delivered_goes before delete on webhook_delivery"
        " for each row execute function only_delivered_goes()"
    )
    op.execute(f"grant delete on webhook_delivery to {APP}")


def downgrade() -> None:
    op.execute(f"revoke delete on webhook_delivery from {APP}")
    op.execute("drop trigger only_delivered_goes on webhook_delivery")
    op.execute("drop function only_delivered_goes()")
