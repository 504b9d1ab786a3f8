"""All feeds of a language in one list, for feed readers to take in at once (OPML 2.0)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import Any, NamedTuple

from lxml import etree

from feeds.xml import add, line

CONTENT_TYPE = "text/x-opml; charset=utf-8"


class Outline(NamedTuple):
    """A feed in the list."""

    title: str
    about: str
    url: str
    home: str


class Group(NamedTuple):
    """Feeds that belong together; without a title they stand by themselves."""

    title: str | None
    outlines: tuple[Outline, ...]


def render(
    groups: Iterable[Group], *, title: str, owner: str, owner_url: str, language: str, updated: datetime | None
) -> bytes:  # fmt: skip
    """Return the list: the same bytes for the same feeds, wherever and whenever."""
    root = etree.Element("opml", version="2.0")
    head = add(root, "head")
    add(head, "title", line(title))
    if updated:
        add(head, "dateModified", format_datetime(updated))
    add(head, "ownerName", line(owner))
    add(head, "ownerId", owner_url)
    add(head, "docs", "http://opml.org/spec2.opml")
    body = add(root, "body")
    for group in groups:
        if not group.outlines:
            continue
        parent = _outline(body, group.title) if group.title else body
        for one in group.outlines:
            _outline(
                parent, one.title, type="rss", title=line(one.title), description=line(one.about),
                xmlUrl=one.url, htmlUrl=one.home, language=language,
            )  # fmt: skip
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _outline(parent: Any, text: str, **attributes: str) -> Any:
    """Add an outline; its text is an attribute, too."""
    made = add(parent, "outline", **attributes)
    made.set("text", line(text))
    return made
