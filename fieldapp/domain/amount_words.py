"""Amounts in Italian words, as receipts and cheques spell them: `centocinquanta/00`.

One word without blanks, cents as a fraction: nothing can be slipped in between. The phone spells the same
(`pwa/src/domain/amountWords.ts`); golden cases hold both to it.
"""

from __future__ import annotations

from fieldapp.domain.errors import Kind, Refusal

LARGEST_CENTS = 99_999_999_999
"""999.999.999,99: beyond it no paper of this trade makes sense."""

_SMALL = (
    *("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
    *("dieci", "undici", "dodici", "tredici", "quattordici", "quindici", "sedici"),
    *("diciassette", "diciotto", "diciannove"),
)
_TENS = ("", "", "venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta")


def italian_words(amount_cents: int) -> str:
    """`15000` as `centocinquanta/00`.

    Raises Refusal `paper.amount_not_spellable` outside 0 to 999.999.999,99.
    """
    if not 0 <= amount_cents <= LARGEST_CENTS:
        raise Refusal("paper.amount_not_spellable", kind=Kind.MALFORMED, details={"cents": amount_cents})
    whole, cents = divmod(amount_cents, 100)
    return f"{_accented(_whole(whole))}/{cents:02d}"


def _accented(words: str) -> str:
    # "tre" alone carries no accent, every compound that ends in it does.
    return words[:-1] + "é" if words.endswith("tre") and words != "tre" else words


def _whole(number: int) -> str:
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    parts = ["unmilione" if millions == 1 else f"{_hundreds(millions)}milioni"] if millions else []
    if thousands:
        parts.append("mille" if thousands == 1 else f"{_hundreds(thousands)}mila")
    if units or not parts:
        parts.append(_hundreds(units))
    return "".join(parts)


def _hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _tens(rest)
    head = "cento" if hundreds == 1 else f"{_SMALL[hundreds]}cento"
    tail = _tens(rest) if rest else ""
    # centotto, centottanta; but centouno, centoundici.
    return head[:-1] + tail if tail.startswith("o") else head + tail


def _tens(number: int) -> str:
    if number < len(_SMALL):
        return _SMALL[number]
    tens, units = divmod(number, 10)
    if not units:
        return _TENS[tens]
    # ventuno, ventotto: the ten gives up its last vowel before another.
    head = _TENS[tens][:-1] if units in (1, 8) else _TENS[tens]
    return head + _SMALL[units]
