"""Italian addresses: a line or the fields of a file into parts, a postal form, and what was changed.

Pure: it knows how Italian addresses are written, not which streets exist; who can tell a comune by its name
hands that in as `is_comune`. Normalising the postal form again changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from fieldapp.geo.street_words import (
    ALWAYS_SHORT,
    ELIDED,
    FEMALE_SAINTS,
    HOLIEST,
    MONTHS,
    NAME_WORDS,
    NAMES_OF_THEIR_OWN,
    NUMBERED_TYPES,
    PLACE_TYPES,
    REGION_OF_PROVINCE,
    STREET_TYPES,
    TRUNCATED,
)

LONGEST_LINE = 300
"""Characters; no Italian address comes near, and whatever is longer is not an address."""

TYPE_OF: dict[str, str] = {spelling: name for name, short in STREET_TYPES.items() for spelling in (name, *short)} | {
    "LOCALITA": "LOCALITÀ"
}
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´ʼ′", "'") | dict.fromkeys("–—−‐‑", "-") | {"º": "°"})
_ACCENTED = {"A": "À", "E": "È", "I": "Ì", "O": "Ò", "U": "Ù"}
_CAP = re.compile(r"(?<![\w/])(?:I-?)?(\d{5})(?!\w)")
_SNC = re.compile(r"(?<![\w.'])(?:S\.?\s?N\.?\s?C\.?|S\.N\.|S/N|SENZA\s+(?:NUMERO(?:\s+CIVICO)?|CIVICO))(?![\w'])")
_KM = re.compile(r"(?<!\w)KM\.?\s*(\d{1,4})(?:\s*[,.+]\s*(\d{1,3}))?(?![\w+])")
_PRESSO = re.compile(r"(?<!\w)(?:PRESSO|C/O|P/O)\s+([^,]+)")
_MARKED = re.compile(r"(?:,|\s)\s*(?:NUMERO\s+CIVICO|NUMERO|CIVICO|CIV|NUM|NR|N)[.°\s]*(?=\d)")
_SUFFIX = r"BIS|TER|QUATER|QUINQUIES|ROSSO|NERO|[A-Z]\d{0,2}"
_NUMBER = re.compile(
    rf"(?<![\w.'/+])(\d{{1,5}})(?:\s*/\s*(\d{{1,3}})(?![\w.'°]))?((?:\s*[/-]?\s*(?:{_SUFFIX})(?![\w.'°]))*)"
    r"(?:\s*-\s*(\d{1,4}))?(?![\w°'])"
)
_DETAIL = re.compile(
    r"(?<!\w)(?:(?P<staircase>SCALA|SC)|(?P<floor>PIANO|P)|(?P<unit>INTERNO|INT|APPARTAMENTO|APP))[.°\s]*"
    r"(?P<value>(?:N[.°\s]+)?(?:TERRA|RIALZATO|AMMEZZATO|PRIMO|SECONDO|TERZO|QUARTO|[A-Z]?\d{1,3}[A-Z]?|[A-Z]))(?![\w'])"
)


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of one Italian address, upper case; an unknown part is empty (`house_number`: None).

    `street_type` is the DUG (VIA, PIAZZA), `km` reads `12+300`, `snc` means that the street gives no number.
    """

    street_type: str = ""
    street_name: str = ""
    house_number: int | None = None
    suffix: str = ""
    km: str = ""
    snc: bool = False
    staircase: str = ""
    floor: str = ""
    unit: str = ""
    locality: str = ""
    cap: str = ""
    comune: str = ""
    province: str = ""
    presso: str = ""

    @property
    def street(self) -> str:
        """Type and name: `VIA GIUSEPPE GARIBALDI`."""
        return f"{self.street_type} {self.street_name}".strip()

    @property
    def number(self) -> str:
        """Number with its suffix as an envelope shows it: `12/A`, `12 BIS`, `SNC`, `KM 12+300`."""
        if self.house_number is not None:
            joint = " " if self.suffix[:3] in ("BIS", "TER", "QUA", "QUI", "ROS", "NER") else "/"
            return f"{self.house_number}{joint}{self.suffix}" if self.suffix else str(self.house_number)
        return f"KM {self.km}" if self.km else "SNC" if self.snc else ""

    @property
    def postal_lines(self) -> tuple[str, ...]:
        """The lines of an envelope below the name, in the order that the post asks for."""
        details = (("SCALA", self.staircase), ("PIANO", self.floor), ("INTERNO", self.unit))
        street = " ".join(part for part in (self.street, self.number) if part)
        extra = " ".join(f"{word} {value}" for word, value in details if value)
        place = " ".join(part for part in (self.cap, self.comune) if part)
        lines = (
            f"PRESSO {self.presso}" if self.presso else "",
            ", ".join(part for part in (street, extra) if part),
            self.locality,
            f"{place} ({self.province})".strip() if self.province else place,
        )
        return tuple(line for line in lines if line)

    @property
    def postal_form(self) -> str:
        """The envelope's lines joined by commas; normalising it again gives the same address."""
        return ", ".join(self.postal_lines)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that normalisation changed: a code with words in the text catalogue, before and after."""

    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised address and the list of what was changed on the way."""

    address: Address
    changes: tuple[Change, ...] = field(default=())


def fold(text: str) -> str:
    """`text` for comparing: upper case, no accents, letters and digits only, single blanks."""
    # Twice upper: decomposing makes small letters out of signs such as º.
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").upper()).upper()
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def normalise_line(line: str, *, is_comune: Callable[[str], bool] | None = None) -> Normalised:
    """Normalise one line that holds street and place together.

    `is_comune` says whether a folded name is a comune's; with it a comune is found where no comma or CAP parts
    it from the street (`VIA ROMA LODI`). What is longer than 300 characters gives an empty address.
    """
    if len(line) > LONGEST_LINE:
        return Normalised(Address(), (Change("address.too_long", line[:40], ""),))
    text = _clean(line)
    text, presso = _take_presso(text)
    text, province = _take_province(text)
    street, cap, place = _part_place(text, is_comune)
    return _assemble(line, street, cap=cap, comune=place, province=province, locality="", presso=presso)


def normalise_fields(
    street: str, *, cap: str = "", comune: str = "", province: str = "", locality: str = ""
) -> Normalised:
    """Normalise the fields of a creditor's file; a place that stands in the street field becomes a locality."""
    if sum(map(len, (street, cap, comune, province, locality))) > LONGEST_LINE:
        return Normalised(Address(), (Change("address.too_long", street[:40], ""),))
    text, presso = _take_presso(_clean(street))
    text, cap_in_street = _take_cap(text)
    place, sigla = _take_province(_clean(comune))
    place, cap_in_place = _take_cap(place)
    digits = cap.strip()
    code = digits.zfill(5) if digits.isdecimal() and len(digits) <= 5 else cap_in_place or cap_in_street
    given = _clean(province).strip("() ")
    return _assemble(
        ", ".join((street, cap, comune, province)),
        text,
        cap=code,
        comune=place,
        province=given if given in REGION_OF_PROVINCE else sigla,
        locality=_clean(locality),
        presso=presso,
    )


def street_parts(odonimo: str) -> tuple[str, str]:
    """A street as a register names it, into type and name: `("VIA", "SAN ROCCO")`; it holds no house number."""
    text = _clean(odonimo)
    name, length = _type_at(text)
    rest = _tidy_name(" ".join(text.split()[length:])) if length else ""
    if name in NAMES_OF_THEIR_OWN and not rest:
        return _name_of_its_own(name, "")
    return (name, rest) if rest else ("", _tidy_name(text))


def _assemble(
    original: str, street: str, *, cap: str, comune: str, province: str, locality: str, presso: str
) -> Normalised:
    address, place, changes = _parse_street(street)
    parts = [part for part in (locality, place) if part]
    result = replace(
        address,
        cap=cap,
        comune=_tidy_name(comune),
        province=province,
        locality=_tidy_name(" ".join(parts)),
        presso=presso,
    )
    if _clean(original) != original.strip():
        changes = [Change("address.spelling", original.strip(), _clean(original)), *changes]
    return Normalised(result, tuple(changes))


def _clean(text: str) -> str:
    """Upper case, one kind of apostrophe and dash, no control characters, single blanks."""
    plain = unicodedata.normalize("NFC", text).translate(_APOSTROPHES).upper()
    plain = "".join(c if c.isprintable() else " " for c in plain)
    return re.sub(r"\s*,[\s,]*", ", ", " ".join(plain.replace(";", ",").split())).strip(", ")


def _take_presso(text: str) -> tuple[str, str]:
    found = _PRESSO.search(text)
    if not found:
        return text, ""
    return _clean(text[: found.start()] + ", " + text[found.end() :]), found[1].strip()


def _take_cap(text: str) -> tuple[str, str]:
    found = _CAP.search(text)
    if not found:
        return text, ""
    return _clean(f"{text[: found.start()]} {text[found.end() :]}"), found[1]


def _take_province(text: str) -> tuple[str, str]:
    """Take a province's sigla, in brackets or as the last word after something else."""
    for found in re.finditer(r"\(\s*([A-Z]{2})\s*\)", text):
        if found[1] in REGION_OF_PROVINCE:
            return _clean(f"{text[: found.start()]} {text[found.end() :]}"), found[1]
    last = re.search(r"(?<=[\w.'])[\s,-]+([A-Z]{2})\.?$", text)
    if last and last[1] in REGION_OF_PROVINCE and not re.search(r"\d\s*$", text[: last.start()]):
        return text[: last.start()].rstrip(" -,"), last[1]
    return text, ""


def _part_place(text: str, is_comune: Callable[[str], bool] | None) -> tuple[str, str, str]:
    """Part a line into street, CAP and comune, in either order."""
    found = _CAP.search(text)
    if found:
        before, after = text[: found.start()].strip(" ,-"), text[found.end() :].strip(" ,-")
        if before:
            return before, found[1], after
        comune, street = _cut_at_type(after)
        return street, found[1], comune
    segments = [part for part in text.split(", ") if part]
    start = next((i for i, part in enumerate(segments) if _type_at(part)[0]), None)
    if start is None:
        return _place_at_end(segments, is_comune)
    ahead, own, behind = segments[:start], [segments[start]], segments[start + 1 :]
    while behind and _continues_street(behind[0]):
        own.append(behind.pop(0))
    if behind:
        return ", ".join([*ahead, *own, *behind[:-1]]), "", behind[-1]
    if ahead and not ahead[-1].isdigit():
        return ", ".join([*ahead[:-1], *own]), "", ahead[-1]
    return _comune_without_comma(", ".join([*ahead, *own]), is_comune)


def _continues_street(segment: str) -> bool:
    head = re.sub(r"^(?:NUMERO|CIVICO|CIV|NUM|NR|N)[.°\s]*(?=\d)", "", segment)
    if _type_at(segment)[0] in PLACE_TYPES:
        return True
    return bool(head[:1].isdigit() or _SNC.match(segment) or _KM.match(segment) or _DETAIL.match(segment))


def _place_at_end(segments: list[str], is_comune: Callable[[str], bool] | None) -> tuple[str, str, str]:
    """No street type anywhere: `ROMA 12, LODI`, or a comune alone."""
    whole = ", ".join(segments)
    if is_comune and is_comune(fold(whole)):
        return "", "", whole
    if len(segments) > 1 and not _continues_street(segments[-1]):
        return ", ".join(segments[:-1]), "", segments[-1]
    return _comune_without_comma(whole, is_comune)


def _comune_without_comma(text: str, is_comune: Callable[[str], bool] | None) -> tuple[str, str, str]:
    words = text.split()
    if is_comune is None:
        return text, "", ""
    for first in range(max(1, len(words) - 6), len(words)):
        ahead, place = words[:first], " ".join(words[first:])
        street_stays = len(ahead) >= 2 or not _type_at(" ".join(ahead))[0]
        if street_stays and is_comune(fold(place)):
            return " ".join(ahead).rstrip(",- "), "", place
    return text, "", ""


def _cut_at_type(text: str) -> tuple[str, str]:
    """`LODI VIA ROMA 12` into comune and street; all of it is the comune where no street type follows."""
    words = text.split()
    for first in range(1, len(words)):
        name, length = _type_at(" ".join(words[first:]))
        if length and name != "LUNGO" and (len(words[first].rstrip(".")) > 2 or "." in words[first]):
            return " ".join(words[:first]).strip(" ,-"), " ".join(words[first:])
    return text, ""


@lru_cache(maxsize=65536)
def _type_at(text: str) -> tuple[str, int]:
    """The street type that `text` begins with and how many words spell it: `("PIAZZA", 1)` for `P.ZZA DUOMO`."""
    words = re.sub(r"\.(?=[^\W\d]{4,})", ". ", re.sub(r"^([A-Z])/(?=[A-Z]{2})", r"\1.", text)).split()
    for length in (3, 2, 1):
        head = [word.replace(".", "").rstrip("'") for word in words[:length]]
        if len(head) < length or (len(words) > length and words[length].startswith(",")):
            continue
        name = TYPE_OF.get(" ".join(head)) or TYPE_OF.get("".join(head))
        if name and not _is_place_alone(name, head, words[length:]):
            return name, length
    return "", 0


def _is_place_alone(name: str, head: list[str], rest: list[str]) -> bool:
    """SS, SP, SR, SC are roads only before a number: `SS. TRINITÀ` is a name."""
    short = len("".join(head)) == 2 and name in NUMBERED_TYPES
    return short and not (rest and re.match(r"(?:N[.°]*)?\d|N[.°]*$", rest[0]))


def _parse_street(text: str) -> tuple[Address, str, list[Change]]:
    """Street text into an address; also the place named before or behind it, and the changes."""
    changes: list[Change] = []
    segments = text.split(", ")
    start = next((i for i, s in enumerate(segments) if _type_at(s)[0] not in ("", *PLACE_TYPES)), 0)
    if start and segments[start - 1].isdigit():
        segments[start - 1 : start + 1] = [f"{segments[start]} {segments[start - 1]}"]
        start -= 1
    ahead, body = ", ".join(segments[:start]), ", ".join(segments[start:])
    name, length = _type_at(body)
    body = re.sub(r"\.(?=[^\W\d]{4,})", ". ", re.sub(r"^([A-Z])/(?=[A-Z]{2})", r"\1.", body)) if name else body
    words = body.split()
    written, rest = " ".join(words[:length]), " ".join(words[length:])
    if name and written != name:
        changes.append(Change("address.street_type", written, name))
    if name in NAMES_OF_THEIR_OWN and (not rest.strip(" ,") or _NUMBER.match(rest) or _SNC.match(rest)):
        name, rest = _name_of_its_own(name, rest)
    raw_name, number, tail = _part_number(rest, numbered=name in NUMBERED_TYPES)
    tidy = _tidy_name(raw_name)
    if tidy != raw_name:
        changes.append(Change("address.street_name", raw_name, tidy))
    found, place = _details(tail)
    address = _with_number(replace(found, street_type=name, street_name=tidy), number, changes)
    return address, " ".join(part for part in (ahead, place) if part), changes


def _name_of_its_own(name: str, rest: str) -> tuple[str, str]:
    """`VIA PROVINCIALE` as type VIA and name PROVINCIALE; a type without a shorter one becomes the name."""
    kind, _, own = name.partition(" ")
    if kind in STREET_TYPES and own:
        return kind, f"{own} {rest}".strip()
    return "", f"{name} {rest}".strip()


def _part_number(text: str, *, numbered: bool) -> tuple[str, str, str]:
    """`GARIBALDI, 12/A INT. 3` into name, number and the rest."""
    marked = _MARKED.search(text)
    cut = _NUMBER.search(text, marked.end()) if marked else None
    if cut and marked and cut.start() == marked.end() and text[: marked.start()].strip(" ,"):
        return text[: marked.start()].strip(" ,"), cut[0], text[cut.end() :].strip(" ,")
    for pattern in (_SNC, _KM):
        special = pattern.search(text)
        if special:
            return text[: special.start()].strip(" ,"), special[0], text[special.end() :].strip(" ,")
    options = [found for found in _NUMBER.finditer(text) if not _is_date(text, found)]
    if options and options[0].start() == 0 and (numbered or len(options) > 1):
        options = options[1:]
    leading = [found for found in options if found.start() == 0]
    if leading and text[leading[0].end() :].strip(" ,"):
        only = leading[0]
        return text[only.end() :].strip(" ,"), only[0], ""
    for found in options:
        if found.start() > 0:
            return text[: found.start()].strip(" ,-"), found[0], text[found.end() :].strip(" ,-")
    detail = re.search(r", (?=(?:SCALA|PIANO|INTERNO|INT|APP|SC)\b)", text)
    if detail:
        return text[: detail.start()], "", text[detail.end() :]
    name, _, tail = text.partition(", ")
    return name.strip(" ,-"), "", tail


def _is_date(text: str, found: re.Match[str]) -> bool:
    """Numbers of a date in a street's name: `25 APRILE`, `7 LUGLIO 1960`."""
    after = text[found.start(1) :].split()[1:2]
    before = text[: found.start()].split()[-1:]
    year = before and before[0] in MONTHS and 1700 <= int(found[1]) <= 2029
    return bool((after and after[0].strip(",") in MONTHS) or year)


def _with_number(address: Address, number: str, changes: list[Change]) -> Address:
    km = _KM.fullmatch(number)
    if km:
        return replace(address, km=f"{int(km[1])}+{(km[2] or '0').ljust(3, '0')}")
    if _SNC.fullmatch(number):
        return replace(address, snc=True)
    found = _NUMBER.fullmatch(number)
    if not found or int(found[1]) == 0:
        return address
    letters = re.findall(_SUFFIX, found[3])
    if found[4]:
        changes.append(Change("address.number_range", number, found[1]))
    return replace(address, house_number=int(found[1]), suffix="/".join([*filter(None, [found[2]]), *letters]))


def _details(tail: str) -> tuple[Address, str]:
    """Staircase, floor and unit out of what follows the number; the rest names a place."""
    parts: dict[str, str] = {}

    def take(found: re.Match[str]) -> str:
        kind = found.lastgroup and next(k for k in ("staircase", "floor", "unit") if found[k])
        if not kind or kind in parts:
            return found[0]
        parts[kind] = re.sub(r"^N[.°\s]+", "", found["value"])
        return " "

    rest = _clean(_DETAIL.sub(take, tail)).strip("-/ ")
    name, length = _type_at(rest)
    if name in PLACE_TYPES:
        rest = " ".join([name, *rest.split()[length:]])
    return Address(**parts), rest  # type: ignore[arg-type]  # the three keys are string fields


def _tidy_name(name: str) -> str:
    """Spell out short words, saints, elisions and accents: `S. ANTONIO` is `SANT'ANTONIO`."""
    spaced = re.sub(r"\.(?=[^\W\d]{4,})", ". ", name)
    spaced = re.sub(r"\b(F|M|V)\.\s?(LLI|TE)\b\.?", lambda m: f"{m[1]}{m[2]}", spaced)
    words = spaced.replace(",", " ").split()
    done: list[str] = []
    for i, word in enumerate(words):
        short = word.replace(".", "")
        after = words[i + 1] if i + 1 < len(words) else ""
        if short == "S" and after[:1].isalpha() and len(after) > 2 and done[-1:] != ["S"]:
            done.append(_saint(after))
        elif short == "SS" and fold(after) in HOLIEST:
            done.append("SANTISSIMO" if fold(after)[-1] in "OE" else "SANTISSIMA")
        elif short in NAME_WORDS and after and ("." in word or short in ALWAYS_SHORT):
            done.append(NAME_WORDS[short])
        else:
            done.append(_accented(word))
    return _join_elisions(done)


def _saint(name: str) -> str:
    word = fold(name)
    if word[:1] in "AEIOU":
        return "SANT'"
    if word in FEMALE_SAINTS:
        return "SANTA"
    return "SANTO" if re.match(r"S[BCDFGLMNPQRTV]|Z", word) else "SAN"


def _accented(word: str) -> str:
    if len(word) > 2 and word.endswith("'") and word[-2] in _ACCENTED and word[:-1] not in TRUNCATED:
        return word[:-2] + _ACCENTED[word[-2]]
    return word


def _join_elisions(words: list[str]) -> str:
    text = " ".join(words)
    bare = "|".join(sorted(ELIDED, key=len, reverse=True))
    text = re.sub(rf"\b({bare}) (?=[AEIOUÀÈÉÌÒÙH][^\W\d])", r"\1'", text)
    return re.sub(rf"\b({bare})'\s+(?=\w)", r"\1'", text)
