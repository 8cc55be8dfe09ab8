"""What is new in a day for a phone that holds an earlier reading of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from fieldapp.domain.day_cursor import Holder, digests, read_cursor, write_cursor
from fieldapp.services.work import Work
from fieldapp.store.shapes.field import DayBundle, DayChanges, PracticeCard, StopPart

_APART = frozenset({"protocol", "clock", "day", "stops", "cursor"})
"""Fields of the day that are no part by themselves."""


def since(work: Work, day: DayBundle, held: str | None) -> DayBundle | DayChanges:
    """What a phone lacks that was given the cursor `held` with an earlier reading: only the parts that differ.

    The whole day for a phone that names no cursor, or one of another phone, person, day, protocol or installation.
    """
    assert work.identity.device_id is not None
    holder = Holder(work.agency_id, work.identity.person_id, work.identity.device_id, day.day, day.protocol)
    key = work.parts.cursor_key
    named = digests({name: msgspec.json.encode(part, order="deterministic") for name, part in _parts(day).items()})
    cursor = write_cursor(named.values(), holder=holder, key=key)
    known = read_cursor(held, holder=holder, key=key) if held and cursor else None
    if known is None:
        return msgspec.structs.replace(day, cursor=cursor)
    return _changes(day, {name for name, digest in named.items() if digest not in known}, cursor)


def _parts(day: DayBundle) -> Mapping[str, Any]:
    """The day cut up: its plain fields, the order of its stops, each stop without its practice, each practice."""
    return {
        **{f"field {name}": value for name, value in _fields(day).items()},
        "order": [stop.stop_id for stop in day.stops],
        **{f"stop {stop.stop_id}": _stop(stop) for stop in day.stops},
        **{f"practice {practice_id}": practice for practice_id, practice in _practices(day).items()},
    }


def _changes(day: DayBundle, lacking: set[str], cursor: str) -> DayChanges:
    return DayChanges(
        protocol=day.protocol,
        clock=day.clock,
        day=day.day,
        cursor=cursor,
        fields={name: value for name, value in _fields(day).items() if f"field {name}" in lacking},
        order=[stop.stop_id for stop in day.stops] if "order" in lacking else None,
        changed_stops=[_stop(stop) for stop in day.stops if f"stop {stop.stop_id}" in lacking],
        changed_practices=[card for card in _practices(day).values() if f"practice {card.id}" in lacking],
    )


def _fields(day: DayBundle) -> dict[str, Any]:
    return {name: getattr(day, name) for name in day.__struct_fields__ if name not in _APART}


def _practices(day: DayBundle) -> dict[UUID, PracticeCard]:
    """Each once, also where two stops are of one practice."""
    return {stop.practice.id: stop.practice for stop in day.stops}


def _stop(stop: Any) -> StopPart:
    values = {name: getattr(stop, name) for name in StopPart.__struct_fields__ if name != "practice_id"}
    return StopPart(practice_id=stop.practice.id, **values)
