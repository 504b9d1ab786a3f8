"""A writer of the tables killed in a commit leaves a journal that readers cannot undo: they wait, somebody undoes it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time

import pytest

from archive.home import Home
from archive.serving.follower import Follower
from archive.trust import signing
from feeds.library import Library, Unavailable
from tests.conftest import Aberdulas


@pytest.fixture
def interrupted(aberdulas: Aberdulas) -> Aberdulas:
    """An archive whose tables somebody was changing when they were killed: a name half overwritten."""
    home = Home(aberdulas.folder)
    signing.begin(home)
    signing.sign(home, aberdulas.log, aberdulas.tables())
    aberdulas.store.close()
    kept = aberdulas.folder / "kept"
    kept.mkdir()
    journal = aberdulas.path.with_name("archive.db-journal")
    with contextlib.closing(sqlite3.connect(aberdulas.path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
        db.execute("PRAGMA cache_size = 1")  # so that pages reach the file before the commit
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE people SET name = 'half written'")
        db.execute("DELETE FROM events")
        for path in (aberdulas.path, journal):
            shutil.copy(path, kept)
        db.execute("ROLLBACK")
    for path in (aberdulas.path, journal):
        shutil.copy(kept / path.name, path)
    assert journal.stat().st_size > 0
    return aberdulas


def names(library: Library) -> set[str]:
    with library.open() as conn:
        return {name for (name,) in conn.execute("SELECT name FROM people")}


def test_a_reader_alone_waits_and_then_says_that_it_is_unavailable(interrupted: Aberdulas) -> None:
    library = Library(interrupted.path, busy_seconds=0.3)
    start = time.monotonic()
    with pytest.raises(Unavailable, match="readonly"):
        names(library)
    assert time.monotonic() - start >= 0.3
    library.close()


def test_whoever_follows_the_log_undoes_it_though_nothing_else_happened(
    interrupted: Aberdulas,
) -> None:
    library = Library(interrupted.path, busy_seconds=10.0)
    follower = Follower(Home(interrupted.folder), print)
    follower.start()
    try:
        assert "Nia Pryse" in names(library)
    finally:
        follower.stop()
        library.close()
    journal = interrupted.path.with_name("archive.db-journal")
    assert not (journal.exists() and journal.stat().st_size)


def test_a_running_follower_notices_it_too(interrupted: Aberdulas) -> None:
    journal = interrupted.path.with_name("archive.db-journal")
    kept = interrupted.folder / "kept"
    follower = Follower(Home(interrupted.folder), print)
    follower.start()
    library = Library(interrupted.path, busy_seconds=10.0)
    try:
        names(library)
        time.sleep(2.0)  # it has seen all there is
        before = interrupted.path.stat()
        shutil.copy(kept / "archive.db-journal", journal)  # hot, and the tables' file untouched
        assert interrupted.path.stat().st_mtime_ns == before.st_mtime_ns
        assert "Nia Pryse" in names(library)
    finally:
        follower.stop()
        library.close()
