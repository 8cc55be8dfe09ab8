"""Any sequence of receive, hand in, bank, clear, bounce, void, refund and transfer keeps the books even and exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fieldapp.domain.allocation import AllocationOrder, OpenLine, allocate
from fieldapp.domain.cash import (
    HandIn,
    Standing,
    hand_in_entry,
    move_entry,
    refund_entry,
    refund_shares,
    step,
    where_is,
)
from fieldapp.domain.commissions import Movement, Rate, closing_entry, shares_of
from fieldapp.domain.ledger import (
    CLAIMS,
    AccountKey,
    AccountKind,
    LineBalance,
    LineShare,
    NewEntry,
    balances,
    payment_entry,
    reversal,
    statement_entry,
)
from tests.domain.receipt_builders import answer_of

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
CREDITOR, AGENT, OTHER_AGENT = (UUID(int=n) for n in range(1, 4))
BANK = AccountKey(AccountKind.AGENCY_BANK)
HELD = {
    "cash": AccountKind.AGENT_CASH,
    "card": AccountKind.CARD_IN_TRANSIT,
    "cheque": AccountKind.CHEQUES_IN_HAND,
}


@dataclass
class Paid:
    """A payment as the books know it: its entry, where it stands, what was given back of it."""

    entry: NewEntry
    method: str
    agent: UUID
    practice: UUID
    amount_cents: int
    held_cents: int
    standing: Standing
    later: list[NewEntry] = field(default_factory=list)


@dataclass
class Closing:
    """Movements that a closing took, their rate in basis points, and its entry."""

    movements: list[int]
    rate_bp: int
    entry: NewEntry


class Books:
    """The domain's entries strung together as the service strings them; ids are counted."""

    def __init__(self, creditor: UUID = CREDITOR) -> None:
        self.creditor = creditor
        self.entries: list[NewEntry] = []
        self.payments: list[Paid] = []
        self.open: list[int] = []
        """Money of the creditor that no closing holds: what came in, and below zero what went back."""
        self.closed: list[Closing] = []
        self.lines: dict[UUID, list[UUID]] = {}
        self.totals: dict[AccountKey, int] = {}
        self._claims: dict[UUID, dict[UUID, dict[AccountKind, int]]] = {}
        self._count = 100

    def new_id(self) -> UUID:
        self._count += 1
        return UUID(int=self._count)

    def post(self, entry: NewEntry) -> NewEntry:
        self.entries.append(entry)
        for leg in entry.legs:
            self.totals[leg.account] = self.totals.get(leg.account, 0) + leg.amount_cents
            if leg.account.practice_id is not None and leg.debt_line_id is not None:
                self._claims[leg.account.practice_id][leg.debt_line_id][leg.account.kind] += leg.amount_cents
        return entry

    def balance(self, key: AccountKey) -> int:
        return self.totals.get(key, 0)

    def entrust(self, stated: Sequence[LineBalance]) -> None:
        self.know(self.new_id(), {self.new_id(): balance for balance in stated})

    def know(self, practice: UUID, lines: dict[UUID, LineBalance]) -> None:
        """A practice with what its creditor states of its lines."""
        self.lines[practice] = list(lines)
        self._claims[practice] = {line: dict.fromkeys(CLAIMS, 0) for line in lines}
        entry = statement_entry(
            at=AT,
            idempotency_key=f"s:{practice}",
            creditor_id=self.creditor,
            practice_id=practice,
            stated=lines,
            present={},
        )
        if entry is not None:
            self.post(entry)

    def owed(self, practice: UUID) -> dict[UUID, dict[AccountKind, int]]:
        return self._claims[practice]

    def shares(self, practice: UUID, amount: int) -> list[LineShare]:
        """Laid over the lines in the legal order; what exceeds the debt on the last line's principal."""
        owed = self.owed(practice)
        principal, interest, costs = CLAIMS
        open_lines = [
            OpenLine(str(line), max(0, at[principal]), max(0, at[interest]), max(0, at[costs]))
            for line, at in owed.items()
        ]
        allocation = allocate(amount, open_lines, order=AllocationOrder())
        assert sum(part.total_cents for part in allocation.lines) + allocation.over_cents == amount
        shares = {
            UUID(part.id): LineShare(UUID(part.id), part.principal_cents, part.interest_cents, part.costs_cents)
            for part in allocation.lines
        }
        if allocation.over_cents:
            last = list(owed)[-1]
            share = shares.get(last, LineShare(last, 0, 0, 0))
            shares[last] = replace(share, principal_cents=share.principal_cents + allocation.over_cents)
        return list(shares.values())

    def receive(self, practice: UUID, amount: int, *, method: str, agent: UUID, duty: int) -> None:
        transfer = method == "transfer_received"
        held = BANK if transfer else AccountKey(HELD[method], person_id=agent)
        entry = payment_entry(
            at=AT,
            idempotency_key=f"p:{self.new_id()}",
            creditor_id=self.creditor,
            practice_id=practice,
            held_in=held,
            shares=self.shares(practice, amount),
            amount_cents=amount,
            stamp_duty_cents=0 if transfer else duty,
        )
        standing = Standing.CLEARED if transfer else Standing.RECEIVED
        held_cents = amount + (0 if transfer else duty)
        self.open.append(amount)
        self.payments.append(Paid(self.post(entry), method, agent, practice, amount, held_cents, standing))

    def place(self, paid: Paid) -> AccountKey:
        return where_is(paid.method, paid.standing, agent_id=paid.agent, received_in=paid.entry.legs[0].account)

    def move(self, paid: Paid, to: Standing) -> None:
        step(paid.method, paid.standing, to)
        source = self.place(paid)
        paid.standing = to
        moves = [(source, self.place(paid), paid.held_cents)]
        self.post(move_entry(to.value, moves, at=AT, idempotency_key=f"m:{self.new_id()}", memo=""))

    def undo(self, paid: Paid, to: Standing) -> None:
        step(paid.method, paid.standing, to)
        moved = {paid.entry.legs[0].account: self.place(paid)}
        entry = reversal(
            paid.entry, entry_id=self.new_id(), at=AT, idempotency_key=f"r:{self.new_id()}", memo="x", moved=moved
        )
        paid.standing = to
        self.open.append(-paid.amount_cents)
        paid.later.append(self.post(entry))

    def refund(self, paid: Paid, amount: int) -> None:
        brought = [leg for entry in (paid.entry, *paid.later) for leg in entry.legs if leg.account.kind in CLAIMS]
        entry = refund_entry(
            refund_shares(brought, amount),
            at=AT,
            idempotency_key=f"b:{self.new_id()}",
            creditor_id=self.creditor,
            practice_id=paid.practice,
            paid_from=AccountKey(AccountKind.AGENCY_BANK),
            memo="x",
        )
        self.open.append(-amount)
        paid.later.append(self.post(entry))

    def close_commission(self, rate_bp: int) -> None:
        """Raises Refusal `commission.comes_to_nothing`."""
        moved = [
            Movement(n, "payment.received", AT, AT.date(), self.creditor, "", "", cents)
            for n, cents in enumerate(self.open)
        ]
        entry = closing_entry(
            shares_of(moved, [Rate(AT.date(), rate_bp)]),
            creditor_id=self.creditor,
            number=len(self.closed) + 1,
            to_on=AT.date(),
            at=AT,
            idempotency_key=f"c:{self.new_id()}",
        )
        self.closed.append(Closing(self.open, rate_bp, self.post(entry)))
        self.open = []

    def reverse_commission(self) -> None:
        last = self.closed.pop()
        self.post(
            reversal(last.entry, entry_id=self.new_id(), at=AT, idempotency_key=f"x:{self.new_id()}", memo="wrong rate")
        )
        self.open = [*last.movements, *self.open]

    def given_back(self, paid: Paid) -> int:
        return sum(leg.amount_cents for entry in paid.later for leg in entry.legs if leg.account.kind in CLAIMS)


cents = st.integers(0, 300_000)
line_balances = st.builds(LineBalance, cents, cents, cents)


class LedgerLife(RuleBasedStateMachine):
    """The invariants hold after every step, whatever the steps."""

    @initialize(stated=st.lists(st.lists(line_balances, min_size=1, max_size=3), min_size=1, max_size=3))
    def begin(self, stated: list[list[LineBalance]]) -> None:
        self.books = Books()
        for lines in stated:
            self.books.entrust(lines)
        self.stated = {practice: self._total(practice) for practice in self.books.lines}

    def _total(self, practice: UUID) -> int:
        return sum(sum(parts.values()) for parts in self.books.owed(practice).values())

    def _some(self, data: st.DataObject, *standings: Standing, method: str = "") -> Paid | None:
        found = [p for p in self.books.payments if p.standing in standings and method in ("", p.method)]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(
        data=st.data(),
        amount=st.integers(1, 500_000),
        method=st.sampled_from(["cash", "card", "cheque", "transfer_received"]),
        agent=st.sampled_from([AGENT, OTHER_AGENT]),
        duty=st.sampled_from([0, 200]),
    )
    def receive(self, data: st.DataObject, amount: int, method: str, agent: UUID, duty: int) -> None:
        practice = data.draw(st.sampled_from(sorted(self.books.lines)))
        self.books.receive(practice, amount, method=method, agent=agent, duty=duty)

    @precondition(lambda self: self.books.payments)
    @rule(data=st.data(), agent=st.sampled_from([AGENT, OTHER_AGENT]), off=st.integers(-500, 500))
    def hand_in(self, data: st.DataObject, agent: UUID, off: int) -> None:
        held = self.books.balance(AccountKey(AccountKind.AGENT_CASH, person_id=agent))
        declared = data.draw(st.integers(0, max(0, held)))
        cheques = [
            p
            for p in self.books.payments
            if p.method == "cheque" and p.agent == agent and p.standing is Standing.RECEIVED
        ]
        counted = max(0, declared + off)
        if not (declared or counted or cheques):
            return
        handed = HandIn(agent, declared, counted, tuple(p.held_cents for p in cheques), reason="counted")
        self.books.post(hand_in_entry(handed, at=AT, idempotency_key=f"h:{self.books.new_id()}", memo=""))
        for paid in cheques:
            paid.standing = Standing.HANDED_IN

    @rule(data=st.data())
    def bank_cheque(self, data: st.DataObject) -> None:
        if paid := self._some(data, Standing.HANDED_IN, method="cheque"):
            self.books.move(paid, Standing.AT_BANK)

    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        if paid := self._some(data, Standing.AT_BANK) or self._some(data, Standing.RECEIVED, method="card"):
            self.books.move(paid, Standing.CLEARED)

    @rule(data=st.data())
    def bounce(self, data: st.DataObject) -> None:
        if paid := self._some(data, Standing.AT_BANK):
            self.books.undo(paid, Standing.UNPAID)

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        paid = self._some(data, Standing.RECEIVED, Standing.HANDED_IN, Standing.CLEARED)
        if paid is None or paid.later:
            return
        before = paid.standing
        answer = answer_of(lambda: self.books.undo(paid, Standing.VOIDED))
        assert answer is None or (before, answer) == (Standing.CLEARED, {"refused": "cash.step_out_of_turn"})

    @rule(data=st.data(), part=st.integers(1, 600_000))
    def refund(self, data: st.DataObject, part: int) -> None:
        paid = self._some(data, Standing.RECEIVED, Standing.CLEARED)
        if paid is None or (paid.method == "cheque" and paid.standing is not Standing.CLEARED):
            return
        left = paid.amount_cents - self.books.given_back(paid)
        answer = answer_of(lambda: self.books.refund(paid, part))
        assert answer == (None if part <= left else {"refused": "refund.more_than_received"})

    @rule(rate_bp=st.integers(1, 10_000))
    def close_commission(self, rate_bp: int) -> None:
        answer = answer_of(lambda: self.books.close_commission(rate_bp))
        assert answer is None or abs(sum(self.books.open)) * rate_bp < 5_000

    @precondition(lambda self: self.books.closed)
    @rule()
    def reverse_commission(self) -> None:
        self.books.reverse_commission()

    @invariant()
    def the_trial_balance_is_zero(self) -> None:
        assert sum(balances(self.books.entries).values()) == 0

    @invariant()
    def claims_are_what_was_stated_less_what_stands(self) -> None:
        for practice, stated in self.stated.items():
            stands = sum(
                paid.amount_cents - self.books.given_back(paid)
                for paid in self.books.payments
                if paid.practice == practice
            )
            assert self._total(practice) == stated - stands

    @invariant()
    def a_claim_below_zero_is_an_overpaid_principal_and_nothing_else(self) -> None:
        for practice in self.stated:
            for line, parts in self.books.owed(practice).items():
                principal, interest, costs = (parts[kind] for kind in CLAIMS)
                assert min(interest, costs) >= 0
                assert principal >= 0 or line == self.books.lines[practice][-1]

    @invariant()
    def an_undone_payment_leaves_nothing_behind(self) -> None:
        for paid in self.books.payments:
            if paid.standing in (Standing.UNPAID, Standing.VOIDED):
                assert self.books.given_back(paid) == paid.amount_cents

    @invariant()
    def what_is_under_way_stands_where_it_should(self) -> None:
        for kind, standing in (
            (AccountKind.OFFICE_CHEQUES, Standing.HANDED_IN),
            (AccountKind.CHEQUES_AT_BANK, Standing.AT_BANK),
        ):
            expected = sum(p.held_cents for p in self.books.payments if p.method == "cheque" and p.standing is standing)
            assert self.books.balance(AccountKey(kind)) == expected
        for agent in (AGENT, OTHER_AGENT):
            cheques = sum(
                p.held_cents
                for p in self.books.payments
                if p.method == "cheque" and p.agent == agent and p.standing is Standing.RECEIVED
            )
            assert self.books.balance(AccountKey(AccountKind.CHEQUES_IN_HAND, person_id=agent)) == cheques

    @invariant()
    def the_creditor_is_owed_exactly_what_stands_less_the_commissions(self) -> None:
        stands = sum(paid.amount_cents - self.books.given_back(paid) for paid in self.books.payments)
        earned = sum(
            int((Decimal(sum(one.movements)) * one.rate_bp / 10_000).quantize(Decimal(1), ROUND_HALF_UP))
            for one in self.books.closed
        )
        assert self.books.balance(AccountKey(AccountKind.COMMISSIONS, creditor_id=CREDITOR)) == -earned
        assert self.books.balance(AccountKey(AccountKind.CREDITOR_DUES, creditor_id=CREDITOR)) == earned - stands

    @invariant()
    def every_cent_that_moved_is_open_or_in_one_closing(self) -> None:
        stands = sum(paid.amount_cents - self.books.given_back(paid) for paid in self.books.payments)
        assert sum(self.books.open) + sum(sum(one.movements) for one in self.books.closed) == stands


LedgerLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLedgerLife = LedgerLife.TestCase
