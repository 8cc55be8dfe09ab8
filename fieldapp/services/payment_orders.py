"""What a creditor agreed on the order in which money settles a debt (arts. 1193-1194 c.c.)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fieldapp.domain import reasons
from fieldapp.domain.allocation import order_named
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services.work import Work
from fieldapp.store import payment_orders as store
from fieldapp.store.feed import audit
from fieldapp.store.payment_orders import Creditor, PaymentOrder
from fieldapp.store.shapes.agreements import PaymentOrders


async def read(work: Work, creditor_id: UUID) -> PaymentOrders:
    """What holds now and how it came to be. Raises Refusal `creditor.unknown`."""
    return await _shown(work, await store.creditor(work.session, creditor_id))


async def set_order(
    work: Work, creditor_id: UUID, *, parts: Sequence[str], debtor_chooses: bool, reference: str
) -> PaymentOrders:
    """Set it from now on: what was taken before stays where it was laid. What holds already is not written again.

    `reference`: where it was agreed; without an agreement the law's order holds. Raises Refusal `creditor.unknown`,
    `payment.allocation_order_incomplete`, `payment_order.reference_short` (details: least).
    """
    order = order_named(parts)
    if reasons.says_too_little(reference):
        raise Refusal("payment_order.reference_short", kind=Kind.MALFORMED, details={"least": reasons.SHORTEST})
    creditor = await store.creditor(work.session, creditor_id, hold=True)
    named = [part.value for part in order.parts]
    if (_parts_of(creditor), creditor.debtor_chooses) != (named, debtor_chooses):
        creditor.allocation_order, creditor.debtor_chooses = named, debtor_chooses
        row = PaymentOrder(
            id=work.new_id(),
            agency_id=work.agency_id,
            creditor_id=creditor_id,
            parts=named,
            debtor_chooses=debtor_chooses,
            reference=reference.strip(),
            set_at=work.now,
            set_by=work.identity.person_id,
        )
        work.session.add(row)
        await work.session.flush()
        audit(
            work.session,
            "payment_order.set",
            "creditor",
            creditor_id,
            parts=" ".join(named),
            debtor_chooses=debtor_chooses,
            reference=row.reference,
        )
    return await _shown(work, creditor)


def _parts_of(creditor: Creditor) -> list[str]:
    return [part.value for part in order_named(creditor.allocation_order).parts]


async def _shown(work: Work, creditor: Creditor) -> PaymentOrders:
    return PaymentOrders(
        parts=_parts_of(creditor),
        debtor_chooses=creditor.debtor_chooses,
        history=await store.history(work.session, creditor.id),
    )
