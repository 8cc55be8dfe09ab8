"""A house that was just founded learns what its papers say of it, and for whom it works."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.store.tables import Agency, AuditEntry
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House
from tests.flows.test_planning import code
from tests.flows.test_sync import day_of, phone_of

AGENCY = {
    "name": "Recuperi Adda",
    "legal_name": "  Recuperi   Adda s.r.l. ",
    "vat_number": "IT 99999990155",
    "address": "Corso Roma 10, 26900 Lodi LO",
    "phone": "0371 123456",
}
BANK = {"name": "Banca dell'Adda S.p.A.", "vat_number": "99999990155", "iban": "it60 x054 2811 1010 0000 0123 456"}
ANOTHER_ACCOUNT = "IT40S0542811101000000123456"
IBAN = "IT60X0542811101000000123456"


async def opened(house: House) -> Desk:
    return await house.sign_in(Role.ADMINISTRATOR)


async def set_agency(admin: Desk, **changes: Any) -> Any:
    """As its form is opened and saved."""
    seen = (await admin.get("/house")).json()["agency"]
    return await admin.post("/house/agency", json={**AGENCY, "seen": seen, **changes})


async def set_creditor(admin: Desk, creditor_id: str, **changes: Any) -> Any:
    """As the form is opened, changed and saved."""
    entries = (await admin.get("/house")).json()["creditors"]
    seen = next(one["details"] for one in entries if one["id"] == creditor_id)
    return await admin.post(f"/creditors/{creditor_id}", json={**seen, "seen": seen, **changes})


def named(page: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in page["creditors"] if one["details"]["name"] == name)


async def written(house: House, action: str) -> list[dict[str, Any]]:
    async with house.session() as session:
        query = select(AuditEntry.details).where(AuditEntry.action == action).order_by(col(AuditEntry.number))
        return [dict(details) for details in await session.exec(query)]


async def test_what_papers_call_the_agency_is_entered_and_stands_on_the_phones_papers(house: House) -> None:
    practice = await entrusted(house, "P-001")
    await published(house, practice)
    phone = await phone_of(house)
    admin = await opened(house)

    page = (await set_agency(admin)).json()
    again = (await set_agency(admin)).json()

    assert page["agency"]["legal_name"] == "Recuperi Adda s.r.l."
    assert page["agency"]["vat_number"] == "99999990155"
    assert page["missing"] == []
    assert again == page
    told = (await day_of(phone))["agency"]
    assert (told["legal_name"], told["vat_number"]) == ("Recuperi Adda s.r.l.", "99999990155")
    assert len(await written(house, "agency.details_set")) == 1


async def test_what_is_missing_for_a_receipt_is_named(house: House) -> None:
    admin = await opened(house)
    async with house.session() as session:
        row = await session.get_one(Agency, house.agency_id)
        row.vat_number = row.licence_number = ""
        session.add(row)

    page = (await admin.post("/creditors", json={"name": "Nuova S.p.A."})).json()

    assert page["missing"] == ["vat_number", "licence_number"]
    assert named(page, "Nuova S.p.A.")["missing"] == ["iban"]
    assert named(page, "Nuova S.p.A.")["details"]["cheque_payee"] == "Nuova S.p.A."


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"legal_name": " "}, "house.text_unfit"),
        ({"legal_name": "x" * 121}, "house.text_unfit"),
        ({"phone": "0371\u202e1"}, "house.text_unfit"),
        ({"vat_number": "99999990156"}, "house.vat_number_unfit"),
        ({"vat_number": ""}, "house.vat_number_unfit"),
        ({"vat_number": "LU26375245"}, "house.vat_number_unfit"),
    ],
)
async def test_the_agency_is_held_to_what_a_paper_can_bear(house: House, change: dict[str, str], refusal: str) -> None:
    admin = await opened(house)

    answer = await set_agency(admin, **change)

    assert code(answer) == (422, refusal)
    assert await written(house, "agency.details_set") == []


async def test_a_creditor_is_added_and_their_receipts_can_be_written(house: House) -> None:
    admin = await opened(house)

    page = (await admin.post("/creditors", json=BANK)).json()

    bank = named(page, BANK["name"])
    assert bank["details"]["iban"] == IBAN
    assert bank["missing"] == []
    offered = (await (await house.sign_in(Role.BACK_OFFICE)).get("/creditors")).json()
    assert bank["id"] in {one["id"] for one in offered}
    assert (await written(house, "creditor.created"))[-1]["iban"] == IBAN
    assert code(await admin.post("/creditors", json=BANK)) == (409, "creditor.name_taken")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"name": ""}, "house.text_unfit"),
        ({"name": "x" * 71}, "house.text_unfit"),
        ({"iban": "IT60X0542811101000000123457"}, "paper.iban_invalid"),
        ({"bic": "SHORT"}, "paper.bic_invalid"),
        ({"vat_number": "LU26375246"}, "house.vat_number_unfit"),
    ],
)
async def test_a_creditor_is_held_to_what_a_paper_can_bear(house: House, change: dict[str, str], refusal: str) -> None:
    admin = await opened(house)

    assert code(await admin.post("/creditors", json={**BANK, **change})) == (422, refusal)


async def test_a_creditor_abroad_has_the_number_of_their_country(house: House) -> None:
    admin = await opened(house)

    page = (await admin.post("/creditors", json={**BANK, "vat_number": "lu 26375245"})).json()

    assert named(page, BANK["name"])["details"]["vat_number"] == "LU26375245"


SAID = "PEC dell'1/12, sentita la dott.ssa Riva"


async def test_where_money_goes_changes_with_a_word_on_who_said_so_and_both_stand_in_the_register(house: House) -> None:
    admin = await opened(house)
    bank = named((await admin.post("/creditors", json=BANK)).json(), BANK["name"])["id"]

    silent = [
        await set_creditor(admin, bank, iban=ANOTHER_ACCOUNT),
        await set_creditor(admin, bank, iban=""),
        await set_creditor(admin, bank, cheque_payee="Un Altro S.r.l."),
        await set_creditor(admin, bank, bic="UNCRITMM"),
    ]
    said = await set_creditor(admin, bank, iban=ANOTHER_ACCOUNT, reference=SAID)
    duty = await set_creditor(admin, bank, stamp_duty_charged_to="creditor")

    assert {code(one) for one in silent} == {(422, "creditor.reference_short")}
    assert named(said.json(), BANK["name"])["details"]["iban"] == ANOTHER_ACCOUNT
    assert named(duty.json(), BANK["name"])["details"]["stamp_duty_charged_to"] == "creditor"
    changes = await written(house, "creditor.changed")
    assert changes[0] == {"iban": ANOTHER_ACCOUNT, "former_iban": IBAN, "reference": SAID}
    assert changes[1] == {"stamp_duty_charged_to": "creditor"}


async def test_an_account_that_was_cleared_is_entered_anew_only_with_a_word(house: House) -> None:
    await entrusted(house, "P-001")
    admin = await opened(house)
    bank = str(house.creditor_id)
    cleared = await set_creditor(admin, bank, iban="", vat_number="", reference=SAID)

    silent = await set_creditor(admin, bank, iban=ANOTHER_ACCOUNT)

    assert cleared.status_code == 200
    assert code(silent) == (422, "creditor.reference_short")
    assert (await written(house, "creditor.changed"))[0]["iban"] == ""


async def test_a_form_that_was_opened_before_takes_nothing_back(house: House) -> None:
    admin = await opened(house)
    page = (await admin.post("/creditors", json=BANK)).json()
    bank, seen = named(page, BANK["name"])["id"], named(page, BANK["name"])["details"]
    await set_creditor(admin, bank, stamp_duty_charged_to="creditor")
    await set_agency(admin)

    late = await admin.post(f"/creditors/{bank}", json={**seen, "seen": seen, "name": "Banca Adda"})
    agency = await set_agency(admin, seen=page["agency"], phone="0371 999")

    assert code(late) == code(agency) == (409, "house.changed_meanwhile")
    kept = (await admin.get("/house")).json()
    assert named(kept, BANK["name"])["details"]["stamp_duty_charged_to"] == "creditor"
    assert kept["agency"]["phone"] == AGENCY["phone"]


async def test_a_name_that_another_creditor_has_is_refused_and_nothing_is_changed(house: House) -> None:
    admin = await opened(house)
    await admin.post("/creditors", json=BANK)
    other = named((await admin.post("/creditors", json={**BANK, "name": "Altra"})).json(), "Altra")["id"]

    refused = await set_creditor(admin, other, name=BANK["name"])

    assert code(refused) == (409, "creditor.name_taken")
    assert named((await admin.get("/house")).json(), "Altra")["id"] == other


@pytest.mark.parametrize("typed", ["IT99999-990155", "IT:99999990155", "it 99999 990155"])
async def test_a_vat_number_is_kept_as_it_is_written_not_as_it_was_typed(house: House, typed: str) -> None:
    admin = await opened(house)

    assert (await set_agency(admin, vat_number=typed)).json()["agency"]["vat_number"] == "99999990155"
