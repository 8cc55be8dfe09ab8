"""Figures of the work: each number is what the facts say, adds up however it is grouped, and opens to its practices."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from arro3.io import read_parquet
from openpyxl import load_workbook
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.figures import KEPT, MEASURES, By, measures
from fieldapp.store import tables
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.phone import a_report
from tests.flows.test_outgoing import a_day
from tests.flows.test_sync import AT, day_of, phone_of, verdicts

MONTH = {"from_on": "2026-11-01", "to_on": "2026-11-30"}
A_DAY = {
    "visits": 2,
    "reached": 1,
    "kept": 0,
    "broken": 0,
    "recovered_cents": 30_000,
    "planned": 2,
    "done": 2,
    "metres": 8_000,
}


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.DISPATCHER)


async def figures(desk: Desk, by: str = "creditor", **period: str) -> dict[str, Any]:
    answer = await desk.get("/figures", params={"by": by, **MONTH, **period})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def practices(desk: Desk, by: str, key: str) -> list[dict[str, Any]]:
    answer = await desk.get("/figures/practices", params={"by": by, "key": key, **MONTH})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


@pytest.mark.parametrize("by", KEPT)
async def test_a_day_adds_up_however_it_is_grouped_and_opens_to_its_practices(house: House, desk: Desk, by: By) -> None:
    await a_day(house)

    page = await figures(desk, by.value)

    told = {measure: A_DAY[measure] if measure in measures(by) else 0 for measure in MEASURES}
    assert page["total"] == told
    for measure in MEASURES:
        assert sum(row["cells"][measure] for row in page["rows"]) == told[measure]
    opened = [row for group in page["rows"] for row in await practices(desk, by.value, group["key"])]
    assert {row["practice_number"] for row in opened} == {"P-001", "P-002"}
    for measure in MEASURES:
        assert sum(row["cells"][measure] for row in opened) == told[measure]


async def test_groups_are_named(house: House, desk: Desk) -> None:
    await a_day(house)

    keys = {by: [(row["key"], row["name"]) for row in (await figures(desk, by.value))["rows"]] for by in KEPT}

    assert keys[By.CREDITOR] == [(str(house.creditor_id), "Finanziaria Prova S.p.A.")]
    assert keys[By.AREA] == [("Lodi (LO)", "Lodi (LO)")]
    assert keys[By.WEEKDAY] == [("4", "")], "a Thursday"
    # Published for 9 and 9:30 UTC, visited at 8:20 and 8:40: before and after ten in Italy.
    assert [key for key, _ in keys[By.HOUR]] == ["08", "10"]
    assert len(keys[By.AGE]) == 1


async def test_what_has_no_known_place_opens_too(house: House, desk: Desk) -> None:
    await a_day(house)
    async with house.session() as session:
        for address in (await session.exec(select(tables.Address))).all():
            address.comune = ""

    (row,) = (await figures(desk, "area"))["rows"]

    assert (row["key"], row["cells"]) == ("unknown", A_DAY)
    assert len(await practices(desk, "area", "unknown")) == 2


async def test_what_was_given_back_is_taken_off(house: House, desk: Desk) -> None:
    await a_day(house)
    office = await house.sign_in(Role.BACK_OFFICE)
    async with house.session() as session:
        receipt = (await session.exec(select(tables.Receipt))).one()

    answer = await office.post(f"/receipts/{receipt.id}/void", json={"reason": "Importo sbagliato alla porta"})

    assert answer.status_code in (200, 201), answer.text
    assert (await figures(desk))["total"]["recovered_cents"] == 0


async def test_only_the_days_asked_for_count(house: House, desk: Desk) -> None:
    await a_day(house)

    before = await figures(desk, to_on=(TODAY - timedelta(days=1)).isoformat())
    that_day = await figures(desk, from_on=TODAY.isoformat(), to_on=TODAY.isoformat())

    assert before["rows"] == []
    assert set(before["total"].values()) == {0}
    assert that_day["total"] == A_DAY


async def test_a_day_published_twice_is_planned_once_and_a_reserve_is_no_plan(house: House, desk: Desk) -> None:
    first, second = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    await published(house, first)
    await published(house, first, second)
    async with house.session() as session:
        stops = (await session.exec(select(tables.PublishedStop).where(tables.PublishedStop.position == 2))).all()
        for stop in stops:
            stop.reserve = True
        tell(session, NewFact("day.published", NOW, day=TODAY))

    total = (await figures(desk))["total"]

    assert (total["planned"], total["done"], total["metres"]) == (1, 0, 0)


async def test_a_visit_that_was_not_made_is_no_visit_and_leaves_its_stop_undone(house: House, desk: Desk) -> None:
    await published(house, await entrusted(house))
    phone = await phone_of(house)
    (stop,) = (await day_of(phone))["stops"]
    report = a_report(stop, at=AT, outcome="NOT_MADE", captured={"reason": "traffic"}, observations=[])
    assert [verdict for verdict, _ in await verdicts(phone, phone.envelope("visit", report, at=NOW))] == ["accepted"]

    total = (await figures(desk))["total"]

    assert (total["visits"], total["planned"], total["done"]) == (0, 1, 0)


async def promised(house: House, number: str, due_on: date, cents: int) -> None:
    async with house.session() as session:
        query = select(tables.Visit).join(tables.Practice).where(tables.Practice.practice_number == number)
        visit = (await session.exec(query)).one()
        session.add(
            tables.Promise(
                id=new_id(),
                agency_id=house.agency_id,
                practice_id=visit.practice_id,
                visit_id=visit.id,
                kind="promise_to_pay",
                due_on=due_on,
                amount_cents=cents,
            )
        )


async def test_a_promise_is_kept_or_broken_once_its_day_is_over(house: House, desk: Desk) -> None:
    await a_day(house)
    await promised(house, "P-001", TODAY, 30_000)
    await promised(house, "P-002", TODAY, 10_000)
    await promised(house, "P-002", TODAY + timedelta(days=3), 5_000)
    assert (await figures(desk))["total"] == A_DAY, "the day is not over"

    house.clock.move_to(NOW + timedelta(days=1))
    desk = await house.sign_in(Role.DISPATCHER)
    page = await figures(desk, "area")

    assert (page["total"]["kept"], page["total"]["broken"]) == (1, 1)
    opened = {row["practice_number"]: row["cells"] for row in await practices(desk, "area", "Lodi (LO)")}
    assert {number: (cells["kept"], cells["broken"]) for number, cells in opened.items()} == {
        "P-001": (1, 0),
        "P-002": (0, 1),
    }


async def test_a_sum_keeps_one_promise_whatever_days_are_asked_for(house: House, desk: Desk) -> None:
    await a_day(house)
    for days in (0, 5):
        await promised(house, "P-001", TODAY + timedelta(days=days), 30_000)
    house.clock.move_to(NOW + timedelta(days=10))
    desk = await house.sign_in(Role.DISPATCHER)

    async def told(from_on: str, to_on: str) -> tuple[int, int]:
        total = (await figures(desk, from_on=from_on, to_on=to_on))["total"]
        return total["kept"], total["broken"]

    assert await told("2026-11-01", "2026-11-30") == (1, 0)
    assert await told("2026-12-01", "2026-12-05") == (0, 1)
    assert await told("2026-11-01", "2026-12-05") == (1, 1)


async def test_another_agency_counts_for_itself(house: House) -> None:
    await a_day(house)
    _, _, stranger = await house.other_agency()

    page = await figures(await house.sign_in(person=stranger))

    assert page["rows"] == []


@pytest.mark.parametrize(
    "period",
    [{"from_on": "2026-11-30", "to_on": "2026-11-29"}, {"from_on": "2025-01-01", "to_on": "2026-11-29"}],
)
async def test_a_period_that_cannot_be_is_refused(desk: Desk, period: dict[str, str]) -> None:
    answer = await desk.get("/figures", params={"by": "area", **period})

    assert (answer.status_code, answer.json()["code"]) == (422, "figures.period_unusable")


async def exported(desk: Desk, form: str) -> bytes:
    answer = await desk.get("/exports/figures", params={"by": "creditor", **MONTH, "form": form})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith(f'.{form}"')
    return answer.content


async def test_every_kind_of_file_says_what_the_page_says(house: House, desk: Desk) -> None:
    await a_day(house)
    header = ["creditor", "name", *MEASURES]
    wanted = [str(house.creditor_id), "Finanziaria Prova S.p.A.", *(A_DAY[name] for name in MEASURES)]

    text = (await exported(desk, "csv")).decode("utf-8-sig").splitlines()
    sheet = load_workbook(io.BytesIO(await exported(desk, "xlsx"))).active
    table = read_parquet(io.BytesIO(await exported(desk, "parquet"))).read_all()

    assert [line.split(";") for line in text] == [header, [str(cell) for cell in wanted]]
    assert sheet is not None
    assert [[*row] for row in sheet.iter_rows(values_only=True)] == [header, wanted]
    assert (table.column_names, [column.to_pylist() for column in table.columns]) == (header, [[one] for one in wanted])
    async with house.session() as session:
        query = select(tables.AuditEntry).where(tables.AuditEntry.action == "figures.exported")
        assert len((await session.exec(query)).all()) == 3


async def test_a_practice_of_a_figure_is_one_that_can_be_opened(house: House, desk: Desk) -> None:
    await a_day(house)

    first = (await practices(desk, "creditor", str(house.creditor_id)))[0]

    assert (first["practice_number"], first["debtor"], first["cells"]["recovered_cents"]) == (
        "P-001",
        "Mario Bianchi",
        30_000,
    )
    assert (await desk.get(f"/practices/{UUID(first['practice_id'])}")).status_code == 200
