"""What the rules of conduct look at: an intended act, the practice, the address and the agent.

Facts are plain values that planner, phone and server build alike; whoever builds them decides what is known.
Acts are instants, because lawful hours are; what the rules count in days is given as Italian local dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from fieldapp.domain.contacts import Contact, conversation_days, visit_days
from fieldapp.domain.errors import Kind, Refusal


class ActKind(StrEnum):
    """What somebody is about to do."""

    VISIT = "visit"
    CALL = "call"
    MESSAGE = "message"
    LETTER = "letter"
    PAYMENT = "payment"


class DebtorKind(StrEnum):
    """Whom the rules protect: a consumer more than a firm."""

    CONSUMER = "consumer"
    FIRM = "firm"


class AddressKind(StrEnum):
    """What the debtor has to do with an address."""

    HOME = "home"
    WORKPLACE = "workplace"
    OTHER = "other"


class AddressState(StrEnum):
    """Whether a person or a certain match has confirmed the address."""

    CONFIRMED = "confirmed"
    DOUBTFUL = "doubtful"
    REJECTED = "rejected"


class PayerKind(StrEnum):
    """Who hands over the money."""

    DEBTOR = "debtor"
    OTHER_IDENTIFIED = "other_identified"
    OTHER_UNIDENTIFIED = "other_unidentified"


class Payee(StrEnum):
    """To whom a cheque is made out."""

    CREDITOR = "creditor"
    AGENCY = "agency"
    AGENT = "agent"
    OTHER = "other"


def _require_aware(at: datetime) -> None:
    if at.tzinfo is None:
        raise Refusal("facts.instant_without_zone", kind=Kind.MALFORMED)


@dataclass(frozen=True, slots=True)
class Visit:
    """Being at the door from `at` for `duration_s` seconds."""

    at: datetime
    duration_s: int
    kind: ClassVar[ActKind] = ActKind.VISIT

    def __post_init__(self) -> None:
        _require_aware(self.at)
        if self.duration_s < 0:
            raise Refusal("facts.duration_negative", kind=Kind.MALFORMED)


@dataclass(frozen=True, slots=True)
class Call:
    """Ringing the debtor."""

    at: datetime
    kind: ClassVar[ActKind] = ActKind.CALL

    def __post_init__(self) -> None:
        _require_aware(self.at)


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail or SMS; `tells_debt` when it says what is owed or to whom."""

    at: datetime
    tells_debt: bool
    kind: ClassVar[ActKind] = ActKind.MESSAGE

    def __post_init__(self) -> None:
        _require_aware(self.at)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter by post."""

    at: datetime
    kind: ClassVar[ActKind] = ActKind.LETTER

    def __post_init__(self) -> None:
        _require_aware(self.at)


@dataclass(frozen=True, slots=True)
class Cheque:
    """What a cheque says."""

    payee: Payee
    non_transferable: bool


@dataclass(frozen=True, slots=True)
class Payment:
    """Taking money; `instalment` when a signed repayment plan says so. `method` as in `domain.payments`.

    `duty_cents`: the stamp duty that the debtor bears, handed over beside the amount.
    """

    at: datetime
    method: str
    amount_cents: int
    instalment: bool = False
    payer: PayerKind = PayerKind.DEBTOR
    cheque: Cheque | None = None
    duty_cents: int = 0
    kind: ClassVar[ActKind] = ActKind.PAYMENT

    def __post_init__(self) -> None:
        _require_aware(self.at)
        if self.amount_cents <= 0 or self.duty_cents < 0:
            raise Refusal("facts.amount_not_positive", kind=Kind.MALFORMED)

    @property
    def handed_over_cents(self) -> int:
        """What passes from hand to hand: ceilings are of the sum that is transferred, whatever it is for (art. 49
        d.lgs. 231/2007)."""
        return self.amount_cents + self.duty_cents


Act = Visit | Call | Message | Letter | Payment


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A dunning letter; `level` 1 is the first."""

    level: int
    sent_on: date


@dataclass(frozen=True, slots=True)
class CashReceived:
    """Cash already taken from this debtor for this creditor, with the stamp duty that was handed over with it."""

    on: date
    cents: int
    instalment: bool = False


@dataclass(frozen=True, slots=True)
class Appointment:
    """A time agreed with the debtor; `outside_hours` when the debtor expressly agreed to an unusual hour."""

    from_at: datetime
    to_at: datetime
    outside_hours: bool = False

    def __post_init__(self) -> None:
        _require_aware(self.from_at)
        _require_aware(self.to_at)
        if self.from_at > self.to_at:
            raise Refusal("facts.appointment_reversed", kind=Kind.MALFORMED)


@dataclass(frozen=True, slots=True)
class Approved:
    """A person with the right lifts what a rule asks approval for, on the days from `from_on` to `to_on`."""

    rule: str
    from_on: date
    to_on: date

    def holds(self, on: date) -> bool:
        """Whether it speaks about an act on that day."""
        return self.from_on <= on <= self.to_on


NEEDS = (
    "address",
    "unconfirmed",
    "workplace",
    "agent",
    "conversations",
    "visits",
    "happened",
    "states",
    "limitation",
)
"""Parts of the facts without which some checks have nothing to say."""
ADDRESS, UNCONFIRMED, WORKPLACE, AGENT, CONVERSATIONS, VISITS, HAPPENED, STATES, LIMITATION = (
    1 << at for at in range(len(NEEDS))
)
"""One bit for each of `NEEDS`, in that order."""


@dataclass(frozen=True, slots=True)
class Held:
    """What follows from a practice's facts alone, whatever is asked about it: the days that its limits count, the
    latest first, and which of `NEEDS` are there (bits)."""

    conversations: tuple[date, ...]
    visits: tuple[date, ...]
    needs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeFacts:
    """The practice. `creditor` is the key that overrides are scoped by; `states` are debt states (`disputed`,
    `time_barred`, `insolvency`, ...); `happened` gives the latest local date of each visit outcome; from
    `time_barred_on` on no line of the practice may be claimed (`domain.limitation`)."""

    creditor: str
    debtor_kind: DebtorKind = DebtorKind.CONSUMER
    placement_starts_on: date
    placement_ends_on: date
    states: frozenset[str] = frozenset()
    oldest_due_on: date | None = None
    letters: tuple[SentLetter, ...] = ()
    contacts: tuple[Contact, ...] = ()
    happened: tuple[tuple[str, date], ...] = ()
    appointments: tuple[Appointment, ...] = ()
    cash_received: tuple[CashReceived, ...] = ()
    electronic_consent: bool = False
    time_barred_on: date | None = None
    approvals: tuple[Approved, ...] = ()
    _held: Held | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def held(self) -> Held:
        """Worked out when first asked and kept: it hangs on nothing but these facts, which do not change."""
        held = self._held
        if held is None:
            held = self._holds()
            object.__setattr__(self, "_held", held)
        return held

    def _holds(self) -> Held:
        talks, visits = conversation_days(self.contacts), visit_days(self.contacts)
        barred = self.time_barred_on is not None or "time_barred" in self.states
        return Held(
            talks,
            visits,
            (CONVERSATIONS if talks else 0)
            | (VISITS if visits else 0)
            | (HAPPENED if self.happened else 0)
            | (STATES if self.states else 0)
            | (LIMITATION if barred else 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFacts:
    """Where a visit goes. `given_by_debtor`: the debtor named this place as one where to be met."""

    kind: AddressKind = AddressKind.HOME
    state: AddressState
    comune: str
    province: str
    given_by_debtor: bool = False
    _needs: int = field(default=0, init=False, repr=False, compare=False)

    @property
    def needs(self) -> int:
        """Which of `NEEDS` it brings (bits); worked out when first asked and kept."""
        if not self._needs:
            unconfirmed = UNCONFIRMED if self.state is not AddressState.CONFIRMED else 0
            workplace = WORKPLACE if self.kind is AddressKind.WORKPLACE else 0
            object.__setattr__(self, "_needs", ADDRESS | unconfirmed | workplace)
        return self._needs


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """The agent. `notified_on`: when the agency told the Questura of this agent; `provinces`: for which area."""

    notified_on: date | None
    licence_ends_on: date | None
    provinces: frozenset[str]
    badge_ends_on: date | None
    qualification_ends_on: date | None
    cash_held_cents: int = 0
    cash_limit_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything one judgement needs; without address or agent the rules about them do not speak."""

    act: Act
    practice: PracticeFacts
    address: AddressFacts | None = None
    agent: AgentFacts | None = None
