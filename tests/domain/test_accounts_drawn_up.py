"""Accounts to creditors: periods are whole days, money keeps one promise only, every cent stands in one line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.creditor_account import Kept, Promised, Received, draw_up, judge_promises, period_of
from fieldapp.domain.errors import Refusal
from fieldapp.domain.outgoing import TAKES_BACK, OutRow, next_run

ROME = ZoneInfo("Europe/Rome")
ONE, OTHER = UUID(int=1), UUID(int=2)
MADE = date(2026, 11, 2)


def promised(due: int, cents: int, *, practice: UUID = ONE, seen: bool = False) -> Promised:
    return Promised(uuid4(), practice, f"P-{practice.int}", "Mario Bianchi", MADE, date(2026, 11, due), cents, seen)


def came(day: int, cents: int, *, practice: UUID = ONE) -> Received:
    return Received(practice, date(2026, 11, day), cents)


@pytest.mark.parametrize(
    ("promises", "money", "kept"),
    [
        # On its last day it is still in time, a day later it is not.
        ([promised(10, 100)], [came(10, 100)], [True]),
        ([promised(10, 100)], [came(11, 100)], [False]),
        # Less than promised keeps nothing; in two parts it does.
        ([promised(10, 100)], [came(5, 99)], [False]),
        ([promised(10, 100)], [came(5, 60), came(9, 40)], [True]),
        # Before the promise was made: of something else.
        ([promised(10, 100)], [came(1, 100)], [False]),
        # Taken back by then: nothing came.
        ([promised(10, 100)], [came(5, 100), came(8, -100)], [False]),
        # The same money does not keep two promises.
        ([promised(10, 100), promised(12, 100)], [came(5, 100)], [True, False]),
        ([promised(10, 100), promised(12, 100)], [came(5, 200)], [True, True]),
        # Another practice's money is another's.
        ([promised(10, 100)], [came(5, 100, practice=OTHER)], [False]),
        # An announced transfer that the office saw.
        ([promised(10, 100, seen=True)], [], [True]),
    ],
)
def test_a_promise_is_kept_by_what_came_in_by_its_day(
    promises: list[Promised], money: list[Received], kept: list[bool]
) -> None:
    judged = judge_promises(promises, money)

    assert [verdict is Kept.KEPT for _, verdict in judged] == kept


@pytest.mark.parametrize(("from_on", "to_on"), [(MADE, date(2026, 11, 1)), (MADE, MADE + timedelta(days=366))])
def test_a_period_that_is_none_or_too_long_is_refused(from_on: date, to_on: date) -> None:
    with pytest.raises(Refusal) as refused:
        period_of(from_on, to_on, zone=ROME)

    assert refused.value.code == "account.period_unusable"


def test_periods_meet_at_midnight_also_where_a_day_has_an_hour_more() -> None:
    before, after = (
        period_of(date(2026, 10, 24), date(2026, 10, 25), zone=ROME),
        period_of(date(2026, 10, 26), date(2026, 10, 26), zone=ROME),
    )

    assert before.until == after.since
    assert before.since is not None
    assert before.until.astimezone(UTC) - before.since.astimezone(UTC) == timedelta(hours=49)


def test_a_promise_whose_day_is_not_over_waits_for_the_next_account() -> None:
    period = period_of(date(2026, 11, 1), date(2026, 11, 30), zone=ROME)

    assert period.due_days(ROME, today=date(2026, 11, 26)) == (date(2026, 11, 1), date(2026, 11, 26))
    assert period.due_days(ROME, today=date(2026, 12, 5)) == (date(2026, 11, 1), date(2026, 12, 1))


def test_a_monthly_account_is_due_on_the_first() -> None:
    after = datetime(2026, 11, 26, 18, 0, tzinfo=ROME)

    due = next_run(after, at=time(7, 0), weekdays=[0], zone=ROME, monthly=True)
    following = next_run(due, at=time(7, 0), weekdays=[0], zone=ROME, monthly=True)

    assert [one.astimezone(ROME).isoformat()[:16] for one in (due, following)] == [
        "2026-12-01T07:00",
        "2027-01-01T07:00",
    ]


MOVES = st.lists(
    st.tuples(
        st.sampled_from([ONE, OTHER, UUID(int=3)]),
        st.sampled_from(["payment.received", *TAKES_BACK]),
        st.integers(1, 10**9),
        st.sampled_from(["cash", "cheque", "transfer_received"]),
        st.booleans(),
    ),
    max_size=30,
)


@given(MOVES)
def test_every_cent_stands_in_one_line_and_one_method_and_is_owed_or_was_paid_directly(
    moves: list[tuple[UUID, str, int, str, bool]],
) -> None:
    rows = [
        OutRow(
            fact_number=number,
            fact_id=UUID(int=number),
            kind=kind,
            at=datetime(2026, 11, 5, tzinfo=UTC),
            practice_id=practice,
            practice_number=f"P-{practice.int}",
            debtor="",
            amount_cents=-cents if kind in TAKES_BACK else cents,
            dues_cents=0 if direct else -cents if kind in TAKES_BACK else cents,
            method=method,
        )
        for number, (practice, kind, cents, method, direct) in enumerate(moves)
    ]

    account = draw_up(rows, [], period=period_of(MADE, MADE, zone=ROME))

    net = sum(row.amount_cents or 0 for row in rows)
    assert account.net_cents == net == sum(line.net_cents for line in account.lines)
    assert net == sum(way.net_cents for way in account.methods)
    assert account.due_cents == sum(row.dues_cents or 0 for row in rows)
    assert min([line.received_cents for line in account.lines] + [0]) == 0
