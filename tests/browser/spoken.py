"""What the screens say in the language that a browser asks for, and what stands there in no language or another one."""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

TEXT = Path(__file__).parents[2] / "fieldapp" / "pwa" / "src" / "text"
LOCALES = {"it": "it-IT", "en": "en-GB", "fr": "fr-FR"}
PLACEHOLDER = re.compile(r"\\\{\w+\\\}")
ITALIAN_AMOUNT = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})*,\d{2}\s*€")
ITALIAN_DAYS = re.compile(
    r"\b(?:luned|marted|mercoled|gioved|venerd)ì|\b(?:gio|sab|dom) \d"
    r"|\d (?:gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|dicembre)"
)

TEXTS = """() => {
  const place = document.querySelector('dialog[open]') ?? document.body
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT)
  const found = []
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement
    const text = walker.currentNode.textContent.replace(/\\s+/g, ' ').trim()
    const seen = text && one?.checkVisibility({ visibilityProperty: true })
    if (seen && !one.closest('[lang]:not(html)')) found.push(text)
  }
  return found
}"""
"""What the screen says; what says itself in which language it is (a paper, a signed text) is left out."""

CUT_WORDS = """() => {
  const place = document.querySelector('dialog[open]') ?? document
  return [...place.querySelectorAll('button, a, label, legend, summary, h1, h2, h3, p, dt, dd, th')]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.unseen'))
    .filter((one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1)
    .filter((one) => !['auto', 'scroll'].includes(getComputedStyle(one).overflowX))
    .filter((one) => getComputedStyle(one).display !== 'inline')
    .map((one) => `words are cut: ${one.innerText.slice(0, 60)} (${one.scrollWidth} in ${one.clientWidth})`)
}"""


class Spoken:
    """The catalogues of one language, by key; those that only a desk has do not speak for the phone."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = LOCALES[language]

    @cached_property
    def words(self) -> dict[str, str]:
        return _catalogue(self.language)

    @cached_property
    def _italian(self) -> frozenset[str]:
        """Italian sentences that are none of this language."""
        italian = {sentence for sentence in _catalogue("it").values() if "{" not in sentence and len(sentence) > 2}
        return frozenset(italian - set(self.words.values()))

    def __call__(self, key: str, **values: Any) -> str:
        """The sentence under `key`, filled in."""
        sentence = self.words[key]
        for name, value in values.items():
            sentence = sentence.replace(f"{{{name}}}", str(value))
        return sentence

    def like(self, key: str, *, whole: bool = False) -> re.Pattern[str]:
        """The sentence whatever fills it: from its beginning, or the whole."""
        pattern = PLACEHOLDER.sub(".+", re.escape(self.words[key]))
        return re.compile(f"^{pattern}$" if whole else f"^{pattern}")

    def strange_words(self, page: Page) -> list[str]:
        """Texts on the screen in no language (keys) or in Italian where it is not spoken; amounts and days likewise."""
        found = []
        for text in page.evaluate(TEXTS):
            if "." in text and text in _catalogue("it"):
                found.append(f"a key: {text}")
            if self.language == "it":
                continue
            if text in self._italian:
                found.append(f"in Italian: {text}")
            if self.language == "en" and ITALIAN_AMOUNT.search(text):
                found.append(f"an Italian amount: {text}")
            if self.language == "fr" and re.search(r"\d\.\d{3},\d{2}", text):
                found.append(f"an Italian amount: {text}")
            if ITALIAN_DAYS.search(text):
                found.append(f"an Italian day: {text}")
        return found


@lru_cache
def _catalogue(language: str) -> dict[str, str]:
    files = [*TEXT.glob(f"*.{language}.json"), *TEXT.glob(f"refusals/*.{language}.json")]
    words: dict[str, str] = {}
    # Where desk and phone have a key each, the phone's is taken.
    for path in sorted(
        files, key=lambda path: (".desk." not in path.name and path.stem.split(".")[0] != "desk", path.name)
    ):
        found = json.loads(path.read_text(encoding="utf-8"))
        words |= {key: sentence for key, sentence in found.items() if isinstance(sentence, str)}
    return words
