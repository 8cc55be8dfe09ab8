"""An account to a creditor as a paper (typst, PDF/A) or as a workbook; both say the same sums."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any, Literal
from zoneinfo import ZoneInfo

import typst
from openpyxl import Workbook

from fieldapp.documents.tables.writers import OutCell, write_csv, xlsx_cell
from fieldapp.domain.creditor_account import CommissionLine, CreditorAccount
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.export_layout import Out, OutColumn, OutLayout
from fieldapp.domain.ids import sha256
from fieldapp.domain.intake_layout import FileKind
from fieldapp.domain.money import Money
from fieldapp.domain.outgoing import Control

Language = Literal["it", "en", "fr"]

_FOLDER = resources.files("fieldapp.documents")
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
_PLAIN = OutLayout(
    FileKind.CSV,
    (OutColumn(Out.PRACTICE_NUMBER, "p"), OutColumn(Out.CODE, "c"), OutColumn(Out.AMOUNT, "a")),
)
"""The conventions under which the rows are digested."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who gives the account to whom, when. `control` None: drawn up by hand, with no number of its own."""

    agency: str
    agency_address: str
    licence: str
    creditor: str
    made_at: datetime
    control: Control | None = None


def account_pdf(
    account: CreditorAccount,
    head: Letterhead,
    *,
    zone: ZoneInfo,
    outcome_words: Mapping[str, str],
    language: Language = "it",
) -> bytes:
    """A4, the same bytes for the same account. `outcome_words`: `outcome.<CODE>` to its label.

    Raises Refusal `paper.not_printable` (characters that no font of ours has).
    """
    words = account_words(language)
    # Nothing is left blank: what happened stands out.
    lines = [
        [text if cell and cell != Money(0) else "" for cell, text in zip(cells, _texts(cells, language), strict=True)]
        for cells in _practice_cells(account, outcome_words)
    ]
    moves = [_texts(cells, language) for cells in _movement_cells(account, words, zone)]
    data = {
        "words": words,
        "lang": language,
        "agency": head.agency,
        "address": head.agency_address,
        "licence": head.licence,
        "creditor": head.creditor,
        "number": words["number"].format(n=head.control.sequence) if head.control else words["by_hand"],
        "period": period_text(account, words, zone),
        "made_at": words["made_at"].format(at=f"{head.made_at.astimezone(zone):%d/%m/%Y %H:%M}"),
        "sums": [[label, money_text(cents, language)] for label, cents in sums(account, words, language)],
        "visits": str(account.visits),
        "promises": _promises(account, words),
        "outcomes": [[_outcome(code, outcome_words), str(count)] for code, count in account.outcomes.items()],
        "methods": [_texts(cells, language) for cells in _method_cells(account, words)],
        "lines": lines,
        "movements": moves,
        "totals": [
            money_text(cents, language)
            for cents in (account.received_cents, -account.taken_back_cents, account.net_cents)
        ],
        "control": _control_text(account, head.control, words, zone, language) if head.control else "",
    }
    compiler = typst.Compiler((_FOLDER / "templates" / "creditor_account.typ").read_bytes(), font_paths=_FONTS)
    try:
        made = compiler.compile(
            format="pdf",
            sys_inputs={"account": json.dumps(data)},
            pdf_standards="a-2u",
            timestamp=head.made_at.astimezone(UTC).replace(microsecond=0),
        )
    except typst.TypstError as problem:
        if "could not be displayed" in problem.message:
            raise Refusal("paper.not_printable", kind=Kind.UNSUPPORTED) from problem
        raise
    assert isinstance(made, bytes)
    return made


def account_xlsx(
    account: CreditorAccount,
    head: Letterhead,
    *,
    zone: ZoneInfo,
    outcome_words: Mapping[str, str],
    language: Language = "it",
) -> bytes:
    """A workbook of four sheets: summary, practices, movements, and the control totals of the movements."""
    words = account_words(language)
    workbook = Workbook(write_only=True)
    summary: list[Sequence[OutCell]] = [
        (words["title"], words["number"].format(n=head.control.sequence) if head.control else words["by_hand"]),
        (head.agency, head.creditor),
        (
            period_text(account, words, zone),
            words["made_at"].format(at=f"{head.made_at.astimezone(zone):%d/%m/%Y %H:%M}"),
        ),
        (),
        *((label, Money(cents)) for label, cents in sums(account, words, language)),
        (words["visits"], account.visits),
        (words["promises"], _promises(account, words)),
        (),
        (words["kind_of"], words["count"]),
        *((_outcome(code, outcome_words), count) for code, count in account.outcomes.items()),
        (),
        tuple(words[name] for name in ("method", "payments", "received", "taken_back", "net")),
        *_method_cells(account, words),
    ]
    _sheet(workbook, words["summary"], summary)
    columns = ("practice", "debtor", "visits", "outcome", "made", "kept", "broken", "received", "taken_back", "net")
    _sheet(
        workbook, words["practices"], [tuple(words[name] for name in columns), *_practice_cells(account, outcome_words)]
    )
    moves = _movement_cells(account, words, zone)
    _sheet(workbook, words["movements"], [_movement_titles(words), *moves])
    control = head.control or Control(0, len(moves), account.net_cents, "")
    _sheet(
        workbook,
        words["control"],
        [
            (words["sequence"], control.sequence or None),
            (words["rows"], len(moves)),
            (words["sum"], Money(account.net_cents)),
            (words["previous"], control.previous),
            (words["digest"], _digest(account, words, zone)),
        ],
    )
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


@lru_cache
def account_words(language: Language) -> dict[str, Any]:
    path = _FOLDER / "words" / f"creditor_account.{language}.json"
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def sums(account: CreditorAccount, words: Mapping[str, Any], language: Language) -> list[tuple[str, int]]:
    """The sums at the head, in cents; direct payments and commissions only where there are any."""
    shown = [
        (words["received"], account.received_cents),
        (words["taken_back"], -account.taken_back_cents),
        (words["net"], account.net_cents),
    ]
    shown += [(words["direct"], account.direct_cents)] if account.direct_cents else []
    shown.append((words["due"], account.due_cents))
    if account.commissions:
        shown += [(_commission(line, words, language), -line.cents) for line in account.commissions]
        owed = account.remains_cents
        shown.append((words["remains"], owed) if owed >= 0 else (words["remains_to_agency"], -owed))
    return shown


def _commission(line: CommissionLine, words: Mapping[str, Any], language: Language) -> str:
    of = "; ".join(
        words["rate_of"].format(rate=f"{money_text(rate, language)} %", net=money_text(net, language))
        for rate, net in line.bases
    )
    pattern = words["commission_reversed" if line.reversal else "commission"]
    said: str = pattern.format(n=line.number, day=f"{line.to_on:%d/%m/%Y}", of=of)
    return said


def period_text(account: CreditorAccount, words: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Whole days as days, anything else to the minute."""
    until = account.period.until.astimezone(zone)
    since = account.period.since.astimezone(zone) if account.period.since else None
    if since is not None and not any((since.hour, since.minute, until.hour, until.minute)):
        last = until.date() - timedelta(days=1)
        said: str = words["days"].format(since=f"{since:%d/%m/%Y}", until=f"{last:%d/%m/%Y}")
        return said
    pattern = words["period"] if since else words["period_from_start"]
    told: str = pattern.format(since=f"{since:%d/%m/%Y %H:%M}" if since else "", until=f"{until:%d/%m/%Y %H:%M}")
    return told


def money_text(cents: int, language: Language) -> str:
    """Euro with both decimals, as the language writes them."""
    whole, rest = divmod(abs(cents), 100)
    thousands, decimal = {"it": (".", ","), "en": (",", "."), "fr": ("\u202f", ",")}[language]
    return f"{'−' if cents < 0 else ''}{whole:,}".replace(",", thousands) + f"{decimal}{rest:02d}"


def _practice_cells(account: CreditorAccount, outcome_words: Mapping[str, str]) -> list[tuple[OutCell, ...]]:
    return [
        (
            line.practice_number,
            line.debtor,
            line.visits,
            _outcome(line.outcome, outcome_words),
            line.promised,
            line.kept,
            line.broken,
            Money(line.received_cents),
            Money(-line.taken_back_cents),
            Money(line.net_cents),
        )
        for line in account.lines
    ]


def _method_cells(account: CreditorAccount, words: Mapping[str, Any]) -> list[tuple[OutCell, ...]]:
    return [
        (
            _way(one.method, words),
            one.payments,
            Money(one.received_cents),
            Money(-one.taken_back_cents),
            Money(one.net_cents),
        )
        for one in account.methods
    ]


def _movement_titles(words: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(words[name] for name in ("day", "practice", "movement", "method", "receipt", "amount"))


def _movement_cells(account: CreditorAccount, words: Mapping[str, Any], zone: ZoneInfo) -> list[tuple[OutCell, ...]]:
    return [
        (
            row.at.astimezone(zone).date(),
            row.practice_number,
            words["said"].get(row.kind, row.kind),
            _way(row.method, words),
            row.receipt,
            Money(row.amount_cents or 0),
        )
        for row in account.movements
    ]


def _outcome(code: str, outcome_words: Mapping[str, str]) -> str:
    return outcome_words.get(f"outcome.{code}", code)


def _way(method: str, words: Mapping[str, Any]) -> str:
    said: str = words["ways"].get(method, method)
    return said


def _promises(account: CreditorAccount, words: Mapping[str, Any]) -> str:
    made, kept, broken = account.promises
    said: str = words["promises_told"].format(made=made, kept=kept, broken=broken)
    return said


def _digest(account: CreditorAccount, words: Mapping[str, Any], zone: ZoneInfo) -> str:
    """SHA-256 of the movements as UTF-8 CSV with semicolons, headed as they are."""
    return sha256(write_csv(_movement_titles(words), _movement_cells(account, words, zone), _PLAIN))


def _control_text(
    account: CreditorAccount, control: Control, words: Mapping[str, Any], zone: ZoneInfo, language: Language
) -> str:
    parts = (
        ("sequence", str(control.sequence)),
        ("rows", str(len(account.movements))),
        ("sum", money_text(account.net_cents, language)),
        ("previous", control.previous),
        ("digest", _digest(account, words, zone)),
    )
    return " · ".join(f"{words[name]} {value}" for name, value in parts)


def _texts(cells: Sequence[OutCell], language: Language) -> list[str]:
    return [_text(cell, language) for cell in cells]


def _text(cell: OutCell, language: Language) -> str:
    if isinstance(cell, Money):
        return money_text(cell.cents, language)
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else "" if cell is None else str(cell)


def _sheet(workbook: Any, title: str, rows: Sequence[Sequence[OutCell]]) -> None:
    sheet = workbook.create_sheet(title[:31])
    for row in rows:
        sheet.append([xlsx_cell(sheet, cell) for cell in row])
