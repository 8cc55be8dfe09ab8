"""The judgement over a whole file: rows become practices, or come back with the reason; the sums must agree.

A bad line rejects its whole practice. Exact repeats count once; rows that contradict each other not at all.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date

from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import (
    Cell,
    DebtorDraft,
    Detail,
    Finding,
    IntakeReading,
    PracticeDraft,
    RawRow,
    RejectedPractice,
    RejectedRow,
    SubjectKind,
)
from fieldapp.domain.intake_content import MERGED, UNITED, IdentifierChecks, PracticeFacts, ReadRow, RowContent
from fieldapp.domain.intake_control import Sums
from fieldapp.domain.intake_frame import Frame, Header, RowKind
from fieldapp.domain.intake_layout import Field, Layout, RowsPerPractice
from fieldapp.domain.intake_rows import RowReader
from fieldapp.domain.packed import Made, Packed, Shelf, Shelved
from fieldapp.domain.skills import Skill

PROGRESS_EVERY = 500


def judge(
    rows: Callable[[], Iterable[RawRow]],
    layout: Layout,
    header: Header,
    *,
    today: date,
    checks: IdentifierChecks,
    serial_origin: date | None = None,
    warnings: Sequence[Finding] = (),
    on_progress: Callable[[int], None] | None = None,
) -> IntakeReading:
    """All rows below `header`, judged together; `warnings` are those of the container.

    `rows` begins anew each time it is called: the cells of rejected rows are fetched in a second pass, so that
    those of all others need not be kept. `on_progress` hears the number of rows read so far.
    Refusals: `intake.empty`, and those of `Sums.compare`.
    """
    reader = RowReader(layout, header, today=today, checks=checks, serial_origin=serial_origin)
    sums = Sums(layout, header, reader.amounts)
    # Packed, since all rows wait until the last one has been read: it may contradict the first.
    shelf: Shelf[ReadRow] = Shelf()
    practices = _collect(rows(), reader, sums, shelf, on_progress)
    if not sums.rows:
        raise Refusal("intake.empty")
    notes = [*warnings, *sums.compare(practices=len(practices)), *_lookalikes(practices, shelf)]
    if header.unused:
        notes.append(Finding("intake.columns_unused", None, {"columns": ", ".join(header.unused)[:300]}))
    verdict = _Verdict(notes=notes)
    for number in list(practices):
        found = [shelf.unpack(row) for row in practices.pop(number)]
        if number:
            _judge_practice(number, found, reader, verdict)
        else:
            for row in found:
                verdict.reject("", [row], row.reasons)
    return verdict.reading(rows, reader, sums)


def _collect(
    rows: Iterable[RawRow],
    reader: RowReader,
    sums: Sums,
    shelf: Shelf[ReadRow],
    on_progress: Callable[[int], None] | None,
) -> dict[str, list[bytes]]:
    frame = Frame(reader.header, reader.layout)
    practices: dict[str, list[bytes]] = {}
    for row in rows:
        kind = frame.kind(row)
        if kind is not RowKind.DATA:
            sums.note(row, kind)
            continue
        read = reader.read(row)
        sums.add(read)
        practices.setdefault(read.number, []).append(shelf.pack(read))
        if on_progress and sums.rows % PROGRESS_EVERY == 0:
            on_progress(sums.rows)
    if on_progress:
        on_progress(sums.rows)
    return practices


def _lookalikes(practices: Mapping[str, Sequence[bytes]], shelf: Shelf[ReadRow]) -> list[Finding]:
    """Numbers that differ only in capitals, or in zeros at the beginning that a spreadsheet may have taken."""
    notes = []
    for code, folded in (("intake.number_lookalike", str.casefold), ("intake.number_zeros", _without_zeros)):
        seen: dict[str, str] = {}
        for number, rows in practices.items():
            other = seen.setdefault(folded(number), number)
            if other != number:
                notes.append(Finding(code, shelf.unpack(rows[0]).line, {"number": number, "other": other}))
    return notes


def _without_zeros(number: str) -> str:
    return number.lstrip("0") if number.isdigit() else number


@dataclass(frozen=True, slots=True)
class _Rejection:
    number: str
    rows: tuple[ReadRow, ...]
    reasons: tuple[Finding, ...]


@dataclass(slots=True)
class _Verdict:
    """Accepted and rejected practices as they come, by their first rows; turned into a reading at the end."""

    notes: list[Finding]
    accepted: Packed[PracticeDraft] = field(default_factory=Packed)
    rejected: Shelved[_Rejection] = field(default_factory=Shelved)
    first_lines: array[int] = field(default_factory=lambda: array("q"))
    accepted_rows: int = 0
    accepted_cents: int = 0

    def accept(self, practice: PracticeDraft) -> None:
        self.accepted.append(practice)
        self.accepted_rows += len(practice.debt_lines)
        self.accepted_cents += practice.total_cents

    def reject(self, number: str, rows: Sequence[ReadRow], reasons: Iterable[Finding]) -> None:
        bare = tuple(replace(row, content=None, warnings=()) for row in rows)
        self.rejected.append(_Rejection(number, bare, tuple(reasons)))
        self.first_lines.append(bare[0].line)

    def reading(self, rows: Callable[[], Iterable[RawRow]], reader: RowReader, sums: Sums) -> IntakeReading:
        returned = [row.amounts.get(Field.TOTAL) for practice in self.rejected for row in practice.rows]
        return IntakeReading(
            layout=reader.layout.name,
            header=reader.header.titles,
            accepted=self.accepted,
            rejected=self._shown(rows),
            accepted_rows=self.accepted_rows,
            rejected_rows=len(returned),
            unreadable_rows=returned.count(None),
            accepted_cents=self.accepted_cents,
            rejected_cents=sum(cents or 0 for cents in returned),
            control_total_cents=sums.control_cents,
            warnings=tuple(sorted(self.notes, key=lambda note: note.line or 0)),
        )

    def _shown(self, rows: Callable[[], Iterable[RawRow]]) -> Sequence[RejectedPractice]:
        """The rejected practices in the order of the file. None of them stands as objects until it is looked at."""
        wanted = {row.line for practice in self.rejected for row in practice.rows}
        if not wanted:
            return ()
        shelf: Shelf[tuple[Cell, ...]] = Shelf()
        cells = {row.line: shelf.pack(row.cells) for row in rows() if row.line in wanted}
        self.rejected.sort(self.first_lines)
        return Made(self.rejected, lambda practice: _with_cells(practice, cells, shelf))


def _with_cells(practice: _Rejection, cells: Mapping[int, bytes], shelf: Shelf[tuple[Cell, ...]]) -> RejectedPractice:
    rows = tuple(
        RejectedRow(row.line, shelf.unpack(cells[row.line]), row.amounts.get(Field.TOTAL), row.amount_text)
        for row in practice.rows
    )
    return RejectedPractice(practice.number, rows, practice.reasons)


def _judge_practice(number: str, rows: list[ReadRow], reader: RowReader, verdict: _Verdict) -> None:
    reasons = [reason for row in rows for reason in row.reasons]
    if reasons:
        verdict.reject(number, rows, reasons)
        return
    kept = _without_repeats(number, rows, reader.layout, verdict)
    contradictions = _contradictions(number, kept, reader.layout)
    if contradictions:
        verdict.reject(number, kept, contradictions)
        return
    facts = replace(_merged_facts(kept), skills=_all_skills(rows))
    reasons = [
        *_missing_facts(facts, kept[0].line, reader),
        *_placement_reasons(facts, kept[0].line, reader.today),
    ]
    if reasons:
        verdict.reject(number, kept, reasons)
        return
    verdict.notes += [warning for row in kept for warning in row.warnings]
    verdict.notes += _doubts(facts, kept[0].line, reader)
    verdict.accept(_draft(number, kept, facts, reader))


def _without_repeats(number: str, rows: list[ReadRow], layout: Layout, verdict: _Verdict) -> list[ReadRow]:
    # One debt on a row for each language is one debt: taking both rows would double it.
    several = layout.rows_per_practice is RowsPerPractice.SEVERAL
    first: dict[object, ReadRow] = {}
    repeats: list[ReadRow] = []
    reasons: list[Finding] = []
    for row in rows:
        earlier = first.setdefault(_without_skills(row.content) if several else row.content, row)
        if earlier is not row:
            repeats.append(row)
            reasons.append(Finding("intake.exact_repeat", row.line, {"first_line": earlier.line}))
    if repeats:
        verdict.reject(number, repeats, reasons)
    return list(first.values())


def _contradictions(number: str, rows: Sequence[ReadRow], layout: Layout) -> list[Finding]:
    if len(rows) == 1:
        return []
    lines = ", ".join(str(row.line) for row in rows)
    if layout.rows_per_practice is RowsPerPractice.ONE:
        details = {"number": number, "lines": lines}
        return [Finding("intake.number_twice", row.line, details) for row in rows]
    return [*_differing_facts(number, rows, layout), *_differing_debts(rows)]


def _differing_facts(number: str, rows: Sequence[ReadRow], layout: Layout) -> list[Finding]:
    found = []
    for meaning, name in MERGED.items():
        if meaning in UNITED:
            continue
        stated: dict[object, int] = {}
        for row in rows:
            value = getattr(row.content.facts, name) if row.content else None
            if value not in ("", None):
                stated.setdefault(value, row.line)
        if len(stated) > 1:
            first, *others = stated.values()
            details: dict[str, Detail] = {
                "number": number,
                "column": layout.heading(meaning),
                "first_line": first,
            }
            found += [Finding("intake.rows_contradict", line, details) for line in others]
    return found


def _differing_debts(rows: Sequence[ReadRow]) -> list[Finding]:
    # One title, kind and due date with two amounts is two versions of one debt: taking both would double it.
    found = []
    seen: dict[tuple[str, str, date | None], ReadRow] = {}
    for row in rows:
        content = row.content
        if content is None or not content.title:
            continue
        earlier = seen.setdefault((content.title, content.kind, content.due_on), row)
        if earlier.content and earlier.content.cents != content.cents:
            details: dict[str, Detail] = {"title": content.title[:80], "first_line": earlier.line}
            found.append(Finding("intake.debt_twice", row.line, details))
    return found


def _merged_facts(rows: Sequence[ReadRow]) -> PracticeFacts:
    stated = [row.content.facts for row in rows if row.content]
    if len(stated) == 1:
        return stated[0]
    merged = {}
    for slot in fields(PracticeFacts):
        values = [getattr(facts, slot.name) for facts in stated]
        merged[slot.name] = next((value for value in values if value not in ("", None)), values[0])
    return PracticeFacts(**merged)


def _all_skills(rows: Sequence[ReadRow]) -> tuple[Skill, ...] | None:
    """What any of the rows asks for, in the order of the catalogue; None where none of them says anything."""
    stated = [row.content.facts.skills for row in rows if row.content and row.content.facts.skills is not None]
    return tuple(skill for skill in Skill if any(skill in asked for asked in stated)) if stated else None


def _without_skills(content: RowContent | None) -> RowContent | None:
    return content and replace(content, facts=replace(content.facts, skills=None))


def _missing_facts(facts: PracticeFacts, line: int, reader: RowReader) -> list[Finding]:
    needed = {Field.DEBTOR} | (reader.filled & set(MERGED))
    return [
        Finding("intake.value_missing", line, {"column": reader.headings[meaning], "value": ""})
        for meaning, name in MERGED.items()
        if meaning in needed and getattr(facts, name) in ("", None)
    ]


def _placement_reasons(facts: PracticeFacts, line: int, today: date) -> list[Finding]:
    starts_on, ends_on = facts.placement_starts_on, facts.placement_ends_on
    if ends_on is None:
        return []
    if starts_on and ends_on < starts_on:
        details = {"starts_on": _italian(starts_on), "ends_on": _italian(ends_on)}
        return [Finding("intake.placement_ends_before_start", line, details)]
    # A recalled practice is closed for visits but not for accounting: its placement may well be over.
    if ends_on < today and not facts.recalled:
        return [Finding("intake.placement_ended", line, {"ends_on": _italian(ends_on)})]
    return []


def _doubts(facts: PracticeFacts, line: int, reader: RowReader) -> list[Finding]:
    found = []
    if facts.subject_kind is None and Field.SUBJECT_KIND in reader.header.places and not _company_code(facts):
        found.append(Finding("intake.subject_kind_assumed", line))
    if facts.placement_starts_on and facts.placement_starts_on > reader.today:
        details = {"starts_on": _italian(facts.placement_starts_on)}
        found.append(Finding("intake.placement_not_started", line, details))
    return found


def _company_code(facts: PracticeFacts) -> bool:
    return len(facts.tax_code) == 11 or (not facts.tax_code and bool(facts.vat_number))


def _draft(number: str, rows: Sequence[ReadRow], facts: PracticeFacts, reader: RowReader) -> PracticeDraft:
    contents = [(row.line, row.content) for row in rows if row.content]
    assumed = SubjectKind.COMPANY if _company_code(facts) else SubjectKind.PERSON
    return PracticeDraft(
        practice_number=number,
        debtor=DebtorDraft(
            facts.debtor, facts.subject_kind or assumed, facts.tax_code, facts.vat_number, facts.born_on
        ),
        obligors=tuple(dict.fromkeys(content.obligor for _, content in contents if content.obligor)),
        addresses=tuple(dict.fromkeys(content.address for _, content in contents if content.address)),
        phones=tuple(dict.fromkeys(phone for _, content in contents for phone in content.phones)),
        debt_lines=tuple(content.debt_line(line) for line, content in contents),
        placement_starts_on=facts.placement_starts_on,
        placement_ends_on=facts.placement_ends_on,
        as_of=facts.as_of,
        case_owner=facts.case_owner,
        phase=facts.phase,
        recalled=bool(facts.recalled),
        iban=facts.iban,
        currency=reader.layout.currency,
        skills=(facts.skills or ()) if Field.SKILLS in reader.header.places else None,
    )


def _italian(day: date) -> str:
    return day.strftime("%d/%m/%Y")
