"""The web service, made of the parts that `fieldapp.parts` chooses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from fieldapp.parts import (
    assemble,
    derived,
    secret_key,
)
from fieldapp.routes import faces, guard, problems
from fieldapp.routes.access import AccessController
from fieldapp.routes.agreements import AgreementController
from fieldapp.routes.appointments import AppointmentController
from fieldapp.routes.basemap import BasemapController
from fieldapp.routes.board import BoardController, ForbidController
from fieldapp.routes.books import BooksController
from fieldapp.routes.bulk import BulkController
from fieldapp.routes.cash import CashController
from fieldapp.routes.commissions import CommissionController
from fieldapp.routes.contacts import ContactController
from fieldapp.routes.counter import CounterController
from fieldapp.routes.dispatch import DispatchController
from fieldapp.routes.exchange import ExchangeController
from fieldapp.routes.field import FieldController
from fieldapp.routes.figures import FiguresController
from fieldapp.routes.house import HouseController
from fieldapp.routes.inbound import InboundController
from fieldapp.routes.layouts import LayoutController
from fieldapp.routes.licences import LicenceController
from fieldapp.routes.messages import MessageController
from fieldapp.routes.notes import NoteController
from fieldapp.routes.office import OfficeController
from fieldapp.routes.outgoing import OutgoingController
from fieldapp.routes.pads import PadsController
from fieldapp.routes.people import PeopleController
from fieldapp.routes.public import ProviderController, PublicController
from fieldapp.routes.refused_money import RefusedMoneyController
from fieldapp.routes.replans import ReplanController
from fieldapp.routes.rescue import RescueController
from fieldapp.routes.reviews import ReviewController
from fieldapp.routes.rules import RulesController
from fieldapp.routes.same_debtor import SameDebtorController
from fieldapp.routes.shifts import ShiftController
from fieldapp.routes.squads import SquadController
from fieldapp.routes.subjects import SubjectController
from fieldapp.routes.views import ViewController
from fieldapp.routes.webhooks import WebhookController
from fieldapp.services import placing
from fieldapp.services.work import Parts
from fieldapp.settings import Settings
from fieldapp.words import PACKAGE


def create_app(settings: Settings, *, parts: Parts | None = None) -> Litestar:
    """The web service over `parts` (assembled from the settings when not handed in)."""
    chosen = parts or assemble(settings)

    @asynccontextmanager
    async def running(_app: Litestar) -> AsyncGenerator[None, None]:
        opening = asyncio.create_task(asyncio.to_thread(placing.open_early, chosen.gazetteer))
        async with chosen.jobs.open_async():
            yield
        await opening
        await chosen.database.close()

    api = Router(
        path="/api/v1",
        route_handlers=[
            AccessController,
            FieldController,
            RescueController,
            DispatchController,
            BoardController,
            ForbidController,
            ShiftController,
            BasemapController,
            MessageController,
            NoteController,
            ReviewController,
            ReplanController,
            OfficeController,
            LayoutController,
            AgreementController,
            RulesController,
            LicenceController,
            PeopleController,
            SquadController,
            HouseController,
            CashController,
            CounterController,
            RefusedMoneyController,
            PadsController,
            BooksController,
            BulkController,
            CommissionController,
            FiguresController,
            ContactController,
            AppointmentController,
            SameDebtorController,
            SubjectController,
            ExchangeController,
            InboundController,
            ViewController,
            WebhookController,
            OutgoingController,
            PublicController,
            ProviderController,
        ],
        before_request=guard.authorise,
    )
    app = Litestar(
        route_handlers=[api, *faces.handlers(PACKAGE / "pwa" / "dist", authority=settings.home / "tls" / "ca.crt")],
        lifespan=[running],
        dependencies={"work": Provide(guard.provide_work), "parts": Provide(guard.provide_parts)},
        exception_handlers=problems.HANDLERS,
        csrf_config=csrf(settings),
        compression_config=CompressionConfig(
            backend="gzip",
            minimum_size=1024,
            # A sixth more bytes than at the highest level, for a seventh of the work: that took longer than the answer.
            gzip_compress_level=4,
            exclude=["/api/v1/events", "/basemap$"],
        ),
        openapi_config=openapi(),
        before_send=[faces.secure_headers],
        logging_config=None,
        request_max_body_size=4 * 1024 * 1024,
    )
    app.state.parts = chosen
    app.state.secure_cookies = settings.secure_cookies
    return app


def csrf(settings: Settings) -> CSRFConfig:
    """Double submit for everything that a cookie signs; phones sign their requests, other systems show a token, and
    whoever asks at the public door has nothing that could be misused: they need none."""
    return CSRFConfig(
        secret=derived(secret_key(settings), b"csrf").hex(),
        cookie_name="csrftoken",
        header_name="x-csrftoken",
        cookie_samesite="strict",
        cookie_secure=settings.secure_cookies,
        exclude=["^/api/v1/field/", "^/api/v1/public/", "^/api/v1/inbound/", "^/v(/|$)"],
    )


def openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="fieldapp",
        version="1",
        path="/api/v1/schema",
        render_plugins=[JsonRenderPlugin()],
    )


def from_environment() -> Litestar:
    """For an ASGI server: `uvicorn --factory fieldapp.app:from_environment`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    return create_app(Settings())


def contract(app: Litestar) -> Mapping[str, Any]:
    """The OpenAPI document of the service."""
    return app.openapi_schema.to_schema()
