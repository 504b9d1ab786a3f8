"""The signed heads of the log."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Head(NamedTuple):
    """A published checkpoint: how many events it is over, the signed note, and the key to check it with."""

    size: int
    note: str
    vkey: str


#: The largest number that SQLite has.
_MOST = 2**63 - 1


def covers(conn: sqlite3.Connection, size: int) -> bool:
    """Tell whether there is a head over so many events: once there is, this stays so."""
    sql = "SELECT EXISTS (SELECT 1 FROM checkpoints WHERE size >= ?)"
    return bool(conn.execute(sql, (min(size, _MOST),)).fetchone()[0])


def newest(conn: sqlite3.Connection) -> Head | None:
    """Return the newest head; None where the log is not signed yet."""
    row = conn.execute("SELECT size, note, vkey FROM checkpoints ORDER BY size DESC").fetchone()
    return Head(*row) if row else None
