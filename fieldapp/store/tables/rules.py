"""What people decide about rules: versions of an agency's own rules, approvals, acts that interrupt a limitation.

All three are append only: a decision is taken back by another one.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from fieldapp.store.columns import agency, instant, json_object, key, link, maybe_link


class RulesetVersion(SQLModel, table=True):
    """An agency's own rules as they were switched on; the newest that can be read is in force."""

    __tablename__ = "ruleset_version"
    __table_args__ = (UniqueConstraint("agency_id", "number", name="ruleset_version_once"),)

    id: UUID = key()
    agency_id: UUID = agency()
    number: int
    created_at: datetime = instant()
    person_id: UUID = link("person.id", index=False)
    reason: str
    content: dict[str, Any] = json_object()


class Approval(SQLModel, table=True):
    """A person lifts what a rule asks approval for, for one practice and some days; or takes that back."""

    __table_args__ = (
        CheckConstraint("from_on <= to_on", name="approval_rising"),
        UniqueConstraint("withdraws", name="approval_withdrawn_once"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    rule: str
    from_on: date
    to_on: date
    reason: str
    at: datetime = instant()
    person_id: UUID = link("person.id", index=False)
    withdraws: UUID | None = Field(default=None, foreign_key="approval.id")


class InterruptingAct(SQLModel, table=True):
    """An act by which the limitation of a claim begins again, recorded by the office with its reference; or, with
    `withdraws` and a reason, that such a record was wrong."""

    __tablename__ = "interrupting_act"
    __table_args__ = (
        UniqueConstraint("withdraws", name="interrupting_act_withdrawn_once"),
        CheckConstraint("(withdraws is null) = (reason is null)", name="interrupting_act_withdrawn_why"),
    )

    id: UUID = key()
    agency_id: UUID = agency()
    practice_id: UUID = link("practice.id")
    debt_line_id: UUID | None = maybe_link("debt_line.id", index=False)
    kind: str
    on: date
    reference: str
    at: datetime = instant()
    person_id: UUID = link("person.id", index=False)
    withdraws: UUID | None = Field(default=None, foreign_key="interrupting_act.id")
    reason: str | None = None
