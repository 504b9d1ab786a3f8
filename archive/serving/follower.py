"""The projector at work beside the servers: the tables follow the log, whatever happens to either file."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from archive.home import Home
from archive.store import Store
from archive.trust import signing
from events.errors import EventsError
from events.log import SqliteLog

#: How often to look whether the log has grown. A look reads one number from its file.
EVERY = 0.25

#: How long to wait after an error, before the next attempt.
PAUSE = 1.0

Echo = Callable[[str], object]
_State = tuple[int, int, int] | None


class Follower(threading.Thread):
    """A thread that brings the tables up to the log, and makes them anew when they are gone."""

    def __init__(self, home: Home, echo: Echo) -> None:
        super().__init__(name="follower", daemon=True)
        self._home = home
        self._echo = echo
        self._ended = threading.Event()
        self._trouble: str | None = None
        self._told: list[str] = []

    def stop(self) -> None:
        """End the thread after the transaction it is in."""
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Follow until stopped; report an error once, and try again until it is mended."""
        while not self._ended.is_set():
            try:
                with self._home.log() as log:
                    self._follow(log)
            except Exception as error:  # noqa: BLE001 - whatever it is, what is published stays up
                self._report(f"{type(error).__name__}: {error}")
                self._ended.wait(PAUSE)

    def _follow(self, log: SqliteLog) -> None:
        """Catch up whenever log, tables or results of checks differ from what they were after the last time."""
        file = _identity(self._home.log_path)
        seen = None
        again = 0.0
        while _identity(self._home.log_path) == file:
            changes, tables = log.changes, _state(self._home.tables_path)
            checks = _state(self._home.results_path)
            due = (again and time.monotonic() > again) or _interrupted(self._home.tables_path)
            if tables is None or (changes, checks, tables) != seen or due:
                log.replay()  # whoever recorded an erasure may have been killed before it was done
                with contextlib.closing(self._home.tables(log)) as store:
                    self._recovered()
                    again = 0.0 if self._sign(log, store) else time.monotonic() + PAUSE
                seen = changes, checks, _state(self._home.tables_path)
            if self._ended.wait(EVERY):
                return

    def _sign(self, log: SqliteLog, store: Store) -> bool:
        """Sign what the tables show; where that fails the tables go on, and what is signed stays as it is."""
        try:
            told = signing.lacking(self._home, signing.sign(self._home, log, store))
            signed = True
        except EventsError as error:
            told, signed = [f"The log cannot be signed: {error}"], False
        for line in told:
            if line not in self._told:
                self._echo(line)
        self._told = told
        return signed

    def _report(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._echo(
                f"The tables cannot follow the log ({trouble}). What is published stays as it is;"
                " trying again."
            )
        self._trouble = trouble

    def _recovered(self) -> None:
        if self._trouble is not None:
            self._echo("The tables follow the log again.")
        self._trouble = None


def _interrupted(path: Path) -> bool:
    """Tell whether somebody is writing to a file of tables, or was killed doing so.

    Then readers, who may write nothing, are locked out until somebody who may opens the file.
    """
    try:
        return path.with_name(f"{path.name}-journal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _state(path: Path) -> _State:
    """Return what differs when the file was replaced or written; None when it is not there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns


def _identity(path: Path) -> tuple[int, int] | None:
    state = _state(path)
    return state and state[:2]
