"""What phones push: judged first, written once, answered with the same verdict for ever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError

from fieldapp.documents.images import clean_picture
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import sha256 as digest_of
from fieldapp.domain.sync import Arrived, Decision, PhoneClock, Verdict, judge_batch, touched
from fieldapp.domain.told import AddressPin
from fieldapp.services import addresses, agreements, corrections, instruments, pads, rules
from fieldapp.services.access import read_clock
from fieldapp.services.work import PROTOCOL, Work, speaking
from fieldapp.store import corrections as correction_store
from fieldapp.store import envelopes as store
from fieldapp.store import uploads
from fieldapp.store.feed import audit, savepoint, tell
from fieldapp.store.shapes.field import AttachmentState, SyncAnswer
from fieldapp.store.shapes.field import Verdict as VerdictShape

__all__ = ["Arrived", "missing_attachments", "push", "put_attachment", "take", "take_entered", "take_picture"]

_OBJECTIONS = (IntegrityError, DataError, Refusal)
"""What is said of rows that are not taken: by a constraint, by a column that cannot hold the value, or by what follows
from an envelope and finds that what it speaks of is gone by now."""


async def push(
    work: Work, arrived: Sequence[Arrived], *, protocol: int, phone_clock: datetime | None = None
) -> SyncAnswer:
    """Judge and store a batch; every envelope gets a verdict of its own. `phone_clock` is the phone's own time.

    What an old app wrote is taken however old it is: envelopes carry their own version, and only a new day waits for
    the update. Raises Refusal `sync.protocol_unknown` for an app that is newer than the service.
    """
    if protocol > PROTOCOL:
        speaking(protocol)
    assert work.identity.device_id is not None
    return await take(work, work.identity.device_id, arrived, protocol=protocol, phone_clock=phone_clock)


async def take(
    work: Work,
    device_id: UUID,
    arrived: Sequence[Arrived],
    *,
    protocol: int = PROTOCOL,
    phone_clock: datetime | None = None,
) -> SyncAnswer:
    """The same for what came from this phone by another way, whoever brings it now."""
    sent_by = await store.sender(work.session, device_id)
    clock = PhoneClock(
        offset_ms=None if phone_clock is None else round((work.now - phone_clock) / timedelta(milliseconds=1)),
        moved=work.parts.clock.demo,
    )
    judged = await _judge(work, sent_by, arrived, clock)
    decisions = await _write(work, sent_by, judged)
    pictures = [
        p for d in decisions if d.report is not None and d.verdict is Verdict.ACCEPTED for p in d.report.attachments
    ]
    small = [p.small_sha256 for p in pictures if p.small_sha256 is not None]
    named = list(dict.fromkeys([*small, *(p.sha256 for p in pictures)]))
    here = await _taken_over(work, device_id, named) if named else frozenset()
    return SyncAnswer(
        protocol=protocol,
        clock=read_clock(work.parts),
        verdicts=[_shape(work, decision) for decision in decisions],
        missing=[digest for digest in named if digest not in here],
    )


async def take_entered(work: Work, sent_by: store.Sender, arrived: Arrived) -> Decision:
    """What somebody at the desk enters for an agent, by the rules of phones and in their place.

    At a desk it can be put right at once, so a refusal is raised and nothing of it is kept.
    """
    judged = await _judge(work, sent_by, [arrived], PhoneClock(offset_ms=0, moved=work.parts.clock.demo))
    decision = judged.decisions[0]
    if decision.verdict is not Verdict.ACCEPTED:
        raise Refusal(decision.code or "sync.unreadable", kind=Kind.CONFLICT, details=dict(decision.details))
    await _store(work, [decision], sent_by, judged)
    return decision


@dataclass(frozen=True, slots=True)
class _Judged:
    """Decisions, and what is needed to write them: creditor by practice, practices whose agreements are watched, how
    many of a hundred reports are drawn for a review."""

    decisions: list[Decision]
    creditors: dict[UUID, UUID]
    watched: frozenset[UUID]
    review_percent: int


async def _judge(work: Work, sent_by: store.Sender, arrived: Sequence[Arrived], clock: PhoneClock) -> _Judged:
    known = await store.load(
        work.session,
        sent_by,
        touched(arrived),
        ruleset=await rules.ruleset(work),
        now=work.now,
        today=work.today,
        clock=clock,
        pad_key=work.parts.pad_key,
    )
    return _Judged(
        judge_batch(arrived, known, verify_signature=work.parts.verify),
        {
            **{practice.id: practice.creditor_id for practice in known.practices.values()},
            **{question.practice_id: question.creditor_id for question in known.questions.values()},
        },
        frozenset(p.id for p in known.practices.values() if p.plan is not None or p.settlement_open),
        known.review_percent,
    )


async def _taken_over(work: Work, device_id: UUID, named: Sequence[str]) -> frozenset[str]:
    """Pictures that came with an earlier report: one photo of a house may serve two visits, and is sent once."""
    here = await store.arrived_before(work.session, device_id, named)
    for digest, blob in here.items():
        places = [place for place in await store.named_by(work.session, device_id, digest) if not place.stored]
        tell(work.session, *await store.picture_arrived(work.session, places, blob=blob, now=work.now))
    return frozenset(here)


async def _write(work: Work, sent_by: store.Sender, judged: _Judged) -> list[Decision]:
    """The whole batch at once; where a constraint objects, one by one, so that a bad item costs only itself."""
    decisions = judged.decisions
    fresh = [d for d in decisions if d.verdict in (Verdict.ACCEPTED, Verdict.REFUSED) and not d.first_received_at]
    for conflict in (d for d in decisions if d.verdict is Verdict.CONFLICT):
        audit(work.session, "envelope.conflict", "envelope", conflict.arrived.id, digest=conflict.arrived.digest)
    if not fresh:
        return decisions
    try:
        await _store(work, fresh, sent_by, judged)
    except _OBJECTIONS:
        settled: dict[UUID, Decision] = {}
        unwritten: set[UUID] = set()
        for decision in fresh:
            settled[decision.arrived.id] = alone = await _store_alone(
                work, _of_what_is(decision, unwritten), sent_by, judged
            )
            if decision.report is not None and alone.verdict is Verdict.REFUSED:
                unwritten.add(decision.report.visit_id)
        return [settled.get(d.arrived.id, d) for d in decisions]
    return decisions


def _of_what_is(decision: Decision, unwritten: Collection[UUID]) -> Decision:
    """A correction was judged on its report; where the store did not take that one, there is nothing to correct."""
    if decision.correction is None or decision.correction.standing.visit_id not in unwritten:
        return decision
    return Decision(decision.arrived, Verdict.REFUSED, "correction.visit_unknown", envelope=decision.envelope)


async def _store_alone(work: Work, decision: Decision, sent_by: store.Sender, judged: _Judged) -> Decision:
    try:
        await _store(work, [decision], sent_by, judged)
    except _OBJECTIONS as objection:
        refused = replace(_refused_by(objection, decision.arrived), envelope=decision.envelope)
        await _store(work, [refused], sent_by, judged)
        return refused
    return decision


def _refused_by(objection: IntegrityError | DataError | Refusal, arrived: Arrived) -> Decision:
    if isinstance(objection, Refusal):
        return Decision(arrived, Verdict.REFUSED, objection.code, dict(objection.details))
    constraint = getattr(getattr(objection.orig, "diag", None), "constraint_name", None) or "unknown"
    return Decision(arrived, Verdict.REFUSED, "sync.contradicts_store", {"constraint": constraint})


async def _store(work: Work, decisions: Sequence[Decision], sent_by: store.Sender, judged: _Judged) -> None:
    async with savepoint(work.session):
        facts = await store.write(
            work.session,
            decisions,
            sent_by,
            creditors=judged.creditors,
            now=work.now,
            today=work.today,
            new_id=work.parts.new_id,
            review_percent=judged.review_percent,
        )
        facts += await agreements.follow(
            work, decisions, creditors=judged.creditors, agent_id=sent_by.person.id, watched=judged.watched
        )
        await instruments.look_at(work, decisions)
        for pad_id in {form.pad_id for decision in decisions for form in decision.forms}:
            await pads.found_again(work, pad_id)
        tell(work.session, *facts)
        joined = [d.report.visit_id for d in decisions if d.report is not None and d.report.with_visit_id is not None]
        if corrected := [d.correction.standing.visit_id for d in decisions if d.correction is not None]:
            await correction_store.hold(work.session, [*corrected, *joined])
        for decision in decisions:
            if isinstance(decision.told, AddressPin):
                await addresses.moved_at_the_door(work, decision.told, sent_by=sent_by)
            if decision.correction is not None:
                await corrections.follow(work, decision.correction, envelope_id=decision.arrived.id, sent_by=sent_by)
        # A report that joins a visit which was corrected before it came counts as that visit does.
        if joined:
            await correction_store.level_register(work.session, joined)
    for decision in decisions:
        audit(
            work.session,
            f"envelope.{decision.verdict.value}",
            "envelope",
            decision.arrived.id,
            digest=decision.arrived.digest,
            code=decision.code or "",
        )


def _shape(work: Work, decision: Decision) -> VerdictShape:
    return VerdictShape(
        id=decision.arrived.id,
        verdict=decision.verdict.value,
        code=decision.code,
        details=dict(decision.details),
        received_at=decision.first_received_at or work.now,
        flags=list(decision.flags),
    )


async def missing_attachments(work: Work, sha256s: Sequence[str]) -> list[AttachmentState]:
    """Which of these pictures the service still wants, and how much of each it has."""
    assert work.identity.device_id is not None
    wanted = set(await store.missing(work.session, sha256s))
    held = await uploads.offsets(work.session, work.identity.device_id, wanted)
    return [AttachmentState(digest, stored=digest not in wanted, offset=held.get(digest, 0)) for digest in sha256s]


async def put_attachment(work: Work, sha256: str, content: bytes) -> AttachmentState:
    """Take a picture that one of this phone's reports names. Raises Refusal as `take_picture`."""
    assert work.identity.device_id is not None
    return await take_picture(work, work.identity.device_id, sha256, content)


async def take_picture(work: Work, device_id: UUID, sha256: str, content: bytes) -> AttachmentState:
    """Take a picture that a report of that phone names; what is kept is decoded and written anew.

    Raises Refusal `attachment.digest_differs`, `attachment.not_named` or one of `photo.*`.
    """
    if digest_of(content) != sha256:
        raise Refusal("attachment.digest_differs", kind=Kind.MALFORMED)
    places = await store.named_by(work.session, device_id, sha256)
    if not places:
        raise Refusal("attachment.not_named", kind=Kind.MISSING)
    if not all(place.stored for place in places):
        picture = clean_picture(content, signature=places[0].purpose == "signature")
        blob = await work.parts.blobs.put(picture.content)
        facts = await store.picture_arrived(work.session, places, blob=blob, now=work.now)
        tell(work.session, *facts)
        audit(work.session, "attachment.arrived", "attachment", sha256, device_id=str(device_id), places=len(places))
    if begun := await uploads.find(work.session, device_id, sha256):
        await uploads.forget(work.session, begun)
        await work.parts.blobs.drop_place(uploads.place_of(begun))
    return AttachmentState(sha256=sha256, stored=True)
