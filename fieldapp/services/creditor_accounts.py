"""Accounts to creditors: drawn up for any period by hand, or of what a plan has not told yet.

An account is made of the facts of the feed, as the creditor's files are, so that both tell the same. One drawn up by
hand tells nothing in the sense of a plan: it may be drawn up as often as wanted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Literal
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.documents.creditor_account import Language, Letterhead, account_pdf, account_xlsx
from fieldapp.domain import creditor_account as rules
from fieldapp.domain.creditor_account import AccountPeriod, CreditorAccount
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.export_layout import AccountFile, AccountLayout
from fieldapp.domain.outgoing import TELLS, Control, OutRow
from fieldapp.services.work import Parts, Work
from fieldapp.store import access as access_store
from fieldapp.store import commissions, feed_pages, intake, outgoing
from fieldapp.store import creditor_account as store
from fieldapp.store.feed import audit
from fieldapp.words import TEXT

MEDIA_TYPES = {
    AccountFile.PDF: ("application/pdf", ".pdf"),
    AccountFile.XLSX: ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
}
"""Media type and ending."""
_FORMATS = {"pdf": AccountFile.PDF, "xlsx": AccountFile.XLSX}


async def draw_by_hand(
    work: Work, *, creditor_id: UUID, from_on: date, to_on: date, form: Literal["pdf", "xlsx"], language: Language
) -> tuple[bytes, str, str]:
    """Content, media type and name of the account of the days from `from_on` to `to_on`, both whole.

    Raises Refusal `creditor.unknown`, `account.period_unusable`, `account.too_large` (details: most).
    """
    creditor = await intake.creditor(work.session, creditor_id)
    period = rules.period_of(from_on, to_on, zone=work.parts.zone)
    assert period.since is not None
    facts = await feed_pages.facts_recorded(
        work.session,
        since=period.since,
        until=period.until,
        kinds=TELLS,
        creditor_id=creditor_id,
        limit=outgoing.MOST_ROWS + 1,
    )
    if len(facts) > outgoing.MOST_ROWS:
        raise Refusal("account.too_large", kind=Kind.CONFLICT, details={"most": outgoing.MOST_ROWS})
    rows = await outgoing.rows_of(work.session, facts)
    account = await account_of(work.parts, work.session, rows, creditor_id=creditor_id, period=period)
    layout = AccountLayout(_FORMATS[form], language=language)
    content = await write(work.parts, work.session, account, layout, creditor=creditor.name, control=None)
    audit(
        work.session,
        "account.exported",
        "creditor",
        creditor_id,
        from_on=from_on.isoformat(),
        to_on=to_on.isoformat(),
        net_cents=account.net_cents,
    )
    media_type, ending = MEDIA_TYPES[layout.kind]
    return content, media_type, f"rendiconto-{from_on:%Y%m%d}-{to_on:%Y%m%d}{ending}"


async def account_of(
    parts: Parts, session: AsyncSession, rows: Sequence[OutRow], *, creditor_id: UUID, period: AccountPeriod
) -> CreditorAccount:
    """The account of `rows`, with the promises whose day ended and the commissions that were posted in the period."""
    today = parts.clock.now().astimezone(parts.zone).date()
    first, after = period.due_days(parts.zone, today=today)
    judged = await store.judged_promises(session, creditor_id=creditor_id, first=first, after=after, zone=parts.zone)
    # A closing under way is waited for: it ends within this period and is told here, or begins after it.
    await commissions.hold(session, creditor_id, closing=False)
    kept = await commissions.posted(session, creditor_id, since=period.since, until=period.until, zone=parts.zone)
    return rules.draw_up(rows, judged, period=period, commissions=kept)


async def write(
    parts: Parts,
    session: AsyncSession,
    account: CreditorAccount,
    layout: AccountLayout,
    *,
    creditor: str,
    control: Control | None,
) -> bytes:
    """Raises Refusal `paper.not_printable`."""
    agency = await access_store.agency_of_session(session)
    head = Letterhead(
        agency=agency.legal_name or agency.name,
        agency_address=agency.address,
        licence=f"{agency.licence_number} · {agency.licence_authority}",
        creditor=creditor,
        made_at=parts.clock.now(),
        control=control,
    )
    maker = account_pdf if layout.kind is AccountFile.PDF else account_xlsx
    return await asyncio.to_thread(
        maker,
        account,
        head,
        zone=parts.zone,
        outcome_words=_outcome_words(layout.language),
        language=layout.language,
    )


@lru_cache
def _outcome_words(language: Language) -> dict[str, str]:
    read: dict[str, str] = json.loads((TEXT / f"outcomes.{language}.json").read_text(encoding="utf-8"))
    return read
