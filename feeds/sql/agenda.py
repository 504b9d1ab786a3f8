"""What has a day of its own to be waited for: deadlines and meetings."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from feeds.sql.lines import TimelineRow

_KINDS = "('due', 'meeting')"
_FROM = f"FROM timeline t JOIN records r ON r.id = t.record_id AND r.state = 'current' WHERE t.kind IN {_KINDS}"
#: What may still be: a deadline or a meeting of which the last possible day has not passed.
_AHEAD = "coalesce(t.day_latest, t.day_earliest) >= date('now')"
_BEHIND = "coalesce(coalesce(t.day_latest, t.day_earliest) < date('now'), 1)"
#: The day that a line is put at; of a span its end, for that is when it is over.
_DAY = "coalesce(t.day_latest, t.day_earliest)"


class Dated(NamedTuple):
    """A line, with the status of its commitment or meeting."""

    row: TimelineRow
    status: str | None


def ahead(conn: sqlite3.Connection, limit: int) -> list[Dated]:
    """Return what is to come, the next first."""
    return _found(conn, f"AND {_AHEAD} ORDER BY {_DAY}, r.first_event LIMIT ?", (limit,))


def behind(
    conn: sqlite3.Connection, limit: int, offset: int, *, oldest_first: bool = False
) -> list[Dated]:
    """Return what has been, by its days; what has no known day stands at the end."""
    way = "ASC" if oldest_first else "DESC"
    order = f"ORDER BY {_DAY} IS NULL, {_DAY} {way}, r.first_event {way}, t.kind"
    return _found(conn, f"AND {_BEHIND} {order} LIMIT ? OFFSET ?", (limit, offset))


def count(conn: sqlite3.Connection) -> int:
    """Return how much has been."""
    return int(conn.execute(f"SELECT count(*) {_FROM} AND {_BEHIND}").fetchone()[0])


def _found(conn: sqlite3.Connection, rest: str, given: tuple[int, ...]) -> list[Dated]:
    rows = conn.execute(
        f"""SELECT t.record_id, t.kind, t.day, coalesce(substr({_DAY}, 1, 7), ''), t.title, r.label, r.label_cy,
              CASE t.kind WHEN 'due' THEN (SELECT s.status FROM commitment_status s WHERE s.id = t.record_id)
                ELSE (SELECT m.status FROM meetings m WHERE m.id = t.record_id) END
            {_FROM} {rest}""",
        given,
    )
    return [Dated(TimelineRow._make(row[:-1]), row[-1]) for row in rows]
