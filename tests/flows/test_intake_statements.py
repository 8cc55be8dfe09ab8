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
from fieldapp.domain.allocation import AllocationOrder
from fieldapp.domain.ledger import CLAIMS, LineBalance, balances, left_cents
from fieldapp.domain.statements import PaymentTaken, adjust, cut_of, levelling_entry
from fieldapp.services import rules
from fieldapp.store import practice_facts, tables
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


SIGNED = st.integers(-300_000, 500_000)


@given(lines=st.dictionaries(st.sampled_from(LINES), st.builds(LineBalance, SIGNED, SIGNED, SIGNED), max_size=3))
def test_levelled_no_part_is_below_zero_while_another_is_open_and_the_claim_stays(
    lines: dict[UUID, LineBalance],
) -> None:
    entry = levelling_entry(
        list(lines.items()), AllocationOrder(), at=CUT, idempotency_key="levelled", practice_id=PRACTICE
    )

    after = {line: dict(balance.by_kind()) for line, balance in lines.items()}
    for leg in entry.legs if entry else ():
        assert leg.debt_line_id is not None
        after[leg.debt_line_id][leg.account.kind] += leg.amount_cents
    levelled = [LineBalance(*(parts[kind] for kind in CLAIMS)) for parts in after.values()]
    assert left_cents(levelled) == max(0, total(lines))
    assert sum(line.total_cents for line in levelled) == total(lines)
    # What is right already is left alone.
    moved = {leg.debt_line_id for leg in entry.legs} if entry else set()
    even = left_cents(lines.values()) == max(0, total(lines))
    assert bool(moved) is not even


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


async def restated(house: House, desk: Desk, *, cents: int, as_of: str, **columns: str) -> dict[str, Any]:
    """The file of the practice once the creditor has stated it under other names; what every line owes, above zero."""
    await taken_in(desk, house, file_of(row("P-1", cents=cents, **{"Saldo al": as_of} | columns)))
    file = await practice_file(desk, "P-1")
    parts = [line[part] for line in file["debt_lines"] for part in ("principal_cents", "interest_cents", "costs_cents")]
    assert min(parts) >= 0
    return file


OTHERWISE = pytest.mark.parametrize(
    "columns",
    [{"Titolo": "Fattura 1 bis"}, {"Scadenza": "01/06/2026"}, {"Titolo": "Fattura 2", "Scadenza": "01/06/2026"}],
)


@OTHERWISE
async def test_what_was_paid_unknown_to_the_creditor_stays_paid_however_he_names_the_debt(
    house: House, desk: Desk, columns: dict[str, str]
) -> None:
    await paid(house, desk, 30_000)
    house.clock.move_to(NOW + timedelta(days=2))
    desk = await house.sign_in(Role.BACK_OFFICE)

    file = await restated(house, desk, cents=100_000, as_of="27/11/2026", **columns)
    shown = (await desk.post("/counter/preview", json={"practice_id": file["id"], "amount_cents": 70_000})).json()

    assert (file["owed_cents"], file["overpaid_cents"]) == (70_000, 0)
    assert (shown["owed_cents"], shown["allocation"]["residual_cents"]) == (70_000, 0)
    # Said again, and by another name again, it is never owed again.
    assert (await restated(house, desk, cents=100_000, as_of="28/11/2026", **columns))["owed_cents"] == 70_000
    assert (await restated(house, desk, cents=100_000, as_of="28/11/2026", Titolo="Altro"))["owed_cents"] == 70_000


@OTHERWISE
async def test_what_was_paid_after_the_day_of_the_statement_stays_paid(
    house: House, desk: Desk, columns: dict[str, str]
) -> None:
    await paid(house, desk, 30_000)

    file = await restated(house, desk, cents=102_500, as_of="24/11/2026", **columns)

    assert (file["owed_cents"], file["overpaid_cents"]) == (72_500, 0)


async def test_who_has_paid_all_of_it_is_not_visited_again_because_of_a_new_name(house: House, desk: Desk) -> None:
    await paid(house, desk, 100_000)
    house.clock.move_to(NOW + timedelta(days=2))
    desk = await house.sign_in(Role.BACK_OFFICE)

    file = await restated(house, desk, cents=100_000, as_of="27/11/2026", Titolo="Fattura 1 bis")

    assert (file["owed_cents"], file["overpaid_cents"]) == (0, 0)
    async with house.session() as session:
        ruleset, day = rules.standard(2026), date(2026, 11, 28)
        facts, _ = await practice_facts.facts_and_clocks(session, UUID(file["id"]), ruleset=ruleset, today=day)
        assert "paid" in facts.states


async def test_a_receipt_that_is_voided_after_such_a_statement_is_owed_again_once(house: House, desk: Desk) -> None:
    await paid(house, desk, 30_000)
    file = await restated(house, desk, cents=100_000, as_of="24/11/2026", Titolo="Fattura 1 bis")
    voided = await desk.post(f"/receipts/{file['receipts'][0]['id']}/void", json={"reason": "Banconote false"})

    assert voided.status_code == 200, voided.text
    assert (await practice_file(desk, "P-1"))["owed_cents"] == 100_000
    assert (await restated(house, desk, cents=100_000, as_of="25/11/2026", Titolo="Terzo nome"))[
        "owed_cents"
    ] == 100_000


async def test_every_statement_is_kept(house: House, desk: Desk) -> None:
    await taken_in(desk, house, file_of(row("P-1", cents=100_000)))
    await state_balance(house, desk, cents=80_000, as_of="24/11/2026")

    async with house.session() as session:
        statements = (await session.exec(select(tables.Statement).order_by(tables.Statement.as_of))).all()  # type: ignore[arg-type]

    assert [(row.as_of.day, row.total_cents) for row in statements] == [(20, 100_000), (24, 80_000)]
