"""A question, one line as people write addresses, into tokens that the comune, the street and the number are read from.

Pure: it knows how lines are written, not which comuni or streets exist. What stands in a line beside the address
(CAP, province, stairs, "presso") is taken out here; what is no Italian address at all is told with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from fieldapp.geo.addresses import LONGEST_LINE, TYPE_OF
from fieldapp.geo.street_words import (
    ALWAYS_SHORT,
    ARTICLES,
    FOREIGN_WORDS,
    NAME_WORDS,
    NAMES_OF_THEIR_OWN,
    NUMBER_WORDS,
    NUMBERED_TYPES,
    PLACE_TYPES,
    PROVINCE_NAMES,
    REGION_OF_PROVINCE,
    SAINTS,
    STREET_TYPES,
    STRONG_TYPES,
    words,
)


class Token(NamedTuple):
    """`kind`: `w` a word, `n` a house number or a number of a name, `,` a cut; `marked` follows "n." or "civico"."""

    kind: str
    text: str
    suffix: str = ""
    marked: bool = False


CUT = Token(",", ",")


@dataclass(frozen=True, slots=True)
class Question:
    """A line as tokens; `after_cap` is where the CAP stood; `trouble` says why it is no address."""

    tokens: tuple[Token, ...] = ()
    cap: str = ""
    province: str = ""
    after_cap: int = -1
    km: str = ""
    snc: bool = False
    trouble: str = ""


class StreetAsked(NamedTuple):
    """One way to read the street and its number out of a line; `extra` are words that belong to neither."""

    type: str
    words: tuple[str, ...]
    number: int | None
    suffix: str
    extra: tuple[str, ...]
    along_m: int | None = None
    """Metres from the road's beginning, of a line that says `km 12,300` instead of a number."""


_MARKS = str.maketrans(
    dict.fromkeys("’‘`´ʼ′", "'") | dict.fromkeys("–—−‐‑", "-") | dict.fromkeys("ºª", "°") | dict.fromkeys("[{", "(") |
    dict.fromkeys("]}", ")") | {"ß": "ss", "ẞ": "SS", "Ø": "O", "Đ": "D", "Ł": "L"}
)  # fmt: skip
_PO_BOX = re.compile(r"\b(?:CASELLA\s+POSTALE|CAS\.?\s*POST\.?|P\.?\s?O\.?\s*BOX|FERMO\s*POSTA|C\.\s?P\.\s*\d)")
_COORDINATES = re.compile(
    r"^\W*(?:LAT\w*\W*)?[-+]?\d{1,3}[.,]\d{2,}\s*°?\s*[NS]?[\s,;/]+(?:LON\w*\W*)?[-+]?\d{1,3}[.,]\d{2,}"
)
_DEGREES = re.compile(r"\d{1,3}\s*°\s*\d{1,2}\s*['′]")
_FOREIGN_CODE = re.compile(
    r"\b(?:A|B|CH|D|DE|E|F|FR|GB|HR|NL|P|SLO|UK)-\d{4,5}\b|\b[A-Z]{1,2}\d[A-Z\d]?\s+\d[A-Z]{2}\b"
)
_CAP = re.compile(r"(?<![\w/])(?:CAP[.:\s]*)?(?:I-?)?(\d{5})(?![\w/])")
_METRED = re.compile(
    r"^[^,]*\b(?:STATALE|PROVINCIALE|REGIONALE|S\.?\s?[SPR]\.?)\s?\d+\s[^,]*[A-Z]\s+[1-9]\d{4}"
    r"(?=\s*,\s*(?:\d{5}\s+)?[A-Z])"
)
"""`SR 6 CASILINA 10128, ANAGNI`: on a country road five digits before a comma may be metres, not a CAP."""
_BRACKETS = re.compile(r"\(([^()]*)\)?")
_SNC = re.compile(r"(?<![\w.'])(?:S\.?\s?N\.?\s?C\.?|S\.N\.|S/N|SENZA\s+(?:NUMERO(?:\s+CIVICO)?|CIVICO))(?![\w'])")
_KM = re.compile(r"(?<!\w)(?:KM|CHILOMETRO)\.?\s*(\d{1,4})(?:\s*[,.+]\s*(\d{1,3}))?(?![\w+])")
_MARKED = re.compile(r"(?<![\w'])(?:NUMERO\s+CIVICO|NUMERO|CIVICO|CIV|NUM|NRO|NR|N)(?:[.°:\s]|O(?=\s))*(?=\d)")
_PRESSO = re.compile(r"(?<![\w'])(?:PRESSO|C/O|P/O|ALLA C\.A\.|SIG\.RA|SIG\.|FAM\.|FAMIGLIA)(?=\s)")
_SLASHED = re.compile(r"(?<![\w'])([CFPVSL])/([A-Z]{2,4})\b")
_FLOORS = "TERRA|RIALZATO|AMMEZZATO|PRIMO|SECONDO|TERZO|QUARTO|QUINTO|SEMINTERRATO|T|R|S\\d?|[IVX]+|\\d{1,2}"
_DETAIL = re.compile(
    rf"(?<![\w'])(?:(?:PIANO|P\.NO|P)[.°\s]*(?:{_FLOORS})°?(?![\w'.])|(?:{_FLOORS})\s*°?\s*(?:PIANO|P\.NO)(?!\w)"
    r"|(?:SCALA|SC|INTERNO|INT|APPARTAMENTO|APP|APT|LOTTO|PALAZZINA|PAL|EDIFICIO|EDIF|BLOCCO|ISOLATO|CORPO|SUB"
    r"|CITOFONO)(?:[.:°\s]+|(?=\d))(?:N[.°\s]*)?(?:[A-Z]?\d{1,4}[/-]?[A-Z]?|[A-Z])(?![\w'])"
    r"|CONDOMINIO\s+[^,]*|COND\.\s*[^,]*)"
)
_SUFFIXES = r"BIS|TER|QUATER|QUINQUIES|ROSSO|NERO|[A-Z]\d{0,2}"
_NUMBER = re.compile(
    rf"(?P<number>\d{{1,5}})(?:\s*/\s*(?P<over>\d{{1,3}})(?![\w.'°]))?"
    rf"(?P<suffix>(?:\s*[/-]?\s*(?:{_SUFFIXES})(?![\w.'°/]))*)(?:\s*-\s*\d{{1,4}}(?!\w))?"
    r"|(?P<word>(?!S[SPRC]\d)[A-Z]{1,2}\d{1,3}(?!\w)|[A-Z][A-Z'.]*)|(?P<digits>\d+)|(?P<cut>[,;/|()\n]|\s-\s?|-\s)"
)
_COUNTRY = re.compile(r"[\s,(-]+(?:ITALIA|ITALY|ITALIE|ITALIEN|IT|ITA)[.)\s]*$")
_FIRST_WORDS = frozenset(spelling.split()[0] for spelling in TYPE_OF)
_LONG_TYPES = sorted((name for name in TYPE_OF if name.isalpha() and (len(name) > 3 or name == "VIA")), key=len)
_TYPE_HEADS = frozenset(name[:3] for name in _LONG_TYPES)
_SMALL = (ARTICLES | SAINTS | frozenset(NUMBER_WORDS)) - frozenset({"A", "I", "E", "O", "LE", "TTA"})


def read_question(line: str, *, sigla_last: bool = True) -> Question:
    """`line` as tokens, or the reason why it cannot be an Italian address.

    `sigla_last`: two bare letters at the end may name the province; while somebody types they may begin a word.
    """
    if len(line) > LONGEST_LINE:
        return Question(trouble="geocode.too_long")
    text = _plain(line)
    trouble = _trouble(text)
    if trouble:
        return Question(trouble=trouble)
    text = _COUNTRY.sub("", text)
    metred = _METRED.search(text)
    head, text = (text[: metred.end()], text[metred.end() :]) if metred else ("", text)
    text, cap = _take(_CAP, text, " | ")
    text = head + text
    text, province = _take_province(text, bare=sigla_last)
    text = _PRESSO.sub(" , ", text)
    text, km = _take(_KM, text, " , ")
    text, snc = _take(_SNC, text, " , ")
    first = re.search(r"\d", text)
    if first:
        # Stairs and floors stand behind the number; before it the same letters belong to the street's name.
        begins = first.end()
        text = _DETAIL.sub(lambda found: " , " if found.start() > begins else found[0], text)
    tokens = _tokens(text)
    if not any(token.kind == "w" for token in tokens) and not cap:
        return Question(trouble="geocode.no_address")
    after_cap = next((i for i, token in enumerate(tokens) if token.text == "|"), -1)
    return Question(tuple(tokens), cap, province, after_cap, km, bool(snc))


def metres_along(km: str) -> int | None:
    """`12+300` as metres; None where no kilometre is said."""
    whole, _, rest = km.partition("+")
    return int(whole) * 1_000 + int(rest.ljust(3, "0") or 0) if whole else None


def _plain(line: str) -> str:
    """Upper case, no accents, one kind of apostrophe and dash, single blanks."""
    text = unicodedata.normalize("NFKD", line.translate(_MARKS).upper().translate(_MARKS))
    kept = (c if c.isprintable() else " " for c in text if not unicodedata.combining(c))
    return " ".join("".join(kept).replace(";", ",").split())


def _trouble(text: str) -> str:
    if _COORDINATES.match(text) or _DEGREES.search(text):
        return "geocode.coordinates"
    if not re.search(r"[A-Z]", text):
        return "" if re.fullmatch(r"\W*\d{5}\W*", text) else "geocode.no_address"
    letters = sum(c.isalpha() for c in text)
    if sum("A" <= c <= "Z" for c in text) < 0.6 * letters:
        return "geocode.no_address"
    if _PO_BOX.search(text):
        return "geocode.po_box"
    last = re.fullmatch(r"\s*(?:[A-Z]{0,2}-?\d{4,6}\s+)?([A-Z]+)\W*", text.rsplit(",", 1)[-1])
    if (last and last[1] in FOREIGN_WORDS) or _FOREIGN_CODE.search(text):
        return "geocode.foreign"
    return ""


def _take(pattern: re.Pattern[str], text: str, instead: str) -> tuple[str, str]:
    found = pattern.search(text)
    if not found:
        return text, ""
    value = "+".join(group for group in found.groups() if group) or found[0]
    return text[: found.start()] + instead + text[found.end() :], value


def _take_province(text: str, *, bare: bool) -> tuple[str, str]:
    """The province in brackets, by sigla or by name, or (`bare`) as a sigla at the end; other brackets become cuts."""
    province = ""

    def said(found: re.Match[str]) -> str:
        nonlocal province
        inside = found[1].strip(" .,")
        sigla = inside if inside in REGION_OF_PROVINCE else PROVINCE_NAMES.get(inside, "")
        if sigla and not province:
            province = sigla
            return " , "
        return f" , {found[1]} , "

    text = _BRACKETS.sub(said, text)
    if province or not bare:
        return text, province
    last = re.search(r"(?<=[A-Z.'|,\s])[\s,-]+(?:PROV(?:INCIA)?(?:\s+DI|\.)?\s*)?([A-Z]{2})[\s.,]*$", text)
    if last and last[1] in REGION_OF_PROVINCE and not re.search(r"\d\s*$", text[: last.start()]):
        before = re.findall(r"[A-Z]+", text[: last.start()])
        if before and before[-1] in ARTICLES:
            # "San Sebastiano da Po": the river, not Prato.
            return text, ""
        return text[: last.start()] + " , ", last[1]
    return text, province


def _tokens(text: str) -> list[Token]:
    text = _SLASHED.sub(r"\1\2", text)
    marks = {found.end() for found in _MARKED.finditer(text)}
    text = _MARKED.sub(lambda found: " " * len(found[0]), text)
    tokens: list[Token] = []
    for found in _NUMBER.finditer(text):
        if found["number"]:
            suffix = "/".join(filter(None, [found["over"] or "", *re.findall(_SUFFIXES, found["suffix"])]))
            tokens.append(Token("n", found["number"].lstrip("0") or "0", suffix, found.start() in marks))
        elif found["word"]:
            tokens += _words(found["word"])
        elif found["cut"]:
            tokens.append(Token(",", found["cut"].strip() if found["cut"].strip() in ("|", "-") else ","))
    return tokens


def _words(chunk: str) -> list[Token]:
    """`P.ZZA`, `F.LLI`, `G.B.`, `S.ANTONIO`, `DELL'ACQUA`, `VIAROMA` as words."""
    bare = chunk.replace(".", "").rstrip("'")
    if bare in TYPE_OF:
        return [Token("w", bare)]
    if "." in chunk and (bare in NAME_WORDS or bare in ALWAYS_SHORT):
        return [Token("w", NAME_WORDS.get(bare, bare))]
    if chunk[-1].isdigit():
        return [Token("w", chunk)]
    pieces = [piece for piece in re.split(r"[.']+", chunk) if piece]
    return [Token("w", _TYPE_RESPELLED.get(piece, piece)) for piece in pieces]


def _respelled() -> dict[str, str]:
    """The long words of street types with one slip of the pen: a letter lost, doubled, or two exchanged."""
    right = "VIALE PIAZZA PIAZZALE VICOLO STRADA CONTRADA LOCALITA FRAZIONE PROVINCIALE VICINALE COMUNALE TRAVERSA"
    found: dict[str, str] = {}
    for word in right.split():
        for i in range(1, len(word)):
            swapped = word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :]
            slips = {word[:i] + word[i + 1 :], word[:i] + word[i] + word[i:], swapped}
            found |= {slip: word for slip in slips if len(slip) > 4 and slip not in TYPE_OF}
    for real in words("PIAZA STRATA VIALI CONTRATA COMUNAL PROVINCIAL PIAZZAL LOCALITI PIAZZALI STRADE"):
        found.pop(real, None)
    return found


_TYPE_RESPELLED = _respelled()


@lru_cache(maxsize=8192)
def types_in(tokens: tuple[Token, ...]) -> tuple[tuple[int, int, str], ...]:
    """Where street types stand: first token, how many tokens spell it, the type."""
    found = []
    at = 0
    while at < len(tokens):
        kind, length = type_at(tokens, at)
        if length:
            found.append((at, length, kind))
        at += max(length, 1)
    return tuple(found)


def type_at(tokens: tuple[Token, ...], at: int) -> tuple[str, int]:
    """The street type that begins at a token; `V` counts only where a line or a part begins."""
    if tokens[at].kind != "w" or tokens[at].text not in _FIRST_WORDS:
        return "", 0
    for length in (3, 2, 1):
        run = tokens[at : at + length]
        if len(run) < length or any(token.kind != "w" for token in run):
            continue
        name = TYPE_OF.get(" ".join(token.text for token in run))
        if not name:
            continue
        head, after = run[0].text, tokens[at + length] if at + length < len(tokens) else CUT
        if len(head) == 1 and length == 1 and at and tokens[at - 1].kind != ",":
            continue
        if length == 1 and head in ("SS", "SP", "SR", "SC") and after.kind != "n":
            continue
        return name, length
    return "", 0


def streets_asked(tokens: tuple[Token, ...]) -> list[StreetAsked]:
    """The ways to read a street and its number out of tokens, the likeliest first; empty where no word is left."""
    types = types_in(tokens)
    if not types:
        return [*_readings("", tokens, ()), *_torn(tokens, certain=False)]
    torn = _torn(tokens, certain=True)
    if torn:
        return torn
    start, length, kind = _road(tokens, types)
    body = tokens[start + length :]
    ahead = tokens[:start]
    if kind in NUMBERED_TYPES and body and body[0].kind == "n":
        body = (Token("w", body[0].text + body[0].suffix.replace("/", "")), *body[1:])
    if not any(token.kind == "w" for token in body) and any(token.kind == "w" for token in ahead):
        # "Garibaldi via 5": the type stands behind the name.
        return _readings(kind, (*ahead, *body), ())
    whole = kind in NAMES_OF_THEIR_OWN and all(token.kind != "w" for token in body[:1])
    found = [] if whole else _readings(kind, body, ahead)
    if found:
        return found
    # "Via Provinciale 12", "Case sparse 7": the type is the whole name.
    first, _, own = kind.partition(" ")
    kind, name = (first, own) if own and first in STREET_TYPES else ("", kind)
    return _readings(kind, (*(Token("w", word) for word in name.split()), *body), ahead)


def _road(tokens: tuple[Token, ...], types: Sequence[tuple[int, int, str]]) -> tuple[int, int, str]:
    """The type that begins the street: the first at the head of a part, a road before a part of the comune."""
    heads = [each for each in types if each[0] == 0 or tokens[each[0] - 1].kind == ","]
    for some in (heads, types):
        roads = [each for each in some if each[2] not in PLACE_TYPES]
        if roads:
            return next((each for each in roads if each[2] in STRONG_TYPES), roads[0]) if some is types else roads[0]
    return (heads or types)[0]


def _torn(tokens: tuple[Token, ...], *, certain: bool) -> list[StreetAsked]:
    """`VIAROMA 12`: a type that was written in one with the name; `certain` where the rest can be no other word."""
    for at, token in enumerate(tokens):
        if token.kind != "w" or (at and tokens[at - 1].kind == "w"):
            continue
        if token.text[:3] not in _TYPE_HEADS or token.text in TYPE_OF:
            continue
        for kind in reversed(_LONG_TYPES):
            rest = token.text[len(kind) :]
            if not rest or not token.text.startswith(kind):
                continue
            if rest in _SMALL or (len(rest) > 3 and not certain):
                return _readings(TYPE_OF[kind], (Token("w", rest), *tokens[at + 1 :]), tokens[:at])
    return []


def _readings(kind: str, body: tuple[Token, ...], ahead: tuple[Token, ...]) -> list[StreetAsked]:
    while body and body[0].kind == ",":
        body = body[1:]
    if any(token.text == "-" for token in body[:-1]):
        # "Loc. Cusona - Selva Scura 7": the dash may belong to the name; where it is a cut it changes nothing.
        plain = tuple(token for token in body if token.text != "-")
        cut = tuple(CUT if token.text == "-" else token for token in body)
        return list(dict.fromkeys([*_readings(kind, plain, ahead)[:1], *_readings(kind, cut, ahead)]))
    before = tuple(token.text for token in ahead if token.kind == "w")
    numbers = [i for i, token in enumerate(body) if token.kind == "n"]
    options: list[tuple[int, StreetAsked]] = []
    for at in numbers:
        name, extra = _name(body[:at])
        if not name:
            continue
        token = body[at]
        behind = tuple(t.text for t in body[at + 1 :] if t.kind == "w")
        ends = at + 1 == len(body) or body[at + 1].kind == ","
        rank = 0 if token.marked else 1 if ends or body[at - 1].kind == "," else 2
        asked = StreetAsked(kind, name, int(token.text), token.suffix, (*before, *extra, *behind))
        options.append((rank, asked))
    options.sort(key=lambda option: option[0])
    found = [asked for _, asked in options]
    name, extra = _name(body)
    lone = [token for token in ahead if token.kind == "n"]
    if name and lone and not found:
        found.append(StreetAsked(kind, name, int(lone[-1].text), lone[-1].suffix, (*before, *extra)))
    elif name and numbers and body[numbers[0]] is body[0] and not found:
        rest, extra = _name(body[1:])
        token = body[0]
        if rest:
            found.append(StreetAsked(kind, rest, int(token.text), token.suffix, (*before, *extra)))
    leads = bool(numbers) and numbers[0] == 0
    if name and (not found or len(found) < len(numbers) or leads):
        found.append(StreetAsked(kind, name, None, "", (*before, *extra)))
    return found


def _name(tokens: tuple[Token, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words up to the first cut or the first part of a comune (`ROMA FRAZ. RIOLO`), and the words behind."""
    name: list[str] = []
    telling = False
    for at, token in enumerate(tokens):
        if token.kind == ",":
            if name:
                return tuple(name), _texts(tokens[at:])
            continue
        kind, length = type_at(tokens, at)
        if telling and kind in PLACE_TYPES and at + length < len(tokens):
            return tuple(name), _texts(tokens[at + length :])
        telling = telling or token.text not in ARTICLES
        name.append(token.text + token.suffix.replace("/", ""))
    return tuple(name), ()


def _texts(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    return tuple(token.text for token in tokens if token.kind == "w")
