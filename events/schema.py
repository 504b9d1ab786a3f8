"""The file of a log on SQLite: its tables, the triggers that keep them append-only, and how it is opened."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from events.errors import LogError

#: "PwyL" - written into the file header, so that another database is never taken for a log.
APPLICATION_ID = 0x5077794C
SCHEMA_VERSION = 1
#: What sqlite3 raises; the second where a damaged file garbles even the message.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
#: Pages of the file kept in memory, at most: content keys are random, so storing one more reads and writes
#: any page of their index, and SQLite's own 2 MB would not hold the index of 30,000 events.
CACHE_KIB = 32_768

SCHEMA = """
CREATE TABLE entries(
  seq INTEGER PRIMARY KEY CHECK(seq >= 0),
  envelope BLOB NOT NULL CHECK(length(envelope) <= 65535)  -- exactly the bytes that were hashed
) STRICT;
CREATE INDEX acts ON entries(seq) WHERE instr(envelope, x'22616374223a') > 0;  -- '"act":', a few in a log
CREATE TABLE nodes(                     -- every perfect subtree of the Merkle tree
  level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32),
  PRIMARY KEY(level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE disclosures(               -- JSON array of disclosure strings; shrinks only by erasure
  seq INTEGER PRIMARY KEY REFERENCES entries, body TEXT NOT NULL CHECK(json_type(body) = 'array')
) STRICT;
CREATE TABLE keys(                      -- 'i:' a caller's idempotency key, 'c:' a content key
  key TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES entries, PRIMARY KEY(key, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_by_seq ON keys(seq);
CREATE TABLE texts(                     -- the texts that evidence points into; private
  source TEXT PRIMARY KEY, body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- INSERT OR REPLACE passes UPDATE and DELETE triggers, so the insert itself must demand the next place.
CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM entries)
  BEGIN SELECT raise(ABORT, 'entries are append-only: the next number is demanded'); END;
CREATE TRIGGER entries_fixed BEFORE UPDATE ON entries
  BEGIN SELECT raise(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entries_kept BEFORE DELETE ON entries
  BEGIN SELECT raise(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER nodes_in_order BEFORE INSERT ON nodes
  WHEN NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM nodes WHERE level = NEW.level)
  BEGIN SELECT raise(ABORT, 'nodes are append-only: the next index is demanded'); END;
CREATE TRIGGER nodes_fixed BEFORE UPDATE ON nodes
  BEGIN SELECT raise(ABORT, 'nodes are never changed'); END;
CREATE TRIGGER nodes_kept BEFORE DELETE ON nodes
  BEGIN SELECT raise(ABORT, 'nodes are never deleted'); END;
CREATE TRIGGER disclosures_in_order BEFORE INSERT ON disclosures
  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM disclosures)
  BEGIN SELECT raise(ABORT, 'disclosures are written once, in order'); END;
CREATE TRIGGER disclosures_only_shrink BEFORE UPDATE ON disclosures
  WHEN NEW.seq IS NOT OLD.seq OR EXISTS (
    SELECT 1 FROM json_each(NEW.body)
    WHERE value NOT IN (SELECT value FROM json_each(OLD.body)))
  OR json_array_length(NEW.body) > (SELECT count(DISTINCT value) FROM json_each(NEW.body))
  BEGIN SELECT raise(ABORT, 'a disclosure can be erased, never changed or added'); END;
CREATE TRIGGER disclosures_kept BEFORE DELETE ON disclosures
  BEGIN SELECT raise(ABORT, 'disclosure rows are kept, even when emptied'); END;
"""


def connect(path: Path, *, busy: float, new: bool = False) -> sqlite3.Connection:
    """Open a file with our settings; unless it is ``new``, only a log, for settings may change a file.

    ``busy`` is how many seconds to wait for the lock of another process. Raises LogError.
    """
    try:
        with contextlib.ExitStack() as stack:
            db = sqlite3.connect(path, timeout=busy, isolation_level=None)
            stack.callback(db.close)
            if not new:
                _check_format(db, path)
            db.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON").fetchone()
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            stack.pop_all()
            return db
    except SQLITE_ERRORS as error:
        raise LogError(f"{path} cannot be opened as a log: {error}") from error


def _check_format(db: sqlite3.Connection, path: Path) -> None:
    names = ("application_id", "user_version")
    kind, version = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    if kind != APPLICATION_ID:
        raise LogError(f"{path} is not a log of this archive")
    if version > SCHEMA_VERSION:
        raise LogError(f"{path} was written by a newer program (format {version}): upgrade it")


def roll_back(db: sqlite3.Connection) -> None:
    """End a transaction, if one is open, whatever the disk says."""
    with contextlib.suppress(sqlite3.Error):
        if db.in_transaction:
            db.execute("ROLLBACK")
