"""The office's books as its own screens read them: practice files, the day as published, the ledger."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx


class Books:
    """A reader in the office, signed in as back office and as dispatcher."""

    def __init__(self, address: str, *, day: date) -> None:
        self._day = day
        self._office = _signed_in(address, "back_office")
        self._dispatch = _signed_in(address, "dispatcher")

    @cached_property
    def stops(self) -> dict[str, str]:
        """Stop id -> practice id, over all routes of the day as published first, reserve included."""
        published = _read(self._dispatch, f"/dispatch/days/{self._day.isoformat()}")
        return {
            stop["stop_id"]: stop["practice_id"]
            for route in published["routes"]
            for stop in [*route["stops"], *route["in_reserve"]]
        }

    def practice(self, stop_id: str) -> dict[str, Any]:
        """The practice file behind a stop of the day."""
        return dict(_read(self._office, f"/practices/{self.stops[stop_id]}"))

    def note_door(self, practice_id: UUID, day: date, text: str) -> None:
        """A dispatcher's note for whoever rings there on `day`."""
        body = {"practice_id": str(practice_id), "door": True, "text": text}
        headers = {"x-csrftoken": self._dispatch.cookies.get("csrftoken") or ""}
        answer = self._dispatch.post(f"/dispatch/days/{day.isoformat()}/notes", json=body, headers=headers)
        answer.raise_for_status()

    def picture(self, document_id: str) -> bytes:
        return self._office.get(f"/documents/{document_id}", params={"variant": "full"}).raise_for_status().content

    def balances(self) -> dict[str, int]:
        """Cents by kind of account; the whole always sums to nothing."""
        trial = _read(self._office, "/ledger/trial-balance")
        assert trial["total_cents"] == 0
        kinds: dict[str, int] = defaultdict(int)
        for account in trial["accounts"]:
            kinds[account["kind"]] += account["balance_cents"]
        return dict(kinds)


def _signed_in(address: str, role: str) -> httpx.Client:
    client = httpx.Client(base_url=f"{address}/api/v1", timeout=20)
    offers = client.get("/demo/sign-ins").raise_for_status().json()
    login, password = next((offer["login"], offer["password"]) for offer in offers if offer["role"] == role)
    token = client.cookies.get("csrftoken")
    headers = {"x-csrftoken": token} if token else {}
    client.post("/session", json={"login": login, "password": password}, headers=headers).raise_for_status()
    return client


def _read(client: httpx.Client, path: str) -> Any:
    return client.get(path).raise_for_status().json()
