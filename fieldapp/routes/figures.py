"""The desk's door to the figures of the work."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from fieldapp.domain.figures import By
from fieldapp.routes.office import download
from fieldapp.services import figures
from fieldapp.services.figures import MEDIA_TYPES, Form
from fieldapp.services.work import Work
from fieldapp.store.shapes.figures import FigurePractices, FiguresPage


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
