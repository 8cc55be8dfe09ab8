"""Entries balance by construction, a payment moves exactly its cents, and a reversal leaves nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.ledger import (
    AccountKey,
    AccountKind,
    Leg,
    LineBalance,
    LineShare,
    NewEntry,
    balances,
    payment_entry,
    reversal,
    statement_entry,
)

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
CREDITOR, PRACTICE, AGENT, LINE = (UUID(int=i) for i in range(1, 5))
CASH = AccountKey(AccountKind.AGENT_CASH, person_id=AGENT)

amounts = st.integers(0, 10_000_000)
line_balances = st.builds(LineBalance, amounts, amounts, amounts)
lines = st.dictionaries(st.integers(10, 20).map(lambda i: UUID(int=i)), line_balances, max_size=5)


def statement(stated: dict[UUID, LineBalance], present: dict[UUID, LineBalance]) -> NewEntry | None:
    return statement_entry(
        at=AT, idempotency_key="s", creditor_id=CREDITOR, practice_id=PRACTICE, stated=stated, present=present
    )


def payment(share: LineShare, *, duty: int = 0) -> NewEntry:
    return payment_entry(
        at=AT,
        idempotency_key="p",
        creditor_id=CREDITOR,
        practice_id=PRACTICE,
        held_in=CASH,
        shares=[share],
        amount_cents=share.total_cents,
        stamp_duty_cents=duty,
    )


@given(stated=lines, present=lines)
def test_a_statement_makes_every_line_what_the_creditor_says(
    stated: dict[UUID, LineBalance], present: dict[UUID, LineBalance]
) -> None:
    entry = statement(stated, present)

    after = {(line, kind): cents for line, balance in present.items() for kind, cents in balance.by_kind()}
    for leg in entry.legs if entry else ():
        if leg.debt_line_id is not None:
            key = (leg.debt_line_id, leg.account.kind)
            after[key] = after.get(key, 0) + leg.amount_cents
    wanted = {(line, kind): cents for line, balance in stated.items() for kind, cents in balance.by_kind()}
    assert {key: cents for key, cents in after.items() if cents} == {k: c for k, c in wanted.items() if c}


@given(stated=lines)
def test_the_same_statement_again_changes_nothing(stated: dict[UUID, LineBalance]) -> None:
    assert statement(stated, stated) is None


@given(
    share=st.builds(LineShare, st.just(LINE), amounts, amounts, amounts).filter(lambda s: s.total_cents > 0),
    duty=st.sampled_from([0, 200]),
)
def test_a_payment_moves_its_cents_and_a_reversal_moves_them_back(share: LineShare, duty: int) -> None:
    paid = payment(share, duty=duty)

    after = balances([paid])

    assert sum(after.values()) == 0
    assert after[CASH] == share.total_cents + duty
    assert after[AccountKey(AccountKind.CREDITOR_DUES, creditor_id=CREDITOR)] == -share.total_cents
    undone = reversal(paid, entry_id=UUID(int=9), at=AT, idempotency_key="r", memo="prova")
    assert set(balances([paid, undone]).values()) == {0}


def test_an_entry_off_by_a_cent_cannot_be_built() -> None:
    with pytest.raises(Refusal) as refusal:
        NewEntry("payment", AT, "k", (Leg(CASH, 100), Leg(AccountKey(AccountKind.STAMP_DUTY), -99)))

    assert refusal.value.code == "ledger.entry_unbalanced"
    assert refusal.value.details == {"off_cents": 1}


@pytest.mark.parametrize(
    ("amount", "share", "code"),
    [
        # A cent less allocated than received
        (100, LineShare(LINE, 99, 0, 0), "payment.allocation_differs"),
        # A negative part hidden by a larger one
        (100, LineShare(LINE, 150, -50, 0), "payment.allocation_differs"),
        # Nothing at all
        (0, LineShare(LINE, 0, 0, 0), "payment.amount_not_positive"),
        # Money handed back is not a payment
        (-100, LineShare(LINE, -100, 0, 0), "payment.amount_not_positive"),
    ],
)
def test_a_payment_whose_parts_do_not_make_the_whole_is_refused(amount: int, share: LineShare, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        payment_entry(
            at=AT,
            idempotency_key="p",
            creditor_id=CREDITOR,
            practice_id=PRACTICE,
            held_in=CASH,
            shares=[share],
            amount_cents=amount,
        )

    assert refusal.value.code == code


def test_an_account_names_exactly_its_owners() -> None:
    with pytest.raises(ValueError, match="belongs to"):
        AccountKey(AccountKind.AGENT_CASH, practice_id=PRACTICE)
