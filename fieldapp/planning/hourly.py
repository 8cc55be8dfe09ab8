"""What a way takes that begins at a given moment, where ways take longer at some hours than at others.

Whoever is under way when the hours change drives the rest at the new pace (Ichoua, Gendreau and Potvin, "Vehicle
dispatching with time-dependent travel times", European Journal of Operational Research 144(2), 2003): of a way of T
seconds, after t of them, the share 1 - t / T is left, and takes that share of what the way takes in the next hours. So
nobody who sets out later arrives earlier, whatever the tables say, and nobody gains by waiting. What is left is rounded
up to whole seconds at each change.

Plain arithmetic for one way at a time, for the timetable and so for the judge; the compiled core has its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.planning.problem import Lunch, Problem

NEVER_S = -(10**12)
"""A moment before every day: nobody can have left by then."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way: `takes_s[h]` where all of it is driven from moment `from_s[h]` on."""

    from_s: Sequence[int]
    takes_s: Sequence[int]

    def arrive(self, leave_s: int) -> int:
        """When one arrives who leaves at `leave_s`."""
        band = self._band(leave_s)
        return self._drive(leave_s, band, self.takes_s[band])

    def leave_by(self, by_s: int) -> int:
        """When one must leave at the latest to arrive by `by_s`."""
        band = self._band(by_s)
        if band == 0 or by_s - self.takes_s[band] >= self.from_s[band]:
            return by_s - self.takes_s[band]
        return self._leave_with(band, by_s - self.from_s[band])

    def arrive_fed(self, leave_s: int, lunch: Lunch) -> tuple[int, int, int] | None:
        """Arrival, start of a break taken on the way, and seconds driven; None where it is too late for a break.

        It is taken as soon as its hours have begun, or on arriving, whichever is there first.
        """
        if leave_s > lunch.latest_start_s:
            return None
        there_s, first_s = self.arrive(leave_s), lunch.earliest_start_s
        if there_s <= first_s and leave_s < first_s:
            return first_s + lunch.duration_s, first_s, there_s - leave_s
        begin_s = max(leave_s, first_s)
        paused_s = self._arrive_with_pause(leave_s, begin_s, lunch.duration_s) - lunch.duration_s
        if there_s <= lunch.latest_start_s and there_s < paused_s + (leave_s < first_s):
            return there_s + lunch.duration_s, there_s, there_s - leave_s
        return paused_s + lunch.duration_s, begin_s, paused_s - leave_s

    def leave_fed_by(self, by_s: int, lunch: Lunch) -> int:
        """When one must leave at the latest to arrive by `by_s` after a break; `NEVER_S` where that cannot be."""
        first_s, again_s = lunch.earliest_start_s, lunch.earliest_start_s + lunch.duration_s
        if by_s < again_s:
            return NEVER_S
        before_leaving = min(self.leave_by(by_s) - lunch.duration_s, lunch.latest_start_s)
        if before_leaving < first_s:
            band, spare_s = self._band(again_s), self._spare(again_s, by_s)
            before = self._band(first_s - 1)
            spare_s = spare_s * self.takes_s[before] // self.takes_s[band]
            before_leaving = self._begun(before, first_s, spare_s)
        return max(before_leaving, self.leave_by(min(lunch.latest_start_s, by_s - lunch.duration_s)))

    def _band(self, moment_s: int) -> int:
        return max(bisect_right(self.from_s, moment_s) - 1, 0)

    def _ends_s(self, band: int) -> int | None:
        return self.from_s[band + 1] if band + 1 < len(self.from_s) else None

    def _turned(self, left_s: int, band: int, then: int) -> int:
        """What is left in the seconds of `band`, in those of `then`."""
        return -(-left_s * self.takes_s[then] // self.takes_s[band]) if left_s else 0

    def _drive(self, now_s: int, band: int, left_s: int) -> int:
        while (ends_s := self._ends_s(band)) is not None and now_s + left_s > ends_s:
            left_s = self._turned(left_s - (ends_s - now_s), band, band + 1)
            now_s, band = ends_s, band + 1
        return now_s + left_s

    def _arrive_with_pause(self, leave_s: int, begin_s: int, pause_s: int) -> int:
        if leave_s >= begin_s:
            return self.arrive(leave_s + pause_s)
        now_s, band = leave_s, self._band(leave_s)
        left_s = self.takes_s[band]
        while (ends_s := self._ends_s(band)) is not None and ends_s < begin_s and now_s + left_s > ends_s:
            left_s = self._turned(left_s - (ends_s - now_s), band, band + 1)
            now_s, band = ends_s, band + 1
        again = self._band(begin_s + pause_s)
        return self._drive(begin_s + pause_s, again, self._turned(left_s - (begin_s - now_s), band, again))

    def _spare(self, moment_s: int, by_s: int) -> int:
        """So many seconds of the way may be left at `moment_s` to arrive by `by_s` (a whole way is more)."""
        band = self._band(by_s)
        begins_s = max(self.from_s[band], moment_s)
        spare_s = by_s - begins_s
        while begins_s > moment_s:
            spare_s = spare_s * self.takes_s[band - 1] // self.takes_s[band]
            band -= 1
            begins_s, ends_s = max(self.from_s[band], moment_s), begins_s
            spare_s += ends_s - begins_s
        return spare_s

    def _leave_with(self, band: int, spare_s: int) -> int:
        """When one must leave to have no more than `spare_s` left at the beginning of `band`."""
        return self._begun(band - 1, self.from_s[band], spare_s * self.takes_s[band - 1] // self.takes_s[band])

    def _begun(self, band: int, at_s: int, spare_s: int) -> int:
        """When one must leave to have no more than `spare_s` seconds of `band` left at `at_s`, in it or at its end."""
        leave_s = min(at_s - self.takes_s[band] + spare_s, at_s - 1)
        if band == 0 or leave_s >= self.from_s[band]:
            return leave_s
        return self._leave_with(band, spare_s + at_s - self.from_s[band])


def way(problem: Problem, start: int, end: int) -> Way:
    """The way from node `start` to node `end`; staying where one is takes no time."""
    if not problem.travel_varies:
        return Way((0,), (0 if start == end else int(problem.travel_s[start, end]),))
    if start == end:
        return Way(problem.from_s.tolist(), [0] * len(problem.from_s))
    return Way(problem.from_s.tolist(), problem.travel_by_hour[:, start, end].tolist())


def hours_of(problem: Problem, start: int, end: int) -> list[tuple[int, int]]:
    """From when on, and what the way from `start` to `end` takes then; nothing where ways do not vary."""
    if not problem.travel_varies:
        return []
    return list(zip(problem.from_s.tolist(), way(problem, start, end).takes_s, strict=True))
