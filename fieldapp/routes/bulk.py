"""The desk's door to actions on many practices: shown, confirmed, undone; and a selection as a file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct, structs

from fieldapp.domain.bulk import MOST_EXPORTED, Asked, BulkKind
from fieldapp.domain.contacts import Channel
from fieldapp.domain.narrowing import MOST_AREAS, Narrowing
from fieldapp.routes.office import MOST_CENTS, MOST_DAYS, download
from fieldapp.services import bulk, practice_lists
from fieldapp.services.work import Work
from fieldapp.store.shapes.bulk import BulkPractice, BulkView


class BulkFilter(Struct, forbid_unknown_fields=True):
    """What a list of practices is narrowed to, as `list_practices` takes it."""

    q: Annotated[str, Meta(max_length=400)] = ""
    state: Literal["open", "closed", "recalled"] | None = None
    creditor_id: UUID | None = None
    flag: str | None = None
    province: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(max_length=MOST_AREAS)] = []
    comune: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(max_length=MOST_AREAS)] = []
    case_owner: Annotated[str, Meta(max_length=200)] | None = None
    ends_from: date | None = None
    ends_to: date | None = None
    owed_from_cents: Annotated[int, Meta(ge=-MOST_CENTS, le=MOST_CENTS)] | None = None
    owed_to_cents: Annotated[int, Meta(ge=-MOST_CENTS, le=MOST_CENTS)] | None = None
    contacted_from: date | None = None
    contacted_to: date | None = None
    never_contacted: bool = False
    age_over_days: Annotated[int, Meta(ge=0, le=MOST_DAYS)] | None = None
    age_to_days: Annotated[int, Meta(ge=0, le=MOST_DAYS)] | None = None

    def narrowing(self) -> Narrowing:
        plain = structs.asdict(self)
        provinces, comuni = tuple(plain.pop("province")), tuple(plain.pop("comune"))
        return Narrowing(words=plain.pop("q"), provinces=provinces, comuni=comuni, **plain)


class BulkChoice(Struct, forbid_unknown_fields=True):
    """Practices by their ids, or all that a filter finds but those taken out by hand (`besides`)."""

    ids: Annotated[list[UUID], Meta(max_length=MOST_EXPORTED)] = []
    filter: BulkFilter | None = None
    besides: Annotated[list[UUID], Meta(max_length=MOST_EXPORTED)] = []

    def chosen(self) -> bulk.Chosen:
        if self.filter is None:
            return bulk.Chosen(self.ids)
        return bulk.Chosen(wanted=self.filter.narrowing(), besides=frozenset(self.besides))


class BulkRequest(Struct, forbid_unknown_fields=True):
    """An action on the chosen practices; which members each kind needs says `domain.bulk`."""

    choice: BulkChoice
    kind: BulkKind
    text: Annotated[str, Meta(max_length=2000)] = ""
    team: str | None = None
    owner_id: UUID | None = None
    due_on: date | None = None
    channel: Channel | None = None
    at: datetime | None = None
    letter: str | None = None
    on: date | None = None


class BulkConfirmation(Struct, forbid_unknown_fields=True):
    """`digest`: of what was shown."""

    digest: str


class PracticeExport(Struct, forbid_unknown_fields=True):
    choice: BulkChoice
    form: Literal["csv", "xlsx"] = "csv"
    language: Literal["it", "en", "fr"] = "it"


class BulkController(Controller):
    tags = ("office",)

    @post("/bulk-actions", operation_id="preview_bulk_action", status_code=200)
    async def preview(self, work: NamedDependency[Work], data: JSONBody[BulkRequest]) -> BulkView:
        asked = Asked(
            data.kind,
            text=data.text,
            team=data.team,
            owner_id=data.owner_id,
            due_on=data.due_on,
            channel=data.channel,
            at=data.at,
            letter=data.letter,
            on=data.on,
        )
        return await bulk.preview(work, data.choice.chosen(), asked)

    @post("/bulk-actions/{bulk_id:uuid}/confirm", operation_id="confirm_bulk_action", status_code=200)
    async def confirm(
        self, work: NamedDependency[Work], bulk_id: FromPath[UUID], data: JSONBody[BulkConfirmation]
    ) -> BulkView:
        return await bulk.confirm(work, bulk_id, digest=data.digest)

    @post("/bulk-actions/{bulk_id:uuid}/undo", operation_id="undo_bulk_action", status_code=200)
    async def undo(self, work: NamedDependency[Work], bulk_id: FromPath[UUID]) -> BulkView:
        return await bulk.undo(work, bulk_id)

    @get("/bulk-actions", operation_id="list_bulk_actions")
    async def done(self, work: NamedDependency[Work]) -> list[BulkView]:
        return await bulk.done(work)

    @get("/bulk-actions/{bulk_id:uuid}/practices", operation_id="list_bulk_practices")
    async def practices(
        self,
        work: NamedDependency[Work],
        bulk_id: FromPath[UUID],
        part: FromQuery[bulk.Part],
        number: Annotated[int, QueryParameter(ge=0)] = 0,
    ) -> list[BulkPractice]:
        return await bulk.practices_of(work, bulk_id, part, number)

    @post("/exports/practices", operation_id="export_practices", status_code=200)
    async def export(self, work: NamedDependency[Work], data: JSONBody[PracticeExport]) -> Response[bytes]:
        content, media_type, name = await practice_lists.export(
            work, data.choice.chosen(), form=data.form, language=data.language
        )
        return download(content, media_type=media_type, name=name)
