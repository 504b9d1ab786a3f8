"""What is done while its file operations are recorded: ``python -m tests.faults.scenes NAME FOLDER [SETTINGS]``.

Each acknowledgement is a line on standard output, a mark in the recording. SETTINGS replaces how the log is kept,
for controls that must be found to lose: ``wal-normal``, ``delete-full``, or ``head-unsynced``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from archive.home import Home
from archive.keeping import backup as backups
from archive.keeping.export import export_lines
from archive.keeping.importing import import_lines
from archive.keeping.restoring import restore
from archive.trust import signing
from events import disclosure, durable
from events.codec import build
from events.envelope import NewEvent
from events.head import Head
from events.log import SqliteLog
from tests.events.writer import batch, key

ORIGIN = "aberdulas.example/log"
#: Words that are erased in a scene, long enough to be in pages of their own.
SECRET = ("Gair cudd o Aberdulas. " * 80).strip()
BATCHES = 6


def acknowledge(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


# --- Before the recording: all of it is durable


def prepare(folder: Path, name: str) -> None:
    """Make what a scene begins with."""
    home = Home(folder / "home")
    if name == "begin":
        return
    home.create()
    signing.begin(home, ORIGIN)
    with home.log() as log:
        log.append(batch("before", 0, 0), key=key("before", 0))
        log.append([secret()])
        Head(home.path).advance(log)
        if name == "recover":
            _interrupt(home.log_path)
        if name in ("import", "restore"):
            export_lines(log, folder / "log.jsonl")
            backups.backup(home, folder / "kept")


def _interrupt(path: Path) -> None:
    """Leave a file as somebody leaves it who is killed while pages are written: with a hot journal."""
    both = [path, path.with_name(f"{path.name}-journal")]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
        db.execute("PRAGMA cache_size = 1")  # so that pages reach the file before the commit
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE keys SET key = key || ' half written'")
        db.execute("INSERT INTO texts VALUES ('source/half', ?)", ("half written " * 5000,))
        kept = [one.read_bytes() for one in both]
        db.execute("ROLLBACK")
    for one, data in zip(both, kept, strict=True):
        one.write_bytes(data)
    assert kept[1]


def secret() -> NewEvent:
    payload = {
        "id": "topic/secret",
        "new": True,
        "kind": "topic",
        "name": "A topic",
        "note": SECRET,
    }
    return build("EntityRecorded", payload)


# --- What is recorded


def append(home: Home) -> None:
    """Append batches."""
    with home.log() as log:
        for number in range(BATCHES):
            acknowledge("batch", number, *log.append(batch("x", number, 0), key=key("x", number)))


def advance(home: Home) -> None:
    """Append batches and sign each, as `archive append` does."""
    keeper = Head(home.path)
    with home.log() as log:
        for number in range(BATCHES):
            acknowledge("batch", number, *log.append(batch("x", number, 0), key=key("x", number)))
            note = keeper.advance(log).note
            acknowledge("head", note.split("\n")[1])


def erase(home: Home) -> None:
    """Erase the words of an event, with everything else as it was."""
    with home.log() as log:
        seq = log.size - 1
        ((_, _, items),) = log.entries(seq, seq + 1)
        (note,) = (item for item in items if disclosure.read(item).name == "note")
        payload = {
            "target": seq, "act": "erased", "scope": "path", "path": "/note", "confirmed_by": "redactor",
            "basis": "data-protection", "digests": [disclosure.digest(note)],
        }  # fmt: skip
        acknowledge("erased", *log.append([build("TextRedacted", payload)], by="redactor"))
        log.replay()
        acknowledge("destroyed", seq)


def backup(home: Home) -> None:
    """Make two backups into a folder that is not there yet, with an append between."""
    folder = home.path.parent / "new" / "kept"
    for number in range(2):
        made = backups.backup(home, folder)
        sha256 = hashlib.sha256(made.path.read_bytes()).hexdigest()
        acknowledge("kept", made.path.relative_to(home.path.parent), sha256, made.manifest.size)
        with home.log() as log:
            acknowledge("batch", number, *log.append(batch("x", number, 0), key=key("x", number)))


def import_(home: Home) -> None:
    """Fill a new home with exported lines, then append to it."""
    other = Home(home.path.parent / "below" / "other")
    done = import_lines(home.path.parent / "log.jsonl", other)
    acknowledge("imported", done.size, done.root)
    with other.log() as log:
        acknowledge("more", *log.append(batch("x", 0, 0), key=key("x", 0)))


def restoring(home: Home) -> None:
    """Bring a backup back as a new home, then append to it."""
    other = Home(home.path.parent / "below" / "other")
    done = restore(home.path.parent / "kept", other)
    acknowledge("imported", done.size, done.root)
    with other.log() as log:
        acknowledge("more", *log.append(batch("x", 0, 0), key=key("x", 0)))


def begin(home: Home) -> None:
    """Make an archive where nothing is, as `archive init` does, then append to it."""
    home.create()
    signing.begin(home, ORIGIN)
    acknowledge("begun")
    with home.log() as log:
        acknowledge("batch", 0, *log.append(batch("x", 0, 0), key=key("x", 0)))
        acknowledge("head", Head(home.path).advance(log).note.split("\n")[1])


#: By name; "recover" begins with a log that a killed writer left with a hot journal.
SCENES = {
    "append": append,
    "recover": append,
    "advance": advance,
    "erase": erase,
    "backup": backup,
    "import": import_,
    "restore": restoring,
    "begin": begin,
}


@contextlib.contextmanager
def kept_as(settings: str) -> Iterator[None]:
    """Keep log or head in a way that is known to lose."""
    opened = SqliteLog.__init__

    def differently(log: SqliteLog, path: Path) -> None:
        opened(log, path)
        for pragma in {
            "wal-normal": ("journal_mode = WAL", "synchronous = NORMAL"),
            "delete-full": ("journal_mode = DELETE", "synchronous = FULL"),
        }.get(settings, ()):
            log._db.execute(f"PRAGMA {pragma}").fetchone()

    SqliteLog.__init__ = differently
    if settings == "head-unsynced":
        durable.sync_folder = lambda folder: None
    yield


if __name__ == "__main__":
    scene, where, *how = sys.argv[1:]
    with kept_as(how[0] if how else ""):
        SCENES[scene](Home(Path(where) / "home"))
