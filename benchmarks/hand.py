"""A feed as Atom, written with lxml and nothing between: what `web.py` compares our own with.

It writes the same elements, attributes and texts as `feeds.atom`, in the same order, for a feed in which nothing
is erased; it takes every text to be clean, which ours does not.
"""
# ruff: noqa: INP001

from __future__ import annotations

import hashlib

from lxml import etree

from feeds.entries import LICENCE, Entry, Feed
from feeds.xml import ATOM, GENERATOR, HISTORY, OURS

_TYPE = "application/atom+xml"
_STYLE = 'type="text/css" href="/static/feed.css"'


def render(feed: Feed) -> bytes:
    """Return a feed as Atom, UTF-8."""
    root = etree.Element(
        f"{{{ATOM}}}feed", nsmap={None: ATOM, "fh": HISTORY, "our": OURS}
    )  # fmt: skip
    root.set("{http://www.w3.org/XML/1998/namespace}lang", feed.language)
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", _STYLE))
    _text(root, "id", feed.id)
    _text(root, "title", feed.title).set("type", "text")
    _text(root, "updated", feed.updated.isoformat())
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    _text(author, "name", feed.author)
    _text(author, "uri", feed.author_url)
    links: list[tuple[str, str, str | None, str | None]] = [
        ("self", feed.address("atom"), _TYPE, None)
    ]
    links += [
        (rel, feed.address("atom", url), _TYPE, None)
        for rel, url in (("current", feed.current), ("prev-archive", feed.previous))
        if url
    ]
    links += [
        ("alternate", feed.home, "text/html", feed.language),
        ("license", LICENCE, None, None),
        ("describedby", feed.checkpoint, "text/plain", None),
    ]
    for rel, href, kind, language in links:
        _link(root, rel, href, kind, language)
    _text(root, "generator", GENERATOR)
    _text(root, "rights", feed.rights).set("type", "text")
    _text(root, "subtitle", feed.subtitle).set("type", "text")
    for language, url in feed.others.items():
        _link(root, "related", feed.address("atom", url), _TYPE, language)
    for entry in feed.entries:
        _entry(root, entry)
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


def _entry(root: etree._Element, said: Entry) -> None:
    entry = etree.SubElement(root, f"{{{ATOM}}}entry")
    _text(entry, "id", said.id)
    _text(entry, "title", said.title).set("type", "text")
    _text(entry, "updated", said.updated.isoformat())
    _text(entry, "content", said.content).set("type", "html")
    for one in said.categories:
        etree.SubElement(entry, f"{{{ATOM}}}category", term=one.term, label=one.label)
    _text(entry, "published", said.published.isoformat())
    for link in said.links:
        made = _link(entry, link.rel, link.href, link.type, None)
        if link.title:
            made.set("title", link.title)
    digest = hashlib.sha256(said.content.encode()).hexdigest()
    etree.SubElement(entry, f"{{{OURS}}}digest", algorithm="sha-256").text = digest


def _text(parent: etree._Element, name: str, text: str) -> etree._Element:
    made = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    made.text = text
    return made


def _link(
    parent: etree._Element, rel: str, href: str, kind: str | None, language: str | None
) -> etree._Element:
    made = etree.SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=href)
    if kind:
        made.set("type", kind)
    if language:
        made.set("hreflang", language)
    return made
