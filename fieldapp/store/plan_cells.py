"""The parts of a large day: laid out by whoever plans it, taken one at a time by hands in any process or machine.

Leases and ends are by the database's own clock, the only one that all these machines share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, and_, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.store.database import agency_of
from fieldapp.store.tables.planning import Plan, PlanCell

LEASE_S = 15.0
"""Whoever has given no sign for so long is taken for dead."""
MOST_TRIES = 3
"""A cell that three hands did not survive is not given to a fourth."""

_now = func.clock_timestamp()


@dataclass(frozen=True, slots=True)
class NewCell:
    number: int
    digest: str
    job: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """A cell in hand. `left_s`: until the round should end; `share`: how many turns the hands at work need for what
    waits; `hurried`: the dispatcher takes what there is."""

    id: UUID
    job: bytes
    tries: int
    left_s: float | None
    share: float
    hurried: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a cell is; `found` once it is done."""

    number: int
    digest: str
    state: str
    objective_cents: int
    found: dict[str, Any]


async def lay(
    session: AsyncSession,
    plan_id: UUID,
    batch: int,
    cells: Sequence[NewCell],
    *,
    seconds: float | None,
    new_id: Callable[[], UUID],
) -> None:
    """Lay out a round that should end in `seconds`. Where it begins again, what is done or in hand stays; what the
    round no longer has goes."""
    ours = and_(col(PlanCell.plan_id) == plan_id, col(PlanCell.batch) == batch)
    await session.execute(delete(PlanCell).where(ours, col(PlanCell.number).not_in([cell.number for cell in cells])))
    ends_at = None if seconds is None else _now + literal(timedelta(seconds=seconds), Interval)
    for cell in cells:
        row = insert(PlanCell).values(
            id=new_id(),
            agency_id=agency_of(session),
            plan_id=plan_id,
            batch=batch,
            number=cell.number,
            state="waiting",
            digest=cell.digest,
            job=cell.job,
            tries=0,
            ends_at=ends_at,
            objective_cents=0,
            found={},
        )
        stays = and_(col(PlanCell.digest) == cell.digest, col(PlanCell.state).in_(("doing", "done")))
        again = {"digest": cell.digest, "job": cell.job, "ends_at": ends_at}
        await session.execute(
            row.on_conflict_do_update(
                constraint="plan_cell_once",
                set_={
                    **again,
                    "state": case((stays, col(PlanCell.state)), else_="waiting"),
                    "tries": case((stays, col(PlanCell.tries)), else_=col(PlanCell.tries) + 1),
                },
            )
        )


def _free() -> Any:
    ended = and_(col(PlanCell.state) == "doing", col(PlanCell.lease_until) < _now)
    return or_(col(PlanCell.state) == "waiting", and_(ended, col(PlanCell.tries) < MOST_TRIES))


async def take(session: AsyncSession, plan_id: UUID) -> Taken | None:
    """The next cell that nobody has, taken; None where there is none."""
    waiting = select(func.count()).where(col(PlanCell.plan_id) == plan_id, _free()).scalar_subquery()
    held = and_(col(PlanCell.state) == "doing", col(PlanCell.lease_until) >= _now)
    hands = select(func.count()).where(col(PlanCell.plan_id) == plan_id, held).scalar_subquery()
    stop = select(col(Plan.stop_requested)).where(col(Plan.id) == plan_id).scalar_subquery()
    counted = (await session.execute(select(waiting, hands, stop))).one()
    next_ = (
        select(col(PlanCell.id))
        .where(col(PlanCell.plan_id) == plan_id, _free())
        .order_by(col(PlanCell.batch), col(PlanCell.number))
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taking = (
        update(PlanCell)
        .where(col(PlanCell.id) == next_)
        .values(state="doing", tries=col(PlanCell.tries) + 1, lease_until=_lease(), objective_cents=0)
        .returning(
            col(PlanCell.id),
            col(PlanCell.job),
            col(PlanCell.tries),
            func.extract("epoch", col(PlanCell.ends_at) - _now),
        )
    )
    row = (await session.execute(taking)).one_or_none()
    if row is None:
        return None
    left_s = None if row[3] is None else max(float(row[3]), 0.0)
    turns = max(counted[0] / (counted[1] + 1), 1.0)
    return Taken(row[0], bytes(row[1]), row[2], left_s, turns, bool(counted[2]))


def _lease() -> Any:
    return _now + literal(timedelta(seconds=LEASE_S), Interval)


async def renew(session: AsyncSession, taken: Taken, objective_cents: int) -> bool | None:
    """A sign of life. Whether the dispatcher takes what there is; None where the cell is another's by now."""
    stop = select(col(Plan.stop_requested)).where(col(Plan.id) == col(PlanCell.plan_id)).scalar_subquery()
    renewing = _mine(taken).values(lease_until=_lease(), objective_cents=objective_cents).returning(stop)
    row = (await session.execute(renewing)).one_or_none()
    return None if row is None else bool(row[0])


async def hand_in(session: AsyncSession, taken: Taken, objective_cents: int, found: dict[str, Any]) -> None:
    """What was found; dropped where the cell is another's by now."""
    values = {"state": "done", "objective_cents": objective_cents, "found": found, "lease_until": None}
    await session.execute(_mine(taken).values(**values))


async def give_up(session: AsyncSession, taken: Taken) -> None:
    """The hand failed at it: the next one may try."""
    await session.execute(_mine(taken).values(lease_until=_now))


def _mine(taken: Taken) -> Any:
    return update(PlanCell).where(
        col(PlanCell.id) == taken.id, col(PlanCell.tries) == taken.tries, col(PlanCell.state) == "doing"
    )


async def hear(session: AsyncSession, plan_id: UUID, batch: int, *, but: Sequence[int]) -> list[Heard]:
    """How far the cells of a round are, without those whose number is in `but`; what nobody survived is lost."""
    ours = and_(col(PlanCell.plan_id) == plan_id, col(PlanCell.batch) == batch)
    gone = and_(
        ours,
        col(PlanCell.state) == "doing",
        col(PlanCell.lease_until) < _now,
        col(PlanCell.tries) >= MOST_TRIES,
    )
    await session.execute(update(PlanCell).where(gone).values(state="lost"))
    query = (
        select(
            col(PlanCell.number),
            col(PlanCell.digest),
            col(PlanCell.state),
            col(PlanCell.objective_cents),
            col(PlanCell.found),
        )
        .where(ours, col(PlanCell.number).not_in(but))
        .order_by(col(PlanCell.number))
    )
    return [Heard(*row) for row in (await session.execute(query)).all()]


async def clear(session: AsyncSession, plan_id: UUID) -> None:
    """The plan is done: its parts name debtors' doors and are kept no longer."""
    await session.execute(delete(PlanCell).where(col(PlanCell.plan_id) == plan_id))
