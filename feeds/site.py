"""What every request needs: the settings, the published file, and the bytes that are ready."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from feeds import entries, queries
from feeds.cache import Cache
from feeds.dossier import Position
from feeds.entries import Entry, Feed
from feeds.library import Library
from feeds.links import Links
from feeds.settings import Settings
from feeds.words import Words


@dataclass(frozen=True, slots=True)
class Site:
    """One site, served by any number of threads."""

    settings: Settings
    library: Library
    cache: Cache = field(default_factory=Cache)

    def feed(self, conn: sqlite3.Connection, name: str, position: Position, words: Words) -> Feed:
        """Return a feed as it stands."""
        rows = queries.announced(conn, entries.KINDS[name], entries.ENTRIES, by="updated_event")
        dossiers = queries.dossiers(conn, (row.record_id for row in rows if row.record_id))
        return entries.feed(
            name, rows, dossiers, position=position, settings=self.settings, words=words
        )

    def newest(self, conn: sqlite3.Connection, limit: int, words: Words) -> list[Entry]:
        """Return the entries made last, with links that stay on the site."""
        links = Links.within(self.settings, words.language)
        rows = queries.announced(conn, entries.KINDS["all"], limit, by="event")
        dossiers = queries.dossiers(conn, (row.record_id for row in rows if row.record_id))
        return [entries.entry(row, dossiers, links, self.settings, words) for row in rows]
