"""How much there is: a handful of numbers for the home page."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple


class Counts(NamedTuple):
    """How many sources, records, commitments and corrections in force the archive has."""

    sources: int
    records: int
    commitments: int
    corrections: int


def counts(conn: sqlite3.Connection) -> Counts:
    """Return the counts of what the archive stands by; a correction of several fields counts once."""
    row = conn.execute(
        """SELECT (SELECT count(*) FROM records WHERE kind = 'source' AND state = 'current'),
             (SELECT count(*) FROM records WHERE kind <> 'source' AND state = 'current'),
             (SELECT count(*) FROM commitments),
             (SELECT count(DISTINCT event) FROM corrections WHERE in_force = 1)"""
    ).fetchone()
    return Counts(*row)


def entries(conn: sqlite3.Connection, kinds: Sequence[str]) -> int:
    """Return how many entries of these kinds there are; "correction/*" stands for its family."""
    sql = """SELECT count(*) FROM feed_entries f
             WHERE EXISTS (SELECT 1 FROM json_each(?) wanted WHERE f.kind GLOB wanted.value)"""
    return int(conn.execute(sql, (json.dumps(kinds),)).fetchone()[0])
