"""What other systems tell us: one transaction a request, under an idempotency key, with a verdict for each item.

A request that is refused as a whole leaves its key unused. An item that is refused costs only itself: everything else
of the request stands, and one answer goes with it, kept in the same transaction as what it answers for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.access import ServiceIdentity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import WriteScope
from fieldapp.domain.idempotency import KEPT, read_key, request_digest
from fieldapp.domain.inbound import MOST_ITEMS, Verdict
from fieldapp.domain.intake_cells import key_of
from fieldapp.domain.said import say
from fieldapp.services.work import Parts
from fieldapp.store import idempotency, intake, tasks
from fieldapp.store import inbound as store
from fieldapp.store.access import agencies
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.inbound import Practice
from fieldapp.store.shapes.inbound import BalanceItem, ContactItem, InboundAnswer, ItemVerdict, PaymentItem, RecallItem

Item = TypeVar("Item", BalanceItem, RecallItem, PaymentItem, ContactItem)


@dataclass(frozen=True, slots=True)
class Told:
    """A request of another system: its transaction, who speaks, about whose practices, and when."""

    parts: Parts
    session: AsyncSession
    account: ServiceIdentity
    creditor_id: UUID
    now: datetime
    person_id: UUID | None = None
    """Who at the desk says it in the system's place."""

    @property
    def today(self) -> date:
        return self.now.astimezone(self.parts.zone).date()

    def new_id(self) -> UUID:
        return self.parts.new_id()

    def tell(self, kind: str, at: datetime, practice_id: UUID, **body: Any) -> None:
        """A fact about a practice, with the name of the system as its source."""
        body["source"] = self.account.name
        tell(self.session, NewFact(kind, at, practice_id=practice_id, creditor_id=self.creditor_id, body=body))

    def audited(self, **details: Any) -> dict[str, Any]:
        """Details of an entry in the register: which system it was beside what it said."""
        return {"account": self.account.name, "account_id": str(self.account.account_id), **details}

    async def ask(self, kind: str, subject: tuple[str, str], practice_id: UUID, **details: Any) -> None:
        """A task about the practice, due today."""
        await tasks.add(
            self.session,
            kind,
            subject=subject,
            due_on=self.today,
            details=details,
            now=self.now,
            new_id=self.new_id,
            practice_id=practice_id,
        )


@dataclass(frozen=True, slots=True)
class Given(Generic[Item]):
    """A readable item about a practice of the creditor, and its place in the request."""

    index: int
    item: Item
    practice: Practice


Verdicts = dict[int, ItemVerdict]
"""By the place of the item."""
Take = Callable[[Told, Sequence[Given[Item]]], Awaitable[Verdicts]]
"""Judges and writes items about different practices, at most one a practice."""


@dataclass(frozen=True, slots=True)
class Reception(Generic[Item]):
    """One kind of thing that may be told: by which operation, under which scope, in which shape."""

    operation: str
    scope: WriteScope
    shape: type[Item]
    take: Take[Item]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer's bytes (an `InboundAnswer`), and whether they were given before."""

    content: bytes
    again: bool


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Any]
    creditor_id: UUID | None = None


def accepted(given: Given[Item], **details: Any) -> ItemVerdict:
    return ItemVerdict(given.index, Verdict.ACCEPTED.value, practice_id=given.practice.id, details=details)


def known(given: Given[Item]) -> ItemVerdict:
    return ItemVerdict(given.index, Verdict.KNOWN.value, practice_id=given.practice.id)


def held(given: Given[Item], code: str, **details: Any) -> ItemVerdict:
    return ItemVerdict(given.index, Verdict.HELD.value, practice_id=given.practice.id, code=code, details=details)


def refused(index: int, refusal: Refusal) -> ItemVerdict:
    return ItemVerdict(index, Verdict.REFUSED.value, code=refusal.code, details=refusal.details)


async def receive(
    parts: Parts,
    account: ServiceIdentity,
    reception: Reception[Item],
    body: bytes,
    *,
    key: str | None,
    language: str = "it",
) -> Answered:
    """Take what another system tells. The same key with the same body is answered the same bytes again.

    Raises Refusal `inbound.scope_missing` (details: scope), `idempotency.key_missing`, `.key_unreadable`, `.key_reused`
    (another body), `.in_progress` (the first one still runs), `inbound.malformed`, `.too_many_items` (details: most),
    `.creditor_needed`, `.not_your_creditor`, `.creditor_busy`, `creditor.unknown`.
    """
    if reception.scope not in account.writes:
        raise Refusal("inbound.scope_missing", kind=Kind.FORBIDDEN, details={"scope": reception.scope.value})
    name, digest = read_key(key), request_digest(reception.operation, body)
    async with parts.database.transaction(Scope(account.agency_id, "service")) as session:
        now = parts.clock.now()
        if not await idempotency.hold(session, account.account_id, name):
            raise Refusal("idempotency.in_progress", kind=Kind.CONFLICT)
        before = await idempotency.find(session, account.account_id, name, now=now)
        if before is not None:
            if before.digest != digest:
                raise Refusal("idempotency.key_reused", kind=Kind.MALFORMED)
            return Answered(before.answer.encode(), again=True)
        batch = _read(body)
        told = Told(parts, session, account, await _creditor(session, account, batch.creditor_id), now)
        await store.lock_creditor(session, told.creditor_id)
        answer = msgspec.json.encode(await _answer(told, reception, batch.items, language))
        kept = idempotency.InboundRequest(
            id=parts.new_id(),
            agency_id=account.agency_id,
            service_account_id=account.account_id,
            key=name,
            operation=reception.operation,
            digest=digest,
            answer=answer.decode(),
            at=now,
            expires_at=now + KEPT,
        )
        session.add(kept)
        audit(
            session,
            "inbound.received",
            "inbound_request",
            kept.id,
            **told.audited(operation=reception.operation, items=len(batch.items), digest=digest),
        )
    return Answered(answer, again=False)


def _read(body: bytes) -> _Batch:
    try:
        batch = msgspec.json.decode(body, type=_Batch)
    except msgspec.DecodeError as broken:
        raise Refusal("inbound.malformed", kind=Kind.MALFORMED, details={"where": str(broken)[:200]}) from None
    if not 1 <= len(batch.items) <= MOST_ITEMS:
        raise Refusal("inbound.too_many_items", kind=Kind.MALFORMED, details={"most": MOST_ITEMS})
    return batch


async def _creditor(session: AsyncSession, account: ServiceIdentity, named: UUID | None) -> UUID:
    if account.creditor_id is not None:
        if named not in (None, account.creditor_id):
            raise Refusal("inbound.not_your_creditor", kind=Kind.FORBIDDEN)
        return account.creditor_id
    if named is None:
        raise Refusal("inbound.creditor_needed", kind=Kind.MALFORMED)
    return (await intake.creditor(session, named)).id


async def _answer(told: Told, reception: Reception[Item], items: Sequence[Any], language: str) -> InboundAnswer:
    verdicts: Verdicts = {}
    readable: dict[int, Item] = {}
    for index, raw in enumerate(items):
        try:
            readable[index] = msgspec.convert(raw, reception.shape)
        except msgspec.ValidationError as broken:
            where = {"where": str(broken)[:200]}
            verdicts[index] = refused(index, Refusal("inbound.item_malformed", details=where))
    # Compared as the import does: without blanks or invisible signs around.
    numbers = {index: key_of(item.practice_number) for index, item in readable.items()}
    practices = await store.practices(told.session, told.creditor_id, set(numbers.values()))
    given = []
    for index, item in readable.items():
        practice = practices.get(numbers[index])
        if practice is None:
            verdicts[index] = refused(index, Refusal("inbound.practice_unknown"))
        else:
            given.append(Given(index, item, practice))
    for turn in _turns(given):
        verdicts |= await reception.take(told, turn)
    counts = Counter(verdict.verdict for verdict in verdicts.values())
    return InboundAnswer(
        accepted=counts["accepted"],
        known=counts["known"],
        held=counts["held"],
        refused=counts["refused"],
        verdicts=[_said(verdicts[index], told.parts.words, language) for index in range(len(items))],
    )


def _turns(given: Sequence[Given[Item]]) -> Iterator[list[Given[Item]]]:
    """The items in turns, each practice once in a turn: what is said of one practice is taken in its order."""
    turns: list[list[Given[Item]]] = []
    seen: dict[UUID, int] = defaultdict(int)
    for one in given:
        turn = seen[one.practice.id]
        seen[one.practice.id] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(one)
    yield from turns


def _said(verdict: ItemVerdict, words: Mapping[str, Mapping[str, str]], language: str) -> ItemVerdict:
    if verdict.code is None:
        return verdict
    return msgspec.structs.replace(verdict, detail=say(words, verdict.code, verdict.details, language))


async def clear_all(parts: Parts) -> int:
    """Forget the keys whose time is over, in a transaction of each agency; how many."""
    async with parts.database.transaction(Scope(None, GATE)) as session:
        ids = await agencies(session)
    cleared = 0
    for agency_id in ids:
        async with parts.database.transaction(Scope(agency_id, "worker")) as session:
            cleared += await idempotency.clear(session, before=parts.clock.now())
    return cleared
