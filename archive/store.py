"""The published file, archive.db: its schema and all SQL that writes it.

Rows and the place in the log commit together, so a crash is only lag. Datasette and the feeds read the
same file; it is written in place, one transaction at a time, and never replaced under a reader.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils import Database

from archive.table import Face, Row
from archive.tables import TABLES, VIEWS, Table, finding, fixity
from events.errors import EventsError

#: Raise when the tables or the fold change: an older file is then rebuilt, never migrated.
PROJECTION_VERSION = 5
APPLICATION_ID = 0x50777941
BUSY_SECONDS = 10.0
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)

#: Tables whose rows belong to one record and are made anew with it; `records` itself is updated in place.
OWNED = tuple(table for table in TABLES if table.per_record and table.name != "records")

#: How rows are written: the statement, and what makes a row the values it takes.
IN_ORDER = {table.name: table.in_order for table in TABLES}
INSERT = {
    table.name: f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"
    for table in TABLES
}


class Position(NamedTuple):
    """How far in the log the tables are."""

    events: int
    root: str


class TablesDamaged(EventsError):
    """The file is no database; nothing is lost, the tables can be made anew from the log."""


class Published(NamedTuple):
    """What readers of a file of tables have seen already: how far it is, and its signed head."""

    position: Position
    checkpoint: tuple[int, str, str] | None


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only one who writes a file of tables; raise sqlite3.OperationalError when others go on doing so.

    SQLite's own lock cannot be held from the look at what is published until other tables are copied over
    it, and who copies without looking takes back what another process has published meanwhile.
    """
    end = time.monotonic() + BUSY_SECONDS
    with path.with_name(f"{path.name}.lock").open("ab") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise sqlite3.OperationalError(f"{path} is locked") from None
                time.sleep(0.01)
        yield


def published(path: Path) -> Published | None:
    """Return what readers of a file have seen; None where they can have seen nothing that we could read."""
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as db:
            position = db.execute("SELECT events, root FROM log_position").fetchone()
            head = db.execute("SELECT size, note, vkey FROM checkpoints").fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError):  # damage garbles even SQLite's messages
        return None
    return position and Published(Position(*position), head)


def make_tables(db: sqlite3.Connection) -> None:
    """Make the schema without indexes, inside the caller's transaction."""
    for table in TABLES:
        db.execute(table.ddl)
    db.execute(finding.SEARCH_DDL)
    for view in VIEWS:
        db.execute(view.ddl)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {PROJECTION_VERSION}")


def make_indexes(db: sqlite3.Connection, tables: Iterable[Table] = TABLES) -> None:
    """Make the indexes of tables, inside the caller's transaction."""
    made = Database(db)
    for table in tables:
        for columns in table.indexed:
            made[table.name].create_index(columns)  # type: ignore[union-attr]


def synced(path: Path) -> None:
    """Return when the bytes of a file are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Store:
    """The published tables, open for writing. One instance per thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, making its schema when it is new; raise TablesDamaged where it is no database."""
        self.path = path
        self._conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            self._conn.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
        except sqlite3.DatabaseError as error:
            self._conn.close()
            if error.sqlite_errorcode not in _DAMAGED:
                raise
            raise TablesDamaged(f"{path}: {error}; run `archive build --rebuild`") from error
        self._conn.execute("PRAGMA foreign_keys = ON")
        self._conn.execute("PRAGMA secure_delete = ON").fetchone()
        if self.version == 0:
            self._create()

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    @property
    def version(self) -> int:
        """The projection's version the file was made by; 0 for an empty file."""
        return int(self._conn.execute("PRAGMA user_version").fetchone()[0])

    def _create(self) -> None:
        with self.transaction():
            if self.version:  # another process was faster
                return
            make_tables(self._conn)
            make_indexes(self._conn)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock around a block; all of it is stored, or nothing."""
        with alone(self.path):
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._conn.execute("COMMIT")
            except BaseException:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")
                raise

    def position(self) -> Position:
        """Return how far the tables are in the log."""
        row = self._conn.execute("SELECT events, root FROM log_position").fetchone()
        return Position(*row) if row else Position(0, "")

    def set_position(self, events: int, root: str, changed_at: str) -> None:
        """Write how far the tables are; in the same transaction as their rows."""
        row = {"id": 1, "events": events, "root": root, "changed_at": changed_at}
        self._upsert("log_position", [row])

    def public(self, seq: int) -> list[str]:
        """Return the disclosures of an event that are public."""
        (body,) = self._column("SELECT disclosures FROM log_entries WHERE seq = ?", seq)
        return [str(text) for text in json.loads(body)]

    def set_checkpoint(self, size: int, note: str, vkey: str) -> None:
        """Publish a signed head if the tables have all of its events, and none newer is published."""
        row = (size, note, vkey)
        read = "SELECT size, note, vkey FROM checkpoints"
        if self._conn.execute(read).fetchone() == row:
            return
        with self.transaction():
            old = self._conn.execute(read).fetchone()
            if size <= self.position().events and (old is None or old[0] <= size):
                self._conn.execute("DELETE FROM checkpoints")
                self._conn.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", row)

    def checkpoint(self) -> tuple[int, str, str] | None:
        """Return the published head (size, note, key), or None."""
        row = self._conn.execute("SELECT size, note, vkey FROM checkpoints").fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def set_fixity(self, rows: Sequence[Row]) -> None:
        """Publish the results of checks, as `tables.fixity.rows` makes them; what is there already stays."""
        if self.fixity() == rows:
            return
        with self.transaction():
            self._conn.execute("DELETE FROM fixity_checks")
            self.insert(fixity.TABLE.name, rows)

    def fixity(self) -> list[Row]:
        """Return the published results of checks, oldest first."""
        return self.rows("SELECT * FROM fixity_checks ORDER BY number")

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows, inside the caller's transaction."""
        self._conn.executemany(INSERT[table], map(IN_ORDER[table], rows))

    def _upsert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows, or put them in the place of those with the same ``id``.

        Not by sqlite-utils: it tries out on this very file whether SQLite can do that, and takes the error of a
        failing disk for a no; then it goes another way, on which rows that lack something are left out.
        """
        if rows:
            values = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name != "id")
            sql = f"{INSERT[table]} ON CONFLICT (id) DO UPDATE SET {values}"
            self._conn.executemany(sql, map(IN_ORDER[table], rows))

    def reserve(self, slugs: Iterable[str]) -> None:
        """Give new records their places, to be filled in this transaction, before other rows refer to them.

        Else, while references are open, SQLite would look through every table for each record that comes.
        """
        self._conn.executemany(
            "INSERT OR IGNORE INTO records(id, kind, label, state, source_count, known_from, changed_at)"
            " VALUES (?, '', '', 'current', 0, '', '')",
            [(slug,) for slug in slugs],
        )

    def replace_rows(self, slugs: Sequence[str], rows: dict[str, list[Row]]) -> None:
        """Put new rows in the place of all rows that belong to these records."""
        self._upsert("records", rows["records"])
        for table in OWNED:
            self._conn.executemany(
                f"DELETE FROM {table.name} WHERE {table.owner} = ?", [(slug,) for slug in slugs]
            )
            self.insert(table.name, rows[table.name])

    def replace_search(self, slugs: Iterable[str], found: dict[str, Row]) -> None:
        """Put records into the search index, or take them out; keyed by the rowid of `records`."""
        for slug in slugs:
            (rowid,) = self._conn.execute(
                "SELECT rowid FROM records WHERE id = ?", (slug,)
            ).fetchone()
            self._conn.execute("DELETE FROM search WHERE rowid = ?", (rowid,))
            if row := found.get(slug):
                self._conn.execute(
                    "INSERT INTO search(rowid, record_id, kind, label, body) VALUES (?, ?, ?, ?, ?)",
                    (rowid, *row.values()),
                )

    def set_in_force(self, undone: dict[int, int | None]) -> None:
        """Mark which events count; only rows that differ are touched."""
        self._conn.executemany(
            "UPDATE events SET in_force = :flag WHERE seq = :seq AND in_force <> :flag",
            [{"seq": seq, "flag": int(by is None)} for seq, by in undone.items()],
        )

    def about(self, slug: str) -> list[int]:
        """Return the numbers of all events about a record."""
        return self._column(
            "SELECT event FROM event_records WHERE record_id = ? AND role = 'about' ORDER BY event",
            slug,
        )

    def subjects(self, event: int) -> list[str]:
        """Return the records an event is about, the main one first."""
        rows = self._conn.execute(
            "SELECT r.record_id FROM event_records r JOIN events e ON e.seq = r.event"
            " WHERE r.event = ? AND r.role = 'about' ORDER BY r.record_id <> e.record_id, r.record_id",
            (event,),
        )
        return [slug for (slug,) in rows]

    def naming(self, slug: str) -> list[str]:
        """Return the records whose events name this one."""
        return self._column(
            "SELECT DISTINCT other.record_id FROM event_records this"
            " JOIN event_records other ON other.event = this.event AND other.role = 'about'"
            " WHERE this.record_id = ? AND other.record_id <> this.record_id ORDER BY other.record_id",
            slug,
        )

    def merged_into(self, slug: str) -> list[str]:
        """Return the slugs that lead directly to this one."""
        return self._column("SELECT id FROM records WHERE merged_into_id = ? ORDER BY id", slug)

    def face(self, slug: str) -> Face | None:
        """Return what other records show of a record; None when it is not there, or only its place is."""
        row = self._conn.execute(
            "SELECT subkind, label, state, merged_into_id, day FROM records WHERE id = ? AND label <> ''",
            (slug,),
        ).fetchone()
        if row is None:
            return None
        face = Face(*row)
        if not slug.startswith("commitment/"):
            return face
        topics = "SELECT topic_id FROM record_topics WHERE record_id = ? ORDER BY rowid"
        return face._replace(topics=tuple(self._column(topics, slug)))

    def source(self, slug: str) -> tuple[int | None, str | None] | None:
        """Return length in code points and SHA-256 of a captured source; None when it is not there."""
        row = self._conn.execute(
            "SELECT chars, sha256 FROM sources WHERE id = ?", (slug,)
        ).fetchone()
        return None if row is None else (row[0], row[1])

    def source_by_digest(self, sha256: str) -> str | None:
        """Return the source whose text has this SHA-256 (hex), or None."""
        found = self._column("SELECT id FROM sources WHERE sha256 = ? ORDER BY id", sha256)
        return found[0] if found else None

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of a query as dictionaries."""
        cursor = self._conn.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def posts_of(self, slugs: Iterable[str]) -> set[str]:
        """Return the posts that these tenures are of, and those of these records that are posts."""
        found = {slug for slug in slugs if slug.startswith("post/")}
        for slug in slugs:
            if slug.startswith("tenure/"):
                found.update(
                    filter(None, self._column("SELECT post_id FROM tenures WHERE id = ?", slug))
                )
        return found

    def posts(self) -> list[str]:
        """Return the posts that tenures are of."""
        return self._column(
            "SELECT DISTINCT post_id FROM tenures WHERE post_id IS NOT ? ORDER BY 1", None
        )

    def tenures_of(self, post: str) -> tuple[list[dict[str, Any]], int]:
        """Return a post's tenures as rows, and its seats."""
        tenures = self.rows("SELECT * FROM tenures WHERE post_id = ? ORDER BY id", post)
        seats = self._column("SELECT seats FROM posts WHERE id = ?", post)
        return tenures, seats[0] if seats else 0

    def set_ends(self, ends: dict[str, tuple[str | None, str | None]]) -> None:
        """Write implied ends of tenures; only rows that differ are touched."""
        self._conn.executemany(
            "UPDATE tenures SET ended_latest = :latest, ended_basis = :basis"
            " WHERE id = :id AND (ended_latest IS NOT :latest OR ended_basis IS NOT :basis)",
            [{"id": slug, "latest": end, "basis": basis} for slug, (end, basis) in ends.items()],
        )

    def copy_over(self, path: Path) -> None:
        """Put this file's contents into another that may be open: readers see the old or the new.

        Where none is, or one that is damaged and of no use to any reader, this one takes its place, and is gone.
        """
        if not path.exists():
            self.close()
            synced(self.path)
            self.path.replace(path)
            return
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as target:
                self._conn.backup(target)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _DAMAGED:
                raise
            self.close()
            synced(self.path)
            # Its journal would be rolled back into the new file.
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
            self.path.replace(path)

    def _column(self, sql: str, value: object) -> list[Any]:
        return [row[0] for row in self._conn.execute(sql, (value,))]
