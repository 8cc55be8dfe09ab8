"""Debtors that may be one person: sought by what they share, kept as pairs, joined by what a person says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import func, or_, text, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.places import door_of
from fieldapp.domain.same_debtor import SeenDebtor, joined, likeness, strength
from fieldapp.store.batches import insert_rows
from fieldapp.store.cards import by_practice
from fieldapp.store.columns import among
from fieldapp.store.database import agency_of
from fieldapp.store.shapes.debtors import DebtorPair, DebtorSide, JoinedPractice
from fieldapp.store.tables.debtors import DebtorMatch
from fieldapp.store.tables.practice import Address, Creditor, Obligor, Phone, Practice

CROWD = 40
"""A number, birthday or door that more debtors share tells nothing of any two of them."""
_NO_CROWD = 1_000_000
_CERTAIN = frozenset({"tax_code", "vat_number"})

_SHARED = {
    # A slip is sought on both sides: under the code itself and under the sound ones near it.
    "tax_code": """
        with own as (
          select tax_code_index as value from obligor
          where role = 'debtor' and practice_id = any(:told) and tax_code_index is not null
          union
          select jsonb_array_elements_text(tax_code_near) from obligor
          where role = 'debtor' and practice_id = any(:told)
        )
        select practice_id, tax_code_index from obligor
        where role = 'debtor' and tax_code_index in (select value from own)
        union all
        select o.practice_id, near.value from obligor o, jsonb_array_elements_text(o.tax_code_near) as near(value)
        where o.role = 'debtor' and o.tax_code_near ?| array(select value from own)
    """,
    "vat_number": """
        select practice_id, vat_number from obligor where role = 'debtor' and vat_number in (
          select vat_number from obligor where role = 'debtor' and practice_id = any(:told) and vat_number is not null)
    """,
    "born_on": """
        select practice_id, born_on::text from obligor where role = 'debtor' and born_on in (
          select born_on from obligor where role = 'debtor' and practice_id = any(:told) and born_on is not null)
    """,
    "phone": """
        select practice_id, number_index from phone where number_index in (
          select number_index from phone where practice_id = any(:told))
    """,
    "door": """
        select practice_id, comune || '|' || street || '|' || house_number from address
        where house_number <> '' and (comune, street, house_number) in (
          select comune, street, house_number from address where practice_id = any(:told) and house_number <> '')
    """,
}
"""By what is shared: the practices that share it with one of those told of, and the value."""
_TOGETHER = """
    select array_agg(distinct practice_id) from ({shared}) as shared(practice_id, value)
    group by value having count(distinct practice_id) between 2 and :crowd
"""


async def propose(
    session: AsyncSession,
    told: Collection[UUID],
    *,
    import_id: UUID | None,
    now: datetime,
    new_id: Callable[[], UUID],
) -> int:
    """Seek debtors who may be the same as those of the practices `told` of, in five statements and a few more where
    something is shared; pairs that are known, decided or not, stay as they are. Returns how many are new."""
    if not told:
        return 0
    pairs = await _pairs(session, told)
    if not pairs:
        return 0
    practices = {practice for pair in pairs for practice in pair}
    debtors, groups = await _seen(session, practices), await _groups(session, practices)
    rows = []
    for one, other in sorted(pairs):
        if one not in debtors or other not in debtors or (groups[one] is not None and groups[one] == groups[other]):
            continue
        if tells := likeness(debtors[one], debtors[other]):
            rows.append(
                {
                    "id": new_id(),
                    "agency_id": agency_of(session),
                    "one_practice_id": one,
                    "other_practice_id": other,
                    "tells": [tell.value for tell in tells],
                    "strength": strength(tells),
                    "import_id": import_id,
                    "found_at": now,
                }
            )
    return len(await insert_rows(session, DebtorMatch, rows, unless_there=True))


async def _pairs(session: AsyncSession, told: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Pairs of practices, the lower id first, of which one at least is told of and which share something."""
    new = frozenset(told)
    pairs: set[tuple[UUID, UUID]] = set()
    for kind, shared in _SHARED.items():
        query, certain = text(_TOGETHER.format(shared=shared)), kind in _CERTAIN
        asked = {"told": list(told), "crowd": _NO_CROWD if certain else CROWD}
        for (practices,) in (await session.execute(query, asked)).all():
            first, *others = ordered = sorted(practices)
            # Whoever is the same as the first is the same as all.
            found = ((first, other) for other in others) if certain else combinations(ordered, 2)
            pairs |= {pair for pair in found if pair[0] in new or pair[1] in new}
    return pairs


async def _seen(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, SeenDebtor]:
    ids = list(practice_ids)
    people = await by_practice(session, Obligor, ids, where=col(Obligor.role) == "debtor")
    phones = await by_practice(session, Phone, ids)
    addresses = await by_practice(session, Address, ids)
    return {
        practice_id: SeenDebtor(
            name=row.name,
            firm=row.kind == "firm",
            tax_code=row.tax_code or "",
            vat_number=row.vat_number or "",
            born_on=row.born_on,
            phones=frozenset(phone.number_index or "" for phone in phones[practice_id]),
            addresses=frozenset(
                door_of(at.comune, at.street, at.house_number) for at in addresses[practice_id] if at.house_number
            ),
        )
        for practice_id, (row, *_) in people.items()
    }


async def _groups(session: AsyncSession, practice_ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    query = select(Practice.id, Practice.debtor_group).where(col(Practice.id).in_(list(practice_ids)))
    return dict((await session.exec(query)).all())


async def pair_cards(session: AsyncSession, rows: Sequence[DebtorMatch]) -> list[DebtorPair]:
    """The pairs with both sides as their creditors' files tell of them."""
    sides = await _sides(session, {id_ for row in rows for id_ in (row.one_practice_id, row.other_practice_id)})
    return [
        DebtorPair(
            id=row.id,
            one=sides[row.one_practice_id],
            other=sides[row.other_practice_id],
            tells=row.tells,
            strength=row.strength,
            found_at=row.found_at,
        )
        for row in rows
    ]


async def _sides(session: AsyncSession, practice_ids: Iterable[UUID]) -> dict[UUID, DebtorSide]:
    ids = list(practice_ids)
    query = (
        select(Practice.id, Practice.practice_number, Creditor.name, Obligor)
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .join(Obligor, (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"))
        .where(col(Practice.id).in_(ids))
    )
    phones = await by_practice(session, Phone, ids)
    addresses = await by_practice(session, Address, ids, order=col(Address.recorded_at).desc())
    return {
        practice_id: DebtorSide(
            practice_id=practice_id,
            practice_number=number,
            creditor_name=creditor,
            name=person.name,
            tax_code=person.tax_code,
            vat_number=person.vat_number,
            born_on=person.born_on,
            phones=[phone.number or "" for phone in phones[practice_id]],
            addresses=list(dict.fromkeys(address.text for address in addresses[practice_id])),
        )
        for practice_id, number, creditor, person in (await session.exec(query)).all()
    }


# --- what a person says ---


async def lock(session: AsyncSession) -> None:
    """Until the transaction ends nobody else of the agency joins or parts debtors."""
    key = f"debtors:{agency_of(session)}"
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def match(session: AsyncSession, match_id: UUID) -> DebtorMatch:
    """Raises Refusal `debtor.match_unknown`."""
    row = await session.get(DebtorMatch, match_id, populate_existing=True, with_for_update=True)
    if row is None:
        raise Refusal("debtor.match_unknown", kind=Kind.MISSING)
    return row


_one, _other = aliased(Practice), aliased(Practice)


def _waiting(of: Any) -> Any:
    """`of` over the pairs that nobody has decided; none whose two are joined already, through a third."""
    return (
        select(of)
        .select_from(DebtorMatch)
        .join(_one, col(_one.id) == col(DebtorMatch.one_practice_id))
        .join(_other, col(_other.id) == col(DebtorMatch.other_practice_id))
        .where(
            col(DebtorMatch.verdict).is_(None),
            or_(col(_one.debtor_group).is_(None), col(_one.debtor_group).is_distinct_from(col(_other.debtor_group))),
        )
    )


async def undecided(session: AsyncSession, *, limit: int) -> list[DebtorMatch]:
    """Pairs that wait for a person, those first for which most speaks."""
    query = _waiting(DebtorMatch).order_by(
        col(DebtorMatch.strength).desc(), col(DebtorMatch.found_at), col(DebtorMatch.id)
    )
    return list((await session.exec(query.limit(limit))).all())


async def waiting(session: AsyncSession) -> int:
    """How many wait for a person, shown or not."""
    return int((await session.exec(_waiting(func.count()))).one())


async def undecided_of(session: AsyncSession, import_id: UUID) -> bool:
    """Whether a pair that came with this file waits."""
    query = select(DebtorMatch.id).where(DebtorMatch.import_id == import_id, col(DebtorMatch.verdict).is_(None))
    return (await session.exec(query.limit(1))).first() is not None


async def regroup(session: AsyncSession, practice_ids: Iterable[UUID]) -> None:
    """Group anew all practices that are or were joined with these, by the pairs that a person called the same."""
    groups = await _groups(session, list(practice_ids))
    marks = [group for group in groups.values() if group is not None]
    members = {*groups, *(await session.exec(select(Practice.id).where(col(Practice.debtor_group).in_(marks)))).all()}
    query = select(DebtorMatch.one_practice_id, DebtorMatch.other_practice_id).where(
        DebtorMatch.verdict == "same",
        or_(col(DebtorMatch.one_practice_id).in_(members), col(DebtorMatch.other_practice_id).in_(members)),
    )
    leaders = joined((one, other) for one, other in (await session.exec(query)).all())
    by_leader: dict[UUID | None, list[UUID]] = defaultdict(list)
    for practice_id in {*members, *leaders}:
        by_leader[leaders.get(practice_id)].append(practice_id)
    for leader, ids in by_leader.items():
        await session.execute(
            update(Practice)
            .where(col(Practice.id).in_(ids))
            .values(debtor_group=leader)
            .execution_options(synchronize_session=False)
        )


async def joined_with(session: AsyncSession, practice_id: UUID) -> list[JoinedPractice]:
    """The other practices of the same debtor."""
    own = select(Practice.debtor_group).where(Practice.id == practice_id).scalar_subquery()
    query: Any = (
        select(Practice.id, Practice.practice_number, Creditor.name)
        .join(Creditor, col(Creditor.id) == col(Practice.creditor_id))
        .where(col(Practice.debtor_group) == own, col(Practice.id) != practice_id)
        .order_by(col(Practice.practice_number), col(Practice.id))
    )
    found = (await session.exec(query)).all()
    if not found:
        return []
    direct = await _direct(session, practice_id)
    return [JoinedPractice(id_, number, creditor, direct.get(id_)) for id_, number, creditor in found]


async def _direct(session: AsyncSession, practice_id: UUID) -> Mapping[UUID, UUID]:
    query = select(DebtorMatch).where(
        DebtorMatch.verdict == "same",
        or_(col(DebtorMatch.one_practice_id) == practice_id, col(DebtorMatch.other_practice_id) == practice_id),
    )
    return {
        row.other_practice_id if row.one_practice_id == practice_id else row.one_practice_id: row.id
        for row in (await session.exec(query)).all()
    }


async def same_persons(session: AsyncSession, practices: Collection[UUID]) -> frozenset[UUID]:
    """The practices of these debtors: by tax code, VAT number, and what a person joined, as far as that leads."""
    found, new = frozenset(practices), frozenset(practices)
    while new:
        known_by = (col(Practice.debtor_group), col(Obligor.tax_code_index), col(Obligor.vat_number))
        rows = (await session.execute(_debtors(*known_by).where(among(Practice.id, new)))).all()
        groups, codes, numbers = ({row[at] for row in rows if row[at] is not None} for at in range(3))
        new = frozenset((await session.execute(_known_by(groups, codes, numbers))).scalars()) - found
        found |= new
    return found


def _known_by(groups: Collection[UUID], codes: Collection[str], numbers: Collection[str]) -> Any:
    """Each way apart: an `or` over two tables would read all practices."""
    return sqlalchemy.union(
        _debtors(col(Practice.id)).where(among(Practice.debtor_group, groups)),
        _debtors(col(Practice.id)).where(among(Obligor.tax_code_index, codes)),
        _debtors(col(Practice.id)).where(among(Obligor.vat_number, numbers)),
    )


def _debtors(*columns: Any) -> Any:
    return (
        sqlalchemy.select(*columns)
        .select_from(Practice)
        .join(Obligor, (col(Obligor.practice_id) == col(Practice.id)) & (col(Obligor.role) == "debtor"))
    )
