"""`python -m bench.national_service`: a day that is cut, through the service: asked for, watched, stopped, published.

An invented province, its plan asked for over the interface as a dispatcher does, worked at by worker processes. Printed
is what the screen is told while it runs and what stands at its end; once to its end, once stopped on the way.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.service import a_cluster
from fieldapp import launch
from fieldapp.app import create_app
from fieldapp.clock import FixedClock
from fieldapp.domain.access import Role
from fieldapp.parts import assemble
from fieldapp.services.access import DEMO_PASSWORD
from fieldapp.settings import Settings
from fieldapp.store import founding, setup
from fieldapp.store.database import GATE, Scope
from tests.browser.conftest import MORNING, load
from tests.flows.conftest import BASE, Desk

PATIENCE_S = 1_200


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--agents", type=int, default=210)
    asked.add_argument("--practices", type=int, default=4_500)
    asked.add_argument("--seconds", type=int, default=60)
    asked.add_argument("--workers", type=int, default=2)
    given = asked.parse_args()
    home = Path(tempfile.mkdtemp(prefix="fieldapp-bench-nation-"))
    with a_cluster() as cluster:
        url = cluster.url(setup.APP, "bench")
        load(url, home, practices=given.practices, agents=given.agents)
        settings = Settings(database_url=url, home=home, demo=True)
        with launch.workers(settings, given.workers):
            asyncio.run(_watched(settings, given.seconds))
    shutil.rmtree(home, ignore_errors=True)


async def _watched(settings: Settings, seconds: int) -> None:
    parts = assemble(settings, clock=FixedClock(MORNING, demo=True))
    async with parts.jobs.open_async():
        async with parts.database.transaction(Scope(None, GATE)) as session:
            who = await founding.person_in_role(session, Role.DISPATCHER)
            assert who is not None
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(settings, parts=parts)), base_url=BASE, timeout=300
        ) as http:
            await http.get("/clock")
            desk = Desk(http, who)
            session_asked = await desk.post("/session", json={"login": "dispatcher", "password": DEMO_PASSWORD})
            assert session_asked.status_code == 200, session_asked.text
            await one(desk, seconds, stop_after_s=None, publish=True)
            await one(desk, seconds, stop_after_s=seconds / 3, publish=False)
    await parts.database.close()


async def one(desk: Desk, seconds: int, *, stop_after_s: float | None, publish: bool) -> None:
    """A plan from its asking to its end."""
    began = time.monotonic()
    body = {"day": "2026-11-27", "seconds": seconds, "seed": 1}
    answer = await desk.post("/dispatch/plans", json=body)
    assert answer.status_code == 201, answer.text
    plan_id, told, stopped = answer.json()["id"], "", False
    while True:
        await asyncio.sleep(1)
        plan: dict[str, Any] = (await desk.get(f"/dispatch/plans/{plan_id}")).json()
        passed = time.monotonic() - began
        now = plan["progress"]
        said = f"{plan['state']} {now['objective_cents']} cents, {now['iterations']} iterations"
        if said != told:
            print(f"{passed:6.1f} s  {said}", flush=True)
            told = said
        if stop_after_s is not None and not stopped and passed > stop_after_s:
            assert (await desk.post(f"/dispatch/plans/{plan_id}/stop")).status_code == 200
            print(f"{passed:6.1f} s  stopped", flush=True)
            stopped = True
        if plan["state"] in ("done", "failed") or passed > PATIENCE_S:
            break
    visits = sum(len(route["stops"]) for route in plan["routes"])
    print(
        f"{plan['state']} after {passed:.1f} s: {len(plan['routes'])} routes, {visits} visits, {len(plan['unplanned'])}"
        f" unplanned, {plan['objective_cents']} cents, stopped early {plan['stopped_early']},"
        f" failure {plan['failure']}, {len(now['curve'])} points of its curve"
    )
    if publish:
        began = time.monotonic()
        answer = await desk.post(f"/dispatch/plans/{plan_id}/publish")
        day = answer.json()
        print(
            f"published ({answer.status_code}) in {time.monotonic() - began:.1f} s:"
            f" {sum(len(route['stops']) for route in day['routes'])} stops, {len(day['left_out'])} left out"
        )


if __name__ == "__main__":
    main()
