"""How an appointment ends, and what is told of one; whoever decides it holds the locks (`store.appointments.lock`)."""

from __future__ import annotations

from datetime import date

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services.work import Work
from fieldapp.store import appointments as store
from fieldapp.store.feed import NewFact, audit
from fieldapp.store.feed import tell as tell_fact
from fieldapp.store.shapes.appointments import AppointmentRow


async def end(work: Work, old: AppointmentRow, how: str, reason: str) -> store.AgreedVisit:
    """End what stands, as "moved" or "cancelled"; what was set at the door gets a row of ours to end.

    Raises Refusal `appointment.reason_missing`.
    """
    if not reason.strip():
        raise Refusal("appointment.reason_missing", kind=Kind.MALFORMED)
    row = await store.row(work.session, old.id)
    if row is None:
        visit = await store.at_the_door(work.session, old.id)
        assert visit is not None
        row = store.AgreedVisit(
            id=work.new_id(),
            agency_id=work.agency_id,
            practice_id=old.practice_id,
            address_id=visit.address_id,
            visit_id=visit.id,
            from_at=old.from_at,
            to_at=old.to_at,
            taken_at=old.taken_at,
            taken_by=visit.agent_id,
        )
    row.ended_at, row.ended_by, row.ended_as = work.now, work.identity.person_id, how
    row.reason = reason.strip()
    work.session.add(row)
    await work.session.flush()
    return row


def tell(work: Work, kind: str, row: store.AgreedVisit, day: date, **more: str) -> None:
    """Told as a fact and written into the register."""
    body = {
        "appointment_id": str(row.id),
        "from_at": row.from_at.isoformat(),
        "to_at": row.to_at.isoformat(),
        **more,
    }
    audit(work.session, kind, "practice", row.practice_id, **body)
    tell_fact(work.session, NewFact(kind, work.now, practice_id=row.practice_id, day=day, body=body))
