"""A refusal in a person's language. Knows nothing of where the words are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def say(words: Mapping[str, Mapping[str, str]], code: str, details: Mapping[str, Any], language: str = "it") -> str:
    """The sentence of a refusal in `language`, Italian where it is missing, the code where there is none."""
    sentence = words.get(language, {}).get(code) or words["it"].get(code)
    if sentence is None:
        return code
    try:
        return sentence.format(**details)
    except (KeyError, IndexError):
        return sentence
