"""A list of contacts made elsewhere, as a file: `pratica;canale;quando;esito;colloquio;chi`, one contact a line.

Written by a call centre or a letter service; what cannot be read is a rejected line with its reason, and the rest
comes in. Instants are Italian wall-clock times (`26/11/2026 10:30`), or ISO instants with their zone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from fieldapp.domain.contacts import CAME_TO_PAY, ITALY, Channel
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.outcomes import OUTCOMES

COLUMNS = ("pratica", "canale", "quando", "esito", "colloquio", "chi")
LARGEST = 5_000_000
MOST_LINES = 50_000

_CHANNELS = {
    "visita": Channel.VISIT,
    "telefonata": Channel.CALL,
    "chiamata": Channel.CALL,
    "messaggio": Channel.MESSAGE,
    "sms": Channel.MESSAGE,
    "email": Channel.MESSAGE,
    "lettera": Channel.LETTER,
    "sportello": Channel.OFFICE,
    "raccomandata": Channel.LETTER,
} | {channel.value: channel for channel in Channel}
_LETTERS = {
    "prima lettera": "DUNNING_LETTER_1",
    "seconda lettera": "DUNNING_LETTER_2",
    "messa in mora": "FORMAL_NOTICE",
}
_YES = {"si", "sì", "s", "yes", "true", "1"}
_NO = {"no", "n", "false", "0", ""}

OUTCOMES_OF = {
    Channel.CALL: ("CALLED",),
    Channel.MESSAGE: ("MESSAGED",),
    Channel.LETTER: ("DUNNING_LETTER_1", "DUNNING_LETTER_2", "FORMAL_NOTICE"),
    Channel.VISIT: tuple(OUTCOMES),
    Channel.OFFICE: (CAME_TO_PAY,),
}
"""How a contact over each channel may be recorded; the first is taken where none is given."""


@dataclass(frozen=True, slots=True)
class LoggedContact:
    """A contact that somebody made elsewhere."""

    practice_number: str
    channel: Channel
    at: datetime
    outcome: str
    reached: bool
    by: str
    line: int
    """In its file, the heading counted as 1."""


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that did not come in; `line` as in `LoggedContact`."""

    line: int
    code: str
    text: str


def checked_outcome(channel: Channel, outcome: str) -> str:
    """How the contact is recorded. Raises Refusal `contact.outcome_not_with` (details: outcome, channel)."""
    known = OUTCOMES_OF[channel]
    if not outcome and channel is not Channel.VISIT:
        return known[0]
    if outcome not in known:
        raise Refusal(
            "contact.outcome_not_with",
            kind=Kind.MALFORMED,
            details={"outcome": outcome[:60], "channel": channel.value},
        )
    return outcome


def read_log(content: bytes, *, now: datetime) -> tuple[list[LoggedContact], list[RejectedLine]]:
    """Contacts and rejected lines of a file.

    Raises Refusal `contact.file_unreadable`, `contact.file_too_large`, `contact.columns_missing` (details: columns).
    """
    if len(content) > LARGEST:
        raise Refusal("contact.file_too_large", kind=Kind.MALFORMED)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal("contact.file_unreadable", kind=Kind.MALFORMED) from None
    rows = csv.reader(StringIO(text, newline=""), delimiter=";")
    try:
        heading = [name.strip().lower() for name in next(rows, [])]
        missing = [name for name in COLUMNS[:3] if name not in heading]
        if missing:
            raise Refusal("contact.columns_missing", kind=Kind.MALFORMED, details={"columns": ", ".join(missing)})
        return _sorted_out(rows, heading, now=now)
    except csv.Error:
        raise Refusal("contact.file_unreadable", kind=Kind.MALFORMED) from None


def _sorted_out(
    rows: Iterable[list[str]], heading: list[str], *, now: datetime
) -> tuple[list[LoggedContact], list[RejectedLine]]:
    read: list[LoggedContact] = []
    rejected: list[RejectedLine] = []
    for line, cells in enumerate(rows, start=2):
        if line > MOST_LINES:
            raise Refusal("contact.file_too_large", kind=Kind.MALFORMED)
        if not any(cell.strip() for cell in cells):
            continue
        values = dict(zip(heading, (cell.strip() for cell in cells), strict=False))
        try:
            read.append(_contact(values, line=line, now=now))
        except Refusal as refusal:
            rejected.append(RejectedLine(line, refusal.code, ";".join(cells)[:200]))
    return read, rejected


def _contact(values: dict[str, str], *, line: int, now: datetime) -> LoggedContact:
    channel = _CHANNELS.get(values.get("canale", "").lower())
    if channel is None:
        raise Refusal("contact.channel_unknown", kind=Kind.MALFORMED)
    at = _instant(values.get("quando", ""))
    if at is None:
        raise Refusal("contact.when_unreadable", kind=Kind.MALFORMED)
    if at > now:
        raise Refusal("contact.in_the_future", kind=Kind.MALFORMED)
    reached = values.get("colloquio", "").lower()
    if reached not in _YES | _NO:
        raise Refusal("contact.reached_unreadable", kind=Kind.MALFORMED)
    number = values.get("pratica", "")
    if not number:
        raise Refusal("contact.practice_unknown", kind=Kind.MISSING)
    said = values.get("esito", "")
    outcome = checked_outcome(channel, _LETTERS.get(said.lower(), said.upper()))
    return LoggedContact(number[:60], channel, at, outcome, reached in _YES, values.get("chi", "")[:120], line)


def _instant(text: str, zone: ZoneInfo = ITALY) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    except ValueError:
        pass
    for shape in ("%d/%m/%Y %H:%M", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, shape).replace(tzinfo=zone)
        except ValueError:
            continue
    return None
