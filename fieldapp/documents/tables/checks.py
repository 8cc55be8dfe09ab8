"""Doubts about identifiers, by check character; a doubt is a warning, since creditors' files are full of them."""

from __future__ import annotations

from datetime import date

from stdnum import iban as iban_number
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.it import codicefiscale, iva

from fieldapp.domain.intake_content import IdentifierChecks

_DIGIT_PLACES = (6, 7, 9, 10, 12, 13, 14)


def tax_code_doubt(code: str) -> str | None:
    """Code of the doubt about a codice fiscale, or None.

    One with letters in place of digits (omocodia) is valid, but belongs to someone who has a near twin.
    """
    try:
        codicefiscale.validate(code)
    except InvalidChecksum:
        return "intake.tax_code_check"
    except (ValidationError, KeyError, ValueError):
        return "intake.tax_code_shape"
    if len(code) == 16 and any(code[place].isalpha() for place in _DIGIT_PLACES):
        return "intake.tax_code_homonym"
    return None


def vat_number_doubt(number: str) -> str | None:
    """Code of the doubt about a partita IVA, or None."""
    try:
        iva.validate(number)
    except InvalidChecksum:
        return "intake.vat_number_check"
    except (ValidationError, ValueError):
        return "intake.vat_number_shape"
    return None


def vat_number_of(number: str) -> str | None:
    """A VAT number of the Union as it is written, its country's two letters first; None where it is none."""
    try:
        return str(vat.validate(number))
    except ValidationError:
        return None


def iban_doubt(number: str) -> str | None:
    """Code of the doubt about an IBAN, or None."""
    try:
        iban_number.validate(number)
    except (ValidationError, ValueError):
        return "intake.iban_check"
    return None


def born_on(code: str) -> date | None:
    """The birthday that a codice fiscale tells; its century is a convention, only two digits are written."""
    try:
        return codicefiscale.get_birth_date(codicefiscale.validate(code))
    except (ValidationError, KeyError, ValueError):
        return None


CHECKS = IdentifierChecks(tax_code_doubt, vat_number_doubt, iban_doubt, born_on)
