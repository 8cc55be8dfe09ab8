"""The catalogue of checks: for each question, which acts it is about, what it must be told, what it may say.

To add one: a function in `timing`, `subject` or `money`, an entry here, its twin on the phone, and its words.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldapp.domain.conduct import money, subject, timing
from fieldapp.domain.conduct.case import Check, Parameter, ParameterKind, Stricter
from fieldapp.domain.conduct.facts import ActKind

_K, _S = ParameterKind, Stricter
_VISIT = frozenset({ActKind.VISIT})
_TALK = frozenset({ActKind.VISIT, ActKind.CALL, ActKind.MESSAGE})
_ALL = frozenset(ActKind)
_PAYMENT = frozenset({ActKind.PAYMENT})


def _count(name: str, stricter: Stricter = Stricter.NONE) -> Parameter:
    return Parameter(name, _K.COUNT, stricter)


def _cents(name: str, stricter: Stricter = Stricter.NONE) -> Parameter:
    return Parameter(name, _K.CENTS, stricter)


def _limit(name: str) -> Parameter:
    return Parameter(name, _K.COUNT, _S.LOWER, least=1)


def _flag(name: str, stricter: Stricter = Stricter.NONE) -> Parameter:
    return Parameter(name, _K.FLAG, stricter)


_BANDS = (
    Parameter("weekday_from", _K.TIME, _S.HIGHER),
    Parameter("weekday_to", _K.TIME, _S.LOWER),
    Parameter("saturday_from", _K.TIME, _S.HIGHER),
    Parameter("saturday_to", _K.TIME, _S.LOWER),
    _flag("agreement_lifts", _S.LOWER),
)
_REST = (
    _flag("sundays", _S.HIGHER),
    _flag("holidays", _S.HIGHER),
    _flag("local_holidays", _S.HIGHER),
    _flag("agreement_lifts", _S.LOWER),
)
_CONVERSATIONS = (
    _limit("max_per_day"),
    _limit("max_per_week"),
    _flag("appointment_lifts", _S.LOWER),
)
_VISITS = (*_CONVERSATIONS, _limit("max_per_placement"))
_COOLING = (Parameter("after", _K.CODES, _S.HIGHER), _count("days", _S.HIGHER))
_ROLLING = (_cents("below_cents", _S.LOWER), _count("days", _S.HIGHER))
_UNUSUAL = (_cents("below_cents"), _count("near_pct"), _count("days"), _count("count"))
_STAMP = (
    _cents("due_cents"),
    _cents("above_cents"),
    Parameter("charged_to", _K.CODE, choices=("debtor", "creditor", "nobody")),
)

_TERM = (
    Parameter("years", _K.COUNT, _S.LOWER, least=1),
    Parameter("kinds", _K.CODES, _S.HIGHER),
    _count("warn_days", _S.HIGHER),
)

CHECKS: Mapping[str, Check] = {
    check.name: check
    for check in (
        Check(
            "hours",
            _TALK,
            _BANDS,
            ("conduct.outside_hours", "conduct.ends_after_hours"),
            timing.hours,
            shared=True,
        ),
        Check(
            "rest_day",
            _TALK,
            _REST,
            ("conduct.sunday", "conduct.public_holiday", "conduct.local_holiday"),
            timing.rest_day,
            shared=True,
        ),
        Check("calendar_known", _TALK, (), ("conduct.calendar_unknown",), timing.calendar_known, shared=True),
        Check(
            "patron_saint_known",
            _TALK,
            (),
            ("conduct.patron_saint_unknown",),
            timing.patron_saint_known,
            needs="address",
            shared=True,
        ),
        Check(
            "appointment",
            _VISIT,
            (_flag("required", _S.HIGHER),),
            ("conduct.appointment_missing",),
            timing.appointment,
            switch="required",
        ),
        Check(
            "debt_state",
            _ALL,
            (Parameter("state", _K.CODE, choices=subject.DEBT_STATES),),
            tuple(f"conduct.debt_{state}" for state in subject.DEBT_STATES),
            subject.debt_state,
            needs="states",
        ),
        Check(
            "time_barred",
            _ALL,
            (),
            ("conduct.debt_time_barred",),
            subject.time_barred,
            needs="limitation",
        ),
        Check("limitation_term", _ALL, _TERM, (), money.says_nothing),
        Check("placement", _ALL, (), ("conduct.placement_not_started", "conduct.placement_ended"), subject.placement),
        Check(
            "letter_sent",
            _VISIT,
            (_count("level", _S.HIGHER), _count("days_since", _S.HIGHER)),
            ("conduct.letter_missing",),
            subject.letter_sent,
        ),
        Check("days_past_due", _VISIT, (_count("least", _S.HIGHER),), ("conduct.too_early",), subject.days_past_due),
        Check(
            "conversation_limit",
            _TALK,
            _CONVERSATIONS,
            ("conduct.conversations_today", "conduct.conversations_this_week"),
            timing.conversation_limit,
            needs="conversations",
        ),
        Check(
            "visit_limit",
            _VISIT,
            _VISITS,
            ("conduct.visits_today", "conduct.visits_this_week", "conduct.visits_in_placement"),
            timing.visit_limit,
            needs="visits",
        ),
        Check("cooling_off", _TALK, _COOLING, ("conduct.cooling_off",), timing.cooling_off, needs="happened"),
        Check(
            "message_consent",
            frozenset({ActKind.MESSAGE}),
            (),
            ("conduct.message_without_consent",),
            subject.message_consent,
        ),
        Check(
            "address_confirmed",
            _VISIT,
            (),
            ("conduct.address_doubtful", "conduct.address_rejected"),
            subject.address_confirmed,
            needs="unconfirmed",
        ),
        Check("workplace", _VISIT, (), ("conduct.workplace",), subject.workplace, needs="workplace"),
        Check(
            "licence",
            frozenset({ActKind.VISIT, ActKind.PAYMENT}),
            (),
            (
                "conduct.licence_expired",
                "conduct.agent_not_notified",
                "conduct.no_province_notified",
                "conduct.province_not_notified",
            ),
            subject.licence,
            needs="agent",
            shared=True,
        ),
        Check(
            "badge",
            frozenset({ActKind.VISIT, ActKind.PAYMENT}),
            (),
            ("conduct.badge_expired",),
            subject.badge,
            needs="agent",
            shared=True,
        ),
        Check(
            "qualification",
            frozenset({ActKind.VISIT, ActKind.PAYMENT}),
            (),
            ("conduct.qualification_expired",),
            subject.qualification,
            needs="agent",
            shared=True,
        ),
        Check(
            "expiry_near",
            _VISIT,
            (_count("days", _S.HIGHER),),
            ("conduct.licence_expires_soon", "conduct.badge_expires_soon", "conduct.qualification_expires_soon"),
            subject.expiry_near,
            needs="agent",
            shared=True,
        ),
        Check(
            "cash_ceiling",
            _PAYMENT,
            (_cents("below_cents", _S.LOWER),),
            ("conduct.cash_over_ceiling",),
            money.cash_ceiling,
        ),
        Check(
            "cash_rolling",
            _PAYMENT,
            (*_ROLLING, _flag("instalments_exempt", _S.LOWER)),
            ("conduct.cash_over_rolling",),
            money.cash_rolling,
        ),
        Check(
            "cash_instalments_logged",
            _PAYMENT,
            _ROLLING,
            ("conduct.cash_instalment_logged",),
            money.cash_instalments_logged,
        ),
        Check(
            "cheque",
            _PAYMENT,
            (_cents("clause_from_cents", _S.LOWER),),
            ("conduct.cheque_to_agent", "conduct.cheque_to_stranger", "conduct.cheque_without_clause"),
            money.cheque,
        ),
        Check("payer_identified", _PAYMENT, (), ("conduct.payer_unidentified",), money.payer_identified),
        Check("payer_is_debtor", _PAYMENT, (), ("conduct.payer_not_debtor",), money.payer_is_debtor),
        Check(
            "exposure", _PAYMENT, (_cents("limit_cents"),), ("conduct.cash_exposure",), money.exposure, needs="agent"
        ),
        Check("unusual_cash", _PAYMENT, _UNUSUAL, ("conduct.cash_unusual",), money.unusual_cash),
        Check("stamp_duty", _PAYMENT, _STAMP, (), money.says_nothing),
    )
}
"""One entry per check; the words of its codes stand in `pwa/src/text/refusals/conduct.*.json`."""
