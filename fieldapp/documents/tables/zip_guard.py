"""ZIP containers looked at before anything is unpacked: encryption, bombs, escaping paths, document types.

What the directory declares is checked first; what comes out is bounded again while reading, since a directory
may lie.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.parsers import expat

from fieldapp.domain.errors import Kind, Refusal

_ENCRYPTED = 0x1
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """What a container may hold: entries, unpacked bytes in all and in one entry, and unpacked per packed byte.

    The ratio counts only beyond `small_bytes`: short, monotonous files compress a thousandfold in all honesty.
    """

    entries: int = 4_000
    total_bytes: int = 512 * 1024 * 1024
    entry_bytes: int = 384 * 1024 * 1024
    ratio: int = 150
    small_bytes: int = 8 * 1024 * 1024


def open_guarded(content: bytes, limits: ZipLimits, *, area: str) -> zipfile.ZipFile:
    """The container, after its directory was found harmless.

    Refusals, each under `area`: `.container_unreadable`, `.encrypted`, `.bomb`, `.unsafe_path`.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as fault:
        raise Refusal(f"{area}.container_unreadable", kind=Kind.UNSUPPORTED) from fault
    entries = archive.infolist()
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise Refusal(f"{area}.encrypted", kind=Kind.UNSUPPORTED)
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise Refusal(f"{area}.container_unreadable", kind=Kind.UNSUPPORTED)
    total = sum(entry.file_size for entry in entries)
    largest = max((entry.file_size for entry in entries), default=0)
    if len(entries) > limits.entries or total > limits.total_bytes or largest > limits.entry_bytes:
        raise Refusal(f"{area}.bomb", kind=Kind.TOO_LARGE, details={"bytes": total, "entries": len(entries)})
    if total > limits.small_bytes and total > limits.ratio * len(content):
        raise Refusal(f"{area}.bomb", kind=Kind.TOO_LARGE, details={"bytes": total, "entries": len(entries)})
    names: set[str] = set()
    for entry in entries:
        if _escapes(entry) or entry.filename in names:
            shown = entry.filename[:80]
            raise Refusal(f"{area}.unsafe_path", kind=Kind.UNSUPPORTED, details={"name": shown})
        names.add(entry.filename)
    return archive


def _escapes(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename.replace("\\", "/")
    path = PurePosixPath(name)
    link = stat.S_ISLNK(entry.external_attr >> 16)
    controls = any(sign < " " or sign == "\x7f" for sign in name)
    return link or controls or path.is_absolute() or ".." in path.parts or name[1:2] == ":"


def chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, area: str) -> Iterator[bytes]:
    """The unpacked bytes of `entry` in pieces; Refusal `.container_unreadable` where it does not unpack.

    Never yields more than the directory declares.
    """
    left = entry.file_size
    try:
        with archive.open(entry) as stream:
            while piece := stream.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    raise Refusal(f"{area}.bomb", kind=Kind.TOO_LARGE, details={"bytes": entry.file_size, "entries": 1})
                yield piece
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError, RuntimeError) as fault:
        raise Refusal(f"{area}.container_unreadable", kind=Kind.UNSUPPORTED) from fault


def refuse_document_types(archive: zipfile.ZipFile, *, area: str) -> None:
    """Refuse any XML part that declares a document type: entities expand, and fetch; a workbook needs none.

    Refusals under `area`: `.entities`, `.container_unreadable`.
    """
    for entry in archive.infolist():
        if entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            _read_prolog(archive, entry, area)


class _RootReached(Exception):
    """The first element began: no document type can follow."""


def _read_prolog(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, area: str) -> None:
    parser = expat.ParserCreate()

    def doctype(*_: object) -> None:
        raise Refusal(f"{area}.entities", kind=Kind.UNSUPPORTED, details={"name": entry.filename[:80]})

    def root(*_: object) -> None:
        raise _RootReached

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        for piece in chunks(archive, entry, area=area):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except _RootReached:
        return
    except expat.ExpatError as fault:
        raise Refusal(f"{area}.container_unreadable", kind=Kind.UNSUPPORTED) from fault
