"""A million practices: words that row security lets an index find, lists in their order, figures kept added up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0033"
branch_labels = None
depends_on = None

APP = "fieldapp_app"
MEASURES = ("visits", "reached", "kept", "broken", "recovered_cents", "planned", "done", "metres")
MINE = "agency_id = nullif(current_setting('fieldapp.agency', true), '')::uuid"
WORDS = """
    select p.agency_id, p.id, word from fresh p, lateral (
      select regexp_split_to_table(p.search_text, ' +') as word
      union select '#' || regexp_replace(lower(p.practice_number), '[^[:alnum:]]', '', 'g')
    ) as words where word <> ''
"""


def upgrade() -> None:
    _words()
    _lists()
    _figures()


def _words() -> None:
    """Under row security only leakproof operators may use an index before the policy: `@@` and `like` are not, the
    comparison of texts is. So the words stand in rows of their own, kept by the database whoever writes a practice."""
    op.drop_index("practice_words", table_name="practice")
    op.create_table(
        "practice_word",
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), primary_key=True),
        sa.Column("word", sa.String(collation="C"), primary_key=True),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
    )
    # Read by the owner before its own policies stand.
    op.execute("alter table practice no force row level security")
    op.execute(f"insert into practice_word (agency_id, practice_id, word) {WORDS.replace('fresh', 'practice')}")
    op.execute("alter table practice force row level security")
    op.create_index("practice_word_found", "practice_word", ["agency_id", "word", "practice_id"])
    _secure("practice_word")
    op.execute(
        f"""
        create function practice_words_added() returns trigger language plpgsql as $$
        begin
          insert into practice_word (agency_id, practice_id, word) {WORDS};
          return null;
        end $$
        """
    )
    op.execute(
        """
        create function practice_words_changed() returns trigger language plpgsql as $$
        begin
          delete from practice_word where practice_id = new.id;
          insert into practice_word (agency_id, practice_id, word)
          select new.agency_id, new.id, word from (
            select regexp_split_to_table(new.search_text, ' +') as word
            union select '#' || regexp_replace(lower(new.practice_number), '[^[:alnum:]]', '', 'g')
          ) as words where word <> '';
          return null;
        end $$
        """
    )
    op.execute(
        "create trigger practice_words_added after insert on practice referencing new table as fresh"
        " for each statement execute function practice_words_added()"
    )
    op.execute(
        "create trigger practice_words_changed after update of search_text, practice_number on practice for each row"
        " when (old.search_text is distinct from new.search_text or old.practice_number <> new.practice_number)"
        " execute function practice_words_changed()"
    )


def _lists() -> None:
    op.drop_index("ix_practice_practice_number", table_name="practice")
    op.create_index("practice_in_order", "practice", ["agency_id", "practice_number", "id"])
    op.create_index("practice_of_state", "practice", ["agency_id", "state", "practice_number", "id"])
    op.create_index("practice_flag_of_kind", "practice_flag", ["agency_id", "kind", "practice_id"])
    op.create_index("webhook_delivery_last", "webhook_delivery", ["agency_id", "last_at"])


def _figures() -> None:
    op.create_table(
        "figure_part",
        sa.Column("practice_id", sa.Uuid(), sa.ForeignKey("practice.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("weekday", "hour", "age", "area")),
        sa.Column("creditor", sa.String(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in MEASURES),
    )
    op.create_index("figure_part_of_day", "figure_part", ["agency_id", "day"])
    op.create_table(
        "figure_sum",
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), primary_key=True),
        sa.Column("grouped_by", sa.String(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in MEASURES),
    )
    op.create_table(
        "figure_mark",
        sa.Column("agency_id", sa.Uuid(), sa.ForeignKey("agency.id"), primary_key=True),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("judged_before", sa.Date(), nullable=False),
    )
    for table in ("figure_part", "figure_sum", "figure_mark"):
        _secure(table)


def _secure(table: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own_agency on {table} using ({MINE}) with check ({MINE})")
    op.execute(f"grant select, insert, update, delete on {table} to {APP}")


def downgrade() -> None:
    for table in ("figure_mark", "figure_sum", "figure_part"):
        op.drop_table(table)
    op.drop_index("webhook_delivery_last", "webhook_delivery")
    op.drop_index("practice_flag_of_kind", "practice_flag")
    op.drop_index("practice_of_state", "practice")
    op.drop_index("practice_in_order", "practice")
    op.create_index("ix_practice_practice_number", "practice", ["practice_number"])
    op.execute("drop trigger practice_words_changed on practice")
    op.execute("drop trigger practice_words_added on practice")
    op.execute("drop function practice_words_changed()")
    op.execute("drop function practice_words_added()")
    op.drop_table("practice_word")
    op.execute("create index practice_words on practice using gin (to_tsvector('simple', search_text))")
