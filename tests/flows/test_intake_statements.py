"""A balance in a file is a statement as of a date: what our books make of it when payments were taken around it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ledger import LineBalance, balances
from fieldapp.domain.statements import PaymentTaken, adjust, cut_of
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import published
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, lay_out_streets, practice_file, row, taken_in
from tests.flows.phone import FieldPhone
from tests.flows.test_sync import day_of, paid_report, phone_of, verdicts

ROME = ZoneInfo("Europe/Rome")
CUT = datetime(2026, 11, 20, 23, tzinfo=UTC)
CREDITOR, PRACTICE = UUID(int=1), UUID(int=2)
LINES = tuple(UUID(int=10 + i) for i in range(3))

CENTS = st.integers(0, 500_000)
BALANCES = st.builds(LineBalance, CENTS, CENTS, CENTS)
BY_LINE = st.dictionaries(st.sampled_from(LINES), BALANCES, max_size=3)
TIMES = st.integers(-20 * 86_400, 10 * 86_400).map(lambda seconds: CUT + timedelta(seconds=seconds))
PAYMENTS = st.lists(
    st.builds(PaymentTaken, st.just("A1-000001"), TIMES, st.one_of(st.none(), TIMES), BY_LINE), max_size=4
)


def total(lines: dict[UUID, LineBalance]) -> int:
    return sum(line.total_cents for line in lines.values())


@given(stated=BY_LINE, present=BY_LINE, payments=PAYMENTS)
def test_the_claim_becomes_the_statement_less_what_the_creditor_was_not_told(
    stated: dict[UUID, LineBalance], present: dict[UUID, LineBalance], payments: list[PaymentTaken]
) -> None:
    made = adjust(
        cut=CUT,
        creditor_id=CREDITOR,
        practice_id=PRACTICE,
        idempotency_key="statement",
        stated=stated,
        present=present,
        payments=payments,
    )

    change = 0
    if made.entry is not None:
        posted = balances([made.entry])
        assert sum(posted.values()) == 0
        change = sum(cents for account, cents in posted.items() if account.practice_id == PRACTICE)
    untold = sum(
        payment.total_cents
        for payment in payments
        if payment.received_at < CUT and not (payment.reported_at and payment.reported_at < CUT)
    )
    assert total(present) + change == total(stated) - untold
    assert made.untold_cents == untold


@given(stated=BY_LINE)
def test_a_statement_that_says_what_the_books_say_posts_nothing(stated: dict[UUID, LineBalance]) -> None:
    made = adjust(
        cut=CUT,
        creditor_id=CREDITOR,
        practice_id=PRACTICE,
        idempotency_key="statement",
        stated=stated,
        present=stated,
        payments=[],
    )

    assert made.entry is None


@pytest.mark.parametrize(
    ("as_of", "cut"),
    [
        # The end of the day in Italy, in winter and in summer.
        (date(2026, 11, 20), datetime(2026, 11, 20, 23, tzinfo=UTC)),
        (date(2026, 7, 20), datetime(2026, 7, 20, 22, tzinfo=UTC)),
        # Today's statement speaks of the present, not of tonight.
        (date(2026, 11, 26), NOW),
    ],
)
def test_a_statement_speaks_of_the_end_of_its_day(as_of: date, cut: datetime) -> None:
    assert cut_of(as_of, now=NOW, zone=ROME) == cut


async def paid(house: House, desk: Desk, cents: int) -> FieldPhone:
    """A practice of 1,000 euro as of 20 November, in today's round, and a payment at its door today."""
    await taken_in(desk, house, file_of(row("P-1")))
    await published(house, UUID((await practice_file(desk, "P-1"))["id"]))
    phone = await phone_of(house)
    stop = (await day_of(phone))["stops"][0]
    report = paid_report(phone, stop, cents)
    assert await verdicts(phone, phone.envelope("visit", report, at=NOW)) == [("accepted", None)]
    return phone


async def state_balance(house: House, desk: Desk, *, cents: int, as_of: str) -> dict[str, Any]:
    return await taken_in(desk, house, file_of(row("P-1", cents=cents, **{"Saldo al": as_of})))


async def differences(desk: Desk) -> list[dict[str, Any]]:
    return [task["details"] for task in (await desk.get("/tasks", params={"kind": "balance.differs"})).json()]


@pytest.fixture
async def desk(house: House) -> Desk:
    lay_out_streets(house)
    return await house.sign_in(Role.BACK_OFFICE)


async def test_a_payment_after_the_statement_stays(house: House, desk: Desk) -> None:
    await paid(house, desk, 30_000)

    await state_balance(house, desk, cents=102_500, as_of="24/11/2026")

    assert (await practice_file(desk, "P-1"))["owed_cents"] == 102_500 - 30_000
    assert await differences(desk) == []


async def test_a_payment_that_the_creditor_was_told_of_is_included_in_the_statement(house: House, desk: Desk) -> None:
    await paid(house, desk, 30_000)
    exported = await desk.get(f"/exports/outcomes?day=2026-11-26&creditor_id={house.creditor_id}")
    assert exported.status_code == 200
    house.clock.move_to(NOW + timedelta(days=2))
    desk = await house.sign_in(Role.BACK_OFFICE)

    await state_balance(house, desk, cents=70_000, as_of="27/11/2026")

    assert (await practice_file(desk, "P-1"))["owed_cents"] == 70_000
    assert await differences(desk) == []


async def test_a_payment_that_the_creditor_was_not_told_of_becomes_a_task(house: House, desk: Desk) -> None:
    await paid(house, desk, 30_000)
    house.clock.move_to(NOW + timedelta(days=2))
    desk = await house.sign_in(Role.BACK_OFFICE)

    await state_balance(house, desk, cents=100_000, as_of="27/11/2026")

    file = await practice_file(desk, "P-1")
    assert file["owed_cents"] == 70_000
    task = (await differences(desk))[0]
    assert (task["by_cents"], task["stated_cents"], task["receipts"]) == (
        30_000,
        100_000,
        [file["receipts"][0]["label"]],
    )


async def test_a_second_statement_of_the_same_day_corrects_the_first(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", cents=100_000)))

    await taken_in(desk, house, file_of(row("P-1", cents=80_000)))

    assert (await practice_file(desk, "P-1"))["owed_cents"] == 80_000


async def test_an_older_statement_changes_nothing_and_says_so(house: House, desk: Desk) -> None:
    await state_balance(house, desk, cents=80_000, as_of="24/11/2026")

    report = await state_balance(house, desk, cents=100_000, as_of="20/11/2026")

    assert report["unchanged_practices"] == 1
    assert any("P-1" in warning for warning in report["warnings"])
    assert (await practice_file(desk, "P-1"))["owed_cents"] == 80_000


async def test_a_debt_line_that_the_statement_no_longer_names_is_closed(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", cents=100_000)))

    await taken_in(desk, house, file_of(row("P-1", cents=40_000, Titolo="Fattura 2", **{"Saldo al": "24/11/2026"})))

    lines = (await practice_file(desk, "P-1"))["debt_lines"]
    left = {line["title"]: line["principal_cents"] + line["interest_cents"] + line["costs_cents"] for line in lines}
    assert left == {"Fattura 1": 0, "Fattura 2": 40_000}


async def test_every_statement_is_kept(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", cents=100_000)))
    await state_balance(house, desk, cents=80_000, as_of="24/11/2026")

    async with house.session() as session:
        statements = (await session.exec(select(tables.Statement).order_by(tables.Statement.as_of))).all()  # type: ignore[arg-type]

    assert [(row.as_of.day, row.total_cents) for row in statements] == [(20, 100_000), (24, 80_000)]
