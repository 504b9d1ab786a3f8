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
#: In this order, for the other way round every record there is would be looked at.
_FROM = "FROM timeline t CROSS JOIN records r ON r.id = t.record_id AND r.state = 'current'"
_WHERE = f"""WHERE (:kind IS NULL OR t.kind = :kind) AND (:upto IS NULL OR {_DAY} <= :upto)
  AND (:year IS NULL OR ({_DAY} <= :year || '-12-31' AND {_LAST} >= :year || '-01-01'))
  AND (:topic IS NULL OR t.record_id IN (SELECT record_id FROM record_topics WHERE topic_id = :topic))
  AND (:publisher IS NULL OR t.record_id IN (
    SELECT v.record_id FROM evidence v JOIN sources s ON s.id = v.source_id WHERE s.publisher_id = :publisher))
  AND (:status IS NULL OR t.record_id IN (
    SELECT id FROM commitment_status WHERE status = :status UNION ALL
    SELECT o.id FROM outcomes o JOIN commitment_status s ON s.id = o.commitment_id WHERE s.status = :status))
  AND (:names IS NULL OR t.record_id IN (
    SELECT a.record_id FROM event_records n JOIN events e ON e.seq = n.event AND e.in_force = 1
      JOIN event_records a ON a.event = n.event AND a.role = 'about'
    WHERE n.record_id = :names))"""
#: The lines up to the end of a month, or from its beginning on; and those of which only the last day is known.
_WITHIN = {
    "ASC": "AND (t.day_earliest <= :month || '-31' OR t.day_earliest IS NULL)",
    "DESC": "AND (t.day_earliest >= :month OR t.day_earliest IS NULL)",
}

#: The same conditions as the data explorer takes them in an address; each value is a slug, a status or a year of ours.
PUBLIC = {
    "year": "coalesce(day_earliest, day_latest) <= '{0}-12-31' and coalesce(day_latest, day_earliest) >= '{0}-01-01'",
    "topic": "record_id in (select record_id from record_topics where topic_id = '{}')",
    "publisher": "record_id in (select record_id from evidence join sources on id = source_id where publisher_id = '{}')",
    "status": "record_id in (select id from commitment_status where status = '{0}' union all"
    " select o.id from outcomes o join commitment_status s on s.id = o.commitment_id where s.status = '{0}')",
}

#: How many lines there are at all: only current records have any.
_ALL = "SELECT count(*) FROM timeline"
#: The years in which lines begin, by one step in the index for each.
_YEARS = f"""WITH RECURSIVE years(year) AS (
    SELECT substr(max(day_earliest), 1, 4) FROM timeline UNION ALL
    SELECT (SELECT substr(max(day_earliest), 1, 4) FROM timeline WHERE day_earliest < years.year)
    FROM years WHERE years.year IS NOT NULL)
  SELECT year FROM years WHERE year IS NOT NULL AND EXISTS (
    SELECT 1 {_FROM} WHERE t.day_earliest >= year AND t.day_earliest <= year || '-12-31')
  UNION SELECT substr(t.day_latest, 1, 4) {_FROM} WHERE t.day_earliest IS NULL AND t.day_latest IS NOT NULL
  ORDER BY 1 DESC"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines are wanted; None leaves all. ``names`` is a record that they must be about or name.

    ``publisher`` is whose sources they must come from, ``status`` that of the commitment they belong to.
    """

    kind: str | None = None
    topic: str | None = None
    year: str | None = None
    names: str | None = None
    upto: str | None = None
    publisher: str | None = None
    status: str | None = None


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
    given = {**dataclasses.asdict(wanted), "limit": limit, "offset": offset}
    # By the index: as many lines as are needed, and so the month beyond which none of them can be.
    found = conn.execute(
        f"""SELECT substr(t.day_earliest, 1, 7) {_FROM} {_WHERE} AND t.day_earliest IS NOT NULL
            ORDER BY t.day_earliest {way} LIMIT 1 OFFSET :limit + :offset - 1""",
        given,
    ).fetchone()
    rows = conn.execute(
        f"""SELECT t.record_id, t.kind, t.day,
              coalesce(CASE WHEN {_EXACT} THEN substr({_DAY}, 1, 7) ELSE substr({_DAY}, 1, 4) END, ''),
              t.title, r.label, r.label_cy
            {_FROM} {_WHERE} {_WITHIN[way] if found else ""}
            ORDER BY {_DAY} IS NULL, substr({_DAY}, 1, 7) {way}, {_EXACT} DESC, {_DAY} {way}, r.first_event {way}, t.kind
            LIMIT :limit OFFSET :offset""",
        {**given, "month": found and found[0]},
    )
    return list(map(TimelineRow._make, rows))


def count(conn: sqlite3.Connection, wanted: Wanted) -> int:
    """Return how many lines are wanted."""
    sql = f"SELECT count(*) {_FROM} {_WHERE}" if wanted != Wanted() else _ALL
    return int(conn.execute(sql, dataclasses.asdict(wanted)).fetchone()[0])


def years(conn: sqlite3.Connection) -> list[str]:
    """Return the years in which lines begin, the last first."""
    return [year for (year,) in conn.execute(_YEARS)]


def kinds(conn: sqlite3.Connection) -> set[str]:
    """Return the kinds of lines that there are."""
    return {kind for (kind,) in conn.execute("SELECT DISTINCT kind FROM timeline")}


def publishers(conn: sqlite3.Connection) -> set[str]:
    """Return who published the sources that there are."""
    sql = "SELECT DISTINCT publisher_id FROM sources WHERE publisher_id IS NOT NULL"
    return {slug for (slug,) in conn.execute(sql)}
