"""The demo province written out: gazetteer, creditors' files, agents, history, map and a few documents.

Everything follows from the seed and the day: the same call writes the same bytes. It writes files only; they
enter the service through the front door like anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from PIL import Image, ImageDraw, ImageFont

from fieldapp.demo.agents import make_agents
from fieldapp.demo.creditor_files import CREDITORS, Creditor, write_file
from fieldapp.demo.history import make_history
from fieldapp.demo.practices import DemoPractice, PracticeMaker, Terms
from fieldapp.demo.province import PROVINCE, PROVINCE_NAME, towns
from fieldapp.demo.town_plan import TownPlan, draw_town
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.money import italian
from fieldapp.geo.gazetteer_rows import ANNCSU_COLUMNS

MOST_PRACTICES = 20_000
GAZETTEER_FILE = "indirizzario.csv"
_DOCUMENTS_PER_CREDITOR = 6


@dataclass(frozen=True, slots=True)
class CreditorFile:
    """One creditor's file as written; `total_cents` is what its rows sum to."""

    slug: str
    creditor: str
    layout: str
    file: str
    documents: str
    practices: int
    rows: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was written, for showing and for loading; file names are relative to the folder."""

    province: str
    gazetteer: str
    creditors: tuple[CreditorFile, ...]
    practices: int
    agents: int
    comuni: int
    streets: int
    house_numbers: int
    wrong_addresses: int
    total_cents: int


def generate(out_dir: Path, *, practices: int, agents: int, seed: int, today: date) -> DemoSummary:
    """Write a demo province into `out_dir`.

    Raises Refusal `demo.too_many` above 20,000 practices and `demo.too_few` below one practice or agent.
    """
    if practices > MOST_PRACTICES:
        raise Refusal("demo.too_many", kind=Kind.TOO_LARGE, details={"most": MOST_PRACTICES, "asked": practices})
    if practices < 1 or agents < 1:
        raise Refusal("demo.too_few", kind=Kind.MALFORMED)
    out_dir.mkdir(parents=True, exist_ok=True)
    plans = tuple(draw_town(town, Random(f"{seed}/town/{town.code}")) for town in towns())
    doors = _write_gazetteer(out_dir / GAZETTEER_FILE, plans)
    people = make_agents(agents, Random(f"{seed}/agents"), plans, today=today)
    _write_json(out_dir / "agents.json", people)
    made = _practices(practices, seed, plans, today)
    files = tuple(_write_creditor(out_dir, creditor, made[creditor.slug], today) for creditor in CREDITORS)
    everyone = [practice for creditor in CREDITORS for practice in made[creditor.slug]]
    ids = tuple(agent["id"] for agent in people)
    _write_json(
        out_dir / "history.json",
        [make_history(p, Random(f"{seed}/history/{p.number}"), today=today, agent_ids=ids) for p in everyone],
    )
    _write_json(out_dir / "truth.json", [_truth(practice) for practice in everyone])
    _write_maps(out_dir, plans)
    summary = DemoSummary(
        province=PROVINCE_NAME,
        gazetteer=GAZETTEER_FILE,
        creditors=files,
        practices=len(everyone),
        agents=len(people),
        comuni=len(plans),
        streets=sum(len(plan.streets) for plan in plans),
        house_numbers=doors,
        wrong_addresses=sum(bool(practice.written.defect) for practice in everyone),
        total_cents=sum(practice.total_cents for practice in everyone),
    )
    _write_json(out_dir / "summary.json", asdict(summary) | {"seed": seed, "today": today.isoformat()})
    return summary


def _practices(count: int, seed: int, plans: tuple[TownPlan, ...], today: date) -> dict[str, list[DemoPractice]]:
    random = Random(f"{seed}/practices")
    maker = PracticeMaker(random, plans, today=today)
    made: dict[str, list[DemoPractice]] = {creditor.slug: [] for creditor in CREDITORS}
    for creditor in random.choices(CREDITORS, [creditor.share for creditor in CREDITORS], k=count):
        several = creditor.convention.several_rows
        terms = Terms(creditor.prefix, creditor.kinds, creditor.median_cents, creditor.case_owners, several)
        made[creditor.slug].append(maker.make(terms))
    return made


def _write_gazetteer(path: Path, plans: Sequence[TownPlan]) -> int:
    """The indirizzario; returns how many house numbers it holds. The ISTAT code stays empty: we have none."""
    lines = [";".join(ANNCSU_COLUMNS)]
    for plan, street_id, access_id, name, door in _doors(plans):
        x, y = (f"{degrees:.7f}".replace(".", ",") for degrees in (door.lon, door.lat))
        values = (
            plan.town.code, "", str(street_id), "", name, "", "", "", str(access_id), "", str(door.number), door.suffix,
            "", "", "", x, y, "", "1",
        )  # fmt: skip
        lines.append(";".join(values))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return len(lines) - 1


def _doors(plans: Sequence[TownPlan]) -> Iterator[tuple[TownPlan, int, int, str, Any]]:
    street_id, access_id = 9_000_000, 90_000_000
    for plan in plans:
        for street in plan.streets:
            street_id += 1
            for door in street.doors:
                access_id += 1
                yield plan, street_id, access_id, street.name, door


def _write_creditor(out_dir: Path, creditor: Creditor, practices: list[DemoPractice], today: date) -> CreditorFile:
    file, documents = f"{creditor.slug}.csv", f"{creditor.slug}-documenti.zip"
    (out_dir / file).write_bytes(write_file(creditor.convention, practices, as_of=today - timedelta(days=1)))
    (out_dir / documents).write_bytes(_documents(creditor, practices[:_DOCUMENTS_PER_CREDITOR]))
    return CreditorFile(
        slug=creditor.slug,
        creditor=creditor.name,
        layout=creditor.convention.layout,
        file=file,
        documents=documents,
        practices=len(practices),
        rows=sum(len(practice.lines) for practice in practices),
        total_cents=sum(practice.total_cents for practice in practices),
    )


def _documents(creditor: Creditor, practices: Sequence[DemoPractice]) -> bytes:
    """A ZIP of one-page pictures, each named by its practice number."""
    held = BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive:
        for practice in practices:
            # A fixed moment: the archive must not depend on when it was written.
            archive.writestr(ZipInfo(f"{practice.number}.png", (2020, 1, 1, 0, 0, 0)), _page(creditor, practice))
    return held.getvalue()


def _page(creditor: Creditor, practice: DemoPractice) -> bytes:
    page = Image.new("L", (620, 877), 255)
    draw = ImageDraw.Draw(page)
    draw.text((50, 50), creditor.name, fill=0, font=ImageFont.load_default(26))
    rows = [
        "DOCUMENTO DIMOSTRATIVO - persona e credito inventati",
        f"Pratica {practice.number}",
        practice.debtor.name,
        "",
    ]
    rows += [f"{line.title}   {italian(line.total_cents)}".replace("\u00a0€", " EUR") for line in practice.lines]
    for i, row in enumerate(rows):
        draw.text((50, 120 + 34 * i), row, fill=0, font=ImageFont.load_default(18))
    held = BytesIO()
    page.save(held, "PNG")
    return held.getvalue()


def _truth(practice: DemoPractice) -> dict[str, Any]:
    door, town = practice.door, practice.town
    return {
        "practice": practice.number, "street": practice.street_name, "number": door.text, "comune": town.name,
        "comune_code": town.code, "lat": door.lat, "lon": door.lon, "defect": practice.written.defect,
    }  # fmt: skip


def _write_maps(out_dir: Path, plans: Sequence[TownPlan]) -> None:
    streets = [
        _feature(
            {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in street.line]},
            {"name": street.name, "comune": plan.town.name, "comune_code": plan.town.code},
        )
        for plan in plans
        for street in plan.streets
    ]
    comuni = [
        _feature(
            {"type": "Point", "coordinates": [plan.town.lon, plan.town.lat]},
            {"name": plan.town.name, "code": plan.town.code, "province": PROVINCE, "population": plan.town.population},
        )
        for plan in plans
    ]
    _write_json(out_dir / "streets.geojson", {"type": "FeatureCollection", "features": streets})
    _write_json(out_dir / "comuni.geojson", {"type": "FeatureCollection", "features": comuni})


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
