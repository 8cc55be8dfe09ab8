"""The demo province written out: gazetteer, creditors' files, agents, history, map and a few documents.

Everything follows from the seed and the day: the same call writes the same bytes. It writes files only; they
enter the service through the front door like anybody's. Practices are made and written one after the other, so that a
million of them need no more memory than a few hundred.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from PIL import Image, ImageDraw, ImageFont

from fieldapp.demo.agents import make_agents
from fieldapp.demo.creditor_files import CREDITORS, Creditor, FileWriter
from fieldapp.demo.history import make_history
from fieldapp.demo.practices import DemoPractice, PracticeMaker, Terms
from fieldapp.demo.province import PROVINCE, PROVINCE_NAME, towns
from fieldapp.demo.town_plan import TownPlan, draw_town
from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.money import italian
from fieldapp.geo.gazetteer_rows import ANNCSU_COLUMNS

MOST_PRACTICES = 1_000_000
PRACTICES_A_FILE = 20_000
"""A creditor with more sends another file: `lume-energia-02.csv`."""
GAZETTEER_FILE = "indirizzario.csv"
_DOCUMENTS_PER_CREDITOR = 6


@dataclass(frozen=True, slots=True)
class CreditorFile:
    """One creditor's file as written; `total_cents` is what its rows sum to, `documents` empty where there are none."""

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

    Raises Refusal `demo.too_many` above 1,000,000 practices and `demo.too_few` below one practice or agent.
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
    ids = tuple(agent["id"] for agent in people)
    writers = {creditor.slug: _CreditorWriter(out_dir, creditor, today) for creditor in CREDITORS}
    wrong_addresses = total_cents = 0
    with _JsonRows(out_dir / "history.json") as history, _JsonRows(out_dir / "truth.json") as truth:
        for creditor, practice in _practices(practices, seed, plans, today):
            writers[creditor.slug].add(practice)
            history.add(make_history(practice, Random(f"{seed}/history/{practice.number}"), today=today, agent_ids=ids))
            truth.add(_truth(practice))
            wrong_addresses += bool(practice.written.defect)
            total_cents += practice.total_cents
    files = tuple(file for creditor in CREDITORS for file in writers[creditor.slug].close())
    _write_maps(out_dir, plans)
    summary = DemoSummary(
        province=PROVINCE_NAME,
        gazetteer=GAZETTEER_FILE,
        creditors=files,
        practices=practices,
        agents=len(people),
        comuni=len(plans),
        streets=sum(len(plan.streets) for plan in plans),
        house_numbers=doors,
        wrong_addresses=wrong_addresses,
        total_cents=total_cents,
    )
    _write_json(out_dir / "summary.json", asdict(summary) | {"seed": seed, "today": today.isoformat()})
    return summary


def _practices(
    count: int, seed: int, plans: tuple[TownPlan, ...], today: date
) -> Iterator[tuple[Creditor, DemoPractice]]:
    random = Random(f"{seed}/practices")
    maker = PracticeMaker(random, plans, today=today)
    for creditor in random.choices(CREDITORS, [creditor.share for creditor in CREDITORS], k=count):
        several = creditor.convention.several_rows
        terms = Terms(creditor.prefix, creditor.kinds, creditor.median_cents, creditor.case_owners, several)
        yield creditor, maker.make(terms)


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


class _CreditorWriter:
    """A creditor's files: as many as its practices need, with documents beside the first."""

    def __init__(self, out_dir: Path, creditor: Creditor, today: date) -> None:
        self._out_dir = out_dir
        self._creditor = creditor
        self._as_of = today - timedelta(days=1)
        self._documented: list[DemoPractice] = []
        self._closed: list[CreditorFile] = []
        self._open()

    def add(self, practice: DemoPractice) -> None:
        if self._writer.practices == PRACTICES_A_FILE:
            self._finish()
            self._open()
        self._writer.add(practice)
        if len(self._documented) < _DOCUMENTS_PER_CREDITOR:
            self._documented.append(practice)

    def close(self) -> list[CreditorFile]:
        """What was written, in order."""
        self._finish()
        return self._closed

    def _open(self) -> None:
        part = len(self._closed) + 1
        self._file = f"{self._creditor.slug}{'' if part == 1 else f'-{part:02d}'}.csv"
        self._writer = FileWriter(self._out_dir / self._file, self._creditor.convention, as_of=self._as_of)

    def _finish(self) -> None:
        self._writer.close()
        documents = "" if self._closed else f"{self._creditor.slug}-documenti.zip"
        if documents:
            (self._out_dir / documents).write_bytes(_documents(self._creditor, self._documented))
        self._closed.append(
            CreditorFile(
                slug=self._creditor.slug,
                creditor=self._creditor.name,
                layout=self._creditor.convention.layout,
                file=self._file,
                documents=documents,
                practices=self._writer.practices,
                rows=self._writer.rows,
                total_cents=self._writer.total_cents,
            )
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


class _JsonRows:
    """A JSON array with an element a line, written as they come; `json_rows` reads it the same way."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._between = "[\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.write("[]\n" if self._between == "[\n" else "\n]\n")
        self._file.close()

    def add(self, value: Any) -> None:
        self._file.write(self._between + _json(value))
        self._between = ",\n"


def json_rows(path: Path) -> Iterator[Any]:
    """The elements of `history.json` or `truth.json`, one after the other."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("{"):
                yield json.loads(line.rstrip("\n,"))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(_json(value) + "\n", encoding="utf-8", newline="\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
