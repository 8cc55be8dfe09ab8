"""What the office sees of files that go out to creditors."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


class ExportPlanRow(Struct, frozen=True):
    """`target` says where files go, without secrets; `public_key` is what the creditor's SFTP server has to know."""

    id: UUID
    name: str
    creditor_id: UUID
    creditor_name: str
    layout: dict[str, Any]
    codes: dict[str, str]
    place: str
    target: dict[str, Any]
    public_key: str | None
    at: str
    weekdays: list[int]
    paused: bool
    next_run_at: datetime
    sequence: int
    waiting: int
    held: int
    last_made_at: datetime | None
    last_delivered_at: datetime | None
    last_failure: str | None


class OutgoingFileRow(Struct, frozen=True):
    """`attempts` counts every sending that may have reached the creditor, always of the same bytes and name."""

    id: UUID
    plan_id: UUID
    plan_name: str
    creditor_name: str
    sequence: int
    name: str
    sha256: str
    size_bytes: int
    rows: int
    total_cents: int
    made_at: datetime
    state: str
    attempts: int
    next_at: datetime
    delivered_at: datetime | None
    last_failure: str | None


class MappedCode(Struct, frozen=True):
    said: str
    code: str
    rows: int
    mapped: bool


class ChangedCode(Struct, frozen=True):
    """Rows that the creditor was told under `told` and would be told under `now`."""

    said: str
    told: str
    now: str
    rows: int


class ExportPreview(Struct, frozen=True):
    """What the next file would hold; nothing is stored and nothing counts as told."""

    rows: int
    total_cents: int
    codes: list[MappedCode]
    changed: list[ChangedCode]
    sample: str
    """The beginning of the file as text; of a workbook its first rows with semicolons."""
    more: bool
    """There is more to tell than one file holds: the rest follows in the next ones."""


class ToldRow(Struct, frozen=True):
    """One telling of one fact: by which way (`file`, `webhook`, `feed`: it was given to read, or `hand`: the desk
    took it), to whom, when, and whether it arrived."""

    fact_kind: str
    happened_at: datetime
    way: str
    to: str
    name: str
    code: str
    told_at: datetime | None
    state: str
    attempts: int


class ToldPage(Struct, frozen=True):
    """Tellings of the newest facts. `before`: asked with it, those of older facts come; None where there are none."""

    rows: list[ToldRow]
    before: int | None


class HostKey(Struct, frozen=True):
    """What a server says it is; a person compares the fingerprint before it is trusted."""

    host_key: str
    fingerprint: str
