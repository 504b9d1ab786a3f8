"""Addresses of records for search engines, in portions."""

from __future__ import annotations

import sqlite3


def portions(conn: sqlite3.Connection, size: int) -> int:
    """Return how many portions of records there are; at least one."""
    (most,) = conn.execute("SELECT max(rowid) FROM records").fetchone()
    return max(1, -(-(most or 0) // size))


def records(conn: sqlite3.Connection, portion: int, size: int) -> list[tuple[str, str]]:
    """Return slug and day of the last change of the current records of a portion, counted from 0."""
    sql = """SELECT id, substr(changed_at, 1, 10) FROM records
             WHERE rowid > ? AND rowid <= ? AND state = 'current' ORDER BY rowid"""
    return conn.execute(sql, (portion * size, (portion + 1) * size)).fetchall()
