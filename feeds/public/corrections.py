"""Every correction, withdrawal and dispute, the newest first: the old words beside the new."""

from __future__ import annotations

import itertools

from flask import Flask, Response

from feeds import dates, queries
from feeds.public.routes import add
from feeds.view import View, moved

#: How many a page shows; the feed's archives and the data have all.
SHOWN = 200


class CorrectionViews(View):
    """The page of corrections."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "corrections", self.corrections)

    def corrections(self, language: str) -> Response:
        """Return the newest corrections under the days on which they were recorded."""
        words = self.words(language)
        with self.site.library.open() as conn:
            position = queries.position(conn)

            def make() -> bytes:
                found = self.site.newest(conn, SHOWN, words, "corrections")
                days = itertools.groupby(
                    found,
                    lambda entry: dates.day_of(entry.published.date().isoformat(), words.dates),
                )
                return self.page(
                    "corrections.html", words, lambda links: links.page("corrections"), name="corrections",
                    days=[(day, list(entries)) for day, entries in days],
                )  # fmt: skip

            return self.kept((position, "corrections", language), make, moved(position))
