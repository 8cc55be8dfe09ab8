"""The ZIP of documents: each goes to its practice by name, and a dangerous archive is not opened."""

import io
import zipfile

import pytest

from fieldapp.documents.practice_documents import LeftOut, PracticeDocument, read_practice_documents
from fieldapp.domain.errors import Refusal

PDF, PNG, JPG = b"%PDF-1.7 ...", b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff\xe0..."


def archive_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


NAMES = [
    ("P1.pdf", "P1"),
    ("P1_contratto.pdf", "P1"),
    ("P1-2.pdf", "P1"),
    ("P1 fattura giugno.pdf", "P1"),
    ("P1/contratto.pdf", "P1"),
    ("invio/P1/contratto.pdf", "P1"),
    ("invio/P1.pdf", "P1"),
    ("AB-12_contratto.pdf", "AB-12"),  # a separator inside the number
    ("P1\u00a0.pdf", "P1"),
]


@pytest.mark.parametrize(("name", "number"), NAMES)
def test_a_document_goes_to_the_practice_that_its_name_bears(name: str, number: str) -> None:
    (found,) = read_practice_documents(archive_of({name: PDF}), known_numbers=["P1", "P11", "AB-12", "AB"])

    assert isinstance(found, PracticeDocument)
    assert found.practice_number == number
    assert found.media_type == "application/pdf"
    assert "/" not in found.filename


def test_without_known_numbers_the_name_begins_with_the_number() -> None:
    found = list(read_practice_documents(archive_of({"P7_a.pdf": PDF, "P8/x.png": PNG, "P9.jpg": JPG})))

    assert [each.practice_number for each in found if isinstance(each, PracticeDocument)] == ["P7", "P8", "P9"]


LEFT_OUT = [
    ("P1.exe", b"MZ\x90\x00", "documents_zip.type_not_taken"),
    ("P1.pdf", b"MZ\x90\x00", "documents_zip.type_not_taken"),  # the name says nothing
    ("P1.svg", b"<svg onload='x()'/>", "documents_zip.type_not_taken"),
    ("P1.txt", b"<html><script>", "documents_zip.type_not_taken"),
    ("P1.pdf", b"", "documents_zip.type_not_taken"),
    ("P1.docx", b"PK\x03\x04", "documents_zip.type_not_taken"),
    ("P12.pdf", PDF, "documents_zip.practice_unknown"),  # begins with P1, is another
    ("elenco.pdf", PDF, "documents_zip.practice_unknown"),
]


@pytest.mark.parametrize(("name", "content", "code"), LEFT_OUT)
def test_what_is_not_taken_is_named_with_its_reason(name: str, content: bytes, code: str) -> None:
    found = list(read_practice_documents(archive_of({name: content, "P1 b.png": PNG}), known_numbers=["P1"]))

    assert found[0] == LeftOut(name, code)
    assert isinstance(found[1], PracticeDocument)


def test_what_systems_leave_behind_is_not_mentioned() -> None:
    assert list(read_practice_documents(archive_of({"__MACOSX/._P1.pdf": b"x", "P1/.DS_Store": b"x"}))) == []


def test_plain_text_is_taken_in_either_encoding() -> None:
    files = {"P1.txt": "Perché".encode(), "P2.txt": "Perché".encode("windows-1252")}

    found = [each for each in read_practice_documents(archive_of(files)) if isinstance(each, PracticeDocument)]

    assert [each.media_type for each in found] == ["text/plain", "text/plain"]


def encrypted() -> bytes:
    content = bytearray(archive_of({"P1.pdf": PDF}))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        entry = zipfile.ZipInfo("P1.pdf")
        entry.external_attr = 0o120777 << 16
        made.writestr(entry, "/etc/passwd")
    return out.getvalue()


def twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("P1.pdf", PDF)
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("P1.pdf", PDF + b"another")
    return out.getvalue()


REFUSED = [
    (lambda: archive_of({"../P1.pdf": PDF}), "documents_zip.unsafe_path"),
    (lambda: archive_of({"/etc/P1.pdf": PDF}), "documents_zip.unsafe_path"),
    (lambda: archive_of({"C:\\P1.pdf": PDF}), "documents_zip.unsafe_path"),
    (lambda: archive_of({"a\\..\\..\\P1.pdf": PDF}), "documents_zip.unsafe_path"),
    (link, "documents_zip.unsafe_path"),
    (twice, "documents_zip.unsafe_path"),  # which of the two?
    (encrypted, "documents_zip.encrypted"),
    (lambda: archive_of({"P1.zip": archive_of({"P1.pdf": PDF})}), "documents_zip.nested"),
    (lambda: archive_of({"P1.txt": b"a" * (48 * 1024 * 1024)}), "documents_zip.bomb"),
    (lambda: b"no archive", "documents_zip.container_unreadable"),
    (lambda: archive_of({"P1.pdf": PDF})[:-30], "documents_zip.container_unreadable"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "code"), REFUSED)
def test_a_dangerous_archive_is_refused_before_any_document(make: object, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_practice_documents(make())  # type: ignore[operator]

    assert refused.value.code == code


def test_a_document_that_does_not_unpack_costs_only_itself() -> None:
    content = bytearray(archive_of({"P1.pdf": PDF * 50, "P2.pdf": PDF}))
    content[content.index(b"P1.pdf") + 8] ^= 0xFF

    found = list(read_practice_documents(bytes(content)))

    assert isinstance(found[0], LeftOut)
    assert isinstance(found[1], PracticeDocument)
