"""Rules about whom and what: the state of the debt, the address, the agent's licence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fieldapp.domain.conduct.case import NOTHING, Case, Said
from fieldapp.domain.conduct.facts import AddressKind, AddressState


def debt_state(case: Case, p: Mapping[str, Any]) -> Said:
    """The debt is not in the state that the rule names."""
    state: str = p["state"]
    if state not in case.practice.states:
        return NOTHING
    return ((f"conduct.debt_{state}", {"state": state}),)


def time_barred(case: Case, _: Mapping[str, Any]) -> Said:
    """Some line of the debt may still be claimed: neither the limitation clock nor the office says otherwise."""
    since = case.practice.time_barred_on
    if TIME_BARRED not in case.practice.states and (since is None or case.on < since):
        return NOTHING
    return (("conduct.debt_time_barred", {"state": TIME_BARRED}),)


TIME_BARRED = "time_barred"
DEBT_STATES = (
    "disputed",
    "complaint_open",
    "insolvency",
    "represented",
    "deceased",
    "unable",
    "paid",
    "in_court",
    "recalled",
    "suspended",
)
"""The states a practice may be flagged with; each has its own words."""


def placement(case: Case, _: Mapping[str, Any]) -> Said:
    """The creditor's placement has begun and has not ended."""
    practice = case.practice
    if case.on < practice.placement_starts_on:
        return (("conduct.placement_not_started", {"on": practice.placement_starts_on.isoformat()}),)
    if case.on > practice.placement_ends_on:
        return (("conduct.placement_ended", {"on": practice.placement_ends_on.isoformat()}),)
    return NOTHING


def letter_sent(case: Case, p: Mapping[str, Any]) -> Said:
    """A letter of the level that the rule asks for went out long enough ago."""
    level, days = p["level"], p["days_since"]
    for letter in case.practice.letters:
        if letter.level >= level and (case.on - letter.sent_on).days >= days:
            return NOTHING
    return (("conduct.letter_missing", {"level": level, "days": days}),)


def days_past_due(case: Case, p: Mapping[str, Any]) -> Said:
    """The oldest unpaid title has been due for long enough."""
    due_on = case.practice.oldest_due_on
    if due_on is None or (case.on - due_on).days >= p["least"]:
        return NOTHING
    return (("conduct.too_early", {"days": max(0, (case.on - due_on).days), "least": p["least"]}),)


def message_consent(case: Case, _: Mapping[str, Any]) -> Said:
    """A message that tells of the debt goes only to who agreed to it."""
    if case.practice.electronic_consent or not getattr(case.act, "tells_debt", False):
        return NOTHING
    return (("conduct.message_without_consent", {}),)


# --- the address ---


def address_confirmed(case: Case, _: Mapping[str, Any]) -> Said:
    """The address is confirmed."""
    if case.address is None or case.address.state is AddressState.CONFIRMED:
        return NOTHING
    return ((f"conduct.address_{case.address.state.value}", {}),)


def workplace(case: Case, _: Mapping[str, Any]) -> Said:
    """A workplace is visited only when the debtor named it."""
    address = case.address
    if address is None or address.kind is not AddressKind.WORKPLACE or address.given_by_debtor:
        return NOTHING
    return (("conduct.workplace", {}),)


# --- the agent ---


def licence(case: Case, _: Mapping[str, Any]) -> Said:
    """The agency's licence is valid, the agent is notified to the Questura, and for this province."""
    agent = case.agent
    if agent is None:
        return NOTHING
    if agent.licence_ends_on is None or agent.licence_ends_on < case.on:
        return (("conduct.licence_expired", _ended(agent.licence_ends_on)),)
    if agent.notified_on is None or agent.notified_on > case.on:
        return (("conduct.agent_not_notified", {}),)
    if not agent.provinces:
        return (("conduct.no_province_notified", {}),)
    if case.address is not None and case.address.province not in agent.provinces:
        return (("conduct.province_not_notified", {"province": case.address.province}),)
    return NOTHING


def badge(case: Case, _: Mapping[str, Any]) -> Said:
    """The agent's badge is valid."""
    if case.agent is None or (case.agent.badge_ends_on is not None and case.agent.badge_ends_on >= case.on):
        return NOTHING
    return (("conduct.badge_expired", _ended(case.agent.badge_ends_on)),)


def qualification(case: Case, _: Mapping[str, Any]) -> Said:
    """The agent's qualification is valid."""
    agent = case.agent
    if agent is None or (agent.qualification_ends_on is not None and agent.qualification_ends_on >= case.on):
        return NOTHING
    return (("conduct.qualification_expired", _ended(agent.qualification_ends_on)),)


def expiry_near(case: Case, p: Mapping[str, Any]) -> Said:
    """Licence, badge and qualification last for some weeks more."""
    agent = case.agent
    if agent is None:
        return NOTHING
    today, until = case.on, case.on + timedelta(days=p["days"])
    said = NOTHING
    for code, on in (
        ("conduct.licence_expires_soon", agent.licence_ends_on),
        ("conduct.badge_expires_soon", agent.badge_ends_on),
        ("conduct.qualification_expires_soon", agent.qualification_ends_on),
    ):
        if on is not None and today <= on <= until:
            said = (*said, (code, {"on": on.isoformat()}))
    return said


def _ended(on: date | None) -> dict[str, Any]:
    return {"on": "" if on is None else on.isoformat()}
