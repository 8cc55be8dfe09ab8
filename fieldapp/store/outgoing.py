"""Outgoing files: plans, the rows that facts become, files with what they told, and their way to the creditor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import func, or_, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import FactScope, kinds_of
from fieldapp.domain.ledger import CLAIMS, AccountKind, LineBalance
from fieldapp.domain.outgoing import OF_A_VISIT, TAKES_BACK, TELLS, WITH_AN_OUTCOME, OutRow, ToldBefore
from fieldapp.domain.receipts import receipt_name
from fieldapp.store import feed_pages
from fieldapp.store.shapes.outgoing import ExportPlanRow, OutgoingFileRow, ToldPage, ToldRow
from fieldapp.store.tables.access import Person
from fieldapp.store.tables.field import Payment, Receipt, Visit
from fieldapp.store.tables.ledger import Account, Entry, Posting
from fieldapp.store.tables.office import Fact
from fieldapp.store.tables.outgoing import ExportPlan, HandOver, OutgoingFile, ToldFact
from fieldapp.store.tables.practice import Creditor, Obligor

__all__ = ["ExportPlan", "HandOver", "OutgoingFile", "ToldFact"]

MOST_ROWS = 50_000
"""In one file; what is more follows in the next."""


@dataclass(frozen=True, slots=True)
class Known:
    """A plan as whoever keeps the hours sees it."""

    plan_id: UUID
    agency_id: UUID


async def every(session: AsyncSession) -> list[Known]:
    """All plans of all agencies that are not paused; to be asked at the gate."""
    query = select(ExportPlan.id, ExportPlan.agency_id).where(col(ExportPlan.paused_at).is_(None))
    return [Known(*row) for row in (await session.exec(query)).all()]


async def plan(session: AsyncSession, plan_id: UUID, *, locked: bool = False) -> ExportPlan:
    """Raises Refusal `export.unknown`."""
    query = select(ExportPlan).where(ExportPlan.id == plan_id)
    row = (await session.exec(query.with_for_update() if locked else query)).first()
    if row is None:
        raise Refusal("export.unknown", kind=Kind.MISSING)
    return row


async def plan_rows(session: AsyncSession, *, public_keys: dict[UUID, str | None]) -> list[ExportPlanRow]:
    """By creditor and name. `public_keys`: of each plan that has one."""
    counts = sqlalchemy.select(
        col(OutgoingFile.plan_id),
        func.count().filter(col(OutgoingFile.state) == "waiting"),
        func.count().filter(col(OutgoingFile.state) == "held"),
        func.max(OutgoingFile.made_at),
        func.max(OutgoingFile.delivered_at),
    ).group_by(col(OutgoingFile.plan_id))
    seen = {row[0]: row[1:] for row in (await session.execute(counts)).all()}
    failing = select(OutgoingFile.plan_id, OutgoingFile.last_failure).where(
        col(OutgoingFile.state) != "delivered", col(OutgoingFile.last_failure).is_not(None)
    )
    failures = dict((await session.exec(failing.order_by(col(OutgoingFile.sequence).desc()))).all())
    query = (
        select(ExportPlan, Creditor.name)
        .join(Creditor, col(Creditor.id) == col(ExportPlan.creditor_id))
        .order_by(col(Creditor.name), col(ExportPlan.name))
    )
    rows = []
    for row, creditor in (await session.exec(query)).all():
        waiting, held, made, delivered = seen.get(row.id, (0, 0, None, None))
        rows.append(
            ExportPlanRow(
                id=row.id,
                name=row.name,
                creditor_id=row.creditor_id,
                creditor_name=creditor,
                layout=row.layout,
                codes=row.codes,
                place=row.place,
                target=row.target,
                public_key=public_keys.get(row.id),
                at=row.at,
                weekdays=row.weekdays,
                paused=row.paused_at is not None,
                next_run_at=row.next_run_at,
                sequence=row.sequence,
                waiting=waiting,
                held=held,
                last_made_at=made,
                last_delivered_at=delivered,
                last_failure=failures.get(row.id),
            )
        )
    return rows


async def plans(session: AsyncSession) -> Sequence[ExportPlan]:
    return (await session.exec(select(ExportPlan))).all()


async def untold(
    session: AsyncSession, *, creditor_id: UUID, after: int, limit: int = MOST_ROWS
) -> tuple[list[OutRow], int, bool]:
    """Rows of the facts after `after` in commit order, the number up to which they reach, and whether more wait."""
    # The head first: what stands up to it is committed, so that no gap can fill after it was read.
    head = await feed_pages.head(session)
    up_to = head.number if head else 0
    told = await feed_pages.facts_between(
        session, after=after, up_to=up_to, kinds=TELLS, creditor_id=creditor_id, limit=limit + 1
    )
    more = len(told) > limit
    reached = told[limit - 1].number if more else max(up_to, after)
    return await rows_of(session, told[:limit]), reached, more


async def rows_of(session: AsyncSession, told: Sequence[feed_pages.Told]) -> list[OutRow]:
    """Facts of `TELLS` as rows, in their order; one that is about no practice has none."""
    debtors = await debtors_of(session, {one.practice_id for one in told if one.practice_id is not None})
    receipts = await _receipts(session, {one.body["receipt"] for one in told if "receipt" in one.body})
    visits = {UUID(one.body["visit_id"]) for one in told if one.kind in OF_A_VISIT}
    arrivals = await _arrivals(session, told)
    agents = await _agents(session, visits | {paper.visit_id for paper in receipts.values() if paper.visit_id})
    entries = {one.number: _entry_of(one, receipts.get(one.body.get("receipt", ""))) for one in told}
    shares, dues = await _shares(session, {entry for entry in entries.values() if entry})
    rows = []
    for fact in told:
        if fact.practice_id is None:
            continue
        body = fact.body
        money = fact.kind == "payment.received" or fact.kind in TAKES_BACK
        paper = receipts.get(body.get("receipt", ""))
        visit_id = UUID(body["visit_id"]) if fact.kind in OF_A_VISIT else paper.visit_id if paper else None
        sign = -1 if fact.kind in TAKES_BACK else 1
        rows.append(
            OutRow(
                fact_number=fact.number,
                fact_id=fact.id,
                kind=fact.kind,
                # One that puts a visit right lies on the day and hour of the visit.
                at=arrivals.get(fact.id, fact.at),
                practice_id=fact.practice_id,
                practice_number=fact.practice_number or "",
                debtor=debtors.get(fact.practice_id, ""),
                agent=agents.get(visit_id, "") if visit_id else paper.agent if paper else "",
                outcome=body["outcome"] if fact.kind in WITH_AN_OUTCOME else "",
                instead_of=body.get("outcome_before", ""),
                amount_cents=sign * body["amount_cents"] if money else None,
                share=shares.get(entries[fact.number] or ""),
                dues_cents=dues.get(entries[fact.number] or ""),
                method=body.get("method", "") or (paper.method if paper else ""),
                receipt=body.get("receipt", ""),
                due_on=date.fromisoformat(body["due_on"]) if fact.kind == "promise.made" else None,
                promised_cents=body["amount_cents"] if fact.kind == "promise.made" else None,
            )
        )
    return rows


async def debtors_of(session: AsyncSession, practice_ids: Collection[UUID]) -> dict[UUID, str]:
    query = select(Obligor.practice_id, Obligor.name).where(
        col(Obligor.practice_id) == func.any(as_array(practice_ids, sqlalchemy.Uuid())), col(Obligor.role) == "debtor"
    )
    return dict((await session.exec(query.order_by(col(Obligor.position).desc()))).all())


async def _agents(session: AsyncSession, visit_ids: set[UUID]) -> dict[UUID | None, str]:
    query = (
        select(Visit.id, Person.agent_number)
        .join(Person, col(Person.id) == col(Visit.agent_id))
        .where(col(Visit.id) == func.any(as_array(visit_ids, sqlalchemy.Uuid())))
    )
    return {visit_id: number or "" for visit_id, number in (await session.exec(query)).all()}


async def _arrivals(session: AsyncSession, facts: Sequence[feed_pages.Told]) -> dict[UUID, datetime]:
    """When the visit was, by each fact that puts one right."""
    of_visits = {fact.id: UUID(fact.body["visit_id"]) for fact in facts if fact.kind == "visit.outcome_corrected"}
    if not of_visits:
        return {}
    query = select(Visit.id, Visit.arrived_at).where(col(Visit.id).in_(set(of_visits.values())))
    arrived = dict((await session.exec(query)).all())
    return {fact_id: arrived[visit_id] for fact_id, visit_id in of_visits.items()}


@dataclass(frozen=True, slots=True)
class _Paper:
    """A receipt with its payment, as far as a row says it."""

    receipt_id: UUID
    visit_id: UUID | None
    method: str
    entry_id: UUID | None
    agent: str
    """The number of whoever took the money, where there is a payment."""


def as_array(values: Iterable[Any], kind: Any) -> sqlalchemy.ColumnElement[Any]:
    """All values as one parameter."""
    return sqlalchemy.cast(sqlalchemy.bindparam(None, list(values), type_=ARRAY(kind)), ARRAY(kind))


async def _receipts(session: AsyncSession, names: set[str]) -> dict[str, _Paper]:
    """Each receipt by its name."""
    numbered = [(series, int(number)) for series, _, number in (name.rpartition("-") for name in names)]
    # Arrays: a statement takes 65,535 parameters, and a file may hold more receipts than half of that.
    wanted = sqlalchemy.select(
        func.unnest(as_array([series for series, _ in numbered], sqlalchemy.Text())),
        func.unnest(as_array([number for _, number in numbered], sqlalchemy.Integer())),
    )
    query = (
        select(Receipt, Payment.entry_id, Person.agent_number)
        .join(Payment, col(Payment.receipt_id) == col(Receipt.id), isouter=True)
        .join(Person, col(Person.id) == col(Payment.agent_id), isouter=True)
        .where(tuple_(col(Receipt.series), col(Receipt.number)).in_(wanted))
    )
    found = (await session.exec(query)).all() if numbered else []
    return {
        receipt_name(row.series, row.number): _Paper(row.id, row.visit_id, row.method, entry_id, agent or "")
        for row, entry_id, agent in found
    }


def _entry_of(fact: feed_pages.Told, paper: _Paper | None) -> str | None:
    """Id or idempotency key of the ledger entry that a fact tells of."""
    if fact.kind == "cheque.unpaid":
        return f"unpaid:{fact.body['payment_id']}"
    if fact.kind == "payment.refunded" and "refund_id" in fact.body:
        return f"refund:{fact.body['refund_id']}"
    if fact.kind == "receipt.voided" and paper:
        return f"void:{paper.receipt_id}"
    return str(paper.entry_id) if fact.kind == "payment.received" and paper else None


async def _shares(session: AsyncSession, entries: set[str]) -> tuple[dict[str, LineBalance], dict[str, int]]:
    """What each entry took off principal, interest and costs, in cents, negative where it gave back; and its dues."""
    ids = [UUID(one) for one in entries if ":" not in one]
    query = (
        select(Entry.id, Entry.idempotency_key, Account.kind, func.sum(Posting.amount_cents))
        .join(Posting, col(Posting.entry_id) == col(Entry.id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(
            or_(
                col(Entry.idempotency_key) == func.any(as_array(entries, sqlalchemy.Text())),
                col(Entry.id) == func.any(as_array(ids, sqlalchemy.Uuid())),
            ),
            col(Account.kind).in_([kind.value for kind in (*CLAIMS, AccountKind.CREDITOR_DUES)]),
        )
        .group_by(col(Entry.id), col(Entry.idempotency_key), col(Account.kind))
    )
    cents: dict[str, dict[AccountKind, int]] = defaultdict(dict)
    for entry_id, key, kind, total in (await session.exec(query)).all() if entries else []:
        cents[str(entry_id)][AccountKind(kind)] = cents[key][AccountKind(kind)] = -int(total)
    shares = {name: LineBalance(*(by.get(kind, 0) for kind in CLAIMS)) for name, by in cents.items()}
    return shares, {name: by.get(AccountKind.CREDITOR_DUES, 0) for name, by in cents.items()}


async def told_before(session: AsyncSession, plan_id: UUID) -> dict[ToldBefore, int]:
    """How often a plan's files said what under which code."""
    query = (
        select(ToldFact.said, ToldFact.code, func.count())
        .where(ToldFact.plan_id == plan_id)
        .group_by(col(ToldFact.said), col(ToldFact.code))
    )
    return {ToldBefore(said, code): count for said, code, count in (await session.exec(query)).all()}


async def file(session: AsyncSession, file_id: UUID, *, locked: bool = False) -> OutgoingFile:
    """Raises Refusal `export.file_unknown`."""
    query = select(OutgoingFile).where(OutgoingFile.id == file_id)
    row = (await session.exec(query.with_for_update() if locked else query)).first()
    if row is None:
        raise Refusal("export.file_unknown", kind=Kind.MISSING)
    return row


async def file_rows(session: AsyncSession, *, plan_id: UUID | None, limit: int) -> list[OutgoingFileRow]:
    """The newest first."""
    query = (
        select(OutgoingFile, ExportPlan.name, Creditor.name)
        .join(ExportPlan, col(ExportPlan.id) == col(OutgoingFile.plan_id))
        .join(Creditor, col(Creditor.id) == col(OutgoingFile.creditor_id))
        .order_by(col(OutgoingFile.made_at).desc(), col(OutgoingFile.sequence).desc())
        .limit(limit)
    )
    if plan_id is not None:
        query = query.where(OutgoingFile.plan_id == plan_id)
    return [
        OutgoingFileRow(
            id=row.id,
            plan_id=row.plan_id,
            plan_name=name,
            creditor_name=creditor,
            sequence=row.sequence,
            name=row.name,
            sha256=row.sha256,
            size_bytes=row.size_bytes,
            rows=row.rows,
            total_cents=row.total_cents,
            made_at=row.made_at,
            state=row.state,
            attempts=row.attempts,
            next_at=row.next_at,
            delivered_at=row.delivered_at,
            last_failure=row.last_failure,
        )
        for row, name, creditor in (await session.exec(query)).all()
    ]


async def next_open(session: AsyncSession, plan_id: UUID, *, now: datetime) -> OutgoingFile | None:
    """The oldest file that has not arrived, if it may be tried now: a later one never goes before it.

    Before it one that arrived and is sent once more: that one holds nobody up.
    """
    query = (
        select(OutgoingFile)
        .where(OutgoingFile.plan_id == plan_id, col(OutgoingFile.state).in_(["waiting", "held"]))
        .order_by(col(OutgoingFile.delivered_at).is_(None), col(OutgoingFile.sequence))
        .with_for_update()
    )
    open_files = (await session.exec(query)).all()
    again = [row for row in open_files if row.delivered_at is not None]
    first = [row for row in open_files if row.delivered_at is None][:1]
    return next((row for row in (*again, *first) if _may_be_tried(row, now)), None)


def _may_be_tried(row: OutgoingFile, now: datetime) -> bool:
    claimed = row.claimed_until is not None and row.claimed_until > now
    return row.state == "waiting" and row.next_at <= now and not claimed


async def has_work(session: AsyncSession, plan_id: UUID, *, now: datetime) -> bool:
    """Whether the plan's hour has come or a file may be tried."""
    query = select(func.count()).where(
        col(ExportPlan.id) == plan_id,
        or_(
            col(ExportPlan.next_run_at) <= now,
            select(OutgoingFile.id)
            .where(
                col(ExportPlan.place) != "desk",
                col(OutgoingFile.plan_id) == plan_id,
                col(OutgoingFile.state) == "waiting",
                col(OutgoingFile.next_at) <= now,
            )
            .exists(),
        ),
    )
    return (await session.exec(query)).one() > 0


async def made_last(session: AsyncSession, plan_id: UUID) -> datetime | None:
    """When the plan's newest file was made."""
    return (await session.exec(select(func.max(OutgoingFile.made_at)).where(OutgoingFile.plan_id == plan_id))).one()


async def first_try(session: AsyncSession, row: OutgoingFile) -> datetime:
    """When the tries began that `row.tries` counts: since it was made, or since somebody wanted it sent once more."""
    if row.asked_by is None:
        return row.made_at
    query = select(func.min(HandOver.began_at)).where(
        HandOver.file_id == row.id, col(HandOver.number) > row.attempts - row.tries
    )
    return (await session.exec(query)).one() or row.made_at


async def open_hand_overs(session: AsyncSession, file_id: UUID) -> Sequence[HandOver]:
    """Tries that nobody has written the end of: of a worker that is at it, or that died."""
    query = select(HandOver).where(HandOver.file_id == file_id, col(HandOver.ended_at).is_(None))
    return (await session.exec(query.order_by(col(HandOver.number)))).all()


FACTS_AT_ONCE = 200
"""Facts of a practice that a page of tellings goes through."""

_TOLD = text(
    """
    select fact.kind, fact.at, 'file', creditor.name, outgoing_file.name, told_fact.code, outgoing_file.delivered_at,
      case when outgoing_file.delivered_at is not null then 'delivered' else outgoing_file.state end,
      outgoing_file.attempts, fact.number
    from fact join told_fact on told_fact.fact_number = fact.number
      join outgoing_file on outgoing_file.id = told_fact.file_id
      join creditor on creditor.id = outgoing_file.creditor_id
    where fact.practice_id = :practice and fact.number between :since and :until
    union all
    select fact.kind, fact.at, 'webhook', webhook.name, substring(webhook.url from '://([^/?#]+)'), fact.kind,
      case when webhook_delivery.state = 'delivered' then webhook_delivery.last_at end,
      webhook_delivery.state, webhook_delivery.attempts, fact.number
    from fact join webhook_delivery on webhook_delivery.fact_number = fact.number
      join webhook on webhook.id = webhook_delivery.webhook_id
    where fact.practice_id = :practice and fact.number between :since and :until
    union all
    select fact.kind, fact.at, 'hand', creditor.name, export_by_hand.name, told_by_hand.code, export_by_hand.made_at,
      'delivered', 1, fact.number
    from fact join told_by_hand on told_by_hand.fact_number = fact.number
      join export_by_hand on export_by_hand.id = told_by_hand.export_id
      join creditor on creditor.id = export_by_hand.creditor_id
    where fact.practice_id = :practice and fact.number between :since and :until
    order by 10 desc, 3
    """
)


_READ = text(
    """
    select fact.kind, fact.at, service_account.name, service_account.scopes, fact.number
    from fact join service_account on fact.number > service_account.fed_after
        and fact.number <= service_account.fed_up_to
      join practice on practice.id = fact.practice_id
    where fact.practice_id = :practice and fact.number between :since and :until
      and (service_account.creditor_id is null or service_account.creditor_id = practice.creditor_id)
    order by fact.number desc, service_account.name
    """
)
"""What lies in the stretch of the feed that an account was given without a gap."""


async def told_of(session: AsyncSession, practice_id: UUID, *, before: int | None) -> ToldPage:
    """Every telling of the practice's newest facts, of those before the fact `before` where it is given, the newest
    fact first; of the feed those that were given to read."""
    window = select(Fact.number).where(Fact.practice_id == practice_id)
    if before is not None:
        window = window.where(Fact.number < before)
    numbers = (await session.exec(window.order_by(col(Fact.number).desc()).limit(FACTS_AT_ONCE))).all()
    if not numbers:
        return ToldPage([], None)
    looked_at = {"practice": practice_id, "since": numbers[-1], "until": numbers[0]}
    told = (await session.execute(_TOLD, looked_at)).all()
    rows = [(row[9], ToldRow(*row[:9])) for row in told]
    for kind, at, name, scopes, number in await session.execute(_READ, looked_at):
        if kind in kinds_of(frozenset(map(FactScope, scopes))):
            rows.append((number, ToldRow(kind, at, "feed", name, "", kind, None, "given", 1)))
    newest_first = [row for _, row in sorted(rows, key=lambda one: -one[0])]
    return ToldPage(newest_first, numbers[-1] if len(numbers) == FACTS_AT_ONCE else None)


CLAIM = timedelta(minutes=15)
"""So long one try may take; a worker that died over it is not waited for any longer."""
