"""A ZIP with the documents of the credit, named by practice number: what belongs to which practice, and what not.

The type of a document is what its first bytes say, never its name. Archives inside the archive are not opened.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from fieldapp.documents.tables.zip_guard import ZipLimits, chunks, open_guarded
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.intake_cells import key_of

LIMITS = ZipLimits(
    entries=20_000,
    total_bytes=1024 * 1024 * 1024,
    entry_bytes=64 * 1024 * 1024,
    ratio=100,
    small_bytes=16 * 1024 * 1024,
)
_AREA = "documents_zip"
_SEPARATORS = "_- .("
_NESTED = (b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b")
_NESTED_NAMES = (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".jar")
_LEFT_BY_SYSTEMS = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


@dataclass(frozen=True, slots=True)
class PracticeDocument:
    """One document; `filename` is its bare name, without folders."""

    practice_number: str
    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that is not taken; `code` says why (`documents_zip.type_not_taken`, `.practice_unknown`, ...)."""

    name: str
    code: str


def read_practice_documents(
    content: bytes, *, known_numbers: Collection[str] | None = None
) -> Iterator[PracticeDocument | LeftOut]:
    """The documents of a ZIP, one after the other, in the order of the archive.

    A folder, or the beginning of the file's name up to a separator, is the practice number. With
    `known_numbers` the longest number that fits is taken, and files that fit none are left out.
    Refusals, before the first document: `documents_zip.container_unreadable`, `.encrypted`, `.bomb`,
    `.unsafe_path`, `.nested`.
    """
    archive = open_guarded(content, LIMITS, area=_AREA)
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
    for entry in entries:
        if entry.filename.lower().endswith(_NESTED_NAMES):
            shown = entry.filename[:80]
            raise Refusal("documents_zip.nested", kind=Kind.UNSUPPORTED, details={"name": shown})
    known = None if known_numbers is None else frozenset(known_numbers)
    return (_document(archive, entry, known) for entry in entries)


def _is_litter(name: str) -> bool:
    return any(part in _LEFT_BY_SYSTEMS for part in PurePosixPath(name).parts)


def _document(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, known: frozenset[str] | None
) -> PracticeDocument | LeftOut:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    number = _number(path, known)
    if not number:
        return LeftOut(entry.filename, "documents_zip.practice_unknown")
    try:
        unpacked = b"".join(chunks(archive, entry, area=_AREA))
    except Refusal as refusal:
        return LeftOut(entry.filename, refusal.code)
    media_type = _media_type(unpacked)
    if media_type is None:
        return LeftOut(entry.filename, "documents_zip.type_not_taken")
    return PracticeDocument(number, path.name, media_type, unpacked)


def _number(path: PurePosixPath, known: frozenset[str] | None) -> str:
    folders, stem = [key_of(part) for part in path.parts[:-1]], key_of(path.stem)
    if known is None:
        first = min((place for sign in _SEPARATORS if (place := stem.find(sign)) > 0), default=len(stem))
        return folders[-1] if folders else stem[:first]
    for folder in reversed(folders):
        if folder in known:
            return folder
    ends = [place for place, sign in enumerate(stem) if sign in _SEPARATORS]
    fitting = (stem[:end] for end in [len(stem), *reversed(ends)])
    return next((start for start in fitting if start in known), "")


def _media_type(content: bytes) -> str | None:
    for signature, media_type in _SIGNATURES:
        if content.startswith(signature):
            return media_type
    if content.startswith(_NESTED) or not content:
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("windows-1252")
        except UnicodeDecodeError:
            return None
    printable = all(sign.isprintable() or sign in "\r\n\t\f" for sign in text)
    looks_like_markup = text.lstrip()[:1] == "<"
    return "text/plain" if printable and not looks_like_markup else None
