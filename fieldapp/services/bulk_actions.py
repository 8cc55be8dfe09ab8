"""What each action on many practices looks at, does and takes back, in a few statements however many they are.

Each writes what its single operation writes: the same rows, facts and entries in the register, practice by practice,
with the action's id beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID, uuid5

from fieldapp.domain.bulk import SUSPENDED, Asked, BulkKind, Why
from fieldapp.domain.contacts import Channel, local_day
from fieldapp.services import contacts, recalls
from fieldapp.services.work import Work
from fieldapp.store import bulk as store
from fieldapp.store import contacts as planned
from fieldapp.store import inbound
from fieldapp.store.feed import NewFact, audit, tell

Verdicts = Mapping[UUID, Why]
"""Why something is not done, by practice; the others are not in it."""
TO_DO = "practice.to_do"
STILL_PLANNED = "suspension.still_planned"
_TURNS = ("practice.recalled", "practice.reopened", "practice.handed_back", "practice.open_again", "practice.closed")
"""What says whether a practice is worked on."""


@dataclass(frozen=True, slots=True)
class Doing:
    """An action under way: its id, what was asked, and how the practices stand that it is about."""

    work: Work
    bulk_id: UUID
    asked: Asked
    standing: Mapping[UUID, store.Standing]

    def tell(self, kind: str, practice_id: UUID, body: Mapping[str, Any], *, at: datetime | None = None) -> None:
        creditor_id = self.standing[practice_id].creditor_id
        told = {**body, "bulk_id": str(self.bulk_id)}
        fact = NewFact(kind, at or self.work.now, practice_id=practice_id, creditor_id=creditor_id, body=told)
        tell(self.work.session, fact)

    def subject(self, practice_id: UUID) -> str:
        """Names what the action writes about a practice, so that it is there once and is found again."""
        return f"{self.bulk_id} {practice_id}"

    def task(self, kind: str, practice_id: UUID, details: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "id": self.work.new_id(),
            "agency_id": self.work.agency_id,
            "kind": kind,
            "team": "back_office",
            "owner_id": None,
            "created_at": self.work.now,
            "practice_id": practice_id,
            "subject_kind": "bulk",
            "subject_id": self.subject(practice_id),
            "details": details,
            **more,
        }

    def not_open(self) -> dict[UUID, Why]:
        return {id_: Why("bulk.not_open") for id_, one in self.standing.items() if one.state != "open"}


class Action(Protocol):
    """Judges, does and takes back; `ids` are practices that exist. What stays done says so in `domain.bulk`."""

    async def judge(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts: ...

    async def do(self, doing: Doing, ids: Sequence[UUID]) -> None: ...

    async def undo(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts: ...


class ToDo:
    """A task with a day for each practice, for a team or a person of it."""

    async def judge(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        there = await store.with_open_task(doing.work.session, ids, TO_DO, details={"text": doing.asked.text})
        return dict.fromkeys(there, Why("bulk.same_task_open"))

    async def do(self, doing: Doing, ids: Sequence[UUID]) -> None:
        asked, work = doing.asked, doing.work
        details = {"text": asked.text, "by": work.identity.name}
        given = {"team": asked.team, "owner_id": asked.owner_id, "due_on": asked.due_on}
        tasks = [doing.task(TO_DO, id_, details, **given) for id_ in ids]
        await store.add_tasks(work.session, tasks)
        for task in tasks:
            doing.tell("task.opened", task["practice_id"], {"task_id": str(task["id"]), "kind": TO_DO})
            audit(work.session, "task.opened", "task", task["id"], kind=TO_DO, **_named(doing, task["practice_id"]))

    async def undo(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        return await _finish(doing, ids, TO_DO, fact="task.finished")


class PlanContact:
    """A call, a message or a letter on a day, where the rules of conduct allow it."""

    async def judge(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        channel, at = _contact(doing.asked)
        found = await contacts.against(doing.work, ids, channel=channel, at=at)
        verdicts = {
            id_: Why(said[0].code, tuple(sorted(said[0].details.items()))) for id_, said in found.items() if said
        }
        same_day = await store.with_open_task(
            doing.work.session, ids, planned.PLANNED, details={"channel": channel.value}, due_on=local_day(at)
        )
        return {**dict.fromkeys(same_day, Why("bulk.planned_already")), **verdicts}

    async def do(self, doing: Doing, ids: Sequence[UUID]) -> None:
        channel, at = _contact(doing.asked)
        body = {"channel": channel.value, "at": at.isoformat()}
        tasks = [doing.task(planned.PLANNED, id_, body, due_on=local_day(at)) for id_ in ids]
        await store.add_tasks(doing.work.session, tasks)
        for task in tasks:
            doing.tell("contact.planned", task["practice_id"], body)
            named = _named(doing, task["practice_id"])
            audit(doing.work.session, "contact.planned", "task", task["id"], **body, **named)

    async def undo(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        return await _finish(doing, ids, planned.PLANNED, fact="contact.cancelled")


class LetterSent:
    """A letter that went out to all of them, written down in the ledger of contacts."""

    async def judge(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        outcome, at = _letter(doing)
        zone = doing.work.parts.zone
        first = datetime.combine(at.astimezone(zone).date(), time(), tzinfo=zone)
        there = await store.with_contact(
            doing.work.session, ids, outcome=outcome, day=(first, first + timedelta(days=1))
        )
        return dict.fromkeys(there, Why("bulk.logged_already"))

    async def do(self, doing: Doing, ids: Sequence[UUID]) -> None:
        work = doing.work
        outcome, at = _letter(doing)
        broke = await contacts.against(work, ids, channel=Channel.LETTER, at=at)
        body = {"channel": Channel.LETTER.value, "outcome": outcome, "reached": False}
        contact_ids = {id_: uuid5(doing.bulk_id, str(id_)) for id_ in ids}
        common = {"agency_id": work.agency_id, "at": at, "by": work.identity.name, "source": "desk", **body}
        rows = [{"id": contact_id, "practice_id": id_, **common} for id_, contact_id in contact_ids.items()]
        await store.add_contacts(work.session, rows)
        for id_, contact_id in contact_ids.items():
            codes = ",".join(found.code for found in broke[id_])
            audit(work.session, "contact.logged", "contact", contact_id, broke=codes, **body, **_named(doing, id_))
            doing.tell("contact.made", id_, body, at=at)

    async def undo(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:  # noqa: ARG002 (as all actions are asked)
        return dict.fromkeys(ids, Why("bulk.stays_done"))


class Suspend:
    """No visits and no calls until the office resumes; the rules of conduct say so to planner, desk and phone."""

    async def judge(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        there = await store.suspended(doing.work.session, ids)
        return {**dict.fromkeys(there, Why("bulk.suspended_already")), **doing.not_open()}

    async def do(self, doing: Doing, ids: Sequence[UUID]) -> None:
        await _put_aside(doing, ids, reason=doing.asked.text)
        await _ask_to_unplan(doing, ids)

    async def undo(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        ended = await store.resume(doing.work.session, ids, at=doing.work.now, source=_source(doing))
        await _tell_resumed(doing, ended)
        return {id_: Why("bulk.resumed_already") for id_ in ids if id_ not in ended}


class Resume:
    """What was put aside is worked on again."""

    async def judge(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        there = await store.suspended(doing.work.session, ids)
        return {id_: Why("bulk.not_suspended") for id_ in ids if id_ not in there}

    async def do(self, doing: Doing, ids: Sequence[UUID]) -> None:
        await _tell_resumed(doing, await store.resume(doing.work.session, ids, at=doing.work.now))

    async def undo(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        there = await store.suspended(doing.work.session, ids)
        kept = {**dict.fromkeys(there, Why("bulk.suspended_already")), **doing.not_open()}
        again = [id_ for id_ in ids if id_ not in kept]
        await _put_aside(doing, again, reason=doing.asked.text)
        return kept


class HandBack:
    """Back to the creditor: closed for visits, not for accounting, as when he recalls it himself."""

    async def judge(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        work = doing.work
        morning = datetime.combine(work.today, time(), tzinfo=work.parts.zone)
        at_the_door = await inbound.at_the_door(work.session, ids, since=morning)
        held = {one.practice_id for one in await inbound.held_by_agents(work.session, ids)}
        return {
            **dict.fromkeys(at_the_door, Why("bulk.at_the_door")),
            **dict.fromkeys(held, Why("bulk.money_held")),
            **doing.not_open(),
        }

    async def do(self, doing: Doing, ids: Sequence[UUID]) -> None:
        work = doing.work
        await store.set_state(work.session, ids, "recalled")
        for id_ in ids:
            doing.tell("practice.handed_back", id_, {"reason": doing.asked.text})
            audit(work.session, "practice.handed_back", "practice", id_, reason=doing.asked.text, **_named(doing, id_))
        await recalls.left_open(work.session, ids, now=work.now, zone=work.parts.zone, new_id=work.new_id)

    async def undo(self, doing: Doing, ids: Sequence[UUID]) -> Verdicts:
        work = doing.work
        turns = await store.last_turns(work.session, ids, _TURNS)
        mine = {id_ for id_ in ids if turns.get(id_) == str(doing.bulk_id)}
        mine &= {id_ for id_, one in doing.standing.items() if one.state == "recalled"}
        await store.set_state(work.session, sorted(mine), "open")
        for id_ in sorted(mine):
            doing.tell("practice.open_again", id_, {"reason": "handed_back"})
            audit(work.session, "practice.open_again", "practice", id_, **_named(doing, id_))
        return {id_: Why("bulk.turned_since") for id_ in ids if id_ not in mine}


ACTIONS: Mapping[BulkKind, Action] = MappingProxyType(
    {
        BulkKind.TO_DO: ToDo(),
        BulkKind.PLAN_CONTACT: PlanContact(),
        BulkKind.LETTER_SENT: LetterSent(),
        BulkKind.SUSPEND: Suspend(),
        BulkKind.RESUME: Resume(),
        BulkKind.HAND_BACK: HandBack(),
    }
)


def _named(doing: Doing, practice_id: UUID) -> dict[str, str]:
    """What each entry in the register says beside its subject: which practice, by which action."""
    return {"practice_id": str(practice_id), "bulk_id": str(doing.bulk_id)}


def _source(doing: Doing) -> str:
    return f"bulk:{doing.bulk_id}"


def _contact(asked: Asked) -> tuple[Channel, datetime]:
    assert asked.channel is not None
    assert asked.at is not None
    return asked.channel, asked.at


def _letter(doing: Doing) -> tuple[str, datetime]:
    """The outcome, and when: now on its own day, noon on an earlier one."""
    asked, work = doing.asked, doing.work
    assert asked.letter is not None
    assert asked.on is not None
    noon = datetime.combine(asked.on, time(12), tzinfo=work.parts.zone)
    return asked.letter, min(noon.astimezone(work.now.tzinfo), work.now)


async def _finish(doing: Doing, ids: Sequence[UUID], kind: str, *, fact: str) -> dict[UUID, Why]:
    """Close the tasks that the action opened; those of whom somebody did them already are kept."""
    work = doing.work
    subjects = [doing.subject(id_) for id_ in ids]
    closed = await store.finish_tasks(work.session, subjects, kind, person_id=work.identity.person_id, now=work.now)
    for practice_id, task_id in closed.items():
        doing.tell(fact, practice_id, {"task_id": str(task_id)})
        audit(work.session, "task.finished", "task", task_id, kind=kind, **_named(doing, practice_id))
    return {id_: Why("bulk.done_already") for id_ in ids if id_ not in closed}


async def _put_aside(doing: Doing, ids: Sequence[UUID], *, reason: str) -> None:
    work = doing.work
    flags = [
        {
            "id": work.new_id(),
            "agency_id": work.agency_id,
            "practice_id": id_,
            "since": work.now,
            "reason": reason,
            "source": _source(doing),
        }
        for id_ in ids
    ]
    await store.suspend(work.session, flags)
    for id_ in ids:
        doing.tell("practice.flagged", id_, {"flag": SUSPENDED})
        audit(work.session, "practice.flagged", "practice", id_, flag=SUSPENDED, reason=reason, **_named(doing, id_))


async def _tell_resumed(doing: Doing, ids: set[UUID]) -> None:
    """With it goes the work that only a suspended practice makes."""
    work = doing.work
    await store.finish_of_practices(
        work.session, sorted(ids), STILL_PLANNED, person_id=work.identity.person_id, now=work.now
    )
    for id_ in sorted(ids):
        doing.tell("practice.unflagged", id_, {"flag": SUSPENDED})
        audit(work.session, "practice.unflagged", "practice", id_, flag=SUSPENDED, **_named(doing, id_))


async def _ask_to_unplan(doing: Doing, ids: Sequence[UUID]) -> None:
    """A visit that stands in a published day is the dispatcher's to take out."""
    work = doing.work
    tasks = [
        doing.task(
            STILL_PLANNED,
            stop.practice_id,
            {"day": stop.day.isoformat(), "agent": stop.agent},
            team="dispatcher",
            due_on=work.today,
            subject_id=f"{doing.subject(stop.practice_id)} {stop.stop_id}",
        )
        for stop in await inbound.still_planned(work.session, ids, today=work.today)
    ]
    await store.add_tasks(work.session, tasks)
    for task in tasks:
        doing.tell("task.opened", task["practice_id"], {"task_id": str(task["id"]), "kind": STILL_PLANNED})
