"""SQL of feeds: which entries each one has, and how its history is cut into archives (RFC 5005, section 4)."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from feeds import queries
from feeds.dossier import Announced
from feeds.xml import clean

#: How many entries a feed has that changed last, and how many an archive of it.
ENTRIES = 50
#: How much may be searched for: more is cut off.
QUERY_CHARS = 100
QUERY_WORDS = 8
#: Of more records than this only those indexed last are looked at, so that no query is dear.
MOST_FOUND = 20_000

#: What anybody may subscribe to by itself; of people those only who hold or held an office.
SUBJECTS = ("topic", "org", "person")


class Selection(NamedTuple):
    """Which entries a feed has: those of some kinds, that are about a subject or are found by a query.

    ``name`` is its path below /feeds/. What an event once said of a subject stays in its feed, so that a
    withdrawal reaches everybody who was told.
    """

    name: str
    kinds: tuple[str, ...] = ("*",)
    subject: str | None = None
    query: str | None = None


class Archive(NamedTuple):
    """An archive of a feed: the entries that were made after one event and up to another.

    ``version`` is the number of the last event that changed an entry up to there, that corrected any record
    (the entries of others may call it by its name), or that took words away. It is part of the address, so
    that no cache ever shows for a year what has been corrected or erased.
    """

    number: int
    after: int
    upto: int
    version: int

    def place(self, name: str) -> str:
        """Return its path below /feeds/."""
        return f"{name}/archive/{self.number}-{self.version}"


def canonical(query: str) -> str:
    """Return the words to search for, in the one way in which they are written in addresses; "" for none."""
    words = unicodedata.normalize("NFC", clean(query).lower())[:QUERY_CHARS].split()
    kept = [word for word in words if any(char.isalnum() for char in word)]
    return " ".join(list(dict.fromkeys(kept))[:QUERY_WORDS])


def newest(conn: sqlite3.Connection, selection: Selection, limit: int) -> list[Announced]:
    """Return the entries that changed last, the newest change first."""
    if selection.subject is None and selection.query is None and "*" not in selection.kinds:
        return _of_kinds(conn, selection.kinds, limit)
    condition, given = _where(conn, selection)
    rest = f"WHERE {condition} ORDER BY f.updated_event DESC, f.event DESC LIMIT ?"
    return queries.chosen(conn, rest, (*given, limit))


def of_archive(conn: sqlite3.Connection, selection: Selection, archive: Archive) -> list[Announced]:
    """Return the entries of an archive, the newest change first."""
    return _between(conn, selection, archive.after, archive.upto)


def current(
    conn: sqlite3.Connection, selection: Selection, last: Archive | None
) -> list[Announced]:
    """Return the entries that changed last, and every other that is in no archive yet."""
    rows = newest(conn, selection, ENTRIES)
    if len(rows) < ENTRIES:
        return rows
    shown = {row.entry_id for row in rows}
    rest = _between(conn, selection, last.upto if last else -1, None)
    return [*rows, *(row for row in rest if row.entry_id not in shown)]


def archive(
    conn: sqlite3.Connection, selection: Selection, number: int | None = None
) -> Archive | None:
    """Return an archive of a feed as it stands, by default the last; None where there is no such one."""
    condition, given = _where(conn, selection)
    (count,) = conn.execute(
        f"SELECT count(*) FROM feed_entries f WHERE {condition}", given
    ).fetchone()
    number = count // ENTRIES if number is None else number
    if not 1 <= number <= count // ENTRIES:
        return None
    # Counted from the newest, for the last archive is the one that is asked for with every change.
    bounds = conn.execute(
        f"SELECT f.event FROM feed_entries f WHERE {condition} ORDER BY f.event DESC LIMIT ? OFFSET ?",
        (*given, ENTRIES + 1, count - number * ENTRIES),
    ).fetchall()
    upto = bounds[0][0]
    after = bounds[ENTRIES][0] if len(bounds) > ENTRIES else -1
    (version,) = conn.execute(
        f"""SELECT max((SELECT f.updated_event FROM feed_entries f WHERE {condition} AND f.event <= ?
                ORDER BY f.updated_event DESC LIMIT 1),
              (SELECT coalesce(max(event), 0) FROM removals),
              (SELECT coalesce(max(event), 0) FROM corrections))""",
        (*given, upto),
    ).fetchone()
    return Archive(number, after, upto, version)


def in_office(conn: sqlite3.Connection, slug: str) -> bool:
    """Tell whether a person is known to hold or to have held an office."""
    sql = "SELECT EXISTS (SELECT 1 FROM tenures WHERE person_id = ?)"
    return bool(conn.execute(sql, (slug,)).fetchone()[0])


def subjects(conn: sqlite3.Connection, kind: str) -> list[str]:
    """Return all of a kind that have a feed of their own, by label."""
    office = "AND id IN (SELECT person_id FROM tenures)" if kind == "person" else ""
    sql = f"SELECT id FROM records WHERE kind = ? AND state = 'current' {office} ORDER BY label, id"
    return [slug for (slug,) in conn.execute(sql, (kind,))]


def _of_kinds(conn: sqlite3.Connection, kinds: Sequence[str], limit: int) -> list[Announced]:
    """Return the newest entries of some kinds: of each its newest, by its index, and of these the newest."""
    names = _kinds(conn, kinds)
    each = """SELECT * FROM (SELECT entry_id FROM feed_entries WHERE kind = ?
                ORDER BY updated_event DESC, event DESC LIMIT ?)"""
    rest = f"""WHERE f.entry_id IN ({" UNION ALL ".join([each] * len(names)) or "NULL"})
               ORDER BY +f.updated_event DESC, f.event DESC LIMIT ?"""
    return queries.chosen(conn, rest, (*(one for name in names for one in (name, limit)), limit))


def _kinds(conn: sqlite3.Connection, patterns: Sequence[str]) -> list[str]:
    """Return the kinds of entries that there are, of those wanted: one step in the index for each."""
    found = conn.execute(
        """WITH RECURSIVE kinds(kind) AS (
             SELECT min(kind) FROM feed_entries UNION ALL
             SELECT (SELECT min(kind) FROM feed_entries WHERE kind > kinds.kind) FROM kinds
             WHERE kinds.kind IS NOT NULL)
           SELECT kind FROM kinds WHERE EXISTS (SELECT 1 FROM json_each(?) wanted WHERE kind GLOB wanted.value)""",
        (json.dumps(patterns),),
    )
    return [kind for (kind,) in found]


def _between(
    conn: sqlite3.Connection, selection: Selection, after: int, upto: int | None
) -> list[Announced]:
    # No entry was changed before it was made: so the index of changes finds the few that are new.
    condition, given = _where(conn, selection)
    rest = f"""WHERE {condition} AND f.event > ? AND f.event <= coalesce(?, f.event) AND f.updated_event > ?
               ORDER BY f.updated_event DESC, f.event DESC"""
    return queries.chosen(conn, rest, (*given, after, upto, after))


def _where(conn: sqlite3.Connection, selection: Selection) -> tuple[str, tuple[object, ...]]:
    """Return a condition on ``f``, feed_entries, and what it is given."""
    conditions, given = ["1"], list[object]()
    if "*" not in selection.kinds:
        conditions.append("f.kind IN (SELECT value FROM json_each(?))")
        given.append(json.dumps(_kinds(conn, selection.kinds)))
    if selection.subject is not None:
        conditions.append(
            """f.record_id IN (SELECT a.record_id FROM event_records n
                 JOIN event_records a ON a.event = n.event AND a.role = 'about' WHERE n.record_id = ?)"""
        )
        given.append(selection.subject)
    if selection.query is not None:
        conditions.append(f"""f.record_id IN (SELECT record_id FROM search WHERE search MATCH ?
                 ORDER BY rowid DESC LIMIT {MOST_FOUND})""")
        words = (word.replace('"', '""') for word in selection.query.split())
        given.append(" ".join(f'"{word}"' for word in words))
    return " AND ".join(conditions), tuple(given)
