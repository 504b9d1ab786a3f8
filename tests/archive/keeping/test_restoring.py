"""What comes back from a backup is what was backed up, less what its log says was erased; or nothing does."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
from pathlib import Path
from random import Random

import pytest

from archive.home import Home
from archive.keeping.backup import CannotKeep, Manifest, backup
from archive.keeping.fixity import check_log
from archive.keeping.restoring import restore
from archive.store import Store
from events import disclosure
from events.codec import build
from events.errors import EventsError, LogDamaged, LogError
from events.log import SqliteLog
from tests.archive.histories import differences, faults
from tests.archive.kept import (
    NOON,
    ORIGIN,
    TEXT,
    dump,
    erased,
    flipped,
    grow,
    keep,
    named,
    names,
    settle,
    sign,
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled archive and a private text; made once, to be copied."""
    return settle(tmp_path_factory.mktemp("settled"))


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
