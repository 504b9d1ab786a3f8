"""Folders to work in: what a killed process left goes, and nothing that somebody still works in."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import projector
from archive.projector import open_current, rebuild
from archive.rebuilding.scratch import scratch, sweep
from tests.conftest import Aberdulas

PREFIX = ".rebuild-"
WORK = """
import sys
from pathlib import Path
from archive.rebuilding.scratch import scratch
with scratch(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "archive.db").write_text("words")
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def worker(parent: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run a process that works in such a folder until its input ends."""
    words = [sys.executable, "-c", WORK, str(parent), PREFIX]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_a_folder_is_there_while_it_is_worked_in(tmp_path: Path) -> None:
    with scratch(tmp_path, PREFIX) as folder:
        (folder / "a").mkdir()
        assert folder.parent == tmp_path
        sweep(tmp_path, PREFIX)
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    with worker(tmp_path) as (process, folder):
        sweep(tmp_path, PREFIX)
        assert (folder / "archive.db").exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert folder.exists()
        with scratch(tmp_path, PREFIX) as other:
            assert list(tmp_path.iterdir()) == [other]


def test_while_one_works_another_may_and_what_is_left_waits(tmp_path: Path) -> None:
    (tmp_path / ".rebuild-old").mkdir()
    with worker(tmp_path) as (process, folder):
        assert not (tmp_path / ".rebuild-old").exists()
        (tmp_path / ".rebuild-older").mkdir()
        with scratch(tmp_path, PREFIX) as mine:
            assert {path.name for path in tmp_path.iterdir()} == {folder.name, mine.name, ".rebuild-older"}  # fmt: skip
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
    sweep(tmp_path, PREFIX)
    assert list(tmp_path.iterdir()) == []


def test_only_such_folders_are_touched(tmp_path: Path) -> None:
    (tmp_path / "rebuild-notes").mkdir()
    (tmp_path / ".rebuild-x").mkdir()
    sweep(tmp_path, PREFIX)
    assert [path.name for path in tmp_path.iterdir()] == ["rebuild-notes"]


@pytest.mark.parametrize("how", ["open", "rebuild"])
def test_opening_the_tables_and_making_them_anew_sweep(aberdulas: Aberdulas, how: str) -> None:
    aberdulas.tables()
    left = aberdulas.folder / f"{projector.REBUILDING}killed"
    left.mkdir()
    (left / "archive.db").write_text("words that were erased since")
    if how == "open":
        open_current(aberdulas.log, aberdulas.path).close()
    else:
        rebuild(aberdulas.log, aberdulas.path)

    assert not left.exists()
