"""What every request needs: the settings, the published file, and the bytes that are ready."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from feeds import entries, queries
from feeds.cache import Cache
from feeds.entries import Entry
from feeds.kinds import KINDS
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
    #: What few ask for, so that it never pushes out what all ask for.
    rare: Cache = field(default_factory=lambda: Cache(size=64))

    def newest(
        self, conn: sqlite3.Connection, limit: int, words: Words, name: str = "all", *, offset: int = 0
    ) -> list[Entry]:  # fmt: skip
        """Return the entries of a feed that were made last, with links that stay on the site."""
        links = Links.within(self.settings, words.language)
        rows = queries.announced(conn, KINDS[name], limit, offset)
        dossiers = queries.dossiers(conn, (row.record_id for row in rows if row.record_id))
        return [
            entries.entry(row, dossiers, links, self.settings, words, whole=False) for row in rows
        ]
