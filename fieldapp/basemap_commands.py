"""Commands of the basemap: an area drawn from OpenStreetMap data, put in its place, described, taken away."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import click

from fieldapp.domain.errors import Refusal
from fieldapp.geo import basemap as archive
from fieldapp.said_aloud import fail, sentence

_place_option = click.option(
    "--basemap", "place", type=click.Path(dir_okay=False, path_type=Path), help="By default the house's own."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def basemap() -> None:
    """The map below the stops, from OpenStreetMap data: it never leaves the premises but for the agents' phones."""


@basemap.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o", "--out", "place", type=click.Path(dir_okay=False, path_type=Path), help="By default the house's own."
)
def build(file: Path, place: Path | None) -> None:
    """Draw FILE (.osm.pbf or .osm) as one PMTiles archive; the map of before stays until the new one is whole."""
    try:
        summary = archive.build(file, place or _own(), say=lambda words: click.echo(words, err=True))
    except Refusal as refusal:
        fail(sentence(refusal))
    _tell(summary)


@basemap.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_place_option
def use(file: Path, place: Path | None) -> None:
    """Put FILE, an archive that was built elsewhere, in the place of the house's map."""
    try:
        summary = archive.use(file, place or _own())
    except Refusal as refusal:
        fail(sentence(refusal))
    _tell(summary)


@basemap.command()
@_place_option
def show(place: Path | None) -> None:
    """What the map holds: source, moment, bounds, zooms, tiles, bytes."""
    try:
        summary = archive.describe(place or _own())
    except Refusal as refusal:
        fail(sentence(refusal))
    _tell(summary)


@basemap.command()
@_place_option
def remove(place: Path | None) -> None:
    """Take the map away; our own drawing is shown instead."""
    there = place or _own()
    click.echo(f"{there} is gone" if archive.remove(there) else f"there was no map at {there}", err=True)


def _tell(summary: archive.BasemapSummary) -> None:
    click.echo(json.dumps(asdict(summary), ensure_ascii=False))


def _own() -> Path:
    own: Path = import_module("fieldapp.settings").Settings().basemap_path
    return own
