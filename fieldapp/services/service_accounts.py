"""Service accounts: the administrator makes a token for another system, and takes it away; the door looks it up."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from fieldapp.domain.access import ServiceIdentity
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import FactScope, WriteScope
from fieldapp.services.access import token_digest
from fieldapp.services.work import Parts, Work
from fieldapp.store import intake
from fieldapp.store import service_accounts as store
from fieldapp.store.database import GATE, Scope
from fieldapp.store.feed import audit
from fieldapp.store.shapes.exchange import NewServiceAccount, ServiceAccountRow

MARK = "fieldapp_"
"""Every token begins with it, so that one that was pasted somewhere is recognised by scanners."""


async def list_accounts(work: Work) -> list[ServiceAccountRow]:
    return await store.rows(work.session)


async def create(
    work: Work,
    *,
    name: str,
    scopes: Collection[FactScope],
    writes: Collection[WriteScope],
    creditor_id: UUID | None,
    a_minute: int,
) -> NewServiceAccount:
    """Make an account with a token. Raises Refusal `service_account.scopes_missing`, `creditor.unknown`."""
    if not scopes and not writes:
        raise Refusal("service_account.scopes_missing", kind=Kind.MALFORMED)
    if creditor_id is not None:
        await intake.creditor(work.session, creditor_id)
    token = MARK + work.parts.new_token()
    row = store.ServiceAccount(
        id=work.new_id(),
        agency_id=work.agency_id,
        name=name.strip(),
        scopes=sorted({scope.value for scope in scopes}),
        writes=sorted({scope.value for scope in writes}),
        creditor_id=creditor_id,
        token_digest=token_digest(token),
        a_minute=a_minute,
        created_at=work.now,
        created_by=work.identity.person_id,
    )
    work.session.add(row)
    await work.session.flush()
    said = {
        "name": row.name,
        "scopes": row.scopes,
        "writes": row.writes,
        "creditor_id": creditor_id and str(creditor_id),
    }
    audit(work.session, "service_account.created", "service_account", row.id, **said)
    account = next(one for one in await store.rows(work.session) if one.id == row.id)
    return NewServiceAccount(account, token)


async def revoke(work: Work, account_id: UUID) -> list[ServiceAccountRow]:
    """Its token opens nothing any more; again changes nothing. Raises Refusal `service_account.unknown`."""
    if await store.revoke(work.session, account_id, person_id=work.identity.person_id, now=work.now):
        audit(work.session, "service_account.revoked", "service_account", account_id)
    return await store.rows(work.session)


async def identify(parts: Parts, token: str) -> ServiceIdentity:
    """Who holds this token.

    Raises Refusal `access.token_unknown` (also for a revoked one), `access.too_often` (details: minutes).
    """
    async with parts.database.transaction(Scope(None, GATE)) as session:
        known = await store.account_of_token(session, token_digest(token), now=parts.clock.now())
    if known is None or known.account.revoked_at is not None:
        raise Refusal("access.token_unknown", kind=Kind.UNAUTHENTICATED)
    account = known.account
    if known.asked > account.a_minute:
        raise Refusal("access.too_often", kind=Kind.TOO_MANY, details={"minutes": 1, "a_minute": account.a_minute})
    scopes = frozenset(FactScope(scope) for scope in account.scopes if scope in FactScope._value2member_map_)
    writes = frozenset(WriteScope(scope) for scope in account.writes if scope in WriteScope._value2member_map_)
    return ServiceIdentity(account.agency_id, account.id, account.name, scopes, account.creditor_id, writes)
