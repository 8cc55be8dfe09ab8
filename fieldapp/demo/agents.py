"""Invented field agents with a home in the province, their shift and what they may do. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from fieldapp.demo.names import FEMALE_NAMES, MALE_NAMES
from fieldapp.demo.people import invent_mobile, invent_surname
from fieldapp.demo.province import PROVINCE
from fieldapp.demo.town_plan import TownPlan

FIRST_PHONE = 9_000_000
"""Agents' numbers start here, far from the debtors'."""

_SHIFTS = (("08:30", "17:00"), ("09:00", "18:00"), ("11:00", "19:30"), ("08:30", "13:30"))


def make_agents(count: int, random: Random, plans: tuple[TownPlan, ...], *, today: date) -> list[dict[str, Any]]:
    """`count` agents as plain values; homes are spread over the towns, larger ones first."""
    return [_agent(i, random, plans[i % len(plans)], today=today) for i in range(count)]


def _agent(i: int, random: Random, plan: TownPlan, *, today: date) -> dict[str, Any]:
    street = random.choice(plan.streets)
    door = random.choice(street.doors)
    starts, ends = _SHIFTS[i % len(_SHIFTS)]
    first, last = random.choice((*MALE_NAMES, *FEMALE_NAMES)), invent_surname(random)
    return {
        "id": f"A{i + 1:03d}",
        "name": f"{first} {last}",
        "phone": invent_mobile(FIRST_PHONE + i),
        "email": f"agente{i + 1}@esempio.invalid",
        "address": {
            "street": f"{street.name} {door.text}",
            "cap": plan.town.cap,
            "comune": plan.town.name,
            "province": PROVINCE,
        },
        "lat": door.lat,
        "lon": door.lon,
        "shift": {"starts": starts, "ends": ends, "days": [0, 1, 2, 3, 4] if i % 3 else [0, 1, 2, 3, 4, 5]},
        "max_visits": random.choice((10, 12, 14)) if ends != "13:30" else 7,
        "provinces": [PROVINCE],
        "badge_number": f"LO-{1000 + i}",
        "notified_on": (today - timedelta(days=random.randint(90, 600))).isoformat(),
        "valid_until": (today + timedelta(days=random.randint(200, 700))).isoformat(),
    }
