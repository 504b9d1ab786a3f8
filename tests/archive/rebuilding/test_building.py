"""All rows of a log, page by page, here or in another process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from random import Random

import pytest

from archive import projector
from archive.folding.record import Record
from archive.rebuilding import aside
from archive.rebuilding.aside import FoldEnded, pages_aside
from archive.rebuilding.building import PAGE, pages
from archive.store import Store
from archive.table import Context
from archive.tables import TABLES
from benchmarks.generator import write
from events.log import SqliteLog
from tests.archive.histories import differences, faults
from tests.archive.test_fold import FULL, SLUGS
from tests.archive.test_projector import history, rebuilt
from tests.conftest import Aberdulas


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> SqliteLog:
    """Return a log of several pages: so many that each process has two whole ones, more than a pipe holds."""
    return write(tmp_path_factory.mktemp("large") / "log.db", 4 * PAGE + 17)


def test_another_process_makes_the_same_pages(large: SqliteLog, tmp_path):
    here = list(pages(large, tmp_path, large.size))
    assert list(pages_aside(large.path, tmp_path, large.size)) == here
    assert len(here) > 60
    assert here[-1].done == here[-1].total


def test_tables_made_with_another_process_are_equal_to_the_byte(
    large: SqliteLog, tmp_path, monkeypatch
):
    projector.rebuild(large, tmp_path / "a.db")
    monkeypatch.setattr(projector, "LARGE", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    started = []
    real = subprocess.Popen
    monkeypatch.setattr(
        aside.subprocess, "Popen", lambda *a, **k: started.append(a) or real(*a, **k)
    )
    projector.rebuild(large, tmp_path / "b.db")
    assert len(started) == 1
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()
    made = Store(tmp_path / "a.db")
    assert faults(made) == []
    assert made.position().root == large.root().hex()
    made.close()


def test_a_large_log_followed_in_steps_gives_the_tables_of_a_rebuild(
    large: SqliteLog, tmp_path, monkeypatch
):
    monkeypatch.setattr(projector, "LARGE", 250)
    followed = Store(tmp_path / "followed.db")
    entries = [(envelope, items) for _, envelope, items in large.entries()]
    with SqliteLog.create(tmp_path / "part.db") as part:
        part.restore_entries(entries[:900], root=large.root(900))
        projector.catch_up(part, followed)
    assert projector.catch_up(large, followed).events == large.size - 900
    assert followed.position().events == large.size
    monkeypatch.undo()
    with rebuilt(large, tmp_path) as made:
        assert list(differences(followed, made)) == []
    followed.close()


@pytest.fixture
def started(monkeypatch) -> list[subprocess.Popen[bytes]]:
    """Return the processes that are started from now on."""
    found: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(*arguments, **more):
        found.append(real(*arguments, **more))
        return found[-1]

    monkeypatch.setattr(aside.subprocess, "Popen", start)
    return found


def test_a_process_that_is_killed_is_told_of(large: SqliteLog, tmp_path, started):
    made = pages_aside(large.path, tmp_path, large.size)
    next(made)
    os.kill(started[0].pid, signal.SIGKILL)
    with pytest.raises(FoldEnded, match="killed"):
        list(made)


@pytest.mark.parametrize("when", ["events", "undone", "records"])
def test_the_process_forked_from_it_that_is_killed_is_told_of(
    large: SqliteLog, tmp_path, started, monkeypatch, when
):
    monkeypatch.setattr(aside, "AHEAD", 1)  # it waits for us, and has not ended yet
    made = pages_aside(large.path, tmp_path, large.size)
    while next(made).table != when:
        pass
    own = started[0].pid
    children = Path(f"/proc/{own}/task/{own}/children")
    for _ in range(1000):
        if found := children.read_text().split():
            break
        time.sleep(0.01)
    os.kill(int(found[0]), signal.SIGKILL)
    with pytest.raises(FoldEnded, match="killed"):
        list(made)
    assert started[0].returncode is not None


def test_processes_that_nobody_reads_from_any_more_end(large: SqliteLog, tmp_path, started):
    before = threading.active_count()
    made = pages_aside(large.path, tmp_path, large.size)
    next(made)
    made.close()
    assert started[0].returncode is not None
    assert threading.active_count() == before


def test_a_damaged_log_is_told_of_by_the_other_process(aberdulas: Aberdulas, tmp_path):
    db = sqlite3.connect(aberdulas.log.path)
    db.execute("DROP TRIGGER disclosures_only_shrink")
    db.execute("UPDATE disclosures SET body = '[1]' WHERE seq = 5")
    db.commit()
    db.close()
    with pytest.raises(FoldEnded, match=r"E5 .* is not what was stored"):
        list(pages_aside(aberdulas.log.path, tmp_path, 13))


def test_a_failed_build_leaves_no_file(aberdulas: Aberdulas, monkeypatch, tmp_path):
    def broken(*_arguments):
        yield from ()
        raise FoldEnded("the tables were not made: it was killed")

    monkeypatch.setattr(projector, "pages", broken)
    folder = tmp_path / "new"
    folder.mkdir()
    with pytest.raises(FoldEnded):
        projector.rebuild(aberdulas.log, folder / "archive.db")
    assert list(folder.iterdir()) == []


def test_tables_for_one_kind_of_record_have_no_rows_of_others():
    """What `Table.kind` and `Table.per_record` promise, without which rows would be left out."""
    context = Context(lambda _slug: None)
    for slug in SLUGS:
        record: Record = FULL.fold(slug)
        for table in TABLES:
            if not table.per_record or table.kind not in (None, record.kind):
                assert list(table.rows(record, context)) == []


@pytest.mark.parametrize("seed", range(4))
def test_histories_with_merges_and_acts_build_the_same_in_pages(seed, tmp_path):
    with history(Random(seed + 50)) as historian:
        for _ in range(12):
            historian.grow(4)
        with rebuilt(historian.log, tmp_path) as made:
            assert list(differences(historian.store, made)) == []
            assert faults(made) == []
