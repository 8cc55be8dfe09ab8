"""One action on many practices: which there are, who may do them, what each needs, what can be undone.

An action is tried first and then done as it was shown. Its digest names everything that was shown, so that what is
confirmed is what somebody read; what changed in between is left out and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from fieldapp.domain.access import Role
from fieldapp.domain.contacts import Channel
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, canonical_json, sha256
from fieldapp.domain.outcomes import Team
from fieldapp.domain.tasks import AT_THE_DESK

MOST = 5_000
"""Practices in one action: so many are done in one transaction, within seconds."""
MOST_EXPORTED = 20_000
SHOWN_FOR = timedelta(minutes=30)
"""After this a preview is made anew, since nobody remembers what it said."""
LONGEST_TEXT = 500
_SHORTEST_TEXT = 3
_LATEST_TASK = timedelta(days=366)
LETTERS = ("DUNNING_LETTER_1", "DUNNING_LETTER_2", "FORMAL_NOTICE")
SUSPENDED = "suspended"
"""The state of a practice that the office has put aside: `debt.suspended` of the rules of conduct reads it."""

_OFFICE = frozenset({Role.BACK_OFFICE, Role.ADMINISTRATOR})


class BulkKind(StrEnum):
    TO_DO = "to_do"
    PLAN_CONTACT = "plan_contact"
    LETTER_SENT = "letter_sent"
    SUSPEND = "suspend"
    RESUME = "resume"
    HAND_BACK = "hand_back"


@dataclass(frozen=True, slots=True)
class Action:
    """Who may do it, which members of `Asked` it reads, and whether it can be taken back."""

    roles: frozenset[Role]
    reads: tuple[str, ...]
    undone: bool = True


ACTIONS: Mapping[BulkKind, Action] = MappingProxyType(
    {
        BulkKind.TO_DO: Action(AT_THE_DESK, ("text", "team", "owner_id", "due_on")),
        BulkKind.PLAN_CONTACT: Action(_OFFICE, ("channel", "at")),
        # A letter in the post stays sent: the ledger of contacts takes nothing back.
        BulkKind.LETTER_SENT: Action(_OFFICE, ("letter", "on"), undone=False),
        BulkKind.SUSPEND: Action(_OFFICE, ("text",)),
        BulkKind.RESUME: Action(_OFFICE, ("text",)),
        BulkKind.HAND_BACK: Action(_OFFICE, ("text",)),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done; only the members that the action reads are set. `text`: what to do, or why."""

    kind: BulkKind
    text: str = ""
    team: str | None = None
    owner_id: UUID | None = None
    due_on: date | None = None
    channel: Channel | None = None
    at: datetime | None = None
    letter: str | None = None
    on: date | None = None

    def to_json(self) -> dict[str, Any]:
        """The members that are set, as plain values."""
        return {
            one.name: _plain(value)
            for one in fields(self)
            if one.name != "kind" and (value := getattr(self, one.name)) not in (None, "")
        }


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def asked_of(kind: BulkKind, plain: Mapping[str, Any]) -> Asked:
    """What `to_json` wrote."""
    readers: dict[str, Any] = {
        "owner_id": UUID,
        "due_on": date.fromisoformat,
        "channel": Channel,
        "at": datetime.fromisoformat,
        "on": date.fromisoformat,
    }
    return Asked(kind, **{name: readers.get(name, str)(value) for name, value in plain.items()})


def checked(asked: Asked, *, role: Role, now: datetime, today: date) -> Asked:
    """`asked` with the members that its action reads, and no others.

    Raises Refusal `access.not_your_role`, `bulk.text_missing`, `bulk.text_too_long` (details: most),
    `bulk.day_missing`, `bulk.day_unusable`, `bulk.team_unknown`, `bulk.letter_unknown`, `bulk.channel_unusable`.
    """
    action = ACTIONS[asked.kind]
    if role not in action.roles:
        raise Refusal("access.not_your_role", kind=Kind.FORBIDDEN, details={"role": role.value})
    text = " ".join(asked.text.split())
    kept = {name: getattr(asked, name) for name in action.reads if name != "text"}
    if "text" in action.reads:
        if len(text) < _SHORTEST_TEXT:
            raise Refusal("bulk.text_missing", kind=Kind.MALFORMED)
        if len(text) > LONGEST_TEXT:
            raise Refusal("bulk.text_too_long", kind=Kind.MALFORMED, details={"most": LONGEST_TEXT})
        kept["text"] = text
    made = Asked(asked.kind, **kept)
    _check_when(made, now=now, today=today)
    match made.kind:
        case BulkKind.TO_DO if made.team not in set(Team):
            raise Refusal("bulk.team_unknown", kind=Kind.MALFORMED)
        case BulkKind.LETTER_SENT if made.letter not in LETTERS:
            raise Refusal("bulk.letter_unknown", kind=Kind.MALFORMED)
        case BulkKind.PLAN_CONTACT if made.channel in (None, Channel.VISIT, Channel.OFFICE):
            raise Refusal("bulk.channel_unusable", kind=Kind.MALFORMED)
    return made


def _check_when(asked: Asked, *, now: datetime, today: date) -> None:
    """A day is named where one is needed; what is to come lies ahead, what happened behind."""
    match asked.kind:
        case BulkKind.TO_DO:
            day, first, last = asked.due_on, today, today + _LATEST_TASK
        case BulkKind.LETTER_SENT:
            day, first, last = asked.on, today - _LATEST_TASK, today
        case BulkKind.PLAN_CONTACT:
            # Kept apart from the days: an hour of today may have gone by.
            if asked.at is None or asked.at.tzinfo is None:
                raise Refusal("bulk.day_missing", kind=Kind.MALFORMED)
            if not now <= asked.at <= now + _LATEST_TASK:
                raise Refusal("bulk.day_unusable", kind=Kind.MALFORMED)
            return
        case _:
            return
    if day is None:
        raise Refusal("bulk.day_missing", kind=Kind.MALFORMED)
    if not first <= day <= last:
        raise Refusal("bulk.day_unusable", kind=Kind.MALFORMED)


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is not done to a practice: a code with its words among the refusals, and what fills them."""

    code: str
    details: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The practices that are left out for one reason."""

    why: Why
    ids: tuple[UUID, ...]

    def to_json(self) -> dict[str, Any]:
        return {"code": self.why.code, "details": dict(self.why.details), "ids": [str(one) for one in self.ids]}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Group:
        details = tuple(sorted(plain["details"].items()))
        return cls(Why(plain["code"], details), tuple(UUID(one) for one in plain["ids"]))


def grouped(verdicts: Mapping[UUID, Why]) -> list[Group]:
    """By reason, the most frequent first; ids in order."""
    found: dict[str, tuple[Why, list[UUID]]] = {}
    for practice_id, why in verdicts.items():
        # Details may hold lists, which are no keys.
        name = f"{why.code} {canonical_json(dict(why.details)).decode()}"
        found.setdefault(name, (why, []))[1].append(practice_id)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1][1]), item[0]))
    return [Group(why, tuple(sorted(ids))) for _, (why, ids) in ordered]


def together(first: Sequence[Group], second: Sequence[Group]) -> list[Group]:
    """Both as one list of reasons."""
    return grouped({one: group.why for group in (*first, *second) for one in group.ids})


def shown_digest(asked: Asked, *, up_to: int, doable: Sequence[UUID], left_out: Sequence[Group]) -> Sha256:
    """The digest of all that a preview says: the action, for which practices, for which not and why, and as of when."""
    plain = {
        "kind": asked.kind.value,
        "asked": asked.to_json(),
        "up_to": up_to,
        "doable": sorted(str(one) for one in doable),
        "left_out": [group.to_json() for group in left_out],
    }
    return sha256(canonical_json(plain))
