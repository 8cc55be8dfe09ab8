"""The legal basis without which no figure speaks of a named agent: recorded and ended by an administrator."""

from __future__ import annotations

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.figures import Basis, Period
from fieldapp.services.work import Work
from fieldapp.store import figure_basis as store
from fieldapp.store.feed import audit
from fieldapp.store.shapes.figures import FigureBasisView


async def read(work: Work) -> FigureBasisView:
    """The basis that stands."""
    found = await store.read(work.session)
    return FigureBasisView(found[1] if found else None)


async def record(work: Work, basis: Basis) -> FigureBasisView:
    """From now on figures by agent may be read, of the days from `basis.from_on` on.

    Raises Refusal `figures.basis_stands` where there is another, which is ended first, and
    `figures.basis_in_future` (details: today) where its paper, or the agents' being told, is of a day to come.
    """
    if max(basis.signed_on, basis.told_on) > work.today:
        details = {"field": "signed_on" if basis.signed_on > work.today else "told_on", "today": work.today.isoformat()}
        raise Refusal("figures.basis_in_future", kind=Kind.MALFORMED, details=details)
    if not await store.record(work.session, basis, at=work.now, person_id=work.identity.person_id):
        raise Refusal("figures.basis_stands", kind=Kind.CONFLICT)
    audit(
        work.session,
        "figures.basis_recorded",
        "setting",
        store.NAME,
        ground=basis.ground.value,
        reference=basis.reference,
        signed_on=basis.signed_on.isoformat(),
        told_on=basis.told_on.isoformat(),
        from_on=basis.from_on.isoformat(),
    )
    return await read(work)


async def end(work: Work, *, reason: str) -> FigureBasisView:
    """Nothing is told of named agents any more, of no day.

    Raises Refusal `figures.basis_reason_missing`, `figures.no_basis`.
    """
    if not reason.strip():
        raise Refusal("figures.basis_reason_missing", kind=Kind.MALFORMED, details={"field": "reason"})
    if not await store.end(work.session):
        raise Refusal("figures.no_basis", kind=Kind.CONFLICT)
    audit(work.session, "figures.basis_ended", "setting", store.NAME, reason=reason.strip())
    return await read(work)


async def standing(work: Work) -> Basis | None:
    """The basis that stands, for whoever reckons."""
    found = await store.read(work.session)
    return found[0] if found else None


async def ask(work: Work, period: Period) -> None:
    """That figures by agent may be read of the period; the register says that they were.

    Raises Refusal `figures.no_basis`, `figures.before_basis` (details: from_on).
    """
    basis = await standing(work)
    if basis is None:
        raise Refusal("figures.no_basis", kind=Kind.CONFLICT)
    basis.allow(period)
    note(work, period)


def note(work: Work, period: Period) -> None:
    """The register says who read figures that only the basis allows."""
    days = {"from_on": period.first.isoformat(), "to_on": period.last.isoformat()}
    audit(work.session, "figures.agents_read", "setting", store.NAME, **days)
