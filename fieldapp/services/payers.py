"""Money that came through a bank from somebody other than the debtor: the rules of conduct are asked about the payer.

At a door the phone asks them before the money is taken, and the service again (`domain.sync`). What a statement shows
has been paid: it stands, and what the rules say comes to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fieldapp.domain.conduct import Facts, PayerKind, Payment, judge
from fieldapp.services import rules
from fieldapp.services.work import Work
from fieldapp.store import practice_facts, tasks

BY_ACCOUNT = "account"
"""How a payer was identified whom no one saw: by the bank whose account the money came from."""
_OF_PAYERS = frozenset({"conduct.payer_unidentified", "conduct.payer_not_debtor"})
"""What the rules say of who pays; the others are about money at a door."""


async def look_at(
    work: Work,
    practice_id: UUID,
    *,
    method: str,
    amount_cents: int,
    receipt: str,
    identified: bool = True,
    more: Sequence[str] = (),
) -> None:
    """A task with what the rules say of a payer, and `more`; none where there is nothing.

    A bank has identified who sends money.
    """
    ruleset = await rules.ruleset(work)
    known = await practice_facts.practice_facts(work.session, [practice_id], ruleset=ruleset, today=work.today)
    act = Payment(
        work.now, method, amount_cents, payer=PayerKind.OTHER_IDENTIFIED if identified else PayerKind.OTHER_UNIDENTIFIED
    )
    found = judge(Facts(act=act, practice=known[practice_id]), ruleset, work.now).findings
    flags = [*(finding.code for finding in found if finding.code in _OF_PAYERS), *more]
    if flags:
        await tasks.add(
            work.session,
            "payment.flagged",
            subject=("receipt", receipt),
            practice_id=practice_id,
            due_on=work.today,
            details={"flags": flags, "receipt": receipt},
            now=work.now,
            new_id=work.new_id,
        )
