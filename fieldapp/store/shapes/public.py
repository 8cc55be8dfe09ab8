"""What anybody may be told who holds a paper: what stands on it, and whether it holds. Nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

ReceiptState = Literal[
    "genuine", "voided", "withdrawn", "not_received", "unknown", "registered", "awaited", "spoiled", "contested"
]
"""`withdrawn` is of an agreement that no longer counts: replaced by another, or not approved in time. The next three
are of a paper pad's form, which no key has signed: entered by the agency, printed and not entered yet, cancelled.
`contested`: the phone signed it, and the agency has settled that it stands for no money."""


class PaperFacts(Struct, frozen=True):
    """The few facts of the paper. By its very shape it cannot hold a name or a debt."""

    label: str
    """The number of a receipt; of an agreement the fingerprint that stands on it."""
    kind: Literal["receipt", "receipt_subject_to_clearance", "counter_receipt", "repayment_plan", "settlement"] | None
    issued_at: datetime | None
    """None where only the digest is known and the office has not received the paper."""
    amount_cents: int | None
    stamp_duty_cents: int
    """What the debtor handed over for the stamp beside the amount, as the receipt says; 0 where it says nothing."""
    handed_over_cents: int | None
    """Amount and stamp duty together; None where the amount is not told, and of an agreement."""
    agent_number: str | None
    agency_name: str
    agency_phone: str


class ReceiptCheck(Struct, frozen=True):
    state: ReceiptState
    paper: PaperFacts | None = None
    """None for `unknown`: nothing is told to who proves nothing."""
    phone_withdrawn: bool = False
    """The paper has not come in and its phone was withdrawn: somebody should ask the agency."""
    amount_agrees: bool | None = None
    """Of a form: whether the amount that was asked about is the one entered. The amount itself is told to nobody."""


UNKNOWN = ReceiptCheck("unknown")
"""The one answer to whatever does not hold."""
