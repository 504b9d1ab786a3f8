"""A feed as RSS 2.0, with what Atom has and RSS lacks as Atom elements.

feedgen writes RSS dates by way of `locale.setlocale`, for the whole process and so for all of its threads.
It is given no date to write: here dates are written by `email.utils`, which knows no locale.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator

from feeds.entries import LICENCE, Entry, Feed
from feeds.xml import (
    ATOM,
    DC,
    GENERATOR,
    HISTORY,
    LANGUAGE,
    NAMESPACES,
    OURS,
    add,
    add_style,
    clean,
    line,
)

CONTENT_TYPE = "application/rss+xml"


class _NoDate(datetime):
    """A date that feedgen takes, and then leaves out; without one it would write the present moment."""

    def __bool__(self) -> bool:
        return False


class _FeedParts(BaseExtension):  # type: ignore[misc]
    """What feedgen cannot say of a channel."""

    said: Feed

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DC, **NAMESPACES}

    def extend_rss(self, feed: Any) -> Any:
        add_style(feed)
        feed.set(
            LANGUAGE, self.said.language
        )  # for the style sheet, which cannot read the channel's own element
        channel = feed[0]
        add(channel, "lastBuildDate", format_datetime(self.said.updated))
        add(channel, f"{{{DC}}}creator", line(self.said.author))
        if self.said.hub:
            add(channel, f"{{{ATOM}}}link", rel="hub", href=self.said.hub)
        add(channel, f"{{{ATOM}}}link", rel="license", href=LICENCE)
        add(
            channel,
            f"{{{ATOM}}}link",
            rel="describedby",
            href=self.said.checkpoint,
            type="text/plain",
        )
        if self.said.current:
            add(channel, f"{{{HISTORY}}}archive")
        for rel, url in (("current", self.said.current), ("prev-archive", self.said.previous)):
            if url:
                href = self.said.address("rss", url)
                add(channel, f"{{{ATOM}}}link", rel=rel, href=href, type=CONTENT_TYPE)
        for language, url in self.said.others.items():
            # Not "alternate": some readers take it for the page of the channel.
            add(
                channel, f"{{{ATOM}}}link", rel="related", href=self.said.address("rss", url),
                type=CONTENT_TYPE, hreflang=language,
            )  # fmt: skip
        return feed


class _EntryParts(BaseEntryExtension):  # type: ignore[misc]
    """What feedgen cannot say of an item."""

    said: Entry

    def extend_rss(self, entry: Any) -> Any:
        add(entry, "pubDate", format_datetime(self.said.published))
        add(entry, f"{{{ATOM}}}updated", self.said.updated.isoformat())
        for link in self.said.links:
            if link.rel != "alternate":
                title = line(link.title) if link.title else None
                add(
                    entry,
                    f"{{{ATOM}}}link",
                    rel=link.rel,
                    href=link.href,
                    type=link.type,
                    title=title,
                )
        add(entry, f"{{{OURS}}}digest", self.said.digest, algorithm="sha-256")
        return entry


def render(feed: Feed) -> bytes:
    """Return the feed as RSS: the same bytes for the same feed, wherever and whenever."""
    made = FeedGenerator()
    made.register_extension("parts", _FeedParts, _EntryParts, atom=False)
    made.parts.said = feed
    made.title(line(feed.title))
    made.description(line(feed.subtitle))
    made.language(feed.language)
    made.lastBuildDate(_NoDate(1970, 1, 1, tzinfo=UTC))
    made.copyright(line(feed.rights))
    made.generator(GENERATOR)
    made.link(href=feed.address("rss"), rel="self", type=CONTENT_TYPE)
    made.link(href=feed.home, rel="alternate")
    for said in feed.entries:
        _add(made, said)
    return bytes(made.rss_str())


def _add(made: Any, said: Entry) -> None:
    entry = made.add_entry(FeedEntry(), order="append")
    entry.parts.said = said
    entry.guid(said.id, permalink=False)
    entry.title(line(said.title))
    entry.link(href=said.url)
    entry.description(clean(said.content) or "…")
    entry.category([{"term": line(one.term), "label": line(one.label)} for one in said.categories])
