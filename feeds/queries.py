"""The SQL of records and feeds: the published tables, read by name, as `dossier` types; `feeds.sql` has the rest.

Each function reads through a connection of `Library.open`, so all that a page shows is of one state.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from feeds.dossier import (
    PRIVATE,
    Announced,
    Check,
    Conflict,
    Correction,
    Dossier,
    Evidence,
    LoggedEvent,
    Name,
    Named,
    Participant,
    Position,
    Reading,
    Removal,
)
from feeds.kinds import EVERY, Kinds
from feeds.sheets import SHEETS

_SLUG = re.compile(r"[a-z]+/[a-z0-9-]+")
_IDS = "(SELECT value FROM json_each(?))"

#: Asked for nearly every page, as what is kept of it goes by it; so `feeds.publishing` looks whether a page shows it.
POSITION = "SELECT events, root, changed_at FROM log_position"


def guarded(record: str, column: str = "label") -> str:
    """Return a column of `records` as SQL, by the name the table has: NULL where a withdrawal for privacy's or the
    law's sake takes the words with it, also of what was merged, for what it leads to may be withdrawn as well.
    """
    return f"""CASE WHEN {record}.state <> 'current' AND EXISTS (
      SELECT 1 FROM corrections c WHERE c.record_id = {record}.id AND c.kind IN ('retracted', 'restored')
        AND c.in_force = 1 AND c.reason IN {PRIVATE}) THEN NULL ELSE {record}.{column} END"""


def called(column: str) -> str:
    """Return what a record ``r`` is called as SQL, in a column: as ``k``, which it was merged into, where there is one."""
    return f"CASE WHEN k.id IS NULL THEN {guarded('r', column)} ELSE {guarded('k', column)} END"


#: The label of ``r``, where it may still be told, and the Welsh one.
_LABEL, _LABEL_CY = guarded("r"), guarded("r", "label_cy")

#: The events that acts done in one go act on, as JSON.
_TARGETS = """(SELECT json_group_array(target_event) FROM
  (SELECT DISTINCT g.target_event FROM removals g WHERE g.notice = m.notice ORDER BY g.target_event))"""

#: Lists of a dossier: what makes an item, and SQL whose first column is the record the item belongs to.
_LISTS: dict[str, tuple[Callable[..., Any], str]] = {
    "participants": (
        Participant,
        f"SELECT record_id, entity_id, role FROM participants WHERE record_id IN {_IDS} ORDER BY rowid",
    ),
    "topics": (
        str,
        f"SELECT record_id, topic_id FROM record_topics WHERE record_id IN {_IDS} ORDER BY rowid",
    ),
    "evidence": (
        Evidence,
        f"""SELECT e.record_id, e.event, e.source_id, e.char_start, e.char_end, e.quote, e.stance,
              s.lang, s.title, s.url, s.published, {guarded("p")}, {guarded("p", "label_cy")}
            FROM evidence e LEFT JOIN sources s ON s.id = e.source_id LEFT JOIN records p ON p.id = s.publisher_id
            WHERE e.record_id IN {_IDS} ORDER BY e.record_id, e.event, e.number""",
    ),
    "readings": (
        Reading,
        f"""SELECT commitment_id, label, due, due_latest, source_id FROM readings
            WHERE commitment_id IN {_IDS} ORDER BY commitment_id, number""",
    ),
    "names": (
        Name,
        f"""SELECT record_id, name, kind, lang FROM names
            WHERE record_id IN {_IDS} AND kind <> 'recorded' ORDER BY record_id, event""",
    ),
    "corrections": (
        Correction,
        f"""SELECT c.record_id, c.event, c.kind, c.target_event, t.type, c.field, c.before, c.after,
              c.reason, c.note, c.in_force
            FROM corrections c LEFT JOIN events t ON t.seq = c.target_event
            WHERE c.record_id IN {_IDS} ORDER BY c.record_id, c.number""",
    ),
    "conflicts": (
        Conflict,
        f"""SELECT record_id, field, value_a, source_a, value_b, source_b, state FROM conflicts
            WHERE record_id IN {_IDS} ORDER BY record_id, number""",
    ),
}


def position(conn: sqlite3.Connection) -> Position:
    """Return which state of the log the tables show."""
    (projection,) = conn.execute("PRAGMA user_version").fetchone()
    row = conn.execute(POSITION).fetchone()
    number, root, changed_at = row or (0, "", None)
    return Position(number, root, changed_at, projection)


def announced(
    conn: sqlite3.Connection, kinds: Kinds, limit: int, offset: int = 0
) -> list[Announced]:
    """Return the entries of these kinds as a page lists them: those made last first, whenever they changed."""
    rest = "ORDER BY f.event DESC LIMIT ? OFFSET ?"
    if kinds == Kinds():
        return chosen(conn, rest, (limit, offset))
    condition, given = of_kinds(conn, kinds)
    return chosen(conn, f"WHERE {condition} {rest}", (*given, limit, offset))


def of_kinds(conn: sqlite3.Connection, kinds: Kinds) -> tuple[str, list[object]]:
    """Return kinds as a condition on ``f``, feed_entries, and what it is given."""
    conditions, given = ["1"], list[object]()
    if kinds.entries != EVERY:
        conditions.append("f.kind IN (SELECT value FROM json_each(?))")
        given.append(json.dumps(kinds_of(conn, kinds.entries)))
    if kinds.records != EVERY:
        conditions.append("f.record_kind IN (SELECT value FROM json_each(?))")
        given.append(json.dumps(kinds.records))
    return " AND ".join(conditions), given


def kinds_of(conn: sqlite3.Connection, patterns: Sequence[str]) -> list[str]:
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


def chosen(conn: sqlite3.Connection, rest: str, given: Sequence[object]) -> list[Announced]:
    """Return the entries that the rest of a statement chooses from ``f``, which is feed_entries."""
    rows = conn.execute(
        f"""SELECT f.entry_id, f.event, f.record_id, f.kind, f.state, f.published_at, f.updated_at,
             f.updated_event, m.event, m.act, m.target_event, m.reason, m.removed_on, m.notice, {_TARGETS}
           FROM feed_entries f LEFT JOIN removals m ON f.record_id IS NULL AND m.event = f.updated_event
           {rest}""",
        given,
    )
    return [
        Announced(*row[:8])._replace(removal=None if row[8] is None else _removal(row[8:]))
        for row in rows
    ]


def removals(conn: sqlite3.Connection) -> list[Removal]:
    """Return every act that withheld, released or erased something, those done in one go as one; newest first."""
    sql = f"""SELECT m.event, m.act, m.target_event, m.reason, m.removed_on, m.notice, {_TARGETS}
              FROM removals m WHERE m.event = m.notice ORDER BY m.event DESC"""
    return [_removal(row) for row in conn.execute(sql)]


def fixity(conn: sqlite3.Connection, limit: int) -> list[Check]:
    """Return the last checks of whether everything is still what it was, the newest first."""
    sql = "SELECT number, at, checked, events, root, passed, failed FROM fixity_checks ORDER BY number DESC LIMIT ?"
    return [Check(*row) for row in conn.execute(sql, (limit,))]


def removal_of(conn: sqlite3.Connection, seq: int) -> Removal | None:
    """Return the last act on an event, or the event itself where it is one; None where there is neither."""
    sql = f"""SELECT m.event, m.act, m.target_event, m.reason, m.removed_on, m.notice, {_TARGETS}
              FROM removals m WHERE m.target_event = ? OR m.event = ? ORDER BY m.event DESC LIMIT 1"""
    row = conn.execute(sql, (seq, seq)).fetchone()
    return _removal(row) if row else None


def _removal(row: Sequence[Any]) -> Removal:
    event, act, target, reason, day, notice, targets = row
    return Removal(event, act, target, reason, day, notice, tuple(json.loads(targets)))


def dossiers(conn: sqlite3.Connection, slugs: Iterable[str]) -> dict[str, Dossier]:
    """Return what is known of each of these records; a slug that is not recorded is left out."""
    wanted = json.dumps(list(dict.fromkeys(slugs)))
    heads = conn.execute(
        f"SELECT r.id, r.kind, {_LABEL}, r.state, r.merged_into_id, r.day, {_LABEL_CY} FROM records r WHERE r.id IN {_IDS}",
        (wanted,),
    ).fetchall()
    sheets = _sheets(conn, wanted, sorted({kind for _, kind, *_ in heads}))
    lists: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in _LISTS}
    for name, (make, sql) in _LISTS.items():
        for owner, *row in conn.execute(sql, (wanted,)):
            lists[name][owner].append(make(*row))
    found: dict[str, Dossier] = {}
    for slug, kind, label, state, merged_into, day, welsh in heads:
        items: dict[str, Any] = {name: tuple(rows[slug]) for name, rows in lists.items()}
        row = sheets.get(slug, {})
        found[slug] = Dossier(
            id=slug, kind=kind, label=label, state=state, merged_into=merged_into, day=day, row=row,
            label_cy=welsh, **items
        )  # fmt: skip
    labels = _labels(conn, {slug for one in found.values() for slug in _names(one)})
    english = {slug: label for slug, label, _ in labels}
    welsh_ones = {slug: welsh for slug, _, welsh in labels if welsh}
    return {slug: replace(one, labels=english, labels_cy=welsh_ones) for slug, one in found.items()}


def event_record(conn: sqlite3.Connection, seq: int) -> str | None:
    """Return the record an event is mainly about; None when there is no such event, or no record."""
    row = conn.execute("SELECT record_id FROM events WHERE seq = ?", (seq,)).fetchone()
    return row[0] if row else None


def status(conn: sqlite3.Connection, slug: str) -> str | None:
    """Return the status of a commitment today."""
    row = conn.execute("SELECT status FROM commitment_status WHERE id = ?", (slug,)).fetchone()
    return row[0] if row else None


def events(conn: sqlite3.Connection, slug: str) -> list[LoggedEvent]:
    """Return the events about a record in order."""
    rows = conn.execute(
        f"""SELECT e.seq, e.type, e.recorded_at, e.in_force, e.record_id, {_LABEL}, {_LABEL_CY}
           FROM event_records a JOIN events e ON e.seq = a.event LEFT JOIN records r ON r.id = e.record_id
           WHERE a.record_id = ? AND a.role = 'about' ORDER BY e.seq""",
        (slug,),
    )
    return [LoggedEvent(*row) for row in rows]


def naming(conn: sqlite3.Connection, slug: str, limit: int) -> list[Named]:
    """Return the current records that name this one, the latest day first."""
    rows = conn.execute(
        f"""SELECT DISTINCT r.id, r.kind, {_LABEL}, r.day, {_LABEL_CY} FROM event_records n
            JOIN events e ON e.seq = n.event AND e.in_force = 1
            JOIN event_records a ON a.event = n.event AND a.role = 'about' AND a.record_id <> n.record_id
            JOIN records r ON r.id = a.record_id AND r.state = 'current'
            WHERE n.record_id = ? AND n.role = 'names'
            ORDER BY r.day_latest IS NULL, r.day_latest DESC, r.first_event DESC LIMIT ?""",
        (slug, limit),
    )
    return [Named(*row) for row in rows]


def _sheets(
    conn: sqlite3.Connection, wanted: str, kinds: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return each record's row of the table of its kind."""
    found: dict[str, dict[str, Any]] = {}
    for sheet in filter(None, map(SHEETS.get, kinds)):
        sql = f"SELECT {', '.join(sheet.columns)} FROM {sheet.table} WHERE id IN {_IDS}"
        for row in conn.execute(sql, (wanted,)):
            found[row[0]] = dict(zip(sheet.columns, row, strict=True))
    return found


def _names(dossier: Dossier) -> Iterator[str]:
    """Yield every slug that a dossier names."""
    texts: list[str | None] = [item.entity_id for item in dossier.participants]
    if sheet := SHEETS.get(dossier.kind):
        texts += [dossier.row.get(field.column) for field in sheet.fields if field.how == "record"]
    texts += dossier.topics
    texts += [proof.source_id for proof in dossier.evidence]
    texts += [reading.source_id for reading in dossier.readings]
    for made in dossier.corrections:
        texts += [made.before, made.after]
    for conflict in dossier.conflicts:
        texts += [conflict.value_a, conflict.source_a, conflict.value_b, conflict.source_b]
    for text in texts:
        yield from _SLUG.findall(text or "")


def _labels(
    conn: sqlite3.Connection, slugs: Iterable[str]
) -> list[tuple[str, str | None, str | None]]:
    """Return what records are called, in English and in Welsh; a merged one as the kept one is."""
    rows = conn.execute(
        f"""SELECT r.id, {called("label")}, {called("label_cy")}
            FROM records r LEFT JOIN records k ON k.id = r.merged_into_id
            WHERE r.id IN {_IDS}""",
        (json.dumps(sorted(slugs)),),
    )
    return rows.fetchall()
