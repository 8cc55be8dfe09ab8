"""Appointments agreed on with a debtor on the phone: taken, moved, cancelled, and put into the lanes of their day.

What was promised on the phone is judged once more before it is written: by the rules of conduct, and against the lane
that the dispatcher saw. The call itself is a contact and is written down, whatever it broke.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from fieldapp.domain.contacts import Channel
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.planning.by_hand import lane_of, move
from fieldapp.services import agreed, board, contacts, hands, offers, planning, publishing
from fieldapp.services.motion import motion_of
from fieldapp.services.offers import Asked
from fieldapp.services.work import Work
from fieldapp.store import appointments as store
from fieldapp.store import planning as plans
from fieldapp.store import practices
from fieldapp.store.shapes.appointments import (
    AppointmentEnded,
    AppointmentRow,
    AppointmentTaken,
    StillSent,
)
from fieldapp.store.shapes.dispatch import Finding

SET = "APPOINTMENT_SET"
Lane = Literal["published", "drafted", "unplanned"]


@dataclass(frozen=True, slots=True)
class Wish:
    """An offer that the debtor accepted; `lane` as the offer named it."""

    from_at: datetime
    to_at: datetime
    agent_id: UUID
    lane: str


async def list_day(work: Work, day: date) -> list[AppointmentRow]:
    """The appointments that stand on a day, by time."""
    return await store.standing(work.session, store.Within(begins=store.day_span(day, work.parts.zone)))


async def take(work: Work, practice_id: UUID, wish: Wish) -> AppointmentTaken:
    """Agree on a window during a call.

    Raises Refusal `practice.unknown`, `appointment.stands_already` (details: on), `appointment.window_unknown` (not a
    window that is ever offered), the code of the rule of conduct that stands against it, `appointment.agent_not_free`
    (details: agent), `appointment.lane_changed` (details: agent), or, where the day is planned, a refusal of the board.
    """
    day = await _locked(work, practice_id, wish)
    asked = await offers.asked_of(work, practice_id)
    if asked.standing:
        on = asked.standing[0].from_at.astimezone(work.parts.zone).date()
        raise Refusal("appointment.stands_already", kind=Kind.CONFLICT, details={"on": on.isoformat()})
    row, broke, lane = await _agree(work, asked, day, wish)
    agreed.tell(work, "appointment.taken", row, day)
    return await _taken(work, row, broke, lane)


async def move_to(work: Work, practice_id: UUID, appointment_id: UUID, wish: Wish, *, reason: str) -> AppointmentTaken:
    """Agree on another window instead. Raises the refusals of `take`, `appointment.unknown`, `appointment.over`."""
    day = await _locked(work, practice_id, wish)
    old = await _standing(work, practice_id, appointment_id)
    asked = await offers.asked_of(work, practice_id)
    ended = await agreed.end(work, old, "moved", reason)
    row, broke, lane = await _agree(work, asked, day, wish)
    agreed.tell(work, "appointment.moved", row, day, ended_id=str(ended.id), reason=ended.reason)
    return await _taken(work, row, broke, lane)


async def cancel(work: Work, practice_id: UUID, appointment_id: UUID, *, reason: str, called: bool) -> AppointmentEnded:
    """Give an appointment up; the visit leaves the lanes to come. `called`: the debtor was spoken to.

    Raises Refusal `practice.unknown`, `appointment.unknown`, `appointment.over`, `appointment.reason_missing`.
    """
    await practices.head(work.session, practice_id)
    old = await _standing(work, practice_id, appointment_id)
    day = old.from_at.astimezone(work.parts.zone).date()
    await store.lock(work.session, practice_id, day)
    # Which day was to be known first; somebody may have ended it meanwhile.
    old = await _standing(work, practice_id, appointment_id)
    row = await agreed.end(work, old, "cancelled", reason)
    broke = (await _call(work, practice_id, outcome=""))[1] if called else []
    head = await practices.head(work.session, practice_id)
    head.practice.next_action = head.practice.next_action_on = None
    await work.session.flush()
    await _leave_lanes(work, practice_id)
    agreed.tell(work, "appointment.cancelled", row, day, reason=row.reason)
    left = store.Within(practice_id=practice_id, ends_after=work.now)
    held = (await plans.published_from(work.session, work.today)).get(practice_id)
    return AppointmentEnded(await store.standing(work.session, left), broke, StillSent(*held) if held else None)


# --- writing ---


async def _locked(work: Work, practice_id: UUID, wish: Wish) -> date:
    """The day of the wish, once nobody else agrees on anything there. Raises `appointment.window_unknown`."""
    await practices.head(work.session, practice_id)
    local = wish.from_at.astimezone(work.parts.zone)
    whole = not (local.minute or local.second or local.microsecond)
    if not whole or (wish.to_at - wish.from_at).total_seconds() not in [hours * 3600 for hours in offers.HOURS]:
        raise Refusal("appointment.window_unknown", kind=Kind.MALFORMED)
    await store.lock(work.session, practice_id, local.date())
    return local.date()


async def _agree(work: Work, asked: Asked, day: date, wish: Wish) -> tuple[store.AgreedVisit, list[Finding], Lane]:
    offer = await _still_offered(work, asked, day, wish)
    address = asked.visit.door.address
    assert address is not None
    practice_id = asked.visit.door.practice.id
    contact_id, broke = await _call(work, practice_id, outcome=SET)
    row = store.AgreedVisit(
        id=work.new_id(),
        agency_id=work.agency_id,
        practice_id=practice_id,
        address_id=address.id,
        agent_id=offer,
        contact_id=contact_id,
        from_at=wish.from_at,
        to_at=wish.to_at,
        taken_at=work.now,
        taken_by=work.identity.person_id,
    )
    work.session.add(row)
    practice = asked.visit.door.practice
    practice.next_action, practice.next_action_on = "revisit", day
    await work.session.flush()
    await _leave_lanes(work, practice_id, but=day)
    return row, broke, await _put_in(work, asked, day, wish)


async def _still_offered(work: Work, asked: Asked, day: date, wish: Wish) -> UUID:
    """The agent of the offer, judged again: by the rules, the lane that was seen, and the time that is left."""
    band = _band(work, wish)
    spans, against = offers.bands(asked, day, hours=(band[1] - band[0]) // 3600)
    if band not in spans:
        would = offers.agreed_at(asked, day, band)
        told = asked.against(would.from_at, would) or asked.against(would.to_at - offers.STAYS, would) or against
        raise _refused(told or Finding("appointment.day_over", "forbids", {}))
    free = offers.available(asked, day)
    if isinstance(free, Finding):
        raise _refused(free)
    name = asked.people[wish.agent_id].name if wish.agent_id in asked.people else ""
    scene = await offers.scene_of(asked, day, [band], free)
    if isinstance(scene, Finding):
        raise _refused(scene)
    seat = next((at for at, one in enumerate(scene.prepared.agents) if one.id == wish.agent_id), None)
    if seat is None or wish.agent_id not in free:
        raise Refusal("appointment.agent_not_free", kind=Kind.CONFLICT, details={"agent": name})
    if scene.lane(seat) != wish.lane:
        raise Refusal("appointment.lane_changed", kind=Kind.CONFLICT, details={"agent": name})
    found, told = await scene.offers(agent=wish.agent_id)
    if not found:
        raise _refused(told or Finding("appointment.agent_not_free", "forbids", {"agent": name}))
    return found[0].agent_id


def _band(work: Work, wish: Wish) -> offers.Band:
    from_s = wish.from_at.astimezone(work.parts.zone).hour * 3600
    return from_s, from_s + int((wish.to_at - wish.from_at).total_seconds())


def _refused(against: Finding) -> Refusal:
    return Refusal(against.code, kind=Kind.CONFLICT, details=against.details)


async def _call(work: Work, practice_id: UUID, *, outcome: str) -> tuple[UUID, list[Finding]]:
    """The call in which it was said, as a contact made now; with the rules that it broke."""
    made = await contacts.write_contact(
        work, practice_id, channel=Channel.CALL, at=work.now, outcome=outcome or "CALLED", reached=True
    )
    return made.id, made.findings


async def _standing(work: Work, practice_id: UUID, appointment_id: UUID) -> AppointmentRow:
    for row in await store.standing(work.session, store.Within(practice_id=practice_id)):
        if row.id == appointment_id:
            if row.to_at <= work.now:
                raise Refusal("appointment.over", kind=Kind.CONFLICT)
            return row
    raise Refusal("appointment.unknown", kind=Kind.MISSING)


async def _taken(work: Work, row: store.AgreedVisit, broke: list[Finding], lane: Lane) -> AppointmentTaken:
    found = await store.standing(work.session, store.Within(practice_id=row.practice_id))
    return AppointmentTaken(next(one for one in found if one.id == row.id), lane, broke)


# --- lanes ---


async def _put_in(work: Work, asked: Asked, day: date, wish: Wish) -> Lane:
    """Put the visit into the lane of its agent as a hand would, and publish where nothing else waits in the draft."""
    held, version = await offers.hand_of(work, day)
    if held is None:
        return "unplanned"
    practice_id = asked.visit.door.practice.id
    (visit,) = await planning.candidates_on(work, day, only=[practice_id])
    scene = await offers.scene_of(asked, day, [_band(work, wish)], [wish.agent_id])
    place = None if isinstance(scene, Finding) else await scene.place(wish.agent_id)
    if place is None:
        raise Refusal(
            "appointment.agent_not_free", kind=Kind.CONFLICT, details={"agent": held.route(wish.agent_id).agent_name}
        )
    hand, waits = await _opened(work, held)
    motion = await motion_of(work, day, hand.draft.happened)
    orders = hand.orders
    if lane_of(orders, practice_id) is None and practice_id not in {one.practice_id for one in hand.draft.unplanned}:
        hand.draft.unplanned = [planning.unplanned_of(visit, "appointment", {}), *hand.draft.unplanned]
    moved = move(orders, practice_id, to=wish.agent_id, place=place)
    hands.refuse_locked(hand, list(moved.before))
    pinned = hands.pinned_in(hand, moved.before)
    mine = frozenset({practice_id})
    await board.change_lanes(hand, "put_in", moved, motion, pinned=pinned, pins=pinned | mine, decided=mine)
    return await _published(work, hand, version, waits=waits)


async def _leave_lanes(work: Work, practice_id: UUID, *, but: date | None = None) -> None:
    """Take the visit out of the days to come, as a hand would: nobody is expected there any more, or not yet."""
    for day in await store.planned_days(work.session, since=work.today):
        held, version = await offers.hand_of(work, day) if day != but else (None, None)
        agent_id = None if held is None else lane_of(held.orders, practice_id)
        if held is None or agent_id is None:
            continue
        me = work.identity.person_id
        if held.lane(agent_id).locked_by not in (None, me):
            continue  # a colleague keeps it, and is told on the next touch that it is promised for another day
        hand, waits = await _opened(work, held)
        motion = await motion_of(work, day, hand.draft.happened)
        if practice_id in motion.begun:
            continue
        moved = move(hand.orders, practice_id, to=None)
        pinned = hands.pinned_in(hand, moved.before)
        await board.change_lanes(hand, "taken_out", moved, motion, pinned=pinned, pins=pinned - {practice_id})
        await _published(work, hand, version, waits=waits)


async def _opened(work: Work, held: hands.Hand) -> tuple[hands.Hand, bool]:
    """The day's draft under its lock, made if there is none; and whether changes of others wait in it."""
    opened = await board.open_draft(work, held.plan.id)
    hand = await hands.open_hand(work, opened.plan_id)
    return hand, bool(hand.draft.changes)


async def _published(work: Work, hand: hands.Hand, version: int | None, *, waits: bool) -> Lane:
    if version is None or waits:
        return "drafted"
    await work.session.flush()
    await publishing.publish_plan(work, hand.plan.id)
    return "published"
