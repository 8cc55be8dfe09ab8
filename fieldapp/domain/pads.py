"""Numbered paper pads (blocchetti), for when a phone is dead: their forms, the check on each, and who may use which.

A form carries its number and eight characters that only the service can make, so that a number which was guessed or
misread is told from one that was printed. A form is used once, by whom its pad was given to; paper is signed by hand
and by nobody's key, so a receipt written on it names, where others name the receipt before it, the form.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, canonical_json, sha256
from fieldapp.domain.receipts import receipt_name


class PadKind(StrEnum):
    """What is printed on the forms: receipts, or the neutral notice of a visit."""

    RECEIPT = "receipt"
    NOTICE = "notice"


class FormState(StrEnum):
    """What became of a form, as far as the office knows."""

    BLANK = "blank"
    USED = "used"
    VOIDED = "voided"


SERIES: Mapping[PadKind, str] = {PadKind.RECEIPT: "B1", PadKind.NOTICE: "N1"}
"""One series a kind, its numbers handed out from pad to pad; phones have `A...`, the office `U...`."""
MOST_FORMS = 100
LATE = timedelta(days=2)
"""Paper that is entered later than this is looked at: a parameter of ours, until a creditor names another."""
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, which a tired hand writes like others."""
_CHECK_LENGTH = 8
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_NAME = re.compile(r"([BN][0-9]{1,7})-([0-9]{6})")


def is_pad_series(series: str) -> bool:
    """Whether the series is of paper, not of a device."""
    return re.fullmatch(r"[BN][0-9]{1,7}", series) is not None


def read_form_name(text: str) -> tuple[str, int] | None:
    """`B1-000007` as series and number; None for whatever is no form's name."""
    found = _NAME.fullmatch(text)
    return (found[1], int(found[2])) if found and int(found[2]) else None


def form_check(key: bytes, agency_id: UUID, series: str, number: int) -> str:
    """The eight characters (40 bits of HMAC-SHA-256) that stand beside the number on a form of this agency."""
    named = f"{agency_id}:{receipt_name(series, number)}".encode()
    bits = int.from_bytes(hmac.digest(key, named, hashlib.sha256)[:5])
    return "".join(SIGNS[(bits >> shift) & 31] for shift in range(35, -1, -5))


def typed_check(text: str) -> str:
    """A check as a person types it, blanks and dashes and look-alikes forgiven."""
    return re.sub(r"[\s-]", "", text.upper()).translate(_MISREAD)


def same_check(typed: str, printed: str) -> bool:
    """Compared in constant time: the public door asks too."""
    return hmac.compare_digest(typed_check(typed).encode(), printed.encode())


def form_proof(series: str, number: int, check: str) -> str:
    """What the code on a form says, behind the `#` of the page where anybody may ask about it."""
    return f"4.{receipt_name(series, number)}.{check}"


@dataclass(frozen=True, slots=True)
class FormProof:
    """What a form's code claims, and the amount that whoever holds it reads on it; None where they did not say."""

    series: str
    number: int
    check: str
    amount_cents: int | None = None


def read_form_proof(text: str) -> FormProof | None:
    """A form's code, with the amount in cents behind it where one is asked about; None for anything else."""
    found = re.fullmatch(r"4\.([BN][0-9]{1,7})-([0-9]{6})\.([0-9A-Za-z -]{8,20})(?:\.([1-9][0-9]{0,8}))?", text)
    if found is None or not int(found[2]):
        return None
    return FormProof(found[1], int(found[2]), typed_check(found[3]), int(found[4]) if found[4] else None)


def shown_check(check: str) -> str:
    """`K7QXM2PA` as it is printed: `K7QX-M2PA`."""
    return f"{check[:4]}-{check[4:]}"


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a pad, as it is known when somebody says that it was used."""

    pad_id: UUID
    kind: PadKind
    series: str
    number: int
    check: str
    agent_id: UUID
    handed_over_at: datetime
    state: FormState = FormState.BLANK
    came_back_blank: bool = False

    @property
    def name(self) -> str:
        return receipt_name(self.series, self.number)

    @property
    def digest(self) -> Sha256:
        """What a receipt written on this form names as its predecessor: it has none, it has its form."""
        return form_digest(self.series, self.number, self.check)


def form_digest(series: str, number: int, check: str) -> Sha256:
    """The digest of a form, from what is printed on it; the phone makes the same (`pwa/src/domain/pad.ts`)."""
    return sha256(canonical_json({"check": check, "number": number, "series": series}))


def usable(form: Form | None, *, kind: PadKind, agent_id: UUID, name: str) -> Form:
    """The form, if this agent may have used it for this.

    Raises Refusal `pad.form_unknown`, `.not_yours`, `.other_kind`, `.form_used`, `.form_voided` (details: form).
    """
    if form is None:
        raise Refusal("pad.form_unknown", kind=Kind.MISSING, details={"form": name})
    if form.agent_id != agent_id:
        raise Refusal("pad.not_yours", kind=Kind.FORBIDDEN, details={"form": name})
    if form.kind is not kind:
        raise Refusal("pad.other_kind", kind=Kind.CONFLICT, details={"form": name})
    if form.state is FormState.USED:
        raise Refusal("pad.form_used", kind=Kind.CONFLICT, details={"form": name})
    if form.state is FormState.VOIDED:
        raise Refusal("pad.form_voided", kind=Kind.CONFLICT, details={"form": name})
    return form


def paper_flags(forms: Sequence[Form], *, written_at: datetime, entered_at: datetime, pictured: bool) -> list[str]:
    """What the office should know of a visit that was written on paper and entered later; it happened all the same."""
    if not forms:
        return []
    asked = {
        "pad.entered_from_paper": True,
        "pad.entered_late": entered_at - written_at > LATE,
        "pad.photo_missing": not pictured,
        "pad.was_counted_blank": any(form.came_back_blank for form in forms),
        "pad.written_before_handed_over": any(written_at < form.handed_over_at for form in forms),
    }
    return [flag for flag, holds in asked.items() if holds]


# --- a pad that comes back ---


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """Numbers `first` to `last`, both included."""

    first: int
    last: int


def runs_of(numbers: Iterable[int]) -> list[Run]:
    """The numbers as runs, rising."""
    runs: list[Run] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1].last == number - 1:
            runs[-1] = Run(runs[-1].first, number)
        else:
            runs.append(Run(number, number))
    return runs


def counted_blank(pad: Run, blank: Iterable[Run], *, taken: Mapping[int, FormState]) -> frozenset[int]:
    """The forms that came back blank, as somebody counted them.

    Raises Refusal `pad.not_in_pad` (details: first, last), `pad.blank_and_taken` (details: number).
    """
    found: set[int] = set()
    for run in blank:
        if not pad.first <= run.first <= run.last <= pad.last:
            raise Refusal("pad.not_in_pad", kind=Kind.CONFLICT, details={"first": pad.first, "last": pad.last})
        found.update(range(run.first, run.last + 1))
    both = sorted(found & taken.keys())
    if both:
        raise Refusal("pad.blank_and_taken", kind=Kind.CONFLICT, details={"number": both[0]})
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class PadStanding:
    """Where each number of a pad stands: nothing is in two places, and together they are the pad."""

    used: tuple[int, ...]
    voided: tuple[int, ...]
    blank: tuple[int, ...]
    """Still in the pad; once it came back, those that were counted."""
    skipped: tuple[int, ...]
    """Of a pad still out: blank, though a later number is used or voided."""
    missing: tuple[int, ...]
    """Of a pad that came back: neither used nor voided nor counted."""


def standing(pad: Run, taken: Mapping[int, FormState], *, came_back: frozenset[int] | None) -> PadStanding:
    """`came_back` are the blank forms of a pad that was returned, None while it is out."""
    numbers = range(pad.first, pad.last + 1)
    free = [number for number in numbers if number not in taken]
    highest = max(taken, default=0)
    return PadStanding(
        used=tuple(n for n in numbers if taken.get(n) is FormState.USED),
        voided=tuple(n for n in numbers if taken.get(n) is FormState.VOIDED),
        blank=tuple(n for n in free if came_back is None or n in came_back),
        skipped=tuple(n for n in free if n < highest) if came_back is None else (),
        missing=() if came_back is None else tuple(n for n in free if n not in came_back),
    )
