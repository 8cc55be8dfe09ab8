"""The desk's door to the figures of the work."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from fieldapp.domain.figures import Basis, By, Ground
from fieldapp.routes.office import download
from fieldapp.services import figure_basis, figures
from fieldapp.services.figures import MEDIA_TYPES, Form
from fieldapp.services.work import Work
from fieldapp.store.shapes.figures import FigureBasisView, FigurePractices, FiguresPage


class BasisRequest(Struct, forbid_unknown_fields=True):
    """On what figures by named agents rest; see `domain.figures.Basis`."""

    ground: Ground
    reference: Annotated[str, Meta(max_length=300)]
    signed_on: date
    told_on: date
    from_on: date


class BasisEndRequest(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=1000)]


class FiguresController(Controller):
    tags = ("figures",)

    @get("/figures", operation_id="read_figures")
    async def read_figures(
        self, work: NamedDependency[Work], by: FromQuery[By], from_on: FromQuery[date], to_on: FromQuery[date]
    ) -> FiguresPage:
        return await figures.read(work, by=by, from_on=from_on, to_on=to_on)

    @get("/figures/practices", operation_id="list_figure_practices")
    async def list_practices(
        self,
        work: NamedDependency[Work],
        by: FromQuery[By],
        group: Annotated[str, QueryParameter(name="key", max_length=200)],
        from_on: FromQuery[date],
        to_on: FromQuery[date],
    ) -> FigurePractices:
        return await figures.practices(work, by=by, key=group, from_on=from_on, to_on=to_on)

    @get("/exports/figures", operation_id="export_figures")
    async def export(
        self,
        work: NamedDependency[Work],
        by: FromQuery[By],
        from_on: FromQuery[date],
        to_on: FromQuery[date],
        form: FromQuery[Form] = "csv",
    ) -> Response[bytes]:
        content, name = await figures.export(work, by=by, from_on=from_on, to_on=to_on, form=form)
        return download(content, media_type=MEDIA_TYPES[form], name=name)

    @get("/figures/basis", operation_id="read_figure_basis")
    async def read_basis(self, work: NamedDependency[Work]) -> FigureBasisView:
        return await figure_basis.read(work)

    @post("/figures/basis", operation_id="record_figure_basis", status_code=200)
    async def record_basis(self, work: NamedDependency[Work], data: JSONBody[BasisRequest]) -> FigureBasisView:
        basis = Basis(data.ground, data.reference.strip(), data.signed_on, data.told_on, data.from_on)
        return await figure_basis.record(work, basis)

    @post("/figures/basis/end", operation_id="end_figure_basis", status_code=200)
    async def end_basis(self, work: NamedDependency[Work], data: JSONBody[BasisEndRequest]) -> FigureBasisView:
        return await figure_basis.end(work, reason=data.reason)
