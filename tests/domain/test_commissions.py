"""Commissions: half a cent goes up, what is undone gives back what it earned, a closed day keeps its rate."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.commissions import (
    Movement,
    Rate,
    Share,
    closing_end,
    closing_entry,
    commission_cents,
    percent,
    rate_on,
    shares_of,
)
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ledger import AccountKind
from tests.domain.receipt_builders import answer_of

ROME = ZoneInfo("Europe/Rome")
CREDITOR = UUID(int=1)
AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
rates_bp = st.integers(1, 10_000)


def moved(cents: int, day: int, *, number: int = 1) -> Movement:
    kind = "payment.received" if cents >= 0 else "receipt.voided"
    return Movement(number, kind, AT, date(2026, 11, day), UUID(int=2), "P-001", "A1-000001", cents)


def rate(day: int, rate_bp: int) -> Rate:
    return Rate(date(2026, 11, day), rate_bp)


@pytest.mark.parametrize(
    ("net", "rate_bp", "cents"),
    [
        (10_000, 1_000, 1_000),
        (5, 1_000, 1),  # half a cent
        (4, 1_000, 0),
        (-5, 1_000, -1),  # as much the other way round
        (-10_000, 1_000, -1_000),
        (0, 1_000, 0),
        (1, 10_000, 1),
        (99_999_999_999, 1_234, 12_340_000_000),
    ],
)
def test_half_a_cent_is_rounded_up_and_below_zero_as_much(net: int, rate_bp: int, cents: int) -> None:
    assert commission_cents(net, rate_bp) == cents


@given(net=st.integers(-(10**12), 10**12), rate_bp=rates_bp)
def test_a_commission_is_what_decimal_arithmetic_rounds_half_up(net: int, rate_bp: int) -> None:
    exact = Decimal(net) * rate_bp / 10_000

    assert commission_cents(net, rate_bp) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("rate_bp", [0, -500, 15_000, 10_001])
def test_a_rate_of_nothing_less_or_more_than_all_is_refused(rate_bp: int) -> None:
    assert answer_of(lambda: rate(1, rate_bp)) == {"refused": "commission.rate_unusable"}


@pytest.mark.parametrize(
    ("day", "in_force"),
    [(1, None), (4, None), (5, 800), (9, 800), (10, 1_200), (19, 1_200), (20, 900), (30, 900)],
)
def test_the_newest_rate_whose_day_has_come_counts_and_of_one_day_the_one_set_last(
    day: int, in_force: int | None
) -> None:
    as_set = [rate(10, 1_000), rate(5, 800), rate(20, 900), rate(10, 1_200)]

    assert rate_on(as_set, date(2026, 11, day)) == in_force


def test_each_movement_counts_at_the_rate_of_the_day_on_which_the_money_had_come_in() -> None:
    shares = shares_of(
        [moved(10_005, 3), moved(20_000, 12), moved(-10_005, 3), moved(700, 1)], [rate(2, 1_000), rate(10, 1_200)]
    )

    # The receipt of the 3rd that was voided later gives back what it had earned, not a cent of another rate.
    assert shares == (Share(1_200, 20_000, 0), Share(1_000, 10_005, 10_005), Share(None, 700, 0))
    assert [share.commission_cents for share in shares] == [2_400, 0, 0]


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 28)), max_size=20), st.data())
def test_shares_hold_every_cent_once_and_undoing_everything_earns_nothing(
    money: list[tuple[int, int]], data: st.DataObject
) -> None:
    as_set = [rate(day, bp) for day, bp in data.draw(st.lists(st.tuples(st.integers(1, 28), rates_bp), max_size=5))]
    there = [moved(cents, day) for cents, day in money]
    undone = [moved(-cents, day) for cents, day in money]

    assert sum(share.net_cents for share in shares_of(there, as_set)) == sum(cents for cents, _ in money)
    assert sum(share.commission_cents for share in shares_of([*there, *undone], as_set)) == 0
    earned = [sum(share.commission_cents for share in shares_of(some, as_set)) for some in (there, undone)]
    assert earned[0] == -earned[1]


@pytest.mark.parametrize(("cents", "due"), [(10_000, 1_000), (-10_000, -1_000)])
def test_the_entry_takes_from_what_is_owed_and_gives_back_the_other_way_round(cents: int, due: int) -> None:
    entry = closing_entry(
        [Share(1_000, max(cents, 0), max(-cents, 0))],
        creditor_id=CREDITOR,
        number=3,
        to_on=date(2026, 11, 30),
        at=AT,
        idempotency_key="k",
    )

    legs = {leg.account.kind: leg.amount_cents for leg in entry.legs}
    assert legs == {AccountKind.CREDITOR_DUES: due, AccountKind.COMMISSIONS: -due}
    assert entry.memo.startswith("provvigione n. 3 fino al 30/11/2026: 10 % su ")


def test_a_closing_that_comes_to_nothing_posts_nothing() -> None:
    with pytest.raises(Refusal) as refused:
        closing_entry(
            [Share(1_000, 500, 500), Share(None, 900, 0)],
            creditor_id=CREDITOR,
            number=1,
            to_on=date(2026, 11, 30),
            at=AT,
            idempotency_key="k",
        )

    assert refused.value.code == "commission.comes_to_nothing"


@pytest.mark.parametrize(
    ("to_on", "closed_to", "answer"),
    [
        (date(2026, 11, 29), None, datetime(2026, 11, 30, tzinfo=ROME)),
        # The day before the clocks change ends at a midnight like any other.
        (date(2026, 10, 24), None, datetime(2026, 10, 25, tzinfo=ROME)),
        (date(2026, 11, 29), datetime(2026, 11, 29, tzinfo=ROME), datetime(2026, 11, 30, tzinfo=ROME)),
        # Today is not over, let alone tomorrow.
        (date(2026, 11, 30), None, "commission.day_not_over"),
        (date(2027, 2, 28), None, "commission.day_not_over"),
        # Closed already.
        (date(2026, 11, 29), datetime(2026, 11, 30, tzinfo=ROME), "commission.day_closed"),
        (date(2026, 11, 1), datetime(2026, 11, 30, tzinfo=ROME), "commission.day_closed"),
    ],
)
def test_a_closing_ends_with_a_day_that_is_over_and_open(to_on: date, closed_to: datetime | None, answer: Any) -> None:
    try:
        found: Any = closing_end(to_on, zone=ROME, today=date(2026, 11, 30), closed_to=closed_to)
    except Refusal as refusal:
        found = refusal.code

    assert found == answer


@pytest.mark.parametrize(("rate_bp", "text"), [(1_000, "10 %"), (1_250, "12,5 %"), (5, "0,05 %"), (10_000, "100 %")])
def test_a_rate_is_written_in_per_cent(rate_bp: int, text: str) -> None:
    assert percent(rate_bp) == text
