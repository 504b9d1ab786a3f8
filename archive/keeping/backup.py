"""Backups of the log: copied by SQLite, verified whole, and only then given a name.

A backup holds the private texts; it never holds the head or the keys, for a head that was restored could fork
the log. `archive.keeping.restoring` is the way back.
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
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from archive.home import Home
from archive.keeping.fixity import check_log, head_of
from archive.keeping.folders import make_folder, sync_folder
from events.codec import strict_json
from events.errors import CodecError, EventsError, LogDamaged
from events.log import SCHEMA_VERSION, SqliteLog, utc_now

#: Beside the backups: what is being made (cleared away when its maker was killed), and who makes it.
DRAFT, LOCK = ".archive-backup-unfinished", ".archive-backup-lock"
#: How long to wait for a moment between two writes; one that never pauses would keep a reader out.
PATIENCE = 60.0
FIRST = "was it restored from a backup? Bring back the newer log before anything else"
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
            if manifest_of(path) is not None and _hash(path) == manifest.sha256:
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


def manifest_of(path: Path) -> Manifest | None:
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
    make_folder(folder)
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
            shutil.rmtree(space, ignore_errors=True)


def synced(path: Path) -> str:
    """Make a file's content durable; return its SHA-256 (hex)."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return _hash(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
