"""Reviews of visit reports: the inbox, the questions to agents and what they answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outcomes import Met, outcome
from fieldapp.domain.review import DRAWN_BY_DEFAULT, Change, Standing, correctable, once_corrected
from fieldapp.domain.sync import QuestionKnown
from fieldapp.store.batches import insert_rows
from fieldapp.store.database import agency_of
from fieldapp.store.house_settings import held
from fieldapp.store.shapes.field import QuestionCard, ReportedVisit
from fieldapp.store.shapes.questions import AnswerRow, ChangeRow, QuestionRow
from fieldapp.store.shapes.review import ReviewPage, ReviewRow
from fieldapp.store.tables.access import Device, Person
from fieldapp.store.tables.field import Visit
from fieldapp.store.tables.office import Setting
from fieldapp.store.tables.practice import Address, Creditor, Obligor, Practice
from fieldapp.store.tables.review import VisitAnswer, VisitCorrection, VisitQuestion, VisitReview

ROWS = 200
"""Shown at most."""
SHARE = "review_share"
"""The setting that holds how many of a hundred reports are drawn."""
WAITING = ("open", "answered")
"""States in which the office is to act."""


# --- the inbox ---


async def page(session: AsyncSession, states: Collection[str]) -> ReviewPage:
    """Reviews in these states: answers first, then the oldest; those that are done, the newest first."""
    wanted = col(VisitReview.state).in_(states)
    # What is done is counted only where it is asked for: it grows, while what waits has an index of its own.
    counted = wanted if "reviewed" in states else col(VisitReview.state) != "reviewed"
    counting = select(VisitReview.state, func.count()).where(or_(counted, col(VisitReview.state).in_(WAITING)))
    counts = dict((await session.exec(counting.group_by(VisitReview.state))).all())
    return ReviewPage(
        rows=await rows(session, wanted),
        total=sum(number for state, number in counts.items() if state in states),
        waiting=sum(number for state, number in counts.items() if state in WAITING),
        share_percent=await share_percent(session),
    )


async def rows(session: AsyncSession, wanted: Any) -> list[ReviewRow]:
    """Reports for which `wanted` holds, with their reviews where there are any."""
    agent, reviewer = aliased(Person), aliased(Person)
    query = (
        sqlalchemy.select(VisitReview, Visit, Practice, col(Creditor.name), col(agent.name), col(reviewer.name))
        .add_columns(
            sqlalchemy.select(col(Obligor.name))
            .where(col(Obligor.practice_id) == col(Practice.id), col(Obligor.role) == "debtor")
            .limit(1)
            .scalar_subquery()
        )
        .select_from(Visit)
        .join(VisitReview, col(VisitReview.visit_id) == col(Visit.id), isouter=True)
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .join(agent, col(agent.id) == col(Visit.agent_id))
        .join(reviewer, col(reviewer.id) == col(VisitReview.reviewed_by), isouter=True)
        .where(wanted)
        .order_by(
            col(VisitReview.state) != "answered",
            col(VisitReview.reviewed_at).desc().nulls_last(),
            col(VisitReview.opened_at),
            col(VisitReview.id),
        )
        .limit(ROWS)
    )
    return [
        ReviewRow(
            visit_id=visit.id,
            practice_id=practice.id,
            practice_number=practice.practice_number,
            debtor_name=debtor or "",
            creditor_name=creditor,
            agent_name=agent_name,
            arrived_at=visit.arrived_at,
            outcome=visit.outcome,
            met=visit.met,
            why=review.why if review else [],
            state=review.state if review else "none",
            reviewed_at=review.reviewed_at if review else None,
            reviewed_by=reviewed_by,
        )
        for review, visit, practice, creditor, agent_name, reviewed_by, debtor in (await session.execute(query)).all()
    ]


async def share_percent(session: AsyncSession) -> int:
    row = await session.get(Setting, (agency_of(session), SHARE))
    return int(row.value["percent"]) if row else DRAWN_BY_DEFAULT


async def set_share(session: AsyncSession, percent: int) -> None:
    row = await held(session, SHARE)
    row.value = {"percent": percent}


# --- one report ---


async def visit_of(session: AsyncSession, visit_id: UUID) -> tuple[Visit, Practice]:
    """Raises Refusal `review.visit_unknown`."""
    query = (
        select(Visit, Practice).join(Practice, col(Practice.id) == col(Visit.practice_id)).where(Visit.id == visit_id)
    )
    found = (await session.exec(query)).first()
    if found is None:
        raise Refusal("review.visit_unknown", kind=Kind.MISSING)
    return found


async def locked(session: AsyncSession, visit_id: UUID) -> VisitReview | None:
    """The review of a report, so that a question, an answer and an end of it wait for each other."""
    query = select(VisitReview).where(VisitReview.visit_id == visit_id).with_for_update()
    return (await session.exec(query)).first()


async def locked_question(session: AsyncSession, question_id: UUID) -> VisitQuestion:
    """Raises Refusal `question.unknown`."""
    query = select(VisitQuestion).where(VisitQuestion.id == question_id).with_for_update()
    question = (await session.exec(query)).first()
    if question is None:
        raise Refusal("question.unknown", kind=Kind.MISSING)
    return question


_WAITS = (
    col(VisitQuestion.answered_at).is_(None),
    col(VisitQuestion.withdrawn_at).is_(None),
    col(VisitQuestion.returned_at).is_(None),
)


async def open_review(session: AsyncSession, review_id: UUID, visit_id: UUID, *, why: list[str], now: datetime) -> None:
    """Unless somebody was faster."""
    row = {
        "id": review_id,
        "agency_id": agency_of(session),
        "visit_id": visit_id,
        "why": why,
        "state": "open",
        "opened_at": now,
    }
    await insert_rows(session, VisitReview, [row], unless_there=True)


async def waiting_question(session: AsyncSession, visit_id: UUID) -> VisitQuestion | None:
    query = select(VisitQuestion).where(VisitQuestion.visit_id == visit_id, *_WAITS)
    return (await session.exec(query)).first()


async def waiting_of_agent(session: AsyncSession, agent_id: UUID) -> list[VisitQuestion]:
    """Locked."""
    query = select(VisitQuestion).where(VisitQuestion.agent_id == agent_id, *_WAITS)
    return list((await session.exec(query.order_by(col(VisitQuestion.id)).with_for_update())).all())


async def has_answers(session: AsyncSession, visit_id: UUID) -> bool:
    query = select(VisitAnswer.id).where(VisitAnswer.visit_id == visit_id).limit(1)
    return (await session.exec(query)).first() is not None


async def person_name(session: AsyncSession, person_id: UUID) -> str:
    return (await session.exec(select(Person.name).where(Person.id == person_id))).one()


async def has_phone(session: AsyncSession, agent_id: UUID) -> bool:
    """Whether a phone of the agent's is let in."""
    query = (
        select(Device.id)
        .join(Person, col(Person.id) == col(Device.person_id))
        .where(
            Device.person_id == agent_id,
            Device.kind == "phone",
            col(Device.revoked_at).is_(None),
            col(Person.active),
        )
    )
    return (await session.exec(query.limit(1))).first() is not None


async def questions_of(session: AsyncSession, visit_ids: Sequence[UUID]) -> dict[UUID, list[QuestionRow]]:
    """Questions by visit, the oldest first, each with its answers."""
    asked_by, withdrawn_by, agent = aliased(Person), aliased(Person), aliased(Person)
    query = (
        sqlalchemy.select(VisitQuestion, col(asked_by.name), col(withdrawn_by.name), col(agent.name))
        .join(asked_by, col(asked_by.id) == col(VisitQuestion.asked_by))
        .join(agent, col(agent.id) == col(VisitQuestion.agent_id))
        .join(withdrawn_by, col(withdrawn_by.id) == col(VisitQuestion.withdrawn_by), isouter=True)
        .where(col(VisitQuestion.visit_id).in_(visit_ids))
        .order_by(col(VisitQuestion.asked_at), col(VisitQuestion.id))
    )
    found = (await session.execute(query)).all() if visit_ids else []
    answers: dict[UUID, list[VisitAnswer]] = defaultdict(list)
    if found:
        for answer in await _answers(session, visit_ids):
            answers[answer.question_id].append(answer)
    rows_: dict[UUID, list[QuestionRow]] = defaultdict(list)
    for question, by, taken_back_by, agent_name in found:
        rows_[question.visit_id].append(
            QuestionRow(
                id=question.id,
                reason=question.reason,
                text=question.text,
                asked_at=question.asked_at,
                asked_by=by,
                agent_name=agent_name,
                fetched_at=question.fetched_at,
                withdrawn_at=question.withdrawn_at,
                withdrawn_by=taken_back_by,
                returned_at=question.returned_at,
                answers=[
                    AnswerRow(
                        id=answer.id,
                        answered_at=answer.answered_at,
                        received_at=answer.received_at,
                        agent_name=agent_name,
                        text=answer.text,
                        changes=[ChangeRow(**change) for change in answer.changes],
                        flags=answer.flags,
                    )
                    for answer in answers[question.id]
                ],
            )
        )
    return rows_


async def _answers(session: AsyncSession, visit_ids: Collection[UUID]) -> Sequence[VisitAnswer]:
    query = (
        select(VisitAnswer)
        .where(col(VisitAnswer.visit_id).in_(visit_ids))
        .order_by(col(VisitAnswer.received_at), col(VisitAnswer.id))
    )
    return (await session.exec(query)).all()


async def corrected(session: AsyncSession, visit_id: UUID, *, why: str) -> None:
    """The report is to be looked at again for this; one that waits for its agent goes on waiting."""
    review = await locked(session, visit_id)
    assert review is not None
    if why not in review.why:
        review.why = [*review.why, why]
    if review.state == "reviewed":
        review.state, review.reviewed_at, review.reviewed_by = "open", None, None
    await session.flush()


async def answered(session: AsyncSession, visit_ids: Collection[UUID]) -> None:
    """The reviews of these reports wait for the office again."""
    await session.execute(
        update(VisitReview)
        .where(col(VisitReview.visit_id).in_(visit_ids))
        .values(state="answered", reviewed_at=None, reviewed_by=None)
        .execution_options(synchronize_session=False)
    )


# --- what phones send and take ---


def _standing(visit: Visit, answers: Sequence[VisitAnswer], put_right_at: datetime | None) -> Standing:
    """`put_right_at`: when the correction that came with one of the answers was said."""

    def follows(answer: VisitAnswer) -> bool:
        if visit.corrected_at is None or answer.received_at != visit.corrected_at:
            return visit.corrected_at is None or answer.received_at > visit.corrected_at
        return put_right_at is not None and answer.answered_at > put_right_at

    written = Standing(visit.outcome, Met(visit.met), tuple(visit.observations), visit.role_met, visit.captured)
    changes = [
        Change(**change)
        for answer in answers
        for change in answer.changes
        # A correction of the outcome took along what answers before it had put right of the same form.
        if change["field"] == "observations" or follows(answer)
    ]
    return once_corrected(written, changes)


async def standings(session: AsyncSession, visits: Sequence[Visit]) -> dict[UUID, Standing]:
    """What each report says by now, with what its agent's answers put right."""
    by_visit: dict[UUID, list[VisitAnswer]] = defaultdict(list)
    for answer in await _answers(session, {visit.id for visit in visits}) if visits else ():
        by_visit[answer.visit_id].append(answer)
    together = {
        visit.id for visit in visits if any(one.received_at == visit.corrected_at for one in by_visit[visit.id])
    }
    said = await _put_right_at(session, together) if together else {}
    return {visit.id: _standing(visit, by_visit[visit.id], said.get(visit.id)) for visit in visits}


async def _put_right_at(session: AsyncSession, visit_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When the corrections that hold were said, the newest of each visit."""
    query = (
        select(VisitCorrection.visit_id, func.max(VisitCorrection.said_at))
        .where(col(VisitCorrection.visit_id).in_(visit_ids), VisitCorrection.state == "holds")
        .group_by(col(VisitCorrection.visit_id))
    )
    return dict((await session.exec(query)).all())


async def known(session: AsyncSession, ids: Collection[UUID], *, agent_id: UUID) -> dict[UUID, QuestionKnown]:
    """Those of `ids` that were asked of the agent, locked: an answer and a withdrawal wait for each other."""
    query = (
        sqlalchemy.select(VisitQuestion, Visit, Practice)
        .join(Visit, col(Visit.id) == col(VisitQuestion.visit_id))
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .where(col(VisitQuestion.id).in_(ids), col(VisitQuestion.agent_id) == agent_id)
        .order_by(col(VisitQuestion.id))
        .with_for_update(of=VisitQuestion)
    )
    found = (await session.execute(query)).all()
    standings_ = await standings(session, [visit for _, visit, _ in found])
    return {
        question.id: QuestionKnown(
            id=question.id,
            visit_id=visit.id,
            practice_id=practice.id,
            creditor_id=practice.creditor_id,
            reason=question.reason,
            asked_by=question.asked_by,
            practice_open=practice.state == "open",
            withdrawn=question.withdrawn_at is not None,
            returned=question.returned_at is not None,
            standing=standings_[visit.id],
        )
        for question, visit, practice in found
    }


@dataclass(frozen=True, slots=True)
class Carried:
    """What a phone is given, and which of it it had not been given before, with the practice."""

    cards: list[QuestionCard]
    fresh: list[tuple[VisitQuestion, Practice]]


async def carried(session: AsyncSession, agent_id: UUID, *, since: datetime, now: datetime) -> Carried:
    """The questions that wait for the agent, and those that a phone had and that were withdrawn after `since`.

    One that was withdrawn before any phone had it is not given; where a phone had it, it goes without its text.
    """
    query = (
        sqlalchemy.select(VisitQuestion, Visit, Practice, col(Address.text), col(Person.name))
        .join(Visit, col(Visit.id) == col(VisitQuestion.visit_id))
        .join(Practice, col(Practice.id) == col(Visit.practice_id))
        .join(Address, col(Address.id) == col(Visit.address_id))
        .join(Person, col(Person.id) == col(VisitQuestion.asked_by))
        .where(
            col(VisitQuestion.agent_id) == agent_id,
            or_(
                sqlalchemy.and_(*_WAITS),
                sqlalchemy.and_(
                    col(VisitQuestion.withdrawn_at) >= since,
                    col(VisitQuestion.fetched_at).is_not(None),
                    col(VisitQuestion.answered_at).is_(None),
                ),
            ),
        )
        .order_by(col(VisitQuestion.asked_at), col(VisitQuestion.id))
    )
    found = (await session.execute(query)).all()
    if not found:
        return Carried([], [])
    unseen = [question.id for question, *_ in found if question.fetched_at is None]
    first: set[UUID] = set()
    if unseen:
        # Of two phones that ask at once one is the first.
        newly = col(VisitQuestion.id).in_(unseen), col(VisitQuestion.fetched_at).is_(None)
        marked = update(VisitQuestion).where(*newly).values(fetched_at=now).returning(col(VisitQuestion.id))
        marked = marked.execution_options(synchronize_session=False)
        first = set((await session.execute(marked)).scalars())
    standings_ = await standings(session, [visit for _, visit, *_ in found])
    cards = [
        _card(question, visit, address, asked_by, standing=standings_[visit.id])
        for question, visit, _, address, asked_by in found
    ]
    return Carried(cards, [(question, practice) for question, _, practice, *_ in found if question.id in first])


def _card(question: VisitQuestion, visit: Visit, address: str, asked_by: str, *, standing: Standing) -> QuestionCard:
    names = [field.name for field in correctable(outcome(visit.outcome))]
    return QuestionCard(
        id=question.id,
        reason=question.reason,
        text="" if question.withdrawn_at else question.text,
        asked_at=question.asked_at,
        asked_by=asked_by,
        withdrawn_at=question.withdrawn_at,
        visit=ReportedVisit(
            visit_id=visit.id,
            address_text=address,
            arrived_at=visit.arrived_at,
            outcome=visit.outcome,
            met=visit.met,  # type: ignore[arg-type]
            role=standing.role,
            observations=list(standing.observations),
            captured={name: standing.captured[name] for name in names if standing.captured.get(name) is not None},
            correctable=names,
        ),
    )
