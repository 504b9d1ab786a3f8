"""Where an archive lives: one folder with the private log and the public tables."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from archive.keeping import fixity
from archive.keeping.folders import make_folder, sync_folder
from archive.projector import Applied, Progress, Signed, open_current, rebuild
from archive.rebuilding.scratch import scratch
from archive.store import Store
from archive.table import Row
from archive.tables.fixity import rows
from events import transfer
from events.errors import LogError
from events.head import HEAD, Head, HeadError
from events.log import SqliteLog


class Home:
    """The folder ``ARCHIVE_HOME``: ``log.db`` (private, for ever) and ``archive.db`` (public, rebuilt)."""

    def __init__(self, path: Path) -> None:
        """Name a home; nothing is made or opened yet."""
        self.path = path

    @property
    def log_path(self) -> Path:
        """The log: back it up, never publish it."""
        return self.path / "log.db"

    @property
    def tables_path(self) -> Path:
        """The published tables: if lost, they are made again from the log."""
        return self.path / "archive.db"

    @property
    def exists(self) -> bool:
        """Whether a log is here."""
        return self.log_path.exists()

    def create(self, entries: Iterable[transfer.Entry] = (), root: bytes = b"") -> int:
        """Make the log, filled with ``entries`` whose tree must have ``root``; return their number.

        The log appears whole or not at all. Raises LogError when there is one already.
        """
        if self.exists:
            raise LogError(f"{self.path} holds an archive already; nothing was changed")
        if (self.path / HEAD).exists():
            raise LogError(
                f"{self.path} holds the signed head of a log, but not the log: bring that back (`archive"
                " restore`), or choose another folder"
            )
        make_folder(self.path)
        with scratch(self.path, ".init-") as folder:
            draft = folder / "log.db"
            with SqliteLog.create(draft) as log:
                count = log.restore_entries(entries, root=root) if root else 0
            try:
                os.link(draft, self.log_path)  # unlike rename, never over a log that came meanwhile
            except FileExistsError:
                raise LogError(
                    f"{self.path} holds an archive already; nothing was changed"
                ) from None
        sync_folder(self.path)
        return count

    def log(self) -> SqliteLog:
        """Open the log, its erasures repeated; raise LogError with advice where there is none.

        A copy from before an erasure, put in the log's place, holds what was erased: it is destroyed here.
        """
        if not self.exists:
            raise LogError(f"there is no archive in {self.path}: run `archive init` first")
        with contextlib.ExitStack() as undo:
            log = undo.enter_context(SqliteLog(self.log_path))
            log.replay()
            undo.pop_all()
        return log

    def tables(self, log: SqliteLog, progress: Progress | None = None) -> Store:
        """Open the tables, brought up to the log; ``progress`` is told done and total records."""
        return open_current(log, self.tables_path, progress, self.signed(), self.checks())

    def rebuild(self, log: SqliteLog, progress: Progress | None = None) -> Applied:
        """Make the tables anew from the log, with the signed head and the results of checks in them."""
        return rebuild(log, self.tables_path, progress, self.signed(), self.checks())

    @property
    def results_path(self) -> Path:
        """The results of checks, a line each: kept beside the log, and published in the tables."""
        return self.path / fixity.RESULTS

    def checks(self) -> list[Row] | None:
        """Return the rows of `fixity_checks`: the results that are kept here; None where they cannot be read.

        The tables then keep those they have: nothing else may fail for want of them.
        """
        try:
            return rows(fixity.history(self))
        except OSError:
            return None

    def publish(self, store: Store) -> None:
        """Put the signed head into the tables, last of all that it covers."""
        if signed := self.signed():
            store.set_checkpoint(*signed)

    def signed(self) -> Signed | None:
        """Return the last signed head with its key; None where there is none that could be published."""
        try:
            head = Head(self.path)
            last = head.last()
        except HeadError:
            return None
        return Signed(last.checkpoint.size, last.note, str(head.verifier))
