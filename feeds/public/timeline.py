"""What happened, day by day, with filters in the address."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from flask import Flask, Response, request

from feeds import dates, queries
from feeds.links import Links
from feeds.public.paging import paging
from feeds.public.routes import add
from feeds.sql import directory
from feeds.sql import lines as sql
from feeds.sql import promises as promises_sql
from feeds.sql.lines import TimelineRow, Wanted
from feeds.sql.things import Thing, thing, things, today
from feeds.view import View
from feeds.words import Words

#: How many lines a page has.
LINES = 50
#: How many rows Datasette gives as JSON at most.
PORTION = 1_000
#: Feeds and calendars that have the lines of a kind, and others like them; the rest is in the feed of all.
_FEEDS = {
    "document": "documents",
    "figure": "figures",
    "due": "commitments",
    "outcome": "commitments",
}
_CALENDARS = {None: "calendar", "due": "commitments", "meeting": "meetings"}


class Line(NamedTuple):
    """A line in words; ``status`` is what became of it, where a list tells that."""

    kind: str
    day: str | None
    month: str
    record: Thing
    status: str | None = None


class Elsewhere(NamedTuple):
    """The lines in other forms: as the feed that has them, as data, and in a calendar."""

    feed: str
    calendar: str | None
    csv: str
    json: str


class TimelineViews(View):
    """The timeline."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "timeline", self.timeline)

    def timeline(self, language: str) -> Response:
        """Return a page of the timeline; what is asked for and is not there is as if not asked for."""
        words = self.words(language)
        with self.site.library.open() as conn:
            topics = directory.named(conn, "topic", words)
            choices = {
                "kind": sql.kinds(conn),
                "year": sql.years(conn),
                "topic": [one.id for one in topics],
                "source": sql.publishers(conn),
                "status": words.statuses,
                "order": ["oldest"],
            }
            asked = {
                name: value if (value := request.args.get(name)) in known else None
                for name, known in choices.items()
            }
            wanted = Wanted(
                kind=asked["kind"], topic=asked["topic"], year=asked["year"], publisher=asked["source"],
                status=asked["status"],
            )  # fmt: skip
            here = paging(request.args.get("page"), sql.count(conn, wanted), LINES)

            def make() -> bytes:
                rows = sql.lines(
                    conn, wanted, LINES, here.offset, oldest_first=bool(asked["order"])
                )
                statuses = promises_sql.statuses(conn)
                return self.page(
                    "timeline.html", words,
                    lambda links: links.page("timeline", **asked, page=here.query),
                    name="timeline", months=months(lines(rows, words), words), asked=asked, paging=here,
                    choices=[
                        ("kind", words.say["line_kind"], [(one, words.lines[one], None) for one in words.lines if one in choices["kind"]]),
                        ("topic", words.say["topic"], options(topics)),
                        ("source", words.say["source"], options(things(conn, choices["source"], words).values())),
                        ("status", words.say["promise_status"], [(one, words.statuses[one], None) for one in words.statuses if one in statuses]),
                        ("year", words.say["year"], [(one, one, None) for one in choices["year"]]),
                    ],
                    elsewhere=elsewhere(wanted, self.links(words)), portion=PORTION,
                )  # fmt: skip

            if any(asked.values()) or here.number > 1:
                return self.fresh(make())
            # Which statuses there are to choose goes by the day.
            return self.kept((queries.position(conn), "timeline", language, today(conn)), make)


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


def elsewhere(wanted: Wanted, links: Links) -> Elsewhere:
    """Return where the same lines are in other forms; a feed may have more than was asked for.

    As CSV they are all in one file; JSON has `PORTION` at a time, and names the next.
    """
    feed = wanted.topic or _FEEDS.get(wanted.kind or "", "all")
    calendar = wanted.topic or _CALENDARS.get(wanted.kind)
    given = {name: value for name, value in (("kind__exact", wanted.kind),) if value}
    among = [sql.PUBLIC[name].format(value) for name in sql.PUBLIC if (value := getattr(wanted, name))]  # fmt: skip
    return Elsewhere(
        feed,
        calendar if wanted.kind in _CALENDARS else None,
        links.lines("timeline.csv", {"_stream": "1", **given}, among),
        links.lines("timeline.json", {"_shape": "objects", "_size": "max", **given}, among),
    )


def options(found: Iterable[Thing]) -> list[tuple[str, str, str | None]]:
    """Return things as what can be chosen, by name: value, name, and the language of the name."""
    named = sorted(found, key=lambda one: (directory.order(one.label), one.id))
    return [(one.id, one.label, one.lang) for one in named]
