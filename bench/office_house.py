"""`python -m bench.office_house --practices N [--imported M] --home DIR`: a database of that size, for `bench.office`.

M practices come in through the import of creditors' files, ten facts to each in bulk; where M is less than N, they are
then multiplied inside the database (`docs/demo-data.md`). A house loaded before grows to N. It is measured in the
embedded cluster as it is: it waits for the disk, and its memory settings are Postgres's own defaults.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from sqlmodel import func, select

from bench.office_multiplied import disagreements, multiplied
from bench.processors import cpu_of_cluster
from fieldapp import province
from fieldapp.clock import DemoClock
from fieldapp.domain.access import Identity, Role
from fieldapp.domain.figures import KEPT, MEASURES, Figures
from fieldapp.parts import assemble
from fieldapp.services.work import Parts, working
from fieldapp.settings import Settings
from fieldapp.store import claim_sums, figure_sums, figures, founding, setup
from fieldapp.store.columns import among
from fieldapp.store.database import GATE, Scope
from fieldapp.store.embedded import SUPERUSER, Cluster
from fieldapp.store.tables.figures import FigurePart
from fieldapp.store.tables.practice import Practice
from tests.browser.conftest import CLOCK, MORNING

DATABASE = "office"
AGENTS = 8
EVENTS = 10
SEED = 7
_LOADED = "loaded.json"


def cluster_at(home: Path) -> Cluster:
    """The cluster under `home`, running."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    cluster = Cluster(home)
    cluster.start()
    setup.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
    setup.migrate(cluster.url(setup.OWNER, DATABASE))
    return cluster


def loaded(cluster: Cluster, practices: int, *, imported: int | None = None) -> dict[str, Any]:
    """Fill the database unless it is filled; what filling it took and holds."""
    note = cluster.home / _LOADED
    known = json.loads(note.read_text()) if note.exists() else {}
    if not known:
        DemoClock(cluster.home / CLOCK).move_to(MORNING)
        known = _noted(cluster, lambda: asyncio.run(_fill(settings_of(cluster), imported or practices)))
        note.write_text(json.dumps(known))
    held = known["rows"]["practice"]
    if practices // held > 1 and "multiplied" not in known:
        grown = _noted(cluster, lambda: _multiply(cluster, practices // held))
        known = {**grown, "imported": known, "multiplied": practices // held}
        note.write_text(json.dumps(known))
    return dict(known)


def _noted(cluster: Cluster, fill: Callable[[], None]) -> dict[str, Any]:
    """Seconds and processor seconds that the filling took, and what the database holds then."""
    began, own, database = time.perf_counter(), time.process_time(), cpu_of_cluster(cluster.home)
    fill()
    took = {
        "seconds": round(time.perf_counter() - began),
        "own_cpu_s": round(time.process_time() - own),
        "database_cpu_s": round(cpu_of_cluster(cluster.home) - database),
    }
    with psycopg.connect(cluster.url(SUPERUSER, DATABASE), autocommit=True) as connection:
        # What autovacuum has done by the next morning.
        connection.execute("vacuum analyze")
        tables = ("practice", "fact", "visit", "payment", "contact_attempt", "posting", "task")
        rows = {table: connection.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}  # type: ignore[index]
        size = connection.execute("select pg_database_size(current_database())").fetchone()
    assert size is not None
    return {**took, "rows": rows, "gb": round(size[0] / 2**30, 1)}


def _multiply(cluster: Cluster, times: int) -> None:
    """Bring the house's sums to its newest fact, copy, and see that its books still close."""
    url = cluster.url(SUPERUSER, DATABASE)
    settings = settings_of(cluster)
    asyncio.run(_add_up(settings))
    for setting in _WHILE_MULTIPLYING:
        _say(url, f"alter system set {setting}")
    _say(url, "select pg_reload_conf()")
    try:
        multiplied(url, times, today=MORNING.date(), seed=SEED, say=_told)
    finally:
        _say(url, "alter system reset all")
        _say(url, "select pg_reload_conf()")
        _say(url, "checkpoint")
        os.sync()
    with psycopg.connect(url, autocommit=True) as connection:
        _told(f"  {disagreements(connection)}")
        if any(disagreements(connection).values()):
            raise RuntimeError("the books of the multiplied house do not close")
    asyncio.run(_check_sums(settings))


_WHILE_MULTIPLYING = (
    "autovacuum = off",
    "max_wal_size = '8GB'",
    "checkpoint_timeout = '30min'",
    "fsync = off",
    "full_page_writes = off",
)
"""A house that breaks off while it is multiplied is thrown away."""


def _say(url: str, command: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(command)  # type: ignore[call-overload]


def _told(said: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {said}", flush=True)


async def _add_up(settings: Settings) -> None:
    """What the worker would take in by itself."""
    parts = assemble(settings)
    front = await _front(parts)
    done = False
    while not done:
        async with working(parts, front) as work:
            done = await figure_sums.catch_up(work.session, zone=parts.zone, today=work.today)
    async with working(parts, front) as work:
        await claim_sums.up_to_date(work.session)
    await parts.database.close()


async def _check_sums(settings: Settings) -> None:
    """Claims counted from scratch, and the figures of some hundred practices; raises RuntimeError where one differs."""
    parts = assemble(settings)
    async with working(parts, await _front(parts)) as work:
        if await claim_sums.by_creditor(work.session) != await claim_sums.from_scratch(work.session):
            raise RuntimeError("the claims of the multiplied house do not add up")
        ids = list((await work.session.exec(select(Practice.id).order_by(func.random()).limit(300))).all())
        kept = {
            (part.practice_id, part.day, tuple(getattr(part, by.value) for by in KEPT)): Figures(
                *(getattr(part, name) for name in MEASURES)
            )
            for part in await work.session.exec(select(FigurePart).where(among(FigurePart.practice_id, ids)))
        }
        if kept != await figures.parts(work.session, ids, zone=parts.zone, today=work.today):
            raise RuntimeError("the figures of the multiplied house do not add up")
    await parts.database.close()


async def _front(parts: Parts) -> Identity:
    async with parts.database.transaction(Scope(None, GATE)) as session:
        found = await founding.person_in_role(session, Role.BACK_OFFICE)
    assert found is not None
    return found


def settings_of(cluster: Cluster, **more: Any) -> Settings:
    return Settings(database_url=cluster.url(setup.APP, DATABASE), home=cluster.home, demo=True, **more)


async def _fill(settings: Settings, practices: int) -> None:
    parts = assemble(settings)
    async with parts.jobs.open_async():
        await province.load(
            parts,
            practices=practices,
            agents=AGENTS,
            seed=SEED,
            say=_told,
            events=EVENTS,
        )
    await parts.database.close()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--practices", type=int, default=100_000)
    arguments.add_argument("--imported", type=int, help="How many come in by import; the others are copies of these.")
    arguments.add_argument("--home", type=Path, required=True)
    given = arguments.parse_args()
    cluster = cluster_at(given.home)
    try:
        print(json.dumps(loaded(cluster, given.practices, imported=given.imported)))
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
