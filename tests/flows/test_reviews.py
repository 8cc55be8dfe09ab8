"""The office looks at reports and asks their agents; an answer comes back as words or as a correction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.events import EVENTS, FactScope
from fieldapp.settings import Settings
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.conftest import Desk, House, a_house
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.test_outgoing import cells, content_of, made
from tests.flows.test_outgoing import told as plan_of
from tests.flows.test_planning import code, colleague
from tests.flows.test_push import CONTACT, subscribe
from tests.flows.test_sync import AT, day_of, one_stop, paid_report, verdicts
from tests.push_service import Browser, PushService

ASKED = "Chi ha detto che si è trasferito?"
MOVED: dict[str, Any] = {
    "outcome": "MOVED",
    "captured": {"source": "neighbour", "new_address": "Via Adda 3, Lodi"},
    "met": {"who": "third_party", "identified_by": None, "role": "neighbour"},
    "observations": ["name_missing"],
}


@pytest.fixture
def outside() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
async def told(settings: Settings) -> AsyncIterator[House]:
    """A service that sends notices, also to this machine."""
    async with a_house(settings.model_copy(update={"push_contact": CONTACT, "push_local": True})) as house:
        yield house


async def reported(house: House, **report: Any) -> tuple[FieldPhone, str]:
    """A visit that has arrived: the phone, and the visit's id."""
    phone, stop = await one_stop(house)
    body = a_report(stop, at=AT, **(report or MOVED))
    assert await verdicts(phone, phone.envelope("visit", body, at=AT)) == [("accepted", None)]
    return phone, body["visit_id"]


async def asked(desk: Desk, visit_id: str, text: str = ASKED, reason: str = "details") -> dict[str, Any]:
    """The question that waits now."""
    answer = await desk.post(f"/visits/{visit_id}/questions", json={"reason": reason, "text": text})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["visit"]["questions"][-1])


def answering(
    phone: FieldPhone, question_id: object, text: str | None = "La portinaia.", changes: Any = None
) -> dict[str, Any]:
    body = {"question_id": str(question_id), "text": text, "changes": changes, "at": text_of(AT)}
    return phone.envelope("visit_answer", body, at=AT)


async def review_of(desk: Desk, visit_id: str) -> dict[str, Any]:
    answer = await desk.get(f"/visits/{visit_id}/review")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def listed(desk: Desk, wanted: str = "waiting") -> list[tuple[str, str]]:
    page = (await desk.get(f"/reviews?wanted={wanted}")).json()
    return [(row["visit_id"], row["state"]) for row in page["rows"]]


async def rows(house: House, table: Any, **where: Any) -> list[Any]:
    async with house.session() as session:
        query = select(table)
        for name, value in where.items():
            query = query.where(getattr(table, name) == value)
        return list((await session.exec(query)).all())


async def no_draw(house: House) -> Desk:
    desk = await house.sign_in(Role.ADMINISTRATOR)
    assert (await desk.post("/reviews/share", json={"percent": 0})).json()["share_percent"] == 0
    return desk


# --- the inbox ---


async def test_a_report_with_a_promise_waits_and_a_plain_one_does_not(house: House) -> None:
    desk = await no_draw(house)
    promised = {"promise_on": "2026-12-01", "promise_cents": 5_000, "channel": "card"}
    met = {"who": "debtor", "identified_by": "document", "role": None}
    phone, stop = await one_stop(house)
    plain = a_report(stop, at=AT)
    at = AT + timedelta(minutes=6)
    promise = a_report(stop, at=at, outcome="PROMISE_TO_PAY", captured=promised, met=met, identified_self=True)

    await verdicts(phone, phone.envelope("visit", plain, at=AT), phone.envelope("visit", promise, at=AT))

    page = (await desk.get("/reviews")).json()
    waiting = {row["visit_id"]: row["why"] for row in page["rows"]}
    assert "promise" in waiting[promise["visit_id"]]
    assert plain["visit_id"] not in waiting
    assert (page["total"], page["waiting"]) == (len(waiting), len(waiting))


@pytest.mark.parametrize(("percent", "why"), [(0, None), (100, ["drawn"])])
async def test_the_share_that_the_administrator_sets_is_drawn(
    house: House, percent: int, why: list[str] | None
) -> None:
    administrator = await house.sign_in(Role.ADMINISTRATOR)

    await administrator.post("/reviews/share", json={"percent": percent})
    _, visit_id = await reported(house, **{**MOVED, "observations": []})

    found = await rows(house, tables.VisitReview, visit_id=UUID(visit_id))
    assert [row.why for row in found] == ([] if why is None else [why])
    entries = await rows(house, tables.AuditEntry, action="review.share_set")
    assert [(entry.details["before"], entry.details["after"]) for entry in entries] == [(5, percent)]


async def test_only_the_administrator_sets_the_share_and_within_a_hundred(house: House) -> None:
    office, administrator = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)

    assert (await office.post("/reviews/share", json={"percent": 1})).status_code == 403
    answer = await administrator.post("/reviews/share", json={"percent": 101})
    assert code(answer) == (422, "review.share_out_of_range")


async def test_a_reviewed_report_leaves_the_inbox_with_its_task_and_stays_done(house: House) -> None:
    _, visit_id = await reported(house, **{**MOVED, "planned_day": "2026-11-20"})
    desk = await house.sign_in(Role.BACK_OFFICE)
    assert "flagged" in (await review_of(desk, visit_id))["review"]["why"]

    for _ in range(2):
        answer = await desk.post(f"/visits/{visit_id}/review/finish")
        assert answer.status_code == 200, answer.text

    assert (answer.json()["review"]["state"], answer.json()["review"]["reviewed_by"]) == (
        "reviewed",
        desk.identity.name,
    )
    assert await listed(desk) == []
    assert await listed(desk, "reviewed") == [(visit_id, "reviewed")]
    assert {task.state for task in await rows(house, tables.Task, kind="visit.flagged")} == {"done"}
    assert len(await rows(house, tables.Fact, kind="visit.reviewed")) == 1
    assert len(await rows(house, tables.AuditEntry, action="visit.reviewed")) == 1


# --- a question and its answer ---


async def test_a_question_goes_with_the_day_and_an_answer_in_words_opens_the_reviewers_task(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    question = await asked(desk, visit_id, f"  {ASKED} ")

    assert (question["text"], question["asked_by"], question["fetched_at"]) == (ASKED, desk.identity.name, None)
    assert await listed(desk, "asked") == [(visit_id, "asked")]
    [card] = (await day_of(phone))["questions"]
    assert (card["id"], card["text"], card["reason"]) == (question["id"], ASKED, "details")
    assert card["visit"]["captured"] == MOVED["captured"]
    assert card["visit"]["correctable"] == ["source", "new_address"]
    assert (await review_of(desk, visit_id))["visit"]["questions"][0]["fetched_at"] is not None

    assert await verdicts(phone, answering(phone, question["id"])) == [("accepted", None)]

    file = await review_of(desk, visit_id)
    [answer] = file["visit"]["questions"][0]["answers"]
    assert (answer["text"], answer["changes"], answer["flags"]) == ("La portinaia.", [], [])
    assert file["review"]["state"] == "answered"
    assert await listed(desk) == [(visit_id, "answered")]
    [task] = await rows(house, tables.Task, kind="visit.answered")
    assert (task.owner_id, task.state, task.details["visit_id"]) == (desk.identity.person_id, "open", visit_id)
    assert (await day_of(phone))["questions"] == []


async def test_a_correction_stands_beside_the_report_which_stays_as_it_was(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)
    changes = {"role": "concierge", "captured": {"source": "concierge"}, "observations": ["name_missing", "to_let"]}

    assert await verdicts(phone, answering(phone, question["id"], None, changes)) == [("accepted", None)]

    [visit] = await rows(house, tables.Visit)
    assert (visit.role_met, visit.captured, visit.observations) == ("neighbour", MOVED["captured"], ["name_missing"])
    file = (await desk.get(f"/practices/{visit.practice_id}")).json()
    [answer] = file["visits"][0]["questions"][0]["answers"]
    assert file["visits"][0]["captured"] == MOVED["captured"]
    # In the order of their names, as the phone spells an envelope.
    assert [(c["field"], c["before"], c["after"]) for c in answer["changes"]] == [
        ("captured.source", "neighbour", "concierge"),
        ("observations", ["name_missing"], ["name_missing", "to_let"]),
        ("role", "neighbour", "concierge"),
    ]
    [fact] = await rows(house, tables.Fact, kind="visit.corrected")
    assert fact.body["correction_id"] == answer["id"]
    assert set(fact.body["fields"]) == {"role", "captured.source", "observations"}
    assert (fact.practice_id, fact.creditor_id) == (visit.practice_id, house.creditor_id)
    # What the next question brings along is what stands by now.
    await desk.post(f"/visits/{visit_id}/review/finish")
    await asked(desk, visit_id, "E la casa?")
    [card] = (await day_of(phone))["questions"]
    assert (card["visit"]["role"], card["visit"]["captured"]["source"]) == ("concierge", "concierge")


async def test_what_contradicts_itself_is_named_until_it_is_put_right(house: House) -> None:
    phone, visit_id = await reported(house, **{**MOVED, "observations": ["name_on_intercom", "name_missing"]})
    desk = await house.sign_in(Role.BACK_OFFICE)
    before = await review_of(desk, visit_id)
    question = await asked(desk, visit_id, "Il nome c'era o no?")

    changes = {"observations": ["name_missing"]}
    assert await verdicts(phone, answering(phone, question["id"], None, changes)) == [("accepted", None)]

    after = await review_of(desk, visit_id)
    [clash] = before["contradictions"]
    assert (clash["kind"], clash["observations"]) == ("seen_apart", ["name_missing", "name_on_intercom"])
    assert ("contradicts" in after["review"]["why"], after["contradictions"]) == (True, [])


async def test_a_correction_moves_no_contact_no_state_and_no_cent(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)
    [visit] = await rows(house, tables.Visit)
    limits = f"/practices/{visit.practice_id}/contacts"
    before = (await desk.get(limits)).json()
    file = (await desk.get(f"/practices/{visit.practice_id}")).json()

    await verdicts(phone, answering(phone, question["id"], None, {"captured": {"source": "sign"}, "role": "relative"}))

    after = (await desk.get(f"/practices/{visit.practice_id}")).json()
    same = ("owed_cents", "collected_cents", "flags", "findings", "promises", "next_action", "addresses", "entries")
    assert {name: after[name] for name in same} == {name: file[name] for name in same}
    assert (await desk.get(limits)).json() == before


async def test_each_step_is_told_once_and_never_in_its_words(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)
    for _ in range(2):
        await day_of(phone)
    first = answering(phone, question["id"], "La portinaia del 4.", {"role": "concierge"})

    assert await verdicts(phone, first) == [("accepted", None)]
    assert await verdicts(phone, first) == [("duplicate", None)]

    kinds = ("visit.questioned", "visit.question_fetched", "visit.answered", "visit.corrected")
    facts = [await rows(house, tables.Fact, kind=kind) for kind in kinds]
    assert [len(of_kind) for of_kind in facts] == [1, 1, 1, 1]
    assert [EVENTS[kind].scope for kind in kinds] == [FactScope.OFFICE] * 3 + [FactScope.VISITS]
    entries = await rows(house, tables.AuditEntry, subject_kind="visit")
    written = json.dumps([*(fact.body for [fact] in facts for fact in [fact]), *(e.details for e in entries)])
    assert ASKED not in written
    assert "portinaia" not in written
    assert len(await rows(house, tables.VisitAnswer)) == 1


async def test_a_creditors_file_tells_a_correction_once(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.ADMINISTRATOR)
    question = await asked(desk, visit_id)
    await verdicts(phone, answering(phone, question["id"], None, {"role": "concierge"}))

    admin, plan = await plan_of(house)
    [file] = await made(admin, plan)
    _, *lines, _ = cells(await content_of(admin, file))
    again = await made(admin, plan)

    assert [(line[0], line[3], line[4], line[5]) for line in lines] == [
        ("P-001", "1", "MOVED", ""),
        ("P-001", "1", "visit.corrected", ""),
    ]
    assert [one["name"] for one in again] == [file["name"]]


# --- what must not be lost, and what must not happen ---


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"outcome": "REFUSES"}, "correction.outcome"),
        ({"payments": []}, "correction.money"),
        ({"signature": None}, "correction.signature"),
        ({"captured": {"colour": "red"}}, "correction.field_unknown"),
        ({"role": ["neighbour"]}, "correction.field_malformed"),
    ],
)
async def test_what_may_not_be_corrected_is_refused_and_becomes_a_task(
    house: House, changes: dict[str, Any], refused: str
) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)

    bad, good = answering(phone, question["id"], "Era altro.", changes), answering(phone, question["id"], "Era altro.")
    assert await verdicts(phone, bad, good) == [("refused", refused), ("accepted", None)]

    [answer] = (await review_of(desk, visit_id))["visit"]["questions"][0]["answers"]
    assert (answer["text"], answer["changes"]) == ("Era altro.", [])
    assert [task.details["code"] for task in await rows(house, tables.Task, kind="envelope.refused")] == [refused]


async def test_a_second_answer_is_kept_beside_the_first_and_corrects_what_that_left(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)
    first = answering(phone, question["id"], None, {"role": "concierge"})
    second = answering(phone, question["id"], "Anzi, un parente.", {"role": "relative"})
    third = answering(phone, question["id"], None, {"role": "relative"})

    assert await verdicts(phone, first, second) == [("accepted", None)] * 2
    assert await verdicts(phone, third) == [("accepted", None)]

    answers = (await review_of(desk, visit_id))["visit"]["questions"][0]["answers"]
    assert sorted((c["before"], c["after"]) for answer in answers for c in answer["changes"]) == [
        ("concierge", "relative"),
        ("neighbour", "concierge"),
    ]
    assert len(answers) == 3
    # What corrects nothing is no correction.
    assert len(await rows(house, tables.Fact, kind="visit.corrected")) == 2


async def test_an_answer_on_the_road_to_a_withdrawn_question_is_kept_and_says_so(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)
    await day_of(phone)
    written = answering(phone, question["id"], None, {"role": "concierge"})

    withdrawn = await desk.post(f"/questions/{question['id']}/withdraw")

    assert withdrawn.json()["review"]["state"] == "open"
    [card] = (await day_of(phone))["questions"]
    assert (card["text"], card["withdrawn_at"] is not None) == ("", True)
    assert await verdicts(phone, written) == [("accepted", None)]
    file = await review_of(desk, visit_id)
    assert file["visit"]["questions"][0]["answers"][0]["flags"] == ["answer.question_withdrawn"]
    assert file["review"]["state"] == "answered"
    assert (await day_of(phone))["questions"] == []


async def test_a_question_that_no_phone_has_is_withdrawn_without_a_trace_there(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)

    await desk.post(f"/questions/{question['id']}/withdraw")

    assert (await day_of(phone))["questions"] == []
    again = await desk.post(f"/questions/{question['id']}/withdraw")
    assert code(again) == (409, "question.withdrawn_already")


async def test_a_question_comes_back_as_a_task_when_the_agents_phone_is_shut_out(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)
    administrator = await house.sign_in(Role.ADMINISTRATOR)

    for _ in range(2):
        await administrator.post(f"/devices/{phone.device_id}/revoke")

    file = await review_of(desk, visit_id)
    assert (file["review"]["state"], file["agent_reachable"]) == ("open", False)
    assert file["visit"]["questions"][0]["returned_at"] is not None
    [task] = await rows(house, tables.Task, kind="visit.question_returned")
    assert (task.owner_id, task.state) == (desk.identity.person_id, "open")
    withdrawn = await desk.post(f"/questions/{question['id']}/withdraw")
    assert code(withdrawn) == (409, "question.returned_already")
    more = await desk.post(f"/visits/{visit_id}/questions", json={"reason": "who", "text": ASKED})
    assert code(more) == (409, "question.no_phone")
    await desk.post(f"/visits/{visit_id}/review/finish")
    assert [one.state for one in await rows(house, tables.Task, kind="visit.question_returned")] == ["done"]


async def test_a_question_stays_with_an_agent_who_has_another_phone(house: House) -> None:
    phone, visit_id = await reported(house)
    second = await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)

    await (await house.sign_in(Role.ADMINISTRATOR)).post(f"/devices/{phone.device_id}/revoke")

    assert [card["id"] for card in (await day_of(second))["questions"]] == [question["id"]]
    assert await verdicts(second, answering(second, question["id"])) == [("accepted", None)]


async def test_an_answer_about_a_practice_recalled_meanwhile_is_kept_and_says_so(house: House) -> None:
    phone, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, visit_id)
    async with house.session() as session:
        practice = (await session.exec(select(tables.Practice))).one()
        practice.state = "recalled"

    assert await verdicts(phone, answering(phone, question["id"])) == [("accepted", None)]

    file = await review_of(desk, visit_id)
    assert file["visit"]["questions"][0]["answers"][0]["flags"] == ["answer.practice_gone"]
    assert file["practice_state"] == "recalled"


async def test_another_agents_question_is_neither_carried_nor_answered(house: House) -> None:
    _, visit_id = await reported(house)
    question = await asked(await house.sign_in(Role.BACK_OFFICE), visit_id)
    other = await colleague(house)
    theirs = await FieldPhone.enrol(await house.sign_in(person=other), house.client(), agent_number="2")

    assert (await day_of(theirs))["questions"] == []
    answers = await verdicts(theirs, answering(theirs, question["id"]), answering(theirs, uuid4()))
    assert answers == [("refused", "question.unknown")] * 2


async def test_one_question_waits_at_a_time_also_when_two_ask_at_once(house: House) -> None:
    _, visit_id = await reported(house)
    one, other = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)

    body = {"reason": "who", "text": ASKED}
    answers = await asyncio.gather(*(desk.post(f"/visits/{visit_id}/questions", json=body) for desk in (one, other)))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await rows(house, tables.VisitQuestion)) == 1
    finished = await one.post(f"/visits/{visit_id}/review/finish")
    assert code(finished) == (409, "review.question_waits")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("", (422, "question.empty")),
        (" \n\t ", (422, "question.empty")),
        ("a" * 501, (422, "question.too_long")),
        ("gira\u202eatsop", (422, "question.unreadable")),  # reads otherwise than it was written
    ],
)
async def test_a_text_that_cannot_be_sent_is_refused_and_nothing_is_kept(
    house: House, text: str, refused: tuple[int, str]
) -> None:
    _, visit_id = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)

    answer = await desk.post(f"/visits/{visit_id}/questions", json={"reason": "other", "text": text})

    assert code(answer) == refused
    assert await rows(house, tables.VisitQuestion) == []


async def test_a_question_waits_over_night_and_comes_with_the_next_day(house: House) -> None:
    phone, visit_id = await reported(house)
    question = await asked(await house.sign_in(Role.BACK_OFFICE), visit_id)

    house.clock.move_to(NOW + timedelta(days=1))

    assert [card["id"] for card in (await day_of(phone))["questions"]] == [question["id"]]


async def test_a_paid_report_may_be_asked_about_and_only_what_was_seen_be_corrected(house: House) -> None:
    phone, stop = await one_stop(house)
    body = paid_report(phone, stop, 15_000)
    await verdicts(phone, phone.envelope("visit", body, at=AT))
    desk = await house.sign_in(Role.BACK_OFFICE)
    question = await asked(desk, body["visit_id"])

    [card] = (await day_of(phone))["questions"]
    assert (card["visit"]["correctable"], card["visit"]["captured"]) == ([], {})
    reason = answering(phone, question["id"], None, {"captured": {"reason": "other"}})
    seen = answering(phone, question["id"], None, {"observations": ["house_inhabited"]})
    assert await verdicts(phone, reason, seen) == [("refused", "correction.money"), ("accepted", None)]
    file = await review_of(desk, body["visit_id"])
    assert file["visit"]["receipts"][0]["amount_cents"] == 15_000
    assert file["visit"]["signature"]["text"] == "Verso in acconto la somma indicata."


async def test_the_phone_is_woken_by_the_one_word_and_never_by_the_text(told: House, outside: PushService) -> None:
    phone, visit_id = await reported(told)
    browser = Browser()
    await subscribe(phone, f"{outside.origin}/here", browser)

    await asked(await told.sign_in(Role.BACK_OFFICE), visit_id)
    await told.run_jobs()

    [(_, _, body)] = outside.received
    assert browser.opened(body) == b'{"type":"day_changed"}'
