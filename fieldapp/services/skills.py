"""What a practice asks of the agent who visits it; what agents have is entered with their licences."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fieldapp.domain.skills import Skill, in_order
from fieldapp.services.work import Work
from fieldapp.store import practices
from fieldapp.store.feed import audit


async def ask_for(work: Work, practice_id: UUID, skills: Sequence[Skill]) -> list[Skill]:
    """From the next plan on only an agent who has all of them is sent; an empty list asks for none.

    Raises Refusal `practice.unknown`.
    """
    practice = (await practices.head(work.session, practice_id)).practice
    asked = in_order(skills)
    if asked != practice.skills:
        practice.skills = asked
        audit(work.session, "practice.skills_asked", "practice", practice_id, skills=asked)
    return [Skill(one) for one in asked]
