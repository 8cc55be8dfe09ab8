"""What a command says when it cannot do what it was asked."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from fieldapp.domain.errors import Refusal
from fieldapp.domain.said import say
from fieldapp.words import read_words


def sentence(refusal: Refusal) -> str:
    """The refusal in Italian words, with its code."""
    return f"{say(read_words(), refusal.code, refusal.details)} ({refusal.code})"


def fail(text: str) -> NoReturn:
    """Say what is wrong and stop with a code that is not zero."""
    click.echo(text, err=True)
    sys.exit(2)
