"""What a phone says of money, held against the books."""

from __future__ import annotations

from uuid import UUID

from fieldapp.domain.allocation import AllocationOrder
from fieldapp.domain.ledger import LineBalance
from fieldapp.domain.taken_money import after, laid_on_the_books
from fieldapp.domain.visit_report import Allocated

LINE = UUID(int=1)


def test_a_line_that_is_named_twice_is_taken_off_twice() -> None:
    lines = ((LINE, LineBalance(principal_cents=10_000)),)
    twice = [Allocated(LINE, 4_000, 0, 0), Allocated(LINE, 5_000, 0, 0)]

    laid = laid_on_the_books(twice, lines, AllocationOrder())

    assert not laid.moved
    assert after(lines, laid.shares) == ((LINE, LineBalance(principal_cents=1_000)),)
