"""Signing in and out, phones and their keys, and what every answer carries, whoever asks."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from litestar import Litestar
from litestar.exceptions import NotFoundException
from sqlmodel import col, select

from fieldapp.app import create_app
from fieldapp.domain.access import Role
from fieldapp.routes import faces
from fieldapp.services.access import LOCKED_FOR, MAX_FAILURES
from fieldapp.settings import Settings
from fieldapp.store.tables import AuditEntry
from tests.conftest import NOW
from tests.flows.conftest import BASE, PASSWORD, Desk, House, a_person
from tests.flows.phone import FieldPhone, url64

ROOT = "http://testserver.local"


async def stranger(house: House) -> Desk:
    """A browser with a CSRF token and nobody signed in."""
    client = house.client()
    await client.get(f"{BASE}/clock")
    return Desk(client, house.identity())


async def try_password(desk: Desk, password: str, login: str = "back_office") -> httpx.Response:
    return await desk.post("/session", json={"login": login, "password": password})


def code(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def a_point() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


# --- passwords ---


async def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(house: House) -> None:
    desk = await stranger(house)

    wrong = await try_password(desk, "not this one")
    unknown = await try_password(desk, PASSWORD, login="who-is-this")

    assert code(wrong) == (401, "access.wrong_password")
    assert wrong.content == unknown.content
    assert "fieldapp_session" not in desk.http.cookies


async def test_a_login_is_found_whatever_its_case_and_blanks(house: House) -> None:
    answer = await try_password(await stranger(house), PASSWORD, login="  Back_Office ")

    assert answer.status_code == 200


async def test_five_failures_lock_even_the_right_password_until_the_pause_is_over(house: House) -> None:
    desk = await stranger(house)
    for _ in range(MAX_FAILURES):
        await try_password(desk, "not this one")

    locked = await try_password(desk, PASSWORD)
    house.clock.move_to(NOW + LOCKED_FOR)
    later = await try_password(desk, PASSWORD)

    assert code(locked) == (429, "access.locked")
    assert locked.json()["details"] == {"minutes": 5}
    assert later.status_code == 200


async def test_a_success_forgets_the_failures_before_it(house: House) -> None:
    desk = await stranger(house)

    for _ in range(2):
        for _ in range(MAX_FAILURES - 1):
            await try_password(desk, "not this one")
        assert (await try_password(desk, PASSWORD)).status_code == 200


async def test_who_has_left_cannot_sign_in_and_their_session_ends(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    async with house.session() as session:
        person = await session.merge(house.people[Role.BACK_OFFICE])
        person.active = False

    assert (await desk.get("/session")).status_code == 401
    assert code(await try_password(await stranger(house), PASSWORD)) == (401, "access.wrong_password")


# --- sessions ---


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House, settings: Settings) -> None:
    secure = create_app(settings.model_copy(update={"secure_cookies": True}), parts=house.parts)
    cookies = []
    for app, base in ((house.app, BASE), (secure, BASE.replace("http:", "https:"))):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
            token = (await client.get(f"{base}/clock")).cookies["csrftoken"]
            body = {"login": "agent", "password": PASSWORD}
            answer = await client.post(f"{base}/session", json=body, headers={"x-csrftoken": token})
            cookies.append(next(c for c in answer.headers.get_list("set-cookie") if c.startswith("fieldapp_session")))

    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
    assert ["Secure" in cookie for cookie in cookies] == [False, True]


async def test_the_token_is_stored_as_a_digest_only(house: House) -> None:
    desk = await house.sign_in(Role.AGENT)
    token = desk.http.cookies["fieldapp_session"]

    async with house.session() as session:
        connection = await session.connection()
        stored = (await connection.exec_driver_sql("select token_digest from sign_in")).scalars().all()

    assert stored
    assert token not in stored


@pytest.mark.parametrize(
    "headers",
    [
        {},  # no token at all: another site's form
        {"x-csrftoken": "made up"},  # a guess
    ],
)
async def test_a_write_without_the_csrf_token_is_refused(house: House, headers: dict[str, str]) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)

    answer = await desk.http.delete(f"{BASE}/session", headers=headers)

    assert code(answer) == (403, "access.forbidden")
    assert (await desk.get("/session")).status_code == 200


async def test_signing_out_ends_the_session_for_whoever_kept_its_token(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    kept = desk.http.cookies["fieldapp_session"]

    left = await desk.delete("/session")
    thief = house.client()
    again = await thief.get(f"{BASE}/session", headers={"cookie": f"fieldapp_session={kept}"})

    assert left.status_code == 204
    assert code(again) == (401, "access.sign_in_needed")


async def test_a_session_ends_by_itself(house: House) -> None:
    desk = await house.sign_in(Role.BACK_OFFICE)
    before = await desk.get("/session")

    house.clock.move_to(NOW + timedelta(hours=house.parts.session_hours))
    after = await desk.get("/session")

    assert before.json()["person"]["role"] == "back_office"
    assert code(after) == (401, "access.sign_in_needed")


# --- phones ---


async def test_enrolling_the_same_key_again_gives_the_same_phone(house: House) -> None:
    desk = await house.sign_in(Role.AGENT)
    body = {"name": "Telefono", "public_key": url64(a_point())}

    first = await desk.post("/devices", json=body)
    second = await desk.post("/devices", json=body)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()


async def test_two_phones_have_series_of_their_own(house: House) -> None:
    desk = await house.sign_in(Role.AGENT)

    answers = [await desk.post("/devices", json={"name": "Telefono", "public_key": url64(a_point())}) for _ in range(2)]

    assert [answer.json()["blocks"][0]["series"] for answer in answers] == ["A1", "A2"]


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        ("", "ES256"),  # nothing
        (url64(b"\x04" + b"x" * 63), "ES256"),  # one byte short
        (url64(b"\x02" + b"x" * 64), "ES256"),  # a compressed point's mark
        ("ä" * 87, "ES256"),  # not base64url
        (url64(b"\x04" + b"\xff" * 64), "ES256"),  # no point of the curve
        (url64(b"\x04" + b"x" * 64), "EdDSA"),  # another algorithm
    ],
)
async def test_a_malformed_key_is_refused(house: House, key: str, alg: str) -> None:
    desk = await house.sign_in(Role.AGENT)

    answer = await desk.post("/devices", json={"name": "Telefono", "public_key": key, "alg": alg})

    assert code(answer) == (422, "device.key_unusable")


async def test_a_phone_belongs_to_the_person_who_enrolled_it(house: House) -> None:
    colleague = a_person(house.agency_id, Role.AGENT, login="collega", number="2")
    async with house.session() as session:
        session.add(colleague)
    body = {"name": "Telefono", "public_key": url64(a_point())}
    await (await house.sign_in(Role.AGENT)).post("/devices", json=body)

    answer = await (await house.sign_in(person=colleague)).post("/devices", json=body)

    assert code(answer) == (403, "device.belongs_to_another")


async def phone_of(house: House) -> FieldPhone:
    return await FieldPhone.enrol(await house.sign_in(Role.AGENT), house.client(), agent_number="1")


async def test_a_revoked_phone_is_shut_out_and_says_so(house: House) -> None:
    phone = await phone_of(house)
    desk = await house.sign_in(Role.ADMINISTRATOR)

    revoked = await desk.post(f"/devices/{phone.device_id}/revoke")
    answer = await phone.request("GET", "/field/day")

    assert revoked.status_code == 200
    assert code(answer) == (403, "access.device_revoked")


async def test_a_read_is_answered_once_for_each_counter(house: House) -> None:
    phone = await phone_of(house)

    # The highest so far, and what was used of the 63 below it.
    highest, used = 0, set[int]()
    draw = random.Random(5)
    for step in range(120):
        counter = draw.choice((highest, highest + 1, highest - 1, highest - 62, highest - 63, highest - 64, 0))
        if step % 4 == 0:
            counter = highest + draw.choice((1, 2, 62, 63, 64, 1_000))
        elif step % 4 == 1:
            counter = highest - draw.randrange(70)
        counter = max(counter, 0)
        free = counter > highest or (counter > 0 and highest - 63 <= counter and counter not in used)
        answer = await phone.request("GET", "/field/push", counter=counter)

        assert code(answer) == ((200, None) if free else (401, "access.request_replayed")), (counter, highest)
        if free:
            highest = max(highest, counter)
            used.add(counter)


async def test_reads_sent_side_by_side_may_overtake_each_other(house: House) -> None:
    phone = await phone_of(house)
    counters = list(range(1, 41))
    random.Random(1).shuffle(counters)

    answers = await asyncio.gather(*(phone.request("GET", "/field/push", counter=one) for one in counters))
    again = await asyncio.gather(*(phone.request("GET", "/field/push", counter=one) for one in counters))

    assert {answer.status_code for answer in answers} == {200}
    assert {code(answer) for answer in again} == {(401, "access.request_replayed")}


@pytest.mark.parametrize("counter", [-1, 2**63, 10**30])
async def test_a_counter_out_of_range_is_no_valid_signature(house: House, counter: int) -> None:
    answer = await (await phone_of(house)).request("GET", "/field/day", counter=counter)

    assert code(answer) == (401, "access.signature_invalid")


@pytest.mark.parametrize(
    "changes",
    [
        {"x-signature": url64(b"s" * 64)},  # made up
        {"x-signature": ""},  # none
        {"x-signature": "A"},  # not base64url
        {"x-counter": "2"},  # another counter than was signed
        {"x-counter": "one"},  # not a number
        {"x-device": "not-a-device"},  # not an id
        {"x-device": "0192d3f0-0000-7000-8000-000000000000"},  # nobody's phone
    ],
)
async def test_what_a_phone_did_not_sign_is_not_from_it(house: House, changes: dict[str, str]) -> None:
    phone = await phone_of(house)
    sent: dict[str, Any] = {}
    client = house.client()

    async def changed(request: httpx.Request) -> None:
        sent.update(request.headers)
        for name, value in changes.items():
            request.headers[name] = value

    client.event_hooks = {"request": [changed]}
    phone.http = client
    answer = await phone.request("GET", "/field/day")

    assert sent["x-device"] == str(phone.device_id)
    assert code(answer) == (401, "access.signature_invalid")


async def test_a_signed_request_cannot_be_sent_to_another_place(house: House) -> None:
    phone = await phone_of(house)
    client = house.client()

    async def moved(request: httpx.Request) -> None:
        request.url = request.url.copy_with(query=b"day=2026-11-27")

    client.event_hooks = {"request": [moved]}
    phone.http = client

    assert code(await phone.request("GET", "/field/day")) == (401, "access.signature_invalid")


# --- the register ---


async def test_the_register_says_who_came_and_went_and_which_phone_fetched_its_day(house: House) -> None:
    phone = await phone_of(house)
    await phone.request("GET", "/field/day")
    desk = await house.sign_in(Role.ADMINISTRATOR)
    await desk.delete("/session")

    async with house.session() as session:
        query = select(AuditEntry).order_by(col(AuditEntry.number))
        entries = (await session.exec(query)).all()

    agent, administrator = house.people[Role.AGENT].id, house.people[Role.ADMINISTRATOR].id
    assert [(entry.action, entry.person_id, entry.device_id) for entry in entries] == [
        ("session.started", agent, None),
        ("device.enrolled", agent, None),
        ("day.fetched", agent, phone.device_id),
        ("session.started", administrator, None),
        ("session.ended", administrator, None),
    ]


async def test_who_gives_a_wrong_password_starts_no_session(house: House) -> None:
    await try_password(await stranger(house), "not this one")

    async with house.session() as session:
        assert (await session.exec(select(AuditEntry))).all() == []


# --- the clock, the demo ---


async def test_the_clock_of_a_real_service_is_not_moved(house: House) -> None:
    desk = await house.sign_in(Role.ADMINISTRATOR)

    answer = await desk.post("/demo/clock", json={"now": "2026-11-27T08:00:00Z"})

    assert code(answer) == (403, "clock.not_a_demo")
    assert (await desk.get("/demo/sign-ins")).json() == []


async def test_a_demo_shows_a_sign_in_for_each_role(house: House, settings: Settings) -> None:
    parts = replace(house.parts, demo=True)
    app = create_app(settings.model_copy(update={"demo": True}), parts=parts)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        offers = (await client.get(f"{BASE}/demo/sign-ins")).json()

    assert sorted(offer["role"] for offer in offers) == sorted(role.value for role in Role)
    assert {offer["login"] for offer in offers} == {role.value for role in Role}


async def test_a_demos_administrator_moves_its_clock_for_everybody_and_it_is_on_record(house: House) -> None:
    house.clock.demo = True
    desk = await house.sign_in(Role.ADMINISTRATOR)

    answer = await desk.post("/demo/clock", json={"now": "2026-11-26T10:30:00Z"})
    seen = (await house.client().get(f"{BASE}/clock")).json()

    assert answer.json() == seen
    assert (seen["now"], seen["demo"]) == ("2026-11-26T10:30:00Z", True)
    async with house.session() as session:
        moved = (await session.exec(select(AuditEntry).where(AuditEntry.action == "clock.moved"))).one()
    assert moved.details == {"to": "2026-11-26T10:30:00+00:00"}


# --- what every answer carries ---


async def everywhere(house: House) -> list[httpx.Response]:
    """Answers of every kind: the API's, a face's, refusals, faults of routing."""
    desk = await house.sign_in(Role.BACK_OFFICE)
    return [
        await desk.get("/clock"),
        await desk.get("/practices/nobody"),
        await desk.get("/audit"),
        await desk.post("/session", json={}),
        await house.client().get(f"{ROOT}/"),
        await house.client().get(f"{ROOT}/agent"),
        await house.client().get(f"{ROOT}/agent/nothing.js"),
        await house.client().get(f"{ROOT}/nowhere"),
        await house.client().post(f"{ROOT}/api/v1/session", json={}),
        await house.client().put(f"{ROOT}/api/v1/clock"),
    ]


async def test_every_answer_carries_the_security_headers_once(house: House) -> None:
    for answer in await everywhere(house):
        agent = {"content-security-policy": faces.AGENT_POLICY} if answer.url.path.startswith("/agent") else {}
        for name, value in (faces.HEADERS | agent).items():
            assert answer.headers.get_list(name) == [value], (str(answer.url), answer.status_code, name)


def test_the_policy_lets_nothing_leave_for_another_service() -> None:
    def sources(policy: str) -> set[str]:
        return {word for rule in policy.split("; ") for word in rule.split()[1:]}

    assert sources(faces.POLICY) == {"'self'", "'none'", "blob:", "data:"}
    assert sources(faces.AGENT_POLICY) - sources(faces.POLICY) == {"'wasm-unsafe-eval'"}


async def test_every_refusal_is_a_problem_with_a_stable_code(house: House) -> None:
    for answer in await everywhere(house):
        if answer.status_code < 400:
            continue
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", str(answer.url)
        assert set(told) == {"type", "title", "status", "code", "detail", "details"}
        assert told["type"] == f"urn:fieldapp:{told['code']}"
        assert told["status"] == answer.status_code
        assert told["detail"] != told["code"], "words are missing"


async def test_a_malformed_body_says_where_and_echoes_no_value(house: House) -> None:
    desk = await stranger(house)

    answer = await desk.post("/session", json={"login": "agent", "password": 123456789})

    assert code(answer) == (422, "request.malformed")
    assert "password" in answer.json()["details"]["places"][0]
    assert "123456789" not in answer.text


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ("it-IT,it;q=0.9", "Nome utente"),
        ("en-GB,en;q=0.8", "Login"),
        ("fr", "L'identifiant"),
        ("de-AT", "Nome utente"),  # a language that we do not have
        ("", "Nome utente"),
    ],
)
async def test_words_come_in_the_language_that_the_browser_prefers(house: House, asked: str, begins: str) -> None:
    desk = await stranger(house)
    desk.http.headers["accept-language"] = asked

    assert (await try_password(desk, "not this one")).json()["detail"].startswith(begins)


# --- the faces ---


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("nobody reads this")
    for name, content in (
        ("agent/index.html", "<title>agent</title>"),
        ("agent/sw.js", "self"),
        ("agent/manifest.webmanifest", "{}"),
        ("agent/assets/main-abc.js", "app"),
        ("desk/index.html", "<title>desk</title>"),
    ):
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "dist"


@pytest.fixture
async def browser(dist: Path) -> Any:
    app = Litestar(faces.handlers(dist, authority=dist / "ca.crt"), openapi_config=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT) as client:
        yield client


async def test_the_front_door_leads_to_the_desk_and_faces_end_in_a_slash(browser: httpx.AsyncClient) -> None:
    places = [(await browser.get(path)).headers["location"] for path in ("/", "/agent", "/desk")]

    assert places == ["/desk/", "/agent/", "/desk/"]


async def test_a_place_inside_the_app_answers_with_its_page(browser: httpx.AsyncClient) -> None:
    pages = [(await browser.get(path)).text for path in ("/agent/", "/agent/stop/12", "/desk/practices")]

    assert pages == ["<title>agent</title>", "<title>agent</title>", "<title>desk</title>"]


async def test_named_assets_are_kept_for_ever_and_all_else_is_asked_for(browser: httpx.AsyncClient) -> None:
    caching = {
        path: (await browser.get(path)).headers["cache-control"]
        for path in ("/agent/assets/main-abc.js", "/agent/", "/agent/sw.js")
    }

    assert "immutable" in caching["/agent/assets/main-abc.js"]
    assert caching["/agent/"] == caching["/agent/sw.js"] == "no-cache"


async def test_files_come_with_their_media_type(browser: httpx.AsyncClient) -> None:
    kinds = [
        (await browser.get(path)).headers["content-type"].partition(";")[0]
        for path in ("/agent/sw.js", "/agent/manifest.webmanifest", "/agent/")
    ]

    assert kinds == ["text/javascript", "application/manifest+json", "text/html"]


@pytest.mark.parametrize(
    "path",
    [
        "/agent/missing.js",  # a file that is not there is not the page
        "/agent/%2e%2e/%2e%2e/secret",  # encoded dots
        "/agent/..%2f..%2fsecret",  # encoded slashes
        "/agent/%2e%2e/desk/index.html",  # the other face through this one
        "/agent//etc/passwd.txt",  # an absolute path
        "/agent/assets/..%5c..%5csecret.txt",  # backslashes
        "/agent/assets/main-abc.js%00.html",  # a null byte
    ],
)
async def test_no_path_leads_out_of_the_built_app(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)

    assert answer.status_code == 404
    assert "nobody reads" not in answer.text


@pytest.mark.parametrize("path", ["../secret", "/../../secret", "assets/../../desk/index.html", "../agent-old/x"])
def test_a_file_is_only_served_from_below_its_face(dist: Path, path: str) -> None:
    with pytest.raises(NotFoundException):
        faces.face_file(dist / "agent", path)
