"""The rules in words: `docs/rules.md` is written from the ruleset, so that it can never say something else."""

from __future__ import annotations

from fieldapp.domain.conduct.case import ParameterKind
from fieldapp.domain.conduct.checks import CHECKS
from fieldapp.domain.conduct.rule import FOREVER, ParameterValue, Rule
from fieldapp.domain.conduct.ruleset import Ruleset
from fieldapp.domain.money import italian

_SEVERITY = {"forbids": "forbids", "asks_approval": "asks approval", "warns": "warns"}

_HEAD = """# Rules of conduct

Written from the rules themselves by `fieldapp.domain.conduct.rules_document`; a test holds this page to them. Change
the rules, never this page. Nothing here is legal advice: every number is a parameter with a validity, a source and,
where nobody has verified it, the mark **to be confirmed**. A creditor may override a number; where the law or the
code sets it, only towards the stricter side (marked *stricter only*).

What the severities do: *forbids* stops the act and nobody can lift it; *asks approval* waits for a person with the
right and a reason; *warns* is shown and recorded. Rules marked *office only* never reach a phone.
"""


def rules_document(ruleset: Ruleset) -> str:
    """The ruleset as a page of Markdown: a table of contents by act, then each rule."""
    parts = [_HEAD, _overview(ruleset)]
    parts += [_section(rule) for rule in ruleset.rules]
    return "\n".join(parts)


def _overview(ruleset: Ruleset) -> str:
    lines = ["## All rules", "", "| rule | what it does | about | to be confirmed |", "|---|---|---|---|"]
    for rule in ruleset.rules:
        acts = ", ".join(sorted(act.value for act in rule.acts))
        mark = "yes" if rule.to_be_confirmed else ""
        lines.append(f"| `{rule.id}` | {_SEVERITY[rule.severity.value]} | {acts} | {mark} |")
    return "\n".join(lines) + "\n"


def _section(rule: Rule) -> str:
    lines = [f"## `{rule.id}`", "", rule.texts["en"], "", f"> {rule.texts['it']}", ">", f"> {rule.texts['fr']}", ""]
    lines.append(f"- Severity: {_SEVERITY[rule.severity.value]}{', office only' if rule.quiet else ''}")
    if rule.approvers:
        lines.append(f"- May be approved by: {', '.join(sorted(rule.approvers)).replace('_', ' ')}")
    lines.append(f"- About: {', '.join(sorted(act.value for act in rule.acts))}; {_scope(rule)}")
    lines.append(f"- Valid from {rule.valid_from.isoformat()}{_until(rule)}")
    lines.append(f"- Source: {rule.source}{' - **to be confirmed**' if rule.to_be_confirmed else ''}")
    if rule.overrides:
        lines.append(f"- Overrides `{rule.overrides}`")
    for spec in CHECKS[rule.check].parameters:
        if spec.name in rule.parameters:
            limit = "" if spec.stricter.value == "none" else " (stricter only)"
            lines.append(f"- `{spec.name}` = {_shown(spec.kind, rule.parameters[spec.name])}{limit}")
    codes = CHECKS[rule.check].codes
    if rule.check == "debt_state":
        codes = (f"conduct.debt_{rule.parameters['state']}",)
    if codes:
        lines.append(f"- Says: {', '.join(f'`{code}`' for code in codes)}")
    return "\n".join(lines) + "\n"


def _scope(rule: Rule) -> str:
    debtors = {None: "consumers and firms", "consumer": "consumers", "firm": "firms"}[rule.scope.debtor]
    creditors = "all creditors" if rule.scope.creditors is None else ", ".join(sorted(rule.scope.creditors))
    return f"{debtors}; {creditors}; {rule.scope.country}"


def _until(rule: Rule) -> str:
    return "" if rule.valid_to == FOREVER else f" to {rule.valid_to.isoformat()}"


def _shown(kind: ParameterKind, value: ParameterValue) -> str:
    if kind is ParameterKind.CENTS and isinstance(value, int):
        return italian(value).replace("\u00a0", " ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
