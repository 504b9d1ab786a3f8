"""Who promised what, by when, and whether it came about: each reading with its verdict."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from flask import Flask, Response, request

from feeds import dates, queries
from feeds.deadlines import outcome
from feeds.links import Links
from feeds.public.paging import paging
from feeds.public.routes import add
from feeds.public.timeline import options
from feeds.sql import promises as sql
from feeds.sql.promises import Promise
from feeds.sql.things import Thing, things, today
from feeds.view import View
from feeds.words import Words

#: How many commitments a page has.
LINES = 60
#: How many bodies, and how many topics, the form names: those with most commitments. The page of each leads here, too.
CHOICES = 200


class Verdict(NamedTuple):
    """A reading in words: the day, how that is worded, by which source, and what became of it."""

    due: str | None
    label: str
    source: Thing | None
    status: str
    said: str


class Line(NamedTuple):
    """A commitment in words."""

    id: str
    what: str
    kind: str
    who: Thing | None
    made_in: Thing | None
    condition: str | None
    status: str
    said: str
    outcome: str | None
    verdicts: tuple[Verdict, ...]


class PromiseViews(View):
    """The page of commitments."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "commitments", self.commitments)

    def commitments(self, language: str) -> Response:
        """Return a page of all of them, or of those of a body, a topic, a status; what is not there is as if not asked for."""
        words = self.words(language)
        with self.site.library.open() as conn:
            position, day = queries.position(conn), today(conn)
            by, topic = request.args.get("by"), request.args.get("topic")
            by = by if by and sql.count(conn, obliged=by) else None
            topic = topic if topic and sql.count(conn, topic=topic) else None
            counts = sql.statuses(conn, topic=topic, obliged=by)
            status = value if (value := request.args.get("status")) in counts else None
            asked = {"by": by, "topic": topic, "status": status}
            among = counts[status] if status else sum(counts.values())
            here = paging(request.args.get("page"), among, LINES)

            def make() -> bytes:
                found = sql.promises(
                    conn, status=status, topic=topic, obliged=by, limit=LINES, offset=here.offset
                )
                obliged = things(conn, [by, *sql.obliged(conn, CHOICES)], words)
                topics = things(conn, [topic, *sql.topics(conn, CHOICES)], words)
                return self.page(
                    "commitments.html", words, lambda links: links.page("commitments", **asked, page=here.query),
                    name="commitments", lines=lines(conn, found, words), counts=counts, asked=asked,
                    statuses=[one for one in words.statuses if one in counts], total=sum(counts.values()),
                    choices=[
                        ("by", words.term("obliged"), options(obliged.values())),
                        ("topic", words.say["topic"], options(topics.values())),
                    ],
                    csv=_csv(asked, self.links(words)), paging=here,
                )  # fmt: skip

            if by or topic or here.number > 1:
                return self.fresh(make())
            return self.kept((position, "commitments", language, status, day), make)


def _csv(asked: dict[str, str | None], links: Links) -> str:
    """Return where the same commitments are as data, all of them."""
    columns = {"obliged_id__exact": asked["by"], "status__exact": asked["status"]}
    given = {name: value for name, value in columns.items() if value}
    among = [sql.PUBLIC_TOPIC.format(asked["topic"])] if asked["topic"] else []
    return links.lines("commitment_status.csv", {"_stream": "1", "_sort": "id", **given}, among)


def lines(conn: sqlite3.Connection, found: Iterable[Promise], words: Words) -> list[Line]:
    """Return commitments in words."""
    found = list(found)
    named = {slug for one in found for slug in (one.obliged, one.made_in)}
    named |= {reading.source for one in found for reading in one.readings}
    called = things(conn, named, words)
    return [_line(one, called, words) for one in found]


def _line(one: Promise, called: dict[str | None, Thing], words: Words) -> Line:
    return Line(
        id=one.id,
        what=one.what or one.id,
        kind=words.value(one.kind),
        who=called.get(one.obliged),
        made_in=called.get(one.made_in),
        condition=one.condition,
        status=one.status,
        said=words.statuses[one.status],
        outcome=_outcome(one, words),
        verdicts=tuple(
            Verdict(
                dates.text(reading.due, words.dates) if reading.due else None,
                reading.label or "",
                called.get(reading.source),
                reading.verdict,
                _verdict(reading, words),
            )
            for reading in one.readings
        ),
    )


def _verdict(reading: sql.Judged, words: Words) -> str:
    said = words.statuses[reading.verdict]
    if not reading.late_by:
        return said
    return words.say["role"].format(said, words.say["days_late"].format(reading.late_by))


def _outcome(one: Promise, words: Words) -> str | None:
    """Return the result that is recorded, its day, and what was found."""
    if one.result is None:
        return None
    said = outcome(one.result, one.done, words)
    return f"{said} {one.finding}" if one.finding else said
