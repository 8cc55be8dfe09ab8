"""A phone hears that its day has changed and no more: who is told, what is sent, and where nothing is ever sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.settings import Settings
from fieldapp.store import push, tables
from fieldapp.web_push import WebPush
from tests.conftest import NOW
from tests.flows.arranged import TODAY, entrusted
from tests.flows.conftest import House, a_house, new_id
from tests.flows.phone import FieldPhone
from tests.flows.test_planning import colleague, dispatcher, published_day
from tests.push_service import Browser, PushService, claims_of

CONTACT = "mailto:avvisi@example.it"


@pytest.fixture
def outside() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
async def told(settings: Settings) -> AsyncIterator[House]:
    """A service that sends notices, also to this machine."""
    async with a_house(settings.model_copy(update={"push_contact": CONTACT, "push_local": True})) as house:
        yield house


async def phone_of(house: House) -> FieldPhone:
    return await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")


async def subscribe(phone: FieldPhone, endpoint: str, browser: Browser, **changes: Any) -> tuple[int, str | None]:
    content = json.dumps({"endpoint": endpoint, **browser.keys(), **changes}).encode()
    answer = await phone.request("PUT", "/field/push", content=content, headers={"content-type": "application/json"})
    return answer.status_code, answer.json()["code"] if answer.content else None


async def places(house: House) -> list[str | None]:
    async with house.session() as session:
        return list((await session.exec(select(tables.PushSubscription.endpoint))).all())


async def test_a_published_day_tells_its_agents_phone_sealed_for_it_alone(told: House, outside: PushService) -> None:
    await entrusted(told)
    phone, browser = await phone_of(told), Browser()
    public_key = (await phone.request("GET", "/field/push")).json()["public_key"]
    assert await subscribe(phone, f"{outside.origin}/here", browser) == (204, None)

    await published_day(told, await dispatcher(told))
    await told.run_jobs()

    [(path, headers, body)] = outside.received
    claims, key = claims_of(headers)
    assert path == "/here"
    assert browser.opened(body) == b'{"type":"day_changed"}'
    assert (headers["content-encoding"], headers["topic"], int(headers["ttl"]) > 0) == ("aes128gcm", "day", True)
    assert (claims["sub"], claims["aud"], key) == (CONTACT, outside.origin, public_key)


async def test_only_agents_whose_own_day_changed_are_told_and_each_version_once(
    told: House, outside: PushService
) -> None:
    await entrusted(told)
    other = await colleague(told)
    phone = await phone_of(told)
    idle = await FieldPhone.enrol(await told.sign_in(person=other), told.client(), agent_number="2")
    await subscribe(phone, f"{outside.origin}/mine", Browser())
    await subscribe(idle, f"{outside.origin}/theirs", Browser())
    desk = await dispatcher(told)
    agents = [str(phone_agent.id) for phone_agent in (told.people[Role.AGENT],)]

    plan = await published_day(told, desk, agent_ids=agents)
    await told.run_jobs()
    first = [path for path, _, _ in outside.received]
    # The very same plan once more: nobody's day is another.
    await desk.post(f"/dispatch/plans/{plan['versions'][0]['plan_id']}/publish")
    await told.run_jobs()

    assert first == ["/mine"]
    assert [path for path, _, _ in outside.received] == ["/mine"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_place_that_the_push_service_knows_no_more_is_forgotten(
    told: House, outside: PushService, status: int
) -> None:
    await entrusted(told)
    await subscribe(await phone_of(told), f"{outside.origin}/gone", Browser())
    outside.status["/gone"] = status

    await published_day(told, await dispatcher(told))
    await told.run_jobs()

    assert len(outside.received) == 1
    assert await places(told) == []


@pytest.mark.parametrize("status", [307, 400, 413, 429, 500])
async def test_any_other_answer_keeps_the_place_and_a_redirect_is_not_followed(
    told: House, outside: PushService, status: int
) -> None:
    await entrusted(told)
    await subscribe(await phone_of(told), f"{outside.origin}/odd", Browser())
    outside.status["/odd"] = status
    outside.where["/odd"] = f"{outside.origin}/inside"

    await published_day(told, await dispatcher(told))
    await told.run_jobs()

    assert [path for path, _, _ in outside.received] == ["/odd"]
    assert await places(told) == [f"{outside.origin}/odd"]


async def test_a_phone_has_one_place_the_newest_and_gives_it_up_itself(told: House, outside: PushService) -> None:
    phone = await phone_of(told)
    await subscribe(phone, f"{outside.origin}/old", Browser())
    await subscribe(phone, f"{outside.origin}/new", Browser())
    assert await places(told) == [f"{outside.origin}/new"]

    answer = await phone.request("DELETE", "/field/push")

    assert answer.status_code == 204
    assert await places(told) == []


async def test_a_revoked_phone_and_one_whose_person_left_are_told_nothing(told: House, outside: PushService) -> None:
    await entrusted(told)
    lost, kept = await phone_of(told), await phone_of(told)
    await subscribe(lost, f"{outside.origin}/lost", Browser())
    await subscribe(kept, f"{outside.origin}/kept", Browser())

    await (await told.sign_in(Role.ADMINISTRATOR)).post(f"/devices/{lost.device_id}/revoke")
    assert await places(told) == [f"{outside.origin}/kept"]
    desk = await dispatcher(told)
    await published_day(told, desk)
    async with told.session() as session:
        person = await session.get(tables.Person, told.people[Role.AGENT].id)
        assert person is not None
        person.active = False
    await told.run_jobs()

    assert outside.received == []


async def test_without_a_contact_no_notice_is_sent_and_no_place_is_kept(house: House) -> None:
    phone = await phone_of(house)

    assert (await phone.request("GET", "/field/push")).json() == {"public_key": None}
    assert await subscribe(phone, "https://push.example.com/x", Browser()) == (409, "push.off")


async def test_a_day_beyond_a_phones_reach_is_no_news(told: House, outside: PushService) -> None:
    await entrusted(told)
    await subscribe(await phone_of(told), f"{outside.origin}/here", Browser())

    await published_day(told, await dispatcher(told), day=(TODAY + timedelta(days=11)).isoformat())
    await told.run_jobs()

    assert outside.received == []


# --- where nothing is sent ---

NOWHERE = [
    "http://push.example.com/x",  # no TLS
    "https://127.0.0.1/x",  # this machine
    "https://[::1]/x",
    "https://10.0.0.7/x",  # a private network
    "https://192.168.1.1/x",
    "https://169.254.169.254/latest/meta-data",  # what clouds tell their machines
    "https://[fe80::1]/x",
    "https://[::ffff:10.0.0.7]/x",  # the same in other clothes
    "https://[64:ff9b::a00:7]/x",
    "https://localhost/x",
    "https://push.example.com:8443/x",  # not a push service's door
    "https://name:word@push.example.com/x",
    "https://push.example.com:x/",
    "ftp://push.example.com/x",
    "/api/v1/health",
    "",
]


@pytest.mark.parametrize("endpoint", NOWHERE)
async def test_an_endpoint_that_is_not_secure_and_public_is_refused(settings: Settings, endpoint: str) -> None:
    async with a_house(settings.model_copy(update={"push_contact": CONTACT})) as house:
        phone = await phone_of(house)

        assert await subscribe(phone, endpoint, Browser()) == (422, "push.endpoint_not_allowed")
        assert await subscribe(phone, "https://push.example.com/x", Browser()) == (204, None)


async def test_keys_that_no_browser_gives_are_refused(told: House, outside: PushService) -> None:
    phone, here = await phone_of(told), f"{outside.origin}/here"

    for wrong in ({"p256dh": "AAAA"}, {"auth": "c2hvcnQ"}, {"p256dh": "A" * 87}, {"auth": "ä"}):
        assert await subscribe(phone, here, Browser(), **wrong) == (422, "push.keys_invalid")


async def test_a_name_that_leads_to_this_machine_is_not_called(settings: Settings, outside: PushService) -> None:
    async with a_house(settings.model_copy(update={"push_contact": CONTACT})) as house:
        await entrusted(house)
        phone, browser = await phone_of(house), Browser()
        here = outside.origin.replace("127.0.0.1", "localhost")
        async with house.session() as session:
            # Past the door that refuses it: what calls judges by itself.
            await push.keep(
                session,
                subscription_id=new_id(),
                device_id=phone.device_id,
                endpoint=f"{here}/inside",
                p256dh=browser.point,
                auth=browser.keys()["auth"],
                now=NOW,
            )

        await published_day(house, await dispatcher(house))
        await house.run_jobs()

    assert outside.received == []


def test_the_installations_key_stays_the_same_and_is_of_its_master_key_alone() -> None:
    assert WebPush(b"k" * 32, CONTACT).public_key == WebPush(b"k" * 32, "https://example.it").public_key
    assert WebPush(b"k" * 32, CONTACT).public_key != WebPush(b"l" * 32, CONTACT).public_key
