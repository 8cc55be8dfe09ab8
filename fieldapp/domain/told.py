"""What a phone tells beside visits and calls: a paper to be sent, the day's order and end, a pin put right, an alarm,
a message read, a question answered.

None of it is judged by the rules of conduct and none of it moves money: it is read strictly and written down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fieldapp.domain.cash import PurseCount
from fieldapp.domain.danger import Danger
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.places import in_italy
from fieldapp.domain.reading import Reader

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MAILBOX = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]+\.[^\s@,;<>\".]{2,}")
_POSTAL = re.compile(r"(?=.*\d).{10,}", re.DOTALL)
MOST_STOPS = 100
LONGEST_ANSWER = 1_000
"""Characters of what an agent answers to a question about a report."""


class Paper(StrEnum):
    """The papers that a debtor may ask for."""

    RECEIPT = "receipt"
    TRANSFER_MEMO = "transfer_memo"
    BULLETIN_MEMO = "bulletin_memo"
    LINK_MEMO = "link_memo"
    REPAYMENT_PLAN = "repayment_plan"
    SETTLEMENT = "settlement"


class SendBy(StrEnum):
    """How the office sends a paper."""

    EMAIL = "email"
    PEC = "pec"
    POST = "post"


@dataclass(frozen=True, slots=True)
class PaperRequest:
    """A debtor's paper, to be sent by the office to where the debtor said, with their consent."""

    request_id: UUID
    practice_id: UUID
    visit_id: UUID
    paper: Paper
    name: str
    channel: SendBy
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DayOrder:
    """The order in which the agent means to make the visits that are left of a published version."""

    day: date
    version: int
    stops: tuple[UUID, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Money of one kind taken on the phone that day."""

    method: str
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class DayClosed:
    """The agent's day, ended by hand: what was done, what was left, what is in the pocket."""

    day: date
    at: datetime
    done: int
    left: tuple[UUID, ...]
    unsent: int
    held: tuple[Held, ...]


class PinBy(StrEnum):
    """How an agent knew where the door is."""

    POSITION = "position"
    """The position that was read at the arrival."""
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class AddressPin:
    """Where a door really is, said by the agent who stands at it; in millionths of a degree."""

    practice_id: UUID
    address_id: UUID
    lat_e6: int
    lon_e6: int
    by: PinBy
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageRead:
    """An agent has read a message of the office."""

    message_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class VisitAnswer:
    """What an agent answered to a question about a report: words, a correction, or both.

    `changes` are as the phone put them; `domain.review.corrected` reads them against what stands.
    """

    question_id: UUID
    text: str
    changes: Mapping[str, Any]
    at: datetime


Told = PaperRequest | DayOrder | DayClosed | PurseCount | Danger | AddressPin | MessageRead | VisitAnswer


def read_paper_request(body: Any) -> PaperRequest:
    """Raises Refusal `paper_request.field_*`, `.consent_missing`, `.address_unusable` (details: channel)."""
    reader = Reader(body, area="paper_request")
    request = PaperRequest(
        request_id=_uuid(reader, "request_id"),
        practice_id=_uuid(reader, "practice_id"),
        visit_id=_uuid(reader, "visit_id"),
        paper=reader.choice("paper", Paper),
        name=reader.text("name", longest=60),
        channel=reader.choice("channel", SendBy),
        address=reader.text("address", longest=200),
        at=reader.instant("at"),
    )
    consent = reader.flag("consent")
    reader.close()
    if not consent:
        # The address is used for this one paper and because the debtor said so (art. 6 par. 1 a GDPR).
        raise Refusal("paper_request.consent_missing")
    if not usable(request.channel, request.address):
        raise Refusal("paper_request.address_unusable", details={"channel": request.channel.value})
    return request


def usable(channel: SendBy, address: str) -> bool:
    """Whether something could arrive there: a mailbox, or a postal address with a number in it."""
    return (_POSTAL if channel is SendBy.POST else _MAILBOX).fullmatch(address.strip()) is not None


def read_address_pin(body: Any) -> AddressPin:
    """Raises Refusal `address_pin.field_*`, `address_pin.not_in_italy`."""
    reader = Reader(body, area="address_pin")
    pin = AddressPin(
        practice_id=_uuid(reader, "practice_id"),
        address_id=_uuid(reader, "address_id"),
        lat_e6=reader.whole("lat_e6", least=-90_000_000, most=90_000_000),
        lon_e6=reader.whole("lon_e6", least=-180_000_000, most=180_000_000),
        by=reader.choice("by", PinBy),
        at=reader.instant("at"),
    )
    reader.close()
    if not in_italy(pin.lat_e6, pin.lon_e6):
        raise Refusal("address_pin.not_in_italy")
    return pin


def read_day_order(body: Any) -> DayOrder:
    """Raises Refusal `day_order.field_*`."""
    reader = Reader(body, area="day_order")
    order = DayOrder(
        day=reader.day("day"),
        version=reader.whole("version", least=1, most=100_000),
        stops=_stops(reader, "stops"),
        at=reader.instant("at"),
    )
    reader.close()
    return order


def read_day_closed(body: Any) -> DayClosed:
    """Raises Refusal `day_closed.field_*`."""
    reader = Reader(body, area="day_closed")
    closed = DayClosed(
        day=reader.day("day"),
        at=reader.instant("at"),
        done=reader.whole("done", most=MOST_STOPS),
        left=_stops(reader, "left"),
        unsent=reader.whole("unsent", most=10_000),
        held=tuple(_held(item) for item in reader.objects("held", most=20)),
    )
    reader.close()
    return closed


def read_message_read(body: Any) -> MessageRead:
    """Raises Refusal `message_read.field_*`."""
    reader = Reader(body, area="message_read")
    reading = MessageRead(message_id=_uuid(reader, "message_id"), at=reader.instant("at"))
    reader.close()
    return reading


def read_visit_answer(body: Any) -> VisitAnswer:
    """Raises Refusal `visit_answer.field_*`, `visit_answer.empty`."""
    reader = Reader(body, area="visit_answer")
    changes = reader.maybe("changes", reader.plain)
    if not isinstance(changes, dict | None):
        raise reader.malformed("changes")
    answer = VisitAnswer(
        question_id=_uuid(reader, "question_id"),
        text=(reader.maybe("text", lambda name: reader.text(name, longest=LONGEST_ANSWER)) or "").strip(),
        changes=changes or {},
        at=reader.instant("at"),
    )
    reader.close()
    if not answer.text and not answer.changes:
        raise Refusal("visit_answer.empty", kind=Kind.MALFORMED)
    return answer


def _held(reader: Reader) -> Held:
    held = Held(
        method=reader.text("method", longest=40),
        count=reader.whole("count", most=1_000),
        cents=reader.whole("cents", most=999_999_999),
    )
    reader.close()
    return held


def _stops(reader: Reader, name: str) -> tuple[UUID, ...]:
    found = reader.texts(name, most=MOST_STOPS)
    if not all(_UUID.fullmatch(item) for item in found):
        raise reader.malformed(name)
    return tuple(UUID(item) for item in found)


def _uuid(reader: Reader, name: str) -> UUID:
    return UUID(reader.pattern(name, _UUID))
