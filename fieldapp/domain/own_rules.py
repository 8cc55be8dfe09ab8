"""An agency's own rules: what it changed of the standard set, for all its creditors or for one, and what it confirmed.

Kept as the changes alone, so that rules that come with a new version of the software are in force at once. Pure: who
and when are arguments. A change never rewrites the past: the entry before ends on the day before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from fieldapp.domain.calendars import Calendar
from fieldapp.domain.conduct import DebtorKind, ParameterValue, Rule, Ruleset
from fieldapp.domain.conduct.rule import FOREVER, WEIGHT
from fieldapp.domain.conduct.soundness import check_stricter, refused
from fieldapp.domain.errors import Refusal
from fieldapp.domain.reading import Reader

VERSION = 1
ALL = "agency"
"""Stands for all creditors in the id of an override."""
MOST_RULES = 2_000
MOST_PATRONS = 10_000
PATRON = "calendar.patron_saint"
"""The rule that asks for patron saints' days."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody stands for the numbers of a rule; it lapses when they change."""

    parameters: Mapping[str, Any]
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Patron:
    """The patron saint's day of a comune, in force from `since` on; `day` as `domain.calendars` reads it."""

    comune: str
    day: str
    since: date


@dataclass(frozen=True, slots=True)
class OwnRules:
    """Whole rules that stand in the place of standard ones, overrides, confirmations by rule, patron saints' days."""

    rules: tuple[Rule, ...] = ()
    confirmed: Mapping[str, Confirmation] = field(default_factory=lambda: MappingProxyType({}))
    patrons: tuple[Patron, ...] = ()
    """Later ones stand over earlier ones from their day on."""

    def to_json(self) -> dict[str, Any]:
        """As versions and rule files hold it."""
        return {
            "v": VERSION,
            "rules": [rule.to_json() for rule in self.rules],
            "confirmed": {
                name: {"parameters": dict(one.parameters), "by": one.by, "on": one.on.isoformat()}
                for name, one in sorted(self.confirmed.items())
            },
            "patrons": [{"comune": one.comune, "day": one.day, "since": one.since.isoformat()} for one in self.patrons],
        }

    @classmethod
    def from_json(cls, plain: Any) -> OwnRules:
        """Read a file or a version whole or not at all. Raises Refusal `rules.field_*` naming the field."""
        reader = Reader(plain, area="rules")
        reader.whole("v", least=VERSION, most=VERSION)
        rules = tuple(Rule.from_json(item) for item in reader.objects("rules", most=MOST_RULES))
        inner = reader.object("confirmed")
        confirmed = {name: _confirmation(inner.object(name)) for name in sorted(inner.names())}
        inner.close()
        # Versions from before there were any do not name them.
        given = reader.objects("patrons", most=MOST_PATRONS) if "patrons" in reader.names() else ()
        patrons = tuple(_patron(item) for item in given)
        reader.close()
        return cls(rules, MappingProxyType(confirmed), patrons)


def _patron(reader: Reader) -> Patron:
    found = Patron(reader.text("comune", longest=100), reader.text("day", longest=20), reader.day("since"))
    reader.close()
    return found


def _confirmation(reader: Reader) -> Confirmation:
    parameters = reader.plain("parameters")
    if not isinstance(parameters, dict):
        raise reader.malformed("parameters")
    found = Confirmation(MappingProxyType(parameters), reader.text("by", longest=200), reader.day("on"))
    reader.close()
    return found


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: all own numbers of a rule for a creditor (None: for all); none given takes them back.

    `confirms` says that the rule's numbers were verified instead.
    """

    rule: str
    creditor: str | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=lambda: MappingProxyType({}))
    confirms: bool = False


def in_force(standard: Ruleset, own: OwnRules) -> Ruleset:
    """The standard set with the agency's own rules and days. Raises Refusal `rules.*` when the whole is unsound, or
    `rules.standard_loosened`, `rules.standard_gap` when an own rule takes away what the law or the code sets.
    """
    by_id: dict[str, list[Rule]] = {}
    for rule in own.rules:
        by_id.setdefault(rule.id, []).append(rule)
    rules: list[Rule] = []
    for rule in standard.rules:
        rules += _instead(rule, by_id.pop(rule.id, []))
    rules += [rule for added in by_id.values() for rule in added]
    calendar = standard.calendar
    for patron in sorted(own.patrons, key=lambda one: one.since):
        calendar = calendar.with_patron(patron.comune, patron.day, since=patron.since)
    confirmed = tuple(_with_confirmation(rule, own.confirmed) for rule in rules)
    return replace(standard, rules=confirmed, calendar=calendar)


def _instead(standard: Rule, own: Sequence[Rule]) -> list[Rule]:
    """The versions that stand in a standard rule's place: never looser, never leaving a day without it."""
    if not own:
        return [standard]
    ordered = sorted(own, key=lambda rule: rule.valid_from)
    for rule in ordered:
        loosens = WEIGHT[rule.severity] < WEIGHT[standard.severity] or rule.scope != standard.scope
        if rule.overrides is not None or rule.check != standard.check or rule.acts < standard.acts or loosens:
            raise refused("rules.standard_loosened", rule=rule.id)
        # A number that nobody verified may be corrected either way; its own source says on which ground.
        if not standard.to_be_confirmed:
            check_stricter(rule, standard)
    for earlier, later in pairwise(ordered):
        if later.valid_from - earlier.valid_to > timedelta(days=1):
            raise refused("rules.standard_gap", rule=standard.id)
    if ordered[-1].valid_to != FOREVER:
        raise refused("rules.standard_gap", rule=standard.id)
    if ordered[0].valid_from > standard.valid_from:
        return [replace(standard, valid_to=ordered[0].valid_from - timedelta(days=1)), *ordered]
    return ordered


def _with_confirmation(rule: Rule, confirmed: Mapping[str, Confirmation]) -> Rule:
    known = confirmed.get(rule.id)
    if known is None or not rule.to_be_confirmed or dict(known.parameters) != _plain(rule):
        return rule
    return replace(rule, to_be_confirmed=False)


def _plain(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = rule.to_json()["parameters"]
    return found


def edited(own: OwnRules, edits: Iterable[Edit], *, rules: Ruleset, since: date, by: str, today: date) -> OwnRules:
    """The own rules after some changes that begin on `since`; `rules` is what is in force before them.

    Raises Refusal `rules.since_past`, `rules.unknown_override` (a rule that is not there), `rules.nothing_to_confirm`.
    """
    if since < today:
        raise Refusal("rules.since_past", details={"on": since.isoformat()})
    bases = {rule.id: rule for rule in rules.rules if rule.overrides is None and rule.valid_on(since)}
    for edit in edits:
        base = bases.get(edit.rule)
        if base is None:
            raise refused("rules.unknown_override", rule=edit.rule, overrides=edit.rule)
        own = _confirm(own, base, by=by, on=today) if edit.confirms else _override(own, base, edit, since=since)
    return own


def with_patrons(own: OwnRules, days: Mapping[str, str], *, since: date) -> OwnRules:
    """The own rules with patron saints' days, by comune, from `since` on; one announced for then or later gives way.

    A day that does not exist is refused where the whole is read (`in_force`).
    """
    kept = tuple(one for one in own.patrons if one.comune not in days or one.since < since)
    return replace(own, patrons=(*kept, *(Patron(comune, day, since) for comune, day in sorted(days.items()))))


def _confirm(own: OwnRules, base: Rule, *, by: str, on: date) -> OwnRules:
    if not base.to_be_confirmed:
        raise Refusal("rules.nothing_to_confirm", details={"rule": base.id})
    confirmed = {**own.confirmed, base.id: Confirmation(MappingProxyType(_plain(base)), by, on)}
    return replace(own, confirmed=MappingProxyType(confirmed))


def _override(own: OwnRules, base: Rule, edit: Edit, *, since: date) -> OwnRules:
    name = override_id(edit.rule, edit.creditor)
    new = None
    if edit.parameters:
        new = replace(
            base,
            id=name,
            overrides=_below(own, edit.rule, edit.creditor, since),
            scope=base.scope if edit.creditor is None else replace(base.scope, creditors=frozenset({edit.creditor})),
            parameters=MappingProxyType(dict(edit.parameters)),
            valid_from=since,
            valid_to=FOREVER,
            to_be_confirmed=False,
        )
    rules = _succeeded(own.rules, name, new, since=since)
    if edit.creditor is None:
        rules = _hung_anew(rules, edit.rule, edit.rule if new is None else name, since=since)
    return replace(own, rules=rules)


def override_id(rule: str, creditor: str | None) -> str:
    """How an agency's own numbers of a rule are called: for one creditor, or for all."""
    return f"{rule}@{creditor or ALL}"


def _below(own: OwnRules, rule: str, creditor: str | None, since: date) -> str:
    """What an override changes: the agency's own numbers where there are any, else the rule."""
    general = override_id(rule, None)
    if creditor is not None and any(one.id == general and one.valid_on(since) for one in own.rules):
        return general
    return rule


def _succeeded(rules: Sequence[Rule], name: str, new: Rule | None, *, since: date) -> tuple[Rule, ...]:
    """The rules with the entry `name` replaced from `since` on; what was in force before stays on record."""
    kept = []
    for rule in rules:
        if rule.id != name or rule.valid_to < since:
            kept.append(rule)
        elif rule.valid_from < since:
            kept.append(replace(rule, valid_to=since - timedelta(days=1)))
    return (*kept, new) if new is not None else tuple(kept)


def _hung_anew(rules: Sequence[Rule], rule_id: str, below: str, *, since: date) -> tuple[Rule, ...]:
    """Each creditor's own numbers of a rule lie over what is below them from `since` on."""
    moved = tuple(rules)
    mine = [r for r in rules if r.overrides in (rule_id, override_id(rule_id, None)) and r.scope.creditors is not None]
    for rule in mine:
        if rule.valid_to >= since and rule.overrides != below:
            new = replace(rule, overrides=below, valid_from=max(rule.valid_from, since))
            moved = _succeeded(moved, rule.id, new, since=since)
    return moved


def from_creditors(standard: Ruleset, given: Mapping[str, Mapping[str, Mapping[str, ParameterValue]]]) -> OwnRules:
    """The own rules of an agency that has never switched any on: what its creditors came with."""
    rules = standard
    for creditor, changes in given.items():
        if changes:
            rules = rules.with_creditor(creditor, changes, valid_from=date(2000, 1, 1))
    return OwnRules(rules.rules[len(standard.rules) :])


# --- differences ---


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes in effect: a parameter, or `severity`, `to_be_confirmed`, `rule` (there or not).

    For the rule `PATRON`: a comune, with the next day that it keeps.
    """

    rule: str
    creditor: str | None
    what: str
    before: Any
    after: Any


def differences(before: Ruleset, after: Ruleset, *, on: date) -> tuple[Difference, ...]:
    """What is different on a day, for all and then for each creditor that has numbers of its own."""
    found: list[Difference] = []
    ids = list(dict.fromkeys(r.id for r in (*before.rules, *after.rules) if r.overrides is None))
    special = {name for r in (*before.rules, *after.rules) for name in r.scope.creditors or ()}
    general: set[tuple[str, str, Any, Any]] = set()
    for creditor in (None, *sorted(special)):
        for rule_id in ids:
            for what, old, new in _changed(rule_id, before, after, creditor, on):
                told = (rule_id, what, str(old), str(new))
                # What changes for all is said once.
                if creditor is None or told not in general:
                    found.append(Difference(rule_id, creditor, what, old, new))
                if creditor is None:
                    general.add(told)
    return (*found, *_patron_differences(before.calendar, after.calendar, on=on))


def _patron_differences(before: Calendar, after: Calendar, *, on: date) -> Iterable[Difference]:
    for comune in sorted({*before.local, *after.local}):
        old, new = (one.next_local_holiday(comune, on=on) for one in (before, after))
        if old != new:
            yield Difference(PATRON, None, comune, old and old.isoformat(), new and new.isoformat())


def _changed(
    rule_id: str, before: Ruleset, after: Ruleset, creditor: str | None, on: date
) -> Iterable[tuple[str, Any, Any]]:
    old, new = (_state(rules, rule_id, creditor, on) for rules in (before, after))
    if not old or not new:
        return [("rule", bool(old), bool(new))] if bool(old) != bool(new) else []
    return [(name, old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)]


def _state(rules: Ruleset, rule_id: str, creditor: str | None, on: date) -> dict[str, Any]:
    """A rule as it stands on a day, as plain values; {} when it does not speak."""
    base = next((r for r in rules.rules if r.id == rule_id and r.valid_on(on)), None)
    if base is None:
        return {}
    debtor = base.scope.debtor or DebtorKind.CONSUMER
    active = rules.resolved(rule_id, on, creditor=creditor or "", debtor=debtor)
    if active is None:
        return {}
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in active.plain.items()}
    return {**plain, "severity": active.severity.value, "to_be_confirmed": base.to_be_confirmed}
