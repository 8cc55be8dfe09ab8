"""Column kinds that all tables share: instants, cents, JSON, keys and sealed personal data."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Dialect, LargeBinary, Table, Text, Uuid, any_, literal
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel, col


def key() -> Any:
    """A primary key that the caller gives (UUIDv7, so that pages fill in order)."""
    return Field(primary_key=True)


def agency() -> Any:
    """The tenant of the row; row security reads it.

    Not indexed alone: where one agency holds most rows the index finds nothing, and before the first statistics the
    planner joins it to every good one (a first import of 5,000 rows took 45 s to commit instead of 2).
    """
    return Field(foreign_key="agency.id")


def link(target: str, *, index: bool = True) -> Any:
    return Field(foreign_key=target, index=index)


def maybe_link(target: str, *, index: bool = True) -> Any:
    return Field(default=None, foreign_key=target, index=index)


def instant() -> Any:
    """An aware UTC instant."""
    return Field(sa_type=TIMESTAMP(timezone=True))


def maybe_instant() -> Any:
    return Field(default=None, sa_type=TIMESTAMP(timezone=True))


def cents() -> Any:
    return Field(sa_type=BigInteger)


def json_object() -> Any:
    return Field(default_factory=dict, sa_type=JSONB)


def json_list() -> Any:
    return Field(default_factory=list, sa_type=JSONB)


def personal_list(kind: str) -> Any:
    """A list that says something of a debtor or a worker."""
    return Field(default_factory=list, sa_type=JSONB, sa_column_kwargs={"info": {"personal": kind}})


def among(column: Any, values: Iterable[UUID] | Iterable[str] | Iterable[int]) -> ColumnElement[bool]:
    """Whether a column of ids, texts or large numbers is one of these: one parameter however many.

    So the statement is prepared once, and a list may be longer than the 65,535 parameters that Postgres takes.
    """
    named: Any = col(column)
    kind = next((known() for known in (Uuid, BigInteger) if isinstance(named.type, known)), Text())
    return col(column) == any_(literal(list(values), ARRAY(kind)))


def table_of(model: type[SQLModel]) -> Table:
    """The table itself, for batches: through the mapped class a batch is cut wherever a value is null."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def personal(kind: str, **options: Any) -> Any:
    """Personal data of a debtor or a worker; `kind` decides retention and masking."""
    return Field(sa_column_kwargs={"info": {"personal": kind}}, **options)


def sealed(purpose: str) -> Any:
    """Personal data kept as ciphertext; a neighbouring `<name>_index` column makes it findable."""
    return Field(
        default=None,
        sa_type=Sealed(purpose),
        sa_column_kwargs={"info": {"personal": purpose}},
    )


class Keyring:
    """The keys that seal and index personal data, by version; the newest seals, all open.

    Keys are 32 bytes. `master` maps a version (1..255) to its key; the index key never rotates with them, or
    nothing would be found again.
    """

    _installed: ClassVar[Keyring | None] = None

    def __init__(self, master: Mapping[int, bytes], *, index_key: bytes) -> None:
        self._newest = max(master)
        self._ciphers = {version: AESGCM(secret) for version, secret in master.items()}
        self._index_key = index_key

    def install(self) -> None:
        """Make this the keyring of the process; `app.py` does so once."""
        Keyring._installed = self

    @classmethod
    def current(cls) -> Keyring:
        if cls._installed is None:
            raise RuntimeError("no keyring installed: app.py chooses it")
        return cls._installed

    def seal(self, purpose: str, text: str) -> bytes:
        nonce = os.urandom(12)
        body = self._ciphers[self._newest].encrypt(nonce, text.encode(), purpose.encode())
        return bytes([self._newest]) + nonce + body

    def open(self, purpose: str, box: bytes) -> str:
        return self._ciphers[box[0]].decrypt(box[1:13], box[13:], purpose.encode()).decode()

    def index(self, purpose: str, text: str) -> str:
        """The blind index of `text`: equal for equal normalised values, telling nothing else."""
        plain = normalised(purpose, text).encode()
        return hmac.new(self._index_key, purpose.encode() + b"\x00" + plain, hashlib.sha256).hexdigest()[:32]


def normalised(purpose: str, text: str) -> str:
    """The spelling under which a secret is found: no blanks or marks, upper case; phones without +39 and 00."""
    bare = re.sub(r"[^0-9A-Za-z+]", "", text).upper()
    if purpose == "phone":
        bare = re.sub(r"^(\+39|0039)", "", bare)
    return bare.replace("+", "")


class Sealed(TypeDecorator[str]):
    """Text that the database holds only as authenticated ciphertext (AES-256-GCM, purpose as bound data)."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else Keyring.current().seal(self.purpose, value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else Keyring.current().open(self.purpose, bytes(value))


__all__ = [
    "UUID",
    "Keyring",
    "Sealed",
    "agency",
    "among",
    "cents",
    "datetime",
    "instant",
    "json_list",
    "json_object",
    "key",
    "link",
    "maybe_instant",
    "maybe_link",
    "normalised",
    "personal",
    "sealed",
    "table_of",
]
