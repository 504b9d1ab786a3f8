"""The views: feeds, and pages that need no JavaScript and set no cookie."""

from __future__ import annotations

import itertools
from datetime import datetime

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from feeds import atom, dates, fixity, queries, removals, rss
from feeds.cache import Body, body
from feeds.delivery import KEEP, answer
from feeds.dossier import Position
from feeds.entries import KINDS, LICENCE
from feeds.links import Links
from feeds.record_page import NAMED, record_page
from feeds.site import Site
from feeds.words import WORDS, Words

#: An XML type that browsers show by its style sheet; as application/atom+xml they would download it.
XML = "application/xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
FORMATS = {"atom": atom.render, "rss": rss.render}
NEWEST = 20
#: How many checks the page of checks shows; all of them are in the table.
CHECKS = 100


class Views:
    """The views of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def start(self, language: str = next(iter(WORDS))) -> AnyResponse:
        """Lead to the home page; without a language, to that of the site's first."""
        return _redirect(self._links(WORDS[language]).home, 302)

    def feed(self, language: str, name: str, format: str) -> Response:
        """Return a feed; nothing is rendered while the archive stands where it stood."""
        if name not in KINDS or format not in FORMATS:
            abort(404)
        words = WORDS[language]
        with self._site.library.open() as conn:
            position = queries.position(conn)

            def make() -> Body:
                feed = self._site.feed(conn, name, position, words)
                return body(FORMATS[format](feed), XML, _moved(position))

            made = self._site.cache.get((position, "feed", language, name, format), make)
        return answer(made, request)

    def home(self, language: str) -> Response:
        """Return the home page: what this is, what is new, how to follow it."""
        words = WORDS[language]
        with self._site.library.open() as conn:
            position = queries.position(conn)

            def make() -> Body:
                newest = self._site.newest(conn, NEWEST, words)
                days = itertools.groupby(
                    newest,
                    lambda entry: dates.day_of(entry.published.date().isoformat(), words.dates),
                )
                page = self._page(
                    "home.html", words,
                    days=[(day, list(entries)) for day, entries in days], position=position,
                    moved=dates.day_of(position.changed_at, words.dates) if position.changed_at else None,
                )  # fmt: skip
                return body(page, HTML, _moved(position))

            made = self._site.cache.get((position, "home", language), make)
        return answer(made, request)

    def record(self, language: str, kind: str, name: str) -> AnyResponse:
        """Return the page of a record, or lead from a merged one to the one that was kept."""
        words, slug = WORDS[language], f"{kind}/{name}"
        links = self._links(words)
        with self._site.library.open() as conn:
            dossier = queries.dossiers(conn, [slug]).get(slug)
            if dossier is None:
                abort(404)
            if dossier.merged_into:
                return _redirect(links.record(dossier.merged_into), 301)
            page = record_page(
                dossier,
                queries.events(conn, slug),
                queries.naming(conn, slug, NAMED),
                status=queries.status(conn, slug),
                links=links,
                words=words,
            )
        return answer(body(self._page("record.html", words, page=page), HTML), request)

    def removals(self, language: str) -> Response:
        """Return the page of what was withheld and erased."""
        words = WORDS[language]
        with self._site.library.open() as conn:
            position = queries.position(conn)

            def make() -> Body:
                found = removals.lines(queries.removals(conn), self._links(words), words)
                page = self._page("removals.html", words, lines=list(found))
                return body(page, HTML, _moved(position))

            made = self._site.cache.get((position, "removals", language), make)
        return answer(made, request)

    def fixity(self, language: str) -> Response:
        """Return the page of checks; they are no events, so the position in the log does not tell of them."""
        words = WORDS[language]
        with self._site.library.open() as conn:
            position, checks = queries.position(conn), queries.fixity(conn, CHECKS)

            def make() -> Body:
                found = fixity.lines(checks, self._links(words), words)
                return body(self._page("fixity.html", words, lines=list(found)), HTML)

            key = (position.projection, "fixity", language, *checks)
            made = self._site.cache.get(key, make)
        return answer(made, request)

    def event(self, language: str, number: int) -> AnyResponse:
        """Lead to the page of the record that an event is about, at its place in the history."""
        links = self._links(WORDS[language])
        with self._site.library.open() as conn:
            slug = queries.event_record(conn, number)
            removal = None if slug else queries.removal_of(conn, number)
        if removal is not None:
            return _redirect(links.removals(removal), 302)
        if slug is None:
            abort(404)
        return _redirect(links.record(slug, number), 302)

    def _links(self, words: Words) -> Links:
        return Links.within(self._site.settings, words.language)

    def _page(self, template: str, words: Words, **values: object) -> bytes:
        return render_template(template, **context(self._site, words), **values).encode()


def context(site: Site, words: Words) -> dict[str, object]:
    """Return what every template needs."""
    return {
        "settings": site.settings,
        "words": words,
        "say": words.say,
        "links": Links.within(site.settings, words.language),
        "whole": Links.whole(site.settings, words.language),
        "feeds": tuple(KINDS),
        "licence": LICENCE,
    }


def _moved(position: Position) -> datetime | None:
    return dates.instant(position.changed_at) if position.changed_at else None


def _redirect(url: str, code: int) -> AnyResponse:
    response = redirect(url, code)
    response.headers["Cache-Control"] = KEEP
    return response
