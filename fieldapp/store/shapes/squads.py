"""Squads as the desk reads them, on one day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from msgspec import Struct


class SquadRow(Struct, frozen=True):
    id: UUID
    name: str
    closed_on: date | None
    """Its last day."""


class SquadChange(Struct, frozen=True):
    """From a day on an agent will be in this squad, or in none."""

    from_on: date
    squad_id: UUID | None


class SquadAgent(Struct, frozen=True):
    """Where an agent is on the day, since when, and what is to come."""

    person_id: UUID
    name: str
    agent_number: str
    squad_id: UUID | None
    since: date | None
    later: list[SquadChange]


class Squads(Struct, frozen=True):
    """All squads by name, open ones first, and the agents: those who work here, and who was in one on that day."""

    day: date
    squads: list[SquadRow]
    agents: list[SquadAgent]
