"""The limitation clock (prescrizione): from which day each debt line can no longer be claimed, and why.

The terms are rules of the ruleset, so that each has a source, a validity, a creditor's own number and the mark
"to be confirmed". Knows nothing of where acts come from; whoever loads them decides what counts as proven. Nothing
here is legal advice; where a choice was open the day that is kinder to the debtor was taken:

- the day is counted as art. 2963 c.c. says, without the extension over a holiday;
- an act after the last day revives nothing (art. 2937 c.c. leaves that to the debtor, and to a lawyer);
- a line whose kind several terms name takes the shortest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from fieldapp.domain import reasons
from fieldapp.domain.conduct import DebtorKind, Ruleset
from fieldapp.domain.errors import Kind, Refusal

CHECK = "limitation_term"
"""The check whose rules are the terms."""
ORDINARY = "limitation.ordinary"
"""The rule for a line whose kind no other names (art. 2946 c.c.)."""
DUE = "due"


class Interruption(StrEnum):
    """What makes the term begin again (arts. 2943-2944 c.c.)."""

    FORMAL_NOTICE = "formal_notice"
    ACKNOWLEDGEMENT = "acknowledgement"
    PART_PAYMENT = "part_payment"
    PLAN_SIGNED = "plan_signed"
    COURT_CLAIM = "court_claim"


@dataclass(frozen=True, slots=True)
class InterruptingAct:
    """An act that reached the other side on a local date; `line` None: it speaks of the whole practice."""

    on: date
    kind: Interruption
    reference: str = ""
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """How long lines of some kind may be claimed, and how long before the end the office is warned."""

    rule: str
    years: int
    kinds: frozenset[str]
    warn_days: int
    source: str
    to_be_confirmed: bool


@dataclass(frozen=True, slots=True)
class DatedLine:
    """A debt line as far as the clock needs it; `kind` in the creditor's words."""

    id: str
    kind: str
    title: str
    due_on: date


LineState = Literal["running", "near", "barred"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the clock of one line stands. `because` is `due` or an `Interruption`; from `barred_on` on nothing may
    be asked."""

    term: Term
    runs_from: date
    because: str
    reference: str
    barred_on: date

    def barred(self, on: date) -> bool:
        """Whether the line is time-barred on that day."""
        return on >= self.barred_on

    def state(self, on: date) -> LineState:
        """`near` within the term's days of warning."""
        if self.barred(on):
            return "barred"
        return "near" if on >= self.barred_on - timedelta(days=self.term.warn_days) else "running"

    def if_interrupted(self, on: date) -> date:
        """The day from which the line would be time-barred after an interrupting act on `on`."""
        return self.barred_on if self.barred(on) or on < self.runs_from else barred_from(on, self.term.years)


def terms(ruleset: Ruleset, on: date, *, creditor: str, debtor: DebtorKind) -> tuple[Term, ...]:
    """The terms in force on a day for one creditor's debtors. Raises Refusal `rules.not_in_force` without them."""
    found = []
    for rule in ruleset.rules:
        if rule.check != CHECK or rule.overrides is not None or not rule.valid_on(on):
            continue
        if rule.scope.covers(creditor=creditor, debtor=debtor):
            numbers = ruleset.parameters(rule.id, on, creditor=creditor, debtor=debtor)
            kinds = frozenset(_plain(word) for word in numbers["kinds"])
            found.append(
                Term(rule.id, numbers["years"], kinds, numbers["warn_days"], rule.source, rule.to_be_confirmed)
            )
    if not any(term.rule == ORDINARY for term in found):
        raise Refusal("rules.not_in_force", details={"rule": ORDINARY, "on": on.isoformat()})
    return tuple(found)


def term_of(line: DatedLine, known: Sequence[Term]) -> Term:
    """The shortest term that names the line's kind (its title where the file tells no kind), else the ordinary."""
    words = f" {_plain(line.kind or line.title)} "
    named = [term for term in known if any(f" {kind} " in words for kind in term.kinds)]
    return min(named, key=lambda term: term.years) if named else next(t for t in known if t.rule == ORDINARY)


def standing(line: DatedLine, acts: Iterable[InterruptingAct], known: Sequence[Term]) -> Standing:
    """Where the clock stands after all acts that speak of the line, in whatever order they were recorded."""
    term = term_of(line, known)
    current = Standing(term, line.due_on, DUE, "", barred_from(line.due_on, term.years))
    mine = (act for act in acts if act.line in (None, line.id))
    for act in sorted(mine, key=lambda act: (act.on, act.kind.value, act.reference)):
        if current.barred(act.on):
            break
        # An act before the due date moves nothing: the term cannot have begun.
        if act.on >= current.runs_from:
            current = Standing(term, act.on, act.kind.value, act.reference, barred_from(act.on, term.years))
    return current


def barred_from(runs_from: date, years: int) -> date:
    """The first day after a term of years: it ends with the last moment of the same day of the month, or of the
    month's last day where there is no such day (art. 2963 c.c.)."""
    year = runs_from.year + years
    if year >= date.max.year:
        return date.max
    try:
        last = runs_from.replace(year=year)
    except ValueError:  # 29 February
        last = date(year, 2, 28)
    return last + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignedLine:
    """A line with something owed on it, as the text above a signature speaks of it."""

    title: str
    runs_from: date
    years: int
    barred_on: date


ACKNOWLEDGING = frozenset({"PLAN_SIGNED", "PROMISE_TO_PAY", "PAID_PARTIAL", "SETTLEMENT_PROPOSED"})
"""Outcomes whose signed text owns the debt, so that the term begins again (art. 2944 c.c.)."""


def effect_of_signing(lines: Sequence[SignedLine], on: date, words: Mapping[str, str]) -> tuple[str, ...]:
    """What a signer is told before an acknowledgement, line by line; `words` are those of the signed text.

    The twin of `effectOfSigning` in `pwa/src/domain/limitation.ts`; () where no line may be claimed any more.
    """
    open_lines = [line for line in lines if on < line.barred_on]
    if not open_lines:
        return ()
    told = [words["limitation"]]
    for line in open_lines:
        then = barred_from(on, line.years) if on >= line.runs_from else line.barred_on
        told.append(
            words["limitation_line"].format(title=line.title, now=_figures(line.barred_on), then=_figures(then))
        )
    told += [
        words["limitation_barred"].format(title=line.title, since=_figures(line.barred_on))
        for line in lines
        if line.barred_on <= on
    ]
    return tuple(told)


def practice_barred_on(owed: Iterable[tuple[Standing, int]]) -> date | None:
    """From which day nothing of a practice may be asked: once every line with something owed is time-barred.

    `owed` pairs each line's standing with what is owed on it in cents. None when nothing is owed at all.
    """
    days = [standing.barred_on for standing, cents in owed if cents > 0]
    return max(days) if days else None


def check_act(act: InterruptingAct, *, today: date, lines: frozenset[str]) -> None:
    """Whether the office may record it: `limitation.act_in_future`, `.reference_missing`, `.line_unknown`."""
    if act.on > today:
        raise Refusal("limitation.act_in_future", details={"on": act.on.isoformat()})
    if not act.reference.strip():
        raise Refusal("limitation.reference_missing", kind=Kind.MALFORMED)
    if act.line is not None and act.line not in lines:
        raise Refusal("limitation.line_unknown", kind=Kind.MISSING)


def check_withdrawal(reason: str) -> None:
    """Whether a recorded act may be taken back for this reason: `limitation.reason_too_short` (details: least)."""
    if reasons.says_too_little(reason):
        raise Refusal("limitation.reason_too_short", kind=Kind.MALFORMED, details={"least": reasons.SHORTEST})


def _figures(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
