"""The administrator's room: rules in force, a change previewed on the published days, switched on, remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from fieldapp.domain.conduct import Rule, Ruleset, Severity
from fieldapp.domain.conduct.checks import CHECKS
from fieldapp.domain.conduct.rule import FOREVER
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.own_rules import PATRON, Difference, Edit, OwnRules, differences, edited, in_force, with_patrons
from fieldapp.services import lawful, rules
from fieldapp.services.work import Work
from fieldapp.store import rulesets as store
from fieldapp.store import tasks
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.rules import (
    BrokenVersion,
    NamedCreditor,
    OwnNumbers,
    PatronRow,
    PreviewDay,
    RuleChange,
    RuleParameter,
    RuleRow,
    RulesPage,
    RulesPreview,
    RulesVersion,
    StoppedVisit,
)

DAYS = 2
"""The published day and the next."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an administrator wants: edits to the own rules, patron saints' days by comune, or a whole file in their
    place; from `since` on."""

    edits: tuple[Edit, ...] = ()
    patrons: Mapping[str, str] = field(default_factory=dict)
    file: Any = None
    since: date | None = None


async def read_rules(work: Work) -> RulesPage:
    """Every rule in force today with its numbers, sources and marks, and which version they come from."""
    loaded = await rules.load(work.parts, work.session, work.today)
    names = await store.creditor_names(work.session)
    version = loaded.version
    return RulesPage(
        version=version.number if version else 0,
        newest=await store.newest_number(work.session),
        switched_on_at=version.created_at if version else None,
        switched_on_by=version.by if version else None,
        reason=version.reason if version else None,
        broken=[BrokenVersion(number, refusal.code, refusal.details) for number, refusal in loaded.broken],
        rules=[_row(rule, loaded, names, work.today) for rule in _bases(loaded.ruleset, work.today)],
        creditors=[NamedCreditor(id_, name) for id_, name in names.items()],
        patrons=await _patrons(work, loaded),
    )


async def _patrons(work: Work, loaded: rules.Loaded) -> list[PatronRow]:
    """Where debtors live and no patron saint's day is known, most of them first; then the days somebody entered."""
    calendar = loaded.ruleset.calendar
    unknown = [
        PatronRow(place.comune, place.practices, None, None)
        for place in await store.places(work.session)
        if not calendar.knows_patron_of(place.comune)
    ]
    newest = {one.comune: one for one in loaded.own.patrons}
    return unknown + [PatronRow(one.comune, 0, one.day, one.since) for _, one in sorted(newest.items())]


def _bases(ruleset: Ruleset, on: date) -> list[Rule]:
    return [rule for rule in ruleset.rules if rule.overrides is None and rule.valid_on(on)]


def _row(rule: Rule, loaded: rules.Loaded, names: Mapping[UUID, str], on: date) -> RuleRow:
    confirmed = loaded.own.confirmed.get(rule.id)
    holds = confirmed is not None and not rule.to_be_confirmed
    return RuleRow(
        id=rule.id,
        check=rule.check,
        severity=rule.severity.value,
        acts=sorted(act.value for act in rule.acts),
        debtor=rule.scope.debtor.value if rule.scope.debtor else None,
        valid_from=rule.valid_from,
        valid_to=None if rule.valid_to == FOREVER else rule.valid_to,
        source=rule.source,
        to_be_confirmed=rule.to_be_confirmed,
        confirmed_by=confirmed.by if confirmed and holds else None,
        confirmed_on=confirmed.on if confirmed and holds else None,
        quiet=rule.quiet,
        own=any(own.id == rule.id for own in loaded.own.rules),
        texts=dict(rule.texts),
        approvers=sorted(rule.approvers),
        parameters=[
            RuleParameter(
                name=spec.name,
                kind=spec.kind.value,
                stricter=spec.stricter.value,
                choices=list(spec.choices),
                least=spec.least,
                value=_plain(rule.parameters[spec.name]),
            )
            for spec in CHECKS[rule.check].parameters
        ],
        numbers=[_numbers(own, names) for own in _own_numbers(loaded.own, rule.id, on)],
    )


def _own_numbers(own: OwnRules, rule_id: str, on: date) -> list[Rule]:
    """Those in force today or announced, for all creditors first."""
    found = [r for r in own.rules if r.id.startswith(f"{rule_id}@") and r.valid_to >= on]
    return sorted(found, key=lambda r: (r.scope.creditors is not None, r.id, r.valid_from))


def _numbers(own: Rule, names: Mapping[UUID, str]) -> OwnNumbers:
    creditor = _creditor_of(own)
    return OwnNumbers(
        creditor_id=creditor,
        creditor_name=names.get(creditor) if creditor else None,
        parameters={name: _plain(value) for name, value in own.parameters.items()},
        since=own.valid_from,
    )


def _creditor_of(own: Rule) -> UUID | None:
    for name in own.scope.creditors or ():
        return UUID(name)
    return None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


async def read_own_rules(work: Work) -> dict[str, Any]:
    """The agency's own rules as a file that can be changed and brought back."""
    return (await rules.load(work.parts, work.session, work.today)).own.to_json()


async def list_versions(work: Work) -> list[RulesVersion]:
    """Every version ever switched on, newest first, with what it changed against the one before."""
    stored = await store.versions(work.session)
    names = await store.creditor_names(work.session)
    standard = rules.standard(work.today.year, work.parts.patrons)
    loaded = await rules.load(work.parts, work.session, work.today)
    read: dict[int, Ruleset | Refusal] = {}
    for one in stored:
        try:
            read[one.number] = in_force(standard, OwnRules.from_json(one.content))
        except Refusal as refusal:
            read[one.number] = refusal
    earlier = await rules.as_creditors_came(work.parts, work.session, work.today)
    shown: list[RulesVersion] = []
    for one in reversed(stored):
        now = read[one.number]
        changes: list[RuleChange] = []
        if isinstance(now, Ruleset):
            on = one.created_at.astimezone(work.parts.zone).date()
            changes = _changes(differences(earlier, now, on=_latest_start(now, on)), now, names)
            earlier = now
        shown.append(
            RulesVersion(
                number=one.number,
                created_at=one.created_at,
                by=one.by,
                reason=one.reason,
                in_force=loaded.version is not None and loaded.version.number == one.number,
                broken=now.code if isinstance(now, Refusal) else None,
                changes=changes,
            )
        )
    return shown[::-1]


def _latest_start(ruleset: Ruleset, on: date) -> date:
    """The day on which everything that a version announces has begun."""
    return max([on, *(rule.valid_from for rule in ruleset.rules)])


def _changes(found: Sequence[Difference], ruleset: Ruleset, names: Mapping[UUID, str]) -> list[RuleChange]:
    by_id = {rule.id: rule for rule in ruleset.rules}
    shown = []
    for one in found:
        rule = by_id.get(one.rule)
        kinds = {spec.name: spec.kind.value for spec in CHECKS[rule.check].parameters} if rule else {}
        shown.append(
            RuleChange(
                rule=one.rule,
                texts=dict(rule.texts) if rule else {},
                creditor_name=names.get(UUID(one.creditor), one.creditor) if one.creditor else None,
                what=one.what,
                kind="day" if one.rule == PATRON else kinds.get(one.what, "code"),
                before=one.before,
                after=one.after,
            )
        )
    return shown


# --- preview ---


async def preview(work: Work, change: Change) -> RulesPreview:
    """What would be different, and which published visits would stop: nothing is stored.

    Raises Refusal `rules.*` for a change that makes the rules unsound; the set in force stays.
    """
    loaded, _, wanted = await _wanted(work, change)
    names = await store.creditor_names(work.session)
    on = _latest_start(wanted, work.today)
    found = differences(loaded.ruleset, wanted, on=on)
    if not found:
        raise Refusal("rules.nothing_changes", kind=Kind.MALFORMED)
    days = await store.published_from(work.session, work.today, most=DAYS)
    return RulesPreview(
        changes=_changes(found, wanted, names),
        days=[await _day(work, published, loaded.ruleset, wanted) for published in days],
    )


async def _wanted(work: Work, change: Change) -> tuple[rules.Loaded, OwnRules, Ruleset]:
    loaded = await rules.load(work.parts, work.session, work.today)
    if change.file is not None:
        own = OwnRules.from_json(change.file)
    else:
        own = edited(
            loaded.own,
            change.edits,
            rules=loaded.ruleset,
            since=change.since or work.today,
            by=work.identity.name,
            today=work.today,
        )
        own = with_patrons(own, change.patrons, since=change.since or work.today)
    await _refuse_strangers(work, own)
    await _refuse_places(work, change.patrons)
    return loaded, own, in_force(rules.standard(work.today.year, work.parts.patrons), own)


async def _refuse_strangers(work: Work, own: OwnRules) -> None:
    """A rule for a creditor that is not ours would never speak, and nobody would notice."""
    known = {str(id_) for id_ in await store.creditor_names(work.session)}
    for rule in own.rules:
        for creditor in rule.scope.creditors or ():
            if creditor not in known:
                raise Refusal("rules.unknown_creditor", kind=Kind.MALFORMED, details={"rule": rule.id})


async def _refuse_places(work: Work, patrons: Mapping[str, str]) -> None:
    """A day for a misspelt comune would protect nobody."""
    known = {place.comune for place in await store.places(work.session)}
    for comune in patrons:
        if comune not in known:
            raise Refusal("rules.nobody_lives_there", kind=Kind.MALFORMED, details={"comune": comune})


async def _day(work: Work, published: Any, before: Ruleset, after: Ruleset) -> PreviewDay:
    visits = await store.planned_visits(work.session, published)
    intended = [
        lawful.Intended(v.stop.practice_id, v.agent, v.address, v.stop.arrive_at, v.stop.service_s) for v in visits
    ]
    verdicts = [await lawful.verdicts(work, intended, ruleset, published.day) for ruleset in (before, after)]
    stopping, freed = [], 0
    for visit, old, new in zip(visits, *verdicts, strict=True):
        if old.allowed and not new.allowed:
            stopping.append(
                StoppedVisit(
                    stop_id=visit.stop.id,
                    practice_id=visit.stop.practice_id,
                    practice_number=visit.practice_number,
                    debtor_name=visit.debtor_name,
                    agent_name=visit.agent.name,
                    arrive_at=visit.stop.arrive_at,
                    findings=[
                        rules.finding(found, after, published.day)
                        for found in new.findings
                        if found.severity is not Severity.WARNS
                    ],
                )
            )
        freed += new.allowed and not old.allowed
    return PreviewDay(day=published.day, version=published.version, visits=len(visits), stopping=stopping, freed=freed)


# --- switching on ---


async def switch_on(work: Work, change: Change, *, base: int, reason: str) -> RulesPage:
    """Put a change in force from now on; phones receive it with their next day.

    Raises Refusal `rules.reason_missing`, `rules.changed_meanwhile` (another version came after `base`),
    `rules.nothing_changes`, or `rules.*` for an unsound one: the set in force stays.
    """
    if not reason.strip():
        raise Refusal("rules.reason_missing", kind=Kind.MALFORMED)
    newest = await store.newest_number(work.session)
    if newest != base:
        raise Refusal("rules.changed_meanwhile", kind=Kind.CONFLICT, details={"number": newest})
    loaded, own, wanted = await _wanted(work, change)
    found = differences(loaded.ruleset, wanted, on=_latest_start(wanted, work.today))
    if not found:
        raise Refusal("rules.nothing_changes", kind=Kind.MALFORMED)
    version = store.Stored(newest + 1, work.now, work.identity.name, reason.strip(), own.to_json())
    await store.add(work.session, version, version_id=work.new_id(), person_id=work.identity.person_id)
    body = {"number": version.number, "reason": version.reason, "rules": sorted({one.rule for one in found})}
    await tasks.finish_about(
        work.session,
        "calendar.patron_unknown",
        [one.comune for one in own.patrons],
        person_id=work.identity.person_id,
        now=work.now,
    )
    tell(work.session, NewFact("rules.switched_on", work.now, body=body))
    audit(work.session, "rules.switched_on", "ruleset", version.number, **body)
    return await read_rules(work)
