"""What hands decided on a draft, for a search that plans the day again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.store.planning import Plan
from fieldapp.store.shapes.board import Draft, LaneState
from fieldapp.store.shapes.forbids import Forbidden


def made_at(plan: Plan) -> datetime:
    """When what the plan holds was found; hands came later."""
    return datetime.fromisoformat(plan.request.get("as_of", plan.created_at.isoformat()))


def kept_of(draft: Plan, day: date, banned: Mapping[UUID, Sequence[Forbidden]]) -> dict[str, Any]:
    """What hands decided on a draft of the same day, for the search to leave alone; no pin that was `banned` since.

    Raises Refusal `plan.unknown`.
    """
    if draft.day != day or "edited_from" not in draft.request:
        raise Refusal("plan.unknown", kind=Kind.MISSING)
    held = Draft.of(draft.result)
    locked = [route for route in held.routes if held.lanes.get(route.agent_id, LaneState()).locked_by is not None]
    stays = {route.agent_id for route in locked}
    pins = {
        str(stop.practice_id): str(route.agent_id)
        for route in held.routes
        if route.agent_id not in stays
        for stop in route.stops
        if stop.pinned
        and all(
            held.pin_stands(stop.practice_id, one, made=made_at(draft))
            for one in banned.get(stop.practice_id, ())
            if one.concerns(route.agent_id)
        )
    }
    return {
        "practice_ids": draft.request["practice_ids"],
        "pins": pins,
        "taken_out": msgspec.to_builtins([one for one in held.unplanned if one.reason == "taken_out"]),
        # A visit in reserve may find its place elsewhere now.
        "locked": msgspec.to_builtins([msgspec.structs.replace(route, in_reserve=[]) for route in locked]),
        "pinned_at": {
            str(stop.practice_id): held.pinned_at(stop.practice_id, made=made_at(draft)).isoformat()
            for route in held.routes
            for stop in route.stops
            if stop.pinned
        },
        "lanes": msgspec.to_builtins({route.agent_id: held.lanes[route.agent_id] for route in locked}, str_keys=True),
    }
