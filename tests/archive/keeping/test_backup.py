"""A backup is what it is a copy of, or it is refused; and the way back leads to the same archive."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from random import Random

import pytest

from archive.home import Home
from archive.keeping import backup as backup_module
from archive.keeping.backup import DRAFT, LOCK, CannotKeep, Manifest, backup, newest
from archive.keeping.fixity import check_log
from archive.keeping.restoring import restore
from events.errors import LogDamaged, LogError
from tests.archive.kept import (
    NOON,
    ROOT,
    TEXT,
    dump,
    flipped,
    grow,
    keep,
    names,
    settle,
    sign,
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive and a private text; made once, to be copied."""
    return settle(tmp_path_factory.mktemp("settled"))


def test_a_backup_says_what_it_is(home: Home, tmp_path: Path) -> None:
    made = backup(home, tmp_path / "kept", clock=lambda: NOON)

    with home.log() as log:
        root = log.root().hex()
    assert made.path == tmp_path / "kept" / f"log-13-{root[:8]}.db"
    note = json.loads(made.path.with_suffix(".json").read_bytes())
    assert note.pop("seal")
    assert note == {
        "format": 1,
        "made_at": NOON,
        "root": root,
        "sha256": hashlib.sha256(made.path.read_bytes()).hexdigest(),
        "size": 13,
    }


def test_neither_head_nor_keys_are_in_a_backup_and_it_is_private(
    home: Home, tmp_path: Path
) -> None:
    note = sign(home).read_bytes()
    key = (home.path / "keys" / "signing.pem").read_bytes()
    made = backup(home, tmp_path / "kept")

    name = made.path.stem
    assert names(tmp_path / "kept") == [LOCK, f"{name}.db", f"{name}.json"]
    assert made.path.stat().st_mode & 0o777 == 0o600
    for path in (tmp_path / "kept").iterdir():
        assert note.split(b"\n")[4] not in path.read_bytes()
        assert key.split(b"\n")[1] not in path.read_bytes()


def test_older_backups_are_kept_and_the_same_log_is_not_kept_twice(
    home: Home, tmp_path: Path
) -> None:
    first = backup(home, tmp_path / "kept", clock=lambda: NOON)
    before = first.path.read_bytes()
    again = backup(home, tmp_path / "kept")
    grow(home, "buses")
    third = backup(home, tmp_path / "kept")
    with home.log() as log:
        log.attach("source/other", TEXT)  # no event: the same size and root
    fourth = backup(home, tmp_path / "kept")

    assert (first.new, again.new, third.new, fourth.new) == (True, False, True, True)
    assert again.path == first.path
    assert first.path.read_bytes() == before
    assert fourth.path.name == f"{third.path.stem}-2.db"
    assert newest(tmp_path / "kept") == fourth.path
    assert dump(fourth.path) == dump(home.log_path) != dump(third.path)


def test_a_backup_that_rotted_is_made_again_and_the_old_one_left(
    home: Home, tmp_path: Path
) -> None:
    first = keep(home, tmp_path)
    first.write_bytes(flipped(first.read_bytes(), 5000, 1))
    rotten = first.read_bytes()

    second = backup(home, tmp_path)

    assert (second.new, second.path.name) == (True, f"{first.stem}-2.db")
    assert first.read_bytes() == rotten
    restore(tmp_path, Home(tmp_path / "new"))
    with pytest.raises(LogDamaged, match="is not the file that was written: use another backup"):
        restore(first, Home(tmp_path / "other"))


def test_a_backup_whose_manifest_rotted_is_made_again_too(home: Home, tmp_path: Path) -> None:
    first = keep(home, tmp_path)
    note = first.with_suffix(".json")
    note.write_bytes(flipped(note.read_bytes(), 20, 1))

    second = backup(home, tmp_path)

    assert (second.new, second.path.name) == (True, f"{first.stem}-2.db")
    note.unlink()
    assert not backup(home, tmp_path).new
    second.path.unlink()
    assert backup(home, tmp_path).new, "a manifest without a backup is in nobody's way"


def test_an_empty_log_can_be_kept_too(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()

    assert restore(keep(home, tmp_path / "kept"), Home(tmp_path / "new")).size == 0
    assert Home(tmp_path / "new").exists


def test_without_a_head_a_backup_is_made_and_says_so(home: Home, tmp_path: Path) -> None:
    made = backup(home, tmp_path / "kept")

    assert made.head is None
    assert "no head to compare with" in restore(made.path, Home(tmp_path / "new")).notes


def test_with_a_head_the_backup_has_all_that_was_acknowledged(home: Home, tmp_path: Path) -> None:
    head = sign(home)
    grow(home, "buses")
    made = backup(home, tmp_path / "kept")

    assert (made.head, made.manifest.size) == (13, 14)
    assert restore(made.path, Home(tmp_path / "new"), head=head).missing == 0
    assert not (tmp_path / "new" / "head").exists()


def test_a_log_that_went_back_behind_its_head_is_not_backed_up(home: Home, tmp_path: Path) -> None:
    old = keep(home, tmp_path / "kept")
    grow(home, "buses")
    sign(home)
    shutil.copyfile(old, home.log_path)

    with pytest.raises(LogDamaged, match="1 events of the signed head are not in the log: was it"):
        backup(home, tmp_path / "other")
    assert names(tmp_path / "other") == [LOCK]


def test_where_there_is_no_backup_one_is_told_so(home: Home, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with pytest.raises(
        CannotKeep, match=r"there is no backup in .*kept; `archive backup .*` makes"
    ):
        restore(tmp_path / "kept", Home(tmp_path / "new"))
    with pytest.raises(CannotKeep, match=r"nothing was restored to .*new: .*No such file"):
        restore(tmp_path / "kept" / "log-1-00000000.db", Home(tmp_path / "new"))
    (tmp_path / "file").touch()
    with pytest.raises(CannotKeep, match=r"no backup was made in .*file"):
        backup(home, tmp_path / "file")
    with pytest.raises(LogError, match=r"there is no archive in .*new: run `archive init` first"):
        backup(Home(tmp_path / "new"), tmp_path / "kept")
    assert names(tmp_path / "kept") == [LOCK]


def test_two_backups_into_one_folder_take_turns(home: Home, tmp_path: Path) -> None:
    keep(home, tmp_path / "kept")
    with (tmp_path / "kept" / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CannotKeep, match=r"another backup into .* is running: wait for it"):
            keep(home, tmp_path / "kept")
    keep(home, tmp_path / "kept")


def test_a_log_that_stays_locked_is_not_waited_for_for_ever(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_module, "PATIENCE", 0.5)
    with (
        home.log() as log,
        contextlib.closing(sqlite3.connect(home.log_path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CannotKeep, match=r"log\.db was being written to for 0\.5 s: do it"):
            backup_module._copy(log, tmp_path / "copy.db")


def test_a_full_disk_makes_no_backup_and_leaves_nothing(home: Home, tmp_path: Path) -> None:
    program = """
        import resource, sys
        from pathlib import Path
        from archive.keeping.backup import CannotKeep, backup
        from archive.home import Home
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            backup(Home(Path(sys.argv[1])), Path(sys.argv[2]))
        except CannotKeep as error:
            print(error)
    """
    said = python(program, home.path, tmp_path / "kept")

    assert said.startswith(f"no backup was made in {tmp_path / 'kept'}: "), said
    assert names(tmp_path / "kept") == [LOCK]


def python(program: str, *arguments: object) -> str:
    """Run a program in a process of its own; return what it says."""
    words = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_damaged_log_is_not_backed_up(home: Home, tmp_path: Path, seed: int) -> None:
    with home.log() as log:
        envelope = next(log.entries(5))[1]
    data = home.log_path.read_bytes()
    place = data.index(envelope) + Random(seed).randrange(len(envelope))
    home.log_path.write_bytes(flipped(data, place, 1))

    with pytest.raises(LogError):
        backup(home, tmp_path / "kept")
    assert names(tmp_path / "kept") == [LOCK]


WRITER = """
    import sys, time
    from pathlib import Path
    from events.log import SqliteLog
    from tests.events.writer import batch
    with SqliteLog(Path(sys.argv[1])) as log:
        for number in range(10**6):
            print(log.append(batch("w", number, 0))[-1], flush=True)
            time.sleep(0.002)
"""


def test_a_writer_goes_on_while_backups_are_made(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    words = [sys.executable, "-c", textwrap.dedent(WRITER), str(home.log_path)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        made = []
        for _ in range(8):
            acknowledged = int(writer.stdout.readline())
            made.append(backup(home, tmp_path / "kept"))
            assert made[-1].manifest.size > acknowledged
        writer.kill()

    sizes = [one.manifest.size for one in made]
    assert sizes == sorted(set(sizes)), "each has more than the one before"
    with home.log() as log:
        for one in made:
            assert check_log(one.path).root == log.root(one.manifest.size).hex()
    assert restore(tmp_path / "kept", Home(tmp_path / "new")).size == sizes[-1]


KEEPER = """
    import os, sys
    from pathlib import Path
    from archive.keeping.backup import backup
    from archive.home import Home
    from tests.events.writer import batch
    home, kept = map(Path, sys.argv[1:])
    for name in sys.stdin:
        if (child := os.fork()) == 0:
            print("child", os.getpid(), flush=True)
            with Home(home).log() as log:
                for number in range(10**6):
                    log.append(batch(name.strip(), number, 0))
                    print("kept", backup(Home(home), kept).path, flush=True)
        os.waitpid(child, 0)
        print("dead", child, flush=True)
"""


def killed(keeper: subprocess.Popen[str], name: str, seconds: float) -> list[Path]:
    """Let backups be made one after the other, end it with a kill; return those that were reported."""
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    keeper.stdin.write(f"{name}\n")
    keeper.stdin.flush()
    word, child = keeper.stdout.readline().split()
    assert word == "child"
    time.sleep(seconds)
    os.kill(int(child), signal.SIGKILL)
    said = []
    while (line := keeper.stdout.readline()) != f"dead {child}\n":
        said += [Path(line[5:-1])] if line.endswith("\n") else []
    return said


def test_a_killed_backup_leaves_nothing_that_could_be_taken_for_one(
    home: Home, tmp_path: Path, seed: int
) -> None:
    random, kept = Random(seed), tmp_path / "kept"
    seen: set[Path] = set()
    unfinished = 0
    words = [sys.executable, "-c", textwrap.dedent(KEEPER), str(home.path), str(kept)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as keeper:
        for kill in range(10):
            said = killed(keeper, f"k{kill}", random.uniform(0.02, 0.12))
            unfinished += (kept / DRAFT).exists()
            found = set(kept.glob("*.db"))
            assert found >= seen | set(said), "what was reported is there"
            for path in found - seen:
                manifest = Manifest.decode(path.with_suffix(".json").read_bytes())
                assert manifest.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
                assert check_log(path).root == manifest.root
            seen = found

    assert unfinished > 0, "a kill in the middle was among them"
    last = backup(home, kept)
    assert not (kept / DRAFT).exists()
    assert restore(kept, Home(tmp_path / "new")).root == last.manifest.root
