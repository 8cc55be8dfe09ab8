"""The back office's door: imports, practice files, tasks, addresses, the ledger, exports, live events."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter
from litestar.response import ServerSentEvent
from msgspec import Meta, Struct

from fieldapp.domain.narrowing import MOST_AREAS, Narrowing
from fieldapp.domain.skills import Skill
from fieldapp.routes.guard import parts_of
from fieldapp.routes.problems import language_of
from fieldapp.services import addresses, creditor_accounts, exchange, inbound_payments, intake, office, skills
from fieldapp.services.work import Parts, Work
from fieldapp.store.shapes.office import (
    Colleague,
    CompletedAddress,
    CreditorRow,
    DoubtfulPage,
    ImportReport,
    PracticeChoices,
    PracticeFile,
    PracticePage,
    SettledAddress,
    TaskCount,
    TaskRow,
)

MAX_UPLOAD = 200 * 1024 * 1024
MOST_CENTS = 10**15
MOST_DAYS = 100_000
_Days = Annotated[int | None, QueryParameter(ge=0, le=MOST_DAYS)]
_Areas = Annotated[list[str] | None, QueryParameter(max_items=MOST_AREAS)]
_Owed = Annotated[int | None, QueryParameter(ge=-MOST_CENTS, le=MOST_CENTS)]


class ImportForm(Struct):
    file: UploadFile
    layout: str
    creditor_id: UUID
    documents: UploadFile | None = None


class FinishRequest(Struct, forbid_unknown_fields=True):
    note: Annotated[str, Meta(max_length=2000)] = ""


class ArrangeRequest(Struct, forbid_unknown_fields=True):
    """To whom a task is given and until when it sleeps, both as they shall be; null: to nobody, not at all."""

    owner_id: UUID | None
    asleep_until: date | None


class SkillsRequest(Struct, forbid_unknown_fields=True):
    skills: Annotated[list[Skill], Meta(max_length=40)]


class SettleRequest(Struct, forbid_unknown_fields=True):
    """Where the pin stands, in microdegrees."""

    lat_e6: Annotated[int, Meta(ge=-90_000_000, le=90_000_000)]
    lon_e6: Annotated[int, Meta(ge=-180_000_000, le=180_000_000)]
    confirm: bool = True


class CompleteRequest(Struct, forbid_unknown_fields=True):
    """What was typed so far; `near` is a place whose comune stands in for one not named, in microdegrees."""

    text: str
    near_lat_e6: Annotated[int, Meta(ge=-90_000_000, le=90_000_000)] | None = None
    near_lon_e6: Annotated[int, Meta(ge=-180_000_000, le=180_000_000)] | None = None
    comuni_serve: bool = False
    """Offer comuni by their points where there is no gazetteer."""


class ChooseRequest(Struct, forbid_unknown_fields=True):
    """An address as `complete_address` offered it."""

    text: Annotated[str, Meta(max_length=400)]


def download(content: bytes, *, media_type: str, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


class OfficeController(Controller):
    tags = ("office",)

    @get("/creditors", operation_id="list_creditors")
    async def list_creditors(self, work: NamedDependency[Work]) -> list[CreditorRow]:
        return await office.list_creditors(work)

    @post("/creditors/{creditor_id:uuid}/skills", operation_id="ask_for_skills_of_creditor", status_code=200)
    async def ask_for_skills_of_creditor(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], data: JSONBody[SkillsRequest]
    ) -> list[Skill]:
        return await skills.ask_for_all(work, creditor_id, data.skills)

    @post("/imports", operation_id="start_import", request_max_body_size=MAX_UPLOAD)
    async def start_import(
        self, request: Request[Any, Any, Any], work: NamedDependency[Work], data: MultipartBody[ImportForm]
    ) -> ImportReport:
        return await intake.start_import(
            work,
            content=await data.file.read(),
            file_name=data.file.filename,
            layout=data.layout,
            creditor_id=data.creditor_id,
            documents=await data.documents.read() if data.documents else None,
            language=language_of(request),
        )

    @get("/imports", operation_id="list_imports")
    async def list_imports(self, request: Request[Any, Any, Any], work: NamedDependency[Work]) -> list[ImportReport]:
        return await intake.list_imports(work, language=language_of(request))

    @get("/imports/{import_id:uuid}", operation_id="read_import")
    async def read_import(
        self, request: Request[Any, Any, Any], work: NamedDependency[Work], import_id: FromPath[UUID]
    ) -> ImportReport:
        return await intake.read_import(work, import_id, language=language_of(request))

    @post("/imports/{import_id:uuid}/confirm", operation_id="confirm_import", status_code=200)
    async def confirm_import(
        self, request: Request[Any, Any, Any], work: NamedDependency[Work], import_id: FromPath[UUID]
    ) -> ImportReport:
        return await intake.confirm_import(work, import_id, language=language_of(request))

    @post("/imports/{import_id:uuid}/cancel", operation_id="cancel_import", status_code=200)
    async def cancel_import(
        self, request: Request[Any, Any, Any], work: NamedDependency[Work], import_id: FromPath[UUID]
    ) -> ImportReport:
        return await intake.cancel_import(work, import_id, language=language_of(request))

    @get("/imports/{import_id:uuid}/rejects", operation_id="read_rejects")
    async def read_rejects(self, work: NamedDependency[Work], import_id: FromPath[UUID]) -> Response[bytes]:
        content, media_type, name = await intake.read_rejects(work, import_id)
        return download(content, media_type=media_type, name=name)

    @get("/practices", operation_id="list_practices")
    async def list_practices(
        self,
        work: NamedDependency[Work],
        q: FromQuery[str] = "",
        in_state: Annotated[Literal["open", "closed", "recalled"] | None, QueryParameter(name="state")] = None,
        creditor_id: FromQuery[UUID | None] = None,
        flag: FromQuery[str | None] = None,
        province: _Areas = None,
        comune: _Areas = None,
        case_owner: FromQuery[str | None] = None,
        ends_from: FromQuery[date | None] = None,
        ends_to: FromQuery[date | None] = None,
        owed_from_cents: _Owed = None,
        owed_to_cents: _Owed = None,
        contacted_from: FromQuery[date | None] = None,
        contacted_to: FromQuery[date | None] = None,
        never_contacted: FromQuery[bool] = False,
        age_over_days: _Days = None,
        age_to_days: _Days = None,
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 100,
    ) -> PracticePage:
        asked = Narrowing(
            words=q,
            state=in_state,
            creditor_id=creditor_id,
            flag=flag,
            provinces=tuple(province or ()),
            comuni=tuple(comune or ()),
            case_owner=case_owner,
            ends_from=ends_from,
            ends_to=ends_to,
            owed_from_cents=owed_from_cents,
            owed_to_cents=owed_to_cents,
            contacted_from=contacted_from,
            contacted_to=contacted_to,
            never_contacted=never_contacted,
            age_over_days=age_over_days,
            age_to_days=age_to_days,
        )
        return await office.list_practices(work, asked, cursor=cursor, limit=limit)

    @get("/practice-choices", operation_id="list_practice_choices")
    async def practice_choices(self, work: NamedDependency[Work], province: _Areas = None) -> PracticeChoices:
        return await office.practice_choices(work, provinces=province or [])

    @get("/practices/{practice_id:uuid}", operation_id="read_practice")
    async def read_practice(self, work: NamedDependency[Work], practice_id: FromPath[UUID]) -> PracticeFile:
        return await office.read_practice(work, practice_id)

    @post("/practices/{practice_id:uuid}/skills", operation_id="ask_for_skills", status_code=200)
    async def ask_for_skills(
        self, work: NamedDependency[Work], practice_id: FromPath[UUID], data: JSONBody[SkillsRequest]
    ) -> list[Skill]:
        return await skills.ask_for(work, practice_id, data.skills)

    @get("/documents/{document_id:uuid}", operation_id="read_document")
    async def read_document(
        self,
        work: NamedDependency[Work],
        document_id: FromPath[UUID],
        variant: FromQuery[Literal["small", "full"]] = "full",
    ) -> Response[bytes]:
        content, media_type = await office.read_document(work, document_id, variant)
        return Response(content, media_type=media_type, headers={"cache-control": "private, no-store"})

    @get("/receipts/{receipt_id:uuid}/paper", operation_id="read_receipt_paper")
    async def read_receipt_paper(self, work: NamedDependency[Work], receipt_id: FromPath[UUID]) -> Response[bytes]:
        return Response(await office.receipt_paper(work, receipt_id), media_type="application/pdf")

    @get("/tasks", operation_id="list_tasks")
    async def list_tasks(
        self,
        work: NamedDependency[Work],
        in_state: Annotated[Literal["open", "asleep", "done"], QueryParameter(name="state")] = "open",
        kind: FromQuery[str | None] = None,
        team: FromQuery[str | None] = None,
        whose: FromQuery[office.Whose | None] = None,
        squad: FromQuery[UUID | None] = None,
        after: FromQuery[UUID | None] = None,
    ) -> list[TaskRow]:
        return await office.list_tasks(
            work, state=in_state, kind=kind, team=team, whose=whose, squad=squad, after=after
        )

    @get("/tasks/count", operation_id="count_tasks")
    async def count_tasks(
        self,
        work: NamedDependency[Work],
        in_state: Annotated[Literal["open", "asleep", "done"], QueryParameter(name="state")] = "open",
        kind: FromQuery[str | None] = None,
        team: FromQuery[str | None] = None,
        whose: FromQuery[office.Whose | None] = None,
        squad: FromQuery[UUID | None] = None,
    ) -> TaskCount:
        return await office.count_tasks(work, state=in_state, kind=kind, team=team, whose=whose, squad=squad)

    @get("/tasks/colleagues", operation_id="list_colleagues")
    async def list_colleagues(self, work: NamedDependency[Work]) -> list[Colleague]:
        return await office.list_colleagues(work)

    @post("/tasks/{task_id:uuid}/arrange", operation_id="arrange_task", status_code=200)
    async def arrange_task(
        self, work: NamedDependency[Work], task_id: FromPath[UUID], data: JSONBody[ArrangeRequest]
    ) -> TaskRow:
        return await office.arrange_task(work, task_id, owner_id=data.owner_id, asleep_until=data.asleep_until)

    @post("/tasks/{task_id:uuid}/book-payment", operation_id="book_held_payment", status_code=200)
    async def book_held_payment(self, work: NamedDependency[Work], task_id: FromPath[UUID]) -> TaskRow:
        return await inbound_payments.book_held(work, task_id)

    @post("/tasks/{task_id:uuid}/finish", operation_id="finish_task", status_code=200)
    async def finish_task(
        self, work: NamedDependency[Work], task_id: FromPath[UUID], data: JSONBody[FinishRequest]
    ) -> TaskRow:
        return await office.finish_task(work, task_id, note=data.note)

    @get("/addresses/doubtful", operation_id="list_doubtful_addresses")
    async def list_doubtful_addresses(
        self,
        request: Request[Any, Any, Any],
        parts: NamedDependency[Parts],
        cursor: FromQuery[str | None] = None,
        address_id: FromQuery[UUID | None] = None,
        limit: Annotated[int, QueryParameter(ge=0, le=200)] = 100,
    ) -> DoubtfulPage:
        who = request.state.identity
        return await addresses.list_doubtful(parts, who, limit=limit, cursor=cursor, address_id=address_id)

    @post("/addresses/{address_id:uuid}/settle", operation_id="settle_address", status_code=200)
    async def settle_address(
        self, work: NamedDependency[Work], address_id: FromPath[UUID], data: JSONBody[SettleRequest]
    ) -> SettledAddress:
        return await addresses.settle(work, address_id, lat_e6=data.lat_e6, lon_e6=data.lon_e6, confirm=data.confirm)

    # A question, yet no GET: where debtors live does not get into the logs of addresses asked for.
    @post("/addresses/complete", operation_id="complete_address", status_code=200)
    async def complete_address(
        self, work: NamedDependency[Work], data: JSONBody[CompleteRequest]
    ) -> list[CompletedAddress]:
        near = None
        if data.near_lat_e6 is not None and data.near_lon_e6 is not None:
            near = (data.near_lat_e6 / 1e6, data.near_lon_e6 / 1e6)
        return await addresses.complete(work, data.text, near=near, comuni_serve=data.comuni_serve)

    @post("/addresses/{address_id:uuid}/choose", operation_id="choose_address", status_code=200)
    async def choose_address(
        self, work: NamedDependency[Work], address_id: FromPath[UUID], data: JSONBody[ChooseRequest]
    ) -> SettledAddress:
        return await addresses.choose(work, address_id, text=data.text)

    @post("/addresses/{address_id:uuid}/put-back", operation_id="put_address_back", status_code=200)
    async def put_address_back(self, work: NamedDependency[Work], address_id: FromPath[UUID]) -> SettledAddress:
        return await addresses.put_back(work, address_id)

    @get("/exports/outcomes", operation_id="export_outcomes")
    async def export_outcomes(
        self, work: NamedDependency[Work], day: FromQuery[date], creditor_id: FromQuery[UUID]
    ) -> Response[bytes]:
        content, media_type, name = await exchange.export_outcomes(work, day=day, creditor_id=creditor_id)
        return download(content, media_type=media_type, name=name)

    @get("/exports/account", operation_id="export_creditor_account")
    async def export_creditor_account(
        self,
        work: NamedDependency[Work],
        creditor_id: FromQuery[UUID],
        from_on: FromQuery[date],
        to_on: FromQuery[date],
        form: FromQuery[Literal["pdf", "xlsx"]] = "pdf",
        language: FromQuery[Literal["it", "en", "fr"]] = "it",
    ) -> Response[bytes]:
        content, media_type, name = await creditor_accounts.draw_by_hand(
            work, creditor_id=creditor_id, from_on=from_on, to_on=to_on, form=form, language=language
        )
        return download(content, media_type=media_type, name=name)

    @get("/events", operation_id="watch_events")
    async def watch_events(
        self,
        request: Request[Any, Any, Any],
        after: FromQuery[int | None] = None,
        window: FromQuery[UUID | None] = None,
    ) -> ServerSentEvent:
        last = request.headers.get("last-event-id")
        start = int(last) if last and last.isdigit() else after
        return ServerSentEvent(exchange.watch(parts_of(request), request.state.identity, after=start, window=window))
