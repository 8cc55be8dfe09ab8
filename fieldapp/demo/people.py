"""Invented debtors, guarantors and firms with codes whose check characters are right. Pure; no real person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Literal

from codicefiscale import codicefiscale
from stdnum import luhn

from fieldapp.demo.names import (
    FEMALE_NAMES,
    FIRM_FORMS,
    FIRM_KINDS,
    MALE_NAMES,
    SURNAME_HEADS,
    SURNAME_TAILS,
)
from fieldapp.demo.province import Town


@dataclass(frozen=True, slots=True)
class Party:
    """A debtor or obligor: a person (with `born_on`) or a firm (with `vat_number`)."""

    name: str
    tax_code: str
    vat_number: str = ""
    born_on: date | None = None

    @property
    def is_firm(self) -> bool:
        """Whether this is a firm."""
        return bool(self.vat_number)


def invent_surname(random: Random) -> str:
    """A surname put together from syllables; the two lists give about fourteen hundred."""
    return random.choice(SURNAME_HEADS) + random.choice(SURNAME_TAILS)


def invent_person(random: Random, *, birthplaces: tuple[Town, ...], today: date, surname: str = "") -> Party:
    """An adult between 21 and 79 with a tax code that fits name, day and place of birth."""
    female = random.random() < 0.48
    first = random.choice(FEMALE_NAMES if female else MALE_NAMES)
    last = surname or invent_surname(random)
    born = today - timedelta(days=random.randrange(21 * 366, 79 * 365))
    place = random.choices(birthplaces, [town.population for town in birthplaces])[0]
    code = _surname_code(last) + _first_name_code(first) + _birth_code(born, "F" if female else "M") + place.code
    return Party(f"{last} {first}", code + str(codicefiscale.encode_cin(code)), born_on=born)


def invent_firm(random: Random, *, sequence: int) -> Party:
    """A firm; its VAT number starts with 99, which no office has given out, and its check digit is right."""
    kind = random.choice(FIRM_KINDS)
    body = f"99{sequence % 100_000:05d}098"
    number = body + luhn.calc_check_digit(body)
    return Party(f"{kind} {invent_surname(random)} {random.choice(FIRM_FORMS)}", number, vat_number=number)


def invent_mobile(sequence: int) -> str:
    """A number in a prefix (300) that no Italian operator uses."""
    return f"300 {sequence // 10_000 % 1000:03d}{sequence % 10_000:04d}"


def invent_landline(sequence: int) -> str:
    """A number of Lodi's district that starts with 00, which no subscriber has; a digit longer from 100,000 on."""
    return f"0371 00{sequence % 1_000_000:05d}"


@lru_cache(maxsize=4096)
def _surname_code(surname: str) -> str:
    return str(codicefiscale.encode_lastname(surname))


@lru_cache(maxsize=512)
def _first_name_code(first: str) -> str:
    return str(codicefiscale.encode_firstname(first))


@lru_cache(maxsize=65536)
def _birth_code(born: date, gender: Literal["F", "M"]) -> str:
    return str(codicefiscale.encode_birthdate(datetime(born.year, born.month, born.day), gender))  # noqa: DTZ001  # a day
