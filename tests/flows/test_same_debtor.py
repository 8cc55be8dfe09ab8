"""One debtor spelled in several ways: proposed, never joined silently; joined by a person, counted together, undone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.tax_codes import check_letter
from fieldapp.services import rules
from fieldapp.store import practice_facts, same_debtor, tables
from tests.conftest import NOW
from tests.flows.arranged import entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.creditor_file import file_of, lay_out_streets, practice_file, row, taken_in
from tests.flows.phone import FieldPhone, a_report
from tests.flows.statements import plan_of
from tests.flows.test_contacts import limits, log
from tests.flows.test_sync import AT, day_of, paid_report, verdicts

SOUND = "DNGNCL80A01E648" + check_letter("DNGNCL80A01E648")
SLIPPED = "X" + SOUND[1:]
NO_CODE = {"Codice fiscale": "", "Data nascita": "", "Telefono 1": ""}


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


def written(number: str, name: str, **changes: str) -> dict[str, str]:
    return row(number, **({"Debitore": name, **NO_CODE} | changes))


async def pairs(desk: Desk) -> dict[frozenset[str], dict[str, Any]]:
    answer = await desk.get("/debtors/pairs")
    assert answer.status_code == 200, answer.text
    found = answer.json()["pairs"]
    return {frozenset((one["one"]["practice_number"], one["other"]["practice_number"])): one for one in found}


async def decided(desk: Desk, pair: dict[str, Any], verdict: str | None) -> Any:
    return await desk.post(f"/debtors/pairs/{pair['id']}/decide", json={"verdict": verdict})


async def two_alike(house: House, desk: Desk, *, cents: int = 90_000) -> tuple[UUID, UUID, dict[str, Any]]:
    """Two practices of one debtor, known to be so by nobody yet."""
    one, other = sorted([await entrusted(house, number, cents=cents) for number in ("P-001", "P-002")])
    match = tables.DebtorMatch(
        id=new_id(),
        agency_id=house.agency_id,
        one_practice_id=one,
        other_practice_id=other,
        tells=["tax_code", "name"],
        strength=100,
        found_at=NOW,
    )
    async with house.session() as session:
        session.add(match)
    return one, other, (await pairs(desk))[frozenset(("P-001", "P-002"))]


async def test_one_debtor_spelled_three_ways_is_proposed_and_not_joined(house: House, desk: Desk) -> None:
    lay_out_streets(house)
    await taken_in(desk, house, file_of(written("P-1", "Niccolò D'Angelo", **{"Codice fiscale": SOUND})))

    report = await taken_in(
        desk,
        house,
        file_of(
            written("P-2", "DANGELO NICCOLO", Indirizzo="v. garibaldi, 12"),
            written("P-3", "D'Angelo N.", **{"Codice fiscale": SLIPPED, "Indirizzo": "Via Garibaldi 30"}),
            written("P-4", "Luisa Verdi"),
        ),
        name="altre.csv",
    )

    assert (report["accepted"], report["new_practices"]) == (3, 3)
    found = await pairs(desk)
    assert {tuple(sorted(pair)): one["tells"] for pair, one in found.items()} == {
        ("P-1", "P-2"): ["name", "address"],
        ("P-1", "P-3"): ["tax_code_slip", "name_initials"],
    }
    assert [file["same_debtor"] for file in [await practice_file(desk, f"P-{n}") for n in "123"]] == [[], [], []]
    tasks = (await desk.get("/tasks", params={"kind": "debtor.maybe_same"})).json()
    assert [task["details"] for task in tasks] == [{"file_name": "altre.csv", "pairs": 2}]


async def test_both_spellings_within_one_file_are_proposed_once_and_stay_decided(house: House, desk: Desk) -> None:
    lay_out_streets(house)
    content = file_of(
        written("P-1", "Niccolò D'Angelo", **{"Telefono 1": "333 1234567"}),
        written("P-2", "DANGELO NICCOLO", **{"Telefono 1": "+39 333 1234567"}),
    )
    await taken_in(desk, house, content)
    pair = (await pairs(desk))[frozenset(("P-1", "P-2"))]
    assert pair["tells"] == ["name", "phone", "address"]

    assert (await decided(desk, pair, "different")).json()["verdict"] == "different"
    await taken_in(
        desk, house, file_of(written("P-1", "Niccolò D'Angelo", **{"Telefono 2": "0371 123456"})), name="b.csv"
    )

    assert await pairs(desk) == {}
    assert (await desk.get("/tasks", params={"kind": "debtor.maybe_same"})).json() == []


async def test_namesakes_with_codes_of_their_own_are_not_proposed(house: House, desk: Desk) -> None:
    lay_out_streets(house)
    son = "DNGNCL90A01E648" + check_letter("DNGNCL90A01E648")

    await taken_in(
        desk,
        house,
        file_of(
            written("P-1", "Niccolò D'Angelo", **{"Codice fiscale": SOUND}),
            written("P-2", "Niccolò D'Angelo", **{"Codice fiscale": son}),
            written("P-3", "Nicola D'Angelo"),
        ),
    )

    assert await pairs(desk) == {}


async def test_a_number_that_everybody_has_proposes_nobody(house: House, desk: Desk) -> None:
    everybody = [
        written(f"P-{n:02}", "Mario Rossi", **{"Telefono 1": "0371 000000", "Indirizzo": f"Via Ignota {n}"})
        for n in range(45)
    ]

    await taken_in(desk, house, file_of(*everybody))

    assert await pairs(desk) == {}


async def test_what_is_joined_counts_together_until_it_is_parted(house: House, desk: Desk) -> None:
    one, other, pair = await two_alike(house, desk)
    await log(desk, one)
    assert (await limits(desk, other))[("conversations", "day")] == (0, 1)

    answer = await decided(desk, pair, "same")

    assert answer.json() == {"id": pair["id"], "verdict": "same", "joined": 2}
    assert (await limits(desk, other))[("conversations", "day")] == (1, 1)
    refused = await desk.post(
        f"/practices/{other}/planned-contacts", json={"channel": "call", "at": "2026-11-26T15:00:00+01:00"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "conduct.conversations_today")
    file = await practice_file(desk, "P-002")
    assert [(row["practice_number"], row["match_id"]) for row in file["same_debtor"]] == [("P-001", pair["id"])]
    assert (await decided(desk, pair, None)).json() == {"id": pair["id"], "verdict": None, "joined": 1}
    assert (await limits(desk, other))[("conversations", "day")] == (0, 1)
    assert len(await pairs(desk)) == 1


async def test_joining_keeps_both_sources_and_stands_in_the_audit_chain(house: House, desk: Desk) -> None:
    one, other, pair = await two_alike(house, desk)
    before = [await practice_file(desk, number) for number in ("P-001", "P-002")]

    await decided(desk, pair, "same")
    await decided(desk, pair, None)

    after = [await practice_file(desk, number) for number in ("P-001", "P-002")]
    for name in ("practice_number", "obligors", "addresses", "phones", "creditor"):
        assert [file[name] for file in before] == [file[name] for file in after]
    kinds = [item["kind"] for item in after[0]["timeline"]]
    assert {"debtor.joined", "debtor.parted"} <= set(kinds)
    async with house.session() as session:
        entries = (
            await session.exec(select(tables.AuditEntry).where(tables.AuditEntry.subject_id == pair["id"]))
        ).all()
    told = sorted(
        (entry.action, entry.details["one_practice_id"], entry.details["other_practice_id"]) for entry in entries
    )
    assert told == [("debtor.joined", str(one), str(other)), ("debtor.parted", str(one), str(other))]


async def test_three_joined_through_one_stay_together_where_another_pair_is_parted(house: House, desk: Desk) -> None:
    ids = sorted([await entrusted(house, f"P-00{n}") for n in (1, 2, 3)])
    rows = [
        tables.DebtorMatch(
            id=new_id(),
            agency_id=house.agency_id,
            one_practice_id=ids[a],
            other_practice_id=ids[b],
            tells=["tax_code"],
            strength=100,
            found_at=NOW,
        )
        for a, b in ((0, 1), (1, 2), (0, 2))
    ]
    async with house.session() as session:
        session.add_all(rows)

    for made in rows[:2]:
        await desk.post(f"/debtors/pairs/{made.id}/decide", json={"verdict": "same"})

    assert await pairs(desk) == {}, "what is joined through a third need not be asked"
    parted = await desk.post(f"/debtors/pairs/{rows[0].id}/decide", json={"verdict": None})
    assert parted.json()["joined"] == 1
    async with house.session() as session:
        groups = dict((await session.exec(select(tables.Practice.id, tables.Practice.debtor_group))).all())
    assert groups[ids[0]] is None
    assert groups[ids[1]] == groups[ids[2]] == ids[1]


async def test_a_second_word_on_a_decided_pair_is_refused(house: House, desk: Desk) -> None:
    _, _, pair = await two_alike(house, desk)
    await decided(desk, pair, "same")

    again, against = await decided(desk, pair, "same"), await decided(desk, pair, "different")

    assert (again.status_code, against.status_code) == (200, 409)
    assert against.json()["code"] == "debtor.decided_meanwhile"


async def test_one_visit_reported_for_two_joined_practices_is_one_contact_and_its_cash_counts_twice(
    house: House, desk: Desk
) -> None:
    one, other, pair = await two_alike(house, desk)
    await decided(desk, pair, "same")
    await published(house, one, other)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    for stop in (await day_of(phone))["stops"]:
        report = paid_report(phone, stop, 15_000)
        assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    cards = [stop["practice"] for stop in (await day_of(phone))["stops"]]
    assert {card["debtor_group"] for card in cards} == {str(min(one, other))}, "so that the phone counts them together"
    assert (await limits(desk, one))[("visits", "week")] == (1, 1)
    async with house.work() as work:
        ruleset = await rules.ruleset(work)
        known = await practice_facts.practice_facts(work.session, [one, other], ruleset=ruleset, today=work.today)
    # Each with the stamp duty that was handed over.
    assert [sum(cash.cents for cash in known[id_].cash_received) for id_ in (one, other)] == [30_400, 30_400]


async def joined_visits(
    house: House, desk: Desk, *, cents: int = 90_000
) -> tuple[FieldPhone, dict[str, Any], dict[str, Any]]:
    """A phone whose day holds two practices of one debtor."""
    one, other, pair = await two_alike(house, desk, cents=cents)
    await decided(desk, pair, "same")
    await published(house, one, other)
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    first, second = (await day_of(phone))["stops"]
    return phone, first, second


async def flags(phone: FieldPhone, *batches: list[dict[str, Any]]) -> list[list[str]]:
    answers = [(await phone.push(*batch)).json()["verdicts"] for batch in batches]
    return [verdict["flags"] for verdicts in answers for verdict in verdicts]


@pytest.mark.parametrize("at_once", [True, False])
async def test_one_door_reported_for_two_joined_practices_breaks_no_limit(
    house: House, desk: Desk, at_once: bool
) -> None:
    phone, first, second = await joined_visits(house, desk)
    report = a_report(first, at=AT)
    shared = a_report(second, at=AT) | {"with_visit_id": report["visit_id"]}
    both = [phone.envelope("visit", report, at=AT), phone.envelope("visit", shared, at=AT)]

    assert await flags(phone, *([both] if at_once else [both[:1], both[1:]])) == [[], []]


@pytest.mark.parametrize("at_once", [True, False])
async def test_two_visits_to_one_debtor_on_a_day_are_two_however_they_arrive(
    house: House, desk: Desk, at_once: bool
) -> None:
    phone, first, second = await joined_visits(house, desk)
    later = AT + timedelta(minutes=20)
    both = [
        phone.envelope("visit", a_report(first, at=AT), at=AT),
        phone.envelope("visit", a_report(second, at=later), at=later),
    ]

    assert await flags(phone, *([both] if at_once else [both[:1], both[1:]])) == [[], ["conduct.visits_today"]]


@pytest.mark.parametrize("at_once", [True, False])
async def test_cash_of_one_debtor_for_one_creditor_adds_up_however_it_arrives(
    house: House, desk: Desk, at_once: bool
) -> None:
    phone, first, second = await joined_visits(house, desk, cents=400_000)
    both = [
        phone.envelope("visit", paid_report(phone, first, 300_000), at=AT),
        phone.envelope("visit", paid_report(phone, second, 300_000), at=AT),
    ]

    first_flags, second_flags = await flags(phone, *([both] if at_once else [both[:1], both[1:]]))

    assert "conduct.cash_over_rolling" not in first_flags
    assert "conduct.cash_over_rolling" in second_flags


async def test_debtors_known_by_a_code_are_found_by_its_index(house: House) -> None:
    async with house.session() as session:
        plan = await plan_of(session, lambda: session.execute(same_debtor._known_by([new_id()], ["code"], ["number"])))

    # In one `or` over two tables none of them is a condition of an index: every debtor was read.
    for column in ("debtor_group", "tax_code_index", "vat_number"):
        assert re.search(rf"Index Cond: .*{column}", plan), plan
