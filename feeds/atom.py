"""A feed as Atom (RFC 4287).

feedgen 1.0 loses every attribute of an entry's links but href (lkiesow/python-feedgen #135), gives titles no
type, and knows no style sheet: its extension hooks, the public way, put these right.
"""

from __future__ import annotations

from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator

from feeds.entries import LICENCE, Entry, Feed
from feeds.xml import ATOM, GENERATOR, HISTORY, NAMESPACES, OURS, add, add_style, clean, line

CONTENT_TYPE = "application/atom+xml"
#: RFC 6721, section 3.
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"


class _FeedParts(BaseExtension):  # type: ignore[misc]
    """What feedgen cannot say of a feed."""

    said: Feed

    def extend_ns(self) -> dict[str, str]:
        erased = any(one.erased for one in self.said.entries)
        return {**NAMESPACES, **({"at": TOMBSTONES} if erased else {})}

    def extend_atom(self, feed: Any) -> Any:
        add_style(feed)
        for one in self.said.entries:
            if (
                one.erased
            ):  # readers that know RFC 6721 delete their copy; for all others there is the stub
                when = one.updated.isoformat()
                add(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=one.id, when=when)
        if self.said.current:
            add(feed, f"{{{HISTORY}}}archive")
        for language, url in self.said.others.items():
            add(
                feed, "link", rel="alternate", href=self.said.address("atom", url),
                type=CONTENT_TYPE, hreflang=language,
            )  # fmt: skip
        _plain(feed, "title", "subtitle", "rights")
        return feed


class _EntryParts(BaseEntryExtension):  # type: ignore[misc]
    """What feedgen cannot say of an entry."""

    said: Entry

    def extend_atom(self, entry: Any) -> Any:
        _plain(entry, "title")
        for link in self.said.links:
            title = line(link.title) if link.title else None
            add(entry, "link", rel=link.rel, href=link.href, type=link.type, title=title)
        add(entry, f"{{{OURS}}}digest", self.said.digest, algorithm="sha-256")
        return entry


def render(feed: Feed) -> bytes:
    """Return the feed as Atom: the same bytes for the same feed, wherever and whenever."""
    made = FeedGenerator()
    made.register_extension("parts", _FeedParts, _EntryParts, rss=False)
    made.parts.said = feed
    made.id(feed.id)
    made.title(line(feed.title))
    made.subtitle(line(feed.subtitle))
    made.language(feed.language)
    made.updated(feed.updated)
    made.author(name=line(feed.author), uri=feed.author_url)
    made.rights(line(feed.rights))
    made.generator(GENERATOR)
    made.link(href=feed.address("atom"), rel="self", type=CONTENT_TYPE)
    for rel, url in (("current", feed.current), ("prev-archive", feed.previous)):
        if url:
            made.link(href=feed.address("atom", url), rel=rel, type=CONTENT_TYPE)
    made.link(href=feed.home, rel="alternate", type="text/html", hreflang=feed.language)
    made.link(href=LICENCE, rel="license")
    made.link(href=feed.checkpoint, rel="describedby", type="text/plain")
    for said in feed.entries:
        _add(made, said)
    return bytes(made.atom_str())


def _add(made: Any, said: Entry) -> None:
    entry = made.add_entry(FeedEntry(), order="append")
    entry.parts.said = said
    entry.id(said.id)
    entry.title(line(said.title))
    entry.published(said.published)
    entry.updated(said.updated)
    entry.content(clean(said.content) or "…", type="html")
    entry.category([{"term": line(one.term), "label": line(one.label)} for one in said.categories])


def _plain(parent: Any, *names: str) -> None:
    """Say of these elements that they are plain text, to be shown as it stands."""
    for name in names:
        for element in parent.iterchildren(name, f"{{{ATOM}}}{name}"):
            element.set("type", "text")
