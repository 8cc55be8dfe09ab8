"""What a rule asks approval for: a person with the right lifts it for some days; what is forbidden nobody lifts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_limitation import answered, candidate
from tests.flows.test_sync import AT, day_of, paid_report, phone_of

COMPLAINT = "debt.complaint_open"
REASON = "Il debitore chiede lui la visita, reclamo chiarito per telefono"


def wish(**changes: Any) -> dict[str, Any]:
    plain = {"rule": COMPLAINT, "from_on": TODAY.isoformat(), "to_on": TODAY.isoformat(), "reason": REASON}
    return plain | changes


async def flagged(house: House, practice_id: UUID, kind: str = "complaint_open") -> None:
    async with house.session() as session:
        session.add(
            tables.PracticeFlag(
                id=new_id(), agency_id=house.agency_id, practice_id=practice_id, kind=kind, since=NOW, source="office"
            )
        )


async def approve(desk: Desk, practice_id: UUID, **changes: Any) -> Any:
    return await desk.post(f"/practices/{practice_id}/approvals", json=wish(**changes))


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


@pytest.fixture
async def practice_id(house: House) -> UUID:
    """A practice with an open complaint: contact needs the office's approval."""
    found = await entrusted(house)
    await flagged(house, found)
    return found


async def test_an_approval_opens_its_days_for_the_planner_and_no_other(
    house: House, desk: Desk, practice_id: UUID
) -> None:
    before = await candidate(house, practice_id)
    assert (before["allowed"], before["findings"][0]["rule"]) == (False, COMPLAINT)
    assert before["findings"][0]["approvers"] == ["administrator", "back_office"]

    answer = await approve(desk, practice_id)

    assert answer.status_code == 201, answer.text
    assert (await candidate(house, practice_id))["allowed"]
    assert not (await candidate(house, practice_id, TODAY + timedelta(days=1)))["allowed"]


async def test_an_approval_is_a_fact_and_stands_in_the_audit_chain_with_its_reason(
    house: House, desk: Desk, practice_id: UUID
) -> None:
    await approve(desk, practice_id)

    file = (await desk.get(f"/practices/{practice_id}")).json()
    fact = next(item for item in file["timeline"] if item["kind"] == "rule.approved")
    assert (fact["body"]["rule"], fact["body"]["reason"]) == (COMPLAINT, REASON)
    assert [(row["rule"], row["by"]) for row in file["approvals"]] == [(COMPLAINT, desk.identity.name)]
    async with house.session() as session:
        entry = (await session.exec(select(tables.AuditEntry).where(tables.AuditEntry.action == "rule.approved"))).one()
    assert (entry.person_id, entry.details["reason"]) == (desk.identity.person_id, REASON)


async def test_the_phone_is_given_the_approval_and_the_server_judges_by_it(
    house: House, desk: Desk, practice_id: UUID
) -> None:
    phone = await phone_of(house)
    await published(house, practice_id)
    await approve(desk, practice_id)

    stop = (await day_of(phone))["stops"][0]
    verdict = await answered(phone, phone.envelope("visit", paid_report(phone, stop, cents=5_000), at=AT))

    given = stop["practice"]["conduct_facts"]["practice"]["approvals"]
    assert given == [{"rule": COMPLAINT, "from_on": TODAY.isoformat(), "to_on": TODAY.isoformat()}]
    assert "conduct.debt_complaint_open" not in verdict["flags"]


async def test_without_an_approval_the_same_visit_is_accepted_and_flagged(house: House, practice_id: UUID) -> None:
    phone = await phone_of(house)
    await published(house, practice_id)

    stop = (await day_of(phone))["stops"][0]
    verdict = await answered(phone, phone.envelope("visit", paid_report(phone, stop, cents=5_000), at=AT))

    assert (verdict["verdict"], "conduct.debt_complaint_open" in verdict["flags"]) == ("accepted", True)


async def test_what_a_rule_forbids_nobody_approves(house: House, desk: Desk, practice_id: UUID) -> None:
    await flagged(house, practice_id, "disputed")
    administrator = await house.sign_in(Role.ADMINISTRATOR)

    for person in (desk, administrator):
        answer = await approve(person, practice_id, rule="debt.disputed")
        assert (answer.status_code, answer.json()["code"]) == (409, "conduct.not_approvable")

    await approve(desk, practice_id)
    assert not (await candidate(house, practice_id))["allowed"]


async def test_who_may_approve_is_the_rules_own_word(house: House, practice_id: UUID) -> None:
    dispatcher = await house.sign_in(Role.DISPATCHER)

    refused = await approve(dispatcher, practice_id)
    taken = await approve(dispatcher, practice_id, rule="cooling_off.refused")

    assert (refused.status_code, refused.json()["code"]) == (403, "approval.not_your_role")
    assert taken.status_code == 201


async def test_who_could_not_approve_cannot_take_an_approval_back(house: House, desk: Desk, practice_id: UUID) -> None:
    given = (await approve(desk, practice_id)).json()[0]
    dispatcher = await house.sign_in(Role.DISPATCHER)

    refused = await dispatcher.post(f"/practices/{practice_id}/approvals/{given['id']}/withdraw", json={})

    assert (refused.status_code, refused.json()["code"]) == (403, "approval.not_your_role")
    assert (await candidate(house, practice_id))["allowed"]


WRONG = [
    # Ends before it begins.
    ({"from_on": "2026-11-28", "to_on": "2026-11-27"}, "approval.span_reversed"),
    # A day that is over: what was done without approval is not mended afterwards.
    ({"from_on": "2026-11-25", "to_on": "2026-11-27"}, "approval.in_the_past"),
    # For ever.
    ({"to_on": "2027-11-26"}, "approval.span_too_long"),
    # A reason that says nothing.
    ({"reason": "  ok  "}, "approval.reason_too_short"),
    # A rule that does not exist.
    ({"rule": "visit.at_midnight"}, "approval.rule_unknown"),
    # A rule that only warns.
    ({"rule": "visit.second_letter"}, "approval.nothing_to_approve"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG)
async def test_an_approval_that_makes_no_sense_is_refused(
    desk: Desk, practice_id: UUID, changes: dict[str, Any], code: str
) -> None:
    assert (await approve(desk, practice_id, **changes)).json()["code"] == code


async def test_an_approval_taken_back_lifts_nothing_and_is_told_once(
    house: House, desk: Desk, practice_id: UUID
) -> None:
    given = (await approve(desk, practice_id)).json()[0]
    path = f"/practices/{practice_id}/approvals/{given['id']}/withdraw"

    taken = await desk.post(path, json={"reason": "Il reclamo è stato riaperto"})
    again = await desk.post(path, json={})

    assert taken.json()[0]["withdrawn_by"] == desk.identity.name
    assert again.json()["code"] == "approval.withdrawn"
    assert not (await candidate(house, practice_id))["allowed"]


async def test_an_approval_of_another_practice_or_agency_does_not_exist(
    house: House, desk: Desk, practice_id: UUID
) -> None:
    given = (await approve(desk, practice_id)).json()[0]
    elsewhere = await entrusted(house, "P-002")
    _, _, stranger = await house.other_agency()
    other = await house.sign_in(person=stranger)

    crossed = await desk.post(f"/practices/{elsewhere}/approvals/{given['id']}/withdraw", json={})
    foreign = await other.post(f"/practices/{practice_id}/approvals/{given['id']}/withdraw", json={})
    nothing = await desk.post(f"/practices/{practice_id}/approvals/{uuid4()}/withdraw", json={})

    assert crossed.json()["code"] == "approval.unknown"
    assert foreign.json()["code"] == "practice.unknown"
    assert nothing.json()["code"] == "approval.unknown"
