"""Figures by series."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple


class Figure(NamedTuple):
    """A number with its day, whom it covers, and the first source that gives it."""

    id: str
    measure: str
    value: float
    qualifier: str | None
    unit: str | None
    as_of: str | None
    kind: str | None
    area: str | None
    source: str | None


class Series(NamedTuple):
    """A series: what exactly it counts, how many numbers it has, and the newest of them, the oldest first."""

    id: str
    label: str | None
    label_cy: str | None
    counts: str | None
    total: int
    figures: tuple[Figure, ...]


_FIGURES = (
    "FROM figures f JOIN records r ON r.id = f.id AND r.state = 'current' WHERE f.value IS NOT NULL"
)
_SERIES = f"""FROM measures m JOIN records r ON r.id = m.id AND r.state = 'current'
  JOIN (SELECT f.measure_id, count(*) AS total {_FIGURES} GROUP BY f.measure_id) n ON n.measure_id = m.id"""


def count(conn: sqlite3.Connection) -> int:
    """Return how many series have numbers."""
    return int(conn.execute(f"SELECT count(*) {_SERIES}").fetchone()[0])


def series(conn: sqlite3.Connection, limit: int, offset: int, most: int) -> list[Series]:
    """Return series that have numbers, those with most of them first, each with at most so many of its numbers.

    Of more than that it has the newest; those without a day count as the oldest, and stand at the end.
    """
    heads = conn.execute(
        f"""SELECT m.id, r.label, r.label_cy, m.counts, n.total {_SERIES}
            ORDER BY n.total DESC, r.label, m.id LIMIT ? OFFSET ?""",
        (limit, offset),
    ).fetchall()
    figures: dict[str, list[Figure]] = {}
    rows = conn.execute(
        f"""SELECT id, measure_id, value, qualifier, unit, as_of, kind, area_id, source_id FROM (
              SELECT f.*, row_number() OVER (
                PARTITION BY f.measure_id ORDER BY f.as_of_latest DESC, f.id DESC) AS place
              {_FIGURES} AND f.measure_id IN (SELECT value FROM json_each(?)))
            WHERE place <= ? ORDER BY measure_id, as_of_latest IS NULL, as_of_latest, id""",
        (json.dumps([slug for slug, *_ in heads]), most),
    )
    for one in map(Figure._make, rows):
        figures.setdefault(one.measure, []).append(one)
    return [Series._make((*head, tuple(figures[head[0]]))) for head in heads]
