"""The register as it is read: who did what, and about what."""

from __future__ import annotations

from fieldapp.domain.access import Role
from fieldapp.store.feed import audit
from tests.flows.arranged import entrusted
from tests.flows.conftest import House, new_id
from tests.flows.test_reviews import reported


async def test_a_row_names_what_it_is_about_and_leads_to_its_practice(house: House) -> None:
    practice_id = await entrusted(house, "P-007")
    agent = house.people[Role.AGENT]
    gone = new_id()
    async with house.work(Role.ADMINISTRATOR) as work:
        audit(work.session, "practice.held_closed", "practice", practice_id)
        audit(work.session, "person.renamed", "person", agent.id)
        audit(work.session, "creditor.changed", "creditor", house.creditor_id)
        audit(work.session, "webhook.removed", "webhook", gone)
        audit(work.session, "day.published", "day", "2026-11-26")
    admin = await house.sign_in(Role.ADMINISTRATOR)

    rows = {row["subject_kind"]: row for row in (await admin.get("/audit")).json()}

    assert (rows["practice"]["subject_name"], rows["practice"]["practice_id"]) == ("P-007", str(practice_id))
    assert (rows["person"]["subject_name"], rows["person"]["practice_id"]) == (agent.name, None)
    (creditor,) = (await (await house.sign_in()).get("/creditors")).json()
    assert rows["creditor"]["subject_name"] == creditor["name"]
    assert (rows["webhook"]["subject_name"], rows["webhook"]["subject_id"]) == (None, str(gone))
    assert (rows["day"]["subject_name"], rows["day"]["subject_id"]) == (None, "2026-11-26")


async def test_a_row_about_a_report_is_named_by_its_practice(house: House) -> None:
    _, visit_id = await reported(house)
    desk, admin = await house.sign_in(), await house.sign_in(Role.ADMINISTRATOR)
    (practice,) = (await desk.get("/practices")).json()["rows"]
    await desk.post(f"/visits/{visit_id}/review/finish")

    (row,) = [row for row in (await admin.get("/audit")).json() if row["subject_kind"] == "visit"]

    assert (row["subject_name"], row["practice_id"]) == (practice["practice_number"], practice["id"])
