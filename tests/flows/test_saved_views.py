"""Saved views: one's own and shared ones, replaced by name, forgotten by their owner."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from fieldapp.domain.access import Role
from fieldapp.domain.narrowing import MOST_AREAS
from fieldapp.domain.views import MOST
from tests.flows.conftest import Desk, House


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def save(desk: Desk, name: str = "Contestate", **changes: Any) -> Any:
    wanted = {"listing": "practices", "name": name, "filters": "segnale=disputed", "shared": False, **changes}
    return await desk.post("/views", json=wanted)


async def names(desk: Desk, listing: str = "practices") -> list[tuple[str, str, bool]]:
    found = (await desk.get("/views", params={"listing": listing})).json()
    return [(row["name"], row["filters"], row["mine"]) for row in found]


async def test_a_view_is_kept_for_oneself_and_its_list(house: House, desk: Desk) -> None:
    saved = await save(desk, "  Contestate   oggi ")

    assert saved.status_code == 200, saved.text
    assert await names(desk) == [("Contestate oggi", "segnale=disputed", True)]
    assert await names(desk, "tasks") == []
    assert await names(await house.sign_in(Role.DISPATCHER)) == []


async def test_a_shared_view_is_seen_by_the_desk_and_not_by_another_agency(house: House, desk: Desk) -> None:
    await save(desk, shared=True)
    _, _, stranger = await house.other_agency()

    assert await names(await house.sign_in(Role.DISPATCHER)) == [("Contestate", "segnale=disputed", False)]
    assert await names(await house.sign_in(person=stranger)) == []


async def test_the_same_name_replaces_ones_own_view_only(house: House, desk: Desk) -> None:
    await save(desk, shared=True)
    other = await house.sign_in(Role.DISPATCHER)
    await save(other, filters="stato=open")

    await save(desk, filters="stato=closed", shared=True)

    assert await names(desk) == [("Contestate", "stato=closed", True)]
    assert await names(other) == [("Contestate", "stato=open", True), ("Contestate", "stato=closed", False)]


async def test_a_view_is_forgotten_by_its_owner_and_a_shared_one_by_the_administrator(house: House, desk: Desk) -> None:
    shared = (await save(desk, "Di tutti", shared=True)).json()[0]["id"]
    own = next(row["id"] for row in (await save(desk, "Mia")).json() if row["name"] == "Mia")
    other, admin = await house.sign_in(Role.DISPATCHER), await house.sign_in(Role.ADMINISTRATOR)

    assert (await other.post(f"/views/{shared}/forget")).json()["code"] == "view.not_yours"
    assert (await admin.post(f"/views/{own}/forget")).json()["code"] == "view.unknown"
    assert (await admin.post(f"/views/{shared}/forget")).status_code == 200
    assert (await desk.post(f"/views/{own}/forget")).json() == []
    assert (await desk.post(f"/views/{uuid4()}/forget")).json()["code"] == "view.unknown"


async def test_a_list_narrowed_to_as_many_comuni_as_may_be_is_kept_whole(desk: Desk) -> None:
    longest = "San Valentino in Abruzzo Citeriore-Sankt Valentin"
    filters = urlencode({"comune": "|".join(f"{longest} {i}" for i in range(MOST_AREAS)), "segnale": "disputed"})

    saved = await save(desk, filters=filters)

    assert saved.status_code == 200, saved.text
    assert await names(desk) == [("Contestate", filters, True)]
    assert (await save(desk, "Troppo", filters="x" * 8_001)).status_code == 422


@pytest.mark.parametrize(("name", "code"), [("   ", "view.name_missing"), ("x" * 61, "view.name_too_long")])
async def test_a_view_needs_a_name_that_fits(desk: Desk, name: str, code: str) -> None:
    assert (await save(desk, name)).json()["code"] == code


async def test_a_person_keeps_so_many_views_and_no_more(desk: Desk) -> None:
    for n in range(MOST):
        await save(desk, f"Vista {n}")

    refused = await save(desk, "Una di troppo")

    assert (refused.status_code, refused.json()["code"]) == (409, "view.too_many")
    assert (await save(desk, "Vista 3", filters="stato=open")).status_code == 200
