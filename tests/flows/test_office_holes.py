"""What used to pass the office by in silence: recalls, promises kept elsewhere, closed practices, other creditors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from fieldapp.domain.access import Role
from fieldapp.services import webhook_jobs
from fieldapp.services.webhook_post import Post, check_url
from fieldapp.settings import Settings
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted, published
from tests.flows.conftest import Desk, House, a_creditor
from tests.flows.endpoint import endpoint
from tests.flows.phone import a_report
from tests.flows.test_appointments import FRIDAY, at, offered, take
from tests.flows.test_feed import system
from tests.flows.test_figures import figures, promised
from tests.flows.test_inbound import SAMPLES, balance, open_tasks, owed, payment, short, teller, visited
from tests.flows.test_outgoing import a_day
from tests.flows.test_planning import dispatcher, published_day
from tests.flows.test_same_debtor import decided, two_alike
from tests.flows.test_sync import AT, day_of, phone_of
from tests.flows.test_webhooks import carried, happened, letters, seen, subscribed

FOREIGN_SPELLED = "https://bücher.example/hook"
"""A host that a browser shows so and the network knows otherwise."""


@pytest.fixture
def settings(reaching_here: Settings) -> Settings:
    return reaching_here


# --- recalls ---


async def handed_in(house: House, cents: int) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    house.clock.move_to(NOW + timedelta(hours=1))
    slip = {"id": str(uuid4()), "agent_id": str(house.people[Role.AGENT].id), "declared_cents": cents}
    answer = await desk.post("/cash/slips", json=slip | {"pieces": {str(cents): 1}, "payment_ids": []})
    assert answer.status_code < 300, answer.text


async def test_a_recall_after_part_of_the_cash_was_handed_in_names_what_is_left(house: House) -> None:
    await visited(house, await entrusted(house), 20_000)
    await handed_in(house, 5_000)
    desk = await house.sign_in(Role.BACK_OFFICE)
    [left] = [one["cash_cents"] for one in (await desk.get("/cash")).json()["purses"] if one["cash_cents"]]

    found = await (await teller(house)).told("recalls", SAMPLES["recalls"])

    assert found[0]["details"] == {"held_cents": left, "receipts": ["A1-000001"], "receipts_cents": [left]}
    assert (await open_tasks(house))["recall.money_held"]["details"]["held_cents"] == left


async def test_a_recall_with_an_appointment_that_no_day_holds_tells_the_dispatcher(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    await take(desk, practice, at(await offered(desk, practice), FRIDAY, 10))

    await (await teller(house)).told("recalls", SAMPLES["recalls"])

    task = (await open_tasks(house))["recall.appointment"]
    assert (task["team"], task["practice_id"]) == ("dispatcher", str(practice))
    assert task["details"]["day"] == str(FRIDAY)


async def test_a_recall_with_an_appointment_in_a_published_day_is_told_once(house: House) -> None:
    practice = await entrusted(house)
    desk = await dispatcher(house)
    await take(desk, practice, at(await offered(desk, practice), FRIDAY, 10))
    await published_day(house, desk, day=str(FRIDAY), practice_ids=[str(practice)])

    await (await teller(house)).told("recalls", SAMPLES["recalls"])

    kinds = {kind for kind in await open_tasks(house) if kind.startswith("recall.")}
    assert kinds == {"recall.still_planned"}


# --- a closed practice, a promise kept elsewhere ---


async def test_a_balance_of_a_closed_practice_waits_for_a_person_and_books_nothing(house: House) -> None:
    practice = await entrusted(house)
    his = await teller(house)
    await his.told("balances", balance(0))
    async with house.session() as session:
        (await session.get_one(tables.Practice, practice)).state = "closed"

    verdicts = await his.told("balances", balance(120_000, as_of="2026-11-26"))
    again = await his.told("balances", balance(120_000, as_of="2026-11-26"))
    nothing = await his.told("balances", balance(0, as_of="2026-11-26"))

    assert short(verdicts) == short(again) == [("held", "inbound.practice_closed")]
    assert short(nothing) == [("accepted", None)]
    assert await owed(house, practice) == 0
    details = (await open_tasks(house))["balance.closed"]["details"]
    assert (details["stated_cents"], details["ours_cents"], details["as_of"]) == (120_000, 0, "2026-11-26")


async def test_a_promise_kept_by_paying_the_creditor_is_kept_and_the_money_recovered(house: House) -> None:
    await a_day(house)
    await promised(house, "P-002", TODAY, 10_000)
    before = (await figures(await house.sign_in(Role.DISPATCHER), "area"))["total"]["recovered_cents"]
    await (await teller(house)).told("payments", payment(10_000, "BON-9", on="2026-11-26", practice_number="P-002"))
    house.clock.move_to(NOW + timedelta(days=1))

    total = (await figures(await house.sign_in(Role.DISPATCHER), "area"))["total"]

    assert (total["kept"], total["broken"]) == (1, 0)
    assert total["recovered_cents"] == before + 10_000


# --- what a creditor must not learn ---


async def test_a_creditor_does_not_learn_that_his_debtor_is_another_creditors_too(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    one, other, pair = await two_alike(house, desk)
    second = a_creditor(house.agency_id, name="Altra Finanziaria")
    async with house.session() as session:
        session.add(second)
        await session.flush()
        practice = await session.get_one(tables.Practice, other)
        placement = await session.get_one(tables.Placement, practice.placement_id)
        practice.creditor_id = placement.creditor_id = second.id
    assert (await decided(desk, pair, "same")).status_code == 200
    await published(house, one, other)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    with endpoint() as there:
        await subscribed(admin, there.url, creditor_id=str(second.id))
        phone = await phone_of(house)
        first, then = (await day_of(phone))["stops"]
        await phone.push(phone.envelope("visit", a_report(first, at=AT - timedelta(hours=1)), at=NOW))
        await phone.push(phone.envelope("visit", a_report(then, at=AT), at=NOW))
        await carried(house)
        by_webhook = [one.fact for one in there.received if one.fact["kind"] == "visit.reported"]

    def flags(facts: list[dict[str, Any]]) -> list[list[str]]:
        return [fact["data"]["flags"] for fact in facts if fact["kind"] == "visit.reported"]

    assert flags(by_webhook) == [[]]
    assert flags(await (await system(house, creditor_id=str(second.id))).all()) == [[]]
    assert "conduct.visits_today" in flags(await (await system(house)).all())[-1], "the agency's own system sees it"


async def test_where_a_webhook_goes_is_shown_by_its_host_alone(house: House) -> None:
    practice = await entrusted(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    with endpoint() as there:
        await subscribed(admin, f"{there.url}/T0/SEGRETO?key=SEGRETO")
        await happened(house, "practice.closed", practice_id=practice)
        await carried(house)

    [told] = (await (await house.sign_in(Role.DISPATCHER)).get(f"/practices/{practice}/told")).json()["rows"]
    assert told["name"] == f"127.0.0.1:{there.port}"


# --- addresses that nobody can call ---


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (FOREIGN_SPELLED, "https://xn--bcher-kva.example/hook"),
        ("https://BÜCHER.example:8443/hook?a=1", "https://xn--bcher-kva.example:8443/hook?a=1"),
        ("https://example.com/hook", "https://example.com/hook"),
    ],
)
def test_a_host_with_letters_beyond_ascii_is_kept_as_it_is_called(url: str, kept: str) -> None:
    assert check_url(url, to_loopback=False) == kept


async def test_an_address_of_an_older_release_fails_and_does_not_stop_the_courier() -> None:
    async with Post(to_loopback=True, connections=1) as post:
        answer = await post.send(FOREIGN_SPELLED, body=b"{}", headers={})

    assert answer.failure == "protocol"


async def test_a_letter_that_cannot_be_sent_is_seen_to_fail(house: House) -> None:
    practice = await entrusted(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    hook, _ = await subscribed(admin, "https://example.invalid/hook")
    async with house.session() as session:
        (await session.get_one(tables.Webhook, UUID(hook))).url = FOREIGN_SPELLED
    await happened(house, "practice.closed", practice_id=practice)

    await webhook_jobs.wake_all(house.parts)
    await house.run_jobs()

    [letter] = await letters(admin, hook)
    assert (letter["attempts"], letter["last_failure"]) == (1, "protocol")
    assert (await seen(admin, hook))["failures"] == 1


async def test_an_instant_without_a_zone_is_refused_in_a_replan(house: House) -> None:
    practice = await entrusted(house)
    desk: Desk = await dispatcher(house)
    await published_day(house, desk, practice_ids=[str(practice)])
    span = {"from_at": f"{TODAY}T15:00:00", "to_at": f"{TODAY}T16:00:00Z"}
    moved = {"kind": "moved", "practice_id": str(practice), **span}

    answer = await desk.post(f"/dispatch/days/{TODAY}/replan", json={"happened": [moved]})

    assert (answer.status_code, answer.json()["code"]) == (422, "request.malformed")
