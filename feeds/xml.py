"""What Atom and RSS share: clean text, the style sheet, and elements that feedgen cannot write itself."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
#: RFC 5005: archives of a feed.
HISTORY = "http://purl.org/syndication/history/1.0"
#: Our own: the digest of an entry.
OURS = "tag:archive.powys.example,2026:ns/feeds"
#: In what language an element and all in it is (XML 1.0, section 2.12).
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
NAMESPACES = {"fh": HISTORY, "our": OURS}
GENERATOR = "powys-archive"

#: Not characters of XML 1.0 (section 2.2), and marks that turn the direction of what follows them.
_UNFIT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_STYLE = 'type="text/css" href="/static/feed.css"'


def clean(text: str) -> str:
    """Return text without what XML cannot carry: one control character must never take a feed down."""
    # All that Unicode calls printable fits, and is told three times as fast: every text of a feed is looked at.
    return text if text.replace("\n", "").isprintable() else _UNFIT.sub("", text)


def line(text: str) -> str:
    """Return clean text on one line; a mark stands in for a text of which nothing is left."""
    if text.isprintable() and text and "  " not in text and text[0] != " " != text[-1]:
        return text
    return " ".join(clean(text).split()) or "…"


def add(parent: Any, name: str, text: str | None = None, **attributes: str | None) -> Any:
    """Append an element; attributes that are None are left out."""
    made = etree.SubElement(
        parent,
        name,
        {
            key: value if value.isprintable() else clean(value)
            for key, value in attributes.items()
            if value is not None
        },
    )
    made.text = text
    return made


def add_style(root: Any) -> None:
    """Put the style sheet before the root, so that a feed opened in a browser can be read."""
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", _STYLE))
