"""Calendars over HTTP: the one of a deadline or a meeting alone; those of many are feeds like others."""

from __future__ import annotations

import sqlite3

from flask import Flask, Response, abort, request

from feeds import calendar, changes, entries, queries, selecting
from feeds.cache import Body, body
from feeds.delivery import answer
from feeds.kinds import Kinds
from feeds.links import Links
from feeds.selecting import Selection
from feeds.site import Site
from feeds.view import View, moved
from feeds.words import WORDS, Words
from feeds.words.catalogue import FeedWords


class CalendarViews(View):
    """The calendars of single records."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        place = f"/<any({', '.join(WORDS)}):language>/feeds/<any({', '.join(calendar.ALONE)}):kind>"
        app.add_url_rule(f"{place}/<name>.{calendar.ENDING}", "calendar_of_one", self.one)

    def one(self, language: str, kind: str, name: str) -> Response:
        """Return the calendar of a deadline or a meeting; there is none of what has, and had, no day."""
        words, slug = self.words(language), f"{kind}/{name}"
        with self.site.library.open() as conn:
            dossier = queries.dossiers(conn, [slug]).get(slug)
            if dossier is None:
                abort(404)
            about = words.feeds[calendar.ALONE[kind]].about
            said = FeedWords(changes.heading(dossier, words), about)
            selection = Selection(slug, Kinds((kind,)), record=slug)
            found = made(self.site, conn, selection, said, words)
        return answer(found, request) if b"BEGIN:VEVENT" in found.content else abort(404)


def made(
    site: Site, conn: sqlite3.Connection, selection: Selection, said: FeedWords | None, words: Words
) -> Body:  # fmt: skip
    """Return the calendar of what a selection has."""
    settings, name = site.settings.said_in(words.language), selection.name
    links = Links.whole(settings, words.language)
    rows = selecting.dated(conn, selecting.choice(conn, selection), calendar.MOST)
    dossiers = queries.dossiers(conn, (row.record_id for row in rows if row.record_id))
    found = {
        row.entry_id: entries.entry(row, dossiers, links, settings, words, whole=False)
        for row in rows
    }
    title, about = said or words.feeds[name]
    head = calendar.Said(
        settings.tag(f"calendars/{words.language}/{name}"),
        words.say["colon"].format(settings.title, title),
        about,
        links.feed(name, calendar.ENDING),
        words.language,
        max((one.updated for one in found.values()), default=None),
    )
    content = calendar.render(head, rows, found, dossiers, words)
    return body(content, calendar.CONTENT_TYPE, moved(queries.position(conn)))
