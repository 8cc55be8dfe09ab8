"""The agent's call for help: that it was made, where if a position came, and during which visit.

An alarm is never refused for what it names: a visit that is not theirs or unknown is left out, the alarm stays. It
says nothing of a debt, so that any screen in the office may show it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from fieldapp.domain.reading import Reader
from fieldapp.domain.visit import read_position
from fieldapp.domain.visit_report import Position

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Danger:
    """One alarm; told again with `position` when one came within a few seconds; a position is sent once."""

    danger_id: UUID
    at: datetime
    visit_id: UUID | None
    stop_id: UUID | None
    practice_id: UUID | None
    position: Position | None = None

    def without_visit(self) -> Danger:
        """The same alarm from nowhere in particular."""
        return replace(self, visit_id=None, stop_id=None, practice_id=None)

    def task_id(self, device_id: UUID) -> UUID:
        """The task that it opens: the same for both tellings, and out of reach of any other phone."""
        return uuid5(device_id, str(self.danger_id))


def read_danger(body: Any) -> Danger:
    """The alarm as it is told first. Raises Refusal `danger.field_*`."""
    reader = Reader(body, area="danger")
    danger = _about(reader)
    reader.close()
    return danger


def read_danger_position(body: Any) -> Danger:
    """The same alarm with the one position that was read after it. Raises Refusal `danger.field_*`."""
    reader = Reader(body, area="danger")
    danger = replace(_about(reader), position=read_position(reader.object("position")))
    reader.close()
    return danger


def _about(reader: Reader) -> Danger:
    return Danger(
        danger_id=_uuid(reader, "danger_id"),
        at=reader.instant("at"),
        visit_id=reader.maybe("visit_id", lambda name: _uuid(reader, name)),
        stop_id=reader.maybe("stop_id", lambda name: _uuid(reader, name)),
        practice_id=reader.maybe("practice_id", lambda name: _uuid(reader, name)),
    )


def _uuid(reader: Reader, name: str) -> UUID:
    return UUID(reader.pattern(name, _UUID))
