"""Commands of the geocoder: the gazetteer's files in, addresses located, one a line. They open no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

import click

from fieldapp.domain.errors import Refusal
from fieldapp.domain.said import say
from fieldapp.geo.geocoding import Answer, GazetteerGeocoder
from fieldapp.words import read_words

FORMATS = ("anncsu", "openaddresses", "osm", "comuni")

_gazetteer_option = click.option(
    "--gazetteer", "path", type=click.Path(dir_okay=False, path_type=Path), help="By default the house's own."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def gazetteer() -> None:
    """The index of streets and house numbers."""


@gazetteer.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "kind", type=click.Choice(FORMATS), default="anncsu", show_default=True)
@click.option("--source", help="Who published it; by default the file's name.")
@click.option("--licence", help="Its licence; by default that of the format.")
@_gazetteer_option
def gazetteer_import(file: Path, kind: str, source: str | None, licence: str | None, path: Path | None) -> None:
    """Take in FILE, plain, .gz or .zip; a newer file replaces what an older one of its kind held."""
    read = import_module("fieldapp.geo.gazetteer").import_file
    try:
        summary = read(file, path or _own_gazetteer(), format=kind, source=source, licence=licence)
    except Refusal as refusal:
        _fail(refusal)
    click.echo(json.dumps(asdict(summary), ensure_ascii=False))


@gazetteer.command("sources")
@_gazetteer_option
def gazetteer_sources(path: Path | None) -> None:
    """Where the gazetteer comes from: file, format, licence, moment, rows held, as JSON lines."""
    for source in _open(path).index.sources():
        click.echo(json.dumps(source, ensure_ascii=False))


@gazetteer.command("holes")
@click.option("--suppressed", is_flag=True, help="Instead those that exist no more and whose name finds nothing.")
@_gazetteer_option
def gazetteer_holes(suppressed: bool, path: Path | None) -> None:
    """The comuni that no point is known of, one a line; without a gazetteer those of the built-in list."""
    if suppressed:
        lost = import_module("fieldapp.geo.comuni").suppressed()
        for one in lost:
            click.echo(f"{one.code} {one.name} ({one.province}) until {one.until}")
        click.echo(f"{len(lost)} suppressed comuni whose successor is not known", err=True)
        return
    if path is None:
        comuni = import_module("fieldapp.geo.comuni")
        bare = [(each.code, each.name, each.province) for each in comuni.holes(comuni.all_comuni())]
    else:
        bare = [(each.code, each.name, each.province) for each in _open(path).index.holes()]
    for code, name, province in bare:
        click.echo(f"{code} {name} ({province})")
    click.echo(f"{len(bare)} comuni without a point", err=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("addresses", nargs=-1)
@click.option("--jsonl", is_flag=True, help='Read {"id", "query"} lines and answer each at once, in order.')
@_gazetteer_option
def geocode(addresses: tuple[str, ...], jsonl: bool, path: Path | None) -> None:
    """Locate ADDRESSES, or the lines of standard input, on the premises: nothing is sent anywhere."""
    geocoder = _open(path)
    if jsonl:
        _answer_lines(sys.stdin.buffer, sys.stdout.buffer, geocoder)
        return
    for address in addresses or (line.strip() for line in sys.stdin):
        answer = geocoder.answer(address)
        point = f"{answer.lat:.6f} {answer.lon:.6f}" if answer.lat is not None else "-"
        click.echo(f"{point} {answer.quality} {answer.confidence:.2f} {answer.label} {' '.join(answer.why)}".rstrip())


def _answer_lines(lines: IO[bytes], out: IO[bytes], geocoder: GazetteerGeocoder) -> None:
    for reply in replies(lines, geocoder):
        try:
            out.write(json.dumps(reply, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            out.flush()
        except BrokenPipeError:
            # Whoever asked went away; what is left unsaid is nobody's loss.
            sys.stderr.close()
            return


def replies(lines: Iterator[bytes] | IO[bytes], geocoder: GazetteerGeocoder) -> Iterator[dict[str, Any]]:
    """One reply a line, whatever the line holds; blank lines are passed over."""
    for line in lines:
        if not line.strip():
            continue
        asked = _asked(line)
        query = asked.get("query")
        unread = Answer("none", 0.0, why=("geocode.line_unreadable",))
        answer = geocoder.answer(query) if isinstance(query, str) else unread
        yield {"id": asked.get("id"), **reply(answer)}


def _asked(line: bytes) -> Mapping[str, Any]:
    try:
        asked = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}


def reply(answer: Answer) -> dict[str, Any]:
    """An answer as one line's fields; no `lat` and `lon` where there is no point."""
    point = {} if answer.lat is None else {"lat": answer.lat, "lon": answer.lon}
    return {
        **point,
        "confidence": answer.confidence,
        "quality": answer.quality,
        "comune": answer.comune,
        "label": answer.label,
        "why": list(answer.why),
    }


def _open(path: Path | None) -> GazetteerGeocoder:
    try:
        return GazetteerGeocoder(path or _own_gazetteer())
    except Refusal as refusal:
        _fail(refusal)


def _own_gazetteer() -> Path:
    # Reading the settings takes longer than a question: only where the file is not named.
    own: Path = import_module("fieldapp.settings").Settings().gazetteer_path
    return own


def _fail(refusal: Refusal) -> NoReturn:
    click.echo(f"{say(read_words(), refusal.code, refusal.details)} ({refusal.code})", err=True)
    sys.exit(2)
