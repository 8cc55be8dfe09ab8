"""A random life of money through the real services, and a second reckoning of where every cent has to be.

The reckoning knows nothing of postings: it counts what people did. `Walk.step` lets somebody do something; `Walk.look`
holds the ledger, the facts and the tasks to it.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.domain.allocation import OpenLine, allocate, order_named
from fieldapp.domain.cash import DENOMINATIONS
from fieldapp.domain.errors import Refusal
from fieldapp.domain.ledger import CLAIMS, AccountKey, AccountKind
from fieldapp.domain.sync import Arrived
from fieldapp.services import agreement_review, cash, commissions, receipts, refused_money, settlements, sync
from fieldapp.services.work import Work
from fieldapp.store import ledger, tables
from fieldapp.store.shapes.field import SyncAnswer
from fieldapp.store.tables import Person
from tests.flows.arranged import published
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_agreements import agreed, plan_paper, settlement_paper, signed
from tests.flows.test_cash import CHEQUE
from tests.flows.test_sync import AGENCY, day_of

TAKES_BACK = ("payment.refunded", "receipt.voided", "cheque.unpaid")
WHY = "Lo dice chi l'ha visto"
UNDONE = ("unpaid", "voided")


class Idle(Exception):
    """There is nothing to do it with."""


@dataclass
class Taken:
    """Money that came in: whose, how much with which stamp duty, where it stands, and what was given back of it."""

    name: str
    payment_id: UUID
    receipt_id: UUID
    practice: UUID
    creditor: UUID
    agent: UUID
    method: str
    cents: int
    duty: int
    standing: str = "received"
    back: int = 0
    into_creditor: bool = False
    slip: UUID | None = None

    @property
    def held(self) -> int:
        return self.cents + self.duty

    @property
    def stands(self) -> bool:
        return self.standing not in UNDONE

    @property
    def net(self) -> int:
        return (self.cents if self.stands else 0) - self.back


@dataclass
class Slip:
    id: UUID
    counted: int
    banked: bool = False


@dataclass
class Phone:
    """A phone with what it has fetched and what it has not sent."""

    hands: FieldPhone
    agent: Person
    stops: list[dict[str, Any]] = field(default_factory=list)
    unsent: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)


class Walk:
    """One life, drawn from `seed`."""

    def __init__(self, house: House, phones: list[Phone], stated: dict[UUID, int], *, seed: int) -> None:
        self.house = house
        self.draw = random.Random(seed)
        self.phones = phones
        self.stated = stated
        self.taken: list[Taken] = []
        self.slips: list[Slip] = []
        self.totals: Counter[AccountKey] = Counter()
        """What each purse and account of money has to hold."""
        self.dues: Counter[UUID] = Counter()
        self.denied: set[str] = set()
        self.done: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.authorisations = 0

    # --- the world -----------------------------------------------------------------------------------------------

    async def step(self) -> str:
        """Somebody does something, if there is something to do it with; its name, also where the service refuses it."""
        acts = self.acts()
        act = self.draw.choices([one for _, one in acts], [weight for weight, _ in acts])[0]
        name = act.__name__
        try:
            await act()
        except Idle:
            pass
        except Refusal as refusal:
            # The transaction is gone, and nothing of it may be left: `look` sees to that.
            self.refusals[f"{name}: {refusal.code}"] += 1
        else:
            self.done[name] += 1
        return name

    def acts(self) -> list[tuple[int, Callable[[], Awaitable[None]]]]:
        """What somebody may do, each by how often."""
        return [
            (26, self.take),
            (12, self.send),
            (4, self.fetch),
            (5, self.hand_in),
            (6, self.bank),
            (6, self.clear),
            (5, self.bounce),
            (5, self.void),
            (4, self.refund),
            (4, self.announce),
            (5, self.see),
            (4, self.refused),
            (2, self.settle),
            (1, self.plan),
            (2, self.a_day_goes_by),
            (3, self.commission),
        ]

    def work(self, who: Role = Role.BACK_OFFICE) -> Any:
        return self.house.work(who)

    def phone(self) -> Phone:
        return self.draw.choice(self.phones)

    def some(self, *standings: str, method: str = "") -> Taken | None:
        found = [one for one in self.taken if one.standing in standings and method in ("", one.method)]
        return self.draw.choice(found) if found else None

    def tick(self) -> None:
        self.house.clock.move_to(self.house.clock.now() + timedelta(minutes=self.draw.randrange(1, 20)))

    @property
    def now(self) -> Any:
        return self.house.clock.now()

    @property
    def today(self) -> Any:
        return self.now.astimezone(self.house.parts.zone).date()

    # --- at the door ---------------------------------------------------------------------------------------------

    async def fetch(self) -> None:
        """A phone is given everything that is open, and knows of the debts what it knew until it asks again."""
        phone = self.phone()
        async with self.house.session() as session:
            still = select(tables.Practice.id).where(tables.Practice.state == "open")
            practices = (await session.exec(still.order_by(col(tables.Practice.practice_number)))).all()
        await published(self.house, *practices, agent=phone.agent, day=self.today)
        phone.stops = (await day_of(phone.hands))["stops"]

    def a_stop(self, phone: Phone) -> dict[str, Any] | None:
        owing = [stop for stop in phone.stops if stop["practice"]["owed_cents"] > 0]
        return self.draw.choice(owing) if owing else None

    def paid(self, phone: Phone, stop: dict[str, Any], cents: int, **more: Any) -> dict[str, Any]:
        """A payment as the phone lays it over what it knows; sometimes the debtor says which debt it is for."""
        practice = stop["practice"]
        lines = [
            OpenLine(line["id"], *(max(0, line[f"{part}_cents"]) for part in ("principal", "interest", "costs")))
            for line in practice["debt_lines"]
        ]
        order = order_named(practice["creditor"]["allocation_order"])
        chosen = self.draw.choice(lines).id if self.draw.random() < 0.3 else None
        laid = allocate(cents, lines, order=order, chosen=chosen).lines
        method = self.draw.choice(("cash", "cash", "cheque", "card"))
        self.authorisations += 1
        answers: dict[str, Any] = {
            "cash": {},
            "card": {"acquirer": "Nexi", "authorisation_code": f"A{self.authorisations:06}"},
            "cheque": {
                **CHEQUE,
                "number": f"{self.authorisations:010}",
                "dated_on": self.today.isoformat(),
                "payee": practice["creditor"]["name"],
            },
        }[method]
        payment = phone.hands.pay(
            practice,
            cents,
            at=self.now,
            agency=AGENCY,
            method=method,
            answers=answers,
            laid=[
                {
                    "debt_line_id": one.id,
                    "principal_cents": one.principal_cents,
                    "interest_cents": one.interest_cents,
                    "costs_cents": one.costs_cents,
                }
                for one in laid
            ],
            **more,
        )
        return payment if chosen is None else {**payment, "chosen_line": chosen}

    def report(self, stop: dict[str, Any], payments: list[dict[str, Any]], outcome: str, **captured: Any) -> Any:
        return a_report(
            stop,
            at=self.now - timedelta(minutes=12),
            met={"who": "debtor", "identified_by": "document", "role": None},
            identified_self=True,
            outcome=outcome,
            captured=captured,
            payments=payments,
        )

    def write(self, phone: Phone, report: Any) -> dict[str, Any]:
        envelope = phone.hands.envelope("visit", report, at=self.now)
        phone.unsent.append(envelope)
        return envelope

    async def take(self) -> None:
        """Money at a door, of what the phone believes is owed; the report waits on the phone."""
        phone = self.phone()
        stop = self.a_stop(phone)
        if stop is None:
            raise Idle
        self.tick()
        owed = stop["practice"]["owed_cents"]
        cents = owed if self.draw.random() < 0.1 else self.draw.randrange(1, min(owed, 40_000) + 1)
        settlement, plan = stop["practice"]["settlement"], stop["practice"]["plan"]
        if settlement and settlement["state"] == "approved" and settlement["offer_cents"] <= owed:
            payment = self.paid(phone, stop, settlement["offer_cents"])
            said = {"authorised_by": "creditor", "authorisation": "telefonata"}
            self.write(phone, self.report(stop, [payment], "SETTLEMENT_PAID", **said))
        elif plan and plan["state"] == "active" and self.draw.random() < 0.6:
            due = next((one for one in plan["instalments"] if one["state"] != "paid"), plan["instalments"][0])
            of = len(plan["instalments"])
            payment = self.paid(phone, stop, min(due["cents"], owed), instalment=(due["number"], of))
            self.write(phone, self.report(stop, [payment], "PAID_INSTALMENT", instalment_number=due["number"]))
        elif cents == owed:
            self.write(phone, self.report(stop, [self.paid(phone, stop, cents)], "PAID_FULL"))
        else:
            payment = self.paid(phone, stop, cents)
            self.write(phone, self.report(stop, [payment], "PAID_PARTIAL", reason="short_of_money"))

    async def send(self) -> None:
        """What waits on a phone goes to the office, with something that is there already; sometimes in two pushes."""
        phone = self.phone()
        again = self.draw.sample(phone.sent, min(len(phone.sent), self.draw.randrange(2)))
        count = self.draw.randrange(1, len(phone.unsent) + 1) if phone.unsent else 0
        going, phone.unsent = phone.unsent[:count], phone.unsent[count:]
        answer = await self.push(phone, [*again, *going])
        verdicts = {str(said.id): said for said in answer.verdicts}
        assert all(verdicts[one["id"]].verdict in ("duplicate", "refused") for one in again)
        for envelope in going:
            assert verdicts[envelope["id"]].verdict == "accepted", verdicts[envelope["id"]]
            await self.came_in(phone, envelope)
        phone.sent += going

    async def send_all(self, phone: Phone) -> None:
        """Everything that waits on a phone, each in a push of its own."""
        while phone.unsent:
            envelope = phone.unsent.pop(0)
            [verdict] = (await self.push(phone, [envelope])).verdicts
            assert verdict.verdict == "accepted", verdict
            await self.came_in(phone, envelope)
            phone.sent.append(envelope)

    async def push(self, phone: Phone, envelopes: list[dict[str, Any]]) -> SyncAnswer:
        arrived = [Arrived(UUID(e["id"]), e["seq"], e["digest"], e["text"].encode()) for e in envelopes]
        async with self.work() as work:
            return await sync.take(work, phone.hands.device_id, arrived)

    async def came_in(self, phone: Phone, envelope: dict[str, Any], *, visit: bool = True) -> None:
        """Reckon with the payments that a report brought."""
        for receipt, payment in await self.payments_of(envelope if visit else None):
            self.know(receipt, payment, agent=phone.agent.id)

    async def payments_of(self, envelope: dict[str, Any] | None) -> list[tuple[Any, Any]]:
        query = select(tables.Receipt, tables.Payment).join(
            tables.Payment, col(tables.Payment.receipt_id) == col(tables.Receipt.id)
        )
        if envelope is not None:
            visits = select(tables.Visit.id).where(tables.Visit.envelope_id == UUID(envelope["id"]))
            query = query.where(col(tables.Receipt.visit_id).in_(visits))
        async with self.house.session() as session:
            found = (await session.exec(query)).all()
        known = {one.receipt_id for one in self.taken}
        return [(receipt, payment) for receipt, payment in found if receipt.id not in known]

    def know(self, receipt: Any, payment: Any, *, agent: UUID, into_creditor: bool = False) -> Taken:
        charged = b'"charged_to":"debtor"' in receipt.value
        one = Taken(
            name=f"{receipt.series}-{receipt.number:06d}",
            payment_id=payment.id,
            receipt_id=receipt.id,
            practice=payment.practice_id,
            creditor=payment.creditor_id,
            agent=agent,
            method=payment.method,
            cents=payment.amount_cents,
            duty=receipt.stamp_duty_cents if charged else 0,
            standing="cleared" if payment.method == "transfer_received" else "received",
            into_creditor=into_creditor,
        )
        self.taken.append(one)
        self.dues[one.creditor] -= 0 if into_creditor else one.cents
        self.move(one, +1)
        return one

    def place(self, one: Taken) -> AccountKey | None:
        """Where the money of a payment is; None on the creditor's own account. Cash is nowhere of its own."""
        kinds = {
            ("cash", "received"): AccountKind.AGENT_CASH,
            ("card", "received"): AccountKind.CARD_IN_TRANSIT,
            ("cheque", "received"): AccountKind.CHEQUES_IN_HAND,
            ("cheque", "handed_in"): AccountKind.OFFICE_CHEQUES,
            ("cheque", "at_bank"): AccountKind.CHEQUES_AT_BANK,
        }
        if one.into_creditor:
            return None
        kind = kinds.get((one.method, one.standing), AccountKind.AGENCY_BANK)
        person = one.agent if one.standing == "received" else None
        return AccountKey(kind, person_id=person)

    def move(self, one: Taken, way: int) -> None:
        place = self.place(one)
        if place is not None:
            self.totals[place] += way * one.held

    def stand(self, one: Taken, standing: str) -> None:
        """The money goes on, or back to whoever gave it."""
        self.move(one, -1)
        if standing in UNDONE:
            self.dues[one.creditor] += 0 if one.into_creditor else one.cents
            one.standing = standing
        else:
            one.standing = standing
            self.move(one, +1)

    # --- in the office -------------------------------------------------------------------------------------------

    async def hand_in(self) -> None:
        phone = self.phone()
        purse = AccountKey(AccountKind.AGENT_CASH, person_id=phone.agent.id)
        held = self.totals[purse]
        cheques = [one for one in self.taken if one.standing == "received" and one.method == "cheque"]
        mine = [one for one in cheques if one.agent == phone.agent.id and self.draw.random() < 0.7]
        declared = self.draw.choice((max(0, held), self.draw.randrange(max(1, held + 1)), held + 1))
        counted = max(0, declared + self.draw.choice((0, 0, 0, -500, 200)))
        slip = Slip(uuid4(), counted)
        for _ in range(self.draw.choice((1, 1, 2))):  # sent twice, it is done once
            async with self.work() as work:
                await cash.hand_in(
                    work,
                    slip.id,
                    agent_id=phone.agent.id,
                    declared_cents=declared,
                    pieces=pieces(counted),
                    payment_ids=[one.payment_id for one in mine],
                    reason=WHY,
                )
        self.totals[purse] -= declared
        self.totals[AccountKey(AccountKind.OFFICE_CASH)] += counted
        self.totals[AccountKey(AccountKind.CASH_DIFFERENCES, person_id=phone.agent.id)] += declared - counted
        for one in mine:
            self.stand(one, "handed_in")
            one.slip = slip.id
        self.slips.append(slip)

    async def bank(self) -> None:
        waiting = [slip for slip in self.slips if not slip.banked]
        if not waiting:
            raise Idle
        slip = self.draw.choice(waiting)
        async with self.work() as work:
            await cash.bank_slip(work, slip.id, banked_on=self.today, reference="1")
        slip.banked = True
        till = AccountKey(AccountKind.OFFICE_CASH)
        moved = max(0, min(slip.counted, self.totals[till]))
        self.totals[till] -= moved
        self.totals[AccountKey(AccountKind.AGENCY_BANK)] += moved
        for one in self.taken:
            if one.slip == slip.id and one.standing == "handed_in":
                self.stand(one, "at_bank")

    async def clear(self) -> None:
        one = self.some("at_bank", "received", "handed_in", method=self.draw.choice(("cheque", "card")))
        if one is None:
            raise Idle
        async with self.work() as work:
            await cash.clear_payment(work, one.payment_id, cleared_on=self.today)
        self.stand(one, "cleared")

    async def bounce(self) -> None:
        early = ("received",) if self.draw.random() < 0.2 else ()
        one = self.some("at_bank", "cleared", *early, method="cheque")
        if one is None:
            raise Idle
        for _ in range(self.draw.choice((1, 2))):
            async with self.work() as work:
                await cash.bounce_cheque(work, one.payment_id, unpaid_on=self.today, reason=WHY)
        self.stand(one, "unpaid")

    async def void(self) -> None:
        one = self.some("received", "handed_in", "cleared")
        if one is None:
            raise Idle
        for _ in range(self.draw.choice((1, 2))):
            async with self.work() as work:
                await receipts.void_receipt(work, one.receipt_id, reason=WHY)
        assert one.back == 0, "a part of it was given back before"
        self.stand(one, "voided")

    async def refund(self) -> None:
        one = self.some("received", "cleared")
        if one is None:
            raise Idle
        cents = self.draw.randrange(1, one.cents + 1)
        out_of: Any = self.draw.choice(("bank", "office_cash", "agent_cash"))
        refund_id = uuid4()
        for _ in range(self.draw.choice((1, 2))):
            async with self.work() as work:
                left = await receipts.refund(
                    work, one.receipt_id, refund_id=refund_id, amount_cents=cents, reason=WHY, out_of=out_of
                )
        one.back += cents
        assert left == one.cents - one.back >= 0
        purse = {
            "bank": AccountKey(AccountKind.AGENCY_BANK),
            "office_cash": AccountKey(AccountKind.OFFICE_CASH),
            "agent_cash": AccountKey(AccountKind.AGENT_CASH, person_id=one.agent),
        }[out_of]
        self.totals[purse] -= cents
        assert out_of == "bank" or self.totals[purse] >= 0, "nobody gives what they do not hold"
        self.dues[one.creditor] += cents

    async def announce(self) -> None:
        phone = self.phone()
        stop = self.a_stop(phone)
        if stop is None:
            raise Idle
        self.tick()
        memo = {
            "method": "bank_transfer",
            "amount_cents": self.draw.randrange(1, 30_000),
            "fields": {"expected_on": (self.today + timedelta(days=3)).isoformat()},
            "allocation": [],
            "stamp_duty": {"cents": 0, "charged_to": "none", "reason": "exempt"},
            "receipt": None,
        }
        self.write(phone, self.report(stop, [memo], "HARDSHIP"))

    async def see(self) -> None:
        """A transfer arrives: as announced, in part, mistyped, or more than is owed; on either account."""
        async with self.work() as work:
            waiting = (await cash.read_desk(work)).transfers
        if not waiting:
            raise Idle
        one = self.draw.choice(waiting)
        cents = self.draw.choice((one.amount_cents, max(1, one.amount_cents // 2), one.amount_cents * 10))
        into: Any = self.draw.choice(("agency", "creditor"))
        for _ in range(self.draw.choice((1, 2))):
            async with self.work() as work:
                await receipts.confirm_transfer(
                    work, one.promise_id, seen_on=self.today, amount_cents=cents, reference="CRO", into=into
                )
        [(receipt, payment)] = await self.payments_of(None)
        assert payment.amount_cents == cents
        self.know(receipt, payment, agent=payment.agent_id, into_creditor=into == "creditor")

    async def refused(self) -> None:
        """A report that is refused as a whole: its money is booked after all, or two people say there is none."""
        phone = self.phone()
        stop = self.a_stop(phone)
        if stop is None:
            raise Idle
        await self.send_all(phone)
        self.tick()
        payment = self.paid(phone, stop, self.draw.randrange(1, min(stop["practice"]["owed_cents"], 20_000) + 1))
        report = self.report(stop, [payment], "PAID_PARTIAL", reason="short_of_money")
        envelope = phone.hands.envelope("visit", report | {"practice_id": str(uuid4())}, at=self.now)
        [verdict] = (await self.push(phone, [envelope])).verdicts
        assert verdict.verdict == "refused"
        phone.sent.append(envelope)
        there = self.draw.random() < 0.75
        for who in (Role.BACK_OFFICE, Role.ADMINISTRATOR):
            async with self.work(who) as work:
                if there:
                    await refused_money.book(
                        work,
                        UUID(envelope["id"]),
                        place=0,
                        practice_id=UUID(stop["practice"]["id"]),
                        reason=WHY,
                        other_paper=False,
                    )
                else:
                    await refused_money.deny(work, UUID(envelope["id"]), place=0, reason=WHY)
        if there:
            await self.came_in(phone, envelope, visit=False)
        else:
            self.denied.add(f"{phone.hands.series}-{phone.hands.number:06d}")

    # --- agreements, days, commissions -----------------------------------------------------------------------------

    async def settle(self) -> None:
        """A settlement is proposed at a door, or one that waits is decided."""
        async with self.house.session() as session:
            waiting = (await session.exec(select(tables.Settlement).where(tables.Settlement.state == "proposed"))).all()
        if waiting:
            async with self.work() as work:
                await settlements.decide(work, waiting[0].id, approve=self.draw.random() < 0.8, note="")
            return
        phone = self.phone()
        stop = self.a_stop(phone)
        if stop is None or stop["practice"]["owed_cents"] < 1_000:
            raise Idle
        self.tick()
        offer = stop["practice"]["owed_cents"] * 7 // 10
        pay_by = (self.today + timedelta(days=10)).isoformat()
        paper = settlement_paper(phone.hands, stop["practice"], offer, pay_by=pay_by)
        self.write(phone, agreed(phone.hands, stop, signed(phone.hands, paper), at=self.now - timedelta(minutes=12)))

    async def plan(self) -> None:
        phone = self.phone()
        stop = self.a_stop(phone)
        if stop is None or stop["practice"]["owed_cents"] < 50_000:
            raise Idle
        self.tick()
        at = self.now - timedelta(minutes=12)
        paper = plan_paper(phone.hands, stop["practice"], count=4, first=self.today + timedelta(days=2), at=at)
        self.write(phone, agreed(phone.hands, stop, signed(phone.hands, paper), at=at))

    async def a_day_goes_by(self) -> None:
        self.house.clock.move_to(self.now + timedelta(days=1))
        await agreement_review.review_all(self.house.parts)

    async def commission(self) -> None:
        creditor = self.draw.choice(sorted({one.creditor for one in self.taken} or {self.house.creditor_id}))
        to_on = self.today - timedelta(days=1)
        async with self.work() as work:
            page = await commissions.read_page(work, creditor)
        newest = next((one for one in page.closings if one.reversed_at is None), None)
        if newest is not None and self.draw.random() < 0.3:
            async with self.work() as work:
                await commissions.reverse(work, creditor, number=newest.number, reason=WHY)
            return
        async with self.work() as work:
            seen = await commissions.preview(work, creditor, to_on=to_on)
        for _ in range(2):
            async with self.work() as work:
                await commissions.close(
                    work, creditor, to_on=to_on, number=seen.number, expected_cents=seen.open.commission_cents
                )

    # --- holding the books to it ---------------------------------------------------------------------------------

    async def look(self) -> None:
        """The books stand where the reckoning says, to the cent."""
        async with self.house.session() as session:
            balances = {key: cents for key, cents in (await ledger.balances_by_key(session)).items() if cents}
            owed = await ledger.owed(session, self.stated)
            given_up = await self._given_up(session)
            overpaid = set(
                (
                    await session.exec(select(tables.Task.practice_id).where(tables.Task.kind == "practice.overpaid"))
                ).all()
            )
            lines = defaultdict(list)
            ordered = select(tables.DebtLine).order_by(col(tables.DebtLine.position), col(tables.DebtLine.id))
            for line in (await session.exec(ordered)).all():
                lines[line.practice_id].append(line.id)
        assert sum(balances.values()) == 0
        money = {key: cents for key, cents in balances.items() if key.kind not in _RECKONED_APART}
        assert money == {key: cents for key, cents in self._money().items() if cents}
        for practice, stated in self.stated.items():
            net = sum(one.net for one in self.taken if one.practice == practice)
            total = sum(line.total_cents for line in owed[practice].values())
            assert total == stated - net - given_up[practice], practice
            for line_id, balance in owed[practice].items():
                assert min(balance.interest_cents, balance.costs_cents) >= 0, (practice, balance)
                if balance.principal_cents < 0:
                    assert line_id == lines[practice][-1], "what is too much lies on the last line"
                    assert practice in overpaid, "and somebody was told"
        for creditor, cents in self.dues.items():
            earned = -balances.get(AccountKey(AccountKind.COMMISSIONS, creditor_id=creditor), 0)
            assert balances.get(AccountKey(AccountKind.CREDITOR_DUES, creditor_id=creditor), 0) == cents + earned

    def _money(self) -> Counter[AccountKey]:
        duty = AccountKey(AccountKind.STAMP_DUTY)
        return Counter({**self.totals, duty: -sum(one.duty for one in self.taken if one.stands)})

    async def _given_up(self, session: Any) -> Counter[UUID]:
        """What settlements gave up and have not taken back, by practice."""
        standing = select(tables.Settlement.given_up_entry).where(col(tables.Settlement.given_up_entry).is_not(None))
        query = (
            select(tables.Account.practice_id, tables.Posting.amount_cents)
            .join(tables.Posting, col(tables.Posting.account_id) == col(tables.Account.id))
            .where(
                col(tables.Posting.entry_id).in_(standing),
                col(tables.Account.kind).in_([kind.value for kind in CLAIMS]),
            )
        )
        found: Counter[UUID] = Counter()
        for practice, cents in (await session.exec(query)).all():
            found[practice] -= cents
        return found

    async def look_at_the_rest(self) -> None:
        """What was told, what the lists show, what each payment did and whether what was undone left nothing."""
        async with self.house.session() as session:
            facts = (await session.exec(select(tables.Fact))).all()
            legs = await self._claim_legs(session)
            standings = dict((await session.exec(select(tables.Payment.id, tables.Payment.standing))).all())
        told: Counter[UUID] = Counter()
        for fact in facts:
            if fact.kind == "payment.received" or fact.kind in TAKES_BACK:
                told[fact.practice_id] += fact.body["amount_cents"] * (-1 if fact.kind in TAKES_BACK else 1)
        for one in self.taken:
            assert standings[one.payment_id] == one.standing, one
            by_part = legs[one.payment_id]
            # Exactly what came in was laid, and what was given back; what was undone is gone from every part.
            assert sum(by_part.values()) == -one.net, one
            if one.standing == "voided":
                assert not any(by_part.values()), one
        for practice in self.stated:
            assert told[practice] == sum(one.net for one in self.taken if one.practice == practice)
        async with self.work() as work:
            desk = await cash.read_desk(work)
            series = await receipts.list_series(work)
        for purse in desk.purses:
            assert purse.cash_cents == self.totals[AccountKey(AccountKind.AGENT_CASH, person_id=purse.agent_id)]
        assert desk.refused == []
        for row in series:
            # What was settled to stand for no money is a gap, and what still waits on its phone is none yet.
            assert (row.broken, row.forged) == ([], [])
            gaps = {f"{row.series}-{number:06d}" for number in row.missing}
            assert gaps <= self.denied, (row.series, row.missing)

    async def _claim_legs(self, session: Any) -> dict[UUID, Counter[tuple[UUID | None, str]]]:
        """What each payment and the later entries about it did to the claims, by line and part."""
        own = select(tables.Payment.id, tables.Payment.entry_id)
        later = select(tables.PaymentEntry.payment_id, tables.PaymentEntry.entry_id)
        of_entry = {entry: payment for query in (own, later) for payment, entry in (await session.exec(query)).all()}
        query = (
            select(
                tables.Posting.entry_id, tables.Posting.debt_line_id, tables.Account.kind, tables.Posting.amount_cents
            )
            .join(tables.Account, col(tables.Account.id) == col(tables.Posting.account_id))
            .where(col(tables.Account.kind).in_(_CLAIMS))
        )
        legs: dict[UUID, Counter[tuple[UUID | None, str]]] = defaultdict(Counter)
        for entry, line, kind, cents in (await session.exec(query)).all():
            if entry in of_entry:
                legs[of_entry[entry]][line, kind] += cents
        return legs


_CLAIMS = [kind.value for kind in CLAIMS]
_RECKONED_APART = {*CLAIMS, AccountKind.CREDITOR_CLAIMS, AccountKind.CREDITOR_DUES, AccountKind.COMMISSIONS}


def pieces(cents: int) -> dict[int, int]:
    """The fewest notes and coins of an amount."""
    found: dict[int, int] = {}
    for piece in DENOMINATIONS:
        found[piece], cents = divmod(cents, piece)
    return {piece: number for piece, number in found.items() if number}


__all__ = ["Phone", "Walk", "Work"]
