"""Routes under the words of each language."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from werkzeug.wrappers import Response

from feeds.words import WORDS


def add(app: Flask, name: str, view: Callable[..., Response], more: str = "") -> None:
    """Add a page, named as in `Words.paths`, in every language; ``more`` is what follows in its path."""
    for language, words in WORDS.items():
        app.add_url_rule(
            f"/{language}/{words.paths[name]}{more}",
            f"{name}{more}-{language}",
            view,
            defaults={"language": language},
        )
