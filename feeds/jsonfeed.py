"""A feed as JSON Feed 1.1, with the same ids, dates and words as in Atom."""

from __future__ import annotations

import json
from typing import Any

from feeds.entries import LICENCE, Entry, Feed
from feeds.xml import clean, line

CONTENT_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def render(feed: Feed) -> bytes:
    """Return the feed as JSON, UTF-8: the same bytes for the same feed, wherever and whenever."""
    made = {
        "version": VERSION,
        "title": line(feed.title),
        "home_page_url": clean(feed.home),
        "feed_url": clean(feed.address("json")),
        "description": line(feed.subtitle),
        "language": feed.language,
        "authors": [{"name": line(feed.author), "url": clean(feed.author_url)}],
        **({"next_url": clean(feed.address("json", feed.previous))} if feed.previous else {}),
        **({"hubs": [{"type": "WebSub", "url": clean(feed.hub)}]} if feed.hub else {}),
        "items": [_item(one, feed.language) for one in feed.entries],
        "_archive": {
            "id": feed.id,
            "updated": feed.updated.isoformat(),
            "rights": line(feed.rights),
            "licence": LICENCE,
            "checkpoint": clean(feed.checkpoint),
            "languages": {
                language: clean(feed.address("json", url)) for language, url in feed.others.items()
            },
            **({"current": clean(feed.address("json", feed.current))} if feed.current else {}),
        },
    }
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def _item(entry: Entry, language: str) -> dict[str, Any]:
    """Return an item. Its one language is that of the content, which marks what is in another; a title cannot."""
    by_rel = {link.rel: clean(link.href) for link in reversed(entry.links)}
    state = "erased" if entry.erased else "withdrawn" if entry.withdrawn else "current"
    return {
        "id": entry.id,
        "url": clean(entry.url),
        **({"external_url": by_rel["via"]} if "via" in by_rel else {}),
        "title": line(entry.title),
        "content_html": clean(entry.content) or "…",
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
        "tags": [line(one.label) for one in entry.categories],
        "language": language,
        "_archive": {
            "state": state,
            "sha256": entry.digest,
            **{rel: by_rel[rel] for rel in ("related", "describedby") if rel in by_rel},
        },
    }
