"""`python -m bench.appointments`: how long somebody waits on the phone for the windows that may be promised.

An invented province with its first day published; for some of its practices all windows of a week are asked for, in the
service itself, each time anew and with everything that a request reads.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.service import a_cluster
from fieldapp import launch
from fieldapp.clock import FixedClock
from fieldapp.domain.access import Role
from fieldapp.parts import assemble
from fieldapp.services import offers
from fieldapp.services.work import working
from fieldapp.settings import Settings
from fieldapp.store import founding, planning, setup
from fieldapp.store.database import GATE, Scope
from tests.browser.conftest import MORNING, load

SIZES = ((3, 60), (30, 1_500))
ASKED = 12


async def measured(settings: Settings) -> tuple[int, list[float]]:
    """Visits in the published day, and seconds of each question."""
    parts = assemble(settings, clock=FixedClock(MORNING, demo=True))
    async with parts.database.transaction(Scope(None, GATE)) as session:
        who = await founding.person_in_role(session, Role.DISPATCHER)
    assert who is not None
    took = []
    launch.settle_heap()
    async with working(parts, who) as work:
        doors = await planning.open_practices(work.session)
        day = await planning.newest_day(work.session, work.today)
        assert day is not None
        visits = len(await planning.stops_of(work.session, day.id))
    for door in doors[:: len(doors) // (ASKED + 1)][: ASKED + 1]:
        began = time.perf_counter()
        async with working(parts, who) as work:
            await offers.list_offers(work, door.practice.id, hours=1)
        took.append(time.perf_counter() - began)
    await parts.database.close()
    # The first one loads the compiled core.
    return visits, took[1:]


def report() -> str:
    lines = []
    for agents, practices in SIZES:
        home = Path(tempfile.mkdtemp(prefix="fieldapp-bench-offers-"))
        with a_cluster() as cluster:
            url = cluster.url(setup.APP, "bench")
            load(url, home, practices=practices, agents=agents)
            settings = Settings(database_url=url, home=home, demo=True)
            visits, took = asyncio.run(measured(settings))
        shutil.rmtree(home, ignore_errors=True)
        lines.append(f"| {agents} | {visits} | {median(took):.2f} | {max(took):.2f} |")
    return "\n".join(
        [
            f"Windows of an hour on seven lawful days for a practice, today published; {ASKED} practices one after the"
            " other, database included. One process.",
            "",
            "| agents | visits and reserve today | median s | slowest s |",
            "|---|---|---|---|",
            *lines,
        ]
    )


if __name__ == "__main__":
    print(report())
