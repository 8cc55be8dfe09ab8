"""The demo's province, loaded through the front door: gazetteer, creditors' files, people, history, a first day.

Everything is invented; only the comuni are real. What could come in by an import or a plan comes in that way.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from fieldapp.demo.generator import CreditorFile, generate, json_rows
from fieldapp.domain.access import Identity, Role
from fieldapp.domain.outcomes import OUTCOMES
from fieldapp.domain.repayment_plan import Terms
from fieldapp.geo.gazetteer import import_anncsu
from fieldapp.past_year import write_past
from fieldapp.services import agreements, planning, publishing, solving
from fieldapp.services.access import DEMO_PASSWORD, hash_password
from fieldapp.services.intake import import_file
from fieldapp.services.office import list_creditors
from fieldapp.services.rules import is_lawful_day
from fieldapp.services.work import Parts, working
from fieldapp.store import founding
from fieldapp.store.database import GATE, Scope

Say = Callable[[str], None]

_IBANS = ("IT60X0542811101000000123456", "IT40S0542811101000000123456", "IT83A0000000000000000987654")
_LETTERS = {1: "DUNNING_LETTER_1", 2: "DUNNING_LETTER_2", 3: "FORMAL_NOTICE"}
_HISTORIES = 5_000
"""Practices whose earlier contacts are written in one transaction."""
_PLANNED = 5_000
"""Practices that the first day is planned from, at most."""
_DESKS = (
    (Role.DISPATCHER, "dispatcher", "Paola Ferranti"),
    (Role.BACK_OFFICE, "ufficio", "Renato Cislaghi"),
    (Role.ADMINISTRATOR, "admin", "Livia Tresoldi"),
)


async def load(parts: Parts, *, practices: int, agents: int, seed: int, say: Say, events: int = 0) -> None:
    """Build the province unless it is there; the caller sees to loads that were cut off.

    `events`: about so many facts of a past year to each practice, written in bulk.
    """
    async with parts.database.transaction(Scope(None, GATE)) as session:
        if await founding.any_agency(session) is not None:
            return
    today = parts.clock.now().astimezone(parts.zone).date()
    files = parts.home / "demo-data"
    say(f"Inventing {practices} practices in a real province ...")
    summary = generate(files, practices=practices, agents=agents, seed=seed, today=today)
    say(f"Indexing {summary.house_numbers} house numbers of {summary.comuni} comuni ...")
    import_anncsu(files / summary.gazetteer, parts.gazetteer)
    (parts.home / "map").mkdir(exist_ok=True)
    for layer in ("streets", "comuni"):
        shutil.copyfile(files / f"{layer}.geojson", parts.home / "map" / f"{layer}.geojson")
    office = await _found(parts, files, summary.creditors, today)
    for file in summary.creditors:
        result = await import_file(
            parts,
            office,
            (files / file.file).read_bytes(),
            file.file,
            file.layout,
            creditor_name=file.creditor,
            documents=(files / file.documents).read_bytes() if file.documents else None,
        )
        say(f"  {file.creditor}: {result['accepted']} rows taken, {result['rejected']} given back")
    contacts = 0
    for records in _portions(json_rows(files / "history.json")):
        contacts += await _history(parts, office, records)
    say(f"  {contacts} earlier letters, calls and visits")
    if events:
        say(
            f"  {await write_past(parts, office, events=events, seed=seed, say=say)} reports and calls of the past year"
        )
    await _grant(parts)
    await _first_day(parts, say)


async def _found(parts: Parts, files: Path, creditors: tuple[CreditorFile, ...], today: date) -> Identity:
    """The agency, its creditors, a person per desk and the agents of the generator; returns the back office."""
    agency = founding.Agency(
        id=parts.new_id(),
        name="Agenzia Prova",
        legal_name="Agenzia Prova s.r.l. (dati inventati)",
        vat_number="99999990155",
        address="Piazza della Vittoria 1, 26900 Lodi LO",
        phone="0371 0000000",
        email="info@esempio.invalid",
        licence_number="115/2024",
        licence_authority="Questura di Lodi",
        licence_valid_to=today + timedelta(days=700),
    )
    password = hash_password(DEMO_PASSWORD)
    people = [
        founding.Person(
            id=parts.new_id(), agency_id=agency.id, role=role.value, login=login, name=name, password_hash=password
        )
        for role, login, name in _DESKS
    ]
    agents = json.loads((files / "agents.json").read_text(encoding="utf-8"))
    people += [_agent(agent, parts.new_id(), agency.id, password) for agent in agents]
    rows = [
        founding.Creditor(
            id=parts.new_id(),
            agency_id=agency.id,
            name=file.creditor,
            layout=file.layout,
            vat_number="99999990155",
            iban=_IBANS[number % len(_IBANS)],
            cheque_payee=file.creditor,
        )
        for number, file in enumerate({file.slug: file for file in creditors}.values())
    ]
    async with parts.database.transaction(Scope(agency.id, Role.ADMINISTRATOR.value)) as session:
        session.add(agency)
        await session.flush()
        session.add_all([*people, *rows])
    office = next(person for person in people if person.role == Role.BACK_OFFICE.value)
    return Identity(agency_id=agency.id, person_id=office.id, role=Role.BACK_OFFICE, name=office.name)


def _agent(plain: dict[str, Any], person_id: UUID, agency_id: UUID, password: str) -> founding.Person:
    starts, ends = (_seconds(plain["shift"][end]) for end in ("starts", "ends"))
    number = str(plain["id"]).lower()
    return founding.Person(
        id=person_id,
        agency_id=agency_id,
        role=Role.AGENT.value,
        login=f"agente{int(number[1:])}" if number[1:].isdigit() else number,
        name=plain["name"],
        password_hash=password,
        agent_number=plain["id"],
        phone=plain["phone"],
        home_lat_e6=round(plain["lat"] * 1_000_000),
        home_lon_e6=round(plain["lon"] * 1_000_000),
        shift_from_s=starts,
        shift_to_s=ends,
        max_visits=plain["max_visits"],
        lunch=ends > 14 * 3600,
        provinces=plain["provinces"],
        notified_on=date.fromisoformat(plain["notified_on"]),
        badge_valid_to=date.fromisoformat(plain["valid_until"]),
        qualification_valid_to=date.fromisoformat(plain["valid_until"]),
    )


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _portions(records: Iterable[Any]) -> Iterator[list[Any]]:
    found = iter(records)
    while portion := list(islice(found, _HISTORIES)):
        yield portion


async def _history(parts: Parts, office: Identity, records: list[dict[str, Any]]) -> int:
    contacts, states = [], []
    for record in records:
        for contact in record["contacts"]:
            outcome = _LETTERS.get(contact["level"], contact["outcome"]) or (
                "CALLED" if contact["channel"] == "call" else contact["outcome"]
            )
            contacts.append(
                founding.PastContact(
                    practice_number=record["practice"],
                    at=datetime.fromisoformat(contact["at"]),
                    channel=contact["channel"],
                    outcome=outcome,
                    reached=contact["reached"],
                    by=contact["agent"],
                )
            )
        state = OUTCOMES[record["flag"]].sets_state if record["flag"] in OUTCOMES else None
        if state is not None:
            latest = max((contact["at"] for contact in record["contacts"]), default=parts.clock.now().isoformat())
            states.append(founding.PastState(record["practice"], state, datetime.fromisoformat(latest)))
    async with working(parts, office) as work:
        return await founding.add_history(work.session, contacts, states, source="demo", new_id=parts.new_id)


_TERMS = (
    Terms(most_months=24, least_instalment_cents=2_500, settlement_least_bp=7_000),
    Terms(most_months=18, least_instalment_cents=2_000, settlement_least_bp=6_000, settlement_within_days=20),
    Terms(most_months=12, least_instalment_cents=3_000, least_first_bp=1_000, settlement_least_bp=8_000),
)


async def _grant(parts: Parts) -> None:
    """What each creditor lets agents agree on at a door."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        administrator = await founding.person_in_role(session, Role.ADMINISTRATOR)
    assert administrator is not None
    async with working(parts, administrator) as work:
        for number, creditor in enumerate(await list_creditors(work)):
            await agreements.set_terms(work, creditor.id, valid_from=work.today, terms=_TERMS[number % len(_TERMS)])


async def _first_day(parts: Parts, say: Say) -> None:
    """Plan and publish today, so that a phone has something to show; the dispatcher may plan anew."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        dispatcher = await founding.person_in_role(session, Role.DISPATCHER)
    assert dispatcher is not None
    day = parts.clock.now().astimezone(parts.zone).date()
    while not is_lawful_day(day):
        day += timedelta(days=1)
    async with working(parts, dispatcher) as work:
        # A dispatcher with so many would draw a part of the map.
        few = await founding.some_practices(work.session, limit=_PLANNED)
        ids = few if len(few) == _PLANNED else None
        asked = await planning.start_plan(work, day=day, agent_ids=None, practice_ids=ids, seconds=4, seed=1)
    await solving.run_solve(parts, dispatcher, plan_id=str(asked.id))
    async with working(parts, dispatcher) as work:
        published = await publishing.publish_plan(work, asked.id)
    say(f"  {day.isoformat()}: {sum(len(route.stops) for route in published.routes)} visits planned and published")
