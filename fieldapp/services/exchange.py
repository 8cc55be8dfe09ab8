"""What leaves the house: a day's outcomes in the creditor's layout, and live news for open screens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar.response.sse import ServerSentEventMessage

from fieldapp.documents.beancount import BookedEntry, beancount_text
from fieldapp.documents.tabular import OutCell, write_csv
from fieldapp.domain.access import Identity
from fieldapp.domain.ids import sha256
from fieldapp.domain.intake_layout import Field, Layout
from fieldapp.domain.money import Money
from fieldapp.domain.receipts import receipt_name
from fieldapp.services import looking, news, running
from fieldapp.services.creditor_files import PLAIN, layouts
from fieldapp.services.work import Parts, Work, working
from fieldapp.store import exchange as store
from fieldapp.store import intake, ledger, told_by_hand
from fieldapp.store.announcements import announcements_of
from fieldapp.store.exchange import Movement, VisitOutcome
from fieldapp.store.feed import NewFact, audit, channel, tell
from fieldapp.store.shapes.running import RunningDay

HEARTBEAT_S = 20.0
LONGEST_S = 15 * 60.0
"""After this a stream ends; the browser comes back by itself, and its sign-in is looked at again."""
AT_ONCE = 500


async def export_outcomes(work: Work, *, day: date, creditor_id: UUID) -> tuple[bytes, str, str]:
    """Content, media type and name of the day's outcomes, as the creditor's own files are written.

    Beside the visits it holds the money that no export of another day told before: every movement, in or back, stands
    in the first export that is made, once it is booked, of its own day or a later one. Money of the day's visits stands
    beside them, other money in a row of its own. Its payments count as told to the creditor from now on. Raises Refusal
    `creditor.unknown`.
    """
    creditor = await intake.creditor(work.session, creditor_id)
    zone, codes = work.parts.zone, creditor.outcome_codes
    before = await store.exports(work.session, creditor_id)
    # Read first: what stands up to it is committed, so that nothing booked meanwhile falls between two exports.
    up_to = await store.last_number(work.session)
    visits = await store.outcomes(work.session, creditor_id=creditor_id, day=day)
    money = await store.movements(work.session, creditor_id=creditor_id, day=day, up_to=up_to, before=before, zone=zone)
    layout = layouts(work.parts.layouts).get(creditor.layout, PLAIN)
    paid: dict[UUID, list[Movement]] = {visit.id: [] for visit in visits}
    alone: list[Movement] = []
    for one in money:
        (paid[one.visit_id] if one.what == "payment.received" and one.visit_id in paid else alone).append(one)
    rows = [row for visit in visits for row in _rows(visit, paid[visit.id], codes, zone)]
    rows += [_row_of(one, codes, zone) for one in alone]
    content = write_csv(_headings(layout), rows, layout)
    told = [one.payment_id for one in money if one.what == "payment.received"]
    await store.mark_reported(work.session, told, at=work.now)
    await store.leave_out(work.session, creditor_id=creditor_id, up_to=up_to, day=day, zone=zone, at=work.now)
    sequence = len(before) + 1
    name = f"esiti-{day.isoformat()}-{sequence:04d}.csv"
    digest = sha256(content)
    export = told_by_hand.ExportByHand(
        id=work.new_id(),
        agency_id=work.agency_id,
        creditor_id=creditor_id,
        day=day,
        sequence=sequence,
        name=name,
        sha256=digest,
        made_at=work.now,
        made_by=work.identity.person_id,
    )
    await told_by_hand.note(work.session, export, await _told(work, visits, paid, alone, codes))
    body = {
        "sequence": sequence,
        "sha256": digest,
        "rows": len(rows),
        "collected_cents": sum(one.amount_cents for one in money),
        "up_to": up_to,
    }
    tell(work.session, NewFact("outcomes.exported", work.now, creditor_id=creditor_id, day=day, body=body))
    audit(work.session, "outcomes.exported", "creditor", creditor_id, day=day.isoformat(), **body)
    return content, "text/csv", name


async def _told(
    work: Work,
    visits: Sequence[VisitOutcome],
    paid: Mapping[UUID, Sequence[Movement]],
    alone: Sequence[Movement],
    codes: Mapping[str, str],
) -> dict[int, str]:
    """The facts that the rows tell, each with the code of its row."""
    of_visits = await told_by_hand.of_visits(work.session, visits)
    found = {one.fact_number: codes.get(one.what, one.what) for one in alone}
    for visit in visits:
        numbers = [*of_visits[visit.id], *(one.fact_number for one in paid[visit.id])]
        found |= dict.fromkeys(numbers, codes.get(visit.outcome, visit.outcome))
    return found


def _headings(layout: Layout) -> tuple[str, ...]:
    """Headings of the export, in the creditor's own words."""
    heading = layout.heading
    return (
        heading(Field.PRACTICE_NUMBER),
        heading(Field.DEBTOR),
        "Data visita",
        "Ora visita",
        "Agente",
        "Codice esito",
        "Esito",
        "Importo incassato",
        f"Incassato {_share_name(layout, Field.PRINCIPAL)}",
        f"Incassato {_share_name(layout, Field.INTEREST)}",
        f"Incassato {_share_name(layout, Field.COSTS)}",
        "Metodo",
        "Quietanza",
        "Promessa entro il",
        "Importo promesso",
    )


def _share_name(layout: Layout, meaning: Field) -> str:
    return (layout if layout.column(meaning) else PLAIN).heading(meaning)


def _rows(
    visit: VisitOutcome, paid: Sequence[Movement], codes: Mapping[str, str], zone: ZoneInfo
) -> list[tuple[OutCell, ...]]:
    """One row per payment of the visit, and one where there is none."""
    arrived = visit.arrived_at.astimezone(zone)
    head: tuple[OutCell, ...] = (
        visit.practice_number,
        visit.debtor_name,
        arrived.date(),
        arrived.strftime("%H:%M"),
        visit.agent_number,
        codes.get(visit.outcome, visit.outcome),
        visit.outcome,
    )
    promise = visit.promises[0] if visit.promises else None
    tail: tuple[OutCell, ...] = (promise.due_on, Money(promise.amount_cents)) if promise else (None, None)
    if not paid:
        return [(*head, *_NOTHING_PAID, *tail)]
    return [(*head, *_paid(one), *tail) for one in paid]


def _row_of(one: Movement, codes: Mapping[str, str], zone: ZoneInfo) -> tuple[OutCell, ...]:
    """A row of its own for money that went back or belongs to a visit of another day."""
    at = one.at.astimezone(zone)
    said = (codes.get(one.what, one.what), one.what)
    head = (one.practice_number, one.debtor_name, at.date(), at.strftime("%H:%M"), one.agent_number)
    return (*head, *said, *_paid(one), None, None)


_NOTHING_PAID: tuple[OutCell, ...] = (None,) * 6


def _paid(payment: Movement) -> tuple[OutCell, ...]:
    return (
        Money(payment.amount_cents),
        Money(payment.share.principal_cents),
        Money(payment.share.interest_cents),
        Money(payment.share.costs_cents),
        payment.method,
        receipt_name(payment.receipt_series, payment.receipt_number),
    )


async def export_ledger(work: Work) -> str:
    """The agency's whole ledger as beancount text, with every balance as an assertion."""
    entries = [
        BookedEntry(at.astimezone(work.parts.zone).date(), entry_id.hex, kind, legs)
        for entry_id, at, kind, legs in await ledger.all_entries(work.session)
    ]
    audit(work.session, "ledger.exported", "agency", work.agency_id, entries=len(entries))
    return beancount_text(entries, await ledger.balances_by_key(work.session))


async def watch(
    parts: Parts, identity: Identity, *, after: int | None, window: UUID | None = None
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """Every fact of the agency after the number `after` (None: from now on), once and in order, while it lasts.

    The first message says hello with the number that the stream starts after; silence is broken by a comment. What
    moves today's published day is followed by how it runs then (`running`): whole at first, later what changed. So is
    passing time. Whoever plans is told which days colleagues have open (`looking`), whenever that changes; with the
    stream ends what its `window` showed them.
    """
    ends_at = asyncio.get_running_loop().time() + LONGEST_S
    announced, where = announcements_of(parts.database), channel(identity.agency_id)
    async with announced.on(where) as told_of, looking.watching(parts, identity, told_of, window=window) as beside:
        cursor = await _start(parts, identity, after)
        yield ServerSentEventMessage(id=str(cursor), event="hello", data=f'{{"number":{cursor}}}')
        heard: RunningDay | None = None
        stirred, quiet = True, False
        while asyncio.get_running_loop().time() < ends_at:
            told_of.clear()
            heard_times = None if quiet else announced.times(where)
            events = await news.after(parts, identity, cursor, heard=heard_times, limit=AT_ONCE)
            for event in events:
                cursor = event.number
                data = msgspec.json.encode(event).decode()
                stirred = stirred or running.stirs(event.kind)
                yield ServerSentEventMessage(id=str(event.number), event="fact", data=data)
            if len(events) == AT_ONCE:
                continue
            if stirred and (today := await running.today_at(parts, identity, cursor)) is not None:
                if (told := running.since(heard, today)) is not None:
                    yield ServerSentEventMessage(event="running", data=msgspec.json.encode(told).decode())
                heard = today
            if beside is not None and (seen := beside.news()) is not None:
                yield ServerSentEventMessage(event="looking", data=msgspec.json.encode(seen).decode())
            stirred = quiet = False
            wait_s = HEARTBEAT_S if beside is None else beside.lapses_in(HEARTBEAT_S)
            try:
                await asyncio.wait_for(told_of.wait(), wait_s)
            except TimeoutError:
                if wait_s < HEARTBEAT_S:
                    continue
                yield ServerSentEventMessage(comment="still here")
                stirred = quiet = True


async def _start(parts: Parts, identity: Identity, after: int | None) -> int:
    if after is not None:
        return after
    async with working(parts, identity) as work:
        return await store.last_number(work.session)
