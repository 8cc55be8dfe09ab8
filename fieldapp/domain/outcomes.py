"""The catalogue of visit outcomes: each one an entry saying what it asks for and what follows from it.

The phone builds its forms from the same entries (`pwa/src/domain/generated/outcomes.json`, held fresh by a
test); labels stand in `pwa/src/text/outcomes.*.json` under `outcome.<CODE>`, `outcome.field.<name>`,
`outcome.choice.<field>.<code>`, `outcome.group.<group>`, `outcome.next.<step>`. No official Italian list was found:
the set is composed from trade sources and is mapped per creditor to the creditor's own codes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from fieldapp.domain.errors import Kind, Refusal


class Group(StrEnum):
    """How outcomes are laid out on the screen."""

    MET = "met"
    NOT_MET = "not_met"
    ADDRESS = "address"
    INTERRUPTED = "interrupted"


class Met(StrEnum):
    """Who was there."""

    DEBTOR = "debtor"
    THIRD_PARTY = "third_party"
    NOBODY = "nobody"


class FieldType(StrEnum):
    """How a field is asked and what it holds.

    date: `2026-11-26`; amount: whole cents; count: a small whole number; choice: one of `choices`;
    text_short: one line; photo: the SHA-256 of an attachment of the report; notice: `{number, delivery}`;
    window: `{from, to}`, two instants.
    """

    DATE = "date"
    AMOUNT = "amount"
    COUNT = "count"
    CHOICE = "choice"
    TEXT_SHORT = "text_short"
    PHOTO = "photo"
    NOTICE = "notice"
    WINDOW = "window"


class Bound(StrEnum):
    """The end of the dates that a field takes."""

    ANY = "any"
    TODAY = "today"
    PLACEMENT_END = "placement_end"


class Need(StrEnum):
    """Whether an outcome comes with a payment or a signature."""

    NO = "no"
    ALLOWED = "allowed"
    REQUIRED = "required"


class Delivery(StrEnum):
    """How the neutral numbered notice was left. "On the door" does not exist: a notice there tells the
    neighbours (Garante, 30 November 2005)."""

    LETTERBOX_SEALED = "letterbox_sealed"
    HANDED_TO_DEBTOR = "handed_to_debtor"
    HANDED_SEALED = "handed_sealed"


DELIVERIES: Mapping[Met, frozenset[Delivery]] = {
    Met.DEBTOR: frozenset({Delivery.HANDED_TO_DEBTOR}),
    Met.THIRD_PARTY: frozenset({Delivery.HANDED_SEALED, Delivery.LETTERBOX_SEALED}),
    Met.NOBODY: frozenset({Delivery.LETTERBOX_SEALED}),
}


class Team(StrEnum):
    """Who gets the task."""

    BACK_OFFICE = "back_office"
    CASE_OWNER = "case_owner"
    DISPATCHER = "dispatcher"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask. `earliest` and `latest` bound dates and windows; `longest` counts characters.

    `neutral`: may be asked while a third party stands there, for it says nothing of a debt.
    """

    name: str
    type: FieldType
    required: bool = True
    choices: tuple[str, ...] = ()
    earliest: Bound = Bound.ANY
    latest: Bound = Bound.ANY
    longest: int = 120
    neutral: bool = False


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """The task that an outcome opens, due after `days`."""

    kind: str
    team: Team
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One way a visit ends.

    `met`: with whom it can be said. `next_step` is proposed for `next_days` later. `sets_state`: the debt state
    that stops the practice until the office decides. `address_becomes`: what the address is from now on.
    `reached`: a conversation with the debtor took place, be it by telephone; `counts`: the visit weighs in the
    contact limits; `cools_off`: a rule of conduct gives rest after it. `common`: 1 to 5 for the five most used.
    `cuts_short`: it ends a visit in whatever state it is: money, signature and agreement given before stay.
    `at_the_address`: it says something of a door or an address, so it cannot end a meeting at another place.
    """

    code: str
    group: Group
    met: frozenset[Met]
    fields: tuple[Field, ...] = ()
    payment: Need = Need.NO
    signature: Need = Need.ALLOWED
    next_step: str
    next_days: int = 0
    sets_state: str | None = None
    address_becomes: str | None = None
    task: TaskSpec | None = None
    reached: bool = False
    counts: bool = True
    cools_off: bool = False
    common: int = 0
    cuts_short: bool = False
    at_the_address: bool = False


def outcome(code: str) -> Outcome:
    """The entry of the catalogue. Raises Refusal `visit.outcome_unknown`."""
    if code not in OUTCOMES:
        raise Refusal("visit.outcome_unknown", kind=Kind.MALFORMED, details={"outcome": code[:60]})
    return OUTCOMES[code]


def catalogue_json() -> str:
    """The catalogue as the phone reads it, in order."""
    entries = []
    for entry in OUTCOMES.values():
        plain = asdict(entry)
        plain["met"] = sorted(entry.met)
        entries.append(plain)
    deliveries = {met: sorted(ways) for met, ways in DELIVERIES.items()}
    plain = {"outcomes": entries, "deliveries": deliveries, "next_steps": NEXT_STEPS}
    return json.dumps(plain, indent=2) + "\n"


# --- fields that several outcomes share ------------------------------------------------------------------------

NEXT_STEPS = (
    "approval",
    "close",
    "cooling_off",
    "debt_advice",
    "follow_up_promise",
    "monitor_plan",
    "next_instalment",
    "normalise_address",
    "office_review",
    "promise_or_plan",
    "reconcile",
    "replan",
    "report",
    "revisit",
    "revisit_other_band",
    "skip_trace",
    "stop",
)
"""What an agent may propose as the next action: a closed list, so that it carries no free text."""

_DEBTOR = frozenset({Met.DEBTOR})
_NOBODY = frozenset({Met.NOBODY})
_ANYBODY = frozenset(Met)
_OTHERS = frozenset({Met.THIRD_PARTY, Met.NOBODY})
_DEBTOR_OR_NOBODY = frozenset({Met.DEBTOR, Met.NOBODY})


def _choice(name: str, *choices: str, required: bool = True, neutral: bool = False) -> Field:
    return Field(name, FieldType.CHOICE, required=required, choices=choices, neutral=neutral)


def _text(name: str, *, required: bool = True, neutral: bool = False) -> Field:
    return Field(name, FieldType.TEXT_SHORT, required=required, neutral=neutral)


_PROMISE_ON = Field("promise_on", FieldType.DATE, earliest=Bound.TODAY, latest=Bound.PLACEMENT_END)
_PROMISE_CENTS = Field("promise_cents", FieldType.AMOUNT)
_WINDOW = Field("window", FieldType.WINDOW, earliest=Bound.TODAY, latest=Bound.PLACEMENT_END)
_NOTICE = Field("notice", FieldType.NOTICE, neutral=True)
_MAYBE_NOTICE = Field("notice", FieldType.NOTICE, required=False, neutral=True)
_MAYBE_PHOTO = Field("photo", FieldType.PHOTO, required=False, neutral=True)
_GROUNDS = ("not_mine", "already_paid", "amount_wrong", "not_supplied", "time_barred", "fraud", "other")
_WHO_SAID = ("occupant", "neighbour", "concierge", "sign", "letterbox")


def _owner(kind: str, days: int) -> TaskSpec:
    return TaskSpec(kind, Team.CASE_OWNER, days)


def _office(kind: str, days: int) -> TaskSpec:
    return TaskSpec(kind, Team.BACK_OFFICE, days)


_WITH_THE_DEBTOR = (
    Outcome(
        code="PAID_FULL", group=Group.MET, met=_DEBTOR, payment=Need.REQUIRED, reached=True,
        next_step="close", task=_office("close_practice", 2),
    ),
    Outcome(
        code="PAID_PARTIAL", group=Group.MET, met=_DEBTOR, payment=Need.REQUIRED, reached=True, common=3,
        fields=(
            _choice("reason", "short_of_money", "waits_for_income", "checks_amount", "other"),
            Field("promise_on", FieldType.DATE, False, earliest=Bound.TODAY, latest=Bound.PLACEMENT_END),
            Field("promise_cents", FieldType.AMOUNT, False),
        ),
        next_step="promise_or_plan", next_days=7,
    ),
    Outcome(
        code="PAID_INSTALMENT", group=Group.MET, met=_DEBTOR, payment=Need.REQUIRED, reached=True,
        fields=(Field("instalment_number", FieldType.COUNT),),
        next_step="next_instalment", next_days=30,
    ),
    Outcome(
        code="SETTLEMENT_PAID", group=Group.MET, met=_DEBTOR, payment=Need.REQUIRED, reached=True,
        fields=(_choice("authorised_by", "creditor", "case_owner"), _text("authorisation")),
        next_step="close", task=_office("confirm_settlement", 2),
    ),
    Outcome(
        code="SETTLEMENT_PROPOSED", group=Group.MET, met=_DEBTOR, payment=Need.ALLOWED, reached=True,
        fields=(
            Field("offer_cents", FieldType.AMOUNT),
            Field("valid_until", FieldType.DATE, earliest=Bound.TODAY, latest=Bound.PLACEMENT_END),
            _choice("authoriser", "creditor", "case_owner"),
        ),
        next_step="approval", next_days=3, task=_owner("approve_settlement", 2),
    ),
    Outcome(
        code="PLAN_SIGNED", group=Group.MET, met=_DEBTOR, payment=Need.ALLOWED, signature=Need.REQUIRED,
        fields=(
            Field("total_cents", FieldType.AMOUNT),
            Field("instalments", FieldType.COUNT),
            Field("first_due_on", FieldType.DATE, earliest=Bound.TODAY),
            _choice("every", "month", "fortnight", "week"),
        ),
        next_step="monitor_plan", next_days=30, task=_owner("check_plan", 2), reached=True,
    ),
    Outcome(
        code="PROMISE_TO_PAY", group=Group.MET, met=_DEBTOR, payment=Need.ALLOWED, reached=True, common=2,
        fields=(
            _PROMISE_ON,
            _PROMISE_CENTS,
            _choice("channel", "bank_transfer", "card", "cash_at_next_visit", "post_office", "other"),
        ),
        next_step="follow_up_promise", next_days=1,
    ),
    Outcome(
        code="PAID_ELSEWHERE_CLAIMED", group=Group.MET, met=_DEBTOR, reached=True,
        fields=(
            Field("paid_on", FieldType.DATE, latest=Bound.TODAY),
            Field("paid_cents", FieldType.AMOUNT),
            _choice("paid_to", "creditor", "agency", "other"),
            Field("photo", FieldType.PHOTO, required=False),
        ),
        next_step="reconcile", next_days=3, task=_office("reconcile_payment", 3),
    ),
    Outcome(
        code="APPOINTMENT_SET", group=Group.MET, met=_DEBTOR_OR_NOBODY, reached=True,
        fields=(_WINDOW, _choice("place", "this_address", "other_address", "agency")),
        next_step="revisit", task=TaskSpec("plan_appointment", Team.DISPATCHER, 1),
    ),
    Outcome(
        code="REFUSES", group=Group.MET, met=_DEBTOR, reached=True, cools_off=True, common=5,
        fields=(_choice("reason", "no_means", "not_recognised", "talks_to_creditor", "wants_advice", "not_said"),),
        next_step="cooling_off", next_days=7,
    ),
    Outcome(
        code="ASKED_TO_LEAVE", group=Group.MET, met=_DEBTOR, reached=True, cools_off=True,
        fields=(_choice("complaint", "yes", "no", required=False),),
        next_step="cooling_off", next_days=30, task=_owner("review_practice", 2),
    ),
    Outcome(
        code="DISPUTES", group=Group.MET, met=_DEBTOR, reached=True, sets_state="disputed",
        fields=(
            _choice("ground", *_GROUNDS),
            Field("photo", FieldType.PHOTO, required=False),
            _choice("complaint", "yes", "no", required=False),
        ),
        next_step="office_review", task=_office("answer_dispute", 5),
    ),
    Outcome(
        code="HARDSHIP", group=Group.MET, met=_DEBTOR, reached=True, payment=Need.ALLOWED,
        fields=(
            # Closed flags only: health and family data of a special kind are never written down.
            _choice("flag", "income_lost", "income_reduced", "other_debts", "vulnerable"),
            _choice("wants_plan", "yes", "no"),
        ),
        next_step="debt_advice", next_days=14, task=_owner("offer_affordable_plan", 5),
    ),
    Outcome(
        code="INSOLVENCY_PROCEDURE", group=Group.MET, met=_DEBTOR_OR_NOBODY, sets_state="insolvency",
        fields=(
            _choice("procedure", "judicial_liquidation", "over_indebtedness", "composition", "other"),
            _text("reference"),
        ),
        next_step="stop", task=_office("verify_insolvency", 3),
    ),
    Outcome(
        code="REPRESENTED", group=Group.MET, met=_DEBTOR_OR_NOBODY, sets_state="represented",
        fields=(_choice("representative", "lawyer", "association", "guardian"), _text("contact")),
        next_step="stop", task=_office("contact_representative", 3),
    ),
)  # fmt: skip

_WITHOUT_THE_DEBTOR = (
    Outcome(
        code="ABSENT_NOTICE_LEFT", group=Group.NOT_MET, met=_NOBODY, signature=Need.NO, common=1,
        fields=(_NOTICE,), at_the_address=True, next_step="revisit_other_band", next_days=7,
    ),
    Outcome(
        code="ABSENT_NO_NOTICE", group=Group.NOT_MET, met=_NOBODY, signature=Need.NO,
        fields=(_choice("reason", "no_letterbox", "name_missing", "not_reachable", "no_notices_left", neutral=True),),
        at_the_address=True, next_step="revisit_other_band", next_days=7,
    ),
    Outcome(
        code="THIRD_PARTY_MET", group=Group.NOT_MET, met=frozenset({Met.THIRD_PARTY}), signature=Need.NO, common=4,
        fields=(_MAYBE_NOTICE,), next_step="revisit", next_days=7,
    ),
    Outcome(
        code="NO_ACCESS", group=Group.NOT_MET, met=_OTHERS, signature=Need.NO, counts=False,
        fields=(_choice("obstacle", "gate", "concierge", "intercom", "road", "other", required=False, neutral=True),),
        at_the_address=True, next_step="revisit", next_days=3,
    ),
    Outcome(
        # The reason is never recorded: it would be health or judicial data.
        code="AWAY_LONG", group=Group.NOT_MET, met=_OTHERS, signature=Need.NO,
        fields=(Field("back_on", FieldType.DATE, False, earliest=Bound.TODAY, neutral=True),),
        next_step="office_review", next_days=14, task=_owner("decide_absence", 5),
    ),
    Outcome(
        code="DECEASED", group=Group.NOT_MET, met=_OTHERS, signature=Need.NO, sets_state="deceased",
        fields=(_choice("source", "relative", "neighbour", "concierge", "document", "sign", neutral=True),),
        next_step="stop", task=_office("verify_death", 3),
    ),
)  # fmt: skip

_ABOUT_THE_ADDRESS = (
    Outcome(
        code="UNKNOWN_AT_ADDRESS", group=Group.ADDRESS, met=_OTHERS, signature=Need.NO, counts=False,
        fields=(_choice("evidence", *_WHO_SAID, "name_missing", neutral=True), _MAYBE_PHOTO),
        at_the_address=True, next_step="skip_trace", address_becomes="rejected", task=_office("skip_trace", 3),
    ),
    Outcome(
        code="MOVED", group=Group.ADDRESS, met=_OTHERS, signature=Need.NO, counts=False,
        fields=(_choice("source", *_WHO_SAID, neutral=True), _text("new_address", required=False, neutral=True)),
        at_the_address=True, next_step="skip_trace", address_becomes="rejected", task=_office("skip_trace", 3),
    ),
    Outcome(
        code="ADDRESS_NOT_FOUND", group=Group.ADDRESS, met=_NOBODY, signature=Need.NO, counts=False,
        fields=(
            _choice("problem", "street_unknown", "number_missing", "building_gone", "incomplete", neutral=True),
            _MAYBE_PHOTO,
        ),
        at_the_address=True, next_step="normalise_address", address_becomes="doubtful",
        task=_office("normalise_address", 2),
    ),
    Outcome(
        code="BUSINESS_CLOSED", group=Group.ADDRESS, met=_OTHERS, signature=Need.NO,
        fields=(
            _choice("evidence", "closed_sign", "empty_premises", "other_business", "neighbour", neutral=True),
            _MAYBE_PHOTO,
        ),
        at_the_address=True, next_step="report", next_days=3, task=_office("check_business_register", 5),
    ),
)  # fmt: skip

_INTERRUPTED = (
    Outcome(
        code="UNSAFE", group=Group.INTERRUPTED, met=_ANYBODY, signature=Need.NO,
        next_step="office_review", task=_owner("review_safety", 1), cuts_short=True,
    ),
    Outcome(
        code="NOT_MADE", group=Group.INTERRUPTED, met=_NOBODY, signature=Need.NO, counts=False,
        fields=(
            _choice("reason", "time", "traffic", "recalled", "blocked_by_rule", "vehicle", "weather", neutral=True),
        ),
        next_step="replan", next_days=1, task=TaskSpec("replan_visit", Team.DISPATCHER, 1),
    ),
)  # fmt: skip

OUTCOMES: Mapping[str, Outcome] = {
    entry.code: entry for entry in (*_WITH_THE_DEBTOR, *_WITHOUT_THE_DEBTOR, *_ABOUT_THE_ADDRESS, *_INTERRUPTED)
}
