"""The contact ledger's story: what was done elsewhere is logged, what is planned must be lawful, limits are shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from fieldapp.domain import contacts as counting
from fieldapp.domain.conduct import Act, Call, Facts, Letter, Message, PracticeFacts, Severity, judge
from fieldapp.domain.contact_log import LoggedContact, RejectedLine, checked_outcome, read_log
from fieldapp.domain.contacts import Channel, local_day
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.said import say
from fieldapp.services import rules
from fieldapp.services.work import Work
from fieldapp.store import contacts as store
from fieldapp.store import practice_facts, practices
from fieldapp.store.cards import current_addresses
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.contacts import (
    ContactLimits,
    ContactLog,
    ContactMade,
    Limit,
    PlannedContact,
    RejectedContact,
)
from fieldapp.store.shapes.dispatch import Finding

_AT_ONCE = 100
"""Practices judged without a break."""
_IMPORTED = UUID("5a3c3d0e-7d3e-4b57-9d1a-4f2c5e6b7a80")
"""Names imported contacts by what they say, so that the same file twice changes nothing."""


async def log_contact(
    work: Work, practice_id: UUID, *, channel: Channel, at: datetime, outcome: str, reached: bool
) -> ContactMade:
    """Write down a contact that was made; a rule that it broke is told, for it happened.

    Raises Refusal `practice.unknown`, `contact.in_the_future`, `contact.outcome_not_with`.
    """
    await practices.head(work.session, practice_id)
    if at > work.now:
        raise Refusal("contact.in_the_future", kind=Kind.MALFORMED)
    recorded = checked_outcome(channel, outcome)
    return await write_contact(work, practice_id, channel=channel, at=at, outcome=recorded, reached=reached)


async def write_contact(
    work: Work, practice_id: UUID, *, channel: Channel, at: datetime, outcome: str, reached: bool
) -> ContactMade:
    """Write down a contact of a known practice with a checked outcome, and tell which rules it broke."""
    # Visits are judged with their report; who comes to us is not disturbed.
    judged = channel not in (Channel.VISIT, Channel.OFFICE)
    findings = await _findings(work, practice_id, channel=channel, at=at) if judged else []
    contact_id = work.new_id()
    await store.add(
        work.session,
        [
            {
                "id": contact_id,
                "practice_id": practice_id,
                "at": at,
                "channel": channel.value,
                "outcome": outcome,
                "reached": reached,
                "by": work.identity.name,
                "source": "desk",
            }
        ],
    )
    body = {"channel": channel.value, "outcome": outcome, "reached": reached}
    audit(work.session, "contact.logged", "contact", contact_id, broke=",".join(f.code for f in findings), **body)
    tell(work.session, NewFact("contact.made", at, practice_id=practice_id, body=body))
    return ContactMade(id=contact_id, findings=findings)


async def plan_contact(work: Work, practice_id: UUID, *, channel: Channel, at: datetime) -> PlannedContact:
    """Plan a call, a message or a letter; it becomes a task of its day.

    Raises Refusal `practice.unknown`, `contact.visits_are_planned_in_the_day`, `contact.in_the_past`, or the code of
    the first rule of conduct that stands against it, with its details: it says why in the rule's own words.
    """
    await practices.head(work.session, practice_id)
    if channel is Channel.VISIT:
        raise Refusal("contact.visits_are_planned_in_the_day", kind=Kind.MALFORMED)
    if at < work.now:
        raise Refusal("contact.in_the_past", kind=Kind.MALFORMED)
    against = await _findings(work, practice_id, channel=channel, at=at)
    if against:
        raise Refusal(against[0].code, details=against[0].details)
    on = local_day(at)
    task = store.planned_task(
        work.new_id(), practice_id, agency_id=work.agency_id, channel=channel, at=at, on=on, now=work.now
    )
    work.session.add(task)
    await work.session.flush()
    body = {"channel": channel.value, "at": at.isoformat()}
    audit(work.session, "contact.planned", "task", task.id, **body)
    tell(work.session, NewFact("contact.planned", work.now, practice_id=practice_id, body=body))
    return PlannedContact(id=task.id, channel=channel.value, at=at, on=on)


async def _findings(work: Work, practice_id: UUID, *, channel: Channel, at: datetime) -> list[Finding]:
    return (await against(work, [practice_id], channel=channel, at=at))[practice_id]


async def against(
    work: Work, practice_ids: Sequence[UUID], *, channel: Channel, at: datetime
) -> dict[UUID, list[Finding]]:
    """What stands against a contact with each: what forbids it or asks approval, the planned ones counted as made."""
    ruleset = await rules.ruleset(work)
    known = await practice_facts.practice_facts(work.session, practice_ids, ruleset=ruleset, today=work.today)
    planned = await store.planned_of(work.session, practice_ids)
    addresses = await current_addresses(work.session, practice_ids)
    found = {}
    for number, practice_id in enumerate(practice_ids, start=1):
        if number % _AT_ONCE == 0:
            # Thousands take a second, in which others want to be answered.
            await asyncio.sleep(0)
        facts = known[practice_id]
        made = tuple(store.as_contact(task.due_on, task.details) for task in planned[practice_id])
        practice = replace(facts, contacts=(*facts.contacts, *made))
        last = addresses[practice_id][-1:]
        address = practice_facts.address_facts(last[0]) if last else None
        verdict = judge(Facts(act=_act(channel, at), practice=practice, address=address), ruleset, work.now)
        found[practice_id] = [
            Finding(one.code, one.severity.value, one.details)  # type: ignore[arg-type]  # an enumeration's value
            for one in verdict.findings
            if one.severity is not Severity.WARNS
        ]
    return found


def _act(channel: Channel, at: datetime) -> Act:
    match channel:
        case Channel.CALL:
            return Call(at)
        case Channel.MESSAGE:
            return Message(at, tells_debt=False)
        case Channel.LETTER | Channel.VISIT | Channel.OFFICE:
            return Letter(at)


async def contact_limits(work: Work, practice_id: UUID) -> ContactLimits:
    """How often the debtor was disturbed against how often it is allowed, and what is planned.

    Raises Refusal `practice.unknown`.
    """
    await practices.head(work.session, practice_id)
    ruleset = await rules.ruleset(work)
    known = await practice_facts.practice_facts(work.session, [practice_id], ruleset=ruleset, today=work.today)
    facts = known[practice_id]

    def most(rule: str, name: str) -> int:
        numbers = ruleset.parameters(rule, work.today, creditor=facts.creditor, debtor=facts.debtor_kind)
        return int(numbers[name])

    return ContactLimits(limits=_limits(work, facts, most), planned=[
        PlannedContact(
            id=task.id,
            channel=task.details["channel"],
            at=datetime.fromisoformat(task.details["at"]),
            on=task.due_on,
        )
        for task in await store.planned(work.session, practice_id)
    ])  # fmt: skip


def _limits(work: Work, facts: PracticeFacts, most: Callable[[str, str], int]) -> list[Limit]:
    since = facts.placement_starts_on
    talks = counting.conversations(facts.contacts, on=work.today, since=since)
    visits = counting.visits(facts.contacts, on=work.today, since=since)
    talk, visit = "contact.conversations", "visit.frequency"
    return [
        Limit("conversations", "day", talks.day, most(talk, "max_per_day")),
        Limit("conversations", "week", talks.week, most(talk, "max_per_week")),
        Limit("visits", "week", visits.week, most(visit, "max_per_week")),
        Limit("visits", "placement", visits.placement, most(visit, "max_per_placement")),
    ]


async def import_contacts(work: Work, content: bytes, *, file_name: str) -> ContactLog:
    """Take a list of contacts made elsewhere (`domain.contact_log`); the same file again changes nothing."""
    read, rejected = read_log(content, now=work.now)
    numbered = await store.practices_numbered(work.session, [contact.practice_number for contact in read])
    rows = []
    for contact in read:
        owners = numbered.get(contact.practice_number, [])
        if len(owners) != 1:
            code = "contact.practice_ambiguous" if owners else "contact.practice_unknown"
            rejected.append(RejectedLine(contact.line, code, contact.practice_number))
            continue
        rows.append(row_of(owners[0].id, contact, source="file"))
    new = len(await store.add(work.session, list({row["id"]: row for row in rows}.values())))
    audit(work.session, "contacts.imported", "file", file_name[:120], new=new, rejected=len(rejected))
    return ContactLog(
        new=new,
        known=len(rows) - new,
        rejected=[
            RejectedContact(line=item.line, text=item.text, reason=say(work.parts.words, item.code, {}))
            for item in sorted(rejected, key=lambda item: item.line)[:200]
        ],
        rejected_count=len(rejected),
    )


def row_of(practice_id: UUID, contact: LoggedContact, *, source: str) -> dict[str, object]:
    """The contact as it is stored; what it says names it, so that a file and a system that tell the same count once."""
    said = f"{practice_id} {contact.channel.value} {contact.at.isoformat()} {contact.outcome}"
    return {
        "id": uuid5(_IMPORTED, said),
        "practice_id": practice_id,
        "at": contact.at,
        "channel": contact.channel.value,
        "outcome": contact.outcome,
        "reached": contact.reached,
        "by": contact.by,
        "source": source,
    }
