"""What practices and creditors ask of the agent who visits; what agents have is entered with their licences."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fieldapp.domain.skills import Skill, in_order
from fieldapp.services.work import Work
from fieldapp.store import payment_orders, practices
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


async def ask_for_all(work: Work, creditor_id: UUID, skills: Sequence[Skill]) -> list[Skill]:
    """The same for whatever practice of a creditor, beside what each asks for itself. Raises Refusal
    `creditor.unknown`."""
    creditor = await payment_orders.creditor(work.session, creditor_id, hold=True)
    asked = in_order(skills)
    if asked != creditor.skills:
        creditor.skills = asked
        audit(work.session, "creditor.skills_asked", "creditor", creditor_id, skills=asked)
    return [Skill(one) for one in asked]
