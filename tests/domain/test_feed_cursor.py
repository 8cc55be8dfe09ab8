"""A cursor says where a reader stands; nobody else can write one, and no bit of it can be turned."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.errors import Refusal
from fieldapp.domain.feed_cursor import Position, read_cursor, write_cursor

KEY, OTHER = b"k" * 32, b"o" * 32
AGENCY, STRANGER = UUID(int=7), UUID(int=8)
POSITION = Position(AGENCY, 12, UUID(int=99))


@given(st.integers(0, 2**63 - 1), st.uuids())
def test_a_cursor_comes_back_as_it_was_written(number: int, fact_id: UUID) -> None:
    position = Position(AGENCY, number, fact_id)

    assert read_cursor(write_cursor(position, KEY), key=KEY, agency_id=AGENCY) == position


@given(st.integers(0, 56), st.integers(1, 255))
def test_no_byte_of_a_cursor_can_be_altered(at: int, by: int) -> None:
    content = bytearray(base64.urlsafe_b64decode(write_cursor(POSITION, KEY) + "==="))
    content[at] ^= by
    bent = base64.urlsafe_b64encode(bytes(content)).rstrip(b"=").decode()

    with pytest.raises(Refusal) as refused:
        read_cursor(bent, key=KEY, agency_id=AGENCY)

    assert refused.value.code in ("feed.cursor_forged", "feed.cursor_elsewhere", "feed.cursor_unreadable")


WRONG = [
    # Nothing.
    ("", "feed.cursor_unreadable"),
    # No cursor at all.
    ("hello world", "feed.cursor_unreadable"),
    # Letters that no alphabet of ours has.
    ("è" * 76, "feed.cursor_unreadable"),
    # Cut short.
    (write_cursor(POSITION, KEY)[:-4], "feed.cursor_unreadable"),
    # Longer than it was.
    (write_cursor(POSITION, KEY) + "AAAA", "feed.cursor_unreadable"),
    # Written with another installation's key.
    (write_cursor(POSITION, OTHER), "feed.cursor_forged"),
    # Of another agency of the same installation.
    (write_cursor(Position(STRANGER, 12, UUID(int=99)), KEY), "feed.cursor_elsewhere"),
]


@pytest.mark.parametrize(("text", "code"), WRONG)
def test_a_cursor_that_is_not_ours_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_cursor(text, key=KEY, agency_id=AGENCY)

    assert refused.value.code == code
