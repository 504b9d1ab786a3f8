"""Where an archive lives: one folder with the private log and the public tables."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from archive.projector import Progress, open_current
from archive.store import Store
from events import transfer
from events.errors import LogError
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
        self.path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path, prefix=".init-") as folder:
            draft = Path(folder) / "log.db"
            with SqliteLog.create(draft) as log:
                count = log.restore_entries(entries, root=root) if root else 0
            try:
                os.link(draft, self.log_path)  # unlike rename, never over a log that came meanwhile
            except FileExistsError:
                raise LogError(
                    f"{self.path} holds an archive already; nothing was changed"
                ) from None
        return count

    def log(self) -> SqliteLog:
        """Open the log; raise LogError with advice where there is none."""
        if not self.exists:
            raise LogError(f"there is no archive in {self.path}: run `archive init` first")
        return SqliteLog(self.log_path)

    def tables(self, log: SqliteLog, progress: Progress | None = None) -> Store:
        """Open the tables, brought up to the log; ``progress`` is told done and total records."""
        return open_current(log, self.tables_path, progress)
