"""Work that comes sealed: out of a wiped or revoked phone, or as a file over somebody's desk.

Only the office can open it. What a phone in good standing hands over is judged at once; what a revoked phone or a file
brings waits in quarantine until a person accepts it. It is judged like any other sending, under the name that wrote it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.rescue import Bundle, SealedItem, SealedKind, arrived_of, read_bundle, unfinished_of
from fieldapp.domain.sync import Arrived, Verdict
from fieldapp.services import sync, uploads
from fieldapp.services.office_key import opened_items
from fieldapp.services.work import Work
from fieldapp.store import rescue as store
from fieldapp.store.feed import audit
from fieldapp.store.rescue import RescuedItem
from fieldapp.store.shapes.rescue import RescueAnswer, RescueRow, RescueState


async def deliver(work: Work, content: bytes) -> RescueAnswer:
    """Take what the asking phone itself hands over.

    Raises Refusal `rescue.other_device`, or those of `_taken_in`.
    """
    device_id = work.identity.device_id
    assert device_id is not None
    bundle = read_bundle(content)
    if bundle.device != device_id:
        raise Refusal("rescue.other_device", kind=Kind.FORBIDDEN)
    await _taken_in(work, bundle, came_by="device")
    if work.identity.stopped:
        await _ask_for_a_person(work, device_id)
    else:
        await _judged(work, device_id)
    return await _answer(work, device_id, [item.key for item in bundle.items])


async def states(work: Work, keys: Sequence[str]) -> list[RescueState]:
    """What became of items that this phone handed over."""
    assert work.identity.device_id is not None
    return await store.states(work.session, work.identity.device_id, keys)


async def take_file(work: Work, content: bytes) -> RescueAnswer:
    """Take a rescue file in; it waits until somebody accepts it. Raises Refusal as `_taken_in`."""
    bundle = read_bundle(content)
    await _taken_in(work, bundle, came_by="file")
    await _ask_for_a_person(work, bundle.device)
    return await _answer(work, bundle.device, [item.key for item in bundle.items])


async def list_rescues(work: Work) -> list[RescueRow]:
    return await store.rows(work.session)


async def accept(work: Work, device_id: UUID) -> RescueAnswer:
    """Judge what waits from this phone, under the name that wrote it. Raises Refusal `device.unknown`."""
    if await store.device_of(work.session, device_id) is None:
        raise Refusal("device.unknown", kind=Kind.MISSING)
    keys = await _judged(work, device_id)
    await store.person_has_decided(work.session, device_id, person_id=work.identity.person_id, now=work.now)
    return await _answer(work, device_id, keys)


async def _answer(work: Work, device_id: UUID, keys: Sequence[str]) -> RescueAnswer:
    await work.session.flush()
    row = next((row for row in await store.rows(work.session) if row.device_id == device_id), None)
    if row is None:
        raise Refusal("rescue.nothing_waits", kind=Kind.MISSING)
    return RescueAnswer(row=row, items=await store.states(work.session, device_id, keys))


async def _taken_in(work: Work, bundle: Bundle, *, came_by: str) -> None:
    """Open a bundle and keep what was in it.

    Raises Refusal `device.unknown`, `rescue.signature_invalid` (the phone did not make it), `rescue.part_missing` (what
    it names as brought before is not here) or `rescue.sealed_otherwise` (an item does not open: nothing of the bundle
    is taken, so that nobody believes it was).
    """
    device = await store.device_of(work.session, bundle.device)
    if device is None:
        raise Refusal("device.unknown", kind=Kind.MISSING)
    if not work.parts.verify(device.public_key, bundle.signed, bundle.signature):
        raise Refusal("rescue.signature_invalid", kind=Kind.UNSUPPORTED)
    key = await store.office_key(work.session)
    if key is None or key.private_sealed is None:
        raise Refusal("rescue.sealed_otherwise", kind=Kind.UNSUPPORTED)
    bundle = replace(bundle, items=tuple([await _with_content(work, bundle.device, item) for item in bundle.items]))
    opened = await asyncio.to_thread(opened_items, key.private_sealed, bundle)
    await store.quarantine(work.session, bundle.device, opened, came_by=came_by, now=work.now, new_id=work.parts.new_id)
    for item in bundle.items:
        if item.held is not None:
            await uploads.let_go(work, bundle.device, item.held)
    audit(work.session, "rescue.taken_in", "device", bundle.device, items=len(bundle.items), by=came_by)


async def _with_content(work: Work, device_id: UUID, item: SealedItem) -> SealedItem:
    """The item with what came before it in parts."""
    if item.held is None:
        return item
    content = await uploads.sealed(work, device_id, item.held)
    if content is None:
        raise Refusal("rescue.part_missing", kind=Kind.CONFLICT)
    return replace(item, content=content)


async def _judged(work: Work, device_id: UUID) -> list[str]:
    """Judge everything of this phone that waits, facts before pictures; returns the keys."""
    items = await store.waiting(work.session, device_id)
    await _judge_facts(work, device_id, [item for item in items if item.kind == SealedKind.ENVELOPE])
    for item in items:
        if item.kind in (SealedKind.SMALL, SealedKind.ORIGINAL):
            await _judge_picture(work, device_id, item)
        elif item.kind == SealedKind.DRAFT:
            await _leave_to_a_person(work, device_id, item)
    return [item.key for item in items]


async def _judge_facts(work: Work, device_id: UUID, items: Sequence[RescuedItem]) -> None:
    arrived: list[Arrived] = []
    for item in items:
        try:
            arrived.append(arrived_of(item.content or b"", item.key))
        except Refusal as refusal:
            _decide(work, item, refusal.code, accepted=False)
    if not arrived:
        return
    verdicts = {str(said.id): said for said in (await sync.take(work, device_id, arrived)).verdicts}
    for item in items:
        if said := verdicts.get(item.key):
            accepted = said.verdict in (Verdict.ACCEPTED.value, Verdict.DUPLICATE.value)
            _decide(work, item, said.code, accepted=accepted)


async def _judge_picture(work: Work, device_id: UUID, item: RescuedItem) -> None:
    try:
        await sync.take_picture(work, device_id, item.key, item.content or b"")
    except Refusal as refusal:
        _decide(work, item, refusal.code, accepted=False)
    else:
        _decide(work, item, None, accepted=True)


async def _leave_to_a_person(work: Work, device_id: UUID, item: RescuedItem) -> None:
    """An open visit is no report; what it had bound already must not be forgotten."""
    visit = unfinished_of(item.content or b"")
    device = await store.device_of(work.session, device_id)
    assert device is not None
    store.unfinished_visit(
        work.session,
        item,
        details={
            "series": device.series,
            "practice": visit.practice_number,
            "receipts": ", ".join(visit.receipts),
            "amount_cents": str(visit.amount_cents),
        },
        now=work.now,
        today=work.today,
        new_id=work.new_id(),
    )
    _decide(work, item, "rescue.unfinished_visit", accepted=False)


def _decide(work: Work, item: RescuedItem, code: str | None, *, accepted: bool) -> None:
    store.decide(item, code=code, accepted=accepted, person_id=work.identity.person_id, now=work.now)
    state = "accepted" if accepted else "refused"
    audit(work.session, f"rescue.{state}", "rescued_item", item.id, key=item.key, code=code or "")


async def _ask_for_a_person(work: Work, device_id: UUID) -> None:
    device = await store.device_of(work.session, device_id)
    assert device is not None
    await store.ask_for_a_person(
        work.session,
        device_id,
        details={"series": device.series},
        now=work.now,
        today=work.today,
        new_id=work.new_id(),
    )
