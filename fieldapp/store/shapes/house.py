"""The agency as its papers name it, and the creditors it works for."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from msgspec import Struct

ChargedTo = Literal["debtor", "creditor", "none"]
Exemption = Literal["subject_to_vat", "exempt"]


class AgencyDetails(Struct, frozen=True):
    name: str
    """As the screens name it."""
    legal_name: str
    """As papers name it."""
    vat_number: str
    address: str
    phone: str
    email: str


class CreditorDetails(Struct, frozen=True):
    name: str
    vat_number: str
    iban: str
    """Without blanks; empty while it is not known."""
    bic: str
    cheque_payee: str
    stamp_duty_charged_to: ChargedTo
    stamp_duty_reason: Exemption | None
    stamp_duty_authorisation: str | None


class CreditorEntry(Struct, frozen=True):
    id: UUID
    details: CreditorDetails
    missing: list[str]
    """Names of what no receipt can be written without."""
    entrusts: bool
    """Practices have come in: where money goes changes with a word on who said so."""


Step = Literal["agency", "licence", "creditor", "people", "carried", "gazetteer", "file"]
"""What a house needs before its first day, in the order in which it is entered."""


class FirstStep(Struct, frozen=True):
    step: Step
    done: bool
    missing: list[str]
    """What of it is not there yet, where it has parts: names of fields, roles that nobody has."""


class HousePage(Struct, frozen=True):
    agency: AgencyDetails
    missing: list[str]
    """Names of what no receipt can be written without, `licence_number` among them."""
    creditors: list[CreditorEntry]
    first_steps: list[FirstStep]
    """All of them; a house where each is done has begun."""
