"""How much there is: a handful of numbers for the home page."""

from __future__ import annotations

import sqlite3
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
