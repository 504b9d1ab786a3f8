"""Topics, bodies and people: an index of each, and a page on which all about one is gathered."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

from flask import Flask, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from feeds import dates, queries, selecting
from feeds.public import promises, timeline
from feeds.public.paging import paging
from feeds.public.routes import add
from feeds.sql import directory as sql
from feeds.sql import lines as lines_sql
from feeds.sql import promises as promises_sql
from feeds.sql.things import Thing, things, today
from feeds.view import DISTRESSING, View, lead_to
from feeds.words import Words

#: How many topics, bodies or people a page of the index has.
LISTED = 100
#: How many lines, promises and offices the page of one topic, body or person has; other pages have all.
LINES = 30
PROMISES = 30
OFFICES = 100

_KINDS: dict[str, sql.Kind] = {
    "topics": "topic",
    "bodies": "org",
    "people": "person",
}


class Office(NamedTuple):
    """An office held, in words; ``last`` is the last day on which a source names the holder in it."""

    id: str
    person: Thing | None
    title: str
    body: Thing | None
    span: str | None
    last: str | None


class DirectoryViews(View):
    """Topics, bodies and people."""

    def add_to(self, app: Flask) -> None:
        """Add the routes."""
        for name in _KINDS:
            add(app, name, self._index(name))
            add(app, name, self._one(name), "/<slug>")

    def _index(self, name: str) -> Callable[..., AnyResponse]:
        def index(language: str) -> Response:
            words, kind = self.words(language), _KINDS[name]
            with self.site.library.open() as conn:
                here = paging(request.args.get("page"), sql.count(conn, kind), LISTED)

                def make() -> bytes:
                    listed = sql.named(conn, kind, words)[here.offset :][:LISTED]
                    slugs = [one.id for one in listed]
                    held: dict[str, list[Office]] = {}
                    if kind == "person":
                        for office in offices(conn, sql.tenures(conn, kind, slugs), words):
                            held.setdefault(office.person.id if office.person else "", []).append(
                                office
                            )
                    return self.page(
                        "directory.html", words, lambda links: links.page(name, page=here.query), name=name,
                        listed=listed, held=held, paging=here,
                        mentioned={} if kind == "person" else sql.mentioned(conn, kind, slugs),
                    )  # fmt: skip

                if here.number > 1:
                    return self.fresh(make())
                return self.kept((queries.position(conn), name, language), make)

        return index

    def _one(self, name: str) -> Callable[..., AnyResponse]:
        def one(language: str, slug: str) -> AnyResponse:
            words, record = self.words(language), f"{_KINDS[name]}/{slug}"
            with self.site.library.open() as conn:
                found = sql.one(conn, record, words)
                if found is None:
                    if into := sql.kept(conn, record):
                        return lead_to(self.links(words).about(into), 301)
                    abort(404)
                key = (queries.position(conn), record, language, today(conn))
                return self.kept(key, lambda: self._gathered(conn, name, found, words))

        return one

    def _gathered(self, conn: sqlite3.Connection, name: str, found: Thing, words: Words) -> bytes:
        slug = found.id
        topic = slug if name == "topics" else None
        wanted = lines_sql.Wanted(topic=topic, names=None if topic else slug)
        held: list[sql.Tenure] = []
        kept: list[promises_sql.Promise] = []
        pledged = 0
        if name == "people":
            held = sql.tenures(conn, "person", [slug])
        else:
            obliged = None if topic else slug
            kept = promises_sql.promises(conn, topic=topic, obliged=obliged, limit=PROMISES)
            pledged = promises_sql.count(conn, topic=topic, obliged=obliged)
        if name == "bodies":
            held = sql.tenures(conn, "organisation", [slug])
        return self.page(
            "gathered.html", words, lambda links: links.about(slug), name=name, found=found, topic=topic,
            promised=promises.lines(conn, kept, words), pledged=pledged,
            lines=timeline.lines(lines_sql.lines(conn, wanted, LINES), words),
            total=lines_sql.count(conn, wanted), offices=offices(conn, held[:OFFICES], words), served=len(held),
            distressing=slug in DISTRESSING, followed=name != "people" or selecting.in_office(conn, slug),
        )  # fmt: skip


def offices(conn: sqlite3.Connection, held: Iterable[sql.Tenure], words: Words) -> list[Office]:
    """Return offices in words."""
    held = list(held)
    slugs = {slug for one in held for slug in (one.person, one.post, one.organisation)}
    called = things(conn, slugs, words)
    return [
        Office(
            one.id,
            called.get(one.person),
            one.title or (called[one.post].label if one.post in called else one.id),
            called.get(one.organisation),
            _span(one, words),
            dates.text(one.attested, words.dates) if one.attested and not one.ended else None,
        )
        for one in held
    ]


def times(conn: sqlite3.Connection, slugs: Iterable[str], words: Words) -> dict[str, str]:
    """Return when the offices among these records were held, or when last somebody was named in one, as far as is known.

    In a list several of one person and one title are told apart by nothing else.
    """
    tenures = [slug for slug in slugs if slug.startswith("tenure/")]
    held = offices(conn, sql.tenures(conn, "tenure", tenures), words) if tenures else []
    known = {
        one.id: one.span or (one.last and words.say["in_office_last"].format(one.last))
        for one in held
    }
    return {slug: said for slug, said in known.items() if said}


def _span(one: sql.Tenure, words: Words) -> str | None:
    """Return from when to when an office was held, as far as that is known."""
    if one.started and one.ended:
        return words.dates.span.format(
            dates.text(one.started, words.dates), dates.text(one.ended, words.dates)
        )
    if one.started:
        return words.dates.since.format(dates.text(one.started, words.dates))
    if one.ended:
        return words.dates.until.format(dates.text(one.ended, words.dates))
    if one.ended_latest:
        return words.say["not_later"].format(dates.text(one.ended_latest, words.dates))
    return None
