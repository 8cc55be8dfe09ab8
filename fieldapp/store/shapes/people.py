"""Who works for the agency, as the administrator sees them."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from fieldapp.store.shapes.access import Role


class PersonRow(Struct, frozen=True):
    id: UUID
    name: str
    login: str
    role: Role
    agent_number: str | None
    active: bool
    """False for who has left: signs in no more, and what they wrote stays under their name."""
    may_sign_in: bool
    """Has a password, and is not locked after wrong ones."""
    starts_somewhere: bool
    """An agent's days begin at a known place; nobody else's do."""


class LetIn(Struct, frozen=True):
    """Everybody, and the password that was just made: it is shown this once and kept nowhere."""

    people: list[PersonRow]
    person_id: UUID
    password: str
