"""A real SFTP server on this machine, of asyncssh, over a folder: it takes files, and fails as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncssh


@dataclass
class Depot:
    """`cut_after`: the line is cut once so many bytes have come; `full`: writing answers that no room is left."""

    port: int
    root: Path
    host_key: str
    cut_after: int | None = None
    full: bool = False
    hangs_at: Literal["write", "rename"] | None = None
    """From there on nothing is answered, and `reached` is set."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    trusted: str = ""
    """The public key that may sign in."""
    opened: list[str] = field(default_factory=list)
    """Files that were opened for writing, in order."""

    def target(self, **changes: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "esiti",
            "folder": "",
            "host_key": self.host_key,
            **changes,
        }

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.root.iterdir()) if path.is_file()}


def _files_of(depot: Depot) -> type[asyncssh.SFTPServer]:
    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
            self.line = chan.get_connection()
            self.taken = 0
            super().__init__(chan, chroot=str(depot.root).encode())

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            if pflags & asyncssh.FXF_WRITE:
                depot.opened.append(path.decode())
            return super().open(path, pflags, attrs)

        async def _hang(self) -> None:
            depot.reached.set()
            await asyncio.Event().wait()

        async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
            super().posix_rename(oldpath, newpath)
            if depot.hangs_at == "rename":
                await self._hang()

        async def write(self, file_obj: object, offset: int, data: bytes) -> int:
            if depot.hangs_at == "write":
                super().write(file_obj, offset, data[: len(data) // 2])
                await self._hang()
            if depot.full:
                raise asyncssh.SFTPNoSpaceOnFilesystem("no room")
            self.taken += len(data)
            if depot.cut_after is not None and self.taken > depot.cut_after:
                self.line.abort()
            return super().write(file_obj, offset, data)  # type: ignore[return-value]

    return Files


@asynccontextmanager
async def sftp_server(root: Path) -> AsyncIterator[Depot]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    depot = Depot(0, root, key.export_public_key().decode().strip())
    root.mkdir(parents=True, exist_ok=True)

    class Door(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:  # noqa: ARG002
            return True

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return username == "esiti" and key.export_public_key().decode().strip() == depot.trusted

    server = await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=_files_of(depot))
    depot.port = server.get_port()
    try:
        yield depot
    finally:
        server.close()
        await server.wait_closed()
