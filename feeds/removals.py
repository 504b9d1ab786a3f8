"""What was withheld, released and erased, in plain words: by number and reason, never by what it said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from markupsafe import Markup

from feeds import dates
from feeds.dossier import Removal
from feeds.links import Links
from feeds.words import Words


class Line(NamedTuple):
    """An act as the page of removals shows it."""

    event: int
    day: str
    stamp: str
    title: str
    reason: str
    url: str


def title(removal: Removal, words: Words) -> str:
    """Return what an act did, to which event."""
    return words.titles[f"act {removal.act}"].format(f"E{removal.target}")


def lines(found: Iterable[Removal], links: Links, words: Words) -> Iterator[Line]:
    """Yield the lines of the page."""
    for one in found:
        yield Line(
            one.event,
            dates.day_of(one.day, words.dates),
            one.day,
            title(one, words),
            words.reasons.get(one.reason, one.reason),
            links.row("events", one.event),
        )


def body(removal: Removal | None, links: Links, words: Words) -> str:
    """Return the body of a feed entry: what was done and why, and where all of this is listed."""
    said = []
    if removal is not None:
        said.append(words.say["role"].format(title(removal, words), f"E{removal.event}") + ".")
        said.append(words.reasons.get(removal.reason, removal.reason))
    link = Markup('<a href="{}">{}</a>').format(
        links.removals(removal.event if removal else None), words.say["removals"]
    )
    return str(Markup("<p>{}</p>\n<p>{}</p>").format(" ".join(said), link))
