"""Links by which debtors pay on a provider's page: asked for at a door or at a desk, booked when the provider tells.

A link is no receipt and no payment. It is kept before the provider is asked, under the id by which the provider knows a
repeat, and no transaction is open while it is asked. What the provider tells may come twice, late and in any order.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from fieldapp.domain.access import Identity, Role
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.payment_links import KEPT_OPEN, LinkEvent, LinkNews, LinkOrder, LinkState, after
from fieldapp.domain.payments import Standing, payment_method
from fieldapp.services import receipts
from fieldapp.services.work import Parts, PaymentLinks, Work, working
from fieldapp.store import access as access_store
from fieldapp.store import cash, ledger, practices, tasks
from fieldapp.store import field as field_store
from fieldapp.store import payment_links as store
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import audit
from fieldapp.store.shapes.cash import PaymentLinkCard
from fieldapp.store.tables.field import PaymentLink

log = logging.getLogger("fieldapp.payment_links")


async def ask(
    parts: Parts, identity: Identity, *, practice_id: UUID, visit_id: UUID, amount_cents: int
) -> PaymentLinkCard:
    """A link for what the debtor at the agent's door means to pay; asking again answers the same while it holds.

    Raises Refusal `payment_link.off`, `practice.unknown` (not of the agent's day), `payment_link.more_than_owed`
    (details: owed_cents), `payment_link.provider_away`, `payment_link.provider_failed`.
    """
    async with working(parts, identity) as work:
        if not await field_store.is_of_day(work.session, practice_id, agent_id=identity.person_id, day=work.today):
            raise Refusal("practice.unknown", kind=Kind.MISSING)
        order = await _kept(work, practice_id=practice_id, visit_id=visit_id, amount_cents=amount_cents)
    return await _made(parts, identity, order)


async def make_for(parts: Parts, identity: Identity, promise_id: UUID) -> PaymentLinkCard:
    """The link for an announced payment, for the office to send. Raises as `ask` does, and `transfer.unknown`,
    `transfer.settled`."""
    async with working(parts, identity) as work:
        promise = await cash.promise(work.session, promise_id)
        if promise.kind != "payment_link":
            raise Refusal("transfer.unknown", kind=Kind.MISSING)
        if promise.state != "open":
            raise Refusal("transfer.settled", kind=Kind.CONFLICT)
        order = await _kept(
            work, practice_id=promise.practice_id, visit_id=promise.visit_id, amount_cents=promise.amount_cents
        )
    return await _made(parts, identity, order)


def _provider(parts: Parts) -> PaymentLinks:
    if parts.payment_links is None:
        raise Refusal("payment_link.off", kind=Kind.CONFLICT)
    return parts.payment_links


async def _kept(work: Work, *, practice_id: UUID, visit_id: UUID, amount_cents: int) -> LinkOrder:
    """The order, written down before anybody is asked."""
    provider = _provider(work.parts)
    number = await store.practice_number(work.session, practice_id)
    row = await store.live(work.session, visit_id=visit_id, amount_cents=amount_cents, now=work.now)
    if row is None:
        owed_cents = (await ledger.owed_cents(work.session, [practice_id])).get(practice_id, 0)
        if amount_cents > owed_cents:
            raise Refusal("payment_link.more_than_owed", details={"owed_cents": owed_cents})
        wanted = PaymentLink(
            id=work.new_id(),
            agency_id=work.agency_id,
            practice_id=practice_id,
            visit_id=visit_id,
            asked_by=work.identity.person_id,
            amount_cents=amount_cents,
            provider=provider.name,
            asked_at=work.now,
            expires_at=work.now + KEPT_OPEN,
        )
        row = await store.keep(work.session, wanted)
    if row.practice_id != practice_id:
        raise Refusal("practice.unknown", kind=Kind.MISSING)
    return LinkOrder(row.id, f"Pratica {number}", amount_cents, row.expires_at, f"{work.parts.public_url}/v/")


async def _made(parts: Parts, identity: Identity, order: LinkOrder) -> PaymentLinkCard:
    async with working(parts, identity) as work:
        row = await store.link(work.session, order.link_id)
        if row.url is not None:
            return card(row)
    made = await _provider(parts).create(order)
    async with working(parts, identity) as work:
        row = await store.link(work.session, order.link_id)
        row.provider_id, row.url, row.expires_at = made.provider_id, made.url, made.expires_at
        # The debtor may have paid before we came back here.
        row.state = LinkState.OPEN.value if row.state == LinkState.ASKED.value else row.state
        await work.session.flush()
        audit(work.session, "payment_link.made", "payment_link", row.id, amount_cents=row.amount_cents)
        return card(row)


def card(row: PaymentLink) -> PaymentLinkCard:
    return PaymentLinkCard(row.url or "", row.state, row.expires_at)


# --- news ------------------------------------------------------------------------------------------------------


async def take_event(parts: Parts, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """What the provider tells; False where it has to tell it again later, because the visit has not arrived yet.

    News about links that are not ours are taken and left alone: an account may serve other shops too. Raises Refusal
    `payment_link.off`, `.signature_invalid`, `.event_malformed`.
    """
    event = _provider(parts).read(headers, body, now=now)
    if event is None:
        return True
    async with parts.database.transaction(Scope(None, GATE)) as session:
        found = await store.agency_of_event(session, event)
    if found is None:
        log.info("news of a payment link that is not ours: %s", event.news.value)
        return True
    agency_id, link_id = found
    async with parts.database.transaction(Scope(agency_id, Role.BACK_OFFICE.value)) as session:
        asked_by = (await store.link(session, link_id)).asked_by
        agency = await access_store.agency_of_session(session)
    identity = Identity(agency_id, asked_by, Role.BACK_OFFICE, agency.legal_name)
    async with working(parts, identity) as work:
        row = await store.link(work.session, link_id)
        return await _took(work, row, event)


async def _took(work: Work, row: PaymentLink, event: LinkEvent) -> bool:
    if event.payment_ref:
        row.payment_ref = event.payment_ref
    before, row.state = LinkState(row.state), after(LinkState(row.state), event.news).value
    await work.session.flush()
    if row.state != before.value:
        audit(work.session, f"payment_link.{row.state}", "payment_link", row.id, event=event.event_id)
    if event.news is LinkNews.PAID:
        return await _paid(work, row, event)
    if event.news in (LinkNews.REFUNDED, LinkNews.DISPUTE_LOST):
        return await _given_back(work, row, event)
    if event.news in (LinkNews.DISPUTED, LinkNews.DISPUTE_WON):
        disputed = event.news is LinkNews.DISPUTED
        if disputed and not row.disputed:
            await _task(work, row, event)
        row.disputed = disputed
        await work.session.flush()
    return True


async def _paid(work: Work, row: PaymentLink, event: LinkEvent) -> bool:
    """Post it once, with the office's receipt; the amount is the provider's word."""
    if not await store.visit_arrived(work.session, row.visit_id):
        return False
    await practices.hold(work.session, [row.practice_id])
    promise = await store.promise_of(work.session, row)
    open_still = promise is not None and promise.state == "open"
    # An announcement that is open again after its receipt was voided has an entry and no money.
    if await store.receipt_posted(work.session, _keys(row, promise.id if promise and not open_still else None)):
        return True
    key = f"link:{row.id}"
    if promise is not None and open_still and not await cash.times_posted(work.session, receipts.key_of(promise.id)):
        key = receipts.key_of(promise.id)
    method = payment_method("link_paid")
    assert method.debits is not None
    await receipts.receive(
        work,
        practice_id=row.practice_id,
        visit_id=row.visit_id,
        key=key,
        at=work.now,
        method=method,
        answers={"seen_on": work.today.isoformat(), "reference": _reference(row)},
        amount_cents=event.amount_cents,
        held_in=method.debits,
        standing=Standing.RECEIVED,
        more={"into": "agency"},
    )
    if promise is not None and open_still:
        promise.state, promise.reference = "kept", _reference(row)
        await work.session.flush()
    return True


def _reference(row: PaymentLink) -> str:
    return (row.payment_ref or row.provider_id or str(row.id))[:80]


def _keys(row: PaymentLink, promise_id: UUID | None) -> list[str]:
    return [f"link:{row.id}"] + ([receipts.key_of(promise_id)] if promise_id else [])


async def _given_back(work: Work, row: PaymentLink, event: LinkEvent) -> bool:
    """The provider has given money back, or lost a dispute: the claim is owed again, out of the next payout."""
    promise = await store.promise_of(work.session, row)
    receipt = await store.receipt_posted(work.session, _keys(row, promise.id if promise else None))
    if receipt is None:
        return False
    lost = event.news is LinkNews.DISPUTE_LOST
    new_cents = event.amount_cents if lost else event.amount_cents - row.refunded_cents
    refund_id = uuid5(row.id, f"{event.news.value}:{event.amount_cents}")
    if new_cents <= 0 or await cash.was_posted(work.session, f"refund:{refund_id}"):
        return True
    try:
        await receipts.refund(
            work,
            receipt.id,
            refund_id=refund_id,
            amount_cents=new_cents,
            reason=f"{row.provider}: {event.news.value}",
            out_of="bank",
        )
    except Refusal as refusal:
        # Somebody has booked it by hand, or more came back than came in: a person has to look.
        log.warning("what the provider gave back was not booked: %s", refusal.code)
    await _task(work, row, event)
    row.refunded_cents = row.refunded_cents if lost else event.amount_cents
    await work.session.flush()
    return True


async def _task(work: Work, row: PaymentLink, event: LinkEvent) -> None:
    await tasks.add(
        work.session,
        f"payment_link.{event.news.value}",
        subject=("payment_link", f"{row.id}:{event.amount_cents}"),
        practice_id=row.practice_id,
        due_on=work.today,
        details={"amount_cents": event.amount_cents, "reference": _reference(row)},
        now=work.now,
        new_id=work.new_id,
    )
