"""A visit that ended otherwise than reported: its agent says so, or two people of the office; all that follows does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.figures import By, Period
from fieldapp.services import corrections
from fieldapp.store import figures, tables
from fieldapp.store import presence as presence_store
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, a_person
from tests.flows.phone import FieldPhone, a_report, text_of
from tests.flows.test_appointments import somebody_waits
from tests.flows.test_outgoing import cells, content_of, made
from tests.flows.test_outgoing import told as plan_of
from tests.flows.test_planning import code
from tests.flows.test_subject_data import copied, data_of, debtor_of
from tests.flows.test_sync import AT, day_of, one_stop, paid_report, phone_of, verdicts

WHY = "Ho toccato la riga sbagliata: era il debitore."
NOBODY = {"who": "nobody", "identified_by": None, "role": None}
DEBTOR = {"who": "debtor", "identified_by": "document", "role": None}
REFUSED = {"outcome": "REFUSES", "met": DEBTOR, "captured": {"reason": "no_means"}}
"""The debtor was there and refused: one conversation, a rest afterwards."""
GONE = {
    "outcome": "MOVED",
    "met": {"who": "third_party", "identified_by": None, "role": "neighbour"},
    "captured": {"source": "neighbour"},
}
"""A neighbour says that the debtor moved: the address is rejected."""


def correcting(phone: FieldPhone, report: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body = {
        "practice_id": report["practice_id"],
        "visit_id": report["visit_id"],
        **REFUSED,
        "reason": WHY,
        "at": text_of(AT + timedelta(minutes=30)),
        **changes,
    }
    return phone.envelope("visit_correction", body, at=AT + timedelta(minutes=30))


async def reported(house: House, **changes: Any) -> tuple[FieldPhone, dict[str, Any]]:
    """A visit that found nobody, as it arrived."""
    phone, stop = await one_stop(house)
    report = a_report(stop, at=AT, **changes)
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    return phone, report


async def rows(house: House, table: Any, **where: Any) -> list[Any]:
    async with house.session() as session:
        query = select(table)
        for name, value in where.items():
            query = query.where(getattr(table, name) == value)
        return list((await session.exec(query)).all())


async def the_visit(house: House) -> tables.Visit:
    [visit] = await rows(house, tables.Visit)
    return visit


def asking(**changes: Any) -> dict[str, Any]:
    return {
        "outcome": "REFUSES",
        "met": "debtor",
        "identified_by": "document",
        "role": None,
        "captured": {"reason": "no_means"},
        "reason": WHY,
        **changes,
    }


async def asked(desk: Desk, visit_id: str, **changes: Any) -> dict[str, Any]:
    """The correction that waits now."""
    answer = await desk.post(f"/visits/{visit_id}/corrections", json=asking(**changes))
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["visit"]["corrections"][-1])


async def confirmed(house: House) -> None:
    """A person of the office confirms the agent's correction that waits."""
    [waiting] = await rows(house, tables.VisitCorrection, state="asked")
    office = await house.sign_in(Role.BACK_OFFICE)
    answer = await office.post(f"/corrections/{waiting.id}/confirm")
    assert answer.status_code == 200, answer.text


# --- by the agent who made the visit ---


async def test_an_agents_correction_holds_and_the_first_report_stays(house: House) -> None:
    phone, report = await reported(house)

    assert await verdicts(phone, correcting(phone, report)) == [("accepted", None)]

    visit = await the_visit(house)
    assert (visit.outcome, visit.met, visit.identified_by) == ("REFUSES", "debtor", "document")
    [correction] = await rows(house, tables.VisitCorrection)
    assert (correction.state, correction.reason, correction.before["outcome"]) == ("holds", WHY, "ABSENT_NO_NOTICE")
    envelopes = await rows(house, tables.Envelope, kind="visit")
    assert b'"outcome":"ABSENT_NO_NOTICE"' in envelopes[0].content


async def test_it_counts_as_the_conversation_that_it_was(house: House) -> None:
    phone, report = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    path = f"/practices/{report['practice_id']}/contacts"

    async def conversations() -> int:
        limits = (await desk.get(path)).json()["limits"]
        return next(int(one["count"]) for one in limits if (one["what"], one["within"]) == ("conversations", "day"))

    before = await conversations()
    await verdicts(phone, correcting(phone, report))

    assert (before, await conversations()) == (0, 1)


async def reached_of(house: House) -> dict[str, bool]:
    """By practice, whether its visit reached the debtor as the contact register says."""
    found = await rows(house, tables.ContactAttempt, channel="visit")
    return {str(one.practice_id): one.reached for one in found if one.source.startswith("device:")}


async def test_whom_one_visit_met_is_corrected_for_every_practice_that_it_was_reported_for(house: House) -> None:
    await published(house, *[await entrusted(house, number) for number in ("P-001", "P-002", "P-003")])
    phone = await phone_of(house)
    first, second, late = (a_report(stop, at=AT) for stop in (await day_of(phone))["stops"])
    second["with_visit_id"] = late["with_visit_id"] = first["visit_id"]
    batch = [phone.envelope("visit", one, at=AT) for one in (first, second)]
    assert await verdicts(phone, *batch) == [("accepted", None)] * 2
    assert set((await reached_of(house)).values()) == {False}

    await verdicts(phone, correcting(phone, first))
    assert await reached_of(house) == {first["practice_id"]: True, second["practice_id"]: True}

    # Neither a correction of the other report nor one more that comes later makes it another visit.
    away = {"outcome": "NO_ACCESS", "met": NOBODY, "captured": {}}
    await verdicts(phone, correcting(phone, second, **away), phone.envelope("visit", late, at=AT))
    assert set((await reached_of(house)).values()) == {True}
    assert len(await reached_of(house)) == 3

    await verdicts(phone, correcting(phone, first, **away))
    assert set((await reached_of(house)).values()) == {False}


async def test_state_next_step_and_tasks_of_the_practice_follow(house: House) -> None:
    phone, report = await reported(
        house,
        outcome="DECEASED",
        captured={"source": "neighbour"},
        met={**NOBODY, "who": "third_party", "role": "neighbour"},
    )
    [flag] = await rows(house, tables.PracticeFlag)
    assert (flag.kind, flag.until) == ("deceased", None)

    await verdicts(phone, correcting(phone, report, outcome="DISPUTES", captured={"ground": "fraud"}))
    await confirmed(house)

    flags = {flag.kind: flag.until for flag in await rows(house, tables.PracticeFlag)}
    assert flags["deceased"] is not None
    assert flags["disputed"] is None
    [practice] = await rows(house, tables.Practice)
    assert practice.next_action == "office_review"
    work = {task.kind: task.state for task in await rows(house, tables.Task)}
    assert (work["verify_death"], work["answer_dispute"]) == ("done", "open")
    facts = [fact.kind for fact in await rows(house, tables.Fact)]
    assert [facts.count(kind) for kind in ("practice.unflagged", "practice.flagged")] == [1, 2]


async def test_an_older_visits_correction_leaves_the_next_step_of_the_newer(house: House) -> None:
    phone, report = await reported(house)
    stop = (await day_of(phone))["stops"][0]
    later = a_report(
        stop, at=AT + timedelta(minutes=20), stop_id=None, unplanned="address", outcome="NO_ACCESS", captured={}
    )
    assert await verdicts(phone, phone.envelope("visit", later, at=AT)) == [("accepted", None)]

    await verdicts(phone, correcting(phone, report))

    [practice] = await rows(house, tables.Practice)
    assert practice.next_action == "revisit"


async def test_an_address_that_was_rejected_by_mistake_is_doubted_until_somebody_looks(house: House) -> None:
    third = {"who": "third_party", "identified_by": None, "role": "neighbour"}
    phone, report = await reported(house, outcome="MOVED", captured={"source": "neighbour"}, met=third)
    assert [one.state for one in await rows(house, tables.Address)] == ["rejected"]

    await verdicts(phone, correcting(phone, report))
    assert [one.state for one in await rows(house, tables.Address)] == ["rejected"]
    await confirmed(house)

    assert [one.state for one in await rows(house, tables.Address)] == ["doubtful"]


async def test_an_address_that_another_visit_rejects_as_well_stays_rejected(house: House) -> None:
    phone, report = await reported(house, **GONE)
    stop = (await day_of(phone))["stops"][0]
    later = a_report(stop, at=AT + timedelta(minutes=20), stop_id=None, unplanned="address", **GONE)
    assert await verdicts(phone, phone.envelope("visit", later, at=AT)) == [("accepted", None)]

    await verdicts(phone, correcting(phone, report))
    await confirmed(house)
    assert [one.state for one in await rows(house, tables.Address)] == ["rejected"]

    # Where the other one is corrected as well nothing says so any more.
    await verdicts(phone, correcting(phone, later))
    await confirmed(house)
    assert [one.state for one in await rows(house, tables.Address)] == ["doubtful"]


async def test_what_a_newer_visit_says_of_an_address_no_older_ones_correction_undoes(house: House) -> None:
    phone, report = await reported(house)
    stop = (await day_of(phone))["stops"][0]
    newer = {"outcome": "ADDRESS_NOT_FOUND", "captured": {"problem": "number_missing"}}
    later = a_report(stop, at=AT + timedelta(minutes=20), stop_id=None, unplanned="address", **newer)
    assert await verdicts(phone, phone.envelope("visit", later, at=AT)) == [("accepted", None)]

    await verdicts(phone, correcting(phone, report, **GONE))

    assert [one.state for one in await rows(house, tables.Address)] == ["doubtful"]


async def test_figures_and_learned_hours_are_reckoned_anew(house: House) -> None:
    phone, report = await reported(house)
    period = Period(TODAY, TODAY + timedelta(days=1))

    async def reached() -> int:
        async with house.session() as session:
            found = await figures.by_group(session, By.CREDITOR, period, zone=house.parts.zone, today=TODAY)
        return sum(one.reached for one in found.values())

    async def learned() -> tuple[Any, list[tuple[int, int]]]:
        tomorrow = TODAY + timedelta(days=1)
        async with house.session() as session:
            tried = await presence_store.tried(session, zone="Europe/Rome", on=tomorrow)
            return await presence_store.stamp(session, on=tomorrow), [(one.met, one.tried) for one in tried]

    stamp, tried = await learned()
    assert (await reached(), tried) == (0, [(0, 1)])

    await verdicts(phone, correcting(phone, report))

    fresh, tried = await learned()
    assert (await reached(), tried) == (1, [(1, 1)])
    # What is remembered of hours is counted anew for it.
    assert fresh != stamp


async def test_a_correction_written_offline_arrives_with_its_report(house: House) -> None:
    phone, stop = await one_stop(house)
    report = a_report(stop, at=AT)
    batch = [phone.envelope("visit", report, at=AT), correcting(phone, report)]

    assert await verdicts(phone, *batch) == [("accepted", None)] * 2
    assert (await the_visit(house)).outcome == "REFUSES"


async def test_the_same_correction_again_changes_nothing(house: House) -> None:
    phone, report = await reported(house)
    once = correcting(phone, report)

    first = await phone.push(once)
    again = await phone.push(once)
    repeated = await verdicts(phone, correcting(phone, report))

    assert first.json()["verdicts"][0]["verdict"] == "accepted"
    assert again.json()["verdicts"][0]["verdict"] == "duplicate"
    # Another envelope that says what stands is no second correction.
    assert repeated == [("accepted", None)]
    assert len(await rows(house, tables.VisitCorrection)) == 1
    assert len(await rows(house, tables.Fact, kind="visit.outcome_corrected")) == 1


async def test_a_second_correction_stands_on_the_first(house: House) -> None:
    phone, report = await reported(house)
    away = {"outcome": "NO_ACCESS", "met": NOBODY, "captured": {}}

    await verdicts(phone, correcting(phone, report), correcting(phone, report, **away))

    first, second = sorted(await rows(house, tables.VisitCorrection), key=lambda row: row.id)
    assert (first.after["outcome"], second.before["outcome"], second.after["outcome"]) == (
        "REFUSES",
        "REFUSES",
        "NO_ACCESS",
    )
    assert (await the_visit(house)).met == "nobody"


async def test_a_visit_that_the_store_refuses_costs_itself_and_its_corrections_alone(house: House) -> None:
    await published(house, *[await entrusted(house, number) for number in ("P-001", "P-002", "P-003")])
    phone = await phone_of(house)
    first, second, third = (await day_of(phone))["stops"]
    report = a_report(first, at=AT)
    assert await verdicts(phone, phone.envelope("visit", report, at=AT)) == [("accepted", None)]
    # The same visit once more, under another practice: only the store's own rows contradict it.
    double = a_report(second, at=AT, visit_id=report["visit_id"])
    good = a_report(third, at=AT)
    batch = [
        phone.envelope("visit", double, at=AT),
        correcting(phone, double),
        phone.envelope("visit", good, at=AT),
        correcting(phone, good),
    ]

    assert await verdicts(phone, *batch) == [
        ("refused", "sync.contradicts_store"),
        ("refused", "correction.visit_unknown"),
        ("accepted", None),
        ("accepted", None),
    ]
    found = {str(visit.practice_id): visit.outcome for visit in await rows(house, tables.Visit)}
    assert found == {report["practice_id"]: "ABSENT_NO_NOTICE", good["practice_id"]: "REFUSES"}
    # Nothing is told or noted of what was undone on the way.
    assert len(await rows(house, tables.Fact, kind="visit.outcome_corrected")) == 1
    assert len(await rows(house, tables.AuditEntry, action="visit.outcome_corrected")) == 1


async def test_an_outcome_that_comes_back_opens_its_task_again(house: House) -> None:
    third = {**NOBODY, "who": "third_party", "role": "neighbour"}
    died = {"outcome": "DECEASED", "captured": {"source": "neighbour"}, "met": third}
    phone, report = await reported(house, **died)

    await verdicts(phone, correcting(phone, report, outcome="DISPUTES", captured={"ground": "fraud"}))
    await confirmed(house)
    house.clock.move_to(NOW + timedelta(days=2))
    assert await verdicts(phone, correcting(phone, report, **died)) == [("accepted", None)]
    await confirmed(house)

    [death] = await rows(house, tables.Task, kind="verify_death")
    assert (death.state, death.finished_at, death.finished_by) == ("open", None, None)
    assert death.due_on >= TODAY + timedelta(days=2)
    assert [task.state for task in await rows(house, tables.Task, kind="answer_dispute")] == ["done"]


async def test_what_two_of_the_office_decided_no_agent_overrules(house: House) -> None:
    phone, report = await reported(house)
    written_before = correcting(phone, report, outcome="ASKED_TO_LEAVE", captured={})
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)
    waiting = await asked(first, report["visit_id"])
    assert (await second.post(f"/corrections/{waiting['id']}/confirm")).status_code == 200

    repeated = correcting(phone, report)

    assert await verdicts(phone, written_before, repeated) == [
        ("refused", "correction.office_decided"),
        ("accepted", None),
    ]
    assert (await the_visit(house)).outcome == "REFUSES"
    assert len(await rows(house, tables.VisitCorrection)) == 1
    [task] = await rows(house, tables.Task, kind="envelope.refused")
    assert task.details["code"] == "correction.office_decided"


async def test_a_correction_from_before_the_visit_is_refused(house: House) -> None:
    phone, report = await reported(house)
    early = correcting(phone, report, at=text_of(AT - timedelta(seconds=1)))

    assert await verdicts(phone, early) == [("refused", "correction.before_visit")]


@pytest.mark.parametrize(
    ("later", "reason", "stands"), [(True, "not_said", "not_said"), (False, "name_missing", "no_means")]
)
async def test_an_answer_of_the_same_batch_counts_where_it_was_said_later(
    house: House, later: bool, reason: str, stands: str
) -> None:
    phone, report = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    path = f"/visits/{report['visit_id']}"
    put = await desk.post(f"{path}/questions", json={"reason": "details", "text": "Perché?"})
    at = AT + timedelta(minutes=31 if later else 29)
    told = {
        "question_id": put.json()["visit"]["questions"][-1]["id"],
        "text": None,
        "changes": {"captured": {"reason": reason}},
        "at": text_of(at),
    }
    before = [] if later else [phone.envelope("visit_answer", told, at=at)]
    correction = correcting(phone, report)
    after = [phone.envelope("visit_answer", told, at=at)] if later else []

    assert await verdicts(phone, *before, correction, *after) == [("accepted", None)] * 2
    [kept] = await rows(house, tables.VisitAnswer)
    assert [change["after"] for change in kept.changes] == [reason]

    await asked(desk, report["visit_id"], outcome="ASKED_TO_LEAVE", captured={})
    [_, office] = sorted(await rows(house, tables.VisitCorrection), key=lambda row: row.id)
    assert office.before["captured"] == {"reason": stands}


async def test_what_money_hangs_on_is_refused_and_becomes_a_task(house: House) -> None:
    phone, stop = await one_stop(house)
    report = paid_report(phone, stop, 15_000)
    await verdicts(phone, phone.envelope("visit", report, at=AT))

    assert await verdicts(phone, correcting(phone, report)) == [("refused", "correction.money")]
    assert (await the_visit(house)).outcome == "PAID_PARTIAL"
    assert [task.details["code"] for task in await rows(house, tables.Task, kind="envelope.refused")] == [
        "correction.money"
    ]


async def test_a_colleague_another_agency_and_an_unknown_visit_are_all_unknown(house: House) -> None:
    phone, report = await reported(house)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    other = await FieldPhone.enrol(await house.sign_in(person=colleague), house.client(), agent_number="2")

    assert await verdicts(other, correcting(other, report)) == [("refused", "correction.visit_unknown")]
    nowhere = {**report, "visit_id": str(uuid4())}
    assert await verdicts(phone, correcting(phone, nowhere)) == [("refused", "correction.visit_unknown")]


async def test_an_agents_second_phone_corrects_too(house: House) -> None:
    _, report = await reported(house)
    second = await phone_of(house)

    assert await verdicts(second, correcting(second, report)) == [("accepted", None)]


async def test_after_a_week_it_is_too_late(house: House) -> None:
    phone, report = await reported(house)
    house.clock.move_to(NOW + timedelta(days=8))
    late = correcting(phone, report, at=text_of(NOW + timedelta(days=8)))

    assert await verdicts(phone, late) == [("refused", "correction.too_late")]


async def test_the_office_looks_at_what_an_agent_corrects(house: House) -> None:
    phone, report = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    assert (await desk.post(f"/visits/{report['visit_id']}/review/finish")).json()["review"]["state"] == "reviewed"

    await verdicts(phone, correcting(phone, report))

    file = (await desk.get(f"/visits/{report['visit_id']}/review")).json()
    assert (file["review"]["state"], "corrected" in file["review"]["why"]) == ("open", True)
    [shown] = file["visit"]["corrections"]
    assert (shown["said_by"], shown["reason"], shown["of_office"]) == ("Nome agent", WHY, False)


async def test_other_systems_and_creditors_files_are_told_and_no_words_leave(house: House) -> None:
    phone, report = await reported(house)
    await verdicts(phone, correcting(phone, report))

    [fact] = await rows(house, tables.Fact, kind="visit.outcome_corrected")
    admin, plan = await plan_of(house)
    [file] = await made(admin, plan)
    content = await content_of(admin, file)
    _, *lines, _ = cells(content)

    assert {name: fact.body[name] for name in ("outcome_before", "outcome", "met_before", "met", "of_office")} == {
        "outcome_before": "ABSENT_NO_NOTICE",
        "outcome": "REFUSES",
        "met_before": "nobody",
        "met": "debtor",
        "of_office": False,
    }
    # Two rows of one visit: the second says how it ended.
    assert [line[4] for line in lines] == ["ABSENT_NO_NOTICE", "REFUSES"]
    assert lines[0][1:3] == lines[1][1:3]
    written = str([fact.body, [entry.details for entry in await rows(house, tables.AuditEntry)], lines])
    assert WHY not in written


async def test_a_persons_copy_of_their_data_holds_what_was_corrected_about_them(house: House) -> None:
    phone, report = await reported(house)
    await verdicts(phone, correcting(phone, report))
    desk = await house.sign_in(Role.ADMINISTRATOR)
    debtor = await debtor_of(house, UUID(report["practice_id"]))

    archive = await copied(desk, UUID(report["practice_id"]), debtor.id)

    [[visit]] = [one["visits"] for one in data_of(archive)["practices"]]
    assert (visit["outcome"], visit["outcome_corrections"][0]["reason"]) == ("REFUSES", WHY)


# --- by two people of the office ---


async def test_the_agents_word_is_corrected_by_two_people(house: House) -> None:
    _, report = await reported(house)
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)
    waiting = await asked(first, report["visit_id"])
    alone = await first.post(f"/corrections/{waiting['id']}/confirm")
    assert code(alone) == (403, "correction.second_person")
    assert (await the_visit(house)).outcome == "ABSENT_NO_NOTICE"

    confirmed = await second.post(f"/corrections/{waiting['id']}/confirm")

    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.json()["visit"]["outcome"] == "REFUSES"
    [shown] = confirmed.json()["visit"]["corrections"]
    assert (shown["state"], shown["said_by"], shown["decided_by"]) == (
        "holds",
        "Nome back_office",
        "Nome administrator",
    )
    assert [task.state for task in await rows(house, tables.Task, kind="visit.correction_asked")] == ["done"]
    [fact] = await rows(house, tables.Fact, kind="visit.outcome_corrected")
    assert fact.body["of_office"] is True


async def test_a_correction_is_declined_by_another_and_taken_back_by_who_asked(house: House) -> None:
    _, report = await reported(house)
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)

    declined = await asked(first, report["visit_id"])
    await second.post(f"/corrections/{declined['id']}/decline")
    own = await asked(first, report["visit_id"])
    answer = await first.post(f"/corrections/{own['id']}/decline")
    late = await second.post(f"/corrections/{own['id']}/confirm")

    assert [one["state"] for one in answer.json()["visit"]["corrections"]] == ["declined", "withdrawn"]
    assert code(late) == (409, "correction.settled_already")
    assert (await the_visit(house)).outcome == "ABSENT_NO_NOTICE"


async def test_one_correction_at_a_time_waits_and_one_that_says_nothing_new_is_none(house: House) -> None:
    _, report = await reported(house)
    desk = await house.sign_in(Role.BACK_OFFICE)
    path = f"/visits/{report['visit_id']}/corrections"
    same = asking(outcome="ABSENT_NO_NOTICE", met="nobody", identified_by=None, captured={"reason": "no_letterbox"})

    nothing = await desk.post(path, json=same)
    silent = await desk.post(path, json=asking(reason="  "))
    await asked(desk, report["visit_id"])
    second = await desk.post(path, json=asking(outcome="ASKED_TO_LEAVE", captured={}))

    assert [code(one) for one in (nothing, silent, second)] == [
        (422, "correction.nothing"),
        (422, "correction.reason_missing"),
        (409, "correction.waits_already"),
    ]


async def test_two_who_confirm_at_once_confirm_once(house: House) -> None:
    _, report = await reported(house)
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)
    waiting = await asked(first, report["visit_id"])

    answers = await asyncio.gather(*(second.post(f"/corrections/{waiting['id']}/confirm") for _ in range(3)))

    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    assert len(await rows(house, tables.Fact, kind="visit.outcome_corrected")) == 1


async def test_an_agent_who_was_faster_leaves_nothing_to_confirm(house: House) -> None:
    phone, report = await reported(house)
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)
    waiting = await asked(first, report["visit_id"])
    await verdicts(phone, correcting(phone, report))

    answer = await second.post(f"/corrections/{waiting['id']}/confirm")

    assert code(answer) == (422, "correction.nothing")


async def shared_visit(house: House) -> tuple[FieldPhone, list[dict[str, Any]]]:
    """Reports of one visit for three practices; two of them have arrived."""
    await published(house, *[await entrusted(house, number) for number in ("P-001", "P-002", "P-003")])
    phone = await phone_of(house)
    reports = [a_report(stop, at=AT) for stop in (await day_of(phone))["stops"]]
    for report in reports[1:]:
        report["with_visit_id"] = reports[0]["visit_id"]
    batch = [phone.envelope("visit", one, at=AT) for one in reports[:2]]
    assert await verdicts(phone, *batch) == [("accepted", None)] * 2
    return phone, reports


async def test_a_report_that_joins_a_visit_as_it_is_corrected_keeps_what_the_correction_says(house: House) -> None:
    phone, (first, _, late) = await shared_visit(house)
    waiting = await asked(await house.sign_in(), first["visit_id"], outcome="ASKED_TO_LEAVE", captured={})

    async with house.work(Role.ADMINISTRATOR) as work:
        await corrections.confirm(work, UUID(waiting["id"]))
        joining = asyncio.create_task(verdicts(phone, phone.envelope("visit", late, at=AT)))
        await somebody_waits(house)

    assert await joining == [("accepted", None)]
    found = await rows(house, tables.ContactAttempt, channel="visit", practice_id=UUID(first["practice_id"]))
    assert [one.outcome for one in found if one.source.startswith("device:")] == ["ASKED_TO_LEAVE"]
    assert set((await reached_of(house)).values()) == {True}


@pytest.mark.parametrize("lower", [True, False])
async def test_corrections_of_one_visit_under_two_practices_wait_for_each_other_in_one_order(
    house: House, lower: bool
) -> None:
    _, reports = await shared_visit(house)
    ids = sorted(UUID(one["visit_id"]) for one in reports[:2])
    waiting = await asked(await house.sign_in(), str(ids[0 if lower else 1]))
    second = await house.sign_in(Role.ADMINISTRATOR)

    async with house.session() as session:
        for visit_id in ids:
            await session.exec(select(tables.Visit.id).where(tables.Visit.id == visit_id).with_for_update())
            if visit_id == ids[0]:
                confirming = asyncio.create_task(second.post(f"/corrections/{waiting['id']}/confirm"))
                await somebody_waits(house)

    assert (await confirming).status_code == 200


async def alone_decided(house: House) -> None:
    async with house.session() as session:
        row = (await session.exec(select(tables.VisitCorrection))).one()
        row.state, row.decided_by, row.decided_at = "holds", row.said_by, NOW


async def test_the_same_person_cannot_decide_behind_the_services_back(house: House) -> None:
    _, report = await reported(house)
    await asked(await house.sign_in(Role.BACK_OFFICE), report["visit_id"])

    with pytest.raises(IntegrityError, match="visit_correction_of_two_people"):
        await alone_decided(house)


# --- what lifts a protection ---

DIED = {**GONE, "outcome": "DECEASED"}
AWAY = {"outcome": "NO_ACCESS", "met": NOBODY, "captured": {}}


async def open_flags(house: House) -> set[str]:
    return {flag.kind for flag in await rows(house, tables.PracticeFlag) if flag.until is None}


async def register(house: House) -> list[str]:
    found = await rows(house, tables.ContactAttempt, channel="visit")
    return [one.outcome for one in found if one.source.startswith("device:")]


@pytest.mark.parametrize(
    ("first", "lifts"),
    [
        (DIED, ["deceased"]),
        (GONE, ["address"]),
        ({"outcome": "ASKED_TO_LEAVE", "met": DEBTOR, "captured": {}}, ["left_alone"]),
    ],
)
async def test_no_agent_lifts_a_protection_alone(house: House, first: dict[str, Any], lifts: list[str]) -> None:
    phone, report = await reported(house, **first)
    held = await open_flags(house), [one.state for one in await rows(house, tables.Address)], await register(house)

    [verdict] = (await phone.push(correcting(phone, report, **AWAY))).json()["verdicts"]

    assert (verdict["verdict"], verdict["flags"]) == ("accepted", ["correction.waits_for_office"])
    still = await open_flags(house), [one.state for one in await rows(house, tables.Address)], await register(house)
    assert still == held
    assert (await the_visit(house)).outcome == first["outcome"]
    [row] = await rows(house, tables.VisitCorrection)
    assert (row.state, row.lifts) == ("asked", lifts)
    [task] = await rows(house, tables.Task, kind="visit.correction_asked")
    assert (task.state, task.details["person"]) == ("open", "Nome agent")

    await confirmed(house)

    assert (await the_visit(house)).outcome == "NO_ACCESS"
    assert await open_flags(house) == set()
    assert await register(house) == ["NO_ACCESS"]
    [fact] = await rows(house, tables.Fact, kind="visit.outcome_corrected")
    assert fact.body["of_office"] is False


async def test_a_new_protection_holds_at_once_while_the_old_one_waits(house: House) -> None:
    phone, report = await reported(house, **GONE)

    left_alone = {"outcome": "ASKED_TO_LEAVE", "met": DEBTOR, "captured": {}}
    await verdicts(phone, correcting(phone, report, **left_alone))
    assert await register(house) == ["ASKED_TO_LEAVE"]
    assert [one.state for one in await rows(house, tables.Address)] == ["rejected"]

    # The agent's newer word takes its place.
    await verdicts(phone, correcting(phone, report, outcome="DISPUTES", captured={"ground": "fraud"}))
    assert (await register(house), await open_flags(house)) == (["MOVED"], {"disputed"})
    states = [row.state for row in sorted(await rows(house, tables.VisitCorrection), key=lambda row: row.id)]
    assert states == ["withdrawn", "asked"]

    [waiting] = await rows(house, tables.VisitCorrection, state="asked")
    office = await house.sign_in(Role.BACK_OFFICE)
    assert (await office.post(f"/corrections/{waiting.id}/decline")).status_code == 200
    assert (await open_flags(house), (await the_visit(house)).outcome) == (set(), "MOVED")


async def test_a_mark_that_came_at_once_comes_once(house: House) -> None:
    phone, report = await reported(house, **GONE)
    await verdicts(phone, correcting(phone, report, outcome="DISPUTES", captured={"ground": "fraud"}))

    await confirmed(house)

    assert [flag.kind for flag in await rows(house, tables.PracticeFlag)] == ["disputed"]
    assert [one.state for one in await rows(house, tables.Address)] == ["doubtful"]


async def test_what_the_office_settled_while_a_correction_waited_it_does_not_undo(house: House) -> None:
    phone, report = await reported(house, **GONE)
    await verdicts(phone, correcting(phone, report, outcome="DISPUTES", captured={"ground": "fraud"}))
    async with house.session() as session:
        (await session.exec(select(tables.PracticeFlag))).one().until = NOW

    await confirmed(house)

    assert await open_flags(house) == set()
    assert (await the_visit(house)).outcome == "DISPUTES"


async def test_an_address_that_was_settled_while_a_correction_waited_stays_as_it_is(house: House) -> None:
    phone, report = await reported(house, outcome="DISPUTES", met=DEBTOR, captured={"ground": "fraud"})
    await verdicts(phone, correcting(phone, report, **GONE))
    assert [one.state for one in await rows(house, tables.Address)] == ["rejected"]
    async with house.session() as session:
        (await session.exec(select(tables.Address))).one().state = "confirmed"

    await confirmed(house)

    assert [one.state for one in await rows(house, tables.Address)] == ["confirmed"]
    assert ((await the_visit(house)).outcome, await open_flags(house)) == ("MOVED", set())


async def test_an_agent_who_says_the_first_again_takes_back_what_waits(house: House) -> None:
    phone, report = await reported(house, **DIED)

    assert (
        await verdicts(phone, correcting(phone, report, **AWAY), correcting(phone, report, **DIED))
        == [("accepted", None)] * 2
    )

    assert [row.state for row in await rows(house, tables.VisitCorrection)] == ["withdrawn"]
    assert [task.state for task in await rows(house, tables.Task, kind="visit.correction_asked")] == ["done"]
    assert await open_flags(house) == {"deceased"}


async def test_where_the_offices_own_word_waits_no_agent_lifts_anything(house: House) -> None:
    phone, report = await reported(house, **DIED)
    desk = await house.sign_in(Role.BACK_OFFICE)
    await asked(desk, report["visit_id"])

    assert await verdicts(phone, correcting(phone, report, **AWAY)) == [("refused", "correction.waits_already")]
    assert await open_flags(house) == {"deceased"}


async def test_the_store_holds_that_no_agent_lifts_alone(house: House) -> None:
    phone, report = await reported(house, **DIED)
    await verdicts(phone, correcting(phone, report, **AWAY))

    with pytest.raises(IntegrityError, match="visit_correction_of_two_people"):
        await alone_decided(house)


# --- what the phone is told ---


async def reports_on(phone: FieldPhone) -> list[dict[str, Any]]:
    return list((await day_of(phone))["reports"])


async def test_the_day_carries_the_agents_reports_as_long_as_they_may_be_corrected(house: House) -> None:
    phone, report = await reported(house)
    assert await reports_on(phone) == []

    house.clock.move_to(NOW + timedelta(days=1))
    [card] = await reports_on(phone)
    assert (card["visit_id"], card["outcome"], card["bound"]) == (report["visit_id"], "ABSENT_NO_NOTICE", None)
    assert "Rossi" not in str(card)

    house.clock.move_to(NOW + timedelta(days=8))
    assert await reports_on(phone) == []


async def test_nothing_of_the_debt_lies_on_the_phone_with_a_report_of_the_days_before(house: House) -> None:
    await published(house, *[await entrusted(house, number) for number in ("P-001", "P-002")])
    phone = await phone_of(house)
    first, second = (await day_of(phone))["stops"]
    met = {"met": DEBTOR, "identified_self": True}
    captured = {"promise_on": "2026-12-01", "promise_cents": 7_531, "channel": "card"}
    paid = {"paid_on": "2026-11-20", "paid_cents": 7_531, "paid_to": "creditor"}
    promise = a_report(first, at=AT, outcome="PROMISE_TO_PAY", captured=captured, **met)
    claim = a_report(second, at=AT, outcome="PAID_ELSEWHERE_CLAIMED", captured=paid, **met)
    batch = [phone.envelope("visit", one, at=AT) for one in (promise, claim)]
    assert await verdicts(phone, *batch) == [("accepted", None)] * 2
    again = {"outcome": "PAID_ELSEWHERE_CLAIMED", "met": DEBTOR, "captured": {"paid_to": "agency"}}
    assert await verdicts(phone, correcting(phone, claim, **again)) == [("accepted", None)]

    house.clock.move_to(NOW + timedelta(days=1))
    cards = {card["visit_id"]: card for card in await reports_on(phone)}

    assert (cards[promise["visit_id"]]["bound"], cards[promise["visit_id"]]["captured"]) == ("agreed", {})
    told = {"paid_on": "2026-11-20", "paid_cents": True, "paid_to": "agency"}
    assert (cards[claim["visit_id"]]["bound"], cards[claim["visit_id"]]["captured"]) == (None, told)
    assert "7531" not in str(cards)


async def test_what_the_office_decides_reaches_the_phone_with_its_day(house: House) -> None:
    phone, report = await reported(house)
    first, second = await house.sign_in(Role.BACK_OFFICE), await house.sign_in(Role.ADMINISTRATOR)
    waiting = await asked(first, report["visit_id"])
    assert [one["corrections"][0]["state"] for one in await reports_on(phone)] == ["asked"]

    await second.post(f"/corrections/{waiting['id']}/confirm")

    [card] = await reports_on(phone)
    assert (card["outcome"], card["met"], card["bound"]) == ("REFUSES", "debtor", "office")
    [row] = card["corrections"]
    assert (row["state"], row["reason"], row["said_by"]) == ("holds", WHY, "Nome back_office")


async def test_an_agents_own_correction_comes_back_as_the_office_has_it_and_nobody_elses(house: House) -> None:
    phone, report = await reported(house, **DIED)
    envelope = correcting(phone, report, **AWAY)
    await verdicts(phone, envelope)
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    other = await FieldPhone.enrol(await house.sign_in(person=colleague), house.client(), agent_number="2")

    [card] = await reports_on(phone)

    assert (card["outcome"], card["corrections"][0]["state"]) == ("DECEASED", "asked")
    assert card["corrected_by"] == [envelope["id"]]
    assert await reports_on(other) == []
