"""The papers that come with a creditor's file: a ZIP whose files are named by practice number.

A file belongs to the practice whose number begins its name, or names the folder that it lies in. What it is, its
first bytes say, not its ending.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from fieldapp.documents.tables.zip_guard import ZipLimits, chunks, open_guarded
from fieldapp.domain.intake import Finding

LIMITS = ZipLimits(entries=20_000, total_bytes=1024 * 1024 * 1024, entry_bytes=20 * 1024 * 1024)
_KINDS = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_BREAKS = ("_", "-", " ", ".", "(")


@dataclass(frozen=True, slots=True)
class ArchivedDocument:
    """One paper of one practice."""

    practice_number: str
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Archive:
    """The papers found, and what was left out and why."""

    documents: tuple[ArchivedDocument, ...]
    warnings: tuple[Finding, ...]


def read_documents(content: bytes, numbers: Collection[str]) -> Archive:
    """The papers of the practices `numbers` in the ZIP `content`.

    Raises Refusal `documents.container_unreadable`, `.encrypted`, `.bomb`, `.unsafe_path` for the container; a file
    of no practice, or of no known kind, is left out with a warning (`documents.of_no_practice`,
    `documents.kind_unknown`).
    """
    archive = open_guarded(content, LIMITS, area="documents")
    known = {number.casefold(): number for number in numbers}
    documents, warnings = [], []
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        number = _number_of(path, known)
        if number is None:
            warnings.append(Finding("documents.of_no_practice", None, {"name": path.name[:80]}))
            continue
        paper = b"".join(chunks(archive, entry, area="documents"))
        media_type = _media_type(paper)
        if media_type is None:
            warnings.append(Finding("documents.kind_unknown", None, {"name": path.name[:80]}))
            continue
        documents.append(ArchivedDocument(number, path.name, media_type, paper))
    return Archive(tuple(documents), tuple(warnings))


def _number_of(path: PurePosixPath, known: dict[str, str]) -> str | None:
    if path.parent.name.casefold() in known:
        return known[path.parent.name.casefold()]
    stem = path.stem.casefold()
    if stem in known:
        return known[stem]
    # "P-001_contratto" belongs to P-001, never to P-00: the longest number that ends at a break wins.
    heads = (stem[:end] for end in range(len(stem) - 1, 0, -1) if stem[end] in _BREAKS)
    return next((known[head] for head in heads if head in known), None)


def _media_type(paper: bytes) -> str | None:
    for first, media_type in _KINDS:
        if paper.startswith(first):
            return media_type
    if b"\x00" in paper:
        return None
    try:
        paper.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/plain"
