"""A query's answer in other forms: Atom (RFC 4287) and iCalendar (RFC 5545). Pure.

Which column is what is told by its name, so that any SQL can be subscribed to: the first of each list below
that the answer has. A row without a day is in the feed, dated by the tables' last change, and not in the calendar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from feedgen.feed import FeedGenerator
from icalendar import Calendar, Event

from archive.datasette_plugin.links import SLUG
from archive.datasette_plugin.renderers import DAYS, Answer
from archive.datasette_plugin.xml import clean
from events import edtf

TITLE = ("atom_title", "title", "label", "what", "gist", "name", "record_label")
LINK = ("atom_link", "url")
RECORD = ("record_id", "id", "commitment_id", "statement_id", "tenure_id", "event")
UPDATED = ("atom_updated", "updated_at", "corrected_at", "changed_at", "recorded_at", "known_from")


class Entry(NamedTuple):
    """One row, read by the names of its columns."""

    id: str
    title: str
    link: str
    updated: str
    days: edtf.Bounds | None
    content: str


def entries(answer: Answer) -> list[Entry]:
    """Return the rows as entries; the id is the row's record, or a digest of its words, and stays the same."""
    return [_entry(dict(zip(answer.columns, row, strict=True)), answer) for row in answer.rows]


def atom(answer: Answer) -> bytes:
    """Return the answer as an Atom feed."""
    found = entries(answer)
    feed = FeedGenerator()
    feed.id(answer.address)
    feed.title(_line(answer.title))
    feed.link(href=answer.address, rel="self")
    feed.author(name="The Powys archive")
    feed.updated(max((entry.updated for entry in found), default=answer.changed_at))
    for entry in found:
        item = feed.add_entry(order="append")
        item.id(entry.id)
        item.title(entry.title)
        item.link(href=entry.link)
        item.updated(entry.updated)
        item.content(entry.content, type="text")
    return bytes(feed.atom_str(pretty=True))


def calendar(answer: Answer) -> bytes:
    """Return the rows that have a day, or a span of days, as all-day events."""
    result = Calendar()
    result.add("prodid", "-//Powys archive//EN")
    result.add("version", "2.0")
    result.add("x-wr-calname", _line(answer.title))
    for entry in entries(answer):
        if entry.days is None or not entry.days.earliest or not entry.days.latest:
            continue
        event = Event()
        event.add("uid", entry.id)
        event.add("summary", entry.title)
        event.add("dtstart", date.fromisoformat(entry.days.earliest))
        event.add("dtend", date.fromisoformat(entry.days.latest) + timedelta(days=1))
        event.add("dtstamp", _instant(entry.updated))
        event.add("url", entry.link)
        event.add("description", entry.content)
        event.add("transp", "TRANSPARENT")
        result.add_component(event)
    return bytes(result.to_ical())


def _entry(row: Mapping[str, Any], answer: Answer) -> Entry:
    content = "\n".join(f"{name}: {value}" for name, value in row.items() if value is not None)
    record = _first(row, RECORD)
    title = _first(row, TITLE) or record or content.partition("\n")[0] or "row"
    digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]
    link = _first(row, LINK) or _page(record, answer) or answer.address
    days = _days(row)
    # A record may stand in several rows of one answer, told apart by their days.
    name = f"{record}#{_first(row, DAYS) or ''}" if record else digest
    return Entry(
        _line(f"{answer.address}#{name}"),
        _line(title)[:300],
        _line(link),
        _updated(_first(row, UPDATED)) or answer.changed_at,
        days,
        clean(content),
    )


def _page(record: str | None, answer: Answer) -> str | None:
    if record and answer.site and SLUG.fullmatch(record):
        return f"{answer.site}/en/records/{record}"
    return None


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((str(row[name]) for name in names if row.get(name) is not None), None)


def _days(row: Mapping[str, Any]) -> edtf.Bounds | None:
    """Return the days of a row: of its EDTF text, or of the two columns that every date of ours has besides."""
    for name in DAYS:
        try:
            if text := row.get(name):
                return edtf.bounds(str(text))
            first, last = row.get(f"{name}_earliest"), row.get(f"{name}_latest")
            if first and last:
                return edtf.bounds(f"{date.fromisoformat(first)}/{date.fromisoformat(last)}")
        except (ValueError, TypeError):
            continue
    return None


def _updated(text: str | None) -> str | None:
    try:
        return _instant(text).isoformat() if text else None
    except ValueError:
        return None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _line(text: str) -> str:
    """Return text on one line, never empty, for a title has to be something."""
    return " ".join(clean(text).split()) or "…"
