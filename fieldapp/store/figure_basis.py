"""The recorded legal basis of figures by named agents, one an agency; the register keeps all that ever stood."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.figures import Basis, Ground
from fieldapp.store.database import agency_of
from fieldapp.store.house_settings import held
from fieldapp.store.shapes.figures import FigureBasis
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.office import Setting

NAME = "figures_by_agent"
_DAYS = ("signed_on", "told_on", "from_on")


async def read(session: AsyncSession) -> tuple[Basis, FigureBasis] | None:
    """The basis that stands, as the rule and as it is shown."""
    row = await session.get(Setting, (agency_of(session), NAME))
    if row is None or not row.value:
        return None
    value = row.value
    days = {name: date.fromisoformat(value[name]) for name in _DAYS}
    basis = Basis(Ground(value["ground"]), value["reference"], **days)
    by = (await session.exec(select(Person.name).where(Person.id == UUID(value["person_id"])))).first()
    at = datetime.fromisoformat(value["at"])
    return basis, FigureBasis(basis.ground, basis.reference, **days, recorded_by=by or "", recorded_at=at)


async def record(session: AsyncSession, basis: Basis, *, at: datetime, person_id: UUID) -> bool:
    """Keep a basis; whether none stood."""
    row = await held(session, NAME)
    if row.value:
        return False
    days = {name: getattr(basis, name).isoformat() for name in _DAYS}
    said = {"ground": basis.ground.value, "reference": basis.reference, **days}
    row.value = said | {"at": at.isoformat(), "person_id": str(person_id)}
    await session.flush()
    return True


async def end(session: AsyncSession) -> bool:
    """Nothing stands any more; whether one did."""
    row = await held(session, NAME)
    stood = bool(row.value)
    row.value = {}
    await session.flush()
    return stood
