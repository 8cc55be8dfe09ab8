"""One action on many practices: shown, confirmed as shown, undone; and everything that must not happen."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlmodel import col, select

from fieldapp.domain.access import Role
from fieldapp.domain.bulk import ACTIONS, MOST, BulkKind
from fieldapp.store import tables
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.phone import FieldPhone
from tests.flows.statements import statements
from tests.flows.test_sync import AT, paid_report

ASKED: dict[str, dict[str, Any]] = {
    "to_do": {"text": "Chiedere il nuovo recapito", "team": "back_office", "due_on": "2026-11-30"},
    "plan_contact": {"channel": "letter", "at": "2026-11-30T10:00:00+01:00"},
    "letter_sent": {"letter": "FORMAL_NOTICE", "on": "2026-11-25"},
    "suspend": {"text": "Il creditore verifica i saldi"},
    "resume": {"text": "Saldi verificati"},
    "hand_back": {"text": "Mandato finito"},
}


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.BACK_OFFICE)


async def some(house: House, count: int = 3, **more: Any) -> list[UUID]:
    return [await entrusted(house, f"P-00{number}", **more) for number in range(1, count + 1)]


async def shown(desk: Desk, kind: str, ids: list[UUID] | None = None, **changes: Any) -> Any:
    choice = changes.pop("choice", None) or {"ids": [str(one) for one in ids or []]}
    return await desk.post("/bulk-actions", json={"choice": choice, "kind": kind, **ASKED[kind], **changes})


async def confirmed(desk: Desk, view: dict[str, Any]) -> Any:
    return await desk.post(f"/bulk-actions/{view['id']}/confirm", json={"digest": view["digest"]})


async def acted(desk: Desk, kind: str, ids: list[UUID], **changes: Any) -> dict[str, Any]:
    """Shown and confirmed."""
    preview = await shown(desk, kind, ids, **changes)
    assert preview.status_code == 200, preview.text
    answer = await confirmed(desk, preview.json())
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def undone(desk: Desk, view: dict[str, Any]) -> Any:
    return await desk.post(f"/bulk-actions/{view['id']}/undo")


def reasons(view: dict[str, Any], of: str = "left_out") -> dict[str, int]:
    return {reason["code"]: reason["practices"] for reason in view[of]}


async def facts(house: House, *kinds: str) -> list[tuple[str, UUID | None]]:
    async with house.session() as session:
        query = select(tables.Fact).where(col(tables.Fact.kind).in_(kinds)).order_by(col(tables.Fact.number))
        return [(fact.kind, fact.practice_id) for fact in (await session.exec(query)).all()]


async def registered(house: House, action: str) -> list[dict[str, Any]]:
    async with house.session() as session:
        query = select(tables.AuditEntry).where(tables.AuditEntry.action == action)
        return [row.details for row in (await session.exec(query)).all()]


# --- what each action does, and takes back ---


async def test_a_preview_changes_nothing_and_says_for_which_it_will_not_be_done(house: House, desk: Desk) -> None:
    open_ones, closed = await some(house, 2), await entrusted(house, "P-009", state="closed")
    stranger = uuid4()

    view = (await shown(desk, "suspend", [*open_ones, closed, stranger])).json()

    assert (view["state"], view["practices"], view["done"], view["may_undo"]) == ("shown", 4, 2, True)
    assert reasons(view) == {"bulk.not_open": 1, "practice.unknown": 1}
    assert await facts(house, "practice.flagged") == []
    assert (await desk.get("/bulk-actions")).json() == []
    number = [reason["code"] for reason in view["left_out"]].index("bulk.not_open")
    query = {"part": "left_out", "number": number}
    [row] = (await desk.get(f"/bulk-actions/{view['id']}/practices", params=query)).json()
    assert (row["id"], row["practice_number"], row["debtor_name"]) == (str(closed), "P-009", "Mario Bianchi")
    rows = (await desk.get(f"/bulk-actions/{view['id']}/practices", params={"part": "done"})).json()
    assert [row["id"] for row in rows] == [str(one) for one in open_ones]


async def test_a_task_is_given_to_a_person_for_each_practice_and_closed_again(house: House, desk: Desk) -> None:
    ids = await some(house)
    owner = house.people[Role.DISPATCHER]

    view = await acted(desk, "to_do", ids, owner_id=str(owner.id), team="dispatcher")

    waiting = (await desk.get("/tasks", params={"kind": "practice.to_do"})).json()
    assert {task["practice_id"] for task in waiting} == {str(one) for one in ids}
    assert {(task["owner_name"], task["due_on"], task["team"]) for task in waiting} == {
        (owner.name, "2026-11-30", "dispatcher")
    }
    assert waiting[0]["details"]["text"] == ASKED["to_do"]["text"]
    assert reasons((await shown(desk, "to_do", ids)).json()) == {"bulk.same_task_open": 3}
    await desk.post(f"/tasks/{waiting[0]['id']}/finish", json={"note": "fatto"})

    back = (await undone(desk, view)).json()

    assert (back["state"], back["undone"], reasons(back, "kept")) == ("undone", 2, {"bulk.done_already": 1})
    assert (await desk.get("/tasks", params={"kind": "practice.to_do"})).json() == []
    assert [kind for kind, _ in await facts(house, "task.opened", "task.finished")] == ["task.opened"] * 3 + [
        "task.finished"
    ] * 3
    assert len(await registered(house, "task.opened")) == 3


async def test_a_contact_is_planned_only_where_the_rules_of_conduct_allow_it(house: House, desk: Desk) -> None:
    fine, disputed, recalled = await some(house)
    async with house.session() as session:
        flag = tables.PracticeFlag(
            id=new_id(), agency_id=house.agency_id, practice_id=disputed, kind="represented", since=NOW, source="desk"
        )
        practice = await session.get(tables.Practice, recalled)
        assert practice is not None
        practice.state = "recalled"
        session.add_all([flag, practice])
    call = {"channel": "call", "at": "2026-11-30T10:00:00+01:00"}

    view = await acted(desk, "plan_contact", [fine, disputed, recalled], **call)

    assert (view["done"], reasons(view)) == (1, {"conduct.debt_represented": 1, "conduct.debt_recalled": 1})
    limits = (await desk.get(f"/practices/{fine}/contacts")).json()
    assert [one["channel"] for one in limits["planned"]] == ["call"]
    # One call a day is allowed: what was planned counts.
    again = (await shown(desk, "plan_contact", [fine], **call)).json()
    assert (again["done"], len(again["left_out"])) == (0, 1)
    assert (await undone(desk, view)).json()["undone"] == 1
    assert (await desk.get(f"/practices/{fine}/contacts")).json()["planned"] == []
    assert [kind for kind, _ in await facts(house, "contact.planned", "contact.cancelled")] == [
        "contact.planned",
        "contact.cancelled",
    ]


async def test_a_letter_that_was_sent_is_in_every_ledger_once_and_stays(house: House, desk: Desk) -> None:
    ids = await some(house)

    view = await acted(desk, "letter_sent", ids)

    file = (await desk.get(f"/practices/{ids[0]}")).json()
    assert [one["outcome"] for one in file["earlier_contacts"]].count("FORMAL_NOTICE") == 1
    assert view["may_undo"] is False
    refused = await undone(desk, view)
    assert (refused.status_code, refused.json()["code"]) == (409, "bulk.stays_done")
    assert reasons((await shown(desk, "letter_sent", ids)).json()) == {"bulk.logged_already": 3}
    assert len(await facts(house, "contact.made")) == 3


async def test_suspended_practices_are_not_visited_until_they_resume(house: House, desk: Desk) -> None:
    ids = await some(house)
    await published(house, ids[0])
    planning = await house.sign_in(Role.DISPATCHER)

    async def visited() -> list[str]:
        day = {"day": (TODAY + timedelta(days=1)).isoformat()}
        return [
            row["practice_id"]
            for row in (await planning.get("/dispatch/candidates", params=day)).json()
            if row["allowed"]
        ]

    assert len(await visited()) == 3

    view = await acted(desk, "suspend", ids[:2])

    assert await visited() == [str(ids[2])]
    assert (await desk.get(f"/practices/{ids[0]}")).json()["flags"] == ["suspended"]
    listed = (await desk.get("/practices", params={"flag": "suspended"})).json()
    assert {row["id"] for row in listed["rows"]} == {str(one) for one in ids[:2]}
    # A visit of the published day is the dispatcher's to take out.
    [task] = (await planning.get("/tasks", params={"kind": "suspension.still_planned"})).json()
    assert (task["practice_id"], task["team"]) == (str(ids[0]), "dispatcher")
    assert reasons((await shown(desk, "suspend", ids)).json()) == {"bulk.suspended_already": 2}

    resumed = await acted(desk, "resume", ids)

    assert (resumed["done"], reasons(resumed)) == (2, {"bulk.not_suspended": 1})
    assert (await planning.get("/tasks", params={"kind": "suspension.still_planned"})).json() == []
    assert len(await visited()) == 3
    late = (await undone(desk, view)).json()
    assert (late["undone"], reasons(late, "kept")) == (0, {"bulk.resumed_already": 2})
    assert (await undone(desk, resumed)).json()["undone"] == 2
    assert await visited() == [str(ids[2])]


async def test_practices_go_back_to_the_creditor_but_not_with_money_in_a_hand(house: House, desk: Desk) -> None:
    paid, *others = await some(house)
    await published(house, paid, others[0])
    phone = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    stop = next(
        s for s in (await phone.request("GET", "/field/day")).json()["stops"] if s["practice"]["id"] == str(paid)
    )
    await phone.push(phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT))

    view = await acted(desk, "hand_back", [paid, *others])

    assert (view["done"], reasons(view)) == (2, {"bulk.money_held": 1})
    states = {row["id"]: row["state"] for row in (await desk.get("/practices")).json()["rows"]}
    assert states == {str(paid): "open", **{str(one): "recalled" for one in others}}
    [task] = (await desk.get("/tasks", params={"kind": "recall.still_planned"})).json()
    assert task["practice_id"] == str(others[0])
    assert await facts(house, "practice.handed_back") == [("practice.handed_back", one) for one in others]


async def test_handing_back_is_undone_only_while_the_creditor_says_nothing_else(house: House, desk: Desk) -> None:
    ids = await some(house, 2)
    view = await acted(desk, "hand_back", ids)
    async with house.session() as session:
        tell(session, NewFact("practice.recalled", NOW, practice_id=ids[1], body={}))

    back = (await undone(desk, view)).json()

    assert (back["undone"], reasons(back, "kept")) == (1, {"bulk.turned_since": 1})
    states = {row["id"]: row["state"] for row in (await desk.get("/practices")).json()["rows"]}
    assert states == {str(ids[0]): "open", str(ids[1]): "recalled"}
    assert await facts(house, "practice.open_again") == [("practice.open_again", ids[0])]


# --- confirmed as shown, once ---


async def test_the_same_confirmation_twice_does_everything_once(house: House, desk: Desk) -> None:
    view = (await shown(desk, "to_do", await some(house))).json()

    answers = await asyncio.gather(*(confirmed(desk, view) for _ in range(4)))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert sorted(answer.json()["again"] for answer in answers) == [False, True, True, True]
    assert {answer.json()["done"] for answer in answers} == {3}
    assert len((await desk.get("/tasks", params={"kind": "practice.to_do"})).json()) == 3
    assert len(await registered(house, "bulk.done")) == 1


async def test_undoing_twice_undoes_once(house: House, desk: Desk) -> None:
    view = await acted(desk, "suspend", await some(house))

    first, second = (await undone(desk, view)).json(), (await undone(desk, view)).json()

    assert (first["undone"], first["again"], second["undone"], second["again"]) == (3, False, 3, True)
    assert len(await facts(house, "practice.unflagged")) == 3


async def test_what_changed_since_the_preview_is_left_out_and_told(house: House, desk: Desk) -> None:
    ids = await some(house)
    view = (await shown(desk, "suspend", ids)).json()
    await desk.post(f"/practices/{ids[1]}/contacts", json={"channel": "call", "at": NOW.isoformat(), "reached": True})

    result = (await confirmed(desk, view)).json()

    assert (result["done"], result["practices"], reasons(result)) == (2, 3, {"bulk.changed_since": 1})
    assert (await desk.get(f"/practices/{ids[1]}")).json()["flags"] == []


async def test_a_practice_closed_without_a_word_since_is_judged_anew(house: House, desk: Desk) -> None:
    ids = await some(house, 2)
    view = (await shown(desk, "suspend", ids)).json()
    async with house.session() as session:
        await session.execute(text("update practice set state = 'closed' where id = :id"), {"id": ids[0]})

    assert reasons((await confirmed(desk, view)).json()) == {"bulk.not_open": 1}


async def test_two_previews_of_the_same_practices_are_done_once(house: House, desk: Desk) -> None:
    ids = await some(house)
    first, second = (await shown(desk, "suspend", ids)).json(), (await shown(desk, "suspend", ids)).json()

    one, other = await asyncio.gather(confirmed(desk, first), confirmed(desk, second))

    assert sorted((one.json()["done"], other.json()["done"])) == [0, 3]
    async with house.session() as session:
        flags = (await session.exec(select(tables.PracticeFlag).where(tables.PracticeFlag.kind == "suspended"))).all()
    assert len(flags) == 3


async def test_a_preview_is_confirmed_with_its_own_digest_and_in_time_only(house: House, desk: Desk) -> None:
    view = (await shown(desk, "suspend", await some(house))).json()

    forged = await confirmed(desk, {**view, "digest": "0" * 64})
    house.clock.move_to(NOW + timedelta(minutes=31))
    late = await confirmed(await house.sign_in(Role.BACK_OFFICE), view)

    assert (forged.status_code, forged.json()["code"]) == (409, "bulk.not_as_shown")
    assert (late.status_code, late.json()["code"]) == (409, "bulk.shown_long_ago")
    assert await facts(house, "practice.flagged") == []
    early = await undone(await house.sign_in(Role.BACK_OFFICE), view)
    assert (early.status_code, early.json()["code"]) == (409, "bulk.not_done")


async def test_an_hour_that_has_gone_by_since_the_preview_is_not_planned(house: House, desk: Desk) -> None:
    soon = {"channel": "letter", "at": (NOW + timedelta(minutes=5)).isoformat()}
    view = (await shown(desk, "plan_contact", await some(house), **soon)).json()
    house.clock.move_to(NOW + timedelta(minutes=10))

    late = await confirmed(await house.sign_in(Role.BACK_OFFICE), view)

    assert late.json()["code"] == "bulk.day_unusable"
    assert await facts(house, "contact.planned") == []


async def test_old_previews_are_forgotten_and_what_was_done_is_kept(house: House, desk: Desk) -> None:
    ids = await some(house)
    await shown(desk, "suspend", ids)
    done = await acted(desk, "suspend", ids)
    house.clock.move_to(NOW + timedelta(hours=1))
    desk = await house.sign_in(Role.BACK_OFFICE)

    await shown(desk, "resume", ids)

    async with house.session() as session:
        kept = (await session.exec(select(tables.BulkAction.id))).all()
    assert len(kept) == 2
    assert UUID(done["id"]) in kept
    assert [row["id"] for row in (await desk.get("/bulk-actions")).json()] == [done["id"]]


# --- chosen by a filter ---


async def test_all_that_a_filter_finds_but_those_taken_out(house: House, desk: Desk) -> None:
    ids = await some(house, 4)
    await entrusted(house, "P-009", state="closed")
    choice = {"filter": {"q": "bianchi", "state": "open"}, "besides": [str(ids[0])]}

    view = (await shown(desk, "suspend", choice=choice)).json()

    assert (view["practices"], view["done"]) == (3, 3)
    nothing = await shown(desk, "suspend", choice={"filter": {"q": "nessuno-si-chiama-cosi"}})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "bulk.nothing_chosen")


async def many(house: House, count: int) -> None:
    """So many practices of one creditor, as rows alone."""
    placement = tables.Placement(
        id=new_id(), agency_id=house.agency_id, creditor_id=house.creditor_id, starts_on=TODAY, ends_on=TODAY
    )
    async with house.session() as session:
        session.add(placement)
        await session.flush()
        await session.execute(
            text(
                "insert into practice (id, agency_id, creditor_id, placement_id, practice_number, phase, state,"
                " case_owner_name, case_owner_phone, as_of, search_text, skills, skills_told)"
                " select gen_random_uuid(), :agency, :creditor, :placement, 'Q-' || lpad(n::text, 6, '0'), 'x', 'open',"
                " '', '', :today, '', '[]', '[]' from generate_series(1, :count) as n"
            ),
            {
                "agency": house.agency_id,
                "creditor": house.creditor_id,
                "placement": placement.id,
                "today": TODAY,
                "count": count,
            },
        )


async def test_five_thousand_are_done_at_once_with_few_statements_and_one_more_is_refused(
    house: House, desk: Desk
) -> None:
    await many(house, MOST + 1)
    everything = {"filter": {"state": "open"}}

    refused = await shown(desk, "suspend", choice=everything)

    assert (refused.status_code, refused.json()["code"]) == (409, "bulk.too_many")
    assert f"{MOST}" in refused.json()["detail"].replace(".", "")
    async with house.session() as session:
        await session.execute(text("update practice set state = 'closed' where practice_number = 'Q-000001'"))
    with statements(house.parts.database) as heard:
        view = (await shown(desk, "suspend", choice=everything)).json()
        result = (await confirmed(desk, view)).json()
    assert (result["done"], result["left_out"]) == (MOST, [])
    assert len(heard) < 60
    assert len(await facts(house, "practice.flagged")) == MOST
    assert len(await registered(house, "practice.flagged")) == MOST
    rows = (await desk.get(f"/bulk-actions/{view['id']}/practices", params={"part": "done"})).json()
    assert len(rows) == 500


# --- who may, and who must not ---


def test_the_catalogue_says_of_every_action_who_may_do_it() -> None:
    assert set(ACTIONS) == set(BulkKind)
    assert {kind.value for kind, action in ACTIONS.items() if Role.DISPATCHER in action.roles} == {"to_do"}
    assert all(Role.AGENT not in action.roles for action in ACTIONS.values())


@pytest.mark.parametrize("kind", [kind.value for kind in BulkKind])
async def test_an_action_is_for_whom_its_single_one_is(house: House, desk: Desk, kind: str) -> None:
    ids = await some(house, 1)
    planning = await house.sign_in(Role.DISPATCHER)

    preview = await shown(planning, kind, ids)
    view = (await shown(desk, kind, ids)).json()

    assert preview.status_code == (200 if kind == "to_do" else 403)
    # What was shown to a colleague is theirs to confirm.
    stolen = await confirmed(planning, view)
    assert (stolen.status_code, stolen.json()["code"]) == (404, "bulk.unknown")
    if view["done"]:
        await confirmed(desk, view)
        refused = await undone(planning, view)
        assert refused.status_code == (200 if kind == "to_do" else 403)


async def test_a_clerk_of_another_agency_reaches_none_of_it(house: House, desk: Desk) -> None:
    ids = await some(house)
    view = await acted(desk, "suspend", ids[:1])
    waiting = (await shown(desk, "suspend", ids[1:])).json()
    _, _, stranger = await house.other_agency()
    other = await house.sign_in(person=stranger)

    own = (await shown(other, "suspend", ids)).json()

    # Not even that they exist.
    assert (own["done"], reasons(own)) == (0, {"practice.unknown": 3})
    for answer in (await confirmed(other, waiting), await undone(other, view)):
        assert (answer.status_code, answer.json()["code"]) == (404, "bulk.unknown")
    rows = await other.get(f"/bulk-actions/{own['id']}/practices", params={"part": "left_out"})
    assert rows.json() == []
    nothing = await shown(other, "suspend", choice={"filter": {"creditor_id": str(house.creditor_id)}})
    assert nothing.json()["code"] == "bulk.nothing_chosen"
    assert (await other.get("/bulk-actions")).json() == []


async def test_an_agent_and_a_system_with_a_token_find_the_door_shut(house: House, desk: Desk) -> None:
    ids = await some(house, 1)
    agent = await house.sign_in(Role.AGENT)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    wanted = {"name": "Gestionale", "scopes": ["facts:money"], "writes": ["write:recalls"], "a_minute": 60}
    token = (await admin.post("/service-accounts", json=wanted)).json()["token"]

    assert (await shown(agent, "to_do", ids)).status_code == 403
    system = house.client()
    await system.get("/clock")
    body = {"choice": {"ids": [str(ids[0])]}, "kind": "to_do", **ASKED["to_do"]}
    headers = {"authorization": f"Bearer {token}", "x-csrftoken": system.cookies["csrftoken"]}
    answer = await system.post("/bulk-actions", json=body, headers=headers)
    assert answer.status_code == 401
    del desk


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        # Nobody would know later what it was for.
        ("suspend", {"text": "  "}, "bulk.text_missing"),
        ("hand_back", {"text": "x" * 501}, "bulk.text_too_long"),
        ("to_do", {"due_on": None}, "bulk.day_missing"),
        ("to_do", {"due_on": "2026-11-25"}, "bulk.day_unusable"),
        ("to_do", {"due_on": "2036-11-25"}, "bulk.day_unusable"),
        ("to_do", {"team": "creditor"}, "bulk.team_unknown"),
        # An agent is given no tasks, nor is anybody who is not here.
        ("to_do", {"owner_id": "0198a3c2-7f00-7abc-8def-0123456789ab"}, "task.person_unknown"),
        ("plan_contact", {"channel": "visit"}, "bulk.channel_unusable"),
        ("plan_contact", {"at": None}, "bulk.day_missing"),
        ("plan_contact", {"at": "2026-11-20T10:00:00+01:00"}, "bulk.day_unusable"),
        ("letter_sent", {"letter": "PAID_IN_FULL"}, "bulk.letter_unknown"),
        ("letter_sent", {"on": "2026-11-27"}, "bulk.day_unusable"),
    ],
)
async def test_what_is_asked_must_make_sense(
    house: House, desk: Desk, kind: str, changes: dict[str, Any], code: str
) -> None:
    answer = await shown(desk, kind, await some(house, 1), **changes)

    assert answer.json()["code"] == code
    async with house.session() as session:
        assert (await session.exec(select(tables.BulkAction))).all() == []


async def test_members_that_an_action_does_not_read_are_not_kept(house: House, desk: Desk) -> None:
    view = (await shown(desk, "suspend", await some(house, 1), team="dispatcher", letter="FORMAL_NOTICE")).json()

    assert view["asked"] == {"text": ASKED["suspend"]["text"]}


# --- a selection as a file ---


async def test_a_selection_leaves_as_a_file_and_every_practice_of_it_is_registered(house: House, desk: Desk) -> None:
    ids = await some(house)
    await entrusted(house, "=2+5")
    choice = {"filter": {}, "besides": [str(ids[0])]}

    answer = await desk.post("/exports/practices", json={"choice": choice, "form": "csv"})
    book = await desk.post("/exports/practices", json={"choice": choice, "form": "xlsx", "language": "en"})

    assert answer.headers["content-disposition"] == 'attachment; filename="pratiche-2026-11-26.csv"'
    header, *rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert header[:3] == ["Pratica", "Debitore", "Comune"]
    assert [row[0] for row in rows] == ["'=2+5", "P-002", "P-003"]
    assert rows[1][6] == "900,00"
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    assert (sheet.max_row, sheet["A1"].value) == (4, "Practice")
    assert len(await registered(house, "practice.exported")) == 6


async def test_a_file_of_practices_is_for_the_office_and_holds_none_of_another_agency(house: House, desk: Desk) -> None:
    ids = await some(house)
    _, _, stranger = await house.other_agency()
    other, planning = await house.sign_in(person=stranger), await house.sign_in(Role.DISPATCHER)
    choice = {"ids": [str(one) for one in ids]}

    stolen = await other.post("/exports/practices", json={"choice": choice})

    assert len(stolen.content.decode("utf-8-sig").splitlines()) == 1
    assert (await planning.post("/exports/practices", json={"choice": choice})).status_code == 403
    assert (await desk.post("/exports/practices", json={"choice": {}})).json()["code"] == "bulk.nothing_chosen"
