"""The administrator's room: a change is previewed, switched on with a reason, remembered; an unsound one is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.conduct.standard import STANDARD_RULES
from fieldapp.services import rules
from fieldapp.store import tables, tasks
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, new_id
from tests.flows.test_limitation import candidate
from tests.flows.test_sync import day_of, phone_of

LATE = {"rule": "visit.hours", "parameters": {"weekday_to": "10:25"}}
"""Visits end at 10:25: of those that `published` puts half an hour apart from ten, only the first is left."""
STANDARD = {rule.id: rule.to_json() for rule in STANDARD_RULES}


@pytest.fixture
async def desk(house: House) -> Desk:
    return await house.sign_in(Role.ADMINISTRATOR)


async def preview(desk: Desk, *edits: dict[str, Any], **more: Any) -> Any:
    return await desk.post("/rules/preview", json={"edits": list(edits), **more})


async def switch_on(desk: Desk, *edits: dict[str, Any], base: int = 0, **more: Any) -> Any:
    wanted = {"edits": list(edits), "base": base, "reason": "Chiesto dal creditore", **more}
    return await desk.post("/rules/versions", json=wanted)


async def page(desk: Desk) -> dict[str, Any]:
    answer = await desk.get("/rules")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def rule_of(shown: dict[str, Any], rule: str = "visit.hours") -> dict[str, Any]:
    return next(row for row in shown["rules"] if row["id"] == rule)


async def test_the_page_shows_every_rule_with_source_mark_and_numbers(desk: Desk) -> None:
    shown = await page(desk)

    assert [row["id"] for row in shown["rules"]] == [rule.id for rule in STANDARD_RULES]
    hours = rule_of(shown)
    assert (hours["to_be_confirmed"], hours["severity"], bool(hours["source"])) == (True, "forbids", True)
    last = next(p for p in hours["parameters"] if p["name"] == "weekday_to")
    assert (last["value"], last["kind"], last["stricter"]) == ("21:00", "time", "lower")
    assert (shown["version"], shown["broken"]) == (0, [])


async def test_a_preview_says_which_published_visits_would_stop_and_stores_nothing(house: House, desk: Desk) -> None:
    first, second = await entrusted(house, "P-001"), await entrusted(house, "P-002")
    await published(house, first, second)
    await published(house, first, day=TODAY + timedelta(days=1))

    answer = await preview(desk, LATE)

    assert answer.status_code == 200, answer.text
    days = answer.json()["days"]
    assert [(day["day"], day["visits"]) for day in days] == [("2026-11-26", 2), ("2026-11-27", 1)]
    stopped = [(day["day"], visit["practice_number"]) for day in days for visit in day["stopping"]]
    assert stopped == [("2026-11-26", "P-002")]
    assert [found["code"] for found in days[0]["stopping"][0]["findings"]] == ["conduct.outside_hours"]
    change = answer.json()["changes"][0]
    assert (change["what"], change["before"], change["after"]) == ("weekday_to", "21:00", "10:25")
    assert (await page(desk))["version"] == 0


async def test_switched_on_rules_are_judged_by_and_travel_with_the_next_day(house: House, desk: Desk) -> None:
    phone = await phone_of(house)
    practice_id = await entrusted(house)
    await published(house, practice_id)
    assert (await candidate(house, practice_id))["allowed"]

    answer = await switch_on(desk, {"rule": "visit.appointment", "parameters": {"required": True}})

    assert answer.status_code == 201, answer.text
    assert answer.json()["version"] == 1
    stopped = await candidate(house, practice_id)
    assert [found["code"] for found in stopped["findings"]] == ["conduct.appointment_missing"]
    held = (await day_of(phone))["ruleset"]["rules"]
    assert [rule["parameters"] for rule in held if rule["overrides"] == "visit.appointment"] == [{"required": True}]


async def test_a_creditors_own_number_counts_for_that_creditor_alone(house: House, desk: Desk) -> None:
    edit = {"rule": "visit.frequency", "creditor_id": str(house.creditor_id), "parameters": {"max_per_placement": 2}}

    shown = (await switch_on(desk, edit)).json()

    own = rule_of(shown, "visit.frequency")["numbers"]
    assert [(one["creditor_id"], one["parameters"]) for one in own] == [
        (str(house.creditor_id), {"max_per_placement": 2})
    ]
    assert (
        next(p for p in rule_of(shown, "visit.frequency")["parameters"] if p["name"] == "max_per_placement")["value"]
        == 3
    )


async def test_an_agencys_number_and_a_creditors_lie_one_over_the_other(house: House, desk: Desk) -> None:
    own = {"rule": "visit.hours", "creditor_id": str(house.creditor_id), "parameters": {"weekday_to": "19:00"}}
    await switch_on(desk, own)

    both = await switch_on(desk, {"rule": "visit.hours", "parameters": {"weekday_to": "20:00"}}, base=1)
    looser = await switch_on(desk, {"rule": "visit.hours", "parameters": {"weekday_to": "18:00"}}, base=2)

    assert both.status_code == 201, both.text
    numbers = {one["creditor_name"]: one["parameters"] for one in rule_of(both.json())["numbers"]}
    assert {str(v) for v in numbers.values()} == {"{'weekday_to': '20:00'}", "{'weekday_to': '19:00'}"}
    assert looser.json()["code"] == "rules.override_loosens"


async def test_numbers_are_taken_back_by_giving_none(desk: Desk) -> None:
    await switch_on(desk, {"rule": "visit.hours", "parameters": {"weekday_to": "20:00"}})

    shown = (await switch_on(desk, {"rule": "visit.hours", "parameters": {}}, base=1)).json()

    assert rule_of(shown)["numbers"] == []
    history = (await desk.get("/rules/versions")).json()
    assert [(one["number"], one["in_force"]) for one in history] == [(2, True), (1, False)]
    assert [(c["before"], c["after"]) for c in history[0]["changes"]] == [("20:00", "21:00")]


async def test_a_number_is_confirmed_by_name_and_day(desk: Desk) -> None:
    shown = (await switch_on(desk, {"rule": "visit.hours", "confirms": True})).json()

    hours = rule_of(shown)
    assert (hours["to_be_confirmed"], hours["confirmed_by"], hours["confirmed_on"]) == (
        False,
        desk.identity.name,
        "2026-11-26",
    )
    again = await switch_on(desk, {"rule": "visit.hours", "confirms": True}, base=1)
    assert again.json()["code"] == "rules.nothing_to_confirm"


async def test_switching_on_is_a_fact_and_an_audit_entry_with_the_reason(house: House, desk: Desk) -> None:
    await switch_on(desk, LATE)

    async with house.session() as session:
        fact = (await session.exec(select(tables.Fact).where(tables.Fact.kind == "rules.switched_on"))).one()
        entry = (
            await session.exec(select(tables.AuditEntry).where(tables.AuditEntry.action == "rules.switched_on"))
        ).one()
    assert fact.body == {"number": 1, "reason": "Chiesto dal creditore", "rules": ["visit.hours"]}
    assert (entry.person_id, entry.details["reason"]) == (desk.identity.person_id, "Chiesto dal creditore")


async def test_two_administrators_do_not_overwrite_each_other(desk: Desk) -> None:
    await switch_on(desk, LATE)

    late = await switch_on(desk, {"rule": "visit.rest_days", "confirms": True}, base=0)

    assert (late.status_code, late.json()["code"]) == (409, "rules.changed_meanwhile")


WRONG: list[tuple[str, dict[str, Any]]] = [
    # Later than the code allows.
    ("rules.override_loosens", {"rule": "visit.hours", "parameters": {"weekday_to": "22:00"}}),
    # A number the rule does not know.
    ("rules.unknown_parameter", {"rule": "visit.hours", "parameters": {"night_to": "22:00"}}),
    # An hour that does not exist.
    ("rules.bad_parameter", {"rule": "visit.hours", "parameters": {"weekday_to": "25:00"}}),
    # A rule that does not exist.
    ("rules.unknown_override", {"rule": "visit.at_midnight", "parameters": {"a": 1}}),
    # A creditor of nobody.
    (
        "rules.unknown_creditor",
        {"rule": "visit.hours", "creditor_id": str(new_id()), "parameters": {"weekday_to": "20:00"}},
    ),
    # Nothing at all.
    ("rules.nothing_changes", {"rule": "visit.hours", "parameters": {"weekday_to": "21:00"}}),
]


@pytest.mark.parametrize(("code", "edit"), WRONG)
async def test_an_unsound_change_is_refused_and_the_old_set_stays(desk: Desk, code: str, edit: dict[str, Any]) -> None:
    for answer in (await preview(desk, edit), await switch_on(desk, edit)):
        assert answer.json()["code"] == code

    assert (await page(desk))["version"] == 0


async def test_rules_do_not_change_backwards_nor_without_a_reason(desk: Desk) -> None:
    backwards = await preview(desk, LATE, since="2026-11-25")
    unexplained = await switch_on(desk, LATE, reason="  ")

    assert backwards.json()["code"] == "rules.since_past"
    assert unexplained.json()["code"] == "rules.reason_missing"


async def test_a_change_announced_for_tomorrow_leaves_today_alone(house: House, desk: Desk) -> None:
    practice_id = await entrusted(house)
    edit = {"rule": "visit.appointment", "parameters": {"required": True}}

    await switch_on(desk, edit, since="2026-11-27")

    assert (await candidate(house, practice_id))["allowed"]
    assert not (await candidate(house, practice_id, TODAY + timedelta(days=1)))["allowed"]


# --- files ---


def own_file(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "rules": list(rules), "confirmed": {}}


def own_rule(rule: str = "visit.hours", **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(STANDARD[rule]), **changes}


def over(name: str, base: str, **changes: Any) -> dict[str, Any]:
    return own_rule(id=name, overrides=base, parameters={"weekday_to": "20:00"}, **changes)


FILES: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    # Two versions of one rule in force on the same day.
    ("rules.overlapping_validity", lambda: own_file(own_rule(), own_rule(valid_from="2026-01-01"))),
    # A parameter that the check does not know.
    (
        "rules.unknown_parameter",
        lambda: own_file(own_rule(parameters={**STANDARD["visit.hours"]["parameters"], "night": "22:00"})),
    ),
    # A missing translation.
    ("rules.missing_translation", lambda: own_file(own_rule(texts={"it": "Orari", "en": "Hours"}))),
    # Two overrides that change each other.
    ("rules.circular_override", lambda: own_file(over("a", "b"), over("b", "a"))),
    # What the law forbids becomes advice.
    ("rules.standard_loosened", lambda: own_file(own_rule("debt.disputed", severity="warns"))),
    # A rule of the code for one creditor only: for all others it would be gone.
    (
        "rules.standard_loosened",
        lambda: own_file(own_rule(scope={"creditors": None, "debtor": "firm", "country": "IT"})),
    ),
    # A number of the law, looser.
    (
        "rules.override_loosens",
        lambda: own_file(own_rule("payment.cash_ceiling", parameters={"below_cents": 900_000})),
    ),
    # Days without the rule.
    ("rules.standard_gap", lambda: own_file(own_rule(valid_to="2026-12-31"))),
    # Something else altogether.
    ("rules.field_missing", lambda: {"hello": "world"}),
    ("rules.field_malformed", lambda: {"v": 1, "rules": "all", "confirmed": {}}),
]


@pytest.mark.parametrize(("code", "build"), FILES)
async def test_a_rule_file_that_is_unsound_is_refused_whole(
    desk: Desk, code: str, build: Callable[[], dict[str, Any]]
) -> None:
    answer = await switch_on(desk, file=build())

    assert answer.json()["code"] == code
    assert (await page(desk))["version"] == 0


async def test_a_file_corrects_a_number_that_nobody_had_verified(desk: Desk) -> None:
    parameters = {**STANDARD["visit.hours"]["parameters"], "weekday_from": "08:00"}
    correct = own_rule(parameters=parameters, source="Codice vigente, art. 7", to_be_confirmed=False)

    shown = (await switch_on(desk, file=own_file(correct))).json()

    hours = rule_of(shown)
    assert (hours["own"], hours["source"], hours["to_be_confirmed"]) == (True, "Codice vigente, art. 7", False)
    assert (await desk.get("/rules/own")).json()["rules"] == [correct]


async def test_a_version_that_cannot_be_read_leaves_the_one_before_in_force_and_says_so(
    house: House, desk: Desk
) -> None:
    await switch_on(desk, LATE)
    async with house.session() as session:
        session.add(
            tables.RulesetVersion(
                id=new_id(),
                agency_id=house.agency_id,
                number=2,
                created_at=NOW,
                person_id=desk.identity.person_id,
                reason="Rimessa da una copia",
                content=own_file(over("a", "b"), over("b", "a")),
            )
        )

    shown = await page(desk)

    assert (shown["version"], shown["newest"]) == (1, 2)
    assert [(one["number"], one["code"]) for one in shown["broken"]] == [(2, "rules.circular_override")]
    history = (await desk.get("/rules/versions")).json()
    assert [(one["number"], one["in_force"], one["broken"]) for one in history] == [
        (2, False, "rules.circular_override"),
        (1, True, None),
    ]


async def test_another_agency_has_rules_of_its_own(house: House, desk: Desk) -> None:
    await switch_on(desk, LATE)
    agency_id, _, _ = await house.other_agency()

    async with house.session(agency_id) as session:
        assert (await session.exec(select(tables.RulesetVersion))).all() == []


async def test_versions_are_never_rewritten(house: House, desk: Desk) -> None:
    await switch_on(desk, LATE)

    async with house.session() as session:
        row = (await session.exec(select(tables.RulesetVersion))).one()
        row.reason = "altro"
        with pytest.raises(DBAPIError):
            await session.flush()
        await session.rollback()


# --- patron saints ---


async def in_comune(house: House, practice_id: UUID, comune: str) -> None:
    async with house.session() as session:
        address = (await session.exec(select(tables.Address).where(tables.Address.practice_id == practice_id))).one()
        address.comune = comune
        session.add(address)


async def with_unknown_patron(house: House) -> UUID:
    practice_id = await entrusted(house)
    await in_comune(house, practice_id, "Secugnago")
    return practice_id


async def test_a_comune_without_its_patrons_day_is_listed_with_how_many_live_there(house: House, desk: Desk) -> None:
    await with_unknown_patron(house)
    await entrusted(house, "P-002")

    assert (await page(desk))["patrons"] == [{"comune": "Secugnago", "practices": 1, "day": None, "since": None}]


async def test_a_patrons_day_is_previewed_switched_on_and_keeps_visits_away(house: House, desk: Desk) -> None:
    practice_id = await with_unknown_patron(house)
    tomorrow = TODAY + timedelta(days=1)
    await published(house, practice_id, day=tomorrow)
    async with house.session() as session:
        await tasks.add(
            session,
            "calendar.patron_unknown",
            subject=("comune", "Secugnago"),
            due_on=TODAY,
            details={"comune": "Secugnago"},
            now=NOW,
            new_id=new_id,
        )

    seen = (await preview(desk, patrons={"Secugnago": "11-27"})).json()
    shown = (await switch_on(desk, patrons={"Secugnago": "11-27"})).json()

    change = seen["changes"][0]
    assert (change["rule"], change["what"], change["before"], change["after"], change["kind"]) == (
        "calendar.patron_saint",
        "Secugnago",
        None,
        "2026-11-27",
        "day",
    )
    assert [found["code"] for found in seen["days"][0]["stopping"][0]["findings"]] == ["conduct.local_holiday"]
    assert shown["patrons"] == [{"comune": "Secugnago", "practices": 0, "day": "11-27", "since": "2026-11-26"}]
    assert not (await candidate(house, practice_id, tomorrow))["allowed"]
    assert (await candidate(house, practice_id))["allowed"]
    async with house.session() as session:
        task = (await session.exec(select(tables.Task))).one()
    assert (task.state, task.finished_by) == ("done", desk.identity.person_id)


async def test_a_moving_feast_reaches_the_phones_calendar(house: House, desk: Desk) -> None:
    practice_id = await with_unknown_patron(house)
    await published(house, practice_id)
    phone = await phone_of(house)

    await switch_on(desk, patrons={"Secugnago": "easter+50"})

    held = (await day_of(phone))["ruleset"]["calendar"]["local"]["Secugnago"]
    assert held == ["2027-05-17", "2028-06-05"]


@pytest.mark.parametrize(
    ("patrons", "code"),
    [
        # A day that does not exist.
        ({"Secugnago": "02-30"}, "rules.patron_malformed"),
        # A feast nobody can compute.
        ({"Secugnago": "il giorno del santo"}, "rules.patron_malformed"),
        # A comune that is misspelt protects nobody.
        ({"Secugnaco": "11-27"}, "rules.nobody_lives_there"),
    ],
)
async def test_a_patrons_day_that_makes_no_sense_is_refused(
    house: House, desk: Desk, patrons: dict[str, str], code: str
) -> None:
    await with_unknown_patron(house)

    assert (await switch_on(desk, patrons=patrons)).json()["code"] == code
    assert (await page(desk))["version"] == 0


async def test_a_corrected_patrons_day_leaves_days_gone_by_as_they_were(house: House, desk: Desk) -> None:
    await with_unknown_patron(house)
    await switch_on(desk, patrons={"Secugnago": "11-26"})
    house.clock.move_to(NOW + timedelta(days=30))
    later = await house.sign_in(Role.ADMINISTRATOR)

    await switch_on(later, base=1, patrons={"Secugnago": "12-28"})

    async with house.work(Role.ADMINISTRATOR) as work:
        calendar = (await rules.ruleset(work)).calendar
    assert calendar.is_local_holiday(TODAY, "Secugnago")
    assert not calendar.is_local_holiday(TODAY.replace(year=2027), "Secugnago")
    assert calendar.is_local_holiday(TODAY.replace(day=28, month=12), "Secugnago")
