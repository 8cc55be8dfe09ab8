"""Webhooks: every fact reaches a real endpoint, in order for each practice, signed, whatever the endpoint does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from standardwebhooks import Webhook, WebhookVerificationError

from fieldapp.domain.access import Role
from fieldapp.domain.errors import Refusal
from fieldapp.domain.events import FactScope
from fieldapp.domain.webhooks import MOST_TRIES, RESTS_AFTER
from fieldapp.services import webhook_courier, webhook_jobs
from fieldapp.services.webhook_post import Post, check_url
from fieldapp.settings import Settings
from fieldapp.store import tables
from fieldapp.store.feed import NewFact, tell
from tests.conftest import NOW
from tests.flows.arranged import entrusted
from tests.flows.conftest import Desk, House
from tests.flows.endpoint import Endpoint, endpoint, status, taken

ALL = [scope.value for scope in FactScope]


@pytest.fixture
def settings(reaching_here: Settings) -> Settings:
    return reaching_here


@pytest.fixture
def there() -> Iterator[Endpoint]:
    with endpoint() as one:
        yield one


@pytest.fixture
async def admin(house: House) -> Desk:
    return await house.sign_in(Role.ADMINISTRATOR)


async def subscribed(desk: Desk, url: str, **more: Any) -> tuple[str, str]:
    """Id and secret of a new subscription."""
    wanted = {"name": "Gestionale", "url": url, "scopes": ALL, **more}
    answer = await desk.post("/webhooks", json=wanted)
    assert answer.status_code == 201, answer.text
    said = answer.json()
    return said["webhook"]["id"], said["secret"]


async def happened(house: House, *kinds: str, practice_id: UUID | None = None, **more: Any) -> None:
    async with house.session() as session:
        tell(session, *(NewFact(kind, NOW, practice_id=practice_id, **more) for kind in kinds))


async def carried(house: House) -> None:
    """As when the workers were woken."""
    await webhook_jobs.wake_all(house.parts)
    await house.run_jobs()


async def seen(desk: Desk, webhook_id: str) -> dict[str, Any]:
    rows = (await desk.get("/webhooks")).json()
    return next(row for row in rows if row["id"] == webhook_id)


async def letters(desk: Desk, webhook_id: str, **query: Any) -> list[dict[str, Any]]:
    answer = await desk.get(f"/webhooks/{webhook_id}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def two_practices(house: House) -> tuple[UUID, UUID]:
    return await entrusted(house, number="P-001"), await entrusted(house, number="P-002")


# --- what arrives ---


async def test_a_courier_that_lost_its_worker_does_not_hold_up_the_one_that_waits(
    house: House, admin: Desk, there: Endpoint
) -> None:
    await subscribed(admin, there.url)
    await happened(house, "practice.closed")
    await webhook_jobs.wake_all(house.parts)
    await house.lose_worker()
    await webhook_jobs.wake_all(house.parts)

    await house.parts.jobs.configure_task("jobs.rescue").defer_async(timestamp=0)
    await house.run_jobs()

    assert [one.fact["kind"] for one in there.received] == ["practice.closed"]


async def test_facts_arrive_signed_once_as_the_feed_tells_them(house: House, admin: Desk, there: Endpoint) -> None:
    _, secret = await subscribed(admin, there.url)
    token = (await admin.post("/service-accounts", json={"name": "x", "scopes": ALL})).json()["token"]
    practice = await entrusted(house)
    await happened(house, "practice.recalled", "practice.reopened", practice_id=practice)

    await carried(house)
    await carried(house)

    feed = await house.client().get("/feed", headers={"authorization": f"Bearer {token}"})
    assert [one.fact for one in there.received] == feed.json()["facts"]
    assert len({one.id for one in there.received}) == len(there.received) == 2
    assert all(one.signed_by(secret) and one.attempt == 1 for one in there.received)


async def test_a_subscription_begins_now_or_at_the_beginning(house: House, admin: Desk, there: Endpoint) -> None:
    await happened(house, "plan.done")
    await subscribed(admin, there.url)
    with endpoint() as other:
        await subscribed(admin, other.url, from_beginning=True)
        await happened(house, "plan.failed")
        await carried(house)

        assert [one.fact["kind"] for one in there.received] == ["plan.failed"]
        assert [one.fact["kind"] for one in other.received] == ["plan.done", "plan.failed"]


async def test_a_subscription_of_a_creditor_gets_only_its_own_within_its_scopes(
    house: House, admin: Desk, there: Endpoint
) -> None:
    practice = await entrusted(house)
    await subscribed(admin, there.url, creditor_id=str(house.creditor_id), scopes=["facts:practices"])
    await happened(house, "plan.done")
    await happened(house, "visit.arrived", "practice.recalled", practice_id=practice)

    await carried(house)

    assert [one.fact["kind"] for one in there.received] == ["practice.recalled"]


async def test_many_facts_keep_the_order_of_each_practice(house: House, admin: Desk, there: Endpoint) -> None:
    first, second = await two_practices(house)
    await subscribed(admin, there.url)
    for reason in range(60):
        for practice in (first, second):
            await happened(house, "practice.closed", practice_id=practice, body={"reason": str(reason)})

    await carried(house)

    for practice in (first, second):
        reasons = [one.fact["data"]["reason"] for one in there.received if one.fact["practice_id"] == str(practice)]
        assert reasons == [str(number) for number in range(60)]


# --- endpoints that behave badly ---


async def test_what_failed_comes_again_with_the_same_id_and_says_so_and_what_is_behind_it_waits(
    house: House, admin: Desk, there: Endpoint
) -> None:
    first, second = await two_practices(house)
    webhook_id, _ = await subscribed(admin, there.url)
    refused = str(first)
    there.behave = lambda handler, fact: status(500 if fact["practice_id"] == refused else 204)(handler, fact)
    await happened(house, "practice.recalled", "practice.reopened", practice_id=first)
    await happened(house, "practice.recalled", "practice.reopened", practice_id=second)

    await carried(house)
    row = await seen(admin, webhook_id)
    there.behave = taken
    house.clock.move_to(NOW + timedelta(seconds=10))
    await carried(house)

    by_first = [one for one in there.received if one.fact["practice_id"] == str(first)]
    assert [(one.fact["kind"], one.attempt) for one in by_first] == [
        ("practice.recalled", 1),
        ("practice.recalled", 2),
        ("practice.reopened", 1),
    ]
    assert by_first[0].id == by_first[1].id
    assert by_first[0].body == by_first[1].body
    assert [one.attempt for one in there.received if one.fact["practice_id"] == str(second)] == [1, 1]
    assert (row["backlog"], row["held_up"], row["condition"]) == (2, 1, "on")
    assert (await seen(admin, webhook_id))["backlog"] == 0


async def test_after_days_a_letter_is_dead_holds_its_practice_up_and_is_sent_anew_on_demand(
    house: House, admin: Desk, there: Endpoint
) -> None:
    first, second = await two_practices(house)
    webhook_id, _ = await subscribed(admin, there.url)
    there.behave = status(400)
    await happened(house, "practice.recalled", "practice.reopened", practice_id=first)

    for day in range(MOST_TRIES):
        house.clock.move_to(NOW + timedelta(days=2 * day))
        await carried(house)
    there.behave = taken
    await happened(house, "practice.recalled", practice_id=second)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    await carried(house)
    dead = await letters(admin, webhook_id, in_state="dead")
    asked = await dead_letter_tasks(house)
    tried = [one.attempt for one in there.received if one.fact["practice_id"] == str(first)]
    anew = await admin.post(f"/webhooks/{webhook_id}/resend", json={"delivery_ids": [dead[0]["id"]]})
    await carried(house)

    assert tried == list(range(1, MOST_TRIES + 1))
    assert there.received[MOST_TRIES].fact["practice_id"] == str(second)
    assert [(row["kind"], row["attempts"], row["last_status"], row["behind"]) for row in dead] == [
        ("practice.recalled", MOST_TRIES, 400, 1)
    ]
    assert anew.status_code == 200
    assert (asked, await dead_letter_tasks(house)) == (["open"], ["done"])
    assert [(one.fact["kind"], one.attempt) for one in there.received[MOST_TRIES + 1 :]] == [
        ("practice.recalled", MOST_TRIES + 1),
        ("practice.reopened", 1),
    ]
    assert len({one.id for one in there.received if one.fact["kind"] == "practice.recalled"}) == 2


async def dead_letter_tasks(house: House) -> list[str]:
    async with house.session() as session:
        found = await session.exec(select(tables.Task.state).where(tables.Task.kind == "webhook.dead"))
        return list(found.all())


async def test_many_dead_letters_open_one_task_that_closes_with_the_last(
    house: House, admin: Desk, there: Endpoint
) -> None:
    first, second = await two_practices(house)
    webhook_id, _ = await subscribed(admin, there.url)
    there.behave = status(400)
    for practice in (first, second):
        await happened(house, "practice.recalled", practice_id=practice)
    for day in range(MOST_TRIES):
        house.clock.move_to(NOW + timedelta(days=2 * day))
        await carried(house)
    admin = await house.sign_in(Role.ADMINISTRATOR)
    one, other = await letters(admin, webhook_id, in_state="dead")

    await admin.post(f"/webhooks/{webhook_id}/skip", json={"delivery_ids": [one["id"]]})
    halfway = await dead_letter_tasks(house)
    await admin.post(f"/webhooks/{webhook_id}/skip", json={"delivery_ids": [other["id"]]})

    assert (halfway, await dead_letter_tasks(house)) == (["open"], ["done"])


async def test_only_what_arrived_is_ever_cleared_and_not_before_its_time(
    house: House, admin: Desk, there: Endpoint
) -> None:
    practice = await entrusted(house)
    webhook_id, _ = await subscribed(admin, there.url)
    await happened(house, *["practice.recalled", "practice.reopened"] * 3, practice_id=practice)
    await carried(house)
    # One of each: what waits, is dead or was let go has not arrived.
    states = ("waiting", "dead", "skipped", "failed", "delivered", "delivered")
    async with house.session() as session:
        found = await session.exec(select(tables.WebhookDelivery).order_by(col(tables.WebhookDelivery.fact_number)))
        for row, state in zip(found.all(), states, strict=True):
            row.state, row.last_at = state, NOW
        row.last_at = NOW + timedelta(days=2)
    kept = house.parts.webhooks_kept

    house.clock.move_to(NOW + kept)
    too_early = await webhook_jobs.clear_all(house.parts)
    house.clock.move_to(NOW + kept + timedelta(days=1))
    cleared = await webhook_jobs.clear_all(house.parts)

    admin = await house.sign_in(Role.ADMINISTRATOR)
    left = sorted(row["state"] for row in await letters(admin, webhook_id))
    assert (too_early, cleared) == (0, 1)
    with pytest.raises(DBAPIError, match="never cleared"):
        async with house.session() as session:
            await session.execute(text("delete from webhook_delivery"))
    assert left == sorted(states[:4] + states[5:])


async def test_a_dead_letter_that_is_let_go_frees_what_waited_behind_it(
    house: House, admin: Desk, there: Endpoint
) -> None:
    practice = await entrusted(house)
    webhook_id, _ = await subscribed(admin, there.url)
    await happened(house, "practice.recalled", "practice.reopened", practice_id=practice)
    there.behave = status(422)
    await carried(house)
    for day in range(1, MOST_TRIES):
        house.clock.move_to(NOW + timedelta(days=2 * day))
        await carried(house)
    there.behave = taken
    admin = await house.sign_in(Role.ADMINISTRATOR)
    asked = await dead_letter_tasks(house)

    (dead,) = await letters(admin, webhook_id, in_state="dead")
    await admin.post(f"/webhooks/{webhook_id}/skip", json={"delivery_ids": [dead["id"]]})
    await carried(house)

    assert (asked, await dead_letter_tasks(house)) == (["open"], ["done"])
    assert [one.fact["kind"] for one in there.received[MOST_TRIES - 1 :]] == ["practice.recalled", "practice.reopened"]
    states = {row["kind"]: row["state"] for row in await letters(admin, webhook_id)}
    assert states == {"practice.recalled": "skipped", "practice.reopened": "delivered"}


async def test_an_endpoint_that_fails_as_a_whole_rests_and_other_endpoints_go_on(
    house: House, admin: Desk, there: Endpoint
) -> None:
    practices = [await entrusted(house, number=f"P-{letter}") for letter in "ABCDEFGHIJKL"]
    webhook_id, _ = await subscribed(admin, there.url)
    there.behave = status(500)
    with endpoint() as good:
        await subscribed(admin, good.url)
        for practice in practices:
            await happened(house, "practice.recalled", "practice.reopened", practice_id=practice)

        await carried(house)
        asked = len(there.received)
        await carried(house)
        resting = await seen(admin, webhook_id)
        house.clock.move_to(NOW + timedelta(minutes=6))
        await carried(house)
        probed = len(there.received) - asked
        there.behave = taken
        house.clock.move_to(NOW + timedelta(minutes=30))
        await carried(house)

        assert len(good.received) == 24
    assert asked == 12
    assert (resting["condition"], resting["backlog"]) == ("rests", 24)
    assert probed == 1
    assert len(there.received) == asked + probed + 24
    for practice in practices:
        kinds = [one.fact["kind"] for one in there.received if one.fact["practice_id"] == str(practice)]
        assert kinds[-2:] == ["practice.recalled", "practice.reopened"]


async def test_what_was_claimed_ahead_for_an_endpoint_that_fails_is_put_back_unsent(
    house: House, admin: Desk, there: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_courier, "WIDTH", 2)
    practices = [await entrusted(house, number=f"P-{letter}") for letter in "ABCDEFGHIJKLMNOPQRST"]
    webhook_id, _ = await subscribed(admin, there.url)
    there.behave = status(500)
    for practice in practices:
        await happened(house, "practice.recalled", practice_id=practice)

    await carried(house)
    asked = {one.id for one in there.received}
    resting = await seen(admin, webhook_id)
    waiting = await letters(admin, webhook_id, in_state="waiting")
    there.behave = taken
    house.clock.move_to(NOW + timedelta(minutes=30))
    await carried(house)

    assert RESTS_AFTER <= len(asked) < RESTS_AFTER + 2
    assert (resting["condition"], resting["backlog"]) == ("rests", len(practices))
    # What never left the house is not counted as an attempt.
    assert sorted(row["attempts"] for row in waiting) == [0] * (len(practices) - len(asked)) + [1] * len(asked)
    assert all(one.attempt == 1 for one in there.received if one.id not in asked)
    assert len({one.fact["practice_id"] for one in there.received}) == len(practices)


async def test_many_practices_are_served_each_in_its_order_by_few_connections(
    house: House, admin: Desk, there: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_courier, "WIDTH", 3)
    monkeypatch.setattr(webhook_courier, "AHEAD", 7)
    practices = [await entrusted(house, number=f"P-{letter}") for letter in "ABCDEFGHIJ"]
    await subscribed(admin, there.url)
    for reason in range(4):
        for practice in practices:
            await happened(house, "practice.closed", practice_id=practice, body={"reason": str(reason)})

    await carried(house)

    assert [one.attempt for one in there.received] == [1] * 40
    for practice in practices:
        mine = [one.fact["data"]["reason"] for one in there.received if one.fact["practice_id"] == str(practice)]
        assert mine == ["0", "1", "2", "3"]


async def test_a_redirect_is_not_followed(house: House, admin: Desk, there: Endpoint) -> None:
    with endpoint() as inside:
        there.behave = status(307, location=inside.url)
        webhook_id, _ = await subscribed(admin, there.url)
        await happened(house, "plan.done")

        await carried(house)

        assert inside.received == []
    (row,) = await letters(admin, webhook_id)
    assert (row["state"], row["last_status"], row["last_failure"]) == ("waiting", 307, "redirect")


async def test_an_endpoint_that_answers_without_end_is_hung_up_on(house: House, admin: Desk, there: Endpoint) -> None:
    sent = 0

    def without_end(handler: BaseHTTPRequestHandler, _fact: dict[str, Any]) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("content-length", str(10 * 2**30))
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)
            sent += 65_536

    there.behave = without_end
    webhook_id, _ = await subscribed(admin, there.url)
    await happened(house, "plan.done")

    await carried(house)

    assert [row["state"] for row in await letters(admin, webhook_id)] == ["delivered"]
    # What we took, what stood in the buffers of both sides of the connection, and no more.
    assert sent < 64 * 2**20


@pytest.mark.parametrize("silent_after", [b"", b"HTTP/1.1 200 OK\r\n", b"rubbish\r\n\r\n"])
async def test_a_request_to_an_endpoint_that_hangs_ends_in_time(silent_after: bytes) -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(silent_after)
                over.wait(30)

        threading.Thread(target=hang, daemon=True).start()
        began = time.monotonic()
        async with Post(to_loopback=True, connections=1, send_s=0.5) as post:
            answer = await post.send(f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"{}", headers={})
        over.set()

    assert answer.failure in ("timeout", "protocol")
    assert time.monotonic() - began < 20


async def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def misled(host: str, port: int, **_: Any) -> list[Any]:
        """A name server that names a good address beside the machine's own."""
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("1.1.1.1", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", misled)
    with endpoint() as here:
        async with Post(to_loopback=False, connections=1) as post:
            answer = await post.send(f"http://hooks.example.org:{here.port}/in", body=b"{}", headers={})

        assert here.received == []
    assert answer.failure == "address_inside"
    assert asked == ["hooks.example.org"]


async def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    answers = iter(["127.0.0.1"])

    def once(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    with endpoint() as here:
        real = socket.getaddrinfo

        def asked(host: str, *given: Any, **more: Any) -> list[Any]:
            return (once if "example" in host else real)(host, *given, **more)

        monkeypatch.setattr(socket, "getaddrinfo", asked)
        async with Post(to_loopback=True, connections=1) as post:
            answer = await post.send(f"http://hooks.example.org:{here.port}/in", body=b"{}", headers={"x": "y"})

        assert answer.failure is None
        assert here.received[0].headers["host"] == f"hooks.example.org:{here.port}"


async def test_an_endpoint_that_says_gone_is_paused_and_nothing_is_lost(
    house: House, admin: Desk, there: Endpoint
) -> None:
    webhook_id, _ = await subscribed(admin, there.url)
    there.behave = status(410)
    await happened(house, "plan.done")
    await carried(house)
    gone = await seen(admin, webhook_id)
    await happened(house, "plan.failed")
    await carried(house)
    there.behave = taken
    await admin.post(f"/webhooks/{webhook_id}/resume")

    await carried(house)

    assert (gone["condition"], gone["backlog"]) == ("gone", 1)
    assert [(one.fact["kind"], one.attempt) for one in there.received] == [
        ("plan.done", 1),
        ("plan.done", 2),
        ("plan.failed", 1),
    ]


# --- addresses ---


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/x", "webhook.url_malformed"),
        ("https://", "webhook.url_malformed"),
        ("example.org/in", "webhook.url_malformed"),
        ("https://user:secret@example.org/in", "webhook.url_malformed"),  # it would be shown and logged
        ("https://example.org:99999/in", "webhook.url_malformed"),
        ("https://example.org/a b", "webhook.url_malformed"),
        ("https://[::1/in", "webhook.url_malformed"),
        ("http://example.org/in", "webhook.url_insecure"),
        ("https://localhost/in", "webhook.url_inside"),
        ("https://192.168.0.10/in", "webhook.url_inside"),
        ("https://[::ffff:10.0.0.1]/in", "webhook.url_inside"),
    ],
)
def test_an_address_that_cannot_be_delivered_to_is_refused(url: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_url(url, to_loopback=False)

    assert refused.value.code == code


def test_a_good_address_is_kept_without_its_fragment() -> None:
    assert check_url(" https://example.org/in?a=1#x ", to_loopback=False) == "https://example.org/in?a=1"


# --- what the administrator does ---


async def test_a_test_goes_the_way_of_facts_and_is_not_repeated(house: House, admin: Desk, there: Endpoint) -> None:
    webhook_id, secret = await subscribed(admin, there.url)
    await admin.post(f"/webhooks/{webhook_id}/pause")
    await happened(house, "plan.done")

    await admin.post(f"/webhooks/{webhook_id}/test")
    await carried(house)
    good = (await seen(admin, webhook_id))["last_test"]
    there.behave = status(500)
    await admin.post(f"/webhooks/{webhook_id}/test")
    await carried(house)
    house.clock.move_to(NOW + timedelta(days=1))
    await carried(house)

    admin = await house.sign_in(Role.ADMINISTRATOR)
    bad = (await seen(admin, webhook_id))["last_test"]
    assert [one.fact["kind"] for one in there.received] == ["webhook.test"] * 2
    assert there.received[0].signed_by(secret)
    assert (good["state"], bad["state"], bad["last_status"]) == ("delivered", "failed", 500)


async def test_a_new_secret_signs_beside_the_old_one_for_a_day(house: House, admin: Desk, there: Endpoint) -> None:
    webhook_id, old = await subscribed(admin, there.url)
    new = (await admin.post(f"/webhooks/{webhook_id}/secret")).json()["secret"]
    await happened(house, "plan.done")
    await carried(house)
    house.clock.move_to(NOW + timedelta(hours=25))
    await happened(house, "plan.failed")
    await carried(house)

    within, after = there.received
    assert new != old
    assert within.signed_by(new)
    assert within.signed_by(old)
    assert after.signed_by(new)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(after.body, after.headers)


async def test_a_secret_is_shown_once_and_lies_sealed(house: House, admin: Desk, there: Endpoint) -> None:
    _, secret = await subscribed(admin, there.url)

    listed = (await admin.get("/webhooks")).text
    async with house.session() as session:
        stored = bytes((await session.execute(text("select secret from webhook"))).scalar_one())

    assert secret not in listed
    assert secret.encode() not in stored
    assert secret not in (await admin.get("/audit")).text


async def test_a_paused_subscription_sends_nothing_and_an_ended_one_never_again(
    house: House, admin: Desk, there: Endpoint
) -> None:
    webhook_id, _ = await subscribed(admin, there.url)
    await admin.post(f"/webhooks/{webhook_id}/pause")
    await happened(house, "plan.done")
    await carried(house)
    paused = await seen(admin, webhook_id)
    await admin.post(f"/webhooks/{webhook_id}/resume")
    await carried(house)
    await admin.post(f"/webhooks/{webhook_id}/end")
    await happened(house, "plan.failed")
    await carried(house)

    assert (paused["condition"], paused["backlog"]) == ("paused", 1)
    assert [one.fact["kind"] for one in there.received] == ["plan.done"]
    refused = await admin.post(f"/webhooks/{webhook_id}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook.ended")


async def test_where_no_loopback_is_allowed_an_inner_address_is_refused_in_words(admin: Desk) -> None:
    wanted = {"name": "x", "scopes": ALL}

    private = await admin.post("/webhooks", json={**wanted, "url": "https://10.0.0.5/in"})
    nothing = await admin.post("/webhooks", json={**wanted, "url": "https://example.org/in", "scopes": []})

    assert (private.status_code, private.json()["code"]) == (422, "webhook.url_inside")
    assert nothing.json()["code"] == "webhook.scopes_missing"
