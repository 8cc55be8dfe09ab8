"""Bytes by the digest of their content, in a folder or a bucket."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256

log = logging.getLogger("fieldapp.blobs")


PARTS = "parts"
"""The quarantine of what comes in parts, apart from what is kept by digest."""
_PLACE = re.compile(r"^[0-9a-f-]+(/[0-9a-f-]+)*$")


class Blobs:
    """A content-addressed store: writing the same bytes twice is writing them once."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def at(cls, address: str) -> Blobs:
        """`file:///folder`, `memory:`, or the address of a bucket (`s3://`, `gs://`, `az://`)."""
        parts = urlsplit(address)
        if parts.scheme == "memory":
            return cls(MemoryStore())
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return cls(LocalStore(folder))
        return cls(from_url(address))

    async def put(self, content: bytes) -> Sha256:
        """Store `content`; its digest. Raises Refusal `document.cannot_be_kept` (a full disk, a bucket away)."""
        digest = sha256(content)
        await self._write(_path(digest), content)
        return digest

    async def put_part(self, place: str, content: bytes, *, at: int, now: datetime) -> str:
        """Keep a part in quarantine, under `place` (hexadecimal words and slashes); its name.

        Raises Refusal as `put`.
        """
        assert _PLACE.match(place), place
        name = f"{PARTS}/{place}/{at:09d}-{int(now.timestamp())}-{sha256(content)[:16]}"
        await self._write(name, content)
        return name

    async def joined(self, names: Iterable[str]) -> bytes | None:
        """The parts one after the other; None where one is gone."""
        try:
            found = [await (await obstore.get_async(self._store, name)).bytes_async() for name in names]
        except FileNotFoundError:
            return None
        return b"".join(bytes(part) for part in found)

    async def drop_parts(self, names: Iterable[str]) -> None:
        """Parts that nobody needs; what cannot be removed now is found by `drop_older_parts`."""
        for name in names:
            try:
                await obstore.delete_async(self._store, name)
            except FileNotFoundError:
                continue
            except (OSError, BaseError):
                log.exception("a part could not be removed")

    async def drop_place(self, place: str) -> None:
        """All parts of one place, also those that a process was killed over before it could say so."""
        found = [str(entry["path"]) for page in obstore.list(self._store, prefix=f"{PARTS}/{place}") for entry in page]
        await self.drop_parts(found)

    async def drop_older_parts(self, before: datetime) -> int:
        """Parts that were kept before then, also those that nothing names; how many."""
        old = [
            str(entry["path"])
            for page in obstore.list(self._store, prefix=PARTS)
            for entry in page
            if int(str(entry["path"]).rsplit("/", 1)[-1].split("-")[1]) < before.timestamp()
        ]
        await self.drop_parts(old)
        return len(old)

    async def _write(self, path: str, content: bytes) -> None:
        try:
            await obstore.put_async(self._store, path, content)
        except (OSError, BaseError):
            log.exception("a blob could not be written")
            raise Refusal("document.cannot_be_kept", kind=Kind.UNAVAILABLE) from None

    async def get(self, digest: str) -> bytes:
        """The bytes of that digest. Raises Refusal `document.not_arrived` where there are none."""
        try:
            found = await obstore.get_async(self._store, _path(digest))
        except FileNotFoundError:
            raise Refusal("document.not_arrived", kind=Kind.MISSING) from None
        return bytes(await found.bytes_async())


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}"
