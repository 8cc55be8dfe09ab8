"""Visit reports looked at by the office: the inbox, questions to the agent, the share that is drawn.

A question goes to the phone with its day, of whatever day the report is, until it is answered; the answer is an
envelope (`domain.sync`). The words of both stand in question and answer alone, neither in facts nor in the register.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import sha256
from fieldapp.domain.ledger import left_cents
from fieldapp.domain.review import Reason, Why, checked_question, checked_share, contradictions
from fieldapp.services import push
from fieldapp.services.work import Work
from fieldapp.store import ledger, practice_file, tasks
from fieldapp.store import reviews as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.field import QuestionCard
from fieldapp.store.shapes.review import ContradictionRow, ReviewFile, ReviewPage
from fieldapp.store.tables import Practice, Visit, VisitQuestion, VisitReview

Wanted = Literal["waiting", "asked", "reviewed"]
_STATES = {"waiting": store.WAITING, "asked": ("asked",), "reviewed": ("reviewed",)}
RETURNED = "visit.question_returned"
"""The kind of task that a question becomes which its agent can no longer get."""
_ANSWERED = "visit.answered"
_FLAGGED = "visit.flagged"


async def list_reviews(work: Work, wanted: Wanted) -> ReviewPage:
    """Reports that wait for the office, for an agent's answer, or for nobody any more."""
    return await store.page(work.session, _STATES[wanted])


async def set_share(work: Work, percent: int) -> ReviewPage:
    """How many of a hundred reports are drawn from now on. Raises Refusal `review.share_out_of_range`."""
    before = await store.share_percent(work.session)
    await store.set_share(work.session, checked_share(percent))
    await work.session.flush()
    audit(work.session, "review.share_set", "setting", store.SHARE, before=before, after=percent)
    return await list_reviews(work, "waiting")


async def read_review(work: Work, visit_id: UUID) -> ReviewFile:
    """A report beside its practice, whether it waits for a review or not; every look is audited.

    Raises Refusal `review.visit_unknown`.
    """
    visit, practice = await store.visit_of(work.session, visit_id)
    audit(work.session, "practice.read", "practice", practice.id, visit=str(visit_id))
    return await _file(work, visit, practice)


async def _file(work: Work, visit: Visit, practice: Practice) -> ReviewFile:
    rows = await store.rows(work.session, Visit.id == visit.id)
    standing = (await store.standings(work.session, [visit]))[visit.id]
    stayed = visit.left_at - visit.arrived_at
    clashes = contradictions(standing.outcome, standing.met, standing.observations, stayed=stayed)
    owed = (await ledger.owed(work.session, [practice.id]))[practice.id]
    return ReviewFile(
        review=rows[0],
        visit=await practice_file.visit_row(work.session, visit),
        address_id=visit.address_id,
        practice_state=practice.state,
        owed_cents=left_cents(owed.values()),
        next_action=practice.next_action,
        agent_reachable=await store.has_phone(work.session, visit.agent_id),
        contradictions=[
            ContradictionRow(one.kind.value, list(one.observations), round(stayed.total_seconds())) for one in clashes
        ],
    )


async def finish_review(work: Work, visit_id: UUID) -> ReviewFile:
    """A person has looked at the report: what waited for that is done. Doing it again changes nothing.

    Raises Refusal `review.visit_unknown`, `review.question_waits`.
    """
    visit, practice = await store.visit_of(work.session, visit_id)
    review = await _opened(work, visit)
    if review.state != "reviewed":
        if await store.waiting_question(work.session, visit_id) is not None:
            raise Refusal("review.question_waits", kind=Kind.CONFLICT)
        review.state, review.reviewed_at, review.reviewed_by = "reviewed", work.now, work.identity.person_id
        await work.session.flush()
        await _finish_tasks(work, visit, _FLAGGED, _ANSWERED, RETURNED)
        body = {"visit_id": str(visit_id)}
        tell(work.session, _fact("visit.reviewed", work, practice, body))
        audit(work.session, "visit.reviewed", "visit", visit_id)
    return await _file(work, visit, practice)


async def ask(work: Work, visit_id: UUID, *, reason: Reason, text: str) -> ReviewFile:
    """Ask the agent who wrote the report; what was answered before is settled by that.

    Raises Refusal `question.empty`, `.too_long`, `.unreadable`, `.waits_already`, `.no_phone` (details: agent) or
    `review.visit_unknown`.
    """
    said = checked_question(text)
    visit, practice = await store.visit_of(work.session, visit_id)
    review = await _opened(work, visit)
    if await store.waiting_question(work.session, visit_id) is not None:
        raise Refusal("question.waits_already", kind=Kind.CONFLICT)
    agent = await store.person_name(work.session, visit.agent_id)
    if not await store.has_phone(work.session, visit.agent_id):
        raise Refusal("question.no_phone", kind=Kind.CONFLICT, details={"agent": agent})
    question = VisitQuestion(
        id=work.new_id(),
        agency_id=work.identity.agency_id,
        visit_id=visit_id,
        agent_id=visit.agent_id,
        reason=reason.value,
        text=said,
        asked_at=work.now,
        asked_by=work.identity.person_id,
    )
    work.session.add(question)
    review.state, review.reviewed_at, review.reviewed_by = "asked", None, None
    await work.session.flush()
    await _finish_tasks(work, visit, _ANSWERED, RETURNED)
    body = {**_about(question), "reason": reason.value, "agent": agent}
    tell(work.session, _fact("visit.questioned", work, practice, body))
    audit(
        work.session,
        "visit.questioned",
        "visit",
        visit_id,
        agent=agent,
        reason=reason.value,
        digest=sha256(said.encode()),
    )
    await push.day_changed(work, work.today, [visit.agent_id])
    return await _file(work, visit, practice)


async def withdraw(work: Work, question_id: UUID) -> ReviewFile:
    """Take a question back that nobody has answered; an answer on the road is kept all the same.

    Raises Refusal `question.unknown`, `.answered_already`, `.withdrawn_already`, `.returned_already`.
    """
    question = await store.locked_question(work.session, question_id)
    if question.answered_at is not None:
        raise Refusal("question.answered_already", kind=Kind.CONFLICT)
    if question.withdrawn_at is not None:
        raise Refusal("question.withdrawn_already", kind=Kind.CONFLICT)
    if question.returned_at is not None:
        raise Refusal("question.returned_already", kind=Kind.CONFLICT)
    question.withdrawn_at, question.withdrawn_by = work.now, work.identity.person_id
    visit, practice = await store.visit_of(work.session, question.visit_id)
    await _waits_again(work, visit.id)
    tell(work.session, _fact("visit.question_withdrawn", work, practice, _about(question)))
    audit(work.session, "visit.question_withdrawn", "visit", visit.id)
    if question.fetched_at is not None:
        await push.day_changed(work, work.today, [question.agent_id])
    return await _file(work, visit, practice)


async def give_back(work: Work, agent_id: UUID) -> None:
    """Questions that their agent can no longer get come back to who asked them, as tasks."""
    if await store.has_phone(work.session, agent_id):
        return
    agent = await store.person_name(work.session, agent_id)
    for question in await store.waiting_of_agent(work.session, agent_id):
        question.returned_at = work.now
        _, practice = await store.visit_of(work.session, question.visit_id)
        await _waits_again(work, question.visit_id)
        details = {"visit_id": str(question.visit_id), "agent": agent, "about": question.reason}
        await tasks.add(
            work.session,
            RETURNED,
            subject=("visit_question", str(question.id)),
            due_on=work.today,
            details=details,
            now=work.now,
            new_id=work.new_id,
            practice_id=practice.id,
            owner_id=question.asked_by,
        )
        tell(work.session, _fact("visit.question_returned", work, practice, {**_about(question), "agent": agent}))
        audit(work.session, "visit.question_returned", "visit", question.visit_id, agent=agent)


async def carry(work: Work, agent_id: UUID) -> list[QuestionCard]:
    """What a phone takes along with its day; the office hears that it is there."""
    midnight = datetime.combine(work.today, time(0), tzinfo=work.parts.zone)
    carried = await store.carried(work.session, agent_id, since=midnight, now=work.now)
    for question, practice in carried.fresh:
        tell(work.session, _fact("visit.question_fetched", work, practice, _about(question)))
    return carried.cards


def _fact(kind: str, work: Work, practice: Practice, body: dict[str, str]) -> NewFact:
    return NewFact(kind, work.now, practice_id=practice.id, creditor_id=practice.creditor_id, body=body)


def _about(question: VisitQuestion) -> dict[str, str]:
    return {"question_id": str(question.id), "visit_id": str(question.visit_id)}


async def _opened(work: Work, visit: Visit) -> VisitReview:
    """The report's review, locked; a person may look at one that nothing brought here."""
    found = await store.locked(work.session, visit.id)
    if found is None:
        await store.open_review(work.session, work.new_id(), visit.id, why=[Why.ASKED.value], now=work.now)
        found = await store.locked(work.session, visit.id)
    assert found is not None
    return found


async def _waits_again(work: Work, visit_id: UUID) -> None:
    """For the office: with an answer where there is one, else as it was."""
    review = await store.locked(work.session, visit_id)
    assert review is not None
    review.state = "answered" if await store.has_answers(work.session, visit_id) else "open"
    await work.session.flush()


async def _finish_tasks(work: Work, visit: Visit, *kinds: str) -> None:
    """What stood for this report in the inbox of tasks is done by it."""
    await tasks.finish_of_visit(
        work.session,
        kinds,
        visit.id,
        practice_id=visit.practice_id,
        person_id=work.identity.person_id,
        now=work.now,
    )
