"""Where the addresses of a file are: written the postal way, then looked up, with what to doubt."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from fieldapp.domain.errors import Refusal
from fieldapp.domain.intake import AddressDraft, PracticeDraft
from fieldapp.domain.packed import Packed
from fieldapp.geo.addresses import normalise_fields
from fieldapp.geo.completion import Completion, comuni_only
from fieldapp.geo.geocoding import Answer, GazetteerGeocoder
from fieldapp.store.addresses import CONFIRMED
from fieldapp.store.entrusted import PlacedAddress, PlacedDrafts
from fieldapp.store.tables import Address

SURE_QUALITIES = frozenset({"house_number", "interpolated"})
LEAST_CONFIDENCE = 0.7
"""From here on an address is taken as found; below, a person looks at it."""


OFFERED = 8
"""Completions that a list shows without scrolling."""


def place_all(
    drafts: Packed[PracticeDraft], gazetteer: Path, *, on_progress: Callable[[float], None]
) -> Packed[PlacedDrafts]:
    """The drafts in portions with their places; `on_progress` hears a share of 0..1. Long: to be run in a thread."""
    geocoder = _open(gazetteer)
    placed: Packed[PlacedDrafts] = Packed(portion=1)
    done = 0
    for portion in drafts.portions():
        places: dict[AddressDraft, PlacedAddress] = {}
        for draft in portion:
            for address in draft.addresses:
                if address not in places:
                    places[address] = place(address, geocoder)
            done += 1
            if done % 50 == 0:
                on_progress(done / len(drafts))
        placed.append(PlacedDrafts(list(portion), places))
    return placed


def _open(gazetteer: Path) -> GazetteerGeocoder | None:
    # Without a gazetteer an import still works: every address then waits for a person.
    try:
        return GazetteerGeocoder(gazetteer)
    except Refusal:
        return None


@lru_cache(maxsize=2)
def _kept(gazetteer: Path) -> tuple[GazetteerGeocoder, Lock]:
    """The geocoder that a process answers keystrokes with: its streets stay in memory, one question at a time."""
    return GazetteerGeocoder(gazetteer), Lock()


def open_early(gazetteer: Path) -> None:
    """Open the gazetteer before somebody types, so that the first keystroke is answered like any other.

    Where there is none yet nothing happens: the question opens it, or says that it is missing. To be run in a thread.
    """
    with suppress(Refusal):
        geocoder, lock = _kept(gazetteer)
        with lock:
            geocoder.complete("VIA ROMA 1", near=None, limit=1)
        # Without the lock: who types meanwhile waits for no more than the comune that is being read.
        geocoder.index.hold_large()
        if geocoder.index.held:
            # Half a million objects that stay: going through them took a keystroke a tenth of a second now and then.
            gc.collect()
            gc.freeze()


def complete(gazetteer: Path, text: str, *, near: tuple[float, float] | None, limit: int = OFFERED) -> list[Completion]:
    """What a half-typed address may become (see `GazetteerGeocoder.complete`). To be run in a thread.

    Raises Refusal `gazetteer.missing`.
    """
    geocoder, lock = _kept(gazetteer)
    with lock:
        return geocoder.complete(text, near=near, limit=limit)


def complete_by_comuni(text: str) -> list[Completion]:
    """What serves where there is no gazetteer: the points of comuni. To be run in a thread."""
    return comuni_only(text, limit=OFFERED)


def respelled(old: Address, chosen: Completion) -> dict[str, Any]:
    """The columns of an address that a person chose instead of `old`, at the same stairs and flat."""
    line = " ".join(part for part in (chosen.street, chosen.house_number) if part)
    found = normalise_fields(
        line, cap=_cap(old, chosen), comune=chosen.comune, province=chosen.province, locality=chosen.locality
    ).address
    written = replace(found, staircase=old.staircase, unit=old.unit)
    return {
        "text": written.postal_form,
        "street": written.street,
        "house_number": written.number,
        "cap": written.cap,
        "comune": chosen.comune,
        "province": chosen.province,
        "lat_e6": _e6(chosen.lat),
        "lon_e6": _e6(chosen.lon),
    }


def _cap(old: Address, chosen: Completion) -> str:
    """The creditor's CAP where the comune may have it, else the comune's own where it has one only."""
    if old.cap in chosen.caps or (not chosen.caps and old.comune == chosen.comune):
        return old.cap
    return next(iter(chosen.caps)) if len(chosen.caps) == 1 else ""


def place(draft: AddressDraft, geocoder: GazetteerGeocoder | None) -> PlacedAddress:
    """One address: confirmed when its number was found with confidence, else doubtful with what it may be."""
    written = normalise_fields(
        draft.street, cap=draft.postcode, comune=draft.municipality, province=draft.province
    ).address
    fields = {
        "street": draft.street,
        "cap": draft.postcode,
        "comune": draft.municipality,
        "province": draft.province,
    }
    answer = geocoder.answer(fields) if geocoder else Answer("none", 0.0, why=("gazetteer.missing",))
    sure = answer.quality in SURE_QUALITIES and answer.confidence >= LEAST_CONFIDENCE
    return PlacedAddress(
        text=written.postal_form or _as_written(draft),
        street=written.street,
        house_number=written.number,
        staircase=written.staircase,
        unit=written.unit,
        cap=written.cap,
        comune=answer.comune or written.comune,
        province=answer.province or written.province,
        lat_e6=_e6(answer.lat),
        lon_e6=_e6(answer.lon),
        quality=answer.quality,
        confidence_pct=round(answer.confidence * 100),
        state=CONFIRMED if sure else "doubtful",
        why="" if sure else answer.why[-1] if answer.why else "geocode.low_confidence",
        alternatives=() if sure else tuple(_candidate(each) for each in (answer, *answer.alternatives) if each.lat),
    )


def _candidate(answer: Answer) -> dict[str, object]:
    return {
        "text": answer.label,
        "lat_e6": _e6(answer.lat),
        "lon_e6": _e6(answer.lon),
        "quality": answer.quality,
        "confidence_pct": round(answer.confidence * 100),
    }


def _e6(degrees: float | None) -> int | None:
    return None if degrees is None else round(degrees * 1_000_000)


def _as_written(draft: AddressDraft) -> str:
    place = " ".join(part for part in (draft.postcode, draft.municipality) if part)
    return ", ".join(part for part in (draft.street, place, draft.province) if part)
