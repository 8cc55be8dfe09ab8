"""`fieldapp import`: a creditor's file from the command line. Loads nothing of the web service, to start fast."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from fieldapp.databases import database
from fieldapp.documents.tabular import LARGEST_FILE
from fieldapp.domain.errors import Refusal
from fieldapp.parts import assemble
from fieldapp.said_aloud import fail, sentence
from fieldapp.services import founding
from fieldapp.services.intake import import_file
from fieldapp.settings import Settings


async def import_now(
    settings: Settings, file: Path, layout: str, *, creditor: str | None, documents: Path | None
) -> dict[str, Any]:
    """Import `file` in the name of the back office, without a worker; the summary of docs/intake.md.

    A house without an agency is founded first, with an administrator whom nobody can sign in as yet.
    """
    parts = assemble(settings)
    try:
        async with parts.jobs.open_async():
            acting = await founding.somebody(parts) or await founding.found(
                parts, agency="Agenzia", login="admin", name="Amministrazione", password=None
            )
            return await import_file(
                parts,
                acting,
                _read(file),
                file.name,
                layout,
                creditor_name=creditor,
                documents=documents.read_bytes() if documents else None,
            )
    finally:
        await parts.database.close()


def _read(file: Path) -> bytes:
    # One byte more than is taken tells that it is too much; the rest of a disk image stays where it is.
    with file.open("rb") as opened:
        return opened.read(LARGEST_FILE + 1)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--layout", required=True, help="The creditor's layout, by name.")
@click.option("--creditor", help="Name of the creditor; by default the one that writes in this layout.")
@click.option("--documents", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="ZIP of papers.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as the last line.")
def import_command(file: Path, layout: str, creditor: str | None, documents: Path | None, as_json: bool) -> None:
    """Take in a creditor's file; rejected rows come back beside it."""
    with database(Settings()) as settings:
        try:
            summary = asyncio.run(import_now(settings, file, layout, creditor=creditor, documents=documents))
        except Refusal as refusal:
            fail(sentence(refusal))
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))
        return
    for name, value in summary.items():
        click.echo(f"{name}: {value}")
