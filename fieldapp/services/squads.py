"""Squads: made, renamed and closed by the administrator, who puts agents in and takes them out, from a day on.

No day that is over changes: what a squad did then stays its own, whoever is in it now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.squads import FURTHEST_DAYS, Membership, squad_name
from fieldapp.services.work import Work
from fieldapp.store import people
from fieldapp.store import squads as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.squads import SquadAgent, SquadChange, SquadRow, Squads

_NEVER = Membership()


async def list_squads(work: Work, day: date | None = None) -> Squads:
    """The squads, and where each agent is on `day` (today)."""
    day = day or work.today
    held = await store.memberships(work.session)
    rows = [SquadRow(one.id, one.name, one.closed_on) for one in await store.squads(work.session)]
    agents = []
    for person in await store.agents(work.session):
        mine = held.get(person.id, _NEVER)
        if person.active or mine.on(day) is not None:
            later = [SquadChange(from_on, squad_id) for from_on, squad_id in mine.after(day)]
            number = person.agent_number or ""
            agents.append(SquadAgent(person.id, person.name, number, mine.on(day), mine.since(day), later))
    return Squads(day, rows, agents)


async def agents_today(work: Work, squad_id: UUID) -> list[UUID]:
    """Who is in the squad today. Raises Refusal `squad.unknown`."""
    await _squad(work, squad_id)
    held = await store.memberships(work.session)
    return [person_id for person_id, mine in held.items() if mine.on(work.today) == squad_id]


async def create(work: Work, *, name: str) -> Squads:
    """Raises Refusal `squad.name_unfit` (details: most), `squad.name_taken`."""
    await people.lock(work.session)
    row = store.Squad(id=work.new_id(), agency_id=work.agency_id, name=await _free(work, name))
    work.session.add(row)
    await work.session.flush()
    audit(work.session, "squad.created", "squad", row.id, name=row.name)
    _tell_changed(work, row)
    return await list_squads(work)


async def rename(work: Work, squad_id: UUID, *, name: str) -> Squads:
    """It is called so on past days too. Raises Refusal `squad.unknown`, `.closed`, `.name_unfit`, `.name_taken`."""
    await people.lock(work.session)
    row = await _open(work, squad_id)
    before, row.name = row.name, await _free(work, name, but=squad_id)
    if row.name != before:
        await work.session.flush()
        audit(work.session, "squad.renamed", "squad", squad_id, name=row.name, before=before)
        _tell_changed(work, row)
    return await list_squads(work)


async def close(work: Work, squad_id: UUID) -> Squads:
    """Today is its last day: from tomorrow on its agents are in none, and nobody comes in; twice is as once.

    Raises Refusal `squad.unknown`.
    """
    await people.lock(work.session)
    row = await _squad(work, squad_id)
    if row.closed_on is None:
        row.closed_on = work.today
        await work.session.flush()
        audit(work.session, "squad.closed", "squad", squad_id, name=row.name)
        tomorrow = work.today + timedelta(days=1)
        held = await store.memberships(work.session)
        await _put(
            work, [(who, mine, mine.without(squad_id, from_on=tomorrow)) for who, mine in held.items()], tomorrow
        )
        _tell_changed(work, row)
    return await list_squads(work)


async def move(work: Work, person_ids: Sequence[UUID], squad_id: UUID | None, *, from_on: date) -> Squads:
    """These agents are in the squad, or in none, from that day on; a change entered for a later day stays.

    Raises Refusal `squad.unknown`, `.closed`, `.day_is_past`, `.day_too_far` (details: most), `person.unknown`, and
    with details name `squad.only_agents`, `.agent_left`.
    """
    await people.lock(work.session)
    if from_on < work.today:
        raise Refusal("squad.day_is_past", kind=Kind.CONFLICT, details={"day": from_on.isoformat()})
    if from_on > work.today + timedelta(days=FURTHEST_DAYS):
        raise Refusal("squad.day_too_far", kind=Kind.MALFORMED, details={"most": FURTHEST_DAYS})
    if squad_id is not None:
        await _open(work, squad_id)
    known = await store.people(work.session, person_ids)
    for person_id in person_ids:
        _check_agent(known.get(person_id))
    held = await store.memberships(work.session, person_ids)
    before = {person_id: held.get(person_id, _NEVER) for person_id in person_ids}
    changed = [(who, mine, mine.moved(squad_id, from_on=from_on)) for who, mine in before.items()]
    await _put(work, changed, from_on)
    return await list_squads(work)


def _check_agent(person: store.Person | None) -> None:
    if person is None:
        raise Refusal("person.unknown", kind=Kind.MISSING)
    if person.role != Role.AGENT.value:
        raise Refusal("squad.only_agents", kind=Kind.CONFLICT, details={"name": person.name})
    if not person.active:
        raise Refusal("squad.agent_left", kind=Kind.CONFLICT, details={"name": person.name})


async def take_out(work: Work, person_id: UUID) -> None:
    """Who leaves is in no squad from tomorrow on; today they may still have visited."""
    tomorrow = work.today + timedelta(days=1)
    mine = (await store.memberships(work.session, [person_id])).get(person_id, _NEVER)
    await _put(work, [(person_id, mine, mine.ended(from_on=tomorrow))], tomorrow)


async def _put(work: Work, memberships: Iterable[tuple[UUID, Membership, Membership]], from_on: date) -> None:
    """Write what is other than before, and tell it: figures of the agents' days from then on are counted anew."""
    changed = [(who, before, after) for who, before, after in memberships if before != after]
    if not changed:
        return
    await store.put(work.session, changed)
    names = await store.names(work.session)
    for person_id, _, after in changed:
        squad_id = after.on(from_on)
        squad = names[str(squad_id)] if squad_id else None
        audit(work.session, "squad.moved", "person", person_id, squad=squad, from_on=from_on.isoformat())
    body = {"person_ids": [str(person_id) for person_id, _, _ in changed], "from_on": from_on.isoformat()}
    tell(work.session, NewFact("squad.moved", work.now, body=body))


async def _squad(work: Work, squad_id: UUID) -> store.Squad:
    row = next((one for one in await store.squads(work.session) if one.id == squad_id), None)
    if row is None:
        raise Refusal("squad.unknown", kind=Kind.MISSING)
    return row


async def _open(work: Work, squad_id: UUID) -> store.Squad:
    row = await _squad(work, squad_id)
    if row.closed_on is not None:
        raise Refusal("squad.closed", kind=Kind.CONFLICT, details={"name": row.name})
    return row


async def _free(work: Work, typed: str, *, but: UUID | None = None) -> str:
    name = squad_name(typed)
    taken = {one.name.casefold() for one in await store.squads(work.session) if one.closed_on is None and one.id != but}
    if name.casefold() in taken:
        raise Refusal("squad.name_taken", kind=Kind.CONFLICT, details={"name": name})
    return name


def _tell_changed(work: Work, row: store.Squad) -> None:
    tell(work.session, NewFact("squad.changed", work.now, body={"squad_id": str(row.id)}))
