"""Backups of the log, and the way back: copied by SQLite, verified whole, and only then given a name.

What is tested is the way back. A backup holds the private texts; it never holds the head or the keys, for a
head that was restored could fork the log.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from archive.fixity import check_log, head_of, read_head
from archive.home import Home
from archive.projector import Progress
from archive.showing import counted
from events.codec import strict_json
from events.errors import CodecError, EventsError, LogDamaged
from events.log import SCHEMA_VERSION, SqliteLog, utc_now

#: Beside the backups: what is being made (cleared away when its maker was killed), and who makes it.
DRAFT, LOCK = ".archive-backup-unfinished", ".archive-backup-lock"
#: Beside a new home: what is being restored. A killed restoration leaves it behind.
RESTORING = ".archive-restore-"
#: How long to wait for a moment between two writes; one that never pauses would keep a reader out.
PATIENCE = 60.0
FIRST = "was it restored from a backup? Bring back the newer log before anything else"
NEW = "restore into a new home; a head and keys that are left here go into that one by hand"
LOST = "what one of them erased is back, so erase it again before anything is published"
_NAME = re.compile(r"log-([0-9]+)-[0-9a-f]{8}(?:-([0-9]+))?\.db")
_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class CannotKeep(EventsError):
    """A backup or a restoration came to nothing; nothing that was there before is changed."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup must be; kept beside it in a file of its own, with the SHA-256 of the rest as seal."""

    format: int
    made_at: str
    root: _Hash
    sha256: _Hash
    size: int

    def encode(self) -> bytes:
        """Return the bytes of the file: one line of JSON, sealed."""
        plain = msgspec.to_builtins(self)
        plain["seal"] = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
        return json.dumps(plain, sort_keys=True).encode() + b"\n"

    @staticmethod
    def decode(data: bytes) -> Manifest:
        """Read a manifest; raise CodecError when a single byte is not as it was written."""
        try:
            plain = strict_json(data)
            seal = plain.pop("seal", None) if isinstance(plain, dict) else None
            manifest = msgspec.convert(plain, Manifest)
        except msgspec.ValidationError as error:
            raise CodecError(str(error)) from None
        if seal is None or manifest.encode() != data:
            raise CodecError("its seal is broken")
        return manifest


class Backup(NamedTuple):
    """A verified backup. ``new`` is False when the folder held the very same already; ``head`` is the size
    of the signed head that it contains, None where the home has no head file; ``alarms`` are of its audit.
    """

    path: Path
    manifest: Manifest
    new: bool
    head: int | None
    alarms: tuple[str, ...]


class Restored(NamedTuple):
    """What was brought back: ``missing`` acknowledged events are lost; ``notes`` are for a person."""

    size: int
    root: str
    records: int
    missing: int
    notes: tuple[str, ...]

    def line(self) -> str:
        """Return all of it on one line."""
        parts = [
            f"{counted(self.size, 'event')}, root {self.root}",
            counted(self.records, "record"),
        ]
        if self.missing:
            parts.append(f"{counted(self.missing, 'acknowledged event')} missing: {LOST}")
        return "; ".join([*parts, *self.notes])


def backup(home: Home, folder: Path, *, clock: Callable[[], str] = utc_now) -> Backup:
    """Copy the log into ``folder`` as ``log-<size>-<root>.db`` with its manifest; return what was made.

    The copy is verified whole before it has that name; other backups are never touched. Writers go on
    meanwhile. Raises LogDamaged when the log is not what was recorded or signed, CannotKeep when the
    folder cannot be written or another backup into it is running.
    """
    head = head_of(home)  # before copying: the log only grows
    with (
        told(f"no backup was made in {folder}"),
        _alone(folder) as space,
    ):
        draft = space / "log.db"
        with home.log() as log:
            _copy(log, draft)
            found = check_log(draft, head)
            if log.root(found.size).hex() != found.root:
                raise LogDamaged("the copy is not the log: do it again, or use another disk")
        if found.missing:
            raise LogDamaged(
                f"{found.missing} events of the signed head are not in the log: {FIRST}"
            )
        manifest = Manifest(
            format=SCHEMA_VERSION,
            made_at=clock(),
            root=found.root,
            sha256=synced(draft),
            size=found.size,
        )
        path, new = _named(draft, folder, manifest)
    return Backup(path, manifest, new, head and head.size, found.alarms)


def _copy(log: SqliteLog, target: Path) -> None:
    """Copy a log that others may be writing to, in one step: a reader's lock keeps them waiting so long."""
    end = time.monotonic() + PATIENCE

    def tell(status: int, _left: int, _all: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > end:
            raise CannotKeep(
                f"{log.path} was being written to for {PATIENCE:g} s: do it again later"
            )

    target.touch(mode=0o600)
    with (
        contextlib.closing(sqlite3.connect(log.path, timeout=1)) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy, progress=tell)


def _named(draft: Path, folder: Path, manifest: Manifest) -> tuple[Path, bool]:
    """Give a verified copy its name, unless it is there already; the name comes last of all."""
    for number in itertools.count(1):
        again = f"-{number}" if number > 1 else ""
        path = folder / f"log-{manifest.size}-{manifest.root[:8]}{again}.db"
        if not path.exists():
            break
        with contextlib.suppress(LogDamaged):  # a broken one is left, and made again
            if _manifest_of(path) is not None and _hash(path) == manifest.sha256:
                return path, False
    else:
        raise AssertionError("unreachable: the numbers do not end")
    note = draft.with_name("manifest")
    note.write_bytes(manifest.encode())
    synced(note)
    # Killed between the two: a manifest without a backup, which the next one replaces.
    note.replace(path.with_suffix(".json"))
    draft.replace(path)
    sync_folder(folder)
    return path, True


def newest(folder: Path) -> Path:
    """Return the backup of the most events in a folder; raise CannotKeep where there is none."""
    found = [
        (int(match[1]), int(match[2] or 1), path)
        for path in folder.iterdir()
        if (match := _NAME.fullmatch(path.name))
    ]
    if not found:
        raise CannotKeep(f"there is no backup in {folder}; `archive backup {folder}` makes one")
    return max(found)[2]


def restore(
    backup: Path,
    new_home: Home,
    *,
    head: Path | None = None,
    check: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Make a new home of a backup (or of the newest in a folder): verified, erased again, tables rebuilt.

    ``head`` is a head or checkpoint that the log must extend; a backup older than that is told of, not
    refused. The home appears whole or not at all. With ``check`` all of it is done beside ``new_home`` and
    thrown away again; an archive that is there is only compared. Raises CannotKeep when the new home is not
    empty, LogDamaged when the backup is not what was recorded or is of another log.
    """
    place = new_home.path.absolute()
    with told(f"nothing was restored to {place}"):
        if not check and place.exists() and any(place.iterdir()):
            raise CannotKeep(f"{place} is not empty: {NEW}")
        source = newest(backup) if backup.is_dir() else backup
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=RESTORING) as name:
            draft = Home(Path(name) / "home")
            draft.path.mkdir()
            done = _brought_back(source, draft, head, progress)
            if check:
                return done._replace(notes=(*done.notes, *_against(new_home, draft, done)))
            sync_folder(draft.path)
            draft.path.rename(place)
            sync_folder(place.parent)
    return done


def _brought_back(
    source: Path, draft: Home, head: Path | None, progress: Progress | None
) -> Restored:
    """Fill a draft of a home from a backup, and verify all of it."""
    acknowledged = read_head(head) if head else None
    manifest = _manifest_of(source)
    shutil.copyfile(source, draft.log_path)
    draft.log_path.chmod(0o600)
    digest = synced(draft.log_path)
    if manifest and manifest.sha256 != digest:
        raise LogDamaged(f"{source} is not the file that was written: use another backup")
    with SqliteLog(draft.log_path) as log:
        erased = log.replay()  # the backup may be older than the destruction that its log orders
    found = check_log(draft.log_path, acknowledged)
    if manifest and (manifest.size, manifest.root) != (found.size, found.root):
        raise LogDamaged(f"{source} is not the log that its manifest tells of: use another backup")
    with draft.log() as log:
        store = draft.tables(log, progress)
        (row,) = store.rows("SELECT count(*) AS records FROM records")
        position = store.position()
        store.close()
    if position != ((found.size, found.root) if found.size else (0, "")):
        raise LogDamaged(
            f"the tables made from {source} are not of all its events: tell its makers"
        )
    notes = {
        f"{counted(len(erased), 'event')} erased again": bool(erased),
        "no manifest beside it, so its texts were not compared": manifest is None,
        "no head to compare with": acknowledged is None,
        f"{counted(len(found.alarms), 'alarm')}: {'; '.join(found.alarms[:3])}": bool(found.alarms),
    }
    told_of = tuple(note for note, true in notes.items() if true)
    return Restored(found.size, found.root, row["records"], found.missing, told_of)


def _against(live: Home, draft: Home, done: Restored) -> tuple[str, ...]:
    """Compare what came back with the archive in use, where there is one."""
    if not live.exists:
        return ()
    with live.log() as log:
        since = log.size - done.size
        if since >= 0 and log.root(done.size).hex() != done.root:
            raise LogDamaged(
                f"this is not a backup of the log in {live.path}, or its past was changed"
            )
    if since < 0:
        return (f"the archive in use LACKS {counted(-since, 'event')} of it",)
    notes = (f"{counted(since, 'event')} recorded since",)
    tables = [_contents(home.tables_path) for home in (live, draft) if home.tables_path.exists()]
    if len(tables) < 2 or tables[0].position != tables[1].position:
        return notes
    same = (
        "tables equal" if tables[0] == tables[1] else "tables DIFFER: run `archive build --rebuild`"
    )
    return (*notes, same)


class _Contents(NamedTuple):
    """What tables hold: how far in the log they are, and a digest of all rows folded from events."""

    position: list[tuple[int, str]]
    digest: str


def _contents(path: Path) -> _Contents:
    """Return what tables hold, whatever the order of rows in the file."""
    digest = hashlib.sha256()
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        names = db.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
            " AND name NOT LIKE 'search~_%' ESCAPE '~' AND name NOT IN ('checkpoints', 'fixity_checks') ORDER BY name"
        ).fetchall()
        for (name,) in names:
            columns = len(db.execute(f"SELECT * FROM {name} LIMIT 0").description)
            order = ", ".join(str(number + 1) for number in range(columns))
            for row in db.execute(f"SELECT * FROM {name} ORDER BY {order}"):
                digest.update(f"{name} {row!r}\n".encode())
        position = db.execute("SELECT events, root FROM log_position").fetchall()
    return _Contents(position, digest.hexdigest())


def _manifest_of(path: Path) -> Manifest | None:
    """Return the manifest beside a backup, None where there is none; raise LogDamaged for a broken one."""
    note = path.with_suffix(".json")
    try:
        return Manifest.decode(note.read_bytes())
    except FileNotFoundError:
        return None
    except CodecError as error:
        raise LogDamaged(f"{note} is not what was written ({error}): use another backup") from None


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what the disk says into a sentence that begins with ``what`` did not happen: CannotKeep."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise CannotKeep(f"{what}: {error}") from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """Have a folder of backups to oneself; yield an empty folder in it, which is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    space = folder / DRAFT
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotKeep(f"another backup into {folder} is running: wait for it") from None
        shutil.rmtree(space, ignore_errors=True)  # left by one that was killed
        space.mkdir(mode=0o700)
        try:
            yield space
        finally:
            shutil.rmtree(space)


def synced(path: Path) -> str:
    """Make a file's content durable; return its SHA-256 (hex)."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return _hash(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: fsync of a file does not cover them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
