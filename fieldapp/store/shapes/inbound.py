"""What another system writes to us, item by item, and what it is answered. Amounts are whole euro cents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from fieldapp.domain.payments import LARGEST_CENTS

# No control characters and nothing that turns the direction of writing: what is stored is also what is read.
_MAYBE = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*$"
_PLAIN = rf"^(?=.*\S){_MAYBE[1:]}"

PracticeNumber = Annotated[str, Meta(min_length=1, max_length=80, pattern=_PLAIN)]
Reference = Annotated[str, Meta(min_length=1, max_length=80, pattern=_PLAIN)]
Text = Annotated[str, Meta(max_length=120, pattern=_MAYBE)]
Cents = Annotated[int, Meta(ge=0, le=LARGEST_CENTS)]


class BalanceLine(Struct, forbid_unknown_fields=True):
    """One debt; a line that a statement does not name is closed by it. `due_on` tells lines of one title apart."""

    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=_PLAIN)]
    principal_cents: Cents
    interest_cents: Cents = 0
    costs_cents: Cents = 0
    due_on: date | None = None


class BalanceItem(Struct, forbid_unknown_fields=True):
    """What is owed at the end of a local day. `total_cents` is a check: it must be the sum of the lines."""

    practice_number: PracticeNumber
    as_of: date
    total_cents: Cents
    lines: Annotated[list[BalanceLine], Meta(min_length=1, max_length=100)]


class RecallItem(Struct, forbid_unknown_fields=True):
    """The creditor takes a practice back."""

    practice_number: PracticeNumber
    reason: Text = ""


class PaymentItem(Struct, forbid_unknown_fields=True):
    """Money that reached the creditor himself. `reference` is his and names it for ever; `other_than` names receipts
    of ours of which he says that this is another payment."""

    practice_number: PracticeNumber
    reference: Reference
    amount_cents: Annotated[int, Meta(ge=1, le=LARGEST_CENTS)]
    paid_on: date
    other_than: Annotated[list[Reference], Meta(max_length=20)] = []


class ContactItem(Struct, forbid_unknown_fields=True):
    """A contact that somebody made elsewhere. `outcome` may be left out but for visits; `by`: who made it."""

    practice_number: PracticeNumber
    channel: Literal["visit", "call", "message", "letter"]
    at: Annotated[datetime, Meta(tz=True)]
    reached: bool
    outcome: Annotated[str, Meta(max_length=60, pattern=_MAYBE)] = ""
    by: Text = ""


class ItemVerdict(Struct, frozen=True):
    """What became of the item at `index` (from 0). `code` says why it was refused or held, `detail` in words."""

    index: int
    verdict: Literal["accepted", "known", "held", "refused"]
    practice_id: UUID | None = None
    code: str | None = None
    detail: str | None = None
    details: dict[str, Any] = {}


class InboundAnswer(Struct, frozen=True):
    """A verdict for each item, in their order."""

    accepted: int
    known: int
    held: int
    refused: int
    verdicts: list[ItemVerdict]
