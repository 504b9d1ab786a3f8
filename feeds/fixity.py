"""When it was checked that everything is still what it was, and what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from feeds import dates
from feeds.dossier import Check
from feeds.links import Links
from feeds.words import Words


class Line(NamedTuple):
    """A check as the page shows it."""

    day: str
    stamp: str
    title: str
    found: str
    good: bool
    root: str
    url: str


def lines(found: Iterable[Check], links: Links, words: Words) -> Iterator[Line]:
    """Yield the lines of the page."""
    for one in found:
        checked, failed = (
            ", ".join(words.checks.get(name, name) for name in names.split())
            for names in (f"{one.passed} {one.failed}", one.failed)
        )
        yield Line(
            dates.day_of(one.at[:10], words.dates),
            one.at,
            words.say["fixity_of"].format(
                words.checks.get(one.checked, one.checked), words.count("events", one.events)
            ),
            words.say["fixity_fault"].format(failed)
            if failed
            else words.say["fixity_good"].format(checked),
            not failed,
            one.root,
            links.row("fixity_checks", one.number),
        )
