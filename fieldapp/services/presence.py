"""When somebody is home: what our own attempts teach about a door, if the agency has decided to learn from them.

Off until an administrator switches it on with a ground, since it evaluates where people are at which hour (profiling,
art. 4(4) GDPR). It orders visits and decides nothing about anybody (art. 22): each visit is planned, published and made
by people, and the rules of conduct are asked as without it. See docs/decisions/hours-are-learned-by-decision.md.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.presence import (
    BANDS,
    BANDS_H,
    CELLS,
    Chance,
    Habits,
    Record,
    Tries,
    attempts_of,
    cell_of,
    cells_on,
    learn,
)
from fieldapp.services.work import Work
from fieldapp.store import presence as store
from fieldapp.store.feed import audit
from fieldapp.store.planning import Address, PracticeAtDoor, open_practices
from fieldapp.store.practices import head
from fieldapp.store.shapes.dispatch import HourChance, Learning
from fieldapp.store.shapes.office import ObjectionRow, PresenceRow

ENDS_H = (*BANDS_H[1:], 24)


@dataclass(frozen=True, slots=True)
class Known:
    """What attempts teach on a day: `records` by door, see `door_name`."""

    habits: Habits
    records: Mapping[str, Record]
    objecting: frozenset[str] = frozenset()

    def record(self, door: PracticeAtDoor) -> Record:
        """What was tried at the door of this person."""
        if door.address is None:
            return {}
        return self.records.get(door_name(door.person or str(door.practice.id), door.address), {})

    def objects(self, door: PracticeAtDoor) -> bool:
        """Whether this person objects (art. 21 GDPR): nothing is learned of it, and no hour is better than another."""
        return (door.person or str(door.practice.id)) in self.objecting

    def chances(self, door: PracticeAtDoor, day: date) -> list[Chance]:
        """The chance in each band of hours of `day`."""
        return self.habits.chances(_comune(door), self.record(door), cells_on(day))

    @property
    def surely_per_mille(self) -> int:
        """What `per_mille` never exceeds: somebody surely at home."""
        return ceil(1000 / self.habits.average)

    def per_mille(self, chance: Chance) -> int:
        """The chance against that at any door and hour at which we ring: 1000 is as likely as on average."""
        return round(1000 * chance.share / self.habits.average)


def door_name(who: str, at: Address | store.TriedAt) -> str:
    """A name for the door at which somebody lives."""
    place = (at.comune, at.street, at.house_number) if at.street else (at.text,)
    return "|".join((who, *(part.casefold() for part in place)))


async def known(work: Work) -> Known | None:
    """What the attempts of running placements teach; None where the agency does not learn."""
    decision = await store.decision(work.session)
    return await _learned(work) if decision is not None and decision.on else None


_REMEMBERED: OrderedDict[UUID, tuple[object, Known]] = OrderedDict()
"""What each agency's attempts taught last, in this process only: counting 60,000 anew takes a second."""
MOST_REMEMBERED = 8


async def _learned(work: Work) -> Known:
    """What was learned by last night: over a day no chance changes under the hands of who plans."""
    # An objection holds at once, and for whoever is joined with its person since.
    objecting = await store.objecting(work.session)
    stamp = (work.today, objecting, await store.stamp(work.session, on=work.today))
    held = _REMEMBERED.get(work.agency_id)
    if held is None or held[0] != stamp:
        held = _REMEMBERED[work.agency_id] = stamp, await _counted(work, objecting)
    _REMEMBERED.move_to_end(work.agency_id)
    while len(_REMEMBERED) > MOST_REMEMBERED:
        _REMEMBERED.popitem(last=False)
    return held[1]


async def _counted(work: Work, objecting: frozenset[str]) -> Known:
    sums: dict[str, dict[int, Tries]] = defaultdict(lambda: defaultdict(Tries))
    comuni: dict[str, str] = {}
    for row in await store.tried(work.session, zone=work.parts.zone.key, on=work.today):
        if (row.person or str(row.practice_id)) in objecting:
            continue
        name, cell = door_name(row.person or str(row.practice_id), row), cell_of(row.isoweekday, row.hour)
        sums[name][cell] = sums[name][cell].plus(Tries(row.met, row.tried))
        comuni[name] = row.comune
    return Known(learn(attempts_of((comuni[name], record) for name, record in sums.items())), sums, objecting)


def by_hour(chances: Sequence[Chance], prizes: Sequence[int]) -> tuple[HourChance, ...]:
    """The bands of a day as people read them, with what a visit brings in each."""
    return tuple(
        HourChance(
            from_h=from_h,
            to_h=to_h,
            home_pct=round(100 * chance.share),
            met=chance.here.met,
            tried=chance.here.tried,
            prize_cents=cents,
        )
        for from_h, to_h, chance, cents in zip(BANDS_H, ENDS_H, chances, prizes, strict=True)
    )


async def of_practice(work: Work, practice_id: UUID) -> list[PresenceRow]:
    """All that is learned of when somebody is home at the practice's door; nothing where the agency does not learn."""
    learned = await known(work)
    if learned is None:
        return []
    found = []
    for door in await open_practices(work.session, only=[practice_id], also=[practice_id]):
        if learned.objects(door):
            continue
        for cell, chance in enumerate(learned.habits.chances(_comune(door), learned.record(door), range(CELLS))):
            band = cell % BANDS
            found.append(
                PresenceRow(
                    weekend=cell >= BANDS,
                    from_h=BANDS_H[band],
                    to_h=ENDS_H[band],
                    home_pct=round(100 * chance.share),
                    met=chance.here.met,
                    tried=chance.here.tried,
                )
            )
    return found


def _comune(door: PracticeAtDoor) -> str:
    return door.address.comune if door.address else ""


# --- the decision ---


async def objection(work: Work, practice_id: UUID) -> ObjectionRow | None:
    """That the practice's debtor objects to learned hours, who entered it and why."""
    for row, by in await store.objections_of(work.session, practice_id):
        return ObjectionRow(at=row.entered_at, by=by, reason=row.reason)
    return None


async def enter_objection(work: Work, practice_id: UUID, *, stands: bool, reason: str) -> None:
    """The practice's debtor objects to learned hours (art. 21 GDPR), or no longer; it holds for all practices of the
    person, at once. What stands already stays as it is.

    Raises Refusal `practice.unknown`, `objection.reason_missing`.
    """
    await head(work.session, practice_id)
    if not reason.strip():
        raise Refusal("objection.reason_missing", kind=Kind.MALFORMED)
    found = await store.objections_of(work.session, practice_id)
    if stands == bool(found):
        return
    if stands:
        row = store.LearningObjection(
            id=work.new_id(),
            agency_id=work.agency_id,
            practice_id=practice_id,
            reason=reason.strip(),
            entered_at=work.now,
            entered_by=work.identity.person_id,
        )
        work.session.add(row)
        audit(work.session, "learning.objected", "practice", practice_id, reason=reason.strip())
    else:
        for row, _ in found:
            row.withdrawn_at, row.withdrawn_by = work.now, work.identity.person_id
        audit(work.session, "learning.objection_withdrawn", "practice", practice_id, reason=reason.strip())
    await work.session.flush()


async def read_learning(work: Work) -> Learning:
    """What stands, and how many attempts it rests on."""
    decided = await store.decision(work.session)
    if decided is None:
        return Learning(on=False, decided_at=None, decided_by="", reason="", attempts=0, average_pct=None)
    learned = await _learned(work) if decided.on else None
    return Learning(
        on=decided.on,
        decided_at=decided.at,
        decided_by=decided.by,
        reason=decided.reason,
        attempts=sum(t.tried for record in learned.records.values() for t in record.values()) if learned else 0,
        average_pct=round(100 * learned.habits.average) if learned else None,
    )


async def switch_learning(work: Work, *, on: bool, reason: str) -> Learning:
    """Decide to learn, or no longer; from now on plans are made so.

    Raises Refusal `learning.reason_missing` and `learning.nothing_changes`.
    """
    if not reason.strip():
        raise Refusal("learning.reason_missing", kind=Kind.MALFORMED)
    decided = await store.decision(work.session)
    if (decided is not None and decided.on) == on:
        raise Refusal("learning.nothing_changes", kind=Kind.CONFLICT)
    await store.decide(work.session, on=on, at=work.now, person_id=work.identity.person_id, reason=reason.strip())
    audit(work.session, "learning.switched", "setting", store.LEARNING, on=on, reason=reason.strip())
    return await read_learning(work)
