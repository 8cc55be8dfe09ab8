"""A loaded house multiplied inside its database: each practice with all it owns, so many times, under new ids.

Names, tax codes, VAT numbers, telephones and practice numbers are drawn anew and sealed and indexed by the house's own
keyring; everything else is the original's. Row security, triggers and indexes stand aside meanwhile. Afterwards every
index and foreign key is made again from the rows, and `disagreements` asks whether its books still close.

Left out: the day that is planned, documents, imports and the audit chain, which stay those of the first load. The
sealed bytes of envelopes and receipts are copied as they are, so they name the practice that they were first told of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from fieldapp.demo.people import Party, invent_firm, invent_landline, invent_mobile, invent_person
from fieldapp.demo.province import towns
from fieldapp.domain.figures import KEPT, MEASURES
from fieldapp.store.columns import Keyring
from fieldapp.store.practices import searchable

_SERIES = "moved_series({}, {{k}})"
_MOVED = {
    "id",
    "practice_id",
    "obligor_id",
    "address_id",
    "instead_of",
    "debt_line_id",
    "device_id",
    "visit_id",
    "with_visit_id",
    "envelope_id",
    "receipt_id",
    "voids",
    "entry_id",
    "reverses",
    "chosen_line",
}
"""Columns that name a row which is copied along; all others name what the copies share, or nothing."""

# What a copy says otherwise than its original, by table; `{k}` is the number of the copy, `d` what was drawn for it.
# The order is that of the writing; nothing depends on it.
_COPIED: dict[str, dict[str, str]] = {
    "device": {"series": _SERIES.format("o.series")},
    "number_block": {"series": _SERIES.format("o.series")},
    "practice": {"practice_number": "d.practice_number", "search_text": "d.search_text", "debtor_group": "null"},
    "obligor": {name: f"d.{name}" for name in ("name", "tax_code", "tax_code_index", "vat_number", "born_on")},
    "phone": {"number": "d.number", "number_index": "d.number_index"},
    "address": {},
    "debt_line": {},
    "statement": {},
    "account": {},
    "entry": {
        "memo": f"case when o.kind = 'payment' then {_SERIES.format('o.memo')} else o.memo end",
        "idempotency_key": "case when o.kind = 'payment' then 'receipt:' || "
        f"{_SERIES.format('substr(o.idempotency_key, 9)')} else 'statement:' || "
        "moved(substr(o.idempotency_key, 11)::uuid, {k})::text end",
    },
    "posting": {"account_id": "case when shared.id is null then moved(o.account_id, {k}) else o.account_id end"},
    "envelope": {},
    "visit": {"stop_id": "null"},
    "visit_review": {},
    "receipt": {"series": _SERIES.format("o.series")},
    "payment": {},
    "promise": {},
    "contact_attempt": {
        "source": "case when o.source like 'device:%' then 'device:' || "
        f"{_SERIES.format('substr(o.source, 8)')} else o.source end"
    },
    "practice_flag": {},
    "practice_last_contact": {},
    "task": {"subject_id": "moved(o.subject_id::uuid, {k})::text"},
    "claim_part": {},
    # What was planned for a practice and done by the plan is not copied, so that it does not count either.
    "figure_part": {"planned": "0", "done": "0", "metres": "0"},
    "fact": {
        "number": "{first} + o.place",
        "recorded_at": "{recorded_at}",
        "body": "case o.kind when 'visit.reported' then"
        " o.body || jsonb_build_object('visit_id', moved((o.body->>'visit_id')::uuid, {k}))"
        " when 'payment.received' then"
        " o.body || jsonb_build_object('receipt', " + _SERIES.format("o.body->>'receipt'") + ") else o.body end",
    },
}
_ROWS = {
    "account": "practice_id is not null",
    "task": "subject_kind = 'address'",
    "fact": "practice_id is not null",
    "figure_part": f"({', '.join(name for name in MEASURES if name not in ('planned', 'done', 'metres'))})"
    " is distinct from (0, 0, 0, 0, 0)",
}
"""Which rows of a table are copied, where not all."""
_MADE_ANEW = ("practice_word",)
_LEFT_OUT = {"published_stop", "credit_document"}
"""What belongs to a practice and stays with the original."""
_DRAWN = {
    "practice": "practice_number text, search_text text",
    "obligor": "name text, tax_code bytea, tax_code_index text, vat_number text, born_on date",
    "phone": "number bytea, number_index text",
}
_NULL = "\\N"
_WORDS = """
    insert into practice_word (agency_id, practice_id, word)
    select p.agency_id, moved(p.id, %(k)s), word from original.practice p join drawn.practice d using (id), lateral (
      select regexp_split_to_table(d.search_text, ' +') as word
      union select '#' || regexp_replace(lower(d.practice_number), '[^[:alnum:]]', '', 'g')
    ) as words where word <> ''
"""


def multiplied(url: str, times: int, *, today: date, seed: int, say: Callable[[str], None]) -> None:
    """Copy every practice of the database at `url` until there are `times` as many; `url` is a superuser's.

    The sums that the house keeps must have been brought up to its newest fact. Raises ValueError where the database
    holds rows of a kind that the copying does not know.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        _refuse_unknown(connection)
        connection.execute("set session_replication_role = replica")
        connection.execute("set synchronous_commit = off")
        connection.execute("set maintenance_work_mem = '1GB'")
        connection.execute("set work_mem = '256MB'")
        _prepare(connection)
        original = _Original.read(connection)
        worn = definitions(connection)
        _undress(connection, worn)
        for k in range(1, times):
            with connection.transaction():
                _draw(connection, original, k, today=today, seed=seed)
                _copy(connection, k)
            if k % 5 == 0 or k == times - 1:
                say(f"  copy {k} of {times - 1}")
        dress(connection, worn)
        sum_up(connection)


def disagreements(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Entries that do not balance, numbers that the feed skips, and practices of which the search knows no word."""
    asked = {
        "entries out of balance": "select count(*) from (select 1 from posting group by entry_id"
        " having sum(amount_cents) <> 0) as entry",
        "numbers skipped by the feed": "select max(number) - min(number) + 1 - count(*) from fact",
        "practices without words": "select count(*) from practice p where not exists"
        " (select from practice_word where practice_id = p.id)",
    }
    return {what: int(connection.execute(query).fetchone()[0]) for what, query in asked.items()}  # type: ignore[arg-type, index]


def _refuse_unknown(connection: psycopg.Connection[Any]) -> None:
    owning = connection.execute(
        "select distinct conrelid::regclass::text from pg_constraint where confrelid = 'practice'::regclass"
    ).fetchall()
    known = {*_COPIED, *_MADE_ANEW, *_LEFT_OUT}
    held = [
        name
        for (name,) in owning
        if name not in known and connection.execute(SQL("select from {} limit 1").format(Identifier(name))).fetchone()
    ]
    kinds = connection.execute("select distinct kind from entry where kind not in ('statement', 'payment')").fetchall()
    if held or kinds:
        raise ValueError(f"cannot multiply rows of {held} and entries {kinds}")


def _prepare(connection: psycopg.Connection[Any]) -> None:
    """The originals apart from their copies, and how an id becomes a copy's."""
    (days,) = connection.execute(
        "select ceil(extract(epoch from max(at) - min(at)) / 65.536)::bigint + 1 from"
        " (select uuid_extract_timestamp(id) as at from practice union all"
        "  select uuid_extract_timestamp(id) from contact_attempt union all"
        "  select uuid_extract_timestamp(id) from device) as made"
    ).fetchone() or (1,)
    (devices,) = connection.execute("select count(*) from device").fetchone() or (0,)
    # The first eight digits of a UUIDv7 count 65.536 s: each copy is made that much earlier than the one before it.
    connection.execute(f"""
        create function moved(id uuid, k int) returns uuid immutable strict language sql return
          (lpad(to_hex(('x' || left(id::text, 8))::bit(32)::bigint - k * {days}), 8, '0') || substr(id::text, 9))::uuid;
        create function moved_series(it text, k int) returns text immutable strict language sql return
          'A' || (substr(split_part(it, '-', 1), 2)::int + k * {devices})
          || substr(it, length(split_part(it, '-', 1)) + 1);
        create schema original; create schema drawn
    """)
    for table, columns in _DRAWN.items():
        connection.execute(f"create unlogged table drawn.{table} (id uuid, {columns})")
    connection.execute("create unlogged table original.shared as select id from account where practice_id is null")
    for table in _COPIED:
        place = ", row_number() over (order by number) as place" if table == "fact" else ""
        where = f"where {_ROWS[table]}" if table in _ROWS else ""
        order = "order by number" if table == "fact" else ""
        connection.execute(
            f"create unlogged table original.{table} as select *{place} from public.{table} {where} {order}"
        )
        connection.execute(f"analyze original.{table}")


Definitions = tuple[list[tuple[str, str, str, str]], list[tuple[str, str]]]
"""Keys (table, name, definition, kind as in pg_constraint) and further indexes (name, definition)."""


def definitions(connection: psycopg.Connection[Any]) -> Definitions:
    """The keys and indexes of the tables that are copied, and the foreign keys that lead to them."""
    tables, named = [*_COPIED, *_MADE_ANEW], "any(array(select unnest(%s::text[])::regclass::oid))"
    keys = connection.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype from pg_constraint"
        f" where contype = 'f' and (conrelid = {named} or confrelid = {named})"
        f" or contype in ('p', 'u', 'x') and conrelid = {named} order by contype <> 'f'",
        [tables] * 3,
    ).fetchall()
    indexes = connection.execute(
        f"select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index where indrelid = {named}"
        " and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))",
        [tables],
    ).fetchall()
    return keys, indexes


def _undress(connection: psycopg.Connection[Any], worn: Definitions) -> None:
    keys, indexes = worn
    for table, name, _, _ in keys:
        connection.execute(f'alter table {table} drop constraint "{name}"')
    for name, _ in indexes:
        connection.execute(f"drop index {name}")


def dress(connection: psycopg.Connection[Any], worn: Definitions) -> None:
    """Make keys and indexes again from the rows; every foreign key is looked up."""
    keys, indexes = worn
    for table, name, definition, kind in keys:
        if kind != "f":
            connection.execute(f'alter table {table} add constraint "{name}" {definition}')
    for _, definition in indexes:
        connection.execute(definition)
    for table in (*_COPIED, *_MADE_ANEW):
        connection.execute(f"analyze {table}")
    # Looked up only where triggers are on.
    connection.execute("set session_replication_role = origin")
    for table, name, definition, kind in keys:
        if kind == "f":
            connection.execute(f'alter table {table} add constraint "{name}" {definition}')


def _copy(connection: psycopg.Connection[Any], k: int) -> None:
    (last, recorded_at) = connection.execute("select last_value, (select max(recorded_at) from original.fact)"
                                             " from fact_number").fetchone() or (0, None)  # fmt: skip
    values = {"k": str(k), "first": str(last), "recorded_at": f"'{recorded_at}'::timestamptz"}
    for table, otherwise in _COPIED.items():
        columns = [
            name
            for (name,) in connection.execute(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
                " and attgenerated = '' order by attnum",
                [f"public.{table}"],
            ).fetchall()
        ]
        said = [
            otherwise[name].format(**values)
            if name in otherwise
            else f"moved(o.{name}, {k})"
            if name in _MOVED
            else f"o.{name}"
            for name in columns
        ]
        source = f"original.{table} o"
        if table in _DRAWN:
            source += f" join drawn.{table} d using (id)"
        if table == "posting":
            source += " left join original.shared on shared.id = o.account_id"
        order = "order by o.place" if table == "fact" else ""
        names = ", ".join(f'"{name}"' for name in columns)
        connection.execute(f"insert into public.{table} ({names}) select {', '.join(said)} from {source} {order}")
    connection.execute(_WORDS, {"k": k})
    connection.execute("select setval('fact_number', %s + (select count(*) from original.fact))", [last])


def sum_up(connection: psycopg.Connection[Any]) -> None:
    """The sums over all practices from their parts, as of the newest fact; what only served the copying goes."""
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    connection.execute("truncate figure_sum; delete from claim_sum")
    for by in KEPT:
        connection.execute(
            f"insert into figure_sum (agency_id, grouped_by, day, key, {', '.join(MEASURES)})"
            f" select agency_id, %s, day, {by.value}, {sums} from figure_part group by 1, 3, 4",
            [by.value],
        )
    connection.execute(
        "insert into claim_sum (creditor_id, agency_id, practices, owed_cents)"
        " select creditor_id, agency_id, count(*), sum(owed_cents) from claim_part group by 1, 2"
    )
    for mark in ("figure_mark", "claim_mark"):
        connection.execute(f"update {mark} set up_to = (select last_value from fact_number)")
    connection.execute("drop schema original cascade; drop schema drawn cascade; drop function moved, moved_series")


# --- what is drawn ---


@dataclass(frozen=True, slots=True)
class _Bound:
    """One who is bound by a practice."""

    id: UUID
    name: str
    kind: str
    born: bool


@dataclass(frozen=True, slots=True)
class _Original:
    """The first load's practices: id, number and words for the search; who is bound, in order; telephones."""

    practices: list[tuple[UUID, str, str, list[_Bound]]]
    phones: list[tuple[UUID, UUID, bool]]
    """Id, practice, and whether it is a mobile."""

    @classmethod
    def read(cls, connection: psycopg.Connection[Any]) -> _Original:
        bound: dict[UUID, list[_Bound]] = {}
        query = "select practice_id, id, name, kind, born_on is not null from original.obligor order by 1, position"
        for practice_id, *rest in connection.execute(query):
            bound.setdefault(practice_id, []).append(_Bound(*rest))
        practices = [
            (id_, number, words, bound[id_])
            for id_, number, words in connection.execute(
                "select id, practice_number, search_text from original.practice order by id"
            )
        ]
        ring = Keyring.current()
        phones = [
            (id_, practice_id, ring.open("phone", number).startswith("3"))
            for id_, practice_id, number in connection.execute("select id, practice_id, number from original.phone")
        ]
        return cls(practices, phones)


def _draw(connection: psycopg.Connection[Any], original: _Original, k: int, *, today: date, seed: int) -> None:
    """Fill `drawn` with what the copies `k` are called and how they are reached."""
    random = Random(f"{seed}/multiplied/{k}")
    ring, born_in, size = Keyring.current(), towns(), len(original.practices)
    connection.execute("truncate drawn.practice, drawn.obligor, drawn.phone")
    practices, obligors = [], []
    for place, (id_, number, words, bound) in enumerate(original.practices):
        sequence = k * size + place + 1
        called = [_party(one, random, born_in, today, sequence) for one in bound]
        before = searchable(*(one.name for one in bound))
        if not words.startswith(before):
            raise ValueError(f"practice {number}: {words!r} does not begin with {before!r}")
        words = searchable(*(party.name for party in called)) + words[len(before) :]
        practices.append(f"{id_}\t{number[:3]}{int(number[3:]) + k * size:06d}\t{words}\n")
        for one, party in zip(bound, called, strict=True):
            code, found = ring.seal("tax_code", party.tax_code).hex(), ring.index("tax_code", party.tax_code)
            born = party.born_on.isoformat() if one.born and party.born_on else _NULL
            row = (str(one.id), party.name, f"\\\\x{code}", found, party.vat_number or _NULL, born)
            obligors.append("\t".join(row) + "\n")
    phones = []
    places = {id_: place for place, (id_, *_) in enumerate(original.practices)}
    for id_, practice_id, mobile in original.phones:
        sequence = k * size + places[practice_id] + 1
        number = invent_mobile(sequence) if mobile else invent_landline(sequence)
        phones.append(f"{id_}\t\\\\x{ring.seal('phone', number).hex()}\t{ring.index('phone', number)}\n")
    for table, lines in (("practice", practices), ("obligor", obligors), ("phone", phones)):
        with connection.cursor().copy(f"copy drawn.{table} from stdin") as copying:
            copying.write("".join(lines))
        connection.execute(f"analyze drawn.{table}")


def _party(one: _Bound, random: Random, born_in: Any, today: date, sequence: int) -> Party:
    if one.kind == "firm":
        return invent_firm(random, sequence=sequence)
    return invent_person(random, birthplaces=born_in, today=today)
