"""A debtor pays by link: made at the door or at the desk, booked once when the provider tells, whatever the order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from fieldapp.domain.access import Identity, Role
from fieldapp.domain.ids import canonical_json
from fieldapp.domain.receipts import read_receipt
from fieldapp.services import payment_links
from fieldapp.settings import Settings
from fieldapp.store import tables
from tests.conftest import NOW
from tests.flows.conftest import House, a_house
from tests.flows.phone import FieldPhone
from tests.flows.stripe_double import KEY, SECRET, Provider, provider, signed
from tests.flows.test_cash import balances, good, owed, refused, report, rows
from tests.flows.test_sync import day_of, one_stop

NOW_S = int(NOW.timestamp())
EVENTS = "/public/payment-links/events"


@pytest.fixture
def stripe() -> Iterator[Provider]:
    with provider(now_s=NOW_S) as double:
        yield double


@pytest.fixture
async def shop(settings: Settings, stripe: Provider) -> AsyncIterator[House]:
    """A house with a provider."""
    chosen = settings.model_copy(
        update={
            "stripe_key": SecretStr(KEY),
            "stripe_webhook_secrets": SecretStr(f"whsec_next, {SECRET}"),
            "stripe_url": stripe.home,
            "webhooks_to_loopback": True,
        }
    )
    async with a_house(chosen) as house:
        yield house


def announced(cents: int) -> dict[str, Any]:
    return {
        "method": "payment_link",
        "amount_cents": cents,
        "fields": {"expected_on": "2026-11-27"},
        "allocation": [],
        "stamp_duty": {"cents": 0, "charged_to": "none", "reason": "exempt"},
        "receipt": None,
    }


async def ask(phone: FieldPhone, stop: dict[str, Any], visit_id: UUID, cents: int = 20_000) -> httpx.Response:
    body = {"practice_id": stop["practice"]["id"], "visit_id": str(visit_id), "amount_cents": cents}
    return await phone.request("POST", "/field/payment-links", content=canonical_json(body))


async def told(house: House, body: bytes, *, at_s: int = NOW_S, secret: str = SECRET) -> int:
    headers = {**signed(body, at_s=at_s, secret=secret), "content-type": "application/json"}
    return (await house.client().post(EVENTS, content=body, headers=headers)).status_code


async def link_at_the_door(house: House, cents: int = 20_000) -> None:
    """A link asked for at the door, and the visit that announced it."""
    phone, stop = await one_stop(house)
    visit_id = uuid4()
    good(await ask(phone, stop, visit_id, cents))
    await report(phone, stop, [announced(cents)], outcome="HARDSHIP", captured={}, visit_id=visit_id)


async def test_a_link_made_at_the_door_is_no_payment_until_the_provider_says_so(shop: House, stripe: Provider) -> None:
    await link_at_the_door(shop)
    assert await owed(shop) == 90_000
    assert await rows(shop, tables.Receipt) == []

    assert [await told(shop, stripe.paid()) for _ in range(3)] == [200, 200, 200]

    assert await owed(shop) == 70_000
    [receipt] = await rows(shop, tables.Receipt)
    value = read_receipt(receipt.value)
    assert (value.name, value.method.code, value.method.answers["reference"]) == ("U1-000001", "link_paid", "pi_1")
    desk = await shop.sign_in(Role.BACK_OFFICE)
    assert (await desk.get(f"/receipts/{receipt.id}/paper")).content.startswith(b"%PDF")
    after = await balances(desk)
    assert (after["links_in_transit"], sum(after.values())) == (20_000, 0)
    assert good(await desk.get("/cash"))["transfers"] == []
    [held] = good(await desk.get("/cash"))["cards"]
    paid_out = {"payment_ids": [held["payment_id"]], "credited_on": "2026-11-26"}
    good(await desk.post("/cash/cards/credit", json=paid_out))
    assert (await balances(desk))["agency_bank"] == 20_000


async def test_asking_again_answers_the_same_link_and_the_provider_learns_no_name(
    shop: House, stripe: Provider
) -> None:
    phone, stop = await one_stop(shop)
    visit_id = uuid4()

    first = good(await ask(phone, stop, visit_id))
    again = good(await ask(phone, stop, visit_id))

    assert first == again
    assert len(stripe.sessions) == 1
    assert stop["practice"]["obligors"][0]["name"] not in str(stripe.asked)
    assert stop["practice"]["creditor"]["name"] not in str(stripe.asked)


async def test_asked_for_several_times_at_the_same_moment_it_is_one_link(shop: House, stripe: Provider) -> None:
    _, stop = await one_stop(shop)
    agent = shop.people[Role.AGENT]
    identity = Identity(shop.agency_id, agent.id, Role.AGENT, agent.name)
    visit_id, practice_id = uuid4(), UUID(stop["practice"]["id"])
    asks = [
        payment_links.ask(shop.parts, identity, practice_id=practice_id, visit_id=visit_id, amount_cents=20_000)
        for _ in range(4)
    ]

    cards = await asyncio.gather(*asks)

    assert {one.url for one in cards} == {stripe.only["url"]}
    assert len(await rows(shop, tables.PaymentLink)) == 1


async def test_a_link_that_the_answer_was_lost_of_is_the_same_when_it_is_asked_again(
    shop: House, stripe: Provider
) -> None:
    phone, stop = await one_stop(shop)
    visit_id = uuid4()
    stripe.status = 500
    lost = refused(await ask(phone, stop, visit_id))
    stripe.status = 200

    good(await ask(phone, stop, visit_id))

    assert lost == "payment_link.provider_away"
    assert len({one["idempotency-key"] for one in stripe.asked}) == 1


async def test_news_before_the_visit_has_arrived_are_told_again_and_booked_then(shop: House, stripe: Provider) -> None:
    phone, stop = await one_stop(shop)
    visit_id = uuid4()
    good(await ask(phone, stop, visit_id))
    early = await told(shop, stripe.paid())
    await report(phone, stop, [announced(20_000)], outcome="HARDSHIP", captured={}, visit_id=visit_id)

    later = await told(shop, stripe.paid())

    assert (early, later) == (409, 200)
    assert await owed(shop) == 70_000
    assert (await rows(shop, tables.PaymentLink))[0].state == "paid"


async def test_the_office_makes_the_link_where_the_phone_had_no_network(shop: House, stripe: Provider) -> None:
    phone, stop = await one_stop(shop)
    await report(phone, stop, [announced(20_000)], outcome="HARDSHIP", captured={})
    desk = await shop.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    assert waiting["link"] is None

    made = good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/link"))

    assert made["url"] == stripe.only["url"]
    [waiting] = good(await desk.get("/cash"))["transfers"]
    assert (waiting["link"]["state"], waiting["link"]["url"]) == ("open", made["url"])
    assert await told(shop, stripe.paid()) == 200
    assert await owed(shop) == 70_000
    gone = await desk.post(f"/cash/transfers/{waiting['promise_id']}/link")
    assert refused(gone) == "transfer.settled"


async def test_a_payment_confirmed_by_hand_is_not_booked_again_by_the_provider(shop: House, stripe: Provider) -> None:
    await link_at_the_door(shop)
    desk = await shop.sign_in(Role.BACK_OFFICE)
    [waiting] = good(await desk.get("/cash"))["transfers"]
    seen = {"seen_on": "2026-11-26", "amount_cents": 20_000, "reference": "payout", "into": "agency"}
    good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/confirm", json=seen))

    assert await told(shop, stripe.paid()) == 200

    assert len(await rows(shop, tables.Receipt)) == 1
    assert (await balances(desk))["agency_bank"] == 20_000


@pytest.mark.parametrize("kind", ["checkout.session.expired", "checkout.session.async_payment_failed"])
async def test_a_link_that_came_to_nothing_can_be_made_anew(shop: House, stripe: Provider, kind: str) -> None:
    await link_at_the_door(shop)
    desk = await shop.sign_in(Role.BACK_OFFICE)

    assert await told(shop, stripe.event(kind, stripe.only)) == 200

    [waiting] = good(await desk.get("/cash"))["transfers"]
    assert waiting["link"]["state"] in ("expired", "failed")
    good(await desk.post(f"/cash/transfers/{waiting['promise_id']}/link"))
    assert len(stripe.sessions) == 2
    assert await owed(shop) == 90_000


async def test_a_page_that_is_left_before_the_money_comes_is_not_paid(shop: House, stripe: Provider) -> None:
    await link_at_the_door(shop)

    assert await told(shop, stripe.paid(payment_status="unpaid")) == 200
    assert await owed(shop) == 90_000

    later = stripe.event("checkout.session.async_payment_succeeded", {**stripe.only, "payment_intent": "pi_1"})
    assert await told(shop, later) == 200
    assert await owed(shop) == 70_000


async def test_news_in_any_order_end_the_same(shop: House, stripe: Provider) -> None:
    await link_at_the_door(shop)
    early = await told(shop, stripe.refunded(5_000))  # before it is paid: told again later

    expired = await told(shop, stripe.event("checkout.session.expired", stripe.only))
    paid = await told(shop, stripe.paid())
    again = [await told(shop, stripe.refunded(cents)) for cents in (5_000, 8_000, 5_000, 8_000)]

    assert (early, expired, paid, again) == (409, 200, 200, [200] * 4)
    assert await owed(shop) == 78_000  # eight thousand in all came back
    [link] = await rows(shop, tables.PaymentLink)
    assert (link.state, link.refunded_cents) == ("paid", 8_000)
    assert [task.kind for task in await rows(shop, tables.Task)].count("payment_link.refunded") == 2


async def test_a_dispute_is_a_task_and_a_lost_one_is_owed_again(shop: House, stripe: Provider) -> None:
    await link_at_the_door(shop)
    await told(shop, stripe.paid())

    opened = [await told(shop, stripe.disputed(20_000)) for _ in range(2)]
    assert await owed(shop) == 70_000
    lost = [await told(shop, stripe.disputed(20_000, closed="lost")) for _ in range(2)]

    assert (opened, lost) == ([200, 200], [200, 200])
    assert await owed(shop) == 90_000
    kinds = [task.kind for task in await rows(shop, tables.Task)]
    assert (kinds.count("payment_link.disputed"), kinds.count("payment_link.dispute_lost")) == (1, 1)
    assert sum((await balances(await shop.sign_in(Role.BACK_OFFICE))).values()) == 0


async def test_what_was_paid_beyond_the_debt_is_booked_and_flagged(shop: House, stripe: Provider) -> None:
    await link_at_the_door(shop)

    assert await told(shop, stripe.paid(amount_total=95_000)) == 200

    assert await owed(shop) == -5_000
    assert "practice.overpaid" in [task.kind for task in await rows(shop, tables.Task)]


async def test_an_event_is_believed_only_by_its_signature_and_its_time(shop: House, stripe: Provider) -> None:
    await link_at_the_door(shop)
    body = stripe.paid()
    client = shop.client()
    forged = {
        "none": {},
        "another's": signed(body, at_s=NOW_S, secret="whsec_other"),
        "of yesterday": signed(body, at_s=NOW_S - 86_400),
        "to come": signed(body, at_s=NOW_S + 301),
        "of another body": signed(stripe.paid(amount_total=1), at_s=NOW_S),
        "two times": {"stripe-signature": f"t={NOW_S},{signed(body, at_s=NOW_S)['stripe-signature']}"},
        "v0 alone": {"stripe-signature": signed(body, at_s=NOW_S)["stripe-signature"].replace("v1=", "v0=")},
        "long": {"stripe-signature": "t=1," * 5_000},
    }

    answers = {name: (await client.post(EVENTS, content=body, headers=given)) for name, given in forged.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(forged, 403)
    assert {refused(answer) for answer in answers.values()} == {"payment_link.signature_invalid"}
    assert await owed(shop) == 90_000
    assert await told(shop, body, at_s=NOW_S - 299, secret="whsec_next") == 200  # the secret that is rolled in


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", 422),
        (b"[1]", 422),
        (b"\xff", 422),
        (b'{"id":"evt_1","type":"customer.created","data":{"object":{}}}', 200),  # not about a link
        (b'{"id":"e","type":"checkout.session.expired","data":{"object":{"currency":"usd","amount_total":1}}}', 422),
        (
            b'{"id":"e","type":"checkout.session.expired",'
            b'"data":{"object":{"currency":"eur","amount_total":1,"metadata":{"link":"x"}}}}',
            200,  # another shop's session on the same account
        ),
    ],
)
async def test_signed_events_that_are_not_ours_or_not_readable_change_nothing(
    shop: House, body: bytes, status: int
) -> None:
    assert await told(shop, body) == status
    assert await rows(shop, tables.Entry) == []


async def test_no_link_over_more_than_is_owed_for_another_agents_practice_or_below_nothing(
    shop: House, stripe: Provider
) -> None:
    phone, stop = await one_stop(shop)
    visit_id = uuid4()
    elsewhere = {**stop, "practice": {**stop["practice"], "id": str(uuid4())}}

    assert refused(await ask(phone, stop, visit_id, 90_001)) == "payment_link.more_than_owed"
    assert refused(await ask(phone, elsewhere, visit_id)) == "practice.unknown"
    assert refused(await ask(phone, stop, visit_id, 0)) == "request.malformed"
    assert refused(await ask(phone, stop, visit_id, -5)) == "request.malformed"
    assert stripe.asked == []


async def test_a_provider_that_answers_nonsense_or_says_no_is_told_apart(shop: House, stripe: Provider) -> None:
    phone, stop = await one_stop(shop)
    visit_id = uuid4()

    stripe.status = 401
    no = refused(await ask(phone, stop, visit_id))
    stripe.status = 503
    away = refused(await ask(phone, stop, visit_id))

    assert (no, away) == ("payment_link.provider_failed", "payment_link.provider_away")


async def test_without_a_provider_no_link_is_offered_or_made(house: House) -> None:
    phone, stop = await one_stop(house)

    assert (await day_of(phone))["payment_links"] is False
    assert refused(await ask(phone, stop, uuid4())) == "payment_link.off"
    answer = await house.client().post(EVENTS, content=b"{}")
    assert refused(answer) == "payment_link.off"


async def test_the_providers_secrets_are_not_shown_by_the_settings(settings: Settings) -> None:
    shown = repr(
        settings.model_copy(update={"stripe_key": SecretStr(KEY), "stripe_webhook_secrets": SecretStr(SECRET)})
    )

    assert KEY not in shown
    assert SECRET not in shown
