"""Who has which day open at this moment: held in memory for as long as it is said again, and never kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

KEPT_S = 75.0
"""Whoever has said nothing for so long is gone, whatever became of their browser or of its server."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one window of a person shows. `plan_id` None: the published day; `carries`: a visit, over this lane."""

    window: UUID
    person_id: UUID
    name: str
    day: date
    plan_id: UUID | None = None
    agent_id: UUID | None = None
    carries: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A look, and for how many seconds more it holds."""

    look: Look
    for_s: float


@dataclass(slots=True)
class Room:
    """The windows of one agency's dispatchers. Moments are seconds of one clock that only rises."""

    _until: dict[UUID, tuple[Look, float]] = field(default_factory=dict)

    def heard(self, seen: Seen, now: float) -> bool:
        """Take up what a window says; whether anything changed for those who watch.

        A window belongs to who opened it: from somebody else it is not believed.
        """
        known = self._known(seen.look.window, now)
        if known is not None and known.person_id != seen.look.person_id:
            return False
        self._until[seen.look.window] = (seen.look, now + min(seen.for_s, KEPT_S))
        return known != seen.look

    def told_again(self, seen: Seen, now: float) -> bool:
        """The same from somebody who had heard it: of a window that is known, what it says itself is newer."""
        return self._known(seen.look.window, now) is None and self.heard(seen, now)

    def left(self, window: UUID, person_id: UUID) -> bool:
        """The window shows no day any more; whether that is news."""
        known = self._until.get(window)
        if known is None or known[0].person_id != person_id:
            return False
        del self._until[window]
        return True

    def standing(self, now: float) -> list[Seen]:
        """What holds at this moment; what does not is forgotten."""
        self._until = {window: held for window, held in self._until.items() if held[1] > now}
        return [Seen(look, until - now) for look, until in self._until.values()]

    def _known(self, window: UUID, now: float) -> Look | None:
        held = self._until.get(window)
        return held[0] if held is not None and held[1] > now else None

    def lapses_in(self, now: float) -> float | None:
        """Seconds until the next of them lapses."""
        return min((until - now for _, until in self._until.values()), default=None)


def colleagues(seen: Iterable[Seen], person_id: UUID) -> list[Look]:
    """What the others look at, by name; two windows of one person on the same place are one."""
    places = {
        (one.look.person_id, one.look.day, one.look.plan_id, one.look.agent_id, one.look.carries): one.look
        for one in seen
        if one.look.person_id != person_id
    }
    return sorted(places.values(), key=lambda look: (look.name, str(look.person_id), look.day, str(look.window)))
