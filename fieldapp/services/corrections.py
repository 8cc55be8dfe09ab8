"""Corrections of how a visit ended and who was met: by the agent who made it, or by two people of the office.

The words of a correction stand in its row alone, neither in facts nor in the register.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from fieldapp.domain.corrections import (
    AGENT_DAYS,
    OFFICE_DAYS,
    Correction,
    Standing,
    Wish,
    checked_reason,
    correct,
    said_from,
)
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outcomes import Met
from fieldapp.domain.review import Why
from fieldapp.services import push, reviews
from fieldapp.services.work import Work
from fieldapp.store import corrections as store
from fieldapp.store import practices, tasks
from fieldapp.store import reviews as review_store
from fieldapp.store.corrections import ASKED
from fieldapp.store.envelopes import Sender
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.field import ReportCard
from fieldapp.store.shapes.review import ReviewFile
from fieldapp.store.tables.review import VisitCorrection


async def follow(work: Work, correction: Correction, *, envelope_id: UUID, sent_by: Sender) -> None:
    """What an agent puts right in a report of their own, once it was accepted: it holds at once, but for what lifts a
    protection of the debtor. That waits for a person of the office, and only what it brings of protection holds.

    The agent's newest word takes the place of one that waits.
    """
    before = await store.asked(work.session, correction.standing.visit_id)
    if before is not None and before.envelope_id is not None:
        await _drop(work, before, correction.standing, state="withdrawn", by=sent_by.person.id)
    if not correction.fields:
        return
    state = "asked" if correction.lifts else "holds"
    row = _row(work, correction, said_by=sent_by.person.id, said_at=correction.at, state=state)
    row.envelope_id = envelope_id
    if not correction.lifts:
        row.decided_at, row.decided_by = work.now, sent_by.person.id
    store.add(work.session, row)
    await work.session.flush()
    if correction.lifts:
        await _ask(work, row, correction, person=sent_by.person.name)
        tell(work.session, *await store.protect(work.session, correction, new_id=work.new_id))
    else:
        await _hold(work, row, correction, protected=False)
    await _look_again(work, correction.standing.visit_id)


async def carry(work: Work, agent_id: UUID) -> list[ReportCard]:
    """What a phone takes along with its day of the agent's own reports, as long as they may be corrected."""
    midnight = datetime.combine(work.today, time(0), tzinfo=work.parts.zone)
    since = work.now - timedelta(days=AGENT_DAYS)
    return await store.reports_of(work.session, agent_id, since=since, midnight=midnight)


async def ask(
    work: Work,
    visit_id: UUID,
    *,
    outcome: str,
    met: Met,
    identified_by: str | None,
    role: str | None,
    captured: Mapping[str, Any],
    reason: str,
) -> ReviewFile:
    """Say at the desk that a visit ended otherwise; it holds once a second person has confirmed it.

    Raises Refusal `review.visit_unknown`, `correction.reason_missing`, `.reason_too_long`, `.nothing`,
    `.waits_already`, or as `domain.corrections.correct`.
    """
    visit, practice = await review_store.visit_of(work.session, visit_id)
    await practices.hold(work.session, [practice.id])
    wish = Wish(
        practice_id=practice.id,
        visit_id=visit.id,
        outcome=outcome,
        met=met,
        identified_by=identified_by,
        role=role,
        captured=captured,
        reason=checked_reason(reason),
        at=work.now,
    )
    if await store.asked(work.session, visit_id) is not None:
        raise Refusal("correction.waits_already", kind=Kind.CONFLICT)
    correction = _worth_it(correct(await store.standing(work.session, visit_id), wish, days=OFFICE_DAYS))
    row = _row(work, correction, said_by=work.identity.person_id, said_at=work.now, state="asked")
    store.add(work.session, row)
    await work.session.flush()
    await _ask(work, row, correction, person=work.identity.name)
    return await reviews.read_review(work, visit_id)


async def _ask(work: Work, row: VisitCorrection, correction: Correction, *, person: str) -> None:
    """A person of the office is asked to decide on what `person` says."""
    await tasks.add(
        work.session,
        ASKED,
        subject=("visit_correction", str(row.id)),
        due_on=work.today,
        details={"visit_id": str(row.visit_id), "person": person},
        now=work.now,
        new_id=work.new_id,
        practice_id=correction.standing.practice_id,
    )
    said = {"correction": str(row.id), "outcome": correction.after.outcome}
    audit(work.session, "visit.correction_asked", "visit", row.visit_id, **said)
    tell(work.session, _fact("visit.correction_asked", work.now, correction.standing, row, {}))


async def confirm(work: Work, correction_id: UUID) -> ReviewFile:
    """A second person agrees: the correction holds, and what follows from an outcome follows it.

    Raises Refusal `correction.unknown`, `.second_person`, `.settled_already`, `.nothing` (it stands so by now), or as
    `domain.corrections.correct` where something has come to hang on the report meanwhile.
    """
    row, standing = await _waiting(work, correction_id)
    if row.said_by == work.identity.person_id:
        raise Refusal("correction.second_person", kind=Kind.FORBIDDEN)
    after = said_from(row.after)
    wish = Wish(
        practice_id=standing.practice_id,
        visit_id=standing.visit_id,
        outcome=after.outcome,
        met=after.met,
        identified_by=after.identified_by,
        role=after.role,
        captured=after.typed,
        reason=row.reason,
        at=row.said_at,
    )
    correction = _worth_it(correct(standing, wish, days=OFFICE_DAYS))
    row.before = correction.before.to_json()
    row.lifts = list(correction.lifts)
    await _decide(work, row, "holds", by=work.identity.person_id)
    await _hold(work, row, correction, protected=row.envelope_id is not None)
    await push.day_changed(work, work.today, [await store.agent_of(work.session, standing.visit_id)])
    return await reviews.read_review(work, standing.visit_id)


async def decline(work: Work, correction_id: UUID) -> ReviewFile:
    """The report stays as it is; whoever asked for the correction takes it back, anybody else declines it.

    Raises Refusal `correction.unknown`, `.settled_already`.
    """
    row, standing = await _waiting(work, correction_id)
    own = row.said_by == work.identity.person_id
    await _drop(work, row, standing, state="withdrawn" if own else "declined", by=work.identity.person_id)
    if row.envelope_id is not None:
        await push.day_changed(work, work.today, [row.said_by])
    return await reviews.read_review(work, row.visit_id)


async def _drop(work: Work, row: VisitCorrection, standing: Standing, *, state: str, by: UUID) -> None:
    """It does not come to hold; what an agent's had brought of protection meanwhile goes again."""
    await _decide(work, row, state, by=by)
    if row.envelope_id is not None:
        waited = Correction(standing, said_from(row.before), said_from(row.after), row.reason, row.said_at)
        tell(work.session, *await store.unprotect(work.session, waited, now=work.now))
    own = state == "withdrawn"
    audit(work.session, "visit.correction_declined", "visit", row.visit_id, correction=str(row.id), own=own)
    tell(work.session, _fact("visit.correction_declined", work.now, standing, row, {}))


async def _waiting(work: Work, correction_id: UUID) -> tuple[VisitCorrection, Standing]:
    """A correction that waits for a second person, locked after its practice, and what its report says by now."""
    visit_id = await store.visit_of(work.session, correction_id)
    standing = await store.standing(work.session, visit_id)
    await practices.hold(work.session, [standing.practice_id])
    row = await store.locked(work.session, correction_id)
    if row.state != "asked":
        raise Refusal("correction.settled_already", kind=Kind.CONFLICT)
    return row, await store.standing(work.session, visit_id)


def _worth_it(correction: Correction) -> Correction:
    if not correction.fields:
        raise Refusal("correction.nothing", kind=Kind.MALFORMED)
    return correction


def _row(work: Work, correction: Correction, *, said_by: UUID, said_at: datetime, state: str) -> VisitCorrection:
    return VisitCorrection(
        id=work.new_id(),
        agency_id=work.identity.agency_id,
        visit_id=correction.standing.visit_id,
        said_by=said_by,
        said_at=said_at,
        received_at=work.now,
        reason=correction.reason,
        before=correction.before.to_json(),
        after=correction.after.to_json(),
        lifts=list(correction.lifts),
        state=state,
    )


async def _decide(work: Work, row: VisitCorrection, state: str, *, by: UUID) -> None:
    row.state, row.decided_at, row.decided_by = state, work.now, by
    await work.session.flush()
    await tasks.finish_about(work.session, ASKED, [str(row.id)], person_id=by, now=work.now)


async def _hold(work: Work, row: VisitCorrection, correction: Correction, *, protected: bool) -> None:
    """The correction holds from now on; everybody who was told the first outcome is told this one."""
    facts = await store.put_right(
        work.session,
        correction,
        now=work.now,
        today=work.today,
        new_id=work.new_id,
        person_id=work.identity.person_id,
        protected=protected,
    )
    before, after = correction.before, correction.after
    body = {
        "outcome_before": before.outcome,
        "outcome": after.outcome,
        "met_before": before.met.value,
        "met": after.met.value,
        "fields": list(correction.fields),
        "of_office": row.envelope_id is None,
    }
    told = _fact("visit.outcome_corrected", correction.at, correction.standing, row, body)
    tell(work.session, told, *facts)
    said = {"before": before.outcome, "after": after.outcome, "met_before": before.met.value, "met": after.met.value}
    audit(work.session, "visit.outcome_corrected", "visit", row.visit_id, correction=str(row.id), **said)


async def _look_again(work: Work, visit_id: UUID) -> None:
    """What an agent puts right by themselves a person looks at."""
    why = [Why.CORRECTED.value]
    await review_store.open_review(work.session, work.new_id(), visit_id, why=why, now=work.now)
    await review_store.corrected(work.session, visit_id, why=Why.CORRECTED.value)


def _fact(kind: str, at: datetime, standing: Standing, row: VisitCorrection, body: dict[str, Any]) -> NewFact:
    named = {"visit_id": str(row.visit_id), "correction_id": str(row.id)}
    return NewFact(kind, at, practice_id=standing.practice_id, creditor_id=standing.creditor_id, body={**named, **body})
