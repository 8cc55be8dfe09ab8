"""Visits that stand in a plan or a published day, judged as the rules and the practices are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fieldapp.domain.conduct import Facts, Ruleset, Verdict, judge
from fieldapp.domain.conduct import Visit as VisitAct
from fieldapp.services.work import Work
from fieldapp.store import practice_facts
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.practice import Address


@dataclass(frozen=True, slots=True)
class Intended:
    """A visit that somebody is to make."""

    practice_id: UUID
    agent: Person
    address: Address
    at: datetime
    stays_s: int


async def verdicts(work: Work, visits: Sequence[Intended], ruleset: Ruleset, day: date) -> list[Verdict]:
    """One for each visit, in their order: practice, address and agent with licence, at the hour intended."""
    agents = {visit.agent.id: visit.agent for visit in visits}
    held = {id_: await practice_facts.agent_facts(work.session, person) for id_, person in agents.items()}
    ids = [visit.practice_id for visit in visits]
    known = await practice_facts.practice_facts(work.session, ids, ruleset=ruleset, today=day)
    return [
        judge(
            Facts(
                act=VisitAct(visit.at, visit.stays_s),
                practice=known[visit.practice_id],
                address=practice_facts.address_facts(visit.address),
                agent=held[visit.agent.id],
            ),
            ruleset,
            work.now,
        )
        for visit in visits
    ]
