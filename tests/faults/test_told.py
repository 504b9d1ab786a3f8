"""What the sweep of failing system calls found, each once more by itself: what is told is what was done."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive import forgetting, projector, recording
from archive.cli import main
from archive.home import Home
from archive.rebuilding import scratch
from archive.store import Store
from archive.trust import erased, second
from archive.trust.second import NotConfirmed
from events.errors import LogError
from tests.faults.contract import check
from tests.faults.scenarios import LAW, PHRASE, WHY, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home")


def archive(home: Home, *words: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home.path), *words])


def failing(*_: Any, **__: Any) -> Any:
    raise sqlite3.OperationalError("disk I/O error")


AMEND = ("amend", "E11", "/what", "The plan came late", *WHY)


def test_what_is_recorded_is_said_to_be_so_though_the_tables_fail(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(recording, "catch_up", failing)
        done = archive(home, *AMEND)
    assert done.exit_code == 0
    assert "E13  RecordAmended" in done.output
    assert "warning: recorded, but the tables do not show it: disk I/O error" in done.output

    assert archive(home, "sign").exit_code == 0
    assert "The plan came late" in archive(home, "show", "E13").output
    check(home.path, dict.fromkeys(range(14)))


def test_what_is_withheld_but_still_shown_is_said_to_be_so_and_the_same_command_completes_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(projector, "rebuild", failing)
        done = archive(home, "withhold", "E9", "/gist", *LAW)
    assert done.exit_code == 3
    assert "recorded as E13" in done.output
    assert b"will open again" in home.tables_path.read_bytes()

    again = archive(home, "withhold", "E9", "/gist", *LAW)
    assert again.exit_code == 1
    assert "nothing of E9 /gist is to be withheld" in again.output
    assert b"will open again" not in home.tables_path.read_bytes()


def test_a_withholding_that_was_killed_is_completed_by_the_same_command(home: Home) -> None:
    with home.log() as log:
        part = forgetting.plan(log, "withheld", "E9", "/gist").parts[0]
        log.append([forgetting._event("withheld", part, forgetting.Why("legal"))])  # and killed
    assert b"will open again" in home.tables_path.read_bytes()

    assert archive(home, "withhold", "E9", "/gist", *LAW).exit_code == 1
    assert b"will open again" not in home.tables_path.read_bytes()


def test_whatever_the_system_says_is_a_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scratch.tempfile, "TemporaryDirectory", refuse)
    done = archive(home, "build", "--rebuild")

    assert done.exit_code == 1
    assert "error: the system says: [Errno 28] No space left on device" in done.output


def test_writing_tables_tries_nothing_out_on_their_file(home: Home) -> None:
    """sqlite-utils makes a table to learn what SQLite can, and takes a full disk for a no."""
    said: list[str] = []
    archive(home, "amend", "E11", "/what", "Another", *WHY, "--dry-run")
    with home.log() as log:
        store = Store(home.tables_path)
        store._conn.set_trace_callback(said.append)
        log.append([recording_of(log)])
        projector.catch_up(log, store)
        store.close()
    assert any("ON CONFLICT" in sql for sql in said)
    assert not [sql for sql in said if sql.lower().startswith(("create", "drop"))]


def recording_of(_log: Any) -> Any:
    from events.codec import build

    return build("EntityRecorded", {"id": "topic/x", "new": True, "kind": "topic", "name": "X"})


def test_an_init_that_was_killed_is_told_how_to_be_completed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    again = archive(home, "init", "--empty")

    assert again.exit_code == 1
    assert "`archive sign --new` completes it" in again.output
    assert archive(home, "sign", "--new").exit_code == 0


def test_an_export_that_was_killed_between_its_files_is_repeated(
    home: Home, tmp_path: Path
) -> None:
    target = tmp_path / "log.jsonl"
    assert archive(home, "export", str(target)).exit_code == 0
    target.unlink()  # the name that comes last

    assert archive(home, "export", str(target)).exit_code == 0
    (tmp_path / "log.jsonl.checkpoint").write_text("something else")
    target.unlink()
    refused = archive(home, "export", str(target))
    assert refused.exit_code == 1
    assert "exists already and is not written over" in refused.output
    assert not target.exists()


def test_a_second_key_that_was_made_but_not_registered_is_taken_up(
    home: Home, tmp_path: Path
) -> None:
    file = tmp_path / "mair.pem"
    second.create(home, "mair", file, PHRASE)
    (home.path / "keys" / "second.pub").unlink()
    pem = file.read_bytes()

    second.create(home, "mair", file, PHRASE)
    assert file.read_bytes() == pem
    assert second.confirm(home, file, PHRASE, b"message") == "mair"
    for name, phrase in (("eira", PHRASE), ("eira", b"another")):
        with pytest.raises(NotConfirmed, match="exists already"):
            second.create(home, name, file, phrase)


@pytest.mark.parametrize("left", ["", "5e5e", "no secret"])
def test_a_secret_of_which_not_all_is_there_is_never_used(home: Home, left: str) -> None:
    (home.path / "keys" / "erased.key").write_text(left)
    with home.log() as log, pytest.raises(LogError, match="is not the secret that was written"):
        erased.remember(home.path, log, [9])
