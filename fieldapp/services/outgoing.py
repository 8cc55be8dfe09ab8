"""Files for creditors: how each is told is set up, tried without telling, made at its hour, downloaded, sent again.

A file is made in one transaction: which facts it tells, its bytes' digest and number, and how far the plan has read.
So a fact is in exactly one file of a plan, whatever dies when. How a file gets there: `outgoing_courier`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from fieldapp.documents.outgoing import write_outgoing
from fieldapp.documents.tabular import MEDIA_TYPES
from fieldapp.domain import outgoing as rules
from fieldapp.domain.creditor_account import AccountPeriod
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.export_layout import LONGEST_CODE, AccountFile, AccountLayout, Every, OutLayout
from fieldapp.domain.ids import sha256
from fieldapp.domain.intake_layout import FileKind
from fieldapp.services import creditor_accounts, handover
from fieldapp.services.work import Parts, Work
from fieldapp.store import feed_pages, intake, practices, reported
from fieldapp.store import outgoing as store
from fieldapp.store.batches import insert_rows
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.outgoing import (
    ChangedCode,
    ExportPlanRow,
    ExportPreview,
    HostKey,
    MappedCode,
    OutgoingFileRow,
    ToldPage,
    ToldRow,
)

ROUND = "outgoing.deliver"
_SHOWN = 12
"""Rows of a preview."""
_MOST_PLANS = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a creditor is to be told. `secret` None: what is kept stays."""

    name: str
    layout: Mapping[str, Any]
    codes: Mapping[str, str]
    place: str
    target: Mapping[str, Any]
    secret: Mapping[str, str] | None
    at: str
    weekdays: Sequence[int]


async def list_plans(work: Work) -> list[ExportPlanRow]:
    keys = {row.id: handover.public_key(row.secret) for row in await store.plans(work.session)}
    return await store.plan_rows(work.session, public_keys=keys)


async def create(work: Work, *, creditor_id: UUID, wanted: Wanted, from_beginning: bool) -> ExportPlanRow:
    """Set up how a creditor is told, from now on or of everything that ever happened.

    Raises Refusal `creditor.unknown`, `export.contradiction`, `export.name_taken`, `export.codes_unusable`,
    `export.hours_unusable`, `export.target_unusable`, `export.too_many`.
    """
    await intake.creditor(work.session, creditor_id)
    others = await store.plans(work.session)
    if len(others) >= _MOST_PLANS:
        raise Refusal("export.too_many", kind=Kind.CONFLICT, details={"most": _MOST_PLANS})
    head = None if from_beginning else await feed_pages.head(work.session)
    row = store.ExportPlan(
        id=work.new_id(),
        agency_id=work.agency_id,
        creditor_id=creditor_id,
        name="",
        place="desk",
        at="",
        created_at=work.now,
        created_by=work.identity.person_id,
        next_run_at=work.now,
        read_up_to=head.number if head else 0,
        last_digest=rules.NO_DIGEST,
    )
    _set(work, row, wanted, others=others)
    work.session.add(row)
    await work.session.flush()
    audit(work.session, "export.created", "export_plan", row.id, **_said(row), from_beginning=from_beginning)
    return await _shown(work, row.id)


async def change(work: Work, plan_id: UUID, wanted: Wanted) -> ExportPlanRow:
    """From the next file on; what was told stays as it was told. Raises as `create`, `export.unknown`."""
    row = await store.plan(work.session, plan_id, locked=True)
    others = [one for one in await store.plans(work.session) if one.id != plan_id]
    _set(work, row, wanted, others=others)
    await work.session.flush()
    audit(work.session, "export.changed", "export_plan", row.id, **_said(row))
    return await _shown(work, plan_id)


async def pause(work: Work, plan_id: UUID, *, paused: bool) -> ExportPlanRow:
    """While paused nothing is made or sent; what happens meanwhile is told afterwards."""
    row = await store.plan(work.session, plan_id, locked=True)
    row.paused_at = work.now if paused else None
    await work.session.flush()
    audit(work.session, "export.paused" if paused else "export.resumed", "export_plan", row.id)
    return await _shown(work, plan_id)


def _set(work: Work, row: store.ExportPlan, wanted: Wanted, *, others: Sequence[store.ExportPlan]) -> None:
    layout = layout_of(wanted.layout)
    at = _hour(wanted.at)
    if not wanted.weekdays or not set(wanted.weekdays) <= set(range(7)):
        raise Refusal("export.hours_unusable", kind=Kind.MALFORMED)
    codes = {said: code.strip() for said, code in wanted.codes.items() if code.strip()}
    if any(len(code) > LONGEST_CODE for code in codes.values()):
        raise Refusal("export.codes_unusable", kind=Kind.MALFORMED, details={"longest": LONGEST_CODE})
    row.name, row.layout, row.codes = wanted.name.strip(), dict(wanted.layout), codes
    row.at, row.weekdays = wanted.at, sorted(set(wanted.weekdays))
    row.next_run_at = rules.next_run(
        work.now, at=at, weekdays=row.weekdays, zone=work.parts.zone, monthly=is_monthly(layout)
    )
    prefix = wanted.target.get("prefix") or ("rendiconto" if isinstance(layout, AccountLayout) else "esiti")
    target = handover.checked_target(wanted.place, {**wanted.target, "prefix": prefix})
    elsewhere = [one.target for one in others if one.place == wanted.place]
    row.place, row.target = wanted.place, handover.named_apart(wanted.place, target, elsewhere)
    row.secret = handover.kept_secret(wanted.place, wanted.secret, row.secret)


def _hour(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Refusal("export.hours_unusable", kind=Kind.MALFORMED) from None


def layout_of(plain: Mapping[str, Any]) -> OutLayout | AccountLayout:
    """How rows are written, or that an account is given instead. Raises Refusal `export.contradiction`."""
    account = plain.get("kind") in {one.value for one in AccountFile}
    try:
        return msgspec.convert(plain, AccountLayout) if account else msgspec.convert(plain, OutLayout)
    except msgspec.ValidationError as fault:
        raise Refusal("export.contradiction", kind=Kind.MALFORMED, details={"what": str(fault)}) from None


def is_monthly(layout: OutLayout | AccountLayout) -> bool:
    return isinstance(layout, AccountLayout) and layout.every is Every.MONTH


def _file_type(layout: OutLayout | AccountLayout) -> tuple[str, str]:
    """Media type and ending."""
    if isinstance(layout, AccountLayout):
        return creditor_accounts.MEDIA_TYPES[layout.kind]
    return MEDIA_TYPES[layout.kind]


def _said(row: store.ExportPlan) -> dict[str, Any]:
    return {"name": row.name, "place": row.place, "at": row.at, "layout": row.layout, "codes": row.codes}


async def _shown(work: Work, plan_id: UUID) -> ExportPlanRow:
    return next(row for row in await list_plans(work) if row.id == plan_id)


async def preview(
    work: Work, *, creditor_id: UUID, plan_id: UUID | None, layout: Mapping[str, Any], codes: Mapping[str, str]
) -> ExportPreview:
    """The next file as it would be under this layout and mapping, and where it departs from what was told.

    Stores nothing. Raises Refusal `creditor.unknown`, `export.unknown`, `export.contradiction`, `export.too_wide`.
    """
    await intake.creditor(work.session, creditor_id)
    row = await store.plan(work.session, plan_id) if plan_id else None
    made = layout_of(layout)
    after = row.read_up_to if row else 0
    rows, _, more = await store.untold(work.session, creditor_id=creditor_id, after=after)
    told = await store.told_before(work.session, row.id) if row else {}
    counted: dict[str, int] = {}
    for one in rows:
        counted[one.said] = counted.get(one.said, 0) + 1
    said = sorted({*counted, *(before.said for before in told)})
    control = rules.control_of(rows, sequence=(row.sequence if row else 0) + 1, previous=rules.NO_DIGEST)
    sample = ""
    if not isinstance(made, AccountLayout):
        # Off the loop: a large file takes seconds, in which every phone and desk would stand still.
        sample = await asyncio.to_thread(_sample, work.parts.zone, rows, made, codes=codes, control=control)
    return ExportPreview(
        rows=len(rows),
        total_cents=control.total_cents,
        codes=[MappedCode(one, codes.get(one) or one, counted.get(one, 0), bool(codes.get(one))) for one in said],
        changed=[ChangedCode(one.said, one.told, one.now, one.rows) for one in rules.differences(told, codes)],
        sample=sample,
        more=more,
    )


def _sample(
    zone: ZoneInfo, rows: Sequence[rules.OutRow], layout: OutLayout, *, codes: Mapping[str, str], control: rules.Control
) -> str:
    """The beginning of a file as text. Raises Refusal `export.too_wide` for any of the rows."""
    write_outgoing(rows, layout, codes=codes, control=control, zone=zone)
    text = replace(layout, kind=FileKind.CSV) if layout.kind is FileKind.XLSX else layout
    sample = write_outgoing(rows[:_SHOWN], text, codes=codes, control=control, zone=zone)
    return "\n".join(sample.decode(layout.encoding, errors="replace").splitlines()[:-1])


async def ask_host_key(work: Work, plan_id: UUID) -> HostKey:
    """Raises Refusal `export.unknown`, `export.nowhere_to_send`, `export.host_away`."""
    row = await store.plan(work.session, plan_id)
    if row.place != "sftp":
        raise Refusal("export.nowhere_to_send", kind=Kind.CONFLICT)
    return HostKey(*await handover.ask_host_key(row.target))


async def make_now(work: Work, plan_id: UUID) -> list[OutgoingFileRow]:
    """A file of what has not been told yet, out of hours; none where there is nothing to tell.

    Raises Refusal `export.unknown`, `export.paused`, `export.too_wide`.
    """
    row = await store.plan(work.session, plan_id, locked=True)
    if row.paused_at is not None:
        raise Refusal("export.paused", kind=Kind.CONFLICT)
    made = await make(work.parts, work.session, row)
    if made is not None:
        audit(work.session, "outgoing.made", "outgoing_file", made.id, sequence=made.sequence, sha256=made.sha256)
    await work.session.flush()
    return await store.file_rows(work.session, plan_id=plan_id, limit=200)


async def make(parts: Parts, session: Any, row: store.ExportPlan) -> store.OutgoingFile | None:
    """Write what the plan has not told into a file, within the caller's transaction; the plan is held."""
    now = parts.clock.now()
    after = row.read_up_to
    rows, row.read_up_to, _ = await store.untold(session, creditor_id=row.creditor_id, after=after)
    if not rows:
        return None
    layout = layout_of(row.layout)
    control = rules.control_of(rows, sequence=row.sequence + 1, previous=row.last_digest)
    if isinstance(layout, AccountLayout):
        since = await store.made_last(session, row.id) or (row.created_at if after else None)
        period = AccountPeriod(since, now)
        account = await creditor_accounts.account_of(parts, session, rows, creditor_id=row.creditor_id, period=period)
        creditor = await intake.creditor(session, row.creditor_id)
        content = await creditor_accounts.write(
            parts, session, account, layout, creditor=creditor.name, control=control
        )
    else:
        content = await asyncio.to_thread(
            write_outgoing, rows, layout, codes=row.codes, control=control, zone=parts.zone
        )
    # The bytes first: should the transaction fail, they lie there unnamed; the other way round they would be missing.
    await parts.blobs.put(content)
    made = store.OutgoingFile(
        id=parts.new_id(),
        agency_id=row.agency_id,
        plan_id=row.id,
        creditor_id=row.creditor_id,
        sequence=control.sequence,
        name=rules.file_name(
            row.target.get("prefix") or "esiti",
            now.astimezone(parts.zone).date(),
            control.sequence,
            _file_type(layout)[1],
        ),
        sha256=sha256(content),
        size_bytes=len(content),
        rows=control.rows,
        total_cents=control.total_cents,
        collected_cents=sum(max(one.amount_cents or 0, 0) for one in rows),
        made_at=now,
        next_at=now,
    )
    row.sequence, row.last_digest = made.sequence, made.sha256
    session.add_all([row, made])
    await session.flush()
    told = [
        {
            "file_id": made.id,
            "fact_number": one.fact_number,
            "agency_id": row.agency_id,
            "plan_id": row.id,
            "said": one.said,
            "code": rules.code_of(one, row.codes),
        }
        for one in rows
    ]
    await insert_rows(session, store.ToldFact, told)
    body = {
        "file_id": str(made.id),
        "plan_id": str(row.id),
        "sequence": made.sequence,
        "rows": made.rows,
        "sha256": made.sha256,
        "name": made.name,
        "total_cents": made.total_cents,
    }
    tell(session, NewFact("outgoing.made", now, creditor_id=row.creditor_id, body=body))
    return made


async def list_files(work: Work, *, plan_id: UUID | None, limit: int) -> list[OutgoingFileRow]:
    return await store.file_rows(work.session, plan_id=plan_id, limit=limit)


async def download(work: Work, file_id: UUID) -> tuple[bytes, str, str]:
    """Content, media type and name. The first download of a file that stays at the desk counts as handing it over."""
    row = await store.file(work.session, file_id, locked=True)
    plan = await store.plan(work.session, row.plan_id)
    content = await work.parts.blobs.get(row.sha256)
    if plan.place == "desk" and row.state != "delivered":
        row.state, row.delivered_at, row.attempts = "delivered", work.now, row.attempts + 1
        await work.session.flush()
        await arrived(work.session, row, now=work.now)
    audit(work.session, "outgoing.downloaded", "outgoing_file", file_id, sequence=row.sequence, sha256=row.sha256)
    return content, _file_type(layout_of(plan.layout))[0], row.name


async def arrived(session: Any, row: store.OutgoingFile, *, now: Any) -> None:
    """Its payments count as told from now on."""
    await reported.by_file(session, row.id, at=now)
    body = {
        "file_id": str(row.id),
        "plan_id": str(row.plan_id),
        "sequence": row.sequence,
        "attempts": row.attempts,
        "sha256": row.sha256,
    }
    tell(session, NewFact("outgoing.delivered", now, creditor_id=row.creditor_id, body=body))


async def resend(work: Work, file_id: UUID) -> list[OutgoingFileRow]:
    """Hand a file over once more: the same bytes under the same name and number, so that nothing doubles.

    Raises Refusal `export.file_unknown`, `export.nowhere_to_send`.
    """
    row = await store.file(work.session, file_id, locked=True)
    plan = await store.plan(work.session, row.plan_id)
    if plan.place == "desk":
        raise Refusal("export.nowhere_to_send", kind=Kind.CONFLICT)
    row.state, row.tries, row.next_at, row.last_failure = "waiting", 0, work.now, None
    row.asked_by = work.identity.person_id
    await work.session.flush()
    audit(work.session, "outgoing.resent", "outgoing_file", file_id, sequence=row.sequence, sha256=row.sha256)
    await work.defer(ROUND, plan_id=str(row.plan_id))
    return await store.file_rows(work.session, plan_id=row.plan_id, limit=200)


async def told_of(work: Work, practice_id: UUID, *, before: int | None = None) -> ToldPage:
    """What was told about a practice, to whom, when, by which way; newest first. Raises Refusal `practice.unknown`."""
    await practices.head(work.session, practice_id)
    return await store.told_of(work.session, practice_id, before=before)


async def all_told_of(work: Work, practice_id: UUID) -> list[ToldRow]:
    """The same without an end, for a copy of all that is kept."""
    page = await told_of(work, practice_id)
    rows = list(page.rows)
    while page.before is not None:
        page = await told_of(work, practice_id, before=page.before)
        rows += page.rows
    return rows
