"""A year of work on a practice as agents' phones would have told it: calls, visits, promises, cash, receipts. Pure.

Everything is in the words of the phone: envelopes in canonical bytes, reports that `domain.visit` reads, receipts
chained and signed by the phone's own key. Happenings are spread over the year before the day, at lawful hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from fieldapp.demo.history import BANDS, ITALY
from fieldapp.domain import visit
from fieldapp.domain.amount_words import italian_words
from fieldapp.domain.calendars import italian_holidays
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.payments import payment_method
from fieldapp.domain.reading import instant_text
from fieldapp.domain.receipts import GENESIS, StampRule, read_receipt, stamp_duty
from fieldapp.domain.sync import Arrived, Call, Decision, TakenPayment, Verdict, read_envelope

YEAR = timedelta(days=365)
_CALLS = 0.45
"""Share of calls among what happens; the rest are visits."""
_OUTCOMES = (
    ("ABSENT_NOTICE_LEFT", 36), ("THIRD_PARTY_MET", 14), ("ABSENT_NO_NOTICE", 10), ("PAID_PARTIAL", 18),
    ("PROMISE_TO_PAY", 14), ("REFUSES", 8),
)  # fmt: skip
_LEAST_CENTS = 1_000


@dataclass(slots=True)
class Line:
    """A debt line and what is left of it, in cents."""

    id: UUID
    title: str
    principal_cents: int
    interest_cents: int
    costs_cents: int

    @property
    def total_cents(self) -> int:
        return self.principal_cents + self.interest_cents + self.costs_cents


@dataclass(frozen=True, slots=True)
class PastPractice:
    """What reports and receipts about a practice name."""

    id: UUID
    number: str
    creditor: str
    iban: str
    debtor: str
    comune: str
    address_id: UUID
    lines: Sequence[Line]


@dataclass(slots=True)
class PastPhone:
    """An enrolled phone as it goes through the year: its sequence, its series and its newest receipt."""

    device_id: UUID
    series: str
    agent: str
    agent_number: str
    agency: dict[str, str]
    sign: Callable[[bytes], str]
    """The signature as base64url, by the key that the phone is enrolled with."""
    new_id: Callable[[], UUID]
    seq: int = 0
    number: int = 0
    chain_head: str = field(default=GENESIS)

    def happenings(self, practice: PastPractice, random: Random, *, today: date, events: int) -> Iterator[Decision]:
        """Envelopes of about `events` facts, oldest first, each accepted as it stands."""
        told = 0
        count = max(1, round(events / 1.2))
        days = sorted(random.randrange(1, YEAR.days) for _ in range(count))
        for ago in reversed(days):
            if told >= events:
                return
            at = _moment(today - timedelta(days=ago), random)
            made = self._call(practice, at) if random.random() < _CALLS else self._visit(practice, random, at)
            told += 1 + len(made.payments) + (made.report is not None and made.report.outcome.code == "PROMISE_TO_PAY")
            yield made

    def _call(self, practice: PastPractice, at: datetime) -> Decision:
        contact_id = self.new_id()
        body = {
            "contact_id": str(contact_id),
            "practice_id": str(practice.id),
            "phone_id": None,
            "channel": "call",
            "at": instant_text(at),
        }
        arrived = self._envelope("contact", body, at)
        call = Call(contact_id, practice.id, None, at)
        return Decision(arrived, Verdict.ACCEPTED, envelope=read_envelope(arrived), call=call)

    def _visit(self, practice: PastPractice, random: Random, at: datetime) -> Decision:
        code = random.choices([code for code, _ in _OUTCOMES], [weight for _, weight in _OUTCOMES])[0]
        line = practice.lines[0]
        if code == "PAID_PARTIAL" and line.total_cents < 10 * _LEAST_CENTS:
            code = "REFUSES"
        left = at + timedelta(minutes=random.randint(4, 25))
        payments = [self._cash(practice, line, random, at + timedelta(minutes=3))] if code == "PAID_PARTIAL" else []
        body = self._report(practice, code, random, at=at, left=left) | {"payments": payments}
        arrived = self._envelope("visit", body, left)
        report = visit.from_body(body)
        taken = tuple(
            TakenPayment(paid, read_receipt(content), content, paid.receipt.signature)
            for paid in report.payments
            if paid.receipt is not None
            for content in (canonical_json(paid.receipt.value),)
        )
        return Decision(arrived, Verdict.ACCEPTED, envelope=read_envelope(arrived), report=report, payments=taken)

    def _report(
        self, practice: PastPractice, code: str, random: Random, *, at: datetime, left: datetime
    ) -> dict[str, Any]:
        who = {"THIRD_PARTY_MET": "third_party"}.get(code, "nobody" if code.startswith("ABSENT") else "debtor")
        met = {
            "who": who,
            "identified_by": random.choice(("declared", "document", "known")) if who == "debtor" else None,
            "role": random.choice(("cohabitant", "relative", "neighbour")) if who == "third_party" else None,
        }
        return {
            "practice_id": str(practice.id),
            "visit_id": str(self.new_id()),
            "stop_id": None,
            "planned_day": at.astimezone(ITALY).date().isoformat(),
            "address_id": str(practice.address_id),
            "arrived_at": instant_text(at),
            "left_at": instant_text(left),
            "position": None,
            "position_refused_reason": "refused",
            "attempt_no": 1,
            "met": met,
            "identified_self": who == "debtor",
            "observations": random.choice(([], ["name_on_intercom"], ["name_on_letterbox", "house_inhabited"])),
            "outcome": code,
            "captured": self._captured(code, practice, random, at),
            "statement": None,
            "next_action": None,
            "attachments": [],
            "signature": None,
            "app_version": "demo",
            "offline": random.random() < 0.4,
        }

    def _captured(self, code: str, practice: PastPractice, random: Random, at: datetime) -> dict[str, Any]:
        match code:
            case "ABSENT_NOTICE_LEFT":
                notice = {"number": f"{self.series}-{self.seq + 1:07d}", "delivery": "letterbox_sealed"}
                return {"notice": notice}
            case "ABSENT_NO_NOTICE":
                return {"reason": random.choice(("no_letterbox", "name_missing", "not_reachable"))}
            case "PAID_PARTIAL":
                return {"reason": random.choice(("short_of_money", "waits_for_income"))}
            case "PROMISE_TO_PAY":
                on = at.astimezone(ITALY).date() + timedelta(days=random.randint(3, 20))
                cents = max(_LEAST_CENTS, practice.lines[0].total_cents // random.choice((4, 6, 10)))
                return {"promise_on": on.isoformat(), "promise_cents": cents, "channel": "bank_transfer"}
            case "REFUSES":
                return {"reason": random.choice(("no_means", "not_recognised", "not_said"))}
        return {}

    def _cash(self, practice: PastPractice, line: Line, random: Random, at: datetime) -> dict[str, Any]:
        """A tenth of the line at most, costs and interest first."""
        cents = max(_LEAST_CENTS, line.total_cents // random.randint(10, 20) // 100 * 100)
        left, parts = cents, {}
        for name in ("costs_cents", "interest_cents", "principal_cents"):
            parts[name] = min(left, getattr(line, name))
            setattr(line, name, getattr(line, name) - parts[name])
            left -= parts[name]
        duty = stamp_duty(cents, rule=StampRule())
        offset = at.astimezone(ITALY).utcoffset()
        assert offset is not None
        self.number += 1
        value = {
            "v": 1,
            "kind": payment_method("cash").paper.value,
            "series": self.series,
            "number": self.number,
            "issued_at": instant_text(at),
            "utc_offset_min": int(offset.total_seconds()) // 60,
            "place": practice.comune or "Lodi",
            "agency": self.agency,
            "creditor": {"name": practice.creditor, "iban": practice.iban},
            "debtor": practice.debtor,
            "practice": practice.number,
            "lines": [{"title": line.title, **parts}],
            "amount_cents": cents,
            "amount_in_words": italian_words(cents),
            "method": {"code": "cash", "answers": {}},
            "wording": {"kind": "part_payment", "number": 0, "of": 0},
            "residual_cents": sum(each.total_cents for each in practice.lines),
            "stamp_duty": {
                "due_cents": duty.due_cents,
                "charged_to": duty.charged_to.value,
                "reason": duty.reason,
                "authorisation": duty.authorisation,
            },
            "agent": {"name": self.agent, "number": self.agent_number},
            "device": str(self.device_id),
            "prev_digest": self.chain_head,
        }
        content = canonical_json(value)
        self.chain_head = sha256(content)
        return {
            "method": "cash",
            "amount_cents": cents,
            "fields": {},
            "allocation": [{"debt_line_id": str(line.id), **parts}],
            "stamp_duty": {"cents": duty.due_cents, "charged_to": duty.charged_to.value, "reason": duty.reason},
            "receipt": {"value": value, "digest": self.chain_head, "signature": self.sign(content)},
        }

    def _envelope(self, kind: str, body: dict[str, Any], at: datetime) -> Arrived:
        self.seq += 1
        envelope_id = self.new_id()
        content = canonical_json(
            {
                "v": 1,
                "id": str(envelope_id),
                "device": str(self.device_id),
                "seq": self.seq,
                "kind": kind,
                "recorded_at": instant_text(at),
                "clock_offset_ms": 0,
                "body": body,
            }
        )
        return Arrived(envelope_id, self.seq, sha256(content), content)


def _moment(day: date, random: Random) -> datetime:
    while day.weekday() == 6 or day in italian_holidays(day.year):
        day -= timedelta(days=1)
    first, last = (9, 13) if day.weekday() == 5 else random.choice(BANDS)
    at = datetime.combine(day, time(random.randrange(first, last), random.randrange(60)), ITALY)
    return at.astimezone(UTC)
