"""Visit reports that a person looks at."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.office import VisitRow

ReviewState = Literal["none", "open", "asked", "answered", "reviewed"]
"""`none`: nothing brought the report to a review."""


class ReviewRow(Struct, frozen=True):
    """A report as the list of reviews names it."""

    visit_id: UUID
    practice_id: UUID
    practice_number: str
    debtor_name: str
    creditor_name: str
    agent_name: str
    arrived_at: datetime
    outcome: str
    met: str
    why: list[str]
    """Codes of `domain.review.Why`."""
    state: ReviewState
    reviewed_at: datetime | None
    reviewed_by: str | None


class ReviewPage(Struct, frozen=True):
    """The first rows of those asked for; `waiting` counts all that wait for the office."""

    rows: list[ReviewRow]
    total: int
    waiting: int
    share_percent: int
    """How many of a hundred reports are drawn."""


class ContradictionRow(Struct, frozen=True):
    """Facts of a report that cannot all be true."""

    kind: Literal["seen_apart", "belies_outcome", "hardly_there"]
    observations: list[str]
    stayed_s: int


class ReviewFile(Struct, frozen=True):
    """A report beside its practice."""

    review: ReviewRow
    visit: VisitRow
    address_id: UUID
    practice_state: str
    owed_cents: int
    next_action: str | None
    agent_reachable: bool
    """A phone of the agent's is let in: a question would reach them."""
    contradictions: list[ContradictionRow]
    """Of the report as it stands by now, with what was put right since."""
