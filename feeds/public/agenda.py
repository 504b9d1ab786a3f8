"""Deadlines and meetings by month: what is to come, then what has been."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, Response, request

from feeds import queries
from feeds.public.paging import paging
from feeds.public.routes import add
from feeds.public.timeline import Line, lines, months
from feeds.sql import agenda as sql
from feeds.sql.lines import TimelineRow
from feeds.sql.things import today
from feeds.view import View
from feeds.words import Words

#: How many lines of what is to come there are, and of what has been on a page.
AHEAD = 50
LINES = 50


class AgendaViews(View):
    """The page that is the calendar."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "calendar", self.calendar)

    def calendar(self, language: str) -> Response:
        """Return what is to come, and a page of what has been, the newest first or the oldest."""
        words = self.words(language)
        order = "oldest" if request.args.get("order") == "oldest" else None
        with self.site.library.open() as conn:
            here = paging(request.args.get("page"), sql.count(conn), LINES)

            def make() -> bytes:
                been = sql.behind(conn, LINES, here.offset, oldest_first=order is not None)
                coming = sql.ahead(conn, AHEAD) if here.number == 1 else []
                return self.page(
                    "calendar.html", words,
                    lambda links: links.page("calendar", order=order, page=here.query),
                    name="calendar", order=order, paging=here,
                    ahead=months(_said(coming, words), words), been=months(_said(been, words), words),
                )  # fmt: skip

            if order or here.number > 1:
                return self.fresh(make())
            key = (queries.position(conn), "calendar", language, today(conn))
            return self.kept(key, make)


def _said(found: Iterable[sql.Dated], words: Words) -> list[Line]:
    """Return lines in words, each with its status as its kind: what became of it says more."""
    found = list(found)
    said = lines(map(_bare, found), words)
    return [
        line._replace(status=_status(one, words)) for line, one in zip(said, found, strict=True)
    ]


def _bare(one: sql.Dated) -> TimelineRow:
    """Return a line without its status in its label, as that of a meeting which was not held has it."""
    label = one.row.label or ""
    return one.row._replace(label=label.removesuffix(f" ({one.status})") or None)


def _status(one: sql.Dated, words: Words) -> str | None:
    if one.status is None:
        return None
    return words.statuses.get(one.status) or words.value(one.status)
