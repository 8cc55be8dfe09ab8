"""A house's first day: the agency and somebody who may let the others in."""

from __future__ import annotations

from datetime import date

from fieldapp.domain.access import Identity, Role
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import licences, rules
from fieldapp.services.access import hash_password
from fieldapp.services.work import Parts, working
from fieldapp.store import founding as store
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import audit

LEAST_PASSWORD = 10
"""Characters that a password has at least."""


async def found(parts: Parts, *, agency: str, login: str, name: str, password: str | None) -> Identity:
    """Found the house: an agency and its administrator. Without a password nobody can sign in with that login yet.

    Raises Refusal `house.founded_already` or `house.password_too_short` (details: least).
    """
    if password is not None and len(password) < LEAST_PASSWORD:
        raise Refusal("house.password_too_short", kind=Kind.MALFORMED, details={"least": LEAST_PASSWORD})
    async with parts.database.transaction(Scope(None, GATE)) as session:
        if await store.any_agency(session) is not None:
            raise Refusal("house.founded_already", kind=Kind.CONFLICT)
    row = store.Agency(
        id=parts.new_id(),
        name=agency,
        legal_name=agency,
        vat_number="",
        address="",
        phone="",
        email="",
        licence_number="",
        licence_authority="",
        # Not known yet: no visit is planned before somebody enters the licence.
        licence_valid_to=date.min,
    )
    person = store.Person(
        id=parts.new_id(),
        agency_id=row.id,
        role=Role.ADMINISTRATOR.value,
        login=login.strip().lower(),
        name=name,
        password_hash=hash_password(password) if password else "",
    )
    async with parts.database.transaction(Scope(row.id, Role.ADMINISTRATOR.value)) as session:
        session.add(row)
        await session.flush()
        session.add(person)
    identity = Identity(agency_id=row.id, person_id=person.id, role=Role.ADMINISTRATOR, name=name)
    async with working(parts, identity) as work:
        audit(work.session, "house.founded", "agency", row.id)
        # The first thing to enter: without a licence nobody is planned.
        await licences.watch(parts, work.session, await rules.ruleset(work))
    return identity


async def somebody(parts: Parts) -> Identity | None:
    """Who a command acts for: somebody of the back office, else an administrator, if the house has either."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        for role in (Role.BACK_OFFICE, Role.ADMINISTRATOR):
            found = await store.person_in_role(session, role)
            if found is not None:
                return found
    return None
