"""Addresses that wait for a person: the queue by what fixing is worth, and a person's word."""

from __future__ import annotations

from uuid import UUID

import msgspec

from fieldapp.domain.conduct import Severity
from fieldapp.services import planning
from fieldapp.services.work import Work
from fieldapp.store import addresses, tasks
from fieldapp.store.cards import address_card
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.dispatch import Candidate
from fieldapp.store.shapes.office import AddressCandidate, DoubtfulAddress, SettledAddress

_CURED = frozenset({"conduct.address_doubtful", "conduct.address_rejected"})
"""What a pin puts right."""


async def list_doubtful(work: Work) -> list[DoubtfulAddress]:
    """The doubtful addresses, the one first whose fixing is worth most: what a visit there is expected to recover
    today, nothing where another rule stops the visit anyway; then the placement that ends first."""
    rows = await addresses.doubtful(work.session)
    judged = await planning.candidates_on(work, work.today, only={address.practice_id for address, _, _ in rows})
    known = {one.shown.practice_id: one.shown for one in judged}
    found = [
        DoubtfulAddress(
            address=address_card(address),
            practice_id=address.practice_id,
            practice_number=number,
            debtor_name=debtor,
            why=address.why,
            alternatives=msgspec.convert(address.alternatives, list[AddressCandidate]),
            worth_cents=_worth(known[address.practice_id]),
            placement_ends_on=known[address.practice_id].placement_ends_on,
        )
        for address, number, debtor in rows
    ]
    return sorted(found, key=lambda one: (-one.worth_cents, one.placement_ends_on))


def _worth(shown: Candidate) -> int:
    stops = any(f.severity != Severity.WARNS.value and f.code not in _CURED for f in shown.findings)
    return 0 if stops else shown.prize_cents


async def settle(work: Work, address_id: UUID, *, lat_e6: int, lon_e6: int, confirm: bool) -> SettledAddress:
    """Confirm an address at the pin, or with `confirm` false say that it does not exist; all doubtful ones that are
    spelled the same are settled with it.

    Raises Refusal `address.unknown`, `address.settled_meanwhile`.
    """
    settled = await addresses.settle(
        work.session,
        address_id,
        lat_e6=lat_e6,
        lon_e6=lon_e6,
        confirmed=confirm,
        now=work.now,
        new_id=work.parts.new_id,
    )
    await tasks.finish_about(
        work.session,
        "address.doubtful",
        [str(old.id) for old, _ in settled],
        person_id=work.identity.person_id,
        now=work.now,
    )
    for old, new in settled:
        body = {"address_id": str(new.id), "instead_of": str(old.id), "state": new.state}
        tell(work.session, NewFact("address.settled", work.now, practice_id=new.practice_id, body=body))
        audit(work.session, "address.settled", "address", old.id, **body)
    return SettledAddress(address=address_card(settled[0][1]), practices=len({new.practice_id for _, new in settled}))
