"""From nothing to the first receipt with what screens offer: nobody needs a command but the founding one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Litestar

from fieldapp.clock import FixedClock
from fieldapp.domain.access import Identity, Role
from fieldapp.parts import assemble
from fieldapp.services import founding, jobs
from fieldapp.settings import Settings
from tests.conftest import NOW
from tests.flows import creditor_file
from tests.flows.conftest import Desk, House
from tests.flows.creditor_file import file_of, lay_out_streets
from tests.flows.phone import FieldPhone, a_report
from tests.flows.test_house import BANK, named, set_agency
from tests.flows.test_planning import published_day
from tests.flows.test_sync import AT, day_of, verdicts

OWN = "una frase lunga"


async def at_a_desk(house: House, who: Identity, login: str, password: str) -> Desk:
    desk = Desk(house.client(), who)
    await desk.get("/clock")
    assert (await desk.post("/session", json={"login": login, "password": password})).status_code == 200
    return desk


async def let_in(house: House, admin: Desk, login: str, role: Role, **more: Any) -> Desk:
    answer = await admin.post("/people", json={"name": f"{login} Prova", "login": login, "role": role.value, **more})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    who = Identity(admin.identity.agency_id, made["person_id"], role, f"{login} Prova")
    return await at_a_desk(house, who, login, made["password"])


def undone(page: dict[str, Any]) -> dict[str, list[str]]:
    """First steps that are missing, with what of each."""
    return {one["step"]: one["missing"] for one in page["first_steps"] if not one["done"]}


async def test_a_house_is_set_up_at_its_desk_and_takes_its_first_money(settings: Settings, one_app: Litestar) -> None:
    parts = assemble(settings, clock=FixedClock(NOW))
    jobs.register(parts.jobs, parts)
    one_app.state.parts = parts
    async with parts.jobs.open_async():
        founder = await founding.found(parts, agency="Adda", login="livia", name="Livia", password=OWN)
        house = House(one_app, parts, FixedClock(NOW), founder.agency_id, founder.agency_id, {})
        lay_out_streets(house)

        admin = await at_a_desk(house, founder, "livia", OWN)
        bare = (await admin.get("/house")).json()
        assert bare["missing"] == ["vat_number", "address", "phone", "licence_number"]
        assert undone(bare) == {
            "agency": ["vat_number", "address", "phone"],
            "licence": [],
            "creditor": [],
            "people": ["dispatcher", "back_office", "agent"],
            "carried": [],
            "file": [],
        }
        await set_agency(admin)
        licence = {"number": "115/1", "authority": "Questura di Lodi", "valid_to": "2028-01-01"}
        await admin.post("/licences/agency", json=licence)
        page = (await admin.post("/creditors", json=BANK)).json()
        assert page["missing"] == named(page, BANK["name"])["missing"] == []
        house.creditor_id = named(page, BANK["name"])["id"]

        office = await let_in(house, admin, "ugo", Role.BACK_OFFICE)
        dispatcher = await let_in(house, admin, "dina", Role.DISPATCHER)
        home = "VIA GARIBALDI 3, Lodi (LO)"
        agent = await let_in(house, admin, "ada", Role.AGENT, agent_number="A001", home=home)
        carries = {"notified_on": "2026-11-02", "badge_valid_to": "2027-11-02", "qualification_valid_to": "2027-11-02"}
        answer = await admin.post(f"/licences/agents/{agent.identity.person_id}", json={"provinces": ["LO"], **carries})
        assert answer.status_code == 200, answer.text

        assert undone((await admin.get("/house")).json()) == {"file": []}
        came_in = await creditor_file.taken_in(office, house, file_of(creditor_file.row()))
        assert (came_in["accepted"], came_in["rejected"]) == (1, 0)
        assert undone((await admin.get("/house")).json()) == {}
        await published_day(house, dispatcher)

        phone = await FieldPhone.enrol(agent, house.client(), agent_number="A001")
        told = await day_of(phone)
        [stop] = told["stops"]
        ours = told["agency"]
        words = {"name": ours["legal_name"], "vat": ours["vat_number"], "licence": "115/1, Questura di Lodi"}
        words |= {"address": ours["address"], "phone": ours["phone"]}
        report = a_report(
            stop,
            at=AT,
            met={"who": "debtor", "identified_by": "document", "role": None},
            identified_self=True,
            outcome="PAID_PARTIAL",
            captured={"reason": "short_of_money"},
            payments=[phone.cash(stop["practice"], 10_000, at=AT + timedelta(minutes=8), agency=words)],
        )
        assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
        practice = (await office.get(f"/practices/{stop['practice']['id']}")).json()
        assert practice["owed_cents"] == 90_000
        await house.close()
    await parts.database.close()
