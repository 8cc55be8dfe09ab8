"""Whether two practices may seek the same person: what speaks for it, told as codes; a person decides.

A name alone never does: in one town live several of the same name. It takes the tax code (or one a slip away from it),
the VAT number, or a name spelled alike together with an address, a telephone number or a birthday. Two sound tax codes
that differ, or two birthdays, speak against it whatever else is equal: father and son often share name and house.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from fieldapp.domain.tax_codes import is_sound, one_slip_away


class Likeness(StrEnum):
    """What speaks for two debtors being one, strongest first."""

    TAX_CODE = "tax_code"
    VAT_NUMBER = "vat_number"
    TAX_CODE_SLIP = "tax_code_slip"
    NAME = "name"
    NAME_SLIP = "name_slip"
    NAME_SHORTER = "name_shorter"
    NAME_INITIALS = "name_initials"
    BORN_ON = "born_on"
    PHONE = "phone"
    ADDRESS = "address"


_WEIGHTS: Mapping[Likeness, int] = MappingProxyType(
    {
        Likeness.TAX_CODE: 100,
        Likeness.VAT_NUMBER: 90,
        Likeness.TAX_CODE_SLIP: 70,
        Likeness.NAME: 30,
        Likeness.NAME_SLIP: 20,
        Likeness.NAME_SHORTER: 20,
        Likeness.NAME_INITIALS: 15,
        Likeness.BORN_ON: 35,
        Likeness.PHONE: 30,
        Likeness.ADDRESS: 20,
    }
)


@dataclass(frozen=True, slots=True)
class SeenDebtor:
    """A debtor as one creditor tells of them. Phones and addresses in whatever spelling makes equal ones equal."""

    name: str
    firm: bool = False
    tax_code: str = ""
    vat_number: str = ""
    born_on: date | None = None
    phones: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


def likeness(one: SeenDebtor, other: SeenDebtor) -> tuple[Likeness, ...]:
    """What speaks for the same debtor, strongest first; nothing where too little does, or something speaks against."""
    name = _likeness_of_names(one, other)
    tells: list[Likeness] = []
    if one.tax_code and one.tax_code == other.tax_code:
        tells.append(Likeness.TAX_CODE)
    elif _one_slip(one.tax_code, other.tax_code):
        tells.append(Likeness.TAX_CODE_SLIP)
    elif is_sound(one.tax_code) and is_sound(other.tax_code):
        return ()
    if one.vat_number and one.vat_number == other.vat_number:
        tells.append(Likeness.VAT_NUMBER)
    certain = bool(tells)
    if not certain and (name is None or _contradict(one, other)):
        return ()
    beside = [
        *([Likeness.BORN_ON] if one.born_on and one.born_on == other.born_on else []),
        *([Likeness.PHONE] if one.phones & other.phones else []),
        *([Likeness.ADDRESS] if one.addresses & other.addresses else []),
    ]
    if not certain and not beside:
        return ()
    return (*sorted(tells, key=lambda tell: -_WEIGHTS[tell]), *([name] if name else []), *beside)


def strength(tells: Iterable[Likeness]) -> int:
    """How much speaks for it, 0..100: the order in which pairs are shown."""
    return min(100, sum(_WEIGHTS[tell] for tell in tells))


def _contradict(one: SeenDebtor, other: SeenDebtor) -> bool:
    return (
        one.firm != other.firm
        or (one.born_on is not None and other.born_on is not None and one.born_on != other.born_on)
        or bool(one.vat_number and other.vat_number and one.vat_number != other.vat_number)
    )


def _one_slip(one: str, other: str) -> bool:
    if not one or not other or abs(len(one) - len(other)) > 2:  # both may be mended by one character
        return False
    near_one, near_other = one_slip_away(one), one_slip_away(other)
    return one in near_other or other in near_one or bool(near_one & near_other)


# --- names ---

_TITLES = re.compile(
    r"^(?:(?:spett\.?(?:\s?le)?|egr\.?|gent\.?|sig\.?\s?ra|signora|signor|sig|dott\.?\s?ssa|dott|dr|avv|ing|geom|rag|arch"
    r"|prof\.?\s?ssa|prof)\.?\s+)+"
)
_LEGAL_FORMS = frozenset(
    {"srl", "srls", "spa", "snc", "sas", "sapa", "scarl", "scrl", "soc", "societa", "ditta", "impresa", "individuale"}
    | {"coop", "cooperativa", "unipersonale", "in", "liquidazione", "di", "e", "c"}
)
_PARTICLES = frozenset(
    {"d", "de", "di", "del", "della", "dello", "dei", "degli", "dal", "dalla", "da", "la", "lo", "le", "li"}
    | {"san", "santa"}
)
"""Written apart or together with what follows: De Luca, Deluca, D'Angelo."""
_SHORTEST_SLIP = 4
_GENDER = frozenset("aeio")


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("’", "'").replace("`", "'")


def name_words(name: str, *, firm: bool = False) -> tuple[str, ...]:
    """The words of a name in alphabetical order, without accents, apostrophes, titles and legal forms."""
    plain = re.sub(r"'\s*", "", _plain(name)) if not firm else _plain(name).replace("'", " ")
    if firm:
        # S.R.L., s.r.l. and srl are one word.
        joined = re.sub(r"\b(?:[a-z]\.\s?){2,}", lambda found: re.sub(r"[^a-z]", "", found[0]) + " ", plain + " ")
        words = [word for word in re.findall(r"[^\W_]+", joined) if word not in _LEGAL_FORMS]
        return tuple(sorted(words))
    plain = _TITLES.sub("", plain)
    words, held = [], ""
    for word in re.findall(r"[^\W\d_]+\.?", plain):
        bare = word.rstrip(".")
        if word in _PARTICLES:
            held += bare
        else:
            words.append(held + bare)
            held = ""
    return tuple(sorted([*words, held] if held else words))


def _likeness_of_names(one: SeenDebtor, other: SeenDebtor) -> Likeness | None:
    firm = one.firm or other.firm
    return names_alike(name_words(one.name, firm=firm), name_words(other.name, firm=firm))


def names_alike(one: tuple[str, ...], other: tuple[str, ...]) -> Likeness | None:
    """How alike two names are, given as `name_words` gives them; None where they are not."""
    if not one or not other:
        return None
    if one == other or "".join(one) == "".join(other):
        return Likeness.NAME
    short, long = sorted((list(one), list(other)), key=len)
    for word in list(short):
        if word in long:
            short.remove(word)
            long.remove(word)
    equal = min(len(one), len(other)) - len(short)
    initials = slips = 0
    for word in short:
        fits = next((each for each in long if _stands_for(word, each)), None)
        slip = next((each for each in long if _slip(word, each)), None) if fits is None else None
        if fits is not None:
            initials += 1
            long.remove(fits)
        elif slip is not None and slips == 0:
            slips += 1
            long.remove(slip)
        else:
            return None
    return _verdict(equal, initials, slips, left=len(long))


def _verdict(equal: int, initials: int, slips: int, *, left: int) -> Likeness | None:
    # A surname alone is shared by half a village; initials prove nothing beside a slip.
    if equal == 0 or equal + initials + slips < 2:
        return None
    if initials:
        return Likeness.NAME_INITIALS if not slips and not left else None
    if slips:
        return Likeness.NAME_SLIP if not left else None
    return Likeness.NAME_SHORTER


def _stands_for(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) == 1 and long.startswith(short)


def _slip(one: str, other: str) -> bool:
    """One wrong, missing, added or swapped letter; but Mario and Maria are two people."""
    if min(len(one), len(other)) < _SHORTEST_SLIP or abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    tail_one, tail_other = one[start:], other[start:]
    if len(one) != len(other):
        return tail_one[1:] == tail_other or tail_other[1:] == tail_one
    if len(tail_one) == 1 and {tail_one, tail_other} <= _GENDER:
        return False
    swapped = tail_one[:2] == tail_other[:2][::-1] and tail_one[2:] == tail_other[2:]
    return tail_one[1:] == tail_other[1:] or swapped


# --- who was joined ---


def joined(pairs: Iterable[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
    """Everybody in `pairs` to the first of those who are joined with them, directly or through others."""
    leader: dict[UUID, UUID] = {}

    def first(one: UUID) -> UUID:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for one, other in pairs:
        low, high = sorted((first(one), first(other)))
        leader[high] = low
    return {one: first(one) for one in list(leader)}
