"""What the office reads and settles: practice files, documents, papers, tasks, addresses, the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

from fieldapp.documents.papers import paper_pdf
from fieldapp.domain.conduct import Facts, PracticeFacts, Ruleset, Visit, judge
from fieldapp.domain.counter_receipt import counter_receipt_blocks, read_counter_receipt
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256
from fieldapp.domain.narrowing import Narrowing
from fieldapp.domain.pads import form_check, form_proof, is_pad_series
from fieldapp.domain.papers import paper_blocks
from fieldapp.domain.receipt_proof import digest_proof, receipt_proof
from fieldapp.domain.receipts import read_receipt
from fieldapp.domain.tasks import check_finish, check_sleep
from fieldapp.services import presence, rules, squads
from fieldapp.services.work import Work
from fieldapp.store import practice_facts, practice_file, practices, tasks
from fieldapp.store.agent_tasks import Agents
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.dispatch import Finding
from fieldapp.store.shapes.office import (
    Colleague,
    CreditorRow,
    PracticeChoices,
    PracticeFile,
    PracticePage,
    TaskCount,
    TaskRow,
)
from fieldapp.store.tables.practice import Address

VISIT_S = 15 * 60
"""How long the visit lasts that the rules are asked about."""


async def list_creditors(work: Work) -> list[CreditorRow]:
    return await practices.creditor_rows(work.session)


async def list_practices(work: Work, asked: Narrowing, *, cursor: str | None, limit: int) -> PracticePage:
    """A page of the practices that match."""
    return await practices.page(work.session, asked, now=work.now, zone=work.parts.zone, cursor=cursor, limit=limit)


async def practice_choices(work: Work, *, provinces: Sequence[str]) -> PracticeChoices:
    """What a list can be narrowed to."""
    return await practices.choices(work.session, provinces=provinces)


async def read_practice(work: Work, practice_id: UUID) -> PracticeFile:
    """The whole file; every look at it is audited. Raises Refusal `practice.unknown`."""
    head = await practices.head(work.session, practice_id)
    ruleset = await rules.ruleset(work)
    facts, clocks = await practice_facts.facts_and_clocks(work.session, practice_id, ruleset=ruleset, today=work.today)
    addresses = await practice_file.addresses(work.session, practice_id)
    file = await practice_file.practice_file(
        work.session,
        head,
        addresses,
        now=work.now,
        today=work.today,
        findings=_findings_of_visit(work, facts, addresses, ruleset),
        clocks=clocks,
        presence=await presence.of_practice(work, practice_id),
        objection=await presence.objection(work, practice_id),
    )
    audit(work.session, "practice.read", "practice", practice_id)
    return file


def _findings_of_visit(
    work: Work, facts: PracticeFacts, addresses: Sequence[Address], ruleset: Ruleset
) -> list[Finding]:
    """What the rules of conduct would say of a visit that began now; `addresses`: the newest first."""
    current = [row for row in addresses if row.current]
    # Of those that came at once, the last.
    latest = [row for row in current if row.recorded_at == current[0].recorded_at][-1:]
    address = practice_facts.address_facts(latest[0]) if latest else None
    act = Visit(work.now, VISIT_S)
    verdict = judge(Facts(act=act, practice=facts, address=address), ruleset, work.now)
    return [rules.finding(found, ruleset, work.today) for found in verdict.findings]


async def read_document(work: Work, document_id: UUID, variant: str) -> tuple[bytes, str]:
    """Bytes and media type; `small` gives the small picture where there is one.

    Raises Refusal `document.unknown`, `document.not_arrived`.
    """
    row = await practice_file.document(work.session, document_id)
    audit(work.session, "document.read", "credit_document", document_id, variant=variant)
    if variant == "small" and row.small_sha256 is not None:
        return await work.parts.blobs.get(row.small_sha256), "image/jpeg"
    return await work.parts.blobs.get(row.sha256), row.media_type


async def receipt_paper(work: Work, receipt_id: UUID) -> bytes:
    """The receipt as the debtor holds it, set again from its value as PDF/A.

    Raises Refusal `receipt.unknown`, `paper.words_missing`.
    """
    row = await practice_file.receipt(work.session, receipt_id)
    audit(work.session, "receipt.read", "receipt", receipt_id)
    words, digest = work.parts.paper_words["default.it"], Sha256(row.digest)
    if row.voids is None:
        value = read_receipt(row.value)
        blocks = paper_blocks(value, words, digest=digest)
        proof = receipt_proof(value, digest, signature=row.signature)
        if is_pad_series(row.series):
            # What was written by hand is known by its form: our key has signed the entry, not the paper.
            check = form_check(work.parts.pad_key, work.agency_id, row.series, row.number)
            proof = form_proof(row.series, row.number, check)
    else:
        counter = read_counter_receipt(row.value)
        blocks = counter_receipt_blocks(counter, {**words, **work.parts.office_words}, digest=digest)
        proof = digest_proof(counter.name, digest, signature=row.signature)
    code = f"{work.parts.public_url}/v/#{proof}"
    return await asyncio.to_thread(paper_pdf, blocks, issued_at=row.issued_at, qr_text=code)


TaskState = Literal["open", "asleep", "done"]
Whose = Literal["me", "nobody"]


async def list_tasks(
    work: Work,
    *,
    state: TaskState,
    kind: str | None,
    team: str | None,
    whose: Whose | None = None,
    squad: UUID | None = None,
    after: UUID | None = None,
) -> list[TaskRow]:
    """Tasks that wait now, that sleep until some day, or that are done; a page of them, `after` the last one seen.

    `squad`: those of a field team and its practices. Raises Refusal `squad.unknown`.
    """
    asked = {**_when(work, state), "kind": kind, "team": team, "of": _of(work, whose)}
    return await tasks.rows(work.session, **asked, agents=await _of_squad(work, squad), after=after)


async def count_tasks(
    work: Work, *, state: TaskState, kind: str | None, team: str | None, whose: Whose | None, squad: UUID | None
) -> TaskCount:
    """How many there are, on however many pages. Raises Refusal `squad.unknown`."""
    asked = {**_when(work, state), "kind": kind, "team": team, "of": _of(work, whose)}
    return await tasks.count(work.session, **asked, agents=await _of_squad(work, squad))


async def _of_squad(work: Work, squad: UUID | None) -> Agents | None:
    return None if squad is None else Agents(await squads.agents_today(work, squad), work.today)


def _when(work: Work, state: TaskState) -> dict[str, Any]:
    if state == "done":
        return {"state": state}
    return {"state": "open", "asleep_on" if state == "asleep" else "awake_on": work.today}


def _of(work: Work, whose: Whose | None) -> UUID | Literal["nobody"] | None:
    return work.identity.person_id if whose == "me" else whose


async def list_colleagues(work: Work) -> list[Colleague]:
    """Who may be given a task."""
    return await tasks.colleagues(work.session)


async def arrange_task(work: Work, task_id: UUID, *, owner_id: UUID | None, asleep_until: date | None) -> TaskRow:
    """Give an open task to somebody or to nobody, and let it sleep until a day or wake it.

    Raises Refusal `task.unknown`, `task.person_unknown`, or one of `domain.tasks.check_sleep`.
    """
    task = await tasks.open_task(work.session, task_id)
    if owner_id is not None and owner_id not in {one.id for one in await tasks.colleagues(work.session)}:
        raise Refusal("task.person_unknown", kind=Kind.MISSING)
    if asleep_until is not None and asleep_until != task.asleep_until:
        check_sleep(asleep_until, kind=task.kind, due_on=task.due_on, today=work.today)
    task.owner_id, task.asleep_until = owner_id, asleep_until
    await work.session.flush()
    body = {"owner_id": owner_id and str(owner_id), "asleep_until": asleep_until and asleep_until.isoformat()}
    audit(work.session, "task.arranged", "task", task_id, kind=task.kind, **body)
    told = {"task_id": str(task_id), **body}
    tell(work.session, NewFact("task.arranged", work.now, practice_id=task.practice_id, body=told))
    return (await tasks.rows(work.session, task_id=task_id))[0]


async def finish_task(work: Work, task_id: UUID, *, note: str) -> TaskRow:
    """Close a task. Raises Refusal `task.unknown`, `task.closes_by_itself`."""
    check_finish(kind=await tasks.kind_of(work.session, task_id))
    task = await tasks.finish(work.session, task_id, note=note, person_id=work.identity.person_id, now=work.now)
    audit(work.session, "task.finished", "task", task_id, kind=task.kind)
    tell(
        work.session,
        NewFact("task.finished", work.now, practice_id=task.practice_id, body={"task_id": str(task_id)}),
    )
    return (await tasks.rows(work.session, task_id=task_id))[0]
