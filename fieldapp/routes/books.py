"""The back office's door to the books: trial balance, statements, and both as files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ledger import OWNERS, AccountKey, AccountKind
from fieldapp.routes.office import download
from fieldapp.services import books
from fieldapp.services.work import Work
from fieldapp.store.shapes.cash import AccountStatement
from fieldapp.store.shapes.office import TrialBalance


class BooksController(Controller):
    tags = ("books",)

    @get("/ledger/trial-balance", operation_id="read_trial_balance")
    async def read_trial_balance(
        self, work: NamedDependency[Work], at: FromQuery[datetime | None] = None
    ) -> TrialBalance:
        return await books.trial_balance(work, at=at)

    @get("/ledger/statement", operation_id="read_account_statement")
    async def read_statement(
        self,
        work: NamedDependency[Work],
        kind: FromQuery[AccountKind],
        owner_id: FromQuery[UUID | None] = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
    ) -> AccountStatement:
        return await books.read_statement(work, _account(kind, owner_id), since=since, until=until)

    @get("/exports/trial-balance", operation_id="export_trial_balance")
    async def export_trial_balance(
        self, work: NamedDependency[Work], at: FromQuery[datetime | None] = None
    ) -> Response[bytes]:
        content, name = await books.export_trial_balance(work, at=at)
        return download(content, media_type="text/csv", name=name)

    @get("/exports/statement", operation_id="export_account_statement")
    async def export_statement(
        self,
        work: NamedDependency[Work],
        kind: FromQuery[AccountKind],
        owner_id: FromQuery[UUID | None] = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
    ) -> Response[bytes]:
        content, name = await books.export_statement(work, _account(kind, owner_id), since=since, until=until)
        return download(content, media_type="text/csv", name=name)


def _account(kind: AccountKind, owner_id: UUID | None) -> AccountKey:
    """The account of `kind` and its one owner. Raises Refusal `ledger.account_unknown`."""
    owners = OWNERS[kind]
    if bool(owners) != (owner_id is not None):
        raise Refusal("ledger.account_unknown", kind=Kind.MISSING)
    return AccountKey(kind, **{f"{owner}_id": owner_id for owner in owners})
