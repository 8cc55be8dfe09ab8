"""Rules about money: the cash ceiling, cheques, who pays, and how much an agent carries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fieldapp.domain.conduct.case import NOTHING, Case, Said
from fieldapp.domain.conduct.facts import Act, Payee, PayerKind, Payment

CASH = "cash"
CHEQUE = "cheque"


def _cash(act: Act) -> Payment | None:
    return act if isinstance(act, Payment) and act.method == CASH else None


def cash_ceiling(case: Case, p: Mapping[str, Any]) -> Said:
    """One payment in cash stays below the ceiling, the stamp duty that is handed over with it included."""
    act = _cash(case.act)
    if act is None or act.handed_over_cents < p["below_cents"]:
        return NOTHING
    return (("conduct.cash_over_ceiling", {"below_cents": p["below_cents"]}),)


def cash_rolling(case: Case, p: Mapping[str, Any]) -> Said:
    """Cash of the last days from this debtor for this creditor stays below the ceiling.

    Instalments agreed by contract are no artificial splitting; they are let through and logged.
    """
    act = _cash(case.act)
    if act is None:
        return NOTHING
    before = _cash_before(case, days=p["days"], skip_instalments=p["instalments_exempt"])
    if before + act.handed_over_cents < p["below_cents"]:
        return NOTHING
    if act.instalment and p["instalments_exempt"]:
        return NOTHING
    free_cents = max(0, p["below_cents"] - 1 - before - act.duty_cents)
    said = {"below_cents": p["below_cents"], "days": p["days"], "before_cents": before, "free_cents": free_cents}
    return (("conduct.cash_over_rolling", said),)


def cash_instalments_logged(case: Case, p: Mapping[str, Any]) -> Said:
    """An instalment that would pass the ceiling together with other cash is noted, not stopped."""
    act = _cash(case.act)
    if act is None or not act.instalment:
        return NOTHING
    total = _cash_before(case, days=p["days"], skip_instalments=False) + act.handed_over_cents
    if total < p["below_cents"]:
        return NOTHING
    return (("conduct.cash_instalment_logged", {"total_cents": total, "days": p["days"]}),)


def _cash_before(case: Case, *, days: int, skip_instalments: bool) -> int:
    after = case.on - timedelta(days=days)
    return sum(
        received.cents
        for received in case.practice.cash_received
        if after < received.on <= case.on and not (skip_instalments and received.instalment)
    )


def cheque(case: Case, p: Mapping[str, Any]) -> Said:
    """A cheque names the creditor or the agency and, from the threshold on, is not transferable."""
    act = case.act
    if not isinstance(act, Payment) or act.method != CHEQUE or act.cheque is None:
        return NOTHING
    said: list[tuple[str, dict[str, Any]]] = []
    if act.cheque.payee is Payee.AGENT:
        said.append(("conduct.cheque_to_agent", {}))
    elif act.cheque.payee is Payee.OTHER:
        said.append(("conduct.cheque_to_stranger", {}))
    if act.handed_over_cents >= p["clause_from_cents"] and not act.cheque.non_transferable:
        said.append(("conduct.cheque_without_clause", {"from_cents": p["clause_from_cents"]}))
    return tuple(said)


def payer_identified(case: Case, _: Mapping[str, Any]) -> Said:
    """Whoever pays for the debtor says who they are."""
    if isinstance(case.act, Payment) and case.act.payer is PayerKind.OTHER_UNIDENTIFIED:
        return (("conduct.payer_unidentified", {}),)
    return NOTHING


def payer_is_debtor(case: Case, _: Mapping[str, Any]) -> Said:
    """The debtor pays, not somebody else."""
    if isinstance(case.act, Payment) and case.act.payer is not PayerKind.DEBTOR:
        return (("conduct.payer_not_debtor", {}),)
    return NOTHING


def exposure(case: Case, p: Mapping[str, Any]) -> Said:
    """The cash that an agent carries stays within the limit: the agent's own, else the rule's."""
    act, agent = _cash(case.act), case.agent
    if act is None or agent is None:
        return NOTHING
    limit = p["limit_cents"] if agent.cash_limit_cents is None else agent.cash_limit_cents
    if agent.cash_held_cents + act.handed_over_cents <= limit:
        return NOTHING
    return (("conduct.cash_exposure", {"held_cents": agent.cash_held_cents, "limit_cents": limit}),)


def unusual_cash(case: Case, p: Mapping[str, Any]) -> Said:
    """Cash does not keep coming in sums just below the ceiling."""
    act = _cash(case.act)
    if act is None:
        return NOTHING
    near = p["below_cents"] * p["near_pct"] // 100
    after = case.on - timedelta(days=p["days"])
    recent = [item.cents for item in case.practice.cash_received if after < item.on <= case.on]
    count = sum(near <= cents < p["below_cents"] for cents in (*recent, act.handed_over_cents))
    if count < p["count"]:
        return NOTHING
    return (("conduct.cash_unusual", {"count": count, "days": p["days"]}),)


def says_nothing(_: Case, __: Mapping[str, Any]) -> Said:
    """A rule that only carries parameters for a calculation (stamp duty)."""
    return NOTHING
