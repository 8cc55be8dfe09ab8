"""A year of reports behind the demo's practices, written in bulk: what would take a phone's door days.

The rows are made by the same code that writes the reports of phones (`store.envelopes`), under row security, with every
constraint and the ledger's balance checked at each commit. What is left out is the judging of each report, and the
audit entry that each envelope gets.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from random import Random
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fieldapp.demo.names import FEMALE_NAMES, MALE_NAMES
from fieldapp.demo.past import Line, PastPhone, PastPractice
from fieldapp.demo.people import invent_surname
from fieldapp.domain.access import Identity, Role
from fieldapp.domain.sync import Decision
from fieldapp.services.work import Parts, working
from fieldapp.store import access, envelopes, founding
from fieldapp.store.database import agency_of
from fieldapp.store.feed import tell
from fieldapp.store.office_series import LAST_NUMBER

AGENTS = 24
"""Agents who no longer work here, and whose phones told all of it."""
PRACTICES = 200
"""Written in one transaction."""
_AT_ONCE = 3
"""While the database writes one portion, the next is invented."""


async def write_past(
    parts: Parts, office: Identity, *, events: int, seed: int, say: Callable[[str], None], agents: int = AGENTS
) -> int:
    """Give every practice that is not recalled about `events` facts of the past year; returns how many envelopes."""
    phones = [await _enrolled(parts, office, Random(f"{seed}/past/{number}")) for number in range(agents)]
    portions = _Portions(parts, office)
    written = done = 0

    async def work_off(own: Sequence[PastPhone]) -> None:
        nonlocal written, done
        turn = 0
        while own and (portion := await anext(portions, None)) is not None:
            told = await _write(parts, office, own[turn % len(own)], portion, events=events, seed=seed)
            written, turn = written + told, turn + 1
            before, done = done, done + len(portion)
            if done // 10_000 > before // 10_000:
                say(f"  {done} practices with their past, {written} envelopes")

    await asyncio.gather(*(work_off(phones[first::_AT_ONCE]) for first in range(_AT_ONCE)))
    return written


class _Portions:
    """Practices by id, so many at a time, handed to whoever asks next."""

    def __init__(self, parts: Parts, office: Identity) -> None:
        self._parts = parts
        self._office = office
        self._last: UUID | None = None
        self._turn = asyncio.Lock()

    def __aiter__(self) -> AsyncIterator[list[founding.Entrusted]]:
        return self

    async def __anext__(self) -> list[founding.Entrusted]:
        async with self._turn, working(self._parts, self._office) as work:
            found = await founding.entrusted_after(work.session, self._last, limit=PRACTICES)
            if not found:
                raise StopAsyncIteration
            self._last = found[-1].practice_id
            return found


async def _enrolled(parts: Parts, office: Identity, random: Random) -> PastPhone:
    """An agent who has left, with the phone that was theirs."""
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    name = f"{random.choice((*MALE_NAMES, *FEMALE_NAMES))} {invent_surname(random)}"
    async with working(parts, office) as work:
        agency = await access.agency_of_session(work.session)
        agent_id = parts.new_id()
        number = f"C{agent_id.hex[-6:].upper()}"
        agent = founding.Person(
            id=agent_id,
            agency_id=agency_of(work.session),
            role=Role.AGENT.value,
            login=f"cessato-{number.lower()}",
            name=name,
            password_hash="",
            agent_number=number,
            active=False,
        )
        work.session.add(agent)
        await work.session.flush()
        device = await access.add_device(
            work.session,
            person_id=agent.id,
            name="Telefono restituito",
            public_key=point,
            now=work.now,
            new_id=parts.new_id,
            block_size=LAST_NUMBER,
        )
        device.revoked_at = work.now
        issuer = {
            "name": agency.legal_name,
            "vat": agency.vat_number,
            "licence": f"{agency.licence_number}, {agency.licence_authority}",
            "address": agency.address,
            "phone": agency.phone,
        }

    def sign(message: bytes) -> str:
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
        return base64.urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).rstrip(b"=").decode()

    return PastPhone(device.id, device.series, name, number, issuer, sign, parts.new_id)


async def _write(
    parts: Parts, office: Identity, phone: PastPhone, portion: Sequence[founding.Entrusted], *, events: int, seed: int
) -> int:
    decisions: list[Decision] = []
    async with working(parts, office) as work:
        for known in portion:
            random = Random(f"{seed}/past/{known.practice_number}")
            decisions += phone.happenings(_past_practice(known), random, today=work.today, events=events)
        sent_by = await envelopes.sender(work.session, phone.device_id)
        facts = await envelopes.write(
            work.session,
            decisions,
            sent_by,
            creditors={known.practice_id: known.creditor_id for known in portion},
            now=work.now,
            today=work.today,
            new_id=parts.new_id,
            # Nobody is to review a past that never was.
            review_percent=0,
        )
        tell(work.session, *facts)
    return len(decisions)


def _past_practice(known: founding.Entrusted) -> PastPractice:
    return PastPractice(
        id=known.practice_id,
        number=known.practice_number,
        creditor=known.creditor_name,
        iban=known.iban,
        debtor=known.debtor,
        comune=known.comune,
        address_id=known.address_id,
        lines=[
            Line(line_id, title, left.principal_cents, left.interest_cents, left.costs_cents)
            for line_id, title, left in known.lines
        ],
    )
