"""What was withheld, released and erased, in plain words: by number and reason, never by what it said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from feeds import dates
from feeds.dossier import Removal
from feeds.links import Links
from feeds.words import Words

#: How many numbers or spans of numbers a title has at most.
SHOWN = 6


class Line(NamedTuple):
    """An act as the page of removals shows it."""

    event: int
    day: str
    stamp: str
    title: str
    reason: str
    url: str


def title(removal: Removal, words: Words) -> str:
    """Return what acts done in one go did, to which events."""
    return words.titles[f"act {removal.act}"].format(numbers(removal.targets, words))


def numbers(events: Sequence[int], words: Words) -> str:
    """Return the numbers of events that are in order, those without a gap as from and to: E3, E5–E9."""
    spans: list[list[int]] = []
    for event in events:
        if spans and spans[-1][-1] == event - 1:
            spans[-1][1:] = [event]
        else:
            spans.append([event])
    said = ["–".join(f"E{number}" for number in span) for span in spans]
    if len(said) > SHOWN:
        return words.say["more_events"].format(
            ", ".join(said[:SHOWN]), words.count("events", len(events))
        )
    return ", ".join(said)


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


def sentence(removal: Removal, words: Words, *, notice: bool = False) -> str:
    """Return what was done, by which act, and why; a ``notice`` tells of all that was done in one go."""
    done = title(removal if notice else removal._replace(targets=(removal.target,)), words)
    why = words.reasons.get(removal.reason, removal.reason)
    return f"{words.say['role'].format(done, f'E{removal.event}')}. {why}"


def body(removal: Removal | None, links: Links, words: Words, *, notice: bool) -> str:
    """Return the body of a feed entry: what was done and why, and where all of this is listed.

    A ``notice`` tells of all that was done in one go, the stub in an entry's place of that entry alone.
    """
    said = sentence(removal, words, notice=notice) if removal is not None else ""
    link = Markup('<a href="{}">{}</a>').format(
        links.removals(removal.notice if removal else None), words.say["removals"]
    )
    return str(Markup("<p>{}</p>\n<p>{}</p>").format(said, link))
