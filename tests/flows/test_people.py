"""Who works for the agency: let in with a password that is shown once, shut out when they leave."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.store.tables import AuditEntry, Person
from tests.flows.conftest import PASSWORD, Desk, House
from tests.flows.creditor_file import lay_out_streets
from tests.flows.test_planning import code


async def add(admin: Desk, **who: Any) -> Any:
    return await admin.post("/people", json={"name": "Nora Nuova", "login": "nora", "role": "dispatcher", **who})


def row_of(people: list[dict[str, Any]], login: str) -> dict[str, Any]:
    return next(one for one in people if one["login"] == login)


async def at_a_desk(house: House, login: str, password: str) -> tuple[Desk, Any]:
    """A browser in which somebody has tried to sign in, and what they were answered."""
    client = house.client()
    desk = Desk(client, house.identity())
    await desk.get("/clock")
    return desk, await desk.post("/session", json={"login": login, "password": password})


async def enters(house: House, login: str, password: str) -> Any:
    return (await at_a_desk(house, login, password))[1]


async def test_without_a_gazetteer_an_agent_begins_at_a_comunes_point(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    asked = {"text": "Via Garibaldi 12, Sant'Angelo Lod", "comuni_serve": True}

    offered = (await admin.post("/addresses/complete", json=asked)).json()
    nowhere = await add(admin, role="agent", agent_number="A77", home="Via Garibaldi 12, Lodi")
    made = await add(admin, role="agent", agent_number="A77", home=offered[0]["text"])

    assert [(one["text"], one["quality"], one["may_be_chosen"]) for one in offered] == [
        ("Sant'Angelo Lodigiano (LO)", "comune", True)
    ]
    assert code(nowhere) == (422, "person.home_unknown")
    async with house.session() as session:
        row = await session.get_one(Person, UUID(made.json()["person_id"]))
    assert (row.home_lat_e6, row.home_lon_e6) == (offered[0]["lat_e6"], offered[0]["lon_e6"])
    assert row.home_lat_e6 is not None
    assert abs(row.home_lat_e6 - 45_239_000) < 30_000


async def test_somebody_is_let_in_and_changes_the_password_that_was_shown_once(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    made = (await add(admin, login=" Nora.N ")).json()
    nora, entered = await at_a_desk(house, "nora.n", made["password"])
    elsewhere, _ = await at_a_desk(house, "nora.n", made["password"])

    wrong = await nora.post("/session/password", json={"old": "somebody's", "new": "a longer password"})
    short = await nora.post("/session/password", json={"old": made["password"], "new": "short"})
    same = await nora.post("/session/password", json={"old": made["password"], "new": made["password"]})
    changed = await nora.post("/session/password", json={"old": made["password"], "new": "a longer password"})

    assert row_of(made["people"], "nora.n") == {
        "id": made["person_id"],
        "name": "Nora Nuova",
        "login": "nora.n",
        "role": "dispatcher",
        "agent_number": None,
        "active": True,
        "may_sign_in": True,
        "starts_somewhere": False,
    }
    assert entered.json()["person"]["role"] == "dispatcher"
    assert [code(one) for one in (wrong, short, same)] == [
        (403, "person.old_password_wrong"),
        (422, "house.password_too_short"),
        (422, "person.password_same"),
    ]
    assert changed.status_code == 204
    assert (await nora.get("/session")).status_code == 200, "the session that changed it goes on"
    assert (await elsewhere.get("/session")).status_code == 401, "others end"
    assert (await enters(house, "nora.n", made["password"])).status_code == 401
    assert (await enters(house, "nora.n", "a longer password")).status_code == 200
    async with house.session() as session:
        details = [str(one) for one in (await session.exec(select(AuditEntry.details))).all()]
        hashed = (await session.exec(select(Person.password_hash).where(col(Person.login) == "nora.n"))).one()
    assert all(made["password"] not in one for one in [*details, hashed])


async def test_an_agent_has_a_number_of_their_own_and_nobody_else_has_one(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    taken = house.people[Role.AGENT].agent_number

    answers = [
        await add(admin, role="agent", agent_number=None),
        await add(admin, role="agent", agent_number=taken),
        await add(admin, agent_number="A77"),
        await add(admin, login="né"),
        await add(admin, login=house.people[Role.DISPATCHER].login),
    ]
    made = await add(admin, role="agent", agent_number=" a77 ")

    assert [code(one) for one in answers] == [
        (422, "person.number_unfit"),
        (409, "person.number_taken"),
        (422, "person.number_needless"),
        (422, "person.login_unfit"),
        (409, "person.login_taken"),
    ]
    assert row_of(made.json()["people"], "nora")["agent_number"] == "A77"


async def test_an_agents_days_begin_where_the_gazetteer_knows_a_door_and_plans_may_use_them(house: House) -> None:
    lay_out_streets(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)

    nowhere = await add(admin, role="agent", agent_number="A77", home="VIA DEL NULLA 7, Lodi (LO)")
    made = await add(admin, role="agent", agent_number="A77", home="VIA GARIBALDI 12, Lodi (LO)")

    assert code(nowhere) == (422, "person.home_unknown")
    assert row_of(made.json()["people"], "nora")["starts_somewhere"]
    async with house.session() as session:
        row = (await session.exec(select(Person).where(col(Person.login) == "nora"))).one()
    assert row.home_lat_e6 is not None
    assert abs(row.home_lat_e6 - 45_310_000) < 200_000


async def test_a_login_is_taken_in_whichever_agency_has_it(house: House) -> None:
    agency_id, _, _ = await house.other_agency()
    async with house.session(agency_id) as session:
        theirs = (await session.exec(select(Person.login))).first()
    admin = await house.sign_in(Role.ADMINISTRATOR)

    assert code(await add(admin, login=theirs)) == (409, "person.login_taken")


async def test_who_has_left_is_signed_out_and_comes_back_with_a_new_password(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    clerk, desk = house.people[Role.BACK_OFFICE], await house.sign_in(Role.BACK_OFFICE)

    twice = [await admin.post(f"/people/{clerk.id}/left", json={"left": True}) for _ in range(2)]
    gone = [(await desk.get("/session")).status_code, (await enters(house, clerk.login, PASSWORD)).status_code]
    refused = await admin.post(f"/people/{clerk.id}/password")
    await admin.post(f"/people/{clerk.id}/left", json={"left": False})
    renewed = (await admin.post(f"/people/{clerk.id}/password")).json()

    assert [one.status_code for one in twice] == [200, 200]
    assert not row_of(twice[0].json(), clerk.login)["active"]
    assert gone == [401, 401]
    assert code(refused) == (409, "person.left")
    assert (await enters(house, clerk.login, renewed["password"])).status_code == 200
    async with house.session() as session:
        actions = (await session.exec(select(AuditEntry.action))).all()
    assert [one for one in actions if one.startswith("person.")] == [
        "person.left",
        "person.back",
        "person.password_renewed",
    ]


async def test_nobody_shuts_themselves_out_and_two_at_once_leave_the_house_somebody(house: House) -> None:
    admin = await house.sign_in(Role.ADMINISTRATOR)
    made = (await add(admin, login="second", role="administrator")).json()
    second, _ = await at_a_desk(house, "second", made["password"])
    first = house.people[Role.ADMINISTRATOR].id

    own = await admin.post(f"/people/{first}/left", json={"left": True})
    await asyncio.gather(
        admin.post(f"/people/{made['person_id']}/left", json={"left": True}),
        second.post(f"/people/{first}/left", json={"left": True}),
    )

    assert code(own) == (409, "person.own")
    async with house.session() as session:
        query = select(Person.active).where(col(Person.role) == Role.ADMINISTRATOR.value)
        assert any((await session.exec(query)).all())


async def test_another_name_and_another_place_to_start_from(house: House) -> None:
    lay_out_streets(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    agent, clerk = house.people[Role.AGENT], house.people[Role.BACK_OFFICE]

    refused = [
        await admin.post(f"/people/{clerk.id}", json={"name": clerk.name, "home": "VIA GARIBALDI 12, Lodi (LO)"}),
        await admin.post(f"/people/{agent.id}", json={"name": "Altro", "home": "VIA DEL NULLA 7, Lodi (LO)"}),
    ]
    kept = await admin.post(f"/people/{agent.id}", json={"name": agent.name})
    changed = await admin.post(
        f"/people/{agent.id}", json={"name": " Rita Rossi-Bianchi ", "home": "VIA GARIBALDI 12, Lodi (LO)"}
    )

    assert [code(one) for one in refused] == [(422, "person.home_needless"), (422, "person.home_unknown")]
    assert row_of(kept.json(), agent.login)["name"] == agent.name
    assert row_of(changed.json(), agent.login)["name"] == "Rita Rossi-Bianchi"
    async with house.session() as session:
        row = await session.get_one(Person, agent.id)
        actions = (await session.exec(select(AuditEntry.action).order_by(col(AuditEntry.number)))).all()
    assert row.home_lat_e6 is not None
    assert abs(row.home_lat_e6 - 45_310_000) < 200_000
    assert [one for one in actions if one.startswith("person.")] == ["person.renamed", "person.home_set"]


async def test_who_tries_old_passwords_at_an_open_screen_is_stopped_as_at_the_door(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    login = house.people[Role.BACK_OFFICE].login

    tries = [await desk.post("/session/password", json={"old": f"guess {n}", "new": "a longer one"}) for n in range(5)]
    right = await desk.post("/session/password", json={"old": PASSWORD, "new": "a longer password"})

    assert {code(one) for one in tries} == {(403, "person.old_password_wrong")}
    assert code(right) == (429, "access.locked")
    assert (await enters(house, login, PASSWORD)).status_code == 429
    house.clock.move_to(house.parts.clock.now() + timedelta(minutes=6))
    assert (await desk.post("/session/password", json={"old": PASSWORD, "new": "a longer password"})).status_code == 204
