"""Who has a day open: only as long as it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.domain.looking import KEPT_S, Look, Room, Seen, colleagues

ME, BEA, ALDO = (UUID(int=i) for i in (1, 2, 3))
WINDOWS = tuple(UUID(int=i) for i in range(10, 14))
DAY = date(2026, 12, 1)


def a_look(person: UUID = BEA, window: UUID = WINDOWS[0], **more: object) -> Look:
    return replace(Look(window, person, f"Nome {person.int}", DAY), **more)  # type: ignore[arg-type]


def test_whoever_falls_silent_is_gone() -> None:
    room = Room()
    assert room.heard(Seen(a_look(), KEPT_S), 0)

    assert [one.look for one in room.standing(KEPT_S - 1)] == [a_look()]
    assert room.lapses_in(KEPT_S - 1) == 1
    assert room.standing(KEPT_S) == []
    assert room.heard(Seen(a_look(), KEPT_S), KEPT_S + 1)


def test_the_same_place_said_again_is_no_news_and_holds_longer() -> None:
    room = Room()
    room.heard(Seen(a_look(), KEPT_S), 0)

    assert not room.heard(Seen(a_look(), KEPT_S), 50)
    assert len(room.standing(KEPT_S + 10)) == 1


def test_nobody_speaks_for_anothers_window() -> None:
    room = Room()
    room.heard(Seen(a_look(BEA), KEPT_S), 0)

    assert not room.heard(Seen(a_look(ALDO), KEPT_S), 1)
    assert not room.left(WINDOWS[0], ALDO)
    assert [one.look.person_id for one in room.standing(2)] == [BEA]


def test_what_is_told_again_overwrites_nothing_newer_and_holds_no_longer() -> None:
    room = Room()
    room.heard(Seen(a_look(carries=True), KEPT_S), 0)

    assert not room.told_again(Seen(a_look(), KEPT_S), 1)
    assert room.told_again(Seen(a_look(window=WINDOWS[1]), 5), 1)
    assert [one.look.carries for one in room.standing(5)] == [True, False]
    assert [one.look.window for one in room.standing(7)] == [WINDOWS[0]]


def test_one_sees_the_others_each_place_once() -> None:
    seen = [Seen(a_look(ME), 9), Seen(a_look(BEA), 9), Seen(a_look(BEA, WINDOWS[1]), 9), Seen(a_look(ALDO), 9)]

    assert [look.person_id for look in colleagues(seen, ME)] == [BEA, ALDO]


@given(
    st.lists(
        st.tuples(st.sampled_from(WINDOWS), st.sampled_from((BEA, ALDO)), st.booleans(), st.integers(0, 60)),
        max_size=30,
    )
)
def test_nothing_outlives_its_last_word(said: list[tuple[UUID, UUID, bool, int]]) -> None:
    room, now, last = Room(), 0, dict[UUID, int]()

    for window, person, leaves, pause in said:
        now += pause
        if leaves:
            room.left(window, person)
        else:
            room.heard(Seen(a_look(person, window), KEPT_S), now)
            last[window] = now
        for one in room.standing(now):
            assert now < last[one.look.window] + KEPT_S

    assert room.standing(now + KEPT_S) == []
