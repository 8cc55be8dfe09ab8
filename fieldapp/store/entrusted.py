"""Writes what a creditor entrusts: a whole file's practices, statements, ledger entries, facts and tasks in batches.

The caller holds the creditor's lock and commits; nothing here commits, so a file is written whole or not at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from fieldapp.domain.intake import AddressDraft, DebtLineDraft, ObligorRole, PracticeDraft, SubjectKind
from fieldapp.domain.ledger import LineBalance, NewEntry
from fieldapp.domain.packed import Packed
from fieldapp.domain.statements import Adjustment, PaymentTaken, adjust, cut_of, draft_digest
from fieldapp.domain.tax_codes import one_slip_away
from fieldapp.store import addresses, ledger, same_debtor, statements
from fieldapp.store.addresses import CONFIRMED
from fieldapp.store.batches import insert_rows
from fieldapp.store.cards import by_practice
from fieldapp.store.columns import Keyring
from fieldapp.store.database import agency_of
from fieldapp.store.feed import NewFact, tell
from fieldapp.store.intake import KnownPractice, chunks, known_practices
from fieldapp.store.practices import searchable
from fieldapp.store.tables.office import Task
from fieldapp.store.tables.practice import (
    Address,
    CreditDocument,
    DebtLine,
    Obligor,
    Phone,
    Placement,
    Practice,
    Statement,
)

NO_END = date(9999, 12, 31)
"""End of a placement that the creditor gave none."""
SOURCE = "creditor"
_ORDER: tuple[type[SQLModel], ...] = (
    Practice,
    Obligor,
    DebtLine,
    Address,
    Phone,
    Statement,
    CreditDocument,
    Task,
)
_DUE_IN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class PlacedAddress:
    """A creditor's address after normalising and geocoding; `lat_e6` is None where nothing is known."""

    text: str
    street: str = ""
    house_number: str = ""
    staircase: str = ""
    unit: str = ""
    cap: str = ""
    comune: str = ""
    province: str = ""
    lat_e6: int | None = None
    lon_e6: int | None = None
    town: int = -1
    quality: str = "none"
    confidence_pct: int = 0
    state: str = "doubtful"
    why: str = ""
    alternatives: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of the credit whose bytes are in the blob store already."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PlacedDrafts:
    """Some practices of a file, and where the addresses are that they name."""

    drafts: Sequence[PracticeDraft]
    places: Mapping[AddressDraft, PlacedAddress]


@dataclass(frozen=True, slots=True)
class Entrusting:
    """One file's content, ready to write; `portions` hold its drafts. `documents` go by practice number."""

    import_id: UUID
    file_name: str
    creditor_id: UUID
    portions: Packed[PlacedDrafts]
    documents: Mapping[str, Sequence[StoredDocument]]
    now: datetime
    zone: tzinfo
    new_id: Callable[[], UUID]

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


@dataclass(slots=True)
class Written:
    """What writing (or comparing) a file came to, in practices."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: list[str] = field(default_factory=list)
    """Practices of which a later statement is known: counted as unchanged."""
    alike: int = 0
    """Pairs of debtors found that may be one person."""
    recalled: list[UUID] = field(default_factory=list)
    """Practices that were here and that the file takes back."""
    stated: list[UUID] = field(default_factory=list)
    """Practices that were here and of which the file states a balance."""

    def add(self, portion: Written) -> None:
        self.new += portion.new
        self.changed += portion.changed
        self.unchanged += portion.unchanged
        self.older += portion.older
        self.alike += portion.alike
        self.recalled += portion.recalled
        self.stated += portion.stated


@dataclass(slots=True)
class _Compared:
    new: list[PracticeDraft] = field(default_factory=list)
    changed: list[tuple[PracticeDraft, KnownPractice]] = field(default_factory=list)
    known: dict[str, KnownPractice] = field(default_factory=dict)
    written: Written = field(default_factory=Written)


async def compare(session: AsyncSession, creditor_id: UUID, drafts: Packed[PracticeDraft], *, today: date) -> Written:
    """How many of the drafts are new, say something new, or nothing new; writes nothing."""
    total = Written()
    for portion in drafts.portions():
        total.add((await _compare(session, creditor_id, portion, today=today)).written)
    return total


async def _compare(
    session: AsyncSession, creditor_id: UUID, drafts: Sequence[PracticeDraft], *, today: date
) -> _Compared:
    result = _Compared()
    result.known = await known_practices(session, creditor_id, [draft.practice_number for draft in drafts])
    for draft in drafts:
        known = result.known.get(draft.practice_number)
        if known is None:
            result.new.append(draft)
        elif draft_digest(draft) in known.digests:
            result.written.unchanged += 1
        elif (draft.as_of or today) < known.as_of:
            result.written.unchanged += 1
            result.written.older.append(draft.practice_number)
        else:
            result.changed.append((draft, known))
    result.written.new, result.written.changed = len(result.new), len(result.changed)
    return result


async def write(session: AsyncSession, what: Entrusting, *, on_progress: Callable[[int], None]) -> Written:
    """Write all of it, portion by portion, so that no more than one is unfolded; `on_progress` hears 0..100."""
    total = Written()
    for done, portion in enumerate(what.portions, start=1):
        compared = await _compare(session, what.creditor_id, portion.drafts, today=what.today)
        writing = _Writing(session, what, await _as_pinned(session, portion.places))
        await writing.open_placements([*compared.new, *(draft for draft, _ in compared.changed)])
        for draft in compared.new:
            writing.begin(draft)
        await writing.change(compared.changed)
        await writing.attach(compared.known)
        await writing.flush()
        told = writing.practices_told_of()
        total.alike += await same_debtor.propose(
            session, told, import_id=what.import_id, now=what.now, new_id=what.new_id
        )
        total.recalled += writing.recalled
        total.stated += [known.id for _, known in compared.changed]
        total.add(compared.written)
        on_progress(100 * done // len(what.portions))
    return total


async def _as_pinned(
    session: AsyncSession, places: Mapping[AddressDraft, PlacedAddress]
) -> dict[AddressDraft, PlacedAddress]:
    """The places with the word of the people who have pointed at such an address before: it outranks the gazetteer."""
    pins = await addresses.pinned(session, (place.text for place in places.values()))
    found = {}
    for draft, place in places.items():
        if pin := pins.get((place.text, place.comune)):
            said = pin.model_dump(include=addresses.SAID)
            found[draft] = replace(place, **said, why="", alternatives=())
        else:
            found[draft] = place
    return found


class _Writing:
    """The rows of one portion while they are gathered, then written table by table."""

    def __init__(self, session: AsyncSession, what: Entrusting, places: Mapping[AddressDraft, PlacedAddress]) -> None:
        self.session = session
        self.what = what
        self.places = places
        self.agency_id = agency_of(session)
        self.rows: dict[type[SQLModel], list[dict[str, Any]]] = {table: [] for table in _ORDER}
        self.updates: list[dict[str, Any]] = []
        self.entries: list[NewEntry] = []
        self.facts: list[NewFact] = []
        self.placements: dict[tuple[date, date], UUID] = {}
        self.numbers: dict[str, UUID] = {}
        self.recalled: list[UUID] = []

    def add(self, table: type[SQLModel], **values: Any) -> UUID:
        row_id = self.what.new_id()
        self.rows[table].append({"id": row_id, "agency_id": self.agency_id, **values})
        return row_id

    def tell(self, kind: str, practice_id: UUID, **body: Any) -> None:
        self.facts.append(
            NewFact(kind, self.what.now, practice_id=practice_id, creditor_id=self.what.creditor_id, body=body)
        )

    def placed(self, draft: PracticeDraft) -> tuple[date, date]:
        """Start and end of the placement; what the creditor leaves open begins with the statement and has no end."""
        starts_on = draft.placement_starts_on or draft.as_of or self.what.today
        return starts_on, draft.placement_ends_on or max(NO_END, starts_on)

    async def open_placements(self, drafts: Iterable[PracticeDraft]) -> None:
        query = select(Placement).where(Placement.creditor_id == self.what.creditor_id)
        self.placements = {(row.starts_on, row.ends_on): row.id for row in (await self.session.exec(query)).all()}
        missing = sorted({self.placed(draft) for draft in drafts} - self.placements.keys())
        for starts_on, ends_on in missing:
            row = Placement(
                id=self.what.new_id(),
                agency_id=self.agency_id,
                creditor_id=self.what.creditor_id,
                starts_on=starts_on,
                ends_on=ends_on,
            )
            self.session.add(row)
            self.placements[(starts_on, ends_on)] = row.id
        await self.session.flush()

    def begin(self, draft: PracticeDraft) -> None:
        """A practice that the creditor entrusts for the first time."""
        as_of = draft.as_of or self.what.today
        practice_id = self.add(
            Practice,
            creditor_id=self.what.creditor_id,
            placement_id=self.placements[self.placed(draft)],
            practice_number=draft.practice_number,
            phase=draft.phase,
            state="recalled" if draft.recalled else "open",
            case_owner_name=draft.case_owner,
            case_owner_phone="",
            as_of=as_of,
            stated_at=self.what.now,
            search_text=self.search_text(draft),
            next_action=None,
            next_action_on=None,
            debtor_group=None,
            skills=[],
            skills_told=list(draft.skills or ()),
        )
        self.numbers[draft.practice_number] = practice_id
        debtor_id = self.add_people(practice_id, draft, have=())
        self.add_addresses(practice_id, debtor_id, draft, have=())
        self.add_phones(practice_id, debtor_id, draft, have=frozenset())
        stated = self.add_lines(practice_id, draft, have={})
        adjustment = self.state(practice_id, draft, stated, present={}, payments=())
        self.tell(
            "practice.entrusted",
            practice_id,
            as_of=as_of.isoformat(),
            total_cents=draft.total_cents,
            import_id=str(self.what.import_id),
        )
        assert not adjustment.untold
        if draft.recalled:
            self.tell("practice.recalled", practice_id)

    def search_text(self, draft: PracticeDraft) -> str:
        places = (self.places[address].text for address in draft.addresses)
        return searchable(draft.debtor.name, *(obligor.name for obligor in draft.obligors), *places)

    def add_people(self, practice_id: UUID, draft: PracticeDraft, *, have: Sequence[Obligor]) -> UUID:
        """Debtor and others bound, as far as they are not known yet; the debtor's id."""
        known = {searchable(row.name): row.id for row in have}
        debtor_id = next((row.id for row in have if row.role == "debtor"), None)
        if debtor_id is None:
            debtor_id = self._add_person(
                practice_id,
                0,
                role="debtor",
                name=draft.debtor.name,
                kind="firm" if draft.debtor.kind is SubjectKind.COMPANY else "person",
                tax_code=draft.debtor.tax_code,
                vat_number=draft.debtor.vat_number or None,
                born_on=draft.debtor.born_on,
            )
        for position, obligor in enumerate(draft.obligors, start=1):
            if searchable(obligor.name) not in known:
                guarantor = obligor.role is ObligorRole.GUARANTOR
                self._add_person(
                    practice_id,
                    position,
                    role="guarantor" if guarantor else "co_obligor",
                    name=obligor.name,
                    kind="person",
                    tax_code=obligor.tax_code,
                    vat_number=None,
                    born_on=None,
                )
        return debtor_id

    def _add_person(self, practice_id: UUID, position: int, *, tax_code: str, **values: Any) -> UUID:
        keyring = Keyring.current()
        index = keyring.index("tax_code", tax_code) if tax_code else None
        return self.add(
            Obligor,
            practice_id=practice_id,
            position=position,
            tax_code=tax_code or None,
            tax_code_index=index,
            tax_code_near=sorted(keyring.index("tax_code", near) for near in one_slip_away(tax_code)),
            **values,
        )

    def add_addresses(
        self, practice_id: UUID, debtor_id: UUID, draft: PracticeDraft, *, have: Sequence[Address]
    ) -> None:
        """Addresses that are not known yet; a doubtful one becomes a task."""
        known = {row.text for row in have}
        for address in draft.addresses:
            place = self.places[address]
            if place.text in known:
                continue
            known.add(place.text)
            address_id = self.add(
                Address,
                practice_id=practice_id,
                obligor_id=debtor_id,
                kind="home",
                text=place.text,
                street=place.street,
                house_number=place.house_number,
                staircase=place.staircase,
                unit=place.unit,
                cap=place.cap,
                comune=place.comune,
                province=place.province,
                lat_e6=place.lat_e6,
                lon_e6=place.lon_e6,
                town=place.town,
                quality=place.quality,
                confidence_pct=place.confidence_pct,
                state=place.state,
                why=place.why,
                alternatives=[dict(each) for each in place.alternatives],
                access_notes="",
                source=SOURCE,
                recorded_at=self.what.now,
                current=True,
                instead_of=None,
                recorded_by=None,
            )
            if place.state != CONFIRMED and not draft.recalled:
                self.add_task("address.doubtful", practice_id, "address", address_id, {"why": place.why})

    def add_task(
        self, kind: str, practice_id: UUID | None, subject_kind: str, subject_id: UUID, details: dict[str, Any]
    ) -> None:
        self.add(
            Task,
            kind=kind,
            team="back_office",
            owner_id=None,
            due_on=self.what.today + _DUE_IN,
            created_at=self.what.now,
            finished_at=None,
            finished_by=None,
            note="",
            state="open",
            practice_id=practice_id,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            details=details,
        )

    def add_phones(self, practice_id: UUID, debtor_id: UUID, draft: PracticeDraft, *, have: frozenset[str]) -> None:
        keyring = Keyring.current()
        known = set(have)
        for number in draft.phones:
            index = keyring.index("phone", number)
            if index not in known:
                known.add(index)
                self.add(
                    Phone,
                    practice_id=practice_id,
                    obligor_id=debtor_id,
                    number=number,
                    number_index=index,
                    source=SOURCE,
                )

    def add_lines(
        self, practice_id: UUID, draft: PracticeDraft, *, have: Mapping[tuple[str, date], UUID]
    ) -> dict[UUID, LineBalance]:
        """What the draft states by debt line; a title that is not known yet becomes a new line."""
        starts_on, _ = self.placed(draft)
        stated: dict[UUID, LineBalance] = {}
        for position, (title, due_on, line) in enumerate(named_lines(draft.debt_lines, otherwise_due=starts_on)):
            line_id = have.get((title, due_on)) or self.add(
                DebtLine,
                practice_id=practice_id,
                position=position,
                title=title,
                kind=line.kind,
                due_on=due_on,
                principal_cents=line.principal_cents,
                interest_cents=line.interest_cents,
                costs_cents=line.costs_cents,
            )
            stated[line_id] = LineBalance(line.principal_cents, line.interest_cents, line.costs_cents)
        return stated

    def state(
        self,
        practice_id: UUID,
        draft: PracticeDraft,
        stated: Mapping[UUID, LineBalance],
        *,
        present: Mapping[UUID, LineBalance],
        payments: Sequence[PaymentTaken],
    ) -> Adjustment:
        """The statement and the entry that follows from it."""
        as_of = draft.as_of or self.what.today
        digest = draft_digest(draft)
        statement_id = self.add(
            Statement,
            practice_id=practice_id,
            import_id=self.what.import_id,
            as_of=as_of,
            total_cents=draft.total_cents,
            digest=digest,
        )
        adjustment = adjust(
            cut=cut_of(as_of, now=self.what.now, zone=self.what.zone),
            creditor_id=self.what.creditor_id,
            practice_id=practice_id,
            idempotency_key=f"statement:{statement_id}",
            stated=stated,
            present=present,
            payments=payments,
            memo=self.what.file_name,
        )
        if adjustment.entry is not None:
            self.entries.append(adjustment.entry)
        if adjustment.untold:
            self.add_task(
                "balance.differs",
                practice_id,
                "statement",
                statement_id,
                statements.difference(adjustment, stated_cents=draft.total_cents, as_of=as_of),
            )
        return adjustment

    async def change(self, changed: Sequence[tuple[PracticeDraft, KnownPractice]]) -> None:
        """Practices of which the creditor says something new."""
        for portion in chunks(changed):
            ids = [known.id for _, known in portion]
            lines = await by_practice(self.session, DebtLine, ids)
            people = await by_practice(self.session, Obligor, ids, order=col(Obligor.position))
            addresses = await by_practice(self.session, Address, ids)
            phones = await by_practice(self.session, Phone, ids)
            books = await self._books(portion)
            last = await statements.last_statements(self.session, ids)
            for draft, known in portion:
                debtor_id = self.add_people(known.id, draft, have=people[known.id])
                self._renew_addresses(known.id, debtor_id, draft, addresses[known.id])
                told = frozenset(row.number_index or "" for row in phones[known.id])
                self.add_phones(known.id, debtor_id, draft, have=told)
                have = {(row.title, row.due_on): row.id for row in lines[known.id]}
                present, payments = books[known.id]
                stated = self.add_lines(known.id, draft, have=have)
                adjustment = self.state(known.id, draft, stated, present=present, payments=payments)
                self._contradict(draft, known, last.get(known.id))
                self._change_practice(draft, known, adjustment)

    def _contradict(self, draft: PracticeDraft, known: KnownPractice, before: statements.LastStatement | None) -> None:
        """A system said otherwise of the same day: the file holds, being the last word, and a person hears of both."""
        against = statements.contradiction(
            before,
            source=self.what.file_name,
            account_id=None,
            total_cents=draft.total_cents,
            as_of=draft.as_of or self.what.today,
        )
        if before is not None and against:
            self.add_task("balance.contradicted", known.id, "statement", before.row.id, against)

    def _renew_addresses(
        self, practice_id: UUID, debtor_id: UUID, draft: PracticeDraft, have: Sequence[Address]
    ) -> None:
        self.add_addresses(practice_id, debtor_id, draft, have=have)
        named = {self.places[address].text for address in draft.addresses}
        for row in have:
            # What a person settled stays in force; of the creditor's own addresses only the last named ones do.
            if row.current and row.source == SOURCE and named and row.text not in named:
                row.current = False

    async def _books(
        self, changed: Sequence[tuple[PracticeDraft, KnownPractice]]
    ) -> dict[UUID, tuple[dict[UUID, LineBalance], list[PaymentTaken]]]:
        """The claim at each statement's date, and the payments taken, by practice."""
        by_cut: dict[datetime, list[UUID]] = defaultdict(list)
        for draft, known in changed:
            cut = cut_of(draft.as_of or self.what.today, now=self.what.now, zone=self.what.zone)
            by_cut[cut].append(known.id)
        return await statements.books_at(self.session, by_cut)

    def _change_practice(self, draft: PracticeDraft, known: KnownPractice, adjustment: Adjustment) -> None:
        as_of = draft.as_of or self.what.today
        placement_id = self.placements[self.placed(draft)]
        again = known.state == "recalled" or (known.state == "closed" and placement_id != known.placement_id)
        state = "recalled" if draft.recalled else "open" if again else known.state
        self.updates.append(
            {
                "id": known.id,
                "placement_id": placement_id,
                "phase": draft.phase,
                "state": state,
                "case_owner_name": draft.case_owner,
                "as_of": as_of,
                "stated_at": self.what.now,
                "search_text": self.search_text(draft),
                # A file without such a column says nothing of it.
                "skills_told": known.skills_told if draft.skills is None else list(draft.skills),
            }
        )
        self.tell(
            "practice.statement",
            known.id,
            as_of=as_of.isoformat(),
            total_cents=draft.total_cents,
            untold_cents=adjustment.untold_cents,
            import_id=str(self.what.import_id),
        )
        if state != known.state:
            if draft.recalled:
                self.recalled.append(known.id)
            self.tell("practice.recalled" if draft.recalled else "practice.reopened", known.id)

    async def attach(self, known: Mapping[str, KnownPractice]) -> None:
        """Documents of the credit, each once per practice."""
        ids = {**{number: practice.id for number, practice in known.items()}, **self.numbers}
        wanted = {number: documents for number, documents in self.what.documents.items() if number in ids}
        present = await by_practice(self.session, CreditDocument, [ids[number] for number in wanted])
        for number, documents in wanted.items():
            have = {row.sha256 for row in present[ids[number]]}
            for document in documents:
                if document.sha256 not in have:
                    have.add(document.sha256)
                    self.add(
                        CreditDocument,
                        practice_id=ids[number],
                        visit_id=None,
                        name=document.name,
                        kind="credit",
                        media_type=document.media_type,
                        size_bytes=document.size_bytes,
                        sha256=document.sha256,
                        small_sha256=None,
                        added_at=self.what.now,
                    )

    def practices_told_of(self) -> set[UUID]:
        """Practices with a person, an address or a telephone number that was not known before."""
        return {row["practice_id"] for table in (Obligor, Address, Phone) for row in self.rows[table]}

    async def flush(self) -> None:
        """Write what was gathered; tables in the order that their keys ask for."""
        await self.session.flush()
        for table in _ORDER:
            await insert_rows(self.session, table, self.rows[table])
        if self.updates:
            await self.session.execute(update(Practice), self.updates)
        await ledger.post(self.session, self.entries, now=self.what.now, new_id=self.what.new_id)
        tell(self.session, *self.facts)


def named_lines(lines: Iterable[DebtLineDraft], *, otherwise_due: date) -> list[tuple[str, date, DebtLineDraft]]:
    """Each line with a title that is unique for its due date: a second equal one is `title (2)`."""
    seen: Counter[tuple[str, date]] = Counter()
    named = []
    for line in lines:
        key = (line.title, line.due_on or otherwise_due)
        seen[key] += 1
        title = line.title if seen[key] == 1 else f"{line.title} ({seen[key]})".strip()
        named.append((title, key[1], line))
    return named
