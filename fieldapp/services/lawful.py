"""Visits that stand in a plan or a published day, judged as the rules and the practices are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fieldapp.domain.conduct import Facts, PracticeFacts, Ruleset, Verdict, judge
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


async def verdicts(
    work: Work,
    visits: Sequence[Intended],
    ruleset: Ruleset,
    day: date,
    *,
    known: Mapping[UUID, PracticeFacts] | None = None,
) -> list[Verdict]:
    """One for each visit, in their order: practice, address and agent with licence, at the hour intended.

    `known`: the facts of the practices on `day`, where they were read already.
    """
    held = await practice_facts.agents_facts(work.session, [visit.agent for visit in visits])
    if known is None:
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
