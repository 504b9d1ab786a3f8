"""Connections to the published file, read-only and reused; each request reads one state of it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from feeds.states import State, States

#: How long to wait for a writer's commit before giving up. A commit takes milliseconds.
BUSY_SECONDS = 2.0


class Unavailable(Exception):
    """The published file is missing, locked, or not (yet) what we can read. Try again later."""


class _Pooled(NamedTuple):
    conn: sqlite3.Connection
    file: tuple[int, int]


class Library:
    """The published file. One instance serves all threads; each connection serves one at a time."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._free: list[_Pooled] = []  # append and pop are atomic
        self.states = States(path)
        self._noted = threading.local()

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside a read transaction: all queries see the same state of the file.

        Raises Unavailable where the file cannot be read; other errors pass through.
        """
        pooled = self._take()
        try:
            try:
                self._begin(pooled.conn)
                self._note(pooled)
                yield pooled.conn
            finally:
                if pooled.conn.in_transaction:
                    pooled.conn.execute("ROLLBACK")  # nothing was written
        except sqlite3.DatabaseError as error:
            pooled.conn.close()
            raise Unavailable(f"{self._path.name}: {error}") from error
        except BaseException:
            self._free.append(pooled)
            raise
        self._free.append(pooled)

    def _begin(self, conn: sqlite3.Connection) -> None:
        """Begin to read; wait where a writer was killed until the next one has undone what was half written."""
        end = time.monotonic() + self._busy_seconds
        while True:
            conn.execute("BEGIN")
            try:
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                return
            except sqlite3.OperationalError as error:
                # With another error, or in the end, the caller tells.
                killed = error.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK
                if not killed or time.monotonic() > end:
                    raise
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            time.sleep(0.05)

    @contextlib.contextmanager
    def noting(self) -> Iterator[set[State | None]]:
        """Yield what will have, after the block, the states that this thread has read in it.

        None is among them where one of them has no name.
        """
        before = getattr(self._noted, "states", None)
        self._noted.states = states = set[State | None]()
        try:
            yield states
        finally:
            self._noted.states = before

    def _note(self, pooled: _Pooled) -> None:
        """Note the state that a transaction reads, which has begun; see `feeds.states`."""
        if (noted := getattr(self._noted, "states", None)) is not None:
            state = self.states.now()
            same = state is not None and (state.device, state.inode) == pooled.file
            noted.add(state if same else None)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while (pooled := self._pop()) is not None:
            pooled.conn.close()
        self.states.close()

    def _take(self) -> _Pooled:
        """Return a connection to the file that is now at the path: a free one, or a new one."""
        try:
            status = self._path.stat()
            file = status.st_dev, status.st_ino
            while (pooled := self._pop()) is not None:
                if pooled.file == file:
                    return pooled
                pooled.conn.close()
            return _Pooled(self._connect(), file)
        except (OSError, sqlite3.DatabaseError) as error:
            raise Unavailable(f"{self._path.name}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        uri = f"{self._path.resolve().as_uri()}?mode=ro"
        return sqlite3.connect(
            uri, uri=True, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )

    def _pop(self) -> _Pooled | None:
        try:
            return self._free.pop()
        except IndexError:
            return None
