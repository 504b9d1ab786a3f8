"""Commitments with a verdict on each reading of their deadlines."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

#: The verdict on a reading, as the view commitment_status has it; that view only sums it up.
_VERDICT = """CASE
  WHEN c.kind = 'aspiration' THEN 'undatable'
  WHEN c.result IN ('superseded', 'withdrawn') THEN 'superseded'
  WHEN c.result = 'done' AND r.due_latest IS NULL THEN 'met'
  WHEN c.result = 'done' AND c.done_latest <= r.due_latest THEN 'met'
  WHEN c.result = 'done' AND c.done_earliest > r.due_latest THEN 'late'
  WHEN c.result = 'done' THEN 'unknown'
  WHEN r.due_latest IS NULL THEN 'undatable'
  WHEN r.due_latest >= date('now') THEN 'due'
  WHEN c.result = 'not-done' THEN 'missed'
  ELSE 'unknown' END"""

#: Which commitments fit: of a topic, of whoever is to do it, of a status; what is NULL is not asked for.
_AMONG = """(:obliged IS NULL OR s.obliged_id = :obliged)
  AND (:topic IS NULL OR s.id IN (SELECT record_id FROM record_topics WHERE topic_id = :topic))"""
_FITS = f"{_AMONG} AND (:status IS NULL OR s.status = :status)"
#: The same condition as the data explorer takes it in an address; the value is a slug of ours.
PUBLIC_TOPIC = "id in (select record_id from record_topics where topic_id = '{}')"
#: In which order commitments can be listed.
_ORDER = {
    "latest": "s.due_latest IS NULL, s.due_latest DESC, s.id",
    "next": "s.due_earliest, s.id",
}


class Judged(NamedTuple):
    """A reading of a deadline; ``late_by`` is the whole days from its last day to the first of its outcome."""

    label: str | None
    due: str | None
    source: str | None
    verdict: str
    late_by: int | None


class Promise(NamedTuple):
    """A commitment, under the status that sums up its readings."""

    id: str
    what: str | None
    kind: str
    obliged: str | None
    made_in: str | None
    condition: str | None
    status: str
    result: str | None
    done: str | None
    finding: str | None
    readings: tuple[Judged, ...]


def statuses(
    conn: sqlite3.Connection, *, topic: str | None = None, obliged: str | None = None
) -> dict[str, int]:
    """Return how many of the commitments that fit there are of each status."""
    sql = f"SELECT s.status, count(*) FROM commitment_status s WHERE {_AMONG} GROUP BY s.status"
    return dict(conn.execute(sql, {"topic": topic, "obliged": obliged}).fetchall())


def obliged(conn: sqlite3.Connection, limit: int) -> list[str]:
    """Return who is to do something, those first who are to do most."""
    rows = conn.execute(
        """SELECT obliged_id FROM commitments WHERE obliged_id IS NOT NULL
           GROUP BY obliged_id ORDER BY count(*) DESC, obliged_id LIMIT ?""",
        (limit,),
    )
    return [slug for (slug,) in rows]


def topics(conn: sqlite3.Connection, limit: int) -> list[str]:
    """Return the topics of commitments, those first that most belong to."""
    rows = conn.execute(
        """SELECT t.topic_id FROM commitments c JOIN record_topics t ON t.record_id = c.id
           GROUP BY t.topic_id ORDER BY count(*) DESC, t.topic_id LIMIT ?""",
        (limit,),
    )
    return [slug for (slug,) in rows]


def promises(
    conn: sqlite3.Connection,
    *,
    status: str | None = None,
    topic: str | None = None,
    obliged: str | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[Promise]:
    """Return the commitments that fit, the latest deadline first and those without one last."""
    values = {
        "status": status,
        "topic": topic,
        "obliged": obliged,
        "limit": limit,
        "offset": offset,
    }
    return _promises(conn, _FITS, _ORDER["latest"], values)


def count(conn: sqlite3.Connection, *, topic: str | None = None, obliged: str | None = None) -> int:
    """Return how many commitments fit."""
    sql = f"SELECT count(*) FROM commitments s WHERE {_AMONG}"
    return int(conn.execute(sql, {"topic": topic, "obliged": obliged}).fetchone()[0])


def ahead(conn: sqlite3.Connection, limit: int) -> list[Promise]:
    """Return the commitments of which a reading is still to come, and no outcome is known; the next first."""
    where = "s.due_latest >= date('now') AND s.result IS NULL"
    return _promises(conn, where, _ORDER["next"], {"limit": limit, "offset": 0})


def behind(conn: sqlite3.Connection, limit: int) -> list[Promise]:
    """Return the commitments whose every deadline has passed, the latest first."""
    return _promises(
        conn, "s.due_latest < date('now')", _ORDER["latest"], {"limit": limit, "offset": 0}
    )


def _promises(
    conn: sqlite3.Connection, where: str, order: str, values: dict[str, str | int | None]
) -> list[Promise]:
    rows = conn.execute(
        f"""SELECT s.id, s.what, s.kind, s.obliged_id, s.made_in_id, c.condition, s.status, s.result, s.done, s.finding
            FROM commitment_status s JOIN commitments c ON c.id = s.id
            WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset""",
        values,
    )
    return [Promise._make((*row, _readings(conn, row[0]))) for row in rows.fetchall()]


def _readings(conn: sqlite3.Connection, slug: str) -> tuple[Judged, ...]:
    rows = conn.execute(
        f"""SELECT r.label, r.due, r.source_id, {_VERDICT} AS verdict,
              CASE WHEN {_VERDICT} = 'late'
                THEN CAST(julianday(c.done_earliest) - julianday(r.due_latest) AS INTEGER) END
            FROM readings r JOIN commitments c ON c.id = r.commitment_id
            WHERE r.commitment_id = ? ORDER BY r.number""",
        (slug,),
    )
    return tuple(map(Judged._make, rows))
