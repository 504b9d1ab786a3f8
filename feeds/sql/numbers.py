"""Figures by series."""

from __future__ import annotations

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
    """A series: what exactly it counts, and its numbers, the oldest first."""

    id: str
    label: str | None
    label_cy: str | None
    counts: str | None
    figures: tuple[Figure, ...]


def series(conn: sqlite3.Connection) -> list[Series]:
    """Return all series that have numbers, those with most of them first."""
    figures: dict[str, list[Figure]] = {}
    rows = conn.execute(
        """SELECT f.id, f.measure_id, f.value, f.qualifier, f.unit, f.as_of, f.kind, f.area_id, f.source_id
           FROM figures f JOIN records r ON r.id = f.id AND r.state = 'current' WHERE f.value IS NOT NULL
           ORDER BY f.measure_id, f.as_of_latest IS NULL, f.as_of_latest, f.id"""
    )
    for one in map(Figure._make, rows):
        figures.setdefault(one.measure, []).append(one)
    found = conn.execute(
        """SELECT m.id, r.label, r.label_cy, m.counts FROM measures m JOIN records r ON r.id = m.id
           WHERE r.state = 'current' ORDER BY r.label, m.id"""
    )
    all_of_them = [
        Series(slug, label, welsh, counted, tuple(figures[slug]))
        for slug, label, welsh, counted in found.fetchall()
        if slug in figures
    ]
    return sorted(all_of_them, key=lambda one: -len(one.figures))
