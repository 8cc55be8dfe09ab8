"""One rule of conduct as data: a check with numbers, for a time and for somebody, with its source and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from fieldapp.domain.conduct.facts import ActKind, DebtorKind
from fieldapp.domain.reading import Reader

LANGUAGES = ("it", "en", "fr")
FOREVER = date.max


class Severity(StrEnum):
    """What a finding does: `WARNS` is shown, `ASKS_APPROVAL` waits for a person, `FORBIDS` stops the act."""

    WARNS = "warns"
    ASKS_APPROVAL = "asks_approval"
    FORBIDS = "forbids"


WEIGHT = {Severity.WARNS: 0, Severity.ASKS_APPROVAL: 1, Severity.FORBIDS: 2}

ParameterValue = int | bool | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom a rule stands: None means for all creditors, for consumers and firms alike."""

    creditors: frozenset[str] | None = None
    debtor: DebtorKind | None = None
    country: str = "IT"

    def covers(self, *, creditor: str, debtor: DebtorKind) -> bool:
        """Whether the rule speaks about this creditor's debtor."""
        return (self.creditors is None or creditor in self.creditors) and self.debtor in (None, debtor)

    def meets(self, other: Scope) -> bool:
        """Whether some debtor of some creditor lies in both scopes."""
        creditors = self.creditors is None or other.creditors is None or bool(self.creditors & other.creditors)
        debtors = self.debtor is None or other.debtor is None or self.debtor is other.debtor
        return creditors and debtors and self.country == other.country


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of a ruleset, valid from `valid_from` to `valid_to`, both included.

    `parameters` is complete for a rule of its own and partial for an override. A `quiet` rule speaks to the
    office only and never reaches a phone. `source` says where the number was read; `to_be_confirmed` marks one
    that nobody has verified. `texts` says the rule in each language. `approvers` are the roles that may lift what a
    rule asks approval for; a rule that forbids has none.
    """

    id: str
    check: str
    severity: Severity
    acts: frozenset[ActKind]
    valid_from: date
    valid_to: date = FOREVER
    scope: Scope = field(default_factory=Scope)
    parameters: Mapping[str, ParameterValue] = field(default_factory=lambda: MappingProxyType({}))
    overrides: str | None = None
    quiet: bool = False
    source: str
    to_be_confirmed: bool = False
    texts: Mapping[str, str]
    approvers: frozenset[str] = frozenset()

    def valid_on(self, day: date) -> bool:
        """Whether the entry is in force on `day`."""
        return self.valid_from <= day <= self.valid_to

    def overlaps(self, other: Rule) -> bool:
        """Whether both are in force on some day."""
        return self.valid_from <= other.valid_to and other.valid_from <= self.valid_to

    def to_json(self) -> dict[str, Any]:
        """The entry as rule files and phones hold it."""
        scope = self.scope
        return {
            "id": self.id,
            "check": self.check,
            "severity": self.severity.value,
            "acts": sorted(act.value for act in self.acts),
            "valid_from": self.valid_from.isoformat(),
            "valid_to": None if self.valid_to == FOREVER else self.valid_to.isoformat(),
            "scope": {
                "creditors": None if scope.creditors is None else sorted(scope.creditors),
                "debtor": scope.debtor and scope.debtor.value,
                "country": scope.country,
            },
            "parameters": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in sorted(self.parameters.items())
            },
            "overrides": self.overrides,
            "quiet": self.quiet,
            "source": self.source,
            "to_be_confirmed": self.to_be_confirmed,
            "texts": dict(self.texts),
            "approvers": sorted(self.approvers),
        }

    @classmethod
    def from_json(cls, reader: Reader) -> Rule:
        """Read one entry. Raises Refusal `rules.field_*` naming the field."""
        rule = cls(
            id=reader.text("id", longest=80),
            check=reader.text("check", longest=60),
            severity=reader.choice("severity", Severity),
            acts=frozenset(_act(reader, act) for act in reader.texts("acts", most=len(ActKind))),
            valid_from=reader.day("valid_from"),
            valid_to=reader.maybe("valid_to", reader.day) or FOREVER,
            scope=_scope(reader.object("scope")),
            parameters=_parameters(reader),
            overrides=reader.maybe("overrides", lambda name: reader.text(name, longest=80)),
            quiet=reader.flag("quiet"),
            source=reader.text("source", longest=300, least=0),
            to_be_confirmed=reader.flag("to_be_confirmed"),
            texts=_texts(reader),
            approvers=frozenset(reader.texts("approvers", most=10)),
        )
        reader.close()
        return rule


def _act(reader: Reader, name: str) -> ActKind:
    if name not in ActKind._value2member_map_:
        raise reader.malformed("acts")
    return ActKind(name)


def _scope(reader: Reader) -> Scope:
    creditors = reader.maybe("creditors", lambda name: frozenset(reader.texts(name, most=1_000, longest=100)))
    scope = Scope(
        creditors=creditors,
        debtor=reader.maybe("debtor", lambda name: reader.choice(name, DebtorKind)),
        country=reader.text("country", longest=2),
    )
    reader.close()
    return scope


def _parameters(reader: Reader) -> Mapping[str, ParameterValue]:
    """Parameters as they came; `soundness` holds each against its type."""
    inner = reader.object("parameters")
    found: dict[str, ParameterValue] = {}
    for name in sorted(inner.names()):
        value = inner.plain(name)
        found[name] = tuple(value) if isinstance(value, list) else value
    return MappingProxyType(found)


def _texts(reader: Reader) -> Mapping[str, str]:
    # A missing language is refused by name in `soundness`, an unknown one here.
    inner = reader.object("texts")
    given = [language for language in LANGUAGES if language in inner.names()]
    texts = {language: inner.text(language, longest=400, least=0) for language in given}
    inner.close()
    return MappingProxyType(texts)
