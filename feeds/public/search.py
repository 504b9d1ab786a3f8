"""Search, with what was found marked."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from flask import Flask, Response, request
from markupsafe import Markup, escape

from feeds import dates, selecting
from feeds.facts import called
from feeds.public import directory
from feeds.public.routes import add
from feeds.sql import search as sql
from feeds.sql.search import BEGIN, END, Hit
from feeds.texts import RECORDED, fill, told
from feeds.view import View
from feeds.words import Words

#: How many of those that fit are shown.
SHOWN = 50


class Found(NamedTuple):
    """A record that fits, as HTML: escaped, with <mark> round what was found."""

    id: str
    kind: str
    title: Markup
    passage: Markup
    when: str | None


class Followed(NamedTuple):
    """What was found and has a feed of its own, and what that is called."""

    id: str
    said: str


class SearchViews(View):
    """The page of searches."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "search", self.search)

    def search(self, language: str) -> Response:
        """Return the form, and what fits where something was asked."""
        words = self.words(language)
        asked = asked_for(request.args.get("q", ""))
        with self.site.library.open() as conn:
            hits = sql.search(conn, asked, SHOWN + 1)
            people = [hit.id for hit in hits if hit.kind == "person"]
            held = directory.times(conn, (hit.id for hit in hits), words)
            in_office = {slug for slug in people if selecting.in_office(conn, slug)}
        return self.fresh(
            self.page(
                "search.html",
                words,
                lambda links: links.page("search", q=asked),
                name="search",
                asked=asked,
                query=sql.canonical(asked),
                followed=list(followed(hits[:SHOWN], in_office, words)),
                found=[found(hit, words, held.get(hit.id)) for hit in hits[:SHOWN]],
                more=len(hits) > SHOWN,
                most=SHOWN,
            )
        )


def asked_for(typed: str) -> str:
    """Return what a reader typed, in NFC, not too long, and without control characters, which have no place in a page."""
    plain = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cs") else letter
        for letter in typed[: sql.CHARACTERS]
    )
    return " ".join(unicodedata.normalize("NFC", plain).split())


def found(hit: Hit, words: Words, held: str | None = None) -> Found:
    """Return a hit as HTML; ``held`` is when an office was held, which says more than the one day of its record."""
    title, passage = hit.title, " ".join(hit.passage.split())
    if passage == title:
        passage = ""  # it would say the same twice
    welsh = title if _plain(title) == hit.label_cy else hit.label_cy
    return Found(
        hit.id,
        words.kind(hit.kind),
        marked(called(hit.id, title, words, welsh)),
        marked(told(passage, words, None if _has(passage, hit.label_cy) else RECORDED)),
        held or (dates.text(hit.day, words.dates) if hit.day else None),
    )


def followed(hits: Iterable[Hit], in_office: Container[str], words: Words) -> Iterator[Followed]:
    """Yield those hits that can be followed by themselves: of people only those who hold or held an office."""
    for hit in hits:
        if hit.kind in selecting.SUBJECTS and (hit.kind != "person" or hit.id in in_office):
            said = fill(
                words.feeds[hit.kind].title,
                called(hit.id, _plain(hit.title), words, hit.label_cy),
            )
            yield Followed(hit.id, said)


def _plain(text: str) -> str:
    return text.replace(BEGIN, "").replace(END, "")


def _has(passage: str, welsh: str | None) -> bool:
    """Tell whether a passage is, or has in it, the Welsh name of a record: then it is in two languages, or in Welsh."""
    plain = _plain(passage)
    return welsh is not None and (welsh in plain or plain.strip("… ") in welsh)


def marked(text: str) -> Markup:
    """Return text with <mark> where it was found; escaped first, so that no text can be HTML, but for languages."""
    safe = str(escape(text))
    return Markup(safe.replace(BEGIN, "<mark>").replace(END, "</mark>"))  # noqa: S704 - escaped above
