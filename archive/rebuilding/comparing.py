"""Do two files of tables say the same, whatever the order of rows and pages in them?"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from pathlib import Path
from typing import NamedTuple


class Contents(NamedTuple):
    """What tables hold: how far in the log they are, and a digest of all rows folded from events."""

    position: list[tuple[int, str]]
    digest: str


def contents(path: Path) -> Contents:
    """Return what the tables in a file hold; raise sqlite3.Error where it cannot be read."""
    digest = hashlib.sha256()
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        names = db.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
            " AND name NOT LIKE 'search~_%' ESCAPE '~' AND name NOT IN ('checkpoints', 'fixity_checks') ORDER BY name"
        ).fetchall()
        for (name,) in names:
            columns = len(db.execute(f"SELECT * FROM {name} LIMIT 0").description)
            order = ", ".join(str(number + 1) for number in range(columns))
            for row in db.execute(f"SELECT * FROM {name} ORDER BY {order}"):
                digest.update(f"{name} {row!r}\n".encode())
        schema = (
            "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name"
        )
        digest.update(repr(db.execute(schema).fetchall()).encode())
        position = db.execute("SELECT events, root FROM log_position").fetchall()
    return Contents(position, digest.hexdigest())


def check_search(path: Path) -> None:
    """Compare the search index with what it is made of; raise sqlite3.DatabaseError when they differ.

    PRAGMA integrity_check looks into the index from SQLite 3.44 on only.
    """
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("INSERT INTO search(search) VALUES ('integrity-check')")  # writes nothing
        db.execute("ROLLBACK")
