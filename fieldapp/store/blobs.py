"""Bytes by the digest of their content, in a folder or a bucket."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.ids import Sha256, sha256

log = logging.getLogger("fieldapp.blobs")


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
        try:
            await obstore.put_async(self._store, _path(digest), content)
        except (OSError, BaseError):
            log.exception("a blob could not be written")
            raise Refusal("document.cannot_be_kept", kind=Kind.UNAVAILABLE) from None
        return digest

    async def get(self, digest: str) -> bytes:
        """The bytes of that digest. Raises Refusal `document.not_arrived` where there are none."""
        try:
            found = await obstore.get_async(self._store, _path(digest))
        except FileNotFoundError:
            raise Refusal("document.not_arrived", kind=Kind.MISSING) from None
        return bytes(await found.bytes_async())


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}"
