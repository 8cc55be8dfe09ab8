"""Who may work at all: the agency's licence and what its agents carry, entered by the administrator, watched ahead.

The rules of conduct say what is missing, has ended or ends soon (`judge_agent`); nothing here knows a number of days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.conduct import AgentFacts, Ruleset, judge_agent
from fieldapp.domain.conduct import Finding as Found
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.skills import Skill, in_order
from fieldapp.geo.street_words import REGION_OF_PROVINCE
from fieldapp.services import rules
from fieldapp.services.work import Parts, Work
from fieldapp.store import access
from fieldapp.store import licences as store
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.dispatch import Finding
from fieldapp.store.shapes.licences import AgencyLicence, AgentLicence, LicencesPage

OF_THE_AGENCY = frozenset({"conduct.licence_expired", "conduct.licence_expires_soon"})
"""What the rules say of every agent at once, because it is the agency's."""
FARTHEST = timedelta(days=366 * 30)
"""A day beyond is a slip of the hand, not a licence."""
FIRST = date(1990, 1, 1)
DUE_IN = timedelta(days=7)


async def read_licences(work: Work) -> LicencesPage:
    """What is on file, and what the rules say of it today."""
    ruleset = await rules.ruleset(work)
    agency = await store.agency(work.session)
    valid_to = None if agency.licence_valid_to == date.min else agency.licence_valid_to

    def said(findings: Sequence[Found]) -> list[Finding]:
        return [rules.finding(found, ruleset, work.today) for found in findings]

    return LicencesPage(
        agency=AgencyLicence(
            number=agency.licence_number,
            authority=agency.licence_authority,
            valid_to=valid_to,
            findings=said(_of_agency(valid_to, ruleset, work.today)),
        ),
        agents=[
            AgentLicence(
                person_id=one.person.id,
                name=one.person.name,
                agent_number=one.person.agent_number or "",
                provinces=one.person.provinces,
                notified_on=one.person.notified_on,
                badge_valid_to=one.person.badge_valid_to,
                qualification_valid_to=one.person.qualification_valid_to,
                skills=[Skill(skill) for skill in one.person.skills],
                findings=said(_of_agent(one.facts, ruleset, work.today)),
            )
            for one in await store.agents(work.session)
        ],
        provinces=sorted(REGION_OF_PROVINCE),
    )


def _of_agency(valid_to: date | None, ruleset: Ruleset, on: date) -> list[Found]:
    bare = AgentFacts(
        notified_on=None,
        licence_ends_on=valid_to,
        provinces=frozenset(),
        badge_ends_on=None,
        qualification_ends_on=None,
    )
    return [found for found in judge_agent(bare, ruleset, on) if found.code in OF_THE_AGENCY]


def _of_agent(facts: AgentFacts, ruleset: Ruleset, on: date) -> list[Found]:
    # The licence is the agency's matter; asked as if it held, the rest is still said.
    held = AgentFacts(
        notified_on=facts.notified_on,
        licence_ends_on=date.max,
        provinces=facts.provinces,
        badge_ends_on=facts.badge_ends_on,
        qualification_ends_on=facts.qualification_ends_on,
    )
    return [found for found in judge_agent(held, ruleset, on) if found.code not in OF_THE_AGENCY]


async def set_agency_licence(work: Work, *, number: str, authority: str, valid_to: date) -> LicencesPage:
    """Enter or renew the agency's licence (art. 115 T.U.L.P.S.). Raises Refusal `licence.day_unlikely`."""
    _likely(work, valid_to)
    agency = await store.agency(work.session, lock=True)
    agency.licence_number, agency.licence_authority = number.strip(), authority.strip()
    agency.licence_valid_to = valid_to
    body = {"number": agency.licence_number, "authority": agency.licence_authority, "valid_to": valid_to.isoformat()}
    audit(work.session, "agency.licence_set", "agency", agency.id, **body)
    tell(work.session, NewFact("agency.licence_set", work.now, body=body))
    await _watched(work)
    return await read_licences(work)


async def set_agent_licence(
    work: Work,
    person_id: UUID,
    *,
    provinces: Sequence[str],
    notified_on: date | None,
    badge_valid_to: date | None,
    qualification_valid_to: date | None,
    skills: Sequence[Skill] | None = None,
) -> LicencesPage:
    """Enter what an agent carries and for which provinces the Questura was told; a day that is not known is None.

    `skills`: None leaves them as they are.

    Raises Refusal `licence.agent_unknown`, `licence.province_unknown`, `licence.day_unlikely`.
    """
    for province in provinces:
        if province not in REGION_OF_PROVINCE:
            raise Refusal("licence.province_unknown", kind=Kind.MALFORMED, details={"province": province})
    for day in (notified_on, badge_valid_to, qualification_valid_to):
        _likely(work, day)
    person = await store.agent(work.session, person_id)
    person.provinces = sorted(set(provinces))
    person.notified_on = notified_on
    person.badge_valid_to, person.qualification_valid_to = badge_valid_to, qualification_valid_to
    days = {
        "notified_on": notified_on,
        "badge_valid_to": badge_valid_to,
        "qualification_valid_to": qualification_valid_to,
    }
    body = {"provinces": person.provinces, **{name: day and day.isoformat() for name, day in days.items()}}
    if skills is not None:
        person.skills = in_order(skills)
    audit(work.session, "agent.licence_set", "person", person_id, **body, skills=person.skills)
    tell(work.session, NewFact("agent.licence_set", work.now, body={"person_id": str(person_id), **body}))
    await _watched(work)
    return await read_licences(work)


def _likely(work: Work, day: date | None) -> None:
    if day is not None and not FIRST <= day <= work.today + FARTHEST:
        raise Refusal("licence.day_unlikely", kind=Kind.MALFORMED, details={"on": day.isoformat()})


# --- watching ---


async def _watched(work: Work) -> None:
    await work.session.flush()
    await watch(work.parts, work.session, await rules.ruleset(work))


async def watch(parts: Parts, session: AsyncSession, ruleset: Ruleset) -> None:
    """Tasks for the administrator for what ends soon, has ended or is missing; they go when it is renewed."""
    now = parts.clock.now()
    today = now.astimezone(parts.zone).date()
    agency = await store.agency(session)
    valid_to = None if agency.licence_valid_to == date.min else agency.licence_valid_to
    endings = [_ending("agency", agency.id, agency.name, found) for found in _of_agency(valid_to, ruleset, today)]
    for one in await store.agents(session):
        said = _of_agent(one.facts, ruleset, today)
        endings += [_ending("person", one.person.id, one.person.name, found) for found in said]

    def due_on(ending: store.Ending) -> date:
        soon = today + DUE_IN
        return today if ending.on is None or ending.on < today else min(soon, ending.on)

    by_key = {ending.key: ending for ending in endings}
    tell(session, *await store.reconcile(session, by_key, now=now, due_on=due_on, new_id=parts.new_id))


def _ending(subject_kind: str, subject_id: UUID, name: str, found: Found) -> store.Ending:
    on = found.details.get("on")
    return store.Ending(subject_kind, subject_id, name, found.code, date.fromisoformat(on) if on else None)


async def watch_all(parts: Parts) -> None:
    """Every agency, each in a transaction of its own."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        agencies = await access.agencies(session)
    today = parts.clock.now().astimezone(parts.zone).date()
    for agency_id in agencies:
        async with parts.database.transaction(Scope(agency_id, "worker")) as session:
            await watch(parts, session, await rules.ruleset_of(parts, session, today))
