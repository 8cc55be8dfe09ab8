"""`python -m bench.office_house --practices N --home DIR`: a database of that size, kept for `bench.office`.

Practices come in through the import of creditors' files, ten facts to each in bulk (`docs/demo-data.md`). The cluster
is the embedded one as it is: it waits for the disk, and its memory settings are Postgres's own defaults.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.processors import cpu_of_cluster
from fieldapp import province
from fieldapp.clock import DemoClock
from fieldapp.parts import assemble
from fieldapp.settings import Settings
from fieldapp.store import setup
from fieldapp.store.embedded import SUPERUSER, Cluster
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


def loaded(cluster: Cluster, practices: int) -> dict[str, Any]:
    """Fill the database unless it is filled; what filling it took and holds."""
    note = cluster.home / _LOADED
    if note.exists():
        return dict(json.loads(note.read_text()))
    DemoClock(cluster.home / CLOCK).move_to(MORNING)
    began = time.perf_counter()
    database = cpu_of_cluster(cluster.home)
    asyncio.run(_fill(settings_of(cluster), practices))
    took = {
        "seconds": round(time.perf_counter() - began),
        "own_cpu_s": round(time.process_time()),
        "database_cpu_s": round(cpu_of_cluster(cluster.home) - database),
    }
    with psycopg.connect(cluster.url(SUPERUSER, DATABASE), autocommit=True) as connection:
        # What autovacuum has done by the next morning.
        connection.execute("vacuum analyze")
        tables = ("practice", "fact", "visit", "payment", "contact_attempt", "posting", "task")
        rows = {table: connection.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}  # type: ignore[index]
        size = connection.execute("select pg_database_size(current_database())").fetchone()
    assert size is not None
    note.write_text(json.dumps({**took, "rows": rows, "gb": round(size[0] / 2**30, 1)}))
    return dict(json.loads(note.read_text()))


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
            say=lambda said: print(f"{time.strftime('%H:%M:%S')} {said}", flush=True),
            events=EVENTS,
        )
    await parts.database.close()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--practices", type=int, default=100_000)
    arguments.add_argument("--home", type=Path, required=True)
    given = arguments.parse_args()
    cluster = cluster_at(given.home)
    try:
        print(json.dumps(loaded(cluster, given.practices)))
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
