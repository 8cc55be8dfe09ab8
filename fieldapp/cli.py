"""Commands. `fieldapp --help` lists them; each is a thin door to a service or a room."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import uvicorn

from fieldapp import launch
from fieldapp.address_commands import gazetteer, geocode
from fieldapp.app import contract, create_app
from fieldapp.basemap_commands import basemap
from fieldapp.databases import database
from fieldapp.demo.generator import generate
from fieldapp.domain.errors import Refusal
from fieldapp.importing import import_command
from fieldapp.roads_commands import roads
from fieldapp.said_aloud import fail, sentence
from fieldapp.settings import Settings
from fieldapp.solving import solve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Home visits in credit recovery: plan, visit, receipt, practice file."""


@main.command()
def migrate() -> None:
    """Bring the database to this version (as its owner)."""
    with database(Settings()) as settings:
        click.echo(f"the database is at the newest version ({launch.shown(settings)})")


@main.command()
@click.argument("agency")
@click.option("--login", required=True, help="With what the administrator signs in.")
@click.option("--name", required=True, help="The administrator's name.")
@click.password_option(help="Asked for when it is not given.")
def found(agency: str, login: str, name: str, password: str) -> None:
    """Begin a house: AGENCY and its administrator."""
    with database(Settings()) as settings:
        try:
            asyncio.run(launch.found_now(settings, agency=agency, login=login, name=name, password=password))
        except Refusal as refusal:
            fail(sentence(refusal))
    click.echo(f"{agency} is founded; {login} can sign in.")


@main.command()
@click.option("--workers", default=0, show_default=True, help="Worker processes to run beside the service.")
def serve(workers: int) -> None:
    """Serve the API and the web app."""
    with launch.ended_in_order(), database(Settings()) as settings, launch.workers(settings, workers):
        app = create_app(settings)
        launch.settle_heap()
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            log_level="info",
            log_config=launch.log_config(),
            timeout_graceful_shutdown=3,
        )


@main.command()
@click.option("--leashed", is_flag=True, hidden=True, help="End with the process that holds standard input.")
def worker(leashed: bool) -> None:
    """Run background jobs until told to stop."""
    with launch.ended_in_order(), database(Settings()) as settings:
        launch.run_worker(settings, leashed=leashed)


@main.command()
@click.option("--phone", is_flag=True, help="Serve HTTPS on the local network, for a real phone.")
@click.option("--reset", is_flag=True, help="Forget the demo's data and stop.")
@click.option("--practices", default=300, show_default=True)
@click.option("--agents", default=8, show_default=True)
@click.option("--events", default=0, show_default=True, help="Facts of a past year to each practice, about.")
@click.option("--seed", default=1, show_default=True)
def demo(phone: bool, reset: bool, practices: int, agents: int, events: int, seed: int) -> None:
    """Load an invented province and serve it, on a clock that starts in the morning of a working day."""
    try:
        if reset:
            launch.forget_demo()
            click.echo("The demo's data is gone.")
        else:
            launch.run_demo(practices=practices, agents=agents, events=events, seed=seed, phone=phone)
    except Refusal as refusal:
        fail(sentence(refusal))


@main.command()
def openapi() -> None:
    """Print the API's contract (OpenAPI, JSON)."""
    os.environ.setdefault("FIELDAPP_SECRET_KEY", "00" * 32)
    settings = Settings(database_url="postgresql://nobody@/nothing", blob_url="memory:")
    document = contract(create_app(settings))
    click.echo(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False))


@main.command("demo-data")
@click.option("--practices", default=300, show_default=True)
@click.option("--agents", default=8, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo-data"), show_default=True)
def demo_data(practices: int, agents: int, seed: int, out: Path) -> None:
    """Write an invented province: creditors' files, gazetteer, agents, history, map."""
    today = datetime.now(ZoneInfo("Europe/Rome")).date()
    try:
        summary = generate(out, practices=practices, agents=agents, seed=seed, today=today)
    except Refusal as refusal:
        fail(sentence(refusal))
    click.echo(json.dumps(asdict(summary), ensure_ascii=False))


main.add_command(solve)


main.add_command(gazetteer)
main.add_command(geocode)
main.add_command(basemap)
main.add_command(roads)


main.add_command(import_command)


@main.group("ledger")
def ledger_group() -> None:
    """The books."""


@ledger_group.command("export")
@click.option("--format", "kind", type=click.Choice(["beancount"]), default="beancount", show_default=True)
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="By default printed.")
def ledger_export(kind: str, out: Path | None) -> None:
    """Write every entry, and every balance as an assertion, for `bean-check` to judge."""
    assert kind == "beancount"
    with database(Settings()) as settings:
        try:
            text = asyncio.run(launch.ledger_text(settings))
        except Refusal as refusal:
            fail(sentence(refusal))
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@ledger_group.command("series")
def ledger_series() -> None:
    """Prove every series of receipts: no gap, no fork, no forgery. Exits with 1 where one does not hold."""
    with database(Settings()) as settings:
        try:
            rows = asyncio.run(launch.series_proved(settings))
        except Refusal as refusal:
            fail(sentence(refusal))
    for row in rows:
        found = [
            f"{name} {', '.join(map(str, numbers))}"
            for name, numbers in (("missing", row.missing), ("broken", row.broken), ("forged", row.forged))
            if numbers
        ]
        state = "whole" if row.whole else "; ".join(found)
        click.echo(f"{row.series}\t{row.person_name}\t{row.used} used\t{row.voided} voided\t{state}")
    if not all(row.whole for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
