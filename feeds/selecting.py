"""SQL of feeds: which entries each one has, and how its history is cut into archives (RFC 5005, section 4)."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from feeds import queries
from feeds.dossier import Announced
from feeds.kinds import EVERY, Kinds
from feeds.sql import search

#: How many entries a feed has that changed last, and how many an archive of it.
ENTRIES = 50
#: Of more records than this only those indexed last are looked at, so that no query is dear.
MOST_FOUND = 20_000

#: What anybody may subscribe to by itself; of people those only who hold or held an office.
SUBJECTS = ("topic", "org", "person")


class Selection(NamedTuple):
    """Which entries a feed has: of some kinds, about a subject, found by a query, or those of one record alone.

    Who follows a subject is told as well what became of the promises that are about it.

    ``name`` is its path below /feeds/. What an event once said of a subject stays in its feed, so that a
    withdrawal reaches everybody who was told.
    """

    name: str
    kinds: Kinds = Kinds()
    subject: str | None = None
    query: str | None = None
    record: str | None = None


class Choice(NamedTuple):
    """A selection as a condition on ``f``, feed_entries, and what it is given.

    It is worked out once for all the queries of a feed, and holds only in the transaction it was made in.
    """

    selection: Selection
    condition: str
    given: tuple[object, ...]


class Archive(NamedTuple):
    """An archive of a feed: the entries that were made after one event and up to another.

    ``version`` is the number of the last event about anything that they, up to there, can show by the name that it has now,
    or that took words away. It is part of the address, so that no cache ever shows for a year what has been corrected,
    renamed or erased.
    """

    number: int
    after: int
    upto: int
    version: int

    def place(self, name: str) -> str:
        """Return its path below /feeds/."""
        return f"{name}/archive/{self.number}-{self.version}"


def choice(conn: sqlite3.Connection, selection: Selection) -> Choice:
    """Return what a selection is at the state of the tables that the connection sees."""
    condition, given = queries.of_kinds(conn, selection.kinds)
    conditions = [condition]
    if selection.subject is not None:
        conditions.append("f.record_id IN (SELECT value FROM json_each(?))")
        given.append(json.dumps(_told(conn, selection.subject)))
    if selection.record is not None:
        conditions.append("f.record_id = ?")
        given.append(selection.record)
    if selection.query is not None:
        # What fits no more was told: else its withdrawal, or its correction, would be told to nobody who follows.
        conditions.append(f"""f.record_id IN (SELECT record_id FROM (SELECT record_id FROM search WHERE search MATCH ?
                 ORDER BY rowid DESC LIMIT {MOST_FOUND}) UNION ALL SELECT value FROM json_each(?))""")
        given.append(search.question(selection.query))
        given.append(json.dumps(search.once(conn, selection.query)))
    return Choice(selection, " AND ".join(conditions), tuple(given))


def newest(conn: sqlite3.Connection, choice: Choice, limit: int) -> list[Announced]:
    """Return the entries that changed last, the newest change first."""
    selection = choice.selection
    # An index has the kind of entries, another that of their records: none has both.
    one = EVERY in selection.kinds and selection.kinds != Kinds()
    if one and selection == Selection(selection.name, selection.kinds):
        return _of_kinds(conn, selection.kinds, limit)
    rest = f"WHERE {choice.condition} ORDER BY f.updated_event DESC, f.event DESC LIMIT ?"
    return queries.chosen(conn, rest, (*choice.given, limit))


def dated(conn: sqlite3.Connection, choice: Choice, limit: int) -> list[Announced]:
    """Return the entries for a calendar, the newest change first: what is to come, of that the nearest, before all else,
    then what changed last.

    Calendar programs take away what is there no more: so nothing that is over may take the place of what is to come.
    To come is what was so when the log last grew: by a clock the same record would not always give the same bytes.
    """
    rest = f"""WHERE {choice.condition} ORDER BY coalesce(
                 (SELECT c.due_latest FROM commitments c, log_position p
                  WHERE c.id = f.record_id AND c.due_latest >= substr(p.changed_at, 1, 10)),
                 (SELECT c.held_on_latest FROM meetings c, log_position p
                  WHERE c.id = f.record_id AND c.held_on_latest >= substr(p.changed_at, 1, 10)), '~'),
               f.updated_event DESC, f.event DESC LIMIT ?"""
    rows = queries.chosen(conn, rest, (*choice.given, limit))
    return sorted(rows, key=lambda row: (-row.changed, -row.event))


def of_archive(conn: sqlite3.Connection, choice: Choice, archive: Archive) -> list[Announced]:
    """Return the entries of an archive, the newest change first."""
    return _between(conn, choice, archive.after, archive.upto)


def current(conn: sqlite3.Connection, choice: Choice, last: Archive | None) -> list[Announced]:
    """Return the entries that changed last, and every other that is in no archive yet."""
    rows = newest(conn, choice, ENTRIES)
    if len(rows) < ENTRIES:
        return rows
    shown = {row.entry_id for row in rows}
    rest = _between(conn, choice, last.upto if last else -1, None)
    return [*rows, *(row for row in rest if row.entry_id not in shown)]


def archive(conn: sqlite3.Connection, choice: Choice, number: int | None = None) -> Archive | None:
    """Return an archive of a feed as it stands, by default the last; None where there is no such one."""
    _, condition, given = choice
    entries = f"FROM feed_entries f WHERE {condition}"
    bounds: list[tuple[int]]
    if number is None:
        (count,) = conn.execute(f"SELECT count(*) {entries}", given).fetchone()
        number = count // ENTRIES
        # Counted from the newest, for the last archive is the one that is asked for with every change.
        bounds = conn.execute(
            f"SELECT f.event {entries} ORDER BY f.event DESC LIMIT ? OFFSET ?",
            (*given, ENTRIES + 1, count % ENTRIES),
        ).fetchall()[::-1]
    else:
        # Nothing is asked here that a new entry changes, so that what was made of an archive can be kept.
        bounds = conn.execute(
            f"SELECT f.event {entries} ORDER BY f.event LIMIT ? OFFSET ?",
            (*given, ENTRIES + (number > 1), max((number - 1) * ENTRIES - 1, 0)),
        ).fetchall()
    if number < 1 or len(bounds) < ENTRIES + (number > 1):
        return None
    upto = bounds[-1][0]
    after = bounds[0][0] if number > 1 else -1
    (version,) = conn.execute(
        f"""SELECT max((SELECT f.updated_event FROM feed_entries f WHERE {condition} AND f.event <= ?
                ORDER BY f.updated_event DESC LIMIT 1),
              (SELECT coalesce(max(event), 0) FROM removals))""",
        (*given, upto),
    ).fetchone()
    return Archive(number, after, upto, _touched(conn, version))


def _touched(conn: sqlite3.Connection, event: int) -> int:
    """Return the last event about any record that was there at an event, or at that one, and so on.

    What an entry names was there at the last event about its record, and what that names at the last event about that.
    """
    sql = "SELECT last_event FROM records WHERE first_event <= ? ORDER BY last_event DESC LIMIT 1"
    while (found := conn.execute(sql, (event,)).fetchone()) and found[0] > event:
        (event,) = found
    return event


def in_office(conn: sqlite3.Connection, slug: str) -> bool:
    """Tell whether a person is known to hold or to have held an office."""
    sql = "SELECT EXISTS (SELECT 1 FROM tenures WHERE person_id = ?)"
    return bool(conn.execute(sql, (slug,)).fetchone()[0])


def subjects(conn: sqlite3.Connection, kind: str) -> list[str]:
    """Return all of a kind that have a feed of their own, by label."""
    office = "AND id IN (SELECT person_id FROM tenures)" if kind == "person" else ""
    sql = f"SELECT id FROM records WHERE kind = ? AND state = 'current' {office} ORDER BY label, id"
    return [slug for (slug,) in conn.execute(sql, (kind,))]


def _of_kinds(conn: sqlite3.Connection, kinds: Kinds, limit: int) -> list[Announced]:
    """Return the newest entries of some kinds: of each its newest, by its index, and of these the newest."""
    column, names = (
        ("record_kind", list(kinds.records))
        if kinds.entries == EVERY
        else ("kind", queries.kinds_of(conn, kinds.entries))
    )
    each = f"""SELECT * FROM (SELECT entry_id FROM feed_entries WHERE {column} = ?
                 ORDER BY updated_event DESC, event DESC LIMIT ?)"""
    rest = f"""WHERE f.entry_id IN ({" UNION ALL ".join([each] * len(names)) or "NULL"})
               ORDER BY +f.updated_event DESC, f.event DESC LIMIT ?"""
    return queries.chosen(conn, rest, (*(one for name in names for one in (name, limit)), limit))


def _between(
    conn: sqlite3.Connection, choice: Choice, after: int, upto: int | None
) -> list[Announced]:
    # No entry was changed before it was made: so the index of changes finds the few that are new.
    rest = f"""WHERE {choice.condition} AND f.event > ? AND f.event <= coalesce(?, f.event) AND f.updated_event > ?
               ORDER BY f.updated_event DESC, f.event DESC"""
    return queries.chosen(conn, rest, (*choice.given, after, upto, after))


def _told(conn: sqlite3.Connection, slug: str) -> list[str]:
    """Return the records of which the feed of a subject tells, by all events that ever named it."""
    # The order of the joins is fixed: the other way round every promise there is would be looked at.
    found = conn.execute(
        """WITH told AS (SELECT a.record_id FROM event_records n
             JOIN event_records a ON a.event = n.event AND a.role = 'about' WHERE n.record_id = ?)
           SELECT record_id FROM told UNION
           SELECT o.record_id FROM told
             CROSS JOIN event_records c ON c.record_id = told.record_id AND c.role = 'about'
             CROSS JOIN event_records o ON o.event = c.event AND o.record_id GLOB 'outcome/*'
             WHERE told.record_id GLOB 'commitment/*'""",
        (slug,),
    )
    return [record for (record,) in found]
