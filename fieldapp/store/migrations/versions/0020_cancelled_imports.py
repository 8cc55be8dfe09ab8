"""A running import may be cancelled."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BEFORE = "'reading','read','writing','done','refused','failed'"


def upgrade() -> None:
    _allow(f"{BEFORE},'cancelled'")


def downgrade() -> None:
    op.execute("update import_file set state = 'failed' where state = 'cancelled'")
    _allow(BEFORE)


def _allow(states: str) -> None:
    op.drop_constraint("import_file_state_known", "import_file")
    op.create_check_constraint("import_file_state_known", "import_file", f"state in ({states})")
