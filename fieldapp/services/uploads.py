"""Originals in parts: kept in quarantine until they are whole, then checked by digest and taken like any picture."""

from __future__ import annotations

from uuid import UUID

from fieldapp.domain.access import Identity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import sha256 as digest_of
from fieldapp.domain.uploads import KEPT, Held, begin, follow, forgotten
from fieldapp.services import sync
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import envelopes
from fieldapp.store import uploads as store
from fieldapp.store.access import agencies
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import audit
from fieldapp.store.shapes.field import AttachmentState


async def append(
    parts: Parts, identity: Identity, sha256: str, content: bytes, *, offset: int, length: int
) -> AttachmentState:
    """Take the next part of a picture that a report of this phone names; with the last one it is taken whole.

    Raises Refusal `attachment.not_named`, as `domain.uploads.begin` and `follow` do, `document.cannot_be_kept` (the
    part comes again), `attachment.begun_anew` (the parts are not that picture: they are gone) or one of `photo.*`.
    """
    async with working(parts, identity) as work:
        taken = await _append(work, sha256, content, offset=offset, length=length)
    # What was found to be wrong with a whole picture is said once its parts are gone for good.
    if isinstance(taken, Refusal):
        raise taken
    return taken


async def _append(work: Work, sha256: str, content: bytes, *, offset: int, length: int) -> AttachmentState | Refusal:
    device_id = work.identity.device_id
    assert device_id is not None
    places = await envelopes.named_by(work.session, device_id, sha256)
    if not places:
        raise Refusal("attachment.not_named", kind=Kind.MISSING)
    if all(place.stored for place in places):
        return AttachmentState(sha256, stored=True, offset=length)
    row, held = await _kept(work, device_id, sha256, content, offset=offset, length=length)
    if not held.whole:
        return AttachmentState(sha256, stored=False, offset=held.offset)
    whole = await work.parts.blobs.joined(held.parts)
    if whole is None or digest_of(whole) != sha256:
        return await _given_up(work, row, Refusal("attachment.begun_anew", kind=Kind.CONFLICT))
    try:
        await sync.take_picture(work, device_id, sha256, whole)
    except Refusal as refusal:
        if refusal.kind is Kind.UNAVAILABLE:
            raise
        return await _given_up(work, row, refusal)
    return AttachmentState(sha256, stored=True, offset=length)


async def append_sealed(
    parts: Parts, identity: Identity, sha256: str, content: bytes, *, offset: int, length: int
) -> AttachmentState:
    """Take the next part of what only the office can open, under the digest of its sealed bytes; it lies in quarantine
    until a bundle that the phone has signed names it.

    Raises Refusal as `domain.uploads.begin` and `follow` do, or `attachment.begun_anew` (the parts do not give what was
    announced: they are gone).
    """
    async with working(parts, identity) as work:
        assert identity.device_id is not None
        row, held = await _kept(work, identity.device_id, sha256, content, offset=offset, length=length)
        whole = await work.parts.blobs.joined(held.parts) if held.whole else b""
        wrong = held.whole and (whole is None or digest_of(whole) != sha256)
        refusal = Refusal("attachment.begun_anew", kind=Kind.CONFLICT)
        if wrong:
            await _given_up(work, row, refusal)
    if wrong:
        raise refusal
    return AttachmentState(sha256, stored=held.whole, offset=held.offset)


async def sealed(work: Work, device_id: UUID, sha256: str) -> bytes | None:
    """What this phone brought sealed under this digest; None where it is not here, or not whole."""
    row = await store.find(work.session, device_id, sha256, and_hold=True)
    if row is None or not store.held_by(row).whole:
        return None
    whole = await work.parts.blobs.joined(row.parts)
    return whole if whole is not None and digest_of(whole) == sha256 else None


async def let_go(work: Work, device_id: UUID, sha256: str) -> None:
    """What was brought under this digest is needed no more: it lies where it belongs."""
    if row := await store.find(work.session, device_id, sha256):
        await store.forget(work.session, row)
        await work.parts.blobs.drop_place(store.place_of(row))


async def _kept(
    work: Work, device_id: UUID, sha256: str, content: bytes, *, offset: int, length: int
) -> tuple[store.AttachmentUpload, Held]:
    """The part laid beside those before it, and what is held now."""
    row = await _begun(work, device_id, sha256, length=length)
    held = store.held_by(row)
    # Judged before anything is kept: only a part that follows costs room.
    follow(held, offset=offset, length=length, size=len(content), name="")
    name = await work.parts.blobs.put_part(store.place_of(row), content, at=offset, now=work.now)
    held = follow(held, offset=offset, length=length, size=len(content), name=name)
    store.move_on(row, held)
    return row, held


async def _begun(work: Work, device_id: UUID, sha256: str, *, length: int) -> store.AttachmentUpload:
    row = await store.find(work.session, device_id, sha256, and_hold=True)
    if row is not None and forgotten(row.begun_at, work.now):
        await work.parts.blobs.drop_place(store.place_of(row))
        await store.forget(work.session, row)
        row = None
    if row is None:
        begin(length, await store.open_of(work.session, device_id))
        fresh = store.AttachmentUpload(
            id=work.new_id(),
            agency_id=work.agency_id,
            device_id=device_id,
            sha256=sha256,
            length=length,
            begun_at=work.now,
        )
        row = await store.begin(work.session, fresh)
    if row is None:  # another request has just brought the last part
        raise Refusal("attachment.offset_differs", kind=Kind.CONFLICT, details={"offset": 0})
    return row


async def _given_up(work: Work, row: store.AttachmentUpload, refusal: Refusal) -> Refusal:
    audit(
        work.session, "attachment.given_up", "attachment", row.sha256, device_id=str(row.device_id), code=refusal.code
    )
    await store.forget(work.session, row)
    await work.parts.blobs.drop_place(store.place_of(row))
    return refusal


async def clear_all(parts: Parts) -> None:
    """Drop what was begun too long ago, in a transaction of each agency, and parts that nothing names any more."""
    before = parts.clock.now() - KEPT
    async with parts.database.transaction(Scope(None, GATE)) as session:
        ids = await agencies(session)
    for agency_id in ids:
        async with parts.database.transaction(Scope(agency_id, "worker")) as session:
            gone = await store.clear(session, before=before)
        await parts.blobs.drop_parts(gone)
    await parts.blobs.drop_older_parts(before)
