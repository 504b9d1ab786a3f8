"""Lines of the timeline: what happened on which day, by kind, topic, year or whom it names."""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

#: The day that a line is put at; of a span its beginning.
_DAY = "coalesce(t.day_earliest, t.day_latest)"
_LAST = "coalesce(t.day_latest, t.day_earliest)"
#: 1 where it is known in which month a line belongs.
_EXACT = f"(substr({_DAY}, 1, 7) = substr({_LAST}, 1, 7))"
_FROM = "FROM timeline t JOIN records r ON r.id = t.record_id AND r.state = 'current'"
_WHERE = f"""WHERE (:kind IS NULL OR t.kind = :kind) AND (:upto IS NULL OR {_DAY} <= :upto)
  AND (:year IS NULL OR ({_DAY} <= :year || '-12-31' AND {_LAST} >= :year || '-01-01'))
  AND (:topic IS NULL OR t.record_id IN (SELECT record_id FROM record_topics WHERE topic_id = :topic))
  AND (:names IS NULL OR t.record_id IN (
    SELECT a.record_id FROM event_records n JOIN events e ON e.seq = n.event AND e.in_force = 1
      JOIN event_records a ON a.event = n.event AND a.role = 'about'
    WHERE n.record_id = :names))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are wanted; None leaves all. ``names`` is a record that they must be about or name."""

    kind: str | None = None
    topic: str | None = None
    year: str | None = None
    names: str | None = None
    upto: str | None = None


class TimelineRow(NamedTuple):
    """A line; ``month`` is YYYY-MM, or the year alone where the month is not known, or empty."""

    record: str
    kind: str
    day: str | None
    month: str
    title: str | None
    label: str | None
    label_cy: str | None


def lines(
    conn: sqlite3.Connection,
    wanted: Wanted,
    limit: int,
    offset: int = 0,
    *,
    oldest_first: bool = False,
) -> list[TimelineRow]:
    """Return lines in order of their days; within a month those come first of which the month is known."""
    way = "ASC" if oldest_first else "DESC"
    rows = conn.execute(
        f"""SELECT t.record_id, t.kind, t.day,
              coalesce(CASE WHEN {_EXACT} THEN substr({_DAY}, 1, 7) ELSE substr({_DAY}, 1, 4) END, ''),
              t.title, r.label, r.label_cy
            {_FROM} {_WHERE}
            ORDER BY {_DAY} IS NULL, substr({_DAY}, 1, 7) {way}, {_EXACT} DESC, {_DAY} {way}, r.first_event {way}, t.kind
            LIMIT :limit OFFSET :offset""",
        {**dataclasses.asdict(wanted), "limit": limit, "offset": offset},
    )
    return list(map(TimelineRow._make, rows))


def count(conn: sqlite3.Connection, wanted: Wanted) -> int:
    """Return how many lines are wanted."""
    sql = f"SELECT count(*) {_FROM} {_WHERE}"
    return int(conn.execute(sql, dataclasses.asdict(wanted)).fetchone()[0])


def years(conn: sqlite3.Connection) -> list[str]:
    """Return the years in which lines begin, the last first."""
    sql = f"SELECT DISTINCT substr({_DAY}, 1, 4) AS year {_FROM} WHERE {_DAY} IS NOT NULL ORDER BY year DESC"
    return [year for (year,) in conn.execute(sql)]


def kinds(conn: sqlite3.Connection) -> set[str]:
    """Return the kinds of lines that there are."""
    return {kind for (kind,) in conn.execute("SELECT DISTINCT kind FROM timeline")}
