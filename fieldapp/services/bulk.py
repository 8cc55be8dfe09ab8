"""One action on many practices: chosen by hand or by what a filter finds, shown first, then done as it was shown.

Everything is one transaction. What was confirmed once is answered again and never done twice; a practice of which
something was told since the preview is left out, and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from fieldapp.domain.access import Role
from fieldapp.domain.bulk import (
    ACTIONS,
    MOST,
    SHOWN_FOR,
    Asked,
    BulkKind,
    Group,
    Why,
    asked_of,
    checked,
    grouped,
    shown_digest,
    together,
)
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.narrowing import Narrowing
from fieldapp.services.bulk_actions import ACTIONS as DOING
from fieldapp.services.bulk_actions import Doing
from fieldapp.services.work import Work
from fieldapp.store import bulk as store
from fieldapp.store import exchange, practices, tasks
from fieldapp.store.feed import audit
from fieldapp.store.shapes.bulk import BulkPractice, BulkReason, BulkView

Part = Literal["done", "left_out", "kept"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Practices by their ids, or all that a filter finds but `besides`."""

    ids: Sequence[UUID] = ()
    wanted: Narrowing | None = None
    besides: frozenset[UUID] = frozenset()


async def chosen_ids(work: Work, chosen: Chosen, *, most: int) -> list[UUID]:
    """Raises Refusal `bulk.nothing_chosen`, `bulk.too_many` (details: most)."""
    if chosen.wanted is not None:
        reach = most + len(chosen.besides) + 1
        found = await practices.matching(work.session, chosen.wanted, now=work.now, zone=work.parts.zone, most=reach)
        ids = [id_ for id_ in found if id_ not in chosen.besides]
    else:
        ids = list(dict.fromkeys(chosen.ids))
    if not ids:
        raise Refusal("bulk.nothing_chosen", kind=Kind.MALFORMED)
    if len(ids) > most:
        raise Refusal("bulk.too_many", details={"most": most})
    return ids


async def preview(work: Work, chosen: Chosen, asked: Asked) -> BulkView:
    """For which of the chosen the action will be done, for which not and why; keeps it so that it can be confirmed.

    Raises Refusal as `domain.bulk.checked` and `chosen_ids`, and `task.person_unknown`.
    """
    asked = checked(asked, role=work.identity.role, now=work.now, today=work.today)
    if asked.owner_id is not None and asked.owner_id not in {one.id for one in await tasks.colleagues(work.session)}:
        raise Refusal("task.person_unknown", kind=Kind.MISSING)
    await store.forget_shown(work.session, work.identity.person_id, before=work.now - SHOWN_FOR)
    # Before anything else is read: what is told later counts as a change, also where it was read already.
    up_to = await exchange.last_number(work.session)
    ids = await chosen_ids(work, chosen, most=MOST)
    bulk_id = work.new_id()
    standing = await store.standing(work.session, ids)
    doable, left_out = await _judged(Doing(work, bulk_id, asked, standing), ids)
    row = store.BulkAction(
        id=bulk_id,
        agency_id=work.agency_id,
        kind=asked.kind.value,
        asked=asked.to_json(),
        shown_at=work.now,
        shown_to=work.identity.person_id,
        up_to=up_to,
        doable=[str(one) for one in doable],
        left_out=[group.to_json() for group in left_out],
        digest=shown_digest(asked, up_to=up_to, doable=doable, left_out=left_out),
    )
    work.session.add(row)
    await work.session.flush()
    audit(work.session, "bulk.shown", "bulk_action", bulk_id, kind=row.kind, practices=len(ids), doable=len(doable))
    return _view(row, by=work.identity.name)


async def _judged(doing: Doing, ids: Sequence[UUID]) -> tuple[list[UUID], list[Group]]:
    """The practices for which the action can be done, and the others by reason."""
    there = [id_ for id_ in ids if id_ in doing.standing]
    verdicts = dict(await DOING[doing.asked.kind].judge(doing, there)) if there else {}
    verdicts |= {id_: Why("practice.unknown") for id_ in ids if id_ not in doing.standing}
    return [id_ for id_ in there if id_ not in verdicts], grouped(verdicts)


async def confirm(work: Work, bulk_id: UUID, *, digest: str) -> BulkView:
    """Do what was shown, as it was shown. Asked again, nothing is done twice and the first result is answered.

    Raises Refusal `bulk.unknown` (also for what was shown to somebody else), `access.not_your_role`,
    `bulk.not_as_shown` (another digest), `bulk.shown_long_ago`, `bulk.day_unusable`.
    """
    row, by = await store.action(work.session, bulk_id, locked=True)
    if row.shown_to != work.identity.person_id:
        raise Refusal("bulk.unknown", kind=Kind.MISSING)
    asked = _asked(row, work.identity.role)
    if digest != row.digest:
        raise Refusal("bulk.not_as_shown", kind=Kind.CONFLICT)
    if row.done_at is not None:
        return _view(row, by=by, again=True)
    if work.now - row.shown_at > SHOWN_FOR:
        raise Refusal("bulk.shown_long_ago", kind=Kind.CONFLICT)
    # An hour may have gone by that lay ahead when it was shown.
    asked = checked(asked, role=work.identity.role, now=work.now, today=work.today)
    ids = [UUID(one) for one in row.doable]
    standing = await store.standing(work.session, ids, locked=True)
    changed = await store.changed_since(work.session, ids, row.up_to)
    doing = Doing(work, row.id, asked, {id_: one for id_, one in standing.items() if id_ not in changed})
    doable, left_out = await _judged(doing, [id_ for id_ in ids if id_ not in changed])
    if doable:
        await DOING[asked.kind].do(doing, doable)
    new = [*left_out, *grouped(dict.fromkeys(changed, Why("bulk.changed_since")))]
    row.done_at, row.done = work.now, [str(one) for one in doable]
    row.left_out = [group.to_json() for group in together(_groups(row.left_out), new)]
    await work.session.flush()
    audit(work.session, "bulk.done", "bulk_action", row.id, kind=row.kind, digest=digest, **_counted(row))
    return _view(row, by=by)


async def undo(work: Work, bulk_id: UUID) -> BulkView:
    """Take back what was done, where nothing has come of it since. Asked again, nothing is undone twice.

    Raises Refusal `bulk.unknown`, `access.not_your_role`, `bulk.not_done`, `bulk.stays_done`.
    """
    row, by = await store.action(work.session, bulk_id, locked=True)
    asked = _asked(row, work.identity.role)
    if row.done_at is None:
        raise Refusal("bulk.not_done", kind=Kind.CONFLICT)
    if not ACTIONS[asked.kind].undone:
        raise Refusal("bulk.stays_done", kind=Kind.CONFLICT)
    if row.undone_at is not None:
        return _view(row, by=by, again=True)
    ids = [UUID(one) for one in row.done]
    standing = await store.standing(work.session, ids, locked=True)
    kept = await DOING[asked.kind].undo(Doing(work, row.id, asked, standing), ids) if ids else {}
    row.undone_at, row.undone_by = work.now, work.identity.person_id
    row.undone = [one for one in row.done if UUID(one) not in kept]
    row.kept = [group.to_json() for group in grouped(kept)]
    await work.session.flush()
    audit(work.session, "bulk.undone", "bulk_action", row.id, kind=row.kind, undone=len(row.undone), kept=len(kept))
    return _view(row, by=by)


async def done(work: Work) -> list[BulkView]:
    """The newest actions that were done at this desk."""
    return [_view(row, by=by) for row, by in await store.done(work.session)]


async def practices_of(work: Work, bulk_id: UUID, part: Part, number: int) -> list[BulkPractice]:
    """The practices behind a number: those it is done for, or those of one reason (`number`, from 0), by their own.

    Raises Refusal `bulk.unknown`.
    """
    row, _ = await store.action(work.session, bulk_id)
    if row.done_at is None and row.shown_to != work.identity.person_id:
        raise Refusal("bulk.unknown", kind=Kind.MISSING)
    groups = _groups(row.left_out if part == "left_out" else row.kept)
    if part == "done":
        ids = [UUID(one) for one in (row.doable if row.done_at is None else row.done)]
    else:
        ids = list(groups[number].ids) if number < len(groups) else []
    return await store.rows(work.session, ids)


def _asked(row: store.BulkAction, role: Role) -> Asked:
    kind = BulkKind(row.kind)
    if role not in ACTIONS[kind].roles:
        raise Refusal("access.not_your_role", kind=Kind.FORBIDDEN, details={"role": role.value})
    return asked_of(kind, row.asked)


def _groups(plain: Sequence[dict[str, object]]) -> list[Group]:
    return [Group.from_json(one) for one in plain]


def _counted(row: store.BulkAction) -> dict[str, int]:
    return {"done": len(row.done), "left_out": sum(len(group.ids) for group in _groups(row.left_out))}


def _reasons(plain: Sequence[dict[str, object]]) -> list[BulkReason]:
    return [BulkReason(group.why.code, dict(group.why.details), len(group.ids)) for group in _groups(plain)]


def _view(row: store.BulkAction, *, by: str, again: bool = False) -> BulkView:
    left_out = _reasons(row.left_out)
    doing = row.doable if row.done_at is None else row.done
    return BulkView(
        id=row.id,
        kind=row.kind,
        asked=row.asked,
        state="undone" if row.undone_at else "done" if row.done_at else "shown",
        digest=row.digest,
        by=by,
        shown_at=row.shown_at,
        done_at=row.done_at,
        undone_at=row.undone_at,
        practices=len(doing) + sum(one.practices for one in left_out),
        done=len(doing),
        left_out=left_out,
        undone=len(row.undone),
        kept=_reasons(row.kept),
        may_undo=ACTIONS[BulkKind(row.kind)].undone,
        again=again,
    )
