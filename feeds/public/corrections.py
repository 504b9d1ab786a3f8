"""Every correction, withdrawal and dispute, the newest first: the old words beside the new."""

from __future__ import annotations

import itertools

from flask import Flask, Response, request

from feeds import dates, queries
from feeds.kinds import KINDS
from feeds.public.paging import paging
from feeds.public.routes import add
from feeds.sql import counts
from feeds.view import View, moved

#: How many a page shows.
SHOWN = 50


class CorrectionViews(View):
    """The pages of corrections."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "corrections", self.corrections)

    def corrections(self, language: str) -> Response:
        """Return a page of corrections under the days on which they were recorded."""
        words = self.words(language)
        with self.site.library.open() as conn:
            position = queries.position(conn)
            total = counts.entries(conn, KINDS["corrections"].entries)
            here = paging(request.args.get("page"), total, SHOWN)

            def make() -> bytes:
                found = self.site.newest(conn, SHOWN, words, "corrections", offset=here.offset)
                days = itertools.groupby(
                    found,
                    lambda entry: dates.day_of(entry.published.date().isoformat(), words.dates),
                )
                return self.page(
                    "corrections.html", words, lambda links: links.page("corrections", page=here.query),
                    name="corrections", paging=here, days=[(day, list(entries)) for day, entries in days],
                )  # fmt: skip

            if here.number > 1:
                return self.fresh(make())
            return self.kept((position, "corrections", language), make, moved(position))
