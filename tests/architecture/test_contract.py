"""The contract is fresh, and every operation of it has a row in the authorisation table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from litestar import Litestar
from pydantic import SecretStr

from fieldapp.app import PACKAGE, contract, create_app
from fieldapp.domain.access import ACCESS, Door
from fieldapp.settings import Settings

API = PACKAGE / "pwa" / "src" / "api"


@pytest.fixture(scope="module")
def app() -> Litestar:
    """The service as `fieldapp openapi` makes it: no database behind it."""
    settings = Settings(
        database_url="postgresql://nobody@/nothing", blob_url="memory:", secret_key=SecretStr("00" * 32)
    )
    return create_app(settings)


@pytest.fixture(scope="module")
def document(app: Litestar) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = json.loads(json.dumps(contract(app)))
    return plain


def operations(document: Mapping[str, Any]) -> list[str]:
    return [operation["operationId"] for path in document["paths"].values() for operation in path.values()]


def test_the_saved_contract_is_what_the_service_speaks(document: Mapping[str, Any]) -> None:
    saved = json.loads((API / "openapi.json").read_text(encoding="utf-8"))

    assert saved == document, "run `make contract`"


def test_the_types_of_the_web_app_know_every_operation(document: Mapping[str, Any]) -> None:
    types = (API / "contract.d.ts").read_text(encoding="utf-8")

    assert [name for name in operations(document) if f"{name}:" not in types] == []


def test_every_operation_has_one_row_in_the_authorisation_table_and_no_row_is_idle(
    document: Mapping[str, Any],
) -> None:
    assert sorted(operations(document)) == sorted(ACCESS)


def test_only_what_a_stranger_needs_to_begin_is_open() -> None:
    opened = {name for name, access in ACCESS.items() if access.door is Door.OPEN}

    strangers = {"read_clock", "read_health", "list_demo_sign_ins", "sign_in", "read_words", "check_receipt"}
    # What a payment provider tells is believed by its signature (tests/flows/test_payment_links.py).
    assert opened == strangers | {"take_payment_link_event"}


def test_every_closed_door_lets_somebody_in() -> None:
    for name, access in ACCESS.items():
        # A service has scopes in the place of roles.
        assert bool(access.roles) != (access.door in (Door.OPEN, Door.SERVICE)), name
