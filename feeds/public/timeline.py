"""What happened, day by day, with filters in the address."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from flask import Flask, Response, request

from feeds import dates, queries
from feeds.public.routes import add
from feeds.sql import directory
from feeds.sql import lines as sql
from feeds.sql.lines import TimelineRow, Wanted
from feeds.sql.things import Thing, thing
from feeds.view import View
from feeds.words import Words

#: How many lines a page has.
LINES = 50
_MOST_PAGES = 100_000


class Line(NamedTuple):
    """A line in words."""

    kind: str
    day: str | None
    month: str
    record: Thing


class TimelineViews(View):
    """The timeline."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "timeline", self.timeline)

    def timeline(self, language: str) -> Response:
        """Return a page of the timeline; what is asked for and is not there is as if not asked for."""
        words = self.words(language)
        with self.site.library.open() as conn:
            choices = {
                "kind": sql.kinds(conn),
                "year": sql.years(conn),
                "topic": [one.id for one in directory.listed(conn, "topic", words)],
                "order": ["oldest"],
            }
            asked = {
                name: value if (value := request.args.get(name)) in known else None
                for name, known in choices.items()
            }
            wanted = Wanted(kind=asked["kind"], topic=asked["topic"], year=asked["year"])
            total = sql.count(conn, wanted)
            last = max(1, -(-total // LINES))
            number = min(_page_number(request.args.get("page")), last)

            def make() -> bytes:
                rows = sql.lines(
                    conn, wanted, LINES, (number - 1) * LINES, oldest_first=bool(asked["order"])
                )
                return self.page(
                    "timeline.html", words,
                    lambda links: links.page("timeline", **asked, page=number if number > 1 else None),
                    name="timeline", months=months(lines(rows, words), words), asked=asked, years=choices["year"],
                    kinds=[kind for kind in words.lines if kind in choices["kind"]],
                    topics=directory.listed(conn, "topic", words), total=total, number=number, last=last,
                    first_line=(number - 1) * LINES + 1, last_line=min(number * LINES, total),
                )  # fmt: skip

            if any(asked.values()) or number > 1:
                return self.fresh(make())
            return self.kept((queries.position(conn), "timeline", language), make)


def lines(rows: Iterable[TimelineRow], words: Words) -> list[Line]:
    """Return lines in words; the title of a line says more than the label, but is in one language only."""
    return [
        Line(
            words.lines.get(row.kind, row.kind),
            dates.text(row.day, words.dates) if row.day else None,
            row.month,
            thing(row.record, row.label if row.kind == "meeting" else row.title or row.label, row.label_cy, words),
        )
        for row in rows
    ]  # fmt: skip


def months(found: Iterable[Line], words: Words) -> list[tuple[str, list[Line]]]:
    """Return lines under the months, or years, that they belong to."""
    return [
        (dates.text(month, words.dates) if month else words.say["undated"], list(group))
        for month, group in itertools.groupby(found, lambda line: line.month)
    ]


def _page_number(asked: str | None) -> int:
    """Return the number of a page; what is none is the first."""
    if asked is None or not (asked.isascii() and asked.isdecimal() and len(asked) < 8):
        return 1
    return min(max(int(asked), 1), _MOST_PAGES)
