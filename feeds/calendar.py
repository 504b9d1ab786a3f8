"""Deadlines and meetings as a calendar (RFC 5545, RFC 7986). Pure.

Calendar programs go by UID and SEQUENCE: a changed day moves the entry, and STATUS:CANCELLED takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

import icalendar

from feeds import entries, facts
from feeds.deadlines import deadlines, standing
from feeds.dossier import Announced, Dossier
from feeds.entries import Entry
from feeds.kinds import Kinds
from feeds.texts import language_of
from feeds.words import Words
from feeds.xml import GENERATOR, clean, line

CONTENT_TYPE = "text/calendar; charset=utf-8"
#: What the addresses of calendars end with.
ENDING = "ics"
#: The kinds of records that have a place in each calendar.
KINDS = {
    "commitments": Kinds(("commitment",)),
    "meetings": Kinds(("meeting",)),
    "calendar": Kinds(("commitment", "meeting")),
}
#: Kinds of records that have a calendar each, and the one of all of the kind.
ALONE = {"commitment": "commitments", "meeting": "meetings"}
#: What is less exact than this has no place in a calendar; of a deadline it is the last day that counts.
MOST_DAYS = 31
#: How many entries a calendar has: all that is to come, and those that changed last.
MOST = 500
#: How long a calendar program may wait until it looks again.
REFRESH = timedelta(hours=6)

#: Outcomes that leave nothing to wait for, and meetings that are not held.
_OFF = frozenset({"superseded", "withdrawn", "cancelled", "postponed"})
#: Fields of events that give the day: where one was amended, calendars may still show the old one.
_DATED = ("/readings", "/held_on")
#: What a text has a backslash before.
_SPECIAL = re.compile(r"[\\;,]")


class _Text(icalendar.vText):
    """A text as section 3.3.11 has it. The library takes the two characters backslash and N for the end of a line."""

    def to_ical(self) -> bytes:
        written = _SPECIAL.sub(r"\\\g<0>", self)
        return written.replace("\n", "\\n").encode()


class Day(NamedTuple):
    """From the first to the last day, both included."""

    first: date
    last: date


class Said(NamedTuple):
    """What a calendar says of itself."""

    id: str
    title: str
    about: str
    url: str
    language: str
    updated: datetime | None


def render(
    said: Said, rows: Iterable[Announced], made: Mapping[str, Entry], dossiers: Mapping[str, Dossier], words: Words
) -> bytes:  # fmt: skip
    """Return the calendar: the same bytes for the same records, wherever and whenever.

    ``made`` has the feed entry of each row by its ``entry_id``.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//{GENERATOR}//{said.language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("uid", said.id)
    calendar.add("name", _Text(_line(said.title)))
    calendar.add("x-wr-calname", _Text(_line(said.title)))
    calendar.add("description", _Text(_line(said.about)))
    calendar.add("url", clean(said.url))
    calendar.add("source", icalendar.vUri(clean(said.url)), parameters={"VALUE": "URI"})
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(REFRESH))
    if said.updated:
        calendar.add("last-modified", said.updated)
    for row in rows:
        dossier = dossiers.get(row.record_id) if row.record_id else None
        event = _event(row, made[row.entry_id], dossier, words)
        if event is not None:
            calendar.add_component(event)
    if not calendar.subcomponents:
        calendar.add_component(_utc())
    return bytes(calendar.to_ical())


def _utc() -> icalendar.Timezone:
    """Return what stands in a calendar in which nothing is dated yet, for one component there must be (3.6).

    So it can be subscribed to before the first deadline is known; programs show it as empty.
    """
    standard = icalendar.TimezoneStandard()
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local time, as section 3.6.5 has it
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    standard.add("tzname", "UTC")
    zone = icalendar.Timezone()
    zone.add("tzid", "UTC")
    zone.add_component(standard)
    return zone


def day(dossier: Dossier) -> Day | None:
    """Return when a meeting is held, or a commitment falls due on one reading or another; None if inexact."""
    if dossier.kind == "meeting":
        spans = [(dossier.row.get("held_on_earliest"), dossier.row.get("held_on_latest"))]
    else:
        spans = [(one.due_latest, one.due_latest) for one in dossier.readings if one.due_latest]
    days = [date.fromisoformat(one) for span in spans for one in span if one]
    if not days or len(days) != 2 * len(spans):
        return None
    found = Day(min(days), max(days))
    if (found.last - found.first).days < (MOST_DAYS if dossier.kind == "commitment" else 7):
        return found
    return Day(found.last, found.last) if dossier.kind == "commitment" else None


def _event(
    row: Announced, entry: Entry, dossier: Dossier | None, words: Words
) -> icalendar.Event | None:
    when = day(dossier) if dossier and row.state == "current" else None
    off = when is None or _is_off(dossier)
    if when is None and not _was_shown(row, dossier):
        return None
    first, last = when or Day(entry.published.date(), entry.published.date())
    event = icalendar.Event()
    event.add("uid", entry.id)
    event.add("sequence", 0 if row.changed == row.event else row.changed)
    event.add("dtstamp", entry.updated)
    event.add("created", entry.published)
    event.add("last-modified", entry.updated)
    event.add("dtstart", first)
    event.add("dtend", last + timedelta(days=1))
    language = language_of(entry.title, words)
    title = _Text(_line(entry.title))
    event.add("summary", title, parameters={"LANGUAGE": language} if language else {})
    event.add("description", _Text(_description(dossier if when else None, entry, words)))
    event.add("url", clean(entry.url))
    categories = icalendar.vCategory([])
    categories.cats = [_Text(_line(one.label)) for one in entry.categories]
    event.add("categories", categories)
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("class", "PUBLIC")
    return event


def _is_off(dossier: Dossier | None) -> bool:
    return dossier is not None and bool(
        _OFF.intersection({dossier.row.get("result"), dossier.row.get("status")})
    )


def _was_shown(row: Announced, dossier: Dossier | None) -> bool:
    """Tell whether calendars may still show a record that has no day any more."""
    if dossier is None or row.state != "current":
        return True
    return any((one.field or "").startswith(_DATED) for one in dossier.corrections)


def _description(dossier: Dossier | None, entry: Entry, words: Words) -> str:
    """Return what is known: each way to read the deadline, what became of it, and the page that tells all."""
    said = []
    if dossier is not None:
        said.append(facts.lead(dossier, words) or entries.headline(dossier, words))
        for one in deadlines(dossier, words):
            both = one.label and one.due
            text = words.say["colon"].format(one.label, one.due) if both else one.label or one.due
            said += [text] if text else []
        outcome = standing(dossier, words) if dossier.kind == "commitment" else None
        said += [outcome] if outcome else []
    return "\n".join(_line(one) for one in [*said, entry.url])


def _line(text: str) -> str:
    """Return clean text on one line; calendars allow one control character less than XML (3.1)."""
    return line(text.replace("\x7f", ""))
