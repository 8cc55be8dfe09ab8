"""After an import the database looks at once at what came, and not when its housekeeping comes by.

Until it has, it takes tables of a hundred thousand rows for empty ones: the queue of doubtful addresses then compared
each row with each and took more than ten minutes. Only a table's owner may have it looked at, hence the function.
"""

from __future__ import annotations

from alembic import op

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

TABLES = (
    "account, address, debt_line, entry, fact, obligor, phone, placement, posting, practice, practice_last_contact,"
    " practice_word, statement, task"
)


def upgrade() -> None:
    op.execute(
        f"""
        create function look_at_what_came() returns void language plpgsql security definer
        set search_path = public, pg_temp as $$
        begin
            analyze {TABLES};
        end $$
        """
    )
    op.execute("revoke all on function look_at_what_came() from public")
    op.execute("grant execute on function look_at_what_came() to fieldapp_app")


def downgrade() -> None:
    op.execute("drop function look_at_what_came()")
