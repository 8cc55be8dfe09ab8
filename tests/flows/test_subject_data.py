"""What a person may ask about their own data: a copy of all of it and of nobody else's, and an objection that holds."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pypdf
import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store.tables import CreditDocument, Obligor, Phone, PlanningNote, Practice, PracticeFlag
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_limitation import candidate
from tests.flows.test_presence import NEXT_WEEK, file_of, switch, tried
from tests.flows.test_sync import AT, day_of, paid_report, phone_of, verdicts

WHY = "Lettera raccomandata del 20 novembre"


async def debtor_of(house: House, practice_id: UUID) -> Obligor:
    async with house.session() as session:
        return (await session.exec(select(Obligor).where(Obligor.practice_id == practice_id))).first()  # type: ignore[return-value]


async def copied(desk: Desk, practice_id: UUID, obligor_id: UUID, **changes: Any) -> zipfile.ZipFile:
    asked = {"obligor_id": str(obligor_id), "identified_by": "identity_card", **changes}
    answer = await desk.post(f"/practices/{practice_id}/copy-of-data", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def data_of(archive: zipfile.ZipFile) -> dict[str, Any]:
    return dict(json.loads(archive.read("dati.json")))


async def a_guarantor(house: House, practice_id: UUID) -> UUID:
    async with house.session() as session:
        row = Obligor(
            id=new_id(),
            agency_id=house.agency_id,
            practice_id=practice_id,
            role="guarantor",
            kind="person",
            name="Giovanna Garante",
            position=1,
        )
        session.add(row)
        await session.flush()
        session.add(
            Phone(
                id=new_id(),
                agency_id=house.agency_id,
                practice_id=practice_id,
                obligor_id=row.id,
                number="+393331234567",
                source="creditor",
            )
        )
        return row.id


async def visited(house: House, practice_id: UUID) -> None:
    await published(house, practice_id)
    phone = await phone_of(house)
    (stop,) = (await day_of(phone))["stops"]
    envelope = phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT)
    assert await verdicts(phone, envelope) == [("accepted", None)]


async def test_a_copy_holds_what_is_kept_of_the_person_in_all_practices(house: House) -> None:
    first = await entrusted(house, "P-001")
    second = await entrusted(house, "Q-002", of="P-001")
    other = await entrusted(house, "P-003")
    await visited(house, first)
    desk = await house.sign_in(Role.BACK_OFFICE)

    archive = await copied(desk, first, (await debtor_of(house, first)).id)

    data = data_of(archive)
    assert [one["practice_number"] for one in data["practices"]] == ["P-001", "Q-002"]
    paid, untouched = data["practices"]
    assert paid["person"]["name"] == "Mario Bianchi"
    assert paid["person"]["tax_code"]
    assert paid["addresses"][0]["text"] == "Via Roma 12, 26900 Lodi LO"
    assert [one["outcome"] for one in paid["visits"]] == ["PAID_PARTIAL"]
    assert [one["amount_cents"] for one in paid["receipts"]] == [15_000]
    assert paid["collected_cents"] == 15_000
    assert len(untouched["earlier_contacts"]) == 2
    assert archive.read("dati.pdf").startswith(b"%PDF")
    assert other not in (first, second)


async def test_what_is_of_others_is_left_out(house: House) -> None:
    practice = await entrusted(house)
    guarantor = await a_guarantor(house, practice)
    await visited(house, practice)
    desk = await house.sign_in(Role.BACK_OFFICE)

    of_debtor = json.dumps(data_of(await copied(desk, practice, (await debtor_of(house, practice)).id)))
    of_guarantor = data_of(await copied(desk, practice, guarantor))

    workers = [person.name for person in house.people.values()]
    assert not [name for name in workers if name in of_debtor]
    assert "Giovanna" not in of_debtor
    assert "+393331234567" not in of_debtor
    (theirs,) = of_guarantor["practices"]
    assert theirs["person"]["role"] == "guarantor"
    assert [one["number"] for one in theirs["phones"]] == ["+393331234567"]
    assert theirs["debts"]
    assert theirs["addresses"] == []
    assert "visits" not in theirs
    assert "receipts" not in theirs
    assert "Bianchi" not in json.dumps(of_guarantor)


async def test_documents_come_along_under_harmless_names(house: House) -> None:
    practice = await entrusted(house)
    digest = await house.parts.blobs.put(b"%PDF-1.7 contratto")
    async with house.session() as session:
        for name in ("../../etc/contratto.pdf", "non arrivato.pdf"):
            session.add(
                CreditDocument(
                    id=new_id(),
                    agency_id=house.agency_id,
                    practice_id=practice,
                    name=name,
                    kind="contract",
                    media_type="application/pdf",
                    size_bytes=18,
                    sha256=digest if "etc" in name else "0" * 64,
                    added_at=house.clock.now(),
                )
            )
    desk = await house.sign_in(Role.ADMINISTRATOR)

    archive = await copied(desk, practice, (await debtor_of(house, practice)).id)

    names = [name for name in archive.namelist() if name.startswith("documenti/")]
    assert len(names) == 1
    assert ".." not in names[0].split("/")
    assert archive.read(names[0]) == b"%PDF-1.7 contratto"
    assert len(data_of(archive)["documents_given_apart"]) == 1


@pytest.mark.parametrize("language", ["it", "en", "fr"])
async def test_the_paper_is_made_in_each_language(house: House, language: str) -> None:
    practice = await entrusted(house)
    await switch(house)
    await tried(house, practice)
    desk = await house.sign_in(Role.BACK_OFFICE)

    archive = await copied(desk, practice, (await debtor_of(house, practice)).id, language=language)

    assert len(archive.read("dati.pdf")) > 5_000
    assert len(data_of(archive)["practices"][0]["learned_hours"]) > 0


async def test_a_copy_stays_in_the_register_with_how_the_person_was_identified(house: House) -> None:
    practice = await entrusted(house)
    await copied(await house.sign_in(Role.BACK_OFFICE), practice, (await debtor_of(house, practice)).id)
    admin = await house.sign_in(Role.ADMINISTRATOR)

    rows = (await admin.get("/audit")).json()

    (copy,) = [row for row in rows if row["action"] == "subject.copied"]
    assert copy["details"]["identified_by"] == "identity_card"


async def test_nobody_else_gets_a_copy(house: House) -> None:
    practice = await entrusted(house)
    elsewhere = await entrusted(house, "P-002")
    asked = {"obligor_id": str((await debtor_of(house, elsewhere)).id), "identified_by": "passport"}
    desk = await house.sign_in(Role.BACK_OFFICE)
    dispatcher = await house.sign_in(Role.DISPATCHER)

    another = await desk.post(f"/practices/{practice}/copy-of-data", json=asked)
    unlawful = await dispatcher.post(f"/practices/{elsewhere}/copy-of-data", json=asked)

    assert (another.status_code, another.json()["code"]) == (404, "subject.unknown")
    assert unlawful.status_code == 403


async def objects(desk: Desk, practice_id: UUID, *, stands: bool = True, reason: str = WHY) -> Any:
    return await desk.post(f"/practices/{practice_id}/learning-objection", json={"stands": stands, "reason": reason})


async def test_who_objects_is_told_by_no_hour_in_any_practice_and_others_are(house: House) -> None:
    first = await entrusted(house, "P-001")
    second = await entrusted(house, "Q-002", of="P-001")
    other = await entrusted(house, "P-003")
    await switch(house)
    await tried(house, first, other)
    desk = await house.sign_in(Role.BACK_OFFICE)
    assert await file_of(desk, first)

    answer = await objects(desk, second)

    assert answer.status_code == 200
    assert answer.json()["reason"] == WHY
    assert await file_of(desk, first) == await file_of(desk, second) == []
    assert await file_of(desk, other)
    assert (await desk.get(f"/practices/{first}")).json()["objection"]["reason"] == WHY
    assert (await candidate(house, first, NEXT_WEEK))["best_hour"] is None
    assert (await candidate(house, other, NEXT_WEEK))["best_hour"] is not None
    copy = data_of(await copied(desk, first, (await debtor_of(house, first)).id))
    assert copy["practices"][0]["objection_to_learned_hours"] is not None
    assert copy["practices"][0]["learned_hours"] == []


async def test_an_objection_is_worth_as_much_as_no_learning_and_may_be_withdrawn(house: House) -> None:
    practice = await entrusted(house)
    await tried(house, practice)
    without = await candidate(house, practice, NEXT_WEEK)
    await switch(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    learned = await candidate(house, practice, NEXT_WEEK)

    await objects(desk, practice)
    await objects(desk, practice)
    objected = await candidate(house, practice, NEXT_WEEK)
    await objects(desk, practice, stands=False, reason="Ci ha ripensato al telefono")

    assert objected["prize_cents"] == without["prize_cents"]
    assert await candidate(house, practice, NEXT_WEEK) == learned
    admin = await house.sign_in(Role.ADMINISTRATOR)
    actions = [row["action"] for row in (await admin.get("/audit")).json()]
    assert actions.count("learning.objected") == actions.count("learning.objection_withdrawn") == 1


async def test_an_objection_without_words_is_refused(house: House) -> None:
    practice = await entrusted(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await objects(desk, practice, reason="  ")

    assert (answer.status_code, answer.json()["code"]) == (422, "objection.reason_missing")


async def test_whoever_is_joined_with_one_who_objects_objects_too_and_a_copy_holds_both(house: House) -> None:
    first = await entrusted(house, "P-001")
    second = await entrusted(house, "P-002")
    await switch(house)
    await tried(house, first, second)
    desk = await house.sign_in(Role.BACK_OFFICE)
    await objects(desk, first)
    assert await file_of(desk, second)

    async with house.session() as session:
        group = new_id()
        for practice_id in (first, second):
            practice = await session.get_one(Practice, practice_id)
            practice.debtor_group = group

    assert await file_of(desk, second) == []
    assert (await candidate(house, second, NEXT_WEEK))["best_hour"] is None
    copy = data_of(await copied(desk, second, (await debtor_of(house, second)).id))
    assert [one["practice_number"] for one in copy["practices"]] == ["P-001", "P-002"]


async def test_what_was_noted_of_a_person_is_in_the_copy_and_no_sign_keeps_it_from_being_made(house: House) -> None:
    practice = await entrusted(house)
    async with house.session() as session:
        note = PlanningNote(
            id=new_id(),
            agency_id=house.agency_id,
            practice_id=practice,
            from_on=TODAY,
            text="Cane grande \U0001f415 in cortile",
            written_at=house.clock.now(),
            written_by=house.people[Role.DISPATCHER].id,
        )
        flag = PracticeFlag(
            id=new_id(),
            agency_id=house.agency_id,
            practice_id=practice,
            kind="represented",
            since=house.clock.now(),
            source="visit",
        )
        session.add_all([note, flag])
    desk = await house.sign_in(Role.BACK_OFFICE)

    archive = await copied(desk, practice, (await debtor_of(house, practice)).id)

    (kept,) = data_of(archive)["practices"]
    assert [one["text"] for one in kept["notes"]] == ["Cane grande \U0001f415 in cortile"]
    assert kept["flags"] == ["represented"]
    assert archive.read("dati.pdf").startswith(b"%PDF")


@pytest.mark.parametrize(("language", "word"), [("it", "tedesco"), ("en", "German"), ("fr", "allemand")])
async def test_what_the_visit_asks_of_the_agent_is_in_the_copy_of_the_debtor_alone(
    house: House, language: str, word: str
) -> None:
    practice = await entrusted(house)
    guarantor = await a_guarantor(house, practice)
    desk = await house.sign_in(Role.BACK_OFFICE)
    dispatcher = await house.sign_in(Role.DISPATCHER)
    assert (await dispatcher.post(f"/practices/{practice}/skills", json={"skills": ["german"]})).status_code == 200
    admin = await house.sign_in(Role.ADMINISTRATOR)
    of_all = await admin.post(f"/creditors/{house.creditor_id}/skills", json={"skills": ["albanian"]})
    assert of_all.status_code == 200

    archive = await copied(desk, practice, (await debtor_of(house, practice)).id, language=language)
    of_another = await copied(desk, practice, guarantor, language=language)

    (kept,) = data_of(archive)["practices"]
    assert kept["skills_asked"] == ["albanian", "german"]
    assert word in "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(archive.read("dati.pdf"))).pages)
    assert "skills_asked" not in data_of(of_another)["practices"][0]
