"""When the pins of a draft were set, and set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from fieldapp.store.shapes.board import Draft

MADE = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
TOUCHED = MADE + timedelta(hours=1)
FIRST, SECOND = UUID(int=1), UUID(int=2)


def test_a_pin_that_is_taken_back_is_as_old_as_it_was() -> None:
    draft = Draft(routes=[], unplanned=[], pins={FIRST: TOUCHED})

    before = draft.pin([FIRST, SECOND], TOUCHED + timedelta(hours=1))
    newer = [draft.pinned_at(one, made=MADE) for one in (FIRST, SECOND)]
    draft.unpin(before)

    assert newer == [TOUCHED + timedelta(hours=1)] * 2
    assert [draft.pinned_at(one, made=MADE) for one in (FIRST, SECOND)] == [TOUCHED, MADE]
