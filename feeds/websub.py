"""WebSub (W3C Recommendation, 23 January 2018), as a publisher: how a feed names its hub, and which feeds to tell it of.

Subscribers, their secrets and the sending of feeds to them are the hub's business. A topic is the address by which
a feed calls itself, in a language and a format.
"""

from __future__ import annotations

import sqlite3

from feeds import selecting
from feeds.kinds import KINDS
from feeds.links import Links
from feeds.settings import Settings
from feeds.words import WORDS

#: The formats that a hub passes on; calendars and the list of all feeds have no such thing.
FORMATS = ("atom", "rss", "json")

#: Which subjects an entry about a record, or what became of a promise, tells of: `selecting` has it the other way round.
_SUBJECTS = """WITH changed AS (SELECT DISTINCT record_id FROM feed_entries WHERE updated_event > ?),
  told AS (SELECT record_id FROM changed UNION
    SELECT c.record_id FROM changed
      CROSS JOIN event_records o ON o.record_id = changed.record_id
      CROSS JOIN event_records c ON c.event = o.event AND c.role = 'about' AND c.record_id GLOB 'commitment/*'
      WHERE changed.record_id GLOB 'outcome/*')
  SELECT DISTINCT n.record_id FROM told
    CROSS JOIN event_records a ON a.record_id = told.record_id AND a.role = 'about'
    CROSS JOIN event_records n ON n.event = a.event"""


def link(hub: str, topic: str) -> str:
    """Return the value of the header Link of a feed (section 4; RFC 8288)."""
    return f'<{hub}>; rel="hub", <{topic}>; rel="self"'


def topics(conn: sqlite3.Connection, settings: Settings, after: int) -> list[str]:
    """Return the feeds with an entry that was made or changed after an event, as addresses in order.

    A feed in which only the name of another record reads differently is not among them: nothing in it is newer.
    But an act that takes words away counts for every feed, so that none keeps them that a hub has passed on.
    """
    changed = conn.execute(
        "SELECT DISTINCT kind, record_kind FROM feed_entries WHERE updated_event > ?", (after,)
    ).fetchall()
    names = [name for name, kinds in KINDS.items() if kinds.among(changed)]
    about = {
        slug for one in selecting.SUBJECTS for slug in selecting.subjects(conn, one)
    }  # of these there are feeds
    if "removals" in names:
        names, told = list(KINDS), about
    else:
        told = about.intersection(slug for (slug,) in conn.execute(_SUBJECTS, (after,)))
    return [
        Links.whole(settings, language).feed(name, ending)
        for name in (*names, *sorted(told))
        for language in WORDS
        for ending in FORMATS
    ]
