"""A feed as Atom (RFC 4287).

feedgen 1.0 loses every attribute of an entry's links but href (lkiesow/python-feedgen #135), gives titles no
type, and knows no style sheet: its extension hooks, the public way, put these right.
"""

from __future__ import annotations

from typing import Any

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml.etree import SubElement

from feeds.entries import LICENCE, Entry, Feed, digest_of
from feeds.texts import language_of
from feeds.words import WORDS, Words
from feeds.xml import GENERATOR, HISTORY, LANGUAGE, NAMESPACES, OURS, add, add_style, clean, line

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
            # Not "alternate": of several of these newsboat takes the last for the page of the feed, others the first.
            add(
                feed, "link", rel="related", href=self.said.address("atom", url),
                type=CONTENT_TYPE, hreflang=language,
            )  # fmt: skip
        for name in ("title", "subtitle", "rights"):
            for element in feed.iterchildren(name):
                element.set("type", "text")
        for one in self.said.entries:
            _add(feed, one, WORDS[self.said.language])
        return feed


def render(feed: Feed) -> bytes:
    """Return the feed as Atom: the same bytes for the same feed, wherever and whenever."""
    made = FeedGenerator()
    made.register_extension("parts", _FeedParts, rss=False)
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
    if feed.hub:
        made.link(href=feed.hub, rel="hub")
    for rel, url in (("current", feed.current), ("prev-archive", feed.previous)):
        if url:
            made.link(href=feed.address("atom", url), rel=rel, type=CONTENT_TYPE)
    made.link(href=feed.home, rel="alternate", type="text/html", hreflang=feed.language)
    made.link(href=LICENCE, rel="license")
    made.link(href=feed.checkpoint, rel="describedby", type="text/plain")
    return bytes(made.atom_str())


def _add(feed: Any, said: Entry, words: Words) -> None:
    """Append an entry, by lxml itself: feedgen's own take twice as long, and lose the attributes of links.

    A title that is in another language than the feed says so (RFC 4287, section 2); one in two cannot.
    """
    content = clean(said.content)
    entry = SubElement(feed, "entry")
    SubElement(entry, "id").text = said.id
    title = SubElement(entry, "title", type="text")
    title.text = line(said.title)
    language = language_of(said.title, words)
    if language and language != words.language:
        title.set(LANGUAGE, language)
    SubElement(entry, "updated").text = said.updated.isoformat()
    SubElement(entry, "content", type="html").text = content or "…"
    for one in said.categories:
        SubElement(entry, "category", term=line(one.term), label=line(one.label))
    SubElement(entry, "published").text = said.published.isoformat()
    for link in said.links:
        made = SubElement(entry, "link", rel=link.rel, href=clean(link.href))
        if link.type:
            made.set("type", link.type)
        if link.title:
            made.set("title", line(link.title))
    SubElement(entry, f"{{{OURS}}}digest", algorithm="sha-256").text = digest_of(content)
