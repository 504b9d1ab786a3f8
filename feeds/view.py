"""What every view does: words and links of its language, a page from a template, bytes kept while nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from typing import NamedTuple

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from feeds import dates
from feeds.cache import Body, body
from feeds.content_types import HTML
from feeds.delivery import KEEP, answer
from feeds.dossier import Position
from feeds.entries import LICENCE
from feeds.kinds import KINDS
from feeds.links import Links
from feeds.settings import Settings
from feeds.site import Site
from feeds.words import WORDS, Words

#: Pages on these topics may distress: they name those who help.
DISTRESSING = frozenset({"topic/safeguarding", "topic/looked-after-children", "topic/complaints"})

#: Where a page is, in any language: what it makes of the links of that language.
Here = Callable[[Links], str]


class Twin(NamedTuple):
    """The same page in another language: within the site for readers, whole for machines."""

    words: Words
    url: str
    whole: str


class View:
    """The views of one site that have a subject in common."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def links(self, words: Words) -> Links:
        """Return the links that pages have."""
        return Links.within(self.site.settings, words.language)

    def words(self, language: str) -> Words:
        """Return the words of a language of the site."""
        return WORDS[language]

    def page(self, template: str, words: Words, here: Here, **values: object) -> bytes:
        """Return a page, UTF-8."""
        return render_template(template, **context(self.site, words, here), **values).encode()

    def kept(
        self, key: Hashable, make: Callable[[], bytes], moved: datetime | None = None
    ) -> Response:
        """Return a page that is made once for all who ask; the key must name all that it depends on."""
        made: Body = self.site.cache.get(key, lambda: body(make(), HTML, moved))
        return answer(made, request)

    def fresh(self, content: bytes) -> Response:
        """Return a page of which there are too many to keep: one for each question that readers ask."""
        return answer(body(content, HTML), request)


def context(site: Site, words: Words, here: Here | None = None) -> dict[str, object]:
    """Return what every template needs; ``here`` is None for what has no address of its own, as errors."""
    settings = site.settings.said_in(words.language)
    twins = list(_twins(settings, here)) if here else []
    return {
        "settings": settings,
        "words": words,
        "say": words.say,
        "links": Links.within(settings, words.language),
        "whole": Links.whole(settings, words.language),
        "canonical": next((one.whole for one in twins if one.words is words), None),
        "twins": twins,
        "feeds": tuple(KINDS),
        "licence": LICENCE,
    }


def _twins(settings: Settings, here: Here) -> Iterator[Twin]:
    """Yield a page in every language of the site."""
    for words in WORDS.values():
        within = Links.within(settings, words.language)
        whole = Links.whole(settings, words.language)
        yield Twin(words, here(within), here(whole))


def moved(position: Position) -> datetime | None:
    """Return when the log last grew."""
    return dates.instant(position.changed_at) if position.changed_at else None


def lead_to(url: str, code: int) -> AnyResponse:
    """Return a redirect that may be kept as long as a page."""
    response = redirect(url, code)
    response.headers["Cache-Control"] = KEEP
    return response
