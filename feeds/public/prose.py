"""Pages of plain words: about, accessibility, privacy, data, and how to subscribe."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response

from feeds import queries
from feeds.public.routes import add
from feeds.sql import directory
from feeds.view import View

NAMES = ("about", "accessibility", "privacy", "data", "subscribe")
#: Pages that tell whom to turn to.
_HELP = ("about",)


class ProseViews(View):
    """Pages that say what is in the catalogue of words."""

    def add_to(self, app: Flask) -> None:
        """Add the routes."""
        for name in NAMES:
            add(app, name, self._prose(name))

    def _prose(self, name: str) -> Callable[[str], Response]:
        def prose(language: str) -> Response:
            words = self.words(language)
            with self.site.library.open() as conn:
                position = queries.position(conn)
                return self.kept(
                    (position, name, language),
                    lambda: self.page(
                        "prose.html", words, lambda links: links.page(name), name=name,
                        sections=words.prose[name], distressing=name in _HELP, position=position,
                        topics=directory.named(conn, "topic", words) if name == "subscribe" else [],
                    ),
                )  # fmt: skip

        return prose
