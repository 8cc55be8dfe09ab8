"""Paper pads: every number is used once, voided, blank or missed; what is entered later obeys the rules of phones."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pypdf
import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.domain.pads import form_check, form_digest, form_proof, shown_check
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House, a_person
from tests.flows.phone import FieldPhone, a_photo, a_report, text_of
from tests.flows.test_cash import balances, good, kinds_of_facts, owed, refused, rows
from tests.flows.test_sync import AGENCY, AT, day_of, phone_of, verdicts

PICTURE = base64.b64encode(a_photo()).decode()


async def a_pad(house: House, desk: Desk, *, kind: str = "receipt", forms: int = 10) -> dict[str, Any]:
    body = {"id": str(uuid4()), "agent_id": str(house.people[Role.AGENT].id), "kind": kind, "forms": forms}
    return dict(good(await desk.post("/pads", json=body)))


def check_of(house: House, pad: dict[str, Any], number: int) -> str:
    return form_check(house.parts.pad_key, house.agency_id, pad["series"], number)


def paper(house: House, pad: dict[str, Any], number: int, practice_id: UUID, **changes: Any) -> dict[str, Any]:
    """150,00 € in cash, written on this form forty minutes ago."""
    money = {"amount_cents": 15_000, "method": "cash", "answers": {}, "identified_by": "document", "duty_taken": True}
    return notice(house, pad, number, practice_id) | money | changes


def notice(house: House, pad: dict[str, Any], number: int, practice_id: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "practice_id": str(practice_id),
        "number": number,
        "check": shown_check(check_of(house, pad, number)),
        "arrived_at": text_of(AT),
        "left_at": text_of(AT + timedelta(minutes=10)),
        "picture": PICTURE,
    } | changes


async def desk_with_a_pad(house: House, **options: Any) -> tuple[Desk, dict[str, Any], UUID]:
    """A pad that was handed over two hours ago, and a practice of its agent's day."""
    practice_id = await entrusted(house)
    await published(house, practice_id)
    desk = await house.sign_in(Role.BACK_OFFICE)
    house.clock.move_to(NOW - timedelta(hours=2))
    pad = await a_pad(house, desk, **options)
    house.clock.move_to(NOW)
    return desk, pad, practice_id


async def the_pad(desk: Desk, pad: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in good(await desk.get("/pads"))["pads"] if row["id"] == pad["id"])


# --- given out and printed -----------------------------------------------------------------------------------------


async def test_pads_take_the_next_numbers_of_their_own_series_and_a_repeat_is_known(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    body = {"id": str(uuid4()), "agent_id": str(house.people[Role.AGENT].id), "kind": "receipt", "forms": 50}

    first, again = [good(await desk.post("/pads", json=body)) for _ in range(2)]
    second = await a_pad(house, desk, forms=20)
    notices = await a_pad(house, desk, kind="notice", forms=20)

    assert first == again
    assert [(p["series"], p["first"], p["last"]) for p in (first, second, notices)] == [
        ("B1", 1, 50),
        ("B1", 51, 70),
        ("N1", 1, 20),
    ]
    assert refused(await desk.post("/pads", json=body | {"forms": 49})) == "pad.registered_otherwise"
    assert refused(await desk.post("/pads", json=body | {"id": str(uuid4()), "forms": 101})) == "request.malformed"
    assert refused(await desk.post("/pads", json=body | {"agent_id": str(uuid4())})) == "cash.agent_unknown"
    assert (await kinds_of_facts(house)).count("pad.handed_over") == 3


async def test_a_printed_receipt_form_has_its_number_and_check_in_two_copies(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    pad = await a_pad(house, desk, forms=3)
    house.clock.move_to(NOW + timedelta(microseconds=1_234))  # as a real clock reads

    answer = await desk.get(f"/pads/{pad['id']}/forms")

    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages]
    assert len(pages) == 3
    for number, text in enumerate(pages, start=1):
        assert text.count(f"B1-00000{number}") == 2
        assert text.count(shown_check(check_of(house, pad, number))) == 2
    assert (await the_pad(desk, pad))["printed"] == 1


async def test_a_printed_notice_says_nothing_of_a_debt_nor_of_a_trade_that_would(house: House) -> None:
    async with house.session() as session:
        agency = await session.get_one(tables.Agency, house.agency_id)
        agency.name = "Recupero Crediti Lodi"
    desk = await house.sign_in(Role.BACK_OFFICE)
    pad = await a_pad(house, desk, kind="notice", forms=2)

    answer = await desk.get(f"/pads/{pad['id']}/forms")

    [page] = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    text = page.extract_text()
    assert "N1-000001" in text
    assert "N1-000002" in text
    for word in ("ecupero", "redit", "debit", "€", "pagament", "115"):
        assert word not in text, word


# --- entered at the desk -------------------------------------------------------------------------------------------


async def test_a_receipt_written_by_hand_stands_in_ledger_and_practice_as_one_from_a_phone(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    body = paper(house, pad, 3, practice_id)

    entered, again = [good(await desk.post(f"/pads/{pad['id']}/receipts", json=body)) for _ in range(2)]

    assert entered == {
        "form": "B1-000003",
        "visit_id": body["id"],
        "practice_id": str(practice_id),
        "flags": ["pad.entered_from_paper"],
    }
    assert again["form"] == "B1-000003"
    assert await owed(house) == 75_000
    assert (await balances(desk))["agent_cash"] == 15_200  # with the stamp duty on top
    file = good(await desk.get(f"/practices/{practice_id}"))
    [visit] = file["visits"]
    [receipt] = visit["receipts"]
    assert (visit["outcome"], receipt["series"], receipt["number"]) == (
        "PAID_PARTIAL",
        "B1",
        3,
    )
    assert visit["documents"][0]["kind"] == "paper_form"
    assert good(await desk.get("/cash"))["purses"][0]["cash_cents"] == 15_200
    [envelope] = await rows(house, tables.Envelope)
    [stored] = await rows(house, tables.Visit)
    # Said by the agent, and entered: both are kept.
    assert (stored.arrived_at, envelope.recorded_at) == (AT, NOW)
    assert (stored.agent_id, stored.stop_id is not None) == (house.people[Role.AGENT].id, True)
    [form] = (await the_pad(desk, pad))["forms"]
    assert (form["entered_by"], form["practice_number"], form["amount_cents"]) == (
        house.people[Role.BACK_OFFICE].name,
        "P-001",
        15_000,
    )
    assert [task.kind for task in await rows(house, tables.Task)] == []


async def test_the_rules_of_phones_judge_what_was_written_on_paper_at_the_time_it_says(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    at = AT.replace(hour=22)  # 23 in Italy, the day before: two hours after visits end
    late = {"arrived_at": text_of(at - timedelta(days=1)), "left_at": text_of(at - timedelta(days=1, minutes=-10))}

    entered = good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id, **late)))

    assert "conduct.outside_hours" in entered["flags"]
    assert "pad.written_before_handed_over" in entered["flags"]
    [task] = [t for t in await rows(house, tables.Task) if t.kind == "visit.flagged"]
    assert "pad.entered_from_paper" not in task.details["flags"]


async def test_paper_that_comes_late_is_looked_at(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    body = paper(house, pad, 1, practice_id)
    house.clock.move_to(NOW + timedelta(days=3))
    desk = await house.sign_in(Role.BACK_OFFICE)

    entered = good(await desk.post(f"/pads/{pad['id']}/receipts", json=body))

    assert "pad.entered_late" in entered["flags"]


async def test_stamp_duty_that_was_not_asked_for_is_not_the_debtors_afterwards(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)

    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id, duty_taken=False)))

    assert (await balances(desk))["agent_cash"] == 15_000


async def test_a_cheque_written_on_paper_is_subject_to_clearance(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    cheque = {
        "bank": "Banca Prova",
        "number": "0012345678",
        "dated_on": "2026-11-26",
        "payee": "Finanziaria Prova S.p.A.",
        "non_transferable": True,
    }

    good(
        await desk.post(
            f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id, method="cheque", answers=cheque)
        )
    )

    assert good(await desk.get("/cash"))["cheques"][0]["receipt"] == "B1-000001"
    assert [row.kind for row in await rows(house, tables.Receipt)] == ["receipt_subject_to_clearance"]


async def test_a_notice_left_on_paper_is_a_visit_with_its_number(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house, kind="notice")

    entered = good(await desk.post(f"/pads/{pad['id']}/notices", json=notice(house, pad, 2, practice_id)))

    [visit] = good(await desk.get(f"/practices/{practice_id}"))["visits"]
    assert entered["form"] == "N1-000002"
    assert (visit["outcome"], visit["captured"]["notice"]["number"]) == ("ABSENT_NOTICE_LEFT", "N1-000002")


async def test_numbers_that_are_doubled_forged_or_foreign_are_refused_by_name_and_nothing_moves(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    notices = await a_pad(house, desk, kind="notice")
    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id)))
    good(await desk.post(f"/pads/{pad['id']}/void", json={"number": 2, "reason": "macchiato"}))
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    foreign = good(
        await desk.post(
            "/pads", json={"id": str(uuid4()), "agent_id": str(colleague.id), "kind": "receipt", "forms": 5}
        )
    )
    before = await balances(desk)
    attempts = {
        "pad.form_used": (pad, paper(house, pad, 1, practice_id)),
        "pad.form_voided": (pad, paper(house, pad, 2, practice_id)),
        "pad.check_wrong": (pad, paper(house, pad, 3, practice_id, check=check_of(house, pad, 4))),
        "pad.not_in_pad": (pad, paper(house, pad, 11, practice_id)),
        "pad.not_yet": (pad, paper(house, pad, 3, practice_id, left_at=text_of(NOW + timedelta(minutes=1)))),
        "pad.other_kind": (notices, paper(house, notices, 1, practice_id)),
        "visit.not_yours": (foreign, paper(house, foreign, foreign["first"], practice_id)),
        "photo.not_a_picture": (pad, paper(house, pad, 3, practice_id, picture="AAAA")),
        "practice.unknown": (pad, paper(house, pad, 3, uuid4())),
        "payment.field_missing": (pad, paper(house, pad, 3, practice_id, method="card")),
        "pad.unknown": ({"id": str(uuid4())}, paper(house, pad, 3, practice_id)),
    }

    answers = {
        code: refused(await desk.post(f"/pads/{where['id']}/receipts", json=body))
        for code, (where, body) in attempts.items()
    }

    assert answers == {code: code for code in attempts}
    assert await balances(desk) == before
    assert len(await rows(house, tables.Visit)) == 1


async def test_a_paper_receipt_is_voided_by_a_counter_receipt_and_series_of_devices_stay_whole(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 4, practice_id)))
    [receipt] = await rows(house, tables.Receipt)

    voided = good(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "importo sbagliato"}))
    printed = await desk.get(f"/receipts/{receipt.id}/paper")

    assert voided["counter_receipt"] == "U1-000001"
    assert await owed(house) == 90_000
    assert printed.status_code == 200
    [series] = good(await desk.get("/receipts/series"))
    assert (series["series"], series["used"], series["whole"]) == ("U1", 1, True)
    [form] = (await the_pad(desk, pad))["forms"]
    assert form["voided_by"] == "U1-000001"


# --- voided, and come back -----------------------------------------------------------------------------------------


async def test_every_number_of_a_pad_that_came_back_is_used_voided_blank_or_missing(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id)))
    spoiled = {"number": 4, "reason": "bagnato", "picture": PICTURE}
    out = good(await desk.post(f"/pads/{pad['id']}/void", json=spoiled))

    back = good(await desk.post(f"/pads/{pad['id']}/return", json={"blank": [[6, 10], [2, 2]]}))

    assert (out["skipped"], out["missing"], out["blank"]) == ([2, 3], [], [[2, 3], [5, 10]])
    assert (back["used"], back["voided"], back["blank"], back["missing"]) == (1, 1, [[2, 2], [6, 10]], [3, 5])
    [task] = [t for t in await rows(house, tables.Task) if t.kind == "pad.forms_missing"]
    assert task.details["forms"] == "B1-000003, B1-000005"
    picture = await desk.get(f"/pads/{pad['id']}/picture?number=4")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


async def test_a_missing_form_that_turns_up_closes_its_task(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house, forms=4)
    good(await desk.post(f"/pads/{pad['id']}/return", json={"blank": [[1, 1]]}))

    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 2, practice_id)))
    good(await desk.post(f"/pads/{pad['id']}/void", json={"number": 3, "reason": "strappato"}))
    still = (await the_pad(desk, pad))["missing"]
    good(await desk.post(f"/pads/{pad['id']}/return", json={"blank": [[1, 1], [4, 4]]}))

    assert still == [4]
    assert (await the_pad(desk, pad))["missing"] == []
    assert [t.state for t in await rows(house, tables.Task) if t.kind == "pad.forms_missing"] == ["done"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("void", {"number": 1, "reason": "x"}, "pad.form_used"),
        ("void", {"number": 11, "reason": "x"}, "pad.not_in_pad"),
        ("void", {"number": 2, "reason": "  "}, "receipt.reason_missing"),
        ("void", {"number": 2, "reason": "x", "picture": "AAAA"}, "photo.not_a_picture"),
        ("return", {"blank": [[1, 3]]}, "pad.blank_and_taken"),  # 1 is used
        ("return", {"blank": [[2, 11]]}, "pad.not_in_pad"),
        ("return", {"blank": [[3, 2]]}, "pad.not_in_pad"),
        ("return", {"blank": [[0, 2]]}, "request.malformed"),
    ],
)
async def test_a_count_that_cannot_be_true_is_refused(house: House, path: str, body: dict[str, Any], code: str) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id)))

    assert refused(await desk.post(f"/pads/{pad['id']}/{path}", json=body)) == code


async def test_a_form_counted_blank_is_not_voided_and_if_it_was_used_after_all_that_is_told(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house, forms=2)
    good(await desk.post(f"/pads/{pad['id']}/return", json={"blank": [[1, 2]]}))

    voided = refused(await desk.post(f"/pads/{pad['id']}/void", json={"number": 1, "reason": "x"}))
    printed = refused(await desk.get(f"/pads/{pad['id']}/forms"))
    entered = good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id)))

    assert (voided, printed) == ("pad.counted_blank", "pad.came_back")
    assert "pad.was_counted_blank" in entered["flags"]


# --- entered on the phone ------------------------------------------------------------------------------------------


def on_a_form(
    house: House, phone: FieldPhone, stop: dict[str, Any], pad: dict[str, Any], number: int, **changes: Any
) -> dict[str, Any]:
    """The report of a payment whose receipt was written on a form, as the phone sends it."""
    payment = phone.cash(stop["practice"], 15_000, at=AT + timedelta(minutes=8), agency=AGENCY)
    check = check_of(house, pad, number)
    value = payment["receipt"]["value"] | {
        "series": pad["series"],
        "number": number,
        "prev_digest": form_digest(pad["series"], number, check),
    }
    value |= changes
    content = canonical_json(value)
    payment["receipt"] = {"value": value, "digest": sha256(content), "signature": phone.sign(content)}
    phone.number -= 1
    picture = phone.picture(a_photo(), purpose="paper_form", media_type="image/jpeg")
    return a_report(
        stop,
        at=AT,
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="PAID_PARTIAL",
        captured={"reason": "short_of_money"},
        payments=[payment],
        attachments=[picture],
    )


async def day_with_a_pad(house: House) -> tuple[Desk, dict[str, Any], FieldPhone, dict[str, Any]]:
    desk, pad, _ = await desk_with_a_pad(house)
    phone = await phone_of(house)
    stop = (await phone.request("GET", "/field/day")).json()["stops"][0]
    return desk, pad, phone, stop


async def test_what_the_agent_enters_on_the_phone_uses_the_form_and_leaves_the_phones_own_series_alone(
    house: House,
) -> None:
    desk, pad, phone, stop = await day_with_a_pad(house)
    head = phone.chain_head

    verdict = await verdicts(phone, phone.envelope("visit", on_a_form(house, phone, stop, pad, 5), at=NOW))
    phone.chain_head = head
    own = phone.cash(stop["practice"], 10_000, at=AT + timedelta(minutes=30), agency=AGENCY)
    report = a_report(
        stop,
        at=AT + timedelta(minutes=25),
        met={"who": "debtor", "identified_by": "document", "role": None},
        identified_self=True,
        outcome="PAID_PARTIAL",
        captured={"reason": "short_of_money"},
        payments=[own],
    )
    after = await verdicts(phone, phone.envelope("visit", report, at=NOW))

    assert verdict == after == [("accepted", None)]
    assert await owed(house) == 65_000
    names = sorted(f"{row.series}-{row.number}" for row in await rows(house, tables.Receipt))
    assert names == ["A1-1", "B1-5"]
    assert all(row["whole"] for row in good(await desk.get("/receipts/series")))
    [form] = (await the_pad(desk, pad))["forms"]
    assert (form["number"], form["entered_by"]) == (5, house.people[Role.AGENT].name)
    blocks = (await phone.request("GET", "/field/day")).json()["blocks"]
    assert [block["next"] for block in blocks if block["kind"] == "receipt"] == [2]


async def test_a_phone_cannot_use_a_form_twice_nor_invent_one(house: House) -> None:
    _, pad, phone, stop = await day_with_a_pad(house)
    good_one = on_a_form(house, phone, stop, pad, 5)
    twice = on_a_form(house, phone, stop, pad, 5)
    beyond = on_a_form(house, phone, stop, pad, 11)
    guessed = on_a_form(house, phone, stop, pad, 6, prev_digest="0" * 64)

    found = await verdicts(
        phone, *(phone.envelope("visit", body, at=NOW) for body in (good_one, twice, beyond, guessed))
    )

    assert found == [
        ("accepted", None),
        ("refused", "pad.form_used"),
        ("refused", "pad.form_unknown"),
        ("refused", "pad.check_wrong"),
    ]
    assert len(await rows(house, tables.Payment)) == 1


async def test_a_form_of_a_colleagues_pad_is_refused_by_name(house: House) -> None:
    _, _, phone, stop = await day_with_a_pad(house)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    desk = await house.sign_in(Role.BACK_OFFICE)
    theirs = good(
        await desk.post(
            "/pads", json={"id": str(uuid4()), "agent_id": str(colleague.id), "kind": "receipt", "forms": 5}
        )
    )

    found = await verdicts(
        phone, phone.envelope("visit", on_a_form(house, phone, stop, theirs, theirs["first"]), at=NOW)
    )

    assert found == [("refused", "pad.not_yours")]


async def test_a_form_taken_by_the_office_and_a_phone_at_once_is_taken_once(house: House) -> None:
    desk, pad, phone, stop = await day_with_a_pad(house)
    envelope = phone.envelope("visit", on_a_form(house, phone, stop, pad, 5), at=NOW)
    practice_id = UUID(stop["practice"]["id"])

    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 5, practice_id)))
    found = await verdicts(phone, envelope)

    assert found == [("refused", "pad.form_used")]
    async with house.session() as session:
        assert len((await session.exec(select(tables.PadForm))).all()) == 1


# --- at the public door --------------------------------------------------------------------------------------------


async def asked(house: House, proof: str) -> dict[str, Any]:
    return dict(good(await house.client().post("/public/receipts/check", json={"proof": proof})))


async def test_anybody_with_a_form_learns_whether_it_was_entered_and_no_more_than_they_hold(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    codes = {number: form_proof("B1", number, check_of(house, pad, number)) for number in (1, 2, 3)}
    good(await desk.post(f"/pads/{pad['id']}/void", json={"number": 2, "reason": "macchiato"}))

    before = await asked(house, codes[1])
    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id)))
    after = await asked(house, codes[1])
    same, other = [await asked(house, f"{codes[1]}.{cents}") for cents in (15_000, 51_000)]
    [receipt] = await rows(house, tables.Receipt)
    good(await desk.post(f"/receipts/{receipt.id}/void", json={"reason": "sbagliata"}))

    assert [before["state"], after["state"]] == ["awaited", "registered"]
    assert after["paper"] == {
        "label": "B1-000001",
        "kind": None,
        "issued_at": None,
        "amount_cents": None,
        "stamp_duty_cents": 0,
        "handed_over_cents": None,
        "agent_number": "1",
        "agency_name": "Agenzia Prova",
        "agency_phone": "0371 000000",
    }
    assert [found["amount_agrees"] for found in (after, same, other)] == [None, True, False]
    assert (await asked(house, codes[2]))["state"] == "spoiled"
    assert (await asked(house, f"{codes[1]}.15000"))["state"] == "voided"
    assert (await asked(house, codes[3] + ".15000")) == {
        **before,
        "paper": before["paper"] | {"label": "B1-000003"},
    }


async def test_a_number_without_its_check_a_notice_and_a_form_never_given_out_are_all_unknown(house: House) -> None:
    desk, pad, practice_id = await desk_with_a_pad(house)
    notices = await a_pad(house, desk, kind="notice")
    other_id, _, _ = await house.other_agency()
    good(await desk.post(f"/pads/{pad['id']}/receipts", json=paper(house, pad, 1, practice_id)))
    good(await desk.post(f"/pads/{notices['id']}/notices", json=notice(house, notices, 1, practice_id)))
    questions = {
        "another form's check": form_proof("B1", 1, check_of(house, pad, 2)),
        "no check": "4.B1-000001.00000000",
        "a notice": form_proof("N1", 1, check_of(house, notices, 1)),
        "never given out": form_proof("B1", 11, check_of(house, pad, 11)),
        "of an agency that has no pad": form_proof("B1", 1, form_check(house.parts.pad_key, other_id, "B1", 1)),
    }

    answers = {what: await asked(house, proof) for what, proof in questions.items()}

    unknown = {"state": "unknown", "paper": None, "phone_withdrawn": False, "amount_agrees": None}
    assert answers == dict.fromkeys(questions, unknown)


async def test_the_day_names_the_numbers_of_the_agents_own_pads_and_of_nobody_elses(house: House) -> None:
    desk, pad, phone, _ = await day_with_a_pad(house)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    body = {"id": str(uuid4()), "kind": "receipt", "agent_id": str(colleague.id), "forms": 10}
    good(await desk.post("/pads", json=body))

    pads = (await day_of(phone))["pads"]

    assert pads == [{name: pad[name] for name in ("series", "first", "last")}]
