"""The door of the house: what papers say of agency and creditors, read and entered by the administrator."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from fieldapp.services import house
from fieldapp.services.work import Work
from fieldapp.store.shapes.house import AgencyDetails, ChargedTo, CreditorDetails, Exemption, HousePage

Typed = Annotated[str, Meta(max_length=400)]


class AgencyRequest(Struct, forbid_unknown_fields=True):
    name: Typed
    legal_name: Typed
    vat_number: Typed
    address: Typed
    phone: Typed
    seen: AgencyDetails
    """What stood there when the form was opened."""
    email: Typed = ""


class CreditorRequest(Struct, forbid_unknown_fields=True):
    """What is empty is not known yet; without an account no receipt can be written."""

    name: Typed
    vat_number: Typed = ""
    iban: Typed = ""
    bic: Typed = ""
    cheque_payee: Typed = ""
    """Empty: the creditor's name."""
    stamp_duty_charged_to: ChargedTo = "debtor"
    stamp_duty_reason: Exemption | None = None
    stamp_duty_authorisation: Typed | None = None

    def details(self) -> CreditorDetails:
        return CreditorDetails(**{name: getattr(self, name) for name in CreditorDetails.__struct_fields__})


class CreditorChangeRequest(CreditorRequest, forbid_unknown_fields=True, kw_only=True):
    seen: CreditorDetails
    """What stood there when the form was opened."""
    reference: Typed = ""
    """Where another account was told, and by whom it was heard."""


class HouseController(Controller):
    tags = ("access",)

    @get("/house", operation_id="read_house")
    async def read_house(self, work: NamedDependency[Work]) -> HousePage:
        return await house.read_house(work)

    @post("/house/agency", operation_id="set_agency", status_code=200)
    async def set_agency(self, work: NamedDependency[Work], data: JSONBody[AgencyRequest]) -> HousePage:
        details = AgencyDetails(**{name: getattr(data, name) for name in AgencyDetails.__struct_fields__})
        return await house.set_agency(work, details, seen=data.seen)

    @post("/creditors", operation_id="add_creditor", status_code=200)
    async def add_creditor(self, work: NamedDependency[Work], data: JSONBody[CreditorRequest]) -> HousePage:
        return await house.add_creditor(work, data.details())

    @post("/creditors/{creditor_id:uuid}", operation_id="set_creditor", status_code=200)
    async def set_creditor(
        self, work: NamedDependency[Work], creditor_id: FromPath[UUID], data: JSONBody[CreditorChangeRequest]
    ) -> HousePage:
        return await house.set_creditor(work, creditor_id, data.details(), seen=data.seen, reference=data.reference)
