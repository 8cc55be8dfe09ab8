"""Which rule files are refused, and why: the old set stays in force and the refusal names rule and reason."""

from __future__ import annotations

from fieldapp.domain.access import Role
from fieldapp.domain.conduct.case import Parameter, ParameterKind, Stricter
from fieldapp.domain.conduct.checks import CHECKS
from fieldapp.domain.conduct.rule import LANGUAGES, WEIGHT, ParameterValue, Rule, Severity
from fieldapp.domain.errors import Kind, Refusal

APPROVERS = frozenset({Role.DISPATCHER.value, Role.BACK_OFFICE.value, Role.ADMINISTRATOR.value})
"""Who may be named as approver: an agent never lifts a rule for the own visit."""


def check_rule(rule: Rule) -> None:
    """One entry by itself: `rules.unknown_check`, `.act_not_judged`, `.validity_reversed`,
    `.missing_translation`, `.missing_source`, `.unknown_approver`, `.approvers_differ`, `.unknown_parameter`,
    `.missing_parameter`, `.bad_parameter`.
    """
    check = CHECKS.get(rule.check)
    if check is None:
        raise refused("rules.unknown_check", rule=rule.id, check=rule.check)
    if not rule.acts or not rule.acts <= check.acts:
        raise refused("rules.act_not_judged", rule=rule.id, check=rule.check)
    if rule.valid_from > rule.valid_to:
        raise refused("rules.validity_reversed", rule=rule.id)
    for language in LANGUAGES:
        if not rule.texts.get(language, "").strip():
            raise refused("rules.missing_translation", rule=rule.id, language=language)
    if not rule.source.strip():
        raise refused("rules.missing_source", rule=rule.id)
    if not rule.approvers <= APPROVERS:
        raise refused("rules.unknown_approver", rule=rule.id, role=min(rule.approvers - APPROVERS))
    if (rule.severity is Severity.ASKS_APPROVAL) != bool(rule.approvers):
        raise refused("rules.approvers_differ", rule=rule.id)
    specs = {spec.name: spec for spec in check.parameters}
    for name, value in rule.parameters.items():
        if name not in specs:
            raise refused("rules.unknown_parameter", rule=rule.id, parameter=name)
        if not _fits(specs[name], value):
            raise refused("rules.bad_parameter", rule=rule.id, parameter=name)
    missing = sorted(set(specs) - set(rule.parameters))
    if missing and rule.overrides is None:
        raise refused("rules.missing_parameter", rule=rule.id, parameter=missing[0])


def check_versions(rules: tuple[Rule, ...]) -> None:
    """Two entries that would both speak on one day: `rules.overlapping_validity`."""
    by_name: dict[str, list[Rule]] = {}
    for rule in rules:
        for earlier in by_name.setdefault(rule.id, []):
            # A scope does not tell two versions of one rule apart: that is what overrides are for.
            if rule.overlaps(earlier):
                raise refused("rules.overlapping_validity", rule=rule.id)
        by_name[rule.id].append(rule)
    over: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.overrides is not None:
            for other in over.setdefault(rule.overrides, []):
                if rule.overlaps(other) and rule.scope.meets(other.scope):
                    raise refused("rules.overlapping_validity", rule=rule.id)
            over[rule.overrides].append(rule)


def check_overrides(rules: tuple[Rule, ...]) -> None:
    """Overrides lead to a rule of the same check and do not loosen it: `rules.unknown_override`,
    `.circular_override`, `.override_changes_check`, `.override_loosens`.
    """
    by_name = {rule.id: rule for rule in rules}
    for rule in rules:
        seen, current = {rule.id}, rule
        while current.overrides is not None:
            base = by_name.get(current.overrides)
            if base is None:
                raise refused("rules.unknown_override", rule=current.id, overrides=current.overrides)
            if base.id in seen:
                raise refused("rules.circular_override", rule=rule.id)
            seen.add(base.id)
            current = base
    for rule in rules:
        # Against every rule down the chain: an override in between may be silent about a number.
        below = rule.overrides
        while below is not None:
            bases = [base for base in rules if base.id == below]
            for base in bases:
                if rule.overlaps(base):
                    check_stricter(rule, base)
            below = bases[0].overrides


def check_stricter(rule: Rule, base: Rule) -> None:
    """One entry does not loosen another: `rules.override_changes_check`, `.override_loosens`."""
    if rule.check != base.check or not rule.acts <= base.acts:
        raise refused("rules.override_changes_check", rule=rule.id)
    if WEIGHT[rule.severity] < WEIGHT[base.severity]:
        raise refused("rules.override_loosens", rule=rule.id, parameter="severity")
    for spec in CHECKS[rule.check].parameters:
        if spec.name in rule.parameters and spec.name in base.parameters:
            new, old = rule.parameters[spec.name], base.parameters[spec.name]
            if _looser(spec, new, old):
                raise refused("rules.override_loosens", rule=rule.id, parameter=spec.name)


def _looser(spec: Parameter, new: ParameterValue, old: ParameterValue) -> bool:
    if spec.stricter is Stricter.NONE:
        return False
    if isinstance(new, tuple) and isinstance(old, tuple):
        return not set(new) >= set(old)
    # Times compare as text: both are HH:MM.
    lower, higher = (str(new) < str(old), str(new) > str(old)) if isinstance(new, str) else (new < old, new > old)  # type: ignore[operator]
    return higher if spec.stricter is Stricter.LOWER else lower


def _fits(spec: Parameter, value: object) -> bool:
    match spec.kind:
        case ParameterKind.COUNT | ParameterKind.CENTS:
            return type(value) is int and spec.least <= value <= 10**11
        case ParameterKind.FLAG:
            return type(value) is bool
        case ParameterKind.TIME:
            return isinstance(value, str) and _is_time(value)
        case ParameterKind.CODE:
            return isinstance(value, str) and value in spec.choices
        case ParameterKind.CODES:
            return isinstance(value, tuple) and bool(value) and all(isinstance(item, str) for item in value)


def _is_time(text: str) -> bool:
    hours, colon, minutes = text.partition(":")
    digits = len(text) == 5 and colon == ":" and hours.isascii() and minutes.isascii()
    return digits and hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60


def refused(code: str, **details: str) -> Refusal:
    return Refusal(code, kind=Kind.MALFORMED, details=details)
