"""Commands of the roads: travel times by a Valhalla on the premises."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click

from fieldapp.domain.errors import Refusal
from fieldapp.geo.travel import premises
from fieldapp.said_aloud import fail, sentence


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def roads() -> None:
    """Travel times by road, from OpenStreetMap data, without asking anybody (Python 3.12 and newer)."""


@roads.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--out", "place", type=click.Path(file_okay=False, path_type=Path), help="By default the house's.")
def build(file: Path, place: Path | None) -> None:
    """Build the roads of FILE (.osm.pbf); those of before stay until the new ones are whole."""
    try:
        summary = premises.build(
            file, place or _own(), now=datetime.now(UTC), say=lambda words: click.echo(words, err=True)
        )
    except Refusal as refusal:
        fail(sentence(refusal))
    click.echo(json.dumps(asdict(summary), ensure_ascii=False))


@roads.command()
def show() -> None:
    """From what the roads were built, when, and their size."""
    try:
        click.echo(json.dumps(asdict(premises.describe(_own())), ensure_ascii=False))
    except Refusal as refusal:
        fail(sentence(refusal))


@roads.command()
def remove() -> None:
    """Take the roads away."""
    there = _own()
    click.echo(f"{there} is gone" if premises.remove(there) else f"there were no roads at {there}", err=True)


def _own() -> Path:
    own: Path = import_module("fieldapp.settings").Settings().roads_path
    return own
