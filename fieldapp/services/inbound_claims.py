"""What a creditor's system says about his claims: balances as of a date, and practices that he takes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col

from fieldapp.domain.access import ServiceIdentity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import WriteScope
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.inbound import check_day
from fieldapp.domain.ledger import LineBalance, NewEntry
from fieldapp.domain.statements import Adjustment, adjust, cut_of
from fieldapp.services import inbound, recalls
from fieldapp.services.inbound import Answered, Given, Reception, Told, Verdicts, accepted, held, known, refused
from fieldapp.services.levelling import level
from fieldapp.services.work import Parts
from fieldapp.store import inbound as store
from fieldapp.store import ledger, statements
from fieldapp.store.cards import by_practice
from fieldapp.store.feed import audit
from fieldapp.store.inbound import DebtLine, Placement, Statement
from fieldapp.store.shapes.inbound import BalanceItem, BalanceLine, ItemVerdict, RecallItem


async def take_balances(told: Told, given: Sequence[Given[BalanceItem]]) -> Verdicts:
    """Statements as of a day, by the rules of a file's: the claim at that day becomes what is stated.

    An item is refused by `inbound.day_*`, `.total_differs`, `.statement_older`, `.line_twice`, `.line_ambiguous`. What
    contradicts our books or another system becomes a task; more than is owed of a closed practice is held for a person.
    """
    ids = [one.practice.id for one in given]
    lines = await by_practice(told.session, DebtLine, ids, order=col(DebtLine.position))
    last = await statements.last_statements(told.session, ids)
    owed = await ledger.owed(told.session, ids)
    placements = await store.placements(told.session, {one.practice.placement_id for one in given})
    verdicts: Verdicts = {}
    standing: list[tuple[Given[BalanceItem], dict[UUID, LineBalance]]] = []
    for one in given:
        before = last.get(one.practice.id)
        try:
            _check(one, today=told.today)
            if before is not None and before.row.digest == _digest(one.item):
                verdicts[one.index] = known(one)
                continue
            ours_cents = ledger.totals(owed[one.practice.id])
            if one.practice.state == "closed" and one.item.total_cents > ours_cents:
                verdicts[one.index] = await _of_closed(told, one, ours_cents)
                continue
            matched = _matched(one.item.lines, lines[one.practice.id])
        except Refusal as refusal:
            verdicts[one.index] = refused(one.index, refusal)
            continue
        placement = placements[one.practice.placement_id]
        standing.append((one, await _stated(told, one, matched, lines[one.practice.id], placement)))
    await told.session.flush()
    verdicts |= await _state(told, standing, last)
    return verdicts


async def _of_closed(told: Told, one: Given[BalanceItem], ours_cents: int) -> ItemVerdict:
    """More than is owed of a practice on which nothing is asked for any more: a settlement would come undone by it."""
    as_of, total_cents = one.item.as_of.isoformat(), one.item.total_cents
    await told.ask(
        "balance.closed",
        ("practice", f"{one.practice.id} {_digest(one.item)}"),
        one.practice.id,
        as_of=as_of,
        stated_cents=total_cents,
        ours_cents=ours_cents,
        source=told.account.name,
    )
    audited = told.audited(as_of=as_of, total_cents=total_cents)
    audit(told.session, "inbound.balance_held", "practice", one.practice.id, **audited)
    return held(one, "inbound.practice_closed")


def _check(given: Given[BalanceItem], *, today: date) -> None:
    item = given.item
    check_day(item.as_of, today=today)
    total = sum(line.principal_cents + line.interest_cents + line.costs_cents for line in item.lines)
    if total != item.total_cents:
        raise Refusal("inbound.total_differs", details={"total_cents": item.total_cents, "lines_cents": total})
    if item.as_of < given.practice.as_of:
        raise Refusal(
            "inbound.statement_older", kind=Kind.CONFLICT, details={"newest": given.practice.as_of.isoformat()}
        )


def _digest(item: BalanceItem) -> str:
    """Over what is said, however it is spelt."""
    lines = sorted([line.title, line.due_on.isoformat() if line.due_on else "", *_parts(line)] for line in item.lines)
    return sha256(canonical_json({"as_of": item.as_of.isoformat(), "lines": lines}))


def _parts(line: BalanceLine) -> tuple[int, int, int]:
    return line.principal_cents, line.interest_cents, line.costs_cents


def _matched(stated: Sequence[BalanceLine], have: Sequence[DebtLine]) -> list[tuple[BalanceLine, UUID | None]]:
    """Each stated line with the debt that it speaks of; None for one that we do not know yet."""
    matched: list[tuple[BalanceLine, UUID | None]] = []
    taken: set[object] = set()
    for line in stated:
        title = line.title.strip()
        found = [row for row in have if row.title == title and line.due_on in (None, row.due_on)]
        if len(found) > 1:
            raise Refusal("inbound.line_ambiguous", details={"title": title})
        name: object = found[0].id if found else (title, line.due_on)
        if name in taken:
            raise Refusal("inbound.line_twice", details={"title": title})
        taken.add(name)
        matched.append((line, found[0].id if found else None))
    return matched


async def _stated(
    told: Told,
    given: Given[BalanceItem],
    matched: Sequence[tuple[BalanceLine, UUID | None]],
    have: Sequence[DebtLine],
    placement: Placement,
) -> dict[UUID, LineBalance]:
    """What is stated by debt line; a title that is not known yet becomes a new line, as a file's does."""
    stated: dict[UUID, LineBalance] = {}
    position = max((row.position for row in have), default=-1)
    for line, line_id in matched:
        if line_id is None:
            position += 1
            row = DebtLine(
                id=told.new_id(),
                agency_id=told.account.agency_id,
                practice_id=given.practice.id,
                position=position,
                title=line.title.strip(),
                kind=have[0].kind if have else "",
                due_on=line.due_on or placement.starts_on,
                principal_cents=line.principal_cents,
                interest_cents=line.interest_cents,
                costs_cents=line.costs_cents,
            )
            told.session.add(row)
            line_id = row.id
        stated[line_id] = LineBalance(*_parts(line))
    return stated


async def _state(
    told: Told,
    standing: Sequence[tuple[Given[BalanceItem], dict[UUID, LineBalance]]],
    last: Mapping[UUID, statements.LastStatement],
) -> Verdicts:
    cuts = {one.index: cut_of(one.item.as_of, now=told.now, zone=told.parts.zone) for one, _ in standing}
    by_cut: dict[datetime, list[UUID]] = defaultdict(list)
    for one, _ in standing:
        by_cut[cuts[one.index]].append(one.practice.id)
    books = await statements.books_at(told.session, by_cut)
    verdicts: Verdicts = {}
    entries: list[NewEntry] = []
    for one, stated in standing:
        row = Statement(
            id=told.new_id(),
            agency_id=told.account.agency_id,
            practice_id=one.practice.id,
            service_account_id=told.account.account_id,
            as_of=one.item.as_of,
            total_cents=one.item.total_cents,
            digest=_digest(one.item),
        )
        present, payments = books[one.practice.id]
        adjustment = adjust(
            cut=cuts[one.index],
            creditor_id=told.creditor_id,
            practice_id=one.practice.id,
            idempotency_key=f"statement:{row.id}",
            stated=stated,
            present=present,
            payments=payments,
            memo=told.account.name,
        )
        if adjustment.entry is not None:
            entries.append(adjustment.entry)
        told.session.add(row)
        one.practice.as_of, one.practice.stated_at = one.item.as_of, told.now
        await _conflicts(told, one, row, adjustment, last.get(one.practice.id))
        _tell_stated(told, one, adjustment)
        verdicts[one.index] = accepted(one, by_cents=adjustment.untold_cents)
    await told.session.flush()
    await ledger.post(told.session, entries, now=told.now, new_id=told.new_id)
    about = [one.practice.id for one, _ in standing]
    await level(told.parts, told.session, about, creditor_id=told.creditor_id, now=told.now)
    return verdicts


async def _conflicts(
    told: Told,
    one: Given[BalanceItem],
    row: Statement,
    adjustment: Adjustment,
    before: statements.LastStatement | None,
) -> None:
    """Receipts that he was not told of, and another source that says otherwise of the same day: both stand."""
    if adjustment.untold:
        details = statements.difference(adjustment, stated_cents=row.total_cents, as_of=row.as_of)
        await told.ask("balance.differs", ("statement", str(row.id)), one.practice.id, **details)
    against = statements.contradiction(
        before,
        source=told.account.name,
        account_id=told.account.account_id,
        total_cents=row.total_cents,
        as_of=row.as_of,
    )
    if against:
        await told.ask("balance.contradicted", ("statement", f"{row.id} contradicts"), one.practice.id, **against)


def _tell_stated(told: Told, one: Given[BalanceItem], adjustment: Adjustment) -> None:
    body: dict[str, Any] = {
        "as_of": one.item.as_of.isoformat(),
        "total_cents": one.item.total_cents,
        "untold_cents": adjustment.untold_cents,
    }
    told.tell("balance.stated", told.now, one.practice.id, **body)
    audit(told.session, "inbound.balance", "practice", one.practice.id, **told.audited(**body))


async def take_recalls(told: Told, given: Sequence[Given[RecallItem]]) -> Verdicts:
    """Practices closed for visits, not for accounting. What agents hold of them and visits that are still planned
    become tasks; a report that comes from the door is taken all the same, and flagged."""
    verdicts: Verdicts = {one.index: known(one) for one in given if one.practice.state == "recalled"}
    fresh = [one for one in given if one.index not in verdicts]
    for one in fresh:
        one.practice.state = "recalled"
        reason = one.item.reason.strip()
        told.tell("practice.recalled", told.now, one.practice.id, reason=reason)
        audit(told.session, "inbound.recall", "practice", one.practice.id, **told.audited(reason=reason))
    await told.session.flush()
    details = await recalls.left_open(
        told.session, [one.practice.id for one in fresh], now=told.now, zone=told.parts.zone, new_id=told.new_id
    )
    verdicts |= {one.index: accepted(one, **details[one.practice.id]) for one in fresh}
    return verdicts


_BALANCES = Reception("write_balances", WriteScope.BALANCES, BalanceItem, take_balances)
_RECALLS = Reception("write_recalls", WriteScope.RECALLS, RecallItem, take_recalls)


async def receive_balances(
    parts: Parts, account: ServiceIdentity, body: bytes, *, key: str | None, language: str
) -> Answered:
    """Take balances that another system tells. Raises as `inbound.receive`."""
    return await inbound.receive(parts, account, _BALANCES, body, key=key, language=language)


async def receive_recalls(
    parts: Parts, account: ServiceIdentity, body: bytes, *, key: str | None, language: str
) -> Answered:
    """Take recalls that another system tells. Raises as `inbound.receive`."""
    return await inbound.receive(parts, account, _RECALLS, body, key=key, language=language)
