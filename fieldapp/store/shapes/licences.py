"""What the administrator sees and enters: the agency's licence, and what each agent carries."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from msgspec import Struct

from fieldapp.domain.skills import Skill
from fieldapp.store.shapes.dispatch import Finding


class AgencyLicence(Struct, frozen=True):
    """No day: not entered yet, and no visit is planned before it is."""

    number: str
    authority: str
    valid_to: date | None
    findings: list[Finding]


class AgentLicence(Struct, frozen=True):
    person_id: UUID
    name: str
    agent_number: str
    provinces: list[str]
    notified_on: date | None
    badge_valid_to: date | None
    qualification_valid_to: date | None
    skills: list[Skill]
    findings: list[Finding]
    """What keeps the agent at home today, and what ends soon."""


class LicencesPage(Struct, frozen=True):
    agency: AgencyLicence
    agents: list[AgentLicence]
    provinces: list[str]
    """All that there are, to choose from."""
