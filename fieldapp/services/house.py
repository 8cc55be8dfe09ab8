"""What papers say of the agency and of its creditors, entered by the administrator of a house that was founded.

Receipts are signed on the phone with these words, so each is held to what a paper can bear before it is kept. Papers
that were written before stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from fieldapp.documents.tables.checks import vat_number_of
from fieldapp.domain.access import Role
from fieldapp.domain.epc import checked_bic, compact_iban
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.reasons import SHORTEST, says_too_little
from fieldapp.domain.values import checked_text
from fieldapp.services.creditor_files import PLAIN
from fieldapp.services.work import Work
from fieldapp.store import house as store
from fieldapp.store.feed import NewFact, audit, tell
from fieldapp.store.shapes.house import AgencyDetails, CreditorDetails, CreditorEntry, FirstStep, HousePage

_WHERE_MONEY_GOES = ("iban", "bic", "cheque_payee")
_ON_PAPER = ("legal_name", "vat_number", "address", "phone", "licence_number")
_AT_WORK = (Role.DISPATCHER, Role.BACK_OFFICE, Role.AGENT)
"""Without one of each nobody plans a day, enters a file or goes."""


async def read_house(work: Work) -> HousePage:
    agency = await store.agency(work.session)
    missing = [name for name in _ON_PAPER if not getattr(agency, name)]
    entrusting = await store.entrusting(work.session)
    creditors = [
        CreditorEntry(row.id, _terms_of(row), ["iban"] if not row.iban else [], row.id in entrusting)
        for row in await store.creditors(work.session)
    ]
    return HousePage(
        agency=_details_of(agency),
        missing=missing,
        creditors=creditors,
        first_steps=await _first_steps(work, agency, missing, creditors),
    )


async def _first_steps(
    work: Work, agency: store.Agency, missing: Sequence[str], creditors: Sequence[CreditorEntry]
) -> list[FirstStep]:
    """What leads a new house to its first day. Done is what has begun: who comes later is watched by tasks."""
    begun = await store.begun(work.session)
    unnamed = [name for name in missing if name != "licence_number"]
    nobody = [role.value for role in _AT_WORK if role.value not in begun.roles]
    licensed = "licence_number" not in missing and agency.licence_valid_to >= work.today
    paid = any(not one.missing for one in creditors)
    return [
        FirstStep("agency", not unnamed, unnamed),
        FirstStep("licence", licensed, []),
        FirstStep("creditor", paid, ["iban"] if creditors and not paid else []),
        FirstStep("people", not nobody, nobody),
        FirstStep("carried", begun.carried, []),
        FirstStep("gazetteer", work.parts.gazetteer.is_file(), []),
        FirstStep("file", begun.entrusted, []),
    ]


def _details_of(row: store.Agency) -> AgencyDetails:
    return AgencyDetails(**{name: getattr(row, name) for name in AgencyDetails.__struct_fields__})


def _terms_of(row: store.Creditor) -> CreditorDetails:
    return CreditorDetails(**{name: getattr(row, name) for name in CreditorDetails.__struct_fields__})


async def set_agency(work: Work, details: AgencyDetails, *, seen: AgencyDetails) -> HousePage:
    """Say what papers and screens name the agency from now on.

    `seen`: what stood there when the form was opened; nobody takes back unseen what a colleague has changed since.
    Raises Refusal `house.text_unfit` (details: field), `house.vat_number_unfit` (details: number) or
    `house.changed_meanwhile`.
    """
    texts = {
        "name": _fit("name", details.name, longest=120),
        "legal_name": _fit("legal_name", details.legal_name, longest=120),
        "vat_number": _vat_number(details.vat_number, italian=True),
        "address": _fit("address", details.address),
        "phone": _fit("phone", details.phone, longest=40),
        "email": _fit("email", details.email, longest=120, maybe=True),
    }
    row = await store.agency(work.session, lock=True)
    if _details_of(row) != seen:
        raise Refusal("house.changed_meanwhile", kind=Kind.CONFLICT)
    changed = _laid_over(row, texts)
    if changed:
        work.session.add(row)
        audit(work.session, "agency.details_set", "agency", row.id, **changed)
        tell(work.session, NewFact("agency.details_set", work.now, body={}))
        await work.session.flush()
    return await read_house(work)


async def add_creditor(work: Work, details: CreditorDetails) -> HousePage:
    """Add whom the agency works for: their files come in, and receipts name them once an account is known.

    Raises what `_checked` refuses; a name that another creditor has is the database's to refuse.
    """
    values = _checked(details)
    row = store.Creditor(
        id=work.new_id(), agency_id=work.agency_id, layout=PLAIN.name, name="", vat_number="", iban="", cheque_payee=""
    )
    _laid_over(row, values)
    work.session.add(row)
    await work.session.flush()
    audit(work.session, "creditor.created", "creditor", row.id, **_told(values))
    tell(work.session, NewFact("creditor.set", work.now, body={"creditor_id": str(row.id)}))
    return await read_house(work)


async def set_creditor(
    work: Work, creditor_id: UUID, details: CreditorDetails, *, seen: CreditorDetails, reference: str
) -> HousePage:
    """Change what papers say of a creditor from now on.

    `seen` as in `set_agency`. `reference`: where it was told, and by whom it was heard; asked for where money would go
    elsewhere, since a letter with another account is the commonest of frauds. The former account and payee stay in
    the register. Raises Refusal `creditor.unknown`, `house.changed_meanwhile`, `creditor.reference_short` (details:
    least), and what `_checked` refuses; a name that another has is refused by the database.
    """
    row = await store.creditor(work.session, creditor_id, hold=True)
    if _terms_of(row) != seen:
        raise Refusal("house.changed_meanwhile", kind=Kind.CONFLICT)
    values = _checked(details)
    former = {name: getattr(row, name) for name in _WHERE_MONEY_GOES if getattr(row, name) != values[name]}
    known = bool(row.iban) or row.id in await store.entrusting(work.session)
    if former and known and says_too_little(reference):
        raise Refusal("creditor.reference_short", kind=Kind.MALFORMED, details={"least": SHORTEST})
    changed = _laid_over(row, values)
    if changed:
        await work.session.flush()
        said = {"reference": reference.strip()} if reference.strip() else {}
        said |= {f"former_{name}": value for name, value in former.items() if value}
        audit(work.session, "creditor.changed", "creditor", creditor_id, **changed, **said)
        tell(work.session, NewFact("creditor.set", work.now, body={"creditor_id": str(creditor_id)}))
    return await read_house(work)


def _checked(details: CreditorDetails) -> dict[str, str | None]:
    """As it is kept. Raises Refusal `house.text_unfit` (details: field), `house.vat_number_unfit` (details: number),
    `paper.iban_invalid`, `paper.bic_invalid`."""
    charged, reason = details.stamp_duty_charged_to, details.stamp_duty_reason
    authorisation = _fit("stamp_duty_authorisation", details.stamp_duty_authorisation or "", maybe=True)
    return {
        "name": _fit("name", details.name, longest=70),
        "vat_number": _vat_number(details.vat_number) if details.vat_number.strip() else "",
        "iban": compact_iban(details.iban) if details.iban.strip() else "",
        "bic": checked_bic(details.bic.strip().upper()),
        "cheque_payee": _fit("cheque_payee", details.cheque_payee.strip() or details.name, longest=120),
        "stamp_duty_charged_to": charged,
        "stamp_duty_reason": reason,
        "stamp_duty_authorisation": authorisation or None,
    }


def _fit(field: str, typed: str, *, longest: int = 200, maybe: bool = False) -> str:
    text = " ".join(typed.split())
    try:
        return checked_text(text, at=field, longest=longest, empty_allowed=maybe)
    except Refusal as refused:
        details = {"field": field, "longest": longest}
        raise Refusal("house.text_unfit", kind=Kind.MALFORMED, details=details) from refused


def _vat_number(typed: str, *, italian: bool = False) -> str:
    """Of any country of the Union, an Italian one without its letters. Raises Refusal `house.vat_number_unfit`."""
    number = "".join(typed.split()).upper().removeprefix("IT")
    found = vat_number_of(f"IT{number}") or (None if italian else vat_number_of(number))
    if found is None:
        raise Refusal("house.vat_number_unfit", kind=Kind.MALFORMED, details={"number": typed})
    return found.removeprefix("IT")


def _laid_over(row: store.Agency | store.Creditor, values: Mapping[str, str | None]) -> dict[str, str]:
    """Lay `values` over the row; those that changed."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return {name: value or "" for name, value in changed.items()}


def _told(values: Mapping[str, str | None]) -> dict[str, str]:
    """Without what is empty."""
    return {name: value for name, value in values.items() if value}
