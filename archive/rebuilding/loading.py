"""A new file of tables, as fast as SQLite writes: rows first, then indexes. Nobody reads it yet.

It is written once, in order and without a journal: should that fail, the file is thrown away. The same pages
give the same bytes, and nothing is ever deleted in it, so it needs no packing.
"""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from archive.rebuilding.reading import Page
from archive.store import INSERT, make_indexes, make_tables
from archive.tables import TABLES

#: How the file is written while nobody else can see it.
SETTINGS = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "locking_mode = EXCLUSIVE",
    "foreign_keys = OFF",
    "cache_size = -65536",  # KiB
)
#: Of each index so many rows are looked at for the planner's statistics, which are estimates anyway.
ANALYSED = 1000
#: Tables of which all rows are there when the log is read.
OF_EVENTS = ("events", "log_entries", "log_nodes", "removals")
#: How the rows of a page are written.
INSERTS = {
    **INSERT,
    "search": "INSERT INTO search(rowid, record_id, kind, label, body) VALUES (?, ?, ?, ?, ?)",
    "undone": "UPDATE events SET in_force = 0 WHERE seq = ?",
}


def load(path: Path, pages: Iterable[Page]) -> None:
    """Write a new file of tables at ``path``, with everything but what is no row of an event or a record."""
    with _no_collector(), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for setting in SETTINGS:
            db.execute(f"PRAGMA {setting}").fetchall()
        db.execute("BEGIN")
        make_tables(db)
        # One large segment of the full-text index at a time, and all made one at the end: not over and over.
        db.execute("INSERT INTO search(search, rank) VALUES ('automerge', 0)")
        for page in pages:
            db.executemany(INSERTS[page.table], page.rows)
            if page.table == "undone":  # the first records are only now being folded
                make_indexes(db, (table for table in TABLES if table.name in OF_EVENTS))
        db.execute("INSERT INTO search(search) VALUES ('optimize')")
        db.execute("INSERT INTO search(search, rank) VALUES ('automerge', 4)")
        make_indexes(db, (table for table in TABLES if table.name not in OF_EVENTS))
        db.execute(f"PRAGMA analysis_limit = {ANALYSED}")
        db.execute("ANALYZE")
        db.execute("COMMIT")


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """Do not look for circles of objects meanwhile: rows are in none, and looking at them doubles their cost."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
