"""Noisy questions about addresses, and made-up towns to ask them of: the geocoder's own test ground.

The comuni are real, their streets are drawn from words of Italian street names, their numbers stand along lines with
a little jitter. One number in twelve is kept out of the file, for interpolation. Everything follows from the seed.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldapp.geo.comuni import Comune, all_comuni
from fieldapp.geo.gazetteer_rows import ANNCSU_COLUMNS
from fieldapp.geo.street_keys import name_tokens
from fieldapp.geo.street_words import CAP_ZONES, FORENAMES, words

SURNAMES = sorted(
    words(
        "ROSSI BIANCHI FERRARI ESPOSITO COLOMBO RICCI MARINO GRECO BRUNO GALLO CONTI DELUCA COSTA GIORDANO MANCINI"
        " RIZZO LOMBARDI MORETTI BARBIERI FONTANA SANTORO MARIANI RINALDI CARUSO FERRARA GALLI MARTINI LEONE LONGO"
        " GENTILE MARTINELLI VITALE LOMBARDO SERRA COPPOLA DESANTIS DANGELO MARCHETTI PARISI VILLA CONTE FERRARO FERRI"
        " FABBRI BIANCO MARINI GRASSO VALENTINI MESSINA SALA DEANGELIS GATTI PELLEGRINI PALUMBO SANNA FARINA RIZZI"
        " MONTI CATTANEO MORELLI AMATO SILVESTRI MAZZA TESTA GRASSI PELLEGRINO CARBONE GIULIANI BENEDETTI BARONE"
        " ROSSETTI CAPUTO MONTANARI GUERRA PALMIERI BERNARDI MARTINO FIORE DEROSA FERRETTI BELLINI BASILE RIVA DONATI"
        " PIRAS"
    )
)
PLACES = sorted(
    words(
        "ROMA MILANO TORINO VENEZIA TRIESTE TRENTO GORIZIA ISONZO PIAVE ADIGE TEVERE MONTE_BIANCO MONTE_GRAPPA ITALIA"
        " EUROPA CASTELLO FONTANA MOLINO STAZIONE CHIESA MUNICIPIO CIMITERO MERCATO FORNACE OSPEDALE TEATRO"
        " PONTE_VECCHIO SAN_ROCCO SAN_MARTINO SAN_GIOVANNI SANT'ANTONIO SANT'ANNA SANTA_LUCIA SANTA_MARIA"
        " SANTO_STEFANO DELLA_LIBERTA' DELLA_REPUBBLICA DEI_MILLE DELLE_ROSE DEI_TIGLI DEGLI_ALPINI DELL'INDUSTRIA"
        " DELL'ARTIGIANATO DEL_LAVORO VENTICINQUE_APRILE QUATTRO_NOVEMBRE VENTI_SETTEMBRE PRIMO_MAGGIO"
        " VITTORIO_EMANUELE_SECONDO UMBERTO_PRIMO"
    )
)
TYPES = ("VIA",) * 12 + ("VIALE", "PIAZZA", "PIAZZA", "CORSO", "LARGO", "VICOLO", "STRADA VICINALE", "CONTRADA")
SHORT = {
    "VIA": ("V.", "Via"), "VIALE": ("V.le", "Vle"), "PIAZZA": ("P.zza", "P.za", "Pzza"), "CORSO": ("C.so", "Cso"),
    "LARGO": ("L.go", "Lgo"), "VICOLO": ("Vic.", "V.lo"), "CONTRADA": ("C.da", "C/da"),
    "STRADA VICINALE": ("Str. Vic.",), "SAN": ("S.",), "SANTA": ("S.",), "SANTO": ("S.",), "FRATELLI": ("F.lli",),
    "SECONDO": ("II",), "PRIMO": ("I",), "VENTI": ("XX",), "VENTICINQUE": ("XXV", "25"), "QUATTRO": ("IV", "4"),
}  # fmt: skip
IN_BETWEEN = (" ", ", ", " n. ", ", n° ", " N.")
BEHIND = (" int. 3", " sc. B int. 5", " piano 2", " p. 1 int 4", ", c/o Bar Sport", " scala A", ", 2° piano")


@dataclass(frozen=True, slots=True)
class Door:
    """One house number of a made-up or given town; `asked` is false where it is kept out of the file."""

    comune: Comune
    street: str
    number: int
    suffix: str
    lat: float
    lon: float
    filed: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """A line, and the truth: the comune's code, the street as the register names it ("" where there is none)."""

    category: str
    query: str
    comune: str
    street: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class _Spelling:
    """An address in parts while noise works on it."""

    type: str
    name: str
    number: str
    cap: str
    comune: str
    province: str
    between: str = " "
    behind: str = ""
    order: tuple[int, int] = (0, 1)
    joint: str = ", "
    case: Callable[[str], str] = field(default=str.title)

    def line(self) -> str:
        street = self.case(f"{self.type} {self.name}".strip()) + self.between + self.number + self.behind
        province = f" ({self.province})" if self.province else ""
        parts = (street, f"{self.cap} {self.comune}{province}".strip())
        text = self.joint.join(parts[i] for i in self.order)
        return " ".join((text if self.case is str.title else self.case(text)).split())


def towns(*, seed: int, comuni: int, streets: int) -> list[Door]:
    """Doors of so many comuni with so many streets each."""
    draw = random.Random(seed)
    placed = [comune for comune in all_comuni() if comune.lat is not None]
    doors = []
    for comune in draw.sample(placed, comuni):
        names = {f"{draw.choice(TYPES)} {_street_name(draw)}" for _ in range(streets)}
        for name in sorted(names):
            doors += _along(draw, comune, name)
    return doors


def _street_name(draw: random.Random) -> str:
    if draw.random() < 0.4:
        return draw.choice(PLACES).replace("_", " ")
    first = draw.choice(sorted(FORENAMES))
    return f"{first} {draw.choice(SURNAMES)}" if draw.random() < 0.8 else f"FRATELLI {draw.choice(SURNAMES)}"


def _along(draw: random.Random, comune: Comune, street: str) -> Iterator[Door]:
    assert comune.lat is not None
    assert comune.lon is not None
    lat, lon = comune.lat + draw.uniform(-0.01, 0.01), comune.lon + draw.uniform(-0.012, 0.012)
    heading, step = draw.uniform(0, math.tau), draw.uniform(0.00006, 0.0002)
    for number in range(1, draw.choice((4, 9, 16, 30, 60)) + 1):
        side = 0.00007 if number % 2 else -0.00007
        for suffix in ("", "A", "B")[: draw.choice((1, 1, 1, 1, 2, 3))]:
            on = step * (number + 0.5 * len(suffix)) + draw.gauss(0, 0.00003)
            yield Door(
                comune, street, number, suffix,
                lat + on * math.sin(heading) + side * math.cos(heading),
                lon + on * math.cos(heading) - side * math.sin(heading),
                filed=draw.random() > 1 / 12,
            )  # fmt: skip


def write_register(path: Path, doors: list[Door]) -> None:
    """The filed doors as an indirizzario."""
    ids: dict[tuple[str, str], int] = {}
    with path.open("w", encoding="utf-8") as file:
        file.write(";".join(ANNCSU_COLUMNS) + "\n")
        for at, door in enumerate(each for each in doors if each.filed):
            street = ids.setdefault((door.comune.code, door.street), len(ids) + 1)
            x, y = (f"{value:.7f}".replace(".", ",") for value in (door.lon, door.lat))
            row = (door.comune.code, "", street, "", door.street, "", "", "", at, "", door.number, door.suffix)
            file.write(";".join(map(str, (*row, "", "", "", x, y, "", 3))) + "\n")


def write_streets(path: Path, names: dict[str, list[str]]) -> None:
    """Streets without numbers as a stradario: comune's code to names."""
    with path.open("w", encoding="utf-8") as file:
        head = "CODICE_COMUNE;CODICE_ISTAT;PROGRESSIVO_NAZIONALE;CODICE_COMUNALE;ODONIMO;LOCALITA';TOTALE_ACCESSI"
        file.write(f"{head};DIZIONE_LINGUA1;DIZIONE_LINGUA2;\n")
        for code, streets in names.items():
            for at, street in enumerate(streets):
                file.write(f"{code};;{code}{at};;{street};;0;;;\n")


def questions(doors: list[Door], bare: dict[Comune, list[str]], *, seed: int, each: int) -> list[Question]:
    """`each` questions of every category: one kind of noise, two to four, held out, street only, no such street."""
    draw = random.Random(seed)
    filed = [door for door in doors if door.filed]
    held = [door for door in doors if not door.filed]
    asked = []
    for _ in range(each):
        asked.append(_about("one noise", draw.choice(filed), draw, kinds=1))
        asked.append(_about("two to four noises", draw.choice(filed), draw, kinds=draw.randint(2, 4)))
        asked.append(_about("number not in the index", draw.choice(held), draw, kinds=draw.randint(0, 1)))
        comune = draw.choice(list(bare))
        street = draw.choice(bare[comune])
        door = Door(comune, street, draw.randint(1, 60), "", 0.0, 0.0)
        asked.append(replace(_about("street without numbers", door, draw, kinds=1), lat=None, lon=None))
        asked.append(_no_such_street(doors, draw))
    return asked


def _no_such_street(doors: list[Door], draw: random.Random) -> Question:
    """A street of another comune that this one has nothing like."""
    here = draw.choice(doors).comune
    own = {name_tokens(d.street.split(" ", 1)[1]) for d in doors if d.comune == here}
    while True:
        name = draw.choice(doors).street
        words = set(name_tokens(name.split(" ", 1)[1]))
        if not any(words <= set(known) or set(known) <= words for known in own):
            break
    asked = _about("no such street", Door(here, name, draw.randint(1, 60), "", 0.0, 0.0), draw, kinds=0)
    return replace(asked, street="", lat=None, lon=None)


def _about(category: str, door: Door, draw: random.Random, *, kinds: int) -> Question:
    zones = [zone for zone, provinces in CAP_ZONES.items() if door.comune.province in provinces.split()]
    kind = next((k for k in sorted(set(TYPES), key=len, reverse=True) if door.street.startswith(k + " ")), "")
    spelling = _Spelling(
        type=kind,
        name=door.street[len(kind) :].strip(),
        number=f"{door.number}{'/' if door.suffix else ''}{door.suffix}",
        cap=f"{zones[0]}{draw.randint(0, 99) * 10:03d}" if zones else "",
        comune=door.comune.name,
        province=door.comune.province,
    )
    for noise in draw.sample(NOISES, kinds):
        spelling = noise(spelling, draw)
    return Question(category, spelling.line(), door.comune.code, door.street, door.lat, door.lon)


def _typo(word: str, draw: random.Random) -> str:
    if len(word) < 5:
        return word
    at = draw.randrange(1, len(word) - 1)
    return draw.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
            word[:at] + draw.choice("AEIORSTL") + word[at + 1 :],
        )
    )


def _shorten(s: _Spelling, draw: random.Random) -> _Spelling:
    name = " ".join(draw.choice(SHORT[word]) if word in SHORT else word for word in s.name.split())
    return replace(s, type=draw.choice(SHORT.get(s.type, (s.type,))), name=name)


def _misspell(s: _Spelling, draw: random.Random) -> _Spelling:
    words = s.name.split()
    at = max(range(len(words)), key=lambda i: len(words[i]))
    words[at] = _typo(words[at], draw)
    return replace(s, name=" ".join(words))


def _initial(s: _Spelling, draw: random.Random) -> _Spelling:
    first, _, rest = s.name.partition(" ")
    if not rest or first not in FORENAMES:
        return s
    return replace(s, name=draw.choice((f"{first[0]}. {rest}", rest, f"{rest} {first}")))


NOISES: tuple[Callable[[_Spelling, random.Random], _Spelling], ...] = (
    _shorten,
    _misspell,
    _initial,
    lambda s, draw: replace(s, comune=_typo(s.comune, draw)),
    lambda s, _: replace(s, cap=""),
    lambda s, draw: replace(s, cap=f"{draw.randint(10, 98000):05d}"),
    lambda s, _: replace(s, province=""),
    lambda s, _: replace(s, order=(1, 0)),
    lambda s, draw: replace(s, case=draw.choice((str.upper, str.lower))),
    lambda s, _: replace(s, name=re.sub(r"'", " ", s.name)),
    lambda s, _: replace(s, joint=" "),
    lambda s, draw: replace(s, between=draw.choice(IN_BETWEEN)),
    lambda s, draw: replace(s, behind=draw.choice(BEHIND)),
    lambda s, _: replace(s, type="", name=s.name if s.type in ("VIA", "PIAZZA") else f"{s.type} {s.name}"),
    lambda s, draw: replace(s, number=s.number.replace("/", draw.choice(("", " ", "/", "-")))),
    lambda s, _: replace(s, type="", name=f"{s.type}{s.name}") if s.type == "VIA" else s,
)


def read_questions(path: Path) -> list[Question]:
    """Questions from a file of JSON lines with the fields of `Question`."""
    with path.open(encoding="utf-8") as file:
        return [Question(**{name: said.get(name) for name in Question.__slots__}) for said in map(json.loads, file)]
