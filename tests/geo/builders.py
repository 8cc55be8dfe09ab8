"""Small gazetteers for tests, written in the register's own layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from fieldapp.geo.gazetteer_rows import ANNCSU_COLUMNS

LODI = ("E648", 45.31, 9.50)
ROME_POINT = (41.9, 12.5)


@dataclass(frozen=True)
class Access:
    """One row: a house number of a street; `lat`, `lon` as the file shall spell them."""

    street: str
    number: str
    lat: float | str = LODI[1]
    lon: float | str = LODI[2]
    suffix: str = ""
    comune: str = LODI[0]
    other_name: str = ""
    locality: str = ""

    def line(self, access_id: int) -> str:
        values = dict.fromkeys(ANNCSU_COLUMNS, "")
        values |= {
            "CODICE_COMUNE": self.comune,
            "PROGRESSIVO_NAZIONALE": str(crc32(f"{self.comune}/{self.street}".encode())),
            "ODONIMO": self.street,
            "DIZIONE_LINGUA2": self.other_name,
            "LOCALITA'": self.locality,
            "PROGRESSIVO_ACCESSO": str(access_id),
            "CIVICO": self.number,
            "ESPONENTE": self.suffix,
            "COORD_X_COMUNE": _decimal_comma(self.lon),
            "COORD_Y_COMUNE": _decimal_comma(self.lat),
            "METODO": "4",
        }
        return ";".join(values.values())


def write_anncsu(path: Path, *rows: Access) -> Path:
    lines = [";".join(ANNCSU_COLUMNS), *(row.line(i) for i, row in enumerate(rows))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def street(name: str, numbers: range, *, comune: tuple[str, float, float] = LODI, north: float = 0.0) -> list[Access]:
    """Numbers of one street, twenty metres apart toward the east."""
    code, lat, lon = comune
    return [
        Access(name, str(n), round(lat + north, 7), round(lon + i * 0.00025, 7), comune=code)
        for i, n in enumerate(numbers)
    ]


def _decimal_comma(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.7f}".replace(".", ",")
