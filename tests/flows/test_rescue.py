"""Sealed work reaches the office: from a wiped phone, a revoked one, or as a file; never another's, never forged."""

from __future__ import annotations

import base64
import json
import os
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlmodel import select

from fieldapp.domain.access import Role
from fieldapp.domain.ids import sha256
from fieldapp.store import tables
from tests.flows.conftest import Desk, House
from tests.flows.phone import FieldPhone, a_report, url64
from tests.flows.test_sync import AT, count, one_stop, paid_report, phone_of, verdicts


def sealed(office_key: str, device: UUID, kind: str, key: str, content: bytes) -> dict[str, str]:
    """As a phone seals what it writes: a key of its own for the item, that key for the office."""
    point = base64.urlsafe_b64decode(office_key + "==")
    own = ec.generate_private_key(ec.SECP256R1())
    own_point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    wrapping = HKDF(hashes.SHA256(), 32, salt=None, info=b"fieldapp sealed item v1" + own_point).derive(shared)
    label = f"{device}|{kind}|{key}".encode()
    item_key, nonces = os.urandom(32), (os.urandom(12), os.urandom(12))
    return {
        "kind": kind,
        "key": key,
        "wrapped": url64(own_point + nonces[0] + AESGCM(wrapping).encrypt(nonces[0], item_key, label)),
        "content": url64(nonces[1] + AESGCM(item_key).encrypt(nonces[1], content, label)),
    }


def held(envelope: dict[str, Any]) -> bytes:
    """An envelope's record as it lies on a phone."""
    return json.dumps({**envelope, "written_ms": 0, "pictures": []}).encode()


async def full_outbox(house: House) -> tuple[FieldPhone, list[dict[str, str]]]:
    """A phone with a paid visit, a call and two pictures that nobody has seen yet, sealed."""
    phone, stop = await one_stop(house)
    office_key = (await phone.request("GET", "/field/day")).json()["office_key"]
    written = [
        phone.envelope("visit", paid_report(phone, stop, 15_000), at=AT),
        phone.envelope("visit", a_report(stop, at=AT), at=AT),
    ]
    items = [sealed(office_key, phone.device_id, "envelope", e["id"], held(e)) for e in written]
    items += [sealed(office_key, phone.device_id, "original", sha, raw) for sha, raw in phone.blobs.items()]
    return phone, items


def bundle(phone: FieldPhone, items: list[dict[str, str]], **changes: Any) -> bytes:
    signed = json.dumps({"v": 1, "device": str(phone.device_id), "items": items} | changes)
    return json.dumps({"signed": signed, "signature": phone.sign(signed.encode())}).encode()


async def revoked(house: House, phone: FieldPhone) -> None:
    await (await house.sign_in(Role.ADMINISTRATOR)).post(f"/devices/{phone.device_id}/revoke")


async def brought(desk: Desk, content: bytes) -> httpx.Response:
    return await desk.post("/rescues", files={"file": ("recupero.fieldapp", content, "application/octet-stream")})


def counted(answer: httpx.Response) -> tuple[int, int, int]:
    assert answer.status_code in (200, 201), answer.text
    row = answer.json()["row"]
    return row["waiting"], row["accepted"], row["refused"]


async def everything_is_in_the_office(house: House) -> None:
    assert await count(house, tables.Visit) == 2
    assert await count(house, tables.Payment) == 1
    async with house.session() as session:
        assert (await session.exec(select(tables.Attachment.stored))).all() == [True, True]
        writers = set((await session.exec(select(tables.Visit.agent_id))).all())
    assert writers == {house.people[Role.AGENT].id}


async def test_a_wiped_phone_delivers_its_full_outbox_sealed(house: House) -> None:
    phone, items = await full_outbox(house)

    answer = await phone.request("POST", "/field/rescue", content=bundle(phone, items))

    assert counted(answer) == (0, 4, 0)
    await everything_is_in_the_office(house)


async def test_a_revoked_phone_delivers_into_quarantine_and_the_office_accepts(house: House) -> None:
    phone, items = await full_outbox(house)
    await revoked(house, phone)

    delivered = await phone.request("POST", "/field/rescue", content=bundle(phone, items))
    assert counted(delivered) == (4, 0, 0)
    assert await count(house, tables.Visit) == 0
    office = await house.sign_in(Role.BACK_OFFICE)
    [task] = (await office.get("/tasks", params={"kind": "rescue.waiting"})).json()
    accepted = await office.post(f"/rescues/{phone.device_id}/accept")

    assert counted(accepted) == (0, 4, 0)
    await everything_is_in_the_office(house)
    assert (task["subject_kind"], task["subject_id"]) == ("device", str(phone.device_id))
    assert (await office.get("/tasks", params={"kind": "rescue.waiting", "state": "open"})).json() == []


async def test_a_revoked_phone_learns_the_verdicts_and_nothing_else(house: House) -> None:
    phone, items = await full_outbox(house)
    await revoked(house, phone)
    keys = json.dumps({"keys": [item["key"] for item in items]}).encode()
    await phone.request("POST", "/field/rescue", content=bundle(phone, items))

    before = (await phone.request("POST", "/field/rescue/states", content=keys)).json()
    await (await house.sign_in(Role.BACK_OFFICE)).post(f"/rescues/{phone.device_id}/accept")
    after = (await phone.request("POST", "/field/rescue/states", content=keys)).json()
    day = await phone.request("GET", "/field/day")
    pushed = await phone.push()

    assert {item["state"] for item in before} == {"waiting"}
    assert {item["state"] for item in after} == {"accepted"}
    assert (day.status_code, pushed.status_code) == (403, 403)


async def test_a_phone_whose_agent_has_left_may_still_hand_over(house: House) -> None:
    phone, items = await full_outbox(house)
    async with house.session() as session:
        (await session.get_one(tables.Person, house.people[Role.AGENT].id)).active = False

    assert (await phone.request("GET", "/field/day")).status_code == 403
    assert counted(await phone.request("POST", "/field/rescue", content=bundle(phone, items))) == (4, 0, 0)


async def test_a_rescue_file_of_a_wiped_phone_is_taken_in_at_the_desk(house: House) -> None:
    phone, items = await full_outbox(house)
    office = await house.sign_in(Role.BACK_OFFICE)

    waiting = counted(await brought(office, bundle(phone, items)))
    listed = (await office.get("/rescues")).json()
    accepted = counted(await office.post(f"/rescues/{phone.device_id}/accept"))

    assert (waiting, accepted) == ((4, 0, 0), (0, 4, 0))
    assert [row["person_name"] for row in listed] == [house.people[Role.AGENT].name]
    await everything_is_in_the_office(house)


async def test_the_same_bundle_by_every_way_changes_nothing_more(house: House) -> None:
    phone, items = await full_outbox(house)
    office = await house.sign_in(Role.BACK_OFFICE)
    for _ in range(2):
        await phone.request("POST", "/field/rescue", content=bundle(phone, items))
        await brought(office, bundle(phone, items))
        await office.post(f"/rescues/{phone.device_id}/accept")

    await everything_is_in_the_office(house)
    assert await count(house, tables.RescuedItem) == 4


async def test_what_had_arrived_before_is_a_duplicate_and_counts_as_accepted(house: House) -> None:
    phone, stop = await one_stop(house)
    office_key = (await phone.request("GET", "/field/day")).json()["office_key"]
    envelope = phone.envelope("visit", a_report(stop, at=AT), at=AT)
    assert await verdicts(phone, envelope) == [("accepted", None)]

    item = sealed(office_key, phone.device_id, "envelope", envelope["id"], held(envelope))
    answer = await phone.request("POST", "/field/rescue", content=bundle(phone, [item]))

    assert counted(answer) == (0, 1, 0)
    assert await count(house, tables.Visit) == 1


async def test_a_bad_item_costs_only_itself_and_stays_to_be_looked_at(house: House) -> None:
    phone, items = await full_outbox(house)
    office_key = (await phone.request("GET", "/field/day")).json()["office_key"]
    strange = sealed(office_key, phone.device_id, "envelope", str(uuid4()), b"no envelope")

    answer = await phone.request("POST", "/field/rescue", content=bundle(phone, [strange, *items]))

    assert counted(answer) == (0, 4, 1)
    async with house.session() as session:
        query = select(tables.RescuedItem).where(tables.RescuedItem.state == "refused")
        kept = (await session.exec(query)).one()
    assert (kept.content, kept.code) == (b"no envelope", "rescue.unreadable")


@pytest.mark.parametrize("stopped", [False, True])
async def test_an_open_visit_with_money_in_it_comes_to_a_person(house: House, stopped: bool) -> None:
    phone, stop = await one_stop(house)
    office_key = (await phone.request("GET", "/field/day")).json()["office_key"]
    payment = paid_report(phone, stop, 15_000)["payments"][0]
    draft = {
        "v": 1,
        "stop": {"practice": {"practice_number": stop["practice"]["practice_number"]}},
        "payments": [payment],
    }
    key = f"draft:{stop['stop_id']}"
    item = sealed(office_key, phone.device_id, "draft", key, json.dumps(draft).encode())
    office = await house.sign_in(Role.BACK_OFFICE)
    if stopped:
        await revoked(house, phone)

    answer = await phone.request("POST", "/field/rescue", content=bundle(phone, [item]))
    if stopped:
        assert counted(answer) == (1, 0, 0)
        answer = await office.post(f"/rescues/{phone.device_id}/accept")

    assert counted(answer) == (0, 0, 1)
    assert [(one["key"], one["code"]) for one in answer.json()["items"]] == [(key, "rescue.unfinished_visit")]
    [task] = (await office.get("/tasks", params={"kind": "rescue.unfinished_visit"})).json()
    series = (await office.get("/devices")).json()[0]["series"]
    assert task["details"] == {
        "series": series,
        "practice": stop["practice"]["practice_number"],
        "receipts": f"{series}-{payment['receipt']['value']['number']:06d}",
        "amount_cents": "15000",
    }


async def test_an_open_visit_that_cannot_be_read_comes_to_a_person_all_the_same(house: House) -> None:
    phone, _ = await one_stop(house)
    office_key = (await phone.request("GET", "/field/day")).json()["office_key"]
    items = [
        sealed(office_key, phone.device_id, "draft", f"draft:{at}", content)
        for at, content in enumerate((b"no json", b"[]", b'{"stop": null, "payments": 3}', b"\xff"))
    ]

    answer = await phone.request("POST", "/field/rescue", content=bundle(phone, items))

    assert counted(answer) == (0, 0, 4)
    assert (
        len(
            (
                await (await house.sign_in(Role.BACK_OFFICE)).get("/tasks", params={"kind": "rescue.unfinished_visit"})
            ).json()
        )
        == 4
    )


def swapped(items: list[dict[str, str]]) -> list[dict[str, str]]:
    first, second, *rest = items
    return [first | {"content": second["content"]}, second | {"content": first["content"]}, *rest]


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        # Somebody knows the office's public key and makes up reports under an agent's name
        ("forged", "rescue.signature_invalid"),
        # Two items change their contents
        ("swapped", "rescue.sealed_otherwise"),
        # One bit is another
        ("bent", "rescue.sealed_otherwise"),
        # Half a file
        ("cut", "rescue.unreadable"),
        # Another program's file
        ("strange", "rescue.unreadable"),
        # A later version of the file
        ("later", "rescue.version_unknown"),
        # A phone that was never here
        ("unknown", "device.unknown"),
    ],
)
async def test_nothing_is_taken_of_what_is_not_whole_and_the_phones_own(house: House, attack: str, code: str) -> None:
    phone, items = await full_outbox(house)
    stranger = await phone_of(house)
    office = await house.sign_in(Role.BACK_OFFICE)
    whole = bundle(phone, items)
    first = items[0]["content"]
    bent = dict(items[0], content=("B" if first[0] == "A" else "A") + first[1:])
    contents = {
        "forged": json.dumps(
            json.loads(whole) | {"signature": stranger.sign(json.loads(whole)["signed"].encode())}
        ).encode(),
        "swapped": bundle(phone, swapped(items)),
        "bent": bundle(phone, [bent, *items[1:]]),
        "cut": whole[: len(whole) // 2],
        "strange": b"%PDF-1.7",
        "later": bundle(phone, items, v=2),
        "unknown": bundle(phone, items, device=str(uuid4())),
    }

    answer = await brought(office, contents[attack])

    assert answer.json()["code"] == code
    assert await count(house, tables.RescuedItem) == 0


async def test_a_phone_hands_over_only_its_own(house: House) -> None:
    phone, items = await full_outbox(house)
    stranger = await phone_of(house)

    answer = await stranger.request("POST", "/field/rescue", content=bundle(phone, items))

    assert (answer.status_code, answer.json()["code"]) == (403, "rescue.other_device")


async def test_another_agencys_office_cannot_take_the_file(house: House) -> None:
    phone, items = await full_outbox(house)
    _, _, neighbour = await house.other_agency()

    answer = await brought(await house.sign_in(person=neighbour), bundle(phone, items))

    assert (answer.status_code, answer.json()["code"]) == (404, "device.unknown")


async def test_the_private_key_lies_sealed_in_the_database(house: House) -> None:
    await full_outbox(house)
    async with house.session() as session:
        connection = await session.connection()
        raw = (await connection.exec_driver_sql("select private_sealed from office_key")).scalar_one()

    assert b"PRIVATE KEY" not in bytes(raw)
    assert sha256(bytes(raw))


# --- large items, in parts ---


async def send_part(phone: FieldPhone, content: bytes, *, offset: int, size: int, digest: str = "") -> httpx.Response:
    headers = {"upload-offset": str(offset), "upload-length": str(len(content))}
    path = f"/field/rescue/items/{digest or sha256(content)}"
    return await phone.request("PATCH", path, content=content[offset : offset + size], headers=headers)


def in_parts(item: dict[str, str]) -> tuple[dict[str, str], bytes]:
    """The item as a bundle names it once its content is there, and that content."""
    content = base64.urlsafe_b64decode(item["content"] + "==")
    return {**{name: item[name] for name in ("kind", "key", "wrapped")}, "held": sha256(content)}, content


@pytest.mark.parametrize("stopped", [False, True], ids=["wiped", "stopped"])
async def test_a_sealed_original_comes_in_parts_and_goes_on_where_it_broke_off(house: House, stopped: bool) -> None:
    phone, items = await full_outbox(house)
    if stopped:
        await revoked(house, phone)
    named, content = in_parts(items[-1])
    half = len(content) // 2

    first = await send_part(phone, content, offset=0, size=half)
    # The answer was lost: the phone begins anew and is told how far it is.
    mistaken = await send_part(phone, content, offset=0, size=10)
    early = await phone.request("POST", "/field/rescue", content=bundle(phone, [*items[:-1], named]))
    rest = await send_part(phone, content, offset=half, size=len(content))
    answer = await phone.request("POST", "/field/rescue", content=bundle(phone, [*items[:-1], named]))

    assert (first.json()["stored"], first.json()["offset"]) == (False, half)
    assert (mistaken.status_code, mistaken.json()["details"]) == (409, {"offset": half})
    assert (early.status_code, early.json()["code"]) == (409, "rescue.part_missing")
    assert rest.json()["stored"] is True
    assert counted(answer) == ((4, 0, 0) if stopped else (0, 4, 0))
    if stopped:
        await (await house.sign_in(Role.BACK_OFFICE)).post(f"/rescues/{phone.device_id}/accept")
    await everything_is_in_the_office(house)
    assert await count(house, tables.AttachmentUpload) == 0


async def test_parts_that_are_not_what_was_announced_are_gone_and_begin_anew(house: House) -> None:
    phone, items = await full_outbox(house)
    _, content = in_parts(items[-1])
    wrong = "0" * 64

    answer = await send_part(phone, content, offset=0, size=len(content), digest=wrong)

    assert (answer.status_code, answer.json()["code"]) == (409, "attachment.begun_anew")
    assert await count(house, tables.AttachmentUpload) == 0


async def test_another_phone_cannot_name_what_this_one_brought(house: House) -> None:
    phone, items = await full_outbox(house)
    other = await phone_of(house)
    named, content = in_parts(items[-1])
    await send_part(phone, content, offset=0, size=len(content))

    answer = await other.request("POST", "/field/rescue", content=bundle(other, [named]))

    assert (answer.status_code, answer.json()["code"]) == (409, "rescue.part_missing")


async def test_a_bundle_that_names_no_digest_is_unreadable(house: House) -> None:
    phone, items = await full_outbox(house)
    named, _ = in_parts(items[-1])

    answer = await phone.request("POST", "/field/rescue", content=bundle(phone, [{**named, "held": "../etc"}]))

    assert answer.json()["code"] == "rescue.unreadable"
