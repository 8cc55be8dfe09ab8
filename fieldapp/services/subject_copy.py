"""What is kept of a person, in their hands (art. 15 GDPR): one archive that a person and a program can read.

Made for whoever has been identified (art. 12(6)), by somebody of the office, who looks at it before it leaves.
"""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from fieldapp.documents.creditor_account import Language
from fieldapp.documents.subject_copy import From, subject_pdf
from fieldapp.domain.errors import Refusal
from fieldapp.domain.subject_copy import documents_of, of_practice
from fieldapp.services import office, outgoing
from fieldapp.services.work import Work
from fieldapp.store import access, practice_file
from fieldapp.store import subject_copy as store
from fieldapp.store.feed import audit
from fieldapp.words import TEXT

MOST_BYTES = 200_000_000
"""Of documents in one archive; what comes after is named in it and given apart."""


@dataclass(frozen=True, slots=True)
class Copy:
    name: str
    content: bytes


async def copy_of_data(
    work: Work, practice_id: UUID, *, obligor_id: UUID, identified_by: str, language: Language
) -> Copy:
    """A ZIP of `dati.pdf`, `dati.json` and the documents, over all practices of the obligor's person.

    Raises Refusal `practice.unknown`, `subject.unknown`.
    """
    who = await store.obligor_in(work.session, practice_id, obligor_id)
    people = await store.everywhere(work.session, who)
    practices, files = [], []
    for one in people:
        places = await practice_file.addresses(work.session, one.practice_id)
        own = frozenset(str(place.id) for place in places if place.obligor_id == one.id)
        file = msgspec.to_builtins(await office.read_practice(work, one.practice_id))
        told = msgspec.to_builtins(await outgoing.all_told_of(work, one.practice_id))
        notes = await store.notes_of(work.session, one.practice_id)
        theirs = of_practice(file, str(one.id), addresses=own, notes=notes)
        practices.append({**theirs, "told": told if one.role == "debtor" else []})
        if one.role == "debtor":
            files += [(file["practice_number"], document) for document in documents_of(file)]
    kept, left_out = await _documents(work, files)
    agency = await access.agency_of_session(work.session)
    licence = f"{agency.licence_number} · {agency.licence_authority}"
    head = From(agency.legal_name or agency.name, agency.address, licence, work.now)
    pdf = await asyncio.to_thread(
        subject_pdf, practices, head, zone=work.parts.zone, labels=_labels(language), language=language
    )
    data = {
        "regulation": "(EU) 2016/679, art. 15",
        "made_at": work.now.isoformat(),
        "processor": {"name": head.agency, "address": head.agency_address},
        "practices": practices,
        "documents_given_apart": left_out,
    }
    text = json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True).encode()
    content = await asyncio.to_thread(_archive, [("dati.pdf", pdf), ("dati.json", text), *kept])
    audit(
        work.session,
        "subject.copied",
        "obligor",
        obligor_id,
        identified_by=identified_by,
        practices=[one["practice_number"] for one in practices],
        documents=len(kept),
    )
    return Copy(f"dati-{work.today:%Y%m%d}.zip", content)


async def _documents(
    work: Work, files: Sequence[tuple[str, Mapping[str, Any]]]
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Name in the archive and bytes, and the names of those that are too large for it or have not arrived."""
    kept: list[tuple[str, bytes]] = []
    left_out, size = [], 0
    for number, (practice, document) in enumerate(files, start=1):
        name = f"documenti/{_plain(practice)}/{number:03}-{_plain(document['name'])}"
        fits = size + document["size_bytes"] <= MOST_BYTES
        try:
            content = await work.parts.blobs.get(document["sha256"]) if fits else None
        except Refusal:
            content = None
        if content is None:
            left_out.append(name)
        else:
            kept.append((name, content))
            size += len(content)
    return kept, left_out


def _plain(name: str) -> str:
    """A name that no program that unpacks takes for a path."""
    return "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name).strip(". ")[:80] or "_"


def _archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


@lru_cache
def _labels(language: Language) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name in ("outcomes", "agreements.desk", "register.desk", "desk"):
        labels |= json.loads((TEXT / f"{name}.{language}.json").read_text(encoding="utf-8"))
    return labels
