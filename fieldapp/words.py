"""The words of every refusal, read from the files that the web app reads too.

Imports nothing heavy: `fieldapp solve` speaks through it, and its whole start counts.
"""

from __future__ import annotations

import json
from pathlib import Path

PACKAGE = Path(__file__).parent
TEXT = PACKAGE / "pwa" / "src" / "text"
LANGUAGES = ("it", "en", "fr")


def read_words(folder: Path = TEXT / "refusals") -> dict[str, dict[str, str]]:
    """Refusal words by language, all areas together."""
    words: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for path in sorted(folder.glob("*.json")):
        language = path.stem.rsplit(".", 1)[-1]
        words[language].update(json.loads(path.read_text(encoding="utf-8")))
    return words
