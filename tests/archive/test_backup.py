"""A backup is what it is a copy of, or it is refused; and the way back leads to the same archive."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive import backup as backup_module
from archive.backup import DRAFT, LOCK, CannotKeep, Manifest, backup, newest, restore
from archive.fixity import check_log
from archive.home import Home
from archive.store import Store
from events import disclosure
from events.codec import build
from events.envelope import NewEvent
from events.errors import EventsError, LogDamaged, LogError
from events.head import Head
from events.log import SqliteLog
from tests.archive.histories import Historian, differences, faults
from tests.conftest import Aberdulas
from tests.events.examples import EXAMPLES

ROOT = Path(__file__).parents[2]
V1 = ROOT / "tests" / "fixtures" / "log-v1.db"
NOON = "2026-02-03T12:00:00Z"
ORIGIN = "aberdulas.example/log"
TEXT = "Bydd y llyfrgell yn Nhŷ Mawr ar agor 📚"
TABLES = ("entries", "nodes", "disclosures", "keys", "texts")


@pytest.fixture
def seed() -> int:
    """A seed of its own for every run; pytest shows it when the test fails. SEED=n repeats a run."""
    number = int(os.environ.get("SEED") or secrets.randbelow(2**32))
    print(f"SEED={number}")  # noqa: T201
    return number


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive and a private text; made once, to be copied."""
    folder = tmp_path_factory.mktemp("settled")
    archive = Aberdulas(folder).settle()
    archive.log.attach("source/aberdulas-post-2031-03-05", TEXT)
    archive.tables()
    archive.close()
    return folder


@pytest.fixture
def home(settled: Path, tmp_path: Path) -> Home:
    """A home with a settled archive of its own."""
    return Home(shutil.copytree(settled, tmp_path / "home"))


def grow(home: Home, name: str, **fields: str) -> None:
    """Record one event more."""
    with home.log() as log:
        log.append(
            [
                build(
                    "EntityRecorded",
                    {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name} | fields,
                )
            ]
        )


def sign(home: Home) -> Path:
    """Sign the log as it stands; return the head file."""
    with home.log() as log:
        if not (home.path / "head").exists():
            Head.create(home.path, ORIGIN, Ed25519PrivateKey.generate())
        Head(home.path).advance(log)
    return home.path / "head"


def named(items: Iterable[str]) -> dict[str, str]:
    """Return disclosures by the names of their fields."""
    return {disclosure.read(item).name: item for item in items}


def erased(seq: int, field: str, items: Iterable[str]) -> NewEvent:
    """Return the act that orders a field of an event to be erased."""
    payload = {
        "target": seq, "act": "erased", "scope": "path", "path": f"/{field}", "confirmed_by": "redactor",
        "basis": "data-protection", "digests": [disclosure.digest(named(items)[field])],
    }  # fmt: skip
    return build("TextRedacted", payload)


def keep(home: Home, folder: Path) -> Path:
    return backup(home, folder, clock=lambda: NOON).path


def dump(path: Path) -> list[Any]:
    """Return all that a log's file holds."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


# --- There and back


def test_what_is_restored_is_what_was_backed_up(home: Home, tmp_path: Path) -> None:
    made = backup(home, tmp_path / "kept", clock=lambda: NOON)
    new = Home(tmp_path / "new")
    done = restore(made.path, new)

    assert dump(new.log_path) == dump(home.log_path) == dump(made.path)
    with home.log() as before, new.log() as after:
        assert before.root() == after.root() == bytes.fromhex(done.root)
        assert list(before.entries()) == list(after.entries())
        assert after.text("source/aberdulas-post-2031-03-05") == TEXT
    one, other = Store(home.tables_path), Store(new.tables_path)
    assert list(differences(one, other)) == faults(other) == []
    one.close()
    other.close()
    assert (done.size, done.records, done.missing) == (13, 12, 0)
    with SqliteLog(new.log_path) as log:
        assert log.append(
            [build("EntityRecorded", {"id": "topic/a", "kind": "topic", "name": "A"})]
        )


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


# --- The head


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


def test_another_past_is_neither_backed_up_nor_restored(home: Home, tmp_path: Path) -> None:
    old = keep(home, tmp_path / "kept")
    grow(home, "buses")
    head = sign(home)
    shutil.copyfile(old, home.log_path)
    grow(home, "trains")
    fork = tmp_path / "fork.db"
    shutil.copyfile(home.log_path, fork)

    with pytest.raises(LogDamaged, match=f"the head of 14 entries of {ORIGIN} has another root"):
        backup(home, tmp_path / "other")
    with pytest.raises(LogDamaged, match=f"the head of 14 entries of {ORIGIN} has another root"):
        restore(fork, Home(tmp_path / "new"), head=head)
    assert not (tmp_path / "new").exists()


def test_a_backup_older_than_the_head_comes_back_and_the_loss_is_told(
    home: Home, tmp_path: Path
) -> None:
    old = keep(home, tmp_path / "kept")
    grow(home, "buses")
    grow(home, "trains")
    head = sign(home)

    done = restore(old, Home(tmp_path / "new"), head=head)

    assert (done.size, done.missing) == (13, 2)
    assert "2 acknowledged events missing: what one of them erased is back" in done.line()


@pytest.mark.parametrize("words", ["", "no head at all\n", "a\n1\nb\n\n— a AAAA\n"])
def test_what_is_no_head_is_not_taken_for_one(home: Home, tmp_path: Path, words: str) -> None:
    (tmp_path / "head").write_text(words, encoding="utf-8")

    with pytest.raises(EventsError, match="head cannot be read as a checkpoint: "):
        restore(keep(home, tmp_path / "kept"), Home(tmp_path / "new"), head=tmp_path / "head")


# --- Trying it out


def test_a_check_restores_compares_and_leaves_nothing(home: Home, tmp_path: Path) -> None:
    head = sign(home)
    keep(home, tmp_path / "kept")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    line = restore(tmp_path / "kept", home, head=head, check=True).line()

    with home.log() as log:
        root = log.root().hex()
    assert line == f"13 events, root {root}; 12 records; 0 events recorded since; tables equal"
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_check_compares_with_the_archive_in_use(home: Home, tmp_path: Path) -> None:
    old = keep(home, tmp_path / "kept")
    with contextlib.closing(sqlite3.connect(home.tables_path, isolation_level=None)) as tables:
        tables.execute("UPDATE records SET label = 'Somebody else'")
    assert "tables DIFFER" in restore(old, home, check=True).line()

    home.tables_path.unlink()
    Store(home.tables_path).close()  # as they are before the projector has seen an event
    assert restore(old, home, check=True).line().endswith("; 0 events recorded since")
    grow(home, "buses")
    young = keep(home, tmp_path / "kept")
    assert "1 event recorded since" in restore(old, home, check=True).line()
    shutil.copyfile(old, home.log_path)
    assert "the archive in use LACKS 1 event of it" in restore(young, home, check=True).line()

    grow(home, "trains")
    with pytest.raises(LogDamaged, match="this is not a backup of the log in "):
        restore(young, home, check=True)


# --- What is refused


def test_only_a_new_home_is_filled(home: Home, tmp_path: Path) -> None:
    made = keep(home, tmp_path / "kept")
    full, empty = tmp_path / "full", tmp_path / "empty"
    full.mkdir()
    (full / "head").write_text("mine")
    empty.mkdir()

    with pytest.raises(CannotKeep, match="is not empty: restore into a new home"):
        restore(made, Home(full))
    assert names(full) == ["head"]
    restore(made, Home(empty))
    with pytest.raises(CannotKeep, match="is not empty"):
        restore(made, home)


@pytest.mark.parametrize("what", ["nothing", "text", "half"])
def test_what_is_no_backup_is_refused_with_a_sentence(
    home: Home, tmp_path: Path, what: str
) -> None:
    made = keep(home, tmp_path / "kept")
    path = tmp_path / "log-1-00000000.db"
    path.write_bytes(
        {"nothing": b"", "text": b"Ddim yn log. " * 900, "half": made.read_bytes()[:20480]}[what]
    )

    with pytest.raises(LogError):
        restore(path, Home(tmp_path / "new"))
    assert names(tmp_path) == ["home", "kept", path.name]


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
        from archive.backup import CannotKeep, backup
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


# --- Damage


def test_a_damaged_log_is_not_backed_up(home: Home, tmp_path: Path, seed: int) -> None:
    with home.log() as log:
        envelope = next(log.entries(5))[1]
    data = home.log_path.read_bytes()
    place = data.index(envelope) + Random(seed).randrange(len(envelope))
    home.log_path.write_bytes(flipped(data, place, 1))

    with pytest.raises(LogError):
        backup(home, tmp_path / "kept")
    assert names(tmp_path / "kept") == [LOCK]


def test_any_changed_byte_of_a_backup_is_found(home: Home, tmp_path: Path, seed: int) -> None:
    made = keep(home, tmp_path / "kept")
    data, random = made.read_bytes(), Random(seed)
    for _ in range(40):
        place = random.randrange(len(data))
        made.write_bytes(flipped(data, place, 1 << random.randrange(8)))
        with pytest.raises(LogDamaged, match="is not the file that was written"):
            restore(made, Home(tmp_path / "new"))
    for cut in (0, 1, 4096, len(data) - 1):
        made.write_bytes(data[:cut])
        with pytest.raises(LogDamaged, match="is not the file that was written"):
            restore(made, Home(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_any_changed_byte_of_a_manifest_is_found(home: Home, tmp_path: Path, seed: int) -> None:
    made = keep(home, tmp_path / "kept")
    note = made.with_suffix(".json")
    data, random = note.read_bytes(), Random(seed)
    for place in range(len(data)):
        for bit in range(8):
            with pytest.raises(EventsError):
                Manifest.decode(flipped(data, place, 1 << bit))
    for _ in range(10):
        note.write_bytes(flipped(data, random.randrange(len(data)), 1))
        with pytest.raises(LogDamaged, match="is not what was written"):
            restore(made, Home(tmp_path / "new"))
    assert Manifest.decode(data).encode() == data


def test_without_a_manifest_what_the_tree_covers_is_still_held_to_it(
    home: Home, tmp_path: Path, seed: int
) -> None:
    made = keep(home, tmp_path / "kept")
    alone = tmp_path / "alone.db"
    data, random = made.read_bytes(), Random(seed)
    good = dump(made)[:3]
    found = 0
    for _ in range(60):
        place = random.randrange(len(data))
        alone.write_bytes(flipped(data, place, 1 << random.randrange(8)))
        try:
            check_log(alone)
        except EventsError:
            found += 1
        else:
            assert dump(alone)[:3] == good, f"byte {place}"
    assert found > 0
    alone.write_bytes(data)
    done = restore(alone, Home(tmp_path / "new"))
    assert done.notes[0] == "no manifest beside it, so its texts were not compared"


def test_a_manifest_of_another_log_is_found(home: Home, tmp_path: Path) -> None:
    made = keep(home, tmp_path / "kept")
    other = Manifest(
        format=1,
        made_at=NOON,
        root="0" * 64,
        sha256=hashlib.sha256(made.read_bytes()).hexdigest(),
        size=13,
    )
    made.with_suffix(".json").write_bytes(other.encode())

    with pytest.raises(LogDamaged, match="is not the log that its manifest tells of"):
        restore(made, Home(tmp_path / "new"))


def test_what_is_missing_for_no_reason_is_an_alarm_but_kept(home: Home, tmp_path: Path) -> None:
    with home.log() as log:
        rest = [item for item in next(log.entries(5))[2] if disclosure.read(item).name != "name"]
        log._db.execute("UPDATE disclosures SET body = ? WHERE seq = 5", (json.dumps(rest),))

    made = backup(home, tmp_path / "kept")

    assert len(made.alarms) == 1
    assert made.alarms[0].startswith("E5: a disclosure is gone, and no act says so")
    done = restore(made.path, Home(tmp_path / "new"))
    assert any(note.startswith("1 alarm: E5: ") for note in done.notes)


def test_what_the_log_says_was_erased_does_not_come_back(home: Home, tmp_path: Path) -> None:
    with SqliteLog(home.log_path) as log:  # no home: what it opens is erased at once
        items = named(next(log.entries(5))[2])
        log.append([erased(5, "name", items.values())], by="redactor")
    old = tmp_path / "old.db"
    shutil.copyfile(home.log_path, old)
    assert items["name"].encode() in old.read_bytes()

    made = backup(home, tmp_path / "kept")
    done = restore(old, Home(tmp_path / "new"))

    assert done.notes[0] == "1 event erased again"
    for path in (made.path, *(tmp_path / "new").iterdir()):
        assert items["name"].encode() not in path.read_bytes()
        assert b"Nia Pryse" not in path.read_bytes()
    assert made.manifest.root == done.root


# --- Writers at work, and kills


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
    from archive.backup import backup
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


# --- A log of the first format, kept for ever


def make_log_v1(path: Path) -> None:
    """Make tests/fixtures/log-v1.db. This was done once, with the first format; never do it again.

    A random history of an invented town with every type of event, a batch with a key, a private text, and a
    field that was erased by an act. A new format gets a fixture of its own beside this one.
    """
    folder = path.with_suffix(".making")
    folder.mkdir()
    past = Historian(folder, Random(1))
    while set(past.types) != set(EXAMPLES):
        past.grow(5)
    (seq, items) = next((e, d) for e, _, d in past.log.entries(5) if "name" in named(d))
    past.log.append([erased(seq, "name", items)], by="redactor")
    past.log.replay()
    past.log.append([KEYED], key="kept with its key")
    past.log.attach(V1_SOURCE, TEXT)
    past.close()
    (folder / "log.db").rename(path)
    shutil.rmtree(folder)


def test_the_first_format_still_opens_verifies_and_rebuilds(tmp_path: Path) -> None:
    assert hashlib.sha256(V1.read_bytes()).hexdigest() == V1_SHA256, "it is never made anew"
    new = Home(tmp_path / "new")

    done = restore(V1, new)

    assert (done.size, done.root, done.missing) == (V1_SIZE, V1_ROOT, 0)
    assert done.records == V1_RECORDS
    assert not any("alarm" in note for note in done.notes)
    with new.log() as log:
        events = list(log.read())
        assert {event.type for event in events} == set(EXAMPLES)
        assert [event.seq for event in events if event.missing] == V1_HIDDEN
        assert log.text(V1_SOURCE) == TEXT
        assert log.append([KEYED], key="kept with its key") == [V1_SIZE - 1]
        assert log.append([KEYED]) == [V1_SIZE]


KEYED = build(
    "EntityRecorded", {"id": "topic/buses", "new": True, "kind": "topic", "name": "Buses"}
)
V1_SOURCE = "source/kept"
V1_SHA256 = "c7256f2afefd3e0f381f62d48972b41bbc30b652ddf8acabc5fe97d9ce9cc832"
V1_ROOT = "455d178027454dd76d051154c0d4060e97cab8cd7f8685a0bc2c281b7ce2c23c"
V1_SIZE, V1_RECORDS = 106, 26
V1_HIDDEN = [2, 5, 10, 14, 35, 41]
