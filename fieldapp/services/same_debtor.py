"""The same debtor under several practices: proposed by the import, decided by a person, counted together, undone."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.services.work import Work
from fieldapp.store import same_debtor as store
from fieldapp.store import tasks
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.debtors import DebtorPairs, DebtorVerdict
from fieldapp.store.tables import DebtorMatch

SHOWN = 100
TASK = "debtor.maybe_same"
_WORDS = {"same": "debtor.joined", "different": "debtor.kept_apart", None: "debtor.parted"}


async def list_pairs(work: Work) -> DebtorPairs:
    """The pairs that wait for a person, those first for which most speaks."""
    shown = await store.undecided(work.session, limit=SHOWN)
    return DebtorPairs(pairs=await store.pair_cards(work.session, shown), waiting=await store.waiting(work.session))


async def decide(work: Work, match_id: UUID, *, verdict: Literal["same", "different"] | None) -> DebtorVerdict:
    """Say of a pair whether it is one person, or take the word back (`None`): then it waits again.

    Both debtors stay as their creditors wrote them, and practices keep their numbers; what is joined counts together
    in the rules of conduct from now on. Raises Refusal `debtor.match_unknown`, `debtor.decided_meanwhile`.
    """
    await store.lock(work.session)
    row = await store.match(work.session, match_id)
    practices = (row.one_practice_id, row.other_practice_id)
    if row.verdict != verdict:
        if row.verdict is not None and verdict is not None:
            raise Refusal("debtor.decided_meanwhile", kind=Kind.CONFLICT, details={"verdict": row.verdict})
        kind = _WORDS[verdict]
        before, row.verdict = row.verdict, verdict
        row.decided_at, row.decided_by = work.now, work.identity.person_id
        await work.session.flush()
        await store.regroup(work.session, practices)
        one, other = map(str, practices)
        details = {"one_practice_id": one, "other_practice_id": other, "tells": list(row.tells), "before": before}
        audit(work.session, kind, "debtor_match", row.id, **details)
        for practice_id in practices:
            tell(work.session, NewFact(kind, work.now, practice_id=practice_id, body={"match_id": str(row.id)}))
        await _settle_task(work, row)
    together = await store.joined_with(work.session, practices[0])
    return DebtorVerdict(id=row.id, verdict=row.verdict, joined=len(together) + 1)


async def _settle_task(work: Work, row: DebtorMatch) -> None:
    """The file's task is done with its last pair."""
    if row.import_id is not None and not await store.undecided_of(work.session, row.import_id):
        about = [str(row.import_id)]
        await tasks.finish_about(work.session, TASK, about, person_id=work.identity.person_id, now=work.now)
