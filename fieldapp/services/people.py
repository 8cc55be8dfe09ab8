"""Who works for the agency: let in by an administrator, with a password that is shown once; shut out when they leave.

Who has left signs in no more; what they wrote, carried and signed stays under their name, and what waits sealed on
their phone still arrives.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services import addresses, squads
from fieldapp.services.access import (
    count_wrong_password,
    hash_password,
    password_holds,
    still_locked,
    token_digest,
)
from fieldapp.services.founding import LEAST_PASSWORD
from fieldapp.services.work import Work
from fieldapp.store import people as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.people import LetIn, PersonRow

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,59}")
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,11}")


@dataclass(frozen=True, slots=True)
class NewPerson:
    name: str
    login: str
    role: Role
    agent_number: str | None = None
    home: str | None = None
    """Where an agent's days begin: an address as `complete_address` offered it."""


async def list_people(work: Work) -> list[PersonRow]:
    return [_row(one, work) for one in await store.everybody(work.session)]


def _row(one: store.Person, work: Work) -> PersonRow:
    locked = one.locked_until is not None and one.locked_until > work.now
    return PersonRow(
        id=one.id,
        name=one.name,
        login=one.login,
        role=one.role,  # type: ignore[arg-type]
        agent_number=one.agent_number,
        active=one.active,
        may_sign_in=one.active and bool(one.password_hash) and not locked,
        starts_somewhere=one.home_lat_e6 is not None,
    )


async def add_person(work: Work, new: NewPerson) -> LetIn:
    """Let somebody in, who signs in with the password that is answered and chooses another.

    Raises Refusal `person.login_unfit`, `person.login_taken`, `person.number_unfit`, `person.number_taken`,
    `person.number_needless` (of somebody who visits nobody), `person.home_unknown`.
    """
    login = new.login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise Refusal("person.login_unfit", kind=Kind.MALFORMED)
    row = store.Person(
        id=work.new_id(),
        agency_id=work.agency_id,
        role=new.role.value,
        login=login,
        name=new.name.strip(),
        password_hash="",
        agent_number=_number(new),
    )
    if new.home is not None:
        row.home_lat_e6, row.home_lon_e6 = await _place(work, new.home)
    # Looked up before: nobody waits for a search.
    await store.lock(work.session)
    password = _new_password(work)
    row.password_hash = hash_password(password)
    taken = await store.add(work.session, row)
    if taken is not None:
        code = "person.login_taken" if taken == "login" else "person.number_taken"
        raise Refusal(code, kind=Kind.CONFLICT)
    audit(work.session, "person.added", "person", row.id, kind=new.role.value, number=row.agent_number)
    tell(work.session, NewFact("person.added", work.now, body={"person_id": str(row.id)}))
    return LetIn(await list_people(work), row.id, password)


def _number(new: NewPerson) -> str | None:
    """The number that an agent's badge, receipts and notices show."""
    typed = (new.agent_number or "").strip().upper()
    if new.role is not Role.AGENT:
        if typed:
            raise Refusal("person.number_needless", kind=Kind.MALFORMED)
        return None
    if not _NUMBER.fullmatch(typed):
        raise Refusal("person.number_unfit", kind=Kind.MALFORMED)
    return typed


async def _place(work: Work, typed: str) -> tuple[int, int]:
    offered = await addresses.complete(work, typed, near=None, comuni_serve=True)
    found = next((one for one in offered if one.may_be_chosen and one.text == typed), None)
    if found is None:
        raise Refusal("person.home_unknown", kind=Kind.MALFORMED)
    return found.lat_e6, found.lon_e6


def _new_password(work: Work) -> str:
    """Sixteen letters and digits in groups, to be read out: 80 bits of the house's own randomness."""
    drawn = hashlib.sha256(work.parts.new_token().encode()).digest()
    letters = base64.b32encode(drawn[:10]).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


async def change_person(work: Work, person_id: UUID, *, name: str, home: str | None) -> list[PersonRow]:
    """Another name from now on (what was signed keeps the former one), and where an agent's days begin: None leaves it.

    Raises Refusal `person.unknown`, `person.home_unknown`, `person.home_needless` of somebody who visits nobody.
    """
    # Looked up before anybody is held: nobody waits for a search.
    place = None if home is None else await _place(work, home)
    row = await _person(work, person_id)
    if place is not None and row.role != Role.AGENT.value:
        raise Refusal("person.home_needless", kind=Kind.MALFORMED)
    before = (row.name, row.home_lat_e6, row.home_lon_e6)
    if row.name != name.strip():
        row.name = name.strip()
        audit(work.session, "person.renamed", "person", row.id)
    if place is not None:
        row.home_lat_e6, row.home_lon_e6 = place
        audit(work.session, "person.home_set", "person", row.id)
    if before != (row.name, row.home_lat_e6, row.home_lon_e6):
        work.session.add(row)
        tell(work.session, NewFact("person.changed", work.now, body={"person_id": str(row.id)}))
        await work.session.flush()
    return await list_people(work)


async def renew_password(work: Work, person_id: UUID) -> LetIn:
    """A new password for who forgot theirs: every session of theirs ends. Raises Refusal `person.unknown`, `.left`."""
    row = await _person(work, person_id)
    if not row.active:
        raise Refusal("person.left", kind=Kind.CONFLICT)
    password = _new_password(work)
    row.password_hash = hash_password(password)
    row.failed_attempts, row.locked_until = 0, None
    work.session.add(row)
    await store.end_sessions(work.session, person_id)
    audit(work.session, "person.password_renewed", "person", person_id)
    return LetIn(await list_people(work), person_id, password)


async def shut_out(work: Work, person_id: UUID, *, left: bool) -> list[PersonRow]:
    """Say that somebody has left, which ends their sessions, or is there again; twice is as once.

    Raises Refusal `person.unknown`, `person.own` for oneself, `access.sign_in_needed` for who has been shut out
    meanwhile: the house keeps somebody who lets people in.
    """
    await store.lock(work.session)
    if person_id == work.identity.person_id:
        raise Refusal("person.own", kind=Kind.CONFLICT)
    if not (await _person(work, work.identity.person_id)).active:
        # Shut out by the very person, a moment ago.
        raise Refusal("access.sign_in_needed", kind=Kind.UNAUTHENTICATED)
    row = await _person(work, person_id)
    if row.active == left:
        row.active = not left
        work.session.add(row)
        if left:
            await store.end_sessions(work.session, person_id)
            audit(work.session, "person.left", "person", person_id)
            await squads.take_out(work, person_id)
        else:
            audit(work.session, "person.back", "person", person_id)
        kind = "person.left" if left else "person.back"
        tell(work.session, NewFact(kind, work.now, body={"person_id": str(person_id)}))
        await work.session.flush()
    return await list_people(work)


async def change_password(work: Work, *, old: str, new: str, token: str | None) -> None:
    """Change one's own password; other sessions than the one of `token` end.

    A wrong old one counts as a wrong one at the door does: who finds an open screen cannot try at will.

    Raises Refusal `person.old_password_wrong`, `access.locked` (details: minutes), `person.password_same`,
    `house.password_too_short` (details: least).
    """
    held = await store.as_they_stand(work.session, work.identity.person_id)
    still_locked(held, work.now)
    if not password_holds(held.password_hash, old):
        # Its connection is given back first: who tries thirty at once holds none while waiting for another.
        await work.session.rollback()
        await count_wrong_password(work.parts, work.identity.person_id)
        raise Refusal("person.old_password_wrong", kind=Kind.FORBIDDEN)
    if len(new) < LEAST_PASSWORD:
        raise Refusal("house.password_too_short", kind=Kind.MALFORMED, details={"least": LEAST_PASSWORD})
    if new == old:
        raise Refusal("person.password_same", kind=Kind.MALFORMED)
    proven = held.password_hash
    row = await _person(work, work.identity.person_id)
    still_locked(row, work.now)
    if row.password_hash != proven:
        # Another was set meanwhile: the old one is old no more.
        raise Refusal("person.old_password_wrong", kind=Kind.FORBIDDEN)
    row.password_hash, row.failed_attempts = hash_password(new), 0
    work.session.add(row)
    await store.end_sessions(work.session, row.id, but=token_digest(token) if token else None)
    audit(work.session, "person.password_changed", "person", row.id)


async def _person(work: Work, person_id: UUID) -> store.Person:
    row = await store.person(work.session, person_id)
    if row is None:
        raise Refusal("person.unknown", kind=Kind.MISSING)
    return row
