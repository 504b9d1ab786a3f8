"""The views: pages that need no JavaScript and set no cookie."""

from __future__ import annotations

import itertools

from flask import Response, abort, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from feeds import calendar, dates, fixity, linked_data, queries, removals
from feeds.content_types import HTML
from feeds.delivery import NO_STORE
from feeds.dossier import Removal
from feeds.public import directory, promises, timeline
from feeds.public.story import story
from feeds.record_page import NAMED, record_page
from feeds.sql import counts, lines
from feeds.sql import promises as promises_sql
from feeds.sql.things import today
from feeds.view import DISTRESSING, View, context, lead_to, moved
from feeds.words import WORDS
from feeds.words.catalogue import error_words

#: How many of each the home page shows.
NEWEST = 10
DEADLINES = 5
DEVELOPMENTS = 6
#: What is answered under the number of an event that an act took away.
GONE = {"erased": 410, "withheld": 451}
#: How many checks the page of checks shows; all of them are in the table.
CHECKS = 100


class Views(View):
    """The views of the home page and of records."""

    def start(self, language: str | None = None) -> AnyResponse:
        """Lead to the home page; without a language in the address, in the one that the browser asks for."""
        response = lead_to(self.links(WORDS[language or _asked()]).home, 302)
        if language is None:
            response.vary.add("Accept-Language")
        return response

    def home(self, language: str) -> Response:
        """Return the home page: what this is, what is due, what happened, what is new, how to follow it."""
        words = WORDS[language]
        with self.site.library.open() as conn:
            position, day = queries.position(conn), today(conn)

            def make() -> bytes:
                newest = self.site.newest(conn, NEWEST, words)
                days = itertools.groupby(
                    newest,
                    lambda entry: dates.day_of(entry.published.date().isoformat(), words.dates),
                )
                happened = lines.Wanted(kind="development", upto=day)
                return self.page(
                    "home.html", words, lambda links: links.home,
                    linked=linked_data.script(linked_data.of_site(self.site.settings, position, words)),
                    days=[(day, list(entries)) for day, entries in days], position=position,
                    moved=dates.day_of(position.changed_at, words.dates) if position.changed_at else None,
                    story=story(conn, words, self.links(words)),
                    counts=counts.counts(conn), statuses=promises_sql.statuses(conn),
                    ahead=promises.lines(conn, promises_sql.ahead(conn, DEADLINES), words),
                    behind=promises.lines(conn, promises_sql.behind(conn, DEADLINES), words),
                    happened=timeline.lines(lines.lines(conn, happened, DEVELOPMENTS), words),
                )  # fmt: skip

            return self.kept((position, "home", language, day), make)

    def record(self, language: str, kind: str, name: str) -> AnyResponse:
        """Return the page of a record, or lead from a merged one to the one that was kept."""
        words, slug = WORDS[language], f"{kind}/{name}"
        links = self.links(words)
        with self.site.library.open() as conn:
            dossier = queries.dossiers(conn, [slug]).get(slug)
            if dossier is None:
                abort(404)
            if dossier.merged_into:
                return lead_to(links.record(dossier.merged_into), 301)
            named = queries.naming(conn, slug, NAMED)
            page = record_page(
                dossier,
                queries.events(conn, slug),
                named,
                held=directory.times(conn, (one.id for one in named), words),
                status=queries.status(conn, slug),
                links=links,
                words=words,
                settings=self.site.settings,
            )
        made = self.page(
            "record.html", words, lambda links: links.record(slug), page=page,
            linked=linked_data.script(linked_data.of_record(dossier, page.title, self.site.settings, words)),
            dated=dossier.current and kind in calendar.ALONE and calendar.day(dossier) is not None,
            gathered=dossier.current and links.about(slug) != links.record(slug),
            distressing=not DISTRESSING.isdisjoint((slug, *dossier.topics)),
        )  # fmt: skip
        return self.fresh(made)

    def removals(self, language: str) -> Response:
        """Return the page of what was withheld and erased."""
        words = WORDS[language]
        with self.site.library.open() as conn:
            position = queries.position(conn)

            def make() -> bytes:
                found = removals.lines(queries.removals(conn), self.links(words), words)
                return self.page(
                    "removals.html", words, lambda links: links.removals(), lines=list(found)
                )

            return self.kept((position, "removals", language), make, moved(position))

    def fixity(self, language: str) -> Response:
        """Return the page of checks; they are no events, so the position in the log does not tell of them."""
        words = WORDS[language]
        with self.site.library.open() as conn:
            position, checks = queries.position(conn), queries.fixity(conn, CHECKS)

            def make() -> bytes:
                found = fixity.lines(checks, self.links(words), words)
                return self.page(
                    "fixity.html", words, lambda links: links.fixity, lines=list(found)
                )

            return self.kept((position.projection, "fixity", language, *checks), make)

    def event(self, language: str, number: int) -> AnyResponse:
        """Lead to the page of the record that an event is about, at its place in the history.

        Of one that was taken away its number is public, but not whose it was: 410 where it was erased, 451 where it is
        withheld (RFC 7725). The address of a record is its name: there is 404, as if it had never been.
        """
        links = self.links(WORDS[language])
        with self.site.library.open() as conn:
            slug = queries.event_record(conn, number)
            removal = None if slug else queries.removal_of(conn, number)
        if slug is not None:
            return lead_to(links.record(slug, number), 302)
        if removal is None:
            abort(404)
        if removal.target == number and removal.act in GONE:
            return self._gone(language, removal)
        return lead_to(links.removals(removal.notice), 302)

    def _gone(self, language: str, removal: Removal) -> Response:
        """Return when and why what an event said was taken away, in every language of the site, this one first."""
        said = sorted(WORDS.values(), key=lambda words: words.language != language)
        code = GONE[removal.act]
        page = render_template(
            "error.html", **context(self.site, said[0]), code=code,
            said=[(words, error_words(words, code)) for words in said], notice=removal.notice,
            removal={
                words.language: words.say["colon"].format(
                    dates.day_of(removal.day, words.dates), removals.sentence(removal, words)
                )
                for words in said
            },
        )  # fmt: skip
        response = Response(page, code, content_type=HTML)
        response.headers["Content-Language"] = ", ".join(words.language for words in said)
        response.headers["Cache-Control"] = NO_STORE
        return response


def _asked() -> str:
    """Return the language of the site that the browser wants most, in whichever country; else the first."""
    for tag, quality in request.accept_languages:
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in WORDS:
            return language
    return next(iter(WORDS))
