"""Files for creditors into OpenSSH's own server: delivered whole, said by name where it does not take them."""

from __future__ import annotations

from typing import Any

import pytest

from fieldapp.domain.ids import sha256
from fieldapp.services import outgoing_courier
from tests.conftest import NOW
from tests.flows.conftest import Desk, House
from tests.flows.openssh import SSHD, OpenSsh, openssh
from tests.flows.test_outgoing import a_day, at_their_hour, files_of, told

pytestmark = pytest.mark.skipif(SSHD is None, reason="no OpenSSH server here: scripts/ensure_sshd.py says why")


async def sent_to(house: House, server: OpenSsh, **changes: Any) -> tuple[Desk, dict[str, Any]]:
    admin, plan = await told(house, place="sftp", target=server.target(**changes))
    server.trust(plan["public_key"])
    return admin, plan


async def again(house: House) -> None:
    """Half an hour later, when what waits is tried anew."""
    house.clock.move_to(NOW.replace(hour=19))
    await outgoing_courier.wake_all(house.parts)
    await house.run_jobs()


async def test_a_file_lies_whole_under_its_name_and_again_as_the_same_bytes(house: House) -> None:
    await a_day(house)
    with openssh() as server:
        admin, plan = await sent_to(house, server)
        await at_their_hour(house)
        [file] = await files_of(admin, plan)
        first = server.files()

        await admin.post(f"/outgoing-files/{file['id']}/resend")
        await house.run_jobs()

        assert (file["state"], file["attempts"]) == ("delivered", 1)
        assert {name: sha256(content) for name, content in first.items()} == {file["name"]: file["sha256"]}
        assert server.files() == first
        [file] = await files_of(admin, plan)
        assert (file["state"], file["attempts"]) == ("delivered", 2)


async def test_the_servers_own_key_is_asked_for_before_anything_is_sent(house: House) -> None:
    with openssh() as server:
        admin, plan = await sent_to(house, server, host_key="")

        asked = await admin.post(f"/export-plans/{plan['id']}/host-key")

        assert asked.json()["host_key"] == server.host_key


async def test_a_server_that_has_no_more_room_in_the_middle_of_a_file_never_shows_half_of_it(house: House) -> None:
    await a_day(house)
    with openssh() as server:
        server.most_bytes = 100
        server.start()
        admin, plan = await sent_to(house, server)
        await at_their_hour(house)
        halfway, [failed] = server.files(), await files_of(admin, plan)
        server.most_bytes = None
        server.start()
        await again(house)

        assert [len(content) for content in halfway.values()] == [100]
        assert all(name.startswith(".") for name in halfway)
        assert (failed["state"], failed["last_failure"]) == ("waiting", "server_failed")
        [file] = await files_of(admin, plan)
        assert file["state"] == "delivered"
        assert sha256(server.files()[file["name"]]) == file["sha256"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("key", "login_refused"),
        ("host", "host_key_changed"),
        ("folder", "folder_missing"),
        ("rights", "not_allowed"),
        ("gone", "host_away"),
    ],
)
async def test_what_a_server_refuses_is_said_by_name_and_nothing_is_lost(house: House, what: str, why: str) -> None:
    await a_day(house)
    with openssh() as server:
        admin, plan = await sent_to(house, server, **({"folder": "/does/not/exist"} if what == "folder" else {}))
        if what == "key":
            server.trust("")
        elif what == "host":
            server.new_host_key()
            server.start()
        elif what == "rights":
            server.folder.chmod(0o555)
        elif what == "gone":
            server.stop()

        await at_their_hour(house)

        [file] = await files_of(admin, plan)
        assert (file["state"], file["last_failure"]) == ("waiting", why)
        assert server.files() == {}
