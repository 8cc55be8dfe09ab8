"""The queue of doubtful addresses: by worth over all that wait, in pages, with how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy
from sqlmodel import select

from fieldapp.domain import worth
from fieldapp.domain.access import Role
from fieldapp.services import addresses, claims
from fieldapp.store import addresses as store
from fieldapp.store import claim_sums, tables
from fieldapp.store.embedded import Cluster
from fieldapp.store.feed import NewFact, tell
from fieldapp.store.tables import PracticeFlag
from tests.conftest import NOW, setup_user
from tests.flows.conftest import Desk, House, new_id
from tests.flows.creditor_file import file_of, lay_out_streets, row, taken_in
from tests.flows.statements import statements
from tests.flows.test_inbound import balance, teller

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


def numbers(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [one["practice_number"] for one in rows]


@pytest.fixture
async def three(house: House, desk: Desk) -> Desk:
    """Three that wait, the third of which is worth most and the first least."""
    lay_out_streets(house)
    await taken_in(desk, house, file_of(*(waits(f"P-{i}", 100_000 * i) for i in (1, 2, 3))))
    assert numbers((await queue(desk))["rows"]) == ["P-3", "P-2", "P-1"]
    return desk


def waits(number: str, cents: int, **more: str) -> dict[str, str]:
    return row(number, cents=cents, Indirizzo=f"Via Garibaldo {400 + int(number[2:])}", **more)


async def test_a_balance_that_the_creditor_tells_moves_an_address_in_the_queue(house: House, three: Desk) -> None:
    told = balance(250_000, number="P-1")
    told["lines"][0] = {**told["lines"][0], "title": "Fattura 1", "due_on": "2026-05-15"}

    answer = await (await teller(house, bound=False, creditor_id=await creditor_of(three))).told("balances", told)

    rows = (await queue(three))["rows"]
    assert [one["verdict"] for one in answer] == ["accepted"], answer
    assert numbers(rows) == ["P-3", "P-1", "P-2"]
    assert rows[1]["worth_cents"] == 15_000


async def creditor_of(desk: Desk) -> str:
    return next(row["id"] for row in (await desk.get("/creditors")).json() if row["practices"])


async def test_a_placement_that_ends_sooner_moves_its_address_up(house: House, three: Desk) -> None:
    again = waits("P-2", 200_000, **{"Data fine mandato": "01/12/2026", "Saldo al": "21/11/2026"})
    await taken_in(three, house, file_of(again, waits("P-3", 220_000, **{"Saldo al": "21/11/2026"})))

    rows = (await queue(three))["rows"]

    # five days before its end a visit brings 30 % more
    assert [(one["practice_number"], one["worth_cents"]) for one in rows] == [
        ("P-2", 15_600),
        ("P-3", 13_200),
        ("P-1", 6_000),
    ]


async def test_an_address_of_a_recalled_practice_waits_no_longer(house: House, three: Desk) -> None:
    system = await teller(house, bound=False, creditor_id=await creditor_of(three))

    await system.told("recalls", {"practice_number": "P-2"})

    page = await queue(three)
    assert (numbers(page["rows"]), page["waiting"]) == (["P-3", "P-1"], 2)


async def test_of_many_with_the_largest_worth_the_first_page_judges_few_and_has_those_that_end_first(
    house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out_streets(house)
    monkeypatch.setattr(addresses, "_JUDGED_AT_ONCE", 3)
    monkeypatch.setattr(addresses, "_READ_AT_ONCE", 7)
    ends = {f"P-{i}": f"{10 + i * 7 % 20}/01/2027" for i in range(1, 21)}
    rows = (waits(number, 900_000 + int(number[2:]), **{"Data fine mandato": on}) for number, on in ends.items())
    await taken_in(desk, house, file_of(*rows))
    judged: list[int] = []
    real = addresses.planning.candidates_on

    async def counted(*args: Any, **options: Any) -> Any:
        judged.append(len(options["only"]))
        return await real(*args, **options)

    monkeypatch.setattr(addresses.planning, "candidates_on", counted)

    first = (await queue(desk, limit=2))["rows"]
    few = sum(judged)
    whole = (await queue(desk, limit=200))["rows"]

    assert {one["worth_cents"] for one in whole} == {worth.LARGEST_PRIZE_CENTS}
    assert [one["placement_ends_on"] for one in whole] == [f"2027-01-{day}" for day in range(10, 30)]
    assert (first, few) == (whole[:2], 3)


@pytest.mark.usefixtures("three")
async def test_on_a_sunday_the_queue_stands_as_on_the_working_day_after_it(house: House) -> None:
    sunday, monday = datetime(2026, 11, 29, 9, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)
    house.clock.move_to(sunday)
    on_sunday = (await queue(await house.sign_in(Role.BACK_OFFICE)))["rows"]
    house.clock.move_to(monday)

    assert on_sunday == (await queue(await house.sign_in(Role.BACK_OFFICE)))["rows"]
    assert on_sunday[0]["worth_cents"] > 0


async def test_a_page_adds_up_no_postings(house: House, three: Desk) -> None:
    await queue(three)

    with statements(house.parts.database) as heard:
        await queue(three, limit=1)

    # what the rules ask of the few that are judged reads theirs; nothing reads those of all that wait
    bounds = [said for said in heard if "claim_part" in said and "ORDER BY" in said]
    assert len(bounds) == 1
    assert "posting" not in bounds[0]


async def test_nobody_waits_for_the_sums_while_a_page_is_judged(
    house: House, three: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.session() as session:
        practice_id = (await session.exec(select(tables.Practice.id))).first()
        tell(session, NewFact("task.opened", NOW, practice_id=practice_id, body={}))
    held, real = [], addresses.planning.candidates_on

    async def watched(*args: Any, **options: Any) -> Any:
        async with house.session() as session:
            key = {"key": f"claims:{house.agency_id}"}
            free = sqlalchemy.text("select pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
            held.append(not (await session.execute(free, key)).scalar_one())
            held.append(await claim_sums.behind(session) > 0)
        return await real(*args, **options)

    monkeypatch.setattr(addresses.planning, "candidates_on", watched)
    async with house.session() as session:
        assert await claim_sums.behind(session) == 1

    await queue(three, limit=1)

    # free, and what was told is in them already for everybody
    assert held == [False, False]


async def test_after_an_upgrade_a_page_is_ranked_by_what_was_kept_and_the_worker_adds_up(
    house: House, three: Desk, cluster: Cluster, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_sums, "LITTLE", 2)
    monkeypatch.setattr(addresses, "_JUDGED_AT_ONCE", 1)
    with psycopg.connect(cluster.url(setup_user(), database_name)) as owner:
        # as the migration that brought `left_cents` leaves a house
        owner.execute("delete from claim_mark")
        owner.execute("update claim_part set left_cents = 0")

    with statements(house.parts.database) as heard:
        before = await queue(three, limit=1)
    async with house.session() as session:
        assert await session.get(tables.ClaimMark, house.agency_id) is None
    await claims.add_up(house.parts)
    after = await queue(three, limit=1)

    assert not [said for said in heard if "insert into claim_part" in said]
    assert numbers(before["rows"]) == ["P-3"]
    # the cursors too: what is kept was exact
    assert before == after
    async with house.session() as session:
        assert await claim_sums.behind(session) == 0
        kept = (await session.exec(select(tables.ClaimPart.left_cents))).all()
    assert sorted(kept) == [100_000, 200_000, 300_000]


@pytest.mark.parametrize("surely", [1_000, 1_700, 4_211])
async def test_the_database_reckons_what_a_visit_brings_at_the_most_as_the_plan_does(house: House, surely: int) -> None:
    day = date(2026, 11, 26)
    cases = [
        (owed, day + timedelta(days=ahead))
        for owed in (-5_000, 0, 1, 16, 17, 12_345, 99_999, 357_142, 357_143, 500_000, 10**11)
        for ahead in (-30, 0, 1, 19, 20, 21, 400)
    ]
    columns = sqlalchemy.values(
        sqlalchemy.column("owed", sqlalchemy.BigInteger), sqlalchemy.column("ends_on", sqlalchemy.Date), name="asked"
    ).data(cases)
    most = store.most_cents(columns.c.owed, columns.c.ends_on, day=day, surely_per_mille=surely)

    async with house.session() as session:
        found = (await session.execute(sqlalchemy.select(columns.c.owed, columns.c.ends_on, most))).all()

    assert {(owed, ends_on): cents for owed, ends_on, cents in found} == {
        (owed, ends_on): worth.prize(owed, 0, days_left=(ends_on - day).days, at_home_per_mille=surely)
        for owed, ends_on in cases
    }
