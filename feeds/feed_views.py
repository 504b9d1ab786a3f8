"""The feeds over HTTP: in every format, their archives, changes since a reader last looked, and the list of all."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from flask import Flask, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from feeds import (
    atom,
    calendar,
    calendar_views,
    changes,
    entries,
    jsonfeed,
    opml,
    queries,
    rss,
    selecting,
    websub,
)
from feeds.cache import Body, body
from feeds.content_types import XML
from feeds.delivery import KEEP_FOR_EVER, answer
from feeds.dossier import Announced, Position
from feeds.entries import Feed
from feeds.kinds import KINDS, Kinds
from feeds.links import Links
from feeds.selecting import Archive, Choice, Selection
from feeds.site import Site
from feeds.sql import search
from feeds.view import lead_to, moved
from feeds.words import WORDS, Words
from feeds.words.catalogue import FeedWords

JSON = f"{jsonfeed.CONTENT_TYPE}; charset=utf-8"


class Format(NamedTuple):
    """How feeds are written, and what that is called."""

    render: Callable[[Feed], bytes]
    content_type: str


FORMATS = {
    "atom": Format(atom.render, XML),
    "rss": Format(rss.render, XML),
    "json": Format(jsonfeed.render, JSON),
}
CALENDAR = calendar.ENDING
#: The groups of the list of all feeds, by what they are about.
_GROUPS = {"topic": "topics", "org": "orgs", "person": "people"}
_SLUG = re.compile(r"[a-z0-9-]+")


class Channel(NamedTuple):
    """A feed that can be had: what is in it, what it says of itself, and the page that it belongs to."""

    selection: Selection
    said: FeedWords | None = None
    home: str | None = None
    query: str = ""


class FeedViews:
    """The feeds of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, app: Flask) -> None:
        """Add the routes."""
        root = f"/<any({', '.join(WORDS)}):language>"
        about = f"<any({', '.join(selecting.SUBJECTS)}):kind>"
        count = "int(max=999999999999)"
        for rule, view in (
            (f"{root}/feeds.opml", self.all_feeds),
            (f"{root}/feeds/<name>.<format>", self.feed),
            (f"{root}/feeds/{about}/<name>.<format>", self.feed),
            (f"{root}/feeds/<name>/archive/<{count}:number>-<{count}:version>.<format>", self.past),
            (f"{root}/feeds/{about}/<name>/archive/<{count}:number>-<{count}:version>.<format>", self.past),
        ):  # fmt: skip
            app.add_url_rule(rule, f"feeds_{view.__name__}", view)

    def feed(self, language: str, name: str, format: str, kind: str | None = None) -> AnyResponse:
        """Return a feed or a calendar; nothing is rendered while the archive stands where it stood."""
        words = WORDS[language]
        asked = ""
        if kind is None and name == "search":
            asked = search.canonical(request.args.get("q", ""))
            if not asked or format not in FORMATS:
                abort(404)
            if list(request.args.items(multi=True)) != [("q", asked)]:
                return lead_to(f"/{language}/feeds/search.{format}?q={quote(asked, safe='')}", 301)
        with self._site.library.open() as conn:
            found = self._channel(conn, name, kind, asked=asked, format=format, words=words)
            if isinstance(found, str):
                return lead_to(Links.within(self._site.settings, language).feed(found, format), 301)
            position, channel = queries.position(conn), found
            cache = self._site.rare if asked or kind else self._site.cache
            key = (position, "feed", language, channel.selection, format)
            if format == CALENDAR:
                made = cache.get(
                    key,
                    lambda: calendar_views.made(
                        self._site, conn, channel.selection, channel.said, words
                    ),
                )
                return answer(made, request)
            made = cache.get(key, lambda: self._made(conn, channel, position, words, format))

            def since(stand: int) -> Body | None:
                return self._since(conn, channel, position, words, format=format, stand=stand)

            response = answer(made, request, since=since)
            if self._site.settings.hub and not asked:
                topic = Links.whole(self._site.settings, language).feed(
                    channel.selection.name, format
                )
                response.headers["Link"] = websub.link(self._site.settings.hub, topic)
            return response

    def past(
        self, *, language: str, name: str, number: int, version: int, format: str, kind: str | None = None
    ) -> AnyResponse:  # fmt: skip
        """Return an archive of a feed (RFC 5005); from an old version of it lead to the one that stands."""
        words = WORDS[language]
        if format not in FORMATS or (kind is None and name not in KINDS):
            abort(404)
        with self._site.library.open() as conn:
            channel = self._channel(conn, name, kind, asked="", format=format, words=words)
            if isinstance(channel, str):
                abort(404)
            choice = selecting.choice(conn, channel.selection)
            archive = selecting.archive(conn, choice, number)
            if archive is None:
                abort(404)
            if archive.version != version:
                links = Links.within(self._site.settings, language)
                return lead_to(links.feed(archive.place(channel.selection.name), format), 302)
            position = queries.position(conn)

            def make() -> Body:
                feed = self._past(conn, channel, choice, words, at=archive)
                return _body(feed, format, feed.updated)

            key = (position.projection, "archive", language, channel.selection, archive, format)
            return answer(self._site.rare.get(key, make), request, KEEP_FOR_EVER)

    def all_feeds(self, language: str) -> Response:
        """Return the list of all feeds."""
        words = WORDS[language]
        with self._site.library.open() as conn:
            position = queries.position(conn)

            def make() -> Body:
                return body(self._list(conn, position, words), opml.CONTENT_TYPE, moved(position))

            made = self._site.cache.get((position, "opml", language), make)
        return answer(made, request)

    def _channel(
        self, conn: sqlite3.Connection, name: str, kind: str | None, *, asked: str, format: str, words: Words
    ) -> Channel | str:  # fmt: skip
        """Return the feed of this name; of what was merged the name of the one that was kept instead."""
        known = calendar.KINDS if format == CALENDAR else KINDS
        if format not in FORMATS and format != CALENDAR:
            abort(404)
        if asked:
            said = _filled(words.feeds["search"], asked)
            query = f"?q={quote(asked, safe='')}"
            return Channel(Selection("search", query=asked), said, query=query)
        if kind is None:
            return Channel(Selection(name, known[name])) if name in known else abort(404)
        slug = f"{kind}/{name}"
        dossier = queries.dossiers(conn, [slug]).get(slug) if _SLUG.fullmatch(name) else None
        if dossier is None:
            abort(404)
        if dossier.merged_into:
            return dossier.merged_into
        if kind == "person" and not selecting.in_office(conn, slug):
            abort(404)
        said = _filled(words.feeds[kind], changes.heading(dossier, words))
        links = Links.within(self._site.settings, words.language)
        home = links.about(slug) if dossier.current else links.record(slug)
        only = known["calendar"] if format == CALENDAR else Kinds()
        return Channel(Selection(slug, only, subject=slug), said, home)

    def _made(
        self, conn: sqlite3.Connection, channel: Channel, position: Position, words: Words, format: str
    ) -> Body:  # fmt: skip
        return _body(self._feed(conn, channel, words), format, moved(position))

    def _feed(self, conn: sqlite3.Connection, channel: Channel, words: Words) -> Feed:
        """Return a feed as it stands. A search has no archives: there are too many."""
        choice = selecting.choice(conn, channel.selection)
        last = None if channel.query else selecting.archive(conn, choice)
        if channel.query:
            rows = selecting.newest(conn, choice, selecting.ENTRIES)
        else:
            rows = selecting.current(conn, choice, last)
        return self._of(conn, channel, rows, words, previous=last)

    def _past(
        self, conn: sqlite3.Connection, channel: Channel, choice: Choice, words: Words, *, at: Archive
    ) -> Feed:  # fmt: skip
        rows = selecting.of_archive(conn, choice, at)
        before = selecting.archive(conn, choice, at.number - 1)
        return self._of(conn, channel, rows, words, previous=before, at=at)

    def _of(
        self,
        conn: sqlite3.Connection,
        channel: Channel,
        rows: list[Announced],
        words: Words,
        *,
        previous: Archive | None,
        at: Archive | None = None,
    ) -> Feed:
        name = channel.selection.name
        return entries.feed(
            name,
            rows,
            queries.dossiers(conn, (row.record_id for row in rows if row.record_id)),
            settings=self._site.settings,
            words=words,
            said=channel.said,
            home=channel.home,
            query=channel.query,
            at=at.place(name) if at else None,
            previous=previous.place(name) if previous else None,
        )

    def _since(
        self, conn: sqlite3.Connection, channel: Channel, position: Position, words: Words, *, format: str, stand: int
    ) -> Body | None:  # fmt: skip
        """Return the feed with only what changed after an event; None where all of it, or nothing, did."""
        key = (position, "since", words.language, channel.selection, format, stand)
        feed = self._feed(conn, channel, words)
        changed = tuple(one for one in feed.entries if one.changed > stand)
        if not 0 < len(changed) < min(len(feed.entries), selecting.ENTRIES):
            return None
        part = replace(feed, entries=changed)
        return self._site.rare.get(key, lambda: _body(part, format, moved(position)))

    def _list(self, conn: sqlite3.Connection, position: Position, words: Words) -> bytes:
        settings = self._site.settings.said_in(words.language)
        links = Links.whole(settings, words.language)
        groups = [
            opml.Group(
                None,
                tuple(
                    opml.Outline(*words.feeds[name], links.feed(name, "atom"), links.home)
                    for name in KINDS
                ),
            )
        ]
        for kind, group in _GROUPS.items():
            dossiers = queries.dossiers(conn, selecting.subjects(conn, kind))
            named = sorted((changes.heading(one, words), slug) for slug, one in dossiers.items())
            outlines = (
                opml.Outline(
                    *_filled(words.feeds[kind], label), links.feed(slug, "atom"), links.about(slug)
                )
                for label, slug in named
            )
            groups.append(opml.Group(words.feeds[group].title, tuple(outlines)))
        return opml.render(
            groups,
            title=words.say["colon"].format(settings.title, words.feeds["feeds"].title),
            owner=settings.author,
            owner_url=settings.base_url,
            language=words.language,
            updated=moved(position),
        )


def _body(feed: Feed, format: str, changed: datetime | None) -> Body:
    render, content_type = FORMATS[format]
    return body(render(feed), content_type, changed, feed.changed if feed.entries else None)


def _filled(said: FeedWords, name: str) -> FeedWords:
    return FeedWords(said.title.format(name), said.about.format(name))
