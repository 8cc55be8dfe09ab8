"""Commissions on what is recovered: rates that an administrator sets, closings that post what was earned.

Nothing of this reaches phones, dispatchers, the facts of the feed or the systems of others, and nothing of it is
told by agent (art. 4 of law 300/1970): a commission is a matter between agency and creditor. The creditor reads what
it came to in his account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import asdict

from fieldapp.documents.tabular import write_csv
from fieldapp.domain import commissions as rules
from fieldapp.domain.commissions import Movement, Rate, Share
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import reversal
from fieldapp.domain.money import Money
from fieldapp.services.creditor_files import PLAIN
from fieldapp.services.work import Work
from fieldapp.store import cash as cash_store
from fieldapp.store import commissions as store
from fieldapp.store import intake, ledger
from fieldapp.store.batches import insert_rows
from fieldapp.store.commissions import Closed
from fieldapp.store.feed import audit
from fieldapp.store.shapes.commissions import (
    ClosingPreview,
    ClosingRow,
    CommissionPage,
    MovementRow,
    OpenCommission,
    RateRow,
    ShareRow,
)
from fieldapp.store.tables.commissions import CommissionClosing, CommissionMovement, CreditorCommission

SHOWN = 500
"""Movements in a preview; the file of a closing holds them all."""
_KINDS = {
    "payment.received": "Incasso",
    "payment.refunded": "Rimborso",
    "receipt.voided": "Ricevuta annullata",
    "cheque.unpaid": "Assegno non pagato",
}


async def read_page(work: Work, creditor_id: UUID) -> CommissionPage:
    """Rates, what is open up to now, and closings. Raises Refusal `creditor.unknown`."""
    await intake.creditor(work.session, creditor_id)
    found = await store.rates(work.session, creditor_id)
    closed = await store.closings(work.session, creditor_id)
    moved = await store.open_movements(work.session, creditor_id, until=work.now, zone=work.parts.zone)
    shares = rules.shares_of(moved, [store.rate_of(row) for row, _ in found])
    last = _last(closed)
    return CommissionPage(
        rates=_rate_rows(found, work.today),
        open=_open(shares, movements=len(moved), since=last.row.until if last else None, until=work.now),
        closings=[_closing_row(one, may_be_reversed=one is last) for one in closed],
        next_number=len(closed) + 1,
        first_day=_first_open_day(work, last),
    )


async def set_rate(work: Work, creditor_id: UUID, rate: Rate) -> CommissionPage:
    """Set what the creditor pays from a day on, which no standing closing may hold: what is closed stays as it is.

    Raises Refusal `creditor.unknown`, `commission.rate_of_closed_day` (details: day).
    """
    # Held, so that nobody closes the day meanwhile.
    await store.hold(work.session, creditor_id, closing=True)
    first = _first_open_day(work, _last(await store.closings(work.session, creditor_id)))
    if first is not None and rate.valid_from < first:
        details = {"day": first.isoformat()}
        raise Refusal("commission.rate_of_closed_day", kind=Kind.CONFLICT, details=details)
    work.session.add(
        CreditorCommission(
            id=work.new_id(),
            agency_id=work.agency_id,
            creditor_id=creditor_id,
            valid_from=rate.valid_from,
            rate_bp=rate.rate_bp,
            set_at=work.now,
            set_by=work.identity.person_id,
        )
    )
    await work.session.flush()
    valid_from = rate.valid_from.isoformat()
    audit(work.session, "commission.rate_set", "creditor", creditor_id, valid_from=valid_from, rate_bp=rate.rate_bp)
    return await read_page(work, creditor_id)


async def preview(work: Work, creditor_id: UUID, *, to_on: date) -> ClosingPreview:
    """What a closing up to the end of `to_on` would take and post; where nothing moved, it says so.

    Raises Refusal `creditor.unknown`, `commission.day_not_over`, `commission.day_closed`.
    """
    await intake.creditor(work.session, creditor_id)
    closed = await store.closings(work.session, creditor_id)
    since, until, moved, rates = await _due(work, creditor_id, to_on=to_on, closed=closed)
    return ClosingPreview(
        number=len(closed) + 1,
        open=_open(rules.shares_of(moved, rates), movements=len(moved), since=since, until=until),
        movements=[_movement_row(one, rules.rate_on(rates, one.earned_on)) for one in reversed(moved[-SHOWN:])],
    )


async def close(work: Work, creditor_id: UUID, *, to_on: date, number: int, expected_cents: int) -> CommissionPage:
    """Close everything recorded before the end of `to_on` and post the commission, as it was previewed.

    `number` is that of the preview, so that a repeat is known. Raises Refusal `creditor.unknown`,
    `commission.closed_meanwhile`, `commission.changed_meanwhile`, `commission.nothing_to_close`, and those of
    `domain.commissions.closing_end` and `closing_entry`.
    """
    await store.hold(work.session, creditor_id, closing=True)
    # After the hold: an account that is drawn up meanwhile has seen this closing, or ends before it.
    now = work.parts.clock.now()
    closed = await store.closings(work.session, creditor_id)
    done = next((one.row for one in closed if one.row.number == number), None)
    if done is not None and (rules.last_day(done.until, work.parts.zone), done.commission_cents) == (
        to_on.isoformat(),
        expected_cents,
    ):
        return await read_page(work, creditor_id)
    if number != len(closed) + 1:
        raise Refusal("commission.closed_meanwhile", kind=Kind.CONFLICT)
    since, until, moved, rates = await _due(work, creditor_id, to_on=to_on, closed=closed)
    if not moved:
        raise Refusal("commission.nothing_to_close", kind=Kind.CONFLICT)
    shares = rules.shares_of(moved, rates)
    if sum(share.commission_cents for share in shares) != expected_cents:
        raise Refusal("commission.changed_meanwhile", kind=Kind.CONFLICT)
    key = f"commission:{creditor_id}:{number}"
    entry = rules.closing_entry(
        shares, creditor_id=creditor_id, number=number, to_on=to_on, at=now, idempotency_key=key
    )
    posted = await ledger.post(work.session, [entry], now=now, new_id=work.parts.new_id)
    row = CommissionClosing(
        id=work.new_id(),
        agency_id=work.agency_id,
        creditor_id=creditor_id,
        number=number,
        since=since,
        until=until,
        net_cents=sum(share.net_cents for share in shares),
        shares=[asdict(_share_row(share)) for share in shares],
        commission_cents=expected_cents,
        entry_id=posted[key],
        closed_at=now,
        closed_by=work.identity.person_id,
    )
    work.session.add(row)
    await work.session.flush()
    taken = [
        {
            "fact_number": one.fact_number,
            "closing_id": row.id,
            "agency_id": work.agency_id,
            "rate_bp": rules.rate_on(rates, one.earned_on),
        }
        for one in moved
    ]
    await insert_rows(work.session, CommissionMovement, taken)
    audit(
        work.session,
        "commission.closed",
        "creditor",
        creditor_id,
        number=number,
        to_on=to_on.isoformat(),
        net_cents=row.net_cents,
        commission_cents=expected_cents,
    )
    return await read_page(work, creditor_id)


async def reverse(work: Work, creditor_id: UUID, *, number: int, reason: str) -> CommissionPage:
    """Undo the newest closing that stands by an entry of its own; what it took is open again.

    Reversing again answers the same. Raises Refusal `creditor.unknown`, `commission.closing_unknown`,
    `commission.not_the_newest`, `commission.reason_missing`.
    """
    await store.hold(work.session, creditor_id, closing=True)
    now = work.parts.clock.now()
    closed = await store.closings(work.session, creditor_id)
    one = _numbered(closed, number)
    if not one.stands:
        return await read_page(work, creditor_id)
    if one is not _last(closed):
        raise Refusal("commission.not_the_newest", kind=Kind.CONFLICT)
    if not reason.strip():
        raise Refusal("commission.reason_missing", kind=Kind.MALFORMED)
    original = await cash_store.entry(work.session, one.row.entry_id)
    undone = reversal(
        original,
        entry_id=one.row.entry_id,
        at=now,
        idempotency_key=f"commission-reversed:{one.row.id}",
        memo=f"{_undone(number)}{reason.strip()}",
    )
    await ledger.post(work.session, [undone], now=now, new_id=work.parts.new_id)
    audit(
        work.session,
        "commission.reversed",
        "creditor",
        creditor_id,
        number=number,
        commission_cents=one.row.commission_cents,
        reason=reason.strip(),
    )
    return await read_page(work, creditor_id)


async def export_closing(work: Work, creditor_id: UUID, *, number: int) -> tuple[bytes, str]:
    """Everything that a closing took as CSV, and the file's name. Raises Refusal as `reverse`."""
    creditor = await intake.creditor(work.session, creditor_id)
    row = _numbered(await store.closings(work.session, creditor_id), number).row
    found = await store.movements_of(work.session, row.id, zone=work.parts.zone)
    rates = await store.rates_taken(work.session, row.id)
    rows = [
        (
            one.recorded_at.astimezone(work.parts.zone).date(),
            one.earned_on,
            one.practice_number,
            _KINDS[one.kind],
            one.receipt,
            rules.percent(rate) if (rate := rates[one.fact_number]) is not None else "",
            Money(one.amount_cents),
        )
        for one in found
    ]
    sums = [
        (None, None, "", "Netto", "", rules.percent(rate) if rate is not None else "", Money(share["net_cents"]))
        for share in row.shares
        for rate in (share["rate_bp"],)
    ]
    total = (None, None, "", "Provvigione", "", "", Money(row.commission_cents))
    header = ("Registrato il", "Incassato il", "Pratica", "Movimento", "Ricevuta", "Aliquota", "Importo")
    audit(work.session, "commission.exported", "creditor", creditor_id, number=number, creditor=creditor.name)
    return write_csv(header, [*rows, *sums, total], PLAIN), f"provvigione-{number}-{row.until:%Y%m%d}.csv"


async def _due(
    work: Work, creditor_id: UUID, *, to_on: date, closed: Sequence[Closed]
) -> tuple[datetime | None, datetime, list[Movement], list[Rate]]:
    """From where to where a closing up to `to_on` reaches, what it takes, and the rates as they were set."""
    last = _last(closed)
    since = last.row.until if last else None
    zone = work.parts.zone
    until = rules.closing_end(to_on, zone=zone, today=work.today, closed_to=since)
    moved = await store.open_movements(work.session, creditor_id, until=until, zone=zone)
    return since, until, moved, [store.rate_of(row) for row, _ in await store.rates(work.session, creditor_id)]


def _last(closed: Sequence[Closed]) -> Closed | None:
    """The newest closing that stands."""
    return next((one for one in closed if one.stands), None)


def _numbered(closed: Sequence[Closed], number: int) -> Closed:
    one = next((one for one in closed if one.row.number == number), None)
    if one is None:
        raise Refusal("commission.closing_unknown", kind=Kind.MISSING)
    return one


def _first_open_day(work: Work, last: Closed | None) -> date | None:
    return last.row.until.astimezone(work.parts.zone).date() if last else None


def _rate_rows(found: Sequence[tuple[CreditorCommission, str]], today: date) -> list[RateRow]:
    """The newest day first."""
    newest = {row.valid_from: row.id for row, _ in found}
    come = [day for day in newest if day <= today]
    in_force = newest[max(come)] if come else None
    return [
        RateRow(
            valid_from=row.valid_from,
            rate_bp=row.rate_bp,
            in_force=row.id == in_force,
            replaced=row.id != newest[row.valid_from],
            set_at=row.set_at,
            set_by=name,
        )
        for row, name in sorted(found, key=lambda one: (one[0].valid_from, one[0].set_at, one[0].id), reverse=True)
    ]


def _open(shares: Sequence[Share], *, movements: int, since: datetime | None, until: datetime) -> OpenCommission:
    return OpenCommission(
        since=since,
        until=until,
        movements=movements,
        net_cents=sum(share.net_cents for share in shares),
        commission_cents=sum(share.commission_cents for share in shares),
        shares=[_share_row(share) for share in shares],
    )


def _share_row(share: Share) -> ShareRow:
    return ShareRow(
        rate_bp=share.rate_bp,
        received_cents=share.received_cents,
        taken_back_cents=share.taken_back_cents,
        net_cents=share.net_cents,
        commission_cents=share.commission_cents,
    )


def _movement_row(one: Movement, rate_bp: int | None) -> MovementRow:
    return MovementRow(
        kind=one.kind,
        recorded_at=one.recorded_at,
        earned_on=one.earned_on,
        practice_id=one.practice_id,
        practice_number=one.practice_number,
        receipt=one.receipt,
        amount_cents=one.amount_cents,
        rate_bp=rate_bp,
    )


def _undone(number: int) -> str:
    """How the memo of a reversal begins; the reason follows."""
    return f"provvigione n. {number} stornata: "


def _closing_row(one: Closed, *, may_be_reversed: bool) -> ClosingRow:
    row = one.row
    return ClosingRow(
        number=row.number,
        since=row.since,
        until=row.until,
        net_cents=row.net_cents,
        commission_cents=row.commission_cents,
        shares=[ShareRow(**share) for share in row.shares],
        closed_at=row.closed_at,
        closed_by=one.closed_by,
        reversed_at=one.reversed_at,
        reason=one.memo.removeprefix(_undone(row.number)) if one.memo else None,
        may_be_reversed=may_be_reversed,
    )
