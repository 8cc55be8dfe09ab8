"""A settlement is decided while the agent still stands at the door, and is then signed and paid in the same visit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from fieldapp.domain.agreement_proof import agreement_proof
from fieldapp.domain.agreements import read_agreement
from fieldapp.domain.ids import canonical_json, sha256
from fieldapp.store import ledger
from tests.conftest import NOW
from tests.flows.conftest import House
from tests.flows.phone import FieldPhone
from tests.flows.test_agreements import agreed, decide, facts, file_of, granted, open_tasks, settlement_paper, signed
from tests.flows.test_planning import colleague
from tests.flows.test_sync import AGENCY, AT, one_stop, verdicts

OFFER = 60_000


async def at_the_door(house: House) -> tuple[FieldPhone, dict[str, Any], dict[str, Any]]:
    await granted(house)
    phone, stop = await one_stop(house)
    return phone, stop, signed(phone, settlement_paper(phone, stop["practice"], OFFER))


async def ask(
    phone: FieldPhone, stop: dict[str, Any], paper: dict[str, Any], visit_id: str, **changes: Any
) -> httpx.Response:
    body = {"id": paper["value"]["id"], "practice_id": stop["practice"]["id"], "visit_id": visit_id, "paper": paper}
    return await phone.request("POST", "/field/settlements", content=canonical_json(body | changes))


def paid_at_once(
    phone: FieldPhone, stop: dict[str, Any], paper: dict[str, Any], visit_id: str, cents: int
) -> dict[str, Any]:
    cash = phone.cash(stop["practice"], cents, at=AT + timedelta(minutes=8), agency=AGENCY)
    whole = cents >= paper["value"]["offer_cents"]
    return agreed(phone, stop, paper, visit_id=visit_id, payments=[cash]) | (
        {
            "outcome": "SETTLEMENT_PAID",
            "captured": {"authorised_by": "creditor", "authorisation": paper["value"]["id"][:8]},
        }
        if whole
        else {}
    )


async def test_approved_at_the_door_it_is_signed_paid_and_closes_the_practice_in_one_visit(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())

    asked = (await ask(phone, stop, paper, visit_id)).json()
    waiting = await file_of(house, stop)
    decided = await decide(house, asked["id"], True)
    heard = (await ask(phone, stop, paper, visit_id)).json()
    report = paid_at_once(phone, stop, paper, visit_id, OFFER)
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    assert (asked["state"], asked["at_the_door"]) == ("proposed", True)
    assert open_tasks(waiting) == ["settlement_at_the_door"]
    assert (waiting["state"], waiting["owed_cents"]) == ("open", 90_000)
    assert decided.status_code == 200
    assert (heard["state"], heard["note"]) == ("approved", "sentito")
    after = await file_of(house, stop)
    (row,) = after["settlements"]
    assert (row["state"], row["signed"], row["at_the_door"], row["has_paper"]) == ("paid", True, False, True)
    assert (after["state"], after["owed_cents"]) == ("closed", 0)
    # Nobody has to approve, to confirm or to tell what was said at the door.
    assert open_tasks(after) == []
    assert await facts(house) == ["settlement.proposed", "settlement.approved", "settlement.paid"]
    async with house.session() as session:
        assert (await ledger.trial_balance(session, at=NOW + timedelta(days=1))).total_cents == 0


async def test_asked_twice_it_is_one_proposal(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())

    answers = [await ask(phone, stop, paper, visit_id) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len((await file_of(house, stop))["settlements"]) == 1
    assert await facts(house) == ["settlement.proposed"]


async def test_a_report_without_what_was_asked_takes_it_back_also_when_it_was_approved(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())
    await ask(phone, stop, paper, visit_id)
    await decide(house, paper["value"]["id"], True)
    lower = signed(phone, settlement_paper(phone, stop["practice"], OFFER - 1_000))

    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, lower, visit_id=visit_id), at=AT))

    file = await file_of(house, stop)
    assert {row["offer_cents"]: row["state"] for row in file["settlements"]} == {
        OFFER: "withdrawn",
        OFFER - 1_000: "proposed",
    }
    assert open_tasks(file) == ["approve_settlement"]


async def test_a_second_proposal_in_a_visit_takes_the_place_of_the_first(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())
    higher = signed(phone, settlement_paper(phone, stop["practice"], OFFER + 5_000))

    await ask(phone, stop, paper, visit_id)
    await ask(phone, stop, higher, visit_id)
    late = await decide(house, paper["value"]["id"], True)

    assert (late.status_code, late.json()["code"]) == (409, "settlement.decided_already")
    file = await file_of(house, stop)
    assert [row["state"] for row in file["settlements"] if row["offer_cents"] == OFFER] == ["withdrawn"]
    assert open_tasks(file) == ["settlement_at_the_door"]


async def test_what_was_decided_after_the_agent_had_left_is_told_by_somebody(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())
    await ask(phone, stop, paper, visit_id)
    await decide(house, paper["value"]["id"], True)

    # The answer was never fetched: the visit ends as a proposal like any other.
    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, paper, visit_id=visit_id), at=AT))

    file = await file_of(house, stop)
    assert file["settlements"][0]["state"] == "approved"
    assert open_tasks(file) == ["tell_settlement_decision"]


async def test_undecided_as_the_visit_ends_it_waits_for_the_office_like_any_other(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())
    await ask(phone, stop, paper, visit_id)

    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, paper, visit_id=visit_id), at=AT))

    file = await file_of(house, stop)
    assert [(row["state"], row["signed"]) for row in file["settlements"]] == [("proposed", True)]
    assert open_tasks(file) == ["approve_settlement"]
    assert (await decide(house, paper["value"]["id"], True)).json()["state"] == "approved"


async def test_a_part_paid_at_once_leaves_it_approved_and_the_practice_open(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())
    await ask(phone, stop, paper, visit_id)
    await decide(house, paper["value"]["id"], True)
    await ask(phone, stop, paper, visit_id)

    report = paid_at_once(phone, stop, paper, visit_id, 20_000)
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]

    file = await file_of(house, stop)
    assert (file["state"], file["owed_cents"]) == ("open", 70_000)
    assert file["settlements"][0]["state"] == "approved"


async def test_an_approval_is_of_the_paper_that_was_asked_and_of_no_other(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    visit_id = str(uuid4())
    await ask(phone, stop, paper, visit_id)
    await decide(house, paper["value"]["id"], True)
    swapped = signed(phone, paper["value"] | {"offer_cents": 1_000})

    again = await ask(phone, stop, swapped, visit_id)
    sent = await verdicts(phone, phone.envelope("visit", agreed(phone, stop, swapped, visit_id=visit_id), at=AT))

    assert (again.status_code, again.json()["code"]) == (409, "settlement.asked_otherwise")
    assert sent == [("refused", "agreement.asked_otherwise")]
    assert (await file_of(house, stop))["settlements"][0]["offer_cents"] == OFFER


FORGED = (
    ("agreement.signature_invalid", lambda phone, value: signed(phone, value) | {"signature": "A" * 86}),
    ("sync.digest_differs", lambda phone, value: signed(phone, value) | {"digest": sha256(b"other")}),
    ("agreement.differs_from_report", lambda phone, value: signed(phone, value | {"practice": "ALTRA-1"})),
    ("agreement.differs_from_report", lambda phone, value: signed(phone, value | {"device": str(uuid4())})),
)


@pytest.mark.parametrize(("code", "forge"), FORGED)
async def test_a_forged_proposal_never_reaches_the_office(house: House, code: str, forge: Any) -> None:
    phone, stop, paper = await at_the_door(house)

    answer = await ask(phone, stop, forge(phone, paper["value"]), str(uuid4()))

    assert answer.json()["code"] == code
    file = await file_of(house, stop)
    assert (file["settlements"], open_tasks(file)) == ([], [])


async def test_another_agents_practice_and_a_visit_that_is_over_are_turned_away(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    other = await FieldPhone.enrol(await house.sign_in(person=await colleague(house)), house.client(), agent_number="2")
    theirs = signed(other, settlement_paper(other, stop["practice"], OFFER))
    visit_id = str(uuid4())
    await verdicts(phone, phone.envelope("visit", agreed(phone, stop, paper, visit_id=visit_id), at=AT))
    late = signed(phone, settlement_paper(phone, stop["practice"], OFFER - 500))

    assert (await ask(other, stop, theirs, str(uuid4()))).json()["code"] == "practice.unknown"
    assert (await ask(phone, stop, late, visit_id)).json()["code"] == "settlement.visit_over"


async def test_its_paper_can_be_checked_while_the_visit_is_under_way(house: House) -> None:
    phone, stop, paper = await at_the_door(house)
    await ask(phone, stop, paper, str(uuid4()))
    proof = agreement_proof(
        read_agreement(canonical_json(paper["value"]), kind="settlement"), signature=paper["signature"]
    )

    answer = await house.client().post("/public/receipts/check", json={"proof": proof})

    assert answer.json()["state"] == "genuine", answer.text
