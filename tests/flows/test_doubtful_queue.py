"""The queue of doubtful addresses: by worth over all that wait, in pages, with how many there are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from fieldapp.domain.access import Role
from fieldapp.services import addresses
from fieldapp.store.tables import PracticeFlag
from tests.conftest import NOW
from tests.flows.conftest import Desk, House, new_id
from tests.flows.creditor_file import file_of, lay_out_streets, row, taken_in

WAITING = 23


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def queue(desk: Desk, **asked: Any) -> dict[str, Any]:
    answer = await desk.get("/addresses/doubtful", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture
async def full(house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Twenty-three doubtful addresses whose worth follows no order of arrival; a fifth may not be visited now."""
    lay_out_streets(house)
    monkeypatch.setattr(addresses, "_JUDGED_AT_ONCE", 4)
    rows = [
        row(f"P-{i:02}", cents=20_000 + 7_919 * (i * 5 % WAITING), Indirizzo=f"Via Garibaldo {400 + i}")
        for i in range(WAITING)
    ]
    await taken_in(desk, house, file_of(*rows))
    stopped = [UUID(one["practice_id"]) for one in (await queue(desk))["rows"][::5]]
    async with house.session() as session:
        session.add_all(
            PracticeFlag(
                id=new_id(), agency_id=house.agency_id, practice_id=each, kind="represented", since=NOW, source="desk"
            )
            for each in stopped
        )
    return desk


async def test_pages_together_are_the_whole_queue_the_most_worth_first(full: Desk) -> None:
    whole = await queue(full, limit=200)

    walked: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await queue(full, limit=5, **({"cursor": cursor} if cursor else {}))
        walked += page["rows"]
        cursor = page["next_cursor"]

    assert walked == whole["rows"]
    assert (whole["waiting"], len(walked)) == (WAITING, WAITING)
    worths = [one["worth_cents"] for one in walked]
    assert worths == sorted(worths, reverse=True)
    # those that a rule keeps from being visited stand last, although much is owed
    assert worths[-1] == 0 < worths[0]


async def test_the_first_page_judges_few_of_many(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []
    real = addresses.planning.candidates_on

    async def counted(*args: Any, **options: Any) -> Any:
        judged.append(len(options["only"]))
        return await real(*args, **options)

    monkeypatch.setattr(addresses.planning, "candidates_on", counted)

    await queue(full, limit=2)
    first = sum(judged)
    judged.clear()
    await queue(full, limit=0)

    assert 0 < first < WAITING
    assert judged == []


async def test_the_number_is_told_without_any_row(full: Desk) -> None:
    assert await queue(full, limit=0) == {"rows": [], "waiting": WAITING, "next_cursor": None, "asked": None}


async def test_an_address_that_a_link_names_is_shown_wherever_it_stands(full: Desk) -> None:
    last = (await queue(full, limit=200))["rows"][-1]

    page = await queue(full, limit=2, address_id=last["address"]["id"])
    await full.post(f"/addresses/{last['address']['id']}/settle", json={"lat_e6": 45_300_000, "lon_e6": 9_500_000})
    later = await queue(full, limit=2, address_id=last["address"]["id"])

    assert page["asked"] == last
    assert last not in page["rows"]
    assert (later["asked"], later["waiting"]) == (None, WAITING - 1)


@pytest.mark.parametrize("cursor", ["x", "1.2026-11-26", "1.heute.0", "9.2026-11-26.no-uuid", "1" * 5_000])
async def test_a_cursor_that_nobody_gave_is_refused(desk: Desk, cursor: str) -> None:
    answer = await desk.get("/addresses/doubtful", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (422, "request.cursor_unknown")
