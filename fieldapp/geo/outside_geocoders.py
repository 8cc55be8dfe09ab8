"""Other geopy geocoders, for a house that chose one: off by default, because they are told where debtors live.

Each is a geopy class with how its answers translate to our qualities and what its policy asks (pace, keeping of
answers). Nothing here is reached unless the administrator named one and accepted that addresses leave the house.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from geopy.exc import GeopyError
from geopy.geocoders import Nominatim, Pelias, Photon, get_geocoder_for_service
from geopy.geocoders.base import Geocoder

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.geo.geocoding import Answer

PRIVACY_WARNING = "geocode.outside_warning"
"""Words in the text catalogue: every address asked is sent to the operator of that service."""

_CONFIDENCE = {
    "house_number": 0.9,
    "interpolated": 0.6,
    "street": 0.25,
    "postcode": 0.06,
    "locality": 0.08,
    "comune": 0.03,
}
"""How often such a point is within 50 m of the door; no outside service says so in our terms."""

Translation = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class OutsideGeocoder:
    """One service: its geopy name, the option that its key or address goes by, and what its policy asks."""

    service: str
    secret: str
    quality: Translation
    pace_s: float
    keeps_days: int
    """How long an answer may be kept; 0 where the policy forbids keeping."""


def _nominatim(raw: Mapping[str, Any]) -> str:
    kinds = {"house": "house_number", "building": "house_number", "road": "street", "postcode": "postcode"}
    rank = int(raw.get("place_rank", 0))
    kind = str(raw.get("addresstype") or raw.get("type") or "")
    if kind in ("house", "place", "building", "amenity") and rank >= 30:
        return "house_number"
    if rank in (26, 27):
        return "street"
    return kinds.get(kind, "locality" if 17 <= rank <= 25 else "comune")


def _photon(raw: Mapping[str, Any]) -> str:
    said = raw.get("properties", {})
    if said.get("housenumber"):
        return "house_number"
    kinds = {"street": "street", "locality": "locality", "district": "locality", "city": "comune"}
    return kinds.get(str(said.get("type")), "comune")


def _pelias(raw: Mapping[str, Any]) -> str:
    said = raw.get("properties", {})
    layer = said.get("layer")
    if layer == "address":
        return "interpolated" if said.get("match_type") == "interpolated" else "house_number"
    kinds = {"street": "street", "postalcode": "postcode", "neighbourhood": "locality", "localadmin": "comune"}
    return kinds.get(str(layer), "comune")


def _here(raw: Mapping[str, Any]) -> str:
    kind = raw.get("resultType")
    if kind == "houseNumber":
        return "interpolated" if raw.get("houseNumberType") == "interpolated" else "house_number"
    kinds = {"street": "street", "intersection": "street", "postalCodePoint": "postcode"}
    return kinds.get(str(kind), "comune")


def _google(raw: Mapping[str, Any]) -> str:
    precision = raw.get("geometry", {}).get("location_type")
    types = set(raw.get("types", ()))
    if types & {"street_address", "premise", "subpremise"}:
        return "house_number" if precision == "ROOFTOP" else "interpolated"
    if "route" in types:
        return "street"
    return "postcode" if "postal_code" in types else "locality" if "sublocality" in types else "comune"


def _azure(raw: Mapping[str, Any]) -> str:
    kinds = {
        "Point Address": "house_number",
        "Address Range": "interpolated",
        "Street": "street",
        "Cross Street": "street",
    }
    return kinds.get(str(raw.get("type")), "comune")


OUTSIDE: dict[str, OutsideGeocoder] = {
    "nominatim": OutsideGeocoder("nominatim", "domain", _nominatim, 1.0, 30),
    "photon": OutsideGeocoder("photon", "domain", _photon, 1.0, 30),
    "pelias": OutsideGeocoder("pelias", "domain", _pelias, 0.2, 30),
    "here": OutsideGeocoder("here", "apikey", _here, 0.2, 0),
    "google": OutsideGeocoder("googlev3", "api_key", _google, 0.05, 0),
    "azure": OutsideGeocoder("azure", "subscription_key", _azure, 0.05, 0),
}
"""The one table of outside services; paces are one question a second for the shared public ones. Sources: each
service's usage policy; Google, HERE and Azure forbid keeping results beyond the session."""


class OutsideAsker:
    """Asks one outside service at its pace and keeps what its policy allows to keep.

    Raises Refusal `geocode.outside_unknown` for a name not in the table and `geocode.outside_not_accepted` unless
    `accepts_sending` says that an administrator read the warning.
    """

    def __init__(
        self,
        name: str,
        secret: str,
        *,
        accepts_sending: bool,
        cache: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        geocoder: Geocoder | None = None,
    ) -> None:
        if name not in OUTSIDE:
            raise Refusal("geocode.outside_unknown", kind=Kind.UNSUPPORTED, details={"name": name[:40]})
        if not accepts_sending:
            raise Refusal("geocode.outside_not_accepted", kind=Kind.FORBIDDEN, details={"name": name})
        self.name, self.service = name, OUTSIDE[name]
        self.geocoder = geocoder or _made(self.service, secret)
        self._clock, self._sleep, self._next = clock, sleep, 0.0
        self._lock = threading.Lock()
        self._kept = _Kept(cache, self.service.keeps_days) if cache and self.service.keeps_days else None

    def answer(self, query: str, *, today: int) -> Answer:
        """The service's best answer in our terms; `today` is a day's number, for what was kept too long."""
        kept = self._kept.get(query, today) if self._kept else None
        raw = kept if kept is not None else self._asked(query)
        if raw is None:
            return Answer("none", 0.0, why=("geocode.other_source_failed",))
        if self._kept and kept is None:
            self._kept.put(query, raw, today)
        if not raw:
            return Answer("none", 0.0, why=("geocode.no_address",), source=self.name)
        quality = self.service.quality(raw["raw"])
        return Answer(
            quality, _CONFIDENCE[quality], raw["lat"], raw["lon"], raw["label"], source=self.name,
            why=("geocode.asked_outside",),
        )  # fmt: skip

    def _asked(self, query: str) -> dict[str, Any] | None:
        with self._lock:
            wait = self._next - self._clock()
            if wait > 0:
                self._sleep(wait)
            self._next = self._clock() + self.service.pace_s
            try:
                found = self.geocoder.geocode(query)
            except GeopyError:
                return None
        if found is None:
            return {}
        return {"lat": found.latitude, "lon": found.longitude, "label": found.address, "raw": found.raw}


class _Kept:
    """Answers kept by the question's digest, so that the file names nobody's address."""

    def __init__(self, path: Path, days: int) -> None:
        self.days = days
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE TABLE IF NOT EXISTS kept (digest TEXT PRIMARY KEY, day INTEGER, raw TEXT)")

    def get(self, query: str, today: int) -> dict[str, Any] | None:
        self._db.execute("DELETE FROM kept WHERE day < ?", (today - self.days,))
        row = self._db.execute("SELECT raw FROM kept WHERE digest = ?", (_digest(query),)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, query: str, raw: dict[str, Any], today: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (_digest(query), today, json.dumps(raw)))


def _digest(query: str) -> str:
    return sha256(" ".join(query.upper().split()).encode()).hexdigest()


def _made(service: OutsideGeocoder, secret: str) -> Geocoder:
    kind = get_geocoder_for_service(service.service)
    options: dict[str, Any] = {service.secret: secret, "timeout": 5}
    if kind in (Nominatim, Photon, Pelias):
        options["user_agent"] = "fieldapp"
    return kind(**options)
