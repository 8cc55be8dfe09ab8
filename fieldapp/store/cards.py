"""Rows of the practice file as the cards that phones and desks show, loaded for many practices at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.ledger import LineBalance
from fieldapp.store.columns import among
from fieldapp.store.shapes.field import (
    AddressCard,
    AttemptCard,
    CreditorCard,
    DebtLineCard,
    DocumentCard,
    LimitationCard,
    ObligorCard,
    PhoneCard,
)
from fieldapp.store.tables.practice import (
    Address,
    ContactAttempt,
    CreditDocument,
    Creditor,
    DebtLine,
    Obligor,
    Phone,
)

Row = TypeVar("Row", bound=SQLModel)


async def by_practice(
    session: AsyncSession,
    table: type[Row],
    practice_ids: Iterable[UUID],
    *,
    order: Any = None,
    where: Any = None,
) -> dict[UUID, list[Row]]:
    """The rows of `table` that belong to the practices, grouped; one query."""
    practice_column: Any = table.practice_id  # type: ignore[attr-defined]
    query = select(table).where(among(practice_column, practice_ids))
    if where is not None:
        query = query.where(where)
    if order is not None:
        query = query.order_by(*(order if isinstance(order, tuple) else (order,)))
    grouped: dict[UUID, list[Row]] = defaultdict(list)
    for row in (await session.exec(query)).all():
        grouped[row.practice_id].append(row)  # type: ignore[attr-defined]
    return grouped


def creditor_card(row: Creditor) -> CreditorCard:
    return CreditorCard(
        id=row.id,
        name=row.name,
        vat_number=row.vat_number,
        iban=row.iban,
        bic=row.bic,
        cheque_payee=row.cheque_payee,
        allocation_order=row.allocation_order or ["costs", "interest", "principal"],
        debtor_chooses=row.debtor_chooses,
        stamp_duty_charged_to=row.stamp_duty_charged_to,  # type: ignore[arg-type]
        stamp_duty_reason=row.stamp_duty_reason,
        stamp_duty_authorisation=row.stamp_duty_authorisation,
    )


def obligor_card(row: Obligor) -> ObligorCard:
    return ObligorCard(
        id=row.id,
        role=row.role,  # type: ignore[arg-type]
        kind=row.kind,  # type: ignore[arg-type]
        name=row.name,
        tax_code=row.tax_code,
        vat_number=row.vat_number,
    )


def phone_card(row: Phone) -> PhoneCard:
    return PhoneCard(id=row.id, obligor_id=row.obligor_id, number=row.number or "", source=row.source)


def address_card(row: Address) -> AddressCard:
    return AddressCard(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]
        text=row.text,
        street=row.street,
        house_number=row.house_number,
        staircase=row.staircase,
        unit=row.unit,
        cap=row.cap,
        comune=row.comune,
        province=row.province,
        lat_e6=row.lat_e6,
        lon_e6=row.lon_e6,
        quality=row.quality,
        state=row.state,  # type: ignore[arg-type]
        access_notes=row.access_notes,
        source=row.source,
    )


def debt_line_cards(
    rows: Iterable[DebtLine], owed: Mapping[UUID, LineBalance], clocks: Mapping[UUID, LimitationCard]
) -> list[DebtLineCard]:
    """What remains owed on each line, after the ledger, and until when it may be asked for."""
    cards = []
    for row in rows:
        left = owed.get(row.id, LineBalance())
        cards.append(
            DebtLineCard(
                id=row.id,
                title=row.title,
                kind=row.kind,
                due_on=row.due_on,
                principal_cents=left.principal_cents,
                interest_cents=left.interest_cents,
                costs_cents=left.costs_cents,
                limitation=clocks.get(row.id),
            )
        )
    return cards


def attempt_card(row: ContactAttempt) -> AttemptCard:
    return AttemptCard(at=row.at, channel=row.channel, outcome=row.outcome, by=row.by, reached=row.reached)  # type: ignore[arg-type]


def document_card(row: CreditDocument) -> DocumentCard:
    return DocumentCard(
        id=row.id,
        name=row.name,
        kind=row.kind,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
    )


async def current_addresses(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, list[Address]]:
    """The addresses that are in force, the debtor's home first."""
    return await by_practice(session, Address, practice_ids, where=col(Address.current), order=col(Address.recorded_at))
