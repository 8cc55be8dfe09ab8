"""A set of rules: which are in force on a day, for whom, with which numbers.

A rule names a check and gives it numbers, for a time and for somebody. Several entries with one id are the
rule's versions over time. An entry that `overrides` another changes some of its numbers for a creditor, and only
towards the stricter side where the law sets the number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from fieldapp.domain.calendars import Calendar
from fieldapp.domain.conduct.case import Check, Evaluate, ParameterKind, lacking, present
from fieldapp.domain.conduct.checks import CHECKS
from fieldapp.domain.conduct.facts import AgentFacts, DebtorKind, Facts
from fieldapp.domain.conduct.rule import FOREVER, ParameterValue, Rule, Severity
from fieldapp.domain.conduct.soundness import check_overrides, check_rule, check_versions, refused
from fieldapp.domain.errors import Refusal
from fieldapp.domain.reading import Reader

VERSION = 1
ZONES = ("Europe/Rome",)
MOST_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Active:
    """A rule as it stands on one day for one creditor: the check with its numbers, times in seconds."""

    rule: Rule
    check: Check
    evaluate: Evaluate
    severity: Severity
    parameters: Mapping[str, Any]
    plain: Mapping[str, ParameterValue]
    """The same numbers as rule files write them."""
    position: int = 0
    """Its place among the rules of one day."""


Asked = tuple[tuple[Evaluate, Mapping[str, Any], Active], ...]


def asked(entries: Iterable[Active]) -> Asked:
    """Each rule as it is asked: what is called, with which numbers."""
    return tuple((entry.evaluate, entry.parameters, entry) for entry in entries)


class InForce:
    """The rules that may speak on one day about facts of one shape, in the order of the file.

    `shared` are those whose answer practices share, `own` the others.
    """

    __slots__ = ("_day", "entries", "own", "own_asked", "shared")

    def __init__(self, entries: tuple[Active, ...], day: OfDay) -> None:
        self.entries, self._day = entries, day
        self.shared = tuple(entry for entry in entries if entry.check.shared)
        self.own = tuple(entry for entry in entries if not entry.check.shared)
        self.own_asked = asked(self.own)

    def said(self, agent: AgentFacts | None) -> dict[Any, Any]:
        """What the shared rules said for this very agent, by hour and comune: a planner asks 20,000 practices about
        the same few. They look at nothing of a practice, so that one memory serves all shapes of a day."""
        said = self._day.said
        if said[0] is not agent or len(said[1]) > MOST_REMEMBERED:
            # One tuple, put in place at once: threads share a ruleset.
            said = self._day.said = (agent, {})
        return said[1]


class OfDay:
    """The rules of one day for one creditor's debtors and one kind of act, before it is known what the facts hold."""

    __slots__ = ("_entries", "_in_force", "said")

    def __init__(self, entries: Iterable[Active]) -> None:
        self._entries = tuple(replace(entry, position=at) for at, entry in enumerate(entries))
        self._in_force: dict[int, InForce] = {}
        self.said: tuple[AgentFacts | None, dict[Any, Any]] = (None, {})

    def holding(self, held: int) -> InForce:
        """Those of them that may speak about facts which hold these of `NEEDS` (bits)."""
        found = self._in_force.get(held)
        if found is None:
            missing = lacking(held)
            speaking = tuple(entry for entry in self._entries if entry.check.needs not in missing)
            found = self._in_force[held] = InForce(speaking, self)
        return found


@dataclass(frozen=True, eq=False)
class Ruleset:
    """All rules of an agency and the calendar they are read with. Raises Refusal `rules.*` when it is unsound:
    see `soundness`.
    """

    name: str
    rules: tuple[Rule, ...]
    calendar: Calendar
    zone: str = "Europe/Rome"
    tz: ZoneInfo = field(init=False, repr=False)
    """The zone in which days and hours are read."""
    _of_day: dict[Any, OfDay] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tz", ZoneInfo(self.zone))
        for rule in self.rules:
            check_rule(rule)
        check_versions(self.rules)
        check_overrides(self.rules)

    def in_force(self, on: date, facts: Facts) -> InForce:
        """The rules that may speak about such facts on that local date."""
        practice = facts.practice
        key = (on, practice.creditor, practice.debtor_kind is DebtorKind.CONSUMER, type(facts.act))
        found = self._of_day.get(key)
        if found is None:
            # Pure all the same: the memory only saves work, 140,000 judgements share a few dozen keys.
            found = self._of_day[key] = OfDay(self._speaking(on, facts))
        return found.holding(present(facts))

    def _speaking(self, on: date, facts: Facts) -> Iterator[Active]:
        creditor, debtor = facts.practice.creditor, facts.practice.debtor_kind
        for rule in self.rules:
            if rule.overrides is not None or facts.act.kind not in rule.acts or not rule.valid_on(on):
                continue
            check = CHECKS[rule.check]
            if not check.codes or not rule.scope.covers(creditor=creditor, debtor=debtor):
                continue
            active = self._resolved(rule, on, creditor=creditor, debtor=debtor)
            if check.switch is None or active.parameters[check.switch]:
                yield active

    def parameters(self, rule_id: str, on: date, *, creditor: str, debtor: DebtorKind) -> Mapping[str, Any]:
        """The numbers of one rule on a day. Raises Refusal `rules.not_in_force`."""
        active = self.resolved(rule_id, on, creditor=creditor, debtor=debtor)
        if active is None:
            raise Refusal("rules.not_in_force", details={"rule": rule_id, "on": on.isoformat()})
        return active.parameters

    def resolved(self, rule_id: str, on: date, *, creditor: str, debtor: DebtorKind) -> Active | None:
        """One rule as it stands on a day for a creditor's debtors; None when it does not speak about them."""
        for rule in self.rules:
            if rule.id == rule_id and rule.valid_on(on) and rule.scope.covers(creditor=creditor, debtor=debtor):
                return self._resolved(rule, on, creditor=creditor, debtor=debtor)
        return None

    def approvers(self, rule_id: str, on: date) -> frozenset[str]:
        """The roles that may approve what the rule asks on a day; of a rule that is not in force then, those that any
        of its versions names."""
        versions = [rule for rule in self.rules if rule.id == rule_id]
        return frozenset().union(*(rule.approvers for rule in [v for v in versions if v.valid_on(on)] or versions))

    def to_json(self) -> dict[str, Any]:
        """The ruleset as a rule file and as a phone holds it."""
        return {
            "v": VERSION,
            "name": self.name,
            "zone": self.zone,
            "rules": [rule.to_json() for rule in self.rules],
            "calendar": self.calendar.to_json(),
        }

    @classmethod
    def from_json(cls, plain: Any) -> Ruleset:
        """Read a rule file whole or not at all. Raises Refusal `rules.*` naming rule and field."""
        reader = Reader(plain, area="rules")
        reader.whole("v", least=VERSION, most=VERSION)
        zone = reader.text("zone", longest=60)
        if zone not in ZONES:
            raise reader.malformed("zone")
        ruleset = cls(
            name=reader.text("name", longest=120),
            zone=zone,
            rules=tuple(Rule.from_json(item) for item in reader.objects("rules", most=2_000)),
            calendar=Calendar.from_json(reader.plain("calendar")),
        )
        reader.close()
        return ruleset

    def with_calendar(self, calendar: Calendar) -> Ruleset:
        """The same rules read with another calendar."""
        return replace(self, calendar=calendar)

    def for_phone(self, *, creditors: frozenset[str], comuni: frozenset[str]) -> Ruleset:
        """What one phone may hold: no quiet rules, no other creditor's overrides, local days of its comuni."""
        kept = tuple(
            rule
            for rule in self.rules
            if not rule.quiet and (rule.scope.creditors is None or rule.scope.creditors & creditors)
        )
        return replace(self, rules=kept, calendar=self.calendar.for_comuni(comuni))

    def with_creditor(
        self, creditor: str, changes: Mapping[str, Mapping[str, ParameterValue]], *, valid_from: date
    ) -> Ruleset:
        """The ruleset with a creditor's own numbers: rule id -> parameter -> value.

        Raises Refusal `rules.unknown_override`, `.unknown_parameter`, `.bad_parameter`, `.override_loosens`.
        """
        by_id = {rule.id: rule for rule in self.rules if rule.overrides is None}
        added = []
        for rule_id, parameters in changes.items():
            base = by_id.get(rule_id)
            if base is None:
                raise refused("rules.unknown_override", rule=rule_id, overrides=rule_id)
            added.append(
                replace(
                    base,
                    id=f"{rule_id}@{creditor}",
                    overrides=rule_id,
                    scope=replace(base.scope, creditors=frozenset({creditor})),
                    parameters=MappingProxyType(dict(parameters)),
                    valid_from=valid_from,
                    valid_to=FOREVER,
                    to_be_confirmed=False,
                )
            )
        return replace(self, rules=(*self.rules, *added))

    def _resolved(self, rule: Rule, on: date, *, creditor: str, debtor: DebtorKind) -> Active:
        parameters, severity, current = dict(rule.parameters), rule.severity, rule
        while True:
            changed = next(
                (
                    other
                    for other in self.rules
                    if other.overrides == current.id
                    and other.valid_on(on)
                    and other.scope.covers(creditor=creditor, debtor=debtor)
                ),
                None,
            )
            if changed is None:
                break
            parameters |= changed.parameters
            severity, current = changed.severity, changed
        check = CHECKS[rule.check]
        times = {spec.name for spec in check.parameters if spec.kind is ParameterKind.TIME}
        seconds = {name: _seconds(value) if name in times else value for name, value in parameters.items()}
        return Active(rule, check, check.evaluate, severity, seconds, parameters)


def _seconds(text: object) -> int:
    hours, _, minutes = str(text).partition(":")
    return int(hours) * 3_600 + int(minutes) * 60
