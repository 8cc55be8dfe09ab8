"""Paper pads: registered when they are given to an agent, accounted for form by form, counted when they come back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from fieldapp.documents.images import clean_picture
from fieldapp.documents.pads import BlankForm, Language, PadIssuer, pad_pdf
from fieldapp.domain import pads as rules
from fieldapp.domain.captured import has_debt_words
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.pads import PadKind, Run
from fieldapp.domain.receipts import receipt_name
from fieldapp.services.work import Work
from fieldapp.store import access as access_store
from fieldapp.store import cash as cash_store
from fieldapp.store import pads as store
from fieldapp.store import tasks
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.pads import PadRow, PadsDesk
from fieldapp.store.tables.access import Agency, Person
from fieldapp.store.tables.field import PadForm, PaperPad

MISSING = "pad.forms_missing"
"""The task that a pad opens which came back without some of its forms."""


async def read_desk(work: Work) -> PadsDesk:
    """Every pad that is out, and the newest that came back."""
    return PadsDesk(await store.pad_rows(work.session), await store.holders(work.session))


async def register(work: Work, pad_id: UUID, *, agent_id: UUID, kind: PadKind, forms: int) -> PadRow:
    """A pad of `forms` forms, the next numbers of the series, given to the agent now.

    `pad_id` is the caller's, so that a repeat is known. Raises Refusal `cash.agent_unknown` or
    `pad.registered_otherwise`.
    """
    agent = await cash_store.agent(work.session, agent_id)
    known = await store.pad_rows(work.session, pad_id=pad_id)
    if known:
        same = (known[0].agent_id, known[0].kind, known[0].last - known[0].first + 1) == (agent_id, kind.value, forms)
        if not same:
            raise Refusal("pad.registered_otherwise", kind=Kind.CONFLICT)
        return known[0]
    series = rules.SERIES[kind]
    first = await store.next_number(work.session, series)
    row = PaperPad(
        id=pad_id,
        agency_id=work.agency_id,
        kind=kind.value,
        series=series,
        first=first,
        last=first + forms - 1,
        agent_id=agent_id,
        handed_over_at=work.now,
        handed_over_by=work.identity.person_id,
    )
    work.session.add(row)
    await work.session.flush()
    _tell(work, "pad.handed_over", row, agent=agent.name)
    return (await store.pad_rows(work.session, pad_id=pad_id))[0]


async def print_forms(work: Work, pad_id: UUID, *, language: Language) -> bytes:
    """The pad's forms as a PDF; how often it was printed is kept. Raises Refusal `pad.unknown`, `pad.came_back`."""
    row = await store.pad(work.session, pad_id)
    if row.returned_at is not None:
        raise Refusal("pad.came_back", kind=Kind.CONFLICT)
    agency = await access_store.agency_of_session(work.session)
    agent = await store.person(work.session, row.agent_id)
    forms = [
        BlankForm(receipt_name(row.series, number), rules.shown_check(check), f"{work.parts.public_url}/v/#{proof}")
        for number in range(row.first, row.last + 1)
        for check in [rules.form_check(work.parts.pad_key, work.agency_id, row.series, number)]
        for proof in [rules.form_proof(row.series, number, check)]
    ]
    row.printed += 1
    await work.session.flush()
    audit(work.session, "pad.printed", "paper_pad", pad_id, times=row.printed)
    return await asyncio.to_thread(
        pad_pdf,
        forms,
        kind=PadKind(row.kind),
        issuer=_issuer(agency, agent, PadKind(row.kind)),
        printed_at=work.now,
        language=language,
    )


def _issuer(agency: Agency, agent: Person, kind: PadKind) -> PadIssuer:
    """An agency whose very name tells what it does signs a notice with the agent's."""
    name = agency.legal_name
    if kind is PadKind.NOTICE:
        name = agent.name if has_debt_words(agency.name) else agency.name
    licence = f"licenza art. 115 T.U.L.P.S. {agency.licence_number}, {agency.licence_authority}"
    details = f"{agency.address} · tel. {agency.phone} · P. IVA {agency.vat_number} · {licence}"
    return PadIssuer(name, agency.phone, details, f"{agent.name}, n. {agent.agent_number or '-'}")


async def void(work: Work, pad_id: UUID, number: int, *, reason: str, picture: bytes | None) -> PadRow:
    """A form was spoiled and is no paper of anybody; the same again answers the same.

    Raises Refusal `pad.unknown`, `.not_in_pad`, `.form_used`, `.counted_blank`, `receipt.reason_missing`, `photo.*`.
    """
    row = await store.pad(work.session, pad_id)
    if not row.first <= number <= row.last:
        raise Refusal("pad.not_in_pad", kind=Kind.CONFLICT, details={"first": row.first, "last": row.last})
    if not reason.strip():
        raise Refusal("receipt.reason_missing", kind=Kind.MALFORMED)
    name = receipt_name(row.series, number)
    known = await store.form(work.session, pad_id, number)
    if known is not None and known.state == "used":
        raise Refusal("pad.form_used", kind=Kind.CONFLICT, details={"form": name})
    if number in store.blank_of(row):
        raise Refusal("pad.counted_blank", kind=Kind.CONFLICT, details={"form": name})
    if known is None:
        kept = None if picture is None else await work.parts.blobs.put(clean_picture(picture).content)
        work.session.add(
            PadForm(
                id=work.new_id(),
                agency_id=work.agency_id,
                pad_id=pad_id,
                number=number,
                state="voided",
                reason=reason.strip(),
                picture=kept,
                entered_at=work.now,
                entered_by=work.identity.person_id,
            )
        )
        await work.session.flush()
        audit(work.session, "pad.form_voided", "paper_pad", pad_id, form=name, reason=reason.strip())
    return await found_again(work, pad_id)


async def read_picture(work: Work, pad_id: UUID, number: int) -> bytes:
    """The picture of a voided form. Raises Refusal `document.unknown`."""
    form = await store.form(work.session, pad_id, number)
    if form is None or form.picture is None:
        raise Refusal("document.unknown", kind=Kind.MISSING)
    audit(work.session, "document.read", "paper_pad", pad_id, number=number)
    return await work.parts.blobs.get(form.picture)


async def take_back(work: Work, pad_id: UUID, *, blank: Sequence[Run]) -> PadRow:
    """The agent brings the pad back; `blank` are the forms that were counted. What is nowhere is a task.

    May be said again when a form turns up. Raises Refusal `pad.unknown`, and those of `pads.counted_blank`.
    """
    row = await store.pad(work.session, pad_id)
    taken = await store.taken(work.session, pad_id)
    numbers = rules.counted_blank(Run(row.first, row.last), blank, taken=taken)
    again = row.returned_at is not None
    if again and store.blank_of(row) == numbers:
        return (await store.pad_rows(work.session, pad_id=pad_id))[0]
    row.blank = [[run.first, run.last] for run in rules.runs_of(numbers)]
    if not again:
        row.returned_at, row.returned_to = work.now, work.identity.person_id
    await work.session.flush()
    agent = await store.person(work.session, row.agent_id)
    where = rules.standing(Run(row.first, row.last), taken, came_back=numbers)
    if where.missing:
        await tasks.add(
            work.session,
            MISSING,
            subject=("paper_pad", str(pad_id)),
            due_on=work.today,
            details={
                "agent": agent.name,
                "forms": ", ".join(receipt_name(row.series, number) for number in where.missing),
            },
            now=work.now,
            new_id=work.new_id,
        )
    _tell(work, "pad.came_back", row, agent=agent.name, missing=len(where.missing))
    return await found_again(work, pad_id)


async def found_again(work: Work, pad_id: UUID) -> PadRow:
    """The pad now; if none of its forms is missing any more, the task about them is done."""
    row = (await store.pad_rows(work.session, pad_id=pad_id))[0]
    if row.returned_at is not None and not row.missing:
        await tasks.finish_about(work.session, MISSING, [str(pad_id)], person_id=work.identity.person_id, now=work.now)
    return row


def _tell(work: Work, kind: str, row: PaperPad, **more: object) -> None:
    body = {"series": row.series, "first": row.first, "last": row.last, "pad_kind": row.kind, **more}
    tell(work.session, NewFact(kind, work.now, body=body))
    audit(work.session, kind, "paper_pad", row.id, **body)
