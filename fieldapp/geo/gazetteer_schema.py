"""The gazetteer file's tables, known to who writes it and to who reads it."""

from __future__ import annotations

CELLS_PER_DEGREE = 200
"""Cells of the grid for looking up by position: about 550 m by 390 m in Italy."""

SCHEMA_VERSION = 2
"""A file of another version is refused, not guessed at."""

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, format TEXT NOT NULL, dataset TEXT NOT NULL, licence TEXT NOT NULL,
    imported_at TEXT NOT NULL);
CREATE TABLE comune (
    code TEXT PRIMARY KEY, istat TEXT NOT NULL, name TEXT NOT NULL, province TEXT NOT NULL,
    population INTEGER NOT NULL, lat_e7 INTEGER, lon_e7 INTEGER, south_e7 INTEGER, west_e7 INTEGER,
    north_e7 INTEGER, east_e7 INTEGER, caps TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE comune_name (
    key TEXT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (key, code)) WITHOUT ROWID;
CREATE TABLE street (
    id INTEGER PRIMARY KEY, comune TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    locality TEXT NOT NULL, other_key TEXT NOT NULL, other_name TEXT NOT NULL, national_id TEXT NOT NULL,
    source INTEGER NOT NULL, lat_e7 INTEGER, lon_e7 INTEGER, raw TEXT NOT NULL);
CREATE INDEX street_by_comune ON street (comune);
CREATE INDEX street_by_key ON street (key);
CREATE TABLE numbers (
    street INTEGER PRIMARY KEY, count INTEGER NOT NULL, entries BLOB NOT NULL, suffixes TEXT NOT NULL);
CREATE TABLE cell (cell INTEGER NOT NULL, street INTEGER NOT NULL, PRIMARY KEY (cell, street)) WITHOUT ROWID;
CREATE TABLE postcode (
    cap TEXT NOT NULL, comune TEXT NOT NULL, source INTEGER NOT NULL, count INTEGER NOT NULL,
    lat_e7 INTEGER, lon_e7 INTEGER, PRIMARY KEY (cap, comune, source)) WITHOUT ROWID;
CREATE TABLE locality (key TEXT NOT NULL, comune TEXT NOT NULL, PRIMARY KEY (key, comune)) WITHOUT ROWID;
CREATE TABLE word (word TEXT PRIMARY KEY, streets INTEGER NOT NULL) WITHOUT ROWID;
"""


def cell_of(lat_e7: int, lon_e7: int) -> int:
    """The grid cell of a point; neighbours in longitude differ by 1, in latitude by 100,000."""
    step = 10_000_000 // CELLS_PER_DEGREE
    return lat_e7 // step * 100_000 + lon_e7 // step
