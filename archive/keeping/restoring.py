"""The way back from a backup: a new home, verified, erased again where its log says so, tables made anew.

What is tested is the way back. The head is never restored: an older one could fork the log.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from archive.home import Home
from archive.keeping.backup import CannotKeep, manifest_of, newest, synced, told
from archive.keeping.fixity import check_log, read_head
from archive.keeping.folders import make_folder, sync_folder
from archive.projector import Progress
from archive.rebuilding.comparing import contents
from archive.rebuilding.scratch import scratch
from archive.showing import counted
from events.errors import LogDamaged
from events.log import SqliteLog

#: Beside a new home: what is being restored. What a killed restoration left is swept by the next one.
RESTORING = ".archive-restore-"
NEW = "restore into a new home; a head and keys that are left here go into that one by hand"
LOST = "what one of them erased is back, so erase it again before anything is published"


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
        make_folder(place.parent)
        with scratch(place.parent, RESTORING) as space:
            draft = Home(space / "home")
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
    manifest = manifest_of(source)
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
    tables = [contents(home.tables_path) for home in (live, draft) if home.tables_path.exists()]
    if len(tables) < 2 or tables[0].position != tables[1].position:
        return notes
    same = (
        "tables equal" if tables[0] == tables[1] else "tables DIFFER: run `archive build --rebuild`"
    )
    return (*notes, same)
