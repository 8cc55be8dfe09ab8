"""`python -m bench.office_receiver FILE`: a receiver of webhooks that does nothing but remember.

It prints its port. `GET` answers how many came; when told to end, FILE gets a line for each: fact, practice, attempt.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

_END = b"\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection, kept alive."""

    came: list[tuple[str, str, str]] = []  # noqa: RUF012  # shared by all connections on purpose

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while _END in self._held:
            head, _, rest = self._held.partition(_END)
            lines = head.decode().split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            length = int(fields.get("content-length", 0))
            if len(rest) < length:
                return
            self._held = rest[length:]
            self._take(lines[0], fields, rest[:length])

    def _take(self, request: str, fields: dict[str, str], body: bytes) -> None:
        if request.startswith("GET"):
            answer = str(len(self.came)).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(answer), answer))
            return
        fact = json.loads(body)
        self.came.append((fact["id"], fact["practice_id"] or "", fields["webhook-attempt"]))
        self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def main(file: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Receiver, "127.0.0.1", 0)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    file.write_text("\n".join("\t".join(one) for one in Receiver.came))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
