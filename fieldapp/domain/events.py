"""What other systems are told: each kind of fact with its version, its members and the scope that opens it.

A contract: a member that is promised here stays, with its name and its type, while the version stays. Whatever else a
fact's body holds is ours and does not leave the house. `docs/exchange.md` is written from this catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class FactScope(StrEnum):
    """What a service account may read."""

    PRACTICES = "facts:practices"
    VISITS = "facts:visits"
    MONEY = "facts:money"
    AGREEMENTS = "facts:agreements"
    PLANNING = "facts:planning"
    OFFICE = "facts:office"


class WriteScope(StrEnum):
    """What a service account may tell us."""

    BALANCES = "write:balances"
    RECALLS = "write:recalls"
    PAYMENTS = "write:payments"
    CONTACTS = "write:contacts"


class MemberKind(StrEnum):
    """The type of a member: `cents` are whole, a `day` is a local date, a `code` never changes its meaning."""

    ID = "id"
    TEXT = "text"
    CODE = "code"
    CODES = "codes"
    IDS = "ids"
    DAY = "day"
    INSTANT = "instant"
    CENTS = "cents"
    COUNT = "count"
    FLAG = "flag"
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an event's data; `maybe`: it may be null."""

    name: str
    kind: MemberKind
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of fact as the outside knows it."""

    kind: str
    scope: FactScope
    says: str
    members: tuple[Member, ...] = ()
    version: int = 1


_K = MemberKind


def _m(kind: MemberKind, *names: str, maybe: bool = False) -> tuple[Member, ...]:
    return tuple(Member(name, kind, maybe) for name in names)


def _events(scope: FactScope, *events: tuple[str, str, tuple[Member, ...]]) -> list[Event]:
    return [Event(kind, scope, says, members) for kind, says, members in events]


_PLAN = _m(_K.ID, "plan_id")
_SETTLEMENT = (*_m(_K.ID, "settlement_id"), *_m(_K.CENTS, "offer_cents"))
_SIGNED = (
    *_PLAN,
    *_m(_K.CENTS, "total_cents"),
    *_m(_K.COUNT, "instalments"),
    *_m(_K.DAY, "first_due_on"),
    *_m(_K.CODES, "flags"),
)
_PAYMENT = (*_m(_K.CENTS, "amount_cents"), *_m(_K.CODE, "method"))
_ACT = (
    *_m(_K.CODE, "kind"),
    *_m(_K.DAY, "on"),
    *_m(_K.TEXT, "reference"),
    *_m(_K.ID, "debt_line_id", maybe=True),
)
_APPROVAL = (*_m(_K.CODE, "rule"), *_m(_K.DAY, "from_on", "to_on"), *_m(_K.TEXT, "reason"))
_LICENCE_DAYS = _m(_K.DAY, "notified_on", "badge_valid_to", "qualification_valid_to", maybe=True)
_UNPLANNED = _m(_K.CODE, "unplanned", maybe=True)
_QUESTION = _m(_K.ID, "question_id", "visit_id")
_MESSAGE = _m(_K.ID, "message_id")
_IMPORT = _m(_K.ID, "import_id")
_APPOINTMENT = (*_m(_K.ID, "appointment_id"), *_m(_K.INSTANT, "from_at", "to_at"))
_SOURCE = _m(_K.TEXT, "source")
_PAD = (*_m(_K.TEXT, "series", "agent"), *_m(_K.COUNT, "first", "last"), *_m(_K.CODE, "pad_kind"))

EVENTS: Mapping[str, Event] = MappingProxyType(
    {
        event.kind: event
        for event in (
            *_events(
                FactScope.PRACTICES,
                (
                    "practice.entrusted",
                    "The creditor entrusted a practice.",
                    (*_m(_K.DAY, "as_of"), *_m(_K.CENTS, "total_cents"), *_IMPORT),
                ),
                (
                    "practice.statement",
                    "The creditor stated what is owed.",
                    (*_m(_K.DAY, "as_of"), *_m(_K.CENTS, "total_cents", "untold_cents"), *_IMPORT),
                ),
                (
                    "balance.stated",
                    "Another system stated what is owed.",
                    (*_m(_K.DAY, "as_of"), *_m(_K.CENTS, "total_cents", "untold_cents"), *_SOURCE),
                ),
                (
                    "practice.recalled",
                    "The creditor took the practice back; `source`: the system that said so, else a file.",
                    _m(_K.TEXT, "source", maybe=True),
                ),
                ("practice.reopened", "The creditor entrusted it again.", ()),
                (
                    "practice.open_again",
                    "It had been closed for money that was then taken back, or handed back by mistake.",
                    _m(_K.CODE, "reason"),
                ),
                (
                    "practice.handed_back",
                    "The office gave it back to the creditor: no more visits, money is still accounted for.",
                    _m(_K.TEXT, "reason"),
                ),
                (
                    "practice.closed",
                    "Nothing is asked for any more.",
                    (*_m(_K.CODE, "reason"), *_m(_K.CENTS, "given_up_cents")),
                ),
                ("practice.flagged", "A state of the debt was marked.", _m(_K.CODE, "flag")),
                ("practice.unflagged", "The mark was taken away.", _m(_K.CODE, "flag")),
                ("limitation.interrupted", "An act began the limitation anew.", _ACT),
                (
                    "limitation.interruption_withdrawn",
                    "An act was recorded wrongly: the limitation runs as if it had not been.",
                    (*_ACT, *_m(_K.TEXT, "reason")),
                ),
                (
                    "address.settled",
                    "A person decided about a doubtful address.",
                    (*_m(_K.ID, "address_id", "instead_of"), *_m(_K.CODE, "state")),
                ),
                (
                    "address.moved",
                    "An agent at the door moved the pin of an address.",
                    (*_m(_K.ID, "address_id", "instead_of"), *_m(_K.CODE, "state")),
                ),
                (
                    "address.put_back",
                    "The office undid a move of the pin.",
                    (*_m(_K.ID, "address_id", "instead_of"), *_m(_K.CODE, "state")),
                ),
                ("rule.approved", "What a rule of conduct asks was approved for some days.", _APPROVAL),
                ("rule.approval_withdrawn", "The approval was taken back.", _APPROVAL),
            ),
            *_events(
                FactScope.VISITS,
                (
                    "visit.arrived",
                    "An agent stands at the door.",
                    (*_m(_K.ID, "visit_id"), *_m(_K.ID, "stop_id", maybe=True), *_UNPLANNED, *_m(_K.TEXT, "agent")),
                ),
                (
                    "visit.reported",
                    "A visit was reported; `unplanned`: where, if it was outside the plan.",
                    (
                        *_m(_K.ID, "visit_id"),
                        *_m(_K.ID, "stop_id", maybe=True),
                        *_UNPLANNED,
                        *_m(_K.CODE, "outcome", "met"),
                        *_m(_K.TEXT, "agent"),
                        *_m(_K.CODES, "flags"),
                    ),
                ),
                (
                    "visit.corrected",
                    "The agent corrected the report, which stays: outcome, who was met and money never change so.",
                    (*_m(_K.ID, "visit_id", "correction_id"), *_m(_K.CODES, "fields"), *_m(_K.TEXT, "agent")),
                ),
                (
                    "visit.outcome_corrected",
                    "The visit ended otherwise than reported, or somebody else was met: its agent said so, or, where"
                    " `of_office`, two people of the office. Money, signatures and numbers never change so.",
                    (
                        *_m(_K.ID, "visit_id", "correction_id"),
                        *_m(_K.CODE, "outcome_before", "outcome", "met_before", "met"),
                        *_m(_K.CODES, "fields"),
                        *_m(_K.FLAG, "of_office"),
                    ),
                ),
                (
                    "document.arrived",
                    "A picture of a visit arrived.",
                    (*_m(_K.ID, "visit_id"), *_m(_K.CODE, "purpose", "variant")),
                ),
                (
                    "contact.made",
                    "A call, message or letter was made, or somebody came to the office.",
                    (
                        *_m(_K.CODE, "channel"),
                        *_m(_K.CODE, "outcome", maybe=True),
                        *_m(_K.FLAG, "reached", maybe=True),
                        *_m(_K.TEXT, "source", maybe=True),
                    ),
                ),
                (
                    "contact.planned",
                    "A call, message or letter was planned.",
                    (*_m(_K.CODE, "channel"), *_m(_K.INSTANT, "at")),
                ),
                (
                    "appointment.taken",
                    "A window for a visit was agreed on with the debtor.",
                    _APPOINTMENT,
                ),
                (
                    "appointment.moved",
                    "Another window was agreed on instead.",
                    (*_APPOINTMENT, *_m(_K.ID, "ended_id"), *_m(_K.TEXT, "reason")),
                ),
                ("appointment.cancelled", "It was given up.", (*_APPOINTMENT, *_m(_K.TEXT, "reason"))),
                ("contact.cancelled", "A planned contact became needless.", _m(_K.ID, "task_id")),
                (
                    "paper.requested",
                    "The debtor asked for a paper to be sent.",
                    (*_m(_K.ID, "visit_id"), *_m(_K.CODE, "paper", "send_by"), *_m(_K.TEXT, "name")),
                ),
            ),
            *_events(
                FactScope.MONEY,
                (
                    "payment.received",
                    "Money was taken, with a receipt.",
                    (
                        *_PAYMENT,
                        *_m(_K.TEXT, "receipt"),
                        *_m(_K.COUNT, "instalment", maybe=True),
                        *_m(_K.TEXT, "paid_by", maybe=True),
                        *_m(_K.ID, "chosen_line", maybe=True),
                        *_m(_K.CENTS, "barred_cents", maybe=True),
                    ),
                ),
                (
                    "payment.seen",
                    "The creditor saw a payment arrive; `included`: his newest statement holds it already.",
                    (
                        *_m(_K.TEXT, "reference"),
                        *_m(_K.CENTS, "amount_cents"),
                        *_m(_K.DAY, "paid_on"),
                        *_m(_K.FLAG, "included"),
                        *_SOURCE,
                    ),
                ),
                ("payment.cleared", "A bank credited it.", (*_PAYMENT, *_m(_K.ID, "payment_id"))),
                (
                    "payment.refunded",
                    "Money was given back.",
                    (*_m(_K.TEXT, "receipt", "reason"), *_m(_K.CENTS, "amount_cents")),
                ),
                (
                    "cheque.unpaid",
                    "A cheque came back: the claim is owed again.",
                    (*_PAYMENT, *_m(_K.ID, "payment_id"), *_m(_K.TEXT, "reason")),
                ),
                (
                    "receipt.voided",
                    "A counter-receipt undid a receipt.",
                    (*_m(_K.TEXT, "receipt", "counter_receipt", "reason"), *_m(_K.CENTS, "amount_cents")),
                ),
                (
                    "promise.made",
                    "The debtor promised to pay, or announced a transfer.",
                    (*_m(_K.CODE, "kind"), *_m(_K.DAY, "due_on"), *_m(_K.CENTS, "amount_cents")),
                ),
                (
                    "cash.counted",
                    "An agent counted and signed for the cash at the end of the day.",
                    (*_m(_K.TEXT, "agent"), *_m(_K.CENTS, "counted_cents", "difference_cents")),
                ),
                (
                    "cash.handed_in",
                    "An agent handed in what they held.",
                    (
                        *_m(_K.COUNT, "slip", "cheques"),
                        *_m(_K.TEXT, "agent"),
                        *_m(_K.CENTS, "counted_cents", "difference_cents"),
                    ),
                ),
                (
                    "cash.banked",
                    "A deposit slip went to the bank.",
                    (*_m(_K.COUNT, "slip", "cheques"), *_m(_K.CENTS, "counted_cents")),
                ),
                ("pad.handed_over", "An agent was given a numbered paper pad.", _PAD),
                (
                    "pad.came_back",
                    "It came back, and its forms were counted.",
                    (*_PAD, *_m(_K.COUNT, "missing")),
                ),
                (
                    "outgoing.made",
                    "A file for the creditor was made.",
                    (
                        *_m(_K.ID, "file_id", "plan_id"),
                        *_m(_K.COUNT, "sequence", "rows"),
                        *_m(_K.TEXT, "sha256", "name"),
                        *_m(_K.CENTS, "total_cents"),
                    ),
                ),
                (
                    "outgoing.delivered",
                    "It lies at the creditor's.",
                    (*_m(_K.ID, "file_id", "plan_id"), *_m(_K.COUNT, "sequence", "attempts"), *_m(_K.TEXT, "sha256")),
                ),
                (
                    "outcomes.exported",
                    "The day's outcomes were written for the creditor.",
                    (
                        *_m(_K.COUNT, "sequence", "rows"),
                        *_m(_K.TEXT, "sha256"),
                        *_m(_K.CENTS, "collected_cents"),
                        *_m(_K.COUNT, "up_to", maybe=True),
                    ),
                ),
            ),
            *_events(
                FactScope.AGREEMENTS,
                ("repayment.proposed", "A repayment plan was drawn up and not signed.", _SIGNED),
                ("repayment.signed", "A repayment plan was signed.", _SIGNED),
                ("repayment.renegotiated", "Another plan took its place.", _PLAN),
                ("repayment.settled", "A settlement ended it.", _PLAN),
                ("repayment.broken", "The plan fell.", (*_PLAN, *_m(_K.DAY, "broken_on"))),
                ("repayment.restored", "A fallen plan runs again.", _PLAN),
                ("repayment.kept", "The plan was paid whole.", _PLAN),
                (
                    "instalment.late",
                    "An instalment did not come.",
                    (*_PLAN, *_m(_K.COUNT, "number"), *_m(_K.DAY, "due_on"), *_m(_K.CENTS, "amount_cents")),
                ),
                ("settlement.proposed", "A settlement was proposed.", (*_SETTLEMENT, *_m(_K.DAY, "pay_by"))),
                ("settlement.approved", "The office approved it.", _SETTLEMENT),
                ("settlement.refused", "The office refused it.", _SETTLEMENT),
                ("settlement.withdrawn", "It was asked from a door, and the visit ended otherwise.", _SETTLEMENT),
                ("settlement.paid", "It was paid in time.", _SETTLEMENT),
                ("settlement.expired", "It was not paid in time.", _SETTLEMENT),
            ),
            *_events(
                FactScope.PLANNING,
                ("plan.started", "Somebody asked for a day plan.", _PLAN),
                ("plan.done", "The plan is there.", _PLAN),
                ("plan.failed", "The plan could not be made.", _PLAN),
                (
                    "day.published",
                    "A version of a day was published.",
                    (*_PLAN, *_m(_K.COUNT, "version", "stops"), *_m(_K.COUNT, "left_out", maybe=True)),
                ),
                (
                    "day.reordered",
                    "An agent changed the order of the day.",
                    (*_m(_K.COUNT, "version"), *_m(_K.IDS, "stops")),
                ),
                (
                    "day.closed",
                    "An agent closed the day.",
                    (
                        *_m(_K.COUNT, "done", "unsent"),
                        *_m(_K.IDS, "left"),
                        *_m(_K.OBJECTS, "held"),
                        *_m(_K.TEXT, "agent"),
                    ),
                ),
            ),
            *_events(
                FactScope.OFFICE,
                ("import.read", "A creditor's file was read as a dry run.", _IMPORT),
                ("import.refused", "A creditor's file was refused.", _IMPORT),
                ("import.failed", "Reading or writing it broke off.", _IMPORT),
                ("import.cancelled", "Somebody cancelled it; nothing of it was written.", _IMPORT),
                ("import.done", "It was written.", _IMPORT),
                (
                    "message.sent",
                    "The office wrote to one agent of the day or to all; what it wrote stays in the house.",
                    (*_MESSAGE, *_m(_K.FLAG, "to_all"), *_m(_K.COUNT, "agents")),
                ),
                ("message.fetched", "It is on the agent's phone.", (*_MESSAGE, *_m(_K.TEXT, "agent"))),
                ("message.read", "The agent has read it.", (*_MESSAGE, *_m(_K.TEXT, "agent"))),
                (
                    "message.withdrawn",
                    "The office took it back from so many agents who had not read it.",
                    (*_MESSAGE, *_m(_K.COUNT, "agents")),
                ),
                (
                    "visit.questioned",
                    "The office asked the agent about a report; what it asked stays in the house.",
                    (*_QUESTION, *_m(_K.CODE, "reason"), *_m(_K.TEXT, "agent")),
                ),
                ("visit.question_fetched", "The question is on the agent's phone.", _QUESTION),
                ("visit.question_withdrawn", "The office took it back.", _QUESTION),
                (
                    "visit.question_returned",
                    "It came back to the office: the agent's phone was shut out.",
                    (*_QUESTION, *_m(_K.TEXT, "agent")),
                ),
                (
                    "visit.answered",
                    "The agent answered; `corrected`: the answer corrects the report.",
                    (*_QUESTION, *_m(_K.TEXT, "agent"), *_m(_K.FLAG, "corrected")),
                ),
                ("visit.reviewed", "A person has looked at a report.", _m(_K.ID, "visit_id")),
                (
                    "visit.correction_asked",
                    "Somebody of the office says that a visit ended otherwise, or its agent where that lifts a "
                    "protection of the debtor; a person of the office, never who said it, decides.",
                    _m(_K.ID, "visit_id", "correction_id"),
                ),
                (
                    "visit.correction_declined",
                    "The report stays as it is: declined, or taken back by who had asked.",
                    _m(_K.ID, "visit_id", "correction_id"),
                ),
                (
                    "payment.not_taken",
                    "Two people settled that the receipt in a refused report stands for no money.",
                    (*_m(_K.TEXT, "receipt", "reason"), *_m(_K.CENTS, "amount_cents")),
                ),
                ("task.opened", "Work waits for a person.", (*_m(_K.ID, "task_id"), *_m(_K.CODE, "kind"))),
                ("task.finished", "Somebody did it.", _m(_K.ID, "task_id")),
                (
                    "task.arranged",
                    "It was given to somebody or to nobody, put off until a day or woken.",
                    (
                        *_m(_K.ID, "task_id"),
                        *_m(_K.ID, "owner_id", maybe=True),
                        *_m(_K.DAY, "asleep_until", maybe=True),
                    ),
                ),
                (
                    "rules.switched_on",
                    "A version of the rules of conduct was switched on.",
                    (*_m(_K.COUNT, "number"), *_m(_K.TEXT, "reason"), *_m(_K.CODES, "rules")),
                ),
                (
                    "agency.licence_set",
                    "The agency's licence was entered.",
                    (*_m(_K.TEXT, "number", "authority"), *_m(_K.DAY, "valid_to")),
                ),
                (
                    "agent.licence_set",
                    "What an agent carries was entered.",
                    (*_m(_K.ID, "person_id"), *_m(_K.CODES, "provinces"), *_LICENCE_DAYS),
                ),
            ),
        )
    }
)
"""By kind. To add one: an entry here; `tests/architecture/test_events.py` holds that no kind is missing."""

INSIDE = frozenset(
    {
        "absence.entered",
        "absence.withdrawn",
        "agency.details_set",
        "agent.in_danger",
        "board.changed",
        "creditor.set",
        "debtor.joined",
        "debtor.kept_apart",
        "debtor.parted",
        "note.ticked",
        "note.written",
        "person.added",
        "person.back",
        "person.changed",
        "person.left",
        "plan.progress",
        "shift.week_set",
        "squad.changed",
        "squad.moved",
        "visit.allowed_again",
        "visit.forbidden",
    }
)
"""Kinds for our own screens alone: how far a search has come, three times a second; what dispatchers do to a draft,
forbid and note for tomorrow, when agents are away and in which squad they are; that an agent calls for help; who works
here, and what papers say of agency and creditors; that a debtor has a practice of another creditor too, which is no
creditor's business."""


def kinds_of(scopes: frozenset[FactScope]) -> list[str]:
    """The kinds of fact that these scopes open."""
    return [event.kind for event in EVENTS.values() if event.scope in scopes]


COUNTED = frozenset(
    {
        "conduct.conversations_this_week",
        "conduct.conversations_today",
        "conduct.cooling_off",
        "conduct.visits_in_placement",
        "conduct.visits_this_week",
        "conduct.visits_today",
    }
)
"""Flags of rules that look at all practices of a person, whoever entrusted them."""


def data_of(event: Event, body: Mapping[str, Any], *, bound: bool) -> dict[str, Any]:
    """The promised members of a fact's body; one that an older fact does not hold is null.

    `bound`: for a creditor's own reader, without `COUNTED`: they would say that his debtor is another creditor's too.
    """
    data = {member.name: body.get(member.name) for member in event.members}
    if bound and "flags" in data:
        data["flags"] = [flag for flag in body.get("flags", ()) if flag not in COUNTED]
    return data


# --- the document ---

_HEAD = """# Exchange with other systems

Written from the catalogue of events (`fieldapp.domain.events.exchange_document`); a test holds this page to it.

## The feed

`GET /api/v1/feed` gives facts in the order in which they were committed, each exactly once. The caller proves itself
with `Authorization: Bearer <token>`; tokens are made by the administrator (`POST /api/v1/service-accounts`), shown
once, kept as a digest, and revoked in one call.

| parameter | means |
|---|---|
| `cursor` | where the last answer ended (`next`), or the `cursor` of any fact: what comes after it. None: all |
| `since` | instead of a cursor: from the first fact recorded at that instant on |
| `creditor_id` | only this creditor's facts. An account that is bound to a creditor gets no others |
| `limit` | 1 to 1000 facts in one answer, 500 where nothing is said |

The answer holds `facts`, `next` and `more`. Keep `next` together with what you made of the facts, in one transaction
of yours: then a crash on your side repeats nothing and loses nothing. While `more` is true ask again at once, else
when you like; an answer without facts gives a `next` too.

A cursor is opaque and signed. It is refused, with a reason, when it is unreadable or was altered
(`feed.cursor_unreadable`, `feed.cursor_forged`), comes from another installation (`feed.cursor_elsewhere`), is ahead of
everything that happened (`feed.cursor_ahead`), or names a fact that a restored backup no longer holds
(`feed.cursor_of_another_history`). In the last two cases start again from `since`.

Each fact: `id` (the same for ever: drop what you have seen), `v` (version of its `data`), `kind`, `at` (when it
happened), `recorded_at`, `day`, `practice_id`, `practice_number`, `creditor_id`, `data`, `cursor`. Within a version
members are added, never renamed, retyped or taken away. Kinds you do not know are to be skipped, not refused.

A payment counts as told to the creditor when an account that is bound to him comes back with a cursor behind it: what
he states or tells afterwards is read accordingly. Flags of rules that look at all that a person has with us, whoever
entrusted it, are left out for a reader that is bound to a creditor.

Types of members: an `id` is a UUID; `cents` are whole euro cents; a `day` is a local date; an `instant` is UTC; `code`
and `codes` are words that never change their meaning; a member marked *?* may be null.

More than an account's rate of requests a minute is refused with `access.too_often` and `Retry-After`.

## Telling us

`POST /api/v1/inbound/<kind>` with the same token; what an account may tell is its `writes`. An account that is bound to
a creditor writes to his practices alone; any other names him in `creditor_id`.

| kind | scope | an item | what it does |
|---|---|---|---|
| `balances` | `write:balances` | `practice_number`, `as_of` day, `total_cents`, `lines` of `title`, `due_on`?, \
`principal_cents`, `interest_cents`, `costs_cents` | the claim at the end of that day becomes what is stated, as \
with a creditor's file; our later payments stay, earlier ones count as held in it only where he had been told; \
`total_cents` must be the sum of the lines; a line not named is closed; more than is owed of a practice that is closed \
is `held` and not booked |
| `recalls` | `write:recalls` | `practice_number`, `reason`? | closes the practice for visits, not for accounting; \
the answer names receipts whose money an agent still holds |
| `payments` | `write:payments` | `practice_number`, `reference`, `amount_cents`, `paid_on` day, `other_than`? | \
money that reached him: off the claim, and owed to nobody; `paid_on` up to the day of his newest statement is held \
in that already, except on that very day where the statement came in the course of it; a `reference` names one payment \
whatever its case and blanks |
| `contacts` | `write:contacts` | `practice_number`, `channel`, `at` instant, `reached`, `outcome`?, `by`? | counts \
in the limits of contacts with ours |

The body is `{"items": [...]}`, 1 to 500 of them and 2 MB; the answer is 200 with a verdict for each, in their order:
`accepted`, `known` (told before: nothing twice), `held` (kept, a person looks first), `refused` (with `code`, `detail`
in the language of `Accept-Language`). A bad item costs only itself. Items of one practice are taken in their order.

**Every request carries `Idempotency-Key`** (the IETF draft of that name): a quoted string of up to 200 characters, a
UUID for instance; without its quotes it is the same key. It belongs to the account, is bound to the operation and to
the SHA-256 of the very bytes of the body, and is kept with its answer for 30 days.

| what comes | is answered |
|---|---|
| the same key, the same bytes | the first answer again, byte for byte, with `Idempotent-Replayed: true` |
| the same key, another body or operation | 422 `idempotency.key_reused` |
| the same key while the first request runs | 409 `idempotency.in_progress`: ask again shortly |
| no key; one that cannot be read | 400 `idempotency.key_missing`; 422 `idempotency.key_unreadable` |

A request that is refused as a whole leaves its key unused. Key, answer and everything written are one transaction, so
after a lost answer send the same bytes under the same key. After 30 days a statement or contact that was told is
still `known` by what it says, a payment by its `reference` and a recall by the practice's state.

What contradicts our books stands, and becomes a task of the office with both sides: receipts of ours that the
creditor had not been told of, two systems, or a system and a file, that state different balances of one day (the last
one holds), more paid than owed, money in an agent's hand, a visit still planned or promised. A payment that equals a
receipt of ours that he knows of is `held` and not booked, also where it reached his own account up to five days before
or after `paid_on`. If it is another payment, send it again under a new key with the receipt in `other_than`.
"""


def exchange_document() -> str:
    """The catalogue as a page of Markdown."""
    parts = [_HEAD]
    for scope in FactScope:
        lines = [f"## `{scope.value}`", "", "| kind | v | says | data |", "|---|---|---|---|"]
        for event in EVENTS.values():
            if event.scope is scope:
                members = ", ".join(f"`{m.name}`{'?' if m.maybe else ''} {m.kind.value}" for m in event.members)
                lines.append(f"| `{event.kind}` | {event.version} | {event.says} | {members} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
