"""The commands that keep: what they say, and the code they leave with."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.cli.keeping import COMMANDS
from archive.cli.main import Commands, main
from archive.home import Home
from archive.keeping.fixity import history
from events import disclosure
from events.codec import build
from events.head import Head
from tests.conftest import Aberdulas

#: As `archive` itself: click keeps the first help option that a command was asked for.
GROUP = Commands(
    "archive",
    commands={str(command.name): command for command in COMMANDS},
    context_settings=main.context_settings,
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive, to be copied."""
    folder = tmp_path_factory.mktemp("settled")
    archive = Aberdulas(folder).settle()
    archive.tables()
    archive.close()
    return folder


@pytest.fixture
def root(home: Home) -> str:
    with home.log() as log:
        return log.root().hex()


def archive(home: Home, *words: object, code: int = 0) -> str:
    """Run a command; return what it said on both outputs."""
    done: Result = CliRunner().invoke(GROUP, list(map(str, words)), obj=home)
    assert done.exit_code == code, done.output
    return done.output


def sign(home: Home) -> Path:
    """Sign the log as it stands; return the head file."""
    with home.log() as log:
        if not (home.path / "head").exists():
            Head.create(home.path, "aberdulas.example/log", Ed25519PrivateKey.generate())
        Head(home.path).advance(log)
    return home.path / "head"


def grow(home: Home, name: str) -> None:
    with home.log() as log:
        log.append(
            [build("EntityRecorded", {"id": f"topic/{name}", "kind": "topic", "name": name})]
        )


def test_backup_and_restore_as_an_archivist_does_it(home: Home, root: str, tmp_path: Path) -> None:
    kept, new = tmp_path / "kept", tmp_path / "new"
    path = kept / f"log-13-{root[:8]}.db"

    assert archive(home, "backup", kept) == (
        f"{path}: 13 events, root {root}; verified; there is no head to compare with\n"
    )
    sign(home)
    assert archive(home, "backup", kept) == (
        f"{path}: 13 events, root {root}; nothing new, verified again\n"
    )
    assert archive(home, "restore", kept, "--check") == (
        f"good: 13 events, root {root}; 12 records; 0 events recorded since; tables equal\n"
    )
    said = archive(home, "restore", path, "--to", new)
    assert said.startswith(f"{new}: 13 events, root {root}; 12 records\nIt has no signed head yet")
    assert "`archive sign --adopt FILE`" in said
    assert [row["checked"] for row in history(home)] == ["backup", "backup", "restore"]
    assert [row["passed"] for row in history(home)] == ["log", "log head", "log tables head"]
    assert archive(Home(new), "fixity").endswith(f"Z: 13 events, root {root}\n")


def test_a_new_home_is_filled_where_none_is_named(home: Home, root: str, tmp_path: Path) -> None:
    archive(home, "backup", tmp_path / "kept")

    said = archive(Home(tmp_path / "new"), "restore", tmp_path / "kept")

    line = f"{tmp_path / 'new'}: 13 events, root {root}; 12 records; no head to compare with\n"
    assert said.startswith(line)
    assert "`archive sign --new`, only for a log that was never signed" in said


def test_a_backup_that_will_not_do_is_told_by_code_and_sentence(home: Home, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    archive(home, "backup", kept)
    (path,) = kept.glob("*.db")
    path.write_bytes(path.read_bytes()[:-1])

    said = archive(home, "restore", kept, "--check", code=1)

    assert said == f"error: {path} is not the file that was written: use another backup\n"
    assert list(history(home))[-1]["checked"] == "backup"


def test_a_full_home_is_not_written_over(home: Home, tmp_path: Path) -> None:
    archive(home, "backup", tmp_path / "kept")

    assert "is not empty: restore into a new home" in archive(
        home, "restore", tmp_path / "kept", code=1
    )


def test_a_loss_is_told_and_a_fork_is_refused(home: Home, tmp_path: Path) -> None:
    archive(home, "backup", tmp_path / "kept")
    shutil.copyfile(home.log_path, tmp_path / "old.db")
    grow(home, "buses")
    head = sign(home)
    shutil.copyfile(head, tmp_path / "saved")

    said = archive(home, "restore", tmp_path / "kept", "--check")
    assert "; 1 acknowledged event missing: what one of them erased is back" in said
    shutil.copyfile(tmp_path / "old.db", home.log_path)
    assert "was it restored from a backup?" in archive(home, "backup", tmp_path / "kept", code=1)
    grow(home, "trains")
    assert "has another root" in archive(home, "backup", tmp_path / "kept", code=1)
    shutil.copyfile(home.log_path, tmp_path / "fork.db")
    words = (
        "restore",
        tmp_path / "fork.db",
        "--to",
        tmp_path / "new",
        "--head",
        tmp_path / "saved",
    )
    assert "has another root" in archive(home, *words, code=1)


def test_a_check_takes_no_new_home(home: Home, tmp_path: Path) -> None:
    said = archive(home, "restore", tmp_path, "--check", "--to", tmp_path / "new", code=2)
    assert "--check leaves nothing behind, so it takes no --to" in said


def test_export_and_import_as_an_archivist_does_it(home: Home, root: str, tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"

    assert archive(home, "export", target) == f"{target}: 13 events (not signed), root {root}\n"
    head = sign(home)
    said = archive(home, "export", "--bag", tmp_path / "bag")
    assert said == f"{tmp_path / 'bag'}: 13 events (13 of them signed), root {root}\n"
    for number, source in enumerate((target, tmp_path / "bag")):
        new = Home(tmp_path / f"new-{number}")
        said = archive(new, "import", source, "--head", head)
        assert said.startswith(f"{new.path}: 13 events, root {root}\nIt has no signed head yet")
        assert new.tables_path.exists()
    assert "exists already and is not written over" in archive(home, "export", target, code=1)
    assert "holds an archive already" in archive(home, "import", target, code=1)


def test_what_the_log_cannot_explain_is_an_alarm_for_everybody(home: Home, tmp_path: Path) -> None:
    with home.log() as log:
        rest = [item for item in next(log.entries(5))[2] if disclosure.read(item).name != "name"]
        log._db.execute("UPDATE disclosures SET body = ? WHERE seq = 5", (json.dumps(rest),))

    for words in (("backup", tmp_path / "kept"), ("export", tmp_path / "log.jsonl")):
        assert "alarm: E5: a disclosure is gone, and no act says so" in archive(home, *words)


def test_fixity_says_what_is_wrong_and_leaves_with_1(home: Home, root: str) -> None:
    said = archive(home, "fixity")
    assert said.splitlines()[:4] == ["good   log", "good   head", "good   texts", "good   tables"]

    home.tables_path.write_bytes(b"Ddim yn gronfa ddata. " * 500)
    said = archive(home, "fixity", code=1)
    assert re.search(r"FAULT  tables: .* cannot be read .*; run `archive build --rebuild`\n", said)
    assert [row["failed"] for row in history(home)] == ["", "texts tables"]


def test_help_teaches() -> None:
    for command in COMMANDS:
        text = CliRunner().invoke(GROUP, [str(command.name), "--help"]).output
        assert len(text.splitlines()) > 10, command.name
        assert all(one.help for one in command.params if isinstance(one, click.Option))
    assert [command.name for command in COMMANDS] == [
        "backup", "restore", "export", "import", "fixity",
    ]  # fmt: skip
