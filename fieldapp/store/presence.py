"""Who was home when: read off our own visits each time it is asked for, so that nothing of it outlives them.

There is no table of counts. What is asked are the visits of placements that still run, in practices that the creditor
has not taken back: when a placement ends, what its doors taught is gone with it, from the pooled chances too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import Integer, String, case, cast, extract, func
from sqlmodel import col, exists, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.presence import TELLING
from fieldapp.domain.visit_report import OutsideThePlan
from fieldapp.store.columns import among
from fieldapp.store.house_settings import held
from fieldapp.store.same_debtor import same_persons
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Visit
from fieldapp.store.tables.office import Setting
from fieldapp.store.tables.planning import PublishedStop
from fieldapp.store.tables.practice import Address, LearningObjection, Obligor, Placement, Practice

__all__ = ["LearningObjection"]

LEARNING = "presence.learning"


@dataclass(frozen=True, slots=True)
class TriedAt:
    """Attempts of one practice at one of its addresses in one hour of the week; `person` as in `PracticeAtDoor`."""

    practice_id: UUID
    person: str | None
    comune: str
    street: str
    house_number: str
    text: str
    isoweekday: int
    hour: int
    met: int
    tried: int


@dataclass(frozen=True, slots=True)
class Decision:
    """That an agency learns from its attempts, or no longer: who decided, when, and on what ground."""

    on: bool
    at: datetime
    by: str
    reason: str


async def stamp(session: AsyncSession, *, on: date) -> tuple[int | datetime | None, ...]:
    """What stays while `tried` would answer the same: how many visits before `on`, when one of them was last corrected,
    and how many practices may teach."""
    visits = sqlalchemy.select(func.count(), func.max(col(Visit.corrected_at))).where(col(Visit.day) < on)
    practices = (
        select(func.count())
        .select_from(Practice)
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .where(col(Practice.state) != "recalled", col(Placement.ends_on) >= on)
    )
    number, corrected_at = (await session.execute(visits)).one()
    return number, corrected_at, (await session.exec(practices)).one()


def _known_by() -> Any:
    """What a debtor is known by (`PracticeAtDoor.person`)."""
    return func.coalesce(cast(col(Practice.debtor_group), String), Obligor.tax_code_index, Obligor.vat_number)


def _debtors(column: Any) -> Any:
    return (
        sqlalchemy.select(column)
        .select_from(Practice)
        .join(Obligor, (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"))
    )


async def objecting(session: AsyncSession) -> frozenset[str]:
    """By what those who object are known, in all of their practices (`PracticeAtDoor.person`); where nobody can say who
    that is, the practice."""
    made = sqlalchemy.select(col(LearningObjection.practice_id)).where(col(LearningObjection.withdrawn_at).is_(None))
    ids = await same_persons(session, set((await session.execute(made)).scalars()))
    query = _debtors(func.coalesce(_known_by(), cast(col(Practice.id), String))).where(among(Practice.id, ids))
    return frozenset((await session.execute(query)).scalars())


async def objections_of(session: AsyncSession, practice_id: UUID) -> list[tuple[LearningObjection, str]]:
    """The objections of the practice's debtor that stand, made here or in another practice, and who entered them."""
    query = (
        sqlalchemy.select(LearningObjection, col(Person.name))
        .join(Person, col(Person.id) == col(LearningObjection.entered_by))
        .where(
            col(LearningObjection.withdrawn_at).is_(None),
            among(LearningObjection.practice_id, await same_persons(session, [practice_id])),
        )
        .order_by(col(LearningObjection.entered_at))
    )
    return [(row, by) for row, by in await session.execute(query)]


async def tried(session: AsyncSession, *, zone: str, on: date) -> list[TriedAt]:
    """All attempts before `on` that say whether somebody was home, of placements that run then; hours are local to
    `zone`.

    One ring is one attempt however many practices it was for. Visits to an appointment say nothing: somebody waited.
    """
    local = func.timezone(zone, Visit.arrived_at)
    weekday, hour = cast(extract("isodow", local), Integer), cast(extract("hour", local), Integer)
    promised = exists().where(col(PublishedStop.id) == col(Visit.stop_id), col(PublishedStop.must))
    person = _known_by()
    keys: list[Any] = [
        col(Visit.practice_id),
        person,
        *(col(part) for part in (Address.comune, Address.street, Address.house_number, Address.text)),
        weekday,
        hour,
    ]
    met = func.count(case((col(Visit.met) != "nobody", 1), else_=None))
    query = (
        sqlalchemy.select(*keys, met, func.count())
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .join(Placement, col(Placement.id) == col(Practice.placement_id))
        .join(Address, col(Address.id) == col(Visit.address_id))
        .join(Obligor, col(Obligor.id) == col(Address.obligor_id))
        .where(
            col(Practice.state) != "recalled",
            col(Placement.ends_on) >= on,
            col(Visit.day) < on,
            col(Visit.outcome).in_(TELLING),
            col(Visit.with_visit_id).is_(None),
            # Who was met in the street was not at home.
            func.coalesce(Visit.unplanned, OutsideThePlan.ADDRESS.value) == OutsideThePlan.ADDRESS.value,
            ~promised,
        )
        .group_by(*keys)
    )
    return [TriedAt(*row) for row in await session.execute(query)]


async def decision(session: AsyncSession) -> Decision | None:
    """What the agency decided last; None where nobody ever decided."""
    row = (await session.exec(select(Setting).where(Setting.name == LEARNING))).first()
    if row is None:
        return None
    value = row.value
    by = (await session.exec(select(Person.name).where(Person.id == UUID(value["person_id"])))).first()
    return Decision(value["on"], datetime.fromisoformat(value["at"]), by or "", value["reason"])


async def decide(session: AsyncSession, *, on: bool, at: datetime, person_id: UUID, reason: str) -> None:
    """Keep a decision in place of the one before; the register keeps them all."""
    row = await held(session, LEARNING)
    row.value = {"on": on, "at": at.isoformat(), "person_id": str(person_id), "reason": reason}
    await session.flush()
