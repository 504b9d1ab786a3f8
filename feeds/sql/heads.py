"""The signed heads of the log."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Head(NamedTuple):
    """A published checkpoint: how many events it is over, the signed note, and the key to check it with."""

    size: int
    note: str
    vkey: str


def newest(conn: sqlite3.Connection) -> Head | None:
    """Return the newest head; None where the log is not signed yet."""
    row = conn.execute("SELECT size, note, vkey FROM checkpoints ORDER BY size DESC").fetchone()
    return Head(*row) if row else None
