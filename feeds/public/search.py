"""Search, with what was found marked."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from flask import Flask, Response, request
from markupsafe import Markup, escape

from feeds import dates
from feeds.facts import called
from feeds.public.routes import add
from feeds.sql import search as sql
from feeds.sql.search import BEGIN, END, Hit
from feeds.texts import RECORDED, told
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
        return self.fresh(
            self.page(
                "search.html",
                words,
                lambda links: links.page("search", q=asked),
                name="search",
                asked=asked,
                found=[found(hit, words) for hit in hits[:SHOWN]],
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


def found(hit: Hit, words: Words) -> Found:
    """Return a hit as HTML."""
    title, passage = hit.title, " ".join(hit.passage.split())
    if passage == title:
        passage = ""  # it would say the same twice
    return Found(
        hit.id,
        words.kind(hit.kind),
        marked(called(hit.id, title, words, hit.label_cy)),
        marked(told(passage, words, None if _has(passage, hit.label_cy) else RECORDED)),
        dates.text(hit.day, words.dates) if hit.day else None,
    )


def _has(passage: str, welsh: str | None) -> bool:
    """Tell whether a passage is, or has in it, the Welsh name of a record: then it is in two languages, or in Welsh."""
    plain = passage.replace(BEGIN, "").replace(END, "")
    return welsh is not None and (welsh in plain or plain.strip("… ") in welsh)


def marked(text: str) -> Markup:
    """Return text with <mark> where it was found; escaped first, so that no text can be HTML, but for languages."""
    safe = str(escape(text))
    return Markup(safe.replace(BEGIN, "<mark>").replace(END, "</mark>"))  # noqa: S704 - escaped above
