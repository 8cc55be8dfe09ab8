"""The basemap from OpenStreetMap data: what is drawn where, whole archives or none, and the part that a day needs."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from click.testing import CliRunner
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import Compression, TileType
from shapely.geometry import Point, shape

from fieldapp.basemap_commands import basemap as command
from fieldapp.domain.errors import Refusal
from fieldapp.geo import basemap as basemaps
from fieldapp.geo.basemap import Basemap, build, describe, use
from fieldapp.geo.basemap_day import MOST_BYTES, tiles_of_day
from fieldapp.geo.basemap_features import LAYERS
from tests.geo.small_map import STEP, SmallMap, square, town_around

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
DOOR = (45.3101, 9.5003)
FAR_DOOR = (45.3501, 9.5603)

Spot = tuple[float, float]
Tile = tuple[int, int, int]
Layers = dict[str, list[dict[str, Any]]]


def built(town: SmallMap, folder: Path, *, box: tuple[float, float, float, float] | None = None) -> Path:
    archive = folder / "area.pmtiles"
    build(town.write(folder / "area.osm.pbf", box=box), archive, now=NOW)
    return archive


def on_square(spot: Spot, zoom: int) -> tuple[float, float]:
    lat, lon = spot
    return (lon / 360 + 0.5) * 2**zoom, (0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * 2**zoom


def tile_at(spot: Spot, zoom: int) -> Tile:
    x, y = on_square(spot, zoom)
    return zoom, int(x), int(y)


def within(spot: Spot, tile: Tile) -> Point:
    """Where a spot lies in a tile, in the tile's own units."""
    x, y = on_square(spot, tile[0])
    return Point((x - tile[1]) * 4096, (y - tile[2]) * 4096)


def decoded(archive: Path, tile: Tile) -> Layers:
    content = Reader(MemorySource(archive.read_bytes())).get(*tile)
    assert content is not None, f"no tile {tile}"
    layers = mapbox_vector_tile.decode(gzip.decompress(content), default_options={"y_coord_down": True})
    return {name: layer["features"] for name, layer in layers.items()}


def said(layers: Layers, layer: str, key: str) -> list[Any]:
    return sorted(feature["properties"].get(key, "") for feature in layers.get(layer, ()))


def test_what_is_drawn_at_a_door_decodes_back_to_where_it_is(tmp_path: Path) -> None:
    tile = tile_at(DOOR, 15)

    layers = decoded(built(town_around([DOOR]), tmp_path), tile)

    (house,), (number,) = layers["buildings"], layers["numbers"]
    assert shape(house["geometry"]).contains(within(DOOR, tile))
    assert shape(number["geometry"]).distance(within(DOOR, tile)) < 20
    assert number["properties"] == {"number": "1"}
    street = next(road for road in layers["roads"] if road["properties"].get("name") == "Via della Prova 1")
    before_it = (DOOR[0] - 2 * STEP, DOOR[1])
    assert street["properties"] == {"kind": "minor", "name": "Via della Prova 1"}
    assert shape(street["geometry"]).distance(within(before_it, tile)) < 2


def test_a_lake_keeps_its_island(tmp_path: Path) -> None:
    lake = (DOOR[0] - 40 * STEP, DOOR[1] + 40 * STEP)
    tile = tile_at(lake, 14)

    layers = decoded(built(town_around([DOOR]), tmp_path), tile)

    water = [shape(one["geometry"]) for one in layers["water"]]
    assert not any(one.contains(within(lake, tile)) for one in water)
    assert any(one.contains(within((lake[0] + 12 * STEP, lake[1]), tile)) for one in water)


def test_layers_stand_in_the_order_in_which_they_are_painted(tmp_path: Path) -> None:
    archive = built(town_around([DOOR, FAR_DOOR]), tmp_path)

    for tile, content in all_tiles(MemorySource(archive.read_bytes())):
        names = list(mapbox_vector_tile.decode(gzip.decompress(content)))
        assert names == [name for name in LAYERS if name in names], tile


def test_what_lies_in_two_tiles_is_cut_at_the_edge_of_each_with_a_margin(tmp_path: Path) -> None:
    town = SmallMap()
    town.line([(45.31, 9.40), (45.31, 9.60)], highway="primary")
    archive = built(town, tmp_path)
    tile = tile_at((45.31, 9.50), 15)

    for x in (tile[1], tile[1] + 1):
        (road,) = decoded(archive, (15, x, tile[2]))["roads"]
        west, _, east, _ = shape(road["geometry"]).bounds
        assert (west, east) == (-64, 4096 + 64)


def test_from_afar_few_things_are_drawn_and_names_come_with_the_zoom(tmp_path: Path) -> None:
    archive = built(town_around([DOOR, FAR_DOOR]), tmp_path)

    near, middle, far = (decoded(archive, tile_at(DOOR, zoom)) for zoom in (15, 13, 9))

    assert {"buildings", "numbers"} <= near.keys()
    assert not {"buildings", "numbers"} & middle.keys()
    assert "Via della Prova 1" in said(middle, "roads", "name")
    assert said(far, "roads", "kind") == ["primary"]
    assert said(far, "places", "name") == ["Borgo Prova"]


def test_a_name_in_the_margin_is_written_by_one_tile_only(tmp_path: Path) -> None:
    town = SmallMap()
    edge = (45.31, 360 * (17249 / 2**15 - 0.5))
    town.point((edge[0], edge[1] + 1e-5), place="town", name="Confine")
    archive = built(town, tmp_path)

    named = [
        tile
        for tile, content in all_tiles(MemorySource(archive.read_bytes()))
        if tile[0] == 15 and mapbox_vector_tile.decode(gzip.decompress(content))["places"]["features"]
    ]

    assert named == [tile_at((edge[0], edge[1] + 1e-5), 15)]


def test_the_sea_lies_on_the_right_of_the_coast(tmp_path: Path) -> None:
    town = SmallMap()
    # From the north to the south with the land, the town and its road on the left: the sea is in the west.
    town.line([(45.45, 9.50), (45.31, 9.502), (45.15, 9.50)], natural="coastline")
    town.line([(45.31, 9.51), (45.31, 9.55)], highway="primary")
    archive = built(town, tmp_path, box=(9.40, 45.20, 9.60, 45.40))
    tile = tile_at((45.31, 9.50), 11)

    (sea,) = (shape(one["geometry"]) for one in decoded(archive, tile)["water"])

    assert sea.contains(within((45.31, 9.49), tile))
    assert not sea.contains(within((45.31, 9.51), tile))


def test_a_coast_that_the_extract_cuts_off_is_led_to_its_edge(tmp_path: Path) -> None:
    town = SmallMap()
    town.line([(45.38, 9.50), (45.31, 9.502), (45.22, 9.50)], natural="coastline")
    town.line([(45.31, 9.51), (45.31, 9.55)], highway="primary")
    archive = built(town, tmp_path, box=(9.40, 45.20, 9.60, 45.40))
    tile = tile_at((45.31, 9.50), 11)

    (sea,) = (shape(one["geometry"]) for one in decoded(archive, tile)["water"])

    assert sea.contains(within((45.31, 9.49), tile))
    assert not sea.contains(within((45.31, 9.51), tile))


def test_what_two_coasts_disagree_about_is_not_put_under_water(tmp_path: Path) -> None:
    town = SmallMap()
    for lon in (9.50, 9.55):
        town.line([(45.45, lon), (45.15, lon)], natural="coastline")
    town.line([(45.31, 9.57), (45.31, 9.59)], highway="primary")
    archive = built(town, tmp_path, box=(9.40, 45.20, 9.60, 45.40))

    tile = tile_at((45.31, 9.5), 9)

    (sea,) = (shape(one["geometry"]) for one in decoded(archive, tile)["water"])

    assert sea.contains(within((45.31, 9.48), tile))
    assert not sea.contains(within((45.31, 9.525), tile))


def test_an_archive_says_what_it_is(tmp_path: Path) -> None:
    box = (9.45, 45.29, 9.57, 45.36)

    archive = built(town_around([DOOR, FAR_DOOR]), tmp_path, box=box)

    reader = Reader(MemorySource(archive.read_bytes()))
    header, metadata = reader.header(), reader.metadata()
    assert (header["version"], header["tile_type"], header["clustered"]) == (3, TileType.MVT, True)
    assert (header["tile_compression"], header["min_zoom"], header["max_zoom"]) == (Compression.GZIP, 8, 15)
    assert metadata["attribution"] == "© OpenStreetMap contributors"
    assert [layer["id"] for layer in metadata["vector_layers"]] == list(LAYERS)
    west, south, east, north = describe(archive).bounds
    assert box[0] <= west < DOOR[1] < FAR_DOOR[1] < east <= box[2]
    assert box[1] <= south < DOOR[0] < FAR_DOOR[0] < north <= box[3]


def test_the_same_file_makes_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for folder in (first, second):
        folder.mkdir()

    assert built(town_around([DOOR]), first).read_bytes() == built(town_around([DOOR]), second).read_bytes()


def osm_cut_off(folder: Path) -> Path:
    whole = town_around([DOOR, FAR_DOOR]).write(folder / "whole.osm.pbf").read_bytes()
    (folder / "cut.osm.pbf").write_bytes(whole[: len(whole) - 40])
    return folder / "cut.osm.pbf"


def written(name: str, content: bytes) -> Any:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def pointless(folder: Path) -> Path:
    town = SmallMap()
    town.point(DOOR, amenity="bench")
    return town.write(folder / "bench.osm")


BAD_FILES = {
    "empty": (written("empty.osm.pbf", b""), "basemap.not_osm"),
    "no OSM": (written("letter.osm", b"Gentile cliente,"), "basemap.not_osm"),
    "another ending": (written("map.geojson", b'{"type": "FeatureCollection", "features": []}'), "basemap.not_osm"),
    "cut off": (osm_cut_off, "basemap.not_osm"),
    "nothing that is drawn": (pointless, "basemap.empty"),
    "no objects": (written("none.osm", b'<osm version="0.6"></osm>'), "basemap.empty"),
}


@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_bad_file_is_refused_in_words_and_the_map_of_before_stays(tmp_path: Path, bad: str) -> None:
    write, code = BAD_FILES[bad]
    place = tmp_path / "house" / "basemap.pmtiles"
    place.parent.mkdir()
    place.write_bytes(before := built(town_around([DOOR]), tmp_path).read_bytes())

    answer = CliRunner().invoke(command, ["build", str(write(tmp_path)), "-o", str(place)])

    assert answer.exit_code == 2
    assert answer.stderr.strip().endswith(f"({code})")
    assert place.read_bytes() == before
    assert list(place.parent.iterdir()) == [place]


def test_an_interrupted_build_leaves_nothing_behind(tmp_path: Path) -> None:
    osm = town_around([DOOR, FAR_DOOR]).write(tmp_path / "area.osm")
    place = tmp_path / "house" / "basemap.pmtiles"

    def stop(words: str) -> None:
        if "Drawing" in words:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(osm, place, say=stop)

    assert list(place.parent.iterdir()) == []


def test_a_build_tells_aloud_how_far_it_is_and_what_it_made(tmp_path: Path) -> None:
    osm = town_around([DOOR]).write(tmp_path / "lodi.osm")

    answer = CliRunner().invoke(command, ["build", str(osm), "-o", str(tmp_path / "lodi.pmtiles")])

    assert answer.exit_code == 0
    assert "Reading lodi.osm" in answer.stderr
    assert "100 %" in answer.stderr
    told = json.loads(answer.stdout)
    assert (told["source"], told["min_zoom"], told["max_zoom"]) == ("lodi.osm", 8, 15)
    assert told["tiles"] == len(list(all_tiles(MemorySource((tmp_path / "lodi.pmtiles").read_bytes()))))


def test_an_archive_from_another_machine_is_put_in_place_and_taken_away(tmp_path: Path) -> None:
    archive, place = built(town_around([DOOR]), tmp_path), tmp_path / "house" / "basemap.pmtiles"

    used = CliRunner().invoke(command, ["use", str(archive), "--basemap", str(place)])
    shown = CliRunner().invoke(command, ["show", "--basemap", str(place)])
    removed = CliRunner().invoke(command, ["remove", "--basemap", str(place)])
    after = CliRunner().invoke(command, ["show", "--basemap", str(place)])

    assert used.exit_code == shown.exit_code == removed.exit_code == 0
    assert json.loads(used.stdout) == json.loads(shown.stdout)
    assert not place.exists()
    assert after.stderr.strip().endswith("(basemap.missing)")


@pytest.mark.parametrize("bad", ["other", "cut", "schema"])
def test_what_is_no_archive_of_ours_is_not_put_in_place(
    tmp_path: Path, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "basemap.pmtiles"
    archive = built(town_around([DOOR]), tmp_path)
    content = archive.read_bytes()
    if bad == "schema":
        monkeypatch.setattr(basemaps, "SCHEMA", basemaps.SCHEMA + 1)
    archive.write_bytes({"other": b"not an archive" * 20, "cut": content[:-10], "schema": content}[bad])

    with pytest.raises(Refusal) as refused:
        use(archive, place)

    assert refused.value.code == "basemap.not_ours"
    assert not place.exists()


def test_a_day_gets_its_doors_closely_and_the_way_coarsely(tmp_path: Path) -> None:
    archive = built(town_around([DOOR, FAR_DOOR]), tmp_path)

    with_way = tiles_of_day([DOOR, FAR_DOOR], start=(45.30, 9.45))
    part = Basemap(archive).cut(with_way, most_bytes=MOST_BYTES)

    reader = Reader(MemorySource(part))
    whole = Reader(MemorySource(archive.read_bytes()))
    between = ((DOOR[0] + FAR_DOOR[0]) / 2, (DOOR[1] + FAR_DOOR[1]) / 2)
    for spot, zoom in ((DOOR, 15), (FAR_DOOR, 15), (DOOR, 12), (between, 14), (between, 8)):
        assert reader.get(*tile_at(spot, zoom)) == whole.get(*tile_at(spot, zoom)) is not None
    assert reader.get(*tile_at(between, 15)) is None
    assert reader.metadata()["attribution"] == "© OpenStreetMap contributors"
    assert len(part) <= MOST_BYTES


def test_a_part_stays_within_its_bound_and_keeps_what_is_missed_most(tmp_path: Path) -> None:
    archive = built(town_around([DOOR, FAR_DOOR]), tmp_path)
    wanted = tiles_of_day([DOOR, FAR_DOOR], start=None)

    part = Basemap(archive).cut(wanted, most_bytes=8_000)

    held = [tile for tile, _ in all_tiles(MemorySource(part))]
    assert len(part) <= 8_000
    assert {zoom for zoom, _, _ in held} >= set(range(8, 12))
    assert 0 < len(held) < len([tile for tile in wanted if Basemap(archive).tile(*tile)])


def test_a_part_of_another_country_is_empty(tmp_path: Path) -> None:
    archive = built(town_around([DOOR]), tmp_path)

    wanted = [tile for tile in tiles_of_day([(60.0, 25.0)], start=None) if tile[0] > 8]

    assert Basemap(archive).cut(wanted, most_bytes=MOST_BYTES) == b""


def test_a_square_that_is_too_small_to_be_seen_waits_for_its_zoom(tmp_path: Path) -> None:
    town = SmallMap()
    town.area(square(DOOR, 10 * STEP), leisure="park")
    archive = built(town, tmp_path)

    assert Basemap(archive).tile(*tile_at(DOOR, 9)) is None
    assert decoded(archive, tile_at(DOOR, 15))["land"][0]["properties"] == {"kind": "green"}
