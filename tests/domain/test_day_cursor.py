"""A cursor names what one phone holds of one day; for anybody and anything else it is no cursor."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.day_cursor import MOST_PARTS, Holder, digests, read_cursor, write_cursor

KEY = b"k" * 32
HOLDER = Holder(UUID(int=1), UUID(int=2), UUID(int=3), date(2026, 11, 26), 2)
PARTS = digests({"order": b"[1,2]", "stop 1": b"{}", "stop 2": b"{}"})
CURSOR = write_cursor(PARTS.values(), holder=HOLDER, key=KEY)


@given(st.dictionaries(st.text(), st.binary(), max_size=40))
def test_a_cursor_names_what_was_sent_and_nothing_else(parts: dict[str, bytes]) -> None:
    sent = digests(parts)

    assert read_cursor(write_cursor(sent.values(), holder=HOLDER, key=KEY), holder=HOLDER, key=KEY) == frozenset(
        sent.values()
    )
    assert len(set(sent.values())) == len(parts)


def test_a_part_is_known_by_its_name_and_its_content() -> None:
    assert PARTS["stop 1"] != PARTS["stop 2"]
    assert digests({"ab": b"c"})["ab"] != digests({"a": b"bc"})["a"]


@pytest.mark.parametrize(
    "changed",
    [
        {"agency_id": UUID(int=9)},
        {"person_id": UUID(int=9)},
        {"device_id": UUID(int=9)},
        {"day": date(2026, 11, 27)},
        {"protocol": 1},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_cursor_is_good_for_one_phone_of_one_person_and_one_day(changed: dict[str, Any]) -> None:
    assert read_cursor(CURSOR, holder=replace(HOLDER, **changed), key=KEY) is None


@given(st.integers(0, 40), st.integers(1, 255))
def test_no_byte_of_a_cursor_can_be_altered(at: int, by: int) -> None:
    content = bytearray(base64.urlsafe_b64decode(CURSOR + "==="))
    content[at] ^= by
    bent = base64.urlsafe_b64encode(bytes(content)).rstrip(b"=").decode()

    assert read_cursor(bent, holder=HOLDER, key=KEY) is None


@pytest.mark.parametrize(
    "text",
    [
        # Nothing.
        "",
        # No cursor at all.
        "hello world",
        # Letters that no alphabet of ours has.
        "è" * 40,
        # Cut short, and longer than it was.
        CURSOR[:-4],
        CURSOR + "AAAA",
        # A check over nothing.
        base64.urlsafe_b64encode(bytes(16)).decode(),
    ],
)
def test_what_is_no_cursor_of_ours_is_none(text: str) -> None:
    assert read_cursor(text, holder=HOLDER, key=KEY) is None


def test_another_installation_cannot_read_it() -> None:
    assert read_cursor(CURSOR, holder=HOLDER, key=b"o" * 32) is None


def test_a_day_of_too_many_parts_has_no_cursor() -> None:
    many = digests({str(number): b"" for number in range(MOST_PARTS + 1)})

    assert write_cursor(many.values(), holder=HOLDER, key=KEY) == ""
