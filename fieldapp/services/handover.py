"""Where files for creditors go: the desk, an SFTP server, a bucket, a folder of the house; how each is written to.

Bytes appear under their name whole or not at all: they are written beside it first, measured, then renamed. What lies
there already under the name, from a try whose end nobody saw, is read and not sent again.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncssh
import obstore
from obstore import exceptions as bucket_faults
from obstore.store import ObjectStore, from_url

from fieldapp.domain.errors import Kind, Refusal

LONGEST_S = 600.0
"""One hand-over, from the connection to the last byte; well below what a claim holds."""
_CONNECT_S = 20
_CHUNK = 32_768
_FOLDER = re.compile(r"[^\x00-\x1f]{0,300}")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,40}")
_BUCKET_KEYS = frozenset(
    {
        "access_key_id",
        "secret_access_key",
        "session_token",
        "service_account_key",
        "account_name",
        "account_key",
        "sas_key",
    }
)
"""What may be said of a bucket's keys: nothing that would turn the client elsewhere."""
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


class HandOverFailed(Exception):
    """Why a file is not there: a word that the desk has a sentence for."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _unusable(what: str) -> Refusal:
    return Refusal("export.target_unusable", kind=Kind.MALFORMED, details={"what": what})


def checked_target(place: str, target: Mapping[str, Any]) -> dict[str, Any]:
    """`target` as it is kept. Raises Refusal `export.target_unusable` with what is wrong."""
    prefix = str(target.get("prefix") or "esiti")
    if not _PREFIX.fullmatch(prefix):
        raise _unusable("prefix")
    if place == "sftp":
        return {"prefix": prefix, **_checked_server(target)}
    if place == "bucket":
        return {"prefix": prefix, **_checked_bucket(target)}
    if place == "folder":
        folder = str(target.get("folder", ""))
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", folder):
            raise _unusable("folder")
        return {"prefix": prefix, "folder": folder}
    return {"prefix": prefix}


def named_apart(place: str, target: dict[str, Any], others: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`target`, with a number behind its prefix where another plan's files of that name lie in the same place."""
    there = _where(target)
    taken = {other.get("prefix") for other in others if _where(other) == there} if place != "desk" else set()
    numbered = (f"{target['prefix'][:36]}-{number}" for number in itertools.count(2))
    prefix = next(name for name in itertools.chain([target["prefix"]], numbered) if name not in taken)
    return {**target, "prefix": prefix}


def _where(target: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in target.items() if name not in ("prefix", "host_key")}


def _checked_server(target: Mapping[str, Any]) -> dict[str, Any]:
    host, user, folder = (str(target.get(name, "")).strip() for name in ("host", "user", "folder"))
    port = target.get("port", 22)
    if not _HOST.fullmatch(host):
        raise _unusable("host")
    if not isinstance(port, int) or not 0 < port < 65_536:
        raise _unusable("port")
    if not 0 < len(user) <= 100:
        raise _unusable("user")
    if not _FOLDER.fullmatch(folder) or ".." in folder.split("/"):
        raise _unusable("folder")
    host_key = str(target.get("host_key") or "").strip()
    if host_key:
        try:
            asyncssh.import_public_key(host_key)
        except asyncssh.KeyImportError:
            raise _unusable("host_key") from None
    return {"host": host, "port": port, "user": user, "folder": folder, "host_key": host_key}


def _checked_bucket(target: Mapping[str, Any]) -> dict[str, Any]:
    parts = urlsplit(str(target.get("url", "")))
    if parts.scheme not in ("s3", "gs", "az") or not parts.netloc or ".." in parts.path.split("/"):
        raise _unusable("url")
    endpoint = str(target.get("endpoint") or "")
    if endpoint and urlsplit(endpoint).scheme != "https":
        raise _unusable("endpoint")
    return {"url": parts.geturl(), "endpoint": endpoint, "region": str(target.get("region") or "")}


def kept_secret(place: str, given: Mapping[str, str] | None, before: str | None) -> str | None:
    """What opens the place, as JSON. An SFTP server gets a key pair of ours that never leaves; a password if given."""
    old: dict[str, str] = json.loads(before) if before else {}
    if place == "sftp":
        kept = {"password": old.get("password", "")} if given is None else {"password": given.get("password", "")}
        own = old.get("private_key") or asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        return json.dumps({**kept, "private_key": own})
    if place == "bucket":
        if given is not None and not set(given) <= _BUCKET_KEYS:
            raise _unusable("secret")
        return json.dumps(dict(given) if given is not None else old)
    return None


def public_key(secret: str | None) -> str | None:
    """The key that the creditor's server has to know, in one line."""
    own = json.loads(secret).get("private_key") if secret else None
    return asyncssh.import_private_key(own).export_public_key().decode().strip() if own else None


async def ask_host_key(target: Mapping[str, Any]) -> tuple[str, str]:
    """The server's key and its fingerprint, for a person to compare. Raises Refusal `export.host_away`."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            key = await asyncssh.get_server_host_key(target["host"], target["port"], config=None)
    except (OSError, asyncssh.Error, TimeoutError):
        raise Refusal("export.host_away", kind=Kind.UNAVAILABLE) from None
    if key is None:
        raise Refusal("export.host_away", kind=Kind.UNAVAILABLE)
    return key.export_public_key().decode().strip(), key.get_fingerprint()


async def hand_over(
    place: str,
    target: Mapping[str, Any],
    secret: str | None,
    *,
    name: str,
    content: bytes,
    again: bool,
    root: Path | None,
) -> str:
    """Put `content` there as `name`: `sent`, or `found_there` where an earlier try had done so.

    `again`: somebody wants it sent once more, so that what lies there is replaced by the same bytes. `root`: under
    which folders of the house lie. Raises HandOverFailed.
    """
    opened: dict[str, str] = json.loads(secret) if secret else {}
    try:
        async with asyncio.timeout(LONGEST_S):
            if place == "sftp":
                return await _to_server(target, opened, name, content, again=again)
            if place == "bucket":
                return await _to_bucket(target, opened, name, content, again=again)
            if root is None:
                raise HandOverFailed("folder_missing")
            return await asyncio.to_thread(_to_folder, root / target["folder"], name, content, again=again)
    except TimeoutError:
        raise HandOverFailed("too_slow") from None


async def _to_server(
    target: Mapping[str, Any], opened: Mapping[str, str], name: str, content: bytes, *, again: bool
) -> str:
    if not target.get("host_key"):
        raise HandOverFailed("host_not_trusted")
    trusted = asyncssh.import_public_key(target["host_key"])
    try:
        async with (
            asyncssh.connect(
                target["host"],
                target["port"],
                username=target["user"],
                password=opened.get("password") or None,
                client_keys=[asyncssh.import_private_key(opened["private_key"])],
                known_hosts=([trusted], [], []),
                config=None,
                agent_path=None,
                connect_timeout=_CONNECT_S,
                login_timeout=_CONNECT_S,
                keepalive_interval=10,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            return await _write(sftp, target["folder"], name, content, again=again)
    except asyncssh.HostKeyNotVerifiable:
        raise HandOverFailed("host_key_changed") from None
    except asyncssh.PermissionDenied:
        raise HandOverFailed("login_refused") from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise HandOverFailed("folder_missing") from None
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect):
        raise HandOverFailed("not_allowed") from None
    except (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded):
        raise HandOverFailed("disk_full") from None
    except asyncssh.SFTPFailure:
        # All that the third version of the protocol says, for a full disk too.
        raise HandOverFailed("server_failed") from None
    except (OSError, asyncssh.Error) as fault:
        began = isinstance(fault, asyncssh.SFTPError | asyncssh.ConnectionLost)
        raise HandOverFailed("broke_off" if began else "host_away") from None


async def _write(sftp: asyncssh.SFTPClient, folder: str, name: str, content: bytes, *, again: bool) -> str:
    base = f"{folder.rstrip('/')}/" if folder else ""
    final, part = base + name, f"{base}.{name}.part"
    if await sftp.exists(final):
        async with sftp.open(final, "rb") as there:
            found: Any = await there.read(len(content) + 1)
        if found != content:
            raise HandOverFailed("name_taken")
        if not again:
            return "found_there"
    async with sftp.open(part, "wb") as out:
        for start in range(0, len(content), _CHUNK):
            await out.write(content[start : start + _CHUNK])
    if (await sftp.stat(part)).size != len(content):
        raise HandOverFailed("broke_off")
    try:
        await sftp.posix_rename(part, final)
    except asyncssh.SFTPOpUnsupported:
        # Old servers rename onto nothing only; what lies there is the same file.
        if await sftp.exists(final):
            await sftp.remove(final)
        await sftp.rename(part, final)
    return "sent"


async def _to_bucket(
    target: Mapping[str, Any], opened: Mapping[str, str], name: str, content: bytes, *, again: bool
) -> str:
    options: dict[str, Any] = dict(opened)
    if target.get("endpoint"):
        options["endpoint"] = target["endpoint"]
    if target.get("region"):
        options["region"] = target["region"]
    try:
        opening: Any = from_url
        bucket = opening(target["url"], config=options, retry_config={"max_retries": 1})
        return await put_into(bucket, name, content, again=again)
    except (bucket_faults.PermissionDeniedError, bucket_faults.UnauthenticatedError):
        raise HandOverFailed("login_refused") from None
    except (bucket_faults.BaseError, ValueError, OSError):
        raise HandOverFailed("host_away") from None


async def put_into(bucket: ObjectStore, name: str, content: bytes, *, again: bool) -> str:
    """An object appears whole or not at all by itself; only what lies there under its name has to be looked at."""
    try:
        there = bytes(await (await obstore.get_async(bucket, name)).bytes_async())
    except FileNotFoundError:
        there = None
    if there is not None and there != content:
        raise HandOverFailed("name_taken")
    if there is not None and not again:
        return "found_there"
    await obstore.put_async(bucket, name, content)
    return "sent"


def _to_folder(folder: Path, name: str, content: bytes, *, again: bool) -> str:
    final, part = folder / name, folder / f".{name}.part"
    try:
        if final.exists():
            if final.read_bytes() != content:
                raise HandOverFailed("name_taken")
            if not again:
                return "found_there"
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(final)
        kept = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(kept)
        finally:
            os.close(kept)
    except FileNotFoundError:
        raise HandOverFailed("folder_missing") from None
    except PermissionError:
        raise HandOverFailed("not_allowed") from None
    except OSError as fault:
        part.unlink(missing_ok=True)
        full = fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise HandOverFailed("disk_full" if full else "broke_off") from None
    return "sent"
