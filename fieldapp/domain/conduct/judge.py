"""The one evaluation: planner, check-in, phone, ledger and server all ask here, and the server asks last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from fieldapp.domain.conduct import timing
from fieldapp.domain.conduct.case import Case
from fieldapp.domain.conduct.facts import AddressFacts, AgentFacts, Facts, PracticeFacts, Visit
from fieldapp.domain.conduct.rule import Severity
from fieldapp.domain.conduct.ruleset import Active, Asked, InForce, Ruleset, asked
from fieldapp.domain.errors import Kind, Refusal

DAY_S = 86_400

Window = tuple[int, int]
"""First and last second after local midnight (by the wall clock) at which an act may start, both included."""
Windows = tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says. `code` names its words, `details` fill them; a `quiet` one is for the office only."""

    rule: str
    code: str
    severity: Severity
    details: dict[str, Any]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that the rules say of one act, in the order of the ruleset."""

    findings: tuple[Finding, ...]

    @property
    def forbidden(self) -> bool:
        """Some rule forbids the act."""
        return any(finding.severity is Severity.FORBIDS for finding in self.findings)

    @property
    def needs_approval(self) -> bool:
        """Nothing forbids it, but a person with the right has to approve."""
        return not self.forbidden and any(f.severity is Severity.ASKS_APPROVAL for f in self.findings)

    @property
    def allowed(self) -> bool:
        """The act may go ahead as it stands; warnings are shown."""
        return all(finding.severity is Severity.WARNS for finding in self.findings)

    def for_agent(self) -> Verdict:
        """The findings that an agent may see."""
        return Verdict(tuple(finding for finding in self.findings if not finding.quiet))

    def approved(self, rules: Collection[str]) -> Verdict:
        """The verdict once a person has approved these rules; they stay visible as warnings.

        Raises Refusal `conduct.not_approvable` (details: rule) for a rule that forbids: no person may lift it.
        """
        for finding in self.findings:
            if finding.rule in rules and finding.severity is Severity.FORBIDS:
                raise Refusal("conduct.not_approvable", kind=Kind.RULE, details={"rule": finding.rule})
        return Verdict(tuple(replace(f, severity=Severity.WARNS) if f.rule in rules else f for f in self.findings))


def judge(facts: Facts, ruleset: Ruleset, now: datetime) -> Verdict:
    """What the rules in force on the act's local day say of it; no findings means nothing to say."""
    practice = facts.practice
    case = Case(facts, facts.act, practice.appointments, ruleset.calendar, ruleset.tz, now)
    in_force = ruleset.in_force(case.on, facts)
    # Whoever judges 20,000 practices pays for each step here: most rules have nothing to say.
    own, shared = _ask(in_force.own_asked, case), _shared(in_force, case)
    verdict = Verdict(_in_order(own, shared)) if own else shared.verdict
    if not practice.approvals:
        return verdict
    lifted = _approved_on(facts, case.on)
    asking = {found.rule for found in verdict.findings if found.severity is Severity.ASKS_APPROVAL} & lifted
    return verdict.approved(asking) if asking else verdict


Told = tuple[tuple[int, Finding], ...]
"""What rules say, each with its place among the rules of the day."""
NOBODY_SPOKE: Told = ()
_position = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the rules that practices share say, and the verdict where no other rule speaks."""

    told: Told
    verdict: Verdict


def _in_order(own: Told, shared: Shared) -> tuple[Finding, ...]:
    told = sorted(own + shared.told, key=_position) if shared.told else own
    return tuple([finding for _, finding in told])


def _shared(in_force: InForce, case: Case) -> Shared:
    """What the rules that practices share say; with appointments they are asked anew each time."""
    if case.appointments:
        return _told(_ask(asked(in_force.shared), case))
    address, said = case.address, in_force.said(case.agent)
    # The province hangs on the address and not on the comune: names of comuni come twice.
    at = (case.start_s, case.end_s, case.end_on, address and (address.comune, address.province))
    answer: Shared | None = said.get(at)
    if answer is None:
        answer = said[at] = _told(_ask(asked(in_force.shared), case))
    return answer


def _told(told: Told) -> Shared:
    return Shared(told, Verdict(tuple([finding for _, finding in told])))


def _ask(entries: Asked, case: Case) -> Told:
    """What some rules say, with their places in the file."""
    found: list[tuple[int, Finding]] = []
    for evaluate, parameters, entry in entries:
        said = evaluate(case, parameters)
        if said:
            rule = entry.rule
            found += [(entry.position, Finding(rule.id, code, entry.severity, told, rule.quiet)) for code, told in said]
    return tuple(found) if found else NOBODY_SPOKE


def judge_agent(
    agent: AgentFacts, ruleset: Ruleset, on: date, *, address: AddressFacts | None = None
) -> tuple[Finding, ...]:
    """What the rules say of an agent on a day, whomever they visit: licence, badge, qualification, and what ends soon.

    Whether a province was notified is said only with an `address` in it.
    """
    nobody = PracticeFacts(creditor="", placement_starts_on=on, placement_ends_on=on)
    noon = _noon(on, ruleset.tz)
    facts = Facts(act=noon, practice=nobody, address=address, agent=agent)
    case = Case(facts, noon, (), ruleset.calendar, ruleset.tz, noon.at)
    about = asked(entry for entry in ruleset.in_force(on, facts).entries if entry.check.needs == "agent")
    return tuple(finding for _, finding in _ask(about, case))


def _approved_on(facts: Facts, on: date) -> frozenset[str]:
    return frozenset(item.rule for item in facts.practice.approvals if item.holds(on))


def lawful_windows(day: date, facts: Facts, ruleset: Ruleset) -> Windows:
    """When on `day` the visit of `facts` may start so that it also ends lawfully; () when it may not be made.

    The act's own instant plays no part, its duration does. A rule that forbids or asks approval closes the
    day; warnings do not. Windows are sorted and apart from each other.
    """
    act = facts.act
    if not isinstance(act, Visit):
        raise Refusal("conduct.windows_of_visits_only", kind=Kind.MALFORMED)
    noon = _noon(day, ruleset.tz)
    # Without appointments: what they open is added below, as windows.
    case = Case(facts, noon, (), ruleset.calendar, ruleset.tz, noon.at)
    in_force = ruleset.in_force(day, facts)
    whole: Windows = ((0, DAY_S - 1 - act.duration_s),)
    if facts.practice.appointments or facts.practice.approvals:
        return _joined(_windows_of(in_force.entries, whole, case, facts, ruleset))
    # What practices share is worked out once for a comune and a duration.
    address, said = case.address, in_force.said(case.agent)
    at = (act.duration_s, address and (address.comune, address.province))
    windows: Windows | None = said.get(at)
    if windows is None:
        windows = said[at] = _joined(_windows_of(in_force.shared, whole, case, facts, ruleset))
    return _joined(_windows_of(in_force.own, windows, case, facts, ruleset)) if windows else ()


def _windows_of(entries: Iterable[Active], windows: Windows, case: Case, facts: Facts, ruleset: Ruleset) -> Windows:
    """What these rules leave of `windows` on the day of `case`."""
    day, stays_s = case.on, facts.act.duration_s if isinstance(facts.act, Visit) else 0
    lifted = _approved_on(facts, day) if facts.practice.approvals else frozenset()
    for entry in entries:
        if entry.severity is Severity.WARNS or (entry.severity is Severity.ASKS_APPROVAL and entry.rule.id in lifted):
            continue
        if entry.check.name == "hours":
            from_s, to_s = timing.band_s(day, entry.parameters)
            band: Windows = ((from_s, to_s - stays_s),)
            if entry.parameters["agreement_lifts"]:
                band += _agreed(day, facts, ruleset, outside_hours=True)
            windows = _within(windows, band)
        elif entry.evaluate(case, entry.parameters):
            windows = _within(windows, _lifted(entry, day, facts, ruleset))
        if not windows:
            break
    return windows


@lru_cache(maxsize=512)
def _noon(day: date, zone: ZoneInfo) -> Visit:
    return Visit(datetime.combine(day, time(12), zone).astimezone(UTC), 0)


def _lifted(entry: Active, day: date, facts: Facts, ruleset: Ruleset) -> Windows:
    """What an appointment still opens of a day that this rule closes."""
    parameters = entry.parameters
    if entry.check.name == "appointment" or parameters.get("appointment_lifts"):
        return _agreed(day, facts, ruleset, outside_hours=False)
    if parameters.get("agreement_lifts"):
        return _agreed(day, facts, ruleset, outside_hours=True)
    return ()


def _agreed(day: date, facts: Facts, ruleset: Ruleset, *, outside_hours: bool) -> Windows:
    act = facts.act
    duration = timedelta(seconds=act.duration_s if isinstance(act, Visit) else 0)
    found = []
    for agreed in facts.practice.appointments:
        if outside_hours and not agreed.outside_hours:
            continue
        first = agreed.from_at.astimezone(ruleset.tz)
        last = (agreed.to_at.astimezone(UTC) - duration).astimezone(ruleset.tz)
        if agreed.to_at - agreed.from_at >= duration and first.date() <= day <= last.date():
            found.append(
                (
                    _wall_s(first) if first.date() == day else 0,
                    _wall_s(last) if last.date() == day else DAY_S - 1,
                )
            )
    return tuple(found)


def _wall_s(local: datetime) -> int:
    return local.hour * 3_600 + local.minute * 60 + local.second


def _within(windows: Windows, others: Windows) -> Windows:
    return tuple((max(a, c), min(b, d)) for a, b in windows for c, d in others if max(a, c) <= min(b, d))


def _joined(windows: Windows) -> Windows:
    if len(windows) < 2:
        return windows
    joined: list[Window] = []
    for first, last in sorted(windows):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)
